import type { Noun } from '../noun.ts';
import { priceList } from './products.ts';

export const pricingNouns: readonly Noun[] = [priceList];
