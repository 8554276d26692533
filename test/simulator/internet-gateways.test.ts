import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  DeleteInternetGatewayCommand,
  DeleteVpcCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
  DisassociateAddressCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

async function withGateway() {
  const world = await network();
  const { InternetGateway } = await world.ec2.send(new CreateInternetGatewayCommand({}));
  return { ...world, InternetGatewayId: InternetGateway!.InternetGatewayId! };
}

describe('internet gateways of the simulated account', () => {
  test('a gateway is attached to one VPC, and a VPC has one gateway', async () => {
    const { ec2, VpcId, InternetGatewayId } = await withGateway();
    const attach = (id: string) => ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId }));
    await attach(InternetGatewayId);
    await refused(attach(InternetGatewayId), 'Resource.AlreadyAssociated');
    const other = await ec2.send(new CreateInternetGatewayCommand({}));
    await refused(
      attach(other.InternetGateway!.InternetGatewayId!),
      'InvalidParameterValue',
      'already has an internet gateway attached',
    );
    const { InternetGateways } = await ec2.send(
      new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [VpcId] }] }),
    );
    expect(InternetGateways).toMatchObject([{ InternetGatewayId, Attachments: [{ VpcId, State: 'available' }] }]);
  });

  test('detaching what is not attached is refused; attached, neither gateway nor VPC can be deleted', async () => {
    const { ec2, VpcId, SubnetId: _, InternetGatewayId } = await withGateway();
    const detach = () => ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await refused(detach(), 'Gateway.NotAttached');
    await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await refused(ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })), 'DependencyViolation');
    await refused(ec2.send(new DeleteVpcCommand({ VpcId })), 'DependencyViolation');
    await detach();
    await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
    await refused(
      ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })),
      'InvalidInternetGatewayID.NotFound',
    );
  });

  test('a gateway cannot be detached while an address is mapped through it, and its route becomes a blackhole after', async () => {
    const { ec2, VpcId, SubnetId, InternetGatewayId } = await withGateway();
    const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    const { NetworkInterfaceId } = NetworkInterface!;
    const associate = () => ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
    await refused(associate(), 'Gateway.NotAttached');
    await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    const { AssociationId } = await associate();

    const main = new DescribeRouteTablesCommand({ Filters: [{ Name: 'association.main', Values: ['true'] }] });
    const { RouteTableId } = (await ec2.send(main)).RouteTables![0]!;
    await ec2.send(
      new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId }),
    );

    const detach = () => ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await refused(detach(), 'DependencyViolation', `Network ${VpcId} has some mapped public address(es)`);
    await ec2.send(new DisassociateAddressCommand({ AssociationId }));
    await detach();
    const { RouteTables } = await ec2.send(main);
    expect(RouteTables?.[0]?.Routes?.map(({ State }) => State)).toEqual(['active', 'blackhole']);
  });

  test('a region has five of them', async () => {
    const { ec2 } = await network();
    for (let i = 0; i < 5; i++) await ec2.send(new CreateInternetGatewayCommand({}));
    await refused(ec2.send(new CreateInternetGatewayCommand({})), 'InternetGatewayLimitExceeded');
  });
});
