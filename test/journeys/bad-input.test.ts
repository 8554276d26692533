import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliRun, cli } from '../helpers/cli.ts';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf } from '../helpers/inventory.ts';

/** What happened, why, what to do: three lines, and nothing of a stack. */
function expectThreeLines({ stderr }: CliRun, ...says: (string | RegExp)[]) {
  expect(stderr).toMatch(/Error: .+\n {2}Why: [\s\S]+\n {2}Fix: .+/);
  expect(stderr).not.toMatch(/\n\s+at /);
  for (const text of says) expect(stderr).toMatch(text);
}

describe('bad input', () => {
  const settings: [name: string, yaml: string, ...says: (string | RegExp)[]][] = [
    ['broken YAML', 'name: [pms', /line \d+/i],
    ['an unknown key, with the nearest known one', 'zoness: [a, c]', 'zoness', 'Did you mean zones'],
    ['one zone twice', 'zones: [a, a]', 'zones'],
    ['overlapping CIDRs', 'network:\n  publicSubnetCidr: 10.0.2.0/25', 'overlaps'],
    ['a name that AWS refuses', 'name: Not_A_Name', 'name'],
    ['a password in the file', 'database:\n  password: hunter2', /Parameter Store/],
    ['settings of a newer version', 'version: 2', /newer/],
  ];
  test.each(settings)('%s ends with exit 2 and nothing done', async (_name, yaml, ...says) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'airflow-aws.yaml'), yaml.startsWith('version') ? `${yaml}\n` : `version: 1\n${yaml}\n`);
    const ended = await cli(folder, ['up', '--simulate', '--yes']);
    expect(ended.code).toBe(2);
    expectThreeLines(ended, ...says);
    expect(ended.stderr).not.toContain('hunter2');
  });

  test('behind a flag with a value, the command that failed is still named as what it is', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'airflow-aws.yaml'), 'version: 1\nzones: [a, a]\n');
    const { stdout } = await cli(folder, ['--region', 'us-west-2', 'plan', '--simulate', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, command: 'plan', ok: false });
  });

  test('a zone that the region does not have ends in preflight, with nothing created', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'airflow-aws.yaml'), 'version: 1\nzones: [a, z]\n');
    const ended = await cli(folder, ['up', '--simulate', '--yes']);
    expect(ended.code).toBe(5);
    expectThreeLines(ended, 'us-west-2z', 'nothing was created');
  });

  test('without a terminal a question names the flag that answers it', async () => {
    const folder = temporaryFolder();
    const up = await cli(folder, ['up', '--simulate']);
    expect(up.code).toBe(2);
    expectThreeLines(up, '--yes');
    await simulatedUp(folder, { until: '1' });
    const destroy = await cli(folder, ['destroy', '--simulate', '--yes']);
    expect(destroy.code).toBe(2);
    expectThreeLines(destroy, /--confirm|--delete-data/);
    const wrong = await cli(folder, ['destroy', '--simulate', '--yes', '--delete-data', '--confirm', 'other']);
    expect(wrong.code).toBe(2);
    expectThreeLines(wrong, 'pms');
  });

  test('no credentials are exit 4, an unreachable endpoint is exit 1', async () => {
    const folder = temporaryFolder();
    const none = await cli(folder, ['plan']);
    expect(none.code).toBe(4);
    expectThreeLines(none, 'credentials');
    const keys = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' };
    const nobody = await cli(folder, ['plan'], { ...keys, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    expect(nobody.code).toBe(1);
    expectThreeLines(nobody, 'AWS_ENDPOINT_URL');
  });

  test('a folder that cannot be written to is exit 2', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, '.airflow-aws'), 'a file where the folder should be');
    const ended = await cli(folder, ['up', '--simulate', '--yes']);
    expect(ended.code).toBe(2);
    expectThreeLines(ended, '-C DIR');
  });
});

