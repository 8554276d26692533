import type { AnyResource } from './resource.ts';

/** Resources by key. */
export type Graph = ReadonlyMap<string, AnyResource>;

export function graphOf(resources: Iterable<AnyResource>): Graph {
  const graph = new Map<string, AnyResource>();
  for (const one of resources) {
    if (graph.has(one.key)) throw new Error(`two resources are called ${one.key}`);
    graph.set(one.key, one);
  }
  return graph;
}

/** The keys that `resource` needs, of those in the graph: a setting may have made one unnecessary. */
export function needsOf(graph: Graph, resource: AnyResource): string[] {
  return Object.values(resource.needs as Record<string, AnyResource>)
    .map(({ key }) => key)
    .filter((key) => graph.has(key));
}

/** `roots` and everything that they need, however far. */
export function withNeeds(graph: Graph, roots: Iterable<AnyResource>): Graph {
  const found = new Map<string, AnyResource>();
  const visit = (resource: AnyResource) => {
    if (found.has(resource.key)) return;
    for (const key of needsOf(graph, resource)) visit(graph.get(key)!);
    found.set(resource.key, resource);
  };
  for (const root of roots) visit(root);
  return found;
}

/** Needed keys before the keys that need them. */
export function inOrder(graph: Graph): AnyResource[] {
  return [...withNeeds(graph, graph.values()).values()];
}

/** For each key, the keys that need it. */
export function dependents(graph: Graph): Map<string, string[]> {
  const found = new Map<string, string[]>([...graph.keys()].map((key) => [key, []]));
  for (const resource of graph.values()) for (const key of needsOf(graph, resource)) found.get(key)!.push(resource.key);
  return found;
}

export interface CriticalPath {
  keys: string[];
  seconds: number;
}

/** The chain of needs that takes longest when each key takes `seconds(key)`. */
export function criticalPath(graph: Graph, seconds: (key: string) => number): CriticalPath {
  const best = new Map<string, CriticalPath>();
  let longest: CriticalPath = { keys: [], seconds: 0 };
  for (const resource of inOrder(graph)) {
    let before: CriticalPath = { keys: [], seconds: 0 };
    for (const key of needsOf(graph, resource)) {
      const path = best.get(key)!;
      if (path.seconds > before.seconds) before = path;
    }
    const path = { keys: [...before.keys, resource.key], seconds: before.seconds + seconds(resource.key) };
    best.set(resource.key, path);
    if (path.seconds > longest.seconds) longest = path;
  }
  return longest;
}
