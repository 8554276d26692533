import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where everything of the running region is: logs, pids, servers' volumes. Gone when the lab is down. */
export const regionFolder = join(process.env.LAB_CACHE ?? '/var/cache/airflow-aws-lab', 'region');
/** What is prepared once and kept. */
export const cacheFolder = join(regionFolder, '..');

/** Runs a program to its end. Rejects with what it said when it fails. */
export function run(file: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: 64e6 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${file} ${args.join(' ')}: ${stderr.trim() || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

/** The arguments that make `nsenter` run a program in one of our network namespaces. */
export function inNamespace(namespace: string, command: readonly string[]): [string, string[]] {
  return ['nsenter', [`--net=/run/netns/${namespace}`, '--', ...command]];
}

/** A program that runs until it is stopped. Its pid is on disk, so that `down` finds it when nobody else knows it. */
export interface Daemon {
  readonly pid: number;
  readonly ended: Promise<void>;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const pidFolder = join(regionFolder, 'pids');

/** Jiffies since boot at which a process began: with its pid it is one process and no later one. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  } catch {
    return undefined;
  }
}

export function daemon(name: string, [file, args]: [string, string[]], env: Record<string, string> = {}): Daemon {
  mkdirSync(join(regionFolder, 'log'), { recursive: true });
  mkdirSync(pidFolder, { recursive: true });
  const log = openSync(join(regionFolder, 'log', `${name}.log`), 'a');
  const child: ChildProcess = spawn(file, args, {
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...env },
  });
  const pid = child.pid ?? 0;
  const record = join(pidFolder, String(pid));
  writeFileSync(record, `${startOf(pid)} ${name}\n`);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => {
      rmSync(record, { force: true });
      resolve();
    });
  });
  return {
    pid,
    ended,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const insist = setTimeout(() => child.kill('SIGKILL'), 8000);
      await ended;
      clearTimeout(insist);
    },
  };
}

/** Kills whatever a lab that died left running, and its children: a host outlives the machine that it runs in. */
export async function stopLeftovers(): Promise<void> {
  if (!existsSync(pidFolder)) return;
  for (const pid of readdirSync(pidFolder)) {
    const [start] = readFileSync(join(pidFolder, pid), 'utf8').split(' ');
    if (startOf(Number(pid)) === start)
      for (const one of [...(await childrenOf(Number(pid))), Number(pid)]) killIfThere(one);
    rmSync(join(pidFolder, pid));
  }
  await sleep(300);
}

export async function childrenOf(pid: number): Promise<number[]> {
  const children = await run('pgrep', ['--parent', String(pid)]).catch(() => '');
  return children.split('\n').filter(Boolean).map(Number);
}

function killIfThere(pid: number) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * A listening socket of another network namespace, in this process: a helper makes it there and hands it over. Whoever
 * connects is seen with the address that he has over there.
 */
export function listenIn(namespace: string, host: string, port: number): Promise<Server> {
  const helper = `require('node:net').createServer({ pauseOnConnect: true }).listen(${port}, '${host}', function () {
    process.send('listening', this, () => process.exit());
  });`;
  const [file, args] = inNamespace(namespace, [process.execPath, '-e', helper]);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('error', reject);
    child.once('exit', (code) => code !== 0 && reject(new Error(`cannot listen on ${host}:${port} in ${namespace}`)));
    child.once('message', (_text, handle) => resolve(handle as Server));
  });
}
