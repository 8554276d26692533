import type {
  CreateReplicationGroupCommandInput,
  CreateReplicationGroupCommandOutput,
  DeleteReplicationGroupCommandInput,
  DeleteReplicationGroupCommandOutput,
  DescribeReplicationGroupsCommandInput,
  DescribeReplicationGroupsCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { touchServiceLinkedRole } from '../iam/service-linked-roles.ts';
import { type Noun, operation } from '../noun.ts';
import { identifier } from '../rds/identifiers.ts';
import { records } from '../rds/records.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import {
  addCacheCluster,
  cachePlace,
  cacheSettings,
  checkNodeQuota,
  nodeZones,
  removeCacheCluster,
} from './cache-creation.ts';
import { checkNodeType, requireCacheVersion } from './engines.ts';
import { noteCache } from './events.ts';
import { chosenParameterGroup } from './parameter-groups.ts';
import { describeReplicationGroup } from './replication-group-view.ts';
import {
  cacheClusterTable,
  type ReplicationGroupRow,
  replicationGroupTable,
  requireGroupState,
  requireReplicationGroup,
  settingsOf,
} from './rows.ts';
import { newCacheSnapshotName, requireCacheSnapshot, snapshotCache } from './snapshots.ts';
import { usableUserGroups } from './user-group-access.ts';

/** Slots of a key space that shards share among themselves. */
const slots = 16384;

/** How many shards with how many replicas each the call asks for. */
function layout(input: CreateReplicationGroupCommandInput) {
  const { NumCacheClusters, NumNodeGroups, ReplicasPerNodeGroup, NodeGroupConfiguration, PreferredCacheClusterAZs } =
    input;
  if (NumCacheClusters !== undefined && (NumNodeGroups ?? ReplicasPerNodeGroup ?? NodeGroupConfiguration) !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      'NumCacheClusters can not be given together with NumNodeGroups, ReplicasPerNodeGroup or NodeGroupConfiguration.',
    );
  if (NumCacheClusters !== undefined && (NumCacheClusters < 1 || NumCacheClusters > 6))
    throw refusal('InvalidParameterValue', `NumCacheClusters must be from 1 to 6, not ${NumCacheClusters}.`);
  const shards = NumNodeGroups ?? NodeGroupConfiguration?.length ?? 1;
  if (NodeGroupConfiguration && NodeGroupConfiguration.length !== shards)
    throw refusal('InvalidParameterCombination', 'NodeGroupConfiguration must have one entry for each node group.');
  if (shards < 1 || shards > 500)
    throw refusal('InvalidParameterValue', `NumNodeGroups must be from 1 to 500, not ${shards}.`);
  const byDefault = ReplicasPerNodeGroup ?? (NumCacheClusters ?? PreferredCacheClusterAZs?.length ?? 1) - 1;
  const replicas = Array.from(
    { length: shards },
    (_, index) => NodeGroupConfiguration?.[index]?.ReplicaCount ?? byDefault,
  );
  if (replicas.some((count) => count < 0 || count > 5))
    throw refusal('InvalidParameterValue', 'A node group can have from 0 to 5 replicas.');
  return { shards, replicas };
}

function checkFailover(
  { AutomaticFailoverEnabled, MultiAZEnabled }: CreateReplicationGroupCommandInput,
  clusterEnabled: boolean,
  replicas: number[],
) {
  if (clusterEnabled && AutomaticFailoverEnabled === false)
    throw refusal('InvalidParameterCombination', 'Automatic failover can not be turned off with cluster mode enabled.');
  if (AutomaticFailoverEnabled && !clusterEnabled && replicas[0] === 0)
    throw refusal(
      'InvalidParameterCombination',
      'When using automatic failover, there must be at least 2 cache clusters in the replication group.',
    );
  if (MultiAZEnabled && !(AutomaticFailoverEnabled ?? clusterEnabled))
    throw refusal('InvalidParameterCombination', 'Multi-AZ needs automatic failover to be enabled.');
  if (MultiAZEnabled && replicas.some((count) => count === 0))
    throw refusal('InvalidParameterCombination', 'Multi-AZ needs at least one replica in each node group.');
}

function shardsOf(name: string, clusterEnabled: boolean, replicas: number[]): ReplicationGroupRow['shards'] {
  return replicas.map((count, index) => {
    const id = String(index + 1).padStart(4, '0');
    const prefix = clusterEnabled ? `${name}-${id}` : name;
    const members = Array.from({ length: count + 1 }, (_, node) => `${prefix}-${String(node + 1).padStart(3, '0')}`);
    const first = Math.floor((slots * index) / replicas.length);
    const last = Math.floor((slots * (index + 1)) / replicas.length) - 1;
    return { id, primary: members[0]!, members, ...(clusterEnabled ? { slots: `${first}-${last}` } : {}) };
  });
}

