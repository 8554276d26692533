import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  AddTagsToResourceCommand,
  CancelCommandCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeInstanceInformationCommand,
  DescribeParametersCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ListCommandInvocationsCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  SendCommandCommand,
  SSMClient,
  StartSessionCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { computeWorld } from './compute-world.ts';

function ssm() {
  return simulatedAccount().attach(new SSMClient({ region: 'us-west-2', maxAttempts: 1 }));
}

const linux = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

describe('parameters of the simulated account', () => {
  test('a SecureString shows its value only on request, and each overwrite is a version', async () => {
    const client = ssm();
    const Name = '/airflow/fernet';
    expect(await client.send(new PutParameterCommand({ Name, Value: 'one', Type: 'SecureString' }))).toMatchObject({
      Version: 1,
      Tier: 'Standard',
    });
    const put = (more: object) =>
      client.send(new PutParameterCommand({ Name, Value: 'two', Type: 'SecureString', ...more }));
    await expect(put({})).rejects.toMatchObject({ name: 'ParameterAlreadyExists', $metadata: { httpStatusCode: 400 } });
    await expect(put({ Overwrite: true, Tags: [{ Key: 'a', Value: 'b' }] })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    expect(await put({ Overwrite: true })).toMatchObject({ Version: 2 });
    const read = async (name: string, WithDecryption = false) =>
      (await client.send(new GetParameterCommand({ Name: name, WithDecryption }))).Parameter;
    expect((await read(Name))?.Value).toMatch(/^AQICAH/);
    expect(await read(Name, true)).toMatchObject({
      Value: 'two',
      Version: 2,
      ARN: 'arn:aws:ssm:us-west-2:123456789012:parameter/airflow/fernet',
    });
    expect(await read(`${Name}:1`, true)).toMatchObject({ Value: 'one', Selector: ':1' });
    await expect(read(`${Name}:9`)).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    await expect(read('/none')).rejects.toMatchObject({ name: 'ParameterNotFound' });
    const { Parameters } = await client.send(new GetParameterHistoryCommand({ Name, WithDecryption: true }));
    expect(Parameters?.map(({ Version, Value }) => [Version, Value])).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
  });

  test('names, types and sizes are refused as AWS refuses them', async () => {
    const client = ssm();
    const put = (Name: string, more: object = {}) =>
      client.send(new PutParameterCommand({ Name, Value: 'x', Type: 'String', ...more }));
    for (const name of ['aws-thing', '/ssm/thing', 'a/b', 'a b', 'x//y'])
      await expect(put(name)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('/a'.repeat(16))).rejects.toMatchObject({ name: 'HierarchyLevelLimitExceededException' });
    await expect(put('plain', { Type: undefined })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('big', { Value: 'x'.repeat(4097) })).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await put('big', { Value: 'x'.repeat(4097), Tier: 'Intelligent-Tiering' })).toMatchObject({
      Tier: 'Advanced',
    });
    await expect(put('digits', { AllowedPattern: '\\d+' })).rejects.toMatchObject({
      name: 'ParameterPatternMismatchException',
    });
  });

  test('parameters are found by path and by tag until they are deleted', async () => {
    const client = ssm();
    for (const Name of ['/pms/a', '/pms/b', '/pms/deep/c', 'plain'])
      await client.send(
        new PutParameterCommand({ Name, Value: 'x', Type: 'String', Tags: [{ Key: 'stack', Value: Name }] }),
      );
    const byPath = async (more: object) =>
      (await client.send(new GetParametersByPathCommand({ Path: '/pms', ...more }))).Parameters?.map(
        ({ Name }) => Name,
      );
    expect(await byPath({})).toEqual(['/pms/a', '/pms/b']);
    expect(await byPath({ Recursive: true })).toEqual(['/pms/a', '/pms/b', '/pms/deep/c']);
    const first = await client.send(new GetParametersByPathCommand({ Path: '/pms', MaxResults: 1 }));
    expect(await byPath({ MaxResults: 1, NextToken: first.NextToken })).toEqual(['/pms/b']);
    const filtered = new DescribeParametersCommand({ ParameterFilters: [{ Key: 'tag:stack', Values: ['/pms/b'] }] });
    expect((await client.send(filtered)).Parameters).toMatchObject([{ Name: '/pms/b', Type: 'String', Version: 1 }]);
    const wrong = new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Colour', Values: ['x'] }] });
    await expect(client.send(wrong)).rejects.toThrow('Colour');
    const resource = { ResourceType: 'Parameter' as const, ResourceId: 'plain' };
    await client.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'more', Value: '1' }] }));
    await client.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ['stack'] }));
    expect((await client.send(new ListTagsForResourceCommand(resource))).TagList).toEqual([
      { Key: 'more', Value: '1' },
    ]);
    expect(await client.send(new DeleteParametersCommand({ Names: ['plain', 'none'] }))).toMatchObject({
      DeletedParameters: ['plain'],
      InvalidParameters: ['none'],
    });
    await client.send(new DeleteParameterCommand({ Name: '/pms/a' }));
    await expect(client.send(new DeleteParameterCommand({ Name: '/pms/a' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });

  test('public parameters name images, others are reported as invalid', async () => {
    const client = ssm();
    const { Parameters, InvalidParameters } = await client.send(
      new GetParametersCommand({ Names: [linux, '/aws/service/none'] }),
    );
    expect(Parameters).toMatchObject([
      { Name: linux, Value: expect.stringMatching(/^ami-0[0-9a-f]{16}$/), DataType: 'aws:ec2:image' },
    ]);
    expect(InvalidParameters).toEqual(['/aws/service/none']);
    const found = await client.send(new GetParametersByPathCommand({ Path: '/aws/service/ami-amazon-linux-latest' }));
    expect(found.Parameters).toHaveLength(10);
  });
});

