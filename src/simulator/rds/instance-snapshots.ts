import type {
  CopyDBSnapshotCommandInput,
  CopyDBSnapshotCommandOutput,
  CreateDBSnapshotCommandInput,
  CreateDBSnapshotCommandOutput,
  DBSnapshot,
  DeleteDBSnapshotCommandInput,
  DeleteDBSnapshotCommandOutput,
  DescribeDBSnapshotsCommandInput,
  DescribeDBSnapshotsCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { type Tags, toList } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { note } from './events.ts';
import { identifier, nameOf } from './identifiers.ts';
import { filtered, records } from './records.ts';
import { type DbInstanceRow, requireDbInstance, requireInstanceState } from './rows.ts';
import { tagsFrom } from './tag-list.ts';

export interface InstanceSnapshotRow {
  name: string;
  arn: string;
  type: 'manual' | 'automated';
  status: 'creating' | 'available';
  createdAt: number;
  sourceArn?: string;
  tags: Tags;
  /** The instance as it was. */
  instance: DbInstanceRow;
}

/** Default quota of manual snapshots. */
const manualSnapshotsPerRegion = 100;

export function instanceSnapshotTable(scope: Scope) {
  return scope.table<InstanceSnapshotRow>('rds.snapshots');
}

export function requireInstanceSnapshot(scope: Scope, nameOrArn: string | undefined) {
  const row = instanceSnapshotTable(scope).get(nameOf(nameOrArn ?? ''));
  if (!row) throw refusal('DBSnapshotNotFound', `DBSnapshot ${nameOrArn} not found.`, 404);
  return row;
}

/** The name of a new manual snapshot, refused when it is taken or the quota is used up. */
export function newSnapshotName(scope: Scope, parameter: string, wanted: string | undefined): string {
  const name = identifier(parameter, wanted, 255);
  const table = instanceSnapshotTable(scope);
  if (table.peek(name))
    throw refusal(
      'DBSnapshotAlreadyExists',
      `Cannot create the snapshot because a snapshot with the identifier ${name} already exists.`,
    );
  if (table.all().filter(({ type }) => type === 'manual').length >= manualSnapshotsPerRegion)
    throw refusal('SnapshotQuotaExceeded', 'The quota of manual snapshots has been reached.');
  return name;
}

/** Begins a snapshot of `instance`; gives the seconds that it takes. */
export function snapshotInstance(
  scope: Scope,
  instance: DbInstanceRow,
  { name, type, tags }: { name: string; type: InstanceSnapshotRow['type']; tags: Tags },
): { row: InstanceSnapshotRow; seconds: number } {
  const row = instanceSnapshotTable(scope).insert(name, {
    name,
    arn: scope.arn('rds', `snapshot:${name}`),
    type,
    status: 'creating',
    createdAt: scope.now,
    tags: instance.shown.CopyTagsToSnapshot ? { ...instance.tags, ...tags } : tags,
    instance: structuredClone(instance),
  });
  const seconds = scope.seconds('dbSnapshot.create');
  scope.after(seconds, 'dbSnapshotTaken', { name });
  note(scope, 'db-snapshot', row, 'creation', `Creating ${type} snapshot`);
  return { row, seconds };
}

/** Automated snapshots go with their instance unless its deletion keeps them. */
export function forgetAutomatedInstanceSnapshots(scope: Scope, resourceId: string) {
  const table = instanceSnapshotTable(scope);
  for (const row of table.all())
    if (row.type === 'automated' && row.instance.resourceId === resourceId) table.delete(row.name);
}

function describe(row: InstanceSnapshotRow): DBSnapshot {
  const { instance } = row;
  const { shown } = instance;
  return {
    DBSnapshotIdentifier: row.name,
    DBSnapshotArn: row.arn,
    DBInstanceIdentifier: instance.name,
    DbiResourceId: instance.resourceId,
    SnapshotCreateTime: new Date(row.createdAt),
    OriginalSnapshotCreateTime: new Date(row.createdAt),
    InstanceCreateTime: new Date(instance.createdAt),
    SnapshotType: row.type,
    Status: row.status,
    PercentProgress: row.status === 'available' ? 100 : 0,
    Engine: instance.engine,
    EngineVersion: instance.engineVersion,
    LicenseModel: shown.LicenseModel,
    VpcId: instance.vpcId,
    AvailabilityZone: instance.availabilityZone,
    Port: instance.port,
    AllocatedStorage: shown.AllocatedStorage,
    StorageType: shown.StorageType,
    Iops: shown.Iops,
    MasterUsername: shown.MasterUsername,
    Encrypted: shown.StorageEncrypted,
    KmsKeyId: shown.KmsKeyId,
    IAMDatabaseAuthenticationEnabled: shown.IAMDatabaseAuthenticationEnabled,
    SourceDBSnapshotIdentifier: row.sourceArn,
    SnapshotTarget: 'region',
    ProcessorFeatures: [],
    TagList: toList(row.tags),
  };
}

export const instanceSnapshots: Noun = {
  service: 'rds',
  operations: {
    CreateDBSnapshot: operation<CreateDBSnapshotCommandInput, CreateDBSnapshotCommandOutput>(
      ['DBSnapshotIdentifier', 'DBInstanceIdentifier', 'Tags'],
      (scope, { DBSnapshotIdentifier, DBInstanceIdentifier, Tags }) => {
        const name = newSnapshotName(scope, 'DBSnapshotIdentifier', DBSnapshotIdentifier);
        const instance = requireDbInstance(scope, DBInstanceIdentifier);
        if (instance.clusterName !== undefined)
          throw refusal(
            'InvalidParameterValue',
            'The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.',
          );
        requireInstanceState(instance, 'available', 'stopped');
        const tags = tagsFrom(Tags);
        const { row, seconds } = snapshotInstance(scope, instance, { name, type: 'manual', tags });
        if (instance.status === 'available') {
          instance.status = 'backing-up';
          scope.after(seconds, 'dbInstancePassed', { name: instance.name, from: 'backing-up', to: 'available' });
        }
        return { DBSnapshot: describe(row) };
      },
    ),
    CopyDBSnapshot: operation<CopyDBSnapshotCommandInput, CopyDBSnapshotCommandOutput>(
      ['SourceDBSnapshotIdentifier', 'TargetDBSnapshotIdentifier', 'KmsKeyId', 'CopyTags', 'Tags'],
      (scope, { SourceDBSnapshotIdentifier, TargetDBSnapshotIdentifier, KmsKeyId, CopyTags, Tags }) => {
        const source = requireInstanceSnapshot(scope, SourceDBSnapshotIdentifier);
        const name = newSnapshotName(scope, 'TargetDBSnapshotIdentifier', TargetDBSnapshotIdentifier);
        if (source.status !== 'available')
          throw refusal('InvalidDBSnapshotState', `The snapshot ${source.name} is not available.`);
        const { instance } = source;
        const shown = { ...instance.shown, ...(KmsKeyId === undefined ? {} : { KmsKeyId, StorageEncrypted: true }) };
        const row = instanceSnapshotTable(scope).insert(name, {
          ...source,
          name,
          arn: scope.arn('rds', `snapshot:${name}`),
          type: 'manual',
          status: 'creating',
          createdAt: scope.now,
          sourceArn: source.arn,
          tags: tagsFrom(Tags, CopyTags ? source.tags : {}),
          instance: { ...instance, shown },
        });
        scope.after(scope.seconds('dbSnapshot.create'), 'dbSnapshotTaken', { name });
        return { DBSnapshot: describe(row) };
      },
    ),
    DescribeDBSnapshots: operation<DescribeDBSnapshotsCommandInput, DescribeDBSnapshotsCommandOutput>(
      [
        'DBInstanceIdentifier',
        'DBSnapshotIdentifier',
        'SnapshotType',
        'Filters',
        'MaxRecords',
        'Marker',
        'IncludeShared',
        'IncludePublic',
        'DbiResourceId',
      ],
      (scope, asked) => {
        const { DBSnapshotIdentifier, DBInstanceIdentifier, SnapshotType, DbiResourceId } = asked;
        if (SnapshotType !== undefined && !/^(automated|manual|shared|public|awsbackup)$/.test(SnapshotType))
          throw refusal('InvalidParameterValue', `Invalid snapshot type: ${SnapshotType}`);
        const rows =
          DBSnapshotIdentifier === undefined
            ? instanceSnapshotTable(scope).list()
            : [requireInstanceSnapshot(scope, DBSnapshotIdentifier)];
        const wanted = rows.filter(
          ({ type, instance }) =>
            (DBInstanceIdentifier === undefined || instance.name === nameOf(DBInstanceIdentifier)) &&
            (DbiResourceId === undefined || instance.resourceId === DbiResourceId) &&
            (SnapshotType === undefined || type === SnapshotType),
        );
        const found = filtered(wanted, asked.Filters, {
          'db-instance-id': ({ instance }) => [instance.name, instance.arn],
          'db-snapshot-id': (row) => row.name,
          'dbi-resource-id': ({ instance }) => instance.resourceId,
          'snapshot-type': (row) => row.type,
          engine: ({ instance }) => instance.engine,
        });
        const { page, Marker } = records(found, asked);
        return { Marker, DBSnapshots: page.map(describe) };
      },
    ),
    DeleteDBSnapshot: operation<DeleteDBSnapshotCommandInput, DeleteDBSnapshotCommandOutput>(
      ['DBSnapshotIdentifier'],
      (scope, { DBSnapshotIdentifier }) => {
        const row = requireInstanceSnapshot(scope, DBSnapshotIdentifier);
        if (row.type !== 'manual') throw refusal('InvalidDBSnapshotState', 'Only manual snapshots may be deleted.');
        if (row.status !== 'available')
          throw refusal('InvalidDBSnapshotState', `The snapshot ${row.name} is still being created.`);
        instanceSnapshotTable(scope).delete(row.name);
        return { DBSnapshot: { ...describe(row), Status: 'deleted' } };
      },
    ),
  },
  events: {
    dbSnapshotTaken(scope, { name }: { name: string }) {
      const row = instanceSnapshotTable(scope).peek(name);
      if (row) row.status = 'available';
    },
  },
};
