import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AllocateAddressCommand, EC2Client } from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, test } from 'vitest';
import { parsedArn } from '../../src/belongings/elsewhere.ts';
import { cost } from '../../src/commands/cost.ts';
import { type DestroyFlags, destroy } from '../../src/commands/destroy.ts';
import { type OrphanedStack, orphans } from '../../src/commands/orphans.ts';
import { openWorld } from '../../src/commands/worlds.ts';
import { simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf } from '../helpers/inventory.ts';
import { ioIn } from './io.ts';

async function orphansIn(
  directory: string,
): Promise<{ exitCode: number; stacks: OrphanedStack[]; costPerDay: number }> {
  const io = ioIn(directory, { json: true });
  const exitCode = await orphans(io, { simulate: true, exitCode: true });
  return { exitCode, ...io.data<{ stacks: OrphanedStack[]; costPerDay: number }>() };
}

describe('orphans', () => {
  const built = temporaryFolder();
  beforeAll(() => simulatedUp(built));

  function copy(): string {
    const folder = temporaryFolder();
    cpSync(built, folder, { recursive: true });
    return folder;
  }

  test('a state knows everything that its own run made', async () => {
    expect(await orphansIn(built)).toMatchObject({ exitCode: 0, stacks: [], costPerDay: 0 });
  });

  test('without the state everything is listed, of every service, at the price that cost gives', async () => {
    const folder = copy();
    const io = ioIn(folder, { json: true });
    await cost(io, { simulate: true });
    rmSync(join(simulatedFolder(folder), 'state.json'));
    const { exitCode, stacks, costPerDay } = await orphansIn(folder);
    expect(exitCode).toBe(3);
    expect(stacks).toHaveLength(1);
    expect(stacks[0]!.name).toBe('pms');
    expect(costPerDay).toBeCloseTo(24 * io.data<{ costPerHour: number }>().costPerHour, 2);
    const services = new Set(stacks[0]!.resources.map(({ type }) => type.split(':')[0]));
    expect([...services].sort()).toEqual([
      ...['ec2', 'elasticache', 'elasticfilesystem', 'elasticloadbalancing', 'iam', 'rds', 's3', 'ssm'],
    ]);
    const keys = stacks[0]!.resources.map(({ key }) => key);
    expect(keys).toEqual(
      expect.arrayContaining(['natGateway', 'nodeC', 'dbInstance', 'bucket', 'airflowSecrets', 'role']),
    );
  });

  test('of our own stack, only what the state does not name is an orphan; what came with it is not', async () => {
    const folder = copy();
    const file = join(simulatedFolder(folder), 'state.json');
    const state = JSON.parse(readFileSync(file, 'utf8'));
    const { allocationId } = state.resources.elasticIp.identity;
    delete state.resources.elasticIp;
    // Another id under the same key: the state's own thing is gone, and a second one is there.
    state.resources.bastion.identity.instanceId = 'i-0123456789abcdef0';
    writeFileSync(file, JSON.stringify(state));
    const { stacks } = await orphansIn(folder);
    expect(stacks.flatMap(({ resources }) => resources.map(({ type, key }) => `${type} ${key}`))).toEqual([
      'ec2:elastic-ip elasticIp',
      'ec2:instance bastion',
    ]);
    expect(stacks[0]!.resources[0]!.id).toBe(allocationId);
  });

  test('a service that cannot be asked is named, and the others’ orphans are listed all the same', async () => {
    const folder = copy();
    rmSync(join(simulatedFolder(folder), 'state.json'));
    const io = ioIn(folder);
    await orphans(io, { simulate: true, fault: ['GetResources:AccessDeniedException'] });
    expect(io.notes.join('\n')).toContain('the tagging API could not be asked (AccessDeniedException)');
    expect(io.lines.join('\n')).toMatch(/natGateway +\$1\.08 a day/);
  });
});

