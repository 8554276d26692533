import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parsedArn } from '../../src/belongings/elsewhere.ts';
import { cost } from '../../src/commands/cost.ts';
import { type OrphanedStack, orphans } from '../../src/commands/orphans.ts';
import { simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
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
