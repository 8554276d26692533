import type { Noun } from '../noun.ts';

export const ssmNouns: readonly Noun[] = [];
