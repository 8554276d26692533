import type { Scope } from '../account.ts';
import type { Tags } from '../ec2/tags.ts';
import { nameOf } from '../rds/identifiers.ts';
import { refusal } from '../refusal.ts';

export interface UserGroupRow {
  userGroupId: string;
  arn: string;
  engine: 'redis' | 'valkey';
  status: 'creating' | 'active' | 'modifying' | 'deleting';
  userIds: string[];
  pendingAdd: string[];
  pendingRemove: string[];
  tags: Tags;
}

export function userGroupTable(scope: Scope) {
  return scope.table<UserGroupRow>('elasticache.userGroups');
}

export function requireUserGroup(scope: Scope, userGroupId: string | undefined) {
  const row = userGroupTable(scope).get(nameOf(userGroupId ?? ''));
  if (!row) throw refusal('UserGroupNotFound', `User group ${userGroupId} not found.`, 404);
  return row;
}

/** Refuses a user group that is changing or going. */
export function requireActive(row: UserGroupRow) {
  if (row.status !== 'active')
    throw refusal(
      'InvalidUserGroupState',
      `User group ${row.userGroupId} is in ${row.status} state; it must be active.`,
    );
}
