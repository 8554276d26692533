import type { Noun } from '../noun.ts';
import { accountLimits } from './account-limits.ts';
import { listenerCertificates } from './certificates.ts';
import { listenerAttributes } from './listener-attributes.ts';
import { listeners } from './listeners.ts';
import { loadBalancerAttributes } from './load-balancer-attributes.ts';
import { loadBalancers } from './load-balancers.ts';
import { rules } from './rules.ts';
import { sslPolicies } from './ssl-policies.ts';
import { tagging } from './tags.ts';
import { targetGroupAttributes } from './target-group-attributes.ts';
import { targetGroups } from './target-groups.ts';
import { targets } from './targets.ts';

/** Elastic Load Balancing v2: application and network load balancers. */
export const elbv2Nouns: readonly Noun[] = [
  loadBalancers,
  loadBalancerAttributes,
  targetGroups,
  targetGroupAttributes,
  targets,
  listeners,
  listenerAttributes,
  listenerCertificates,
  rules,
  tagging,
  sslPolicies,
  accountLimits,
];
