import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { beforeEach, describe, expect, it } from 'vitest';
import { breakLock, type Holder, lockFolder, lockHolder } from '../../src/lock.ts';
import { folder } from './toys.ts';

let where: string;
let notes: string[];
const io = { note: (text: string) => notes.push(text) };

beforeEach(() => {
  where = folder();
  notes = [];
});

const take = (command = 'airflow-aws up') => lockFolder(where, command, io);
const held = () => JSON.parse(readFileSync(join(where, 'lock'), 'utf8')) as Holder;

/** A lock as another process has left it. */
function leave(holder: Partial<Holder>) {
  const since = '2026-11-23T09:00:00.000Z';
  const whole = {
    pid: 1,
    host: hostname(),
    user: 'ann',
    since,
    command: 'airflow-aws destroy',
    started: '',
    ...holder,
  };
  writeFileSync(join(where, 'lock'), JSON.stringify(whole));
  return whole;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24);

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((ended) => child.on('exit', ended));
  return child.pid!;
}

function refused() {
  try {
    take();
  } catch (error) {
    return error as { exitCode: number; code: string; what: string; fix: string };
  }
  throw new Error('the lock was given');
}

describe('a lock', () => {
  it('names who holds it, and is gone when it is released', () => {
    const lock = take('airflow-aws up');
    expect(held()).toMatchObject({
      pid: process.pid,
      host: hostname(),
      user: userInfo().username,
      command: 'airflow-aws up',
    });
    expect(Date.parse(held().since)).toBeLessThanOrEqual(Date.now());
    expect(lockHolder(where)).toMatchObject({ alive: true, holder: { pid: process.pid } });
    lock.release();
    expect(readdirSync(where)).toEqual([]);
    expect(lockHolder(where)).toBeUndefined();
  });

  it('is refused to a second holder with exit code 6, naming pid, host, user, command and since when', () => {
    take('airflow-aws destroy');
    const { since } = held();
    const error = refused();
    expect(error).toMatchObject({ exitCode: 6, code: 'locked' });
    for (const part of [String(process.pid), hostname(), userInfo().username, 'airflow-aws destroy', since])
      expect(error.what).toContain(part);
    expect(held().command).toBe('airflow-aws destroy');
  });

  it('leaves nothing beside it when it is refused', () => {
    take();
    refused();
    expect(readdirSync(where)).toEqual(['lock']);
  });

  it('does not take away another’s when it is released late', () => {
    const lock = take();
    leave({ pid: process.ppid });
    lock.release();
    expect(held().pid).toBe(process.ppid);
  });
});

describe('a lock whose process is gone', () => {
  it('is taken over with a word about whose it was', async () => {
    const pid = await deadPid();
    const old = leave({ pid });
    const lock = take();
    expect(lock.takenFrom).toMatchObject({ pid });
    expect(notes).toEqual([expect.stringContaining(`process ${pid} (${old.command}, since ${old.since})`)]);
    expect(held().pid).toBe(process.pid);
    lock.release();
    expect(readdirSync(where)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('is known by the start time when its number was given to another', () => {
    leave({ pid: process.ppid, started: '1' });
    expect(take().takenFrom).toMatchObject({ pid: process.ppid });
  });

  it.runIf(process.platform === 'linux')('is not presumed of a living process with that start time', () => {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
    leave({ pid: process.ppid, started });
    expect(refused().exitCode).toBe(6);
  });

  it('is not presumed of another machine, whose processes cannot be seen', async () => {
    leave({ pid: await deadPid(), host: 'elsewhere' });
    const error = refused();
    expect(error.exitCode).toBe(6);
    expect(error.fix).toContain('state unlock');
  });

  it.each(['', '{"pid": 12'])('is presumed of a lock that a power cut damaged: %j', (text) => {
    writeFileSync(join(where, 'lock'), text);
    take();
    expect(held().pid).toBe(process.pid);
    expect(notes).toHaveLength(1);
  });

  it('is inherited from an heir that died before the lock was its own', async () => {
    const old = leave({ pid: await deadPid() });
    const claim = join(where, `lock.after-${digest(JSON.stringify(old))}`);
    const heir = JSON.stringify({ ...old, pid: await deadPid(), command: 'airflow-aws up' });
    writeFileSync(claim, heir);
    expect(take().takenFrom).toMatchObject({ command: 'airflow-aws up' });
    expect(held().pid).toBe(process.pid);
    expect(readdirSync(where)).toEqual(['lock']);
  });

  it('is its heir’s while that one is about to replace it', async () => {
    const old = leave({ pid: await deadPid() });
    const claim = join(where, `lock.after-${digest(JSON.stringify(old))}`);
    writeFileSync(claim, JSON.stringify({ ...old, pid: process.ppid }));
    expect(refused()).toMatchObject({ exitCode: 6, what: expect.stringContaining(`process ${process.ppid}`) });
  });

  it('goes to one of four processes that want it at the same time, a hundred times', async () => {
    const dead = await deadPid();
    const rounds = Array.from({ length: 100 }, (_, round) => join(where, `round-${round}`));
    const outer = where;
    for (const round of rounds) {
      mkdirSync(round);
      where = round;
      leave({ pid: dead });
    }
    where = outer;
    const program = join(where, 'taker.mjs');
    buildSync({
      entryPoints: [new URL('../../src/lock.ts', import.meta.url).pathname],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      footer: {
        js: `
          const [, , folder, at] = process.argv;
          const got = [];
          for (let round = 0; round < 100; round++) {
            while (Date.now() < Number(at) + 15 * round);
            try {
              lockFolder(folder + '/round-' + round, 'taker', { note() {} });
              got.push('mine');
            } catch (error) {
              got.push(error.exitCode);
            }
          }
          console.log(JSON.stringify(got));
          // Nobody's lock may become a dead one before all have tried.
          setTimeout(() => {}, 2500);`,
      },
    });
    const at = String(Date.now() + 1500);
    const takers = await Promise.all(
      [1, 2, 3, 4].map(() => promisify(execFile)(process.execPath, [program, where, at])),
    );
    const got = takers.map(({ stdout }) => JSON.parse(stdout) as unknown[]);
    const winners = rounds.map((_, round) => got.filter((one) => one[round] === 'mine').length);
    expect(winners.filter((count) => count !== 1)).toEqual([]);
    expect(rounds.filter((round) => readdirSync(round).join() !== 'lock')).toEqual([]);
  }, 30_000);
});

describe('breaking a lock', () => {
  it('removes it whatever its holder does, and says who that was', () => {
    take('airflow-aws up');
    expect(breakLock(where)).toMatchObject({ alive: true, holder: { pid: process.pid, command: 'airflow-aws up' } });
    expect(readdirSync(where)).toEqual([]);
    expect(breakLock(where)).toBeUndefined();
  });
});
