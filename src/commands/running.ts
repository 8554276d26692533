import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Events } from '../engine/events.ts';
import { criticalPath, type Graph } from '../engine/graph.ts';
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

/** The figures of `run.done`: how long it took, how long it could have taken, and what was asked of AWS. */
export function figures(graph: Graph, { spans }: Outcome, calls: Record<string, number>) {
  const seconds = (key: string) => {
    const span = spans.get(key);
    return span ? (span.end - span.start) / 1000 : 0;
  };
  const all = [...spans.values()];
  const path = criticalPath(graph, seconds);
  const start = Math.min(...all.map((span) => span.start));
  const end = Math.max(...all.map((span) => span.end));
  return {
    durationSeconds: all.length === 0 ? 0 : round((end - start) / 1000),
    serialSeconds: round([...spans.keys()].reduce((sum, key) => sum + seconds(key), 0)),
    criticalPath: path.keys.filter((key) => seconds(key) > 0),
    criticalPathSeconds: round(path.seconds),
    calls: Object.fromEntries(Object.entries(calls).sort(([one], [other]) => one.localeCompare(other))),
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
