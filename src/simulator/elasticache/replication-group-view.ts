import type { NodeGroup, ReplicationGroup } from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { cacheClusterTable, cacheDomain, type ReplicationGroupRow } from './rows.ts';

/** Names of the endpoints: with TLS they begin with what they are, without it they end in `ng.0001` and the like. */
function endpoints(scope: Scope, row: ReplicationGroupRow) {
  const { name, dnsLabel, port, transitEncryption } = row;
  const domain = cacheDomain(scope);
  const at = (Address: string) => ({ Address, Port: port });
  return transitEncryption
    ? {
        primary: at(`master.${name}.${dnsLabel}.${domain}`),
        reader: at(`replica.${name}.${dnsLabel}.${domain}`),
        configuration: at(`clustercfg.${name}.${dnsLabel}.${domain}`),
      }
    : {
        primary: at(`${name}.${dnsLabel}.ng.0001.${domain}`),
        reader: at(`${name}-ro.${dnsLabel}.ng.0001.${domain}`),
        configuration: at(`${name}.${dnsLabel}.clustercfg.${domain}`),
      };
}

function nodeGroups(scope: Scope, row: ReplicationGroupRow): NodeGroup[] {
  const { primary, reader } = endpoints(scope, row);
  return row.shards.map((shard) => ({
    NodeGroupId: shard.id,
    Status: row.status,
    ...(shard.slots === undefined ? { PrimaryEndpoint: primary, ReaderEndpoint: reader } : { Slots: shard.slots }),
    NodeGroupMembers: shard.members.map((member) => {
      const cluster = cacheClusterTable(scope).peek(member);
      return {
        CacheClusterId: member,
        CacheNodeId: '0001',
        PreferredAvailabilityZone: cluster?.availabilityZones[0],
        ...(row.clusterEnabled
          ? {}
          : {
              CurrentRole: member === shard.primary ? 'primary' : 'replica',
              ReadEndpoint: { Address: nodeAddress(scope, row, member), Port: row.port },
            }),
      };
    }),
  }));
}

/** The address of one node of a cluster. */
export function nodeAddress(
  scope: Scope,
  owner: { name: string; dnsLabel: string; transitEncryption: boolean },
  member: string,
  node = '0001',
): string {
  const { name, dnsLabel, transitEncryption } = owner;
  return transitEncryption
    ? `${member}.${name}.${dnsLabel}.${cacheDomain(scope)}`
    : `${member}.${dnsLabel}.${node}.${cacheDomain(scope)}`;
}

/** As ElastiCache describes it. Nobody learns an endpoint before the group was available for the first time. */
export function describeReplicationGroup(scope: Scope, row: ReplicationGroupRow): ReplicationGroup {
  const born = !['creating', 'create-failed'].includes(row.status);
  const { add = [], remove = [] } = row.pendingUserGroups ?? {};
  return {
    ReplicationGroupId: row.name,
    ARN: row.arn,
    Description: row.description,
    Status: row.status,
    Engine: row.engine,
    CacheNodeType: row.nodeType,
    ReplicationGroupCreateTime: new Date(row.createdAt),
    MemberClusters: row.shards.flatMap(({ members }) => members),
    ...(born ? { NodeGroups: nodeGroups(scope, row) } : {}),
    ...(born && row.clusterEnabled ? { ConfigurationEndpoint: endpoints(scope, row).configuration } : {}),
    ClusterEnabled: row.clusterEnabled,
    ClusterMode: row.clusterEnabled ? 'enabled' : 'disabled',
    AutomaticFailover: row.automaticFailover ? 'enabled' : 'disabled',
    MultiAZ: row.multiAz ? 'enabled' : 'disabled',
    SnapshotRetentionLimit: row.snapshotRetentionLimit,
    SnapshotWindow: row.snapshotWindow,
    AuthTokenEnabled: row.authTokenSince !== undefined,
    ...(row.authTokenSince === undefined ? {} : { AuthTokenLastModifiedDate: new Date(row.authTokenSince) }),
    TransitEncryptionEnabled: row.transitEncryption,
    ...(row.transitEncryptionMode === undefined ? {} : { TransitEncryptionMode: row.transitEncryptionMode }),
    AtRestEncryptionEnabled: row.atRestEncryption,
    ...(row.kmsKeyId === undefined ? {} : { KmsKeyId: row.kmsKeyId }),
    UserGroupIds: row.userGroupIds,
    LogDeliveryConfigurations: [],
    DataTiering: row.dataTiering ? 'enabled' : 'disabled',
    AutoMinorVersionUpgrade: row.autoMinorVersionUpgrade,
    NetworkType: row.networkType,
    IpDiscovery: row.ipDiscovery,
    PendingModifiedValues:
      add.length + remove.length > 0 ? { UserGroups: { UserGroupIdsToAdd: add, UserGroupIdsToRemove: remove } } : {},
  };
}
