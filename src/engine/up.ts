import { awsCode, classify, requestId } from '../aws-errors.ts';
import { UserError } from '../errors.ts';
import { type Identity, isNotWritten } from '../state.ts';
import { type Graph, inOrder, needsOf } from './graph.ts';
import type { AnyResource } from './resource.ts';
import { bindTo, FailedLater, known, lookFor, now, persist, type Run, Stopped, stepOf } from './run.ts';

/** What `up` is about to do with a resource. */
export type Verdict =
  /** It is complete and there. */
  | 'keep'
  /** Its row is not complete: go on where the last run stopped. */
  | 'continue'
  /** It was never made. */
  | 'create'
  /** It was made, and is not there any more. */
  | 'recreate';

export interface Failed {
  key: string;
  step: number;
  error: unknown;
}

/** Milliseconds on the run's clock. */
export interface Span {
  start: number;
  end: number;
  /** When what waited for it could go on: earlier than its end where it let go. */
  released: number;
}

export interface Outcome {
  failed: Failed[];
  /** Not begun, since something they need failed or the run was stopped. */
  skipped: string[];
  stopped: boolean;
  /** Of everything that was worked on. */
  spans: Map<string, Span>;
}

/** Looks at everything that has a row and changes nothing. Questions asked together share their answers. */
export async function survey(run: Run, graph: Graph): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  await Promise.all(
    inOrder(graph).map(async (resource) => {
      const row = run.state.row(resource.key);
      if (!row) verdicts.set(resource.key, 'create');
      else if (row.status !== 'complete') verdicts.set(resource.key, 'continue');
      else {
        const found = await lookFor(run, resource, row.since);
        verdicts.set(resource.key, found ? 'keep' : 'recreate');
      }
    }),
  );
  return verdicts;
}

/**
 * Starts whatever has everything it needs, until all is complete. A failure stops what needs it; everything else goes on
 * to its end and is recorded.
 */
export async function up(run: Run, graph: Graph, verdicts: ReadonlyMap<string, Verdict>): Promise<Outcome> {
  const outcome: Outcome = { failed: [], skipped: [], stopped: false, spans: new Map() };
  const remade = new Set<string>();
  const tasks = new Map<string, Promise<boolean>>();
  const steps = new StepLines(run, graph);

  // What is kept must be finished again when something that it needs is made anew, and a kill must not forget that.
  for (const resource of graph.values()) {
    const row = run.state.row(resource.key);
    if (verdicts.get(resource.key) !== 'keep' || !row?.identity) continue;
    if (needsOf(graph, resource).some((need) => verdicts.get(need) === 'recreate'))
      await run.state.created(resource.key, row.identity, row.since);
  }

  for (const resource of inOrder(graph)) {
    const { key } = resource;
    const needed = needsOf(graph, resource);
    tasks.set(
      key,
      (async () => {
        const ready = await Promise.all(needed.map((need) => tasks.get(need)!));
        const verdict = verdicts.get(key) ?? 'create';
        const rewired = needed.some((need) => remade.has(need));
        if (ready.includes(false) || ending(run, outcome)) {
          // A kept resource stays kept, whatever happened to what it needs.
          if (verdict === 'keep' && !rewired) return true;
          outcome.skipped.push(key);
          return false;
        }
        if (verdict === 'keep' && !rewired) {
          steps.done(key, 0, 'kept');
          return true;
        }
        const start = run.clock.now();
        steps.start(key, verdict === 'keep' ? 'finish' : 'create');
        try {
          if (await bring(run, resource, verdict)) remade.add(key);
          const end = run.clock.now();
          outcome.spans.set(key, { start, end, released: end });
          steps.done(key, (end - start) / 1000, run.state.row(key)?.identity?.used ? 'kept' : 'created');
          return true;
        } catch (error) {
          outcome.spans.set(key, { start, end: run.clock.now(), released: run.clock.now() });
          note(outcome, steps, key, error);
          return false;
        }
      })(),
    );
  }
  await Promise.all(tasks.values());
  outcome.stopped = run.signal.aborted;
  return outcome;
}

