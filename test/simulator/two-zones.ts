import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { Account } from '../../src/simulator/account.ts';
import { type AttachableClient, attach } from '../../src/simulator/attach.ts';
import type { AccountOptions } from '../../src/simulator/index.ts';
import { nouns } from '../../src/simulator/nouns.ts';

export const region = 'us-west-2';

/** An account with a VPC of two subnets in two zones, a third subnet in the first of them, and a security group. */
export async function twoZones(options: AccountOptions = {}) {
  const whole = new Account(nouns, options);
  const account = {
    clock: whole.clock,
    attach<Client extends AttachableClient>(client: Client): Client {
      attach(whole, client, { unattended: true });
      return client;
    },
  };
  const ec2 = account.attach(new EC2Client({ region }));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpcId = Vpc!.VpcId!;
  const subnet = async (CidrBlock: string, AvailabilityZone: string) => {
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone }));
    return Subnet!.SubnetId!;
  };
  const subnetA = await subnet('10.0.2.0/24', 'us-west-2a');
  const subnetC = await subnet('10.0.3.0/24', 'us-west-2c');
  const secondSubnetA = await subnet('10.0.4.0/24', 'us-west-2a');
  const group = { GroupName: 'nodes', Description: 'Nodes', VpcId: vpcId };
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand(group));
  return { account, scope: () => whole.scope(region), ec2, vpcId, subnetA, subnetC, secondSubnetA, groupId: GroupId! };
}

export async function addInternetGateway(ec2: EC2Client, VpcId: string) {
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  return InternetGatewayId;
}
