import { beforeEach, describe, expect, it } from 'vitest';
import { graphOf } from '../../src/engine/graph.ts';
import type { AnyResource, Difference } from '../../src/engine/resource.ts';
import { FailedLater, Unknowable } from '../../src/engine/run.ts';
import { survey } from '../../src/engine/survey.ts';
import { up } from '../../src/engine/up.ts';
import { refusal, toy, Workshop } from './toys.ts';

let shop: Workshop;
/** What a hand in the console has made of the toys: the size by key. The settings want 2. */
let sizes: Map<string, number>;

beforeEach(() => {
  shop = new Workshop();
  sizes = new Map();
});

/** A toy with a size, which differs from the settings when it is not 2. */
function sized(
  key: string,
  needs: readonly AnyResource[] = [],
  { mend, ...verbs }: { mend?: Difference['mend'] } & Parameters<typeof toy>[3] = {},
) {
  return toy(shop, key, needs, {
    ...verbs,
    compare: async () => {
      const size = sizes.get(key) ?? 2;
      const set = async () => {
        shop.log.push(`set ${key}`);
        sizes.set(key, 2);
      };
      return size === 2 ? [] : [{ attribute: 'Size', is: String(size), wanted: '2', mend: mend ?? set }];
    },
  });
}

const look = (...resources: AnyResource[]) => survey(shop.run(resources), graphOf(resources));

async function build(...resources: AnyResource[]) {
  const run = shop.run(resources);
  const graph = graphOf(resources);
  return up(run, graph, await survey(run, graph));
}

describe('a difference', () => {
  it('is a change, and what needs it directly is finished again; a survey changes nothing', async () => {
    const vpc = sized('vpc');
    const subnet = sized('subnet', [vpc]);
    const instance = sized('instance', [subnet]);
    await build(vpc, subnet, instance);
    sizes.set('vpc', 1);
    shop.log.length = 0;
    const before = structuredClone(shop.state.rows);
    const { verdicts, differences } = await look(vpc, subnet, instance);
    expect(Object.fromEntries(verdicts)).toEqual({ vpc: 'change', subnet: 'finish', instance: 'keep' });
    expect([...differences.keys()]).toEqual(['vpc']);
    expect(shop.state.rows).toEqual(before);
    expect(shop.log.filter((line) => !line.startsWith('find'))).toEqual([]);
  });

  it('is set where it is, and the second run has nothing to do', async () => {
    const vpc = sized('vpc');
    await build(vpc);
    sizes.set('vpc', 1);
    shop.log.length = 0;
    await build(vpc);
    expect(shop.log).toContain('set vpc');
    expect(shop.verbs('vpc')).not.toContain('create');
    expect(shop.onDisk('vpc')).toMatchObject({ status: 'complete', generation: 1, identity: { id: 'vpc-1' } });
    expect((await look(vpc)).verdicts.get('vpc')).toBe('keep');
  });

  it('that only another generation can mend takes the thing away, makes it anew and finishes what needs it', async () => {
    const vpc = sized('vpc', [], { mend: 'replace' });
    const subnet = sized('subnet', [vpc]);
    await build(vpc, subnet);
    sizes.set('vpc', 1);
    shop.log.length = 0;
    expect((await look(vpc, subnet)).verdicts.get('vpc')).toBe('replace');
    const run = shop.run([vpc, subnet]);
    const surveyed = await survey(run, graphOf([vpc, subnet]));
    sizes.delete('vpc');
    await up(run, graphOf([vpc, subnet]), surveyed);
    const verbs = shop.log.filter((line) => !line.startsWith('find'));
    expect(verbs).toEqual([
      'destroy vpc',
      'destroyed vpc',
      'create vpc',
      'created vpc',
      'finish vpc',
      'finished vpc',
      'finish subnet',
      'finished subnet',
    ]);
    expect(shop.onDisk('vpc')).toMatchObject({ generation: 2, identity: { id: 'vpc-3' } });
    expect(shop.onDisk('subnet')).toMatchObject({ generation: 1, status: 'complete' });
  });

  it('that is refused fails by name and leaves the thing alone', async () => {
    const vpc = sized('vpc', [], { mend: { why: 'data', fix: 'set it back' } });
    await build(vpc);
    sizes.set('vpc', 1);
    const { failed } = await build(vpc);
    expect(failed).toMatchObject([{ key: 'vpc', error: { code: 'change-refused', why: 'data', fix: 'set it back' } }]);
    expect(sizes.get('vpc')).toBe(1);
  });

  it('from something that is itself made anew is not believed', async () => {
    const vpc = sized('vpc');
    const subnet = sized('subnet', [vpc], { mend: { why: 'another VPC', fix: '' } });
    await build(vpc, subnet);
    shop.world.delete('vpc');
    sizes.set('subnet', 1);
    const { verdicts, differences } = await look(vpc, subnet);
    expect(Object.fromEntries(verdicts)).toEqual({ vpc: 'recreate', subnet: 'finish' });
    expect(differences.size).toBe(0);
  });

  it('that an emulator cannot be asked for is told, and no reason to end or to change anything', async () => {
    const vpc = toy(shop, 'vpc', [], { compare: () => Promise.reject(refusal('NotImplemented')) });
    await build(vpc);
    const { verdicts, unknown } = await look(vpc);
    expect(verdicts.get('vpc')).toBe('keep');
    expect([...unknown]).toEqual([['vpc', 'NotImplemented']]);
  });

  it.each(['UnauthorizedOperation', 'AccessDenied', 'ExpiredToken'])(
    'that AWS refuses to tell with %s ends the look',
    async (code) => {
      const vpc = toy(shop, 'vpc', [], { compare: () => Promise.reject(refusal(code)) });
      await build(vpc);
      await expect(look(vpc)).rejects.toMatchObject({ name: code });
    },
  );
});