/** Without credentials, without a network, or with a state that takes no more records, nothing goes on. */
function endsAll(error: unknown): boolean {
  return ['expired', 'offline'].includes(classify(error)) || isNotWritten(error);
}

/**
 * Whatever is under way when such a thing happens ends with it, which is one failure and not twenty. The others were
 * stopped by it, and so is what has not begun. It comes before other failures, since nothing can be mended before it is.
 */
export function note(outcome: Outcome, steps: StepLines, key: string, error: unknown) {
  const again = endsAll(error) && outcome.failed.some((one) => endsAll(one.error));
  if (error instanceof Stopped || again) outcome.skipped.push(key);
  else if (endsAll(error)) outcome.failed.unshift(steps.failed(key, error));
  else outcome.failed.push(steps.failed(key, error));
}

/** True when nothing new should begin: told to stop, or without what nothing goes on without. */
export function ending({ signal }: Run, { failed }: Outcome): boolean {
  return signal.aborted || failed.some(({ error }) => endsAll(error));
}

/** Creates (or goes on with) one resource until it is complete. True when it was made anew. */
async function bring(run: Run, resource: AnyResource, verdict: Verdict): Promise<boolean> {
  const made = await identify(run, resource, verdict);
  try {
    await complete(run, resource);
    return made;
  } catch (error) {
    if (!(error instanceof FailedLater)) throw error;
    // AWS accepted it and let it fail. What is left of it is taken away, and it is tried once more under a new token.
    await undo(run, resource);
    await make(run, resource, run.state.nextGeneration(resource.key));
    await complete(run, resource);
    return true;
  }
}

/** Sees to it that the row names something that exists. True when it was made anew. */
async function identify(run: Run, resource: AnyResource, verdict: Verdict): Promise<boolean> {
  const { key } = resource;
  const row = run.state.row(key);
  // The survey has just found it; only its finish is to be done again.
  if (verdict === 'keep') return false;
  let generation = run.state.nextGeneration(key);
  if (row?.status === 'destroying') await undo(run, resource);
  else if (row?.status === 'creating') {
    const found = await lookFor(run, resource, row.since);
    if (found) {
      await run.state.created(key, found, now(run));
      return false;
    }
    // The call may still be on its way, and then the same token makes it the same thing.
    generation = row.generation;
  } else if (row?.status === 'created' && (await lookFor(run, resource, row.since))) return false;
  else if (row?.status === 'complete' && verdict !== 'recreate') return false;
  await make(run, resource, generation);
  return true;
}

/** Creating calls whose answers may be lost, one after another, before the run says so. */
const mostLost = 5;

/** The creating call, until AWS has said clearly yes or no. */
async function make(run: Run, resource: AnyResource, generation: number) {
  const { key } = resource;
  // The time is that of the latest call that may still make something: what it made shows some time after that.
  const record = () => run.state.creating(key, { step: stepOf(run, key), generation, since: now(run) });
  // True from a call of unknown outcome until two looks found nothing of it.
  let perhaps = false;
  let lost: unknown;
  let identity: Identity;
  try {
    identity = await persist(
      run,
      ['throttle', 'offline', 'notVisible', 'iamPropagation', 'serviceLinkedRole', 'wrongState'],
      async () => {
        for (let attempt = 0; ; attempt++) {
          if (perhaps) {
            const found = await lookFor(run, resource, run.state.row(key)!.since);
            if (found) return found;
            if (attempt >= mostLost) throw lost;
            perhaps = false;
          }
          await record();
          try {
            return await resource.create(bindTo(run, resource, { generation }), known(run, resource));
          } catch (error) {
            const kind = classify(error);
            // An answer that lacks what it must have says nothing about what was done.
            perhaps = kind === 'unclear' || kind === 'expired' || error instanceof TypeError;
            if (kind === 'exists') {
              const found = await lookFor(run, resource, run.state.row(key)!.since);
              if (found) return found;
            }
            // A name that is taken and does not carry our tags is somebody else's.
            if (kind !== 'unclear') throw error;
            // A call that hung may have arrived just before its answer was lost.
            await record();
            lost = error;
          }
        }
      },
    );
  } catch (error) {
    // After a clear no there is nothing to look for. After anything else the row stays, so that the next run looks.
    if (!perhaps && !(error instanceof Stopped)) await run.state.forget(key);
    throw error;
  }
  await run.state.created(key, identity, now(run));
}

