import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Events } from '../engine/events.ts';
import type { Outcome } from '../engine/up.ts';
import { exitCodes } from '../errors.ts';
import { ndjson } from '../ui/json.ts';
import { plainLines } from '../ui/plain.ts';
import type { CommandIo } from './command-io.ts';
import type { Deployment } from './deployment.ts';

/** Sends the run's events to the screen (or to stdout as NDJSON) and to the run's own journal. */
export async function show(
  { io, folder }: Deployment,
  events: Events,
  { quiet = false, titles }: { quiet?: boolean; titles: ReadonlyMap<number, string> },
): Promise<{ close(): Promise<void> }> {
  mkdirSync(join(folder, 'runs'), { recursive: true, mode: 0o700 });
  const journal = openSync(join(folder, 'runs', `${new Date().toISOString().replaceAll(':', '')}.ndjson`), 'a', 0o600);
  events.listen((event) => writeSync(journal, `${JSON.stringify(event)}\n`));
  const screen = await screenFor(io, quiet, titles);
  if (screen) events.listen(screen.listen);
  return {
    async close() {
      await screen?.close();
      closeSync(journal);
    },
  };
}

async function screenFor(io: CommandIo, quiet: boolean, titles: ReadonlyMap<number, string>) {
  if (io.json) return ndjson(io.out);
  if (quiet) return undefined;
  if (!io.isTty) return plainLines(io.note);
  // Only a terminal needs the library, and loading it takes time.
  const { progressList } = await import('../ui/progress.ts');
  return progressList(titles);
}

/** First Ctrl-C (or SIGTERM, SIGHUP): start nothing new. Second: end now. The state is true at every moment. */
export function stopOnSignal(
  io: CommandIo,
  beforeEnd: () => void,
): { signal: AbortSignal; exitCode(): number; done(): void } {
  const controller = new AbortController();
  let exitCode: number = exitCodes.stopped;
  const stop = (name: NodeJS.Signals) => {
    if (name !== 'SIGINT') exitCode = exitCodes.terminated;
    if (controller.signal.aborted) {
      beforeEnd();
      process.exit(exitCode);
    }
    io.note('Stopping: nothing new is started, calls on their way are finished. Once more to stop at once.');
    controller.abort();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    done() {
      for (const name of names) process.off(name, stop);
    },
  };
}

/**
 * The figures of `run.done`: how long it took, how long it would have taken one after another, the chain that decided
 * it, and what was asked of AWS. `before` gives the keys that a key waited for: its needs in `up`, what needs it in
 * `destroy`; `alone` the usual seconds of a key.
 */
export function figures(
  { before, alone }: { before: (key: string) => string[]; alone: (key: string) => number },
  { spans }: Outcome,
  calls: Record<string, number>,
) {
  const all = [...spans.values()];
  const start = Math.min(...all.map((span) => span.start));
  const end = Math.max(...all.map((span) => span.end));
  let serial = 0;
  for (const [key, span] of spans) {
    const measured = span.end - span.start;
    // What was let go early waited for its predecessor while it worked; alone it takes its usual time.
    const early = before(key).some((one) => (spans.get(one)?.end ?? 0) > span.start);
    serial += early ? Math.min(measured, alone(key) * 1000) : measured;
  }
  const path = longestChain(before, spans);
  return {
    durationSeconds: all.length === 0 ? 0 : seconds(end - start),
    serialSeconds: seconds(serial),
    criticalPath: path.keys,
    criticalPathSeconds: seconds(path.milliseconds),
    calls: Object.fromEntries(Object.entries(calls).sort(([one], [other]) => one.localeCompare(other))),
  };
}

/** The chain of predecessors whose own times add up to most; gaps in which nothing of it was worked on do not count. */
function longestChain(
  before: (key: string) => string[],
  spans: Outcome['spans'],
): { keys: string[]; milliseconds: number } {
  const known = new Map<string, { keys: string[]; milliseconds: number }>();
  const upTo = (key: string): { keys: string[]; milliseconds: number } => {
    const found = known.get(key);
    if (found) return found;
    let best: { keys: string[]; milliseconds: number } = { keys: [], milliseconds: 0 };
    for (const one of before(key)) {
      const span = spans.get(one);
      if (!span) continue;
      const chain = upTo(one);
      const milliseconds = chain.milliseconds + span.released - span.start;
      if (milliseconds > best.milliseconds) best = { keys: [...chain.keys, one], milliseconds };
    }
    known.set(key, best);
    return best;
  };
  let longest: { keys: string[]; milliseconds: number } = { keys: [], milliseconds: 0 };
  for (const [key, { start, end }] of spans) {
    const chain = upTo(key);
    const milliseconds = chain.milliseconds + end - start;
    if (milliseconds > longest.milliseconds) longest = { keys: [...chain.keys, key], milliseconds };
  }
  return longest;
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
