import { describe, expect, test } from 'vitest';
import { simulatedDestroy, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf } from '../helpers/inventory.ts';

const changing = ([name]: [string, number]) => !/:(Describe|Get|List|Head)/.test(name);

describe('a whole run on the simulated account', () => {
  test('builds everything, changes nothing the second time, and leaves an empty account', async () => {
    const folder = temporaryFolder();
    const first = await simulatedUp(folder);
    expect(first.done).toMatchObject({ event: 'run.done', ok: true });
    expect(first.exitCode).toBe(0);
    expect(first.done.url).toMatch(/^https:\/\//);
    const statuses = Object.values(stateOf(folder).resources).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(['complete']));
    const built = inventoryOf(folder);

    const second = await simulatedUp(folder);
    expect(second.exitCode).toBe(0);
    expect(Object.entries(second.done.calls).filter(changing)).toEqual([]);
    expect(inventoryOf(folder)).toEqual(built);

    const gone = await simulatedDestroy(folder);
    expect(gone.done).toMatchObject({ ok: true, left: [] });
    expect(gone.exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test('takes no longer than its critical path, and a third of the tutorial’s order', async () => {
    const folder = temporaryFolder();
    const { done: up } = await simulatedUp(folder);
    expect(up.durationSeconds).toBeLessThanOrEqual(1.05 * up.criticalPathSeconds);
    expect(up.durationSeconds).toBeLessThanOrEqual(0.36 * up.serialSeconds);
    const { done: down } = await simulatedDestroy(folder);
    expect(down.durationSeconds).toBeLessThanOrEqual(1.05 * down.criticalPathSeconds);
    expect(down.durationSeconds).toBeLessThanOrEqual(0.4 * down.serialSeconds);
  });

  test('gives the same run for the same seed, to the letter', async () => {
    const one = temporaryFolder();
    const other = temporaryFolder();
    const story = async (folder: string) =>
      (await simulatedUp(folder, { seed: '7' })).events.map(({ time: _time, ...event }) => event);
    expect(await story(one)).toEqual(await story(other));
  });
});
