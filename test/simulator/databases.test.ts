import { DescribeNetworkInterfacesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  AddTagsToResourceCommand,
  CreateDBClusterCommand,
  type CreateDBClusterCommandInput,
  CreateDBClusterEndpointCommand,
  CreateDBClusterParameterGroupCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  CreateDBSnapshotCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBClusterCommand,
  DeleteDBClusterParameterGroupCommand,
  DeleteDBClusterSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBClusterAutomatedBackupsCommand,
  DescribeDBClusterEndpointsCommand,
  DescribeDBClusterParametersCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
  DescribeEventsCommand,
  FailoverDBClusterCommand,
  ListTagsForResourceCommand,
  ModifyDBClusterCommand,
  ModifyDBClusterParameterGroupCommand,
  ModifyDBInstanceCommand,
  ModifyDBSubnetGroupCommand,
  paginateDescribeOrderableDBInstanceOptions,
  RDSClient,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBClusterFromSnapshotCommand,
  RestoreDBClusterToPointInTimeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  StartDBClusterCommand,
  StopDBClusterCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { describe, expect, test } from 'vitest';
import type { AccountOptions, Faults } from '../../src/simulator/index.ts';
import { region, twoZones } from './two-zones.ts';

async function databases(options: AccountOptions = {}) {
  const network = await twoZones(options);
  const rds = network.account.attach(new RDSClient({ region }));
  const pass = (seconds: number) => network.account.clock.sleep(seconds * 1000);
  const group = (SubnetIds: string[], DBSubnetGroupName = 'pms') =>
    rds.send(new CreateDBSubnetGroupCommand({ DBSubnetGroupName, DBSubnetGroupDescription: 'Private', SubnetIds }));
  const cluster = (changes: Partial<CreateDBClusterCommandInput> = {}) =>
    rds.send(
      new CreateDBClusterCommand({
        DBClusterIdentifier: 'pms-airflow-rds',
        Engine: 'aurora-mysql',
        MasterUsername: 'admin',
        MasterUserPassword: 'correct-horse',
        DBSubnetGroupName: 'pms',
        VpcSecurityGroupIds: [network.groupId],
        ...changes,
      }),
    );
  const instance = (changes: Partial<CreateDBInstanceCommandInput> = {}) =>
    rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'pms-airflow-rds-1',
        DBClusterIdentifier: 'pms-airflow-rds',
        Engine: 'aurora-mysql',
        DBInstanceClass: 'db.t4g.medium',
        ...changes,
      }),
    );
  const theCluster = async () => (await rds.send(new DescribeDBClustersCommand({}))).DBClusters?.[0];
  const theInstance = async () => (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances?.[0];
  return { ...network, rds, pass, group, cluster, instance, theCluster, theInstance };
}

async function grownCluster() {
  const all = await databases();
  await all.group([all.subnetA, all.subnetC]);
  await all.cluster();
  await all.instance();
  await all.pass(900);
  return all;
}

