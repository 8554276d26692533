import { mkdirSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { graphOf } from '../../src/engine/graph.ts';
import type { AnyResource } from '../../src/engine/resource.ts';
import { FailedLater } from '../../src/engine/run.ts';
import { survey } from '../../src/engine/survey.ts';
import { up } from '../../src/engine/up.ts';
import type { UserError } from '../../src/errors.ts';
import { refusal, toy, Workshop } from './toys.ts';

let shop: Workshop;

beforeEach(() => {
  shop = new Workshop();
});

/** Look, then carry out: what the command does. */
async function build(...resources: AnyResource[]) {
  const run = shop.run(resources);
  const graph = graphOf(resources);
  return up(run, graph, await survey(run, graph));
}

const at = (line: string) => shop.log.indexOf(line);

describe('the order of up', () => {
  it('finishes what is needed before it creates what needs it, whatever the order of the list', async () => {
    const vpc = toy(shop, 'vpc');
    const subnet = toy(shop, 'subnet', [vpc]);
    const instance = toy(shop, 'instance', [subnet, vpc]);
    await build(instance, subnet, vpc);
    expect(at('finished vpc')).toBeLessThan(at('create subnet'));
    expect(at('finished subnet')).toBeLessThan(at('create instance'));
    expect(Object.values(shop.state.rows).map(({ status }) => status)).toEqual(['complete', 'complete', 'complete']);
  });

  it('works at the same time on all that have what they need', async () => {
    const root = toy(shop, 'root');
    const slow = toy(shop, 'slow', [root], { seconds: 100 });
    const other = toy(shop, 'other', [root], { seconds: 99 });
    const early = toy(shop, 'early', [other], { seconds: 1 });
    await build(root, slow, other, early);
    expect(shop.seconds).toBe(101);
    expect(at('create early')).toBeLessThan(at('finished slow'));
  });

  it('hands create the identity and the outputs of what it needs', async () => {
    const vpc = toy(shop, 'vpc');
    let given: unknown;
    const subnet = toy(shop, 'subnet', [vpc], {
      create: async (_, needs) => {
        given = needs;
        return shop.make('subnet');
      },
    });
    await build(vpc, subnet);
    expect(given).toEqual({ vpc: { id: 'vpc-1', made: 'vpc' } });
  });

  it('ignores a need that the settings have made unnecessary', async () => {
    const unwanted = toy(shop, 'unwanted');
    const group = toy(shop, 'group', [unwanted]);
    const outcome = await build(group);
    expect(outcome.failed).toEqual([]);
    expect(shop.verbs('unwanted')).toEqual([]);
    expect(shop.verbs('group')).toContain('finished');
  });
});

describe('a network that is gone', () => {
  const noName = () => Object.assign(new Error('getaddrinfo ENOTFOUND ec2'), { code: 'ENOTFOUND' });

  it('is waited for, and nothing is looked for: a call that never left has made nothing', async () => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        if (shop.seconds < 600) throw noName();
        return shop.make('vpc');
      },
    });
    const { failed } = await build(vpc);
    expect(failed).toEqual([]);
    expect(shop.verbs('vpc')).not.toContain('find');
    expect(shop.onDisk('vpc')?.status).toBe('complete');
  });

  it('ends the run as one failure when it does not come back, and leaves no row of what was never made', async () => {
    const never = async () => {
      throw noName();
    };
    const { failed, skipped } = await build(
      toy(shop, 'vpc', [], { create: never }),
      toy(shop, 'address', [], { create: never }),
    );
    expect(failed.map(({ key }) => key)).toEqual(['vpc']);
    expect(skipped).toEqual(['address']);
    expect(shop.seconds).toBeGreaterThan(1200);
    expect(shop.onDisk('vpc')).toBeUndefined();
  });
});

