/** STEP 12: Aurora MySQL for Airflow's metadata: one writer, encrypted, in the private subnets. */
import {
  AddTagsToResourceCommand,
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateDBSubnetGroupCommand,
  type DBCluster,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBSubnetGroupsCommand,
  DescribeEventsCommand,
  ListTagsForResourceCommand,
  ModifyDBClusterCommand,
  RestoreDBClusterFromSnapshotCommand,
  type SourceType,
  type Tag,
} from '@aws-sdk/client-rds';
import type { Aws } from '../aws.ts';
import { isAws, unlessGone, unlessLeaving } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { FailedLater } from '../engine/run.ts';
import { privateSubnetA, privateSubnetC } from './02-subnets.ts';
import { privateSecurityGroup } from './07-security-groups.ts';
import { clusterNamed, compareCluster, compareDatabaseInstance, instanceNamed, modifyCluster } from './aurora.ts';
import { askedTagDifferences } from './differences.ts';
import { reveal, secret } from './parameters.ts';

// Aurora takes 8 to 41 printable characters; letters and digits need no escaping in any URL.
export const databasePassword = secret('databasePassword', "airflow-aws: the database's master password", (aws) =>
  aws.randomText(40),
);

async function subnetGroupNamed({ rds, ask }: Aws, DBSubnetGroupName: string) {
  const asked = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName });
  return (await ask(rds, asked).catch(unlessGone))?.DBSubnetGroups?.[0];
}

export const dbSubnetGroup = resource(
  'dbSubnetGroup',
  { privateSubnetA, privateSubnetC },
  {
    type: 'AWS::RDS::DBSubnetGroup',
    typicalSeconds: { create: 1, destroy: 1 },
    async find(aws) {
      const { rds, ask, names, recorded, isOurs } = aws;
      const found = await subnetGroupNamed(aws, names.dbSubnetGroup);
      if (!found) return undefined;
      if (recorded) return { dbSubnetGroupName: found.DBSubnetGroupName! };
      const { TagList } = await ask(rds, new ListTagsForResourceCommand({ ResourceName: found.DBSubnetGroupArn! }));
      return isOurs(TagList) ? { dbSubnetGroupName: found.DBSubnetGroupName! } : undefined;
    },
    async create({ rds, names, tags }, { privateSubnetA, privateSubnetC }) {
      await rds.send(
        new CreateDBSubnetGroupCommand({
          DBSubnetGroupName: names.dbSubnetGroup,
          DBSubnetGroupDescription: 'airflow-aws: the private subnets',
          SubnetIds: [privateSubnetA.subnetId, privateSubnetC.subnetId],
          Tags: tags,
        }),
      );
      return { dbSubnetGroupName: names.dbSubnetGroup };
    },
    async compare(aws, { dbSubnetGroupName }) {
      const { rds, ask } = aws;
      const ResourceName = (await subnetGroupNamed(aws, dbSubnetGroupName))?.DBSubnetGroupArn;
      if (ResourceName === undefined) return [];
      return askedTagDifferences(
        aws,
        async () => (await ask(rds, new ListTagsForResourceCommand({ ResourceName }))).TagList,
        (Tags) => rds.send(new AddTagsToResourceCommand({ ResourceName, Tags })),
      );
    },
    async destroy({ rds }, { dbSubnetGroupName }) {
      await rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: dbSubnetGroupName })).catch(unlessGone);
    },
  },
);

const failedStates = [
  'failed',
  'incompatible-parameters',
  'incompatible-network',
  'inaccessible-encryption-credentials',
];

/** A status that a new cluster or instance cannot leave; RDS gives the reason in its events. */
async function failIfBroken({ rds, ask }: Aws, SourceType: SourceType, SourceIdentifier: string, status: string) {
  if (!failedStates.includes(status)) return;
  const asked = new DescribeEventsCommand({ SourceType, SourceIdentifier, Duration: 60 });
  // Whoever may not read events still learns the status.
  const answer = await ask(rds, asked).catch(() => undefined);
  throw new FailedLater(`${SourceIdentifier} failed`, status, answer?.Events?.at(-1)?.Message ?? status);
}

