import type { Noun } from '../noun.ts';
import { rdsAccount } from './account-attributes.ts';
import { automatedBackups } from './automated-backups.ts';
import { clusterChanges } from './cluster-changes.ts';
import { clusterEndpoints } from './cluster-endpoints.ts';
import { clusterSnapshots } from './cluster-snapshots.ts';
import { clusters } from './clusters.ts';
import { rdsEngines } from './engine-versions.ts';
import { rdsEvents } from './events.ts';
import { instanceChanges } from './instance-changes.ts';
import { instanceSnapshots } from './instance-snapshots.ts';
import { instances } from './instances.ts';
import { clusterParameterGroups, instanceParameterGroups } from './parameter-groups.ts';
import { restores } from './restores.ts';
import { snapshotAttributes } from './snapshot-attributes.ts';
import { subnetGroups } from './subnet-groups.ts';
import { rdsTags } from './tags.ts';

/** Every noun of RDS. */
export const rdsNouns: readonly Noun[] = [
  subnetGroups,
  clusters,
  clusterChanges,
  instances,
  instanceChanges,
  clusterEndpoints,
  clusterSnapshots,
  snapshotAttributes,
  instanceSnapshots,
  restores,
  automatedBackups,
  clusterParameterGroups,
  instanceParameterGroups,
  rdsEngines,
  rdsEvents,
  rdsAccount,
  rdsTags,
];
