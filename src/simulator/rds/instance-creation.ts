import type { CreateDBInstanceCommandInput, DBInstance } from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { addNetworkInterface } from '../ec2/network-interfaces.ts';
import type { SubnetRow } from '../ec2/subnets.ts';
import { zonesOf } from '../ec2/zones.ts';
import { touchServiceLinkedRole } from '../iam/service-linked-roles.ts';
import { refusal } from '../refusal.ts';
import { checkMonitoring } from './cluster-creation.ts';
import { checkCertificate, defaultCertificate } from './engine-versions.ts';
import { type EngineVersion, isAurora, isEngine, licenseOf, logTypes, portOf, requireVersion } from './engines.ts';
import { note } from './events.ts';
import { checkDailyWindow, checkRange, checkWeeklyWindow } from './identifiers.ts';
import { checkClass, hasPerformanceInsights } from './instance-classes.ts';
import { checkMasterUser, kmsKey, managedSecret } from './master-user.ts';
import { checkPublic, type Placement, placement, securityGroups } from './network.ts';
import { instanceParameterGroup } from './parameter-groups.ts';
import { type ClusterRow, type DbInstanceRow, dbInstanceTable, membersOf, requireCluster } from './rows.ts';
import { tagsFrom } from './tag-list.ts';

/** Quota L-7B6409FD. */
const instancesPerRegion = 40;
/** A writer and fifteen readers. */
const instancesPerCluster = 16;

export type InstanceSettings = Omit<CreateDBInstanceCommandInput, 'DBInstanceIdentifier'>;

/** Settings of a member that belong to its cluster, with the words in which RDS says so. */
const clusterOwns = {
  MasterUserPassword: 'master user password',
  MasterUsername: 'master user name',
  ManageMasterUserPassword: 'master user password',
  AllocatedStorage: 'allocated storage',
  DBName: 'database name',
  BackupRetentionPeriod: 'backup retention period',
  StorageEncrypted: 'storage encryption',
  KmsKeyId: 'storage encryption',
  Port: 'database endpoint port number',
  VpcSecurityGroupIds: 'vpc security group',
  DeletionProtection: 'deletion protection',
  EnableIAMDatabaseAuthentication: 'IAM database authentication',
  Iops: 'provisioned IOPS',
  MultiAZ: 'Availability Zones by readers, not by MultiAZ,',
} as const satisfies Partial<Record<keyof InstanceSettings, string>>;

/** Refuses for a member of a cluster what only its cluster can be told. */
export function checkMember(wanted: Partial<Record<keyof typeof clusterOwns, unknown>>) {
  for (const [name, words] of Object.entries(clusterOwns)) {
    const value = wanted[name as keyof typeof clusterOwns];
    if (value !== undefined && value !== false)
      throw refusal(
        'InvalidParameterCombination',
        `The requested DB Instance will be a member of a DB Cluster. Set ${words} for the DB Cluster.`,
      );
  }
}

/** What holds for every instance, created or restored. */
export function checkInstanceSettings(engine: string, wanted: Partial<InstanceSettings>) {
  checkRange('promotion tier', wanted.PromotionTier, 0, 15);
  checkRange('database endpoint port number', wanted.Port, 1150, 65535);
  checkRange('backup retention period', wanted.BackupRetentionPeriod, 0, 35);
  checkDailyWindow('PreferredBackupWindow', wanted.PreferredBackupWindow);
  checkWeeklyWindow('PreferredMaintenanceWindow', wanted.PreferredMaintenanceWindow);
  checkMonitoring(wanted);
  checkCertificate(wanted.CACertificateIdentifier);
  if (wanted.LicenseModel !== undefined && wanted.LicenseModel !== licenseOf(engine))
    throw refusal(
      'InvalidParameterCombination',
      `Invalid license model '${wanted.LicenseModel}' for engine '${engine}'.`,
    );
  if (wanted.EnablePerformanceInsights && !hasPerformanceInsights(engine, wanted.DBInstanceClass ?? ''))
    throw refusal(
      'InvalidParameterCombination',
      'Performance Insights not supported for this configuration, please disable this option.',
    );
  const unknown = wanted.EnableCloudwatchLogsExports?.filter((type) => !logTypes(engine).includes(type)) ?? [];
  if (unknown.length > 0)
    throw refusal(
      'InvalidParameterCombination',
      `You cannot use the log types '${unknown.join(', ')}' with engine ${engine}.`,
    );
}

