import type { Noun } from '../noun.ts';

export const iamNouns: readonly Noun[] = [];
