import type {
  ModifyDBInstanceCommandInput,
  ModifyDBInstanceCommandOutput,
  RebootDBInstanceCommandInput,
  RebootDBInstanceCommandOutput,
  StartDBInstanceCommandInput,
  StartDBInstanceCommandOutput,
  StopDBInstanceCommandInput,
  StopDBInstanceCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { stoppedDays } from './clusters.ts';
import { requireVersion } from './engines.ts';
import { note } from './events.ts';
import { identifier } from './identifiers.ts';
import { checkClass } from './instance-classes.ts';
import { checkInstanceSettings, checkMember, checkStorage } from './instance-creation.ts';
import { newSnapshotName, snapshotInstance } from './instance-snapshots.ts';
import { describeInstance } from './instances.ts';
import { checkPassword, managedSecret } from './master-user.ts';
import { putIntoGroups, securityGroups } from './network.ts';
import { instanceParameterGroup } from './parameter-groups.ts';
import { clusterTable, type DbInstanceRow, dbInstanceTable, requireDbInstance, requireInstanceState } from './rows.ts';

const rebootSeconds = 40;

/** Take effect at once, whatever the call says, and the instance stays available. */
const instant = [
  'BackupRetentionPeriod',
  'PreferredBackupWindow',
  'PreferredMaintenanceWindow',
  'AutoMinorVersionUpgrade',
  'CopyTagsToSnapshot',
  'DeletionProtection',
  'MaxAllocatedStorage',
  'EngineLifecycleSupport',
] as const;
/** Take effect at once, with a moment of `modifying`. */
const prompt = [
  'PubliclyAccessible',
  'MonitoringInterval',
  'MonitoringRoleArn',
  'DatabaseInsightsMode',
  'CACertificateIdentifier',
  'NetworkType',
] as const;
/** Wait for the maintenance window unless the call says ApplyImmediately. */
const deferrable = ['AllocatedStorage', 'StorageType', 'Iops', 'StorageThroughput', 'MultiAZ'] as const;

function pass(scope: Scope, row: DbInstanceRow, status: string, then: string, seconds: number) {
  row.status = status;
  scope.after(seconds, 'dbInstancePassed', { name: row.name, from: status, to: then });
}

/** Waiting changes become real. */
function apply(scope: Scope, row: DbInstanceRow, changes: DbInstanceRow['pending']) {
  const {
    DBInstanceClass,
    EngineVersion,
    Port,
    DBInstanceIdentifier: _name,
    MasterUserPassword: _password,
    ...rest
  } = changes;
  row.instanceClass = DBInstanceClass ?? row.instanceClass;
  row.engineVersion = EngineVersion ?? row.engineVersion;
  row.port = Port ?? row.port;
  for (const name of deferrable) if (rest[name] !== undefined) Object.assign(row.shown, { [name]: rest[name] });
  row.pending = {};
  note(scope, 'db-instance', row, 'configuration change', 'Finished applying modification');
}

function checkModification(row: DbInstanceRow, input: ModifyDBInstanceCommandInput) {
  const member = row.clusterName !== undefined;
  if (member) checkMember({ ...input, Port: input.DBPortNumber });
  checkPassword(row.engine, input);
  const { AllocatedStorage, StorageType, Iops } = input;
  if (!member && (AllocatedStorage ?? StorageType ?? Iops) !== undefined) {
    const before = row.shown.AllocatedStorage ?? 0;
    if (AllocatedStorage !== undefined && AllocatedStorage < before)
      throw refusal(
        'InvalidParameterCombination',
        `Invalid storage size: a DB instance's storage (${before} GiB) can not shrink.`,
      );
    checkStorage(row.engine, {
      AllocatedStorage: AllocatedStorage ?? before,
      StorageType: StorageType ?? row.shown.StorageType,
      Iops: Iops ?? (StorageType === undefined || StorageType.startsWith('io') ? row.shown.Iops : undefined),
    });
  }
  const { DBInstanceClass = row.instanceClass, PromotionTier, DBPortNumber, BackupRetentionPeriod } = input;
  checkInstanceSettings(row.engine, {
    DBInstanceClass,
    PromotionTier,
    BackupRetentionPeriod,
    Port: DBPortNumber,
    PreferredBackupWindow: input.PreferredBackupWindow,
    PreferredMaintenanceWindow: input.PreferredMaintenanceWindow,
    MonitoringInterval: input.MonitoringInterval,
    MonitoringRoleArn: input.MonitoringRoleArn ?? row.shown.MonitoringRoleArn,
    CACertificateIdentifier: input.CACertificateIdentifier,
    EnablePerformanceInsights: input.EnablePerformanceInsights,
    EnableCloudwatchLogsExports: input.CloudwatchLogsExportConfiguration?.EnableLogTypes,
  });
}

export const instanceChanges: Noun = {
  service: 'rds',
  operations: {
    ModifyDBInstance: operation<ModifyDBInstanceCommandInput, ModifyDBInstanceCommandOutput>(
      [
        ...instant,
        ...prompt,
        ...deferrable,
        'DBInstanceIdentifier',
        'NewDBInstanceIdentifier',
        'DBInstanceClass',
        'VpcSecurityGroupIds',
        'ApplyImmediately',
        'MasterUserPassword',
        'DBParameterGroupName',
        'EngineVersion',
        'AllowMajorVersionUpgrade',
        'DBPortNumber',
        'PromotionTier',
        'EnableIAMDatabaseAuthentication',
        'EnablePerformanceInsights',
        'PerformanceInsightsKMSKeyId',
        'PerformanceInsightsRetentionPeriod',
        'CloudwatchLogsExportConfiguration',
        'CertificateRotationRestart',
        'ManageMasterUserPassword',
        'MasterUserSecretKmsKeyId',
      ],
      (scope, input) => {
        let row = requireDbInstance(scope, input.DBInstanceIdentifier);
        requireInstanceState(row, 'available', 'stopped');
        checkModification(row, input);
        if (row.clusterName !== undefined && input.EngineVersion !== undefined)
          throw refusal('InvalidParameterCombination', 'Set the engine version for the DB Cluster.');
        const version = requireVersion(row.engine, input.EngineVersion ?? row.engineVersion);
        const { major } = requireVersion(row.engine, row.engineVersion);
        if (version.major !== major && !input.AllowMajorVersionUpgrade)
          throw refusal(
            'InvalidParameterCombination',
            'The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.',
          );
        if (input.DBInstanceClass !== undefined) checkClass(input.DBInstanceClass, version);
        const groups = input.VpcSecurityGroupIds;
        const groupIds = groups === undefined ? row.groupIds : securityGroups(scope, groups, row.vpcId);
        const parameterGroupName =
          input.DBParameterGroupName === undefined
            ? row.parameterGroupName
            : instanceParameterGroup(scope, input.DBParameterGroupName, version.family);
        const { NewDBInstanceIdentifier } = input;
        const newName =
          NewDBInstanceIdentifier === undefined
            ? undefined
            : identifier('NewDBInstanceIdentifier', NewDBInstanceIdentifier);
        if (newName !== undefined && newName !== row.name && dbInstanceTable(scope).peek(newName))
          throw refusal('DBInstanceAlreadyExists', `DB instance ${newName} already exists`);

        let status: string | undefined;
        const { shown } = row;
        for (const name of instant) if (input[name] !== undefined) Object.assign(shown, { [name]: input[name] });
        for (const name of prompt) {
          if (input[name] === undefined) continue;
          Object.assign(shown, { [name]: input[name] });
          status = 'modifying';
        }
        if (groupIds !== row.groupIds || parameterGroupName !== row.parameterGroupName) status = 'modifying';
        row.parameterGroupName = parameterGroupName;
        putIntoGroups(scope, row, groupIds);
        row.promotionTier = input.PromotionTier ?? row.promotionTier;
        shown.PerformanceInsightsEnabled = input.EnablePerformanceInsights ?? shown.PerformanceInsightsEnabled ?? false;
        shown.IAMDatabaseAuthenticationEnabled =
          input.EnableIAMDatabaseAuthentication ?? shown.IAMDatabaseAuthenticationEnabled ?? false;
        const { EnableLogTypes = [], DisableLogTypes = [] } = input.CloudwatchLogsExportConfiguration ?? {};
        shown.EnabledCloudwatchLogsExports = [
          ...new Set([...(shown.EnabledCloudwatchLogsExports ?? []), ...EnableLogTypes]),
        ].filter((type) => !DisableLogTypes.includes(type));
        if (input.ManageMasterUserPassword === true && !shown.MasterUserSecret)
          shown.MasterUserSecret = managedSecret(scope, row.resourceId, input.MasterUserSecretKmsKeyId);
        if (input.ManageMasterUserPassword === false) delete shown.MasterUserSecret;
        if (input.MasterUserPassword !== undefined) status = 'resetting-master-credentials';

        for (const name of deferrable)
          if (input[name] !== undefined && input[name] !== shown[name])
            Object.assign(row.pending, { [name]: input[name] });
        if (input.DBInstanceClass !== undefined && input.DBInstanceClass !== row.instanceClass)
          row.pending.DBInstanceClass = input.DBInstanceClass;
        if (version.version !== row.engineVersion) row.pending.EngineVersion = version.version;
        if (input.DBPortNumber !== undefined && input.DBPortNumber !== row.port) row.pending.Port = input.DBPortNumber;
        if (newName !== undefined && newName !== row.name) row.pending.DBInstanceIdentifier = newName;
        if (input.ApplyImmediately && Object.keys(row.pending).length > 0) {
          status = row.pending.EngineVersion === undefined ? 'modifying' : 'upgrading';
          if (row.pending.DBInstanceIdentifier !== undefined) {
            status = 'renaming';
            row = renamed(scope, row, row.pending.DBInstanceIdentifier);
          }
        }
        if (status !== undefined) {
          const changes = input.ApplyImmediately ? row.pending : undefined;
          const before = row.status;
          row.status = status;
          const details = { name: row.name, from: status, to: before, changes };
          scope.after(scope.seconds('dbInstance.modify'), 'dbInstancePassed', details);
        }
        return { DBInstance: describeInstance(scope, row) };
      },
    ),
    RebootDBInstance: operation<RebootDBInstanceCommandInput, RebootDBInstanceCommandOutput>(
      ['DBInstanceIdentifier', 'ForceFailover'],
      (scope, { DBInstanceIdentifier, ForceFailover }) => {
        const row = requireDbInstance(scope, DBInstanceIdentifier);
        requireInstanceState(row, 'available');
        if (ForceFailover && !row.shown.MultiAZ)
          throw refusal(
            'InvalidParameterCombination',
            'ForceFailover can not be given for an instance that is not Multi-AZ.',
          );
        pass(scope, row, 'rebooting', 'available', rebootSeconds);
        note(scope, 'db-instance', row, 'availability', 'DB instance restarted');
        return { DBInstance: describeInstance(scope, row) };
      },
    ),
    StopDBInstance: operation<StopDBInstanceCommandInput, StopDBInstanceCommandOutput>(
      ['DBInstanceIdentifier', 'DBSnapshotIdentifier'],
      (scope, { DBInstanceIdentifier, DBSnapshotIdentifier }) => {
        const row = requireDbInstance(scope, DBInstanceIdentifier);
        refuseMember(row);
        requireInstanceState(row, 'available');
        if (DBSnapshotIdentifier !== undefined) {
          const name = newSnapshotName(scope, 'DBSnapshotIdentifier', DBSnapshotIdentifier);
          snapshotInstance(scope, row, { name, type: 'manual', tags: {} });
        }
        pass(scope, row, 'stopping', 'stopped', scope.seconds('dbInstance.modify'));
        row.restartsAt = scope.now + stoppedDays * 24 * 3600 * 1000;
        scope.after(stoppedDays * 24 * 3600, 'dbInstanceRestarts', { name: row.name, restartsAt: row.restartsAt });
        return { DBInstance: describeInstance(scope, row) };
      },
    ),
    StartDBInstance: operation<StartDBInstanceCommandInput, StartDBInstanceCommandOutput>(
      ['DBInstanceIdentifier'],
      (scope, { DBInstanceIdentifier }) => {
        const row = requireDbInstance(scope, DBInstanceIdentifier);
        refuseMember(row);
        requireInstanceState(row, 'stopped');
        delete row.restartsAt;
        pass(scope, row, 'starting', 'available', scope.seconds('dbInstance.modify'));
        return { DBInstance: describeInstance(scope, row) };
      },
    ),
  },
  events: {
    dbInstancePassed(scope, details: { name: string; from: string; to: string; changes?: DbInstanceRow['pending'] }) {
      const row = dbInstanceTable(scope).peek(details.name);
      if (row?.status !== details.from) return;
      row.status = details.to;
      if (row.shown.MasterUserSecret) row.shown.MasterUserSecret.SecretStatus = 'active';
      if (details.changes) apply(scope, row, details.changes);
    },
    dbInstanceRestarts(scope, { name, restartsAt }: { name: string; restartsAt: number }) {
      const row = dbInstanceTable(scope).peek(name);
      if (row?.status !== 'stopped' || row.restartsAt !== restartsAt) return;
      delete row.restartsAt;
      pass(scope, row, 'starting', 'available', scope.seconds('dbInstance.modify'));
    },
  },
};

function refuseMember(row: DbInstanceRow) {
  if (row.clusterName !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      `${row.engine} DB instances are not eligible for stopping and starting; stop or start the DB cluster.`,
    );
}

function renamed(scope: Scope, row: DbInstanceRow, newName: string): DbInstanceRow {
  const table = dbInstanceTable(scope);
  const cluster = clusterTable(scope).peek(row.clusterName);
  if (cluster?.writer === row.name) cluster.writer = newName;
  table.delete(row.name);
  return table.insert(newName, { ...row, name: newName, arn: scope.arn('rds', `db:${newName}`) });
}