describe('a failure', () => {
  it('stops what needs it, near and far; everything else goes on to its end and is recorded', async () => {
    const root = toy(shop, 'root');
    const broken = toy(shop, 'broken', [root], {
      create: async () => {
        throw refusal('VpcLimitExceeded');
      },
    });
    const next = toy(shop, 'next', [broken]);
    const last = toy(shop, 'last', [next]);
    const slow = toy(shop, 'slow', [root], { seconds: 500 });
    const afterSlow = toy(shop, 'afterSlow', [slow]);
    const outcome = await build(root, broken, next, last, slow, afterSlow);
    expect(outcome.failed.map(({ key }) => key)).toEqual(['broken']);
    expect(outcome.skipped).toEqual(['next', 'last']);
    expect([...shop.verbs('next'), ...shop.verbs('last')]).toEqual([]);
    expect(shop.onDisk('afterSlow')!.status).toBe('complete');
    expect(shop.events).toContainEqual(
      expect.objectContaining({ event: 'resource.failed', resource: 'broken', code: 'VpcLimitExceeded' }),
    );
  });

  it('leaves no row after a clear no, since there is nothing to look for, and the generation still rises', async () => {
    let refuse = true;
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        if (refuse) throw refusal('VpcLimitExceeded');
        return shop.make('vpc');
      },
    });
    await build(vpc);
    expect(shop.onDisk('vpc')).toBeUndefined();
    refuse = false;
    shop.log.length = 0;
    await build(vpc);
    expect(shop.verbs('vpc')).toEqual(['create', 'created', 'finish', 'finished']);
    expect(shop.onDisk('vpc')!.generation).toBe(2);
  });

  it('of finish leaves the identity, and the next run goes on there without creating', async () => {
    let refuse = true;
    const vpc = toy(shop, 'vpc', [], {
      finish: async () => {
        if (refuse) throw refusal('UnauthorizedOperation');
        return { made: 'vpc' };
      },
    });
    await build(vpc);
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'created', identity: { id: 'vpc-1' }, generation: 1 });
    refuse = false;
    await build(vpc);
    expect(shop.onDisk('vpc')).toMatchObject({
      status: 'complete',
      identity: { id: 'vpc-1' },
      output: { made: 'vpc' },
    });
    expect(shop.verbs('vpc').filter((verb) => verb === 'create')).toHaveLength(1);
  });
});

describe('what is on the disk', () => {
  it('says "creating", with generation and time, while the creating call is on its way', async () => {
    let row: unknown;
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        row = shop.onDisk('vpc');
        return shop.make('vpc');
      },
    });
    await build(vpc);
    expect(row).toEqual({ step: 1, status: 'creating', generation: 1, since: '2026-11-23T09:00:00.000Z' });
  });

  it('has the identity before any wait of finish, and the outputs after it', async () => {
    let row: unknown;
    const vpc = toy(shop, 'vpc', [], {
      finish: async () => {
        row = shop.onDisk('vpc');
        return { made: 'yes' };
      },
    });
    await build(vpc);
    expect(row).toMatchObject({ status: 'created', identity: { id: 'vpc-1' } });
    expect(row).not.toHaveProperty('output');
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', output: { made: 'yes' } });
  });
});

describe('an unclear answer to create', () => {
  const lost = () => refusal('TimeoutError', { message: 'socket hang up' });

  it('is answered by looking: what was made is taken, and not made twice', async () => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        shop.make('vpc');
        throw lost();
      },
    });
    await build(vpc);
    expect(shop.verbs('vpc').filter((verb) => verb === 'create')).toHaveLength(1);
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', identity: { id: 'vpc-1' }, generation: 1 });
  });

  it('is repeated under the same token after two empty looks, the last at least 30 s after the call', async () => {
    const looks: number[] = [];
    const tokens: string[] = [];
    let calls = 0;
    const vpc = toy(shop, 'vpc', [], {
      find: async () => {
        looks.push(shop.seconds);
        return undefined;
      },
      create: async ({ token }) => {
        tokens.push(token);
        if (++calls === 1) throw lost();
        looks.push(-1);
        return shop.make('vpc');
      },
    });
    await build(vpc);
    const before = looks.slice(0, looks.indexOf(-1));
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(before.at(-1)).toBeGreaterThanOrEqual(30);
    expect(tokens[0]).toBe(tokens[1]);
  });

  it('finds what shows only after half a minute', async () => {
    const vpc = toy(shop, 'vpc', [], {
      find: async () => (shop.seconds >= 29 && shop.world.has('vpc') ? { id: shop.world.get('vpc')! } : undefined),
      create: async () => {
        shop.make('vpc');
        throw lost();
      },
    });
    await build(vpc);
    expect(shop.onDisk('vpc')).toMatchObject({ identity: { id: 'vpc-1' } });
  });

  it('is given up after five calls, and the row stays for the next run to look', async () => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        throw lost();
      },
    });
    const outcome = await build(vpc);
    expect(outcome.failed.map(({ key }) => key)).toEqual(['vpc']);
    expect(shop.verbs('vpc').filter((verb) => verb === 'create')).toHaveLength(5);
    expect(shop.onDisk('vpc')!.status).toBe('creating');
  });

  it('keeps the row when the look itself is refused, for what was made must not be forgotten', async () => {
    const vpc = toy(shop, 'vpc', [], {
      find: async () => {
        throw refusal('UnauthorizedOperation');
      },
      create: async () => {
        shop.make('vpc');
        throw lost();
      },
    });
    await build(vpc);
    expect(shop.onDisk('vpc')!.status).toBe('creating');
  });

  it.each([
    ['an answer that cannot be read', refusal('Error', { $metadata: { httpStatusCode: 200 } })],
    ['HTTP 500', refusal('SomethingNew', { $metadata: { httpStatusCode: 500 } })],
    ['a broken connection', Object.assign(new Error('aborted'), { code: 'ECONNRESET' })],
  ])('may be %s', async (_, error) => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        shop.make('vpc');
        throw error;
      },
    });
    await build(vpc);
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', identity: { id: 'vpc-1' } });
  });

  it('may be an answer without the id: the row stays, so that the next run finds what was made', async () => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        shop.make('vpc');
        return { id: (undefined as unknown as { id: string }).id };
      },
    });
    await build(vpc);
    expect(shop.onDisk('vpc')!.status).toBe('creating');
    await build(vpc);
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', identity: { id: 'vpc-1' } });
  });
});

