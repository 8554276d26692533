import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
}

export interface Lock {
  /** The holder whose process was gone, if its lock was taken over. */
  readonly takenFrom: Holder | undefined;
  release(): void;
}

/** Takes the folder's lock, or throws exit 6 naming who has it. A lock whose process is gone is taken over. */
export function lockFolder(folder: string, command: string, { note }: { note: (text: string) => void }): Lock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'lock');
  const mine = holder(command);
  const candidate = join(folder, `lock.${process.pid}`);
  writeFileSync(candidate, JSON.stringify(mine), { mode: 0o600 });
  let takenFrom: Holder | undefined;
  try {
    // A link is made or refused in one step, and the file is whole from its first moment.
    while (!linked(candidate, file)) {
      const there = readHolder(file);
      if (there && isAlive(there)) throw lockedBy(there);
      // Only one of several that see a dead lock moves it away; the others find it gone and try again.
      if (there && movedAway(file, candidate)) {
        takenFrom = there;
        note(`The lock of process ${there.pid} (${there.command}, since ${there.since}) was taken over: it is gone.`);
      }
    }
  } finally {
    rmSync(candidate, { force: true });
  }
  return {
    takenFrom,
    release() {
      if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
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

function lockedBy({ pid, host, user, since, command }: Holder) {
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

function holder(command: string): Holder {
  const { pid } = process;
  return {
    pid,
    host: hostname(),
    user: userInfo().username,
    since: new Date().toISOString(),
    command,
    started: startOf(pid),
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

function movedAway(file: string, candidate: string): boolean {
  const away = `${candidate}.dead`;
  try {
    renameSync(file, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const moved = readHolder(away);
  if (moved && isAlive(moved)) {
    // Between our look and our move somebody else took the dead lock's place: give it back.
    linked(away, file);
    rmSync(away, { force: true });
    return false;
  }
  rmSync(away, { force: true });
  return true;
}

function readHolder(file: string): Holder | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // A lock is whole from its first moment, so this one is from before a power cut, which its process did not outlive.
    return { pid: 0, host: hostname(), user: 'unknown', since: 'unknown', command: 'unknown', started: '' };
  }
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (pid === 0) return false;
  // Another machine's processes cannot be seen, so its lock holds until a person says otherwise.
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return started === '' || now === '' || now === started;
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