async function interfaces(ec2: EC2Client) {
  const Filters = [{ Name: 'description', Values: ['RDSNetworkInterface'] }];
  return (await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces ?? [];
}

describe('DB subnet groups of the simulated account', () => {
  test('cover two zones, keep their name in lower case and exist once', async () => {
    const { group, rds, subnetA, subnetC, secondSubnetA, vpcId } = await databases();
    await expect(group([subnetA, secondSubnetA])).rejects.toMatchObject({ name: 'DBSubnetGroupDoesNotCoverEnoughAZs' });
    await expect(group([subnetA, 'subnet-0123456789abcdef0'])).rejects.toMatchObject({ name: 'InvalidSubnet' });
    const { DBSubnetGroup } = await group([subnetA, subnetC], 'PMS-Group');
    expect(DBSubnetGroup).toMatchObject({
      DBSubnetGroupName: 'pms-group',
      SubnetGroupStatus: 'Complete',
      VpcId: vpcId,
    });
    await expect(group([subnetA, subnetC], 'pms-group')).rejects.toMatchObject({
      name: 'DBSubnetGroupAlreadyExistsFault',
      Code: 'DBSubnetGroupAlreadyExists',
    });
    await expect(group([subnetA, subnetC], 'default')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'pms-group' }));
    const question = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'pms-group' });
    await expect(rds.send(question)).rejects.toMatchObject({
      name: 'DBSubnetGroupNotFoundFault',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('cannot go, nor lose a subnet that an instance is in, while they are used', async () => {
    const { rds, theInstance, subnetA, subnetC, secondSubnetA, ec2 } = await grownCluster();
    const [held] = await interfaces(ec2);
    expect((await theInstance())?.AvailabilityZone).toBe(held?.AvailabilityZone);
    await expect(rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'pms' }))).rejects.toMatchObject({
      name: 'InvalidDBSubnetGroupStateFault',
    });
    expect(held?.SubnetId).toBe(subnetA);
    const others = { DBSubnetGroupName: 'pms', SubnetIds: [secondSubnetA, subnetC] };
    await expect(rds.send(new ModifyDBSubnetGroupCommand(others))).rejects.toMatchObject({
      name: 'SubnetAlreadyInUse',
    });
    const more = { DBSubnetGroupName: 'pms', SubnetIds: [subnetA, secondSubnetA, subnetC] };
    const { DBSubnetGroup } = await rds.send(new ModifyDBSubnetGroupCommand(more));
    expect(DBSubnetGroup?.Subnets).toHaveLength(3);
  });
});

