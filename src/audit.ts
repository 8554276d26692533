import {
  DescribeNetworkInterfacesCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import type { Graph } from './engine/graph.ts';
import { inOrder } from './engine/graph.ts';
import { type Answers, bindTo, type Run, stepOf } from './engine/run.ts';
import { onlooker } from './onlooker.ts';
import type { Identity } from './state.ts';

/** Something in the account that carries this deployment's tags or names. */
export interface Found {
  key: string;
  step: number;
  type: string;
  identity: Identity;
  /** By its tags; undefined for what carries none. */
  generation?: number;
}

/**
 * Asks the account, and not the state, what there is of `graph`: by tag, by name, by token. Resources are asked for in
 * the order of their needs, since some are found only beneath others.
 */
export async function discover(run: Run, graph: Graph): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const tasks = new Map<string, Promise<void>>();
  const answers: Answers = new Map();
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
        let generation: number | undefined;
        const bound = bindTo(run, resource, {
          unrecorded: true,
          generation: 1,
          answers,
          seen: (tags) => {
            const text = tags.find(({ Key }) => Key === 'airflow-aws:generation')?.Value;
            if (text !== undefined && /^[1-9]\d*$/.test(text)) generation = Number(text);
          },
        });
        const identity = await resource.find(onlooker(bound).aws, identities as never).catch((error) => {
          // A server that does not answer cannot tell what was done on it, and is no reason to know nothing.
          if (type.startsWith('Host::')) return undefined;
          throw error;
        });
        if (!identity) return;
        found.set(key, { key, step: stepOf(run, key), type, identity, ...(generation ? { generation } : {}) });
      })(),
    );
  }
  await Promise.all(tasks.values());
  return found;
}

/** What EC2 knows of a resource by its tags. */
export interface Tagged {
  /** EC2's own name of the type, as `volume`. */
  type: string;
  tags: Record<string, string>;
}

/** The ids of everything in EC2 with that value of a tag. The dead are listed for a while. */
export async function ec2Ids(ec2: EC2Client, key: string, value: string): Promise<Set<string>> {
  const tags = await allTags(ec2, [filter('key', key), filter('value', value)]);
  return new Set(tags.map(({ ResourceId = '' }) => ResourceId));
}

/** By resource id: everything in EC2 with that value of a tag. The dead are listed for a while. */
export async function ec2Tags(ec2: EC2Client, key: string, value: string): Promise<Map<string, Tagged>> {
  const tagged = new Map<string, Tagged>();
  const ids = [...(await ec2Ids(ec2, key, value))];
  if (ids.length === 0) return tagged;
  for (const { ResourceId = '', ResourceType = '', Key = '', Value = '' } of await allTags(ec2, [
    filter('resource-id', ...ids),
  ])) {
    const tags: Record<string, string> = tagged.get(ResourceId)?.tags ?? {};
    tags[Key] = Value;
    tagged.set(ResourceId, { type: ResourceType, tags });
  }
  return tagged;
}

/** EC2's names for what comes and goes with something else, with the tags of its owner. */
export const companionTypes: readonly string[] = ['volume', 'snapshot', 'network-interface'];

/** Of `ids`, those that exist: volumes, snapshots and network interfaces, which come and go with something else. */
export async function companionsAlive(ec2: EC2Client, tagged: ReadonlyMap<string, Tagged>): Promise<string[]> {
  const of = (type: string) => [...tagged].filter(([, one]) => one.type === type).map(([id]) => id);
  const volumes = of('volume');
  const snapshots = of('snapshot');
  const interfaces = of('network-interface');
  const [alive, kept, attached] = await Promise.all([
    volumes.length === 0
      ? undefined
      : ec2.send(new DescribeVolumesCommand({ Filters: [filter('volume-id', ...volumes)] })),
    snapshots.length === 0
      ? undefined
      : ec2.send(new DescribeSnapshotsCommand({ Filters: [filter('snapshot-id', ...snapshots)], OwnerIds: ['self'] })),
    interfaces.length === 0
      ? undefined
      : ec2.send(new DescribeNetworkInterfacesCommand({ Filters: [filter('network-interface-id', ...interfaces)] })),
  ]);
  return [
    ...(alive?.Volumes ?? []).map(({ VolumeId = '' }) => VolumeId),
    ...(kept?.Snapshots ?? []).map(({ SnapshotId = '' }) => SnapshotId),
    ...(attached?.NetworkInterfaces ?? []).map(({ NetworkInterfaceId = '' }) => NetworkInterfaceId),
  ];
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
