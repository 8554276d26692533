import type {
  DeleteParameterCommandInput,
  DeleteParameterCommandOutput,
  DeleteParametersCommandInput,
  DeleteParametersCommandOutput,
  GetParameterCommandInput,
  GetParameterCommandOutput,
  GetParameterHistoryCommandInput,
  GetParameterHistoryCommandOutput,
  GetParametersCommandInput,
  GetParametersCommandOutput,
  LabelParameterVersionCommandInput,
  LabelParameterVersionCommandOutput,
  Parameter,
  PutParameterCommandInput,
  PutParameterCommandOutput,
  UnlabelParameterVersionCommandInput,
  UnlabelParameterVersionCommandOutput,
} from '@aws-sdk/client-ssm';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { Refusal, refusal } from '../refusal.ts';
import {
  describeParameter,
  type ParameterRow,
  type ParameterVersionRow,
  parameterNotFound,
  parameterTable,
  plainName,
  requireParameter,
  selected,
  shownValue,
} from './parameter-rows.ts';
import { ssmPage, tagsFrom } from './tags.ts';

const versionsKept = 100;
const largestValue: Record<string, number> = { Standard: 4096, Advanced: 8192 };

function invalid(message: string) {
  return refusal('ValidationException', message);
}

function checkName(name: string) {
  if (name.length > 1011) throw invalid('Parameter name is too long; it can have at most 1011 characters.');
  if (/^\/?(aws|ssm)/i.test(name))
    throw /^\/?aws/i.test(name) && name.startsWith('/aws/')
      ? refusal('AccessDeniedException', `No access to reserved parameter name: ${name}.`)
      : invalid(
          'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
        );
  if (!/^[a-zA-Z0-9_./-]+$/.test(name) || name.endsWith('/') || name.includes('//'))
    throw invalid('Parameter name: can only consist of letters, numbers and the symbols .-_/');
  if (name.includes('/') && !name.startsWith('/')) throw invalid('Parameter name must be a fully qualified name.');
  if (name.split('/').length > 16)
    throw refusal('HierarchyLevelLimitExceededException', 'A hierarchy can have a maximum of 15 levels.');
}

function newVersion(
  scope: Scope,
  input: PutParameterCommandInput,
  before: ParameterVersionRow | undefined,
): ParameterVersionRow {
  const { Value = '', Type, Tier, DataType = before?.dataType ?? 'text', KeyId, Description, AllowedPattern } = input;
  const type = Type ?? before?.type;
  if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
  if (!['String', 'StringList', 'SecureString'].includes(type))
    throw refusal('UnsupportedParameterType', `The parameter type ${type} is not supported`);
  if (before && before.type !== type)
    throw refusal(
      'HierarchyTypeMismatchException',
      `Parameter Store does not support changing a parameter from ${before.type} to ${type}`,
    );
  if (KeyId !== undefined && type !== 'SecureString')
    throw invalid('KeyId is required for SecureString type parameter only.');
  if (Value === '') throw invalid('The parameter value must have at least one character.');
  if (input.Policies !== undefined && input.Policies !== '')
    throw refusal('UnknownParameter', 'The simulated account does not know the policies of advanced parameters');
  const grown = Value.length > 4096 ? 'Advanced' : undefined;
  const tier = (Tier === 'Intelligent-Tiering' ? grown : Tier) ?? before?.tier ?? 'Standard';
  if (before?.tier === 'Advanced' && tier === 'Standard')
    throw invalid(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier.",
    );
  const most = largestValue[tier] ?? 4096;
  if (Value.length > most)
    throw invalid(
      tier === 'Standard'
        ? 'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.'
        : 'Advanced tier parameters support a maximum parameter value of 8192 characters.',
    );
  if (DataType === 'aws:ec2:image' && !/^ami-[0-9a-f]+$/.test(Value))
    throw invalid('The value of an aws:ec2:image parameter must be an AMI id');
  const pattern = AllowedPattern ?? before?.allowedPattern;
  if (pattern !== undefined) checkPattern(pattern, Value);
  return {
    version: (before?.version ?? 0) + 1,
    value: Value,
    type,
    tier,
    dataType: DataType,
    ...(type === 'SecureString' ? { keyId: KeyId ?? before?.keyId ?? 'alias/aws/ssm' } : {}),
    ...(Description === undefined ? {} : { description: Description }),
    ...(pattern === undefined ? {} : { allowedPattern: pattern }),
    labels: [],
    modifiedAt: scope.now,
  };
}

function checkPattern(pattern: string, value: string) {
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${pattern})$`, 's');
  } catch {
    throw refusal('InvalidAllowedPatternException', `The regular expression ${pattern} is not valid`);
  }
  if (!expression.test(value))
    throw refusal(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    );
}

/** Makes room for one more version: the oldest goes, unless somebody relies on it by a label. */
function checkRoom({ name, versions }: ParameterRow) {
  const [oldest] = versions;
  if (versions.length >= versionsKept && oldest && oldest.labels.length > 0)
    throw refusal(
      'ParameterMaxVersionLimitExceeded',
      `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${oldest.version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    );
}

