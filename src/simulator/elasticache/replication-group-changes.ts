import type {
  ListAllowedNodeTypeModificationsCommandInput,
  ListAllowedNodeTypeModificationsCommandOutput,
  ModifyReplicationGroupCommandInput,
  ModifyReplicationGroupCommandOutput,
  TestFailoverCommandInput,
  TestFailoverCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { type Noun, operation } from '../noun.ts';
import { nameOf } from '../rds/identifiers.ts';
import { refusal } from '../refusal.ts';
import { cachePlace, cacheSecurityGroups, checkAuthToken, checkTimes, removeCacheCluster } from './cache-creation.ts';
import { type CacheVersion, checkNodeType, compareVersions, nodeTypes, requireCacheVersion } from './engines.ts';
import { noteCache } from './events.ts';
import { chosenParameterGroup } from './parameter-groups.ts';
import { members, modify } from './replica-counts.ts';
import { describeReplicationGroup } from './replication-group-view.ts';
import {
  cacheClusterTable,
  type ReplicationGroupRow,
  replicationGroupTable,
  requireCacheCluster,
  requireGroupState,
  requireReplicationGroup,
} from './rows.ts';
import { usableUserGroups } from './user-group-access.ts';

const failoverSeconds = 60;

function versionAsked(row: ReplicationGroupRow, input: ModifyReplicationGroupCommandInput): CacheVersion {
  const before = requireCacheVersion(row.engine, row.engineVersion);
  const engine = (input.Engine ?? row.engine).toLowerCase();
  if (row.engine === 'valkey' && engine === 'redis')
    throw refusal('InvalidParameterCombination', 'A Valkey replication group can not become a Redis OSS one.');
  if (input.EngineVersion === undefined && engine === row.engine) return before;
  const version = requireCacheVersion(engine, input.EngineVersion);
  if (engine === row.engine && compareVersions(version, before) < 0)
    throw refusal(
      'InvalidParameterCombination',
      `Replication group ${row.name} can not be downgraded from ${before.version} to ${version.version}.`,
    );
  return version;
}

/** Everything that can be refused, before anything is changed. */
function check(scope: Scope, row: ReplicationGroupRow, input: ModifyReplicationGroupCommandInput) {
  requireGroupState(row, 'available');
  checkTimes(input);
  checkAuthToken(input.AuthToken);
  if (input.AuthToken !== undefined && !row.transitEncryption)
    throw refusal('InvalidParameterCombination', 'AuthToken needs encryption in transit to be enabled.');
  if (input.CacheNodeType !== undefined) checkNodeType(input.CacheNodeType);
  const automaticFailover = input.AutomaticFailoverEnabled ?? row.automaticFailover;
  const alone = row.shards.some((shard) => shard.members.length < 2);
  if (input.AutomaticFailoverEnabled && alone && !row.clusterEnabled)
    throw refusal(
      'InvalidParameterCombination',
      'When using automatic failover, there must be at least 2 cache clusters in the replication group.',
    );
  if (input.AutomaticFailoverEnabled === false && row.clusterEnabled)
    throw refusal('InvalidParameterCombination', 'Automatic failover can not be turned off with cluster mode enabled.');
  if ((input.MultiAZEnabled ?? row.multiAz) && !automaticFailover)
    throw refusal('InvalidParameterCombination', 'Multi-AZ needs automatic failover to be enabled.');
  if (input.MultiAZEnabled && alone)
    throw refusal('InvalidParameterCombination', 'Multi-AZ needs at least one replica in each node group.');
  if (input.ClusterMode !== undefined && (input.ClusterMode === 'enabled') !== row.clusterEnabled)
    throw refusal(
      'InvalidParameterCombination',
      'The simulated account can not change the cluster mode of a replication group.',
    );
  const version = versionAsked(row, input);
  const tls = input.TransitEncryptionEnabled ?? row.transitEncryption;
  if (tls !== row.transitEncryption && !input.ApplyImmediately)
    throw refusal('InvalidParameterCombination', 'A change of TransitEncryptionEnabled needs ApplyImmediately.');
  if (tls && !row.transitEncryption && input.TransitEncryptionMode !== 'preferred')
    throw refusal(
      'InvalidParameterCombination',
      'Transit encryption is turned on with TransitEncryptionMode preferred first.',
    );
  if (!tls && row.transitEncryption && row.transitEncryptionMode !== 'preferred')
    throw refusal(
      'InvalidParameterCombination',
      'Transit encryption can be turned off only from TransitEncryptionMode preferred.',
    );
  const family = requireCacheVersion(row.engine, row.engineVersion).family;
  const parameterGroupName =
    input.CacheParameterGroupName === undefined && version.family === family
      ? row.parameterGroupName
      : chosenParameterGroup(scope, input.CacheParameterGroupName, version, row.clusterEnabled).name;
  const { vpcId } = cachePlace(scope, row.subnetGroupName);
  const groupIds =
    input.SecurityGroupIds === undefined ? row.groupIds : cacheSecurityGroups(scope, input.SecurityGroupIds, vpcId);
  const primary =
    input.PrimaryClusterId === undefined ? undefined : requireCacheCluster(scope, input.PrimaryClusterId).name;
  if (primary !== undefined && !members(row).includes(primary))
    throw refusal(
      'InvalidParameterValue',
      `Cache cluster ${primary} is not part of the replication group ${row.name}.`,
    );
  return {
    version,
    parameterGroupName,
    groupIds,
    primary,
    tls,
    automaticFailover,
    userGroups: userGroups(scope, row, input, version, tls),
  };
}

function userGroups(
  scope: Scope,
  row: ReplicationGroupRow,
  input: ModifyReplicationGroupCommandInput,
  version: CacheVersion,
  tls: boolean,
) {
  const remove = input.RemoveUserGroups ? row.userGroupIds : (input.UserGroupIdsToRemove ?? []).map(nameOf);
  const foreign = remove.find((userGroupId) => !row.userGroupIds.includes(userGroupId));
  if (foreign !== undefined)
    throw refusal(
      'InvalidParameterValue',
      `User group ${foreign} is not associated with the replication group ${row.name}.`,
    );
  const wanted = (input.UserGroupIdsToAdd ?? []).map(nameOf);
  const kept = row.userGroupIds.filter((userGroupId) => !remove.includes(userGroupId));
  if (wanted.length > 0 && kept.length + wanted.length > 1)
    throw refusal('InvalidParameterValue', 'A replication group can have only one user group.');
  const add = usableUserGroups(scope, wanted, { version, tls, authToken: row.authTokenSince !== undefined });
  return add.length + remove.length > 0 ? { add, remove } : undefined;
}

export const replicationGroupChanges: Noun = {
  service: 'elasticache',
  operations: {
    ModifyReplicationGroup: operation<ModifyReplicationGroupCommandInput, ModifyReplicationGroupCommandOutput>(
      [
        'ReplicationGroupId',
        'ReplicationGroupDescription',
        'PrimaryClusterId',
        'AutomaticFailoverEnabled',
        'MultiAZEnabled',
        'SecurityGroupIds',
        'PreferredMaintenanceWindow',
        'NotificationTopicArn',
        'NotificationTopicStatus',
        'CacheParameterGroupName',
        'ApplyImmediately',
        'Engine',
        'EngineVersion',
        'AutoMinorVersionUpgrade',
        'SnapshotRetentionLimit',
        'SnapshotWindow',
        'SnapshottingClusterId',
        'CacheNodeType',
        'AuthToken',
        'AuthTokenUpdateStrategy',
        'UserGroupIdsToAdd',
        'UserGroupIdsToRemove',
        'RemoveUserGroups',
        'IpDiscovery',
        'TransitEncryptionEnabled',
        'TransitEncryptionMode',
        'ClusterMode',
      ],
      (scope, input) => {
        const row = requireReplicationGroup(scope, input.ReplicationGroupId);
        const {
          version,
          parameterGroupName,
          groupIds,
          primary,
          tls,
          automaticFailover,
          userGroups: users,
        } = check(scope, row, input);
        const before = JSON.stringify([row.groupIds, row.parameterGroupName, row.automaticFailover, row.multiAz]);

        row.description = input.ReplicationGroupDescription ?? row.description;
        row.maintenanceWindow = input.PreferredMaintenanceWindow?.toLowerCase() ?? row.maintenanceWindow;
        row.autoMinorVersionUpgrade = input.AutoMinorVersionUpgrade ?? row.autoMinorVersionUpgrade;
        row.snapshotRetentionLimit = input.SnapshotRetentionLimit ?? row.snapshotRetentionLimit;
        row.snapshotWindow = input.SnapshotWindow ?? row.snapshotWindow;
        row.ipDiscovery = input.IpDiscovery ?? row.ipDiscovery;
        if (input.NotificationTopicArn !== undefined) row.topicArn = input.NotificationTopicArn;
        row.automaticFailover = automaticFailover;
        row.multiAz = input.MultiAZEnabled ?? row.multiAz;
        row.groupIds = groupIds;
        row.parameterGroupName = parameterGroupName;
        for (const member of members(row)) putIntoGroups(scope, member, groupIds);
        let changed =
          before !== JSON.stringify([row.groupIds, row.parameterGroupName, row.automaticFailover, row.multiAz]);
        if (primary !== undefined) {
          const shard = row.shards.find((one) => one.members.includes(primary))!;
          changed ||= shard.primary !== primary;
          shard.primary = primary;
        }
        if (input.AuthToken !== undefined) row.authTokenSince = scope.now;
        const mode = tls ? (input.TransitEncryptionMode ?? row.transitEncryptionMode ?? 'required') : undefined;
        if (tls !== row.transitEncryption || mode !== row.transitEncryptionMode || input.AuthToken !== undefined)
          changed = true;
        row.transitEncryption = tls;
        if (mode === undefined) delete row.transitEncryptionMode;
        else row.transitEncryptionMode = mode;
        if (users) {
          row.pendingUserGroups = users;
          changed = true;
        }
        const upgrades = version.engine !== row.engine || version.version !== row.engineVersion;
        const resized = input.CacheNodeType !== undefined && input.CacheNodeType !== row.nodeType;
        if (input.ApplyImmediately) {
          row.engine = version.engine;
          row.engineVersion = version.version;
          row.nodeType = input.CacheNodeType ?? row.nodeType;
          row.pending = {};
          changed ||= upgrades || resized;
        } else {
          if (upgrades) row.pending.engineVersion = version.version;
          if (resized) row.pending.nodeType = input.CacheNodeType!;
        }
        if (changed) modify(scope, row);
        return { ReplicationGroup: describeReplicationGroup(scope, row) };
      },
    ),
    TestFailover: operation<TestFailoverCommandInput, TestFailoverCommandOutput>(
      ['ReplicationGroupId', 'NodeGroupId'],
      (scope, { ReplicationGroupId, NodeGroupId }) => {
        const row = requireReplicationGroup(scope, ReplicationGroupId);
        const shard = row.shards.find(({ id }) => id === NodeGroupId);
        if (!shard) throw refusal('NodeGroupNotFoundFault', `Node group ${NodeGroupId} not found.`, 404);
        requireGroupState(row, 'available');
        const replica = shard.members.find((name) => name !== shard.primary);
        if (!row.automaticFailover || replica === undefined)
          throw refusal('InvalidParameterCombination', 'Automatic failover must be enabled to test it.');
        row.status = 'modifying';
        scope.after(failoverSeconds, 'replicationGroupFailedOver', {
          name: row.name,
          shard: shard.id,
          primary: replica,
        });
        return { ReplicationGroup: describeReplicationGroup(scope, row) };
      },
    ),
    ListAllowedNodeTypeModifications: operation<
      ListAllowedNodeTypeModificationsCommandInput,
      ListAllowedNodeTypeModificationsCommandOutput
    >(['ReplicationGroupId', 'CacheClusterId'], (scope, { ReplicationGroupId, CacheClusterId }) => {
      if ((ReplicationGroupId === undefined) === (CacheClusterId === undefined))
        throw refusal(
          'InvalidParameterCombination',
          'Exactly one of ReplicationGroupId and CacheClusterId must be given.',
        );
      const { nodeType } =
        CacheClusterId === undefined
          ? requireReplicationGroup(scope, ReplicationGroupId)
          : requireCacheCluster(scope, CacheClusterId);
      const tiered = (type: string) => type.includes('.r6gd.');
      const others = nodeTypes.filter((type) => type !== nodeType && tiered(type) === tiered(nodeType));
      return { ScaleUpModifications: others, ScaleDownModifications: others };
    }),
  },
  events: {
    replicationGroupModified(scope, { name, remove = [] }: { name: string; remove?: string[] }) {
      const row = replicationGroupTable(scope).peek(name);
      if (row?.status !== 'modifying') return;
      row.status = 'available';
      for (const shard of row.shards) shard.members = shard.members.filter((member) => !remove.includes(member));
      for (const member of remove) removeCacheCluster(scope, member);
      for (const member of members(row)) {
        const cluster = cacheClusterTable(scope).peek(member);
        if (cluster && cluster.status !== 'deleting') cluster.status = 'available';
      }
      if (row.pendingUserGroups) {
        const { add, remove: gone } = row.pendingUserGroups;
        row.userGroupIds = [...row.userGroupIds.filter((id) => !gone.includes(id)), ...add];
        delete row.pendingUserGroups;
      }
    },
    replicationGroupFailedOver(scope, details: { name: string; shard: string; primary: string }) {
      const row = replicationGroupTable(scope).peek(details.name);
      const shard = row?.shards.find(({ id }) => id === details.shard);
      if (!row || !shard || row.status !== 'modifying') return;
      row.status = 'available';
      shard.primary = details.primary;
      noteCache(
        scope,
        'replication-group',
        row.name,
        `Failover from primary node to replica node ${details.primary} completed`,
      );
    },
  },
};

function putIntoGroups(scope: Scope, member: string, groupIds: string[]) {
  for (const id of cacheClusterTable(scope).peek(member)?.networkInterfaceIds ?? []) {
    const networkInterface = networkInterfaceTable(scope).peek(id);
    if (networkInterface) networkInterface.groupIds = groupIds;
  }
}
