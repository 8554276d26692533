import type { CreateDBClusterCommandInput, DBCluster } from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { zonesOf } from '../ec2/zones.ts';
import { touchServiceLinkedRole } from '../iam/service-linked-roles.ts';
import { refusal } from '../refusal.ts';
import { type EngineVersion, isAurora, isEngine, lifecycles, logTypes, portOf } from './engines.ts';
import { note } from './events.ts';
import { checkDailyWindow, checkRange, checkWeeklyWindow } from './identifiers.ts';
import { kmsKey } from './master-user.ts';
import { checkPublic, placement, securityGroups } from './network.ts';
import { clusterParameterGroup } from './parameter-groups.ts';
import { type ClusterRow, clusterTable } from './rows.ts';
import { tagsFrom } from './tag-list.ts';

/** Quota L-952B80B8. */
const clustersPerRegion = 40;

/** Members that a creation and a restoration of a cluster share; what a creation alone has is left to it. */
export type ClusterSettings = Omit<CreateDBClusterCommandInput, 'DBClusterIdentifier' | 'Engine'>;

export const clusterSettings = [
  'AvailabilityZones',
  'BackupRetentionPeriod',
  'DatabaseName',
  'DBClusterParameterGroupName',
  'VpcSecurityGroupIds',
  'DBSubnetGroupName',
  'EngineVersion',
  'Port',
  'PreferredBackupWindow',
  'Tags',
  'KmsKeyId',
  'EnableIAMDatabaseAuthentication',
  'BacktrackWindow',
  'EnableCloudwatchLogsExports',
  'EngineMode',
  'DBClusterInstanceClass',
  'StorageType',
  'Iops',
  'PubliclyAccessible',
  'DeletionProtection',
  'CopyTagsToSnapshot',
  'NetworkType',
  'ServerlessV2ScalingConfiguration',
  'MonitoringInterval',
  'MonitoringRoleArn',
  'EnablePerformanceInsights',
  'PerformanceInsightsKMSKeyId',
  'PerformanceInsightsRetentionPeriod',
  'EngineLifecycleSupport',
] as const satisfies readonly (keyof ClusterSettings)[];

export function checkEngine(engine: string) {
  if (isAurora(engine) && isEngine(engine)) return;
  if (['mysql', 'postgres'].includes(engine))
    throw refusal(
      'InvalidParameterValue',
      `The simulated account has no Multi-AZ DB clusters of ${engine}; use Aurora`,
    );
  throw refusal('InvalidParameterValue', `Invalid DB engine: ${engine}`);
}

/** Refuses settings that Aurora does not take, whether a creation or a modification gives them. */
export function checkClusterSettings(engine: string, wanted: ClusterSettings) {
  for (const name of ['DBClusterInstanceClass', 'AllocatedStorage', 'Iops'] as const)
    if (wanted[name] !== undefined)
      throw refusal('InvalidParameterCombination', `${name} isn't supported for DB engine ${engine}.`);
  checkRange('backup retention period', wanted.BackupRetentionPeriod, 1, 35);
  checkRange('database endpoint port number', wanted.Port, 1150, 65535);
  checkDailyWindow('PreferredBackupWindow', wanted.PreferredBackupWindow);
  checkWeeklyWindow('PreferredMaintenanceWindow', wanted.PreferredMaintenanceWindow);
  if (wanted.StorageType !== undefined && !['aurora', 'aurora-iopt1'].includes(wanted.StorageType))
    throw refusal('InvalidParameterCombination', `Invalid storage type for DB engine ${engine}: ${wanted.StorageType}`);
  if (wanted.EngineMode !== undefined && wanted.EngineMode !== 'provisioned')
    throw refusal(
      'InvalidParameterValue',
      `The engine mode ${wanted.EngineMode} you requested is currently unavailable.`,
    );
  if (wanted.EngineLifecycleSupport !== undefined && !lifecycles.includes(wanted.EngineLifecycleSupport))
    throw refusal('InvalidParameterValue', `Invalid EngineLifecycleSupport: ${wanted.EngineLifecycleSupport}`);
  if (wanted.BacktrackWindow && engine !== 'aurora-mysql')
    throw refusal('InvalidParameterCombination', `Backtrack is not supported for DB engine ${engine}.`);
  const unknown = wanted.EnableCloudwatchLogsExports?.filter((type) => !logTypes(engine).includes(type)) ?? [];
  if (unknown.length > 0)
    throw refusal(
      'InvalidParameterCombination',
      `You cannot use the log types '${unknown.join(', ')}' with engine ${engine}. For supported log types, see the documentation.`,
    );
  checkMonitoring(wanted);
  checkCapacity(wanted.ServerlessV2ScalingConfiguration);
}

/** Enhanced monitoring: its intervals, and the role that it needs. */
export function checkMonitoring(wanted: {
  MonitoringInterval?: number | undefined;
  MonitoringRoleArn?: string | undefined;
}) {
  const { MonitoringInterval = 0, MonitoringRoleArn } = wanted;
  if (![0, 1, 5, 10, 15, 30, 60].includes(MonitoringInterval))
    throw refusal('InvalidParameterValue', `Invalid MonitoringInterval: ${MonitoringInterval}`);
  if (MonitoringInterval > 0 && MonitoringRoleArn === undefined)
    throw refusal(
      'InvalidParameterCombination',
      'A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.',
    );
}

