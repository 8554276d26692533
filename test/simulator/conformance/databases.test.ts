import * as EC2 from '@aws-sdk/client-ec2';
import * as RDS from '@aws-sdk/client-rds';
import { describe, expect, test } from 'vitest';
import { type Place, placed, polling, refused, until, world } from './world.ts';

const password = 'not-a-real-password';

const subnets = (p: Place): RDS.CreateDBSubnetGroupCommandInput => ({
  DBSubnetGroupName: 'subnets',
  DBSubnetGroupDescription: 'a and c',
  SubnetIds: [p.a, p.c],
});

const aurora = (p: Place): RDS.CreateDBClusterCommandInput => ({
  DBClusterIdentifier: 'cluster',
  Engine: 'aurora-mysql',
  MasterUsername: 'admin',
  MasterUserPassword: password,
  DBSubnetGroupName: 'subnets',
  VpcSecurityGroupIds: [p.GroupId],
});

const member: RDS.CreateDBInstanceCommandInput = {
  DBInstanceIdentifier: 'one',
  DBClusterIdentifier: 'cluster',
  Engine: 'aurora-mysql',
  DBInstanceClass: 'db.t4g.medium',
};

async function cluster(p: Place) {
  await p.rds.send(new RDS.CreateDBSubnetGroupCommand(subnets(p)));
  await p.rds.send(new RDS.CreateDBClusterCommand(aurora(p)));
  await RDS.waitUntilDBClusterAvailable({ client: p.rds, ...polling }, { DBClusterIdentifier: 'cluster' });
}

async function database(p: Place) {
  await cluster(p);
  await p.rds.send(new RDS.CreateDBInstanceCommand(member));
  await RDS.waitUntilDBInstanceAvailable({ client: p.rds, ...polling }, { DBInstanceIdentifier: 'one' });
}

