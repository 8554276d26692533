import type { Noun } from '../noun.ts';
import { identity } from './identity.ts';
import { stsSessions } from './sessions.ts';

export const stsNouns: readonly Noun[] = [identity, stsSessions];
