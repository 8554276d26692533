import { CreateBucketCommand, GetObjectCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { UserError } from '../../src/errors.ts';
import { type BucketLock, sharedHolder, staleSeconds } from '../../src/shared-state/bucket-lock.ts';
import { BucketStore } from '../../src/shared-state/bucket-store.ts';
import { bucketPlace } from '../../src/shared-state/place.ts';
import { S3Object } from '../../src/shared-state/s3-object.ts';
import { Account } from '../../src/simulator/account.ts';
import { attach } from '../../src/simulator/attach.ts';
import type { Faults } from '../../src/simulator/faults.ts';
import { nouns } from '../../src/simulator/nouns.ts';
import { State } from '../../src/state.ts';
import { limitAndRepeat, Traffic } from '../../src/traffic.ts';
import { diceOf } from '../helpers/dice.ts';
import { stack } from './toys.ts';

const Bucket = 'our-states';
let account: Account;

const sleep = (seconds: number) => account.clock.sleep(1000 * seconds);
const since = '2026-11-23T09:00:00.000Z';
const row = { step: 1, status: 'complete', generation: 1, identity: { id: 'x' }, since } as const;
const notes: string[] = [];
const lockOptions = { command: 'airflow-aws up', waitedSeconds: 0, note: (text: string) => notes.push(text) };

async function openAccount(faults: Faults = {}, seed = 1) {
  account = new Account(nouns, { seed });
  const s3 = client();
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  Object.assign(account.faults, faults);
}

/** Of one person: the account is the same for all. */
function client(): S3Client {
  const s3 = new S3Client({ region: 'us-west-2', maxAttempts: 1 });
  attach(account, s3 as never);
  const world = { clock: account.clock, pace: 1, random: () => account.random() };
  limitAndRepeat(s3 as never, world as never, new Traffic());
  return s3;
}

const options = (s3 = client()) => ({ s3, accountId: account.accountId, clock: account.clock, pace: 1 });
const object = (key: string, s3 = client()) => new S3Object({ ...options(s3), bucket: Bucket, key });
const store = () => new BucketStore({ ...options(), place: { bucket: Bucket, prefix: 'pms/' } });

/** The store with its lock, and its state. */
async function person() {
  const mine = store();
  const lock = await mine.lock(lockOptions);
  return { lock, store: mine, state: (await State.read(mine)) ?? State.of(mine, stack) };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: UserError) => error.code,
  );

beforeEach(async () => {
  notes.length = 0;
  await openAccount();
});

describe('the setting state', () => {
  it('names bucket and prefix, and nothing for local', () => {
    expect(bucketPlace('local')).toBeUndefined();
    expect(bucketPlace('s3://our-states')).toEqual({ bucket: Bucket, prefix: '' });
    expect(bucketPlace('s3://our-states/')).toEqual({ bucket: Bucket, prefix: '' });
    expect(bucketPlace('s3://our-states/a/b')).toEqual({ bucket: Bucket, prefix: 'a/b/' });
    expect(bucketPlace('s3://our-states/a/b/')).toEqual({ bucket: Bucket, prefix: 'a/b/' });
  });
});

describe('an object that is written over what was seen', () => {
  it('is made once, and goes to one of two who saw the same', async () => {
    const one = object('x');
    const other = object('x');
    const made = await Promise.all([one.put('1', undefined), other.put('2', undefined)]);
    expect(made.filter((etag) => etag !== undefined)).toHaveLength(1);
    const { etag, text } = (await one.read())!;
    const replaced = await Promise.all([one.put('3', etag), other.put('4', etag)]);
    expect(replaced.filter((new_) => new_ !== undefined)).toHaveLength(1);
    expect((await other.read())!.text).not.toBe(text);
    expect(await one.remove(etag)).toBe(false);
    expect(await one.remove((await one.read())!.etag)).toBe(true);
    expect(await one.read()).toBeUndefined();
  });

  it.each(['resetAfter', 'errorAfter', 'resetBefore'] as const)(
    'is written once when the answers are lost (%s), since it is read back',
    async (fault) => {
      await openAccount({ [fault]: 0.5 }, 3);
      const one = object('x');
      let etag: string | undefined;
      for (let write = 0; write < 30; write++) {
        etag = await one.put(`text ${write}`, etag);
        expect(etag, `write ${write}`).toBeDefined();
      }
      account.faults[fault] = 0;
      expect((await one.read())!.text).toBe('text 29');
    },
  );

  it('is not taken for ours when somebody else wrote while our answer was lost', async () => {
    const one = object('x');
    const etag = (await one.put('1', undefined))!;
    // The first write is lost before it arrives; then another is there.
    account.faults.resetBefore = 1;
    const put = one.put('2', etag);
    const meddle = async () => {
      account.faults.resetBefore = 0;
      await object('x').put('3', etag);
    };
    await Promise.all([put, account.clock.sleep(500).then(meddle)]);
    expect(await put).toBeUndefined();
    expect((await one.read())!.text).toBe('3');
  });

  it('looks and tries again after a conflict with a write at the same moment (409)', async () => {
    const one = object('x');
    account.faults.refuse = [{ operation: 'PutObject', code: 'ConditionalRequestConflict', status: 409, times: 2 }];
    expect(await one.put('1', undefined)).toBeDefined();
    expect(account.faults.refuse[0]!.times).toBe(0);
  });
});

