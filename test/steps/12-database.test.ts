import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateDBSubnetGroupCommand,
  type DBCluster,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
  ListTagsForResourceCommand,
  ModifyDBClusterCommand,
  RestoreDBClusterFromSnapshotCommand,
} from '@aws-sdk/client-rds';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { databasePassword, dbCluster, dbInstance, dbSubnetGroup } from '../../src/steps/12-database.ts';
import { awsError, awsFor, changes, inputsOf, keyIn, rds, ssm, tagsOf } from '../helpers/aws.ts';
import { aSecret } from './parameters.ts';

const password = { parameterName: '/airflow-aws/pms/database-password' };
const subnets = { privateSubnetA: { subnetId: 'subnet-a' }, privateSubnetC: { subnetId: 'subnet-c' } };
const group = { dbSubnetGroupName: 'pms-airflow-rds-subnet-group' };
const cluster = { dbClusterIdentifier: 'pms-airflow-rds' };
const instance = { dbInstanceIdentifier: 'pms-airflow-rds-1' };
const clusterNeeds = {
  dbSubnetGroup: group,
  privateSecurityGroup: { groupId: 'sg-private' },
  databasePassword: password,
};
const instanceNeeds = { dbCluster: { ...cluster, endpoint: 'db.example' } };

const clusterGone = awsError('DBClusterNotFoundFault', { Code: 'DBClusterNotFoundFault' });
const instanceGone = awsError('DBInstanceNotFoundFault', { Code: 'DBInstanceNotFound' });

function clusterThat(Status: string, more: Partial<DBCluster> = {}) {
  return { DBClusters: [{ DBClusterIdentifier: 'pms-airflow-rds', Status, TagList: tagsOf('dbCluster'), ...more }] };
}

function instanceThat(DBInstanceStatus: string, key = 'dbInstance', stack?: string) {
  return {
    DBInstances: [{ DBInstanceIdentifier: 'pms-airflow-rds-1', DBInstanceStatus, TagList: tagsOf(key, stack) }],
  };
}

// Aurora takes at most 41 characters.
aSecret(databasePassword, password.parameterName, 'r'.repeat(40));

describe('dbSubnetGroup find', () => {
  const there = { DBSubnetGroups: [{ DBSubnetGroupName: group.dbSubnetGroupName, DBSubnetGroupArn: 'arn:g' }] };

  it('takes the one of that name when it carries our tags, and no other', async () => {
    rds.on(DescribeDBSubnetGroupsCommand).resolves(there);
    rds.on(ListTagsForResourceCommand, { ResourceName: 'arn:g' }).resolves({ TagList: tagsOf('dbSubnetGroup') });
    expect(await dbSubnetGroup.find(awsFor(dbSubnetGroup), subnets)).toEqual(group);
    rds
      .on(ListTagsForResourceCommand, { ResourceName: 'arn:g' })
      .resolves({ TagList: tagsOf('dbSubnetGroup', 'stack2') });
    expect(await dbSubnetGroup.find(awsFor(dbSubnetGroup), subnets)).toBeUndefined();
  });

  it('asks for no tags when the state has it', async () => {
    rds.on(DescribeDBSubnetGroupsCommand).resolves(there);
    expect(await dbSubnetGroup.find(awsFor(dbSubnetGroup, { recorded: group }), subnets)).toEqual(group);
  });

  it('takes not-found for none', async () => {
    rds.on(DescribeDBSubnetGroupsCommand).rejects(awsError('DBSubnetGroupNotFoundFault'));
    expect(await dbSubnetGroup.find(awsFor(dbSubnetGroup), subnets)).toBeUndefined();
  });
});

describe('dbSubnetGroup create', () => {
  it('sends one call over both private subnets, with name and tags', async () => {
    rds.on(CreateDBSubnetGroupCommand).resolves({});
    expect(await dbSubnetGroup.create(awsFor(dbSubnetGroup), subnets)).toEqual(group);
    expect(changes()).toEqual(['CreateDBSubnetGroup']);
    const [input] = inputsOf(CreateDBSubnetGroupCommand);
    expect(input).toMatchObject({ DBSubnetGroupName: group.dbSubnetGroupName, SubnetIds: ['subnet-a', 'subnet-c'] });
    expect(keyIn(input!.Tags)).toBe('dbSubnetGroup');
  });
});