describe('a thing that nobody can ask at the moment', () => {
  it('is looked at again when what it needs is well, and not made anew when it is there', async () => {
    let stopped = false;
    const server = sized('server');
    const work = toy(shop, 'work', [server], {
      find: async () => {
        if (stopped && sizes.get('server') === 1) throw new Unknowable('the server is stopped');
        return { id: shop.world.get('work')! };
      },
    });
    await build(server, work);
    stopped = true;
    sizes.set('server', 1);
    const { verdicts, unknown } = await look(server, work);
    expect(Object.fromEntries(verdicts)).toEqual({ server: 'change', work: 'finish' });
    expect(unknown.get('work')).toBe('the server is stopped');
    shop.log.length = 0;
    await build(server, work);
    expect(shop.verbs('work')).toEqual(['find', 'find', 'finish', 'finished']);
    expect(shop.onDisk('work')!.generation).toBe(1);
  });
});

describe('what changes on the way', () => {
  it('another address of one thing finishes those that were told the old one, far along the chain', async () => {
    let address = 'one';
    const server = sized('server', [], { finish: async () => ({ made: address }) });
    const work = sized('work', [server], { finish: async (_, __, needs) => ({ made: JSON.stringify(needs) }) });
    const proof = sized('proof', [work]);
    await build(server, work, proof);
    address = 'two';
    sizes.set('server', 1);
    shop.log.length = 0;
    await build(server, work, proof);
    expect(shop.verbs('proof')).toContain('finished');
    expect(shop.onDisk('work')!.output!.made).toContain('two');
  });

  it('and a kill in the middle of a change: the next run sets it and finishes what needs it', async () => {
    const vpc = sized('vpc');
    const subnet = sized('subnet', [vpc]);
    await build(vpc, subnet);
    sizes.set('vpc', 1);
    const stopping = toy(shop, 'vpc', [], {
      compare: async () => [
        {
          attribute: 'Size',
          is: '1',
          wanted: '2',
          mend: async () => {
            shop.stop.abort();
            throw refusal('TimeoutError');
          },
        },
      ],
    });
    const outcome = await build(stopping, subnet);
    expect(outcome.skipped).toEqual(['vpc', 'subnet']);
    expect([shop.onDisk('vpc')!.status, shop.onDisk('subnet')!.status]).toEqual(['created', 'created']);
    shop.log.length = 0;
    const run = { ...shop.run([vpc, subnet]), signal: new AbortController().signal };
    await up(run, graphOf([vpc, subnet]), await survey(run, graphOf([vpc, subnet])));
    expect(shop.log).toContain('set vpc');
    expect(shop.verbs('subnet')).toContain('finished');
    expect(shop.onDisk('subnet')!.status).toBe('complete');
  });

  it('a failure of its own never takes away what was complete once', async () => {
    let broken = false;
    const database = sized('database', [], {
      finish: async () => {
        if (broken) throw new FailedLater('The database failed', 'failed', 'disk');
        return { made: 'database' };
      },
    });
    await build(database);
    broken = true;
    sizes.set('database', 1);
    const { failed } = await build(database);
    expect(failed.map(({ key }) => key)).toEqual(['database']);
    expect(shop.verbs('database')).not.toContain('destroy');
  });
});
