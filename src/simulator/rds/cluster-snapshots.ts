import type {
  CopyDBClusterSnapshotCommandInput,
  CopyDBClusterSnapshotCommandOutput,
  CreateDBClusterSnapshotCommandInput,
  CreateDBClusterSnapshotCommandOutput,
  DBClusterSnapshot,
  DeleteDBClusterSnapshotCommandInput,
  DeleteDBClusterSnapshotCommandOutput,
  DescribeDBClusterSnapshotsCommandInput,
  DescribeDBClusterSnapshotsCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { type Tags, toList } from '../ec2/tags.ts';
import { databaseContentsTable } from '../hosts/host-row.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { licenseOf } from './engines.ts';
import { note } from './events.ts';
import { identifier, nameOf } from './identifiers.ts';
import { filtered, records } from './records.ts';
import { type ClusterRow, endpointOf, requireCluster, requireClusterState } from './rows.ts';
import { tagsFrom } from './tag-list.ts';

export interface ClusterSnapshotRow {
  name: string;
  arn: string;
  type: 'manual' | 'automated';
  status: 'creating' | 'available';
  createdAt: number;
  clusterName: string;
  clusterResourceId: string;
  clusterCreatedAt: number;
  engine: string;
  engineVersion: string;
  vpcId?: string;
  sourceArn?: string;
  /** Accounts that may restore it. */
  sharedWith?: string[];
  tags: Tags;
  /** When the tables in it were made; absent where there were none. */
  contentsMadeAt?: number;
  /** The cluster as its describe showed it. */
  shown: ClusterRow['shown'];
}

/** Default quota of manual snapshots. */
const manualSnapshotsPerRegion = 100;

export function clusterSnapshotTable(scope: Scope) {
  return scope.table<ClusterSnapshotRow>('rds.clusterSnapshots');
}

export function requireClusterSnapshot(scope: Scope, nameOrArn: string | undefined) {
  const row = clusterSnapshotTable(scope).get(nameOf(nameOrArn ?? ''));
  if (!row) throw refusal('DBClusterSnapshotNotFoundFault', `DBClusterSnapshot ${nameOrArn} not found.`, 404);
  return row;
}

/** The name of a new manual snapshot, refused when it is taken or the quota is used up. */
export function newClusterSnapshotName(scope: Scope, parameter: string, wanted: string | undefined): string {
  const name = identifier(parameter, wanted, 255);
  const table = clusterSnapshotTable(scope);
  if (table.peek(name))
    throw refusal(
      'DBClusterSnapshotAlreadyExistsFault',
      `Cannot create the snapshot because a snapshot with the identifier ${name} already exists.`,
    );
  if (table.all().filter(({ type }) => type === 'manual').length >= manualSnapshotsPerRegion)
    throw refusal('SnapshotQuotaExceeded', 'The quota of manual snapshots has been reached.');
  return name;
}

/** Begins a snapshot of `cluster`; gives the seconds that it takes. */
export function snapshotCluster(
  scope: Scope,
  cluster: ClusterRow,
  { name, type, tags }: { name: string; type: ClusterSnapshotRow['type']; tags: Tags },
): { row: ClusterSnapshotRow; seconds: number } {
  const row = clusterSnapshotTable(scope).insert(name, {
    name,
    arn: scope.arn('rds', `cluster-snapshot:${name}`),
    type,
    status: 'creating',
    createdAt: scope.now,
    clusterName: cluster.name,
    clusterResourceId: cluster.resourceId,
    clusterCreatedAt: cluster.createdAt,
    engine: cluster.engine,
    engineVersion: cluster.engineVersion,
    ...(cluster.vpcId === undefined ? {} : { vpcId: cluster.vpcId }),
    ...contentsOf(scope, cluster),
    tags: cluster.shown.CopyTagsToSnapshot ? { ...cluster.tags, ...tags } : tags,
    shown: structuredClone(cluster.shown),
  });
  const seconds = scope.seconds('dbSnapshot.create');
  scope.after(seconds, 'dbClusterSnapshotTaken', { name });
  note(scope, 'db-cluster-snapshot', row, 'backup', `Creating ${type} cluster snapshot`);
  return { row, seconds };
}

function contentsOf(scope: Scope, cluster: ClusterRow): Pick<ClusterSnapshotRow, 'contentsMadeAt'> {
  const contents = databaseContentsTable(scope).peek(endpointOf(scope, cluster));
  return contents ? { contentsMadeAt: contents.madeAt } : {};
}

/**
 * An account that is rehearsed in has the snapshot that settings restore from, as a name or an ARN: one of a database
 * with Airflow's tables, whose master user and version are those of the settings.
 */
export function knowClusterSnapshot(
  scope: Scope,
  nameOrArn: string,
  { username, engineVersion }: { username: string; engineVersion: string },
) {
  const name = nameOf(nameOrArn);
  const row = clusterSnapshotTable(scope).insert(name, {
    name,
    arn: nameOrArn.startsWith('arn:') ? nameOrArn : scope.arn('rds', `cluster-snapshot:${name}`),
    type: 'manual',
    status: 'available',
    createdAt: scope.now,
    clusterName: 'before',
    clusterResourceId: 'cluster-REHEARSALSNAPSHOT',
    clusterCreatedAt: scope.now,
    engine: 'aurora-mysql',
    engineVersion,
    tags: {},
    contentsMadeAt: scope.now,
    shown: { MasterUsername: username, StorageEncrypted: true, Port: 3306, BackupRetentionPeriod: 1 },
  });
  // It is older than the rehearsal.
  delete row.visibleAt;
}

/** RDS names its own snapshots after cluster and minute. */
export function automatedName(name: string, now: number): string {
  return `rds:${name}-${new Date(now).toISOString().slice(0, 16).replace(/[T:]/g, '-')}`;
}

/** Automated snapshots go with their cluster unless its deletion keeps them. */
export function forgetAutomatedSnapshots(scope: Scope, clusterResourceId: string) {
  const table = clusterSnapshotTable(scope);
  for (const row of table.all())
    if (row.type === 'automated' && row.clusterResourceId === clusterResourceId) table.delete(row.name);
}

function describe(row: ClusterSnapshotRow): DBClusterSnapshot {
  const { shown } = row;
  return {
    DBClusterSnapshotIdentifier: row.name,
    DBClusterSnapshotArn: row.arn,
    DBClusterIdentifier: row.clusterName,
    DbClusterResourceId: row.clusterResourceId,
    SnapshotCreateTime: new Date(row.createdAt),
    ClusterCreateTime: new Date(row.clusterCreatedAt),
    SnapshotType: row.type,
    Status: row.status,
    PercentProgress: row.status === 'available' ? 100 : 0,
    Engine: row.engine,
    EngineVersion: row.engineVersion,
    EngineMode: 'provisioned',
    LicenseModel: licenseOf(row.engine),
    VpcId: row.vpcId,
    Port: 0,
    AllocatedStorage: 1,
    AvailabilityZones: shown.AvailabilityZones,
    MasterUsername: shown.MasterUsername,
    StorageEncrypted: shown.StorageEncrypted,
    KmsKeyId: shown.KmsKeyId,
    BackupRetentionPeriod: shown.BackupRetentionPeriod,
    IAMDatabaseAuthenticationEnabled: shown.IAMDatabaseAuthenticationEnabled,
    StorageType: shown.StorageType ?? 'aurora',
    SourceDBClusterSnapshotArn: row.sourceArn,
    TagList: toList(row.tags),
  };
}

export const clusterSnapshots: Noun = {
  service: 'rds',
  operations: {
    CreateDBClusterSnapshot: operation<CreateDBClusterSnapshotCommandInput, CreateDBClusterSnapshotCommandOutput>(
      ['DBClusterSnapshotIdentifier', 'DBClusterIdentifier', 'Tags'],
      (scope, { DBClusterSnapshotIdentifier, DBClusterIdentifier, Tags }) => {
        const name = newClusterSnapshotName(scope, 'DBClusterSnapshotIdentifier', DBClusterSnapshotIdentifier);
        const cluster = requireCluster(scope, DBClusterIdentifier);
        requireClusterState(cluster, 'available');
        const { row } = snapshotCluster(scope, cluster, { name, type: 'manual', tags: tagsFrom(Tags) });
        return { DBClusterSnapshot: describe(row) };
      },
    ),
    CopyDBClusterSnapshot: operation<CopyDBClusterSnapshotCommandInput, CopyDBClusterSnapshotCommandOutput>(
      ['SourceDBClusterSnapshotIdentifier', 'TargetDBClusterSnapshotIdentifier', 'KmsKeyId', 'CopyTags', 'Tags'],
      (scope, { SourceDBClusterSnapshotIdentifier, TargetDBClusterSnapshotIdentifier, KmsKeyId, CopyTags, Tags }) => {
        const source = requireClusterSnapshot(scope, SourceDBClusterSnapshotIdentifier);
        const parameter = 'TargetDBClusterSnapshotIdentifier';
        const name = newClusterSnapshotName(scope, parameter, TargetDBClusterSnapshotIdentifier);
        if (source.status !== 'available')
          throw refusal('InvalidDBClusterSnapshotStateFault', `The snapshot ${source.name} is not available.`);
        const row = clusterSnapshotTable(scope).insert(name, {
          ...source,
          name,
          arn: scope.arn('rds', `cluster-snapshot:${name}`),
          type: 'manual',
          status: 'creating',
          createdAt: scope.now,
          sourceArn: source.arn,
          tags: tagsFrom(Tags, CopyTags ? source.tags : {}),
          shown: { ...source.shown, ...(KmsKeyId === undefined ? {} : { KmsKeyId }) },
        });
        scope.after(scope.seconds('dbSnapshot.create'), 'dbClusterSnapshotTaken', { name });
        return { DBClusterSnapshot: describe(row) };
      },
    ),
    DescribeDBClusterSnapshots: operation<
      DescribeDBClusterSnapshotsCommandInput,
      DescribeDBClusterSnapshotsCommandOutput
    >(
      [
        'DBClusterIdentifier',
        'DBClusterSnapshotIdentifier',
        'SnapshotType',
        'Filters',
        'MaxRecords',
        'Marker',
        'IncludeShared',
        'IncludePublic',
        'DbClusterResourceId',
      ],
      (scope, asked) => {
        const { DBClusterSnapshotIdentifier, DBClusterIdentifier, SnapshotType, DbClusterResourceId } = asked;
        if (SnapshotType !== undefined && !/^(automated|manual|shared|public|awsbackup)$/.test(SnapshotType))
          throw refusal('InvalidParameterValue', `Invalid snapshot type: ${SnapshotType}`);
        const rows =
          DBClusterSnapshotIdentifier === undefined
            ? clusterSnapshotTable(scope).list()
            : [requireClusterSnapshot(scope, DBClusterSnapshotIdentifier)];
        const wanted = rows.filter(
          (row) =>
            (DBClusterIdentifier === undefined || row.clusterName === nameOf(DBClusterIdentifier)) &&
            (DbClusterResourceId === undefined || row.clusterResourceId === DbClusterResourceId) &&
            (SnapshotType === undefined || row.type === SnapshotType),
        );
        const found = filtered(wanted, asked.Filters, {
          'db-cluster-id': (row) => [row.clusterName, scope.arn('rds', `cluster:${row.clusterName}`)],
          'db-cluster-snapshot-id': (row) => row.name,
          'snapshot-type': (row) => row.type,
          engine: (row) => row.engine,
        });
        const { page, Marker } = records(found, asked);
        return { Marker, DBClusterSnapshots: page.map(describe) };
      },
    ),
    DeleteDBClusterSnapshot: operation<DeleteDBClusterSnapshotCommandInput, DeleteDBClusterSnapshotCommandOutput>(
      ['DBClusterSnapshotIdentifier'],
      (scope, { DBClusterSnapshotIdentifier }) => {
        const row = requireClusterSnapshot(scope, DBClusterSnapshotIdentifier);
        if (row.type !== 'manual')
          throw refusal('InvalidDBClusterSnapshotStateFault', 'Only manual snapshots may be deleted.');
        if (row.status !== 'available')
          throw refusal('InvalidDBClusterSnapshotStateFault', `The snapshot ${row.name} is still being created.`);
        clusterSnapshotTable(scope).delete(row.name);
        return { DBClusterSnapshot: { ...describe(row), Status: 'deleted' } };
      },
    ),
  },
  events: {
    dbClusterSnapshotTaken(scope, { name }: { name: string }) {
      const row = clusterSnapshotTable(scope).peek(name);
      if (row) row.status = 'available';
    },
  },
};
