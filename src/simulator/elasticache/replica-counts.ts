import type {
  ConfigureShard,
  CreateCacheClusterCommandInput,
  DecreaseReplicaCountCommandInput,
  DecreaseReplicaCountCommandOutput,
  IncreaseReplicaCountCommandInput,
  IncreaseReplicaCountCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { nameOf } from '../rds/identifiers.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import { addCacheCluster, cachePlace, checkNodeQuota, nodeZones } from './cache-creation.ts';
import { describeReplicationGroup } from './replication-group-view.ts';
import { addMembers } from './replication-groups.ts';
import {
  type CacheClusterRow,
  cacheClusterTable,
  type ReplicationGroupRow,
  requireGroupState,
  requireReplicationGroup,
  settingsOf,
} from './rows.ts';

export function members(row: ReplicationGroupRow): string[] {
  return row.shards.flatMap((shard) => shard.members);
}

/** `modifying` for a while; `details` say what is different when it ends. */
export function modify(scope: Scope, row: ReplicationGroupRow, details: { remove?: string[] } = {}) {
  row.status = 'modifying';
  scope.after(scope.seconds('replicationGroup.modify'), 'replicationGroupModified', { name: row.name, ...details });
}

/** For each shard, how many replicas it is to have. */
function counts(
  row: ReplicationGroupRow,
  newCount: number | undefined,
  configuration: ConfigureShard[] | undefined,
): Map<string, ConfigureShard> {
  if ((newCount === undefined) === (configuration === undefined))
    throw refusal(
      'InvalidParameterCombination',
      'Exactly one of NewReplicaCount and ReplicaConfiguration must be given.',
    );
  const wanted =
    configuration ?? row.shards.map(({ id }) => ({ NodeGroupId: id, NewReplicaCount: newCount }) as ConfigureShard);
  for (const { NodeGroupId, NewReplicaCount } of wanted) {
    if (!row.shards.some(({ id }) => id === NodeGroupId))
      throw refusal('NodeGroupNotFoundFault', `Node group ${NodeGroupId} not found.`, 404);
    const least = row.automaticFailover && (row.multiAz || !row.clusterEnabled) ? 1 : 0;
    if (NewReplicaCount === undefined || NewReplicaCount < least || NewReplicaCount > 5)
      throw refusal('InvalidParameterValue', `The number of replicas must be from ${least} to 5.`);
  }
  return new Map(wanted.map((one) => [one.NodeGroupId!, one]));
}

/** A replica of a replication group with cluster mode disabled; everything else about it is the group's. */
export function addReplica(scope: Scope, name: string, input: CreateCacheClusterCommandInput): CacheClusterRow {
  const group = requireReplicationGroup(scope, input.ReplicationGroupId);
  const own = Object.keys(input).find(
    (key) => !['CacheClusterId', 'ReplicationGroupId', 'PreferredAvailabilityZone', 'Tags'].includes(key),
  );
  if (own !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      `${own} of a replica is that of its replication group and can not be given.`,
    );
  if (group.clusterEnabled)
    throw refusal(
      'InvalidParameterCombination',
      'With cluster mode enabled replicas are added by IncreaseReplicaCount.',
    );
  requireGroupState(group, 'available');
  if (cacheClusterTable(scope).peek(name))
    throw refusal('CacheClusterAlreadyExists', `Cache cluster ${name} already exists.`);
  const [shard] = group.shards;
  if (shard!.members.length > 5)
    throw refusal('NodeQuotaForClusterExceeded', `Replication group ${group.name} has five replicas already.`);
  checkNodeQuota(scope, 1);
  const tags = tagsFrom(input.Tags, group.tags, 'TagQuotaPerResourceExceeded');
  const place = cachePlace(scope, group.subnetGroupName);
  const zone = input.PreferredAvailabilityZone;
  const zones = nodeZones(scope, place, 1, zone === undefined ? undefined : [zone]);
  const { name: replicationGroupId, dnsLabel } = group;
  const row = addCacheCluster(scope, place, zones, { ...settingsOf(group), name, dnsLabel, replicationGroupId, tags });
  shard!.members.push(name);
  group.status = 'modifying';
  const seconds = scope.seconds('replicationGroup.modify');
  scope.after(seconds, 'replicationGroupModified', { name: replicationGroupId });
  return row;
}

export const replicaCounts: Noun = {
  service: 'elasticache',
  operations: {
    IncreaseReplicaCount: operation<IncreaseReplicaCountCommandInput, IncreaseReplicaCountCommandOutput>(
      ['ReplicationGroupId', 'NewReplicaCount', 'ReplicaConfiguration', 'ApplyImmediately'],
      (scope, { ReplicationGroupId, NewReplicaCount, ReplicaConfiguration, ApplyImmediately }) => {
        const row = requireReplicationGroup(scope, ReplicationGroupId);
        requireImmediate(ApplyImmediately);
        requireGroupState(row, 'available');
        const wanted = counts(row, NewReplicaCount, ReplicaConfiguration);
        const place = cachePlace(scope, row.subnetGroupName);
        const plans = row.shards.map((shard) => {
          const asked = wanted.get(shard.id);
          const more = (asked?.NewReplicaCount ?? shard.members.length - 1) - (shard.members.length - 1);
          if (more < 0)
            throw refusal(
              'InvalidParameterValue',
              `Node group ${shard.id} has more replicas than that; use DecreaseReplicaCount.`,
            );
          const prefix = shard.members[0]!.replace(/-\d{3}$/, '');
          const last = Math.max(...shard.members.map((member) => Number(member.slice(-3))));
          const names = Array.from(
            { length: more },
            (_, index) => `${prefix}-${String(last + index + 1).padStart(3, '0')}`,
          );
          const zones = nodeZones(scope, place, shard.members.length + more, asked?.PreferredAvailabilityZones);
          return { shard, names, zones: zones.slice(shard.members.length) };
        });
        const added = plans.reduce((sum, { names }) => sum + names.length, 0);
        if (added === 0) throw refusal('NoOperationFault', 'The replication group has that many replicas already.');
        checkNodeQuota(scope, added);
        for (const { shard, names, zones } of plans) {
          addMembers(scope, row, names, zones);
          shard.members.push(...names);
        }
        modify(scope, row);
        return { ReplicationGroup: describeReplicationGroup(scope, row) };
      },
    ),
    DecreaseReplicaCount: operation<DecreaseReplicaCountCommandInput, DecreaseReplicaCountCommandOutput>(
      ['ReplicationGroupId', 'NewReplicaCount', 'ReplicaConfiguration', 'ReplicasToRemove', 'ApplyImmediately'],
      (scope, { ReplicationGroupId, NewReplicaCount, ReplicaConfiguration, ReplicasToRemove, ApplyImmediately }) => {
        const row = requireReplicationGroup(scope, ReplicationGroupId);
        requireImmediate(ApplyImmediately);
        requireGroupState(row, 'available');
        const named = ReplicasToRemove?.map(nameOf);
        const unfit = named?.find(
          (name) => !members(row).includes(name) || row.shards.some(({ primary }) => primary === name),
        );
        if (unfit !== undefined)
          throw refusal('InvalidParameterValue', `${unfit} is not a replica of the replication group ${row.name}.`);
        const wanted = named
          ? counts(
              row,
              undefined,
              row.shards.map(({ id, members: all }) => ({
                NodeGroupId: id,
                NewReplicaCount: all.filter((name) => !named.includes(name)).length - 1,
              })),
            )
          : counts(row, NewReplicaCount, ReplicaConfiguration);
        const removed = row.shards.flatMap((shard) => {
          const replicas = shard.members.filter((name) => name !== shard.primary);
          const count = wanted.get(shard.id)?.NewReplicaCount ?? replicas.length;
          if (count > replicas.length)
            throw refusal(
              'InvalidParameterValue',
              `Node group ${shard.id} has fewer replicas than that; use IncreaseReplicaCount.`,
            );
          return named ? replicas.filter((name) => named.includes(name)) : replicas.slice(count);
        });
        if (removed.length === 0)
          throw refusal('NoOperationFault', 'The replication group has that many replicas already.');
        for (const name of removed) cacheClusterTable(scope).peek(name)!.status = 'deleting';
        modify(scope, row, { remove: removed });
        return { ReplicationGroup: describeReplicationGroup(scope, row) };
      },
    ),
  },
};

function requireImmediate(applyImmediately: boolean | undefined) {
  if (!applyImmediately)
    throw refusal('InvalidParameterValue', 'ApplyImmediately must be true; the number of replicas changes at once.');
}