describe('a state file that is not what it was', () => {
  const broken: [name: string, change: (text: string) => string, ...says: (string | RegExp)[]][] = [
    ['cut off', (text) => text.slice(0, text.length / 2), 'state.json.previous', 'state rebuild'],
    ['of a newer version', (text) => text.replace('"version": 1', '"version": 2'), 'newer'],
  ];
  test.each(broken)('%s is refused with exit 2, and nothing is lost', async (_name, change, ...says) => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '4' });
    const before = inventoryOf(folder);
    const file = join(simulatedFolder(folder), 'state.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, change(text));
    for (const command of [['up'], ['destroy', '--confirm', 'pms', '--delete-data']]) {
      const ended = await cli(folder, [...command, '--simulate', '--yes']);
      expect(ended.code).toBe(2);
      expectThreeLines(ended, ...says);
    }
    expect(inventoryOf(folder)).toEqual(before);
  });

  test('of another account or region is refused, naming both', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '1' });
    const elsewhere = await cli(folder, ['up', '--simulate', '--yes', '--region', 'eu-west-1']);
    expect(elsewhere.code).toBe(2);
    expectThreeLines(elsewhere, 'us-west-2', 'eu-west-1');
    const file = join(simulatedFolder(folder), 'state.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('123456789012', '999999999999'));
    const stranger = await cli(folder, ['destroy', '--simulate', '--yes', '--confirm', 'pms', '--delete-data']);
    expect(stranger.code).toBe(2);
    expectThreeLines(stranger, '999999999999', '123456789012');
  });

  test('lost: up says so, rebuild makes it again, and both up and destroy go on from it', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder);
    const built = inventoryOf(folder);
    rmSync(join(simulatedFolder(folder), 'state.json'));
    const up = await cli(folder, ['up', '--simulate', '--yes']);
    expect(up.code).toBe(2);
    expectThreeLines(up, 'state rebuild');
    const rebuilt = await cli(folder, ['state', 'rebuild', '--simulate', '--json']);
    expect(rebuilt.code).toBe(0);
    expect((await simulatedUp(folder, { resume: true })).done).toMatchObject({ ok: true });
    expect(inventoryOf(folder)).toEqual(built);
    rmSync(join(simulatedFolder(folder), 'state.json'));
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test('that cannot be written any more stops the run with a true state, and the next run goes on', async () => {
    const folder = temporaryFolder();
    const obstacle = join(simulatedFolder(folder), 'state.json.writing');
    const stopped = await simulatedUp(folder, {
      watch: (moment, call) => {
        if (moment === 'inside' && call >= 30) mkdirSync(obstacle, { recursive: true });
      },
    });
    expect(stopped.exitCode).toBe(1);
    expect(stopped.done).toMatchObject({ ok: false, error: { code: 'state-not-written', resumable: true } });
    rmSync(obstacle, { recursive: true });
    expect((await simulatedUp(folder, { resume: true })).done).toMatchObject({ ok: true });
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });
});

describe('two runs at once', () => {
  test('the second ends with exit 6, naming the first', async () => {
    const folder = temporaryFolder();
    let second: { status: number | null; stderr: string } | undefined;
    const first = await simulatedUp(folder, {
      until: '4',
      watch: (moment, call) => {
        // This process stands still in the middle of its third call, with the lock in its hand.
        if (moment === 'inside' && call === 3)
          second = spawnSync(process.execPath, ['bin/airflow-aws.js', 'up', '--simulate', '--yes', '-C', folder], {
            encoding: 'utf8',
          });
      },
    });
    expect(first.exitCode).toBe(0);
    expect(second?.status).toBe(6);
    expect(second?.stderr).toContain(`process ${process.pid}`);
  });

  test('a lock whose process is gone is taken over with a word about it', async () => {
    const folder = temporaryFolder();
    mkdirSync(simulatedFolder(folder), { recursive: true });
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    const gone = {
      pid,
      host: hostname(),
      user: 'me',
      since: '2026-01-01T00:00:00.000Z',
      command: 'airflow-aws up',
      started: '',
    };
    writeFileSync(join(simulatedFolder(folder), 'lock'), JSON.stringify(gone));
    const taken = await cli(folder, ['up', '--simulate', '--yes', '--until', '1']);
    expect(taken.code).toBe(0);
    expect(taken.stderr).toContain(`process ${pid}`);
  });

  test('a lock of another machine holds, and says whose it is', async () => {
    const folder = temporaryFolder();
    mkdirSync(simulatedFolder(folder), { recursive: true });
    const theirs = {
      pid: 1,
      host: 'elsewhere',
      user: 'somebody',
      since: '2026-01-01T00:00:00.000Z',
      command: 'airflow-aws up',
      started: '',
    };
    writeFileSync(join(simulatedFolder(folder), 'lock'), JSON.stringify(theirs));
    const locked = await cli(folder, ['up', '--simulate', '--yes']);
    expect(locked.code).toBe(6);
    expectThreeLines(locked, 'process 1', 'somebody', 'elsewhere', '2026-01-01T00:00:00.000Z');
  });
});