describe('a creating call that is repeated', () => {
  it('is recorded with its own time, since the wait for what it made counts from there', async () => {
    const recorded: unknown[] = [];
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        recorded.push(shop.onDisk('vpc')!.since);
        if (recorded.length < 4) throw refusal('RequestLimitExceeded');
        return shop.make('vpc');
      },
    });
    await build(vpc);
    expect(new Set(recorded).size).toBe(4);
  });

  it('is not repeated while the look for what it made is refused as throttled', async () => {
    const vpc = toy(shop, 'vpc', [], {
      find: async () => {
        if (shop.seconds < 900) throw refusal('RequestLimitExceeded');
        return { id: shop.world.get('vpc')! };
      },
      create: async () => {
        shop.make('vpc');
        throw refusal('TimeoutError');
      },
    });
    await build(vpc);
    expect(shop.verbs('vpc').filter((verb) => verb === 'create')).toHaveLength(1);
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', identity: { id: 'vpc-1' } });
  });

  it('that hung counts from the moment at which its answer was lost', async () => {
    let calls = 0;
    const vpc = toy(shop, 'vpc', [], {
      find: async () => (shop.seconds >= 129 && shop.world.has('vpc') ? { id: shop.world.get('vpc')! } : undefined),
      create: async () => {
        calls++;
        await shop.clock.sleep(100_000);
        shop.make('vpc');
        throw refusal('TimeoutError');
      },
    });
    await build(vpc);
    expect(calls).toBe(1);
  });
});

describe('credentials that expire', () => {
  const expired = async () => {
    throw refusal('ExpiredToken');
  };

  it('are one failure, before all others; nothing new begins, and every row says what is true', async () => {
    const quota = toy(shop, 'quota', [], {
      create: async () => {
        throw refusal('VpcLimitExceeded');
      },
    });
    const one = toy(shop, 'one', [], { seconds: 10, finish: expired });
    const other = toy(shop, 'other', [], { seconds: 20, finish: expired });
    const early = toy(shop, 'early', [], { seconds: 15 });
    const next = toy(shop, 'next', [early]);
    const outcome = await build(quota, one, other, early, next);
    expect(outcome.failed.map(({ key }) => key)).toEqual(['one', 'quota']);
    expect(outcome.skipped.sort()).toEqual(['next', 'other']);
    expect(shop.verbs('next')).toEqual([]);
    const statuses = ['one', 'other', 'early'].map((key) => shop.onDisk(key)!.status);
    expect(statuses).toEqual(['created', 'created', 'complete']);
  });

  it('in a creating call leave the row, so that the next run looks before it creates', async () => {
    await build(toy(shop, 'vpc', [], { create: expired }));
    expect(shop.onDisk('vpc')!.status).toBe('creating');
  });
});

