import type { Noun } from '../noun.ts';

export const serviceQuotasNouns: readonly Noun[] = [];
