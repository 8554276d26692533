import { describe, expect, it } from 'vitest';
import { criticalPath, dependents, graphOf, inOrder, needsOf, withNeeds } from '../../src/engine/graph.ts';
import { toy, Workshop } from './toys.ts';

const shop = new Workshop();
const vpc = toy(shop, 'vpc');
const address = toy(shop, 'address');
const subnet = toy(shop, 'subnet', [vpc]);
const gateway = toy(shop, 'gateway', [subnet, address]);
const server = toy(shop, 'server', [gateway, subnet]);
const all = [server, gateway, address, subnet, vpc];

const keys = (resources: Iterable<{ key: string }>) => [...resources].map(({ key }) => key);

describe('a graph', () => {
  it('refuses two resources of one key', () => {
    expect(() => graphOf([vpc, toy(shop, 'vpc')])).toThrow('two resources are called vpc');
  });

  it('puts needs before what needs them', () => {
    const order = keys(inOrder(graphOf(all)));
    expect(order.toSorted()).toEqual(keys(all).toSorted());
    for (const one of all)
      for (const need of needsOf(graphOf(all), one))
        expect(order.indexOf(need), `${need} before ${one.key}`).toBeLessThan(order.indexOf(one.key));
  });

  it('gives with some roots all that they need, however far, and nothing else', () => {
    expect(keys(withNeeds(graphOf(all), [gateway]).values()).toSorted()).toEqual([
      'address',
      'gateway',
      'subnet',
      'vpc',
    ]);
    expect(keys(withNeeds(graphOf(all), []).values())).toEqual([]);
  });

  it('leaves out needs that are not in it', () => {
    const without = graphOf([server, subnet, vpc]);
    expect(needsOf(without, server)).toEqual(['subnet']);
    expect(keys(withNeeds(without, [server]).values()).toSorted()).toEqual(['server', 'subnet', 'vpc']);
  });

  it('tells for each key who needs it', () => {
    expect(Object.fromEntries(dependents(graphOf(all)))).toEqual({
      vpc: ['subnet'],
      address: ['gateway'],
      subnet: ['server', 'gateway'],
      gateway: ['server'],
      server: [],
    });
  });
});

describe('the critical path', () => {
  const seconds = (times: Record<string, number>) => (key: string) => times[key] ?? 1;

  it('is the chain of needs that takes longest, in order', () => {
    expect(criticalPath(graphOf(all), seconds({ vpc: 3, subnet: 2, gateway: 108, server: 16 }))).toEqual({
      keys: ['vpc', 'subnet', 'gateway', 'server'],
      seconds: 129,
    });
  });

  it('goes by time and not by length', () => {
    expect(criticalPath(graphOf(all), seconds({ address: 500 }))).toEqual({
      keys: ['address', 'gateway', 'server'],
      seconds: 502,
    });
  });

  it('may end before the last resource of the order', () => {
    expect(criticalPath(graphOf([vpc, address, subnet]), seconds({ address: 9 })).keys).toEqual(['address']);
  });

  it('of nothing is nothing', () => {
    expect(criticalPath(graphOf([]), () => 1)).toEqual({ keys: [], seconds: 0 });
  });
});
