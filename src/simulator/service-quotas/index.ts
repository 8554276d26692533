import type { Noun } from '../noun.ts';
import { quotaIncreases } from './increases.ts';
import { serviceQuotas } from './quotas.ts';

export const serviceQuotasNouns: readonly Noun[] = [serviceQuotas, quotaIncreases];
