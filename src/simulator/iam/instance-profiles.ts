import type {
  AddRoleToInstanceProfileCommandInput,
  AddRoleToInstanceProfileCommandOutput,
  CreateInstanceProfileCommandInput,
  CreateInstanceProfileCommandOutput,
  DeleteInstanceProfileCommandInput,
  DeleteInstanceProfileCommandOutput,
  GetInstanceProfileCommandInput,
  GetInstanceProfileCommandOutput,
  InstanceProfile,
  ListInstanceProfilesCommandInput,
  ListInstanceProfilesCommandOutput,
  ListInstanceProfilesForRoleCommandInput,
  ListInstanceProfilesForRoleCommandOutput,
  ListInstanceProfileTagsCommandInput,
  ListInstanceProfileTagsCommandOutput,
  RemoveRoleFromInstanceProfileCommandInput,
  RemoveRoleFromInstanceProfileCommandOutput,
  TagInstanceProfileCommandInput,
  TagInstanceProfileCommandOutput,
  UntagInstanceProfileCommandInput,
  UntagInstanceProfileCommandOutput,
} from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import {
  checkName,
  checkPath,
  iamId,
  iamPage,
  noSuchEntity,
  type Tags,
  tagList,
  tagsFrom,
  withoutTags,
} from './checks.ts';
import { changeableRole, requireRole, roleSummary, roleTable } from './roles.ts';

export interface InstanceProfileRow {
  instanceProfileName: string;
  instanceProfileId: string;
  path: string;
  arn: string;
  createDate: number;
  /** From here on EC2 knows it: IAM tells its neighbours with a delay. Milliseconds. */
  usableAt: number;
  /** At most one. */
  roleNames: string[];
  tags: Tags;
}

export function instanceProfileTable(scope: Scope) {
  return scope.globalTable<InstanceProfileRow>('iam.instanceProfiles');
}

function requireInstanceProfile(scope: Scope, name: string | undefined): InstanceProfileRow {
  const row = instanceProfileTable(scope).get(name);
  if (!row) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return row;
}

/**
 * The profile that EC2 is asked to give to an instance. EC2's `InvalidParameterValue` while it does not know the profile
 * (it never does for the first seconds of one) or when the profile has no role.
 */
export function usableInstanceProfile(
  scope: Scope,
  { Name, Arn }: { Name?: string | undefined; Arn?: string | undefined },
): { arn: string; id: string; name: string; roleName: string } {
  const [member, value, word] = Arn === undefined ? ['name', Name, 'name'] : ['arn', Arn, 'ARN'];
  const row = instanceProfileTable(scope)
    .list()
    .find((profile) => (Arn === undefined ? profile.instanceProfileName === Name : profile.arn === Arn));
  const refused = (message: string) =>
    refusal(
      'InvalidParameterValue',
      `Value (${value}) for parameter iamInstanceProfile.${member} is invalid. ${message}`,
    );
  if (!row || row.usableAt > scope.now) throw refused(`Invalid IAM Instance Profile ${word}`);
  const [roleName] = row.roleNames;
  if (roleName === undefined) throw refused(`IAM Instance Profile "${row.arn}" has no associated IAM Roles`);
  return { arn: row.arn, id: row.instanceProfileId, name: row.instanceProfileName, roleName };
}

function describe(scope: Scope, row: InstanceProfileRow, { withTags = true } = {}): InstanceProfile {
  const roles = row.roleNames.map((name) => roleTable(scope).peek(name)).filter((role) => role !== undefined);
  return {
    Path: row.path,
    InstanceProfileName: row.instanceProfileName,
    InstanceProfileId: row.instanceProfileId,
    Arn: row.arn,
    CreateDate: new Date(row.createDate),
    Roles: roles.map(roleSummary),
    ...(withTags && Object.keys(row.tags).length > 0 ? { Tags: tagList(row.tags) } : {}),
  };
}

function propagationSeconds(scope: Scope): number {
  const { iamLagSeconds } = scope.account.faults;
  return iamLagSeconds === undefined ? scope.seconds('instanceProfile.propagate') : iamLagSeconds * scope.random();
}

