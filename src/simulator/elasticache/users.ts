import type {
  AuthenticationMode,
  CreateUserCommandInput,
  CreateUserCommandOutput,
  DeleteUserCommandInput,
  DeleteUserCommandOutput,
  DescribeUsersCommandInput,
  DescribeUsersCommandOutput,
  ModifyUserCommandInput,
  ModifyUserCommandOutput,
  User,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { identifier, nameOf } from '../rds/identifiers.ts';
import { filtered, records } from '../rds/records.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import { userGroupTable } from './user-group-rows.ts';

export interface CacheUserRow {
  userId: string;
  userName: string;
  arn: string;
  engine: 'redis' | 'valkey';
  status: 'creating' | 'active' | 'modifying' | 'deleting';
  accessString: string;
  authentication: 'password' | 'no-password' | 'iam';
  passwordCount: number;
  tags: Tags;
}

/** Quota of users in a region. */
const usersPerRegion = 1000;

function cacheUserTable(scope: Scope) {
  return scope.table<CacheUserRow>('elasticache.users');
}

/** Every account has it: it may do everything and has no password. */
function builtIn(scope: Scope): CacheUserRow {
  return {
    userId: 'default',
    userName: 'default',
    arn: scope.arn('elasticache', 'user:default'),
    engine: 'redis',
    status: 'active',
    accessString: 'on ~* +@all',
    authentication: 'no-password',
    passwordCount: 0,
    tags: {},
  };
}

/** The user of that id, the account's own `default` included, or ElastiCache's refusal. */
export function requireCacheUser(scope: Scope, userId: string | undefined): CacheUserRow {
  const id = nameOf(userId ?? '');
  const row = id === 'default' ? builtIn(scope) : cacheUserTable(scope).get(id);
  if (!row) throw refusal('UserNotFound', `User ${userId} not found.`, 404);
  return row;
}

export function requireEngine(engine: string | undefined): 'redis' | 'valkey' {
  const lowered = (engine ?? '').toLowerCase();
  if (lowered !== 'redis' && lowered !== 'valkey')
    throw refusal('InvalidParameterValue', `Invalid Engine: ${engine}. It must be redis or valkey.`);
  return lowered;
}

function groupsOf(scope: Scope, userId: string) {
  return userGroupTable(scope)
    .all()
    .filter(({ userIds }) => userIds.includes(userId));
}

function describe(scope: Scope, row: CacheUserRow): User {
  return {
    UserId: row.userId,
    UserName: row.userName,
    Status: row.status,
    Engine: row.engine,
    MinimumEngineVersion: row.engine === 'valkey' ? '7.2' : '6.0',
    AccessString: row.accessString,
    UserGroupIds: groupsOf(scope, row.userId).map(({ userGroupId }) => userGroupId),
    Authentication: {
      Type: row.authentication,
      ...(row.authentication === 'password' ? { PasswordCount: row.passwordCount } : {}),
    },
    ARN: row.arn,
  };
}

/** Rules of access control lists that ElastiCache takes. Passwords have members of their own. */
const rule =
  /^(on|off|allkeys|resetkeys|allchannels|resetchannels|allcommands|nocommands|clearselectors|~\S+|%(R|W|RW)~\S+|&\S+|[+-]@?[a-z0-9_|-]+)$/i;

function checkAccessString(accessString: string) {
  const words = accessString.replace(/[()]/g, ' ').split(/\s+/).filter(Boolean);
  const wrong = words.find((word) => !rule.test(word));
  if (words.length === 0 || wrong !== undefined)
    throw refusal(
      'InvalidParameterValue',
      `The access string is not valid${wrong === undefined ? '' : ` at ${wrong}`}.`,
    );
}

interface Secrets {
  Passwords?: string[] | undefined;
  NoPasswordRequired?: boolean | undefined;
  AuthenticationMode?: AuthenticationMode | undefined;
}

/** How the user proves who it is, or undefined when the call does not say. */
function authenticationOf(
  { Passwords, NoPasswordRequired, AuthenticationMode }: Secrets,
  { userId, userName }: { userId: string; userName: string },
): Pick<CacheUserRow, 'authentication' | 'passwordCount'> | undefined {
  if (AuthenticationMode && (Passwords !== undefined || NoPasswordRequired))
    throw refusal(
      'InvalidParameterCombination',
      'AuthenticationMode can not be given together with Passwords or NoPasswordRequired.',
    );
  if (Passwords && Passwords.length > 0 && NoPasswordRequired)
    throw refusal('InvalidParameterCombination', 'Passwords can not be given when NoPasswordRequired is set.');
  const passwords = AuthenticationMode?.Passwords ?? Passwords ?? [];
  const type =
    AuthenticationMode?.Type ?? (NoPasswordRequired ? 'no-password-required' : Passwords ? 'password' : undefined);
  if (type === undefined) {
    if (AuthenticationMode) throw refusal('InvalidParameterValue', 'AuthenticationMode must have a Type.');
    return undefined;
  }
  if (!['password', 'no-password-required', 'iam'].includes(type))
    throw refusal(
      'InvalidParameterValue',
      `Input Authentication type: ${type} is not in the allowed list: [password,no-password-required,iam]`,
    );
  if (type !== 'password' && passwords.length > 0)
    throw refusal('InvalidParameterCombination', `Password field is not allowed with authentication type: ${type}`);
  if (type === 'iam') {
    if (userId !== userName.toLowerCase())
      throw refusal('InvalidParameterValue', 'User name and user id must be the same for IAM authentication.');
    return { authentication: 'iam', passwordCount: 0 };
  }
  if (type === 'no-password-required') return { authentication: 'no-password', passwordCount: 0 };
  if (passwords.length === 0)
    throw refusal(
      'InvalidParameterCombination',
      'A user with Authentication Mode: password, must have at least one password',
    );
  if (passwords.length > 2) throw refusal('InvalidParameterValue', 'A user can have at most 2 passwords.');
  if (new Set(passwords).size < passwords.length)
    throw refusal('InvalidParameterValue', 'The passwords of a user must differ.');
  for (const password of passwords)
    if (password.length < 16 || password.length > 128 || !/^[!-~]+$/.test(password))
      throw refusal('InvalidParameterValue', 'Passwords length must be between 16-128 characters.');
  return { authentication: 'password', passwordCount: passwords.length };
}

export const cacheUsers: Noun = {
  service: 'elasticache',
  operations: {
    CreateUser: operation<CreateUserCommandInput, CreateUserCommandOutput>(
      ['UserId', 'UserName', 'Engine', 'Passwords', 'AccessString', 'NoPasswordRequired', 'Tags', 'AuthenticationMode'],
      (scope, { UserId, UserName = '', Engine, AccessString = '', Tags, ...secrets }) => {
        const userId = identifier('UserId', UserId, 40);
        if (!/^[!-~]{1,120}$/.test(UserName))
          throw refusal('InvalidParameterValue', `The parameter UserName is not valid: ${UserName}`);
        const engine = requireEngine(Engine);
        checkAccessString(AccessString);
        const authentication = authenticationOf(secrets, { userId, userName: UserName });
        if (!authentication)
          throw refusal(
            'InvalidParameterValue',
            'No password was provided. If you want to create/update the user without password, please use the NoPasswordRequired flag.',
          );
        const tags = tagsFrom(Tags, {}, 'TagQuotaPerResourceExceeded');
        const table = cacheUserTable(scope);
        if (userId === 'default' || table.peek(userId))
          throw refusal('UserAlreadyExists', `User ${userId} already exists.`);
        if (table.all().length >= usersPerRegion)
          throw refusal('UserQuotaExceeded', 'The quota of users has been reached.');
        const row = table.insert(userId, {
          userId,
          userName: UserName,
          arn: scope.arn('elasticache', `user:${userId}`),
          engine,
          status: 'creating',
          accessString: AccessString,
          ...authentication,
          tags,
        });
        scope.after(scope.seconds('cacheUser.create'), 'cacheUserSettled', { userId, from: 'creating' });
        return describe(scope, row);
      },
    ),
    DescribeUsers: operation<DescribeUsersCommandInput, DescribeUsersCommandOutput>(
      ['Engine', 'UserId', 'Filters', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const rows =
          asked.UserId === undefined
            ? [builtIn(scope), ...cacheUserTable(scope).list()]
            : [requireCacheUser(scope, asked.UserId)];
        const engine = asked.Engine === undefined ? undefined : requireEngine(asked.Engine);
        const found = filtered(
          rows.filter((row) => engine === undefined || row.engine === engine),
          asked.Filters,
          {
            'user-id': (row) => row.userId,
            'user-name': (row) => row.userName,
            engine: (row) => row.engine,
            status: (row) => row.status,
          },
        );
        const { page, Marker } = records(found, asked);
        return { Marker, Users: page.map((row) => describe(scope, row)) };
      },
    ),
    ModifyUser: operation<ModifyUserCommandInput, ModifyUserCommandOutput>(
      [
        'UserId',
        'AccessString',
        'AppendAccessString',
        'Passwords',
        'NoPasswordRequired',
        'AuthenticationMode',
        'Engine',
      ],
      (scope, { UserId, AccessString, AppendAccessString, Engine, ...secrets }) => {
        const row = requireOwn(scope, UserId);
        if (row.status !== 'active') throw refusal('InvalidUserState', `User ${row.userId} is in ${row.status} state.`);
        if (AccessString !== undefined && AppendAccessString !== undefined)
          throw refusal(
            'InvalidParameterCombination',
            'AccessString and AppendAccessString can not be given together.',
          );
        const accessString =
          AccessString ?? (AppendAccessString ? `${row.accessString} ${AppendAccessString}` : row.accessString);
        checkAccessString(accessString);
        const authentication = authenticationOf(secrets, row);
        const engine = Engine === undefined ? row.engine : requireEngine(Engine);
        if (engine === 'redis' && row.engine === 'valkey')
          throw refusal('InvalidParameterValue', 'A Valkey user can not become a Redis user.');
        Object.assign(row, { accessString, engine, status: 'modifying' }, authentication);
        scope.after(scope.seconds('cacheUser.create'), 'cacheUserSettled', { userId: row.userId, from: 'modifying' });
        return describe(scope, row);
      },
    ),
    DeleteUser: operation<DeleteUserCommandInput, DeleteUserCommandOutput>(['UserId'], (scope, { UserId }) => {
      const row = requireOwn(scope, UserId);
      const [group] = groupsOf(scope, row.userId);
      if (group && row.userName === 'default' && group.engine === 'redis')
        throw refusal(
          'DefaultUserAssociatedToUserGroup',
          `The default user ${row.userId} can't be deleted while it is in the user group ${group.userGroupId}.`,
        );
      if (group)
        throw refusal(
          'InvalidUserState',
          `User ${row.userId} is in the user group ${group.userGroupId}; remove it from there or delete the group first.`,
        );
      if (row.status !== 'active') throw refusal('InvalidUserState', `User ${row.userId} is in ${row.status} state.`);
      row.status = 'deleting';
      scope.after(scope.seconds('cacheUser.delete'), 'cacheUserDeleted', { userId: row.userId });
      return describe(scope, row);
    }),
  },
  events: {
    cacheUserSettled(scope, { userId, from }: { userId: string; from: string }) {
      const row = cacheUserTable(scope).peek(userId);
      if (row?.status === from) row.status = 'active';
    },
    cacheUserDeleted(scope, { userId }: { userId: string }) {
      cacheUserTable(scope).delete(userId);
    },
  },
};

/** A user that can be changed; the account's own `default` can not. */
function requireOwn(scope: Scope, userId: string | undefined): CacheUserRow {
  const row = requireCacheUser(scope, userId);
  if (row.userId === 'default')
    throw refusal('InvalidParameterValue', 'The user with the id default can not be changed or deleted.');
  return row;
}
