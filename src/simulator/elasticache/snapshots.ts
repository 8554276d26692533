import type {
  CopySnapshotCommandInput,
  CopySnapshotCommandOutput,
  CreateSnapshotCommandInput,
  CreateSnapshotCommandOutput,
  DeleteSnapshotCommandInput,
  DeleteSnapshotCommandOutput,
  DescribeSnapshotsCommandInput,
  DescribeSnapshotsCommandOutput,
  Snapshot,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { identifier, nameOf } from '../rds/identifiers.ts';
import { records } from '../rds/records.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import {
  type CacheClusterRow,
  cacheClusterTable,
  type ReplicationGroupRow,
  replicationGroupTable,
  requireCacheCluster,
  requireCacheClusterState,
  requireGroupState,
  requireReplicationGroup,
} from './rows.ts';
import { cacheSubnetGroupTable } from './subnet-groups.ts';

export interface CacheSnapshotRow {
  name: string;
  arn: string;
  source: 'manual' | 'automated';
  status: 'creating' | 'available' | 'copying' | 'deleting';
  createdAt: number;
  group?: ReplicationGroupRow;
  cluster?: CacheClusterRow;
  tags: Tags;
}

const deletionSeconds = 20;

function cacheSnapshotTable(scope: Scope) {
  return scope.table<CacheSnapshotRow>('elasticache.snapshots');
}

export function requireCacheSnapshot(scope: Scope, name: string | undefined) {
  const row = cacheSnapshotTable(scope).get(nameOf(name ?? ''));
  if (!row) throw refusal('SnapshotNotFoundFault', `Snapshot ${name} not found.`, 404);
  return row;
}

/** The name of a new snapshot, refused when it is taken. */
export function newCacheSnapshotName(scope: Scope, parameter: string, wanted: string | undefined): string {
  const name = identifier(parameter, wanted, 255);
  if (cacheSnapshotTable(scope).peek(name))
    throw refusal('SnapshotAlreadyExistsFault', `Snapshot with name ${name} already exists.`);
  return name;
}

/** Begins a snapshot of a group or of a stand-alone cluster; gives the seconds that it takes. */
export function snapshotCache(
  scope: Scope,
  name: string,
  of: { group: ReplicationGroupRow } | { cluster: CacheClusterRow },
  tags: Tags = {},
): { row: CacheSnapshotRow; seconds: number } {
  const row = cacheSnapshotTable(scope).insert(name, {
    name,
    arn: scope.arn('elasticache', `snapshot:${name}`),
    source: 'manual',
    status: 'creating',
    createdAt: scope.now,
    ...structuredClone(of),
    tags,
  });
  const seconds = scope.seconds('dbSnapshot.create');
  scope.after(seconds, 'cacheSnapshotTaken', { name });
  return { row, seconds };
}

function describe(scope: Scope, row: CacheSnapshotRow): Snapshot {
  const { group, cluster } = row;
  const of = group ?? cluster!;
  const shards = group?.shards ?? [{ id: '0001', primary: of.name, members: [of.name] }];
  return {
    SnapshotName: row.name,
    ARN: row.arn,
    SnapshotStatus: row.status,
    SnapshotSource: row.source,
    ...(group ? { ReplicationGroupId: group.name, ReplicationGroupDescription: group.description } : {}),
    ...(cluster ? { CacheClusterId: cluster.name } : {}),
    CacheNodeType: of.nodeType,
    Engine: of.engine,
    EngineVersion: of.engineVersion,
    NumCacheNodes: 1,
    NumNodeGroups: shards.length,
    CacheClusterCreateTime: new Date(of.createdAt),
    PreferredMaintenanceWindow: of.maintenanceWindow,
    Port: of.port,
    CacheParameterGroupName: of.parameterGroupName,
    CacheSubnetGroupName: of.subnetGroupName,
    VpcId: cacheSubnetGroupTable(scope).peek(of.subnetGroupName)?.vpcId,
    AutoMinorVersionUpgrade: of.autoMinorVersionUpgrade,
    SnapshotRetentionLimit: of.snapshotRetentionLimit,
    SnapshotWindow: of.snapshotWindow,
    AutomaticFailover: group?.automaticFailover ? 'enabled' : 'disabled',
    DataTiering: group?.dataTiering ? 'enabled' : 'disabled',
    NodeSnapshots: shards.map(({ id, primary }) => ({
      CacheClusterId: primary,
      NodeGroupId: id,
      CacheNodeId: '0001',
      CacheSize: '5 MB',
      CacheNodeCreateTime: new Date(of.createdAt),
      SnapshotCreateTime: new Date(row.createdAt),
    })),
  };
}

