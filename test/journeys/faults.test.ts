import { describe, expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { type Ran, simulatedDestroy, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf, tablesOf } from '../helpers/inventory.ts';

interface Told {
  code: string;
  message: string;
  why: string;
  fix: string;
  step: number;
  resource: string;
  awsCode: string;
  requestId?: string;
  resumable: boolean;
}

function error({ done }: Ran): Told {
  expect(done.ok).toBe(false);
  return done.error as Told;
}

/** One run with `fault`, and a second one without, which must end well. */
async function metOnce(fault: string[], { until = '16' } = {}): Promise<Ran> {
  const folder = temporaryFolder();
  const first = await simulatedUp(folder, { fault, until });
  const second = await simulatedUp(folder, { resume: true, until });
  expect(second.exitCode).toBe(0);
  return first;
}

describe('a refusal of AWS, as it is told', () => {
  test('for lack of capacity names the classes that would do and the zones that sell the class', async () => {
    const ran = await metOnce(['9:InsufficientInstanceCapacity'], { until: '9' });
    expect(ran.exitCode).toBe(1);
    const told = error(ran);
    expect(told).toMatchObject({ step: 9, resource: 'bastion', awsCode: 'InsufficientInstanceCapacity' });
    expect(told.why).toContain('It was asked for t3.micro in us-west-2a. The zones b, c, d sell that class too.');
    expect(told.why).toContain('AWS says InsufficientInstanceCapacity: We currently do not have sufficient t3.micro');
    expect(told.fix).toMatch(/^Set bastion\.instanceType to one of .*\bt3a\.micro\b.*, or wait a few minutes\./);
    expect(told.fix).toContain('"airflow-aws up --resume --simulate"');
  });

  test('for lack of database capacity names the classes of that size in that zone', async () => {
    const told = error(await metOnce(['12:InsufficientDBInstanceCapacity'], { until: '12' }));
    expect(told).toMatchObject({ step: 12, resource: 'dbInstance' });
    expect(told.fix).toMatch(/^Set database\.instanceClass to one of db\..*\.medium/);
  });

  test('for a quota names it, how large it is, and the command that asks for more', async () => {
    const told = error(await metOnce(['1:VpcLimitExceeded'], { until: '1' }));
    expect(told).toMatchObject({ step: 1, resource: 'vpc', awsCode: 'VpcLimitExceeded' });
    expect(told.why).toContain('The quota for VPCs (L-F678F1CE) is 5; up to 1 more is needed.');
    expect(told.fix).toContain('--service-code vpc --quota-code L-F678F1CE --desired-value 6');
  });

  test('for lack of permission names the action that EC2 encodes', async () => {
    const ran = await metOnce(['6:UnauthorizedOperation'], { until: '6' });
    expect(ran.exitCode).toBe(4);
    const told = error(ran);
    expect(told.why).toContain('These credentials may not call ec2:CreateNatGateway.');
    expect(told.why).toContain('No policy allows it, to arn:aws:iam::');
    expect(told.why).not.toContain('Encoded authorization failure message');
    expect(told.fix).toContain(
      'Allow ec2:CreateNatGateway in the policy of these credentials; "airflow-aws iam policy"',
    );
  });

  test('for lack of permission names the action that other services say in plain words', async () => {
    const ran = await metOnce(['12:AccessDenied'], { until: '12' });
    expect(ran.exitCode).toBe(4);
    expect(error(ran).fix).toMatch(/^Allow (ssm:PutParameter|rds:CreateDB\w+) in the policy/);
  });

  test('that lets a database fail which is to be protected still has it taken away and made anew, protected', async () => {
    const folder = temporaryFolder();
    const { exitCode } = await simulatedUp(folder, {
      fault: ['later.dbCluster:failed'],
      protect: 'true',
      until: '12',
    });
    expect(exitCode).toBe(0);
    const [clusters] = Object.values(tablesOf(folder)).flatMap((tables) => tables['rds.clusters'] ?? []);
    expect(Object.values(clusters!)).toMatchObject([{ status: 'available', shown: { DeletionProtection: true } }]);
  });

  test.each([
    ['natGateway', 'InternalError', 'NAT gateway creation failed'],
    ['instance', 'Server.InternalError', 'Internal error on launch'],
    ['loadBalancer', 'failed', ''],
    ['dbCluster', 'failed', 'DB cluster creation failed'],
    ['dbInstance', 'failed', 'DB instance creation failed'],
    ['replicationGroup', 'create-failed', 'could not be created'],
    ['image', 'Client.InternalError', ''],
  ])(
    'that lets a %s fail by itself is met by a second one, and told with AWS’s reason when that fails too',
    async (noun, code, reason) => {
      const folder = temporaryFolder();
      const mended = await simulatedUp(folder, { fault: [`later.${noun}:${code}`] });
      expect(mended.exitCode).toBe(0);
      await simulatedDestroy(folder);
      // Bastion and node a are launched at the same time, so their first launches are two of the failures.
      const times = noun === 'instance' ? 4 : 2;
      const twice = await simulatedUp(folder, { fault: [`later.${noun}:${code}*${times}`] });
      expect(twice.exitCode).toBe(1);
      const told = error(twice);
      expect(told.awsCode).toBe(code);
      expect(told.why).toContain('let it fail by itself, the second time too');
      expect(told.why).toContain(reason);
      expect((await simulatedUp(folder, { resume: true })).exitCode).toBe(0);
      await simulatedDestroy(folder);
      expect(inventoryOf(folder).counts).toEqual({});
    },
  );
});

describe('credentials that expire', () => {
  test('in the middle of a run stop it with exit 7, a true state, and the log-in command', async () => {
    const folder = temporaryFolder();
    const stopped = await simulatedUp(folder, { fault: ['expire=200'] });
    expect(stopped.exitCode).toBe(7);
    const told = error(stopped);
    expect(told.why).toContain('The credentials ran out during the run.');
    expect(told.fix).toMatch(/^Log in again \("aws sso login"\)\. Then run "airflow-aws up --resume/);
    expect(stopped.events.filter(({ event }) => event === 'resource.failed')).toHaveLength(1);
    const known = Object.keys(stateOf(folder).resources).length;
    expect(known).toBeGreaterThan(5);
    const resumed = await simulatedUp(folder, { resume: true });
    expect(resumed.exitCode).toBe(0);
    const calm = temporaryFolder();
    await simulatedUp(calm);
    expect(inventoryOf(folder)).toEqual(inventoryOf(calm));
  });

  test('in the middle of destroy stop that, and a second destroy goes on', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '8' });
    const stopped = await simulatedDestroy(folder, { fault: ['expire=30'] });
    expect(stopped.exitCode).toBe(7);
    expect(error(stopped).fix).toContain('"airflow-aws destroy --simulate"');
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test('before a run has begun are told in three lines and are no defect', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { until: '3' });
    const ended = await cli(folder, ['status', '--simulate', '--fault', 'expire=2']);
    expect(ended.code).toBe(7);
    expect(ended.stderr).toMatch(/Error: .*\n\s*Why: The credentials ran out.*\n.*\n\s*Fix: Log in again/);
  });
});

