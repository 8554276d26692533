import type {
  CreateLaunchTemplateCommandInput,
  CreateLaunchTemplateCommandOutput,
  CreateLaunchTemplateVersionCommandInput,
  CreateLaunchTemplateVersionCommandOutput,
  DeleteLaunchTemplateCommandInput,
  DeleteLaunchTemplateCommandOutput,
  DeleteLaunchTemplateVersionsCommandInput,
  DeleteLaunchTemplateVersionsCommandOutput,
  DescribeLaunchTemplatesCommandInput,
  DescribeLaunchTemplatesCommandOutput,
  DescribeLaunchTemplateVersionsCommandInput,
  DescribeLaunchTemplateVersionsCommandOutput,
  LaunchTemplate,
  LaunchTemplateVersion,
  ModifyLaunchTemplateCommandInput,
  ModifyLaunchTemplateCommandOutput,
  RequestLaunchTemplateData,
  ResponseLaunchTemplateData,
  RunInstancesCommandInput,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { selected, selecting } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';

interface Version {
  number: number;
  description?: string;
  data: RequestLaunchTemplateData;
  /** Milliseconds since 1970. */
  createTime: number;
}

export interface LaunchTemplateRow {
  launchTemplateId: string;
  launchTemplateName: string;
  createTime: number;
  defaultVersion: number;
  versions: Version[];
  tags: Tags;
}

function templateTable(scope: Scope) {
  return scope.table<LaunchTemplateRow>('ec2.launchTemplates');
}

interface Named {
  LaunchTemplateId?: string | undefined;
  LaunchTemplateName?: string | undefined;
}

/** The template by its id or its name, or EC2's refusal. */
function requireTemplate(scope: Scope, { LaunchTemplateId: id, LaunchTemplateName: name }: Named): LaunchTemplateRow {
  if ((id === undefined) === (name === undefined))
    throw refusal(
      'InvalidParameterCombination',
      'Either a launch template ID or a launch template name must be specified, but not both',
    );
  const rows = templateTable(scope).list();
  const row = rows.find((one) => (id === undefined ? one.launchTemplateName === name : one.launchTemplateId === id));
  if (row) return row;
  if (id === undefined)
    throw refusal(
      'InvalidLaunchTemplateName.NotFoundException',
      `The specified launch template, with template name ${name}, does not exist.`,
    );
  if (!/^lt-[0-9a-f]{8,17}$/.test(id)) throw refusal('InvalidLaunchTemplateId.Malformed', `Invalid id: "${id}"`);
  throw refusal(
    'InvalidLaunchTemplateId.NotFound',
    `The specified launch template, with template ID ${id}, does not exist.`,
  );
}

/** `$Latest`, `$Default` or a number. */
function requireVersion({ versions, defaultVersion, launchTemplateId }: LaunchTemplateRow, wanted: string): Version {
  const latest = versions.at(-1)?.number;
  const number = wanted === '$Latest' ? latest : wanted === '$Default' ? defaultVersion : Number(wanted);
  const version = versions.find((one) => one.number === number);
  if (!version)
    throw refusal(
      'InvalidLaunchTemplateId.VersionNotFound',
      `Could not find the specified version ${wanted} for the launch template with ID ${launchTemplateId}.`,
    );
  return version;
}

/** Members of a template that the simulated account can launch from. */
const launched = [
  'BlockDeviceMappings',
  'CreditSpecification',
  'DisableApiStop',
  'DisableApiTermination',
  'EbsOptimized',
  'IamInstanceProfile',
  'ImageId',
  'InstanceInitiatedShutdownBehavior',
  'InstanceType',
  'KeyName',
  'MetadataOptions',
  'Monitoring',
  'NetworkInterfaces',
  'Placement',
  'SecurityGroupIds',
  'SecurityGroups',
  'TagSpecifications',
  'UserData',
];

/** The call with what its launch template adds; members of the call itself win, and tags come together. */
export function withLaunchTemplate(scope: Scope, input: RunInstancesCommandInput): RunInstancesCommandInput {
  const { LaunchTemplate, ...own } = input;
  if (!LaunchTemplate) return own;
  const { data } = requireVersion(requireTemplate(scope, LaunchTemplate), LaunchTemplate.Version ?? '$Default');
  const unmodelled = Object.keys(data).find((name) => !launched.includes(name));
  if (unmodelled)
    throw refusal(
      'UnsupportedOperation',
      `The simulated account does not launch from ${unmodelled} of a launch template`,
    );
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const tags = [...((data.TagSpecifications ?? []) as TagSpecification[]), ...(own.TagSpecifications ?? [])];
  return { ...(data as Partial<RunInstancesCommandInput>), ...own, ...given, TagSpecifications: tags };
}

function describe(scope: Scope, row: LaunchTemplateRow): LaunchTemplate {
  return {
    LaunchTemplateId: row.launchTemplateId,
    LaunchTemplateName: row.launchTemplateName,
    CreateTime: new Date(row.createTime),
    CreatedBy: scope.arn('iam', 'user/rehearsal', { region: '' }),
    DefaultVersionNumber: row.defaultVersion,
    LatestVersionNumber: row.versions.at(-1)?.number,
    Tags: toList(row.tags),
  };
}

function describeVersion(scope: Scope, row: LaunchTemplateRow, version: Version): LaunchTemplateVersion {
  return {
    LaunchTemplateId: row.launchTemplateId,
    LaunchTemplateName: row.launchTemplateName,
    VersionNumber: version.number,
    VersionDescription: version.description,
    CreateTime: new Date(version.createTime),
    CreatedBy: scope.arn('iam', 'user/rehearsal', { region: '' }),
    DefaultVersion: version.number === row.defaultVersion,
    LaunchTemplateData: version.data as ResponseLaunchTemplateData,
  };
}

function newVersion(scope: Scope, number: number, data: RequestLaunchTemplateData, description?: string): Version {
  // The caller keeps its object; the account keeps a copy.
  const copy = structuredClone(data);
  return { number, data: copy, createTime: scope.now, ...(description === undefined ? {} : { description }) };
}

export const launchTemplates: Noun = {
  service: 'ec2',
  operations: {
    CreateLaunchTemplate: operation<CreateLaunchTemplateCommandInput, CreateLaunchTemplateCommandOutput>(
      ['LaunchTemplateName', 'LaunchTemplateData', 'VersionDescription', 'ClientToken', 'TagSpecifications'],
      (scope, input) => {
        const { LaunchTemplateName: launchTemplateName = '', LaunchTemplateData = {}, VersionDescription } = input;
        allowTagsFor(input.TagSpecifications, 'launch-template');
        const tags = tagsFor(input.TagSpecifications, 'launch-template');
        const again = templateTable(scope).peek(madeBefore(scope, 'CreateLaunchTemplate', input));
        if (again) return { LaunchTemplate: describe(scope, again) };
        if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(launchTemplateName))
          throw refusal(
            'InvalidLaunchTemplateName.MalformedException',
            'A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the characters (, ), ., -, / and _.',
          );
        if (
          templateTable(scope)
            .all()
            .some((row) => row.launchTemplateName === launchTemplateName)
        )
          throw refusal('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
        const launchTemplateId = scope.id('lt');
        const row = templateTable(scope).insert(launchTemplateId, {
          launchTemplateId,
          launchTemplateName,
          createTime: scope.now,
          defaultVersion: 1,
          versions: [newVersion(scope, 1, LaunchTemplateData, VersionDescription)],
          tags,
        });
        rememberToken(scope, 'CreateLaunchTemplate', input, launchTemplateId);
        return { LaunchTemplate: describe(scope, row) };
      },
    ),
    CreateLaunchTemplateVersion: operation<
      CreateLaunchTemplateVersionCommandInput,
      CreateLaunchTemplateVersionCommandOutput
    >(
      [
        'LaunchTemplateId',
        'LaunchTemplateName',
        'SourceVersion',
        'LaunchTemplateData',
        'VersionDescription',
        'ClientToken',
      ],
      (scope, input) => {
        const { SourceVersion, LaunchTemplateData, VersionDescription, ...named } = input;
        const row = requireTemplate(scope, named);
        const again = madeBefore(scope, 'CreateLaunchTemplateVersion', input);
        const made = row.versions.find((one) => `${one.number}` === again);
        if (made) return { LaunchTemplateVersion: describeVersion(scope, row, made) };
        const source = SourceVersion === undefined ? {} : requireVersion(row, SourceVersion).data;
        const number = (row.versions.at(-1)?.number ?? 0) + 1;
        const version = newVersion(scope, number, { ...source, ...LaunchTemplateData }, VersionDescription);
        row.versions.push(version);
        rememberToken(scope, 'CreateLaunchTemplateVersion', input, `${number}`);
        return { LaunchTemplateVersion: describeVersion(scope, row, version) };
      },
    ),
    DescribeLaunchTemplates: operation<DescribeLaunchTemplatesCommandInput, DescribeLaunchTemplatesCommandOutput>(
      ['LaunchTemplateIds', 'LaunchTemplateNames', ...selecting],
      (scope, { LaunchTemplateIds, LaunchTemplateNames, ...question }) => {
        const named = [
          ...(LaunchTemplateIds ?? []).map((LaunchTemplateId) => requireTemplate(scope, { LaunchTemplateId })),
          ...(LaunchTemplateNames ?? []).map((LaunchTemplateName) => requireTemplate(scope, { LaunchTemplateName })),
        ];
        const rows = LaunchTemplateIds || LaunchTemplateNames ? named : templateTable(scope).list();
        const { page, NextToken } = selected(scope, rows, question, {
          'launch-template-name': (row) => row.launchTemplateName,
          'create-time': (row) => new Date(row.createTime).toISOString(),
        });
        return { LaunchTemplates: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    DescribeLaunchTemplateVersions: operation<
      DescribeLaunchTemplateVersionsCommandInput,
      DescribeLaunchTemplateVersionsCommandOutput
    >(
      ['LaunchTemplateId', 'LaunchTemplateName', 'Versions', 'MinVersion', 'MaxVersion', 'MaxResults', 'NextToken'],
      (scope, { Versions, MinVersion, MaxVersion, MaxResults = 200, NextToken, ...named }) => {
        const row = requireTemplate(scope, named);
        const first = MinVersion === undefined ? 1 : Number(MinVersion);
        const last = MaxVersion === undefined ? Number.POSITIVE_INFINITY : Number(MaxVersion);
        // The newest first, as EC2 lists them.
        const asked = Versions?.map((wanted) => requireVersion(row, wanted)) ?? [...row.versions].reverse();
        const versions = asked.filter(({ number }) => number >= first && number <= last);
        const { page, next } = paged(versions, MaxResults, NextToken);
        return {
          LaunchTemplateVersions: page.map((version) => describeVersion(scope, row, version)),
          NextToken: next,
        };
      },
    ),
    ModifyLaunchTemplate: operation<ModifyLaunchTemplateCommandInput, ModifyLaunchTemplateCommandOutput>(
      ['LaunchTemplateId', 'LaunchTemplateName', 'DefaultVersion', 'ClientToken'],
      (scope, { DefaultVersion, ...named }) => {
        const row = requireTemplate(scope, named);
        if (DefaultVersion !== undefined) row.defaultVersion = requireVersion(row, DefaultVersion).number;
        return { LaunchTemplate: describe(scope, row) };
      },
    ),
    DeleteLaunchTemplateVersions: operation<
      DeleteLaunchTemplateVersionsCommandInput,
      DeleteLaunchTemplateVersionsCommandOutput
    >(['LaunchTemplateId', 'LaunchTemplateName', 'Versions'], (scope, { Versions = [], ...named }) => {
      const row = requireTemplate(scope, named);
      const about = { LaunchTemplateId: row.launchTemplateId, LaunchTemplateName: row.launchTemplateName };
      const found = (wanted: string) => row.versions.find(({ number }) => `${number}` === wanted);
      if (Versions.some((wanted) => found(wanted)?.number === row.defaultVersion))
        throw refusal('OperationNotPermitted', 'The default version of a launch template cannot be deleted.');
      const [there, missing] = [Versions.filter(found), Versions.filter((wanted) => !found(wanted))];
      row.versions = row.versions.filter(({ number }) => !there.includes(`${number}`));
      return {
        SuccessfullyDeletedLaunchTemplateVersions: there.map((wanted) => ({ ...about, VersionNumber: Number(wanted) })),
        UnsuccessfullyDeletedLaunchTemplateVersions: missing.map((wanted) => ({
          ...about,
          VersionNumber: Number(wanted),
          ResponseError: { Code: 'launchTemplateVersionDoesNotExist', Message: 'The version does not exist.' },
        })),
      };
    }),
    DeleteLaunchTemplate: operation<DeleteLaunchTemplateCommandInput, DeleteLaunchTemplateCommandOutput>(
      ['LaunchTemplateId', 'LaunchTemplateName'],
      (scope, named) => {
        const row = requireTemplate(scope, named);
        templateTable(scope).delete(row.launchTemplateId);
        return { LaunchTemplate: describe(scope, row) };
      },
    ),
  },
};
