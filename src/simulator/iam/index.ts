import type { Noun } from '../noun.ts';
import { accountSummary } from './account-summary.ts';
import { instanceProfiles } from './instance-profiles.ts';
import { policies } from './policies.ts';
import { rolePolicies } from './role-policies.ts';
import { roles } from './roles.ts';
import { serviceLinkedRoles } from './service-linked-roles.ts';
import { simulation } from './simulation.ts';
import { users } from './users.ts';

export const iamNouns: readonly Noun[] = [
  roles,
  rolePolicies,
  instanceProfiles,
  policies,
  serviceLinkedRoles,
  users,
  accountSummary,
  simulation,
];
