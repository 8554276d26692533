import { DescribeTagsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Graph } from './engine/graph.ts';
import { inOrder } from './engine/graph.ts';
import { type Run, stepOf, tokenFor } from './engine/run.ts';
import type { Identity } from './state.ts';

/** Something in the account that carries this deployment's tags or names. */
export interface Found {
  key: string;
  step: number;
  type: string;
  identity: Identity;
}

/**
 * Asks the account, and not the state, what there is of `graph`: by tag, by name, by token. Resources are asked for in
 * the order of their needs, since some are found only beneath others.
 */
export async function discover(run: Run, graph: Graph): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const tasks = new Map<string, Promise<void>>();
  for (const resource of inOrder(graph)) {
    const { key, type } = resource;
    const needs = Object.entries(resource.needs as Record<string, { key: string }>);
    tasks.set(
      key,
      (async () => {
        await Promise.all(needs.map(([, need]) => tasks.get(need.key)));
        const identities: Record<string, Identity> = {};
        for (const [name, need] of needs) {
          const parent = found.get(need.key);
          if (parent) identities[name] = parent.identity;
        }
        const bound = run.bind(resource, {
          row: undefined,
          generation: 1,
          token: tokenFor(run.state.stack.id, key, 1),
          progress: () => {},
          letGo: () => {},
        });
        const identity = await resource.find(bound, identities as never);
        if (identity) found.set(key, { key, step: stepOf(run, key), type, identity });
      })(),
    );
  }
  await Promise.all(tasks.values());
  return found;
}

/** EC2 tags by resource id: one question for everything that EC2 knows of a tag's value. It lists the dead for a while. */
export async function ec2Tags(
  ec2: EC2Client,
  key: string,
  value: string,
): Promise<Map<string, Record<string, string>>> {
  const tagged = new Map<string, Record<string, string>>();
  const ids = (await allTags(ec2, [filter('key', key), filter('value', value)])).map(
    ({ ResourceId = '' }) => ResourceId,
  );
  if (ids.length === 0) return tagged;
  for (const { ResourceId = '', Key = '', Value = '' } of await allTags(ec2, [filter('resource-id', ...ids)])) {
    const tags = tagged.get(ResourceId) ?? {};
    tags[Key] = Value;
    tagged.set(ResourceId, tags);
  }
  return tagged;
}

function filter(Name: string, ...Values: string[]) {
  return { Name, Values };
}

async function allTags(ec2: EC2Client, Filters: { Name: string; Values: string[] }[]) {
  const tags = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(new DescribeTagsCommand({ Filters, ...(NextToken ? { NextToken } : {}) }));
    tags.push(...(page.Tags ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return tags;
}
