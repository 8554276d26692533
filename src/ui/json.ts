import type { Screen } from './screen.ts';

/** One event a line. What is said beside the events goes to `note`, so that each line of `out` is an event. */
export function ndjson(out: (line: string) => void, note: (line: string) => void): Screen {
  return { listen: (event) => out(JSON.stringify(event)), say: note, close: async () => {}, abandon: () => {} };
}
