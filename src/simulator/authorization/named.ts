import type { Scope } from '../account.ts';
import { firstUse } from './iam.ts';
import {
  type AuthorizationRequest,
  type Call,
  requestTags,
  resourceTags,
  tagsByArn,
  tagsOf,
  text,
  texts,
} from './request.ts';

/** Databases and caches are named by whoever makes them, and the names are in their ARNs. */
interface Service {
  readonly prefix: 'rds' | 'elasticache';
  /** Member of an input → what stands in the ARN before the name. */
  readonly members: Readonly<Record<string, string>>;
  /** Calls that ask for no resource. */
  readonly everywhere: RegExp;
  /** Further resources of a call. */
  readonly further: Readonly<Record<string, (input: Call['input']) => string[]>>;
  /** Calls that make the service's own role at their first use. */
  readonly first: RegExp;
  /** Kinds that the tags of a request are told of; all of them where it is left out. */
  readonly tagged?: readonly string[];
}

const services: Readonly<Record<'rds' | 'elasticache', Service>> = {
  rds: {
    prefix: 'rds',
    members: {
      DBClusterIdentifier: 'cluster',
      DBInstanceIdentifier: 'db',
      DBSubnetGroupName: 'subgrp',
      DBClusterParameterGroupName: 'cluster-pg',
      DBParameterGroupName: 'pg',
      DBClusterSnapshotIdentifier: 'cluster-snapshot',
      FinalDBSnapshotIdentifier: 'cluster-snapshot',
      SnapshotIdentifier: 'cluster-snapshot',
    },
    everywhere: /^Describe(OrderableDBInstanceOptions|DBEngineVersions|Events|AccountAttributes)$/,
    further: {
      CreateDBCluster: ({ DBClusterParameterGroupName }) => [
        ...(DBClusterParameterGroupName === undefined ? ['cluster-pg:default.aurora-mysql8.0'] : []),
        'og:default:aurora-mysql-8-0',
      ],
      RestoreDBClusterFromSnapshot: ({ DBClusterParameterGroupName }) => [
        ...(DBClusterParameterGroupName === undefined ? ['cluster-pg:default.aurora-mysql8.0'] : []),
        'og:default:aurora-mysql-8-0',
      ],
      CreateDBInstance: ({ DBParameterGroupName }) => [
        ...(DBParameterGroupName === undefined ? ['pg:default.aurora-mysql8.0'] : []),
        'og:default:aurora-mysql-8-0',
      ],
    },
    first: /^(CreateDBCluster|CreateDBInstance|RestoreDBClusterFromSnapshot)$/,
  },
  elasticache: {
    prefix: 'elasticache',
    members: {
      ReplicationGroupId: 'replicationgroup',
      CacheClusterId: 'cluster',
      CacheSubnetGroupName: 'subnetgroup',
      CacheParameterGroupName: 'parametergroup',
      UserId: 'user',
      UserIds: 'user',
      UserGroupId: 'usergroup',
      UserGroupIds: 'usergroup',
      SnapshotName: 'snapshot',
    },
    everywhere: /^Describe(CacheEngineVersions|Events|ServiceUpdates|UpdateActions)$/,
    further: {
      CreateReplicationGroup: ({ ReplicationGroupId, Engine, EngineVersion, CacheParameterGroupName }) => [
        `cluster:${ReplicationGroupId}-*`,
        ...(CacheParameterGroupName === undefined
          ? [`parametergroup:default.${Engine}${text(EngineVersion)?.[0]}`]
          : []),
      ],
    },
    first: /^Create(ReplicationGroup|CacheCluster)$/,
    tagged: ['replicationgroup', 'cluster', 'subnetgroup', 'user', 'usergroup'],
  },
};

const described: Readonly<Record<string, string>> = {
  DescribeDBClusters: 'cluster',
  DescribeDBInstances: 'db',
  DescribeDBSubnetGroups: 'subgrp',
  DescribeDBClusterSnapshots: 'cluster-snapshot',
  DescribeReplicationGroups: 'replicationgroup',
  DescribeCacheClusters: 'cluster',
  DescribeCacheSubnetGroups: 'subnetgroup',
  DescribeUsers: 'user',
  DescribeUserGroups: 'usergroup',
};

/** What RDS and ElastiCache ask about a call: about every name in it. */
export function namedRequests({ scope, service, operation, input }: Call): AuthorizationRequest[] {
  const { prefix, members, everywhere, further, first, tagged } = services[service as 'rds' | 'elasticache'];
  const action = `${prefix}:${operation}`;
  if (everywhere.test(operation)) return [{ action, resource: '*', context: {} }];
  const names = [
    ...Object.entries(members).flatMap(([member, kind]) => texts(input[member]).map((name) => `${kind}:${name}`)),
    ...(further[operation]?.(input) ?? []),
  ];
  // A snapshot of another account is named by its ARN, and asked for by it.
  const arns = [
    ...names.map((name) => /arn:.*/.exec(name)?.[0] ?? scope.arn(prefix, name)),
    ...texts(input.ResourceName),
  ];
  const kind = described[operation];
  if (arns.length === 0) arns.push(kind === undefined ? '*' : scope.arn(prefix, `${kind}:*`));
  const tags = requestTags(tagsOf(input.Tags));
  const withTags = (arn: string) =>
    tagged === undefined || tagged.includes(arn.split(':')[5] ?? '')
      ? { ...tags, ...existing(scope, arn) }
      : existing(scope, arn);
  const requests = arns.map((resource) => ({ action, resource, context: withTags(resource) }));
  const [own = '*'] = arns;
  if (/^(Create|Restore)/.test(operation) && Object.keys(tags).length > 0)
    requests.push({ action: `${prefix}:AddTagsToResource`, resource: madeBy(operation, arns) ?? own, context: tags });
  if (operation === 'DeleteDBCluster' && input.FinalDBSnapshotIdentifier !== undefined) {
    const [, snapshot = '*'] = arns;
    for (const resource of arns)
      requests.push({ action: 'rds:CreateDBClusterSnapshot', resource, context: withTags(resource) });
    requests.push({ action: 'rds:AddTagsToResource', resource: snapshot, context: {} });
  }
  return [...requests, ...(first.test(operation) ? firstUse(scope, prefix) : [])];
}

/** Of the names in a creating call, the one of what it makes: `CreateDBInstance` names its cluster as well. */
function madeBy(operation: string, arns: readonly string[]): string | undefined {
  const kinds: Readonly<Record<string, string>> = { CreateDBInstance: 'db', CreateUserGroup: 'usergroup' };
  const kind = kinds[operation];
  return kind === undefined ? undefined : arns.find((arn) => arn.split(':')[5] === kind);
}

function existing(scope: Scope, arn: string) {
  return resourceTags(tagsByArn(scope, arn));
}
