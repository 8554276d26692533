import {
  AssociateVpcCidrBlockCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  DisassociateVpcCidrBlockCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { network, refused } from './network.ts';

function ec2() {
  return simulatedAccount().attach(new EC2Client({ region: 'us-west-2' }));
}

describe('VPCs of the simulated account', () => {
  test('a new VPC is pending, and available soon', async () => {
    const client = ec2();
    const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    expect(Vpc).toMatchObject({ State: 'pending', CidrBlock: '10.0.0.0/16' });
    const question = { Filters: [{ Name: 'state', Values: ['avail*'] }] };
    await client.send(new DescribeVpcsCommand(question));
    const { Vpcs } = await client.send(new DescribeVpcsCommand(question));
    expect(Vpcs?.map(({ VpcId }) => VpcId)).toEqual([Vpc?.VpcId]);
  });

  test("refusals carry AWS's code, name and status", async () => {
    const client = ec2();
    await expect(
      client.send(new ModifyVpcAttributeCommand({ VpcId: 'vpc-1', EnableDnsHostnames: { Value: true } })),
    ).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
      Code: 'InvalidVpcID.NotFound',
      message: "The vpc ID 'vpc-1' does not exist",
      $metadata: { httpStatusCode: 400 },
    });
    await expect(client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/8' }))).rejects.toMatchObject({
      name: 'InvalidVpc.Range',
    });
  });

  test('an unknown filter, parameter or member is refused by name', async () => {
    const client = ec2();
    const filter = new DescribeVpcsCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] });
    await expect(client.send(filter)).rejects.toThrow('colour');
    await expect(client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', Ipv4IpamPoolId: 'x' }))).rejects.toThrow(
      'Ipv4IpamPoolId',
    );
    await expect(client.send(new CreateVpcCommand({ CidrBlok: '10.0.0.0/16' } as never))).rejects.toThrow('CidrBlok');
  });

  test('an id of another kind is malformed, and an empty list of ids names nothing', async () => {
    const { ec2, VpcId, SubnetId } = await network();
    await refused(ec2.send(new DescribeVpcsCommand({ VpcIds: [SubnetId] })), 'InvalidVpcID.Malformed');
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [] }));
    expect(Vpcs?.map((one) => one.VpcId)).toEqual([VpcId]);
  });

  test('a region has five, and one that is deleted takes what it was born with along', async () => {
    const { ec2, VpcId, SubnetId } = await network();
    const create = () => ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    for (let i = 1; i < 5; i++) await create();
    await refused(create(), 'VpcLimitExceeded');
    const Filters = [{ Name: 'vpc-id', Values: [VpcId] }];
    const companions = async () => [
      (await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups?.length,
      (await ec2.send(new DescribeRouteTablesCommand({ Filters }))).RouteTables?.length,
      (await ec2.send(new DescribeNetworkAclsCommand({ Filters }))).NetworkAcls?.length,
    ];
    expect(await companions()).toEqual([1, 1, 1]);
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    await ec2.send(new DeleteVpcCommand({ VpcId }));
    expect(await companions()).toEqual([0, 0, 0]);
    await refused(ec2.send(new DeleteVpcCommand({ VpcId })), 'InvalidVpcID.NotFound');
  });

  test('one attribute is changed in a call, and read back', async () => {
    const { ec2, VpcId } = await network();
    const on = { Value: true };
    await refused(
      ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: on, EnableDnsSupport: on })),
      'InvalidParameterCombination',
    );
    const read = async () =>
      (await ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' }))).EnableDnsHostnames;
    expect(await read()).toEqual({ Value: false });
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: on }));
    expect(await read()).toEqual({ Value: true });
  });

  test('a further block makes room for subnets, and goes when no subnet is in it', async () => {
    const { ec2, VpcId } = await network();
    const subnet = () => ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.1.0.0/24' }));
    await refused(subnet(), 'InvalidSubnet.Range');
    const associate = () => ec2.send(new AssociateVpcCidrBlockCommand({ VpcId, CidrBlock: '10.1.0.0/16' }));
    const { AssociationId } = (await associate()).CidrBlockAssociation ?? {};
    await refused(associate(), 'InvalidVpc.Range');
    const { SubnetId } = (await subnet()).Subnet ?? {};
    const remove = () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId }));
    await refused(remove(), 'DependencyViolation');
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    await remove();
    await refused(remove(), 'InvalidVpcCidrBlockAssociationID.NotFound');
  });

  test('with lag a new VPC is unknown to describes and to other calls for some seconds', async () => {
    const account = simulatedAccount({ faults: { describeLagSeconds: 60 } });
    const client = account.attach(new EC2Client({ region: 'us-west-2' }));
    const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const VpcId = Vpc?.VpcId;
    const subnet = () => client.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.1.0/24' }));
    await refused(subnet(), 'InvalidVpcID.NotFound');
    expect((await client.send(new DescribeVpcsCommand({}))).Vpcs).toEqual([]);
    await account.clock.sleep(60_000);
    expect((await subnet()).Subnet?.VpcId).toBe(VpcId);
  });

  test('another region knows nothing of it', async () => {
    const { account, VpcId } = await network();
    const elsewhere = account.attach(new EC2Client({ region: 'eu-west-1' }));
    await refused(elsewhere.send(new DescribeVpcsCommand({ VpcIds: [VpcId] })), 'InvalidVpcID.NotFound');
  });
});
