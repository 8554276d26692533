import { createHash, randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { exitCodes, userError } from './errors.ts';
import { readIfThere } from './files.ts';

/** Who works in a folder. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** ISO 8601, real time. */
  readonly since: string;
  readonly command: string;
  /** Distinguishes a process from a later one with the same number; empty where the system does not tell. */
  readonly started: string;
  /** Tells machines apart that have the same name, and one machine before and after it started; empty where unknown. */
  readonly machine: string;
}

export interface Lock {
  /** The holder whose process was gone, if its lock was taken over. */
  readonly takenFrom: Holder | undefined;
  release(): void;
}

/**
 * Takes the folder's lock, or throws exit 6 naming who has it. A lock whose process is gone is taken over.
 *
 * A dead lock stays in its place until its heir's lock replaces it in one step, so there is no moment without a lock. Who
 * may do that is decided by a claim, a file whose name is made from the dead lock's text: one process can make it. An heir
 * that dies before it has replaced the lock leaves a claim that can be inherited in the same way.
 */
export function lockFolder(folder: string, command: string, { note }: { note: (text: string) => void }): Lock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'lock');
  const candidate = join(folder, `lock.${process.pid}`);
  const mine = JSON.stringify({ ...holderHere(command), id: randomUUID() });
  writeFileSync(candidate, mine, { mode: 0o600 });
  let takenFrom: Holder | undefined;
  try {
    // A link is made or refused in one step, and the file is whole from its first moment.
    while (!linked(candidate, file)) {
      const last = lastOf(folder);
      if (!last) continue;
      const { text, holder } = last;
      if (isAlive(holder)) throw lockedBy(holder);
      const claim = claimOf(folder, text);
      if (!linked(candidate, claim)) continue;
      // The lock may have changed hands before the claim was there: then it is a claim to nothing.
      if (lastOf(folder)?.text !== mine) {
        rmSync(claim, { force: true });
        continue;
      }
      takenFrom = holder;
      renameSync(candidate, file);
      for (const name of readdirSync(folder))
        if (name.startsWith(claimPrefix)) rmSync(join(folder, name), { force: true });
      note(`The lock of process ${holder.pid} (${holder.command}, since ${holder.since}) was taken over: it is gone.`);
      break;
    }
  } finally {
    rmSync(candidate, { force: true });
  }
  return {
    takenFrom,
    release() {
      if (readIfThere(file) === mine) rmSync(file, { force: true });
    },
  };
}

const claimPrefix = 'lock.after-';

function claimOf(folder: string, text: string): string {
  return join(folder, `${claimPrefix}${createHash('sha256').update(text).digest('hex').slice(0, 24)}`);
}

/** The lock, or the last claim in the line of its heirs. */
function lastOf(folder: string): { text: string; holder: Holder } | undefined {
  let text = readIfThere(join(folder, 'lock'));
  for (let next = text; next !== undefined; ) {
    text = next;
    next = readIfThere(claimOf(folder, text));
  }
  return text === undefined ? undefined : { text, holder: parsed(text) };
}

/** Removes a lock whatever its holder does; gives the holder, or undefined when there was none. */
export function breakLock(folder: string): { holder: Holder; alive: boolean } | undefined {
  const file = join(folder, 'lock');
  const there = readHolder(file);
  if (!there) return undefined;
  rmSync(file, { force: true });
  return { holder: there, alive: isAlive(there) };
}

export function lockHolder(folder: string): { holder: Holder; alive: boolean } | undefined {
  const there = readHolder(join(folder, 'lock'));
  return there && { holder: there, alive: isAlive(there) };
}

export function lockedBy({ pid, host, user, since, command }: Holder) {
  return userError({
    code: 'locked',
    exitCode: exitCodes.locked,
    what: `Another run works on this deployment: "${command}", process ${pid} of ${user} on ${host}, since ${since}.`,
    why: 'Two runs at once would undo each other’s work.',
    fix:
      host === hostname()
        ? 'Wait until it has ended.'
        : `Wait until it has ended. If ${host} is gone for good, run "airflow-aws state unlock".`,
  });
}

/** This process as a holder. */
export function holderHere(command: string): Holder {
  const { pid } = process;
  return {
    pid,
    host: hostname(),
    user: userInfo().username,
    since: new Date().toISOString(),
    command,
    started: startOf(pid),
    machine: machine(),
  };
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): Holder | undefined {
  const text = readIfThere(file);
  return text === undefined ? undefined : parsed(text);
}

function parsed(text: string): Holder {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // A lock is whole from its first moment, so this one is from before a power cut, which its process did not outlive.
    return {
      pid: 0,
      host: hostname(),
      user: 'unknown',
      since: 'unknown',
      command: 'unknown',
      started: '',
      machine: '',
    };
  }
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (pid === 0) return false;
  // Another machine's processes cannot be seen, so its lock holds until a person says otherwise.
  if (host !== hostname()) return true;
  return runsHere({ pid, started });
}

/** True when a process of this machine is the one with that number and that start. */
export function runsHere({ pid, started }: Pick<Holder, 'pid' | 'started'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return started === '' || now === '' || now === started;
}

/** The kernel's boot and the process's own world of numbers: in two containers one number is two processes. */
function machine(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** When the process began, in the kernel's ticks since boot, on Linux. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in the second field may hold spaces and brackets; the start is the 22nd field.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
