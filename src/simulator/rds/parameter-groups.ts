import type { Parameter } from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { families, isAurora } from './engines.ts';
import { identifier, nameOf } from './identifiers.ts';
import { isAllowed, parametersOf } from './parameters.ts';
import { records } from './records.ts';
import { clusterTable, dbInstanceTable } from './rows.ts';
import { tagsFrom } from './tag-list.ts';

interface ParameterGroupRow {
  name: string;
  arn: string;
  family: string;
  description: string;
  /** What differs from the family's own values. */
  values: Record<string, string>;
  tags: Tags;
}

/** RDS has two kinds of parameter group with the same calls under different names. */
interface Kind {
  word: 'DBClusterParameterGroup' | 'DBParameterGroup';
  list: string;
  table: string;
  arnType: string;
  /** Cluster groups exist for Aurora alone. */
  has(family: { engine: string }): boolean;
  users(scope: Scope): { parameterGroupName: string; name: string }[];
}

const clusterKind: Kind = {
  word: 'DBClusterParameterGroup',
  list: 'DBClusterParameters',
  table: 'rds.clusterParameterGroups',
  arnType: 'cluster-pg',
  has: ({ engine }) => isAurora(engine),
  users: (scope) => clusterTable(scope).all(),
};

const instanceKind: Kind = {
  word: 'DBParameterGroup',
  list: 'DBParameters',
  table: 'rds.parameterGroups',
  arnType: 'pg',
  has: () => true,
  users: (scope) => dbInstanceTable(scope).all(),
};

/** Quota: parameter groups of a region, of each kind. */
const groupsPerRegion = 50;

function defaultGroup(scope: Scope, kind: Kind, family: string): ParameterGroupRow {
  const name = `default.${family}`;
  const description = `Default ${kind === clusterKind ? 'cluster ' : ''}parameter group for ${family}`;
  return { name, arn: scope.arn('rds', `${kind.arnType}:${name}`), family, description, values: {}, tags: {} };
}

function groupsOf(scope: Scope, kind: Kind): ParameterGroupRow[] {
  const defaults = families.filter(kind.has).map(({ family }) => defaultGroup(scope, kind, family));
  return [...defaults, ...scope.table<ParameterGroupRow>(kind.table).list()];
}

function requireGroup(scope: Scope, kind: Kind, name: string | undefined): ParameterGroupRow {
  const found = groupsOf(scope, kind).find((row) => row.name === nameOf(name ?? ''));
  if (!found) throw refusal('DBParameterGroupNotFound', `${kind.word} not found: ${name}`, 404);
  return found;
}

function requireOwn(scope: Scope, kind: Kind, name: string | undefined): ParameterGroupRow {
  const row = requireGroup(scope, kind, name);
  if (row.name.startsWith('default.'))
    throw refusal('InvalidDBParameterGroupState', `Default ${kind.word} cannot be changed or deleted: ${row.name}`);
  return row;
}

function checkNew(scope: Scope, kind: Kind, name: string) {
  const table = scope.table<ParameterGroupRow>(kind.table);
  if (table.peek(name)) throw refusal('DBParameterGroupAlreadyExists', `Parameter group ${name} already exists`);
  if (table.all().length >= groupsPerRegion)
    throw refusal('DBParameterGroupQuotaExceeded', 'The maximum number of parameter groups has been reached.');
}

/** The group that a new cluster gets: the one named, of the right family, or the family's default. */
export function clusterParameterGroup(scope: Scope, name: string | undefined, family: string): string {
  if (name === undefined) return `default.${family}`;
  const found = groupsOf(scope, clusterKind).find((row) => row.name === nameOf(name));
  if (!found) throw refusal('DBClusterParameterGroupNotFound', `DBClusterParameterGroup not found: ${name}`, 404);
  return ofFamily(found, family);
}

