import * as EC2 from '@aws-sdk/client-ec2';
import * as Cache from '@aws-sdk/client-elasticache';
import { describe, expect, test } from 'vitest';
import { type Place, placed, polling, refused, until, world } from './world.ts';

const subnets = ({ a, c }: Place): Cache.CreateCacheSubnetGroupCommandInput => ({
  CacheSubnetGroupName: 'subnets',
  CacheSubnetGroupDescription: 'a and c',
  SubnetIds: [a, c],
});

const user = (UserId: string, more: object = {}): Cache.CreateUserCommandInput => ({
  UserId,
  UserName: UserId,
  Engine: 'valkey',
  AccessString: 'on ~* &* +@all',
  AuthenticationMode: { Type: 'password', Passwords: ['0123456789abcdef'] },
  ...more,
});

const replication = (p: Place): Cache.CreateReplicationGroupCommandInput => ({
  ReplicationGroupId: 'cache',
  ReplicationGroupDescription: 'a cache',
  Engine: 'valkey',
  CacheNodeType: 'cache.t4g.micro',
  NumCacheClusters: 1,
  AutomaticFailoverEnabled: false,
  CacheSubnetGroupName: 'subnets',
  SecurityGroupIds: [p.GroupId],
  TransitEncryptionEnabled: true,
});

const userActive = ({ elasticache }: Place, UserId: string) =>
  until(
    () => elasticache.send(new Cache.DescribeUsersCommand({ UserId })),
    (answer) => answer.Users?.[0]?.Status === 'active',
  );

const groupActive = ({ elasticache }: Place, UserGroupId: string) =>
  until(
    () => elasticache.send(new Cache.DescribeUserGroupsCommand({ UserGroupId })),
    (answer) => answer.UserGroups?.[0]?.Status === 'active',
  );

async function cache(p: Place, more: object = {}) {
  await p.elasticache.send(new Cache.CreateCacheSubnetGroupCommand(subnets(p)));
  await p.elasticache.send(new Cache.CreateReplicationGroupCommand({ ...replication(p), ...more }));
  await Cache.waitUntilReplicationGroupAvailable(
    { client: p.elasticache, ...polling },
    { ReplicationGroupId: 'cache' },
  );
}