export const instanceProfiles: Noun = {
  service: 'iam',
  operations: {
    CreateInstanceProfile: operation<CreateInstanceProfileCommandInput, CreateInstanceProfileCommandOutput>(
      ['InstanceProfileName', 'Path', 'Tags'],
      (scope, { InstanceProfileName = '', Path, Tags }) => {
        checkName(InstanceProfileName, 'instanceProfileName', 128);
        const path = checkPath(Path);
        const tags = tagsFrom(Tags);
        const table = instanceProfileTable(scope);
        if (table.all().some((row) => row.instanceProfileName.toLowerCase() === InstanceProfileName.toLowerCase()))
          throw refusal('EntityAlreadyExists', `Instance Profile ${InstanceProfileName} already exists.`, 409);
        if (table.all().length >= 1000)
          throw refusal('LimitExceeded', 'Cannot exceed quota for InstanceProfilesPerAccount: 1000', 409);
        const row = table.insert(InstanceProfileName, {
          instanceProfileName: InstanceProfileName,
          instanceProfileId: iamId(scope, 'AIPA'),
          path,
          arn: scope.arn('iam', `instance-profile${path}${InstanceProfileName}`, { region: '' }),
          createDate: scope.now,
          usableAt: scope.now + propagationSeconds(scope) * 1000,
          roleNames: [],
          tags,
        });
        return { InstanceProfile: describe(scope, row) };
      },
    ),
    GetInstanceProfile: operation<GetInstanceProfileCommandInput, GetInstanceProfileCommandOutput>(
      ['InstanceProfileName'],
      (scope, { InstanceProfileName }) => ({
        InstanceProfile: describe(scope, requireInstanceProfile(scope, InstanceProfileName)),
      }),
    ),
    ListInstanceProfiles: operation<ListInstanceProfilesCommandInput, ListInstanceProfilesCommandOutput>(
      ['PathPrefix', 'MaxItems', 'Marker'],
      (scope, { PathPrefix = '/', ...paging }) => {
        const rows = instanceProfileTable(scope).list();
        const { page, ...more } = iamPage(
          rows
            .filter(({ path }) => path.startsWith(PathPrefix))
            .sort((one, other) => (one.instanceProfileName < other.instanceProfileName ? -1 : 1)),
          paging,
        );
        return { InstanceProfiles: page.map((row) => describe(scope, row, { withTags: false })), ...more };
      },
    ),
    ListInstanceProfilesForRole: operation<
      ListInstanceProfilesForRoleCommandInput,
      ListInstanceProfilesForRoleCommandOutput
    >(['RoleName', 'MaxItems', 'Marker'], (scope, { RoleName = '', ...paging }) => {
      requireRole(scope, RoleName);
      const rows = instanceProfileTable(scope)
        .list()
        .filter(({ roleNames }) => roleNames.includes(RoleName));
      const { page, ...more } = iamPage(rows, paging);
      return { InstanceProfiles: page.map((row) => describe(scope, row, { withTags: false })), ...more };
    }),
    AddRoleToInstanceProfile: operation<AddRoleToInstanceProfileCommandInput, AddRoleToInstanceProfileCommandOutput>(
      ['InstanceProfileName', 'RoleName'],
      (scope, { InstanceProfileName, RoleName }) => {
        const row = requireInstanceProfile(scope, InstanceProfileName);
        const role = changeableRole(scope, RoleName);
        if (row.roleNames.length > 0)
          throw refusal('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
        row.roleNames = [role.roleName];
        return {};
      },
    ),
    RemoveRoleFromInstanceProfile: operation<
      RemoveRoleFromInstanceProfileCommandInput,
      RemoveRoleFromInstanceProfileCommandOutput
    >(['InstanceProfileName', 'RoleName'], (scope, { InstanceProfileName, RoleName = '' }) => {
      const row = requireInstanceProfile(scope, InstanceProfileName);
      if (!row.roleNames.includes(RoleName)) throw noSuchEntity(`The role with name ${RoleName} cannot be found.`);
      row.roleNames = [];
      return {};
    }),
    TagInstanceProfile: operation<TagInstanceProfileCommandInput, TagInstanceProfileCommandOutput>(
      ['InstanceProfileName', 'Tags'],
      (scope, { InstanceProfileName, Tags }) => {
        const row = requireInstanceProfile(scope, InstanceProfileName);
        row.tags = tagsFrom(Tags, row.tags);
        return {};
      },
    ),
    UntagInstanceProfile: operation<UntagInstanceProfileCommandInput, UntagInstanceProfileCommandOutput>(
      ['InstanceProfileName', 'TagKeys'],
      (scope, { InstanceProfileName, TagKeys }) => {
        const row = requireInstanceProfile(scope, InstanceProfileName);
        row.tags = withoutTags(row.tags, TagKeys);
        return {};
      },
    ),
    ListInstanceProfileTags: operation<ListInstanceProfileTagsCommandInput, ListInstanceProfileTagsCommandOutput>(
      ['InstanceProfileName', 'MaxItems', 'Marker'],
      (scope, { InstanceProfileName, ...paging }) => {
        const { page, ...more } = iamPage(tagList(requireInstanceProfile(scope, InstanceProfileName).tags), paging);
        return { Tags: page, ...more };
      },
    ),
    DeleteInstanceProfile: operation<DeleteInstanceProfileCommandInput, DeleteInstanceProfileCommandOutput>(
      ['InstanceProfileName'],
      (scope, { InstanceProfileName }) => {
        const row = requireInstanceProfile(scope, InstanceProfileName);
        if (row.roleNames.length > 0)
          throw refusal('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
        instanceProfileTable(scope).delete(row.instanceProfileName);
        return {};
      },
    ),
  },
};
