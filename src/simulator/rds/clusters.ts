import type {
  CreateDBClusterCommandInput,
  CreateDBClusterCommandOutput,
  DBCluster,
  DeleteDBClusterCommandInput,
  DeleteDBClusterCommandOutput,
  DescribeDBClustersCommandInput,
  DescribeDBClustersCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { toList } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { retainBackups } from './automated-backups.ts';
import { addCluster, checkClusterSettings, checkEngine, clusterSettings } from './cluster-creation.ts';
import { customEndpoints, forgetEndpoints } from './cluster-endpoints.ts';
import {
  automatedName,
  forgetAutomatedSnapshots,
  newClusterSnapshotName,
  snapshotCluster,
} from './cluster-snapshots.ts';
import { requireVersion } from './engines.ts';
import { note } from './events.ts';
import { identifier } from './identifiers.ts';
import { checkMasterUser, managedSecret } from './master-user.ts';
import { filtered, records } from './records.ts';
import {
  type ClusterRow,
  clusterTable,
  dnsSuffix,
  endpointOf,
  membersOf,
  requireCluster,
  requireClusterState,
} from './rows.ts';

/** A stopped database is started again by RDS after seven days. */
export const stoppedDays = 7;

export function describeCluster(scope: Scope, row: ClusterRow): DBCluster {
  const members = membersOf(scope, row);
  const zones = new Set(members.map(({ availabilityZone }) => availabilityZone));
  return {
    ...row.shown,
    DBClusterIdentifier: row.name,
    DBClusterArn: row.arn,
    DbClusterResourceId: row.resourceId,
    Status: row.status,
    ClusterCreateTime: new Date(row.createdAt),
    Engine: row.engine,
    EngineVersion: row.engineVersion,
    DBSubnetGroup: row.subnetGroupName,
    DBClusterParameterGroup: row.parameterGroupName,
    Endpoint: endpointOf(scope, row),
    ReaderEndpoint: `${row.name}.cluster-ro-${row.dnsLabel}.${dnsSuffix(scope)}`,
    CustomEndpoints: customEndpoints(scope, row),
    HostedZoneId: 'Z1PVIF0B656C1W',
    MultiAZ: zones.size > 1,
    DBClusterMembers: members.map((member) => ({
      DBInstanceIdentifier: member.name,
      IsClusterWriter: member.name === row.writer,
      DBClusterParameterGroupStatus: 'in-sync',
      PromotionTier: member.promotionTier,
    })),
    VpcSecurityGroups: row.groupIds.map((groupId) => ({ VpcSecurityGroupId: groupId, Status: 'active' })),
    AssociatedRoles: [],
    ReadReplicaIdentifiers: [],
    DomainMemberships: [],
    CrossAccountClone: false,
    ...(row.status === 'creating'
      ? {}
      : { EarliestRestorableTime: new Date(row.availableAt), LatestRestorableTime: new Date(scope.now) }),
    ...(row.restartsAt === undefined ? {} : { AutomaticRestartTime: new Date(row.restartsAt) }),
    ...(Object.keys(row.pending).length > 0 ? { PendingModifiedValues: row.pending } : {}),
    TagList: toList(row.tags),
  };
}

/** What must hold before a cluster may go, and the name of the last snapshot, if one is wanted. */
function checkDeletion(scope: Scope, row: ClusterRow, wanted: DeleteDBClusterCommandInput): string | undefined {
  const { SkipFinalSnapshot = false, FinalDBSnapshotIdentifier } = wanted;
  if (row.status === 'deleting')
    throw refusal('InvalidDBClusterStateFault', `Cluster ${row.name} is already being deleted.`);
  if (row.shown.DeletionProtection)
    throw refusal(
      'InvalidParameterCombination',
      'Cannot delete protected Cluster, please disable deletion protection and try again.',
    );
  if (SkipFinalSnapshot && FinalDBSnapshotIdentifier !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot.',
    );
  if (!SkipFinalSnapshot && FinalDBSnapshotIdentifier === undefined)
    throw refusal(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    );
  const snapshot = SkipFinalSnapshot
    ? undefined
    : newClusterSnapshotName(scope, 'FinalDBSnapshotIdentifier', FinalDBSnapshotIdentifier);
  if (membersOf(scope, row).some(({ status }) => status !== 'deleting'))
    throw refusal(
      'InvalidDBClusterStateFault',
      'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
    );
  requireClusterState(row, 'available', 'stopped', 'failed');
  return snapshot;
}

export const clusters: Noun = {
  service: 'rds',
  operations: {
    CreateDBCluster: operation<CreateDBClusterCommandInput, CreateDBClusterCommandOutput>(
      [
        ...clusterSettings,
        'DBClusterIdentifier',
        'Engine',
        'MasterUsername',
        'MasterUserPassword',
        'ManageMasterUserPassword',
        'MasterUserSecretKmsKeyId',
        'StorageEncrypted',
        'AllocatedStorage',
        'AutoMinorVersionUpgrade',
        'DatabaseInsightsMode',
        'EnableHttpEndpoint',
        'PreferredMaintenanceWindow',
      ],
      (scope, input) => {
        const { DBClusterIdentifier, Engine = '', StorageEncrypted, KmsKeyId, ManageMasterUserPassword } = input;
        const name = identifier('DBClusterIdentifier', DBClusterIdentifier);
        checkEngine(Engine);
        const version = requireVersion(Engine, input.EngineVersion, input.EngineLifecycleSupport);
        checkMasterUser(Engine, input);
        checkClusterSettings(Engine, input);
        if (input.DatabaseName !== undefined && !/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/.test(input.DatabaseName))
          throw refusal(
            'InvalidParameterValue',
            'DatabaseName must begin with a letter and contain only alphanumeric characters.',
          );
        if (KmsKeyId !== undefined && StorageEncrypted === false)
          throw refusal('InvalidParameterCombination', 'A KMS key needs StorageEncrypted.');
        const shown: DBCluster = { MasterUsername: input.MasterUsername };
        const encrypted = StorageEncrypted ?? KmsKeyId !== undefined;
        const row = addCluster(scope, { name, version, settings: input, encrypted, shown });
        if (ManageMasterUserPassword)
          row.shown.MasterUserSecret = managedSecret(scope, row.resourceId, input.MasterUserSecretKmsKeyId);
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
    DescribeDBClusters: operation<DescribeDBClustersCommandInput, DescribeDBClustersCommandOutput>(
      ['DBClusterIdentifier', 'Filters', 'MaxRecords', 'Marker', 'IncludeShared'],
      (scope, asked) => {
        const { DBClusterIdentifier } = asked;
        const rows =
          DBClusterIdentifier === undefined ? clusterTable(scope).list() : [requireCluster(scope, DBClusterIdentifier)];
        const found = filtered(rows, asked.Filters, {
          'db-cluster-id': (row) => [row.name, row.arn],
          'db-cluster-resource-id': (row) => row.resourceId,
          engine: (row) => row.engine,
          'clone-group-id': () => undefined,
          domain: () => undefined,
        });
        const { page, Marker } = records(found, asked);
        return { Marker, DBClusters: page.map((row) => describeCluster(scope, row)) };
      },
    ),
    DeleteDBCluster: operation<DeleteDBClusterCommandInput, DeleteDBClusterCommandOutput>(
      ['DBClusterIdentifier', 'SkipFinalSnapshot', 'FinalDBSnapshotIdentifier', 'DeleteAutomatedBackups'],
      (scope, input) => {
        const row = requireCluster(scope, input.DBClusterIdentifier);
        const snapshot = checkDeletion(scope, row, input);
        let seconds = scope.seconds('dbCluster.delete');
        if (snapshot !== undefined)
          seconds += snapshotCluster(scope, row, { name: snapshot, type: 'manual', tags: {} }).seconds;
        row.status = 'deleting';
        const { name, resourceId } = row;
        const keepsBackups = input.DeleteAutomatedBackups === false;
        scope.after(seconds, 'dbClusterDeleted', { name, resourceId, keepsBackups });
        return { DBCluster: describeCluster(scope, row) };
      },
    ),
  },
  events: {
    dbClusterCreated(scope, { name, resourceId }: { name: string; resourceId: string }) {
      const row = clusterTable(scope).peek(name);
      if (row?.resourceId !== resourceId || row.status !== 'creating') return;
      const broken = scope.breaksLater('dbCluster');
      row.status = broken === undefined ? 'available' : 'failed';
      if (row.shown.MasterUserSecret) row.shown.MasterUserSecret.SecretStatus = 'active';
      if (broken !== undefined) {
        note(scope, 'db-cluster', row, 'failure', `DB cluster creation failed: ${broken}`);
        return;
      }
      note(scope, 'db-cluster', row, 'creation', 'DB cluster created');
      snapshotCluster(scope, row, { name: automatedName(name, scope.now), type: 'automated', tags: {} });
    },
    dbClusterDeleted(scope, details: { name: string; resourceId: string; keepsBackups: boolean }) {
      const row = clusterTable(scope).peek(details.name);
      if (row?.resourceId !== details.resourceId) return;
      // The cluster outlives its last instance by a moment.
      if (membersOf(scope, row).length > 0) {
        scope.after(10, 'dbClusterDeleted', details);
        return;
      }
      if (details.keepsBackups) retainBackups(scope, row);
      else forgetAutomatedSnapshots(scope, row.resourceId);
      note(scope, 'db-cluster', row, 'deletion', 'DB cluster deleted');
      clusterTable(scope).delete(row.name);
      forgetEndpoints(scope, row.name);
    },
  },
};
