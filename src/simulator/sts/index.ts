import type { Noun } from '../noun.ts';

export const stsNouns: readonly Noun[] = [];
