import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { stateRebuild } from '../../src/commands/state.ts';
import { State } from '../../src/state.ts';
import { stateFile } from '../../src/state-file.ts';
import { ioIn } from '../commands/io.ts';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf } from '../helpers/inventory.ts';

type Row = { status: string; generation: number; identity: Record<string, string>; since?: string };
interface StateFile {
  version: number;
  stack: Record<string, string>;
  resources: Record<string, Row>;
}

const fileIn = (folder: string) => join(simulatedFolder(folder), 'state.json');
const textIn = (folder: string) => readFileSync(fileIn(folder), 'utf8');

/** The state with times left out, since a rebuilt row is as old as its rebuilding. */
function withoutTimes(text: string): StateFile {
  const data = JSON.parse(text) as StateFile;
  for (const row of Object.values(data.resources)) delete row.since;
  return data;
}

function copyOf(built: string): string {
  const folder = temporaryFolder();
  cpSync(built, folder, { recursive: true });
  return folder;
}

function edit(folder: string, change: (data: StateFile) => void) {
  const data = JSON.parse(textIn(folder)) as StateFile;
  change(data);
  writeFileSync(fileIn(folder), JSON.stringify(data));
}

async function rebuild(folder: string): Promise<string[]> {
  const io = ioIn(folder, { json: true });
  expect(await stateRebuild(io, { simulate: true })).toBe(0);
  return io.data<{ found: string[] }>().found;
}