describe('a state that takes no more records', () => {
  it('ends all: no call without its record, one failure before all others, and nothing new', async () => {
    const early = toy(shop, 'early', [], { seconds: 5 });
    const other = toy(shop, 'other', [early]);
    const third = toy(shop, 'third', [early]);
    const full = toy(shop, 'full', [], {
      create: async () => {
        // A folder in the new file's place stands for a disk that takes no more.
        mkdirSync(`${shop.stateFile}.writing`);
        return shop.make('full');
      },
    });
    const outcome = await build(early, full, other, third);
    expect(outcome.failed.map(({ key, error }) => [key, (error as UserError).code])).toEqual([
      ['full', 'state-not-written'],
    ]);
    expect(outcome.skipped.sort()).toEqual(['early', 'other', 'third']);
    expect([...shop.world.keys()].sort()).toEqual(['early', 'full']);
    // The call that was recorded before it is looked for by the next run.
    expect(shop.onDisk('full')!.status).toBe('creating');
  });
});

describe('what failed by itself', () => {
  it('is taken away and made once more, though its code would mean a lost answer in a call', async () => {
    let made = 0;
    const nat = toy(shop, 'nat', [], {
      finish: async () => {
        if (++made === 1) throw new FailedLater('The gateway failed', 'InternalError', 'AWS gave no reason');
        return { made: 'nat' };
      },
    });
    await build(nat);
    expect(shop.verbs('nat').filter((verb) => verb === 'finish')).toHaveLength(2);
    expect(shop.onDisk('nat')).toMatchObject({ status: 'complete', identity: { id: 'nat-2' }, generation: 2 });
  });
});

describe('a name that is taken', () => {
  const taken = async () => {
    throw refusal('InvalidGroup.Duplicate');
  };

  it('is ours when find says so', async () => {
    shop.make('group');
    await build(toy(shop, 'group', [], { create: taken }));
    expect(shop.onDisk('group')).toMatchObject({ status: 'complete', identity: { id: 'group-1' } });
  });

  it('is a failure when it is somebody else’s', async () => {
    const outcome = await build(toy(shop, 'group', [], { create: taken, find: async () => undefined }));
    expect(outcome.failed).toMatchObject([{ key: 'group', error: { name: 'InvalidGroup.Duplicate' } }]);
    expect(shop.onDisk('group')).toBeUndefined();
  });
});

describe('what passes by itself', () => {
  it.each(['RequestLimitExceeded', 'InvalidVpcID.NotFound', 'IncorrectState'])(
    'is waited for by create: %s',
    async (code) => {
      let calls = 0;
      const vpc = toy(shop, 'vpc', [], {
        create: async () => {
          if (++calls < 4) throw refusal(code);
          return shop.make('vpc');
        },
      });
      const outcome = await build(vpc);
      expect(outcome.failed).toEqual([]);
      expect(calls).toBe(4);
      expect(shop.verbs('vpc')).not.toContain('find');
    },
  );

  it('is waited for by finish too, and there also a lost answer is simply asked again', async () => {
    let calls = 0;
    const vpc = toy(shop, 'vpc', [], {
      finish: async () => {
        if (++calls < 3) throw refusal(calls === 1 ? 'TimeoutError' : 'InvalidVpcID.NotFound');
        return { made: 'vpc' };
      },
    });
    expect((await build(vpc)).failed).toEqual([]);
  });
});