describe('Aurora in the simulated account', () => {
  test('a cluster has its endpoint at once, is creating and then available with an automated snapshot', async () => {
    const { cluster, group, pass, rds, theCluster, subnetA, subnetC } = await databases();
    await group([subnetA, subnetC]);
    const { DBCluster } = await cluster({ DBClusterIdentifier: 'PMS-Airflow-RDS', StorageEncrypted: true });
    expect(DBCluster).toMatchObject({
      DBClusterIdentifier: 'pms-airflow-rds',
      Status: 'creating',
      Port: 3306,
      BackupRetentionPeriod: 1,
      DBClusterParameterGroup: 'default.aurora-mysql8.0',
      StorageEncrypted: true,
      DBClusterMembers: [],
    });
    expect(DBCluster?.Endpoint).toMatch(/^pms-airflow-rds\.cluster-\w{12}\.us-west-2\.rds\.amazonaws\.com$/);
    expect(DBCluster?.KmsKeyId).toMatch(/^arn:aws:kms:us-west-2:/);
    await pass(100);
    expect(await theCluster()).toMatchObject({ Status: 'available' });
    const { DBClusterSnapshots } = await rds.send(new DescribeDBClusterSnapshotsCommand({ SnapshotType: 'automated' }));
    expect(DBClusterSnapshots?.[0]?.DBClusterSnapshotIdentifier).toMatch(/^rds:pms-airflow-rds-2026-/);
    const automatic = new DeleteDBClusterSnapshotCommand({
      DBClusterSnapshotIdentifier: DBClusterSnapshots?.[0]?.DBClusterSnapshotIdentifier,
    });
    await expect(rds.send(automatic)).rejects.toMatchObject({ name: 'InvalidDBClusterSnapshotStateFault' });
  });

  test('an instance becomes available only then with an endpoint, and puts an interface into a subnet', async () => {
    const { cluster, ec2, group, groupId, instance, pass, theCluster, theInstance, subnetA, subnetC } =
      await databases();
    await group([subnetA, subnetC]);
    await cluster();
    const { DBInstance } = await instance();
    expect(DBInstance).toMatchObject({ DBInstanceStatus: 'creating', DBClusterIdentifier: 'pms-airflow-rds' });
    expect(DBInstance?.Endpoint).toBeUndefined();
    await pass(300);
    expect((await theInstance())?.DBInstanceStatus).toBe('creating');
    await pass(250);
    expect(await theInstance()).toMatchObject({ DBInstanceStatus: 'available', Endpoint: { Port: 3306 } });
    expect((await theCluster())?.DBClusterMembers).toEqual([
      {
        DBInstanceIdentifier: 'pms-airflow-rds-1',
        IsClusterWriter: true,
        DBClusterParameterGroupStatus: 'in-sync',
        PromotionTier: 1,
      },
    ]);
    expect(await interfaces(ec2)).toMatchObject([{ RequesterManaged: true, Groups: [{ GroupId: groupId }] }]);
  });

  test.each([
    ['a short password', { MasterUserPassword: 'short' }, 'InvalidParameterValue'],
    ['a password with @', { MasterUserPassword: 'correct@horse' }, 'InvalidParameterValue'],
    ['no password', { MasterUserPassword: undefined }, 'InvalidParameterValue'],
    ['two sources of a password', { ManageMasterUserPassword: true }, 'InvalidParameterCombination'],
    ['an identifier with two hyphens', { DBClusterIdentifier: 'pms--rds' }, 'InvalidParameterValue'],
    ['a version that is no more', { EngineVersion: '5.7.mysql_aurora.2.09.0' }, 'InvalidParameterCombination'],
    ['an engine that RDS does not have', { Engine: 'aurora-oracle' }, 'InvalidParameterValue'],
    ['a class for the cluster', { DBClusterInstanceClass: 'db.t4g.medium' }, 'InvalidParameterCombination'],
    ['a subnet group that is not there', { DBSubnetGroupName: 'nowhere' }, 'DBSubnetGroupNotFoundFault'],
    ['a security group that is not there', { VpcSecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidParameterValue'],
    ['a foreign parameter group', { DBClusterParameterGroupName: 'mine' }, 'DBClusterParameterGroupNotFoundFault'],
    ['no retention', { BackupRetentionPeriod: 0 }, 'InvalidParameterValue'],
    [
      'an old version without extended support',
      {
        EngineVersion: '5.7.mysql_aurora.2.12.5',
        EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
      },
      'InvalidParameterCombination',
    ],
  ])('%s is refused', async (_what, changes, name) => {
    const { cluster, group, theCluster, subnetA, subnetC } = await databases();
    await group([subnetA, subnetC]);
    await expect(cluster(changes as Partial<CreateDBClusterCommandInput>)).rejects.toMatchObject({ name });
    expect(await theCluster()).toBeUndefined();
  });

  test.each([
    ['a class too small for version 3', { DBInstanceClass: 'db.t3.small' }, 'InvalidParameterCombination'],
    ['a class that is none', { DBInstanceClass: 'db.huge' }, 'InvalidParameterValue'],
    ['another engine', { Engine: 'aurora-postgresql' }, 'InvalidParameterCombination'],
    ['a password of its own', { MasterUserPassword: 'correct-horse' }, 'InvalidParameterCombination'],
    ['a cluster that is not there', { DBClusterIdentifier: 'other' }, 'DBClusterNotFoundFault'],
    ['a zone without subnet', { AvailabilityZone: 'us-west-2b' }, 'InvalidVPCNetworkStateFault'],
    ['Performance Insights on a burstable class', { EnablePerformanceInsights: true }, 'InvalidParameterCombination'],
  ])('an instance with %s is refused', async (_what, changes, name) => {
    const { cluster, ec2, group, instance, theInstance, subnetA, subnetC } = await databases();
    await group([subnetA, subnetC]);
    await cluster();
    await expect(instance(changes)).rejects.toMatchObject({ name });
    expect(await theInstance()).toBeUndefined();
    expect(await interfaces(ec2)).toEqual([]);
  });

  test('identifiers are taken once, also while the first one is being deleted', async () => {
    const { cluster, instance, rds } = await grownCluster();
    await expect(cluster()).rejects.toMatchObject({ name: 'DBClusterAlreadyExistsFault' });
    await expect(instance()).rejects.toMatchObject({
      name: 'DBInstanceAlreadyExistsFault',
      Code: 'DBInstanceAlreadyExists',
    });
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'pms-airflow-rds-1' }));
    await expect(instance()).rejects.toMatchObject({ name: 'DBInstanceAlreadyExistsFault' });
  });

  test('cluster and instance can be deleted back to back; the interface outlives the instance', async () => {
    const { ec2, pass, rds, theCluster, theInstance } = await grownCluster();
    const DBClusterIdentifier = 'pms-airflow-rds';
    const end = new DeleteDBClusterCommand({ DBClusterIdentifier, SkipFinalSnapshot: true });
    await expect(rds.send(end)).rejects.toMatchObject({
      name: 'InvalidDBClusterStateFault',
      message: 'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
    });
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'pms-airflow-rds-1' }));
    await rds.send(end);
    await pass(100);
    expect(await theCluster()).toMatchObject({ Status: 'deleting' });
    await pass(340);
    expect(await theInstance()).toBeUndefined();
    expect(await interfaces(ec2)).toHaveLength(1);
    await pass(60);
    expect(await interfaces(ec2)).toEqual([]);
    await expect(rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).rejects.toMatchObject({
      name: 'DBClusterNotFoundFault',
      $metadata: { httpStatusCode: 404 },
    });
    const { DBClusterSnapshots } = await rds.send(new DescribeDBClusterSnapshotsCommand({}));
    expect(DBClusterSnapshots).toEqual([]);
    await rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'pms' }));
  });

  test('a protected cluster stays, and the last snapshot is asked for', async () => {
    const { cluster, group, pass, rds, subnetA, subnetC } = await databases();
    await group([subnetA, subnetC]);
    await cluster({ DeletionProtection: true });
    const DBClusterIdentifier = 'pms-airflow-rds';
    const end = (more: object) => rds.send(new DeleteDBClusterCommand({ DBClusterIdentifier, ...more }));
    await pass(100);
    await expect(end({ SkipFinalSnapshot: true })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
      message: expect.stringContaining('Cannot delete protected Cluster'),
    });
    await rds.send(
      new ModifyDBClusterCommand({ DBClusterIdentifier, DeletionProtection: false, ApplyImmediately: true }),
    );
    await expect(end({})).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(end({ SkipFinalSnapshot: true, FinalDBSnapshotIdentifier: 'last' })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
    await end({ FinalDBSnapshotIdentifier: 'last', DeleteAutomatedBackups: false });
    await expect(end({ SkipFinalSnapshot: true })).rejects.toMatchObject({ name: 'InvalidDBClusterStateFault' });
    await pass(400);
    const { DBClusterSnapshots } = await rds.send(new DescribeDBClusterSnapshotsCommand({ SnapshotType: 'manual' }));
    expect(DBClusterSnapshots).toMatchObject([{ DBClusterSnapshotIdentifier: 'last', Status: 'available' }]);
    const { DBClusterAutomatedBackups } = await rds.send(new DescribeDBClusterAutomatedBackupsCommand({}));
    expect(DBClusterAutomatedBackups).toMatchObject([{ DBClusterIdentifier, Status: 'retained' }]);
  });

  test('a snapshot becomes available, exists once, and a cluster can be made from it', async () => {
    const { pass, rds, theCluster } = await grownCluster();
    const names = { DBClusterIdentifier: 'pms-airflow-rds', DBClusterSnapshotIdentifier: 'before-upgrade' };
    const { DBClusterSnapshot } = await rds.send(new CreateDBClusterSnapshotCommand(names));
    expect(DBClusterSnapshot).toMatchObject({ Status: 'creating', SnapshotType: 'manual', MasterUsername: 'admin' });
    await expect(rds.send(new CreateDBClusterSnapshotCommand(names))).rejects.toMatchObject({
      name: 'DBClusterSnapshotAlreadyExistsFault',
    });
    const restore = new RestoreDBClusterFromSnapshotCommand({
      DBClusterIdentifier: 'again',
      SnapshotIdentifier: 'before-upgrade',
      Engine: 'aurora-mysql',
      DBSubnetGroupName: 'pms',
    });
    await expect(rds.send(restore)).rejects.toMatchObject({ name: 'InvalidDBClusterSnapshotStateFault' });
    await pass(120);
    const { DBCluster } = await rds.send(restore);
    const original = await theCluster();
    expect(DBCluster).toMatchObject({
      Status: 'creating',
      MasterUsername: 'admin',
      EngineVersion: original?.EngineVersion,
    });
    const instanceSnapshot = { DBInstanceIdentifier: 'pms-airflow-rds-1', DBSnapshotIdentifier: 'no' };
    await expect(rds.send(new CreateDBSnapshotCommand(instanceSnapshot))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  test('a cluster stops with its instances and starts again, each from the right state', async () => {
    const { pass, rds, theCluster, theInstance } = await grownCluster();
    const DBClusterIdentifier = 'pms-airflow-rds';
    await expect(rds.send(new StartDBClusterCommand({ DBClusterIdentifier }))).rejects.toMatchObject({
      name: 'InvalidDBClusterStateFault',
    });
    const one = new StopDBInstanceCommand({ DBInstanceIdentifier: 'pms-airflow-rds-1' });
    await expect(rds.send(one)).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    const { DBCluster } = await rds.send(new StopDBClusterCommand({ DBClusterIdentifier }));
    expect(DBCluster?.Status).toBe('stopping');
    await pass(150);
    expect([(await theCluster())?.Status, (await theInstance())?.DBInstanceStatus]).toEqual(['stopped', 'stopped']);
    await rds.send(new StartDBClusterCommand({ DBClusterIdentifier }));
    await pass(150);
    expect([(await theCluster())?.Status, (await theInstance())?.DBInstanceStatus]).toEqual(['available', 'available']);
    await rds.send(new StopDBClusterCommand({ DBClusterIdentifier }));
    await pass(8 * 24 * 3600);
    expect((await theCluster())?.Status).toBe('available');
  });

  test('a failover needs a reader and makes it the writer', async () => {
    const { instance, pass, rds, theCluster } = await grownCluster();
    const failover = new FailoverDBClusterCommand({ DBClusterIdentifier: 'pms-airflow-rds' });
    await expect(rds.send(failover)).rejects.toMatchObject({ name: 'InvalidDBClusterStateFault' });
    await instance({ DBInstanceIdentifier: 'reader' });
    await pass(500);
    await rds.send(failover);
    await pass(60);
    expect((await theCluster())?.DBClusterMembers?.[0]).toMatchObject({
      DBInstanceIdentifier: 'reader',
      IsClusterWriter: true,
    });
    expect((await theCluster())?.MultiAZ).toBe(true);
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'reader' }));
    await pass(500);
    expect((await theCluster())?.DBClusterMembers).toMatchObject([
      { DBInstanceIdentifier: 'pms-airflow-rds-1', IsClusterWriter: true },
    ]);
  });

  test('changes wait for the window unless they are to be applied at once', async () => {
    const { pass, rds, theInstance } = await grownCluster();
    const larger = { DBInstanceIdentifier: 'pms-airflow-rds-1', DBInstanceClass: 'db.r6g.large' };
    const { DBInstance } = await rds.send(new ModifyDBInstanceCommand(larger));
    expect(DBInstance).toMatchObject({
      DBInstanceStatus: 'available',
      DBInstanceClass: 'db.t4g.medium',
      PendingModifiedValues: { DBInstanceClass: 'db.r6g.large' },
    });
    await rds.send(new ModifyDBInstanceCommand({ ...larger, ApplyImmediately: true }));
    expect(await theInstance()).toMatchObject({ DBInstanceStatus: 'modifying' });
    await expect(
      rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: larger.DBInstanceIdentifier })),
    ).rejects.toMatchObject({
      name: 'InvalidDBInstanceStateFault',
      Code: 'InvalidDBInstanceState',
    });
    await pass(200);
    expect(await theInstance()).toMatchObject({ DBInstanceStatus: 'available', DBInstanceClass: 'db.r6g.large' });
  });

  test('a cluster can be renamed, and keeps its instances and custom endpoints', async () => {
    const { pass, rds, theCluster, theInstance } = await grownCluster();
    const DBClusterIdentifier = 'pms-airflow-rds';
    const DBClusterEndpointIdentifier = 'reports';
    const create = { DBClusterIdentifier, DBClusterEndpointIdentifier, EndpointType: 'ANY' };
    await rds.send(new CreateDBClusterEndpointCommand(create));
    await expect(rds.send(new CreateDBClusterEndpointCommand(create))).rejects.toMatchObject({
      name: 'DBClusterEndpointAlreadyExistsFault',
    });
    const rename = { DBClusterIdentifier, NewDBClusterIdentifier: 'renamed', ApplyImmediately: true };
    await rds.send(new ModifyDBClusterCommand(rename));
    expect(await theCluster()).toMatchObject({ DBClusterIdentifier: 'renamed', Status: 'renaming' });
    await pass(60);
    expect(await theCluster()).toMatchObject({
      Status: 'available',
      CustomEndpoints: [expect.stringMatching(/^reports\./)],
    });
    expect(await theInstance()).toMatchObject({ DBClusterIdentifier: 'renamed', DBInstanceStatus: 'available' });
    const { DBClusterEndpoints } = await rds.send(
      new DescribeDBClusterEndpointsCommand({ DBClusterIdentifier: 'renamed' }),
    );
    expect(DBClusterEndpoints?.map(({ EndpointType }) => EndpointType)).toEqual(['WRITER', 'READER', 'CUSTOM']);
  });

  test('a password that RDS keeps becomes active with the cluster, and is not to be set by hand', async () => {
    const { cluster, group, pass, rds, theCluster, subnetA, subnetC } = await databases();
    await group([subnetA, subnetC]);
    const managed = { MasterUserPassword: undefined, ManageMasterUserPassword: true };
    const { DBCluster } = await cluster(managed as unknown as Partial<CreateDBClusterCommandInput>);
    expect(DBCluster?.MasterUserSecret).toMatchObject({ SecretStatus: 'creating' });
    await pass(100);
    expect((await theCluster())?.MasterUserSecret?.SecretStatus).toBe('active');
    const byHand = { DBClusterIdentifier: 'pms-airflow-rds', MasterUserPassword: 'correct-horse' };
    await expect(rds.send(new ModifyDBClusterCommand(byHand))).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
  });

  test('a cluster goes back in time into a new one, within its backups', async () => {
    const { account, rds } = await grownCluster();
    const restore = (more: object) =>
      rds.send(
        new RestoreDBClusterToPointInTimeCommand({
          DBClusterIdentifier: 'earlier',
          SourceDBClusterIdentifier: 'pms-airflow-rds',
          DBSubnetGroupName: 'pms',
          ...more,
        }),
      );
    await expect(restore({})).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(restore({ RestoreToTime: new Date(account.clock.now() + 3_600_000) })).rejects.toMatchObject({
      name: 'InvalidRestoreFault',
    });
    const { DBCluster } = await restore({ UseLatestRestorableTime: true });
    expect(DBCluster).toMatchObject({ DBClusterIdentifier: 'earlier', Status: 'creating', MasterUsername: 'admin' });
  });

  test('what is new cannot be seen or used before its time when describes lag', async () => {
    const faults: Faults = {};
    const { cluster, group, instance, pass, theCluster, subnetA, subnetC } = await databases({ faults });
    faults.describeLagSeconds = 30;
    await group([subnetA, subnetC]);
    await pass(40);
    await cluster();
    await expect(cluster()).rejects.toMatchObject({ name: 'DBClusterAlreadyExistsFault' });
    await expect(instance()).rejects.toMatchObject({ name: 'DBClusterNotFoundFault' });
    await pass(40);
    expect((await theCluster())?.Status).toBe('creating');
    await instance();
  });

  test('tags are given at creation, added, listed and taken away by ARN', async () => {
    const { rds, theCluster } = await grownCluster();
    const ResourceName = (await theCluster())?.DBClusterArn;
    await rds.send(
      new AddTagsToResourceCommand({
        ResourceName,
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '2' },
        ],
      }),
    );
    await rds.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['a'] }));
    const { TagList } = await rds.send(new ListTagsForResourceCommand({ ResourceName }));
    expect(TagList).toEqual([{ Key: 'b', Value: '2' }]);
    expect((await theCluster())?.TagList).toEqual(TagList);
    const gone = new ListTagsForResourceCommand({ ResourceName: ResourceName?.replace('cluster:', 'db:') });
    await expect(rds.send(gone)).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault', Code: 'DBInstanceNotFound' });
  });

  test('a creation that breaks later ends in failed, with an event that says why', async () => {
    const { cluster, group, pass, rds, theCluster, subnetA, subnetC } = await databases({
      faults: { breakLater: [{ noun: 'dbCluster', code: 'InsufficientStorageClusterCapacity' }] },
    });
    await group([subnetA, subnetC]);
    await cluster();
    await pass(100);
    expect((await theCluster())?.Status).toBe('failed');
    const { Events } = await rds.send(new DescribeEventsCommand({ SourceType: 'db-cluster' }));
    expect(Events?.at(-1)?.Message).toContain('InsufficientStorageClusterCapacity');
  });
});