describe('calls about caches', () => {
  test('a replication group with users: looked up, made, changed, kept and deleted', async () => {
    const p = await placed();
    const { elasticache, ec2, account, a, c, VpcId, GroupId } = p;
    const id = account.accountId;
    const versions = await elasticache.send(new Cache.DescribeCacheEngineVersionsCommand({ Engine: 'valkey' }));
    expect(versions.CacheEngineVersions?.[0]).toMatchObject({
      Engine: 'valkey',
      CacheParameterGroupFamily: expect.stringMatching(/^valkey/),
    });
    expect(
      (await elasticache.send(new Cache.DescribeCacheEngineVersionsCommand({ Engine: 'redis', DefaultOnly: true })))
        .CacheEngineVersions,
    ).toHaveLength(1);
    const group = await elasticache.send(
      new Cache.CreateCacheSubnetGroupCommand({
        CacheSubnetGroupName: 'pms-redis-subnet-group',
        CacheSubnetGroupDescription: 'a and c',
        SubnetIds: [a, c],
        Tags: [{ Key: 'Name', Value: 'g' }],
      }),
    );
    expect(group.CacheSubnetGroup).toMatchObject({
      ARN: `arn:aws:elasticache:us-west-2:${id}:subnetgroup:pms-redis-subnet-group`,
      VpcId,
      Subnets: expect.arrayContaining([
        expect.objectContaining({ SubnetIdentifier: a, SubnetAvailabilityZone: { Name: 'us-west-2a' } }),
      ]),
    });
    const made = await elasticache.send(
      new Cache.CreateUserCommand(
        user('redisairflowid', { UserName: 'redisairflow', Tags: [{ Key: 'a', Value: 'b' }] }),
      ),
    );
    expect(made).toMatchObject({
      UserId: 'redisairflowid',
      UserName: 'redisairflow',
      Status: 'creating',
      Engine: 'valkey',
      ARN: `arn:aws:elasticache:us-west-2:${id}:user:redisairflowid`,
      Authentication: { Type: 'password', PasswordCount: 1 },
      UserGroupIds: [],
      AccessString: 'on ~* &* +@all',
      MinimumEngineVersion: expect.any(String),
    });
    await userActive(p, 'redisairflowid');
    const userGroup = await elasticache.send(
      new Cache.CreateUserGroupCommand({
        UserGroupId: 'airflow',
        Engine: 'valkey',
        UserIds: ['redisairflowid'],
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    expect(userGroup).toMatchObject({
      Status: 'creating',
      UserIds: ['redisairflowid'],
      ReplicationGroups: [],
      ARN: `arn:aws:elasticache:us-west-2:${id}:usergroup:airflow`,
    });
    await groupActive(p, 'airflow');
    const { ReplicationGroup } = await elasticache.send(
      new Cache.CreateReplicationGroupCommand({
        ReplicationGroupId: 'pms-airflow-redis',
        ReplicationGroupDescription: 'the broker',
        Engine: 'valkey',
        EngineVersion: '8.0',
        CacheNodeType: 'cache.t4g.micro',
        NumCacheClusters: 1,
        AutomaticFailoverEnabled: false,
        MultiAZEnabled: false,
        CacheParameterGroupName: 'default.valkey8',
        CacheSubnetGroupName: 'pms-redis-subnet-group',
        SecurityGroupIds: [GroupId],
        Port: 6379,
        TransitEncryptionEnabled: true,
        TransitEncryptionMode: 'required',
        AtRestEncryptionEnabled: true,
        UserGroupIds: ['airflow'],
        SnapshotRetentionLimit: 0,
        AutoMinorVersionUpgrade: true,
        PreferredMaintenanceWindow: 'sun:09:00-sun:10:00',
        PreferredCacheClusterAZs: ['us-west-2a'],
        NetworkType: 'ipv4',
        IpDiscovery: 'ipv4',
        ClusterMode: 'disabled',
        Tags: [{ Key: 'Name', Value: 'broker' }],
      }),
    );
    expect(ReplicationGroup).toMatchObject({
      ReplicationGroupId: 'pms-airflow-redis',
      ARN: `arn:aws:elasticache:us-west-2:${id}:replicationgroup:pms-airflow-redis`,
      Status: 'creating',
      MemberClusters: ['pms-airflow-redis-001'],
      AutomaticFailover: 'disabled',
      MultiAZ: 'disabled',
      ClusterEnabled: false,
      TransitEncryptionEnabled: true,
      AtRestEncryptionEnabled: true,
      Engine: 'valkey',
      SnapshotRetentionLimit: 0,
    });
    await refused(
      elasticache.send(new Cache.DeleteReplicationGroupCommand({ ReplicationGroupId: 'pms-airflow-redis' })),
      'InvalidReplicationGroupStateFault InvalidReplicationGroupState',
    );
    await Cache.waitUntilReplicationGroupAvailable(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'pms-airflow-redis' },
    );
    await Cache.waitUntilCacheClusterAvailable(
      { client: elasticache, ...polling },
      { CacheClusterId: 'pms-airflow-redis-001' },
    );
    const { ReplicationGroups } = await elasticache.send(
      new Cache.DescribeReplicationGroupsCommand({ ReplicationGroupId: 'pms-airflow-redis' }),
    );
    expect(ReplicationGroups?.[0]).toMatchObject({
      Status: 'available',
      UserGroupIds: ['airflow'],
      CacheNodeType: 'cache.t4g.micro',
      ReplicationGroupCreateTime: expect.any(Date),
      NodeGroups: [
        {
          NodeGroupId: '0001',
          Status: 'available',
          PrimaryEndpoint: {
            Address: expect.stringMatching(/^master\.pms-airflow-redis\.[a-z0-9]+\.usw2\.cache\.amazonaws\.com$/),
            Port: 6379,
          },
          ReaderEndpoint: { Address: expect.stringMatching(/^replica\.pms-airflow-redis\./), Port: 6379 },
          NodeGroupMembers: [
            {
              CacheClusterId: 'pms-airflow-redis-001',
              CacheNodeId: '0001',
              CurrentRole: 'primary',
              PreferredAvailabilityZone: 'us-west-2a',
            },
          ],
        },
      ],
    });
    const nodes = await elasticache.send(
      new Cache.DescribeCacheClustersCommand({ CacheClusterId: 'pms-airflow-redis-001', ShowCacheNodeInfo: true }),
    );
    expect(nodes.CacheClusters?.[0]).toMatchObject({
      CacheClusterStatus: 'available',
      Engine: 'valkey',
      EngineVersion: expect.stringMatching(/^8\.0/),
      NumCacheNodes: 1,
      ReplicationGroupId: 'pms-airflow-redis',
      CacheSubnetGroupName: 'pms-redis-subnet-group',
      SecurityGroups: [{ SecurityGroupId: GroupId, Status: 'active' }],
      CacheParameterGroup: { CacheParameterGroupName: 'default.valkey8', ParameterApplyStatus: 'in-sync' },
      CacheNodes: [{ CacheNodeId: '0001', CacheNodeStatus: 'available' }],
      PreferredAvailabilityZone: 'us-west-2a',
    });
    const eni = await ec2.send(
      new EC2.DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'requester-managed', Values: ['true'] }] }),
    );
    expect(eni.NetworkInterfaces).toMatchObject([
      { Description: expect.stringContaining('pms-airflow-redis-001'), SubnetId: a },
    ]);

    const ResourceName = ReplicationGroup!.ARN!;
    await elasticache.send(new Cache.AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'x', Value: 'y' }] }));
    await elasticache.send(new Cache.RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['Name'] }));
    expect((await elasticache.send(new Cache.ListTagsForResourceCommand({ ResourceName }))).TagList).toEqual([
      { Key: 'x', Value: 'y' },
    ]);
    await elasticache.send(
      new Cache.ModifyReplicationGroupCommand({
        ReplicationGroupId: 'pms-airflow-redis',
        SnapshotRetentionLimit: 1,
        SnapshotWindow: '05:00-06:00',
        ApplyImmediately: true,
      }),
    );
    await Cache.waitUntilReplicationGroupAvailable(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'pms-airflow-redis' },
    );
    await elasticache.send(
      new Cache.IncreaseReplicaCountCommand({
        ReplicationGroupId: 'pms-airflow-redis',
        NewReplicaCount: 1,
        ApplyImmediately: true,
      }),
    );
    await Cache.waitUntilReplicationGroupAvailable(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'pms-airflow-redis' },
    );
    await elasticache.send(
      new Cache.DecreaseReplicaCountCommand({
        ReplicationGroupId: 'pms-airflow-redis',
        NewReplicaCount: 0,
        ApplyImmediately: true,
      }),
    );
    await Cache.waitUntilReplicationGroupAvailable(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'pms-airflow-redis' },
    );
    await elasticache.send(
      new Cache.ModifyUserCommand({ UserId: 'redisairflowid', AppendAccessString: '-@dangerous' }),
    );
    await userActive(p, 'redisairflowid');
    await elasticache.send(new Cache.CreateUserCommand(user('second')));
    await userActive(p, 'second');
    await elasticache.send(new Cache.ModifyUserGroupCommand({ UserGroupId: 'airflow', UserIdsToAdd: ['second'] }));
    await groupActive(p, 'airflow');
    await elasticache.send(new Cache.ModifyUserGroupCommand({ UserGroupId: 'airflow', UserIdsToRemove: ['second'] }));
    await groupActive(p, 'airflow');
    await elasticache.send(
      new Cache.CreateSnapshotCommand({ ReplicationGroupId: 'pms-airflow-redis', SnapshotName: 'kept' }),
    );
    await until(
      () => elasticache.send(new Cache.DescribeSnapshotsCommand({ SnapshotName: 'kept' })),
      (answer) => answer.Snapshots?.[0]?.SnapshotStatus === 'available',
    );
    await elasticache.send(new Cache.DeleteSnapshotCommand({ SnapshotName: 'kept' }));
    expect(
      (await elasticache.send(new Cache.DescribeEventsCommand({ Duration: 1440 }))).Events?.length,
    ).toBeGreaterThan(0);

    await Cache.waitUntilReplicationGroupAvailable(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'pms-airflow-redis' },
    );
    const gone = await elasticache.send(
      new Cache.DeleteReplicationGroupCommand({ ReplicationGroupId: 'pms-airflow-redis' }),
    );
    expect(gone.ReplicationGroup?.Status).toBe('deleting');
    await refused(
      elasticache.send(new Cache.DeleteCacheSubnetGroupCommand({ CacheSubnetGroupName: 'pms-redis-subnet-group' })),
      'CacheSubnetGroupInUse CacheSubnetGroupInUse',
    );
    await Cache.waitUntilReplicationGroupDeleted(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'pms-airflow-redis' },
    );
    await Cache.waitUntilCacheClusterDeleted(
      { client: elasticache, ...polling },
      { CacheClusterId: 'pms-airflow-redis-001' },
    );
    await elasticache.send(new Cache.DeleteUserGroupCommand({ UserGroupId: 'airflow' }));
    await until(
      () => elasticache.send(new Cache.DescribeUserGroupsCommand({})),
      (answer) => answer.UserGroups?.length === 0,
    );
    for (const UserId of ['redisairflowid', 'second']) await elasticache.send(new Cache.DeleteUserCommand({ UserId }));
    await until(
      () => elasticache.send(new Cache.DescribeUsersCommand({ Engine: 'valkey' })),
      (answer) => answer.Users?.every((one) => one.UserId === 'default'),
    );
    await elasticache.send(new Cache.DeleteCacheSubnetGroupCommand({ CacheSubnetGroupName: 'pms-redis-subnet-group' }));
    await until(
      () =>
        ec2.send(
          new EC2.DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'requester-managed', Values: ['true'] }] }),
        ),
      (answer) => answer.NetworkInterfaces?.length === 0,
    );
  });

  test('a single cache cluster, parameter groups, and cluster mode', async () => {
    const p = await placed();
    const { elasticache, GroupId } = p;
    await elasticache.send(new Cache.CreateCacheSubnetGroupCommand(subnets(p)));
    await elasticache.send(
      new Cache.CreateCacheParameterGroupCommand({
        CacheParameterGroupName: 'own',
        CacheParameterGroupFamily: 'redis7',
        Description: 'own',
      }),
    );
    await elasticache.send(
      new Cache.ModifyCacheParameterGroupCommand({
        CacheParameterGroupName: 'own',
        ParameterNameValues: [{ ParameterName: 'maxmemory-policy', ParameterValue: 'allkeys-lru' }],
      }),
    );
    await elasticache.send(
      new Cache.CreateCacheClusterCommand({
        CacheClusterId: 'single',
        Engine: 'redis',
        CacheNodeType: 'cache.t4g.micro',
        NumCacheNodes: 1,
        CacheSubnetGroupName: 'subnets',
        SecurityGroupIds: [GroupId],
        CacheParameterGroupName: 'own',
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    await Cache.waitUntilCacheClusterAvailable({ client: elasticache, ...polling }, { CacheClusterId: 'single' });
    const { CacheClusters } = await elasticache.send(
      new Cache.DescribeCacheClustersCommand({ CacheClusterId: 'single', ShowCacheNodeInfo: true }),
    );
    expect(CacheClusters?.[0]?.CacheNodes?.[0]?.Endpoint).toMatchObject({
      Address: expect.stringMatching(/^single\.[a-z0-9]+\.0001\.usw2\.cache\.amazonaws\.com$/),
      Port: 6379,
    });
    await elasticache.send(new Cache.DeleteCacheClusterCommand({ CacheClusterId: 'single' }));
    await Cache.waitUntilCacheClusterDeleted({ client: elasticache, ...polling }, { CacheClusterId: 'single' });
    await elasticache.send(new Cache.DeleteCacheParameterGroupCommand({ CacheParameterGroupName: 'own' }));
    const { ReplicationGroup } = await elasticache.send(
      new Cache.CreateReplicationGroupCommand({
        ReplicationGroupId: 'shards',
        ReplicationGroupDescription: 'two shards',
        Engine: 'redis',
        CacheNodeType: 'cache.r6g.large',
        NumNodeGroups: 2,
        ReplicasPerNodeGroup: 1,
        AutomaticFailoverEnabled: true,
        MultiAZEnabled: true,
        CacheSubnetGroupName: 'subnets',
        CacheParameterGroupName: 'default.redis7.cluster.on',
      }),
    );
    expect(ReplicationGroup?.MemberClusters).toHaveLength(4);
    await Cache.waitUntilReplicationGroupAvailable(
      { client: elasticache, ...polling },
      { ReplicationGroupId: 'shards' },
    );
    const { ReplicationGroups } = await elasticache.send(new Cache.DescribeReplicationGroupsCommand({}));
    expect(ReplicationGroups?.[0]).toMatchObject({
      ClusterEnabled: true,
      ConfigurationEndpoint: { Address: expect.stringContaining('clustercfg') },
    });
  });
});

describe('what is refused about caches', () => {
  const cases: [string, string, (p: Place) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (p: Place) => Promise<unknown>) => cases.push([title, code, call]);
  const made = (change: object) => async (p: Place) => {
    await p.elasticache.send(new Cache.CreateCacheSubnetGroupCommand(subnets(p)));
    await p.elasticache.send(new Cache.CreateReplicationGroupCommand({ ...replication(p), ...change }));
  };

  no(
    'an unknown replication group',
    'ReplicationGroupNotFoundFault ReplicationGroupNotFoundFault 404',
    ({ elasticache }) => elasticache.send(new Cache.DescribeReplicationGroupsCommand({ ReplicationGroupId: 'none' })),
  );
  no('deleting an unknown replication group', 'ReplicationGroupNotFoundFault 404', ({ elasticache }) =>
    elasticache.send(new Cache.DeleteReplicationGroupCommand({ ReplicationGroupId: 'none' })),
  );
  no('an unknown cluster', 'CacheClusterNotFoundFault CacheClusterNotFound 404', ({ elasticache }) =>
    elasticache.send(new Cache.DescribeCacheClustersCommand({ CacheClusterId: 'none' })),
  );
  no('an unknown subnet group', 'CacheSubnetGroupNotFoundFault CacheSubnetGroupNotFoundFault', ({ elasticache }) =>
    elasticache.send(new Cache.DescribeCacheSubnetGroupsCommand({ CacheSubnetGroupName: 'none' })),
  );
  no('deleting an unknown subnet group', 'CacheSubnetGroupNotFoundFault', ({ elasticache }) =>
    elasticache.send(new Cache.DeleteCacheSubnetGroupCommand({ CacheSubnetGroupName: 'none' })),
  );
  no(
    'a second subnet group of the name',
    'CacheSubnetGroupAlreadyExistsFault CacheSubnetGroupAlreadyExists',
    async (p) => {
      for (let i = 0; i < 2; i++) await p.elasticache.send(new Cache.CreateCacheSubnetGroupCommand(subnets(p)));
    },
  );
  no('a subnet that does not exist', 'InvalidSubnet InvalidSubnet', (p) =>
    p.elasticache.send(
      new Cache.CreateCacheSubnetGroupCommand({ ...subnets(p), SubnetIds: ['subnet-0123456789abcdef0'] }),
    ),
  );
  no('a second group of the name', 'ReplicationGroupAlreadyExistsFault ReplicationGroupAlreadyExists', async (p) => {
    await made({})(p);
    await p.elasticache.send(new Cache.CreateReplicationGroupCommand(replication(p)));
  });
  no('a subnet group that does not exist', 'CacheSubnetGroupNotFoundFault', (p) =>
    p.elasticache.send(new Cache.CreateReplicationGroupCommand(replication(p))),
  );
  no(
    'a node type that is none',
    'InvalidParameterValueException InvalidParameterValue',
    made({ CacheNodeType: 'cache.huge' }),
  );
  no(
    'a version that is none',
    'InvalidParameterCombinationException InvalidParameterCombination',
    made({ EngineVersion: '99.9' }),
  );
  no(
    'a name that is too long',
    'InvalidParameterValueException InvalidParameterValue',
    made({ ReplicationGroupId: 'x'.repeat(41) }),
  );
  no(
    'failover without a replica',
    'InvalidParameterCombinationException InvalidParameterCombination',
    made({ AutomaticFailoverEnabled: true }),
  );
  no(
    'a group that does not exist',
    'InvalidParameterValueException InvalidParameterValue',
    made({ SecurityGroupIds: ['sg-0123456789abcdef0'] }),
  );
  no(
    'a user group that does not exist',
    'UserGroupNotFoundFault UserGroupNotFound 404',
    made({ UserGroupIds: ['none'] }),
  );
  no(
    'a token without encryption on the way',
    'InvalidParameterCombinationException InvalidParameterCombination',
    made({ TransitEncryptionEnabled: false, AuthToken: '0123456789abcdef' }),
  );
  no(
    'an unknown parameter group',
    'CacheParameterGroupNotFoundFault CacheParameterGroupNotFound 404',
    made({ CacheParameterGroupName: 'none' }),
  );
  no(
    'users without encryption on the way',
    'InvalidParameterCombinationException InvalidParameterCombination',
    async (p) => {
      await p.elasticache.send(new Cache.CreateUserCommand(user('one')));
      await p.elasticache.send(
        new Cache.CreateUserGroupCommand({ UserGroupId: 'g', Engine: 'valkey', UserIds: ['one'] }),
      );
      await groupActive(p, 'g');
      await made({ TransitEncryptionEnabled: false, UserGroupIds: ['g'] })(p);
    },
  );
  no('an unknown user', 'UserNotFoundFault UserNotFound 404', ({ elasticache }) =>
    elasticache.send(new Cache.DescribeUsersCommand({ UserId: 'none' })),
  );
  no('deleting an unknown user', 'UserNotFoundFault UserNotFound 404', ({ elasticache }) =>
    elasticache.send(new Cache.DeleteUserCommand({ UserId: 'none' })),
  );
  no('a second user of the id', 'UserAlreadyExistsFault UserAlreadyExists', async ({ elasticache }) => {
    for (let i = 0; i < 2; i++) await elasticache.send(new Cache.CreateUserCommand(user('same')));
  });
  no('a password that is too short', 'InvalidParameterValueException InvalidParameterValue', ({ elasticache }) =>
    elasticache.send(
      new Cache.CreateUserCommand(user('x', { AuthenticationMode: { Type: 'password', Passwords: ['short'] } })),
    ),
  );
  no('an unknown user group', 'UserGroupNotFoundFault UserGroupNotFound 404', ({ elasticache }) =>
    elasticache.send(new Cache.DescribeUserGroupsCommand({ UserGroupId: 'none' })),
  );
  no('a user group with nobody known', 'UserNotFoundFault UserNotFound 404', ({ elasticache }) =>
    elasticache.send(new Cache.CreateUserGroupCommand({ UserGroupId: 'g', Engine: 'valkey', UserIds: ['none'] })),
  );
  no('a Redis user group without default', 'DefaultUserRequired DefaultUserRequired', async ({ elasticache }) => {
    await elasticache.send(new Cache.CreateUserCommand(user('r', { Engine: 'redis' })));
    await elasticache.send(new Cache.CreateUserGroupCommand({ UserGroupId: 'g', Engine: 'redis', UserIds: ['r'] }));
  });
  no('two users of one name', 'DuplicateUserNameFault DuplicateUserName', async ({ elasticache }) => {
    for (const UserId of ['one', 'two'])
      await elasticache.send(new Cache.CreateUserCommand(user(UserId, { UserName: 'same' })));
    await elasticache.send(
      new Cache.CreateUserGroupCommand({ UserGroupId: 'g', Engine: 'valkey', UserIds: ['one', 'two'] }),
    );
  });
  no('a second user group of the id', 'UserGroupAlreadyExistsFault UserGroupAlreadyExists', async (p) => {
    await p.elasticache.send(new Cache.CreateUserCommand(user('one')));
    for (let i = 0; i < 2; i++)
      await p.elasticache.send(
        new Cache.CreateUserGroupCommand({ UserGroupId: 'g', Engine: 'valkey', UserIds: ['one'] }),
      );
  });
  no(
    'changing a group that is being made',
    'InvalidReplicationGroupStateFault InvalidReplicationGroupState',
    async (p) => {
      await made({})(p);
      await p.elasticache.send(
        new Cache.ModifyReplicationGroupCommand({ ReplicationGroupId: 'cache', SnapshotRetentionLimit: 1 }),
      );
    },
  );
  no('a member cluster on its own', 'InvalidCacheClusterStateFault InvalidCacheClusterState', async (p) => {
    await cache(p);
    await p.elasticache.send(new Cache.DeleteCacheClusterCommand({ CacheClusterId: 'cache-001' }));
  });
  no('a subnet group in use', 'CacheSubnetGroupInUse CacheSubnetGroupInUse', async (p) => {
    await made({})(p);
    await p.elasticache.send(new Cache.DeleteCacheSubnetGroupCommand({ CacheSubnetGroupName: 'subnets' }));
  });
  no('an unknown snapshot', 'SnapshotNotFoundFault SnapshotNotFoundFault 404', ({ elasticache }) =>
    elasticache.send(new Cache.DeleteSnapshotCommand({ SnapshotName: 'none' })),
  );
  no('a subnet with a node in it', 'DependencyViolation', async (p) => {
    await cache(p, { PreferredCacheClusterAZs: ['us-west-2a'] });
    await p.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: p.a }));
  });

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(await placed()), code);
  });

  test('one that fails to come up says so', async () => {
    const p = await placed(
      world({
        clock: { speed: 2000 },
        faults: { breakLater: [{ noun: 'replicationGroup', code: 'InsufficientCacheClusterCapacity' }] },
      }),
    );
    await made({})(p);
    await until(
      () => p.elasticache.send(new Cache.DescribeReplicationGroupsCommand({})),
      (answer) => answer.ReplicationGroups?.[0]?.Status === 'create-failed',
    );
  });
});
