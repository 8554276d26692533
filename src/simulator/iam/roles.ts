import type {
  CreateRoleCommandInput,
  CreateRoleCommandOutput,
  DeleteRoleCommandInput,
  DeleteRoleCommandOutput,
  DeleteRolePermissionsBoundaryCommandInput,
  DeleteRolePermissionsBoundaryCommandOutput,
  GetRoleCommandInput,
  GetRoleCommandOutput,
  ListRolesCommandInput,
  ListRolesCommandOutput,
  ListRoleTagsCommandInput,
  ListRoleTagsCommandOutput,
  PutRolePermissionsBoundaryCommandInput,
  PutRolePermissionsBoundaryCommandOutput,
  Role,
  TagRoleCommandInput,
  TagRoleCommandOutput,
  UntagRoleCommandInput,
  UntagRoleCommandOutput,
  UpdateAssumeRolePolicyCommandInput,
  UpdateAssumeRolePolicyCommandOutput,
  UpdateRoleCommandInput,
  UpdateRoleCommandOutput,
  UpdateRoleDescriptionCommandInput,
  UpdateRoleDescriptionCommandOutput,
} from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import {
  checkName,
  checkPath,
  constraint,
  iamId,
  iamPage,
  noSuchEntity,
  type Tags,
  tagList,
  tagsFrom,
  withoutTags,
} from './checks.ts';
import { encoded, parsePolicy } from './documents.ts';
import { requirePolicyArn } from './managed-policies.ts';

export interface RoleRow {
  roleName: string;
  roleId: string;
  path: string;
  arn: string;
  createDate: number;
  assumeRolePolicyDocument: string;
  description?: string;
  maxSessionDuration: number;
  permissionsBoundary?: string;
  /** Inline policies: name → document. */
  inlinePolicies: Record<string, string>;
  /** ARNs of attached managed policies, in the order of attachment. */
  attachedPolicies: string[];
  tags: Tags;
}

/** Quota of roles in an account, by default. */
const rolesPerAccount = 1000;

export function roleTable(scope: Scope) {
  return scope.globalTable<RoleRow>('iam.roles');
}

/** The role, or IAM's `NoSuchEntity`. */
export function requireRole(scope: Scope, roleName: string | undefined): RoleRow {
  const row = roleTable(scope).get(roleName);
  if (!row) throw noSuchEntity(`The role with name ${roleName} cannot be found.`);
  return row;
}

/** The role, which the call is going to change: AWS keeps the roles of its own services to itself. */
export function changeableRole(scope: Scope, roleName: string | undefined): RoleRow {
  const row = requireRole(scope, roleName);
  if (row.path.startsWith('/aws-service-role/'))
    throw refusal(
      'UnmodifiableEntity',
      `Cannot perform the operation on the protected role '${roleName}' - this role is only modifiable by AWS`,
    );
  return row;
}

/** A role as lists and other nouns show it; only the calls about the role itself show its tags and its boundary. */
export function roleSummary(row: RoleRow): Role {
  return {
    Path: row.path,
    RoleName: row.roleName,
    RoleId: row.roleId,
    Arn: row.arn,
    CreateDate: new Date(row.createDate),
    AssumeRolePolicyDocument: encoded(row.assumeRolePolicyDocument),
    ...(row.description === undefined ? {} : { Description: row.description }),
    MaxSessionDuration: row.maxSessionDuration,
  };
}

function roleDetails(row: RoleRow): Role {
  const { permissionsBoundary } = row;
  return {
    ...roleSummary(row),
    ...(permissionsBoundary
      ? {
          PermissionsBoundary: {
            PermissionsBoundaryType: 'PermissionsBoundaryPolicy' as const,
            PermissionsBoundaryArn: permissionsBoundary,
          },
        }
      : {}),
    ...(Object.keys(row.tags).length > 0 ? { Tags: tagList(row.tags) } : {}),
  };
}

/** Stores a new role. The caller has checked everything. */
export function addRole(
  scope: Scope,
  role: Pick<RoleRow, 'roleName' | 'path' | 'assumeRolePolicyDocument'> & Partial<RoleRow>,
): RoleRow {
  return roleTable(scope).insert(role.roleName, {
    roleId: iamId(scope, 'AROA'),
    arn: scope.arn('iam', `role${role.path}${role.roleName}`, { region: '' }),
    createDate: scope.now,
    maxSessionDuration: 3600,
    inlinePolicies: {},
    attachedPolicies: [],
    tags: {},
    ...role,
  });
}

function checkSession(seconds: number | undefined) {
  if (seconds === undefined) return;
  if (seconds < 3600)
    throw constraint(String(seconds), 'maxSessionDuration', 'have value greater than or equal to 3600');
  if (seconds > 43200)
    throw constraint(String(seconds), 'maxSessionDuration', 'have value less than or equal to 43200');
}

function checkDescription(description: string | undefined) {
  if (description !== undefined && description.length > 1000)
    throw constraint(description, 'description', 'have length less than or equal to 1000');
}

