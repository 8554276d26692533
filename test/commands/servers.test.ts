import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type TargetHealthStateEnum,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { airflow } from '../../src/commands/airflow.ts';
import { openerOn } from '../../src/commands/browser.ts';
import { journalctl, logs } from '../../src/commands/logs.ts';
import { open } from '../../src/commands/open.ts';
import { ssh } from '../../src/commands/ssh.ts';
import { cli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

const ec2 = mockClient(EC2Client);
const sts = mockClient(STSClient);
const elbv2 = mockClient(ElasticLoadBalancingV2Client);
const path = process.env.PATH;

let folder: string;

/** A program called ssh that notes its arguments, one a line, and then does what the test wants. */
function fakeSsh(does: string) {
  const program = join(folder, 'bin', 'ssh');
  writeFileSync(
    program,
    `#!/bin/sh\nprintf '%s\\n' "$@" >> '${folder}/asked'\nprintf -- '--\\n' >> '${folder}/asked'\n${does}\n`,
  );
  chmodSync(program, 0o755);
}

/** The arguments of each call of ssh, those that name the configuration left out. */
function asked(): string[][] {
  if (!existsSync(join(folder, 'asked'))) return [];
  const calls = readFileSync(join(folder, 'asked'), 'utf8').split('--\n').slice(0, -1);
  return calls.map((call) =>
    call
      .trimEnd()
      .split('\n')
      .filter((word) => word !== '-F' && !word.endsWith('ssh_config')),
  );
}

function health(instanceId: string, State: TargetHealthStateEnum) {
  return { Target: { Id: instanceId }, TargetHealth: { State } };
}

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'bin'));
  process.env.PATH = `${join(folder, 'bin')}:${path}`;
  const row = (identity: object, output: object = {}) => ({
    ...{ step: 1, status: 'complete', generation: 1, since: '2026-11-23T09:00:00.000Z' },
    identity,
    output,
  });
  const state = {
    version: 1,
    stack: { id: 'stack1', name: 'pms', account: '123456789012', region: 'us-west-2', world: 'aws' },
    resources: {
      bastion: row({ instanceId: 'i-0b' }),
      nodeA: row({ instanceId: 'i-0a' }),
      nodeC: row({ instanceId: 'i-0c' }),
      targetGroup: row({ targetGroupArn: 'arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/t/1' }),
      cluster: row({ bastionId: 'i-0b' }, { url: 'https://198.51.100.7' }),
    },
  };
  mkdirSync(join(folder, '.airflow-aws'));
  writeFileSync(join(folder, '.airflow-aws', 'pms-oregon-key.pem'), 'a key');
  writeFileSync(join(folder, '.airflow-aws', 'state.json'), JSON.stringify(state));
  for (const mock of [ec2, sts, elbv2]) mock.reset();
  sts.on(GetCallerIdentityCommand).resolves({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/me' });
  ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [
      {
        Instances: [
          { InstanceId: 'i-0c', PrivateIpAddress: '10.0.3.4' },
          { InstanceId: 'i-0b', PrivateIpAddress: '10.0.1.4', PublicIpAddress: '198.51.100.7' },
          { InstanceId: 'i-0a', PrivateIpAddress: '10.0.2.4' },
        ],
      },
    ],
  });
  fakeSsh('exit 0');
});

afterEach(() => {
  process.env.PATH = path;
});

describe('ssh', () => {
  test('leads to the bastion, and through it to a node, by the addresses that EC2 has now', async () => {
    expect(await ssh(ioIn(folder), {}, { operands: [] })).toBe(0);
    expect(await ssh(ioIn(folder), {}, { operands: ['c'] })).toBe(0);
    expect(asked()).toEqual([['bastion'], ['c']]);
    const config = readFileSync(join(folder, '.airflow-aws', 'ssh_config'), 'utf8');
    expect(config).toMatch(/Host bastion\n {2}HostName 198\.51\.100\.7\n/);
    expect(config).toMatch(/Host c\n {2}HostName 10\.0\.3\.4\n[^H]+HostKeyAlias i-0c\n {2}ProxyJump bastion/);
    expect(config).toContain('pms-oregon-key.pem');
  });

  test('gives the command behind -- to the server and ends with its exit code', async () => {
    fakeSsh('exit 17');
    expect(await ssh(ioIn(folder), {}, { operands: ['a'], rest: ['df', '-h', '/mnt/efs'] })).toBe(17);
    expect(asked()).toEqual([['a', 'df', '-h', '/mnt/efs']]);
  });

  test('a connection that does not come about says what to do', async () => {
    fakeSsh('exit 255');
    await expect(ssh(ioIn(folder), {}, { operands: ['a'] })).rejects.toMatchObject({
      code: 'host-unreachable',
      exitCode: 1,
      fix: expect.stringContaining('airflow-aws up'),
    });
  });

  test('a node that does not run is named with those that do, and without the bastion there is no way', async () => {
    const bastion = { InstanceId: 'i-0b', PublicIpAddress: '198.51.100.7' };
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [bastion] }] });
    await expect(ssh(ioIn(folder), {}, { operands: ['a'] })).rejects.toMatchObject({
      code: 'no-such-server',
      why: expect.stringContaining('bastion'),
    });
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
    await expect(ssh(ioIn(folder), {}, { operands: [] })).rejects.toMatchObject({ code: 'no-bastion', exitCode: 1 });
    expect(asked()).toEqual([]);
  });
});

