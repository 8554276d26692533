import type {
  AccessKey,
  AttachUserPolicyCommandInput,
  AttachUserPolicyCommandOutput,
  CreateAccessKeyCommandInput,
  CreateAccessKeyCommandOutput,
  CreateUserCommandInput,
  CreateUserCommandOutput,
  DeleteAccessKeyCommandInput,
  DeleteAccessKeyCommandOutput,
  DeleteUserCommandInput,
  DeleteUserCommandOutput,
  DeleteUserPolicyCommandInput,
  DeleteUserPolicyCommandOutput,
  DetachUserPolicyCommandInput,
  DetachUserPolicyCommandOutput,
  GetUserCommandInput,
  GetUserCommandOutput,
  GetUserPolicyCommandInput,
  GetUserPolicyCommandOutput,
  ListAccessKeysCommandInput,
  ListAccessKeysCommandOutput,
  ListAttachedUserPoliciesCommandInput,
  ListAttachedUserPoliciesCommandOutput,
  ListGroupsForUserCommandInput,
  ListGroupsForUserCommandOutput,
  ListUserPoliciesCommandInput,
  ListUserPoliciesCommandOutput,
  ListUsersCommandInput,
  ListUsersCommandOutput,
  ListUserTagsCommandInput,
  ListUserTagsCommandOutput,
  PutUserPolicyCommandInput,
  PutUserPolicyCommandOutput,
  TagUserCommandInput,
  TagUserCommandOutput,
  UntagUserCommandInput,
  UntagUserCommandOutput,
  UpdateAccessKeyCommandInput,
  UpdateAccessKeyCommandOutput,
  User,
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
import { requirePolicyArn } from './managed-policies.ts';
import {
  attachedList,
  attachPolicy,
  detachPolicy,
  getInline,
  type PolicyHolder,
  putInline,
} from './principal-policies.ts';

export interface UserRow extends PolicyHolder {
  userName: string;
  userId: string;
  path: string;
  arn: string;
  createDate: number;
  permissionsBoundary?: string;
  accessKeys: { accessKeyId: string; status: 'Active' | 'Inactive'; createDate: number }[];
  tags: Tags;
}

/** Who makes the calls: a user that was there before the account's story begins, and may do everything. */
export const callerName = 'rehearsal';
export const callerUserId = 'AIDASIMULATEDREHEARSA';

export function userTable(scope: Scope) {
  return scope.globalTable<UserRow>('iam.users');
}

function caller(scope: Scope): UserRow {
  return {
    userName: callerName,
    userId: callerUserId,
    path: '/',
    arn: scope.arn('iam', `user/${callerName}`, { region: '' }),
    createDate: Date.UTC(2025, 0, 1),
    accessKeys: [],
    inlinePolicies: {},
    attachedPolicies: [`arn:${scope.partition}:iam::aws:policy/AdministratorAccess`],
    tags: {},
  };
}

/** The user, or IAM's `NoSuchEntity`; without a name, the caller. */
export function requireUser(scope: Scope, userName = callerName): UserRow {
  const row = userTable(scope).get(userName) ?? (userName === callerName ? caller(scope) : undefined);
  if (!row) throw noSuchEntity(`The user with name ${userName} cannot be found.`);
  return row;
}

/** The user to be changed. The caller is stored only once something about it differs from what every account has. */
function changeableUser(scope: Scope, userName: string | undefined): UserRow {
  const row = requireUser(scope, userName);
  return userTable(scope).get(row.userName) ?? userTable(scope).insert(row.userName, row);
}

function describe(row: UserRow, { withTags = true } = {}): User {
  const { permissionsBoundary } = row;
  return {
    Path: row.path,
    UserName: row.userName,
    UserId: row.userId,
    Arn: row.arn,
    CreateDate: new Date(row.createDate),
    ...(permissionsBoundary
      ? {
          PermissionsBoundary: {
            PermissionsBoundaryType: 'PermissionsBoundaryPolicy' as const,
            PermissionsBoundaryArn: permissionsBoundary,
          },
        }
      : {}),
    ...(withTags && Object.keys(row.tags).length > 0 ? { Tags: tagList(row.tags) } : {}),
  };
}

function requireAccessKey(row: UserRow, accessKeyId: string | undefined) {
  const key = row.accessKeys.find((one) => one.accessKeyId === accessKeyId);
  if (!key) throw noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`);
  return key;
}

export const users: Noun = {
  service: 'iam',
  operations: {
    CreateUser: operation<CreateUserCommandInput, CreateUserCommandOutput>(
      ['UserName', 'Path', 'PermissionsBoundary', 'Tags'],
      (scope, { UserName = '', Path, PermissionsBoundary, Tags }) => {
        checkName(UserName, 'userName');
        const path = checkPath(Path);
        const tags = tagsFrom(Tags);
        const names = [
          callerName,
          ...userTable(scope)
            .all()
            .map(({ userName }) => userName),
        ];
        if (names.some((name) => name.toLowerCase() === UserName.toLowerCase()))
          throw refusal('EntityAlreadyExists', `User with name ${UserName} already exists.`, 409);
        if (PermissionsBoundary !== undefined) requirePolicyArn(scope, PermissionsBoundary);
        const row = userTable(scope).insert(UserName, {
          userName: UserName,
          userId: iamId(scope, 'AIDA'),
          path,
          arn: scope.arn('iam', `user${path}${UserName}`, { region: '' }),
          createDate: scope.now,
          ...(PermissionsBoundary === undefined ? {} : { permissionsBoundary: PermissionsBoundary }),
          accessKeys: [],
          inlinePolicies: {},
          attachedPolicies: [],
          tags,
        });
        return { User: describe(row) };
      },
    ),
    GetUser: operation<GetUserCommandInput, GetUserCommandOutput>(['UserName'], (scope, { UserName }) => ({
      User: describe(requireUser(scope, UserName)),
    })),
    ListUsers: operation<ListUsersCommandInput, ListUsersCommandOutput>(
      ['PathPrefix', 'MaxItems', 'Marker'],
      (scope, { PathPrefix = '/', ...paging }) => {
        const others = userTable(scope)
          .list()
          .filter(({ userName }) => userName !== callerName);
        const rows = [requireUser(scope), ...others].filter(({ path }) => path.startsWith(PathPrefix));
        rows.sort((one, other) => (one.userName < other.userName ? -1 : 1));
        const { page, ...more } = iamPage(rows, paging);
        return { Users: page.map((row) => describe(row, { withTags: false })), ...more };
      },
    ),
    DeleteUser: operation<DeleteUserCommandInput, DeleteUserCommandOutput>(['UserName'], (scope, { UserName }) => {
      const row = requireUser(scope, UserName);
      if (row.userName === callerName)
        throw refusal('UnmodifiableEntity', `The simulated account keeps the user ${callerName}, who makes the calls`);
      if (row.accessKeys.length > 0)
        throw refusal('DeleteConflict', 'Cannot delete entity, must delete access keys first.', 409);
      if (row.attachedPolicies.length > 0)
        throw refusal('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409);
      if (Object.keys(row.inlinePolicies).length > 0)
        throw refusal('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
      userTable(scope).delete(row.userName);
      return {};
    }),
    TagUser: operation<TagUserCommandInput, TagUserCommandOutput>(['UserName', 'Tags'], (scope, { UserName, Tags }) => {
      const tags = tagsFrom(Tags, requireUser(scope, UserName).tags);
      changeableUser(scope, UserName).tags = tags;
      return {};
    }),
    UntagUser: operation<UntagUserCommandInput, UntagUserCommandOutput>(
      ['UserName', 'TagKeys'],
      (scope, { UserName, TagKeys }) => {
        const row = changeableUser(scope, UserName);
        row.tags = withoutTags(row.tags, TagKeys);
        return {};
      },
    ),
    ListUserTags: operation<ListUserTagsCommandInput, ListUserTagsCommandOutput>(
      ['UserName', 'MaxItems', 'Marker'],
      (scope, { UserName, ...paging }) => {
        const { page, ...more } = iamPage(tagList(requireUser(scope, UserName).tags), paging);
        return { Tags: page, ...more };
      },
    ),
    ListGroupsForUser: operation<ListGroupsForUserCommandInput, ListGroupsForUserCommandOutput>(
      ['UserName', 'MaxItems', 'Marker'],
      (scope, { UserName }) => {
        requireUser(scope, UserName);
        return { Groups: [], IsTruncated: false };
      },
    ),
    CreateAccessKey: operation<CreateAccessKeyCommandInput, CreateAccessKeyCommandOutput>(
      ['UserName'],
      (scope, { UserName }) => {
        const row = changeableUser(scope, UserName);
        if (row.accessKeys.length >= 2)
          throw refusal('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2', 409);
        const key = {
          accessKeyId: iamId(scope, 'AKIA').slice(0, 20),
          status: 'Active' as const,
          createDate: scope.now,
        };
        row.accessKeys.push(key);
        const shown: AccessKey = {
          UserName: row.userName,
          AccessKeyId: key.accessKeyId,
          Status: key.status,
          SecretAccessKey: `simulated${scope.hex(31)}`,
          CreateDate: new Date(key.createDate),
        };
        return { AccessKey: shown };
      },
    ),
    UpdateAccessKey: operation<UpdateAccessKeyCommandInput, UpdateAccessKeyCommandOutput>(
      ['UserName', 'AccessKeyId', 'Status'],
      (scope, { UserName, AccessKeyId, Status }) => {
        const key = requireAccessKey(requireUser(scope, UserName), AccessKeyId);
        key.status = Status === 'Inactive' ? 'Inactive' : 'Active';
        return {};
      },
    ),
    ListAccessKeys: operation<ListAccessKeysCommandInput, ListAccessKeysCommandOutput>(
      ['UserName', 'MaxItems', 'Marker'],
      (scope, { UserName, ...paging }) => {
        const row = requireUser(scope, UserName);
        const { page, ...more } = iamPage(row.accessKeys, paging);
        const AccessKeyMetadata = page.map(({ accessKeyId, status, createDate }) => ({
          UserName: row.userName,
          AccessKeyId: accessKeyId,
          Status: status,
          CreateDate: new Date(createDate),
        }));
        return { AccessKeyMetadata, ...more };
      },
    ),
    DeleteAccessKey: operation<DeleteAccessKeyCommandInput, DeleteAccessKeyCommandOutput>(
      ['UserName', 'AccessKeyId'],
      (scope, { UserName, AccessKeyId }) => {
        const row = requireUser(scope, UserName);
        const key = requireAccessKey(row, AccessKeyId);
        row.accessKeys = row.accessKeys.filter((one) => one !== key);
        return {};
      },
    ),
    PutUserPolicy: operation<PutUserPolicyCommandInput, PutUserPolicyCommandOutput>(
      ['UserName', 'PolicyName', 'PolicyDocument'],
      (scope, { UserName, PolicyName, PolicyDocument }) => {
        const row = changeableUser(scope, UserName);
        putInline(row, { name: PolicyName, document: PolicyDocument, largest: 2048, holder: `user ${UserName}` });
        return {};
      },
    ),
    GetUserPolicy: operation<GetUserPolicyCommandInput, GetUserPolicyCommandOutput>(
      ['UserName', 'PolicyName'],
      (scope, { UserName, PolicyName }) => ({
        UserName,
        PolicyName,
        PolicyDocument: getInline(requireUser(scope, UserName), PolicyName, 'user'),
      }),
    ),
    ListUserPolicies: operation<ListUserPoliciesCommandInput, ListUserPoliciesCommandOutput>(
      ['UserName', 'MaxItems', 'Marker'],
      (scope, { UserName, ...paging }) => {
        const { page, ...more } = iamPage(Object.keys(requireUser(scope, UserName).inlinePolicies).sort(), paging);
        return { PolicyNames: page, ...more };
      },
    ),
    DeleteUserPolicy: operation<DeleteUserPolicyCommandInput, DeleteUserPolicyCommandOutput>(
      ['UserName', 'PolicyName'],
      (scope, { UserName, PolicyName = '' }) => {
        const row = requireUser(scope, UserName);
        getInline(row, PolicyName, 'user');
        delete row.inlinePolicies[PolicyName];
        return {};
      },
    ),
    AttachUserPolicy: operation<AttachUserPolicyCommandInput, AttachUserPolicyCommandOutput>(
      ['UserName', 'PolicyArn'],
      (scope, { UserName, PolicyArn }) => {
        attachPolicy(scope, changeableUser(scope, UserName), PolicyArn, 'PoliciesPerUser');
        return {};
      },
    ),
    DetachUserPolicy: operation<DetachUserPolicyCommandInput, DetachUserPolicyCommandOutput>(
      ['UserName', 'PolicyArn'],
      (scope, { UserName, PolicyArn }) => {
        detachPolicy(scope, changeableUser(scope, UserName), PolicyArn);
        return {};
      },
    ),
    ListAttachedUserPolicies: operation<ListAttachedUserPoliciesCommandInput, ListAttachedUserPoliciesCommandOutput>(
      ['UserName', 'PathPrefix', 'MaxItems', 'Marker'],
      (scope, { UserName, PathPrefix, ...paging }) => {
        const { page, ...more } = iamPage(attachedList(scope, requireUser(scope, UserName), PathPrefix), paging);
        return { AttachedPolicies: page, ...more };
      },
    ),
  },
};