function checkCapacity(wanted: ClusterSettings['ServerlessV2ScalingConfiguration']) {
  if (!wanted) return;
  const { MinCapacity = 0.5, MaxCapacity = 1 } = wanted;
  for (const [value, least] of [[MinCapacity, 0] as const, [MaxCapacity, 1] as const])
    if (value < least || value > 256 || (value * 2) % 1 !== 0)
      throw refusal('InvalidParameterValue', `Serverless v2 capacity ${value} isn't valid.`);
  if (MinCapacity > MaxCapacity)
    throw refusal('InvalidParameterCombination', 'The minimum capacity must not be above the maximum capacity.');
}

interface NewCluster {
  name: string;
  version: EngineVersion;
  settings: ClusterSettings;
  encrypted: boolean;
  /** Shown beside what the settings give: the master user's name, for one. */
  shown: DBCluster;
}

/** Checks the rest and puts the new cluster, `creating`, into the account. */
export function addCluster(scope: Scope, { name, version, settings, encrypted, shown }: NewCluster) {
  const { engine } = version;
  const table = clusterTable(scope);
  if (table.peek(name)) throw refusal('DBClusterAlreadyExistsFault', `DB Cluster ${name} already exists`);
  if (table.all().length >= clustersPerRegion)
    throw refusal('DBClusterQuotaExceededFault', 'The quota of DB clusters has been reached.', 403);
  const tags = tagsFrom(settings.Tags);
  const parameterGroupName = clusterParameterGroup(scope, settings.DBClusterParameterGroupName, version.family);
  const place = placement(scope, settings.DBSubnetGroupName);
  const groupIds = securityGroups(scope, settings.VpcSecurityGroupIds, place.vpcId);
  checkPublic(scope, settings.PubliclyAccessible, place.vpcId);
  const zones = availabilityZones(scope, settings.AvailabilityZones, place.subnets[0]?.availabilityZone);
  const resourceId = `cluster-${scope.hex(26).toUpperCase()}`;
  const seconds = scope.seconds('dbCluster.create');
  touchServiceLinkedRole(scope, 'rds');
  const row = table.insert(name, {
    name,
    arn: scope.arn('rds', `cluster:${name}`),
    resourceId,
    status: 'creating',
    createdAt: scope.now,
    availableAt: scope.now + seconds * 1000,
    engine,
    engineVersion: version.version,
    subnetGroupName: place.subnetGroupName,
    ...(place.vpcId === undefined ? {} : { vpcId: place.vpcId }),
    groupIds,
    parameterGroupName,
    dnsLabel: scope.hex(12),
    tags,
    pending: {},
    shown: {
      ...(shown as ClusterRow['shown']),
      ...(settings.DatabaseName === undefined ? {} : { DatabaseName: settings.DatabaseName }),
      AvailabilityZones: zones,
      AllocatedStorage: 1,
      BackupRetentionPeriod: settings.BackupRetentionPeriod ?? 1,
      Port: settings.Port ?? portOf(engine),
      PreferredBackupWindow: settings.PreferredBackupWindow ?? '09:10-09:40',
      PreferredMaintenanceWindow: settings.PreferredMaintenanceWindow?.toLowerCase() ?? 'sun:07:00-sun:07:30',
      StorageEncrypted: encrypted,
      ...(encrypted ? { KmsKeyId: kmsKey(scope, settings.KmsKeyId) } : {}),
      IAMDatabaseAuthenticationEnabled: settings.EnableIAMDatabaseAuthentication ?? false,
      EnabledCloudwatchLogsExports: settings.EnableCloudwatchLogsExports ?? [],
      ...(settings.BacktrackWindow === undefined ? {} : { BacktrackWindow: settings.BacktrackWindow }),
      // Aurora shows its standard storage by leaving the member out.
      ...(settings.StorageType === 'aurora-iopt1' ? { StorageType: 'aurora-iopt1' } : {}),
      EngineMode: 'provisioned',
      DeletionProtection: settings.DeletionProtection ?? false,
      CopyTagsToSnapshot: settings.CopyTagsToSnapshot ?? false,
      AutoMinorVersionUpgrade: settings.AutoMinorVersionUpgrade ?? true,
      HttpEndpointEnabled: settings.EnableHttpEndpoint ?? false,
      NetworkType: settings.NetworkType ?? 'IPV4',
      ...(settings.ServerlessV2ScalingConfiguration
        ? { ServerlessV2ScalingConfiguration: settings.ServerlessV2ScalingConfiguration }
        : {}),
      MonitoringInterval: settings.MonitoringInterval ?? 0,
      ...(settings.MonitoringRoleArn === undefined ? {} : { MonitoringRoleArn: settings.MonitoringRoleArn }),
      PerformanceInsightsEnabled: settings.EnablePerformanceInsights ?? false,
      DatabaseInsightsMode: settings.DatabaseInsightsMode ?? 'standard',
      EngineLifecycleSupport: settings.EngineLifecycleSupport ?? 'open-source-rds-extended-support',
    },
  });
  note(scope, 'db-cluster', row, 'creation', 'DB cluster creation started');
  scope.after(seconds, 'dbClusterCreated', { name, resourceId });
  return row;
}

/** Aurora keeps its data in three zones, whichever are named and wherever the instances are. */
function availabilityZones(scope: Scope, wanted: string[] | undefined, first: string | undefined): string[] {
  const all = zonesOf(scope.region).map(({ name }) => name);
  const unknown = wanted?.find((zone) => !all.includes(zone));
  if (unknown !== undefined) throw refusal('InvalidParameterValue', `Invalid availability zone: ${unknown}`);
  if (wanted && wanted.length > 3)
    throw refusal('InvalidParameterValue', 'A DB cluster can have at most 3 Availability Zones.');
  const zones = [...new Set([...(wanted ?? []), ...(first === undefined ? [] : [first]), ...all])];
  return zones.slice(0, 3).sort();
}
