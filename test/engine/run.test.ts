import { describe, expect, it } from 'vitest';
import type { ErrorClass } from '../../src/aws-errors.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { known, lookFor, pause, persist, Stopped, tokenFor } from '../../src/engine/run.ts';
import { refusal, toy, Workshop } from './toys.ts';

describe('persist', () => {
  /** Seconds until the error of a work that always fails came out, and how often it was tried. */
  async function patienceFor(code: string, classes: readonly ErrorClass[], pace = 1) {
    const shop = new Workshop();
    let tries = 0;
    const work = async () => {
      tries++;
      throw refusal(code);
    };
    await expect(persist({ ...shop.run([]), pace }, classes, work)).rejects.toThrow(code);
    return { seconds: shop.seconds, tries };
  }

  it.each([
    ['throttle', 'RequestLimitExceeded', 600],
    ['unclear', 'TimeoutError', 300],
    ['offline', 'ENOTFOUND', 1200],
    ['notVisible', 'InvalidVpcID.NotFound', 300],
    ['serviceLinkedRole', 'ServiceLinkedRoleNotFoundFault', 120],
    ['wrongState', 'IncorrectState', 1800],
    ['inUse', 'DependencyViolation', 2100],
  ] as const)('bounds %s', async (kind, code, bound) => {
    const { seconds, tries } = await patienceFor(code, [kind]);
    expect(seconds).toBeGreaterThan(bound);
    expect(seconds).toBeLessThan(bound + 60);
    expect(tries).toBeGreaterThan(10);
  });

  it('throws at once what belongs to no class that it was given', async () => {
    expect(await patienceFor('DependencyViolation', ['throttle', 'unclear'])).toEqual({ seconds: 0, tries: 1 });
  });

  it.each(['VpcLimitExceeded', 'UnauthorizedOperation', 'InsufficientInstanceCapacity', 'InvalidParameterValue'])(
    'throws %s at once, whatever classes it was given',
    async (code) => {
      const classes: ErrorClass[] = ['throttle', 'unclear', 'notVisible', 'wrongState', 'inUse', 'quota', 'fatal'];
      expect(await patienceFor(code, classes)).toEqual({ seconds: 0, tries: 1 });
    },
  );

  it('counts each class for itself', async () => {
    const shop = new Workshop();
    const story = async () => {
      if (shop.seconds < 200) throw refusal('InvalidVpcID.NotFound');
      if (shop.seconds < 450) throw refusal('TimeoutError');
      return 'done';
    };
    expect(await persist(shop.run([]), ['notVisible', 'unclear'], story)).toBe('done');
  });

  it('does not take for waiting that the machine slept, or that its clock was set back', async () => {
    const shop = new Workshop();
    let [looks, shift] = [0, 0];
    const clock: Clock = { now: () => shop.clock.now() + shift, sleep: (time) => shop.clock.sleep(time) };
    const work = async () => {
      looks++;
      if (looks === 3) shift += 3_600_000;
      if (looks === 6) shift -= 7_200_000;
      if (looks < 9) throw refusal('TimeoutError');
      return 'done';
    };
    expect(await persist({ ...shop.run([]), clock }, ['unclear'], work)).toBe('done');
  });

  it('waits in proportion to the pace', async () => {
    const { seconds } = await patienceFor('DependencyViolation', ['inUse'], 0.01);
    expect(seconds).toBeGreaterThan(21);
    expect(seconds).toBeLessThan(22);
  });

  it('ends with Stopped when the run is told to stop', async () => {
    const shop = new Workshop();
    const work = async () => {
      shop.stop.abort();
      throw refusal('DependencyViolation');
    };
    await expect(persist(shop.run([]), ['inUse'], work)).rejects.toBeInstanceOf(Stopped);
    expect(shop.seconds).toBe(0);
  });
});

describe('pause', () => {
  it('has a jitter of a fifth to either side', async () => {
    for (const [random, seconds] of [
      [0, 8],
      [0.5, 10],
      [1, 12],
    ] as const) {
      const shop = new Workshop();
      await pause({ ...shop.run([]), random: () => random }, 10);
      expect(shop.seconds).toBeCloseTo(seconds, 3);
    }
  });

  it('ends with Stopped when the stop came while it slept', async () => {
    const shop = new Workshop();
    const sleeping = pause(shop.run([]), 10);
    shop.stop.abort();
    await expect(sleeping).rejects.toBeInstanceOf(Stopped);
  });
});

describe('lookFor', () => {
  it('asks again until it has two empty answers, the last of them half a minute after the call', async () => {
    const shop = new Workshop();
    const asked: number[] = [];
    const vpc = toy(shop, 'vpc', [], {
      find: async () => {
        asked.push(shop.seconds);
        return undefined;
      },
    });
    expect(await lookFor(shop.run([vpc]), vpc, new Date(shop.clock.now()).toISOString())).toBeUndefined();
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.at(-1)).toBeGreaterThanOrEqual(30);
    expect(asked.at(-2)).toBeLessThan(30);
  });

  it('does not wait for a clock that was set back since the call to come to it again', async () => {
    const shop = new Workshop();
    const vpc = toy(shop, 'vpc', [], { find: async () => undefined });
    const called = new Date(shop.clock.now() + 7_200_000).toISOString();
    expect(await lookFor(shop.run([vpc]), vpc, called)).toBeUndefined();
    expect(shop.seconds).toBeGreaterThanOrEqual(40);
    expect(shop.seconds).toBeLessThan(120);
  });

  it('goes on after throttles and lost answers, which say nothing', async () => {
    const shop = new Workshop();
    let asked = 0;
    const vpc = toy(shop, 'vpc', [], {
      find: async () => {
        asked++;
        if (asked < 3) throw refusal(asked === 1 ? 'RequestLimitExceeded' : 'TimeoutError');
        return { id: 'vpc-1' };
      },
    });
    expect(await lookFor(shop.run([vpc]), vpc, new Date(0).toISOString())).toEqual({ id: 'vpc-1' });
  });
});

describe('tokens', () => {
  it('are the same for the same creation and differ by stack, key and generation', () => {
    expect(tokenFor('s', 'vpc', 1)).toBe(tokenFor('s', 'vpc', 1));
    const tokens = [tokenFor('s', 'vpc', 1), tokenFor('s', 'vpc', 2), tokenFor('s', 'nat', 1), tokenFor('t', 'vpc', 1)];
    expect(new Set(tokens).size).toBe(4);
    for (const token of tokens) expect(token).toMatch(/^[\x20-\x7e]{1,64}$/);
  });
});

describe('known', () => {
  it('gives identities with outputs, and leaves out what has no identity yet', () => {
    const shop = new Workshop();
    const since = '2026-11-23T09:00:00.000Z';
    shop.state.adopt('db', { step: 1, status: 'complete', generation: 1, since, identity: { id: 'db-1' } });
    shop.state.complete('db', { endpoint: 'db.example' }, since);
    shop.state.creating('cache', { step: 1, generation: 1, since });
    const server = toy(shop, 'server', [toy(shop, 'db'), toy(shop, 'cache'), toy(shop, 'other')]);
    expect(known(shop.run([server]), server)).toEqual({ db: { id: 'db-1', endpoint: 'db.example' } });
  });
});
