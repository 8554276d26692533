import type { Expectations } from './screen.ts';

/** How far a run is. */
export interface Reached {
  readonly done: ReadonlySet<string>;
  /** What waits for one of these is not begun any more in this run. */
  readonly failed: ReadonlySet<string>;
  /** Seconds that a resource has been worked on. */
  elapsed(key: string): number;
}

/**
 * Seconds until everything that can still be done is done: the longest chain of it. What takes longer than usual counts
 * as about to end.
 */
export function remainingSeconds(expected: Expectations, { done, failed, elapsed }: Reached): number {
  const known = new Map<string, number | undefined>();
  /** Undefined for what is never to be. */
  const upTo = (key: string): number | undefined => {
    const one = expected.get(key);
    if (!one || done.has(key)) return 0;
    if (failed.has(key)) return undefined;
    if (known.has(key)) return known.get(key);
    const before = one.after.map(upTo);
    const all = before.filter((seconds) => seconds !== undefined);
    const isBlocked = all.length < before.length;
    const seconds = isBlocked ? undefined : Math.max(0, one.seconds - elapsed(key)) + Math.max(0, ...all);
    known.set(key, seconds);
    return seconds;
  };
  return Math.max(0, ...[...expected.keys()].map((key) => upTo(key) ?? 0));
}
