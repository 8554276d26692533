import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNatGatewaysCommand,
  type EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { SimulatedAccount } from './index.ts';

export interface ExistingNetwork {
  readonly vpcId: string;
  readonly publicSubnet: string;
  readonly privateSubnets: [string, string];
  readonly publicRouteTable: string;
  readonly privateRouteTable: string;
}

/**
 * Somebody's network in a simulated account, as a deployment needs one that it is to use: DNS host names on, ways out by
 * an internet gateway and a NAT gateway, a subnet in each of `zones` (names, as `us-west-2a`), no tag of ours.
 */
export async function existingNetwork(
  ec2: EC2Client,
  clock: SimulatedAccount['clock'],
  zones: { readonly public: string; readonly private: readonly [string, string] },
): Promise<ExistingNetwork> {
  const Tags = [{ Key: 'Name', Value: 'the company’s' }];
  const tagged = (ResourceType: 'vpc' | 'subnet') => [{ ResourceType, Tags }];
  const { Vpc } = await ec2.send(
    new CreateVpcCommand({ CidrBlock: '172.20.0.0/16', TagSpecifications: tagged('vpc') }),
  );
  const VpcId = Vpc!.VpcId!;
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
  const subnet = async (third: number, zone: string) => {
    const place = { VpcId, CidrBlock: `172.20.${third}.0/24`, AvailabilityZone: zone };
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ ...place, TagSpecifications: tagged('subnet') }));
    return Subnet!.SubnetId!;
  };
  const [outside, a, c] = [
    await subnet(0, zones.public),
    await subnet(10, zones.private[0]),
    await subnet(11, zones.private[1]),
  ];
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const { InternetGatewayId } = InternetGateway!;
  await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
  const table = async (route: object, ...subnetIds: string[]) => {
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const { RouteTableId } = RouteTable!;
    await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', ...route }));
    for (const SubnetId of subnetIds) await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    return RouteTableId!;
  };
  const publicRouteTable = await table({ GatewayId: InternetGatewayId }, outside);
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const { NatGateway } = await ec2.send(new CreateNatGatewayCommand({ SubnetId: outside, AllocationId }));
  const { NatGatewayId } = NatGateway!;
  const Filter = [{ Name: 'nat-gateway-id', Values: [NatGatewayId!] }];
  for (let state: string | undefined = 'pending'; state === 'pending'; ) {
    await clock.sleep(10_000);
    state = (await ec2.send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways?.[0]?.State;
  }
  const privateRouteTable = await table({ NatGatewayId }, a, c);
  return { vpcId: VpcId, publicSubnet: outside, privateSubnets: [a, c], publicRouteTable, privateRouteTable };
}