describe('destroy --orphans', () => {
  const built = temporaryFolder();
  beforeAll(() => simulatedUp(built));

  /** The account of `built`, seen from a folder that knows nothing of it. */
  function elsewhere(): string {
    const folder = temporaryFolder();
    cpSync(built, folder, { recursive: true });
    for (const name of ['state.json', 'state.json.previous']) rmSync(join(simulatedFolder(folder), name));
    return folder;
  }

  async function take(folder: string, flags: Partial<DestroyFlags>) {
    const io = ioIn(folder, { json: true });
    const exitCode = await destroy(io, { simulate: true, yes: true, ...flags });
    return { exitCode, done: JSON.parse(io.lines.at(-1)!) as { ok: boolean; destroyed: string[]; left: string[] } };
  }

  test('takes all of a stack away, data too when that is said, and finds nothing left', async () => {
    const folder = elsewhere();
    const { exitCode, done } = await take(folder, { orphans: 'all', confirm: 'pms', deleteData: true });
    expect(done).toMatchObject({ ok: true, left: [] });
    expect(exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test('leaves what holds data, and what the data stands on, unless that is said', async () => {
    const folder = elsewhere();
    const { exitCode, done } = await take(folder, { orphans: 'all', confirm: 'pms' });
    expect(done).toMatchObject({ ok: true, left: [] });
    expect(exitCode).toBe(0);
    const keys = done.destroyed.map((one) => one.split('/')[0]);
    expect(keys).toEqual(
      expect.arrayContaining(['nodeA', 'nodeC', 'bastion', 'natGateway', 'elasticIp', 'loadBalancer']),
    );
    const { stacks } = await orphansIn(folder);
    const there = stacks[0]!.resources.map(({ key }) => key);
    expect(there).toEqual(
      expect.arrayContaining([
        'bucket',
        'fileSystem',
        'dbCluster',
        'dbInstance',
        'airflowSecrets',
        'vpc',
        'dbSubnetGroup',
      ]),
    );
    expect(there).not.toContain('nodeA');
  });

  test('refuses without the name, with a wrong one, what holds data, what is needed, and what is none', async () => {
    const folder = elsewhere();
    const before = inventoryOf(folder);
    const { stacks } = await orphansIn(folder);
    const of = (key: string) => `${key}/${stacks[0]!.resources.find((one) => one.key === key)!.id}`;
    const refused = (flags: Partial<DestroyFlags>, text: string) =>
      expect(take(folder, flags)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(text) });
    await refused({ orphans: 'all' }, 'has no answer');
    await refused({ orphans: true, confirm: 'pms' }, 'has no answer');
    await refused({ orphans: 'all', confirm: 'others' }, '"others" has no orphans');
    await refused({ orphans: of('bucket'), confirm: 'pms' }, 'holds data');
    await refused({ orphans: of('vpc'), confirm: 'pms' }, 'is needed by');
    await refused({ orphans: 'nodeA/i-0', confirm: 'pms' }, 'is no orphan');
    expect(inventoryOf(folder)).toEqual(before);
  });

  test('of a living deployment takes only what its state does not know, one of two of a kind', async () => {
    const folder = temporaryFolder();
    cpSync(built, folder, { recursive: true });
    const file = join(simulatedFolder(folder), 'state.json');
    const whole = readFileSync(file, 'utf8');
    const before = inventoryOf(folder);
    const state = JSON.parse(whole);
    // A second address, as a state from before the first one would have had made.
    delete state.resources.elasticIp;
    const world = openWorld(
      ioIn(folder),
      { simulate: true },
      { region: 'us-west-2', folder: simulatedFolder(folder), os: '' },
    );
    const ec2 = world.prepare(new EC2Client(world.clientConfig));
    const { stack } = state;
    const Tags = Object.entries({ stack: stack.id, name: 'pms', resource: 'elasticIp', generation: '1' }).map(
      ([key, Value]) => ({ Key: `airflow-aws:${key}`, Value }),
    );
    const TagSpecifications = [{ ResourceType: 'elastic-ip' as const, Tags }];
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications }));
    // Until tag filters show it.
    await world.clock.sleep(30_000);
    world.close();
    const { stacks } = await orphansIn(folder);
    expect(stacks.flatMap(({ resources }) => resources.map(({ id }) => id))).toEqual([AllocationId]);
    const { done } = await take(folder, { orphans: 'all', confirm: 'pms' });
    expect(done).toMatchObject({ ok: true, destroyed: [`elasticIp/${AllocationId}`] });
    expect(inventoryOf(folder)).toEqual(before);
    expect(readFileSync(file, 'utf8')).toBe(whole);
  });

  test('of two stacks of one name wants to know which', async () => {
    const folder = elsewhere();
    const [first] = (await orphansIn(folder)).stacks;
    // The second one lives: its state is here, and names nothing of the first.
    const world = openWorld(
      ioIn(folder),
      { simulate: true },
      { region: 'us-west-2', folder: simulatedFolder(folder), os: '' },
    );
    const ec2 = world.prepare(new EC2Client(world.clientConfig));
    const Tags = Object.entries({ stack: 'second', name: 'pms', resource: 'elasticIp' }).map(([key, Value]) => ({
      Key: `airflow-aws:${key}`,
      Value,
    }));
    const TagSpecifications = [{ ResourceType: 'elastic-ip' as const, Tags }];
    await ec2.send(new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications }));
    // Until tag filters show it.
    await world.clock.sleep(30_000);
    world.close();
    await expect(take(folder, { orphans: 'all', confirm: 'pms', deleteData: true })).rejects.toMatchObject({
      fix: expect.stringContaining(`pms/${first!.stack}`),
    });
    expect((await take(folder, { orphans: 'all', confirm: 'pms/second' })).done.destroyed).toHaveLength(1);
    expect((await take(folder, { orphans: 'all', confirm: 'pms', deleteData: true })).exitCode).toBe(0);
    expect(inventoryOf(folder).counts).toEqual({});
  });

  test('refuses a database that is protected from deletion', async () => {
    const folder = temporaryFolder();
    await simulatedUp(folder, { protect: 'true', until: '12' });
    for (const name of ['state.json', 'state.json.previous']) rmSync(join(simulatedFolder(folder), name));
    const before = inventoryOf(folder);
    await expect(take(folder, { orphans: 'all', confirm: 'pms', deleteData: true })).rejects.toMatchObject({
      code: 'protected',
    });
    expect(inventoryOf(folder)).toEqual(before);
  });
});

describe('an ARN', () => {
  test.each([
    ['arn:aws:rds:us-west-2:123456789012:cluster:pms-airflow-rds', 'rds:cluster', 'pms-airflow-rds'],
    ['arn:aws:rds:us-west-2:123456789012:cluster-snapshot:rds:one', 'rds:cluster-snapshot', 'rds:one'],
    ['arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1', 'elasticfilesystem:file-system', 'fs-1'],
    ['arn:aws:s3:::bucket', 's3:', 'bucket'],
    ['arn:aws:ssm:us-west-2:123456789012:parameter/airflow-aws/pms/x', 'ssm:parameter', '/airflow-aws/pms/x'],
    ['arn:aws:ssm:us-west-2:123456789012:parameter/plain', 'ssm:parameter', 'plain'],
  ])('%s is a %s called %s', (arn, type, id) => {
    expect(parsedArn(arn)).toEqual({ type, id });
  });
});
