import type {
  CreatePolicyCommandInput,
  CreatePolicyCommandOutput,
  CreatePolicyVersionCommandInput,
  CreatePolicyVersionCommandOutput,
  DeletePolicyCommandInput,
  DeletePolicyCommandOutput,
  DeletePolicyVersionCommandInput,
  DeletePolicyVersionCommandOutput,
  GetPolicyCommandInput,
  GetPolicyCommandOutput,
  GetPolicyVersionCommandInput,
  GetPolicyVersionCommandOutput,
  ListEntitiesForPolicyCommandInput,
  ListEntitiesForPolicyCommandOutput,
  ListPoliciesCommandInput,
  ListPoliciesCommandOutput,
  ListPolicyTagsCommandInput,
  ListPolicyTagsCommandOutput,
  ListPolicyVersionsCommandInput,
  ListPolicyVersionsCommandOutput,
  Policy,
  PolicyVersion,
  SetDefaultPolicyVersionCommandInput,
  SetDefaultPolicyVersionCommandOutput,
  TagPolicyCommandInput,
  TagPolicyCommandOutput,
  UntagPolicyCommandInput,
  UntagPolicyCommandOutput,
} from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { checkName, checkPath, iamId, iamPage, noSuchEntity, tagList, tagsFrom, withoutTags } from './checks.ts';
import { encoded, parsePolicy } from './documents.ts';
import { awsManagedPolicies, type PolicyRow, policyTable, requirePolicyArn } from './managed-policies.ts';
import { roleTable } from './roles.ts';
import { userTable } from './users.ts';

type Version = PolicyRow['versions'][number];

const versionsPerPolicy = 5;

function holders(scope: Scope, arn: string) {
  const holds = ({ attachedPolicies }: { attachedPolicies: string[] }) => attachedPolicies.includes(arn);
  return { roles: roleTable(scope).all().filter(holds), users: userTable(scope).all().filter(holds) };
}

function describe(scope: Scope, row: PolicyRow, { inList = false } = {}): Policy {
  const { roles, users } = holders(scope, row.arn);
  const bounded = [...roleTable(scope).all(), ...userTable(scope).all()];
  return {
    PolicyName: row.policyName,
    PolicyId: row.policyId,
    Arn: row.arn,
    Path: row.path,
    DefaultVersionId: row.versions.find(({ isDefault }) => isDefault)?.versionId ?? 'v1',
    AttachmentCount: roles.length + users.length,
    PermissionsBoundaryUsageCount: bounded.filter(({ permissionsBoundary }) => permissionsBoundary === row.arn).length,
    IsAttachable: true,
    CreateDate: new Date(row.createDate),
    UpdateDate: new Date(row.updateDate),
    ...(inList || row.description === undefined ? {} : { Description: row.description }),
    ...(inList ? {} : { Tags: tagList(row.tags) }),
  };
}

function describeVersion(version: Version, { withDocument = false } = {}): PolicyVersion {
  return {
    VersionId: version.versionId,
    IsDefaultVersion: version.isDefault,
    CreateDate: new Date(version.createDate),
    ...(withDocument ? { Document: encoded(version.document) } : {}),
  };
}

/** A policy of the account's own, to be changed; AWS's cannot be. */
function changeablePolicy(scope: Scope, arn: string | undefined): PolicyRow {
  const row = requirePolicyArn(scope, arn);
  if (/^arn:[\w-]+:iam::aws:/.test(row.arn))
    throw refusal('AccessDenied', `User is not authorized to change the AWS managed policy ${row.arn}`, 403);
  return row;
}

function requireVersion(row: PolicyRow, versionId: string | undefined): Version {
  const version = row.versions.find((one) => one.versionId === versionId);
  if (!version) throw noSuchEntity(`Policy ${row.arn} version ${versionId} does not exist or is not attachable.`);
  return version;
}

function checkSize(document: string) {
  if (document.replace(/\s/g, '').length > 6144)
    throw refusal('LimitExceeded', 'Cannot exceed quota for PolicySize: 6144', 409);
}

function setDefault(row: PolicyRow, version: Version) {
  for (const one of row.versions) one.isDefault = one === version;
}