/** The cluster, and the snapshot that it was made from: then its data is older than itself, and so is its password. */
type ClusterIdentity = { readonly dbClusterIdentifier: string; readonly restoredFrom?: string };

const restoredFromTag = 'airflow-aws:restored-from';

function clusterIdentity(dbClusterIdentifier: string, tags: Tag[] = []): ClusterIdentity {
  const restoredFrom = tags.find(({ Key }) => Key === restoredFromTag)?.Value;
  return { dbClusterIdentifier, ...(restoredFrom === undefined ? {} : { restoredFrom }) };
}

function available(aws: Aws, dbClusterIdentifier: string): Promise<DBCluster> {
  return aws.wait({ for: 'Aurora cluster available', everySeconds: 8, timeoutSeconds: 2400 }, async () => {
    const one = await clusterNamed(aws, dbClusterIdentifier);
    await failIfBroken(aws, 'db-cluster', dbClusterIdentifier, one?.Status ?? '');
    return one?.Status === 'available' ? one : undefined;
  });
}

export const dbCluster = resource(
  'dbCluster',
  { dbSubnetGroup, privateSecurityGroup, databasePassword },
  {
    type: 'AWS::RDS::DBCluster',
    typicalSeconds: { create: 80, destroy: 65 },
    async find(aws) {
      const found = await clusterNamed(aws, aws.names.dbCluster);
      if (!found || found.Status === 'deleting') return undefined;
      const ours = aws.recorded !== undefined || aws.isOurs(found.TagList);
      return ours ? clusterIdentity(found.DBClusterIdentifier!, found.TagList) : undefined;
    },
    async create(aws, { dbSubnetGroup, privateSecurityGroup, databasePassword }) {
      const { rds, names, config, tags } = aws;
      const common = {
        DBClusterIdentifier: names.dbCluster,
        Engine: 'aurora-mysql',
        DBSubnetGroupName: dbSubnetGroup.dbSubnetGroupName,
        VpcSecurityGroupIds: [privateSecurityGroup.groupId],
        Port: 3306,
        CopyTagsToSnapshot: true,
        // Without this AWS silently enrols the cluster in paid support when its version grows old.
        EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
      };
      if (config.restoreFrom !== undefined) {
        const Tags = [...tags, { Key: restoredFromTag, Value: config.restoreFrom }];
        // Version, encryption and master user are the snapshot's; no version at all is the one it was taken of.
        await rds.send(
          new RestoreDBClusterFromSnapshotCommand({ ...common, SnapshotIdentifier: config.restoreFrom, Tags }),
        );
        return clusterIdentity(names.dbCluster, Tags);
      }
      await rds.send(
        new CreateDBClusterCommand({
          ...common,
          EngineVersion: config.database.engineVersion,
          MasterUsername: config.database.username,
          MasterUserPassword: await reveal(aws, databasePassword.parameterName),
          StorageEncrypted: true,
          BackupRetentionPeriod: 1,
          Tags: tags,
        }),
      );
      return clusterIdentity(names.dbCluster);
    },
    async finish(aws, { dbClusterIdentifier, restoredFrom }, { databasePassword }) {
      const found = await available(aws, dbClusterIdentifier);
      if (restoredFrom !== undefined) {
        // A snapshot brings the master password of its day along, which may not be the parameter's.
        await aws.rds.send(
          new ModifyDBClusterCommand({
            DBClusterIdentifier: dbClusterIdentifier,
            MasterUserPassword: await reveal(aws, databasePassword.parameterName),
            ApplyImmediately: true,
          }),
        );
        await available(aws, dbClusterIdentifier);
      }
      // Not in the creating call: what fails while it is made can neither be deleted with its protection nor lose it.
      if (aws.config.protect && !found.DeletionProtection)
        await modifyCluster(aws, dbClusterIdentifier, { DeletionProtection: true });
      return { endpoint: found.Endpoint ?? '' };
    },
    compare: (aws, { dbClusterIdentifier }, { privateSecurityGroup: { groupId } }) =>
      compareCluster(aws, dbClusterIdentifier, groupId),
    async destroy(aws, { dbClusterIdentifier }) {
      const { rds, keepData, names, stackId, generation } = aws;
      const deletion = new DeleteDBClusterCommand({
        DBClusterIdentifier: dbClusterIdentifier,
        ...(keepData
          ? {
              SkipFinalSnapshot: false,
              FinalDBSnapshotIdentifier: `${names.dbCluster}-final-${stackId}-${generation}`,
            }
          : { SkipFinalSnapshot: true, DeleteAutomatedBackups: true }),
      });
      const leaving = unlessLeaving(async () => (await clusterNamed(aws, dbClusterIdentifier))?.Status === 'deleting');
      try {
        await rds.send(deletion).catch(leaving);
      } catch (error) {
        // The refusal of a protected cluster has no code of its own.
        if (!isAws(error, 'InvalidParameterCombination') || !/protect/i.test((error as Error).message)) throw error;
        const unprotected = { DBClusterIdentifier: dbClusterIdentifier, DeletionProtection: false };
        await rds.send(new ModifyDBClusterCommand({ ...unprotected, ApplyImmediately: true }));
        await rds.send(deletion).catch(leaving);
      }
      await aws.wait({ for: 'Aurora cluster deleted', everySeconds: 8, timeoutSeconds: 3600 }, async () =>
        (await clusterNamed(aws, dbClusterIdentifier)) ? undefined : true,
      );
    },
  },
);

