import type {
  RestoreDBClusterFromSnapshotCommandInput,
  RestoreDBClusterFromSnapshotCommandOutput,
  RestoreDBClusterToPointInTimeCommandInput,
  RestoreDBClusterToPointInTimeCommandOutput,
  RestoreDBInstanceFromDBSnapshotCommandInput,
  RestoreDBInstanceFromDBSnapshotCommandOutput,
} from '@aws-sdk/client-rds';
import { databaseContentsTable } from '../hosts/host-row.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { addCluster, checkClusterSettings, clusterSettings } from './cluster-creation.ts';
import { requireClusterSnapshot } from './cluster-snapshots.ts';
import { describeCluster } from './clusters.ts';
import { requireVersion } from './engines.ts';
import { identifier } from './identifiers.ts';
import { addInstance } from './instance-creation.ts';
import { requireInstanceSnapshot } from './instance-snapshots.ts';
import { describeInstance } from './instances.ts';
import { endpointOf, requireCluster, requireClusterState } from './rows.ts';

/** Members of a restoration that a snapshot decides, or that only a new cluster takes. */
const pointInTimeSettings = clusterSettings.filter(
  (name) => !['AvailabilityZones', 'DatabaseName', 'EngineVersion'].includes(name),
) as Exclude<(typeof clusterSettings)[number], 'AvailabilityZones' | 'DatabaseName' | 'EngineVersion'>[];

export const restores: Noun = {
  service: 'rds',
  operations: {
    RestoreDBClusterFromSnapshot: operation<
      RestoreDBClusterFromSnapshotCommandInput,
      RestoreDBClusterFromSnapshotCommandOutput
    >([...clusterSettings, 'DBClusterIdentifier', 'SnapshotIdentifier', 'Engine'], (scope, input) => {
      const name = identifier('DBClusterIdentifier', input.DBClusterIdentifier);
      const snapshot = requireClusterSnapshot(scope, input.SnapshotIdentifier);
      if (snapshot.status !== 'available')
        throw refusal('InvalidDBClusterSnapshotStateFault', `The snapshot ${snapshot.name} is not available.`);
      const { Engine, KmsKeyId } = input;
      if (Engine !== snapshot.engine)
        throw refusal(
          'InvalidParameterCombination',
          `The engine of the snapshot is ${snapshot.engine}; it can not be restored as ${Engine}.`,
        );
      const version = requireVersion(Engine, input.EngineVersion ?? snapshot.engineVersion);
      checkClusterSettings(Engine, input);
      const encrypted = snapshot.shown.StorageEncrypted === true || KmsKeyId !== undefined;
      const settings = {
        ...input,
        Port: input.Port ?? snapshot.shown.Port,
        BackupRetentionPeriod: input.BackupRetentionPeriod ?? snapshot.shown.BackupRetentionPeriod,
        KmsKeyId: KmsKeyId ?? snapshot.shown.KmsKeyId,
        DatabaseName: input.DatabaseName ?? snapshot.shown.DatabaseName,
      };
      const shown = { MasterUsername: snapshot.shown.MasterUsername };
      const row = addCluster(scope, { name, version, settings, encrypted, shown });
      const { contentsMadeAt } = snapshot;
      if (contentsMadeAt !== undefined) {
        const address = endpointOf(scope, row);
        databaseContentsTable(scope).insert(address, { address, madeAt: contentsMadeAt });
      }
      return { DBCluster: describeCluster(scope, row) };
    }),
    RestoreDBClusterToPointInTime: operation<
      RestoreDBClusterToPointInTimeCommandInput,
      RestoreDBClusterToPointInTimeCommandOutput
    >(
      [
        ...pointInTimeSettings,
        'DBClusterIdentifier',
        'RestoreType',
        'SourceDBClusterIdentifier',
        'RestoreToTime',
        'UseLatestRestorableTime',
      ],
      (scope, input) => {
        const name = identifier('DBClusterIdentifier', input.DBClusterIdentifier);
        const source = requireCluster(scope, input.SourceDBClusterIdentifier);
        requireClusterState(source, 'available', 'stopped', 'modifying', 'stopping', 'starting');
        const { RestoreToTime, UseLatestRestorableTime = false, KmsKeyId } = input;
        if ((RestoreToTime !== undefined) === UseLatestRestorableTime)
          throw refusal(
            'InvalidParameterCombination',
            'Exactly one of RestoreToTime and UseLatestRestorableTime must be given.',
          );
        if (RestoreToTime && (RestoreToTime.getTime() < source.availableAt || RestoreToTime.getTime() > scope.now))
          throw refusal('InvalidRestoreFault', `Cannot restore ${source.name} to ${RestoreToTime.toISOString()}.`);
        checkClusterSettings(source.engine, input);
        const version = requireVersion(source.engine, source.engineVersion);
        const encrypted = source.shown.StorageEncrypted === true || KmsKeyId !== undefined;
        const settings = {
          ...input,
          Port: input.Port ?? source.shown.Port,
          KmsKeyId: KmsKeyId ?? source.shown.KmsKeyId,
        };
        const shown = { MasterUsername: source.shown.MasterUsername, DatabaseName: source.shown.DatabaseName };
        const row = addCluster(scope, { name, version, settings, encrypted, shown });
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
    RestoreDBInstanceFromDBSnapshot: operation<
      RestoreDBInstanceFromDBSnapshotCommandInput,
      RestoreDBInstanceFromDBSnapshotCommandOutput
    >(
      [
        'DBInstanceIdentifier',
        'DBSnapshotIdentifier',
        'DBInstanceClass',
        'Port',
        'AvailabilityZone',
        'DBSubnetGroupName',
        'MultiAZ',
        'PubliclyAccessible',
        'AutoMinorVersionUpgrade',
        'LicenseModel',
        'Engine',
        'Iops',
        'StorageThroughput',
        'Tags',
        'StorageType',
        'VpcSecurityGroupIds',
        'CopyTagsToSnapshot',
        'EnableIAMDatabaseAuthentication',
        'EnableCloudwatchLogsExports',
        'DBParameterGroupName',
        'DeletionProtection',
        'NetworkType',
        'AllocatedStorage',
        'BackupRetentionPeriod',
        'PreferredBackupWindow',
        'CACertificateIdentifier',
        'EngineLifecycleSupport',
      ],
      (scope, { DBInstanceIdentifier, DBSnapshotIdentifier, ...input }) => {
        const name = identifier('DBInstanceIdentifier', DBInstanceIdentifier);
        const snapshot = requireInstanceSnapshot(scope, DBSnapshotIdentifier);
        if (snapshot.status !== 'available')
          throw refusal('InvalidDBSnapshotState', `The snapshot ${snapshot.name} is not available.`);
        const { instance } = snapshot;
        const row = addInstance(
          scope,
          name,
          {
            ...input,
            Engine: input.Engine ?? instance.engine,
            EngineVersion: instance.engineVersion,
            DBInstanceClass: input.DBInstanceClass ?? instance.instanceClass,
            AllocatedStorage: input.AllocatedStorage ?? instance.shown.AllocatedStorage,
            StorageType: input.StorageType ?? instance.shown.StorageType,
            Iops: input.Iops ?? instance.shown.Iops,
            Port: input.Port ?? instance.port,
            StorageEncrypted: instance.shown.StorageEncrypted,
            BackupRetentionPeriod: input.BackupRetentionPeriod ?? instance.shown.BackupRetentionPeriod,
          },
          { MasterUsername: instance.shown.MasterUsername },
        );
        return { DBInstance: describeInstance(scope, row) };
      },
    ),
  },
};
