import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { refusal } from '../refusal.ts';
import { nameOf } from './identifiers.ts';

/** What a describe shows as it was given; dates are kept elsewhere, since rows are plain data. */
type Shown<Described> = { [Name in keyof Described]: Date extends Described[Name] ? never : Described[Name] };

export interface ClusterRow {
  name: string;
  arn: string;
  resourceId: string;
  status: string;
  createdAt: number;
  /** When it becomes available for the first time; its instances start no earlier. */
  availableAt: number;
  /** Set by a stop: RDS starts it again by itself then. */
  restartsAt?: number;
  engine: string;
  engineVersion: string;
  subnetGroupName: string;
  vpcId?: string;
  groupIds: string[];
  parameterGroupName: string;
  /** The account's and region's part of its endpoints. */
  dnsLabel: string;
  writer?: string;
  tags: Tags;
  shown: Partial<Shown<DBCluster>>;
  pending: Partial<Shown<DBCluster>>;
}

export interface DbInstanceRow {
  name: string;
  arn: string;
  resourceId: string;
  status: string;
  createdAt: number;
  restartsAt?: number;
  engine: string;
  engineVersion: string;
  instanceClass: string;
  availabilityZone: string;
  clusterName?: string;
  subnetGroupName: string;
  vpcId?: string;
  groupIds: string[];
  parameterGroupName: string;
  dnsLabel: string;
  port: number;
  /** The endpoint shows from here on. */
  reachable: boolean;
  promotionTier: number;
  networkInterfaceId?: string;
  tags: Tags;
  shown: Partial<Shown<DBInstance>>;
  pending: Partial<Shown<NonNullable<DBInstance['PendingModifiedValues']>>>;
}

export function clusterTable(scope: Scope) {
  return scope.table<ClusterRow>('rds.clusters');
}

export function dbInstanceTable(scope: Scope) {
  return scope.table<DbInstanceRow>('rds.instances');
}

/** The cluster of that name or ARN, or RDS's refusal. */
export function requireCluster(scope: Scope, nameOrArn: string | undefined) {
  const row = clusterTable(scope).get(nameOf(nameOrArn ?? ''));
  if (!row) throw refusal('DBClusterNotFoundFault', `DBCluster ${nameOrArn} not found.`, 404);
  return row;
}

/** The instance of that name or ARN, or RDS's refusal. */
export function requireDbInstance(scope: Scope, nameOrArn: string | undefined) {
  const row = dbInstanceTable(scope).get(nameOf(nameOrArn ?? ''));
  if (!row) throw refusal('DBInstanceNotFound', `DBInstance ${nameOrArn} not found.`, 404);
  return row;
}

/** A cluster's instances, the writer first. */
export function membersOf(scope: Scope, cluster: ClusterRow) {
  return dbInstanceTable(scope)
    .all()
    .filter(({ clusterName }) => clusterName === cluster.name)
    .sort((one, other) => Number(other.name === cluster.writer) - Number(one.name === cluster.writer));
}

/** Refuses a cluster that is in none of `states`. */
export function requireClusterState(cluster: ClusterRow, ...states: string[]) {
  if (!states.includes(cluster.status))
    throw refusal(
      'InvalidDBClusterStateFault',
      `DBCluster ${cluster.name} is in ${cluster.status} state; it must be in ${states.join(' or ')} state.`,
    );
}

/** Refuses an instance that is in none of `states`. */
export function requireInstanceState(instance: DbInstanceRow, ...states: string[]) {
  if (!states.includes(instance.status))
    throw refusal(
      'InvalidDBInstanceState',
      `Instance ${instance.name} is in ${instance.status} state; it must be in ${states.join(' or ')} state.`,
    );
}

/** The address that the writer answers at. */
export function endpointOf(scope: Scope, { name, dnsLabel }: Pick<ClusterRow, 'name' | 'dnsLabel'>): string {
  return `${name}.cluster-${dnsLabel}.${dnsSuffix(scope)}`;
}

/** Endpoints of RDS end in this. */
export function dnsSuffix(scope: Scope): string {
  return `${scope.region}.rds.amazonaws.com${scope.partition === 'aws-cn' ? '.cn' : ''}`;
}
