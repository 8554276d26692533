import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { simulatedFolder } from './deployment.ts';

export interface ExistingNetwork {
  readonly vpcId: string;
  readonly publicSubnet: string;
  readonly privateSubnets: readonly [string, string];
  readonly publicRouteTable: string;
  readonly privateRouteTable: string;
}

/** An EC2 client of the folder's simulated account, as another program of its owner would have one. */
export function neighbour(directory: string) {
  const account = simulatedAccount({ file: join(simulatedFolder(directory), 'account.json') });
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };
  return { ec2: account.attach(new EC2Client({ region: 'us-west-2', credentials })), clock: account.clock };
}

/** Somebody's network, as the deployment needs it, in a new simulated account; and the settings that use it. */
export async function existingNetwork(directory: string): Promise<ExistingNetwork> {
  const { ec2, clock } = neighbour(directory);
  const Tags = [{ Key: 'Name', Value: 'the company’s' }];
  const tagged = (ResourceType: 'vpc' | 'subnet') => [{ ResourceType, Tags }];
  const { Vpc } = await ec2.send(
    new CreateVpcCommand({ CidrBlock: '172.20.0.0/16', TagSpecifications: tagged('vpc') }),
  );
  const VpcId = Vpc!.VpcId!;
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
  const subnet = async (third: number, zone: string) => {
    const place = { VpcId, CidrBlock: `172.20.${third}.0/24`, AvailabilityZone: `us-west-2${zone}` };
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ ...place, TagSpecifications: tagged('subnet') }));
    return Subnet!.SubnetId!;
  };
  const [outside, a, c] = [await subnet(0, 'b'), await subnet(10, 'a'), await subnet(11, 'c')];
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
  const settings = `vpc:\n  use: ${VpcId}\n  publicSubnet: ${outside}\n  privateSubnets: [${a}, ${c}]\n`;
  writeFileSync(join(directory, 'airflow-aws.yaml'), settings);
  return { vpcId: VpcId, publicSubnet: outside, privateSubnets: [a, c], publicRouteTable, privateRouteTable };
}

/** The whole account as the simulator has it on disk, table by table, without clocks and dice. */
export function rowsOf(directory: string): Record<string, Record<string, Record<string, unknown>>> {
  const { tables } = JSON.parse(readFileSync(join(simulatedFolder(directory), 'account.json'), 'utf8'));
  return tables;
}