/** The group that a new instance gets. */
export function instanceParameterGroup(scope: Scope, name: string | undefined, family: string): string {
  return name === undefined ? `default.${family}` : ofFamily(requireGroup(scope, instanceKind, name), family);
}

function ofFamily(row: ParameterGroupRow, family: string): string {
  if (row.family !== family)
    throw refusal(
      'InvalidParameterCombination',
      `The Parameter Group ${row.name} with DBParameterGroupFamily ${row.family} can't be used for this instance. Please use a Parameter Group with DBParameterGroupFamily ${family}.`,
    );
  return row.name;
}

function describe(kind: Kind, row: ParameterGroupRow) {
  return {
    [`${kind.word}Name`]: row.name,
    [`${kind.word}Arn`]: row.arn,
    DBParameterGroupFamily: row.family,
    Description: row.description,
  };
}

function describeParameters(family: string, values: Record<string, string>): Parameter[] {
  return parametersOf(family).map((parameter) => {
    const value = values[parameter.name] ?? parameter.value;
    return {
      ParameterName: parameter.name,
      ...(value === undefined ? {} : { ParameterValue: value }),
      Source: values[parameter.name] !== undefined ? 'user' : value === undefined ? 'engine-default' : 'system',
      ApplyType: parameter.applyType,
      DataType: parameter.dataType,
      ...(parameter.allowed === undefined ? {} : { AllowedValues: parameter.allowed }),
      IsModifiable: true,
      ApplyMethod: 'pending-reboot',
    };
  });
}

function checkParameters(family: string, parameters: Parameter[]) {
  if (parameters.length === 0 || parameters.length > 20)
    throw refusal('InvalidParameterValue', 'From 1 to 20 parameters can be changed in one call.');
  for (const { ParameterName, ParameterValue, ApplyMethod } of parameters) {
    const known = parametersOf(family).find(({ name }) => name === ParameterName);
    if (!known) throw refusal('InvalidParameterValue', `Could not find parameter with name: ${ParameterName}`);
    if (ApplyMethod === undefined)
      throw refusal('InvalidParameterValue', `ApplyMethod must be given for the parameter ${ParameterName}`);
    if (ApplyMethod === 'immediate' && known.applyType === 'static')
      throw refusal(
        'InvalidParameterCombination',
        `cannot use immediate apply method for static parameter: ${ParameterName}`,
      );
    if (ParameterValue !== undefined && !isAllowed(known, ParameterValue))
      throw refusal(
        'InvalidParameterValue',
        `Invalid parameter value: ${ParameterValue} for: ${ParameterName} allowed values are: ${known.allowed}`,
      );
  }
}

