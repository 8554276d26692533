/** Time as a run sees it: real, or virtual. Milliseconds. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** Longer than a pause and a look together. What a clock says beyond that, nobody has waited. */
const mostAtOnceSeconds = 60;

/**
 * Seconds that its caller has waited, as long as it asks again after each pause. A laptop that slept for an hour between
 * two looks has waited a minute, and a clock that was set back takes nothing away: neither may end a wait.
 */
export function stopwatch(clock: Pick<Clock, 'now'>): () => number {
  let last = clock.now();
  let waited = 0;
  return () => {
    const present = clock.now();
    waited += Math.min(Math.max((present - last) / 1000, 0), mostAtOnceSeconds);
    last = present;
    return waited;
  };
}
