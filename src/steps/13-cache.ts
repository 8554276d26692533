/** STEP 13: the Celery broker, with TLS and a user of its own that is attached through a user group. */
import {
  CreateCacheSubnetGroupCommand,
  CreateReplicationGroupCommand,
  CreateUserCommand,
  CreateUserGroupCommand,
  DeleteCacheSubnetGroupCommand,
  DeleteReplicationGroupCommand,
  DeleteUserCommand,
  DeleteUserGroupCommand,
  DescribeCacheSubnetGroupsCommand,
  DescribeEventsCommand,
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
  ListTagsForResourceCommand,
  ModifyUserCommand,
} from '@aws-sdk/client-elasticache';
import type { Aws } from '../aws.ts';
import { unlessGone, unlessLeaving } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { FailedLater } from '../engine/run.ts';
import { privateSubnetA, privateSubnetC } from './02-subnets.ts';
import { privateSecurityGroup } from './07-security-groups.ts';
import { differing } from './differences.ts';
import { reveal, secret } from './parameters.ts';
import { cacheTagDifferences, compareReplicationGroup, replicationGroupWithId } from './replication-group.ts';

// ElastiCache takes 16 to 128 characters.
export const cachePassword = secret('cachePassword', "airflow-aws: the cache user's password", (aws) =>
  aws.randomText(48),
);

async function isOursByArn({ elasticache, ask, recorded, isOurs }: Aws, arn: string | undefined): Promise<boolean> {
  if (recorded) return true;
  const { TagList } = await ask(elasticache, new ListTagsForResourceCommand({ ResourceName: arn! }));
  return isOurs(TagList?.map(({ Key, Value }) => ({ Key: Key!, Value: Value! })));
}

async function subnetGroupNamed({ elasticache, ask }: Aws, CacheSubnetGroupName: string) {
  const asked = new DescribeCacheSubnetGroupsCommand({ CacheSubnetGroupName });
  return (await ask(elasticache, asked).catch(unlessGone))?.CacheSubnetGroups?.[0];
}

export const cacheSubnetGroup = resource(
  'cacheSubnetGroup',
  { privateSubnetA, privateSubnetC },
  {
    type: 'AWS::ElastiCache::SubnetGroup',
    typicalSeconds: { create: 1, destroy: 1 },
    async find(aws) {
      const { names } = aws;
      const found = await subnetGroupNamed(aws, names.cacheSubnetGroup);
      return found && (await isOursByArn(aws, found.ARN))
        ? { cacheSubnetGroupName: names.cacheSubnetGroup }
        : undefined;
    },
    async create({ elasticache, names, tags }, { privateSubnetA, privateSubnetC }) {
      await elasticache.send(
        new CreateCacheSubnetGroupCommand({
          CacheSubnetGroupName: names.cacheSubnetGroup,
          CacheSubnetGroupDescription: 'airflow-aws: the private subnets',
          SubnetIds: [privateSubnetA.subnetId, privateSubnetC.subnetId],
          Tags: tags,
        }),
      );
      return { cacheSubnetGroupName: names.cacheSubnetGroup };
    },
    compare: async (aws, { cacheSubnetGroupName }) =>
      cacheTagDifferences(aws, (await subnetGroupNamed(aws, cacheSubnetGroupName))?.ARN),
    async destroy({ elasticache }, { cacheSubnetGroupName }) {
      await elasticache
        .send(new DeleteCacheSubnetGroupCommand({ CacheSubnetGroupName: cacheSubnetGroupName }))
        .catch(unlessGone);
    },
  },
);

async function userWithId({ elasticache, ask }: Aws, UserId: string) {
  const answer = await ask(elasticache, new DescribeUsersCommand({ UserId })).catch(unlessGone);
  return answer?.Users?.[0];
}

/** The same words, whatever the order of those that are independent, and of what ElastiCache adds by itself. */
function sameRights(is: string | undefined, wanted: string): boolean {
  const words = new Set(is?.split(/\s+/));
  return wanted.split(/\s+/).every((word) => words.has(word));
}

