import type { Noun } from '../noun.ts';
import { cacheClusters } from './cache-clusters.ts';
import { cacheEngines } from './engine-versions.ts';
import { cacheEvents } from './events.ts';
import { cacheParameterGroups } from './parameter-groups.ts';
import { replicaCounts } from './replica-counts.ts';
import { replicationGroupChanges } from './replication-group-changes.ts';
import { replicationGroups } from './replication-groups.ts';
import { cacheSnapshots } from './snapshots.ts';
import { cacheSubnetGroups } from './subnet-groups.ts';
import { cacheTags } from './tags.ts';
import { userGroups } from './user-groups.ts';
import { cacheUsers } from './users.ts';

/** Every noun of ElastiCache. */
export const elasticacheNouns: readonly Noun[] = [
  cacheSubnetGroups,
  cacheUsers,
  userGroups,
  replicationGroups,
  replicationGroupChanges,
  replicaCounts,
  cacheClusters,
  cacheSnapshots,
  cacheParameterGroups,
  cacheEngines,
  cacheEvents,
  cacheTags,
];
