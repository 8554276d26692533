import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Ran, simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';

let calm: Ran;
let built: Inventory;
let calls: number;

beforeAll(async () => {
  const folder = temporaryFolder({ inMemory: true });
  calm = await simulatedUp(folder);
  built = inventoryOf(folder);
  calls = Object.values(calm.done.calls).reduce((sum, count) => sum + count, 0);
});

/** Calls at which a misfortune begins, from early to late in a run. The first tenth are asked before it. */
const moments = [0.15, 0.3, 0.6, 0.9];

/** A run of `up` in which `fault` begins at that part of its calls; it must end as if nothing had been. */
async function rodeOut(fault: string, part: number): Promise<Ran> {
  const folder = temporaryFolder({ inMemory: true });
  const ran = await simulatedUp(folder, { fault: [`${fault}=${Math.ceil(calls * part)}`] });
  expect(ran.done.error).toBeUndefined();
  expect(ran.exitCode).toBe(0);
  expect(inventoryOf(folder)).toEqual(built);
  return ran;
}

describe('in the middle of up', { timeout: 120_000 }, () => {
  test.each(moments)('ten minutes without a network (after %d of the calls) are waited out', async (part) => {
    const { done } = await rodeOut('offline', part);
    expect(done.durationSeconds).toBeGreaterThan(600);
    expect(done.durationSeconds).toBeLessThan(calm.done.durationSeconds + 700);
  });

  test.each(moments)(
    'a laptop may sleep for an hour (after %d of the calls), and no wait ends because of it',
    async (part) => {
      const { done } = await rodeOut('asleep', part);
      expect(done.durationSeconds).toBeGreaterThan(3600);
      expect(done.durationSeconds).toBeLessThan(calm.done.durationSeconds + 3700);
    },
  );

  test('my address may change: the rule for the old one makes way for the new one, and work on servers goes on', async () => {
    const folder = temporaryFolder({ inMemory: true });
    // Servers are worked on from about a third of the calls on.
    const { exitCode } = await simulatedUp(folder, { fault: [`move=${Math.ceil(calls * 0.4)}`] });
    expect(exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual(built.counts);
    const account = readFileSync(join(simulatedFolder(folder), 'account.json'), 'utf8');
    expect(account).toContain('203.0.113.99/32');
    expect(account).not.toContain('203.0.113.10/32');
  });
});

describe('in the middle of destroy', { timeout: 120_000 }, () => {
  test.each(['offline', 'asleep'])('%s changes nothing of the end', async (fault) => {
    const folder = temporaryFolder({ inMemory: true });
    await simulatedUp(folder, { until: '8' });
    const { exitCode } = await simulatedDestroy(folder, { fault: [`${fault}=20`] });
    expect(exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });
});
