import type { Noun } from '../noun.ts';

export const pricingNouns: readonly Noun[] = [];
