/**
 * The command line is killed, as by a power cut, at ten random moments of STEP 16 on real hosts, and goes on each time.
 * The servers are Amazon Linux by name: its users, its packages and its way to mount EFS.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../emulator/random.ts';
import { hostNamed, onHost } from './hosts.ts';
import { airflowAws, openLab, prepare, writeSettings } from './operator.ts';
import { run } from './processes.ts';
import type { Region } from './region.ts';

const kills = 10;
const seed = Number(process.env.LAB_SEED ?? Date.now() % 1_000_000);
const directory = mkdtempSync(join(tmpdir(), 'airflow-aws-lab-'));
let lab: { region: Region; close(): Promise<void> };

beforeAll(async () => {
  await prepare();
  lab = await openLab(() => {});
  writeSettings(directory, 'amazon-linux-2023');
});

afterAll(async () => {
  await lab?.close();
  rmSync(directory, { recursive: true, force: true });
});

const unfinished = () =>
  Object.entries((JSON.parse(readFileSync(join(directory, '.airflow-aws/state.json'), 'utf8')) as State).resources)
    .filter(([, { status }]) => status !== 'complete')
    .map(([key]) => key);

interface State {
  resources: Record<string, { status: string }>;
}

test(`killed at ${kills} random moments of STEP 16 (LAB_SEED=${seed}), up --resume builds the same cluster`, async () => {
  const random = seededRandom(seed);
  const base = await airflowAws(directory, ['up', '--yes', '--until', '15']);
  expect(base.code, base.output).toBe(0);
  for (let number = 1; number <= kills; number++) {
    const seconds = 3 + random() * 22;
    const { code, output } = await airflowAws(directory, ['up', '--yes', '--resume'], { killAfterSeconds: seconds });
    // It may have come to its end before the knife fell; anything else that ended by itself is a failure.
    expect(code ?? 'killed', output).toSatisfy((end) => end === 'killed' || end === 0);
    process.stdout.write(
      `  kill ${number} after ${seconds.toFixed(1)} s in: ${unfinished().join(', ') || 'nothing'}\n`,
    );
  }
  const last = await airflowAws(directory, ['up', '--yes', '--resume']);
  expect(last.code, last.output).toBe(0);
  await lab.region.reconcile();
  const { seen } = lab.region;
  expect(seen!.instances.map(({ resource }) => resource).sort()).toEqual(['bastion', 'nodeA', 'nodeC']);
  // Node c is of an image, and the users are there once each.
  const image = seen!.instances.find(({ resource }) => resource === 'nodeC')!.imageId;
  expect(image).not.toBe(seen!.instances.find(({ resource }) => resource === 'nodeA')!.imageId);
  const users = await run(
    ...(await onHost('a', ['/usr/local/bin/airflow-cluster', 'users', 'list', '--output', 'json'])),
  );
  const roles = (
    JSON.parse(/\[\s*\{[\s\S]*\]\s*$/.exec(users)?.[0] ?? '[]') as { username: string; roles: string[] }[]
  ).map(({ username, roles }) => `${username}: ${roles.join()}`);
  expect(roles.sort()).toEqual(['admin: Admin', 'user: User']);
  expect(hostNamed('a').privateIp).not.toBe(hostNamed('c').privateIp);
});

test('and what was killed so often is taken away whole', async () => {
  const { code, output } = await airflowAws(directory, ['destroy', '--yes', '--confirm', 'pms', '--delete-data']);
  expect(code, output).toBe(0);
  await lab.region.reconcile();
  expect(lab.region.seen!.interfaces).toEqual([]);
});