describe('a state that is lost or wrong', () => {
  const built = temporaryFolder();
  let whole: string;
  beforeAll(async () => {
    expect((await simulatedUp(built)).exitCode).toBe(0);
    whole = textIn(built);
  });

  /** `up` and `destroy` refuse with `code` and the command that helps, change nothing, and after it both work. */
  async function refusedUntilRebuilt(folder: string, code: string, { destroy = true } = {}) {
    const before = inventoryOf(folder);
    const refusal = { code, exitCode: 2, fix: expect.stringContaining('state rebuild') };
    await expect(simulatedUp(folder)).rejects.toMatchObject(refusal);
    if (destroy) await expect(simulatedDestroy(folder)).rejects.toMatchObject(refusal);
    expect(inventoryOf(folder)).toEqual(before);
    await rebuild(folder);
    expect(withoutTimes(textIn(folder))).toEqual(withoutTimes(whole));
    const again = await simulatedUp(folder);
    expect(again.done).toMatchObject({ ok: true, created: 0 });
    expect(inventoryOf(folder)).toEqual(before);
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  }

  test('is rebuilt to the same file when it was deleted; up makes no second deployment meanwhile', async () => {
    const folder = copyOf(built);
    rmSync(fileIn(folder));
    rmSync(`${fileIn(folder)}.previous`);
    await refusedUntilRebuilt(folder, 'state-lost', { destroy: false });
  });

  test('is found again by destroy itself when it was deleted', async () => {
    const folder = copyOf(built);
    rmSync(fileIn(folder));
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test('is refused when it was cut at any 100th byte, and rebuilt to the same file', async () => {
    const folder = copyOf(built);
    const lengths = Array.from({ length: Math.ceil(whole.length / 100) }, (_, index) => index * 100);
    expect(lengths.length).toBeGreaterThan(100);
    for (const length of lengths) {
      writeFileSync(fileIn(folder), whole.slice(0, length));
      await expect(State.read(stateFile(fileIn(folder))), `${length} bytes`).rejects.toThrow(/cannot be read/);
      if (length % 2500 === 0) {
        await rebuild(folder);
        expect(withoutTimes(textIn(folder)), `${length} bytes`).toEqual(withoutTimes(whole));
      }
    }
    writeFileSync(fileIn(folder), whole.slice(0, 1000));
    await refusedUntilRebuilt(folder, 'state-damaged');
  });

  test('of an older version is refused by its number, and rebuilt', async () => {
    const folder = copyOf(built);
    edit(folder, (data) => {
      data.version = 0;
    });
    await expect(simulatedUp(folder)).rejects.toMatchObject({ why: expect.stringContaining('version 0') });
    await refusedUntilRebuilt(folder, 'state-damaged');
  });

  test('of a newer version is refused by its number', async () => {
    const folder = copyOf(built);
    edit(folder, (data) => {
      data.version = 2;
    });
    const refusal = { code: 'state-newer', exitCode: 2, what: expect.stringContaining('version 2') };
    await expect(simulatedUp(folder)).rejects.toMatchObject(refusal);
    await expect(simulatedDestroy(folder)).rejects.toMatchObject(refusal);
  });

  test.each([
    ['vpc', 'vpcId', 'vpc-0123456789abcdef0'],
    ['fileSystem', 'fileSystemId', 'fs-0123456789abcdef0'],
    ['elasticIp', 'allocationId', 'eipalloc-0123456789abcdef0'],
    ['dbCluster', 'dbClusterIdentifier', 'somebody-elses'],
    ['bucket', 'bucketName', 'somebody-elses'],
  ])('with another id of the %s is refused, and nothing of that id is touched', async (key, field, id) => {
    const folder = copyOf(built);
    edit(folder, ({ resources }) => {
      resources[key]!.identity[field] = id;
    });
    await refusedUntilRebuilt(folder, 'state-differs');
  });

  test.each(['vpc', 'elasticIp', 'bastion', 'dbCluster'])(
    'without the row of the %s is refused by up, which would make a second one',
    async (key) => {
      const folder = copyOf(built);
      edit(folder, ({ resources }) => {
        delete resources[key];
      });
      await refusedUntilRebuilt(folder, 'state-differs', { destroy: false });
    },
  );

  test('with a row too many is mended by the next runs, and nothing else is made or left', async () => {
    const folder = copyOf(built);
    edit(folder, ({ resources }) => {
      resources.cacheDefaultUser = { ...resources.cacheUser!, identity: { userId: 'nobody' } };
      resources.nothingOfOurs = { ...resources.vpc!, identity: { vpcId: 'vpc-1' } };
    });
    const before = inventoryOf(folder);
    expect((await simulatedUp(folder)).done).toMatchObject({ ok: true, created: 0 });
    expect(inventoryOf(folder)).toEqual(before);
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test.each([
    ['account', '999999999999'],
    ['region', 'eu-west-1'],
  ])('of another %s is refused with both names', async (field, value) => {
    const folder = copyOf(built);
    edit(folder, ({ stack }) => {
      stack[field] = value;
    });
    const refusal = { code: 'other-account', exitCode: 2, why: expect.stringContaining(value) };
    await expect(simulatedUp(folder)).rejects.toMatchObject(refusal);
    await expect(simulatedDestroy(folder)).rejects.toMatchObject(refusal);
  });

  test('restored from before a re-creation is refused, since its ids and generations are those of what is gone', async () => {
    const folder = copyOf(built);
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect((await simulatedUp(folder)).exitCode).toBe(0);
    const present = textIn(folder);
    const before = inventoryOf(folder);
    writeFileSync(fileIn(folder), whole);
    // Last week's deployment had another stack id, and of the same names: without a look destroy would take them.
    const refusal = { code: 'state-differs', exitCode: 2 };
    await expect(simulatedDestroy(folder)).rejects.toMatchObject(refusal);
    await expect(simulatedUp(folder)).rejects.toMatchObject(refusal);
    expect(inventoryOf(folder)).toEqual(before);
    await rebuild(folder);
    expect(withoutTimes(textIn(folder))).toEqual(withoutTimes(present));
  });

  test('of a run that was cut off is rebuilt with what is there, and resumed to the same account', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '9', fault: ['9:InsufficientInstanceCapacity'] });
    rmSync(fileIn(folder));
    await rebuild(folder);
    expect((await simulatedUp(folder, { resume: true })).exitCode).toBe(0);
    expect(inventoryOf(folder)).toEqual(inventoryOf(built));
  });

  test('has the generations of what was made again', async () => {
    const folder = temporaryFolder();
    expect((await simulatedUp(folder, { until: '6', fault: ['later.natGateway:InternalError'] })).exitCode).toBe(0);
    const lost = JSON.parse(textIn(folder)) as StateFile;
    expect(lost.resources.natGateway!.generation).toBe(2);
    rmSync(fileIn(folder));
    await rebuild(folder);
    expect((JSON.parse(textIn(folder)) as StateFile).resources.natGateway).toMatchObject({
      generation: 2,
      identity: lost.resources.natGateway!.identity,
    });
  });

  test('cannot be rebuilt for two deployments of one name, and both are named', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '3' });
    const first = (JSON.parse(textIn(folder)) as StateFile).stack.id!;
    // A second stack of the same name: what an up without this check would have made.
    rmSync(fileIn(folder));
    const second = 'secondstack1';
    writeFileSync(
      fileIn(folder),
      JSON.stringify({ ...JSON.parse(whole), stack: { ...JSON.parse(whole).stack, id: second }, resources: {} }),
    );
    await simulatedUp(folder, { until: '3' });
    rmSync(fileIn(folder));
    const refusal = { code: 'two-deployments', exitCode: 2, what: expect.stringContaining(first) };
    await expect(stateRebuild(ioIn(folder), { simulate: true })).rejects.toMatchObject(refusal);
    await expect(stateRebuild(ioIn(folder), { simulate: true })).rejects.toMatchObject({
      what: expect.stringContaining(second),
    });
    await expect(simulatedUp(folder)).rejects.toMatchObject({ code: 'state-lost' });
  });
});