/** Storage of an instance that stands alone. */
export function checkStorage(
  engine: string,
  wanted: Pick<InstanceSettings, 'AllocatedStorage' | 'StorageType' | 'Iops'>,
) {
  const { AllocatedStorage, StorageType = wanted.Iops === undefined ? 'gp2' : 'io1', Iops } = wanted;
  const least = { gp2: 20, gp3: 20, io1: 100, io2: 100, standard: 5 }[StorageType];
  if (least === undefined) throw refusal('StorageTypeNotSupported', `Invalid storage type: ${StorageType}`);
  if (AllocatedStorage === undefined)
    throw refusal('InvalidParameterValue', 'The parameter AllocatedStorage must be provided and must not be blank.');
  if (!Number.isInteger(AllocatedStorage) || AllocatedStorage < least || AllocatedStorage > 65536)
    throw refusal(
      'InvalidParameterCombination',
      `Invalid storage size for engine name ${engine} and storage type ${StorageType}: ${AllocatedStorage}`,
    );
  if (StorageType.startsWith('io') && Iops === undefined)
    throw refusal('InvalidParameterCombination', `The storage type ${StorageType} needs Iops.`);
  if (['gp2', 'standard'].includes(StorageType) && Iops !== undefined)
    throw refusal('InvalidParameterCombination', `Iops can not be given with the storage type ${StorageType}.`);
}

function memberOf(scope: Scope, settings: InstanceSettings): ClusterRow {
  const cluster = requireCluster(scope, settings.DBClusterIdentifier);
  const { Engine, EngineVersion, DBSubnetGroupName, DBInstanceClass } = settings;
  if (Engine !== cluster.engine)
    throw refusal(
      'InvalidParameterCombination',
      `The engine name requested for your DB instance (${Engine}) doesn't match the engine name of your DB cluster (${cluster.engine}).`,
    );
  if (EngineVersion !== undefined && requireVersion(cluster.engine, EngineVersion).version !== cluster.engineVersion)
    throw refusal(
      'InvalidParameterCombination',
      `The engine version that you requested for your DB instance (${EngineVersion}) does not match the engine version of your DB cluster (${cluster.engineVersion}).`,
    );
  checkMember(settings);
  if (DBSubnetGroupName !== undefined && DBSubnetGroupName.toLowerCase() !== cluster.subnetGroupName)
    throw refusal(
      'InvalidParameterCombination',
      `The DB subnet group ${DBSubnetGroupName} is not that of the DB cluster (${cluster.subnetGroupName}).`,
    );
  if (DBInstanceClass === 'db.serverless' && !cluster.shown.ServerlessV2ScalingConfiguration)
    throw refusal(
      'InvalidParameterCombination',
      'Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.',
    );
  if (!['creating', 'available', 'modifying', 'failing-over'].includes(cluster.status))
    throw refusal('InvalidDBClusterStateFault', `DBCluster ${cluster.name} is in ${cluster.status} state.`);
  if (membersOf(scope, cluster).length >= instancesPerCluster)
    throw refusal('InstanceQuotaExceeded', `A DB cluster can have at most ${instancesPerCluster} instances.`);
  return cluster;
}

function standingAlone({ Engine = '', MultiAZ, AvailabilityZone }: InstanceSettings) {
  if (!isEngine(Engine)) throw refusal('InvalidParameterValue', `Invalid DB engine: ${Engine}`);
  if (isAurora(Engine))
    throw refusal('InvalidParameterCombination', `DBClusterIdentifier must be given for DB engine ${Engine}.`);
  if (MultiAZ && AvailabilityZone !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      'Requesting a specific availability zone is not valid for Multi-AZ instances.',
    );
}

