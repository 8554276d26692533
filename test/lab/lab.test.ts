/**
 * STEP 16 for real: the built command line builds the cluster in the region in a box, a browser uses it, a node dies,
 * and everything is taken away. Each test goes on where the one before it ended.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Airflow, until } from './airflow.ts';
import type { Browser } from './browser.ts';
import { type Cluster, clusterOf, ends, hostOf, keepJournals, newDirectory, onNode } from './cluster.ts';
import { brokenTests, dayTwoTests, proofTests } from './day-two.ts';
import { doorTests, ownCertificateTests } from './doors.ts';
import { figure, idleSince, Processes } from './figures.ts';
import { onHost, pull } from './hosts.ts';
import { openLab, outputFolder, prepare, writeSettings } from './operator.ts';
import { cacheFolder, regionFolder, run } from './processes.ts';
import type { Region } from './region.ts';
import { secrecyTests } from './secrecy.ts';

const directory = newDirectory();
let lab: { region: Region; close(): Promise<void> };
let cluster: Cluster;
let airflow: Airflow;
let processes: Processes;
const browser: { current?: Browser } = {};
const began = Date.now();

beforeAll(async () => {
  rmSync(outputFolder, { recursive: true, force: true });
  mkdirSync(outputFolder, { recursive: true });
  await prepare();
  const took = join(cacheFolder, 'seconds');
  if (existsSync(took)) figure('seconds to prepare the lab from nothing', Number(readFileSync(took, 'utf8')));
  lab = await openLab();
  processes = new Processes();
  writeSettings(directory);
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await keepJournals();
});

afterAll(async () => {
  processes?.stop();
  await browser.current?.close();
  await lab?.close();
  rmSync(directory, { recursive: true, force: true });
  figure('seconds of all that on Debian', seconds(began));
  // Whoever reads the seconds has to know how busy the machine was otherwise.
  figure('processors of the machine', cpus().length);
  figure('processes that wanted one, on average of 15 minutes', Math.round(loadavg()[2]!));
});

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}

test('up builds the cluster on real hosts and says that it is healthy', async () => {
  const start = Date.now();
  const { output } = await ends(directory, 0, ['up', '--yes']);
  figure('seconds of up from an empty account', seconds(start));
  cluster = await clusterOf(directory, lab.region);
  ({ airflow } = cluster);
  expect(/Airflow\s+(https:\/\/\S+)/.exec(output)?.[1]).toBe(airflow.url);
  expect(output.split(cluster.secrets.adminPassword!)).toHaveLength(2);
  await airflow.logIn('admin', cluster.secrets.adminPassword!);
  const journal = await onNode('a', 'journalctl', '--unit=ssh', '--output=short-unix', '--no-pager');
  const answers = Number(/^([\d.]+) .*Server listening/m.exec(journal)?.[1]);
  const ended = Date.parse(await airflow.firstEnd('airflow_aws_canary')) / 1000;
  figure('seconds from "ssh answers" on node a to the first finished DAG run', Math.round(ended - answers));
  expect(ended - answers).toBeGreaterThan(10);
});

test('a second up changes nothing', async () => {
  const { output } = await ends(directory, 0, ['up', '--yes']);
  expect(output).toContain('nothing was changed');
  expect(output).not.toContain(cluster.secrets.adminPassword);
});

dayTwoTests(() => cluster);
doorTests(() => cluster, browser);
proofTests(() => cluster);
ownCertificateTests(() => cluster);

test('tasks run through Celery on both nodes, and their logs are read back from S3', async () => {
  await airflow.logIn('admin', cluster.secrets.adminPassword!);
  const start = Date.now();
  await airflow.start('airflow_aws_canary', 'both-nodes');
  expect(await airflow.end('airflow_aws_canary', 'both-nodes', 400)).toBe('success');
  figure('seconds of a run of 17 tasks on both nodes', seconds(start));
  const tasks = await airflow.tasks('airflow_aws_canary', 'both-nodes');
  const hosts = new Set(tasks.map(({ hostname }) => hostname?.split('.')[0]));
  expect(hosts).toEqual(new Set([hostOf('a'), hostOf('c')]));
  for (const name of ['a', 'c']) {
    const one = tasks.find(({ task_id, hostname }) => task_id === 'where' && hostname?.startsWith(hostOf(name)))!;
    // The log is on its node until it has been sent, a moment after the end of its task.
    const log = await until('the log in S3', 90, async () => {
      const text = await airflow.log('airflow_aws_canary', 'both-nodes', one);
      return /s3:\/\/pms-oregon-bucket[^"]*\/airflow_log\//.test(text) ? text : undefined;
    });
    expect(log).toContain(`on ${hostOf(name)}`);
  }
});

test('a node uses less than its memory', async () => {
  // A process may end between the list and the look.
  const pss = `for pid in $(pgrep -u airflow); do cat /proc/$pid/smaps_rollup 2>/dev/null || true; done |
    awk '/^Pss:/ { total += $2 } END { print int(total / 1024) }'`;
  const mebibytes = Number(await onNode('a', 'bash', '-c', pss));
  figure('MiB of memory of a node that Airflow has in use (PSS)', mebibytes);
  expect(mebibytes).toBeGreaterThan(500);
  expect(mebibytes).toBeLessThan(8 * 1024 - 1024);
});

secrecyTests(
  () => cluster,
  () => processes,
);

test('with node a pulled out in the middle of a run, the run finishes on node c within 90 s', async () => {
  const dags = join(regionFolder, 'efs', lab.region.seen!.fileSystemIds[0]!, 'dags');
  await copyFile(join(process.cwd(), 'test/lab/dags/lab_long_run.py'), join(dags, 'lab_long_run.py'));
  await airflow.start('lab_long_run', 'power-cut');
  const [a, c] = [hostOf('a'), hostOf('c')];
  const on = (tasks: Awaited<ReturnType<Airflow['tasks']>>, host: string) =>
    tasks.filter(({ state, hostname }) => state === 'running' && hostname?.startsWith(host)).length;
  const lost = await until('tasks on both nodes', 180, async () => {
    const tasks = await airflow.tasks('lab_long_run', 'power-cut');
    return on(tasks, a) > 1 && on(tasks, c) > 1 ? tasks.filter((one) => one.hostname?.startsWith(a)) : undefined;
  });
  await lockRun('a', 'power-cut');
  await pull('a');
  const cut = Date.now();
  const idle = idleSince();
  await airflow
    .call('GET', '/api/v2/version')
    .catch(() => until('an answer', 60, () => airflow.call('GET', '/api/v2/version')));
  figure('seconds from a power cut of node a until the API answers', seconds(cut));
  await until('a second try on node c', 240, async () => {
    const tasks = await airflow.tasks('lab_long_run', 'power-cut');
    const again = tasks.filter(
      ({ map_index, try_number }) => try_number > 1 && lost.some((one) => one.map_index === map_index),
    );
    return on(again, c) > 0 ? true : undefined;
  });
  figure('seconds from a power cut until node c runs what node a had', seconds(cut));
  // The timers of the product make that at most 90. A machine without an idle processor adds time of its own.
  if (idle() > 0.15) expect(seconds(cut)).toBeLessThanOrEqual(90);
  expect(await airflow.end('lab_long_run', 'power-cut', 400)).toBe('success');
  figure('seconds from a power cut until the run ends well', seconds(cut));
  const tasks = await airflow.tasks('lab_long_run', 'power-cut');
  expect(tasks.every(({ state }) => state === 'success')).toBe(true);
  for (const one of lost) {
    const now = tasks.find(({ task_id, map_index }) => task_id === one.task_id && map_index === one.map_index)!;
    expect(now.hostname).toContain(c);
  }
  await browser.current!.open(`${airflow.url}/dags/lab_long_run/runs/power-cut`);
  await browser.current!.until(`document.body.innerText.includes('Success')`);
  await browser.current!.screenshot(join(outputFolder, 'grid.png'));
});

/**
 * Locks a run in the database as a scheduler does while it is at it, by the settings and the environment of the node's
 * own: the worst moment at which a node can lose its power.
 */
