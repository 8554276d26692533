import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CostLine, cost } from '../../src/commands/cost.ts';
import { plan } from '../../src/commands/plan.ts';
import { simulatedDestroy, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

interface CostData {
  items: CostLine[];
  costPerHour: number;
  costPerMonth: number;
  existing?: { since: string; costPerHour: number; spent: number; resources: { key: string; until: string | null }[] };
}

async function costIn(directory: string): Promise<CostData> {
  const io = ioIn(directory, { json: true });
  expect(await cost(io, { simulate: true })).toBe(0);
  return io.data();
}

describe('cost', () => {
  test('its lines add up to what plan says, and name how many of each item there are', async () => {
    const folder = temporaryFolder();
    const data = await costIn(folder);
    const io = ioIn(folder, { json: true });
    await plan(io, { simulate: true });
    const planned = io.data<{ costPerHour: number }>();
    expect(data.costPerHour).toBeCloseTo(planned.costPerHour, 4);
    expect(data.items.reduce((sum, { costPerHour }) => sum + (costPerHour ?? 0), 0)).toBeCloseTo(data.costPerHour, 4);
    expect(data.items).toContainEqual(expect.objectContaining({ key: 'nodeA', item: 'ec2:t3.large', count: 1 }));
    expect(data.items).toContainEqual(expect.objectContaining({ key: 'bastion', item: 'gp3:GiB', count: 30 }));
    expect(data.existing).toBeUndefined();
  });

  test('a class that the table lacks has no price, and the page says that it is not in the sum', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'airflow-aws.yaml'), 'version: 1\nnodes:\n  instanceType: x9.huge\n');
    const { items } = await costIn(folder);
    expect(items).toContainEqual(expect.objectContaining({ item: 'ec2:x9.huge', costPerHour: null }));
    const io = ioIn(folder);
    await cost(io, { simulate: true });
    expect(io.lines.join('\n')).toMatch(/x9\.huge +no price/);
    expect(io.lines.join('\n')).toContain('not in the sum');
  });

  describe('of a deployment', () => {
    const folder = temporaryFolder();
    beforeAll(() => simulatedUp(folder));

    test('what was spent is what exists by the hours that it has existed', async () => {
      const { existing, costPerHour } = await costIn(folder);
      expect(existing?.costPerHour).toBeCloseTo(costPerHour, 4);
      // A dearer thing is made sooner or later in the twelve minutes of the run; none is older than the run.
      expect(existing!.spent).toBeGreaterThan(0.02);
      expect(existing!.spent).toBeLessThan(costPerHour * (12.5 / 60));
      expect(existing!.resources.every(({ until }) => until === null)).toBe(true);
    });

    test('what is destroyed has an end, and what it cost is not forgotten', async () => {
      const before = await costIn(folder);
      await simulatedDestroy(folder);
      const { existing } = await costIn(folder);
      expect(existing!.costPerHour).toBe(0);
      expect(existing!.resources.every(({ until }) => until !== null)).toBe(true);
      expect(existing!.spent).toBeGreaterThan(before.existing!.spent);
      const io = ioIn(folder);
      await cost(io, { simulate: true });
      expect(io.lines.join('\n')).toContain('Nothing of it exists any more');
    });
  });
});
