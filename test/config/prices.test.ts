import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { hourlyPrice, monthlyEstimate } from '../../src/prices.ts';

test('a price that the table does not have is undefined and not nothing', () => {
  expect(hourlyPrice('ec2:t3.micro')).toBe(0.0104);
  expect(hourlyPrice('gp3:GiB')).toBeCloseTo(0.08 / 730, 10);
  expect(hourlyPrice('ec2:x99.huge')).toBeUndefined();
  expect(monthlyEstimate(resolveConfig({ flags: { nodesInstanceType: 'x99.huge' } }).config)).toBeUndefined();
});

test('the presets cost what the sums over the price lists say', () => {
  const month = (preset: 'dev' | 'standard' | 'tutorial') =>
    Math.round(monthlyEstimate(resolveConfig({ preset }).config) ?? 0);
  // By hand, from AWS's monthly figures: standard is 7.59 + 2 × 60.74 + 32.85 + 2 × 3.65 + 16.43 + 53.29 + 18.69 + 90 × 0.08.
  expect(month('standard')).toBe(265);
  // dev is 7.59 + 2 × 30.37 + 32.85 + 2 × 3.65 + 16.43 + 53.29 + 9.34 + 50 × 0.08.
  expect(month('dev')).toBe(192);
  // Redis on cache.r6g.large is 150.38 and db.t3.medium 59.86.
  expect(month('tutorial')).toBe(403);
});
