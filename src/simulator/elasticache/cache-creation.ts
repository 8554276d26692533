import type { Scope } from '../account.ts';
import { addNetworkInterface, removeNetworkInterface } from '../ec2/network-interfaces.ts';
import { defaultSecurityGroup, securityGroupTable } from '../ec2/security-group-rows.ts';
import { type SubnetRow, subnetTable } from '../ec2/subnets.ts';
import { vpcTable } from '../ec2/vpcs.ts';
import { zonesOf } from '../ec2/zones.ts';
import { checkDailyWindow, checkRange, checkWeeklyWindow } from '../rds/identifiers.ts';
import { kmsKey } from '../rds/master-user.ts';
import { refusal } from '../refusal.ts';
import { type CacheVersion, compareVersions, requireCacheVersion } from './engines.ts';
import { type CacheClusterRow, type CacheSettings, cacheClusterTable } from './rows.ts';
import { requireCacheSubnetGroup } from './subnet-groups.ts';

/** Quota L-DFE45DF3. */
const nodesPerRegion = 300;

/** Members that the creations of a replication group and of a stand-alone cluster share. */
export interface Wanted {
  CacheNodeType?: string | undefined;
  CacheSubnetGroupName?: string | undefined;
  SecurityGroupIds?: string[] | undefined;
  PreferredMaintenanceWindow?: string | undefined;
  Port?: number | undefined;
  NotificationTopicArn?: string | undefined;
  AutoMinorVersionUpgrade?: boolean | undefined;
  SnapshotRetentionLimit?: number | undefined;
  SnapshotWindow?: string | undefined;
  AuthToken?: string | undefined;
  TransitEncryptionEnabled?: boolean | undefined;
  TransitEncryptionMode?: 'preferred' | 'required' | undefined;
  AtRestEncryptionEnabled?: boolean | undefined;
  KmsKeyId?: string | undefined;
  NetworkType?: 'ipv4' | 'ipv6' | 'dual_stack' | undefined;
  IpDiscovery?: 'ipv4' | 'ipv6' | undefined;
}

export interface CachePlace {
  subnetGroupName: string;
  vpcId?: string;
  subnets: SubnetRow[];
}

/** Where the nodes go; without a subnet group into the default VPC, if the account has one. */
export function cachePlace(scope: Scope, name: string | undefined): CachePlace {
  const subnets = subnetTable(scope);
  if (name === undefined || name === 'default') {
    const vpcId = vpcTable(scope)
      .list()
      .find(({ isDefault }) => isDefault)?.vpcId;
    const found = subnets.list().filter((row) => row.vpcId === vpcId);
    return { subnetGroupName: 'default', subnets: found, ...(vpcId === undefined ? {} : { vpcId }) };
  }
  const group = requireCacheSubnetGroup(scope, name);
  const found = group.subnetIds.flatMap((subnetId) => subnets.peek(subnetId) ?? []);
  if (found.length === 0)
    throw refusal('InvalidVPCNetworkStateFault', `The cache subnet group ${group.name} has no subnet any more.`);
  return { subnetGroupName: group.name, vpcId: group.vpcId, subnets: found };
}

export function cacheSecurityGroups(scope: Scope, wanted: string[] | undefined, vpcId: string | undefined): string[] {
  if (wanted === undefined || wanted.length === 0)
    return vpcId === undefined ? [] : [defaultSecurityGroup(scope, vpcId).groupId];
  for (const groupId of wanted) {
    const row = securityGroupTable(scope).get(groupId);
    if (!row) throw refusal('InvalidParameterValue', `Some security groups are invalid: [${groupId}] does not exist.`);
    if (vpcId !== undefined && row.vpcId !== vpcId)
      throw refusal(
        'InvalidParameterValue',
        `The security group ${groupId} is not in ${vpcId}, the VPC of the subnet group.`,
      );
  }
  return [...new Set(wanted)];
}

