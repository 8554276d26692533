import type {
  CacheCluster,
  CacheNode,
  CreateCacheClusterCommandInput,
  CreateCacheClusterCommandOutput,
  DeleteCacheClusterCommandInput,
  DeleteCacheClusterCommandOutput,
  DescribeCacheClustersCommandInput,
  DescribeCacheClustersCommandOutput,
  ModifyCacheClusterCommandInput,
  ModifyCacheClusterCommandOutput,
  RebootCacheClusterCommandInput,
  RebootCacheClusterCommandOutput,
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
  cacheSecurityGroups,
  cacheSettings,
  checkNodeQuota,
  checkTimes,
  nodeZones,
  removeCacheCluster,
} from './cache-creation.ts';
import { checkNodeType, requireCacheVersion } from './engines.ts';
import { chosenParameterGroup } from './parameter-groups.ts';
import { addReplica } from './replica-counts.ts';
import { nodeAddress } from './replication-group-view.ts';
import {
  type CacheClusterRow,
  cacheClusterTable,
  cacheDomain,
  type ReplicationGroupRow,
  replicationGroupTable,
  requireCacheCluster,
  requireCacheClusterState,
  settingsOf,
} from './rows.ts';
import { newCacheSnapshotName, requireCacheSnapshot, snapshotCache } from './snapshots.ts';

/** Nodes of one memcached cluster. */
const nodesPerCluster = 60;
const rebootSeconds = 60;

function describeNodes(scope: Scope, row: CacheClusterRow, group: ReplicationGroupRow | undefined): CacheNode[] {
  const owner = group ?? row;
  return row.availabilityZones.map((zone, index) => {
    const id = String(index + 1).padStart(4, '0');
    const Address = nodeAddress(scope, owner, row.name, id);
    return {
      CacheNodeId: id,
      CacheNodeStatus: row.status,
      CacheNodeCreateTime: new Date(row.createdAt),
      ...(row.status === 'creating' ? {} : { Endpoint: { Address, Port: owner.port } }),
      ParameterGroupStatus: 'in-sync',
      CustomerAvailabilityZone: zone,
    };
  });
}

/** A member of a replication group shows the settings of its group. */
function describe(scope: Scope, row: CacheClusterRow, showsNodes: boolean): CacheCluster {
  const group = replicationGroupTable(scope).peek(row.replicationGroupId);
  const settings = settingsOf(group ?? row);
  const { engineVersion, nodeType } = group?.pending ?? {};
  const zones = new Set(row.availabilityZones);
  const status = row.status === 'available' && group?.status === 'modifying' ? 'modifying' : row.status;
  return {
    CacheClusterId: row.name,
    ARN: row.arn,
    CacheClusterStatus: status,
    CacheNodeType: settings.nodeType,
    Engine: settings.engine,
    EngineVersion: settings.engineVersion,
    NumCacheNodes: row.nodeCount,
    PreferredAvailabilityZone: zones.size > 1 ? 'Multiple' : row.availabilityZones[0],
    CacheClusterCreateTime: new Date(row.createdAt),
    ...(settings.engine === 'memcached' && row.status !== 'creating'
      ? {
          ConfigurationEndpoint: {
            Address: `${row.name}.${row.dnsLabel}.cfg.${cacheDomain(scope)}`,
            Port: settings.port,
          },
        }
      : {}),
    PreferredMaintenanceWindow: settings.maintenanceWindow,
    PendingModifiedValues: {
      ...(engineVersion === undefined ? {} : { EngineVersion: engineVersion }),
      ...(nodeType === undefined ? {} : { CacheNodeType: nodeType }),
    },
    ...(settings.topicArn === undefined
      ? {}
      : { NotificationConfiguration: { TopicArn: settings.topicArn, TopicStatus: 'active' } }),
    CacheSecurityGroups: [],
    CacheParameterGroup: {
      CacheParameterGroupName: settings.parameterGroupName,
      ParameterApplyStatus: 'in-sync',
      CacheNodeIdsToReboot: [],
    },
    CacheSubnetGroupName: settings.subnetGroupName,
    ...(showsNodes ? { CacheNodes: describeNodes(scope, row, group) } : {}),
    AutoMinorVersionUpgrade: settings.autoMinorVersionUpgrade,
    SecurityGroups: settings.groupIds.map((groupId) => ({ SecurityGroupId: groupId, Status: 'active' })),
    ...(group ? { ReplicationGroupId: group.name } : {}),
    SnapshotRetentionLimit: settings.snapshotRetentionLimit,
    SnapshotWindow: settings.snapshotWindow,
    AuthTokenEnabled: settings.authTokenSince !== undefined,
    TransitEncryptionEnabled: settings.transitEncryption,
    ...(settings.transitEncryptionMode === undefined ? {} : { TransitEncryptionMode: settings.transitEncryptionMode }),
    AtRestEncryptionEnabled: settings.atRestEncryption,
    ReplicationGroupLogDeliveryEnabled: false,
    LogDeliveryConfigurations: [],
    NetworkType: settings.networkType,
    IpDiscovery: settings.ipDiscovery,
  };
}

