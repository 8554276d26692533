import type {
  CreateDBClusterEndpointCommandInput,
  CreateDBClusterEndpointCommandOutput,
  DBClusterEndpoint,
  DeleteDBClusterEndpointCommandInput,
  DeleteDBClusterEndpointCommandOutput,
  DescribeDBClusterEndpointsCommandInput,
  DescribeDBClusterEndpointsCommandOutput,
  ModifyDBClusterEndpointCommandInput,
  ModifyDBClusterEndpointCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { identifier, nameOf } from './identifiers.ts';
import { filtered, records } from './records.ts';
import {
  type ClusterRow,
  clusterTable,
  dbInstanceTable,
  dnsSuffix,
  requireCluster,
  requireClusterState,
  requireDbInstance,
} from './rows.ts';
import { tagsFrom } from './tag-list.ts';

interface ClusterEndpointRow {
  name: string;
  arn: string;
  clusterName: string;
  type: string;
  status: 'creating' | 'available' | 'deleting';
  staticMembers: string[];
  excludedMembers: string[];
  tags: Tags;
}

/** Custom endpoints of one cluster. */
const endpointsPerCluster = 5;
const changeSeconds = 15;

function table(scope: Scope) {
  return scope.table<ClusterEndpointRow>('rds.clusterEndpoints');
}

function requireEndpoint(scope: Scope, name: string | undefined) {
  const row = table(scope).get(nameOf(name ?? ''));
  if (!row) throw refusal('DBClusterEndpointNotFoundFault', `DBClusterEndpoint ${name} not found.`);
  return row;
}

function describe(scope: Scope, row: ClusterEndpointRow): DBClusterEndpoint {
  const { dnsLabel } = clusterTable(scope).peek(row.clusterName) ?? {};
  return {
    DBClusterEndpointIdentifier: row.name,
    DBClusterEndpointArn: row.arn,
    DBClusterIdentifier: row.clusterName,
    Endpoint: `${row.name}.cluster-custom-${dnsLabel}.${dnsSuffix(scope)}`,
    Status: row.status,
    EndpointType: 'CUSTOM',
    CustomEndpointType: row.type,
    StaticMembers: row.staticMembers,
    ExcludedMembers: row.excludedMembers,
  };
}

/** The addresses of a cluster's custom endpoints. */
export function customEndpoints(scope: Scope, cluster: ClusterRow): string[] {
  return endpointsOf(scope, cluster.name).map((row) => describe(scope, row).Endpoint!);
}

/** Custom endpoints go with their cluster. */
export function forgetEndpoints(scope: Scope, clusterName: string) {
  for (const { name } of endpointsOf(scope, clusterName)) table(scope).delete(name);
}

/** A renamed cluster keeps its custom endpoints. */
export function moveEndpoints(scope: Scope, before: string, after: string) {
  for (const row of endpointsOf(scope, before)) row.clusterName = after;
}

function endpointsOf(scope: Scope, cluster: string): ClusterEndpointRow[] {
  return table(scope)
    .all()
    .filter(({ clusterName }) => clusterName === cluster);
}

/** The two that every cluster has. They have no identifier of their own. */
function builtIn(scope: Scope, cluster: ClusterRow): DBClusterEndpoint[] {
  const suffix = `${cluster.dnsLabel}.${dnsSuffix(scope)}`;
  const Status = cluster.status === 'creating' ? 'creating' : 'available';
  const common = { DBClusterIdentifier: cluster.name, Status };
  return [
    { ...common, EndpointType: 'WRITER', Endpoint: `${cluster.name}.cluster-${suffix}` },
    { ...common, EndpointType: 'READER', Endpoint: `${cluster.name}.cluster-ro-${suffix}` },
  ];
}

function checkShape(scope: Scope, clusterName: string, type: string | undefined, members: string[][]) {
  if (!['READER', 'ANY'].includes(type ?? ''))
    throw refusal('InvalidParameterValue', `Invalid endpoint type: ${type}. It must be READER or ANY.`);
  const [fixed = [], excluded = []] = members;
  if (fixed.length > 0 && excluded.length > 0)
    throw refusal('InvalidParameterCombination', 'StaticMembers and ExcludedMembers can not be given together.');
  for (const name of [...fixed, ...excluded]) {
    requireDbInstance(scope, name);
    if (dbInstanceTable(scope).get(name)?.clusterName !== clusterName)
      throw refusal('InvalidDBInstanceState', `DBInstance ${name} is not a member of the DB cluster ${clusterName}.`);
  }
}

export const clusterEndpoints: Noun = {
  service: 'rds',
  operations: {
    CreateDBClusterEndpoint: operation<CreateDBClusterEndpointCommandInput, CreateDBClusterEndpointCommandOutput>(
      [
        'DBClusterIdentifier',
        'DBClusterEndpointIdentifier',
        'EndpointType',
        'StaticMembers',
        'ExcludedMembers',
        'Tags',
      ],
      (scope, input) => {
        const name = identifier('DBClusterEndpointIdentifier', input.DBClusterEndpointIdentifier);
        const cluster = requireCluster(scope, input.DBClusterIdentifier);
        requireClusterState(cluster, 'available');
        const staticMembers = (input.StaticMembers ?? []).map(nameOf);
        const excludedMembers = (input.ExcludedMembers ?? []).map(nameOf);
        checkShape(scope, cluster.name, input.EndpointType, [staticMembers, excludedMembers]);
        const tags = tagsFrom(input.Tags);
        if (table(scope).peek(name))
          throw refusal('DBClusterEndpointAlreadyExistsFault', `DBClusterEndpoint ${name} already exists.`);
        if (endpointsOf(scope, cluster.name).length >= endpointsPerCluster)
          throw refusal('DBClusterEndpointQuotaExceededFault', 'The quota of custom endpoints has been reached.', 403);
        const row = table(scope).insert(name, {
          name,
          arn: scope.arn('rds', `cluster-endpoint:${name}`),
          clusterName: cluster.name,
          type: input.EndpointType ?? 'ANY',
          status: 'creating',
          staticMembers,
          excludedMembers,
          tags,
        });
        scope.after(changeSeconds, 'dbClusterEndpointCreated', { name });
        return describe(scope, row);
      },
    ),
    DescribeDBClusterEndpoints: operation<
      DescribeDBClusterEndpointsCommandInput,
      DescribeDBClusterEndpointsCommandOutput
    >(['DBClusterIdentifier', 'DBClusterEndpointIdentifier', 'Filters', 'MaxRecords', 'Marker'], (scope, asked) => {
      const { DBClusterIdentifier, DBClusterEndpointIdentifier } = asked;
      const clusters =
        DBClusterIdentifier === undefined ? clusterTable(scope).list() : [requireCluster(scope, DBClusterIdentifier)];
      const names = clusters.map(({ name }) => name);
      const own = table(scope)
        .list()
        .filter(({ clusterName }) => names.includes(clusterName))
        .map((row) => describe(scope, row));
      const all =
        DBClusterEndpointIdentifier === undefined
          ? [...clusters.flatMap((cluster) => builtIn(scope, cluster)), ...own]
          : [describe(scope, requireEndpoint(scope, DBClusterEndpointIdentifier))];
      const found = filtered(all, asked.Filters, {
        'db-cluster-endpoint-type': (one) => one.EndpointType?.toLowerCase(),
        'db-cluster-endpoint-custom-type': (one) => one.CustomEndpointType?.toLowerCase(),
        'db-cluster-endpoint-id': (one) => one.DBClusterEndpointIdentifier,
        'db-cluster-endpoint-status': (one) => one.Status,
      });
      const { page, Marker } = records(found, asked);
      return { Marker, DBClusterEndpoints: page };
    }),
    ModifyDBClusterEndpoint: operation<ModifyDBClusterEndpointCommandInput, ModifyDBClusterEndpointCommandOutput>(
      ['DBClusterEndpointIdentifier', 'EndpointType', 'StaticMembers', 'ExcludedMembers'],
      (scope, input) => {
        const row = requireEndpoint(scope, input.DBClusterEndpointIdentifier);
        if (row.status !== 'available')
          throw refusal(
            'InvalidDBClusterEndpointStateFault',
            `DBClusterEndpoint ${row.name} is in ${row.status} state.`,
          );
        const type = input.EndpointType ?? row.type;
        const staticMembers = input.StaticMembers?.map(nameOf) ?? (input.ExcludedMembers ? [] : row.staticMembers);
        const excludedMembers = input.ExcludedMembers?.map(nameOf) ?? (input.StaticMembers ? [] : row.excludedMembers);
        checkShape(scope, row.clusterName, type, [staticMembers, excludedMembers]);
        Object.assign(row, { type, staticMembers, excludedMembers });
        return describe(scope, row);
      },
    ),
    DeleteDBClusterEndpoint: operation<DeleteDBClusterEndpointCommandInput, DeleteDBClusterEndpointCommandOutput>(
      ['DBClusterEndpointIdentifier'],
      (scope, { DBClusterEndpointIdentifier }) => {
        const row = requireEndpoint(scope, DBClusterEndpointIdentifier);
        if (row.status === 'deleting')
          throw refusal(
            'InvalidDBClusterEndpointStateFault',
            `DBClusterEndpoint ${row.name} is already being deleted.`,
          );
        row.status = 'deleting';
        scope.after(changeSeconds, 'dbClusterEndpointDeleted', { name: row.name });
        return describe(scope, row);
      },
    ),
  },
  events: {
    dbClusterEndpointCreated(scope, { name }: { name: string }) {
      const row = table(scope).peek(name);
      if (row?.status === 'creating') row.status = 'available';
    },
    dbClusterEndpointDeleted(scope, { name }: { name: string }) {
      table(scope).delete(name);
    },
  },
};
