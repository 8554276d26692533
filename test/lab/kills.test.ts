/**
 * The command line is killed, as by a power cut, at ten random moments of STEP 16 on real hosts, and goes on each time;
 * then a node dies while it is set up. The servers are Amazon Linux by name: its users, packages and way to mount EFS.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../emulator/random.ts';
import { until } from './airflow.ts';
import { callAws, ends, keepJournals, newDirectory, onNode } from './cluster.ts';
import { figure } from './figures.ts';
import { hostNamed } from './hosts.ts';
import { airflowAws, openLab, prepare, writeSettings } from './operator.ts';
import type { Region } from './region.ts';

const kills = 10;
const seed = Number(process.env.LAB_SEED ?? Date.now() % 1_000_000);
const directory = newDirectory();
let lab: { region: Region; close(): Promise<void> };

/** Below its names there is a Debian, and no kernel of the lab's own. */
const notExercised = [
  'its package manager and packages: the names are checked, Debian’s packages are installed',
  'amazon-efs-utils with its TLS, and NFS itself: the way to port 2049 is checked, a folder is bound',
  'Python 3.12 as Amazon packages it: the nodes run Debian’s 3.13',
  'systemd 252 and SELinux: the nodes run 257, without',
  'cloud-init, its keys and its lock: the lab does at the first start what it does',
  'the kernel, chrony and the volume: those of the machine below',
];

beforeAll(async () => {
  await prepare();
  lab = await openLab();
  writeSettings(directory, 'amazon-linux-2023');
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await keepJournals();
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

test(`killed at ${kills} random moments of STEP 16 (LAB_SEED=${seed}), it has half-done work and no two of anything`, async () => {
  const random = seededRandom(seed);
  await ends(directory, 0, ['up', '--yes', '--until', '15']);
  for (let number = 1; number <= kills; number++) {
    const seconds = 3 + random() * 22;
    const { code, output } = await airflowAws(directory, ['up', '--yes', '--resume'], {
      killed: sleep(seconds * 1000),
    });
    // It may have come to its end before the knife fell; anything else that ended by itself is a failure.
    expect(code ?? 'killed', output).toSatisfy((end) => end === 'killed' || end === 0);
    process.stdout.write(
      `  kill ${number} after ${seconds.toFixed(1)} s in: ${unfinished().join(', ') || 'nothing'}\n`,
    );
  }
  await lab.region.reconcile();
  const resources = lab.region.seen!.instances.map(({ resource }) => resource);
  expect(new Set(resources).size).toBe(resources.length);
});

test('a node that dies while it is set up is replaced, and up --resume builds the same cluster', async () => {
  const node = () => lab.region.seen?.instances.find(({ resource }) => resource === 'nodeC');
  // Node c is there and its set-up has begun, unless all of it was done before the last kill.
  const begun = until('node c', 1200, async () => node()).then(() => sleep(4000));
  const { code, output } = await airflowAws(directory, ['up', '--yes', '--resume'], { killed: begun });
  expect(code ?? 'killed', output).toSatisfy((end) => end === 'killed' || end === 0);
  await begun;
  const lost = node()!.owner;
  await callAws('ec2', 'EC2Client', 'TerminateInstancesCommand', { InstanceIds: [lost] });
  const start = Date.now();
  await ends(directory, 0, ['up', '--yes', '--resume']);
  figure(
    'seconds of up --resume that replaces a dead node c, on Amazon Linux',
    Math.round((Date.now() - start) / 1000),
  );
  await lab.region.reconcile();
  const { instances, loadBalancers } = lab.region.seen!;
  expect(instances.map(({ resource }) => resource).sort()).toEqual(['bastion', 'nodeA', 'nodeC']);
  expect(node()!.owner).not.toBe(lost);
  const targets = loadBalancers[0]!.targetGroup!.targets.map(({ instanceId }) => instanceId);
  expect(new Set(targets)).toEqual(new Set([hostNamed('a').instanceId, hostNamed('c').instanceId]));
  // Node c is of an image, and the users are there once each.
  expect(node()!.imageId).not.toBe(instances.find(({ resource }) => resource === 'nodeA')!.imageId);
  const users = await onNode('a', '/usr/local/bin/airflow-cluster', 'users', 'list', '--output', 'json');
  const roles = (
    JSON.parse(/\[\s*\{[\s\S]*\]\s*$/.exec(users)?.[0] ?? '[]') as { username: string; roles: string[] }[]
  ).map(({ username, roles }) => `${username}: ${roles.join()}`);
  expect(roles.sort()).toEqual(['admin: Admin', 'user: User']);
  await ends(directory, 0, ['verify']);
  figure('of Amazon Linux 2023 not exercised', notExercised);
});

test('and what was killed so often is taken away whole', async () => {
  await ends(directory, 0, ['destroy', '--yes', '--confirm', 'pms', '--delete-data']);
  await lab.region.reconcile();
  expect(lab.region.seen!.interfaces).toEqual([]);
});
