import type { Noun } from '../noun.ts';

export const efsNouns: readonly Noun[] = [];
