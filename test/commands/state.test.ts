import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stateMigrate } from '../../src/commands/migrate.ts';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { tablesOf } from '../helpers/inventory.ts';
import { ioIn } from './io.ts';

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

describe('a state in S3, in a rehearsal', () => {
  const place = { state: 's3://our-states/pms' };
  const migrate = async (directory: string, to: string, flags: object = {}) => {
    const io = ioIn(directory, { json: true });
    const exitCode = await stateMigrate(io, { simulate: true, yes: true, ...flags }, to);
    return { exitCode, ...io.data<{ moved: boolean; kept?: string }>() };
  };

  it('has a bucket that is made only on demand, versioned, private, encrypted and over TLS alone', async () => {
    const directory = temporaryFolder();
    const error = { code: 'state-bucket-missing', exitCode: 2, fix: expect.stringContaining('--create-state-bucket') };
    await expect(simulatedUp(directory, { until: '1', ...place })).rejects.toMatchObject(error);
    expect(tablesOf(directory).global?.['s3.buckets'] ?? {}).toEqual({});
    expect((await simulatedUp(directory, { until: '1', ...place, createStateBucket: true })).exitCode).toBe(0);
    const bucket = JSON.stringify(tablesOf(directory).global?.['s3.buckets']?.['our-states']);
    for (const part of ['"versioning":"Enabled"', 'AES256', 'BlockPublicPolicy":true', 'aws:SecureTransport'])
      expect(bucket).toContain(part);
    expect(existsSync(join(simulatedFolder(directory), 'state.json'))).toBe(false);
    expect((await simulatedUp(directory, { until: '2', ...place })).done.ok).toBe(true);
    expect((await simulatedDestroy(directory, place)).exitCode).toBe(0);
  });

  it('moves there and back; the old place says where it went, and the same move again changes nothing', async () => {
    const directory = temporaryFolder();
    const file = join(simulatedFolder(directory), 'state.json');
    await simulatedUp(directory, { until: '2' });
    const { resources } = JSON.parse(readFileSync(file, 'utf8'));
    const there = await migrate(directory, place.state, { createStateBucket: true });
    expect(there).toMatchObject({ exitCode: 0, moved: true, kept: `${file}.moved` });
    expect(existsSync(file)).toBe(false);
    await expect(simulatedUp(directory, { until: '2' })).rejects.toMatchObject({ code: 'state-moved', exitCode: 2 });
    expect(await migrate(directory, place.state)).toMatchObject({ exitCode: 0, moved: false });
    const back = await migrate(directory, 'local', place);
    expect(back).toMatchObject({ moved: true, kept: 's3://our-states/pms/state.json.moved' });
    expect(JSON.parse(readFileSync(file, 'utf8')).resources).toEqual(resources);
    expect(existsSync(`${file}.moved`)).toBe(false);
  });

  it('that was cut off in the middle of its move is whole on both sides, and the same move ends it', async () => {
    const directory = temporaryFolder();
    const file = join(simulatedFolder(directory), 'state.json');
    await simulatedUp(directory, { until: '2' });
    const text = readFileSync(file, 'utf8');
    await migrate(directory, place.state, { createStateBucket: true });
    writeFileSync(file, text);
    expect((await simulatedUp(directory, { until: '2', ...place })).exitCode).toBe(0);
    expect(await migrate(directory, place.state)).toMatchObject({ exitCode: 0, moved: true });
    // Another one there is not overwritten.
    writeFileSync(file, text.replace('"complete"', '"created"'));
    await expect(migrate(directory, place.state)).rejects.toMatchObject({ code: 'two-states', exitCode: 2 });
  });
});
