import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Events } from '../engine/events.ts';
import type { Graph } from '../engine/graph.ts';
import type { Failed } from '../engine/step-lines.ts';
import type { Outcome } from '../engine/up.ts';
import { exitCodes } from '../errors.ts';
import { steps } from '../steps/index.ts';
import { spoken } from '../ui/format.ts';
import { ndjson } from '../ui/json.ts';
import { plainLines } from '../ui/plain.ts';
import type { Expectations, Expected, Screen } from '../ui/screen.ts';
import type { CommandIo } from './command-io.ts';
import type { Deployment } from './deployment.ts';

/** What a run is shown on, and how the run is tied to it. */
export interface RunScreen extends Screen {
  /** Sends the run's events to the screen and to the run's own journal. */
  follow(events: Events): void;
  /** Writes a line to the log of the run's servers, beside the journal. */
  serverLog(line: string): void;
}

/** Opens the screen for a run over `graph`, in which `expected` is what each resource usually takes and waits for. */
export async function openScreen(
  { io, folder }: Deployment,
  graph: Graph,
  { quiet, before, seconds }: { quiet: boolean; before(key: string): string[]; seconds(key: string): number },
): Promise<RunScreen> {
  const inGraph = steps.map((step) => ({
    ...step,
    keys: step.resources.map(({ key }) => key).filter((key) => graph.has(key)),
  }));
  const titles = new Map(inGraph.filter(({ keys }) => keys.length > 0).map(({ number, title }) => [number, title]));
  const expected = new Map(
    inGraph.flatMap(({ number, keys }) =>
      keys.map((key): [string, Expected] => [key, { step: number, seconds: seconds(key), after: before(key) }]),
    ),
  );
  const screen = await screenFor(io, quiet, titles, expected);
  mkdirSync(join(folder, 'runs'), { recursive: true, mode: 0o700 });
  const path = join(folder, 'runs', new Date().toISOString().replaceAll(':', ''));
  const journal = openSync(`${path}.ndjson`, 'a', 0o600);
  // Made with its first line, since most runs that change little have nothing for it.
  let servers: number | undefined;
  let lost = false;
  return {
    ...screen,
    follow(events) {
      events.listen((event) => {
        if (lost) return;
        try {
          writeSync(journal, `${JSON.stringify(event)}\n`);
        } catch (error) {
          // The journal is told afterwards; the state decides whether the run may go on.
          lost = true;
          screen.say(`Note: the journal of this run ends here: ${(error as Error).message}`);
        }
      });
      events.listen(screen.listen);
    },
    serverLog(line) {
      servers ??= openSync(`${path}.log`, 'a', 0o600);
      writeSync(servers, `${line}\n`);
    },
    async close() {
      await screen.close();
      closeSync(journal);
      if (servers !== undefined) closeSync(servers);
    },
  };
}

async function screenFor(
  io: CommandIo,
  quiet: boolean,
  titles: ReadonlyMap<number, string>,
  expected: Expectations,
): Promise<Screen> {
  if (io.json) return ndjson(io.out, io.note);
  if (quiet) return { listen: () => {}, say: io.note, close: async () => {}, abandon: () => {} };
  if (!io.isTty) return plainLines(io.note);
  // Only a terminal needs the library, and loading it takes time.
  const { progressList } = await import('../ui/progress.ts');
  return progressList(titles, expected);
}

/** A line for each failure beside the first, which the error itself tells. */
export function furtherFailures([, ...others]: readonly Failed[]): string[] {
  return others.map(({ step, key, error }) => `Also failed: STEP ${step}, ${spoken(key)}: ${(error as Error).message}`);
}

/** First Ctrl-C (or SIGTERM, SIGHUP): start nothing new. Second: end now. The state is true at every moment. */
export function stopOnSignal({ screen, goOn, beforeEnd }: { screen: Screen; goOn: string; beforeEnd(): void }): {
  signal: AbortSignal;
  exitCode(): number;
  done(): void;
} {
  const controller = new AbortController();
  let exitCode: number = exitCodes.stopped;
  const stop = (name: NodeJS.Signals) => {
    if (name !== 'SIGINT') exitCode = exitCodes.terminated;
    if (controller.signal.aborted) {
      beforeEnd();
      screen.say(`Stopped at once; what exists is recorded. Go on with "${goOn}".`);
      screen.abandon();
      process.exit(exitCode);
    }
    screen.say('Stopping: nothing new is started, calls on their way are finished. Ctrl-C once more stops at once.');
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
