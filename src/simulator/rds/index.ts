import type { Noun } from '../noun.ts';

/** Every noun of RDS. */
export const rdsNouns: readonly Noun[] = [];
