import { classify } from '../aws-errors.ts';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { type Identity, isNotWritten, type Output } from '../state.ts';
import { dependents, type Graph, inOrder, needsOf } from './graph.ts';
import type { AnyResource } from './resource.ts';
import { bindTo, FailedLater, known, lookFor, now, persist, type Run, Stopped, stepOf, Unknowable } from './run.ts';
import { type Failed, StepLines } from './step-lines.ts';
import { compare, isRefused, type Survey, type Verdict } from './survey.ts';

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

/**
 * Starts whatever has everything it needs, until all is complete. A failure stops what needs it; everything else goes on
 * to its end and is recorded.
 */
export async function up(run: Run, graph: Graph, { verdicts }: Pick<Survey, 'verdicts'>): Promise<Outcome> {
  const outcome: Outcome = { failed: [], skipped: [], stopped: false, spans: new Map() };
  const remade = new Set<string>();
  const needing = dependents(graph);
  const tasks = new Map<string, Promise<boolean>>();
  const steps = new StepLines(run, graph);

  /** What is complete is to be finished again, and a kill must not forget that. */
  const reopen = async (keys: readonly string[]) => {
    for (const key of keys) {
      const row = run.state.row(key);
      if (row?.status === 'complete' && row.identity) await run.state.created(key, row.identity, row.since);
    }
  };
  await reopen([...graph.keys()].filter((key) => verdicts.get(key) === 'finish'));

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
        const inPlace = verdict === 'keep' || verdict === 'finish' || verdict === 'change';
        steps.start(key, inPlace ? 'finish' : 'create');
        try {
          await bring(run, resource, verdict, async () => {
            remade.add(key);
            await reopen(needing.get(key) ?? []);
          });
          const end = run.clock.now();
          outcome.spans.set(key, { start, end, released: end });
          steps.done(
            key,
            (end - start) / 1000,
            run.state.row(key)?.identity?.used ? 'kept' : inPlace ? 'changed' : 'created',
          );
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

/**
 * Creates, changes or goes on with one resource until it is complete. `anew` is called before it is complete when it is
 * not what it was for those that need it: another thing, or at another address.
 */
async function bring(run: Run, resource: AnyResource, verdict: Verdict, anew: () => Promise<void>) {
  if (await identify(run, resource, verdict)) await anew();
  // What has been complete may hold data, and whatever is wrong with it now is no reason to take it away.
  const wasComplete = run.state.row(resource.key)!.output !== undefined;
  try {
    if (wasComplete && (await mend(run, resource))) await anew();
    await complete(run, resource, anew);
  } catch (error) {
    if (!(error instanceof FailedLater) || wasComplete) throw error;
    // AWS accepted it and let it fail. What is left of it is taken away, and it is tried once more under a new token.
    await undo(run, resource);
    await make(run, resource, run.state.nextGeneration(resource.key));
    await complete(run, resource, anew);
    await anew();
  }
}

/** Sees to it that the row names something that exists. True when it was made anew. */
async function identify(run: Run, resource: AnyResource, verdict: Verdict): Promise<boolean> {
  const { key } = resource;
  const row = run.state.row(key);
  let generation = run.state.nextGeneration(key);
  if (row?.status === 'destroying' || verdict === 'replace') await undo(run, resource);
  else if (row?.status === 'complete' && verdict === 'change') {
    await run.state.created(key, row.identity!, now(run));
    return false;
  } else if (row && verdict !== 'recreate') {
    const found = await lookAgain(run, resource, row.since);
    if (found) {
      await run.state.created(key, found, now(run));
      return false;
    }
    // The call may still be on its way, and then the same token makes it the same thing.
    if (row.status === 'creating') generation = row.generation;
  }
  const undone = row?.status === 'destroying' || verdict === 'replace';
  if (resource.destroyFirst && row?.identity && !undone) await undo(run, resource);
  await make(run, resource, generation);
  return true;
}

/** As `lookFor`. What nobody can tell is made: whoever makes it waits until it can be told, and finds it done. */
async function lookAgain(run: Run, resource: AnyResource, since: string): Promise<Identity | undefined> {
  try {
    return await lookFor(run, resource, since);
  } catch (error) {
    if (error instanceof Unknowable) return undefined;
    throw error;
  }
}

/** Sets what differs from the settings, and records what it is then. True when it was made anew. */
async function mend(run: Run, resource: AnyResource): Promise<boolean> {
  const { key } = resource;
  const compared = await compare(run, resource, run.state.row(key)!.identity!);
  if ('unknown' in compared) return false;
  const { differences } = compared;
  const refused = differences.find(isRefused);
  if (refused) throw refusal(run, key, refused.attribute, refused.mend);
  if (differences.some((one) => one.mend === 'replace')) {
    await undo(run, resource);
    await make(run, resource, run.state.nextGeneration(key));
    return true;
  }
  const sets = new Set(differences.map((one) => one.mend as () => Promise<unknown>));
  for (const set of sets) await persist(run, ['throttle', 'unclear', 'offline', 'notVisible', 'wrongState'], set);
  if (sets.size === 0) return false;
  const found = await lookAgain(run, resource, now(run));
  if (found) await run.state.created(key, found, now(run));
  return false;
}

function refusal(run: Run, key: string, attribute: string, { why, fix }: { why: string; fix: string }): UserError {
  return userError({
    code: 'change-refused',
    exitCode: exitCodes.usage,
    what: `${attribute} of ${key} is not what the settings say, and it is not changed.`,
    why,
    fix,
    step: stepOf(run, key),
    resource: key,
  });
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

async function complete(run: Run, resource: AnyResource, anew: () => Promise<void>) {
  const { key } = resource;
  const { identity, output: before } = run.state.row(key)!;
  const output = await persist(
    run,
    ['throttle', 'unclear', 'offline', 'notVisible', 'iamPropagation', 'serviceLinkedRole', 'wrongState'],
    async () => (await resource.finish?.(bindTo(run, resource), identity!, known(run, resource))) ?? {},
  );
  if (before !== undefined && !areEqual(before, output)) await anew();
  await run.state.complete(key, output, now(run));
}

function areEqual(one: Output, other: Output): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => one[key] === other[key]);
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