export const roles: Noun = {
  service: 'iam',
  operations: {
    CreateRole: operation<CreateRoleCommandInput, CreateRoleCommandOutput>(
      [
        'RoleName',
        'Path',
        'AssumeRolePolicyDocument',
        'Description',
        'MaxSessionDuration',
        'PermissionsBoundary',
        'Tags',
      ],
      (
        scope,
        {
          RoleName = '',
          Path,
          AssumeRolePolicyDocument = '',
          Description,
          MaxSessionDuration,
          PermissionsBoundary,
          Tags,
        },
      ) => {
        checkName(RoleName, 'roleName');
        const path = checkPath(Path);
        checkSession(MaxSessionDuration);
        checkDescription(Description);
        const tags = tagsFrom(Tags);
        const table = roleTable(scope);
        if (table.all().some(({ roleName }) => roleName.toLowerCase() === RoleName.toLowerCase()))
          throw refusal('EntityAlreadyExists', `Role with name ${RoleName} already exists.`, 409);
        parsePolicy(AssumeRolePolicyDocument, 'trust');
        if (PermissionsBoundary !== undefined) requirePolicyArn(scope, PermissionsBoundary);
        if (table.all().length >= rolesPerAccount)
          throw refusal('LimitExceeded', `Cannot exceed quota for RolesPerAccount: ${rolesPerAccount}`, 409);
        const row = addRole(scope, {
          roleName: RoleName,
          path,
          assumeRolePolicyDocument: AssumeRolePolicyDocument,
          ...(Description === undefined ? {} : { description: Description }),
          ...(MaxSessionDuration === undefined ? {} : { maxSessionDuration: MaxSessionDuration }),
          ...(PermissionsBoundary === undefined ? {} : { permissionsBoundary: PermissionsBoundary }),
          tags,
        });
        return { Role: roleDetails(row) };
      },
    ),
    GetRole: operation<GetRoleCommandInput, GetRoleCommandOutput>(['RoleName'], (scope, { RoleName }) => ({
      Role: { ...roleDetails(requireRole(scope, RoleName)), RoleLastUsed: {} },
    })),
    ListRoles: operation<ListRolesCommandInput, ListRolesCommandOutput>(
      ['PathPrefix', 'MaxItems', 'Marker'],
      (scope, { PathPrefix = '/', ...paging }) => {
        const rows = roleTable(scope)
          .list()
          .filter(({ path }) => path.startsWith(PathPrefix))
          .sort((one, other) => (one.roleName < other.roleName ? -1 : 1));
        const { page, ...more } = iamPage(rows, paging);
        return { Roles: page.map(roleSummary), ...more };
      },
    ),
    UpdateRole: operation<UpdateRoleCommandInput, UpdateRoleCommandOutput>(
      ['RoleName', 'Description', 'MaxSessionDuration'],
      (scope, { RoleName, Description, MaxSessionDuration }) => {
        const row = changeableRole(scope, RoleName);
        checkSession(MaxSessionDuration);
        checkDescription(Description);
        if (Description !== undefined) row.description = Description;
        row.maxSessionDuration = MaxSessionDuration ?? row.maxSessionDuration;
        return {};
      },
    ),
    UpdateRoleDescription: operation<UpdateRoleDescriptionCommandInput, UpdateRoleDescriptionCommandOutput>(
      ['RoleName', 'Description'],
      (scope, { RoleName, Description = '' }) => {
        const row = changeableRole(scope, RoleName);
        checkDescription(Description);
        row.description = Description;
        return { Role: roleDetails(row) };
      },
    ),
    UpdateAssumeRolePolicy: operation<UpdateAssumeRolePolicyCommandInput, UpdateAssumeRolePolicyCommandOutput>(
      ['RoleName', 'PolicyDocument'],
      (scope, { RoleName, PolicyDocument = '' }) => {
        const row = changeableRole(scope, RoleName);
        parsePolicy(PolicyDocument, 'trust');
        row.assumeRolePolicyDocument = PolicyDocument;
        return {};
      },
    ),
    PutRolePermissionsBoundary: operation<
      PutRolePermissionsBoundaryCommandInput,
      PutRolePermissionsBoundaryCommandOutput
    >(['RoleName', 'PermissionsBoundary'], (scope, { RoleName, PermissionsBoundary = '' }) => {
      const row = changeableRole(scope, RoleName);
      requirePolicyArn(scope, PermissionsBoundary);
      row.permissionsBoundary = PermissionsBoundary;
      return {};
    }),
    DeleteRolePermissionsBoundary: operation<
      DeleteRolePermissionsBoundaryCommandInput,
      DeleteRolePermissionsBoundaryCommandOutput
    >(['RoleName'], (scope, { RoleName }) => {
      delete changeableRole(scope, RoleName).permissionsBoundary;
      return {};
    }),
    TagRole: operation<TagRoleCommandInput, TagRoleCommandOutput>(['RoleName', 'Tags'], (scope, { RoleName, Tags }) => {
      const row = requireRole(scope, RoleName);
      row.tags = tagsFrom(Tags, row.tags);
      return {};
    }),
    UntagRole: operation<UntagRoleCommandInput, UntagRoleCommandOutput>(
      ['RoleName', 'TagKeys'],
      (scope, { RoleName, TagKeys }) => {
        const row = requireRole(scope, RoleName);
        row.tags = withoutTags(row.tags, TagKeys);
        return {};
      },
    ),
    ListRoleTags: operation<ListRoleTagsCommandInput, ListRoleTagsCommandOutput>(
      ['RoleName', 'MaxItems', 'Marker'],
      (scope, { RoleName, ...paging }) => {
        const { page, ...more } = iamPage(tagList(requireRole(scope, RoleName).tags), paging);
        return { Tags: page, ...more };
      },
    ),
    DeleteRole: operation<DeleteRoleCommandInput, DeleteRoleCommandOutput>(['RoleName'], (scope, { RoleName }) => {
      const row = changeableRole(scope, RoleName);
      const profiles = scope.globalTable<{ roleNames: string[] }>('iam.instanceProfiles');
      if (profiles.all().some(({ roleNames }) => roleNames.includes(row.roleName)))
        throw refusal('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
      if (row.attachedPolicies.length > 0)
        throw refusal('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409);
      if (Object.keys(row.inlinePolicies).length > 0)
        throw refusal('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
      roleTable(scope).delete(row.roleName);
      return {};
    }),
  },
};