export const parameters: Noun = {
  service: 'ssm',
  operations: {
    PutParameter: operation<PutParameterCommandInput, PutParameterCommandOutput>(
      [
        'Name',
        'Value',
        'Type',
        'Description',
        'KeyId',
        'Overwrite',
        'AllowedPattern',
        'Tags',
        'Tier',
        'Policies',
        'DataType',
      ],
      (scope, input) => {
        const name = plainName(scope, input.Name ?? '');
        checkName(name);
        if (input.Overwrite && input.Tags && input.Tags.length > 0)
          throw invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
          );
        const tags = tagsFrom(input.Tags);
        const table = parameterTable(scope);
        const row = table.peek(name);
        if (row && !input.Overwrite)
          throw refusal(
            'ParameterAlreadyExists',
            'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
          );
        const version = newVersion(scope, input, row?.versions.at(-1));
        if (row) {
          checkRoom(row);
          row.versions = [...row.versions, version].slice(-versionsKept);
        } else {
          table.insert(name, { name, versions: [version], tags });
        }
        return { Version: version.version, Tier: version.tier };
      },
    ),
    GetParameter: operation<GetParameterCommandInput, GetParameterCommandOutput>(
      ['Name', 'WithDecryption'],
      (scope, { Name = '', WithDecryption }) => ({
        Parameter: describeParameter(scope, selected(scope, Name), WithDecryption),
      }),
    ),
    GetParameters: operation<GetParametersCommandInput, GetParametersCommandOutput>(
      ['Names', 'WithDecryption'],
      (scope, { Names = [], WithDecryption }) => {
        if (Names.length < 1 || Names.length > 10)
          throw invalid(
            `1 validation error detected: Value '[${Names.join(', ')}]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10`,
          );
        const found: Parameter[] = [];
        const missing: string[] = [];
        for (const name of new Set(Names)) {
          try {
            found.push(describeParameter(scope, selected(scope, name), WithDecryption));
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            missing.push(name);
          }
        }
        return { Parameters: found, InvalidParameters: missing };
      },
    ),
    GetParameterHistory: operation<GetParameterHistoryCommandInput, GetParameterHistoryCommandOutput>(
      ['Name', 'WithDecryption', 'MaxResults', 'NextToken'],
      (scope, { Name, WithDecryption, ...paging }) => {
        const row = requireParameter(scope, Name);
        const { page, ...more } = ssmPage(row.versions, paging, 50);
        return {
          Parameters: page.map((version) => ({
            Name: row.name,
            Type: version.type,
            Value: shownValue(row.name, version, WithDecryption),
            Version: version.version,
            LastModifiedDate: new Date(version.modifiedAt),
            LastModifiedUser: scope.arn('iam', 'user/rehearsal', { region: '' }),
            Labels: version.labels,
            Tier: version.tier,
            DataType: version.dataType,
            Policies: [],
            ...(version.keyId === undefined ? {} : { KeyId: version.keyId }),
            ...(version.description === undefined ? {} : { Description: version.description }),
            ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
          })),
          ...more,
        };
      },
    ),
    DeleteParameter: operation<DeleteParameterCommandInput, DeleteParameterCommandOutput>(
      ['Name'],
      (scope, { Name = '' }) => {
        const name = plainName(scope, Name);
        if (!parameterTable(scope).get(name)) throw parameterNotFound(Name);
        parameterTable(scope).delete(name);
        return {};
      },
    ),
    DeleteParameters: operation<DeleteParametersCommandInput, DeleteParametersCommandOutput>(
      ['Names'],
      (scope, { Names = [] }) => {
        if (Names.length < 1 || Names.length > 10) throw invalid('DeleteParameters takes from 1 to 10 names');
        const there = Names.filter((name) => parameterTable(scope).get(plainName(scope, name)));
        for (const name of there) parameterTable(scope).delete(plainName(scope, name));
        return { DeletedParameters: there, InvalidParameters: Names.filter((name) => !there.includes(name)) };
      },
    ),
    LabelParameterVersion: operation<LabelParameterVersionCommandInput, LabelParameterVersionCommandOutput>(
      ['Name', 'ParameterVersion', 'Labels'],
      (scope, { Name, ParameterVersion, Labels = [] }) => {
        const { versions } = requireParameter(scope, Name);
        const version =
          ParameterVersion === undefined ? versions.at(-1) : versions.find((one) => one.version === ParameterVersion);
        if (!version)
          throw refusal(
            'ParameterVersionNotFound',
            `Systems Manager could not find version ${ParameterVersion} of ${Name}. Verify the version and try again.`,
          );
        const wrong = Labels.filter((label) => !/^(?!aws|ssm)[a-zA-Z_][\w.-]{0,99}$/i.test(label));
        const right = Labels.filter((label) => !wrong.includes(label));
        if (new Set([...version.labels, ...right]).size > 10)
          throw refusal('ParameterVersionLabelLimitExceeded', 'A parameter version can have a maximum of 10 labels.');
        for (const one of versions) one.labels = one.labels.filter((label) => !right.includes(label));
        version.labels.push(...right);
        return { InvalidLabels: wrong, ParameterVersion: version.version };
      },
    ),
    UnlabelParameterVersion: operation<UnlabelParameterVersionCommandInput, UnlabelParameterVersionCommandOutput>(
      ['Name', 'ParameterVersion', 'Labels'],
      (scope, { Name, ParameterVersion, Labels = [] }) => {
        const version = requireParameter(scope, Name).versions.find((one) => one.version === ParameterVersion);
        if (!version)
          throw refusal(
            'ParameterVersionNotFound',
            `Systems Manager could not find version ${ParameterVersion} of ${Name}. Verify the version and try again.`,
          );
        const removed = Labels.filter((label) => version.labels.includes(label));
        version.labels = version.labels.filter((label) => !removed.includes(label));
        return { RemovedLabels: removed, InvalidLabels: Labels.filter((label) => !removed.includes(label)) };
      },
    ),
  },
};