/** The subnet that the instance's network interface goes to; none where the account has no network for it. */
function chosenSubnet(
  scope: Scope,
  place: Placement,
  zone: string | undefined,
  members: DbInstanceRow[],
): SubnetRow | undefined {
  if (zone !== undefined && !zonesOf(scope.region).some(({ name }) => name === zone))
    throw refusal('InvalidParameterValue', `Invalid availability zone: ${zone}`);
  const used = (subnet: SubnetRow) =>
    members.filter(({ availabilityZone }) => availabilityZone === subnet.availabilityZone).length;
  const candidates = place.subnets.filter(({ availabilityZone }) => zone === undefined || availabilityZone === zone);
  if (place.subnets.length > 0 && candidates.length === 0)
    throw refusal(
      'InvalidVPCNetworkStateFault',
      `The DB subnet group ${place.subnetGroupName} has no subnet in the Availability Zone ${zone}.`,
    );
  // Aurora spreads the instances of a cluster over the zones.
  return candidates.sort((one, other) => used(one) - used(other))[0];
}

/** Checks everything and puts the new instance, `creating`, into the account. `restored` has its master user already. */
export function addInstance(scope: Scope, name: string, settings: InstanceSettings, restored?: DBInstance) {
  const cluster = settings.DBClusterIdentifier === undefined ? undefined : memberOf(scope, settings);
  if (!cluster) standingAlone(settings);
  const { Engine = '', DBInstanceClass = '' } = settings;
  const version: EngineVersion = requireVersion(
    Engine,
    cluster?.engineVersion ?? settings.EngineVersion,
    settings.EngineLifecycleSupport,
  );
  checkClass(DBInstanceClass, version);
  checkInstanceSettings(Engine, settings);
  if (!cluster) {
    if (!restored) checkMasterUser(Engine, settings);
    checkStorage(Engine, settings);
  }
  const tags = tagsFrom(settings.Tags);
  const table = dbInstanceTable(scope);
  if (table.peek(name)) throw refusal('DBInstanceAlreadyExists', `DB instance ${name} already exists`);
  if (table.all().length >= instancesPerRegion)
    throw refusal('InstanceQuotaExceeded', 'The quota of DB instances has been reached.');
  const parameterGroupName = instanceParameterGroup(scope, settings.DBParameterGroupName, version.family);
  const place = placement(scope, cluster?.subnetGroupName ?? settings.DBSubnetGroupName);
  const groupIds = cluster?.groupIds ?? securityGroups(scope, settings.VpcSecurityGroupIds, place.vpcId);
  checkPublic(scope, settings.PubliclyAccessible, place.vpcId);
  const subnet = chosenSubnet(scope, place, settings.AvailabilityZone, cluster ? membersOf(scope, cluster) : []);

  const networkInterface =
    subnet &&
    addNetworkInterface(scope, {
      subnetId: subnet.subnetId,
      groupIds,
      description: 'RDSNetworkInterface',
      requesterManaged: true,
      requesterId: 'amazon-rds',
      instanceOwnerId: 'amazon-rds',
    });
  const availabilityZone = subnet?.availabilityZone ?? settings.AvailabilityZone ?? zonesOf(scope.region)[0]!.name;
  const resourceId = `db-${scope.hex(26).toUpperCase()}`;
  touchServiceLinkedRole(scope, 'rds');
  const row = table.insert(name, {
    name,
    arn: scope.arn('rds', `db:${name}`),
    resourceId,
    status: 'creating',
    createdAt: scope.now,
    engine: Engine,
    engineVersion: version.version,
    instanceClass: DBInstanceClass,
    availabilityZone,
    ...(cluster ? { clusterName: cluster.name } : {}),
    subnetGroupName: place.subnetGroupName,
    ...(place.vpcId === undefined ? {} : { vpcId: place.vpcId }),
    groupIds,
    parameterGroupName,
    dnsLabel: cluster?.dnsLabel ?? scope.hex(12),
    port: cluster?.shown.Port ?? settings.Port ?? portOf(Engine),
    reachable: false,
    promotionTier: settings.PromotionTier ?? 1,
    ...(networkInterface ? { networkInterfaceId: networkInterface.networkInterfaceId } : {}),
    tags,
    pending: {},
    shown: shownOf(scope, settings, cluster, availabilityZone),
  });
  if (restored?.MasterUsername !== undefined) row.shown.MasterUsername = restored.MasterUsername;
  if (!cluster && settings.ManageMasterUserPassword)
    row.shown.MasterUserSecret = managedSecret(scope, row.resourceId, settings.MasterUserSecretKmsKeyId);
  if (cluster && cluster.writer === undefined) cluster.writer = name;
  note(scope, 'db-instance', row, 'creation', 'DB instance creation started');
  const waits = Math.max(0, ((cluster?.availableAt ?? 0) - scope.now) / 1000);
  const seconds = scope.seconds('dbInstance.create');
  scope.after(waits + 0.9 * seconds, 'dbInstanceReachable', { name, resourceId });
  scope.after(waits + seconds, 'dbInstanceCreated', { name, resourceId });
  return row;
}

