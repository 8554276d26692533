/** How the database differs from the settings, and is changed where it is. */
import {
  AddTagsToResourceCommand,
  type DBCluster,
  type DBInstance,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  ModifyDBClusterCommand,
  type ModifyDBClusterCommandInput,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
} from '@aws-sdk/client-rds';
import type { Aws } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import type { Difference } from '../engine/resource.ts';
import { dataStays, differing, isNewer, tagDifferences } from './differences.ts';

export async function clusterNamed({ rds, ask }: Aws, DBClusterIdentifier: string): Promise<DBCluster | undefined> {
  const answer = await ask(rds, new DescribeDBClustersCommand({ DBClusterIdentifier })).catch(unlessGone);
  return answer?.DBClusters?.[0];
}

export async function instanceNamed({ rds, ask }: Aws, DBInstanceIdentifier: string): Promise<DBInstance | undefined> {
  const answer = await ask(rds, new DescribeDBInstancesCommand({ DBInstanceIdentifier })).catch(unlessGone);
  return answer?.DBInstances?.[0];
}

const parameterGroup = 'default.aurora-mysql8.0';

/** Asks for the change at once, and waits until the cluster has it: it shows as modifying or upgrading meanwhile. */
export async function modifyCluster(
  aws: Aws,
  DBClusterIdentifier: string,
  change: Partial<ModifyDBClusterCommandInput>,
) {
  await aws.rds.send(new ModifyDBClusterCommand({ DBClusterIdentifier, ApplyImmediately: true, ...change }));
  await aws.wait({ for: 'Aurora cluster changed', everySeconds: 8, timeoutSeconds: 3600 }, async () => {
    const found = await clusterNamed(aws, DBClusterIdentifier);
    const done = change.EngineVersion === undefined || found?.EngineVersion === change.EngineVersion;
    return done && found?.Status === 'available' ? true : undefined;
  });
}

export async function compareCluster(aws: Aws, dbClusterIdentifier: string, groupId: string): Promise<Difference[]> {
  const { rds, config } = aws;
  const found = await clusterNamed(aws, dbClusterIdentifier);
  const set = (change: Partial<ModifyDBClusterCommandInput>) => () => modifyCluster(aws, dbClusterIdentifier, change);
  const version = found?.EngineVersion ?? '';
  const { engineVersion, username } = config.database;
  const user = found?.MasterUsername ?? '';
  return [
    ...differing(
      'EngineVersion',
      version,
      engineVersion,
      isNewer(engineVersion, version)
        ? set({ EngineVersion: engineVersion })
        : {
            why: 'Aurora never goes back to an earlier version: its files are those of the later one.',
            fix: `Set database.engineVersion to ${version}.`,
          },
    ),
    ...differing('MasterUsername', user, username, dataStays('database.username', user)),
    ...differing(
      'DeletionProtection',
      found?.DeletionProtection ?? false,
      config.protect,
      set({ DeletionProtection: config.protect }),
    ),
    ...differing(
      'VpcSecurityGroups',
      found?.VpcSecurityGroups?.map((one) => one.VpcSecurityGroupId),
      groupId,
      () => set({ VpcSecurityGroupIds: [groupId] })(),
    ),
    // Only a group of somebody's own: each version of Aurora has a default of its own.
    ...(found?.DBClusterParameterGroup?.startsWith('default.') === false
      ? differing('DBClusterParameterGroup', found.DBClusterParameterGroup, parameterGroup, () =>
          set({ DBClusterParameterGroupName: parameterGroup })(),
        )
      : []),
    ...(found?.DBClusterArn === undefined
      ? []
      : tagDifferences(aws, found.TagList, (Tags) =>
          rds.send(new AddTagsToResourceCommand({ ResourceName: found.DBClusterArn, Tags })),
        )),
  ];
}

export async function compareDatabaseInstance(aws: Aws, dbInstanceIdentifier: string): Promise<Difference[]> {
  const { rds, config } = aws;
  const found = await instanceNamed(aws, dbInstanceIdentifier);
  // Until a change of the class is done the old one shows, and asking for it again changes nothing.
  const set = async (change: Partial<ModifyDBInstanceCommandInput>) => {
    const DBInstanceIdentifier = dbInstanceIdentifier;
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...change }));
    await aws.wait({ for: 'Aurora instance changed', everySeconds: 10, timeoutSeconds: 3600 }, async () => {
      const one = await instanceNamed(aws, dbInstanceIdentifier);
      const done = change.DBInstanceClass === undefined || one?.DBInstanceClass === change.DBInstanceClass;
      return done && one?.DBInstanceStatus === 'available' ? true : undefined;
    });
  };
  const { instanceClass } = config.database;
  return [
    ...differing('DBInstanceClass', found?.DBInstanceClass, instanceClass, () =>
      set({ DBInstanceClass: instanceClass }),
    ),
    ...differing('PubliclyAccessible', found?.PubliclyAccessible ?? false, false, () =>
      set({ PubliclyAccessible: false }),
    ),
    ...differing('AutoMinorVersionUpgrade', found?.AutoMinorVersionUpgrade ?? false, false, () =>
      set({ AutoMinorVersionUpgrade: false }),
    ),
    ...(found?.DBInstanceArn === undefined
      ? []
      : tagDifferences(aws, found.TagList, (Tags) =>
          rds.send(new AddTagsToResourceCommand({ ResourceName: found.DBInstanceArn, Tags })),
        )),
  ];
}
