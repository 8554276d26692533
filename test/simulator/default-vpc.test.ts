import {
  CreateDefaultSubnetCommand,
  CreateDefaultVpcCommand,
  CreateSecurityGroupCommand,
  DeleteSubnetCommand,
  DescribeAccountAttributesCommand,
  DescribeInternetGatewaysCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

describe('the default VPC of the simulated account', () => {
  test('it is made on demand with a public subnet in each zone, a gateway and a route to it', async () => {
    const { ec2 } = await network();
    const { Vpc } = await ec2.send(new CreateDefaultVpcCommand({}));
    expect(Vpc).toMatchObject({ IsDefault: true, CidrBlock: '172.31.0.0/16' });
    await refused(ec2.send(new CreateDefaultVpcCommand({})), 'DefaultVpcAlreadyExists');
    const Filters = [{ Name: 'default-for-az', Values: ['true'] }];
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets?.map((one) => [one.CidrBlock, one.MapPublicIpOnLaunch])).toEqual([
      ['172.31.0.0/20', true],
      ['172.31.16.0/20', true],
      ['172.31.32.0/20', true],
      ['172.31.48.0/20', true],
    ]);
    const { InternetGateways } = await ec2.send(new DescribeInternetGatewaysCommand({}));
    expect(InternetGateways?.[0]?.Attachments?.[0]?.VpcId).toBe(Vpc?.VpcId);
    const attributes = await ec2.send(new DescribeAccountAttributesCommand({ AttributeNames: ['default-vpc'] }));
    expect(attributes.AccountAttributes?.[0]?.AttributeValues).toEqual([{ AttributeValue: Vpc?.VpcId }]);
  });

  test('a default subnet comes back in its zone, and groups are found there by name', async () => {
    const { ec2 } = await network();
    await refused(
      ec2.send(new CreateDefaultSubnetCommand({ AvailabilityZone: 'us-west-2b' })),
      'DefaultVpcDoesNotExist',
    );
    const { Vpc } = await ec2.send(new CreateDefaultVpcCommand({}));
    const again = () => ec2.send(new CreateDefaultSubnetCommand({ AvailabilityZone: 'us-west-2b' }));
    await refused(again(), 'DefaultSubnetAlreadyExistsInAvailabilityZone');
    const Filters = [
      { Name: 'vpc-id', Values: [Vpc!.VpcId!] },
      { Name: 'availability-zone', Values: ['us-west-2b'] },
    ];
    const { SubnetId } = (await ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets![0]!;
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    expect((await again()).Subnet).toMatchObject({ CidrBlock: '172.31.16.0/20', DefaultForAz: true });
    const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: 'web', Description: 'web' }));
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupNames: ['web'] }));
    expect(SecurityGroups).toMatchObject([{ GroupId, VpcId: Vpc?.VpcId }]);
  });
});