function user<const Key extends 'cacheUser' | 'cacheDefaultUser'>(
  key: Key,
  settings: (aws: Aws) => { UserName: string; AccessString: string },
  wanted: (config: Aws['config']) => boolean,
) {
  return resource(
    key,
    { cachePassword },
    {
      type: 'AWS::ElastiCache::User',
      typicalSeconds: { create: 8, destroy: 15 },
      wanted,
      async find(aws) {
        // By the recorded name: another one in the settings is a difference, and no second user.
        const found = await userWithId(aws, aws.recorded?.userId ?? aws.names[key]);
        if (!found || found.Status === 'deleting') return undefined;
        return (await isOursByArn(aws, found.ARN)) ? { userId: found.UserId! } : undefined;
      },
      async create(aws, { cachePassword }) {
        const { elasticache, names, config, tags } = aws;
        await elasticache.send(
          new CreateUserCommand({
            UserId: names[key],
            Engine: config.cache.engine,
            ...settings(aws),
            AuthenticationMode: { Type: 'password', Passwords: [await reveal(aws, cachePassword.parameterName)] },
            Tags: tags,
          }),
        );
        return { userId: names[key] };
      },
      async finish(aws, { userId }) {
        await aws.wait({ for: 'cache user active', everySeconds: 3, timeoutSeconds: 600 }, async () =>
          (await userWithId(aws, userId))?.Status === 'active' ? true : undefined,
        );
        return {};
      },
      async compare(aws, { userId }) {
        const found = await userWithId(aws, userId);
        const { UserName, AccessString } = settings(aws);
        const name = found?.UserName ?? '';
        const stays = (setting: string, is: string) => ({
          why: 'It cannot be renamed, and the nodes are logged in with it.',
          fix: `Set ${setting} back to ${is}.`,
        });
        const set = async () => {
          await aws.elasticache.send(new ModifyUserCommand({ UserId: userId, AccessString }));
        };
        return [
          ...differing('UserId', userId, aws.names[key], stays('cache.userId', userId)),
          ...differing('UserName', name, UserName, stays('cache.userName', name)),
          // ElastiCache rewrites what it is given; only other rights are a difference.
          ...(sameRights(found?.AccessString, AccessString)
            ? []
            : differing('AccessString', found?.AccessString, AccessString, set)),
          ...(await cacheTagDifferences(aws, found?.ARN)),
        ];
      },
      async destroy(aws, { userId }) {
        await aws.elasticache
          .send(new DeleteUserCommand({ UserId: userId }))
          .catch(unlessLeaving(async () => (await userWithId(aws, userId))?.Status === 'deleting'));
        await aws.wait({ for: 'cache user deleted', everySeconds: 4, timeoutSeconds: 1200 }, async () =>
          (await userWithId(aws, userId)) ? undefined : true,
        );
      },
    },
  );
}

// kombu subscribes to channels, so `&*` must be there; what administers the server is not needed.
export const cacheUser = user(
  'cacheUser',
  ({ config }) => ({ UserName: config.cache.userName, AccessString: 'on ~* &* +@all -@admin -@dangerous +info +keys' }),
  () => true,
);

// A group for Redis OSS must have a user called `default`. The built-in one may do everything without a password.
export const cacheDefaultUser = user(
  'cacheDefaultUser',
  () => ({ UserName: 'default', AccessString: 'off ~* -@all' }),
  ({ cache }) => cache.engine === 'redis',
);

async function userGroupWithId({ elasticache, ask }: Aws, UserGroupId: string) {
  const answer = await ask(elasticache, new DescribeUserGroupsCommand({ UserGroupId })).catch(unlessGone);
  return answer?.UserGroups?.[0];
}

export const cacheUserGroup = resource(
  'cacheUserGroup',
  { cacheUser, cacheDefaultUser },
  {
    type: 'AWS::ElastiCache::UserGroup',
    typicalSeconds: { create: 20, destroy: 35 },
    async find(aws) {
      const found = await userGroupWithId(aws, aws.names.cacheUserGroup);
      if (!found || found.Status === 'deleting') return undefined;
      return (await isOursByArn(aws, found.ARN)) ? { userGroupId: found.UserGroupId! } : undefined;
    },
    async create({ elasticache, names, config, tags }, { cacheUser, cacheDefaultUser }) {
      await elasticache.send(
        new CreateUserGroupCommand({
          UserGroupId: names.cacheUserGroup,
          Engine: config.cache.engine,
          UserIds: [cacheUser.userId, ...(cacheDefaultUser ? [cacheDefaultUser.userId] : [])],
          Tags: tags,
        }),
      );
      return { userGroupId: names.cacheUserGroup };
    },
    async finish(aws, { userGroupId }) {
      await aws.wait({ for: 'cache user group active', everySeconds: 4, timeoutSeconds: 900 }, async () =>
        (await userGroupWithId(aws, userGroupId))?.Status === 'active' ? true : undefined,
      );
      return {};
    },
    compare: async (aws, { userGroupId }) => cacheTagDifferences(aws, (await userGroupWithId(aws, userGroupId))?.ARN),
    async destroy(aws, { userGroupId }) {
      await aws.elasticache
        .send(new DeleteUserGroupCommand({ UserGroupId: userGroupId }))
        .catch(unlessLeaving(async () => (await userGroupWithId(aws, userGroupId))?.Status === 'deleting'));
      await aws.wait({ for: 'cache user group deleted', everySeconds: 5, timeoutSeconds: 1800 }, async () =>
        (await userGroupWithId(aws, userGroupId)) ? undefined : true,
      );
    },
  },
);

