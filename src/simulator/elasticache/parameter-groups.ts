import type {
  CacheParameterGroup,
  CreateCacheParameterGroupCommandInput,
  CreateCacheParameterGroupCommandOutput,
  DeleteCacheParameterGroupCommandInput,
  DeleteCacheParameterGroupCommandOutput,
  DescribeCacheParameterGroupsCommandInput,
  DescribeCacheParameterGroupsCommandOutput,
  DescribeCacheParametersCommandInput,
  DescribeCacheParametersCommandOutput,
  DescribeEngineDefaultParametersCommandInput,
  DescribeEngineDefaultParametersCommandOutput,
  ModifyCacheParameterGroupCommandInput,
  ModifyCacheParameterGroupCommandOutput,
  Parameter,
  ParameterNameValue,
  ResetCacheParameterGroupCommandInput,
  ResetCacheParameterGroupCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { identifier, nameOf } from '../rds/identifiers.ts';
import { records } from '../rds/records.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import { type CacheVersion, cacheFamilies } from './engines.ts';
import { cacheClusterTable, replicationGroupTable } from './rows.ts';

interface CacheParameterGroupRow {
  name: string;
  arn: string;
  family: string;
  description: string;
  values: Record<string, string>;
  tags: Tags;
}

/** Quota of parameter groups in a region. */
const groupsPerRegion = 150;

type Known = [name: string, type: 'integer' | 'string', value: string, allowed: string, modifiable?: false];

const redisParameters: Known[] = [
  ['activedefrag', 'string', 'no', 'yes,no'],
  ['appendonly', 'string', 'no', 'yes,no', false],
  ['client-output-buffer-limit-pubsub-hard-limit', 'integer', '33554432', '0-'],
  ['close-on-replica-write', 'string', 'yes', 'yes,no'],
  ['cluster-enabled', 'string', 'no', 'yes,no'],
  ['databases', 'integer', '16', '1-1200000'],
  ['hash-max-listpack-entries', 'integer', '512', '0-'],
  ['lazyfree-lazy-eviction', 'string', 'yes', 'yes,no'],
  ['list-max-listpack-size', 'integer', '-2', '-5,-4,-3,-2,-1,1-'],
  [
    'maxmemory-policy',
    'string',
    'volatile-lru',
    'volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction',
  ],
  ['maxmemory-samples', 'integer', '3', '1-'],
  ['min-replicas-to-write', 'integer', '0', '0-'],
  ['notify-keyspace-events', 'string', '', ''],
  ['reserved-memory-percent', 'integer', '25', '0-100'],
  ['slowlog-log-slower-than', 'integer', '10000', '-1-'],
  ['slowlog-max-len', 'integer', '128', '0-'],
  ['tcp-keepalive', 'integer', '300', '0-'],
  ['timeout', 'integer', '0', '0,20-'],
];

const memcachedParameters: Known[] = [
  ['backlog_queue_limit', 'integer', '1024', '1-10000', false],
  ['chunk_size', 'integer', '48', '1-1024'],
  ['idle_timeout', 'integer', '0', '0-'],
  ['max_item_size', 'integer', '1048576', '1024-1073741824'],
  ['max_simultaneous_connections', 'integer', '65000', '3-65000', false],
];

function parametersOf(family: string): Known[] {
  return family.startsWith('memcached') ? memcachedParameters : redisParameters;
}

function takes([, type, , allowed]: Known, value: string): boolean {
  if (allowed === '') return true;
  return allowed.split(',').some((part) => {
    const range = /^(-?\d+)-(\d*)$/.exec(part);
    if (!range || type === 'string') return part === value;
    return (
      /^-?\d+$/.test(value) &&
      Number(value) >= Number(range[1]) &&
      (range[2] === '' || Number(value) <= Number(range[2]))
    );
  });
}

function defaults(scope: Scope): CacheParameterGroupRow[] {
  return cacheFamilies.flatMap((family) => {
    const names = family.startsWith('memcached')
      ? [`default.${family}`]
      : [`default.${family}`, `default.${family}.cluster.on`];
    return names.map((name) => ({
      name,
      arn: scope.arn('elasticache', `parametergroup:${name}`),
      family,
      description: `Default parameter group for ${family}${name.endsWith('.on') ? ' with cluster mode on' : ''}`,
      values: name.endsWith('.on') ? { 'cluster-enabled': 'yes' } : ({} as Record<string, string>),
      tags: {},
    }));
  });
}

function table(scope: Scope) {
  return scope.table<CacheParameterGroupRow>('elasticache.parameterGroups');
}

function requireGroup(scope: Scope, name: string | undefined): CacheParameterGroupRow {
  const wanted = nameOf(name ?? '');
  const found = defaults(scope).find((row) => row.name === wanted) ?? table(scope).get(wanted);
  if (!found) throw refusal('CacheParameterGroupNotFound', `CacheParameterGroup ${name} not found.`, 404);
  return found;
}

function requireOwn(scope: Scope, name: string | undefined): CacheParameterGroupRow {
  const row = requireGroup(scope, name);
  if (row.name.startsWith('default.'))
    throw refusal(
      'InvalidParameterValue',
      `The default cache parameter group ${row.name} can not be changed or deleted.`,
    );
  return row;
}

function usersOf(scope: Scope, name: string): string[] {
  return [...replicationGroupTable(scope).all(), ...cacheClusterTable(scope).all()]
    .filter(({ parameterGroupName }) => parameterGroupName === name)
    .map((row) => row.name);
}

/** The parameter group of a new cache, and whether it means cluster mode. */
export function chosenParameterGroup(
  scope: Scope,
  wanted: string | undefined,
  { engine, family }: CacheVersion,
  clusterMode: boolean | undefined,
): { name: string; clusterEnabled: boolean } {
  const name = wanted ?? `default.${family}${clusterMode && engine !== 'memcached' ? '.cluster.on' : ''}`;
  const row = requireGroup(scope, name);
  if (row.family !== family)
    throw refusal(
      'InvalidParameterCombination',
      `Expected a parameter group of family ${family} but found one of family ${row.family}`,
    );
  const clusterEnabled = row.values['cluster-enabled'] === 'yes';
  if (clusterMode && !clusterEnabled && engine !== 'memcached')
    throw refusal('InvalidParameterCombination', `The parameter group ${row.name} has cluster mode off.`);
  if (clusterMode === false && clusterEnabled)
    throw refusal('InvalidParameterCombination', `The parameter group ${row.name} has cluster mode on.`);
  return { name: row.name, clusterEnabled };
}

function describe(row: CacheParameterGroupRow): CacheParameterGroup {
  return {
    CacheParameterGroupName: row.name,
    CacheParameterGroupFamily: row.family,
    Description: row.description,
    IsGlobal: false,
    ARN: row.arn,
  };
}

function describeParameters(family: string, values: Record<string, string>): Parameter[] {
  return parametersOf(family).map(([name, type, value, allowed, modifiable = true]) => ({
    ParameterName: name,
    ParameterValue: values[name] ?? value,
    Source: values[name] === undefined ? 'system' : 'user',
    DataType: type,
    AllowedValues: allowed,
    IsModifiable: modifiable,
    MinimumEngineVersion: '2.8.6',
    ChangeType: name === 'cluster-enabled' || name === 'databases' ? 'requires-reboot' : 'immediate',
  }));
}

function checkParameter(family: string, { ParameterName, ParameterValue }: ParameterNameValue) {
  const known = parametersOf(family).find(([name]) => name === ParameterName);
  if (!known)
    throw refusal('InvalidParameterValue', `The parameter ${ParameterName} does not exist in family ${family}`);
  if (known[4] === false) throw refusal('InvalidParameterValue', `The parameter ${ParameterName} is not modifiable`);
  if (ParameterValue !== undefined && !takes(known, ParameterValue))
    throw refusal(
      'InvalidParameterValue',
      `The value ${ParameterValue} of the parameter ${ParameterName} is not one of ${known[3]}`,
    );
}

export const cacheParameterGroups: Noun = {
  service: 'elasticache',
  operations: {
    CreateCacheParameterGroup: operation<CreateCacheParameterGroupCommandInput, CreateCacheParameterGroupCommandOutput>(
      ['CacheParameterGroupName', 'CacheParameterGroupFamily', 'Description', 'Tags'],
      (scope, { CacheParameterGroupName, CacheParameterGroupFamily = '', Description = '', Tags }) => {
        const name = identifier('CacheParameterGroupName', CacheParameterGroupName, 255);
        if (!cacheFamilies.includes(CacheParameterGroupFamily))
          throw refusal(
            'InvalidParameterValue',
            `CacheParameterGroupFamily ${CacheParameterGroupFamily} is not a valid parameter group family.`,
          );
        const tags = tagsFrom(Tags, {}, 'TagQuotaPerResourceExceeded');
        if (table(scope).peek(name))
          throw refusal('CacheParameterGroupAlreadyExists', `Cache parameter group ${name} already exists.`);
        if (table(scope).all().length >= groupsPerRegion)
          throw refusal('CacheParameterGroupQuotaExceeded', 'The quota of cache parameter groups has been reached.');
        const row = table(scope).insert(name, {
          name,
          arn: scope.arn('elasticache', `parametergroup:${name}`),
          family: CacheParameterGroupFamily,
          description: Description,
          values: {},
          tags,
        });
        return { CacheParameterGroup: describe(row) };
      },
    ),
    DescribeCacheParameterGroups: operation<
      DescribeCacheParameterGroupsCommandInput,
      DescribeCacheParameterGroupsCommandOutput
    >(['CacheParameterGroupName', 'MaxRecords', 'Marker'], (scope, asked) => {
      const rows =
        asked.CacheParameterGroupName === undefined
          ? [...defaults(scope), ...table(scope).list()]
          : [requireGroup(scope, asked.CacheParameterGroupName)];
      const { page, Marker } = records(rows, asked);
      return { Marker, CacheParameterGroups: page.map(describe) };
    }),
    DescribeCacheParameters: operation<DescribeCacheParametersCommandInput, DescribeCacheParametersCommandOutput>(
      ['CacheParameterGroupName', 'Source', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const { family, values } = requireGroup(scope, asked.CacheParameterGroupName);
        const all = describeParameters(family, values);
        const { page, Marker } = records(
          all.filter(({ Source }) => asked.Source === undefined || Source === asked.Source),
          asked,
        );
        return { Marker, Parameters: page, CacheNodeTypeSpecificParameters: [] };
      },
    ),
    DescribeEngineDefaultParameters: operation<
      DescribeEngineDefaultParametersCommandInput,
      DescribeEngineDefaultParametersCommandOutput
    >(['CacheParameterGroupFamily', 'MaxRecords', 'Marker'], (_scope, asked) => {
      const { CacheParameterGroupFamily = '' } = asked;
      if (!cacheFamilies.includes(CacheParameterGroupFamily))
        throw refusal('InvalidParameterValue', `${CacheParameterGroupFamily} is not a valid parameter group family.`);
      const { page, Marker } = records(describeParameters(CacheParameterGroupFamily, {}), asked);
      return { EngineDefaults: { CacheParameterGroupFamily, Marker, Parameters: page } };
    }),
    ModifyCacheParameterGroup: operation<ModifyCacheParameterGroupCommandInput, ModifyCacheParameterGroupCommandOutput>(
      ['CacheParameterGroupName', 'ParameterNameValues'],
      (scope, { CacheParameterGroupName, ParameterNameValues = [] }) => {
        const row = requireOwn(scope, CacheParameterGroupName);
        if (ParameterNameValues.length === 0 || ParameterNameValues.length > 20)
          throw refusal('InvalidParameterValue', 'From 1 to 20 parameters can be changed in one call.');
        for (const wanted of ParameterNameValues) checkParameter(row.family, wanted);
        for (const { ParameterName, ParameterValue } of ParameterNameValues)
          if (ParameterValue !== undefined) row.values[ParameterName!] = ParameterValue;
        return { CacheParameterGroupName: row.name };
      },
    ),
    ResetCacheParameterGroup: operation<ResetCacheParameterGroupCommandInput, ResetCacheParameterGroupCommandOutput>(
      ['CacheParameterGroupName', 'ResetAllParameters', 'ParameterNameValues'],
      (scope, { CacheParameterGroupName, ResetAllParameters, ParameterNameValues = [] }) => {
        const row = requireOwn(scope, CacheParameterGroupName);
        if (ResetAllParameters) row.values = {};
        for (const wanted of ParameterNameValues) checkParameter(row.family, wanted);
        for (const { ParameterName } of ParameterNameValues) delete row.values[ParameterName!];
        return { CacheParameterGroupName: row.name };
      },
    ),
    DeleteCacheParameterGroup: operation<DeleteCacheParameterGroupCommandInput, DeleteCacheParameterGroupCommandOutput>(
      ['CacheParameterGroupName'],
      (scope, { CacheParameterGroupName }) => {
        const { name } = requireOwn(scope, CacheParameterGroupName);
        const [user] = usersOf(scope, name);
        if (user !== undefined)
          throw refusal('InvalidCacheParameterGroupState', `The cache parameter group ${name} is in use by ${user}.`);
        table(scope).delete(name);
        return {};
      },
    ),
  },
};
