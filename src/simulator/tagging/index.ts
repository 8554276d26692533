import type { Noun } from '../noun.ts';
import { taggedResources } from './resources.ts';

export const taggingNouns: readonly Noun[] = [taggedResources];
