import type { Noun } from '../noun.ts';

export const elbv2Nouns: readonly Noun[] = [];