/** 16 to 128 printable characters; of the punctuation that a URL or a shell would trip over, only some. */
export function checkAuthToken(token: string | undefined) {
  if (token !== undefined && !/^[A-Za-z0-9!&#$^<>-]{16,128}$/.test(token))
    throw refusal(
      'InvalidParameterValue',
      'Invalid AuthToken provided. It must be 16 to 128 alphanumeric characters or symbols of !&#$^<>-.',
    );
}

export function checkTimes(
  wanted: Pick<Wanted, 'PreferredMaintenanceWindow' | 'SnapshotWindow' | 'SnapshotRetentionLimit'>,
) {
  checkWeeklyWindow('PreferredMaintenanceWindow', wanted.PreferredMaintenanceWindow);
  checkDailyWindow('SnapshotWindow', wanted.SnapshotWindow, 60);
  checkRange('SnapshotRetentionLimit', wanted.SnapshotRetentionLimit, 0, 35);
}

/** Checks what both kinds of cache take, and gives it as rows keep it. */
export function cacheSettings(
  scope: Scope,
  wanted: Wanted,
  version: CacheVersion,
  place: CachePlace,
  parameterGroupName: string,
): CacheSettings {
  const { engine } = version;
  const { TransitEncryptionEnabled: tls = false, TransitEncryptionMode, AuthToken, KmsKeyId } = wanted;
  const atRest = wanted.AtRestEncryptionEnabled ?? engine === 'valkey';
  checkRange('Port', wanted.Port, 1, 65535);
  checkTimes(wanted);
  checkAuthToken(AuthToken);
  if (AuthToken !== undefined && !tls)
    throw refusal('InvalidParameterCombination', 'AuthToken needs encryption in transit to be enabled.');
  if (TransitEncryptionMode !== undefined && !tls)
    throw refusal('InvalidParameterCombination', 'TransitEncryptionMode needs TransitEncryptionEnabled.');
  if (TransitEncryptionMode === 'preferred' && compareVersions(version, requireCacheVersion('redis', '7.0')) < 0)
    throw refusal(
      'InvalidParameterCombination',
      `Transit encryption mode preferred is not supported for ${engine} ${version.version}.`,
    );
  if (KmsKeyId !== undefined && !atRest)
    throw refusal('InvalidParameterCombination', 'KmsKeyId needs AtRestEncryptionEnabled.');
  const [window, snapshots] = ['sun:05:00-sun:06:00', '07:30-08:30'];
  return {
    engine,
    engineVersion: version.version,
    nodeType: wanted.CacheNodeType ?? '',
    parameterGroupName,
    subnetGroupName: place.subnetGroupName,
    groupIds: cacheSecurityGroups(scope, wanted.SecurityGroupIds, place.vpcId),
    port: wanted.Port ?? (engine === 'memcached' ? 11211 : 6379),
    transitEncryption: tls,
    atRestEncryption: atRest,
    ...(KmsKeyId === undefined ? {} : { kmsKeyId: kmsKey(scope, KmsKeyId) }),
    ...(tls ? { transitEncryptionMode: TransitEncryptionMode ?? 'required' } : {}),
    ...(AuthToken === undefined ? {} : { authTokenSince: scope.now }),
    maintenanceWindow: wanted.PreferredMaintenanceWindow?.toLowerCase() ?? window,
    snapshotRetentionLimit: wanted.SnapshotRetentionLimit ?? 0,
    snapshotWindow: wanted.SnapshotWindow ?? snapshots,
    autoMinorVersionUpgrade: wanted.AutoMinorVersionUpgrade ?? true,
    networkType: wanted.NetworkType ?? 'ipv4',
    ipDiscovery: wanted.IpDiscovery ?? 'ipv4',
    ...(wanted.NotificationTopicArn === undefined ? {} : { topicArn: wanted.NotificationTopicArn }),
  };
}

/** Zones for so many nodes: those that are named, or one after the other of the subnet group's. */
export function nodeZones(scope: Scope, place: CachePlace, count: number, named: string[] | undefined): string[] {
  const covered = new Set(place.subnets.map(({ availabilityZone }) => availabilityZone));
  const all = zonesOf(scope.region).map(({ name }) => name);
  if (named && named.length > 0) {
    if (named.length !== count)
      throw refusal('InvalidParameterCombination', `${named.length} Availability Zones are given for ${count} nodes.`);
    const wrong = named.find((zone) => (covered.size > 0 ? !covered.has(zone) : !all.includes(zone)));
    if (wrong !== undefined)
      throw refusal(
        'InvalidParameterValue',
        `The Availability Zone ${wrong} is not covered by the cache subnet group.`,
      );
    return named;
  }
  const zones = covered.size > 0 ? [...covered] : all;
  return Array.from({ length: count }, (_, index) => zones[index % zones.length]!);
}

export function checkNodeQuota(scope: Scope, more: number) {
  const nodes = cacheClusterTable(scope)
    .all()
    .reduce((sum, row) => sum + row.nodeCount, 0);
  if (nodes + more > nodesPerRegion)
    throw refusal('NodeQuotaForCustomerExceeded', `The quota of ${nodesPerRegion} nodes per region would be exceeded.`);
}

/** Puts a cluster of `zones.length` nodes into the account, with a network interface for each. */
export function addCacheCluster(
  scope: Scope,
  place: CachePlace,
  zones: string[],
  row: Omit<
    CacheClusterRow,
    'arn' | 'status' | 'createdAt' | 'nodeCount' | 'availabilityZones' | 'networkInterfaceIds'
  >,
) {
  const networkInterfaceIds = zones.flatMap((zone) => {
    const subnet = place.subnets.find(({ availabilityZone }) => availabilityZone === zone);
    if (!subnet) return [];
    const added = addNetworkInterface(scope, {
      subnetId: subnet.subnetId,
      groupIds: row.groupIds,
      description: `ElastiCache ${row.name}`,
      requesterManaged: true,
      requesterId: 'amazon-elasticache',
      instanceOwnerId: 'amazon-elasticache',
    });
    return [added.networkInterfaceId];
  });
  return cacheClusterTable(scope).insert(row.name, {
    ...row,
    arn: scope.arn('elasticache', `cluster:${row.name}`),
    status: 'creating',
    createdAt: scope.now,
    nodeCount: zones.length,
    availabilityZones: zones,
    networkInterfaceIds,
  });
}

/** Takes a cluster and its network interfaces out of the account. */
export function removeCacheCluster(scope: Scope, name: string) {
  const row = cacheClusterTable(scope).peek(name);
  for (const id of row?.networkInterfaceIds ?? []) removeNetworkInterface(scope, id);
  cacheClusterTable(scope).delete(name);
}
