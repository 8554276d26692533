import { createHash } from 'node:crypto';
import type { Aws } from '../aws.ts';
import { classify, type ErrorClass } from '../aws-errors.ts';
import type { Identity, Row, State } from '../state.ts';
import { type Clock, stopwatch } from './clock.ts';
import type { Events } from './events.ts';
import type { AnyResource, Step } from './resource.ts';

/** What one verb of one resource is given beside its needs. */
export interface Binding {
  row: Readonly<Row> | undefined;
  /** For the creating call: the same in every repetition of the same creation. */
  token: string;
  generation: number;
  progress(waitingFor: string, elapsedSeconds: number): void;
  letGo(): void;
  /** Told the tags of whatever turned out to be this very resource. */
  seen(tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]): void;
  /** Answers that hold as long as one look at the whole account lasts. Without it every question is asked. */
  answers?: Answers;
}

export type Answers = Map<string, Promise<unknown>>;

/** Everything that a run works with. The engine asks for an `Aws` and hands it on; it never looks inside. */
export interface Run {
  readonly steps: readonly Step[];
  readonly state: State;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: Events;
  /** Aborted by the first Ctrl-C: start nothing new, end the waits. */
  readonly signal: AbortSignal;
  /** Every wait is multiplied by this: 1 for AWS, next to nothing for an emulator, whose answers are immediate. */
  readonly pace: number;
  bind(resource: AnyResource, binding: Binding): Aws;
}

/** The run was told to stop. What exists is recorded. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** AWS accepted a creation and then let it fail by itself. `reason` is AWS's own. */
export class FailedLater extends Error {
  override readonly name = 'FailedLater';
  /** AWS’s own. Not `code`: by that name an error is classified, and this is no answer to a call. */
  readonly awsCode: string;

  constructor(what: string, code: string, reason: string) {
    super(`${what}: ${reason}`);
    this.awsCode = code;
  }
}

/** Thrown by `find` where nobody can tell at the moment, as on a server that is stopped. `message` is the reason. */
export class Unknowable extends Error {
  override readonly name = 'Unknowable';
}

export function now(run: Run): string {
  return new Date(run.clock.now()).toISOString();
}

/** AWS forgets tokens after a day or never, so each generation has its own; at most 64 ASCII characters. */
export function tokenFor(stackId: string, key: string, generation: number): string {
  return createHash('sha256').update(`${stackId} ${key} ${generation}`).digest('hex').slice(0, 40);
}

export function stepOf(run: Run, key: string): number {
  for (const { number, resources } of run.steps) if (resources.some((one) => one.key === key)) return number;
  return 0;
}

interface Bound extends Partial<Pick<Binding, 'generation' | 'letGo' | 'seen' | 'answers'>> {
  /** By its tags and names alone, as if the state had never heard of it. */
  readonly unrecorded?: boolean;
}

export function bindTo(
  run: Run,
  resource: AnyResource,
  {
    generation = run.state.row(resource.key)?.generation ?? 1,
    letGo = () => {},
    seen = () => {},
    unrecorded = false,
    answers,
  }: Bound = {},
): Aws {
  const { key } = resource;
  const step = stepOf(run, key);
  return run.bind(resource, {
    row: unrecorded ? undefined : run.state.row(key),
    generation,
    token: tokenFor(run.state.stack.id, key, generation),
    progress: (waitingFor, elapsedSeconds) => {
      const verb = run.state.row(key)?.status === 'destroying' ? 'destroy' : 'create';
      const typicalSeconds = resource.typicalSeconds[verb];
      run.events.emit({ event: 'resource.progress', step, resource: key, waitingFor, elapsedSeconds, typicalSeconds });
    },
    letGo,
    seen,
    ...(answers === undefined ? {} : { answers }),
  });
}

/** Identities or outputs of the needed resources, as the state has them. */
export function known(run: Run, resource: AnyResource): Record<string, Identity> {
  const found: Record<string, Identity> = {};
  for (const [name, need] of Object.entries(resource.needs as Record<string, AnyResource>)) {
    const row = run.state.row(need.key);
    if (row?.identity) found[name] = { ...row.identity, ...row.output };
  }
  return found;
}

interface Patience {
  everySeconds: number;
  upToSeconds: number;
}

const patience: Partial<Record<ErrorClass, Patience>> = {
  throttle: { everySeconds: 2, upToSeconds: 600 },
  unclear: { everySeconds: 2, upToSeconds: 300 },
  offline: { everySeconds: 5, upToSeconds: 1200 },
  notVisible: { everySeconds: 3, upToSeconds: 300 },
  iamPropagation: { everySeconds: 4, upToSeconds: 120 },
  serviceLinkedRole: { everySeconds: 5, upToSeconds: 120 },
  wrongState: { everySeconds: 10, upToSeconds: 1800 },
  inUse: { everySeconds: 5, upToSeconds: 2100 },
};

/**
 * Does `work` again as long as the class of its error says that it will pass, each class for its own time at most.
 * Only classes in `classes` are repeated; everything else is thrown.
 */
export async function persist<T>(run: Run, classes: readonly ErrorClass[], work: () => Promise<T>): Promise<T> {
  const since = new Map<ErrorClass, number>();
  const waited = stopwatch(run.clock);
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const kind = classify(error);
      const wait = classes.includes(kind) ? patience[kind] : undefined;
      const seconds = waited();
      const start = since.get(kind) ?? seconds;
      since.set(kind, start);
      if (!wait || seconds - start > wait.upToSeconds * run.pace) throw error;
      await pause(run, wait.everySeconds * Math.min(3, 1 + attempt / 8));
    }
  }
}

/** Sleeps about `seconds` at the run's pace, and ends the run's work here when it was told to stop. */
export async function pause(run: Run, seconds: number): Promise<void> {
  if (run.signal.aborted) throw new Stopped();
  await run.clock.sleep(seconds * 1000 * run.pace * (0.8 + 0.4 * run.random()));
  if (run.signal.aborted) throw new Stopped();
}

/**
 * Seconds after the recorded call before two empty answers prove that nothing was made: describes may lag by 10 s and tag
 * filters by 20 s more, and the call itself was on its way for some time.
 */
const settleSeconds = 40;

/**
 * Looks for what a call of unknown outcome may have made. `undefined` only when at least two answers were empty and the
 * last of them was asked well after whatever the call made must show. Only the first look may use `answers`.
 */
export async function lookFor(
  run: Run,
  resource: AnyResource,
  since: string,
  answers?: Answers,
): Promise<Identity | undefined> {
  const called = Date.parse(since);
  const needs = known(run, resource);
  const waited = stopwatch(run.clock);
  for (let empty = 1; ; empty++) {
    // A clock that was set back since the call would have it in the future for hours.
    const settled = Math.max((run.clock.now() - called) / 1000, waited());
    const binding = empty === 1 && answers !== undefined ? { answers } : {};
    const found = await persist(run, ['throttle', 'unclear', 'offline'], () =>
      resource.find(bindTo(run, resource, binding), needs),
    );
    if (found) return found;
    if (empty >= 2 && settled >= settleSeconds * run.pace) return undefined;
    // They are of before it showed.
    answers?.clear();
    await pause(run, settleSeconds / 2);
  }
}