describe('plain databases of the simulated account', () => {
  const plain = {
    DBClusterIdentifier: undefined,
    Engine: 'mysql',
    DBInstanceClass: 'db.t3.micro',
    AllocatedStorage: 20,
    MasterUsername: 'admin',
    MasterUserPassword: 'correct-horse',
  } as unknown as Partial<CreateDBInstanceCommandInput>;

  test('an instance is backed up before it is available, and its deletion asks for a last snapshot', async () => {
    const { instance, pass, rds, theInstance } = await databases();
    await instance(plain);
    await pass(360);
    expect(await theInstance()).toMatchObject({ DBInstanceStatus: 'backing-up', Endpoint: { Port: 3306 } });
    await pass(60);
    expect((await theInstance())?.DBInstanceStatus).toBe('available');
    const DBInstanceIdentifier = 'pms-airflow-rds-1';
    await expect(rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier }))).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
    await pass(500);
    expect(await theInstance()).toBeUndefined();
  });

  test('a snapshot of it seeds another instance with the same user and storage', async () => {
    const { instance, pass, rds } = await databases();
    await instance(plain);
    await pass(450);
    const DBSnapshotIdentifier = 'kept';
    const names = { DBInstanceIdentifier: 'pms-airflow-rds-1', DBSnapshotIdentifier };
    await rds.send(new CreateDBSnapshotCommand(names));
    await expect(rds.send(new CreateDBSnapshotCommand(names))).rejects.toMatchObject({
      Code: 'DBSnapshotAlreadyExists',
    });
    await pass(120);
    const restore = { DBInstanceIdentifier: 'again', DBSnapshotIdentifier };
    const { DBInstance } = await rds.send(new RestoreDBInstanceFromDBSnapshotCommand(restore));
    expect(DBInstance).toMatchObject({ DBInstanceStatus: 'creating', AllocatedStorage: 20, MasterUsername: 'admin' });
    const never = new RestoreDBInstanceFromDBSnapshotCommand({ ...restore, DBSnapshotIdentifier: 'never' });
    await expect(rds.send(never)).rejects.toMatchObject({
      name: 'DBSnapshotNotFoundFault',
      Code: 'DBSnapshotNotFound',
    });
  });

  test('storage that is missing or too small is refused', async () => {
    const { instance } = await databases();
    const missing = { ...plain, AllocatedStorage: undefined } as unknown as Partial<CreateDBInstanceCommandInput>;
    await expect(instance(missing)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(instance({ ...plain, AllocatedStorage: 5 })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
  });
});

