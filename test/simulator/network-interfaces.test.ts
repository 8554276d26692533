import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfaceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DetachNetworkInterfaceCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

describe('network interfaces of the simulated account', () => {
  test('an interface takes the next free address of its subnet and the default group of the VPC', async () => {
    const { ec2, SubnetId } = await network();
    const create = async (more = {}) =>
      (await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, ...more }))).NetworkInterface!;
    const first = await create();
    const second = await create({ PrivateIpAddress: '10.0.1.5' });
    const third = await create({ Description: 'third' });
    expect([first, second, third].map((one) => one.PrivateIpAddress)).toEqual(['10.0.1.4', '10.0.1.5', '10.0.1.6']);
    expect(first).toMatchObject({ Status: 'pending', Groups: [{ GroupName: 'default' }] });
    await refused(create({ PrivateIpAddress: '10.0.1.5' }), 'InvalidIPAddress.InUse');
    await refused(create({ PrivateIpAddress: '10.0.2.5' }), 'InvalidParameterValue');
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
    expect(Subnets?.[0]?.AvailableIpAddressCount).toBe(248);
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'description', Values: ['third'] }] }),
    );
    expect(NetworkInterfaces).toMatchObject([
      { Status: 'available', PrivateDnsName: 'ip-10-0-1-6.us-west-2.compute.internal', SubnetId },
    ]);
  });

  test('a full subnet has no address left', async () => {
    const { ec2, subnet } = await network();
    const SubnetId = await subnet('10.0.9.0/28');
    const create = () => ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    for (let i = 0; i < 11; i++) await create();
    await refused(create(), 'InsufficientFreeAddressesInSubnet');
  });

  test('attributes change, and groups must be of the same VPC', async () => {
    const { ec2, SubnetId, VpcId } = await network();
    const { NetworkInterfaceId } = (await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))).NetworkInterface!;
    const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: 'a', Description: 'a', VpcId }));
    const modify = (more: object) =>
      ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, ...more }));
    await modify({ Groups: [GroupId] });
    await modify({ SourceDestCheck: { Value: false } });
    await refused(modify({ Groups: ['sg-0123456789abcdef0'] }), 'InvalidGroup.NotFound');
    await refused(modify({}), 'InvalidParameterCombination');
    const read = await ec2.send(
      new DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attribute: 'groupSet' }),
    );
    expect(read.Groups).toMatchObject([{ GroupId }]);
  });

  test('an interface that is gone, or never was, is not found', async () => {
    const { ec2, SubnetId } = await network();
    const { NetworkInterfaceId } = (await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))).NetworkInterface!;
    const remove = () => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await remove();
    await refused(remove(), 'InvalidNetworkInterfaceID.NotFound');
    const AttachmentId = 'eni-attach-0123456789abcdef0';
    await refused(ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId })), 'InvalidAttachmentID.NotFound');
  });

  test('an interface moves from instance to instance, except the first one of each', async () => {
    const { ec2, SubnetId, pass } = await network();
    const ImageId = 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId, InstanceType: 't3.micro', SubnetId, MinCount: 1, MaxCount: 1 }),
    );
    await pass(60);
    const InstanceId = Instances![0]!.InstanceId!;
    const { NetworkInterfaceId } = (await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))).NetworkInterface!;
    const attach = (DeviceIndex: number) =>
      ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex }));
    await refused(attach(0), 'InvalidParameterValue', "already has an interface attached at device index '0'");
    const { AttachmentId } = await attach(1);
    await refused(attach(2), 'InvalidNetworkInterface.InUse');
    await refused(
      ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
      'InvalidParameterValue',
      'is currently in use',
    );
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [InstanceId] }] }),
    );
    expect(NetworkInterfaces?.map((one) => one.Attachment?.DeviceIndex)).toEqual([0, 1]);
    const first = NetworkInterfaces?.[0]?.Attachment?.AttachmentId;
    await refused(ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId: first })), 'OperationNotPermitted');
    await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }));
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
  });
});