export const dbInstance = resource(
  'dbInstance',
  { dbCluster },
  {
    type: 'AWS::RDS::DBInstance',
    typicalSeconds: { create: 380, destroy: 420 },
    hourlyUsd: ({ config, prices }) => prices(`rds:${config.database.instanceClass}`) ?? 0,
    async find(aws) {
      const found = await instanceNamed(aws, aws.names.dbInstance);
      if (!found || found.DBInstanceStatus === 'deleting') return undefined;
      const ours = aws.recorded !== undefined || aws.isOurs(found.TagList);
      return ours ? { dbInstanceIdentifier: found.DBInstanceIdentifier! } : undefined;
    },
    async create({ rds, names, config, account, tags }, { dbCluster }) {
      await rds.send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: names.dbInstance,
          DBClusterIdentifier: dbCluster.dbClusterIdentifier,
          DBInstanceClass: config.database.instanceClass,
          Engine: 'aurora-mysql',
          AvailabilityZone: `${account.region}${config.zones[0]}`,
          PubliclyAccessible: false,
          // The settings say which version it is; one that AWS chose could not be gone back from.
          AutoMinorVersionUpgrade: false,
          Tags: tags,
        }),
      );
      return { dbInstanceIdentifier: names.dbInstance };
    },
    async finish(aws, { dbInstanceIdentifier }) {
      await aws.wait({ for: 'Aurora instance available', everySeconds: 10, timeoutSeconds: 3600 }, async () => {
        const one = await instanceNamed(aws, dbInstanceIdentifier);
        const status = one?.DBInstanceStatus ?? '';
        await failIfBroken(aws, 'db-instance', dbInstanceIdentifier, status);
        return status === 'available' ? true : undefined;
      });
      return {};
    },
    compare: (aws, { dbInstanceIdentifier }) => compareDatabaseInstance(aws, dbInstanceIdentifier),
    async destroy(aws, { dbInstanceIdentifier }) {
      await aws.rds
        .send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: dbInstanceIdentifier, SkipFinalSnapshot: true }))
        .catch(
          unlessLeaving(async () => (await instanceNamed(aws, dbInstanceIdentifier))?.DBInstanceStatus === 'deleting'),
        );
      // A cluster may be deleted as soon as its members are on their way out, which saves its minute.
      aws.letGo();
      await aws.wait({ for: 'Aurora instance deleted', everySeconds: 10, timeoutSeconds: 3600 }, async () =>
        (await instanceNamed(aws, dbInstanceIdentifier)) ? undefined : true,
      );
    },
  },
);

export default step(12, 'Database', [databasePassword, dbSubnetGroup, dbCluster, dbInstance]);
