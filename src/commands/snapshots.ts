import {
  type DBClusterSnapshot,
  DeleteDBClusterSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
} from '@aws-sdk/client-rds';
import { unlessGone } from '../aws-errors.ts';
import type { Deployment } from './deployment.ts';

/** Names of the snapshots that `destroy --keep-data` took of the databases of stack `stackId`, the latest first. */
export async function finalSnapshots({ clients, names }: Deployment, stackId: string): Promise<string[]> {
  const found: DBClusterSnapshot[] = [];
  let Marker: string | undefined;
  do {
    // RDS takes the name of a cluster only while there is one.
    const asked = { SnapshotType: 'manual', ...(Marker === undefined ? {} : { Marker }) };
    const page = await clients.rds.send(new DescribeDBClusterSnapshotsCommand(asked));
    found.push(...(page.DBClusterSnapshots ?? []));
    Marker = page.Marker;
  } while (Marker);
  const time = ({ SnapshotCreateTime }: DBClusterSnapshot) => SnapshotCreateTime?.getTime() ?? Number.POSITIVE_INFINITY;
  return found
    .sort((one, other) => time(other) - time(one))
    .map(({ DBClusterSnapshotIdentifier = '' }) => DBClusterSnapshotIdentifier)
    .filter((name) => name.startsWith(`${names.dbCluster}-final-${stackId}-`));
}

export async function deleteSnapshots({ clients }: Deployment, snapshots: readonly string[]): Promise<void> {
  for (const DBClusterSnapshotIdentifier of snapshots)
    await clients.rds.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier })).catch(unlessGone);
}
