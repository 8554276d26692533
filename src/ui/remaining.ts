import type { Expectations } from './screen.ts';

/**
 * Seconds until everything that is expected is done: the longest chain of what is not. `elapsed` gives the seconds that a
 * resource has been worked on. What takes longer than usual counts as about to end.
 */
export function remainingSeconds(
  expected: Expectations,
  done: ReadonlySet<string>,
  elapsed: (key: string) => number,
): number {
  const known = new Map<string, number>();
  const upTo = (key: string): number => {
    const one = expected.get(key);
    if (!one || done.has(key)) return 0;
    const found = known.get(key);
    if (found !== undefined) return found;
    const seconds = Math.max(0, one.seconds - elapsed(key)) + Math.max(0, ...one.after.map(upTo));
    known.set(key, seconds);
    return seconds;
  };
  return Math.max(0, ...[...expected.keys()].map(upTo));
}