describe('calls about databases', () => {
  test('an Aurora cluster with an instance: looked up, made, changed, stopped, started, kept and deleted', async () => {
    const p = await placed();
    const { rds, ec2, account, a, c, VpcId, GroupId } = p;
    const id = account.accountId;
    const versions = await rds.send(
      new RDS.DescribeDBEngineVersionsCommand({ Engine: 'aurora-mysql', DefaultOnly: true }),
    );
    expect(versions.DBEngineVersions).toMatchObject([
      {
        Engine: 'aurora-mysql',
        EngineVersion: expect.stringMatching(/^8\.0\.mysql_aurora\.3\./),
        DBParameterGroupFamily: 'aurora-mysql8.0',
        SupportedEngineModes: expect.arrayContaining(['provisioned']),
        ValidUpgradeTarget: expect.any(Array),
      },
    ]);
    const EngineVersion = versions.DBEngineVersions![0]!.EngineVersion!;
    const all: string[] = [];
    for await (const page of RDS.paginateDescribeDBEngineVersions(
      { client: rds, pageSize: 20 },
      { Engine: 'aurora-mysql' },
    ))
      all.push(...(page.DBEngineVersions ?? []).map((one) => one.EngineVersion!));
    expect(all).toContain(EngineVersion);
    expect(new Set(all).size).toBe(all.length);
    const orderable = await rds.send(
      new RDS.DescribeOrderableDBInstanceOptionsCommand({
        Engine: 'aurora-mysql',
        EngineVersion,
        DBInstanceClass: 'db.t4g.medium',
        Vpc: true,
        MaxRecords: 100,
      }),
    );
    expect(orderable.OrderableDBInstanceOptions?.[0]).toMatchObject({
      DBInstanceClass: 'db.t4g.medium',
      AvailabilityZones: expect.arrayContaining([{ Name: 'us-west-2a' }, { Name: 'us-west-2c' }]),
      SupportsStorageEncryption: true,
    });

    const group = await rds.send(
      new RDS.CreateDBSubnetGroupCommand({
        DBSubnetGroupName: 'pms-airflow-rds-subnet-group',
        DBSubnetGroupDescription: 'a and c',
        SubnetIds: [a, c],
        Tags: [{ Key: 'Name', Value: 'g' }],
      }),
    );
    expect(group.DBSubnetGroup).toMatchObject({
      DBSubnetGroupName: 'pms-airflow-rds-subnet-group',
      DBSubnetGroupArn: `arn:aws:rds:us-west-2:${id}:subgrp:pms-airflow-rds-subnet-group`,
      SubnetGroupStatus: 'Complete',
      VpcId,
      Subnets: expect.arrayContaining([
        {
          SubnetIdentifier: a,
          SubnetAvailabilityZone: { Name: 'us-west-2a' },
          SubnetOutpost: {},
          SubnetStatus: 'Active',
        },
      ]),
    });
    await rds.send(
      new RDS.CreateDBClusterParameterGroupCommand({
        DBClusterParameterGroupName: 'airflow',
        DBParameterGroupFamily: 'aurora-mysql8.0',
        Description: 'for Airflow',
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    await rds.send(
      new RDS.ModifyDBClusterParameterGroupCommand({
        DBClusterParameterGroupName: 'airflow',
        Parameters: [{ ParameterName: 'max_connections', ParameterValue: '500', ApplyMethod: 'immediate' }],
      }),
    );
    const made = await rds.send(
      new RDS.CreateDBClusterCommand({
        DBClusterIdentifier: 'pms-airflow-rds',
        Engine: 'aurora-mysql',
        EngineVersion,
        EngineMode: 'provisioned',
        DatabaseName: 'airflow',
        MasterUsername: 'admin',
        MasterUserPassword: password,
        DBSubnetGroupName: 'pms-airflow-rds-subnet-group',
        DBClusterParameterGroupName: 'airflow',
        VpcSecurityGroupIds: [GroupId],
        Port: 3306,
        StorageEncrypted: true,
        StorageType: 'aurora',
        BackupRetentionPeriod: 1,
        PreferredBackupWindow: '07:00-08:00',
        PreferredMaintenanceWindow: 'sun:09:00-sun:10:00',
        CopyTagsToSnapshot: true,
        DeletionProtection: false,
        EnableIAMDatabaseAuthentication: false,
        EnableCloudwatchLogsExports: ['error'],
        EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
        NetworkType: 'IPV4',
        BacktrackWindow: 0,
        AvailabilityZones: ['us-west-2a', 'us-west-2c'],
        EnableHttpEndpoint: false,
        AutoMinorVersionUpgrade: true,
        Tags: [{ Key: 'Name', Value: 'pms-airflow-rds' }],
      }),
    );
    expect(made.DBCluster).toMatchObject({
      DBClusterIdentifier: 'pms-airflow-rds',
      DBClusterArn: `arn:aws:rds:us-west-2:${id}:cluster:pms-airflow-rds`,
      DbClusterResourceId: expect.stringMatching(/^cluster-[A-Z0-9]+$/),
      Status: 'creating',
      Engine: 'aurora-mysql',
      EngineVersion,
      EngineMode: 'provisioned',
      Endpoint: expect.stringMatching(/^pms-airflow-rds\.cluster-[a-z0-9]+\.us-west-2\.rds\.amazonaws\.com$/),
      ReaderEndpoint: expect.stringMatching(/^pms-airflow-rds\.cluster-ro-[a-z0-9]+\.us-west-2\.rds\.amazonaws\.com$/),
      Port: 3306,
      MasterUsername: 'admin',
      DatabaseName: 'airflow',
      DBSubnetGroup: 'pms-airflow-rds-subnet-group',
      DBClusterParameterGroup: 'airflow',
      VpcSecurityGroups: [{ VpcSecurityGroupId: GroupId, Status: 'active' }],
      StorageEncrypted: true,
      KmsKeyId: expect.stringMatching(/^arn:aws:kms:/),
      BackupRetentionPeriod: 1,
      DBClusterMembers: [],
      MultiAZ: false,
      DeletionProtection: false,
      ClusterCreateTime: expect.any(Date),
      HostedZoneId: expect.any(String),
      TagList: [{ Key: 'Name', Value: 'pms-airflow-rds' }],
      AssociatedRoles: [],
      CopyTagsToSnapshot: true,
    });
    await refused(
      rds.send(new RDS.DeleteDBClusterCommand({ DBClusterIdentifier: 'pms-airflow-rds', SkipFinalSnapshot: true })),
      'InvalidDBClusterStateFault InvalidDBClusterStateFault',
    );
    const instance = await rds.send(
      new RDS.CreateDBInstanceCommand({
        DBInstanceIdentifier: 'pms-airflow-rds-1',
        DBClusterIdentifier: 'pms-airflow-rds',
        DBInstanceClass: 'db.t4g.medium',
        Engine: 'aurora-mysql',
        EngineVersion,
        AvailabilityZone: 'us-west-2a',
        PubliclyAccessible: false,
        AutoMinorVersionUpgrade: true,
        PromotionTier: 1,
        MonitoringInterval: 0,
        EnablePerformanceInsights: false,
        CopyTagsToSnapshot: false,
        DBSubnetGroupName: 'pms-airflow-rds-subnet-group',
        Tags: [{ Key: 'Name', Value: 'one' }],
      }),
    );
    expect(instance.DBInstance).toMatchObject({
      DBInstanceIdentifier: 'pms-airflow-rds-1',
      DBInstanceArn: `arn:aws:rds:us-west-2:${id}:db:pms-airflow-rds-1`,
      DBInstanceStatus: 'creating',
      DBInstanceClass: 'db.t4g.medium',
      DBClusterIdentifier: 'pms-airflow-rds',
      DbiResourceId: expect.stringMatching(/^db-[A-Z0-9]+$/),
      PubliclyAccessible: false,
      StorageEncrypted: true,
      PromotionTier: 1,
      MultiAZ: false,
      CACertificateIdentifier: expect.any(String),
      DBParameterGroups: [{ DBParameterGroupName: 'default.aurora-mysql8.0', ParameterApplyStatus: 'in-sync' }],
      DBSubnetGroup: { DBSubnetGroupName: 'pms-airflow-rds-subnet-group' },
    });
    await RDS.waitUntilDBClusterAvailable({ client: rds, ...polling }, { DBClusterIdentifier: 'pms-airflow-rds' });
    await RDS.waitUntilDBInstanceAvailable({ client: rds, ...polling }, { DBInstanceIdentifier: 'pms-airflow-rds-1' });
    const up = await rds.send(
      new RDS.DescribeDBInstancesCommand({ Filters: [{ Name: 'db-cluster-id', Values: ['pms-airflow-rds'] }] }),
    );
    expect(up.DBInstances?.[0]).toMatchObject({
      AvailabilityZone: 'us-west-2a',
      Endpoint: {
        Address: expect.stringMatching(/^pms-airflow-rds-1\.[a-z0-9]+\.us-west-2\.rds\.amazonaws\.com$/),
        Port: 3306,
        HostedZoneId: expect.any(String),
      },
      InstanceCreateTime: expect.any(Date),
      AllocatedStorage: 1,
      LicenseModel: 'general-public-license',
    });
    const clusters = await rds.send(
      new RDS.DescribeDBClustersCommand({ Filters: [{ Name: 'engine', Values: ['aurora-mysql'] }] }),
    );
    expect(clusters.DBClusters?.[0]?.DBClusterMembers).toEqual([
      {
        DBInstanceIdentifier: 'pms-airflow-rds-1',
        IsClusterWriter: true,
        DBClusterParameterGroupStatus: 'in-sync',
        PromotionTier: 1,
      },
    ]);
    const eni = await ec2.send(
      new EC2.DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'description', Values: ['RDSNetworkInterface'] }] }),
    );
    expect(eni.NetworkInterfaces).toMatchObject([{ RequesterManaged: true, SubnetId: a, Groups: [{ GroupId }] }]);

    const arn = made.DBCluster!.DBClusterArn!;
    await rds.send(new RDS.AddTagsToResourceCommand({ ResourceName: arn, Tags: [{ Key: 'x', Value: 'y' }] }));
    await rds.send(new RDS.RemoveTagsFromResourceCommand({ ResourceName: arn, TagKeys: ['Name'] }));
    expect((await rds.send(new RDS.ListTagsForResourceCommand({ ResourceName: arn }))).TagList).toEqual([
      { Key: 'x', Value: 'y' },
    ]);
    await rds.send(
      new RDS.ModifyDBClusterCommand({
        DBClusterIdentifier: 'pms-airflow-rds',
        BackupRetentionPeriod: 7,
        DeletionProtection: true,
        ApplyImmediately: true,
        EnableHttpEndpoint: false,
      }),
    );
    await RDS.waitUntilDBClusterAvailable({ client: rds, ...polling }, { DBClusterIdentifier: 'pms-airflow-rds' });
    await refused(
      rds.send(new RDS.DeleteDBClusterCommand({ DBClusterIdentifier: 'pms-airflow-rds', SkipFinalSnapshot: true })),
      'InvalidParameterCombination InvalidParameterCombination',
    );
    await rds.send(
      new RDS.ModifyDBClusterCommand({
        DBClusterIdentifier: 'pms-airflow-rds',
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    await RDS.waitUntilDBClusterAvailable({ client: rds, ...polling }, { DBClusterIdentifier: 'pms-airflow-rds' });
    await rds.send(
      new RDS.ModifyDBInstanceCommand({
        DBInstanceIdentifier: 'pms-airflow-rds-1',
        DBInstanceClass: 'db.t4g.large',
        ApplyImmediately: true,
      }),
    );
    await until(
      () => rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier: 'pms-airflow-rds-1' })),
      ({ DBInstances }) =>
        DBInstances?.[0]?.DBInstanceStatus === 'available' && DBInstances[0].DBInstanceClass === 'db.t4g.large',
    );
    await rds.send(new RDS.RebootDBInstanceCommand({ DBInstanceIdentifier: 'pms-airflow-rds-1' }));
    await RDS.waitUntilDBInstanceAvailable({ client: rds, ...polling }, { DBInstanceIdentifier: 'pms-airflow-rds-1' });
    await rds.send(new RDS.StopDBClusterCommand({ DBClusterIdentifier: 'pms-airflow-rds' }));
    await until(
      () => rds.send(new RDS.DescribeDBClustersCommand({ DBClusterIdentifier: 'pms-airflow-rds' })),
      (answer) => answer.DBClusters?.[0]?.Status === 'stopped',
    );
    await rds.send(new RDS.StartDBClusterCommand({ DBClusterIdentifier: 'pms-airflow-rds' }));
    await RDS.waitUntilDBClusterAvailable({ client: rds, ...polling }, { DBClusterIdentifier: 'pms-airflow-rds' });
    await RDS.waitUntilDBInstanceAvailable({ client: rds, ...polling }, { DBInstanceIdentifier: 'pms-airflow-rds-1' });

    const snapshot = await rds.send(
      new RDS.CreateDBClusterSnapshotCommand({
        DBClusterIdentifier: 'pms-airflow-rds',
        DBClusterSnapshotIdentifier: 'kept',
      }),
    );
    expect(snapshot.DBClusterSnapshot).toMatchObject({ Status: 'creating', SnapshotType: 'manual' });
    await RDS.waitUntilDBClusterSnapshotAvailable({ client: rds, ...polling }, { DBClusterSnapshotIdentifier: 'kept' });
    await rds.send(
      new RDS.RestoreDBClusterFromSnapshotCommand({
        DBClusterIdentifier: 'restored',
        SnapshotIdentifier: 'kept',
        Engine: 'aurora-mysql',
        DBSubnetGroupName: 'pms-airflow-rds-subnet-group',
        VpcSecurityGroupIds: [GroupId],
      }),
    );
    await RDS.waitUntilDBClusterAvailable({ client: rds, ...polling }, { DBClusterIdentifier: 'restored' });
    await rds.send(
      new RDS.DeleteDBClusterCommand({
        DBClusterIdentifier: 'restored',
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    );
    await RDS.waitUntilDBClusterDeleted({ client: rds, ...polling }, { DBClusterIdentifier: 'restored' });
    await rds.send(new RDS.DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: 'kept' }));

    await refused(
      rds.send(new RDS.DeleteDBClusterCommand({ DBClusterIdentifier: 'pms-airflow-rds', SkipFinalSnapshot: true })),
      'InvalidDBClusterStateFault',
    );
    const gone = await rds.send(
      new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier: 'pms-airflow-rds-1', SkipFinalSnapshot: true }),
    );
    expect(gone.DBInstance?.DBInstanceStatus).toBe('deleting');
    await rds.send(
      new RDS.DeleteDBClusterCommand({
        DBClusterIdentifier: 'pms-airflow-rds',
        SkipFinalSnapshot: true,
        DeleteAutomatedBackups: true,
      }),
    );
    await refused(
      rds.send(new RDS.DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'pms-airflow-rds-subnet-group' })),
      'InvalidDBSubnetGroupStateFault InvalidDBSubnetGroupStateFault',
    );
    await RDS.waitUntilDBInstanceDeleted({ client: rds, ...polling }, { DBInstanceIdentifier: 'pms-airflow-rds-1' });
    await RDS.waitUntilDBClusterDeleted({ client: rds, ...polling }, { DBClusterIdentifier: 'pms-airflow-rds' });
    expect((await rds.send(new RDS.DescribeDBClusterSnapshotsCommand({}))).DBClusterSnapshots).toEqual([]);
    expect((await rds.send(new RDS.DescribeDBClusterAutomatedBackupsCommand({}))).DBClusterAutomatedBackups).toEqual(
      [],
    );
    await rds.send(new RDS.DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: 'airflow' }));
    await rds.send(new RDS.DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'pms-airflow-rds-subnet-group' }));
    await until(
      () =>
        ec2.send(
          new EC2.DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'requester-managed', Values: ['true'] }] }),
        ),
      (answer) => answer.NetworkInterfaces?.length === 0,
    );
    expect((await rds.send(new RDS.DescribeEventsCommand({ Duration: 1440 }))).Events?.length).toBeGreaterThan(0);
  });

  test('a stand-alone MySQL instance with snapshots', async () => {
    const p = await placed();
    const { rds, GroupId } = p;
    await rds.send(new RDS.CreateDBSubnetGroupCommand(subnets(p)));
    const { DBInstance } = await rds.send(
      new RDS.CreateDBInstanceCommand({
        DBInstanceIdentifier: 'mysql',
        DBName: 'airflow',
        AllocatedStorage: 20,
        DBInstanceClass: 'db.t3.micro',
        Engine: 'mysql',
        MasterUsername: 'admin',
        MasterUserPassword: password,
        VpcSecurityGroupIds: [GroupId],
        DBSubnetGroupName: 'subnets',
        BackupRetentionPeriod: 0,
        MultiAZ: false,
        StorageType: 'gp3',
        StorageEncrypted: true,
        PubliclyAccessible: false,
        MaxAllocatedStorage: 100,
      }),
    );
    expect(DBInstance).toMatchObject({ AllocatedStorage: 20, DBName: 'airflow', StorageType: 'gp3' });
    await RDS.waitUntilDBInstanceAvailable({ client: rds, ...polling }, { DBInstanceIdentifier: 'mysql' });
    await rds.send(new RDS.StopDBInstanceCommand({ DBInstanceIdentifier: 'mysql' }));
    await until(
      () => rds.send(new RDS.DescribeDBInstancesCommand({})),
      (answer) => answer.DBInstances?.[0]?.DBInstanceStatus === 'stopped',
    );
    await rds.send(new RDS.StartDBInstanceCommand({ DBInstanceIdentifier: 'mysql' }));
    await RDS.waitUntilDBInstanceAvailable({ client: rds, ...polling }, { DBInstanceIdentifier: 'mysql' });
    await rds.send(new RDS.CreateDBSnapshotCommand({ DBInstanceIdentifier: 'mysql', DBSnapshotIdentifier: 'kept' }));
    await RDS.waitUntilDBSnapshotAvailable({ client: rds, ...polling }, { DBSnapshotIdentifier: 'kept' });
    await rds.send(
      new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier: 'mysql', FinalDBSnapshotIdentifier: 'final' }),
    );
    await RDS.waitUntilDBInstanceDeleted({ client: rds, ...polling }, { DBInstanceIdentifier: 'mysql' });
    expect(
      (await rds.send(new RDS.DescribeDBSnapshotsCommand({}))).DBSnapshots?.map(
        (one) => one.DBSnapshotIdentifier,
      ).sort(),
    ).toEqual(['final', 'kept']);
  });

  test('Serverless v2 and a password that RDS keeps', async () => {
    const p = await placed();
    const { rds } = p;
    await rds.send(new RDS.CreateDBSubnetGroupCommand(subnets(p)));
    const { MasterUserPassword: _, ...form } = aurora(p);
    const { DBCluster } = await rds.send(
      new RDS.CreateDBClusterCommand({
        ...form,
        ManageMasterUserPassword: true,
        ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
      }),
    );
    expect(DBCluster).toMatchObject({
      MasterUserSecret: {
        SecretArn: expect.stringMatching(/^arn:aws:secretsmanager:us-west-2:/),
        SecretStatus: 'creating',
      },
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
    });
    await rds.send(new RDS.CreateDBInstanceCommand({ ...member, DBInstanceClass: 'db.serverless' }));
    await RDS.waitUntilDBInstanceAvailable({ client: rds, ...polling }, { DBInstanceIdentifier: 'one' });
  });
});

