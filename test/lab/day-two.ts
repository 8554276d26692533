/** What an operator does with a cluster that stands, on real hosts. */
import { expect, test } from 'vitest';
import { airflowUnits, nodeUnits } from '../../src/hosts/components.ts';
import { until } from './airflow.ts';
import { type Cluster, ends, hostOf, onNode } from './cluster.ts';
import { figure } from './figures.ts';
import { hostNamed } from './hosts.ts';

export function dayTwoTests(cluster: () => Cluster) {
  const command = (code: number, ...args: string[]) => ends(cluster().directory, code, args);

  test('ssh leads to each server and ends as the command there ends', async () => {
    expect((await command(0, 'ssh', 'bastion', '--', 'hostname')).stdout.trim()).toBe(hostOf('bastion'));
    expect((await command(0, 'ssh', 'c', '--', 'hostname')).stdout.trim()).toBe(hostOf('c'));
    await command(0, 'ssh', 'a', '--', 'true');
    await command(7, 'ssh', 'a', '--', 'exit', '7');
  });

  test('logs are those of the one component on the one node', async () => {
    const { stdout } = await command(0, 'logs', 'scheduler', '--node', 'a', '--since', '2h');
    expect(stdout).toMatch(/airflow\[\d+\]|systemd\[1\]/);
    expect(stdout).toContain(hostOf('a'));
    expect(stdout).not.toContain(hostOf('c'));
    const both = await command(0, 'logs', 'worker', '--since', '2h');
    expect(both.stdout).toMatch(/^a {2}/m);
    expect(both.stdout).toMatch(/^c {2}/m);
  });

  test("Airflow's own command line answers with the cluster's settings, and its exit code is passed on", async () => {
    expect((await command(0, 'airflow', '--', 'version')).stdout).toContain('3.3.2');
    const { stdout } = await command(0, 'airflow', '--', 'dags', 'list', '--output', 'json');
    const dags = JSON.parse(/\[\s*\{[\s\S]*\]\s*$/.exec(stdout)?.[0] ?? '[]') as { dag_id: string }[];
    expect(dags.map(({ dag_id }) => dag_id)).toContain('airflow_aws_canary');
    await command(2, 'airflow', '--', 'no-such-command');
  });

  test('open and status tell the address, and that all of it is there', async () => {
    const { airflow } = cluster();
    const open = JSON.parse((await command(0, 'open', '--json')).stdout);
    expect(open).toMatchObject({ version: 1, command: 'open', ok: true, data: { url: airflow.url } });
    const { data } = JSON.parse((await command(0, 'status', '--json', '--exit-code')).stdout);
    expect(data).toMatchObject({ complete: true, endpoints: { url: airflow.url } });
    expect(data.steps.map(({ status }: { status: string }) => status)).toEqual(Array(16).fill('complete'));
    expect(data.targets).toEqual([
      expect.objectContaining({ instanceId: hostNamed('a').instanceId, state: 'healthy' }),
      expect.objectContaining({ instanceId: hostNamed('c').instanceId, state: 'healthy' }),
    ]);
  });

  test('status shows the passwords of people to who asks for them, and to nobody else', async () => {
    const { adminPassword, userPassword, flowerPassword, ...others } = cluster().secrets;
    const { output } = await command(0, 'status', '--show-secrets');
    for (const one of [adminPassword, userPassword, flowerPassword]) expect(output).toContain(one);
    for (const one of Object.values(others)) expect(output).not.toContain(one);
    const plain = await command(0, 'status');
    for (const one of Object.values(cluster().secrets)) expect(plain.output).not.toContain(one);
  });

  test('every unit of a node comes back by itself, has a ceiling and stands behind walls', async () => {
    for (const node of ['a', 'c']) {
      const states = await onNode(node, 'systemctl', 'is-active', ...nodeUnits);
      expect(states.trim().split('\n'), node).toEqual(Array(nodeUnits.length).fill('active'));
      for (const unit of airflowUnits) {
        const shown = await onNode(node, 'systemctl', 'show', unit);
        const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
        expect({
          Restart: value('Restart'),
          StartLimit: value('StartLimitIntervalUSec'),
          User: value('User'),
          NoNewPrivileges: value('NoNewPrivileges'),
          ProtectSystem: value('ProtectSystem'),
          CapabilityBoundingSet: value('CapabilityBoundingSet'),
          UnitFileState: value('UnitFileState'),
        }).toEqual({
          Restart: 'always',
          StartLimit: '0',
          User: 'airflow',
          NoNewPrivileges: 'yes',
          ProtectSystem: 'strict',
          CapabilityBoundingSet: '',
          UnitFileState: 'enabled',
        });
        expect(Number(value('MemoryMax')), unit).toBeGreaterThan(100e6);
      }
    }
    // From 0, safe, to 10. A tool that only knows units without any of this finds 9.6 for them.
    const exposure: Record<string, number> = {};
    for (const unit of [...airflowUnits, 'airflow-environment.service']) {
      const text = await onNode('a', 'systemd-analyze', 'security', '--no-pager', unit);
      exposure[unit] = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
    }
    figure('exposure of the units by systemd-analyze security', exposure);
    for (const [unit, found] of Object.entries(exposure)) expect(found, unit).toBeLessThan(3);
  });

  test('a component that dies is back by itself, and the database was brought to its schema once', async () => {
    const pid = async () => (await onNode('c', 'systemctl', 'show', '-P', 'MainPID', 'airflow@triggerer')).trim();
    const before = await pid();
    await onNode('c', 'kill', '-KILL', before);
    // At once on EC2. On a machine with the older control groups a host's systemd is not told that nobody is left, and
    // waits for it as long as for the end of a stop, which for this one is a minute.
    await until('a new triggerer on node c', 240, async () => {
      const now = await pid();
      return now !== '0' && now !== before ? now : undefined;
    });
    const migrations = async (node: string) => {
      const journal = await onNode(node, 'journalctl', '--no-pager', '--boot', '_PID=1');
      return journal.split('\n').filter((line) => /Started .*airflow db migrate/.test(line)).length;
    };
    expect([await migrations('a'), await migrations('c')]).toEqual([1, 0]);
  });

  test('the configuration has no key that Airflow does not know', async () => {
    // Some keys are read and not described; such a one must stand in Airflow's source.
    const program = `import configparser, pathlib
import airflow
from airflow.configuration import conf
def read(key):
    return any(f'"{key}"' in file.read_text() for file in pathlib.Path(airflow.__file__).parent.rglob("*.py"))
mine = configparser.ConfigParser(interpolation=None)
mine.read("/etc/airflow/airflow.cfg")
known = conf.configuration_description
free = {"celery_broker_transport_options"}
print([f"{s}.{k}" for s in mine.sections() if s not in free for k in mine[s] if k not in known.get(s, {}).get("options", {}) and not read(k)])`;
    const line = ['env', 'AIRFLOW_HOME=/tmp/lab-none', '/opt/airflow/venv/bin/python', '-c', program];
    const answer = await onNode('c', ...line);
    expect(answer.trim().split('\n').at(-1)).toBe('[]');
  });
}

export function proofTests(cluster: () => Cluster) {
  test('verify proves every hop of the living cluster', async () => {
    const { stdout } = await ends(cluster().directory, 0, ['verify', '--json']);
    const { ok, data } = JSON.parse(stdout) as Proof;
    expect(ok).toBe(true);
    expect(data.hops.length).toBeGreaterThan(4);
    figure('seconds of verify', data.seconds);
    figure('seconds of its hops', Object.fromEntries(data.hops.map(({ name, seconds }) => [name, seconds])));
  });

  test("in the drill node c does without node a's scheduler, which is back at its end", async () => {
    const { stdout } = await ends(cluster().directory, 0, ['verify', '--drill', '--json']);
    const { data } = JSON.parse(stdout) as Proof;
    const drill = data.hops.filter(({ name }) => name.startsWith('drill'));
    expect(drill).toHaveLength(3);
    figure('seconds of verify --drill', data.seconds);
    figure('seconds of the drill', Object.fromEntries(drill.map(({ name, seconds }) => [name, seconds])));
    expect((await onNode('a', 'systemctl', 'is-active', 'airflow@scheduler')).trim()).toBe('active');
    const journal = await onNode('a', 'journalctl', '--no-pager', '--boot', '_PID=1');
    expect(journal).toMatch(/Stopped airflow@scheduler/);
  });
}

interface Proof {
  readonly ok: boolean;
  readonly data: { readonly seconds: number; readonly hops: readonly { name: string; ok: boolean; seconds: number }[] };
  readonly error?: { readonly message: string };
}

export function brokenTests(cluster: () => Cluster) {
  test('without node a, verify says at which hop the proof breaks off, and ends with 9', async () => {
    const began = Date.now();
    const { stdout } = await ends(cluster().directory, 9, ['verify', '--json']);
    const { ok, data } = JSON.parse(stdout) as Proof;
    expect(ok).toBe(false);
    expect(data.hops.find((hop) => !hop.ok)?.name).toMatch(/node a/);
    figure('seconds until verify says that a node is gone', Math.round((Date.now() - began) / 1000));
  });
}
