import { randomUUID } from 'node:crypto';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { type Holder, holderHere, lockedBy, runsHere } from '../lock.ts';
import { writeFailures } from '../state.ts';
import type { Held, S3Object } from './s3-object.ts';

/** Who works on a shared deployment, as the lock object has it. */
export interface SharedHolder extends Holder {
  /** Of this one acquisition; the state carries it with each write. */
  readonly id: string;
  /** Tells machines apart that have the same name; empty where the system does not tell. */
  readonly machine: string;
  /** When the holder last said that it lives, ISO 8601, on its own clock: for people. S3's clock decides. */
  readonly heartbeat: string;
  /** Seconds that it had waited for the lock. */
  readonly waitedSeconds: number;
}

/** A living holder writes its lock this often. */
const beatSeconds = 20;
/** A lock that was not written for so long, by S3's own clock, has lost its holder: six beats. */
export const staleSeconds = 120;

/** The lock of a deployment whose state is in S3: one object, which its holder goes on writing as long as it lives. */
export class BucketLock {
  readonly id: string;
  readonly #object: S3Object;
  #holder: SharedHolder;
  #etag: string;
  #lost: UserError | undefined;
  #beating: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  private constructor(object: S3Object, holder: SharedHolder, etag: string) {
    this.id = holder.id;
    this.#object = object;
    this.#holder = holder;
    this.#etag = etag;
    this.#timer = setInterval(() => void this.beat(), beatSeconds * 1000);
    this.#timer.unref();
  }

  /** Takes the lock, or throws exit 6 naming who has it. One whose holder is dead is taken over. */
  static async take(
    object: S3Object,
    { command, waitedSeconds, note }: { command: string; waitedSeconds: number; note: (text: string) => void },
    here = holderHere(command),
  ): Promise<BucketLock> {
    const heartbeat = new Date().toISOString();
    const mine: SharedHolder = { ...here, id: randomUUID(), heartbeat, waitedSeconds };
    for (;;) {
      const there = await object.read();
      const holder = there && parsed(there.text);
      if (there && holder && !isDead(holder, there, here)) throw sharedBy(holder, there);
      const etag = await object.put(textOf(mine), there?.etag);
      // Somebody else was quicker; whether that one lives is for the next look to say.
      if (etag === undefined) continue;
      if (holder) note(`The lock of ${whose(holder)} was taken over: it is gone.`);
      return new BucketLock(object, mine, etag);
    }
  }

  /** Why the lock is not ours any more, if it is not. */
  get lost(): UserError | undefined {
    return this.#lost;
  }

  /** Says that the holder lives. Without an answer the next beat says it. */
  beat(): Promise<void> {
    this.#beating ??= this.#write().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  /** Looks whose the lock is now; ours, if it is not `lost` afterwards. */
  async check(): Promise<void> {
    await this.#beating;
    const there = await this.#object.read();
    if (there?.etag !== this.#etag) this.#lose(there);
  }

  /** Takes the lock away, if it is ours still. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (!this.#lost) await this.#object.remove(this.#etag);
  }

  /** Stops the beats and leaves the lock, as a holder does that is killed. */
  abandon() {
    clearInterval(this.#timer);
  }

  async #write() {
    if (this.#lost) return;
    const next = { ...this.#holder, heartbeat: new Date().toISOString() };
    // Two beats within a millisecond would be one text, and S3 tells writes apart by their texts alone.
    if (next.heartbeat === this.#holder.heartbeat) return;
    try {
      const etag = await this.#object.put(textOf(next), this.#etag, beatSeconds);
      if (etag === undefined) this.#lose(await this.#object.read());
      else {
        this.#etag = etag;
        this.#holder = next;
      }
    } catch {
      // A network that is gone for a while is no loss: who takes the lock over makes itself known by writing the state.
    }
  }

  #lose(there: Held | undefined) {
    const holder = there && parsed(there.text);
    this.#lost = userError({
      code: writeFailures.lockLost,
      exitCode: exitCodes.stopped,
      what: holder
        ? `This run has lost its lock: it was taken over by ${whose(holder)}.`
        : 'This run has lost its lock: somebody released it.',
      why: `A run that was not heard of for ${staleSeconds} seconds (a machine that slept, a network that was gone) counts as dead. Nothing of the other's was overwritten.`,
      fix: 'Wait until the other run has ended, then go on with "airflow-aws up --resume" or "airflow-aws destroy".',
      resumable: true,
    });
  }
}

/** Who has the lock, and whether that one can be told to be dead; undefined without a lock. */
export async function sharedHolder(
  object: S3Object,
): Promise<{ holder: SharedHolder; dead: boolean; here: boolean; etag: string } | undefined> {
  const there = await object.read();
  const holder = there && parsed(there.text);
  if (!there || !holder) return undefined;
  const here = holderHere('');
  return { holder, dead: isDead(holder, there, here), here: isHere(holder, here), etag: there.etag };
}

export function whose({ command, pid, user, host, since }: Holder): string {
  return `"${command}", process ${pid} of ${user} on ${host}, since ${since}`;
}

function isHere(holder: Holder, here: Holder): boolean {
  return holder.machine !== '' && holder.machine === here.machine;
}

/** A process that is gone from this very machine is dead at once; any other when it was not heard of for long. */
function isDead(holder: SharedHolder, { modified, asked }: Held, here: Holder): boolean {
  if (isHere(holder, here) && !runsHere(holder)) return true;
  return asked - modified > staleSeconds * 1000;
}

function sharedBy(holder: SharedHolder, { modified, asked }: Held) {
  const error = lockedBy(holder);
  const silent = Math.max(0, Math.round((asked - modified) / 1000));
  return userError({
    ...error,
    what: error.what,
    why: `${error.why} It was last heard of ${silent} s ago, and counts as dead after ${staleSeconds} s.`,
    fix: 'Wait until it has ended, or let this command wait: --lock-wait 10m.',
  });
}

function textOf(holder: SharedHolder): string {
  return `${JSON.stringify(holder, null, 2)}\n`;
}

/** A lock that cannot be read belongs to nobody we know, and goes stale as any other. */
function parsed(text: string): SharedHolder {
  const unknown = { pid: 0, host: 'unknown', user: 'unknown', since: 'unknown', command: 'unknown', started: '' };
  const rest = { id: '', machine: '', heartbeat: '', waitedSeconds: 0 };
  try {
    return { ...unknown, ...rest, ...(JSON.parse(text) as Partial<SharedHolder>) };
  } catch {
    return { ...unknown, ...rest };
  }
}