describe('the lock beside a state in S3', () => {
  it('says whose it is, and is refused to others with exit code 6', async () => {
    const { lock, store: mine } = await person();
    const { holder } = (await sharedHolder(mine.lockObject))!;
    expect(holder).toMatchObject({ pid: process.pid, command: 'airflow-aws up', id: lock.id, waitedSeconds: 0 });
    const refused = await store()
      .lock({ ...lockOptions, command: 'airflow-aws destroy' })
      .catch((error: UserError) => error);
    expect(refused).toMatchObject({ exitCode: 6, code: 'locked' });
    expect((refused as UserError).what).toContain(`process ${process.pid} of ${holder.user} on ${holder.host}`);
    expect((refused as UserError).fix).toContain('--lock-wait');
    await lock.release();
    expect(await sharedHolder(mine.lockObject)).toBeUndefined();
  });

  it('is kept by its beats for as long as its holder lives', async () => {
    const { lock } = await person();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    for (let beat = 0; beat < 10; beat++) {
      await sleep(staleSeconds - 20);
      vi.setSystemTime(Date.now() + 20_000);
      await lock.beat();
      expect(await codeOf(store().lock(lockOptions))).toBe('locked');
    }
    vi.useRealTimers();
    await lock.release();
  });

  it('is judged by S3’s clock, whatever ours says', async () => {
    await person();
    await sleep(staleSeconds - 10);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 });
    expect(await codeOf(store().lock(lockOptions))).toBe('locked');
    vi.setSystemTime(0);
    await sleep(20);
    expect(await codeOf(store().lock(lockOptions))).toBe('done');
    vi.useRealTimers();
  });

  it('of a process that is gone from this machine is taken over at once', async () => {
    const { lock, store: mine } = await person();
    lock.abandon();
    const there = (await mine.lockObject.read())!;
    await mine.lockObject.put(there.text.replace(/"pid": \d+/, '"pid": 4194303'), there.etag);
    expect(await codeOf(store().lock(lockOptions))).toBe('done');
    expect(notes).toEqual([expect.stringContaining('process 4194303')]);
  });

  it.each([2, 3, 5])('of a dead holder goes to one of %i who want it at the same time', async (takers) => {
    const { lock } = await person();
    lock.abandon();
    await sleep(staleSeconds + 1);
    const codes = await Promise.all(Array.from({ length: takers }, () => codeOf(store().lock(lockOptions))));
    expect(codes.toSorted()).toEqual(['done', ...Array.from({ length: takers - 1 }, () => 'locked')]);
  });
});