describe('after a crash', () => {
  const crashedIn = (status: 'creating' | 'created' | 'destroying', secondsAgo = 3600) => {
    const since = new Date(shop.clock.now() - secondsAgo * 1000).toISOString();
    const identity = status === 'creating' ? {} : { identity: { id: 'vpc-old' } };
    shop.state.adopt('vpc', { step: 1, status, generation: 3, since, ...identity });
  };

  it('takes what the call had made, without a second one', async () => {
    crashedIn('creating');
    shop.world.set('vpc', 'vpc-old');
    await build(toy(shop, 'vpc'));
    expect(shop.verbs('vpc')).not.toContain('create');
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', identity: { id: 'vpc-old' }, generation: 3 });
  });

  it('looks twice and half a minute after the call before it creates again, under the same token', async () => {
    crashedIn('creating', 1);
    let createdAt = 0;
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        createdAt = shop.seconds;
        return shop.make('vpc');
      },
    });
    await build(vpc);
    expect(shop.verbs('vpc').filter((verb) => verb === 'find').length).toBeGreaterThanOrEqual(2);
    expect(createdAt).toBeGreaterThanOrEqual(29);
    expect(shop.onDisk('vpc')!.generation).toBe(3);
  });

  it('looks twice even when the call is long ago', async () => {
    crashedIn('creating');
    await build(toy(shop, 'vpc'));
    expect(shop.verbs('vpc').slice(0, 3)).toEqual(['find', 'find', 'create']);
  });

  it('makes it anew under a new generation when what was created is gone', async () => {
    crashedIn('created');
    await build(toy(shop, 'vpc'));
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', generation: 4 });
  });

  it('ends a destruction that was begun, and makes it anew under a new generation', async () => {
    crashedIn('destroying');
    shop.world.set('vpc', 'vpc-old');
    await build(toy(shop, 'vpc'));
    expect(shop.verbs('vpc').slice(0, 3)).toEqual(['destroy', 'destroyed', 'create']);
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', generation: 4, identity: { id: 'vpc-1' } });
  });
});

describe('a second up', () => {
  it('creates and finishes nothing, and writes nothing', async () => {
    const vpc = toy(shop, 'vpc');
    const subnet = toy(shop, 'subnet', [vpc]);
    await build(vpc, subnet);
    const rows = structuredClone(shop.state.rows);
    shop.log.length = 0;
    const outcome = await build(vpc, subnet);
    expect(new Set(shop.log)).toEqual(new Set(['find vpc', 'find subnet']));
    expect(shop.state.rows).toEqual(rows);
    expect(outcome.spans.size).toBe(0);
  });

  it('makes anew what is gone, under a new generation and token', async () => {
    shop.complete('vpc');
    shop.world.clear();
    await build(toy(shop, 'vpc'));
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', generation: 2 });
    const tokens = shop.bindings.filter(({ key }) => key === 'vpc').map(({ generation, token }) => [generation, token]);
    const byGeneration = new Map(tokens as [number, string][]);
    expect(byGeneration.get(1)).not.toBe(byGeneration.get(2));
  });

  it('looks twice before it believes that something is gone', async () => {
    shop.complete('vpc');
    let looks = 0;
    const vpc = toy(shop, 'vpc', [], { find: async () => (++looks === 1 ? undefined : { id: 'vpc-1' }) });
    await build(vpc);
    expect(shop.verbs('vpc')).not.toContain('create');
  });

  it('finishes a kept resource again when what it needs was made anew', async () => {
    for (const key of ['gateway', 'table', 'other']) shop.complete(key);
    shop.world.delete('gateway');
    const gateway = toy(shop, 'gateway');
    let given: unknown;
    const table = toy(shop, 'table', [gateway], {
      finish: async (_, identity, needs) => {
        given = [identity, needs];
        return { made: 'table' };
      },
    });
    const other = toy(shop, 'other');
    await build(gateway, table, other);
    expect(shop.verbs('table')).toEqual(expect.arrayContaining(['finish']));
    expect(shop.verbs('table')).not.toContain('create');
    expect(given).toEqual([{ id: 'table-2' }, { gateway: { id: 'gateway-4', made: 'gateway' } }]);
    expect(shop.verbs('other')).toEqual(['find']);
  });

  it('has that on the disk before the re-creation, so that a kill in between does not lose it', async () => {
    for (const key of ['gateway', 'table']) shop.complete(key);
    shop.world.delete('gateway');
    let status: string | undefined;
    const gateway = toy(shop, 'gateway', [], {
      create: async () => {
        status = shop.onDisk('table')!.status;
        return shop.make('gateway');
      },
    });
    await build(gateway, toy(shop, 'table', [gateway]));
    expect(status).toBe('created');
    expect(shop.onDisk('table')!.status).toBe('complete');
  });
});

