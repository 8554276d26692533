import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Listener, RunEvent } from './engine/events.ts';

type Kind = RunEvent['event'];
/** An event as the journal has it. */
type Recorded<K extends Kind = Kind> = Parameters<Listener>[0] & { event: K };

/** What one run wrote to `runs/<time>.ndjson`. */
export interface Journal {
  readonly file: string;
  readonly events: readonly Recorded[];
}

/** The journals of a deployment, oldest first. A line that a kill cut off is passed over. */
export function journals(folder: string): Journal[] {
  const runs = join(folder, 'runs');
  if (!existsSync(runs)) return [];
  const names = readdirSync(runs).filter((name) => name.endsWith('.ndjson'));
  return names.sort().map((name) => {
    const file = join(runs, name);
    return { file, events: readFileSync(file, 'utf8').split('\n').flatMap(parsed) };
  });
}

function parsed(line: string): Recorded[] {
  try {
    const event = JSON.parse(line) as Partial<Recorded>;
    return typeof event.event === 'string' && typeof event.time === 'string' ? [event as Recorded] : [];
  } catch {
    return [];
  }
}

/** Milliseconds on the clock of the world that the run was in: of a rehearsal, simulated time. */
export function momentOf({ time, virtualTime }: Recorded): number {
  return Date.parse(virtualTime ?? time);
}

export function isKind<K extends Kind>(event: Recorded, kind: K): event is Recorded<K> {
  return event.event === kind;
}

/** The time that one run worked on one resource. */
export interface WorkSpan {
  readonly key: string;
  readonly step: number;
  readonly verb: 'create' | 'finish' | 'destroy' | 'find';
  readonly start: number;
  /** For what was cut off, the last moment of the journal. */
  readonly end: number;
  readonly outcome: 'done' | 'failed' | 'unfinished';
}

/** What the run worked on, in the order of the starts. What it only kept is not in it. */
export function spansOf({ events }: Journal): WorkSpan[] {
  const last = events.at(-1);
  if (!last) return [];
  const spans: WorkSpan[] = [];
  for (const [index, event] of events.entries()) {
    if (!isKind(event, 'resource.start')) continue;
    const { resource: key, step, verb } = event;
    const rest = events.slice(index + 1);
    const end = rest.find(
      (one) => (isKind(one, 'resource.done') || isKind(one, 'resource.failed')) && one.resource === key,
    );
    const outcome = end === undefined ? 'unfinished' : isKind(end, 'resource.failed') ? 'failed' : 'done';
    spans.push({ key, step, verb, start: momentOf(event), end: momentOf(end ?? last), outcome });
  }
  return spans;
}
