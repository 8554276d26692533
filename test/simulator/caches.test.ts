import { DescribeNetworkInterfacesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  AddTagsToResourceCommand,
  CreateCacheClusterCommand,
  CreateCacheParameterGroupCommand,
  CreateCacheSubnetGroupCommand,
  CreateReplicationGroupCommand,
  type CreateReplicationGroupCommandInput,
  CreateSnapshotCommand,
  CreateUserCommand,
  type CreateUserCommandInput,
  CreateUserGroupCommand,
  type CreateUserGroupCommandInput,
  DecreaseReplicaCountCommand,
  DeleteCacheClusterCommand,
  DeleteCacheSubnetGroupCommand,
  DeleteReplicationGroupCommand,
  DeleteSnapshotCommand,
  DeleteUserCommand,
  DeleteUserGroupCommand,
  DescribeCacheClustersCommand,
  DescribeCacheEngineVersionsCommand,
  DescribeCacheSubnetGroupsCommand,
  DescribeEventsCommand,
  DescribeReplicationGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
  ElastiCacheClient,
  IncreaseReplicaCountCommand,
  ListTagsForResourceCommand,
  ModifyReplicationGroupCommand,
  ModifyUserCommand,
  ModifyUserGroupCommand,
  RemoveTagsFromResourceCommand,
  TestFailoverCommand,
} from '@aws-sdk/client-elasticache';
import { describe, expect, test } from 'vitest';
import type { AccountOptions } from '../../src/simulator/index.ts';
import { region, twoZones } from './two-zones.ts';

const password = 'correct-horse-battery';

async function caches(options: AccountOptions = {}) {
  const network = await twoZones(options);
  const cache = network.account.attach(new ElastiCacheClient({ region }));
  const pass = (seconds: number) => network.account.clock.sleep(seconds * 1000);
  const subnetGroup = (SubnetIds = [network.subnetA, network.subnetC]) =>
    cache.send(
      new CreateCacheSubnetGroupCommand({
        CacheSubnetGroupName: 'pms',
        CacheSubnetGroupDescription: 'Private',
        SubnetIds,
      }),
    );
  const user = (changes: Partial<CreateUserCommandInput> = {}) =>
    cache.send(
      new CreateUserCommand({
        UserId: 'redisairflowid',
        UserName: 'redisairflow',
        Engine: 'valkey',
        AccessString: 'on ~* &* +@all',
        AuthenticationMode: { Type: 'password', Passwords: [password] },
        ...changes,
      }),
    );
  const userGroup = (changes: Partial<CreateUserGroupCommandInput> = {}) =>
    cache.send(
      new CreateUserGroupCommand({ UserGroupId: 'pms', Engine: 'valkey', UserIds: ['redisairflowid'], ...changes }),
    );
  const group = (changes: Partial<CreateReplicationGroupCommandInput> = {}) =>
    cache.send(
      new CreateReplicationGroupCommand({
        ReplicationGroupId: 'pms-airflow-redis',
        ReplicationGroupDescription: 'Broker',
        Engine: 'valkey',
        EngineVersion: '8.0',
        CacheNodeType: 'cache.t4g.small',
        NumCacheClusters: 1,
        CacheSubnetGroupName: 'pms',
        SecurityGroupIds: [network.groupId],
        TransitEncryptionEnabled: true,
        ...changes,
      }),
    );
  const theGroup = async () => (await cache.send(new DescribeReplicationGroupsCommand({}))).ReplicationGroups?.[0];
  const members = async () => {
    const { CacheClusters } = await cache.send(new DescribeCacheClustersCommand({ ShowCacheNodeInfo: true }));
    return CacheClusters ?? [];
  };
  return { ...network, cache, pass, subnetGroup, user, userGroup, group, theGroup, members };
}

