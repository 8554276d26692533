import type {
  DescribeParametersCommandInput,
  DescribeParametersCommandOutput,
  GetParametersByPathCommandInput,
  GetParametersByPathCommandOutput,
  ParameterStringFilter,
} from '@aws-sdk/client-ssm';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import {
  describeParameter,
  type ParameterRow,
  parameterArn,
  parameterTable,
  publicParameters,
} from './parameter-rows.ts';
import { ssmPage } from './tags.ts';

function inPath(name: string, path: string, recursive: boolean): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`;
  const full = name.startsWith('/') ? name : `/${name}`;
  return full.startsWith(folder) && (recursive || !full.slice(folder.length).includes('/'));
}

function latest({ versions }: ParameterRow) {
  return versions.at(-1)!;
}

/** What a filter looks at, by its key. */
function valuesOf(row: ParameterRow, key: string): string[] {
  const version = latest(row);
  if (key.startsWith('tag:')) return [row.tags[key.slice(4)]].filter((value) => value !== undefined);
  switch (key) {
    case 'Name':
      return [row.name];
    case 'Type':
      return [version.type];
    case 'KeyId':
      return [version.keyId].filter((value) => value !== undefined);
    case 'Tier':
      return [version.tier];
    case 'DataType':
      return [version.dataType];
    case 'Label':
      return row.versions.flatMap(({ labels }) => labels);
    default:
      throw refusal('InvalidFilterKey', `The following filter key is not valid: ${key}.`);
  }
}

function passes(
  row: ParameterRow,
  { Key = '', Option, Values = [] }: ParameterStringFilter,
  allowed?: readonly string[],
): boolean {
  if (allowed && !allowed.includes(Key))
    throw refusal(
      'InvalidFilterKey',
      `The following filter key is not valid: ${Key}. Valid filter keys include: [${allowed.join(', ')}].`,
    );
  if (Key === 'Path') {
    if (Option !== undefined && Option !== 'Recursive' && Option !== 'OneLevel')
      throw refusal(
        'InvalidFilterOption',
        `The following filter option is not valid: ${Option}. Valid options include: [Recursive, OneLevel].`,
      );
    return Values.some((path) => inPath(row.name, path, Option === 'Recursive'));
  }
  const values = valuesOf(row, Key);
  const compare = comparison(Key, Option ?? 'Equals');
  // A tag's key alone asks whether the tag is there.
  return Values.length === 0
    ? values.length > 0
    : values.some((value) => Values.some((wanted) => compare(value, wanted)));
}

function comparison(key: string, option: string): (value: string, wanted: string) => boolean {
  const plain = (text: string) =>
    key === 'Name' && text.startsWith('/') && text.indexOf('/', 1) === -1 ? text.slice(1) : text;
  if (option === 'Equals') return (value, wanted) => value === wanted || plain(value) === plain(wanted);
  if (option === 'BeginsWith') return (value, wanted) => value.startsWith(wanted);
  if (option === 'Contains' && key === 'Name') return (value, wanted) => value.includes(wanted);
  throw refusal(
    'InvalidFilterOption',
    `The following filter option is not valid: ${option}. Valid options include: [BeginsWith, Equals].`,
  );
}

/** Lists of parameters: by path, and by what they are. */
export const parameterLists: Noun = {
  service: 'ssm',
  operations: {
    GetParametersByPath: operation<GetParametersByPathCommandInput, GetParametersByPathCommandOutput>(
      ['Path', 'Recursive', 'ParameterFilters', 'WithDecryption', 'MaxResults', 'NextToken'],
      (scope, { Path = '', Recursive = false, ParameterFilters = [], WithDecryption, ...paging }) => {
        if (!/^\/[a-zA-Z0-9_./-]*$/.test(Path))
          throw refusal(
            'ValidationException',
            'The parameter path must be a fully qualified name that begins with a slash and has letters, numbers and .-_/ only.',
          );
        const rows = Path.startsWith('/aws/') ? publicParameters(scope) : parameterTable(scope).list();
        const found = rows
          .filter(({ name }) => inPath(name, Path, Recursive))
          .filter((row) => ParameterFilters.every((filter) => passes(row, filter, ['Type', 'KeyId', 'Label'])))
          .sort((one, other) => (one.name < other.name ? -1 : 1));
        const { page, ...more } = ssmPage(found, paging, 10);
        return {
          Parameters: page.map((row) => describeParameter(scope, { row, version: latest(row) }, WithDecryption)),
          ...more,
        };
      },
    ),
    DescribeParameters: operation<DescribeParametersCommandInput, DescribeParametersCommandOutput>(
      ['Filters', 'ParameterFilters', 'MaxResults', 'NextToken', 'Shared'],
      (scope, { Filters = [], ParameterFilters = [], Shared, ...paging }) => {
        if (Filters.length > 0 && ParameterFilters.length > 0)
          throw refusal('ValidationException', 'You can use either Filters or ParameterFilters in a single request.');
        const filters = [
          ...ParameterFilters,
          ...Filters.map(({ Key, Values }) => ({ Key, Values, Option: Key === 'Name' ? 'BeginsWith' : 'Equals' })),
        ];
        const rows = Shared ? [] : parameterTable(scope).list();
        const found = rows.filter((row) =>
          filters.every(
            (filter) => passes(row, filter) && (!filter.Key?.startsWith('tag:') || (row.taggedAt ?? 0) <= scope.now),
          ),
        );
        const { page, ...more } = ssmPage(
          found.sort((one, other) => (one.name < other.name ? -1 : 1)),
          paging,
          50,
        );
        return {
          Parameters: page.map((row) => {
            const version = latest(row);
            return {
              Name: row.name,
              ARN: parameterArn(scope, row.name),
              Type: version.type,
              LastModifiedDate: new Date(version.modifiedAt),
              LastModifiedUser: scope.arn('iam', 'user/rehearsal', { region: '' }),
              Version: version.version,
              Tier: version.tier,
              Policies: [],
              DataType: version.dataType,
              ...(version.keyId === undefined ? {} : { KeyId: version.keyId }),
              ...(version.description === undefined ? {} : { Description: version.description }),
              ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
            };
          }),
          ...more,
        };
      },
    ),
  },
};
