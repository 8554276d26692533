import { beforeEach, describe, expect, it } from 'vitest';
import { destroy } from '../../src/engine/destroy.ts';
import { graphOf } from '../../src/engine/graph.ts';
import type { AnyResource } from '../../src/engine/resource.ts';
import { refusal, toy, Workshop } from './toys.ts';

let shop: Workshop;

beforeEach(() => {
  shop = new Workshop();
});

const takeDown = (...resources: AnyResource[]) => destroy(shop.run(resources), graphOf(resources));
const at = (line: string) => shop.log.indexOf(line);

describe('the order of destroy', () => {
  it('is the reverse: what needs something is gone before it', async () => {
    for (const key of ['vpc', 'subnet', 'instance']) shop.complete(key);
    const vpc = toy(shop, 'vpc');
    const subnet = toy(shop, 'subnet', [vpc]);
    const instance = toy(shop, 'instance', [subnet, vpc]);
    await takeDown(vpc, subnet, instance);
    expect(shop.log.filter((line) => line.startsWith('destroy'))).toEqual([
      'destroy instance',
      'destroyed instance',
      'destroy subnet',
      'destroyed subnet',
      'destroy vpc',
      'destroyed vpc',
    ]);
    expect(shop.state.rows).toEqual({});
    expect(shop.world.size).toBe(0);
  });

  it('works at the same time on all that nothing needs any more', async () => {
    for (const key of ['root', 'slow', 'other']) shop.complete(key);
    const root = toy(shop, 'root');
    await takeDown(root, toy(shop, 'slow', [root], { seconds: 100 }), toy(shop, 'other', [root], { seconds: 90 }));
    expect(shop.seconds).toBe(101);
  });

  it('lets what is needed go early when the resource lets go of it', async () => {
    for (const key of ['cluster', 'member']) shop.complete(key);
    const cluster = toy(shop, 'cluster', [], { seconds: 30 });
    const member = toy(shop, 'member', [cluster], {
      destroy: async ({ letGo }) => {
        await shop.clock.sleep(5_000);
        letGo();
        await shop.clock.sleep(100_000);
      },
    });
    const { spans } = await takeDown(cluster, member);
    expect(at('destroy cluster')).toBeLessThan(at('destroyed member'));
    expect(shop.seconds).toBe(105);
    const { start, released, end } = spans.get('member')!;
    expect([released - start, end - start]).toEqual([5_000, 105_000]);
  });
});

describe('the rows of destroy', () => {
  it('say "destroying" before the call, and are forgotten only when it has ended', async () => {
    shop.complete('vpc', 4);
    let row: unknown;
    const vpc = toy(shop, 'vpc', [], {
      destroy: async () => {
        row = shop.onDisk('vpc');
      },
    });
    await takeDown(vpc);
    expect(row).toMatchObject({ status: 'destroying', identity: { id: 'vpc-1' }, generation: 4 });
    expect(shop.onDisk('vpc')).toBeUndefined();
    expect(shop.state.nextGeneration('vpc')).toBe(5);
  });

  it('outside of what goes stay', async () => {
    shop.complete('bucket');
    shop.complete('vpc');
    await takeDown(toy(shop, 'vpc'));
    expect(Object.keys(shop.state.rows)).toEqual(['bucket']);
  });
});

describe('a row of which only the call is known', () => {
  const call = () =>
    shop.state.adopt('vpc', { step: 1, status: 'creating', generation: 1, since: '2026-11-23T08:00:00.000Z' });

  it('is looked for, and what the call had made is destroyed', async () => {
    call();
    shop.world.set('vpc', 'vpc-lost');
    const gone: string[] = [];
    await takeDown(
      toy(shop, 'vpc', [], {
        destroy: async (_, { id }) => {
          gone.push(id);
        },
      }),
    );
    expect(gone).toEqual(['vpc-lost']);
    expect(shop.state.rows).toEqual({});
  });

  it('is forgotten after two empty looks', async () => {
    call();
    await takeDown(toy(shop, 'vpc'));
    expect(shop.verbs('vpc')).toEqual(['find', 'find']);
    expect(shop.state.rows).toEqual({});
  });
});

describe('a failure of destroy', () => {
  it('keeps what it needs, near and far; everything else goes', async () => {
    for (const key of ['vpc', 'subnet', 'stuck', 'other']) shop.complete(key);
    const vpc = toy(shop, 'vpc');
    const subnet = toy(shop, 'subnet', [vpc]);
    const stuck = toy(shop, 'stuck', [subnet], { destroy: () => Promise.reject(refusal('UnauthorizedOperation')) });
    const other = toy(shop, 'other', [subnet]);
    const outcome = await takeDown(vpc, subnet, stuck, other);
    expect(outcome.failed.map(({ key }) => key)).toEqual(['stuck']);
    expect(outcome.skipped.toSorted()).toEqual(['subnet', 'vpc']);
    expect(Object.keys(shop.state.rows).toSorted()).toEqual(['stuck', 'subnet', 'vpc']);
    expect(shop.onDisk('stuck')!.status).toBe('destroying');
  });

  it.each(['DependencyViolation', 'RequestLimitExceeded', 'TimeoutError', 'InvalidDBClusterStateFault'])(
    'that passes by itself is waited for: %s',
    async (code) => {
      shop.complete('vpc');
      let calls = 0;
      const vpc = toy(shop, 'vpc', [], {
        destroy: async () => {
          if (++calls < 4) throw refusal(code);
        },
      });
      expect((await takeDown(vpc)).failed).toEqual([]);
      expect(calls).toBe(4);
    },
  );
});

describe('destroy that is told to stop', () => {
  it('starts nothing new, and lets what is under way end and be forgotten', async () => {
    for (const key of ['vpc', 'subnet']) shop.complete(key);
    const vpc = toy(shop, 'vpc');
    const subnet = toy(shop, 'subnet', [vpc], {
      destroy: async () => {
        shop.stop.abort();
      },
    });
    const outcome = await takeDown(vpc, subnet);
    expect(outcome.stopped).toBe(true);
    expect(outcome.skipped).toEqual(['vpc']);
    expect(Object.keys(shop.state.rows)).toEqual(['vpc']);
    expect(shop.onDisk('vpc')!.status).toBe('complete');
  });
});
