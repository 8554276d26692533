import type { Noun } from '../noun.ts';

export const taggingNouns: readonly Noun[] = [];