async function complete(run: Run, resource: AnyResource) {
  const { key } = resource;
  const identity = run.state.row(key)!.identity!;
  const output = await persist(
    run,
    ['throttle', 'unclear', 'offline', 'notVisible', 'iamPropagation', 'serviceLinkedRole', 'wrongState'],
    async () => (await resource.finish?.(bindTo(run, resource), identity, known(run, resource))) ?? {},
  );
  await run.state.complete(key, output, now(run));
}

/** Destroys what the row names, and forgets it. */
export async function takeAway(run: Run, resource: AnyResource, letGo: () => void) {
  await undo(run, resource, letGo);
  await run.state.forget(resource.key);
}

/** Destroys what the row names. The row stays, so that a new creation takes its place in one write. */
async function undo(run: Run, resource: AnyResource, letGo = () => {}) {
  const { key } = resource;
  const row = run.state.row(key);
  if (!row) return;
  const identity = row.identity ?? (await lookFor(run, resource, row.since));
  if (!identity) return;
  if (!row.identity) await run.state.created(key, identity, now(run));
  await run.state.destroying(key, now(run));
  await persist(run, ['throttle', 'unclear', 'offline', 'inUse', 'wrongState'], () =>
    resource.destroy(bindTo(run, resource, { letGo }), identity),
  );
}

/** AWS's own code where there is one, or ours. */
function codeOf(error: unknown): string {
  if (error instanceof UserError) return error.awsCode ?? error.code;
  return error instanceof FailedLater ? error.awsCode : awsCode(error);
}

/** Emits the events of steps and resources: a step starts with its first resource and is done with its last. */
export class StepLines {
  readonly #run: Run;
  readonly #left = new Map<number, Set<string>>();
  readonly #started = new Set<number>();

  constructor(run: Run, graph: Graph) {
    this.#run = run;
    for (const key of graph.keys()) {
      const number = stepOf(run, key);
      this.#left.set(number, (this.#left.get(number) ?? new Set()).add(key));
    }
  }

  start(resource: string, verb: 'create' | 'finish' | 'destroy') {
    const step = this.#open(resource);
    this.#run.events.emit({ event: 'resource.start', step, resource, verb });
  }

  done(resource: string, seconds: number, outcome: 'created' | 'kept' | 'destroyed' | 'left') {
    const step = this.#open(resource);
    this.#run.events.emit({ event: 'resource.done', step, resource, seconds, outcome });
    const left = this.#left.get(step);
    left?.delete(resource);
    if (left?.size === 0) this.#run.events.emit({ event: 'step.done', step, title: this.#title(step) });
  }

  failed(key: string, error: unknown): Failed {
    const step = stepOf(this.#run, key);
    const id = requestId(error);
    this.#run.events.emit({
      event: 'resource.failed',
      step,
      resource: key,
      code: codeOf(error),
      message: (error as Error).message,
      ...(id === undefined ? {} : { requestId: id }),
    });
    return { key, step, error };
  }

  #open(resource: string): number {
    const step = stepOf(this.#run, resource);
    if (!this.#started.has(step)) {
      this.#started.add(step);
      this.#run.events.emit({ event: 'step.start', step, title: this.#title(step) });
    }
    return step;
  }

  #title(number: number): string {
    return this.#run.steps.find((one) => one.number === number)?.title ?? '';
  }
}
