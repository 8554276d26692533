import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { simulatedDestroy, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';

// Each kill here is a SIGKILL of the built command line, in the middle of a call: done in the account, not answered.

/** Call numbers at which, between them, every resource is once in the middle of being created (or destroyed). */
const calls = { up: [] as number[], destroy: [] as number[] };
let built: Inventory;

beforeAll(async () => {
  const work = temporaryFolder();
  const covering = (command: 'up' | 'destroy', status: string) => {
    const seen = new Set<string>();
    return (moment: string, call: number) => {
      if (moment !== 'inside') return;
      const rows = Object.entries(stateOf(work).resources).filter(([, row]) => row.status === status);
      const fresh = rows.filter(([key]) => !seen.has(key));
      if (fresh.length === 0) return;
      for (const [key] of fresh) seen.add(key);
      calls[command].push(call);
    };
  };
  await simulatedUp(work, { watch: covering('up', 'creating') });
  built = inventoryOf(work);
  await simulatedDestroy(work, { watch: covering('destroy', 'destroying') });
});

const run = (folder: string, ...args: string[]) => cli(folder, [...args, '--simulate', '--yes', '--json']);

const destroyArgs = ['destroy', '--confirm', 'pms', '--delete-data'];

/** Two at a time: a machine with two cores has room for no more. */
async function each(numbers: number[], work: (call: number, folder: string) => Promise<void>) {
  const queue = [...numbers];
  const top = temporaryFolder();
  const worker = async () => {
    for (let call = queue.shift(); call !== undefined; call = queue.shift()) {
      const folder = join(top, String(call));
      mkdirSync(folder);
      await work(call, folder);
    }
  };
  await Promise.all([worker(), worker()]);
}

describe('a real SIGKILL in the middle of a call', () => {
  test('of up, for every resource: the resumed account equals an uninterrupted one', { timeout: 600_000 }, async () => {
    expect(calls.up.length).toBeGreaterThan(20);
    await each(calls.up, async (call, folder) => {
      const killed = await run(folder, 'up', '--kill-inside', String(call));
      expect(killed.signal, `call ${call}`).toBe('SIGKILL');
      const refused = await run(folder, 'up');
      expect(refused.code, `call ${call}: up without --resume`).toBe(2);
      expect(refused.stdout).toContain('--resume');
      const resumed = await run(folder, 'up', '--resume');
      expect(resumed.code, `call ${call}: ${resumed.stdout.slice(-500)}`).toBe(0);
      expect(inventoryOf(folder), `call ${call}`).toEqual(built);
      const destroyed = await run(folder, ...destroyArgs);
      expect(destroyed.code, `call ${call}: ${destroyed.stdout.slice(-500)}`).toBe(0);
      expect(inventoryOf(folder).counts, `call ${call}`).toEqual({});
    });
  });

  test('of destroy, for every resource: another destroy leaves an empty account', { timeout: 600_000 }, async () => {
    expect(calls.destroy.length).toBeGreaterThan(15);
    await each(calls.destroy, async (call, folder) => {
      expect((await run(folder, 'up')).code).toBe(0);
      const killed = await run(folder, ...destroyArgs, '--kill-inside', String(call));
      expect(killed.signal, `call ${call}`).toBe('SIGKILL');
      const destroyed = await run(folder, ...destroyArgs);
      expect(destroyed.code, `call ${call}: ${destroyed.stdout.slice(-500)}`).toBe(0);
      expect(inventoryOf(folder).counts, `call ${call}`).toEqual({});
    });
  });
});
