import {
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeSubnetsCommand,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

describe('subnets of the simulated account', () => {
  test('a subnet keeps its zone under both names, five addresses for AWS, and a block without host bits', async () => {
    const { ec2, VpcId } = await network();
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.2.77/24', AvailabilityZoneId: 'usw2-az3' }),
    );
    expect(Subnet).toMatchObject({
      State: 'pending',
      AvailabilityZone: 'us-west-2c',
      AvailableIpAddressCount: 251,
      CidrBlock: '10.0.2.0/24',
    });
    const question = new DescribeSubnetsCommand({ Filters: [{ Name: 'cidr-block', Values: ['10.0.2.0/24'] }] });
    await ec2.send(question);
    const { Subnets } = await ec2.send(question);
    expect(Subnets).toMatchObject([{ SubnetId: Subnet?.SubnetId, State: 'available', MapPublicIpOnLaunch: false }]);
  });

  test('a block must be in the VPC and free of other subnets', async () => {
    const { ec2, VpcId } = await network();
    const create = (CidrBlock: string, more = {}) => ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, ...more }));
    await refused(create('10.1.0.0/24'), 'InvalidSubnet.Range', "The CIDR '10.1.0.0/24' is invalid.");
    await refused(create('10.0.9.0/29'), 'InvalidSubnet.Range');
    await refused(create('10.0.1.128/25'), 'InvalidSubnet.Conflict', 'conflicts with another subnet');
    await refused(create('10.0.300.0/24'), 'InvalidParameterValue', 'not a valid CIDR block');
    await refused(create('10.0.2.0/24', { AvailabilityZone: 'us-west-2z' }), 'InvalidParameterValue', 'us-west-2z');
    await refused(create('10.0.2.0/24', { VpcId: 'vpc-0123456789abcdef0' }), 'InvalidVpcID.NotFound');
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    expect(Subnets).toHaveLength(1);
  });

  test('a subnet with an interface in it cannot be deleted, nor its VPC', async () => {
    const { ec2, VpcId, SubnetId } = await network();
    const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    const remove = () => ec2.send(new DeleteSubnetCommand({ SubnetId }));
    await refused(remove(), 'DependencyViolation', 'has dependencies and cannot be deleted');
    await refused(ec2.send(new DeleteVpcCommand({ VpcId })), 'DependencyViolation');
    const { NetworkInterfaceId } = NetworkInterface!;
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await remove();
    await refused(remove(), 'InvalidSubnetID.NotFound', `The subnet ID '${SubnetId}' does not exist`);
    await ec2.send(new DeleteVpcCommand({ VpcId }));
  });

  test('an attribute is changed, and an id of another kind is malformed', async () => {
    const { ec2, SubnetId, VpcId } = await network();
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
    expect(Subnets?.[0]?.MapPublicIpOnLaunch).toBe(true);
    await refused(ec2.send(new DescribeSubnetsCommand({ SubnetIds: [VpcId] })), 'InvalidSubnetID.Malformed');
  });

  test('pages hold what MaxResults allows and lead to the rest', async () => {
    const { ec2, subnet } = await network();
    for (let i = 2; i <= 7; i++) await subnet(`10.0.${i}.0/24`);
    const first = await ec2.send(new DescribeSubnetsCommand({ MaxResults: 5 }));
    const { NextToken } = first;
    const second = await ec2.send(new DescribeSubnetsCommand({ MaxResults: 5, NextToken }));
    expect([first.Subnets?.length, second.Subnets?.length, second.NextToken]).toEqual([5, 2, undefined]);
    await refused(ec2.send(new DescribeSubnetsCommand({ MaxResults: 1 })), 'InvalidParameterValue');
  });
});