/** Managed policies: the account's own, and AWS's to read and attach. */
export const policies: Noun = {
  service: 'iam',
  operations: {
    CreatePolicy: operation<CreatePolicyCommandInput, CreatePolicyCommandOutput>(
      ['PolicyName', 'Path', 'PolicyDocument', 'Description', 'Tags'],
      (scope, { PolicyName = '', Path, PolicyDocument = '', Description, Tags }) => {
        checkName(PolicyName, 'policyName', 128);
        const path = checkPath(Path);
        const tags = tagsFrom(Tags);
        const table = policyTable(scope);
        if (table.all().some(({ policyName }) => policyName.toLowerCase() === PolicyName.toLowerCase()))
          throw refusal(
            'EntityAlreadyExists',
            `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`,
            409,
          );
        parsePolicy(PolicyDocument, 'identity');
        checkSize(PolicyDocument);
        const arn = scope.arn('iam', `policy${path}${PolicyName}`, { region: '' });
        const row = table.insert(arn, {
          policyName: PolicyName,
          policyId: iamId(scope, 'ANPA'),
          path,
          arn,
          ...(Description === undefined ? {} : { description: Description }),
          createDate: scope.now,
          updateDate: scope.now,
          versions: [{ versionId: 'v1', document: PolicyDocument, createDate: scope.now, isDefault: true }],
          versionsMade: 1,
          tags,
        });
        return { Policy: describe(scope, row) };
      },
    ),
    GetPolicy: operation<GetPolicyCommandInput, GetPolicyCommandOutput>(['PolicyArn'], (scope, { PolicyArn }) => ({
      Policy: describe(scope, requirePolicyArn(scope, PolicyArn)),
    })),
    ListPolicies: operation<ListPoliciesCommandInput, ListPoliciesCommandOutput>(
      ['Scope', 'OnlyAttached', 'PathPrefix', 'PolicyUsageFilter', 'MaxItems', 'Marker'],
      (scope, { Scope: whose = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter, ...paging }) => {
        const rows = [
          ...(whose === 'AWS' ? [] : policyTable(scope).list()),
          ...(whose === 'Local' ? [] : awsManagedPolicies(scope)),
        ];
        const shown = rows
          .filter(({ path }) => path.startsWith(PathPrefix))
          .map((row) => describe(scope, row, { inList: true }))
          .filter(({ AttachmentCount = 0 }) => !OnlyAttached || AttachmentCount > 0)
          .filter(
            ({ PermissionsBoundaryUsageCount = 0 }) =>
              PolicyUsageFilter !== 'PermissionsBoundary' || PermissionsBoundaryUsageCount > 0,
          );
        const { page, ...more } = iamPage(shown, paging);
        return { Policies: page, ...more };
      },
    ),
    DeletePolicy: operation<DeletePolicyCommandInput, DeletePolicyCommandOutput>(
      ['PolicyArn'],
      (scope, { PolicyArn }) => {
        const row = changeablePolicy(scope, PolicyArn);
        const { AttachmentCount = 0, PermissionsBoundaryUsageCount = 0 } = describe(scope, row);
        if (AttachmentCount + PermissionsBoundaryUsageCount > 0)
          throw refusal('DeleteConflict', 'Cannot delete a policy attached to entities.', 409);
        if (row.versions.length > 1)
          throw refusal(
            'DeleteConflict',
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            409,
          );
        policyTable(scope).delete(row.arn);
        return {};
      },
    ),
    CreatePolicyVersion: operation<CreatePolicyVersionCommandInput, CreatePolicyVersionCommandOutput>(
      ['PolicyArn', 'PolicyDocument', 'SetAsDefault'],
      (scope, { PolicyArn, PolicyDocument = '', SetAsDefault = false }) => {
        const row = changeablePolicy(scope, PolicyArn);
        parsePolicy(PolicyDocument, 'identity');
        checkSize(PolicyDocument);
        if (row.versions.length >= versionsPerPolicy)
          throw refusal(
            'LimitExceeded',
            'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
            409,
          );
        row.versionsMade++;
        const version = {
          versionId: `v${row.versionsMade}`,
          document: PolicyDocument,
          createDate: scope.now,
          isDefault: false,
        };
        row.versions.push(version);
        row.updateDate = scope.now;
        if (SetAsDefault) setDefault(row, version);
        return { PolicyVersion: describeVersion(version) };
      },
    ),
    GetPolicyVersion: operation<GetPolicyVersionCommandInput, GetPolicyVersionCommandOutput>(
      ['PolicyArn', 'VersionId'],
      (scope, { PolicyArn, VersionId }) => {
        const version = requireVersion(requirePolicyArn(scope, PolicyArn), VersionId);
        return { PolicyVersion: describeVersion(version, { withDocument: true }) };
      },
    ),
    ListPolicyVersions: operation<ListPolicyVersionsCommandInput, ListPolicyVersionsCommandOutput>(
      ['PolicyArn', 'MaxItems', 'Marker'],
      (scope, { PolicyArn, ...paging }) => {
        const newestFirst = [...requirePolicyArn(scope, PolicyArn).versions].reverse();
        const { page, ...more } = iamPage(newestFirst, paging);
        return { Versions: page.map((version) => describeVersion(version)), ...more };
      },
    ),
    SetDefaultPolicyVersion: operation<SetDefaultPolicyVersionCommandInput, SetDefaultPolicyVersionCommandOutput>(
      ['PolicyArn', 'VersionId'],
      (scope, { PolicyArn, VersionId }) => {
        const row = changeablePolicy(scope, PolicyArn);
        setDefault(row, requireVersion(row, VersionId));
        return {};
      },
    ),
    DeletePolicyVersion: operation<DeletePolicyVersionCommandInput, DeletePolicyVersionCommandOutput>(
      ['PolicyArn', 'VersionId'],
      (scope, { PolicyArn, VersionId }) => {
        const row = changeablePolicy(scope, PolicyArn);
        const version = requireVersion(row, VersionId);
        if (version.isDefault) throw refusal('DeleteConflict', 'Cannot delete the default version of a policy.', 409);
        row.versions = row.versions.filter((one) => one !== version);
        return {};
      },
    ),
    ListEntitiesForPolicy: operation<ListEntitiesForPolicyCommandInput, ListEntitiesForPolicyCommandOutput>(
      ['PolicyArn', 'EntityFilter', 'PathPrefix', 'MaxItems', 'Marker'],
      (scope, { PolicyArn, EntityFilter, PathPrefix = '/' }) => {
        const { roles, users } = holders(scope, requirePolicyArn(scope, PolicyArn).arn);
        const wanted = (kind: string) => EntityFilter === undefined || EntityFilter === kind;
        return {
          PolicyGroups: [],
          PolicyRoles: roles
            .filter(({ path }) => wanted('Role') && path.startsWith(PathPrefix))
            .map(({ roleName, roleId }) => ({ RoleName: roleName, RoleId: roleId })),
          PolicyUsers: users
            .filter(({ path }) => wanted('User') && path.startsWith(PathPrefix))
            .map(({ userName, userId }) => ({ UserName: userName, UserId: userId })),
          IsTruncated: false,
        };
      },
    ),
    TagPolicy: operation<TagPolicyCommandInput, TagPolicyCommandOutput>(
      ['PolicyArn', 'Tags'],
      (scope, { PolicyArn, Tags }) => {
        const row = changeablePolicy(scope, PolicyArn);
        row.tags = tagsFrom(Tags, row.tags);
        return {};
      },
    ),
    UntagPolicy: operation<UntagPolicyCommandInput, UntagPolicyCommandOutput>(
      ['PolicyArn', 'TagKeys'],
      (scope, { PolicyArn, TagKeys }) => {
        const row = changeablePolicy(scope, PolicyArn);
        row.tags = withoutTags(row.tags, TagKeys);
        return {};
      },
    ),
    ListPolicyTags: operation<ListPolicyTagsCommandInput, ListPolicyTagsCommandOutput>(
      ['PolicyArn', 'MaxItems', 'Marker'],
      (scope, { PolicyArn, ...paging }) => {
        const { page, ...more } = iamPage(tagList(requirePolicyArn(scope, PolicyArn).tags), paging);
        return { Tags: page, ...more };
      },
    ),
  },
};
