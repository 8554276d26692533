/**
 * STEP 16 for real: the built command line builds the cluster in the region in a box, a browser uses it, a node dies,
 * and everything is taken away. Each test goes on where the one before it ended.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEYS, REGION } from '../emulator/harness.ts';
import { Airflow, until } from './airflow.ts';
import { Browser, logIn } from './browser.ts';
import { hostNamed, imageFolder, onHost, pull } from './hosts.ts';
import { namespaces } from './network.ts';
import { airflowAws, openLab, prepare, writeSettings } from './operator.ts';
import { inNamespace, regionFolder, run } from './processes.ts';
import { endpointUrl, type Region } from './region.ts';

/** Pictures for people; not part of the project. */
const output = join(process.cwd(), 'test/lab/output');
const directory = mkdtempSync(join(tmpdir(), 'airflow-aws-lab-'));

let lab: { region: Region; close(): Promise<void> };
let airflow: Airflow;
let browser: Browser | undefined;
const secrets: Record<string, string> = {};

/** Figures for the reader of the test's output. */
function figure(text: string) {
  process.stdout.write(`  ${text}\n`);
}

async function parameter(name: string): Promise<string> {
  const read = `import('@aws-sdk/client-ssm').then(async ({ SSMClient, GetParameterCommand }) => {
    const client = new SSMClient({ endpoint: '${endpointUrl}', region: '${REGION}' });
    const { Parameter } = await client.send(new GetParameterCommand({ Name: '${name}', WithDecryption: true }));
    process.stdout.write(Parameter.Value);
  })`;
  const env = Object.entries(KEYS).map(([key, value]) => `${key}=${value}`);
  return run(...inNamespace(namespaces.operator, ['env', ...env, process.execPath, '-e', read]));
}

async function onNode(name: string, ...command: string[]): Promise<string> {
  return run(...(await onHost(name, command)));
}

function hostOf(name: string): string {
  return `ip-${hostNamed(name).privateIp.replaceAll('.', '-')}`;
}

beforeAll(async () => {
  await prepare();
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  lab = await openLab(() => {});
  writeSettings(directory);
});

afterAll(async () => {
  await browser?.close();
  await lab?.close();
  rmSync(directory, { recursive: true, force: true });
});

test('up builds the cluster on real hosts and says that it is healthy', async () => {
  const began = Date.now();
  const { code, output: said } = await airflowAws(directory, ['up', '--yes']);
  expect(code, said).toBe(0);
  const url = /Airflow\s+(https:\/\/\S+)/.exec(said)?.[1];
  expect(url).toBe(`https://${hostNamed('bastion').publicIp}`);
  airflow = new Airflow(url!);
  figure(`up: ${Math.round((Date.now() - began) / 1000)} s`);
});

test('a second up changes nothing', async () => {
  const { code, output: said } = await airflowAws(directory, ['up', '--yes']);
  expect(code, said).toBe(0);
  expect(said).toContain('nothing was changed');
});

test('the image of node a has no host key, no machine id and no secret on it', async () => {
  Object.assign(secrets, JSON.parse(await parameter('/airflow-aws/pms/airflow-secrets')));
  const image = imageFolder(lab.region.seen!.instances.find(({ resource }) => resource === 'nodeC')!.imageId);
  expect(existsSync(join(image, 'opt/airflow/venv/bin/airflow'))).toBe(true);
  for (const name of ['etc/machine-id', 'etc/ssh/ssh_host_ed25519_key', 'etc/ssh/ssh_host_rsa_key'])
    expect(existsSync(join(image, name)) ? readFileSync(join(image, name), 'utf8') : '', name).toBe('');
  const values = [
    ...Object.values(secrets),
    await parameter('/airflow-aws/pms/database-password'),
    await parameter('/airflow-aws/pms/cache-password'),
  ];
  expect(values.length).toBe(9);
  // grep ends with 1 when it finds nothing, which is what is wanted.
  const found = await run('grep', ['-rlF', '-f', '-', image], `${values.join('\n')}\n`).catch(() => '');
  expect(found).toBe('');
  for (const node of ['a', 'c'])
    expect(await onNode(node, 'stat', '-c', '%a %U', '/run/airflow/airflow.env'), node).toBe('400 airflow\n');
});

test('node a and node c have identities of their own', async () => {
  for (const file of ['/etc/machine-id', '/etc/ssh/ssh_host_ed25519_key.pub']) {
    const [a, c] = await Promise.all([onNode('a', 'cat', file), onNode('c', 'cat', file)]);
    expect(a.length).toBeGreaterThan(20);
    expect(a).not.toBe(c);
  }
});

test('nobody on the internet reaches a node, the database or Flower', async () => {
  const reach = (host: string, port: number) =>
    run(...inNamespace(namespaces.operator, ['timeout', '3', 'bash', '-c', `: </dev/tcp/${host}/${port}`])).then(
      () => 'open',
      () => 'shut',
    );
  const bastion = hostNamed('bastion').publicIp!;
  expect(await reach(bastion, 443)).toBe('open');
  expect(await reach(bastion, 5555)).toBe('shut');
  expect(await reach(hostNamed('a').privateIp, 22)).toBe('shut');
  await expect(airflow.call('GET', '/execution/health')).rejects.toThrow('404');
});

