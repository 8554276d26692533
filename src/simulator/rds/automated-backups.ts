import type {
  DBClusterAutomatedBackup,
  DeleteDBClusterAutomatedBackupCommandInput,
  DeleteDBClusterAutomatedBackupCommandOutput,
  DescribeDBClusterAutomatedBackupsCommandInput,
  DescribeDBClusterAutomatedBackupsCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { toList } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { clusterSnapshotTable, forgetAutomatedSnapshots } from './cluster-snapshots.ts';
import { licenseOf } from './engines.ts';
import { nameOf } from './identifiers.ts';
import { filtered, records } from './records.ts';
import { type ClusterRow, clusterTable } from './rows.ts';

/** What is left of a cluster whose deletion kept its automated backups; it goes when their time is up. */
interface RetainedRow {
  cluster: ClusterRow;
}

function retainedTable(scope: Scope) {
  return scope.table<RetainedRow>('rds.retainedBackups');
}

/** Keeps the backups of a cluster that is gone for as long as its retention period says. */
export function retainBackups(scope: Scope, cluster: ClusterRow) {
  retainedTable(scope).insert(cluster.resourceId, { cluster: structuredClone(cluster) });
  const days = cluster.shown.BackupRetentionPeriod ?? 1;
  scope.after(days * 24 * 3600, 'dbClusterBackupsExpired', { resourceId: cluster.resourceId });
}

function describe(scope: Scope, cluster: ClusterRow, retained: boolean): DBClusterAutomatedBackup {
  const { shown } = cluster;
  const earliest = clusterSnapshotTable(scope)
    .all()
    .filter((row) => row.type === 'automated' && row.clusterResourceId === cluster.resourceId)
    .map(({ createdAt }) => createdAt)
    .sort()[0];
  return {
    DBClusterAutomatedBackupsArn: scope.arn(
      'rds',
      `cluster-auto-backup:ab-${cluster.resourceId.slice(8).toLowerCase()}`,
    ),
    DBClusterIdentifier: cluster.name,
    DBClusterArn: cluster.arn,
    DbClusterResourceId: cluster.resourceId,
    Status: retained ? 'retained' : cluster.status === 'creating' ? 'creating' : 'active',
    Region: scope.region,
    Engine: cluster.engine,
    EngineVersion: cluster.engineVersion,
    EngineMode: 'provisioned',
    LicenseModel: licenseOf(cluster.engine),
    VpcId: cluster.vpcId,
    ClusterCreateTime: new Date(cluster.createdAt),
    RestoreWindow:
      earliest === undefined ? undefined : { EarliestTime: new Date(earliest), LatestTime: new Date(scope.now) },
    AllocatedStorage: 1,
    AvailabilityZones: shown.AvailabilityZones,
    BackupRetentionPeriod: shown.BackupRetentionPeriod,
    PreferredBackupWindow: shown.PreferredBackupWindow,
    MasterUsername: shown.MasterUsername,
    Port: shown.Port,
    StorageEncrypted: shown.StorageEncrypted,
    KmsKeyId: shown.KmsKeyId,
    IAMDatabaseAuthenticationEnabled: shown.IAMDatabaseAuthenticationEnabled,
    StorageType: shown.StorageType ?? 'aurora',
    TagList: toList(cluster.tags),
  };
}

export const automatedBackups: Noun = {
  service: 'rds',
  operations: {
    DescribeDBClusterAutomatedBackups: operation<
      DescribeDBClusterAutomatedBackupsCommandInput,
      DescribeDBClusterAutomatedBackupsCommandOutput
    >(['DbClusterResourceId', 'DBClusterIdentifier', 'Filters', 'MaxRecords', 'Marker'], (scope, asked) => {
      const { DbClusterResourceId, DBClusterIdentifier } = asked;
      const all = [
        ...clusterTable(scope)
          .list()
          .map((row) => describe(scope, row, false)),
        ...retainedTable(scope)
          .list()
          .map(({ cluster }) => describe(scope, cluster, true)),
      ].filter(
        (backup) =>
          (DbClusterResourceId === undefined || backup.DbClusterResourceId === DbClusterResourceId) &&
          (DBClusterIdentifier === undefined || backup.DBClusterIdentifier === nameOf(DBClusterIdentifier)),
      );
      if (DbClusterResourceId !== undefined && all.length === 0)
        throw refusal(
          'DBClusterAutomatedBackupNotFoundFault',
          `No automated backup for the cluster ${DbClusterResourceId} was found.`,
          404,
        );
      const found = filtered(all, asked.Filters, {
        status: (backup) => backup.Status,
        'db-cluster-id': (backup) => backup.DBClusterIdentifier,
        'db-cluster-resource-id': (backup) => backup.DbClusterResourceId,
      });
      const { page, Marker } = records(found, asked);
      return { Marker, DBClusterAutomatedBackups: page };
    }),
    DeleteDBClusterAutomatedBackup: operation<
      DeleteDBClusterAutomatedBackupCommandInput,
      DeleteDBClusterAutomatedBackupCommandOutput
    >(['DbClusterResourceId'], (scope, { DbClusterResourceId = '' }) => {
      const live = clusterTable(scope)
        .all()
        .some(({ resourceId }) => resourceId === DbClusterResourceId);
      if (live)
        throw refusal(
          'InvalidDBClusterAutomatedBackupStateFault',
          'Only retained automated backups can be deleted; this cluster still exists.',
        );
      const row = retainedTable(scope).get(DbClusterResourceId);
      if (!row)
        throw refusal(
          'DBClusterAutomatedBackupNotFoundFault',
          `No automated backup for the cluster ${DbClusterResourceId} was found.`,
          404,
        );
      const backup = describe(scope, row.cluster, true);
      retainedTable(scope).delete(DbClusterResourceId);
      forgetAutomatedSnapshots(scope, DbClusterResourceId);
      return { DBClusterAutomatedBackup: { ...backup, Status: 'deleting' } };
    }),
  },
  events: {
    dbClusterBackupsExpired(scope, { resourceId }: { resourceId: string }) {
      retainedTable(scope).delete(resourceId);
      forgetAutomatedSnapshots(scope, resourceId);
    },
  },
};