describe('the flags of a rehearsal', () => {
  test('are in the help', async () => {
    const { stdout } = await cli(temporaryFolder(), ['--help']);
    for (const flag of ['--seed', '--fault', '--kill-before', '--kill-inside', '--kill-after'])
      expect(stdout).toContain(flag);
  });

  test.each(['99:InsufficientInstanceCapacity', 'throttle=often', 'wind=3', ''])(
    'refuse the fault "%s"',
    async (fault) => {
      const ended = await cli(temporaryFolder(), ['up', '--simulate', '--yes', '--fault', fault]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain('is not a fault');
    },
  );

  test('are refused for AWS itself', async () => {
    const ended = await cli(temporaryFolder(), ['up', '--yes', '--fault', 'throttle=0.2']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('--simulate');
  });

  test('kill after a change that was refused as after any other', async () => {
    const folder = temporaryFolder();
    const flags = ['--fault', '9:InsufficientInstanceCapacity', '--kill-after', '12', '--seed', '7'];
    expect((await cli(folder, ['up', '--simulate', '--yes', ...flags])).signal).toBe('SIGKILL');
    expect((await simulatedUp(folder, { resume: true, until: '9' })).exitCode).toBe(0);
  });

  test('say with --verbose what AWS calls it, and the id of the request', async () => {
    const folder = temporaryFolder();
    const ended = await cli(folder, ['up', '--simulate', '--yes', '--verbose', '--fault', '1:VpcLimitExceeded']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/AWS: VpcLimitExceeded\n\s*Request id: [\da-f-]{36}/);
  });
});
