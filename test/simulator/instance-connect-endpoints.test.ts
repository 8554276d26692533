import {
  CreateInstanceConnectEndpointCommand,
  DeleteInstanceConnectEndpointCommand,
  DeleteSubnetCommand,
  DescribeInstanceConnectEndpointsCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { computeWorld } from './compute-world.ts';

describe('EC2 Instance Connect Endpoints of the simulated account', () => {
  test('an endpoint comes, holds its subnet, and goes', async () => {
    const { ec2, subnetId, groupId, later } = await computeWorld();
    const create = new CreateInstanceConnectEndpointCommand({
      SubnetId: subnetId,
      SecurityGroupIds: [groupId],
      ClientToken: 'one',
    });
    const { InstanceConnectEndpoint } = await ec2.send(create);
    const id = InstanceConnectEndpoint?.InstanceConnectEndpointId ?? '';
    expect(InstanceConnectEndpoint?.State).toBe('create-in-progress');
    expect((await ec2.send(create)).InstanceConnectEndpoint?.InstanceConnectEndpointId).toBe(id);
    const other = new CreateInstanceConnectEndpointCommand({ SubnetId: subnetId, ClientToken: 'two' });
    await expect(ec2.send(other)).rejects.toMatchObject({ name: 'ResourceLimitExceeded' });
    await later(200);
    const question = new DescribeInstanceConnectEndpointsCommand({ InstanceConnectEndpointIds: [id] });
    expect((await ec2.send(question)).InstanceConnectEndpoints).toMatchObject([
      { State: 'create-complete', SubnetId: subnetId },
    ]);
    await expect(ec2.send(new DeleteSubnetCommand({ SubnetId: subnetId }))).rejects.toMatchObject({
      name: 'DependencyViolation',
    });
    await ec2.send(new DeleteInstanceConnectEndpointCommand({ InstanceConnectEndpointId: id }));
    await later(200);
    await expect(ec2.send(question)).rejects.toMatchObject({ name: 'InvalidInstanceConnectEndpointId.NotFound' });
    await ec2.send(new DeleteSubnetCommand({ SubnetId: subnetId }));
  });
});
