/** How the cache differs from the settings, and is changed where it is. */
import {
  AddTagsToResourceCommand,
  DescribeCacheClustersCommand,
  DescribeReplicationGroupsCommand,
  ListTagsForResourceCommand,
  ModifyReplicationGroupCommand,
  type ModifyReplicationGroupCommandInput,
} from '@aws-sdk/client-elasticache';
import type { Aws } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import type { Difference } from '../engine/resource.ts';
import { askedTagDifferences, differing, isNewer } from './differences.ts';

export async function replicationGroupWithId({ elasticache, ask }: Aws, ReplicationGroupId: string) {
  const answer = await ask(elasticache, new DescribeReplicationGroupsCommand({ ReplicationGroupId })).catch(unlessGone);
  return answer?.ReplicationGroups?.[0];
}

/** Of anything that ElastiCache has, by its ARN. */
export async function cacheTagDifferences(aws: Aws, arn: string | undefined): Promise<Difference[]> {
  const { elasticache, ask } = aws;
  if (arn === undefined) return [];
  return askedTagDifferences(
    aws,
    async () => {
      const { TagList = [] } = await ask(elasticache, new ListTagsForResourceCommand({ ResourceName: arn }));
      return TagList.map(({ Key = '', Value = '' }) => ({ Key, Value }));
    },
    (Tags) => elasticache.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags })),
  );
}

export async function compareReplicationGroup(aws: Aws, replicationGroupId: string): Promise<Difference[]> {
  const { elasticache, ask, config } = aws;
  const { engine, engineVersion, nodeType } = config.cache;
  const found = await replicationGroupWithId(aws, replicationGroupId);
  const [member] = found?.MemberClusters ?? [];
  const asked = new DescribeCacheClustersCommand(member === undefined ? {} : { CacheClusterId: member });
  const { CacheClusters = [] } = await ask(elasticache, asked);
  const there = CacheClusters.find(({ ReplicationGroupId }) => ReplicationGroupId === replicationGroupId);
  // ElastiCache names a patch that nobody chose: 8.0.1 is the 8.0 of the settings.
  const version = there?.EngineVersion?.split('.').slice(0, 2).join('.') ?? '';
  const set = (change: Partial<ModifyReplicationGroupCommandInput>) => async () => {
    await elasticache.send(
      new ModifyReplicationGroupCommand({
        ReplicationGroupId: replicationGroupId,
        ApplyImmediately: true,
        ...change,
      }),
    );
    await aws.wait({ for: 'cache changed', everySeconds: 10, timeoutSeconds: 3600 }, async () => {
      const one = await replicationGroupWithId(aws, replicationGroupId);
      const done = change.CacheNodeType === undefined || one?.CacheNodeType === change.CacheNodeType;
      return done && one?.Status === 'available' ? true : undefined;
    });
  };
  const engineStays = (name: string, is: string) => ({
    why: 'A cache goes to a later version only, and what waits in its queues would be lost with it.',
    fix: `Set ${name} back to ${is}.`,
  });
  const now = there?.Engine ?? engine;
  return [
    ...differing('Engine', now, engine, engineStays('cache.engine', now)),
    ...(now === engine && version !== ''
      ? differing(
          'EngineVersion',
          version,
          engineVersion,
          isNewer(engineVersion, version)
            ? set({ EngineVersion: engineVersion })
            : engineStays('cache.engineVersion', version),
        )
      : []),
    ...differing('CacheNodeType', found?.CacheNodeType, nodeType, set({ CacheNodeType: nodeType })),
    ...(await cacheTagDifferences(aws, found?.ARN)),
  ];
}
