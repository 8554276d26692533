import type { Noun } from '../noun.ts';

export const s3Nouns: readonly Noun[] = [];
