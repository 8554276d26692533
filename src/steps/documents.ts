/** Policies as they are compared and shown. */
import { createHash } from 'node:crypto';
import type { Difference } from '../engine/resource.ts';
import { differing } from './differences.ts';

/** A document in a few characters: enough to see that it is another. */
export function digest(text: string): string {
  return `sha256 ${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** IAM answers with documents in the encoding of URLs, and with its own order of what has no order. */
export function documentDifferences(
  attribute: string,
  is: string | undefined,
  wanted: string,
  mend: Difference['mend'],
) {
  const there = is === undefined ? undefined : canonical(JSON.parse(is.startsWith('{') ? is : decodeURIComponent(is)));
  const same = there === canonical(JSON.parse(wanted));
  return same ? [] : differing(attribute, there && digest(there), digest(canonical(JSON.parse(wanted))), mend);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`);
  return `{${entries.sort().join()}}`;
}
