import type {
  CreateUserGroupCommandInput,
  CreateUserGroupCommandOutput,
  DeleteUserGroupCommandInput,
  DeleteUserGroupCommandOutput,
  DescribeUserGroupsCommandInput,
  DescribeUserGroupsCommandOutput,
  ModifyUserGroupCommandInput,
  ModifyUserGroupCommandOutput,
  UserGroup,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { identifier, nameOf } from '../rds/identifiers.ts';
import { records } from '../rds/records.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import { replicationGroupTable } from './rows.ts';
import { requireActive, requireUserGroup, type UserGroupRow, userGroupTable } from './user-group-rows.ts';
import { type CacheUserRow, requireCacheUser, requireEngine } from './users.ts';

/** Quotas: user groups of a region, users of a group. */
const [groupsPerRegion, usersPerGroup] = [100, 100];

function replicationGroupsOf(scope: Scope, userGroupId: string): string[] {
  return replicationGroupTable(scope)
    .all()
    .filter((row) => row.userGroupIds.includes(userGroupId) || row.pendingUserGroups?.add.includes(userGroupId))
    .map(({ name }) => name);
}

function describe(scope: Scope, row: UserGroupRow): UserGroup {
  const changing = row.pendingAdd.length + row.pendingRemove.length > 0;
  return {
    UserGroupId: row.userGroupId,
    Status: row.status,
    Engine: row.engine,
    UserIds: row.userIds,
    MinimumEngineVersion: row.engine === 'valkey' ? '7.2' : '6.0',
    ReplicationGroups: replicationGroupsOf(scope, row.userGroupId),
    ServerlessCaches: [],
    ...(changing ? { PendingChanges: { UserIdsToAdd: row.pendingAdd, UserIdsToRemove: row.pendingRemove } } : {}),
    ARN: row.arn,
  };
}

/** What holds for the members of a group. Redis needs a user named `default` in it, Valkey refuses users without secret. */
function checkMembers(engine: UserGroupRow['engine'], users: CacheUserRow[]) {
  const names = users.map(({ userName }) => userName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw refusal('DuplicateUserName', `A user group can have only one user with the name ${twice}.`);
  if (users.length > usersPerGroup)
    throw refusal('UserQuotaExceeded', `A user group can have at most ${usersPerGroup} users.`);
  if (engine === 'redis') {
    const other = users.find((user) => user.engine !== 'redis');
    if (other)
      throw refusal(
        'InvalidParameterValue',
        `User ${other.userId} is a ${other.engine} user; a redis user group takes redis users only.`,
      );
    if (!names.includes('default'))
      throw refusal(
        'DefaultUserRequired',
        'A user group of engine redis must contain a user with the user name default.',
      );
  } else {
    const open = users.find((user) => user.authentication === 'no-password');
    if (open)
      throw refusal(
        'InvalidParameterValue',
        `User ${open.userId} needs no password; a valkey user group does not take it.`,
      );
  }
}

function requireUsers(scope: Scope, userIds: string[]): CacheUserRow[] {
  return userIds.map((userId) => {
    const user = requireCacheUser(scope, userId);
    if (user.status === 'deleting') throw refusal('InvalidUserState', `User ${userId} is being deleted.`);
    return user;
  });
}

export const userGroups: Noun = {
  service: 'elasticache',
  operations: {
    CreateUserGroup: operation<CreateUserGroupCommandInput, CreateUserGroupCommandOutput>(
      ['UserGroupId', 'Engine', 'UserIds', 'Tags'],
      (scope, { UserGroupId, Engine, UserIds = [], Tags }) => {
        const userGroupId = identifier('UserGroupId', UserGroupId, 40);
        const engine = requireEngine(Engine);
        const tags = tagsFrom(Tags, {}, 'TagQuotaPerResourceExceeded');
        const table = userGroupTable(scope);
        if (table.peek(userGroupId))
          throw refusal('UserGroupAlreadyExists', `User group ${userGroupId} already exists.`);
        if (table.all().length >= groupsPerRegion)
          throw refusal('UserGroupQuotaExceeded', 'The quota of user groups has been reached.');
        const users = requireUsers(scope, UserIds);
        checkMembers(engine, users);
        const row = table.insert(userGroupId, {
          userGroupId,
          arn: scope.arn('elasticache', `usergroup:${userGroupId}`),
          engine,
          status: 'creating',
          userIds: users.map(({ userId }) => userId),
          pendingAdd: [],
          pendingRemove: [],
          tags,
        });
        scope.after(scope.seconds('cacheUserGroup.create'), 'cacheUserGroupSettled', { userGroupId, from: 'creating' });
        return describe(scope, row);
      },
    ),
    DescribeUserGroups: operation<DescribeUserGroupsCommandInput, DescribeUserGroupsCommandOutput>(
      ['UserGroupId', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const rows =
          asked.UserGroupId === undefined ? userGroupTable(scope).list() : [requireUserGroup(scope, asked.UserGroupId)];
        const { page, Marker } = records(rows, asked);
        return { Marker, UserGroups: page.map((row) => describe(scope, row)) };
      },
    ),
    ModifyUserGroup: operation<ModifyUserGroupCommandInput, ModifyUserGroupCommandOutput>(
      ['UserGroupId', 'UserIdsToAdd', 'UserIdsToRemove', 'Engine'],
      (scope, { UserGroupId, UserIdsToAdd = [], UserIdsToRemove = [], Engine }) => {
        const row = requireUserGroup(scope, UserGroupId);
        const engine = Engine === undefined ? row.engine : requireEngine(Engine);
        if (UserIdsToAdd.length + UserIdsToRemove.length === 0 && engine === row.engine)
          throw refusal(
            'InvalidParameterCombination',
            'At least one of UserIdsToAdd and UserIdsToRemove must be given.',
          );
        if (engine === 'redis' && row.engine === 'valkey')
          throw refusal('InvalidParameterValue', 'A Valkey user group can not become a Redis user group.');
        const added = requireUsers(scope, UserIdsToAdd).map(({ userId }) => userId);
        const removed = UserIdsToRemove.map(nameOf);
        requireActive(row);
        const already = added.find((userId) => row.userIds.includes(userId));
        if (already !== undefined)
          throw refusal('InvalidParameterValue', `User ${already} is in the user group ${row.userGroupId} already.`);
        const missing = removed.find((userId) => !row.userIds.includes(userId));
        if (missing !== undefined)
          throw refusal('InvalidParameterValue', `User ${missing} is not in the user group ${row.userGroupId}.`);
        const members = [...row.userIds.filter((userId) => !removed.includes(userId)), ...added];
        checkMembers(engine, requireUsers(scope, members));
        Object.assign(row, { engine, status: 'modifying', pendingAdd: added, pendingRemove: removed });
        const details = { userGroupId: row.userGroupId, from: 'modifying' };
        scope.after(scope.seconds('cacheUserGroup.create'), 'cacheUserGroupSettled', details);
        return describe(scope, row);
      },
    ),
    DeleteUserGroup: operation<DeleteUserGroupCommandInput, DeleteUserGroupCommandOutput>(
      ['UserGroupId'],
      (scope, { UserGroupId }) => {
        const row = requireUserGroup(scope, UserGroupId);
        requireActive(row);
        const [user] = replicationGroupsOf(scope, row.userGroupId);
        if (user !== undefined)
          throw refusal(
            'InvalidUserGroupState',
            `User group ${row.userGroupId} is associated with the replication group ${user}.`,
          );
        row.status = 'deleting';
        const { userGroupId } = row;
        scope.after(scope.seconds('cacheUserGroup.delete'), 'cacheUserGroupDeleted', { userGroupId });
        return describe(scope, row);
      },
    ),
  },
  events: {
    cacheUserGroupSettled(scope, { userGroupId, from }: { userGroupId: string; from: string }) {
      const row = userGroupTable(scope).peek(userGroupId);
      if (row?.status !== from) return;
      const kept = row.userIds.filter((userId) => !row.pendingRemove.includes(userId));
      Object.assign(row, {
        status: 'active',
        userIds: [...kept, ...row.pendingAdd],
        pendingAdd: [],
        pendingRemove: [],
      });
    },
    cacheUserGroupDeleted(scope, { userGroupId }: { userGroupId: string }) {
      userGroupTable(scope).delete(userGroupId);
    },
  },
};