test('nodes reach of one another what STEP 7 opens, and nothing else', async () => {
  const reach = (port: number) =>
    onNode('a', 'timeout', '3', 'bash', '-c', `: </dev/tcp/${hostNamed('c').privateIp}/${port}`).then(
      () => 'open',
      () => 'shut',
    );
  expect(await reach(8793)).toBe('open');
  // sshd listens there, for the bastion alone.
  expect(await reach(22)).toBe('shut');
});

test('a browser logs in as the Admin user through the bastion', async () => {
  browser = await Browser.open();
  await browser.open(airflow.url);
  await browser.until(`document.querySelector('input[name=password]') !== null`);
  await browser.screenshot(join(output, 'log-in.png'));
  await logIn(browser, airflow.url, 'admin', secrets.adminPassword!);
  await browser.until(`document.body.innerText.includes('Dags') && !location.pathname.includes('login')`);
  expect(await browser.evaluate('location.origin')).toBe(airflow.url);
});

test('the user without the role Admin logs in and may not see connections', async () => {
  const user = new Airflow(airflow.url);
  await user.logIn('user', secrets.userPassword!);
  await expect(user.call('GET', '/api/v2/dags')).resolves.toBeDefined();
  await expect(user.call('GET', '/api/v2/connections')).rejects.toThrow('403');
});

test('tasks run through Celery on both nodes, and their logs are read back from S3', async () => {
  await airflow.logIn('admin', secrets.adminPassword!);
  const began = Date.now();
  await airflow.start('airflow_aws_canary', 'both-nodes');
  expect(await airflow.end('airflow_aws_canary', 'both-nodes', 180)).toBe('success');
  figure(`canary of 17 tasks: ${Math.round((Date.now() - began) / 1000)} s`);
  const tasks = await airflow.tasks('airflow_aws_canary', 'both-nodes');
  const hosts = new Set(tasks.map(({ hostname }) => hostname?.split('.')[0]));
  expect(hosts).toEqual(new Set([hostOf('a'), hostOf('c')]));
  for (const name of ['a', 'c']) {
    const one = tasks.find(({ task_id, hostname }) => task_id === 'where' && hostname?.startsWith(hostOf(name)))!;
    // The log is on its node until it has been sent, a moment after the end of its task.
    const log = await until('the log in S3', 30, async () => {
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
  figure(`memory of node a: ${mebibytes} MiB in use by Airflow (PSS)`);
  expect(mebibytes).toBeGreaterThan(500);
  expect(mebibytes).toBeLessThan(8 * 1024 - 1024);
});

test('with node a pulled out in the middle of a run, the run finishes on node c within 150 s', async () => {
  const dags = join(regionFolder, 'efs', lab.region.seen!.fileSystemIds[0]!, 'dags');
  await copyFile(join(process.cwd(), 'test/lab/dags/lab_long_run.py'), join(dags, 'lab_long_run.py'));
  await airflow.start('lab_long_run', 'power-cut');
  const [a, c] = [hostOf('a'), hostOf('c')];
  const on = (tasks: Awaited<ReturnType<Airflow['tasks']>>, host: string) =>
    tasks.filter(({ state, hostname }) => state === 'running' && hostname?.startsWith(host)).length;
  const lost = await until('tasks on both nodes', 60, async () => {
    const tasks = await airflow.tasks('lab_long_run', 'power-cut');
    return on(tasks, a) > 1 && on(tasks, c) > 1 ? tasks.filter((one) => one.hostname?.startsWith(a)) : undefined;
  });
  await pull('a');
  const cut = Date.now();
  const seconds = () => Math.round((Date.now() - cut) / 1000);
  await airflow
    .call('GET', '/api/v2/version')
    .catch(() => until('an answer', 60, () => airflow.call('GET', '/api/v2/version')));
  figure(`power cut: the API answers again after ${seconds()} s`);
  await until('a second try on node c', 150, async () => {
    const tasks = await airflow.tasks('lab_long_run', 'power-cut');
    const again = tasks.filter(
      ({ map_index, try_number }) => try_number > 1 && lost.some((one) => one.map_index === map_index),
    );
    return on(again, c) > 0 ? true : undefined;
  });
  figure(`power cut: node c runs what node a had after ${seconds()} s`);
  expect(seconds()).toBeLessThanOrEqual(90);
  expect(await airflow.end('lab_long_run', 'power-cut', 150)).toBe('success');
  figure(`power cut: the run has ended well after ${seconds()} s`);
  const tasks = await airflow.tasks('lab_long_run', 'power-cut');
  expect(tasks.every(({ state }) => state === 'success')).toBe(true);
  for (const one of lost) {
    const now = tasks.find(({ task_id, map_index }) => task_id === one.task_id && map_index === one.map_index)!;
    expect(now.hostname).toContain(c);
  }
  await browser!.open(`${airflow.url}/dags/lab_long_run/runs/power-cut`);
  await browser!.until(`document.body.innerText.includes('Success')`);
  await browser!.screenshot(join(output, 'grid.png'));
});

test('destroy takes all of it away', async () => {
  const { code, output: said } = await airflowAws(directory, ['destroy', '--yes', '--confirm', 'pms', '--delete-data']);
  expect(code, said).toBe(0);
  await lab.region.reconcile();
  expect(lab.region.seen!.interfaces).toEqual([]);
  expect(await run('ip', ['netns', 'list'])).not.toMatch(/afl-i-/);
});
