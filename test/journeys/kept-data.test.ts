import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';
import { stateRebuild } from '../../src/commands/state.ts';
import { openWorld } from '../../src/commands/worlds.ts';
import { ioIn } from '../commands/io.ts';
import { type Ran, simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf, tablesOf } from '../helpers/inventory.ts';

interface StateFile {
  stack: { id: string };
  resources: Record<string, { identity: Record<string, string>; output: Record<string, string> }>;
}

const fileIn = (folder: string) => join(simulatedFolder(folder), 'state.json');
const stateIn = (folder: string) => JSON.parse(readFileSync(fileIn(folder), 'utf8')) as StateFile;

/** All rows of a table of the account, whatever region they are in. */
const rowsOf = (folder: string, table: string) =>
  Object.values(tablesOf(folder)).flatMap((tables) => Object.values(tables[table] ?? {}));

const objectsIn = (folder: string) =>
  Object.values(tablesOf(folder)).flatMap((tables) =>
    Object.entries(tables).flatMap(([name, rows]) => (/^s3\.objects/.test(name) ? Object.keys(rows) : [])),
  );

async function putObject(folder: string, Bucket: string, Key: string) {
  const world = openWorld(
    ioIn(folder),
    { simulate: true },
    { region: 'us-west-2', folder: simulatedFolder(folder), os: '' },
  );
  const s3 = world.prepare(new S3Client(world.clientConfig));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'a log' }));
  world.close();
}

const kept = ({ done }: Ran) => done.kept as { resources: Record<string, Record<string, string>>; restoreFrom: string };

describe('data that is kept', () => {
  const folder = temporaryFolder();
  let built: StateFile;
  let tablesMadeAt: unknown;
  let left: Ran;

  beforeAll(async () => {
    expect((await simulatedUp(folder)).exitCode).toBe(0);
    built = stateIn(folder);
    await putObject(folder, built.resources.bucket!.identity.bucketName!, 'airflow_log/one.log');
    [{ madeAt: tablesMadeAt }] = rowsOf(folder, 'hosts.databases') as [{ madeAt: number }];
    left = await simulatedDestroy(folder, { keepData: true, deleteData: false });
  });

  test('is bucket, file system and secrets as they are and the database as a snapshot, and nothing else is left', () => {
    expect(left).toMatchObject({ exitCode: 0, done: { ok: true, left: [] } });
    expect(Object.keys(kept(left).resources).sort()).toEqual([
      ...['airflowSecrets', 'bucket', 'cachePassword', 'databasePassword', 'fileSystem'],
    ]);
    expect(kept(left).restoreFrom).toBe(`pms-airflow-rds-final-${built.stack.id}-1`);
    const { 'rds.clusterSnapshots': snapshots, ...others } = inventoryOf(folder).counts;
    expect(snapshots).toBe(1);
    expect(Object.keys(others).filter((table) => !/^(s3|efs|ssm)\./.test(table))).toEqual([]);
  });

  test('is told a person with the command that builds on it', async () => {
    const { destroy } = await import('../../src/commands/destroy.ts');
    const other = temporaryFolder();
    await simulatedUp(other, { until: '12' });
    const io = ioIn(other);
    await destroy(io, { simulate: true, yes: true, confirm: 'pms', keepData: true });
    const { id } = stateIn(other).stack;
    expect(io.lines).toContain(`Kept  database: snapshot pms-airflow-rds-final-${id}-1`);
    expect(io.notes.join('\n')).toContain(`airflow-aws up --simulate --restore-from pms-airflow-rds-final-${id}-1`);
  });

  test('is refused to be restored from a snapshot that is not there, before anything is made', async () => {
    const before = inventoryOf(folder);
    await expect(simulatedUp(folder, { restoreFrom: 'no-such' })).rejects.toMatchObject({
      code: 'preflight',
      exitCode: 5,
    });
    await expect(
      simulatedUp(folder, { restoreFrom: kept(left).restoreFrom, databaseUsername: 'root' }),
    ).rejects.toMatchObject({ why: expect.stringContaining('master user'), fix: 'Set database.username to admin.' });
    expect(inventoryOf(folder)).toEqual(before);
  });

  test('is there again after up --restore-from: the same bucket, file system, secrets and tables', async () => {
    const { restoreFrom } = kept(left);
    const again = await simulatedUp(folder, { restoreFrom });
    expect(again).toMatchObject({ exitCode: 0, done: { ok: true } });
    const { stack, resources } = stateIn(folder);
    expect(stack).toEqual(built.stack);
    for (const key of ['bucket', 'fileSystem', 'airflowSecrets', 'databasePassword'])
      expect(resources[key]!.identity).toEqual(built.resources[key]!.identity);
    expect(objectsIn(folder)).toContain('airflow_log/one.log');
    const { identity, output } = resources.dbCluster!;
    expect(identity).toEqual({ dbClusterIdentifier: 'pms-airflow-rds', restoredFrom: restoreFrom });
    const tables = rowsOf(folder, 'hosts.databases').find(({ address }) => address === output.endpoint);
    expect(tables).toMatchObject({ madeAt: tablesMadeAt as number });

    // With the flag or without: what is there stays as it is.
    for (const flags of [{}, { restoreFrom }])
      expect((await simulatedUp(folder, flags)).done).toMatchObject({ created: 0 });
    await expect(simulatedUp(folder, { restoreFrom: 'another' })).rejects.toMatchObject({ code: 'database-exists' });

    // A lost state is rebuilt with what the database was made from.
    const whole = stateIn(folder);
    rmSync(fileIn(folder));
    await stateRebuild(ioIn(folder), { simulate: true });
    expect(stateIn(folder).resources.dbCluster!.identity).toEqual(whole.resources.dbCluster!.identity);
  });

  test('is kept a second time under a name of its own, found without its state, and deleted with its snapshots', async () => {
    const second = await simulatedDestroy(folder, { keepData: true, deleteData: false });
    expect(second.exitCode).toBe(0);
    expect(kept(second).restoreFrom).toBe(`pms-airflow-rds-final-${built.stack.id}-2`);
    rmSync(fileIn(folder));
    await expect(simulatedUp(folder)).rejects.toMatchObject({ code: 'state-lost' });
    await stateRebuild(ioIn(folder), { simulate: true });
    expect(Object.keys(stateIn(folder).resources)).toHaveLength(5);
    const dry = ioIn(folder, { json: true });
    const { destroy } = await import('../../src/commands/destroy.ts');
    await destroy(dry, { simulate: true, dryRun: true });
    expect(dry.data<{ snapshots: string[] }>().snapshots).toEqual([
      `pms-airflow-rds-final-${built.stack.id}-2`,
      `pms-airflow-rds-final-${built.stack.id}-1`,
    ]);
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });
});

describe('protect', () => {
  test('refuses destroy and --from-scratch whatever else is said, and protects the database itself', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { protect: 'true', until: '12' });
    expect(rowsOf(folder, 'rds.clusters')).toMatchObject([{ shown: { DeletionProtection: true } }]);
    const before = inventoryOf(folder);
    const refusal = { code: 'protected', exitCode: 2 };
    await expect(simulatedDestroy(folder, { protect: 'true' })).rejects.toMatchObject(refusal);
    await expect(simulatedUp(folder, { protect: 'true', fromScratch: true, confirm: 'pms' })).rejects.toMatchObject(
      refusal,
    );
    expect(inventoryOf(folder)).toEqual(before);
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
  });
});