describe('a creation that fails later by itself', () => {
  it('is cleaned up and tried once more under a new token', async () => {
    const tokens: string[] = [];
    const nat = toy(shop, 'nat', [], {
      create: async ({ token }) => {
        tokens.push(token);
        return shop.make('nat');
      },
      finish: async (_, { id }) => {
        if (id === 'nat-1') throw new FailedLater('The gateway failed', 'InternalError', 'try again');
        return { made: 'nat' };
      },
    });
    const outcome = await build(nat);
    expect(outcome.failed).toEqual([]);
    expect(shop.verbs('nat').filter((verb) => /^(create|destroy)$/.test(verb))).toEqual([
      'create',
      'destroy',
      'create',
    ]);
    expect(new Set(tokens).size).toBe(2);
    expect(shop.onDisk('nat')).toMatchObject({ status: 'complete', generation: 2, identity: { id: 'nat-2' } });
  });

  it('is a failure with AWS’s own code the second time, and what is left of it is in the state', async () => {
    const nat = toy(shop, 'nat', [], {
      finish: async () => {
        throw new FailedLater('The gateway failed', 'Gateway.NotAttached', 'no way out');
      },
    });
    const outcome = await build(nat);
    expect(outcome.failed.map(({ key }) => key)).toEqual(['nat']);
    expect(shop.verbs('nat').filter((verb) => verb === 'create')).toHaveLength(2);
    expect(shop.onDisk('nat')).toMatchObject({ status: 'created', generation: 2 });
    expect(shop.events).toContainEqual(
      expect.objectContaining({ event: 'resource.failed', resource: 'nat', code: 'Gateway.NotAttached' }),
    );
  });
});

describe('told to stop', () => {
  it('starts nothing new, lets the call on its way end, and records what it made', async () => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        shop.stop.abort();
        return shop.make('vpc');
      },
    });
    const subnet = toy(shop, 'subnet', [vpc]);
    const outcome = await build(vpc, subnet);
    expect(outcome.stopped).toBe(true);
    expect(outcome.failed).toEqual([]);
    expect(outcome.skipped).toEqual(['subnet']);
    expect(shop.onDisk('vpc')!.identity).toEqual({ id: 'vpc-1' });
    expect(shop.verbs('subnet')).toEqual([]);
  });

  it('ends the wait for an unclear answer, and leaves the row for the next run', async () => {
    const vpc = toy(shop, 'vpc', [], {
      create: async () => {
        shop.stop.abort();
        throw refusal('TimeoutError');
      },
    });
    const outcome = await build(vpc);
    expect(outcome.skipped).toEqual(['vpc']);
    expect(shop.onDisk('vpc')!.status).toBe('creating');
    expect(shop.seconds).toBe(0);
  });

  it('keeps what was kept', async () => {
    shop.complete('vpc');
    shop.stop.abort();
    const run = shop.run([toy(shop, 'vpc')]);
    const outcome = await up(run, graphOf([toy(shop, 'vpc')]), { verdicts: new Map([['vpc', 'keep']]) });
    expect(outcome.skipped).toEqual([]);
    expect(shop.onDisk('vpc')!.status).toBe('complete');
  });
});

describe('the events of a run', () => {
  it('open the step with its first resource and close it with its last', async () => {
    const vpc = toy(shop, 'vpc');
    await build(vpc, toy(shop, 'subnet', [vpc]));
    expect(shop.events.map(({ event, ...more }) => ('resource' in more ? `${event} ${more.resource}` : event))).toEqual(
      [
        'step.start',
        'resource.start vpc',
        'resource.done vpc',
        'resource.start subnet',
        'resource.done subnet',
        'step.done',
      ],
    );
  });

  it('do not close a step of which something failed', async () => {
    await build(
      toy(shop, 'vpc'),
      toy(shop, 'broken', [], { create: () => Promise.reject(refusal('VpcLimitExceeded')) }),
    );
    expect(shop.events.map(({ event }) => event)).not.toContain('step.done');
  });
});

describe('survey', () => {
  it('tells what is kept, gone on with, created and made anew, and changes nothing', async () => {
    shop.complete('kept');
    shop.complete('gone');
    shop.world.delete('gone');
    shop.state.adopt('half', { step: 1, status: 'creating', generation: 1, since: new Date(0).toISOString() });
    const resources = ['kept', 'gone', 'half', 'new'].map((key) => toy(shop, key));
    const rows = structuredClone(shop.state.rows);
    expect((await survey(shop.run(resources), graphOf(resources))).verdicts).toEqual(
      new Map([
        ['kept', 'keep'],
        ['gone', 'recreate'],
        ['half', 'continue'],
        ['new', 'create'],
      ]),
    );
    expect(shop.state.rows).toEqual(rows);
    expect(shop.log).toEqual(expect.arrayContaining(['find kept', 'find gone']));
    expect(shop.verbs('new')).toEqual([]);
  });
});