async function lockRun(node: string, runId: string) {
  const program = `import os, subprocess, sys, time
pid = subprocess.check_output(["systemctl", "show", "-P", "MainPID", "airflow@scheduler"], text=True).strip()
with open(f"/proc/{pid}/environ") as file:
    os.environ.update(one.split("=", 1) for one in file.read().split("\\0") if one)
sys.path.insert(0, "/etc/airflow")
from airflow import settings
from sqlalchemy import text
session = settings.Session()
found = session.execute(text("SELECT id FROM dag_run WHERE run_id = '${runId}' FOR UPDATE")).all()
print("locked", len(found), flush=True)
time.sleep(900)`;
  const [file, args] = await onHost(node, ['/opt/airflow/venv/bin/python', '-c', program]);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const said = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => text.includes('locked') && resolve(text));
    child.once('exit', (code) => resolve(`ended with ${code}`));
  });
  expect(said.trim().split('\n').at(-1)).toBe('locked 1');
}

brokenTests(() => cluster);

test('destroy takes all of it away', async () => {
  await ends(directory, 0, ['destroy', '--yes', '--confirm', 'pms', '--delete-data']);
  await lab.region.reconcile();
  expect(lab.region.seen!.interfaces).toEqual([]);
  expect(await run('ip', ['netns', 'list'])).not.toMatch(/afl-i-/);
});