function shownOf(
  scope: Scope,
  settings: InstanceSettings,
  cluster: ClusterRow | undefined,
  availabilityZone: string,
): DbInstanceRow['shown'] {
  const { Engine = '' } = settings;
  const storageType = cluster ? 'aurora' : (settings.StorageType ?? (settings.Iops === undefined ? 'gp2' : 'io1'));
  const encrypted = cluster?.shown.StorageEncrypted ?? settings.StorageEncrypted ?? settings.KmsKeyId !== undefined;
  const key = cluster ? cluster.shown.KmsKeyId : encrypted ? kmsKey(scope, settings.KmsKeyId) : undefined;
  const multiAz = settings.MultiAZ ?? false;
  const second = multiAz ? zonesOf(scope.region).find(({ name }) => name !== availabilityZone)?.name : undefined;
  const username = cluster?.shown.MasterUsername ?? settings.MasterUsername;
  const databaseName = cluster?.shown.DatabaseName ?? settings.DBName;
  return {
    ...(username === undefined ? {} : { MasterUsername: username }),
    ...(databaseName === undefined ? {} : { DBName: databaseName }),
    AllocatedStorage: settings.AllocatedStorage ?? 1,
    StorageType: storageType,
    ...(settings.Iops === undefined ? {} : { Iops: settings.Iops }),
    ...(settings.StorageThroughput === undefined ? {} : { StorageThroughput: settings.StorageThroughput }),
    ...(settings.MaxAllocatedStorage === undefined ? {} : { MaxAllocatedStorage: settings.MaxAllocatedStorage }),
    StorageEncrypted: encrypted,
    ...(key === undefined ? {} : { KmsKeyId: key }),
    BackupRetentionPeriod: cluster?.shown.BackupRetentionPeriod ?? settings.BackupRetentionPeriod ?? 1,
    PreferredBackupWindow: cluster?.shown.PreferredBackupWindow ?? settings.PreferredBackupWindow ?? '09:10-09:40',
    PreferredMaintenanceWindow: settings.PreferredMaintenanceWindow?.toLowerCase() ?? 'sun:07:00-sun:07:30',
    MultiAZ: multiAz,
    ...(second === undefined ? {} : { SecondaryAvailabilityZone: second }),
    AutoMinorVersionUpgrade: settings.AutoMinorVersionUpgrade ?? true,
    PubliclyAccessible: settings.PubliclyAccessible ?? false,
    LicenseModel: licenseOf(Engine),
    CopyTagsToSnapshot: settings.CopyTagsToSnapshot ?? false,
    MonitoringInterval: settings.MonitoringInterval ?? 0,
    ...(settings.MonitoringRoleArn === undefined ? {} : { MonitoringRoleArn: settings.MonitoringRoleArn }),
    PerformanceInsightsEnabled: settings.EnablePerformanceInsights ?? false,
    DatabaseInsightsMode: settings.DatabaseInsightsMode ?? 'standard',
    IAMDatabaseAuthenticationEnabled:
      cluster?.shown.IAMDatabaseAuthenticationEnabled ?? settings.EnableIAMDatabaseAuthentication ?? false,
    EnabledCloudwatchLogsExports: settings.EnableCloudwatchLogsExports ?? [],
    DeletionProtection: settings.DeletionProtection ?? false,
    CACertificateIdentifier: settings.CACertificateIdentifier ?? defaultCertificate,
    NetworkType: settings.NetworkType ?? 'IPV4',
    BackupTarget: 'region',
    EngineLifecycleSupport:
      cluster?.shown.EngineLifecycleSupport ?? settings.EngineLifecycleSupport ?? 'open-source-rds-extended-support',
  };
}
