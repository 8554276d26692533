import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  type InstanceStateName,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../src/engine/resource.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf, token } from '../helpers/aws.ts';

export const identity = { instanceId: 'i-1' };

function statusIs(Status: 'ok' | 'impaired') {
  ec2.on(DescribeInstanceStatusCommand).resolves({
    InstanceStatuses: [{ InstanceId: 'i-1', InstanceStatus: { Status }, SystemStatus: { Status: 'ok' } }],
  });
}

export function listed(key: string, Name: InstanceStateName, more: object = {}) {
  return { Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name }, Tags: tagsOf(key), ...more }] }] };
}

/** What every server keeps to, whichever step it belongs to. */
export function aServer(server: AnyResource, needs: Record<string, Record<string, string>>) {
  const { key } = server;

  describe(`${key} find`, () => {
    it.each(['terminated', 'shutting-down'] as const)('ignores a %s instance', async (state) => {
      ec2.on(DescribeInstancesCommand).resolves(listed(key, state));
      expect(await server.find(awsFor(server), needs)).toBeUndefined();
      expect(await server.find(awsFor(server, { recorded: identity }), needs)).toBeUndefined();
    });

    it.each(['pending', 'running', 'stopping', 'stopped'] as const)('takes a %s instance', async (state) => {
      statusIs('ok');
      ec2.on(DescribeInstancesCommand).resolves(listed(key, state));
      expect(await server.find(awsFor(server), needs)).toEqual(identity);
    });

    it('takes none whose status checks fail, and terminates it before another is made', async () => {
      statusIs('impaired');
      ec2.on(DescribeInstancesCommand).resolves(listed(key, 'running'));
      expect(await server.find(awsFor(server), needs)).toBeUndefined();
      expect(server.destroyFirst).toBe(true);
    });

    it('takes the new instance and not the terminated one of the same tags', async () => {
      statusIs('ok');
      const old = { InstanceId: 'i-0', State: { Name: 'terminated' as const }, Tags: tagsOf(key) };
      ec2.on(DescribeInstancesCommand).resolves({
        Reservations: [{ Instances: [old] }, ...listed(key, 'running').Reservations],
      });
      expect(await server.find(awsFor(server), needs)).toEqual(identity);
    });
  });

  describe(`${key} create`, () => {
    it('sends one call with the token, and tags on the instance and all that comes with it', async () => {
      ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });
      expect(await server.create(awsFor(server), needs)).toEqual(identity);
      expect(changes()).toEqual(['RunInstances']);
      const [input] = inputsOf(RunInstancesCommand);
      expect(input).toMatchObject({ MinCount: 1, MaxCount: 1, ClientToken: token });
      expect(taggedIn(input)).toEqual({ instance: key, volume: key, 'network-interface': key });
    });

    it('asks for metadata by token only, and for an encrypted gp3 volume that goes with the instance', async () => {
      ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });
      await server.create(awsFor(server), needs);
      const [input] = inputsOf(RunInstancesCommand);
      expect(input!.MetadataOptions).toMatchObject({ HttpTokens: 'required' });
      expect(input!.BlockDeviceMappings).toEqual([
        {
          DeviceName: '/dev/xvda',
          Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true },
        },
      ]);
    });
  });

  describe(`${key} finish`, () => {
    it('waits until it runs, though it may not show yet', async () => {
      ec2
        .on(DescribeInstancesCommand)
        .resolvesOnce({ Reservations: [] })
        .rejectsOnce(awsError('InvalidInstanceID.NotFound'))
        .resolvesOnce(listed(key, 'pending'))
        .resolves(listed(key, 'running', { PrivateIpAddress: '10.0.0.9' }));
      expect(await server.finish!(awsFor(server), identity, needs)).toMatchObject({ privateIp: '10.0.0.9' });
      expect(inputsOf(DescribeInstancesCommand)).toHaveLength(4);
    });

    it('tells by AWS’s own code that it ended by itself', async () => {
      const StateReason = { Code: 'Client.InternalError', Message: 'the volume cannot be decrypted' };
      ec2.on(DescribeInstancesCommand).resolves(listed(key, 'shutting-down', { StateReason }));
      await expect(server.finish!(awsFor(server), identity, needs)).rejects.toMatchObject({
        name: 'FailedLater',
        awsCode: 'Client.InternalError',
        message: expect.stringContaining('the volume cannot be decrypted'),
      });
    });
  });

  describe(`${key} destroy`, () => {
    it('waits until it is terminated, since its interface holds subnet and group until then', async () => {
      ec2.on(TerminateInstancesCommand).resolves({});
      ec2.on(DescribeInstancesCommand).resolvesOnce(listed(key, 'shutting-down')).resolves(listed(key, 'terminated'));
      await server.destroy(awsFor(server), identity);
      expect(inputsOf(TerminateInstancesCommand)).toMatchObject([{ InstanceIds: ['i-1'] }]);
      expect(inputsOf(DescribeInstancesCommand)).toHaveLength(2);
    });

    it('takes not-found for success', async () => {
      ec2.on(TerminateInstancesCommand).rejects(awsError('InvalidInstanceID.NotFound'));
      ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
      await server.destroy(awsFor(server), identity);
      expect(changes()).toEqual(['TerminateInstances']);
    });
  });
}