/** The calls of a kind share their members but for the group's own name, so the types of the SDK stop at the door. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Any = any;

function parameterGroups(kind: Kind): Noun {
  const nameMember = `${kind.word}Name`;
  const table = (scope: Scope) => scope.table<ParameterGroupRow>(kind.table);
  return {
    service: 'rds',
    operations: {
      [`Create${kind.word}`]: operation<Any, Any>(
        [nameMember, 'DBParameterGroupFamily', 'Description', 'Tags'],
        (scope, input) => {
          const name = identifier(nameMember, input[nameMember], 255);
          if (!families.some((one) => one.family === input.DBParameterGroupFamily && kind.has(one)))
            throw refusal(
              'InvalidParameterValue',
              `ParameterGroupFamily ${input.DBParameterGroupFamily} is not a valid parameter group family`,
            );
          const tags = tagsFrom(input.Tags);
          checkNew(scope, kind, name);
          const row = table(scope).insert(name, {
            name,
            arn: scope.arn('rds', `${kind.arnType}:${name}`),
            family: input.DBParameterGroupFamily,
            description: input.Description,
            values: {},
            tags,
          });
          return { [kind.word]: describe(kind, row) };
        },
      ),
      [`Copy${kind.word}`]: operation<Any, Any>(
        [`Source${kind.word}Identifier`, `Target${kind.word}Identifier`, `Target${kind.word}Description`, 'Tags'],
        (scope, input) => {
          const source = requireGroup(scope, kind, input[`Source${kind.word}Identifier`]);
          const parameter = `Target${kind.word}Identifier`;
          const name = identifier(parameter, input[parameter], 255);
          const tags = tagsFrom(input.Tags);
          checkNew(scope, kind, name);
          const row = table(scope).insert(name, {
            ...source,
            name,
            arn: scope.arn('rds', `${kind.arnType}:${name}`),
            description: input[`Target${kind.word}Description`],
            values: { ...source.values },
            tags,
          });
          return { [kind.word]: describe(kind, row) };
        },
      ),
      [`Describe${kind.word}s`]: operation<Any, Any>([nameMember, 'MaxRecords', 'Marker'], (scope, input) => {
        const name: string | undefined = input[nameMember];
        const rows = name === undefined ? groupsOf(scope, kind) : [requireGroup(scope, kind, name)];
        const { page, Marker } = records(rows, input);
        return { Marker, [`${kind.word}s`]: page.map((row) => describe(kind, row)) };
      }),
      [`Describe${kind.list}`]: operation<Any, Any>([nameMember, 'Source', 'MaxRecords', 'Marker'], (scope, input) => {
        const { family, values } = requireGroup(scope, kind, input[nameMember]);
        const all = describeParameters(family, values).filter(
          ({ Source }) => input.Source === undefined || Source === input.Source,
        );
        const { page, Marker } = records(all, input);
        return { Marker, Parameters: page };
      }),
      [`Modify${kind.word}`]: operation<Any, Any>([nameMember, 'Parameters'], (scope, input) => {
        const row = requireOwn(scope, kind, input[nameMember]);
        const parameters: Parameter[] = input.Parameters ?? [];
        checkParameters(row.family, parameters);
        for (const { ParameterName, ParameterValue } of parameters)
          if (ParameterValue !== undefined) row.values[ParameterName!] = ParameterValue;
        return { [nameMember]: row.name };
      }),
      [`Reset${kind.word}`]: operation<Any, Any>([nameMember, 'ResetAllParameters', 'Parameters'], (scope, input) => {
        const row = requireOwn(scope, kind, input[nameMember]);
        const parameters: Parameter[] = input.Parameters ?? [];
        if (input.ResetAllParameters === true) row.values = {};
        else checkParameters(row.family, parameters);
        for (const { ParameterName } of parameters) delete row.values[ParameterName!];
        return { [nameMember]: row.name };
      }),
      [`Delete${kind.word}`]: operation<Any, Any>([nameMember], (scope, input) => {
        const { name } = requireOwn(scope, kind, input[nameMember]);
        const user = kind.users(scope).find(({ parameterGroupName }) => parameterGroupName === name);
        if (user)
          throw refusal(
            'InvalidDBParameterGroupState',
            `One or more databases are still members of this parameter group ${name}, so the group cannot be deleted: ${user.name}`,
          );
        table(scope).delete(name);
        return {};
      }),
      [kind === clusterKind ? 'DescribeEngineDefaultClusterParameters' : 'DescribeEngineDefaultParameters']: operation<
        Any,
        Any
      >(['DBParameterGroupFamily', 'MaxRecords', 'Marker'], (_scope, input) => {
        const family: string = input.DBParameterGroupFamily;
        if (!families.some((one) => one.family === family && kind.has(one)))
          throw refusal(
            'InvalidParameterValue',
            `ParameterGroupFamily ${family} is not a valid parameter group family`,
          );
        const { page, Marker } = records(describeParameters(family, {}), input);
        return { EngineDefaults: { DBParameterGroupFamily: family, Marker, Parameters: page } };
      }),
    },
  };
}

export const clusterParameterGroups = parameterGroups(clusterKind);
export const instanceParameterGroups = parameterGroups(instanceKind);