describe('airflow', () => {
  test('runs on the node that the load balancer holds for healthy, each word kept whole', async () => {
    elbv2.on(DescribeTargetHealthCommand).resolves({
      TargetHealthDescriptions: [health('i-0a', 'unhealthy'), health('i-0c', 'healthy')],
    });
    await airflow(ioIn(folder), {}, { rest: ['dags', 'trigger', 'one', '--conf', `{"it's": "$(x)"}`] });
    const line = `sudo -n /usr/local/bin/airflow-cluster 'dags' 'trigger' 'one' '--conf' '{"it'\\''s": "$(x)"}'`;
    expect(asked()).toEqual([['c', line]]);
  });

  test('runs on any node that is there when the load balancer has no answer', async () => {
    elbv2.on(DescribeTargetHealthCommand).rejects(new Error('no'));
    await airflow(ioIn(folder), {}, { rest: ['version'] });
    expect(asked()[0]![0]).toMatch(/^[ac]$/);
  });

  test('without words it is a usage error', async () => {
    await expect(airflow(ioIn(folder), {}, {})).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('logs', () => {
  test('reads the unit on both nodes, each line with its node, and masks what looks like a secret', async () => {
    fakeSsh('echo "started"; echo "password=hunter2"');
    const io = ioIn(folder);
    expect(await logs(io, {}, { operands: ['scheduler'] })).toBe(0);
    expect([...io.lines].sort()).toEqual(['a  password=***', 'a  started', 'c  password=***', 'c  started']);
    expect(
      asked()
        .map(([, host]) => host)
        .sort(),
    ).toEqual(['a', 'c']);
    expect(asked()[0]!.at(-1)).toContain("'--unit=airflow@scheduler.service'");
  });

  test('of one server has no name before its lines', async () => {
    fakeSsh('echo "one line"');
    const io = ioIn(folder);
    await logs(io, { node: 'bastion', follow: true }, { operands: ['nginx'] });
    expect(io.lines).toEqual(['one line']);
    expect(asked()).toHaveLength(1);
    expect(asked()[0]!.at(-1)).toContain("'--follow'");
  });

  test('--since takes so long ago or a date, and nothing that a shell would take for more', () => {
    expect(journalctl('nginx.service', { since: '30m' })).toContain("'--since=-30m'");
    expect(journalctl('nginx.service', { since: '2026-11-23 09:00' })).toContain("'--since=2026-11-23 09:00'");
    expect(journalctl('nginx.service', {})).toContain("'--lines=200'");
    expect(() => journalctl('nginx.service', { since: '$(reboot)' })).toThrow('--since');
  });
});

describe('open', () => {
  test('prints where Airflow is; without a finished cluster it says how to get one', async () => {
    const io = ioIn(folder);
    expect(await open(io, {})).toBe(0);
    expect(io.lines).toEqual(['https://198.51.100.7']);
    await expect(open(ioIn(temporaryFolder()), {})).rejects.toMatchObject({ code: 'no-url', exitCode: 2 });
  });

  test('opens a browser where there is a desktop, and not at the far end of an ssh', () => {
    expect(openerOn('linux', { DISPLAY: ':0' })).toEqual(['xdg-open']);
    expect(openerOn('linux', {})).toBeUndefined();
    expect(openerOn('darwin', {})).toEqual(['open']);
    expect(openerOn('darwin', { SSH_CONNECTION: '1 2 3 4' })).toBeUndefined();
  });
});

test.each([['ssh'], ['logs', 'worker'], ['open'], ['airflow', '--', 'version']])(
  'in a rehearsal %s explains that there are no servers',
  async (...words) => {
    const ended = await cli(temporaryFolder(), words, { AIRFLOW_AWS_SIMULATE: '1' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/Error: .*no servers\.\n {2}Why: .+\n {2}Fix: .+/);
  },
);

test('what stands behind -- is read by nobody but the other program', async () => {
  const ended = await cli(temporaryFolder(), ['--simulate', 'airflow', '--', '--json', '--help']);
  expect(ended.stderr).toMatch(/^Error: /);
  const plan = await cli(temporaryFolder(), ['--simulate', 'plan', '--', 'x']);
  expect(plan.code).toBe(2);
  expect(plan.stderr).toContain('takes nothing behind "--"');
});
