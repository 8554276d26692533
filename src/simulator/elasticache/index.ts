import type { Noun } from '../noun.ts';

/** Every noun of ElastiCache. */
export const elasticacheNouns: readonly Noun[] = [];