describe('dbSubnetGroup destroy', () => {
  it('takes not-found for success', async () => {
    rds.on(DeleteDBSubnetGroupCommand).rejects(awsError('DBSubnetGroupNotFoundFault'));
    await dbSubnetGroup.destroy(awsFor(dbSubnetGroup), group);
    expect(inputsOf(DeleteDBSubnetGroupCommand)).toEqual([{ DBSubnetGroupName: group.dbSubnetGroupName }]);
  });
});

describe('dbCluster find', () => {
  const find = (recorded?: typeof cluster) =>
    dbCluster.find(awsFor(dbCluster, recorded ? { recorded } : {}), clusterNeeds);

  it('takes the one of that name when it carries our tags, and no other', async () => {
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('creating'));
    expect(await find()).toEqual(cluster);
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('available', { TagList: tagsOf('dbCluster', 'stack2') }));
    expect(await find()).toBeUndefined();
    expect(await find(cluster)).toEqual(cluster);
  });

  it('ignores one that is being deleted, recorded or not', async () => {
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('deleting'));
    expect(await find()).toBeUndefined();
    expect(await find(cluster)).toBeUndefined();
  });

  it('takes not-found for none', async () => {
    rds.on(DescribeDBClustersCommand).rejects(clusterGone);
    expect(await find(cluster)).toBeUndefined();
  });
});

describe('dbCluster from a snapshot', () => {
  const restored = { ...cluster, restoredFrom: 'last-week' };
  const tag = { Key: 'airflow-aws:restored-from', Value: 'last-week' };

  it('is restored in one call, with our tags and the snapshot’s name among them, and not created', async () => {
    rds.on(RestoreDBClusterFromSnapshotCommand).resolves({});
    const aws = awsFor(dbCluster, { settings: { restoreFrom: 'last-week' } });
    expect(await dbCluster.create(aws, clusterNeeds)).toEqual(restored);
    expect(changes()).toEqual(['RestoreDBClusterFromSnapshot']);
    const [input] = inputsOf(RestoreDBClusterFromSnapshotCommand);
    expect(input).toMatchObject({
      DBClusterIdentifier: 'pms-airflow-rds',
      SnapshotIdentifier: 'last-week',
      Engine: 'aurora-mysql',
      DBSubnetGroupName: group.dbSubnetGroupName,
      VpcSecurityGroupIds: ['sg-private'],
      CopyTagsToSnapshot: true,
      EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    });
    // The snapshot's own: another version, or an older one, would be refused.
    expect(input).not.toHaveProperty('EngineVersion');
    expect(keyIn(input!.Tags)).toBe('dbCluster');
    expect(input!.Tags).toContainEqual(tag);
  });

  it('is found with the name of its snapshot', async () => {
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('available', { TagList: [...tagsOf('dbCluster'), tag] }));
    expect(await dbCluster.find(awsFor(dbCluster), clusterNeeds)).toEqual(restored);
  });

  it('gets the parameter’s password once it is available, whatever the settings say by then', async () => {
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('available', { Endpoint: 'db.example' }));
    rds.on(ModifyDBClusterCommand).resolves({});
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'generated' } });
    expect(await dbCluster.finish!(awsFor(dbCluster), restored, clusterNeeds)).toEqual({ endpoint: 'db.example' });
    expect(inputsOf(ModifyDBClusterCommand)).toEqual([
      { DBClusterIdentifier: 'pms-airflow-rds', MasterUserPassword: 'generated', ApplyImmediately: true },
    ]);
    await dbCluster.finish!(awsFor(dbCluster, { settings: { restoreFrom: 'last-week' } }), cluster, clusterNeeds);
    expect(inputsOf(ModifyDBClusterCommand)).toHaveLength(1);
  });
});

describe('dbCluster create', () => {
  beforeEach(() => {
    rds.on(CreateDBClusterCommand).resolves({});
    ssm
      .on(GetParameterCommand, { Name: password.parameterName, WithDecryption: true })
      .resolves({ Parameter: { Value: 'generated' } });
  });

  it('sends one call for an encrypted Aurora MySQL 3 in our subnets and group, with name and tags', async () => {
    expect(await dbCluster.create(awsFor(dbCluster), clusterNeeds)).toEqual(cluster);
    expect(changes()).toEqual(['CreateDBCluster']);
    const [input] = inputsOf(CreateDBClusterCommand);
    expect(input).toMatchObject({
      DBClusterIdentifier: 'pms-airflow-rds',
      Engine: 'aurora-mysql',
      EngineVersion: '8.0.mysql_aurora.3.10.4',
      MasterUsername: 'admin',
      DBSubnetGroupName: group.dbSubnetGroupName,
      VpcSecurityGroupIds: ['sg-private'],
      Port: 3306,
      StorageEncrypted: true,
      EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    });
    expect(keyIn(input!.Tags)).toBe('dbCluster');
  });

  it('sends the generated password and leaves it out of the identity', async () => {
    const identity = await dbCluster.create(awsFor(dbCluster), clusterNeeds);
    expect(inputsOf(CreateDBClusterCommand)[0]!.MasterUserPassword).toBe('generated');
    expect(JSON.stringify(identity)).not.toContain('generated');
  });

  it('leaves it without protection, which nobody could lift if it failed', async () => {
    await dbCluster.create(awsFor(dbCluster, { settings: { protect: true } }), clusterNeeds);
    expect(inputsOf(CreateDBClusterCommand)[0]!.DeletionProtection).toBeUndefined();
  });
});