function checkNodeCount(engine: string, count: number) {
  if (engine !== 'memcached' && count !== 1)
    throw refusal(
      'InvalidParameterValue',
      `Cannot create a ${engine} cluster with a NumCacheNodes parameter other than 1.`,
    );
  if (!Number.isInteger(count) || count < 1 || count > nodesPerCluster)
    throw refusal('InvalidParameterValue', `NumCacheNodes must be from 1 to ${nodesPerCluster}, not ${count}.`);
}

export const cacheClusters: Noun = {
  service: 'elasticache',
  operations: {
    CreateCacheCluster: operation<CreateCacheClusterCommandInput, CreateCacheClusterCommandOutput>(
      [
        'CacheClusterId',
        'ReplicationGroupId',
        'AZMode',
        'PreferredAvailabilityZone',
        'PreferredAvailabilityZones',
        'NumCacheNodes',
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
        'NetworkType',
        'IpDiscovery',
      ],
      (scope, input) => {
        const name = identifier('CacheClusterId', input.CacheClusterId, 50);
        if (input.ReplicationGroupId !== undefined)
          return { CacheCluster: describe(scope, addReplica(scope, name, input), false) };
        const snapshot = input.SnapshotName === undefined ? undefined : requireCacheSnapshot(scope, input.SnapshotName);
        const source = snapshot?.group ?? snapshot?.cluster;
        const engine = (input.Engine ?? source?.engine ?? 'memcached').toLowerCase();
        const version = requireCacheVersion(engine, input.EngineVersion);
        const nodeType = input.CacheNodeType ?? source?.nodeType;
        checkNodeType(nodeType);
        const count = input.NumCacheNodes ?? 1;
        checkNodeCount(engine, count);
        if (engine !== 'memcached' && input.TransitEncryptionEnabled)
          throw refusal(
            'InvalidParameterCombination',
            `Encryption in transit is not supported for a ${engine} cache cluster that stands alone; use a replication group.`,
          );
        if (input.AZMode === 'cross-az' && (engine !== 'memcached' || count === 1))
          throw refusal('InvalidParameterCombination', 'AZMode cross-az needs a memcached cluster of several nodes.');
        if (engine === 'memcached' && input.SnapshotRetentionLimit)
          throw refusal('InvalidParameterCombination', 'Snapshots are not supported for memcached.');
        const { name: parameterGroupName } = chosenParameterGroup(scope, input.CacheParameterGroupName, version, false);
        const tags = tagsFrom(input.Tags, {}, 'TagQuotaPerResourceExceeded');
        if (cacheClusterTable(scope).peek(name))
          throw refusal('CacheClusterAlreadyExists', `Cache cluster ${name} already exists.`);
        const place = cachePlace(scope, input.CacheSubnetGroupName);
        const settings = cacheSettings(
          scope,
          { ...input, CacheNodeType: nodeType },
          version,
          place,
          parameterGroupName,
        );
        const { PreferredAvailabilityZone: zone, PreferredAvailabilityZones: named } = input;
        const single = zone === undefined ? undefined : Array.from({ length: count }, () => zone);
        const zones = nodeZones(scope, place, count, named ?? single);
        checkNodeQuota(scope, count);
        const spread = input.AZMode === 'cross-az' || named !== undefined ? zones : zones.map(() => zones[0]!);
        touchServiceLinkedRole(scope, 'elasticache');
        const row = addCacheCluster(scope, place, spread, { ...settings, name, dnsLabel: scope.hex(6), tags });
        const { createdAt } = row;
        scope.after(scope.seconds('replicationGroup.create'), 'cacheClusterCreated', { name, createdAt });
        return { CacheCluster: describe(scope, row, false) };
      },
    ),
    DescribeCacheClusters: operation<DescribeCacheClustersCommandInput, DescribeCacheClustersCommandOutput>(
      ['CacheClusterId', 'MaxRecords', 'Marker', 'ShowCacheNodeInfo', 'ShowCacheClustersNotInReplicationGroups'],
      (scope, asked) => {
        const { CacheClusterId, ShowCacheNodeInfo = false, ShowCacheClustersNotInReplicationGroups = false } = asked;
        const rows =
          CacheClusterId === undefined ? cacheClusterTable(scope).list() : [requireCacheCluster(scope, CacheClusterId)];
        const found = rows.filter(
          ({ replicationGroupId }) => !ShowCacheClustersNotInReplicationGroups || replicationGroupId === undefined,
        );
        const { page, Marker } = records(found, asked);
        return { Marker, CacheClusters: page.map((row) => describe(scope, row, ShowCacheNodeInfo)) };
      },
    ),
    ModifyCacheCluster: operation<ModifyCacheClusterCommandInput, ModifyCacheClusterCommandOutput>(
      [
        'CacheClusterId',
        'NumCacheNodes',
        'CacheNodeIdsToRemove',
        'SecurityGroupIds',
        'PreferredMaintenanceWindow',
        'NotificationTopicArn',
        'CacheParameterGroupName',
        'ApplyImmediately',
        'EngineVersion',
        'AutoMinorVersionUpgrade',
        'SnapshotRetentionLimit',
        'SnapshotWindow',
        'CacheNodeType',
      ],
      (scope, input) => {
        const row = requireCacheCluster(scope, input.CacheClusterId);
        if (row.replicationGroupId !== undefined)
          throw refusal(
            'InvalidParameterCombination',
            `Cache cluster ${row.name} is part of the replication group ${row.replicationGroupId}; modify that.`,
          );
        requireCacheClusterState(row, 'available');
        checkTimes(input);
        const version = requireCacheVersion(row.engine, input.EngineVersion ?? row.engineVersion);
        if (input.CacheNodeType !== undefined) checkNodeType(input.CacheNodeType);
        const count = input.NumCacheNodes ?? row.nodeCount;
        checkNodeCount(row.engine, count);
        const leaving = input.CacheNodeIdsToRemove ?? [];
        if (leaving.length !== Math.max(0, row.nodeCount - count))
          throw refusal('InvalidParameterCombination', 'CacheNodeIdsToRemove must name as many nodes as are to go.');
        const parameterGroupName =
          input.CacheParameterGroupName === undefined
            ? row.parameterGroupName
            : chosenParameterGroup(scope, input.CacheParameterGroupName, version, false).name;
        const place = cachePlace(scope, row.subnetGroupName);
        const groupIds =
          input.SecurityGroupIds === undefined
            ? row.groupIds
            : cacheSecurityGroups(scope, input.SecurityGroupIds, place.vpcId);
        Object.assign(row, {
          groupIds,
          parameterGroupName,
          engineVersion: version.version,
          nodeType: input.CacheNodeType ?? row.nodeType,
          maintenanceWindow: input.PreferredMaintenanceWindow?.toLowerCase() ?? row.maintenanceWindow,
          autoMinorVersionUpgrade: input.AutoMinorVersionUpgrade ?? row.autoMinorVersionUpgrade,
          snapshotRetentionLimit: input.SnapshotRetentionLimit ?? row.snapshotRetentionLimit,
          snapshotWindow: input.SnapshotWindow ?? row.snapshotWindow,
          nodeCount: count,
          availabilityZones: Array.from(
            { length: count },
            (_, index) => row.availabilityZones[index] ?? row.availabilityZones[0]!,
          ),
          status: 'modifying',
        });
        const details = { name: row.name, createdAt: row.createdAt };
        scope.after(scope.seconds('replicationGroup.modify'), 'cacheClusterCreated', details);
        return { CacheCluster: describe(scope, row, false) };
      },
    ),
    RebootCacheCluster: operation<RebootCacheClusterCommandInput, RebootCacheClusterCommandOutput>(
      ['CacheClusterId', 'CacheNodeIdsToReboot'],
      (scope, { CacheClusterId, CacheNodeIdsToReboot = [] }) => {
        const row = requireCacheCluster(scope, CacheClusterId);
        requireCacheClusterState(row, 'available');
        const unknown = CacheNodeIdsToReboot.find(
          (id) => Number(id) < 1 || Number(id) > row.nodeCount || id.length !== 4,
        );
        if (unknown !== undefined || CacheNodeIdsToReboot.length === 0)
          throw refusal('InvalidParameterValue', `The cache cluster ${row.name} has no node ${unknown ?? ''}.`);
        row.status = 'rebooting cluster nodes';
        scope.after(rebootSeconds, 'cacheClusterCreated', { name: row.name, createdAt: row.createdAt });
        return { CacheCluster: describe(scope, row, false) };
      },
    ),
    DeleteCacheCluster: operation<DeleteCacheClusterCommandInput, DeleteCacheClusterCommandOutput>(
      ['CacheClusterId', 'FinalSnapshotIdentifier'],
      (scope, { CacheClusterId, FinalSnapshotIdentifier }) => {
        const row = requireCacheCluster(scope, CacheClusterId);
        const group = replicationGroupTable(scope).peek(row.replicationGroupId);
        requireCacheClusterState(row, 'available', 'create-failed');
        if (group?.shards.some(({ primary }) => primary === row.name))
          throw refusal(
            'InvalidCacheClusterState',
            `Cache cluster ${row.name} is serving as primary for replication group ${group.name} and cannot be deleted.`,
          );
        if (
          group?.automaticFailover &&
          group.shards.some((shard) => shard.members.includes(row.name) && shard.members.length === 2)
        )
          throw refusal(
            'InvalidCacheClusterState',
            `Cache cluster ${row.name} is the last replica of replication group ${group.name}, which has automatic failover.`,
          );
        let seconds = scope.seconds('replicationGroup.delete');
        if (FinalSnapshotIdentifier !== undefined) {
          if (row.engine === 'memcached')
            throw refusal('SnapshotFeatureNotSupportedFault', 'Snapshots are not supported for memcached.');
          const snapshot = newCacheSnapshotName(scope, 'FinalSnapshotIdentifier', FinalSnapshotIdentifier);
          seconds += snapshotCache(scope, snapshot, { cluster: row }).seconds;
        }
        row.status = 'deleting';
        scope.after(seconds, 'cacheClusterDeleted', { name: row.name, createdAt: row.createdAt });
        return { CacheCluster: describe(scope, row, false) };
      },
    ),
  },
  events: {
    cacheClusterCreated(scope, { name, createdAt }: { name: string; createdAt: number }) {
      const row = cacheClusterTable(scope).peek(name);
      if (row?.createdAt === createdAt && row.status !== 'deleting') row.status = 'available';
    },
    cacheClusterDeleted(scope, { name, createdAt }: { name: string; createdAt: number }) {
      const row = cacheClusterTable(scope).peek(name);
      if (row?.createdAt !== createdAt) return;
      for (const shard of replicationGroupTable(scope).peek(row.replicationGroupId)?.shards ?? [])
        shard.members = shard.members.filter((member) => member !== name);
      removeCacheCluster(scope, name);
    },
  },
};