describe('commands of the simulated account', () => {
  test('a command reaches an instance once its agent may register, and ends by itself', async () => {
    const world = await computeWorld();
    const client = world.account.attach(new SSMClient({ region: 'us-west-2', maxAttempts: 1 }));
    const iam = world.account.attach(new IAMClient({ region: 'us-west-2' }));
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    await iam.send(new CreateRoleCommand({ RoleName: 'node', AssumeRolePolicyDocument }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'node' }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'node', RoleName: 'node' }));
    await world.account.clock.sleep(60_000);
    const { InstanceId = '' } = await world.running({ IamInstanceProfile: { Name: 'node' } });
    await world.account.clock.sleep(120_000);
    const send = (commands: string[]) =>
      client.send(
        new SendCommandCommand({
          InstanceIds: [InstanceId],
          DocumentName: 'AWS-RunShellScript',
          Parameters: { commands },
        }),
      );
    await expect(send(['true'])).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    await expect(client.send(new StartSessionCommand({ Target: InstanceId }))).rejects.toMatchObject({
      name: 'TargetNotConnected',
    });
    await iam.send(
      new AttachRolePolicyCommand({
        RoleName: 'node',
        PolicyArn: 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore',
      }),
    );
    const { InstanceInformationList } = await client.send(new DescribeInstanceInformationCommand({}));
    expect(InstanceInformationList).toMatchObject([{ InstanceId, PingStatus: 'Online' }]);

    const { Command } = await send(['echo hello']);
    expect(Command?.Status).toBe('Pending');
    const question = { CommandId: Command?.CommandId, InstanceId };
    await expect(client.send(new GetCommandInvocationCommand(question))).rejects.toMatchObject({
      name: 'InvocationDoesNotExist',
    });
    await world.account.clock.sleep(2500);
    const now = await client.send(new ListCommandInvocationsCommand(question));
    expect(now.CommandInvocations).toMatchObject([{ Status: 'InProgress' }]);
    await world.account.clock.sleep(10_000);
    expect(await client.send(new GetCommandInvocationCommand(question))).toMatchObject({
      Status: 'Success',
      ResponseCode: 0,
      StandardOutputContent: 'hello\n',
    });
    const failing = await send(['exit 3']);
    await world.account.clock.sleep(10_000);
    const failed = await client.send(
      new ListCommandInvocationsCommand({ CommandId: failing.Command?.CommandId ?? '' }),
    );
    expect(failed.CommandInvocations).toMatchObject([{ Status: 'Failed', InstanceId }]);
    await expect(client.send(new CancelCommandCommand({ CommandId: '0'.repeat(36) }))).rejects.toMatchObject({
      name: 'InvalidCommandId',
    });
    const unknown = new SendCommandCommand({ InstanceIds: [InstanceId], DocumentName: 'No-Such', Parameters: {} });
    await expect(client.send(unknown)).rejects.toMatchObject({ name: 'InvalidDocument' });
  });
});
