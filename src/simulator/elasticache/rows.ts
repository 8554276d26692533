import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { zonesOf } from '../ec2/zones.ts';
import { nameOf } from '../rds/identifiers.ts';
import { refusal } from '../refusal.ts';

/** What replication groups and their clusters have in common. */
export interface CacheSettings {
  engine: string;
  engineVersion: string;
  nodeType: string;
  parameterGroupName: string;
  subnetGroupName: string;
  groupIds: string[];
  port: number;
  transitEncryption: boolean;
  atRestEncryption: boolean;
  kmsKeyId?: string;
  transitEncryptionMode?: 'preferred' | 'required';
  authTokenSince?: number;
  maintenanceWindow: string;
  snapshotRetentionLimit: number;
  snapshotWindow: string;
  autoMinorVersionUpgrade: boolean;
  networkType: 'ipv4' | 'ipv6' | 'dual_stack';
  ipDiscovery: 'ipv4' | 'ipv6';
  topicArn?: string;
}

const settingNames = [
  'engine',
  'engineVersion',
  'nodeType',
  'parameterGroupName',
  'subnetGroupName',
  'groupIds',
  'port',
  'transitEncryption',
  'atRestEncryption',
  'kmsKeyId',
  'transitEncryptionMode',
  'authTokenSince',
  'maintenanceWindow',
  'snapshotRetentionLimit',
  'snapshotWindow',
  'autoMinorVersionUpgrade',
  'networkType',
  'ipDiscovery',
  'topicArn',
] as const satisfies readonly (keyof CacheSettings)[];

/** The settings alone of a replication group or a cluster. */
export function settingsOf(row: CacheSettings): CacheSettings {
  const entries = settingNames.map((name) => [name, row[name]]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as CacheSettings;
}

export interface ReplicationGroupRow extends CacheSettings {
  name: string;
  arn: string;
  description: string;
  status: string;
  createdAt: number;
  /** Endpoints carry it, so that a name used again gives other endpoints. */
  dnsLabel: string;
  clusterEnabled: boolean;
  automaticFailover: boolean;
  multiAz: boolean;
  dataTiering: boolean;
  userGroupIds: string[];
  /** User groups that will be attached or detached when the modification ends. */
  pendingUserGroups?: { add: string[]; remove: string[] };
  shards: { id: string; slots?: string; primary: string; members: string[] }[];
  /** Changes that wait for the maintenance window. */
  pending: { nodeType?: string; engineVersion?: string };
  tags: Tags;
}

export interface CacheClusterRow extends CacheSettings {
  name: string;
  arn: string;
  status: string;
  createdAt: number;
  dnsLabel: string;
  replicationGroupId?: string;
  nodeCount: number;
  availabilityZones: string[];
  networkInterfaceIds: string[];
  tags: Tags;
}

export function replicationGroupTable(scope: Scope) {
  return scope.table<ReplicationGroupRow>('elasticache.replicationGroups');
}

export function cacheClusterTable(scope: Scope) {
  return scope.table<CacheClusterRow>('elasticache.clusters');
}

export function requireReplicationGroup(scope: Scope, name: string | undefined) {
  const row = replicationGroupTable(scope).get(nameOf(name ?? ''));
  if (!row) throw refusal('ReplicationGroupNotFoundFault', `ReplicationGroup ${name} not found.`, 404);
  return row;
}

export function requireCacheCluster(scope: Scope, name: string | undefined) {
  const row = cacheClusterTable(scope).get(nameOf(name ?? ''));
  if (!row) throw refusal('CacheClusterNotFound', `CacheCluster not found: ${name}`, 404);
  return row;
}

/** Refuses a replication group that is in none of `states`. */
export function requireGroupState(row: ReplicationGroupRow, ...states: string[]) {
  if (!states.includes(row.status))
    throw refusal(
      'InvalidReplicationGroupState',
      `Replication group ${row.name} has status ${row.status}, which is not valid for this action; it must be ${states.join(' or ')}.`,
    );
}

/** Refuses a cache cluster that is in none of `states`. */
export function requireCacheClusterState(row: CacheClusterRow, ...states: string[]) {
  if (!states.includes(row.status))
    throw refusal(
      'InvalidCacheClusterState',
      `Cache cluster ${row.name} is in ${row.status} state; it must be in ${states.join(' or ')} state.`,
    );
}

/** ElastiCache's endpoints end in the short name of the region, as `usw2.cache.amazonaws.com`. */
export function cacheDomain(scope: Scope): string {
  const short = zonesOf(scope.region)[0]?.id.replace(/-az\d+$/, '') ?? scope.region;
  return `${short}.cache.amazonaws.com${scope.partition === 'aws-cn' ? '.cn' : ''}`;
}
