import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';

describe('a destroy that is only tried', () => {
  it('lists what it finds without a state, and writes none', async () => {
    const directory = temporaryFolder();
    await simulatedUp(directory, { until: '3' });
    const file = join(simulatedFolder(directory), 'state.json');
    const rows = Object.keys(JSON.parse(readFileSync(file, 'utf8')).resources).sort();
    for (const one of [file, `${file}.previous`]) rmSync(one);
    const { exitCode, events } = await simulatedDestroy(directory, { dryRun: true });
    expect(exitCode).toBe(0);
    expect((events[0]!.data as { destroy: string[] }).destroy.toSorted()).toEqual(rows);
    for (const one of [file, `${file}.previous`]) expect(existsSync(one), one).toBe(false);
  });
});