describe('dbCluster finish', () => {
  it('waits until it is available, and gives its endpoint', async () => {
    rds
      .on(DescribeDBClustersCommand)
      .rejectsOnce(clusterGone)
      .resolvesOnce(clusterThat('creating', { Endpoint: 'not.yet' }))
      .resolves(clusterThat('available', { Endpoint: 'db.example' }));
    expect(await dbCluster.finish!(awsFor(dbCluster), cluster, clusterNeeds)).toEqual({ endpoint: 'db.example' });
    expect(inputsOf(DescribeDBClustersCommand)).toHaveLength(3);
  });

  it('protects it where the settings say so, and once', async () => {
    const aws = awsFor(dbCluster, { settings: { protect: true } });
    rds.on(ModifyDBClusterCommand).resolves({});
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('available'));
    await dbCluster.finish!(aws, cluster, clusterNeeds);
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('available', { DeletionProtection: true }));
    await dbCluster.finish!(aws, cluster, clusterNeeds);
    expect(inputsOf(ModifyDBClusterCommand)).toEqual([
      { DBClusterIdentifier: 'pms-airflow-rds', DeletionProtection: true, ApplyImmediately: true },
    ]);
  });
});

describe('dbCluster destroy', () => {
  it('deletes it with its backups, and waits until it is gone', async () => {
    rds
      .on(DescribeDBClustersCommand)
      .resolvesOnce(clusterThat('available'))
      .resolvesOnce(clusterThat('deleting'))
      .rejects(clusterGone);
    rds.on(DeleteDBClusterCommand).resolves({});
    await dbCluster.destroy(awsFor(dbCluster), cluster);
    expect(inputsOf(DeleteDBClusterCommand)).toEqual([
      { DBClusterIdentifier: 'pms-airflow-rds', SkipFinalSnapshot: true, DeleteAutomatedBackups: true },
    ]);
    expect(inputsOf(DescribeDBClustersCommand)).toHaveLength(3);
  });

  it('takes a final snapshot when the data is kept', async () => {
    rds.on(DescribeDBClustersCommand).resolvesOnce(clusterThat('available')).rejects(clusterGone);
    rds.on(DeleteDBClusterCommand).resolves({});
    await dbCluster.destroy(awsFor(dbCluster, { keepData: true }), cluster);
    expect(inputsOf(DeleteDBClusterCommand)).toEqual([
      {
        DBClusterIdentifier: 'pms-airflow-rds',
        SkipFinalSnapshot: false,
        FinalDBSnapshotIdentifier: 'pms-airflow-rds-final-stack1-1',
      },
    ]);
  });

  it('lifts the protection that AWS refuses it for', async () => {
    const protectedCluster = awsError('InvalidParameterCombination', {
      message: 'Cannot delete protected Cluster, please disable deletion protection and try again',
    });
    rds.on(DeleteDBClusterCommand).rejectsOnce(protectedCluster).resolves({});
    rds.on(ModifyDBClusterCommand).resolves({});
    rds.on(DescribeDBClustersCommand).rejects(clusterGone);
    await dbCluster.destroy(awsFor(dbCluster), cluster);
    expect(changes()).toEqual(['DeleteDBCluster', 'ModifyDBCluster', 'DeleteDBCluster']);
    expect(inputsOf(ModifyDBClusterCommand)).toMatchObject([{ DeletionProtection: false, ApplyImmediately: true }]);
  });

  it('waits for what is being deleted already, and takes not-found for success', async () => {
    rds.on(DeleteDBClusterCommand).rejectsOnce(awsError('InvalidDBClusterStateFault')).rejects(clusterGone);
    rds.on(DescribeDBClustersCommand).resolvesOnce(clusterThat('deleting')).rejects(clusterGone);
    await dbCluster.destroy(awsFor(dbCluster), cluster);
    await dbCluster.destroy(awsFor(dbCluster), cluster);
    expect(inputsOf(DeleteDBClusterCommand)).toHaveLength(2);
  });

  it('is not taken for done while AWS refuses it in another state', async () => {
    rds.on(DeleteDBClusterCommand).rejects(awsError('InvalidDBClusterStateFault'));
    rds.on(DescribeDBClustersCommand).resolves(clusterThat('modifying'));
    await expect(dbCluster.destroy(awsFor(dbCluster), cluster)).rejects.toThrow('InvalidDBClusterStateFault');
  });
});

