import type {
  DBCluster,
  FailoverDBClusterCommandInput,
  FailoverDBClusterCommandOutput,
  ModifyDBClusterCommandInput,
  ModifyDBClusterCommandOutput,
  StartDBClusterCommandInput,
  StartDBClusterCommandOutput,
  StopDBClusterCommandInput,
  StopDBClusterCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { checkClusterSettings } from './cluster-creation.ts';
import { moveEndpoints } from './cluster-endpoints.ts';
import { describeCluster, stoppedDays } from './clusters.ts';
import { requireVersion } from './engines.ts';
import { note } from './events.ts';
import { identifier, nameOf } from './identifiers.ts';
import { checkPassword, managedSecret } from './master-user.ts';
import { putIntoGroups, securityGroups } from './network.ts';
import { clusterParameterGroup } from './parameter-groups.ts';
import {
  type ClusterRow,
  clusterTable,
  dbInstanceTable,
  membersOf,
  requireCluster,
  requireClusterState,
} from './rows.ts';

/** Seconds that a failover takes; Aurora promises less than a minute. */
const failoverSeconds = 35;

/** Members that are the same in describe and modification. */
const sameName = [
  'BackupRetentionPeriod',
  'PreferredBackupWindow',
  'PreferredMaintenanceWindow',
  'BacktrackWindow',
  'DeletionProtection',
  'CopyTagsToSnapshot',
  'AutoMinorVersionUpgrade',
  'NetworkType',
  'ServerlessV2ScalingConfiguration',
  'MonitoringInterval',
  'MonitoringRoleArn',
  'DatabaseInsightsMode',
  'StorageType',
  'EngineLifecycleSupport',
] as const satisfies readonly (keyof ModifyDBClusterCommandInput & keyof DBCluster)[];

/** What takes effect at once and leaves the cluster available all the while. */
const instant = new Set<string>([
  'BackupRetentionPeriod',
  'PreferredBackupWindow',
  'PreferredMaintenanceWindow',
  'DeletionProtection',
  'CopyTagsToSnapshot',
  'AutoMinorVersionUpgrade',
  'EngineLifecycleSupport',
]);

/** Puts the cluster, and those of its instances that are in the same state, into `status`, and into `then` after so many seconds. */
function pass(scope: Scope, row: ClusterRow, status: string, then: string, seconds: number) {
  for (const member of membersOf(scope, row)) if (member.status === row.status) member.status = status;
  row.status = status;
  scope.after(seconds, 'dbClusterPassed', { name: row.name, from: status, to: then });
}

function change(scope: Scope, row: ClusterRow, input: ModifyDBClusterCommandInput): string | undefined {
  const { shown } = row;
  let status: string | undefined;
  for (const name of sameName) {
    if (input[name] === undefined) continue;
    if (!instant.has(name)) status = 'modifying';
    Object.assign(shown, { [name]: input[name] });
  }
  if (input.Port !== undefined) {
    status = 'modifying';
    shown.Port = input.Port;
    for (const member of membersOf(scope, row)) member.port = input.Port;
  }
  if (input.EnableIAMDatabaseAuthentication !== undefined) {
    status = 'modifying';
    shown.IAMDatabaseAuthenticationEnabled = input.EnableIAMDatabaseAuthentication;
  }
  if (input.EnableHttpEndpoint !== undefined) shown.HttpEndpointEnabled = input.EnableHttpEndpoint;
  if (input.CloudwatchLogsExportConfiguration) {
    const { EnableLogTypes = [], DisableLogTypes = [] } = input.CloudwatchLogsExportConfiguration;
    const types = new Set([...(shown.EnabledCloudwatchLogsExports ?? []), ...EnableLogTypes]);
    for (const type of DisableLogTypes) types.delete(type);
    shown.EnabledCloudwatchLogsExports = [...types];
  }
  if (input.ManageMasterUserPassword === true && !shown.MasterUserSecret) {
    shown.MasterUserSecret = managedSecret(scope, row.resourceId, input.MasterUserSecretKmsKeyId);
    status = 'modifying';
  }
  if (input.ManageMasterUserPassword === false) delete shown.MasterUserSecret;
  return status;
}

function renamed(scope: Scope, row: ClusterRow, newName: string): ClusterRow {
  const table = clusterTable(scope);
  for (const member of membersOf(scope, row)) member.clusterName = newName;
  moveEndpoints(scope, row.name, newName);
  table.delete(row.name);
  return table.insert(newName, { ...row, name: newName, arn: scope.arn('rds', `cluster:${newName}`) });
}

export const clusterChanges: Noun = {
  service: 'rds',
  operations: {
    ModifyDBCluster: operation<ModifyDBClusterCommandInput, ModifyDBClusterCommandOutput>(
      [
        ...sameName,
        'DBClusterIdentifier',
        'NewDBClusterIdentifier',
        'ApplyImmediately',
        'DBClusterParameterGroupName',
        'VpcSecurityGroupIds',
        'Port',
        'MasterUserPassword',
        'EnableIAMDatabaseAuthentication',
        'EnableHttpEndpoint',
        'CloudwatchLogsExportConfiguration',
        'EngineVersion',
        'AllowMajorVersionUpgrade',
        'DBClusterInstanceClass',
        'AllocatedStorage',
        'Iops',
        'ManageMasterUserPassword',
        'RotateMasterUserPassword',
        'MasterUserSecretKmsKeyId',
      ],
      (scope, input) => {
        let row = requireCluster(scope, input.DBClusterIdentifier);
        requireClusterState(row, 'available');
        const { NewDBClusterIdentifier, MasterUserPassword, EngineVersion, ApplyImmediately = false } = input;
        const { CloudwatchLogsExportConfiguration, DBClusterParameterGroupName, VpcSecurityGroupIds } = input;
        const EnableCloudwatchLogsExports = CloudwatchLogsExportConfiguration?.EnableLogTypes;
        checkClusterSettings(row.engine, { ...input, EnableCloudwatchLogsExports } as Parameters<
          typeof checkClusterSettings
        >[1]);
        checkPassword(row.engine, input);
        if (MasterUserPassword !== undefined && row.shown.MasterUserSecret && input.ManageMasterUserPassword !== false)
          throw refusal(
            'InvalidParameterCombination',
            'The master user password of this cluster is managed by RDS in Secrets Manager.',
          );
        if (input.RotateMasterUserPassword && (!row.shown.MasterUserSecret || !ApplyImmediately))
          throw refusal(
            'InvalidParameterCombination',
            'RotateMasterUserPassword needs a password that RDS manages, and ApplyImmediately.',
          );
        const version = requireVersion(row.engine, EngineVersion ?? row.engineVersion);
        const { major } = requireVersion(row.engine, row.engineVersion);
        if (version.major !== major && !input.AllowMajorVersionUpgrade)
          throw refusal(
            'InvalidParameterCombination',
            'The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.',
          );
        const parameterGroupName =
          DBClusterParameterGroupName === undefined && version.major === major
            ? row.parameterGroupName
            : clusterParameterGroup(scope, DBClusterParameterGroupName, version.family);
        const groupIds =
          VpcSecurityGroupIds === undefined ? row.groupIds : securityGroups(scope, VpcSecurityGroupIds, row.vpcId);
        const newName =
          NewDBClusterIdentifier === undefined
            ? undefined
            : identifier('NewDBClusterIdentifier', NewDBClusterIdentifier);
        if (newName !== undefined && newName !== row.name && clusterTable(scope).peek(newName))
          throw refusal('DBClusterAlreadyExistsFault', `DB Cluster ${newName} already exists`);

        let status = change(scope, row, input);
        if (groupIds !== row.groupIds || parameterGroupName !== row.parameterGroupName) status = 'modifying';
        row.groupIds = groupIds;
        for (const member of membersOf(scope, row)) putIntoGroups(scope, member, groupIds);
        row.parameterGroupName = parameterGroupName;
        const upgrades = version.version !== row.engineVersion;
        if (!ApplyImmediately) {
          // These three wait for the maintenance window; everything else is done at once whatever the call says.
          if (upgrades) row.pending.EngineVersion = version.version;
          if (newName !== undefined) row.pending.DBClusterIdentifier = newName;
          if (MasterUserPassword !== undefined) Object.assign(row.pending, { MasterUserPassword: '****' });
        } else {
          if (MasterUserPassword !== undefined) status = 'resetting-master-credentials';
          if (upgrades) {
            status = 'upgrading';
            row.engineVersion = version.version;
            for (const member of membersOf(scope, row)) member.engineVersion = version.version;
          }
          if (newName !== undefined && newName !== row.name) {
            status = 'renaming';
            row = renamed(scope, row, newName);
          }
        }
        if (status !== undefined) pass(scope, row, status, 'available', scope.seconds('dbCluster.modify'));
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
    StopDBCluster: operation<StopDBClusterCommandInput, StopDBClusterCommandOutput>(
      ['DBClusterIdentifier'],
      (scope, { DBClusterIdentifier }) => {
        const row = requireCluster(scope, DBClusterIdentifier);
        requireClusterState(row, 'available');
        const busy = membersOf(scope, row).find(({ status }) => status !== 'available');
        if (busy)
          throw refusal(
            'InvalidDBClusterStateFault',
            `DB cluster ${row.name} has the instance ${busy.name} in ${busy.status} state; all must be available to stop it.`,
          );
        pass(scope, row, 'stopping', 'stopped', scope.seconds('dbInstance.modify'));
        row.restartsAt = scope.now + stoppedDays * 24 * 3600 * 1000;
        scope.after(stoppedDays * 24 * 3600, 'dbClusterRestarts', { name: row.name, restartsAt: row.restartsAt });
        note(scope, 'db-cluster', row, 'notification', 'DB cluster is being stopped.');
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
    StartDBCluster: operation<StartDBClusterCommandInput, StartDBClusterCommandOutput>(
      ['DBClusterIdentifier'],
      (scope, { DBClusterIdentifier }) => {
        const row = requireCluster(scope, DBClusterIdentifier);
        requireClusterState(row, 'stopped');
        delete row.restartsAt;
        pass(scope, row, 'starting', 'available', scope.seconds('dbInstance.modify'));
        note(scope, 'db-cluster', row, 'notification', 'DB cluster is being started.');
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
    FailoverDBCluster: operation<FailoverDBClusterCommandInput, FailoverDBClusterCommandOutput>(
      ['DBClusterIdentifier', 'TargetDBInstanceIdentifier'],
      (scope, { DBClusterIdentifier, TargetDBInstanceIdentifier }) => {
        const row = requireCluster(scope, DBClusterIdentifier);
        requireClusterState(row, 'available');
        const readers = membersOf(scope, row)
          .filter(({ name, status }) => name !== row.writer && status === 'available')
          .sort((one, other) => one.promotionTier - other.promotionTier);
        const wanted = TargetDBInstanceIdentifier === undefined ? undefined : nameOf(TargetDBInstanceIdentifier);
        const target = wanted === undefined ? readers[0] : readers.find(({ name }) => name === wanted);
        if (wanted !== undefined && !dbInstanceTable(scope).get(wanted))
          throw refusal('DBInstanceNotFound', `DBInstance ${wanted} not found.`, 404);
        if (!target)
          throw refusal(
            'InvalidDBClusterStateFault',
            `DB cluster ${row.name} has no available reader to fail over to.`,
          );
        row.status = 'failing-over';
        scope.after(failoverSeconds, 'dbClusterFailedOver', { name: row.name, writer: target.name });
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
  },
  events: {
    dbClusterPassed(scope, { name, from, to }: { name: string; from: string; to: string }) {
      const row = clusterTable(scope).peek(name);
      if (row?.status !== from) return;
      row.status = to;
      for (const member of membersOf(scope, row)) if (member.status === from) member.status = to;
      if (row.shown.MasterUserSecret) row.shown.MasterUserSecret.SecretStatus = 'active';
    },
    dbClusterFailedOver(scope, { name, writer }: { name: string; writer: string }) {
      const row = clusterTable(scope).peek(name);
      if (row?.status !== 'failing-over') return;
      row.status = 'available';
      row.writer = writer;
      note(scope, 'db-cluster', row, 'failover', `Completed failover to DB instance: ${writer}`);
    },
    dbClusterRestarts(scope, { name, restartsAt }: { name: string; restartsAt: number }) {
      const row = clusterTable(scope).peek(name);
      if (row?.status !== 'stopped' || row.restartsAt !== restartsAt) return;
      delete row.restartsAt;
      pass(scope, row, 'starting', 'available', scope.seconds('dbInstance.modify'));
    },
  },
};
