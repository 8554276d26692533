import type {
  CreateDBInstanceCommandInput,
  CreateDBInstanceCommandOutput,
  DBInstance,
  DeleteDBInstanceCommandInput,
  DeleteDBInstanceCommandOutput,
  DescribeDBInstancesCommandInput,
  DescribeDBInstancesCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { removeNetworkInterface } from '../ec2/network-interfaces.ts';
import { toList } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { automatedName } from './cluster-snapshots.ts';
import { note } from './events.ts';
import { identifier } from './identifiers.ts';
import { addInstance } from './instance-creation.ts';
import { forgetAutomatedInstanceSnapshots, newSnapshotName, snapshotInstance } from './instance-snapshots.ts';
import { filtered, records } from './records.ts';
import { clusterTable, type DbInstanceRow, dbInstanceTable, dnsSuffix, membersOf, requireDbInstance } from './rows.ts';
import { describeSubnetGroup, subnetGroupTable } from './subnet-groups.ts';

export function describeInstance(scope: Scope, row: DbInstanceRow): DBInstance {
  const subnetGroup = subnetGroupTable(scope).peek(row.subnetGroupName);
  return {
    ...row.shown,
    DBInstanceIdentifier: row.name,
    DBInstanceArn: row.arn,
    DbiResourceId: row.resourceId,
    DBInstanceStatus: row.status,
    DBInstanceClass: row.instanceClass,
    Engine: row.engine,
    EngineVersion: row.engineVersion,
    AvailabilityZone: row.availabilityZone,
    ...(row.status === 'creating' ? {} : { InstanceCreateTime: new Date(row.createdAt) }),
    ...(row.reachable
      ? {
          Endpoint: {
            Address: `${row.name}.${row.dnsLabel}.${dnsSuffix(scope)}`,
            Port: row.port,
            HostedZoneId: 'Z1PVIF0B656C1W',
          },
        }
      : {}),
    DbInstancePort: 0,
    ...(row.clusterName === undefined
      ? {}
      : { DBClusterIdentifier: row.clusterName, PromotionTier: row.promotionTier }),
    DBSubnetGroup: subnetGroup
      ? describeSubnetGroup(scope, subnetGroup)
      : { DBSubnetGroupName: row.subnetGroupName, SubnetGroupStatus: 'Complete', VpcId: row.vpcId, Subnets: [] },
    VpcSecurityGroups: row.groupIds.map((groupId) => ({ VpcSecurityGroupId: groupId, Status: 'active' })),
    DBSecurityGroups: [],
    DBParameterGroups: [{ DBParameterGroupName: row.parameterGroupName, ParameterApplyStatus: 'in-sync' }],
    OptionGroupMemberships: [
      {
        OptionGroupName: `default:${row.parameterGroupName.replace(/^default\./, '').replace('.', '-')}`,
        Status: 'in-sync',
      },
    ],
    ReadReplicaDBInstanceIdentifiers: [],
    DomainMemberships: [],
    AssociatedRoles: [],
    CustomerOwnedIpEnabled: false,
    PendingModifiedValues: row.pending,
    ...(row.reachable && row.clusterName === undefined ? { LatestRestorableTime: new Date(scope.now) } : {}),
    ...(row.restartsAt === undefined ? {} : { AutomaticRestartTime: new Date(row.restartsAt) }),
    TagList: toList(row.tags),
  };
}

/** What must hold before an instance may go, and the name of the last snapshot, if one is wanted. */
function checkDeletion(scope: Scope, row: DbInstanceRow, wanted: DeleteDBInstanceCommandInput): string | undefined {
  const { SkipFinalSnapshot = false, FinalDBSnapshotIdentifier } = wanted;
  if (row.status === 'deleting')
    throw refusal('InvalidDBInstanceState', `Instance ${row.name} is already being deleted.`);
  if (row.clusterName !== undefined) {
    if (FinalDBSnapshotIdentifier !== undefined)
      throw refusal(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance.',
      );
    const cluster = clusterTable(scope).peek(row.clusterName);
    if (cluster && ['stopping', 'stopped', 'starting'].includes(cluster.status))
      throw refusal('InvalidDBClusterStateFault', `DBCluster ${cluster.name} is in ${cluster.status} state.`);
    return undefined;
  }
  if (row.shown.DeletionProtection)
    throw refusal(
      'InvalidParameterCombination',
      'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    );
  if (SkipFinalSnapshot && FinalDBSnapshotIdentifier !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier can not be specified when deleting an instance with SkipFinalSnapshot.',
    );
  if (SkipFinalSnapshot) return undefined;
  if (FinalDBSnapshotIdentifier === undefined)
    throw refusal(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    );
  const name = newSnapshotName(scope, 'FinalDBSnapshotIdentifier', FinalDBSnapshotIdentifier);
  if (!['available', 'stopped', 'backing-up', 'modifying'].includes(row.status))
    throw refusal(
      'InvalidDBInstanceState',
      `Instance ${row.name} is in ${row.status} state; no snapshot can be taken.`,
    );
  return name;
}

export const instances: Noun = {
  service: 'rds',
  operations: {
    CreateDBInstance: operation<CreateDBInstanceCommandInput, CreateDBInstanceCommandOutput>(
      [
        'DBName',
        'DBInstanceIdentifier',
        'AllocatedStorage',
        'DBInstanceClass',
        'Engine',
        'MasterUsername',
        'MasterUserPassword',
        'VpcSecurityGroupIds',
        'AvailabilityZone',
        'DBSubnetGroupName',
        'PreferredMaintenanceWindow',
        'DBParameterGroupName',
        'BackupRetentionPeriod',
        'PreferredBackupWindow',
        'Port',
        'MultiAZ',
        'EngineVersion',
        'AutoMinorVersionUpgrade',
        'LicenseModel',
        'Iops',
        'StorageThroughput',
        'PubliclyAccessible',
        'Tags',
        'DBClusterIdentifier',
        'StorageType',
        'StorageEncrypted',
        'KmsKeyId',
        'CopyTagsToSnapshot',
        'MonitoringInterval',
        'MonitoringRoleArn',
        'PromotionTier',
        'EnableIAMDatabaseAuthentication',
        'DatabaseInsightsMode',
        'EnablePerformanceInsights',
        'PerformanceInsightsKMSKeyId',
        'PerformanceInsightsRetentionPeriod',
        'EnableCloudwatchLogsExports',
        'DeletionProtection',
        'MaxAllocatedStorage',
        'NetworkType',
        'CACertificateIdentifier',
        'ManageMasterUserPassword',
        'MasterUserSecretKmsKeyId',
        'EngineLifecycleSupport',
      ],
      (scope, { DBInstanceIdentifier, ...settings }) => {
        const name = identifier('DBInstanceIdentifier', DBInstanceIdentifier);
        return { DBInstance: describeInstance(scope, addInstance(scope, name, settings)) };
      },
    ),
    DescribeDBInstances: operation<DescribeDBInstancesCommandInput, DescribeDBInstancesCommandOutput>(
      ['DBInstanceIdentifier', 'Filters', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const { DBInstanceIdentifier } = asked;
        const rows =
          DBInstanceIdentifier === undefined
            ? dbInstanceTable(scope).list()
            : [requireDbInstance(scope, DBInstanceIdentifier)];
        const found = filtered(rows, asked.Filters, {
          'db-cluster-id': ({ clusterName }) =>
            clusterName === undefined ? undefined : [clusterName, scope.arn('rds', `cluster:${clusterName}`)],
          'db-instance-id': (row) => [row.name, row.arn],
          'dbi-resource-id': (row) => row.resourceId,
          engine: (row) => row.engine,
          domain: () => undefined,
        });
        const { page, Marker } = records(found, asked);
        return { Marker, DBInstances: page.map((row) => describeInstance(scope, row)) };
      },
    ),
    DeleteDBInstance: operation<DeleteDBInstanceCommandInput, DeleteDBInstanceCommandOutput>(
      ['DBInstanceIdentifier', 'SkipFinalSnapshot', 'FinalDBSnapshotIdentifier', 'DeleteAutomatedBackups'],
      (scope, input) => {
        const row = requireDbInstance(scope, input.DBInstanceIdentifier);
        const snapshot = checkDeletion(scope, row, input);
        let seconds = scope.seconds('dbInstance.delete');
        if (snapshot !== undefined)
          seconds += snapshotInstance(scope, row, { name: snapshot, type: 'manual', tags: {} }).seconds;
        row.status = 'deleting';
        const keepsBackups = input.DeleteAutomatedBackups === false;
        scope.after(seconds, 'dbInstanceDeleted', { name: row.name, resourceId: row.resourceId, keepsBackups });
        return { DBInstance: describeInstance(scope, row) };
      },
    ),
  },
  events: {
    dbInstanceReachable(scope, { name, resourceId }: { name: string; resourceId: string }) {
      const row = dbInstanceTable(scope).peek(name);
      if (row?.resourceId !== resourceId || row.status !== 'creating') return;
      row.reachable = true;
      if ((row.shown.MonitoringInterval ?? 0) > 0) row.status = 'configuring-enhanced-monitoring';
      else if (row.clusterName === undefined && (row.shown.BackupRetentionPeriod ?? 0) > 0) row.status = 'backing-up';
    },
    dbInstanceCreated(scope, { name, resourceId }: { name: string; resourceId: string }) {
      const row = dbInstanceTable(scope).peek(name);
      if (row?.resourceId !== resourceId || row.status === 'deleting') return;
      const broken = scope.breaksLater('dbInstance');
      row.status = broken === undefined ? 'available' : 'failed';
      if (row.shown.MasterUserSecret) row.shown.MasterUserSecret.SecretStatus = 'active';
      if (broken !== undefined) {
        row.reachable = false;
        note(scope, 'db-instance', row, 'failure', `DB instance creation failed: ${broken}`);
        return;
      }
      note(scope, 'db-instance', row, 'creation', 'DB instance created');
      if (row.clusterName === undefined && (row.shown.BackupRetentionPeriod ?? 0) > 0)
        snapshotInstance(scope, row, { name: automatedName(name, scope.now), type: 'automated', tags: {} });
    },
    dbInstanceDeleted(scope, details: { name: string; resourceId: string; keepsBackups: boolean }) {
      const row = dbInstanceTable(scope).peek(details.name);
      if (row?.resourceId !== details.resourceId) return;
      dbInstanceTable(scope).delete(row.name);
      note(scope, 'db-instance', row, 'deletion', 'DB instance deleted');
      if (!details.keepsBackups) forgetAutomatedInstanceSnapshots(scope, row.resourceId);
      if (row.networkInterfaceId !== undefined)
        scope.after(scope.seconds('dbInstance.interface'), 'dbInterfaceGone', { id: row.networkInterfaceId });
      const cluster = clusterTable(scope).peek(row.clusterName);
      if (cluster?.writer !== row.name) return;
      const [heir] = membersOf(scope, cluster).sort((one, other) => one.promotionTier - other.promotionTier);
      if (heir) cluster.writer = heir.name;
      else delete cluster.writer;
    },
    dbInterfaceGone(scope, { id }: { id: string }) {
      removeNetworkInterface(scope, id);
    },
  },
};
