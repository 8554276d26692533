import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { simulatedDestroy, simulatedFolder, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf } from '../helpers/inventory.ts';

const bin = join(process.cwd(), 'bin', 'airflow-aws.js');

/** A shell line in which `$airflow` is the built command line on `folder`. */
function shell(folder: string, line: string) {
  const env = { PATH: process.env.PATH, HOME: folder, airflow: `${process.execPath} ${bin} -C ${folder}` };
  return spawnSync('bash', ['-c', line], { env, encoding: 'utf8' });
}

const root = process.getuid?.() === 0;
const linux = process.platform === 'linux';

describe.runIf(linux && existsSync('/dev/full'))('output that goes nowhere', { timeout: 120_000 }, () => {
  test.each(['', ' --json'])('because the disk behind it is full, ends no run half-way (up%s)', (flag) => {
    const folder = temporaryFolder();
    const { status } = shell(folder, `$airflow up --simulate --yes --until 3${flag} >/dev/full 2>/dev/full`);
    expect(Object.values(stateOf(folder).resources).map((row) => row.status)).not.toContain('creating');
    expect(Object.keys(stateOf(folder).resources)).toContain('internetGateway');
    expect(status).toBe(1);
  });

  test('is told on stderr, since a script would take the empty file for the answer', () => {
    const { status, stderr } = shell(temporaryFolder(), '$airflow config schema >/dev/full');
    expect(status).toBe(1);
    expect(stderr).toContain('Error: The output could not be written (ENOSPC');
  });

  test('because nobody reads on, is no error', () => {
    const folder = temporaryFolder();
    const { stdout } = shell(
      folder,
      'set -o pipefail; $airflow up --simulate --yes --json --until 3 | head -1; echo $?',
    );
    expect(stdout.trim().split('\n').at(-1)).toBe('0');
    expect(Object.keys(stateOf(folder).resources)).toContain('internetGateway');
  });
});

describe('a disk that takes no more in the middle of a run', { timeout: 120_000 }, () => {
  test.each([3, 20, 45])(
    'stops it before any call that could not be recorded (at change %i), and later it goes on to the calm end',
    async (at) => {
      const folder = temporaryFolder({ inMemory: true });
      const writing = join(simulatedFolder(folder), 'state.json.writing');
      let refusedAt = 0;
      let last = 0;
      const watch = (moment: string, call: number) => {
        last = call;
        if (call !== at || moment !== 'before') return;
        refusedAt = call;
        mkdirSync(writing);
      };
      const stopped = await simulatedUp(folder, { watch });
      expect(refusedAt).toBe(at);
      expect(stopped.exitCode).toBe(1);
      expect(stopped.done.error).toMatchObject({ code: 'state-not-written', resumable: true });
      // Each call that was on its way may come to its end; nothing begins any more.
      expect(last - at).toBeLessThan(20);
      rmdirSync(writing);
      expect((await simulatedUp(folder, { resume: true })).exitCode).toBe(0);
      const calm = temporaryFolder({ inMemory: true });
      await simulatedUp(calm);
      expect(inventoryOf(folder)).toEqual(inventoryOf(calm));
    },
  );
});

describe.runIf(linux)('a folder that cannot be written to', { timeout: 120_000 }, () => {
  test.skipIf(root)('is told in three lines, and nothing is created', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o500);
    const { status, stderr } = shell(folder, '$airflow up --simulate --yes');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Error: .*\n\s*Why: .*EACCES.*\n\s*Fix: /m);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what a user types', () => {
  test('is shown without what a terminal would act on', () => {
    const { stderr, status } = shell(temporaryFolder(), `$airflow up --simulate --yes --fault $'a\\e[2J\\ab'`);
    expect(status).toBe(2);
    expect(stderr).toContain('a\ufffd[2J');
    expect(stderr).not.toMatch(/(?![\n\t])\p{Cc}/u);
  });
});

test('a destroy whose reader is gone empties the account all the same', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  shell(folder, '$airflow up --simulate --yes --until 6');
  shell(folder, '$airflow destroy --simulate --yes --confirm pms --delete-data --json | head -1');
  expect(inventoryOf(folder).counts).toEqual({});
  expect((await simulatedDestroy(folder)).exitCode).toBe(0);
});