describe('parameter groups and engines of the simulated account', () => {
  test('a group holds values, is of one family, and cannot go while a cluster uses it', async () => {
    const { cluster, group, rds, subnetA, subnetC } = await databases();
    const DBClusterParameterGroupName = 'pms-parameters';
    const family = { DBParameterGroupFamily: 'aurora-mysql8.0', Description: 'Ours' };
    await rds.send(new CreateDBClusterParameterGroupCommand({ DBClusterParameterGroupName, ...family }));
    const set = (
      ParameterName: string,
      ParameterValue: string,
      ApplyMethod: 'immediate' | 'pending-reboot' = 'immediate',
    ) =>
      rds.send(
        new ModifyDBClusterParameterGroupCommand({
          DBClusterParameterGroupName,
          Parameters: [{ ParameterName, ParameterValue, ApplyMethod }],
        }),
      );
    await set('max_connections', '200');
    await expect(set('max_conections', '200')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(set('binlog_format', 'ROW')).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    const values = await rds.send(
      new DescribeDBClusterParametersCommand({ DBClusterParameterGroupName, Source: 'user' }),
    );
    expect(values.Parameters).toMatchObject([{ ParameterName: 'max_connections', ParameterValue: '200' }]);
    await group([subnetA, subnetC]);
    await cluster({ DBClusterParameterGroupName });
    const end = (name: string) =>
      rds.send(new DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: name }));
    await expect(end(DBClusterParameterGroupName)).rejects.toMatchObject({ name: 'InvalidDBParameterGroupStateFault' });
    await expect(end('default.aurora-mysql8.0')).rejects.toMatchObject({ name: 'InvalidDBParameterGroupStateFault' });
    await expect(end('never')).rejects.toMatchObject({
      name: 'DBParameterGroupNotFoundFault',
      Code: 'DBParameterGroupNotFound',
    });
  });

  test('the default version of an engine is one, and every page of what can be ordered comes', async () => {
    const { rds } = await databases();
    const { DBEngineVersions } = await rds.send(
      new DescribeDBEngineVersionsCommand({ Engine: 'aurora-mysql', DefaultOnly: true }),
    );
    expect(DBEngineVersions).toHaveLength(1);
    const EngineVersion = DBEngineVersions?.[0]?.EngineVersion;
    const classes = new Set<string | undefined>();
    const pages = paginateDescribeOrderableDBInstanceOptions(
      { client: rds, pageSize: 20 },
      { Engine: 'aurora-mysql', EngineVersion },
    );
    let count = 0;
    for await (const { OrderableDBInstanceOptions } of pages) {
      count++;
      for (const { DBInstanceClass } of OrderableDBInstanceOptions ?? []) classes.add(DBInstanceClass);
    }
    expect(count).toBeGreaterThan(2);
    expect(classes).toContain('db.t4g.medium');
    expect(classes).not.toContain('db.t3.small');
  });

  test('an unknown filter and a page of the wrong size are refused', async () => {
    const { rds } = await databases();
    const filter = new DescribeDBClustersCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] });
    await expect(rds.send(filter)).rejects.toThrow('colour');
    await expect(rds.send(new DescribeDBClustersCommand({ MaxRecords: 5 }))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });
});