/** ElastiCache gives the reason in its events. Whoever may not read them still learns the status. */
async function reasonOf({ elasticache, ask }: Aws, SourceIdentifier: string): Promise<string> {
  const asked = new DescribeEventsCommand({ SourceType: 'replication-group', SourceIdentifier, Duration: 60 });
  const answer = await ask(elasticache, asked).catch(() => undefined);
  return answer?.Events?.at(-1)?.Message ?? 'ElastiCache gave no reason';
}

// A user group cannot be attached to a bare cache cluster, so one node is a replication group too.
export const replicationGroup = resource(
  'replicationGroup',
  { cacheSubnetGroup, cacheUserGroup, privateSecurityGroup },
  {
    type: 'AWS::ElastiCache::ReplicationGroup',
    typicalSeconds: { create: 420, destroy: 260 },
    hourlyUsd: ({ config, prices }) => prices(`cache:${config.cache.engine}:${config.cache.nodeType}`) ?? 0,
    async find(aws) {
      const found = await replicationGroupWithId(aws, aws.names.replicationGroup);
      if (!found || found.Status === 'deleting') return undefined;
      return (await isOursByArn(aws, found.ARN)) ? { replicationGroupId: found.ReplicationGroupId! } : undefined;
    },
    async create({ elasticache, names, config, tags }, { cacheSubnetGroup, cacheUserGroup, privateSecurityGroup }) {
      const { engine, engineVersion, nodeType } = config.cache;
      await elasticache.send(
        new CreateReplicationGroupCommand({
          ReplicationGroupId: names.replicationGroup,
          ReplicationGroupDescription: `airflow-aws: the Celery broker of ${config.name}`,
          Engine: engine,
          EngineVersion: engineVersion,
          CacheNodeType: nodeType,
          // Celery's multi-key commands need cluster mode off; the tutorial has no replica.
          NumCacheClusters: 1,
          AutomaticFailoverEnabled: false,
          MultiAZEnabled: false,
          Port: 6379,
          CacheSubnetGroupName: cacheSubnetGroup.cacheSubnetGroupName,
          SecurityGroupIds: [privateSecurityGroup.groupId],
          UserGroupIds: [cacheUserGroup.userGroupId],
          TransitEncryptionEnabled: true,
          TransitEncryptionMode: 'required',
          AtRestEncryptionEnabled: true,
          SnapshotRetentionLimit: 0,
          Tags: tags,
        }),
      );
      return { replicationGroupId: names.replicationGroup };
    },
    async finish(aws, { replicationGroupId }) {
      const found = await aws.wait({ for: 'cache available', everySeconds: 10, timeoutSeconds: 3600 }, async () => {
        const one = await replicationGroupWithId(aws, replicationGroupId);
        if (one?.Status === 'create-failed')
          throw new FailedLater('The cache failed', 'create-failed', await reasonOf(aws, replicationGroupId));
        return one?.Status === 'available' ? one : undefined;
      });
      return { endpoint: found.NodeGroups?.[0]?.PrimaryEndpoint?.Address ?? '' };
    },
    compare: (aws, { replicationGroupId }) => compareReplicationGroup(aws, replicationGroupId),
    async destroy(aws, { replicationGroupId }) {
      await aws.elasticache
        .send(new DeleteReplicationGroupCommand({ ReplicationGroupId: replicationGroupId }))
        .catch(
          unlessLeaving(async () => (await replicationGroupWithId(aws, replicationGroupId))?.Status === 'deleting'),
        );
      await aws.wait({ for: 'cache deleted', everySeconds: 10, timeoutSeconds: 3600 }, async () =>
        (await replicationGroupWithId(aws, replicationGroupId)) ? undefined : true,
      );
    },
  },
);

export default step(13, 'Cache', [
  cachePassword,
  cacheSubnetGroup,
  cacheUser,
  cacheDefaultUser,
  cacheUserGroup,
  replicationGroup,
]);