describe('what is refused about databases', () => {
  const cases: [string, string, (p: Place) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (p: Place) => Promise<unknown>) => cases.push([title, code, call]);
  const made = (change: object) => async (p: Place) => {
    await p.rds.send(new RDS.CreateDBSubnetGroupCommand(subnets(p)));
    await p.rds.send(new RDS.CreateDBClusterCommand({ ...aurora(p), ...change }));
  };
  const withInstance = (change: object) => async (p: Place) => {
    await cluster(p);
    await p.rds.send(new RDS.CreateDBInstanceCommand({ ...member, ...change }));
  };

  no('an unknown cluster', 'DBClusterNotFoundFault DBClusterNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.DescribeDBClustersCommand({ DBClusterIdentifier: 'none' })),
  );
  no('deleting an unknown cluster', 'DBClusterNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.DeleteDBClusterCommand({ DBClusterIdentifier: 'none', SkipFinalSnapshot: true })),
  );
  no('changing an unknown cluster', 'DBClusterNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.ModifyDBClusterCommand({ DBClusterIdentifier: 'none' })),
  );
  no('an unknown instance', 'DBInstanceNotFoundFault DBInstanceNotFound 404', ({ rds }) =>
    rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier: 'none' })),
  );
  no('deleting an unknown instance', 'DBInstanceNotFoundFault DBInstanceNotFound 404', ({ rds }) =>
    rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier: 'none', SkipFinalSnapshot: true })),
  );
  no('an unknown subnet group', 'DBSubnetGroupNotFoundFault DBSubnetGroupNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'none' })),
  );
  no('deleting an unknown subnet group', 'DBSubnetGroupNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'none' })),
  );
  no('a second subnet group of the name', 'DBSubnetGroupAlreadyExistsFault DBSubnetGroupAlreadyExists', async (p) => {
    for (let i = 0; i < 2; i++) await p.rds.send(new RDS.CreateDBSubnetGroupCommand(subnets(p)));
  });
  no('subnets of one zone', 'DBSubnetGroupDoesNotCoverEnoughAZs DBSubnetGroupDoesNotCoverEnoughAZs', (p) =>
    p.rds.send(new RDS.CreateDBSubnetGroupCommand({ ...subnets(p), SubnetIds: [p.a, p.publicSubnet] })),
  );
  no('a subnet that does not exist', 'InvalidSubnet InvalidSubnet', (p) =>
    p.rds.send(new RDS.CreateDBSubnetGroupCommand({ ...subnets(p), SubnetIds: [p.a, 'subnet-0123456789abcdef0'] })),
  );
  no('a subnet of a group', 'DependencyViolation', async (p) => {
    await database(p);
    await p.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: p.a }));
    await p.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: p.c }));
  });
  no('a second cluster of the name', 'DBClusterAlreadyExistsFault DBClusterAlreadyExistsFault', async (p) => {
    await made({})(p);
    await p.rds.send(new RDS.CreateDBClusterCommand(aurora(p)));
  });
  no('a subnet group that does not exist', 'DBSubnetGroupNotFoundFault 404', (p) =>
    p.rds.send(new RDS.CreateDBClusterCommand(aurora(p))),
  );
  no('a version that is none', 'InvalidParameterCombination', made({ EngineVersion: '5.7.mysql_aurora.2.09.0' }));
  no('a password that is too short', 'InvalidParameterValue', made({ MasterUserPassword: 'short' }));
  no('a password with an at', 'InvalidParameterValue', made({ MasterUserPassword: 'with@sign-in-it' }));
  no('an identifier that ends in a hyphen', 'InvalidParameterValue', made({ DBClusterIdentifier: 'cluster-' }));
  no('an identifier with two hyphens', 'InvalidParameterValue', made({ DBClusterIdentifier: 'clu--ster' }));
  no('a name of a user that is reserved', 'InvalidParameterValue', made({ MasterUsername: 'rdsadmin' }));
  no('no password', 'InvalidParameterValue', made({ MasterUserPassword: undefined }));
  no('a class on an Aurora cluster', 'InvalidParameterCombination', made({ DBClusterInstanceClass: 'db.m5d.large' }));
  no('an engine that is none', 'InvalidParameterValue', made({ Engine: 'oracle-of-delphi' }));
  no('a retention of none', 'InvalidParameterValue', made({ BackupRetentionPeriod: 0 }));
  no('a group that does not exist', 'InvalidParameterValue', made({ VpcSecurityGroupIds: ['sg-0123456789abcdef0'] }));
  no(
    'an unknown parameter group',
    'DBClusterParameterGroupNotFoundFault DBClusterParameterGroupNotFound 404',
    made({ DBClusterParameterGroupName: 'none' }),
  );
  no('a second instance of the name', 'DBInstanceAlreadyExistsFault DBInstanceAlreadyExists', async (p) => {
    await withInstance({})(p);
    await p.rds.send(new RDS.CreateDBInstanceCommand(member));
  });
  no('an instance of no cluster', 'DBClusterNotFoundFault 404', (p) =>
    p.rds.send(new RDS.CreateDBInstanceCommand(member)),
  );
  no(
    'a class that Aurora does not have',
    'InvalidParameterCombination',
    withInstance({ DBInstanceClass: 'db.t3.micro' }),
  );
  no(
    'a password for a member',
    'InvalidParameterCombination',
    withInstance({ MasterUsername: 'admin', MasterUserPassword: password }),
  );
  no('storage for a member', 'InvalidParameterCombination', withInstance({ AllocatedStorage: 20 }));
  no('no final snapshot', 'InvalidParameterCombination', async (p) => {
    await cluster(p);
    await p.rds.send(new RDS.DeleteDBClusterCommand({ DBClusterIdentifier: 'cluster' }));
  });
  no('deleting a cluster with an instance', 'InvalidDBClusterStateFault', async (p) => {
    await database(p);
    await p.rds.send(new RDS.DeleteDBClusterCommand({ DBClusterIdentifier: 'cluster', SkipFinalSnapshot: true }));
  });
  no('deleting an instance twice', 'InvalidDBInstanceStateFault InvalidDBInstanceState', async (p) => {
    await database(p);
    for (let i = 0; i < 2; i++)
      await p.rds.send(new RDS.DeleteDBInstanceCommand({ DBInstanceIdentifier: 'one', SkipFinalSnapshot: true }));
  });
  no('a subnet group in use', 'InvalidDBSubnetGroupStateFault InvalidDBSubnetGroupStateFault', async (p) => {
    await made({})(p);
    await p.rds.send(new RDS.DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'subnets' }));
  });
  no('starting what runs', 'InvalidDBClusterStateFault', async (p) => {
    await cluster(p);
    await p.rds.send(new RDS.StartDBClusterCommand({ DBClusterIdentifier: 'cluster' }));
  });
  no('an unknown snapshot', 'DBClusterSnapshotNotFoundFault DBClusterSnapshotNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: 'none' })),
  );
  no('a second snapshot of the name', 'DBClusterSnapshotAlreadyExistsFault', async (p) => {
    await cluster(p);
    for (let i = 0; i < 2; i++) {
      await p.rds.send(
        new RDS.CreateDBClusterSnapshotCommand({ DBClusterIdentifier: 'cluster', DBClusterSnapshotIdentifier: 'same' }),
      );
      await RDS.waitUntilDBClusterSnapshotAvailable(
        { client: p.rds, ...polling },
        { DBClusterSnapshotIdentifier: 'same' },
      );
    }
  });
  no('tags of an unknown cluster', 'DBClusterNotFoundFault 404', ({ rds }) =>
    rds.send(new RDS.ListTagsForResourceCommand({ ResourceName: 'arn:aws:rds:us-west-2:123456789012:cluster:none' })),
  );
  no('no name of a subnet group', 'MissingParameter', (p) =>
    p.rds.send(new RDS.CreateDBSubnetGroupCommand({ DBSubnetGroupDescription: 'x', SubnetIds: [p.a, p.c] } as never)),
  );
  no('the default parameter group', 'InvalidDBParameterGroupStateFault InvalidDBParameterGroupState', ({ rds }) =>
    rds.send(new RDS.DeleteDBClusterParameterGroupCommand({ DBClusterParameterGroupName: 'default.aurora-mysql8.0' })),
  );
  no('a filter that is none', 'InvalidParameterValue', ({ rds }) =>
    rds.send(new RDS.DescribeDBClustersCommand({ Filters: [{ Name: 'nonsense', Values: ['x'] }] })),
  );
  no('a page that is too small', 'InvalidParameterValue', ({ rds }) =>
    rds.send(new RDS.DescribeDBClustersCommand({ MaxRecords: 5 })),
  );

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(await placed()), code);
  });

  test('a lack of capacity and a full quota arrive as the SDK knows them', async () => {
    const refuse = [
      { operation: 'CreateDBInstance', code: 'InsufficientDBInstanceCapacity' },
      { operation: 'CreateDBCluster', code: 'DBClusterQuotaExceededFault', status: 403 },
    ];
    const p = await placed(world({ faults: { refuse } }));
    await refused(p.rds.send(new RDS.CreateDBClusterCommand(aurora(p))), 'DBClusterQuotaExceededFault 403');
    await refused(
      p.rds.send(new RDS.CreateDBInstanceCommand(member)),
      'InsufficientDBInstanceCapacityFault InsufficientDBInstanceCapacity',
    );
  });
});