/** Puts members of the replication group, one in each of `zones`, into the account. */
export function addMembers(scope: Scope, row: ReplicationGroupRow, names: string[], zones: string[]) {
  const place = cachePlace(scope, row.subnetGroupName);
  for (const [index, name] of names.entries()) {
    addCacheCluster(scope, place, [zones[index]!], {
      ...settingsOf(row),
      name,
      dnsLabel: row.dnsLabel,
      replicationGroupId: row.name,
      tags: { ...row.tags },
    });
  }
}

function forget(scope: Scope, row: ReplicationGroupRow, keep?: string) {
  for (const member of row.shards.flatMap(({ members }) => members))
    if (member !== keep) removeCacheCluster(scope, member);
  const kept = cacheClusterTable(scope).peek(keep);
  if (kept) {
    delete kept.replicationGroupId;
    Object.assign(kept, settingsOf(row), { status: 'available' });
  }
  replicationGroupTable(scope).delete(row.name);
}

export const replicationGroups: Noun = {
  service: 'elasticache',
  operations: {
    CreateReplicationGroup: operation<CreateReplicationGroupCommandInput, CreateReplicationGroupCommandOutput>(
      [
        'ReplicationGroupId',
        'ReplicationGroupDescription',
        'AutomaticFailoverEnabled',
        'MultiAZEnabled',
        'NumCacheClusters',
        'PreferredCacheClusterAZs',
        'NumNodeGroups',
        'ReplicasPerNodeGroup',
        'NodeGroupConfiguration',
        'CacheNodeType',
        'Engine',
        'EngineVersion',
        'CacheParameterGroupName',
        'CacheSubnetGroupName',
        'SecurityGroupIds',
        'Tags',
        'SnapshotName',
        'PreferredMaintenanceWindow',
        'Port',
        'NotificationTopicArn',
        'AutoMinorVersionUpgrade',
        'SnapshotRetentionLimit',
        'SnapshotWindow',
        'AuthToken',
        'TransitEncryptionEnabled',
        'AtRestEncryptionEnabled',
        'KmsKeyId',
        'UserGroupIds',
        'DataTieringEnabled',
        'NetworkType',
        'IpDiscovery',
        'TransitEncryptionMode',
        'ClusterMode',
      ],
      (scope, input) => {
        const name = identifier('ReplicationGroupId', input.ReplicationGroupId, 40);
        if (!input.ReplicationGroupDescription)
          throw refusal('InvalidParameterValue', 'The parameter ReplicationGroupDescription must not be blank.');
        const snapshot = input.SnapshotName === undefined ? undefined : requireCacheSnapshot(scope, input.SnapshotName);
        const source = snapshot?.group ?? snapshot?.cluster;
        const engine = (input.Engine ?? source?.engine ?? 'redis').toLowerCase();
        if (engine !== 'redis' && engine !== 'valkey')
          throw refusal('InvalidParameterValue', `Invalid Engine for a replication group: ${input.Engine}`);
        const version = requireCacheVersion(
          engine,
          input.EngineVersion ?? (source?.engine === engine ? source.engineVersion : undefined),
        );
        const nodeType = input.CacheNodeType ?? source?.nodeType;
        checkNodeType(nodeType);
        const { shards, replicas } = layout(input);
        const mode = input.ClusterMode === undefined ? undefined : input.ClusterMode !== 'disabled';
        const parameters = chosenParameterGroup(
          scope,
          input.CacheParameterGroupName,
          version,
          mode ?? (shards > 1 ? true : undefined),
        );
        const { clusterEnabled } = parameters;
        checkFailover(input, clusterEnabled, replicas);
        const dataTiering = nodeType?.includes('.r6gd.') ?? false;
        if (dataTiering !== (input.DataTieringEnabled ?? false))
          throw refusal(
            'InvalidParameterCombination',
            'DataTieringEnabled goes with the node types of r6gd, and only with them.',
          );
        const tags = tagsFrom(input.Tags, {}, 'TagQuotaPerResourceExceeded');
        const table = replicationGroupTable(scope);
        if (table.peek(name))
          throw refusal('ReplicationGroupAlreadyExists', `Replication group ${name} already exists.`);
        const place = cachePlace(scope, input.CacheSubnetGroupName);
        const settings = cacheSettings(scope, { ...input, CacheNodeType: nodeType }, version, place, parameters.name);
        const userGroupIds = usableUserGroups(scope, input.UserGroupIds ?? [], {
          version,
          tls: settings.transitEncryption,
          authToken: input.AuthToken !== undefined,
        });
        const layouts = shardsOf(name, clusterEnabled, replicas);
        const members = layouts.flatMap((shard) => shard.members);
        const taken = members.find((member) => cacheClusterTable(scope).peek(member));
        if (taken !== undefined) throw refusal('CacheClusterAlreadyExists', `Cache cluster ${taken} already exists.`);
        checkNodeQuota(scope, members.length);
        const configured = input.NodeGroupConfiguration?.flatMap((shard) => [
          ...(shard.PrimaryAvailabilityZone === undefined ? [] : [shard.PrimaryAvailabilityZone]),
          ...(shard.ReplicaAvailabilityZones ?? []),
        ]);
        const named =
          input.PreferredCacheClusterAZs ?? (configured?.length === members.length ? configured : undefined);
        const zones = nodeZones(scope, place, members.length, named);
        touchServiceLinkedRole(scope, 'elasticache');
        const row = table.insert(name, {
          ...settings,
          name,
          arn: scope.arn('elasticache', `replicationgroup:${name}`),
          description: input.ReplicationGroupDescription,
          status: 'creating',
          createdAt: scope.now,
          dnsLabel: scope.hex(6),
          clusterEnabled,
          automaticFailover: input.AutomaticFailoverEnabled ?? clusterEnabled,
          multiAz: input.MultiAZEnabled ?? false,
          dataTiering,
          userGroupIds,
          shards: layouts,
          pending: {},
          tags,
        });
        addMembers(scope, row, members, zones);
        const { createdAt } = row;
        scope.after(scope.seconds('replicationGroup.create'), 'replicationGroupCreated', { name, createdAt });
        return { ReplicationGroup: describeReplicationGroup(scope, row) };
      },
    ),
    DescribeReplicationGroups: operation<DescribeReplicationGroupsCommandInput, DescribeReplicationGroupsCommandOutput>(
      ['ReplicationGroupId', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const rows =
          asked.ReplicationGroupId === undefined
            ? replicationGroupTable(scope).list()
            : [requireReplicationGroup(scope, asked.ReplicationGroupId)];
        const { page, Marker } = records(rows, asked);
        return { Marker, ReplicationGroups: page.map((row) => describeReplicationGroup(scope, row)) };
      },
    ),
    DeleteReplicationGroup: operation<DeleteReplicationGroupCommandInput, DeleteReplicationGroupCommandOutput>(
      ['ReplicationGroupId', 'RetainPrimaryCluster', 'FinalSnapshotIdentifier'],
      (scope, { ReplicationGroupId, RetainPrimaryCluster = false, FinalSnapshotIdentifier }) => {
        const row = requireReplicationGroup(scope, ReplicationGroupId);
        requireGroupState(row, 'available', 'create-failed');
        if (RetainPrimaryCluster && (row.clusterEnabled || FinalSnapshotIdentifier !== undefined))
          throw refusal(
            'InvalidParameterCombination',
            'RetainPrimaryCluster can not be given with cluster mode enabled or with FinalSnapshotIdentifier.',
          );
        let seconds = scope.seconds('replicationGroup.delete');
        if (FinalSnapshotIdentifier !== undefined) {
          const snapshot = newCacheSnapshotName(scope, 'FinalSnapshotIdentifier', FinalSnapshotIdentifier);
          seconds += snapshotCache(scope, snapshot, { group: row }).seconds;
        }
        row.status = 'deleting';
        const keep = RetainPrimaryCluster ? row.shards[0]?.primary : undefined;
        for (const member of row.shards.flatMap(({ members }) => members)) {
          const cluster = cacheClusterTable(scope).peek(member);
          if (cluster && member !== keep) cluster.status = 'deleting';
        }
        const { name, createdAt } = row;
        scope.after(seconds, 'replicationGroupDeleted', { name, createdAt, keep });
        return { ReplicationGroup: describeReplicationGroup(scope, row) };
      },
    ),
  },
  events: {
    replicationGroupCreated(scope, { name, createdAt }: { name: string; createdAt: number }) {
      const row = replicationGroupTable(scope).peek(name);
      if (row?.createdAt !== createdAt || row.status !== 'creating') return;
      const broken = scope.breaksLater('replicationGroup');
      row.status = broken === undefined ? 'available' : 'create-failed';
      for (const member of row.shards.flatMap(({ members }) => members))
        cacheClusterTable(scope).peek(member)!.status = broken === undefined ? 'available' : 'create-failed';
      const message =
        broken === undefined
          ? `Replication group ${name} created`
          : `Replication group ${name} could not be created: ${broken}`;
      noteCache(scope, 'replication-group', name, message);
    },
    replicationGroupDeleted(scope, details: { name: string; createdAt: number; keep?: string }) {
      const row = replicationGroupTable(scope).peek(details.name);
      if (row?.createdAt !== details.createdAt) return;
      forget(scope, row, details.keep);
      noteCache(scope, 'replication-group', details.name, `Replication group ${details.name} deleted`);
    },
  },
};
