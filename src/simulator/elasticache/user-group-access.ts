import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { type CacheVersion, hasAccessControl } from './engines.ts';
import { requireActive, requireUserGroup } from './user-group-rows.ts';

/** The user groups that a replication group may be given: one, active, of a fitting engine, and only with TLS. */
export function usableUserGroups(
  scope: Scope,
  wanted: string[],
  { version, tls, authToken }: { version: CacheVersion; tls: boolean; authToken: boolean },
): string[] {
  if (wanted.length === 0) return [];
  if (wanted.length > 1) throw refusal('InvalidParameterValue', 'A replication group can have only one user group.');
  const rows = wanted.map((userGroupId) => requireUserGroup(scope, userGroupId));
  if (authToken) throw refusal('InvalidParameterCombination', 'User groups and AuthToken can not be used together.');
  if (!hasAccessControl(version))
    throw refusal(
      'InvalidParameterCombination',
      `User group based access control is not supported for ${version.engine} ${version.version}; it needs Redis OSS 6.0 or Valkey 7.2 at least.`,
    );
  if (!tls)
    throw refusal(
      'InvalidParameterCombination',
      'User group based access control requires encryption-in-transit to be enabled on the replication group.',
    );
  for (const row of rows) {
    if (version.engine === 'redis' && row.engine !== 'redis')
      throw refusal(
        'InvalidParameterCombination',
        `User group ${row.userGroupId} is of engine ${row.engine}; it can not be used with redis.`,
      );
    requireActive(row);
  }
  return rows.map(({ userGroupId }) => userGroupId);
}
