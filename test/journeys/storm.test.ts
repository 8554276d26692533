import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';
import { type StormReport, storm } from '../helpers/storm.ts';

/** STORM_SEEDS storms (25), from seed STORM_FROM (1) on. */
const count = Number(process.env.STORM_SEEDS ?? 25);
const from = Number(process.env.STORM_FROM ?? 1);
const seeds = Array.from({ length: count }, (_, index) => from + index);

let calm: Inventory;
const reports: StormReport[] = [];

beforeAll(async () => {
  const folder = temporaryFolder();
  await simulatedUp(folder);
  calm = inventoryOf(folder);
});

describe('on AWS’s worst day', () => {
  test.each(seeds)(
    'storm %i ends as the calm run, and destroy in an empty account',
    {
      timeout: 120_000,
    },
    async (seed) => {
      const again = `STORM_FROM=${seed} STORM_SEEDS=1 npx vitest run --config test/vitest.config.ts test/journeys/storm.test.ts`;
      const folder = temporaryFolder({ inMemory: true });
      const report = await storm(seed, folder);
      reports.push(report);
      const story = `${report.up.join(' | ')} | destroy: ${report.destroy.join(' | ')}\nAgain with: ${again}`;
      expect(report.up.at(-1), story).toBe('ok');
      expect(report.built, story).toEqual(calm);
      expect(report.destroy.at(-1), story).toBe('ok');
      expect(report.left, story).toEqual({});
      rmSync(folder, { recursive: true });
    },
  );

  // Otherwise the command that a broken one prints would show another storm.
  test('the same seed is the same storm', { timeout: 120_000 }, async () => {
    const once = await storm(from, temporaryFolder({ inMemory: true }));
    expect(await storm(from, temporaryFolder({ inMemory: true }))).toEqual(once);
  });

  // A single storm that is repeated may miss one of them.
  test.skipIf(count < 10)('most storms meet each of the misfortunes', () => {
    for (const name of ['killed', 'expired', 'capacity', 'late'] as const)
      expect(reports.filter(({ met }) => met[name]).length, name).toBeGreaterThan(count / 2);
  });
});
