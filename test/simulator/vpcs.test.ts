import { CreateVpcCommand, DescribeVpcsCommand, EC2Client, ModifyVpcAttributeCommand } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';

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
});