export const cacheSnapshots: Noun = {
  service: 'elasticache',
  operations: {
    CreateSnapshot: operation<CreateSnapshotCommandInput, CreateSnapshotCommandOutput>(
      ['ReplicationGroupId', 'CacheClusterId', 'SnapshotName', 'KmsKeyId', 'Tags'],
      (scope, { ReplicationGroupId, CacheClusterId, SnapshotName, Tags }) => {
        if ((ReplicationGroupId === undefined) === (CacheClusterId === undefined))
          throw refusal(
            'InvalidParameterCombination',
            'Exactly one of ReplicationGroupId and CacheClusterId must be given.',
          );
        const tags = tagsFrom(Tags, {}, 'TagQuotaPerResourceExceeded');
        const cluster = CacheClusterId === undefined ? undefined : requireCacheCluster(scope, CacheClusterId);
        const group =
          ReplicationGroupId === undefined
            ? replicationGroupTable(scope).peek(cluster?.replicationGroupId)
            : requireReplicationGroup(scope, ReplicationGroupId);
        const name = newCacheSnapshotName(scope, 'SnapshotName', SnapshotName);
        if (cluster?.engine === 'memcached')
          throw refusal('SnapshotFeatureNotSupportedFault', 'Snapshots are not supported for memcached.');
        if (group) requireGroupState(group, 'available');
        else requireCacheClusterState(cluster!, 'available');
        const { row, seconds } = snapshotCache(scope, name, group ? { group } : { cluster: cluster! }, tags);
        const of = group ?? cluster!;
        of.status = 'snapshotting';
        const members = group?.shards.flatMap((shard) => shard.members) ?? [];
        for (const member of members) cacheClusterTable(scope).peek(member)!.status = 'snapshotting';
        scope.after(seconds, 'cacheSnapshotEnds', { group: group?.name, clusters: group ? members : [of.name] });
        return { Snapshot: describe(scope, row) };
      },
    ),
    CopySnapshot: operation<CopySnapshotCommandInput, CopySnapshotCommandOutput>(
      ['SourceSnapshotName', 'TargetSnapshotName', 'KmsKeyId', 'Tags'],
      (scope, { SourceSnapshotName, TargetSnapshotName, Tags }) => {
        const source = requireCacheSnapshot(scope, SourceSnapshotName);
        const name = newCacheSnapshotName(scope, 'TargetSnapshotName', TargetSnapshotName);
        if (source.status !== 'available')
          throw refusal('InvalidSnapshotState', `Snapshot ${source.name} is in ${source.status} state.`);
        const row = cacheSnapshotTable(scope).insert(name, {
          ...source,
          name,
          arn: scope.arn('elasticache', `snapshot:${name}`),
          source: 'manual',
          status: 'copying',
          createdAt: scope.now,
          tags: tagsFrom(Tags, {}, 'TagQuotaPerResourceExceeded'),
        });
        scope.after(scope.seconds('dbSnapshot.create'), 'cacheSnapshotTaken', { name });
        return { Snapshot: describe(scope, row) };
      },
    ),
    DescribeSnapshots: operation<DescribeSnapshotsCommandInput, DescribeSnapshotsCommandOutput>(
      [
        'ReplicationGroupId',
        'CacheClusterId',
        'SnapshotName',
        'SnapshotSource',
        'Marker',
        'MaxRecords',
        'ShowNodeGroupConfig',
      ],
      (scope, asked) => {
        const {
          ReplicationGroupId,
          CacheClusterId,
          SnapshotName,
          SnapshotSource,
          MaxRecords = 50,
          Marker: from,
        } = asked;
        const rows =
          SnapshotName === undefined ? cacheSnapshotTable(scope).list() : [requireCacheSnapshot(scope, SnapshotName)];
        const found = rows.filter(
          ({ group, cluster, source }) =>
            (ReplicationGroupId === undefined || group?.name === nameOf(ReplicationGroupId)) &&
            (CacheClusterId === undefined || cluster?.name === nameOf(CacheClusterId)) &&
            (SnapshotSource === undefined || (source === 'automated') === (SnapshotSource === 'system')),
        );
        const { page, Marker } = records(found, { MaxRecords, Marker: from });
        return { Marker, Snapshots: page.map((row) => describe(scope, row)) };
      },
    ),
    DeleteSnapshot: operation<DeleteSnapshotCommandInput, DeleteSnapshotCommandOutput>(
      ['SnapshotName'],
      (scope, { SnapshotName }) => {
        const row = requireCacheSnapshot(scope, SnapshotName);
        if (row.status !== 'available')
          throw refusal('InvalidSnapshotState', `Snapshot ${row.name} is in ${row.status} state.`);
        row.status = 'deleting';
        scope.after(deletionSeconds, 'cacheSnapshotDeleted', { name: row.name });
        return { Snapshot: describe(scope, row) };
      },
    ),
  },
  events: {
    cacheSnapshotTaken(scope, { name }: { name: string }) {
      const row = cacheSnapshotTable(scope).peek(name);
      if (row && row.status !== 'deleting') row.status = 'available';
    },
    cacheSnapshotEnds(scope, { group, clusters }: { group?: string; clusters: string[] }) {
      const rows = [
        replicationGroupTable(scope).peek(group),
        ...clusters.map((name) => cacheClusterTable(scope).peek(name)),
      ];
      for (const row of rows) if (row?.status === 'snapshotting') row.status = 'available';
    },
    cacheSnapshotDeleted(scope, { name }: { name: string }) {
      cacheSnapshotTable(scope).delete(name);
    },
  },
};
