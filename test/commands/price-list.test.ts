import { PricingClient } from '@aws-sdk/client-pricing';
import { describe, expect, test } from 'vitest';
import { cost } from '../../src/commands/cost.ts';
import { listPrice, priceListRegion } from '../../src/price-list.ts';
import { prices } from '../../src/prices.ts';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

const items = [
  ...['ec2:t3.large', 'rds:db.t4g.medium', 'cache:redis:cache.t4g.small', 'cache:valkey:cache.t4g.small'],
  ...['nat', 'ipv4', 'alb'],
];

describe('the price list', () => {
  const client = simulatedAccount().attach(new PricingClient({ region: priceListRegion }));

  test.each(items)('has one price for %s, which is that of the table', async (item) => {
    expect(await listPrice(client, 'us-west-2', item)).toBe(prices.hourly[item]);
  });

  test.each(['gp3:GiB', 'snapshot:GiB'])('has %s by the month', async (item) => {
    expect((await listPrice(client, 'us-west-2', item))! * 730).toBeCloseTo(prices.monthly[item]!, 10);
  });

  test('has nothing for what is not sold, and neither for what nobody knows', async () => {
    expect(await listPrice(client, 'us-west-2', 'ec2:x9.huge')).toBeUndefined();
    expect(await listPrice(client, 'us-west-2', 'lamp')).toBeUndefined();
  });
});

test('cost --refresh says of which day and region its prices are', async () => {
  const io = ioIn(temporaryFolder(), { json: true });
  expect(await cost(io, { simulate: true, refresh: true, region: 'us-east-1' })).toBe(0);
  expect(io.notes).toEqual([]);
  expect(io.data()).toMatchObject({
    pricesAsOf: new Date().toISOString().slice(0, 10),
    pricesRegion: 'us-east-1',
    costPerHour: expect.closeTo(0.3634, 3),
  });
});

test('a price list that does not answer leaves the table’s prices, and says so', async () => {
  const io = ioIn(temporaryFolder(), { json: true });
  await cost(io, { simulate: true, refresh: true, fault: ['GetProducts:AccessDeniedException'] });
  expect(io.notes.join('\n')).toContain('did not answer for');
  expect(io.data()).toMatchObject({ costPerHour: expect.closeTo(0.3634, 3) });
});
