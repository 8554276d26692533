import type { Listener } from '../engine/events.ts';

/** One event a line. */
export function ndjson(out: (line: string) => void): { listen: Listener; close(): void } {
  return { listen: (event) => out(JSON.stringify(event)), close: () => {} };
}