async function interfaces(ec2: EC2Client) {
  const Filters = [{ Name: 'description', Values: ['ElastiCache *'] }];
  return (await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces ?? [];
}

describe('cache subnet groups of the simulated account', () => {
  test('exist once, take one zone, and cannot go while a cache uses them', async () => {
    const { cache, group, pass, subnetA, subnetGroup } = await caches();
    await expect(group()).rejects.toMatchObject({
      name: 'CacheSubnetGroupNotFoundFault',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(subnetGroup(['subnet-0123456789abcdef0'])).rejects.toMatchObject({ name: 'InvalidSubnet' });
    const { CacheSubnetGroup } = await subnetGroup([subnetA]);
    expect(CacheSubnetGroup?.ARN).toBe('arn:aws:elasticache:us-west-2:123456789012:subnetgroup:pms');
    await expect(subnetGroup([subnetA])).rejects.toMatchObject({
      name: 'CacheSubnetGroupAlreadyExistsFault',
      Code: 'CacheSubnetGroupAlreadyExists',
    });
    await group();
    const CacheSubnetGroupName = 'pms';
    const end = new DeleteCacheSubnetGroupCommand({ CacheSubnetGroupName });
    await expect(cache.send(end)).rejects.toMatchObject({ name: 'CacheSubnetGroupInUse' });
    await pass(500);
    await cache.send(new DeleteReplicationGroupCommand({ ReplicationGroupId: 'pms-airflow-redis' }));
    await pass(300);
    await cache.send(end);
    await expect(cache.send(new DescribeCacheSubnetGroupsCommand({ CacheSubnetGroupName }))).rejects.toMatchObject({
      name: 'CacheSubnetGroupNotFoundFault',
    });
  });
});

describe('users and user groups of the simulated account', () => {
  test('a user is creating, then active, and never shows its password; the built-in one is listed', async () => {
    const { cache, pass, user } = await caches();
    const created = await user({ UserId: 'RedisAirflowId' });
    expect(created).toMatchObject({ UserId: 'redisairflowid', Status: 'creating', Engine: 'valkey' });
    expect(created.Authentication).toEqual({ Type: 'password', PasswordCount: 1 });
    const modify = new ModifyUserCommand({ UserId: 'redisairflowid', AppendAccessString: '-@dangerous' });
    await expect(cache.send(modify)).rejects.toMatchObject({ name: 'InvalidUserStateFault', Code: 'InvalidUserState' });
    await pass(10);
    expect((await cache.send(modify)).Status).toBe('modifying');
    await pass(10);
    const { Users } = await cache.send(new DescribeUsersCommand({}));
    expect(Users).toMatchObject([
      { UserId: 'default', UserName: 'default', Authentication: { Type: 'no-password' } },
      { UserId: 'redisairflowid', Status: 'active', AccessString: 'on ~* &* +@all -@dangerous' },
    ]);
    await expect(user()).rejects.toMatchObject({ name: 'UserAlreadyExistsFault', Code: 'UserAlreadyExists' });
    await expect(cache.send(new DescribeUsersCommand({ UserId: 'nobody' }))).rejects.toMatchObject({
      name: 'UserNotFoundFault',
      Code: 'UserNotFound',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test.each([
    ['a short password', { AuthenticationMode: { Type: 'password', Passwords: ['short'] } }],
    ['no password at all', { AuthenticationMode: undefined }],
    ['an access string with a password', { AccessString: 'on >secret ~* +@all' }],
    ['an engine that has no users', { Engine: 'memcached' }],
    ['an id with an underscore', { UserId: 'redis_airflow' }],
    ['IAM and a name that is not the id', { AuthenticationMode: { Type: 'iam' } }],
  ])('%s is refused', async (_what, changes) => {
    const { user } = await caches();
    await expect(user(changes as Partial<CreateUserCommandInput>)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      Code: 'InvalidParameterValue',
    });
  });

  test('a redis group needs a user named default and takes redis users only', async () => {
    const { user, userGroup } = await caches();
    await user();
    await user({ UserId: 'app', UserName: 'app', Engine: 'redis' });
    await user({ UserId: 'own-default', UserName: 'default', Engine: 'redis', AccessString: 'off -@all' });
    const redis = (UserIds: string[]) => userGroup({ Engine: 'redis', UserIds });
    await expect(redis(['app'])).rejects.toMatchObject({ name: 'DefaultUserRequired' });
    await expect(redis(['default', 'redisairflowid'])).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
    await expect(redis(['default', 'own-default'])).rejects.toMatchObject({
      name: 'DuplicateUserNameFault',
      Code: 'DuplicateUserName',
    });
    await expect(redis(['default', 'nobody'])).rejects.toMatchObject({ Code: 'UserNotFound' });
    expect(await redis(['own-default', 'app'])).toMatchObject({ Status: 'creating', UserIds: ['own-default', 'app'] });
  });

  test('a valkey group needs no default user and refuses one without a password', async () => {
    const { cache, pass, user, userGroup } = await caches();
    await user();
    await expect(userGroup({ UserIds: ['default'] })).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
    await userGroup();
    const UserGroupId = 'pms';
    await expect(cache.send(new DeleteUserGroupCommand({ UserGroupId }))).rejects.toMatchObject({
      name: 'InvalidUserGroupStateFault',
      Code: 'InvalidUserGroupState',
    });
    await pass(25);
    await user({ UserId: 'second', UserName: 'second' });
    const change = { UserGroupId, UserIdsToAdd: ['second'], UserIdsToRemove: ['redisairflowid'] };
    expect(await cache.send(new ModifyUserGroupCommand(change))).toMatchObject({
      Status: 'modifying',
      PendingChanges: { UserIdsToAdd: ['second'], UserIdsToRemove: ['redisairflowid'] },
    });
    await pass(25);
    const { UserGroups } = await cache.send(new DescribeUserGroupsCommand({ UserGroupId }));
    expect(UserGroups).toMatchObject([{ Status: 'active', UserIds: ['second'] }]);
    await cache.send(new DeleteUserCommand({ UserId: 'redisairflowid' }));
    await expect(cache.send(new DeleteUserCommand({ UserId: 'second' }))).rejects.toMatchObject({
      Code: 'InvalidUserState',
    });
    await cache.send(new DeleteUserGroupCommand({ UserGroupId }));
    await expect(cache.send(new DeleteUserCommand({ UserId: 'second' }))).rejects.toMatchObject({
      Code: 'InvalidUserState',
    });
    await pass(40);
    await cache.send(new DeleteUserCommand({ UserId: 'second' }));
    await pass(20);
    expect((await cache.send(new DescribeUsersCommand({}))).Users).toHaveLength(1);
    await expect(cache.send(new DescribeUserGroupsCommand({ UserGroupId }))).rejects.toMatchObject({
      Code: 'UserGroupNotFound',
    });
  });
});

describe('replication groups of the simulated account', () => {
  test('are creating for minutes, and show an endpoint only when available', async () => {
    const { ec2, group, groupId, members, pass, subnetGroup, theGroup } = await caches();
    await subnetGroup();
    const { ReplicationGroup } = await group({ ReplicationGroupId: 'PMS-airflow-redis' });
    expect(ReplicationGroup).toMatchObject({
      ReplicationGroupId: 'pms-airflow-redis',
      Status: 'creating',
      AtRestEncryptionEnabled: true,
      TransitEncryptionMode: 'required',
      MemberClusters: ['pms-airflow-redis-001'],
      AutomaticFailover: 'disabled',
    });
    await pass(350);
    expect((await theGroup())?.Status).toBe('creating');
    expect((await theGroup())?.NodeGroups).toBeUndefined();
    await pass(100);
    const available = await theGroup();
    expect(available?.Status).toBe('available');
    expect(available?.ConfigurationEndpoint).toBeUndefined();
    expect(available?.NodeGroups?.[0]?.PrimaryEndpoint?.Address).toMatch(
      /^master\.pms-airflow-redis\.\w{6}\.usw2\.cache\.amazonaws\.com$/,
    );
    expect(await members()).toMatchObject([
      {
        CacheClusterId: 'pms-airflow-redis-001',
        ReplicationGroupId: 'pms-airflow-redis',
        CacheParameterGroup: { CacheParameterGroupName: 'default.valkey8' },
        CacheNodes: [{ CacheNodeId: '0001', Endpoint: { Port: 6379 } }],
      },
    ]);
    expect(await interfaces(ec2)).toMatchObject([
      { Description: 'ElastiCache pms-airflow-redis-001', RequesterManaged: true, Groups: [{ GroupId: groupId }] },
    ]);
  });

  test('cluster mode gives a configuration endpoint and slots', async () => {
    const { group, pass, subnetGroup, theGroup } = await caches();
    await subnetGroup();
    const shards = { NumCacheClusters: undefined, NumNodeGroups: 2, ReplicasPerNodeGroup: 1 };
    await group({
      ...shards,
      AutomaticFailoverEnabled: true,
    } as unknown as Partial<CreateReplicationGroupCommandInput>);
    await pass(500);
    const available = await theGroup();
    expect(available).toMatchObject({
      ClusterEnabled: true,
      MemberClusters: expect.arrayContaining(['pms-airflow-redis-0002-002']),
    });
    expect(available?.ConfigurationEndpoint?.Address).toMatch(/^clustercfg\./);
    expect(available?.NodeGroups?.map(({ Slots }) => Slots)).toEqual(['0-8191', '8192-16383']);
  });

  test.each([
    [
      'a user group without TLS',
      { UserGroupIds: ['pms'], TransitEncryptionEnabled: false },
      'InvalidParameterCombination',
    ],
    ['a user group that is not there', { UserGroupIds: ['nowhere'] }, 'UserGroupNotFound'],
    [
      'a valkey user group for redis',
      { UserGroupIds: ['pms'], Engine: 'redis', EngineVersion: '7.1' },
      'InvalidParameterCombination',
    ],
    [
      'users before version 6',
      { UserGroupIds: ['pms'], Engine: 'redis', EngineVersion: '5.0.6' },
      'InvalidParameterCombination',
    ],
    ['users and a token', { UserGroupIds: ['pms'], AuthToken: password }, 'InvalidParameterCombination'],
    ['a token without TLS', { AuthToken: password, TransitEncryptionEnabled: false }, 'InvalidParameterCombination'],
    ['automatic failover with one node', { AutomaticFailoverEnabled: true }, 'InvalidParameterCombination'],
    [
      'Multi-AZ without automatic failover',
      { MultiAZEnabled: true, NumCacheClusters: 2 },
      'InvalidParameterCombination',
    ],
    ['a version that is none', { EngineVersion: '1.2.3' }, 'InvalidParameterCombination'],
    ['a node type that is none', { CacheNodeType: 'cache.huge' }, 'InvalidParameterValue'],
    ['an engine without replication', { Engine: 'memcached' }, 'InvalidParameterValue'],
    [
      'a parameter group of another family',
      { CacheParameterGroupName: 'default.redis7' },
      'InvalidParameterCombination',
    ],
    ['a parameter group that is not there', { CacheParameterGroupName: 'mine' }, 'CacheParameterGroupNotFound'],
    ['too many nodes', { NumCacheClusters: 7 }, 'InvalidParameterValue'],
    ['a security group that is not there', { SecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidParameterValue'],
    ['a name that is too long', { ReplicationGroupId: 'a'.repeat(41) }, 'InvalidParameterValue'],
  ])('%s is refused and leaves nothing behind', async (_what, changes, Code) => {
    const { ec2, group, pass, subnetGroup, theGroup, user, userGroup } = await caches();
    await subnetGroup();
    await user();
    await userGroup();
    await pass(30);
    await expect(group(changes)).rejects.toMatchObject({ Code });
    expect(await theGroup()).toBeUndefined();
    expect(await interfaces(ec2)).toEqual([]);
  });

  test('a user group must be active to be attached, and is held until the replication group is gone', async () => {
    const { cache, ec2, group, pass, subnetGroup, theGroup, user, userGroup } = await caches();
    await subnetGroup();
    await user();
    await userGroup();
    await expect(group({ UserGroupIds: ['pms'] })).rejects.toMatchObject({ Code: 'InvalidUserGroupState' });
    await pass(30);
    await group({ UserGroupIds: ['pms'] });
    await expect(group()).rejects.toMatchObject({
      name: 'ReplicationGroupAlreadyExistsFault',
      Code: 'ReplicationGroupAlreadyExists',
    });
    const end = new DeleteReplicationGroupCommand({ ReplicationGroupId: 'pms-airflow-redis' });
    await expect(cache.send(end)).rejects.toMatchObject({ Code: 'InvalidReplicationGroupState' });
    await pass(500);
    await cache.send(end);
    await expect(cache.send(end)).rejects.toMatchObject({ Code: 'InvalidReplicationGroupState' });
    const endGroup = new DeleteUserGroupCommand({ UserGroupId: 'pms' });
    await expect(cache.send(endGroup)).rejects.toMatchObject({ Code: 'InvalidUserGroupState' });
    expect((await theGroup())?.Status).toBe('deleting');
    await pass(300);
    expect(await interfaces(ec2)).toEqual([]);
    await cache.send(endGroup);
    await expect(
      cache.send(new DescribeReplicationGroupsCommand({ ReplicationGroupId: 'pms-airflow-redis' })),
    ).rejects.toMatchObject({ name: 'ReplicationGroupNotFoundFault', $metadata: { httpStatusCode: 404 } });
  });

  test('a user group attached afterwards shows as pending first', async () => {
    const { cache, group, pass, subnetGroup, theGroup, user, userGroup } = await caches();
    await subnetGroup();
    await user();
    await userGroup();
    await group();
    const ReplicationGroupId = 'pms-airflow-redis';
    const attach = new ModifyReplicationGroupCommand({
      ReplicationGroupId,
      UserGroupIdsToAdd: ['pms'],
      ApplyImmediately: true,
    });
    await expect(cache.send(attach)).rejects.toMatchObject({ Code: 'InvalidReplicationGroupState' });
    await pass(500);
    const { ReplicationGroup } = await cache.send(attach);
    expect(ReplicationGroup).toMatchObject({
      Status: 'modifying',
      UserGroupIds: [],
      PendingModifiedValues: { UserGroups: { UserGroupIdsToAdd: ['pms'] } },
    });
    await pass(90);
    expect(await theGroup()).toMatchObject({ Status: 'available', UserGroupIds: ['pms'], PendingModifiedValues: {} });
  });

  test('replicas come and go, and one of them can take over', async () => {
    const { cache, ec2, group, members, pass, subnetGroup, theGroup } = await caches();
    await subnetGroup();
    await group({ NumCacheClusters: 2, AutomaticFailoverEnabled: true, MultiAZEnabled: true });
    const ReplicationGroupId = 'pms-airflow-redis';
    await pass(500);
    const zones = (await members()).map(({ PreferredAvailabilityZone }) => PreferredAvailabilityZone);
    expect(new Set(zones).size).toBe(2);
    await cache.send(
      new IncreaseReplicaCountCommand({ ReplicationGroupId, NewReplicaCount: 2, ApplyImmediately: true }),
    );
    await pass(90);
    expect((await members()).map(({ CacheClusterStatus }) => CacheClusterStatus)).toEqual(Array(3).fill('available'));
    const same = new IncreaseReplicaCountCommand({ ReplicationGroupId, NewReplicaCount: 2, ApplyImmediately: true });
    await expect(cache.send(same)).rejects.toMatchObject({ name: 'NoOperationFault' });
    await cache.send(new TestFailoverCommand({ ReplicationGroupId, NodeGroupId: '0001' }));
    await pass(90);
    const roles = (await theGroup())?.NodeGroups?.[0]?.NodeGroupMembers?.map(({ CurrentRole }) => CurrentRole);
    expect(roles).toEqual(['replica', 'primary', 'replica']);
    const primary = new DeleteCacheClusterCommand({ CacheClusterId: 'pms-airflow-redis-002' });
    await expect(cache.send(primary)).rejects.toMatchObject({ Code: 'InvalidCacheClusterState' });
    const none = new DecreaseReplicaCountCommand({ ReplicationGroupId, NewReplicaCount: 0, ApplyImmediately: true });
    await expect(cache.send(none)).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
    await cache.send(
      new DecreaseReplicaCountCommand({ ReplicationGroupId, NewReplicaCount: 1, ApplyImmediately: true }),
    );
    await pass(90);
    expect((await theGroup())?.MemberClusters).toHaveLength(2);
    expect(await interfaces(ec2)).toHaveLength(2);
  });

  test('a replica may also be made as a cluster of the group, and be deleted as one', async () => {
    const { cache, group, pass, subnetGroup, theGroup } = await caches();
    await subnetGroup();
    await group();
    await pass(500);
    const ReplicationGroupId = 'pms-airflow-redis';
    const replica = { CacheClusterId: 'spare', ReplicationGroupId };
    const own = new CreateCacheClusterCommand({ ...replica, CacheNodeType: 'cache.t4g.micro' });
    await expect(cache.send(own)).rejects.toMatchObject({ Code: 'InvalidParameterCombination' });
    await cache.send(new CreateCacheClusterCommand(replica));
    await pass(90);
    expect(await theGroup()).toMatchObject({ Status: 'available', MemberClusters: ['pms-airflow-redis-001', 'spare'] });
    await cache.send(new DeleteCacheClusterCommand({ CacheClusterId: 'spare' }));
    await pass(300);
    expect((await theGroup())?.MemberClusters).toEqual(['pms-airflow-redis-001']);
  });

  test('a larger node type waits for the window unless applied at once, and an upgrade never goes back', async () => {
    const { cache, group, members, pass, subnetGroup } = await caches();
    await subnetGroup();
    await group();
    await pass(500);
    const change = { ReplicationGroupId: 'pms-airflow-redis', CacheNodeType: 'cache.r6g.large' };
    await cache.send(new ModifyReplicationGroupCommand(change));
    expect(await members()).toMatchObject([
      { CacheNodeType: 'cache.t4g.small', PendingModifiedValues: { CacheNodeType: 'cache.r6g.large' } },
    ]);
    await cache.send(new ModifyReplicationGroupCommand({ ...change, ApplyImmediately: true }));
    await pass(90);
    expect(await members()).toMatchObject([{ CacheNodeType: 'cache.r6g.large', CacheClusterStatus: 'available' }]);
    const back = { ReplicationGroupId: change.ReplicationGroupId, EngineVersion: '7.2', ApplyImmediately: true };
    await expect(cache.send(new ModifyReplicationGroupCommand(back))).rejects.toMatchObject({
      Code: 'InvalidParameterCombination',
    });
  });

  test('a snapshot is taken, exists once, seeds another group and is deleted', async () => {
    const { cache, group, pass, subnetGroup, theGroup } = await caches();
    await subnetGroup();
    await group();
    const names = { ReplicationGroupId: 'pms-airflow-redis', SnapshotName: 'before' };
    await expect(cache.send(new CreateSnapshotCommand(names))).rejects.toMatchObject({
      Code: 'InvalidReplicationGroupState',
    });
    await pass(500);
    const { Snapshot } = await cache.send(new CreateSnapshotCommand(names));
    expect(Snapshot).toMatchObject({ SnapshotStatus: 'creating', Engine: 'valkey' });
    expect((await theGroup())?.Status).toBe('snapshotting');
    await expect(cache.send(new CreateSnapshotCommand(names))).rejects.toMatchObject({
      name: 'SnapshotAlreadyExistsFault',
    });
    await expect(cache.send(new DeleteSnapshotCommand({ SnapshotName: 'before' }))).rejects.toMatchObject({
      Code: 'InvalidSnapshotState',
    });
    await pass(150);
    await group({ ReplicationGroupId: 'again', SnapshotName: 'before' });
    await expect(group({ ReplicationGroupId: 'other', SnapshotName: 'never' })).rejects.toMatchObject({
      name: 'SnapshotNotFoundFault',
    });
    await cache.send(new DeleteSnapshotCommand({ SnapshotName: 'before' }));
    await pass(30);
    expect((await cache.send(new DescribeSnapshotsCommand({}))).Snapshots).toEqual([]);
  });

  test('a creation that breaks later ends in create-failed, says why, and can be deleted', async () => {
    const { cache, group, pass, subnetGroup, theGroup } = await caches({
      faults: { breakLater: [{ noun: 'replicationGroup', code: 'InsufficientCacheClusterCapacity' }] },
    });
    await subnetGroup();
    await group();
    await pass(500);
    expect((await theGroup())?.Status).toBe('create-failed');
    const { Events } = await cache.send(new DescribeEventsCommand({ SourceType: 'replication-group' }));
    expect(Events?.at(-1)?.Message).toContain('InsufficientCacheClusterCapacity');
    await cache.send(new DeleteReplicationGroupCommand({ ReplicationGroupId: 'pms-airflow-redis' }));
    await pass(300);
    expect(await theGroup()).toBeUndefined();
  });
});

describe('cache clusters, versions and tags of the simulated account', () => {
  test('a cluster stands alone, of one node unless it is memcached', async () => {
    const { cache, ec2, members, pass, subnetGroup } = await caches();
    await subnetGroup();
    const create = (NumCacheNodes: number, Engine: string) =>
      cache.send(
        new CreateCacheClusterCommand({
          CacheClusterId: `alone-${Engine}`,
          Engine,
          NumCacheNodes,
          CacheNodeType: 'cache.t4g.micro',
          CacheSubnetGroupName: 'pms',
        }),
      );
    await expect(create(2, 'redis')).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
    await create(2, 'memcached');
    await expect(create(2, 'memcached')).rejects.toMatchObject({ Code: 'CacheClusterAlreadyExists' });
    await pass(500);
    expect(await members()).toMatchObject([
      { CacheClusterStatus: 'available', NumCacheNodes: 2, ConfigurationEndpoint: { Port: 11211 } },
    ]);
    expect(await interfaces(ec2)).toHaveLength(2);
    await cache.send(new DeleteCacheClusterCommand({ CacheClusterId: 'alone-memcached' }));
    await pass(300);
    expect(await interfaces(ec2)).toEqual([]);
    await expect(
      cache.send(new DescribeCacheClustersCommand({ CacheClusterId: 'alone-memcached' })),
    ).rejects.toMatchObject({
      name: 'CacheClusterNotFoundFault',
      Code: 'CacheClusterNotFound',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('each engine has one default version', async () => {
    const { cache } = await caches();
    const { CacheEngineVersions } = await cache.send(new DescribeCacheEngineVersionsCommand({ DefaultOnly: true }));
    expect(CacheEngineVersions?.map(({ Engine }) => Engine)).toEqual(['memcached', 'redis', 'valkey']);
    const { CacheEngineVersions: redis } = await cache.send(
      new DescribeCacheEngineVersionsCommand({ Engine: 'redis' }),
    );
    expect(redis?.at(-1)?.EngineVersion).toBe('7.1');
    await expect(
      cache.send(
        new CreateCacheParameterGroupCommand({
          CacheParameterGroupName: 'mine',
          CacheParameterGroupFamily: 'redis99',
          Description: 'None',
        }),
      ),
    ).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
  });

  test('tags are added, listed and taken away by ARN; a tag or a thing that is not there is named', async () => {
    const { cache, user } = await caches();
    const { ARN } = await user({ Tags: [{ Key: 'Name', Value: 'broker' }] });
    const ResourceName = ARN!;
    await cache.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'a', Value: '1' }] }));
    await cache.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['Name'] }));
    const { TagList } = await cache.send(new ListTagsForResourceCommand({ ResourceName }));
    expect(TagList).toEqual([{ Key: 'a', Value: '1' }]);
    const missing = new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['Name'] });
    await expect(cache.send(missing)).rejects.toMatchObject({ name: 'TagNotFoundFault', Code: 'TagNotFound' });
    const nobody = new ListTagsForResourceCommand({ ResourceName: `${ResourceName}x` });
    await expect(cache.send(nobody)).rejects.toMatchObject({ Code: 'UserNotFound' });
    await expect(cache.send(new ListTagsForResourceCommand({ ResourceName: 'arn:nothing' }))).rejects.toMatchObject({
      Code: 'InvalidARN',
    });
  });
});
