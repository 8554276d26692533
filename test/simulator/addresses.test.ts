import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DisassociateAddressCommand,
  ReleaseAddressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

async function publicNetwork() {
  const world = await network();
  const { ec2, VpcId, SubnetId } = world;
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: InternetGateway?.InternetGatewayId, VpcId }));
  const held = async () =>
    (await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))).NetworkInterface!.NetworkInterfaceId!;
  const allocate = async () => (await ec2.send(new AllocateAddressCommand({}))).AllocationId!;
  return { ...world, held, allocate };
}

describe('Elastic IP addresses of the simulated account', () => {
  test('an address is found by its tag, and a region has five', async () => {
    const { ec2 } = await network();
    const TagSpecifications = [{ ResourceType: 'elastic-ip' as const, Tags: [{ Key: 'Name', Value: 'nat' }] }];
    const made = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications }));
    const found = await ec2.send(new DescribeAddressesCommand({ Filters: [{ Name: 'tag:Name', Values: ['nat'] }] }));
    expect(found.Addresses).toMatchObject([
      { AllocationId: made.AllocationId, PublicIp: made.PublicIp, Domain: 'vpc' },
    ]);
    for (let i = 1; i < 5; i++) await ec2.send(new AllocateAddressCommand({}));
    await refused(ec2.send(new AllocateAddressCommand({})), 'AddressLimitExceeded');
  });

  test('an associated address shows on both sides and cannot be released', async () => {
    const { ec2, held, allocate } = await publicNetwork();
    const [AllocationId, NetworkInterfaceId] = [await allocate(), await held()];
    const { AssociationId } = await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
    const { Addresses } = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [AllocationId] }));
    expect(Addresses).toMatchObject([{ AssociationId, NetworkInterfaceId, PrivateIpAddress: '10.0.1.4' }]);
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({
        Filters: [{ Name: 'association.allocation-id', Values: [AllocationId] }],
      }),
    );
    expect(NetworkInterfaces).toMatchObject([{ NetworkInterfaceId, Association: { AssociationId } }]);
    await refused(ec2.send(new ReleaseAddressCommand({ AllocationId })), 'InvalidIPAddress.InUse');
    await ec2.send(new DisassociateAddressCommand({ AssociationId }));
    await refused(ec2.send(new DisassociateAddressCommand({ AssociationId })), 'InvalidAssociationID.NotFound');
    await ec2.send(new ReleaseAddressCommand({ AllocationId }));
    await refused(ec2.send(new ReleaseAddressCommand({ AllocationId })), 'InvalidAllocationID.NotFound');
    await refused(
      ec2.send(new DescribeAddressesCommand({ AllocationIds: [AllocationId] })),
      'InvalidAllocationID.NotFound',
    );
  });

  test('an address moves only when AllowReassociation says so', async () => {
    const { ec2, held, allocate } = await publicNetwork();
    const AllocationId = await allocate();
    const [one, other] = [await held(), await held()];
    await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: one }));
    const move = (more = {}) =>
      ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: other, ...more }));
    await refused(move(), 'Resource.AlreadyAssociated', 'is already associated with associate-id');
    await move({ AllowReassociation: true });
    const { Addresses } = await ec2.send(new DescribeAddressesCommand({}));
    expect(Addresses).toMatchObject([{ NetworkInterfaceId: other }]);
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: other }));
    await ec2.send(new ReleaseAddressCommand({ AllocationId }));
  });

  test('an instance shows the address as its own, and lets it go when it ends', async () => {
    const { ec2, SubnetId, allocate, pass } = await publicNetwork();
    const ImageId = 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId, InstanceType: 't3.micro', SubnetId, MinCount: 1, MaxCount: 1 }),
    );
    const InstanceId = Instances![0]!.InstanceId!;
    const AllocationId = await allocate();
    const associate = () => ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId }));
    await refused(associate(), 'InvalidInstanceID', `The pending instance '${InstanceId}' is not in a valid state`);
    await pass(60);
    const { AssociationId } = await associate();
    const { Addresses } = await ec2.send(
      new DescribeAddressesCommand({ Filters: [{ Name: 'instance-id', Values: [InstanceId] }] }),
    );
    expect(Addresses).toMatchObject([{ AllocationId, AssociationId, InstanceId }]);
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(Reservations?.[0]?.Instances?.[0]?.PublicIpAddress).toBe(Addresses?.[0]?.PublicIp);
    await refused(ec2.send(new ReleaseAddressCommand({ AllocationId })), 'InvalidIPAddress.InUse');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    await pass(120);
    await ec2.send(new ReleaseAddressCommand({ AllocationId }));
  });
});
