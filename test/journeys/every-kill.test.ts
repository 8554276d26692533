import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';

/**
 * What a SIGKILL leaves is what is on disk at that moment. So one run copies its folder at each moment of each changing
 * call, and each copy is then gone on with. `kill.test.ts` does the same with real processes, for each resource.
 */
const points = new Map<'up' | 'destroy', string[]>();
let built: Inventory;

/** With KILL_POINTS=all every point is gone on with; otherwise a tenth, a different tenth for each KILL_SEED. */
const everyNth = process.env.KILL_POINTS === 'all' ? 1 : 10;
const seed = Number(process.env.KILL_SEED ?? 0);

beforeAll(async () => {
  const folder = temporaryFolder();
  const work = join(folder, 'work');
  mkdirSync(work);
  const recording = (command: 'up' | 'destroy') => {
    const copies: string[] = [];
    points.set(command, copies);
    return (moment: string, call: number) => {
      const copy = join(folder, `${command}-${String(call).padStart(3, '0')}-${moment}`);
      mkdirSync(join(copy, '.airflow-aws'), { recursive: true });
      cpSync(simulatedFolder(work), simulatedFolder(copy), { recursive: true });
      rmSync(join(simulatedFolder(copy), 'lock'), { force: true });
      copies.push(copy);
    };
  };
  await simulatedUp(work, { watch: recording('up') });
  built = inventoryOf(work);
  await simulatedDestroy(work, { watch: recording('destroy') });
});

function chosen(command: 'up' | 'destroy'): string[] {
  return points.get(command)!.filter((_, index) => index % everyNth === seed % everyNth);
}

describe('killed at a changing call', () => {
  test('up --resume ends in the same account, and destroy in an empty one', { timeout: 900_000 }, async () => {
    expect(points.get('up')!.length).toBeGreaterThan(250);
    for (const point of chosen('up')) {
      const resumed = await simulatedUp(point, { resume: true });
      expect(resumed.done, point).toMatchObject({ ok: true });
      expect(inventoryOf(point), point).toEqual(built);
      await simulatedDestroy(point);
      expect(inventoryOf(point).counts, point).toEqual({});
      rmSync(point, { recursive: true });
    }
  });

  test('destroy goes on to an empty account', { timeout: 900_000 }, async () => {
    for (const point of chosen('destroy')) {
      const gone = await simulatedDestroy(point);
      expect(gone.done, point).toMatchObject({ ok: true });
      expect(inventoryOf(point).counts, point).toEqual({});
      rmSync(point, { recursive: true });
    }
  });
});