describe('a state in S3', () => {
  it('is read as it was written, with every earlier text as a version', async () => {
    const { lock, state, store: mine } = await person();
    await state.adopt('vpc', row);
    await state.adopt('keyPair', row);
    await lock.release();
    expect((await State.read(store()))!.rows).toEqual(state.rows);
    const { Body, VersionId } = await client().send(new GetObjectCommand({ Bucket, Key: 'pms/state.json' }));
    expect(VersionId).toBeDefined();
    // As the file has it, and who wrote it.
    expect(JSON.parse(await Body!.transformToString())).toMatchObject({ version: 1, stack, writer: { lock: lock.id } });
    expect(await mine.restoring()).toContain('list-object-versions');
  });

  it('of a run whose lock was taken over takes no more of its records, though nothing was written since', async () => {
    const sleeper = await person();
    await sleeper.state.adopt('vpc', row);
    await sleep(staleSeconds + 1);
    const other = await person();
    const error = await sleeper.state.adopt('late', row).catch((one: UserError) => one);
    expect(error).toMatchObject({ code: 'lock-lost', exitCode: 7, resumable: true });
    expect((error as UserError).what).toContain(`process ${process.pid}`);
    await other.state.adopt('keyPair', row);
    expect(await codeOf(sleeper.state.adopt('later', row))).toBe('lock-lost');
    await sleeper.lock.release();
    expect(await codeOf(store().lock(lockOptions))).toBe('locked');
    expect(Object.keys((await State.read(store()))!.rows)).toEqual(['vpc', 'keyPair']);
  });

  it('that somebody edited without the lock stops the run, and the edit stays', async () => {
    const { state } = await person();
    await state.adopt('vpc', row);
    const edited = object('pms/state.json');
    const there = (await edited.read())!;
    await edited.put(there.text.replace('"toys"', '"edited"'), there.etag);
    expect(await codeOf(state.adopt('keyPair', row))).toBe('state-changed');
    expect((await edited.read())!.text).toContain('"edited"');
  });

  it('is not written without the lock', async () => {
    const mine = store();
    await expect(State.of(mine, stack).adopt('vpc', row)).rejects.toThrow('without its lock');
  });

  it('in a bucket that is missing, refused or another’s says so, with the exit code', async () => {
    const missing = new BucketStore({ ...options(), place: { bucket: 'no-such-states', prefix: '' } });
    await expect(missing.read()).rejects.toMatchObject({ code: 'state-bucket-missing', exitCode: 2 });
    const theirs = new BucketStore({ ...options(), accountId: '999999999999', place: { bucket: Bucket, prefix: '' } });
    await expect(theirs.read()).rejects.toMatchObject({ code: 'state-bucket-refused', exitCode: 4 });
  });
});

describe('two people who work at the same time', () => {
  const met = { lost: 0, takenOver: 0, records: 0 };

  it.each(Array.from({ length: 20 }, (_, seed) => seed))('lose no record that was answered, seed %i', async (seed) => {
    await openAccount({ throttle: 0.05, resetBefore: 0.03, resetAfter: 0.05, errorAfter: 0.03 }, seed);
    const answered: string[] = [];
    const work = async (name: string, dice: () => number) => {
      for (let round = 0; round < 4; round++) {
        const mine = store();
        let lock: BucketLock | undefined;
        while (!lock) {
          lock = await mine.lock(lockOptions).catch(async (error: UserError) => {
            if (error.code !== 'locked') throw error;
            await sleep(5 + 60 * dice());
            return undefined;
          });
        }
        const state = (await State.read(mine)) ?? State.of(mine, stack);
        const fate = dice();
        for (let record = 0; record < 3; record++) {
          await sleep(20 * dice());
          // A laptop that sleeps, without a beat: long enough for another to take over, or nearly so.
          if (fate < 0.4 && record === 1) await sleep(staleSeconds * (0.8 + dice()));
          const key = `${name}-${round}-${record}`;
          try {
            await state.adopt(key, row);
            answered.push(key);
          } catch (error) {
            if ((error as UserError).code !== 'lock-lost') throw error;
            met.lost++;
            break;
          }
        }
        if (fate > 0.8) lock.abandon();
        else await lock.release();
      }
    };
    await Promise.all([work('ann', diceOf(seed)), work('ben', diceOf(seed + 1000))]);
    Object.assign(account.faults, { throttle: 0, resetBefore: 0, resetAfter: 0, errorAfter: 0 });
    const there = Object.keys((await State.read(store()))!.rows);
    expect(answered.filter((key) => !there.includes(key))).toEqual([]);
    expect(answered.length).toBeGreaterThanOrEqual(12);
    met.records += answered.length;
    met.takenOver += notes.length;
  });

  it('met each other: locks were taken over, and runs were stopped by it', () => {
    expect(met.takenOver).toBeGreaterThan(20);
    expect(met.lost).toBeGreaterThan(5);
  });
});