describe('dbInstance find', () => {
  const find = () => dbInstance.find(awsFor(dbInstance), { dbCluster: cluster });

  it('takes the one of that name when it carries our tags, and no other', async () => {
    rds.on(DescribeDBInstancesCommand).resolves(instanceThat('creating'));
    expect(await find()).toEqual(instance);
    rds.on(DescribeDBInstancesCommand).resolves(instanceThat('available', 'dbInstance', 'stack2'));
    expect(await find()).toBeUndefined();
  });

  it('ignores one that is being deleted, and takes not-found for none', async () => {
    rds.on(DescribeDBInstancesCommand).resolves(instanceThat('deleting'));
    expect(await find()).toBeUndefined();
    rds.on(DescribeDBInstancesCommand).rejects(instanceGone);
    expect(await find()).toBeUndefined();
  });
});

describe('dbInstance create', () => {
  it('sends one call for a private member in the first zone, with name and tags', async () => {
    rds.on(CreateDBInstanceCommand).resolves({});
    expect(await dbInstance.create(awsFor(dbInstance), instanceNeeds)).toEqual(instance);
    expect(changes()).toEqual(['CreateDBInstance']);
    const [input] = inputsOf(CreateDBInstanceCommand);
    expect(input).toMatchObject({
      DBInstanceIdentifier: 'pms-airflow-rds-1',
      DBClusterIdentifier: 'pms-airflow-rds',
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'aurora-mysql',
      AvailabilityZone: 'us-west-2a',
      PubliclyAccessible: false,
    });
    expect(keyIn(input!.Tags)).toBe('dbInstance');
  });
});

describe('dbInstance finish', () => {
  it('waits until it is available', async () => {
    rds
      .on(DescribeDBInstancesCommand)
      .rejectsOnce(instanceGone)
      .resolvesOnce(instanceThat('configuring-enhanced-monitoring'))
      .resolves(instanceThat('available'));
    await dbInstance.finish!(awsFor(dbInstance), instance, instanceNeeds);
    expect(inputsOf(DescribeDBInstancesCommand)).toHaveLength(3);
  });

  it.each(['failed', 'incompatible-parameters', 'incompatible-network', 'inaccessible-encryption-credentials'])(
    'does not wait for what will never be: %s',
    async (status) => {
      rds.on(DescribeDBInstancesCommand).resolves(instanceThat(status));
      await expect(dbInstance.finish!(awsFor(dbInstance), instance, instanceNeeds)).rejects.toMatchObject({
        name: 'FailedLater',
        awsCode: status,
      });
    },
  );
});

describe('dbInstance destroy', () => {
  it('lets go of its cluster once it is on its way out, and waits until it is gone', async () => {
    const story: string[] = [];
    const states = ['deleting'];
    rds.on(DescribeDBInstancesCommand).callsFake(async () => {
      story.push('look');
      const state = states.shift();
      if (!state) throw instanceGone;
      return instanceThat(state);
    });
    rds.on(DeleteDBInstanceCommand).callsFake(async () => {
      story.push('delete');
      return {};
    });
    await dbInstance.destroy(awsFor(dbInstance, { letGo: () => story.push('let go') }), instance);
    expect(story).toEqual(['delete', 'let go', 'look', 'look']);
    expect(inputsOf(DeleteDBInstanceCommand)).toEqual([
      { DBInstanceIdentifier: 'pms-airflow-rds-1', SkipFinalSnapshot: true },
    ]);
  });

  it.each(['InvalidDBInstanceStateFault', 'DBInstanceNotFoundFault'])('goes on after %s', async (code) => {
    rds.on(DescribeDBInstancesCommand).resolvesOnce(instanceThat('deleting')).rejects(instanceGone);
    rds.on(DeleteDBInstanceCommand).rejects(awsError(code));
    await dbInstance.destroy(awsFor(dbInstance), instance);
    expect(changes()).toEqual(['DeleteDBInstance']);
  });
});
