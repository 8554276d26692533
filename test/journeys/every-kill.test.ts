import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { simulatedDestroy, simulatedFolder, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';

/**
 * What a SIGKILL leaves is what is on disk at that moment. So one run copies its folder at each moment of each changing
 * call, and each copy is then gone on with. `kill.test.ts` does the same with real processes, for each resource.
 */
const points = new Map<'up' | 'destroy' | 'lagging up', string[]>();
let built: Inventory;

/** With KILL_POINTS=all every point is gone on with; otherwise a tenth, a different tenth for each KILL_SEED. */
const everyNth = process.env.KILL_POINTS === 'all' ? 1 : 10;
const seed = Number(process.env.KILL_SEED ?? 0);

/** AWS on a bad day: what was just made shows after up to 10 s, and under its tags after up to 20 s more. */
const lagging = { fault: ['lag=10', 'tagLag=20'] };
/** What AWS makes a second time when it is asked a second time: it has neither a token nor a name of its own. */
const tokenless = [
  'vpc',
  'publicSubnet',
  'privateSubnetA',
  'privateSubnetC',
  'internetGateway',
  'elasticIp',
  'mountTargetA',
];

beforeAll(async () => {
  const folder = temporaryFolder();
  const recording = (name: 'up' | 'destroy' | 'lagging up', work: string, wanted: (moment: string) => boolean) => {
    const copies: string[] = [];
    points.set(name, copies);
    return (moment: string, call: number) => {
      if (!wanted(moment)) return;
      const copy = join(folder, `${name}-${String(call).padStart(3, '0')}-${moment}`);
      mkdirSync(join(copy, '.airflow-aws'), { recursive: true });
      cpSync(simulatedFolder(work), simulatedFolder(copy), { recursive: true });
      rmSync(join(simulatedFolder(copy), 'lock'), { force: true });
      copies.push(copy);
    };
  };
  const work = join(folder, 'work');
  mkdirSync(work);
  await simulatedUp(work, { watch: recording('up', work, () => true) });
  built = inventoryOf(work);
  await simulatedDestroy(work, { watch: recording('destroy', work, () => true) });

  const slow = join(folder, 'slow');
  mkdirSync(slow);
  const creatingTokenless = (moment: string) => {
    const { resources } = stateOf(slow);
    return moment === 'inside' && tokenless.some((key) => resources[key]?.status === 'creating');
  };
  await simulatedUp(slow, { ...lagging, watch: recording('lagging up', slow, creatingTokenless) });
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

  test('what has no token is not made twice, though describes lag by 10 s and tags by 20 s more', {
    timeout: 900_000,
  }, async () => {
    const all = points.get('lagging up')!;
    expect(all.length).toBeGreaterThan(5);
    for (const point of all) {
      const resumed = await simulatedUp(point, { resume: true, ...lagging });
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
