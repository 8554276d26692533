/** STEP 2: one public subnet, and a private one in each of the two zones. */
import {
  CreateSubnetCommand,
  DeleteSubnetCommand,
  DescribeSubnetsCommand,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { vpc } from './01-vpc.ts';
import { differing, ec2TagDifferences, networkStays } from './differences.ts';
import { orUsed } from './used.ts';

const subnets = ec2Kind({
  idFilter: 'subnet-id',
  idField: 'subnetId',
  ask: (Filters) => new DescribeSubnetsCommand({ Filters }),
  list: ({ Subnets }) => Subnets,
  id: ({ SubnetId }) => SubnetId,
});

function subnet<const Key extends string>(
  key: Key,
  setting: string,
  place: (aws: Aws) => { CidrBlock: string; zone: string },
  used: Parameters<typeof orUsed>[2],
) {
  return resource(
    key,
    { vpc },
    orUsed('subnetId', subnets, used, {
      type: 'AWS::EC2::Subnet',
      typicalSeconds: { create: 2, destroy: 4 },
      async find({ seek }) {
        const found = await seek(subnets);
        return found && { subnetId: found.SubnetId! };
      },
      async create(aws, { vpc }) {
        const { CidrBlock, zone } = place(aws);
        const { Subnet } = await aws.ec2.send(
          new CreateSubnetCommand({
            VpcId: vpc.vpcId,
            CidrBlock,
            AvailabilityZone: `${aws.account.region}${zone}`,
            TagSpecifications: aws.tagSpecifications('subnet'),
          }),
        );
        return { subnetId: Subnet!.SubnetId! };
      },
      async compare(aws, { subnetId }) {
        const found = await aws.seek(subnets);
        const { CidrBlock, zone } = place(aws);
        const block = found?.CidrBlock ?? '';
        const { region } = aws.account;
        const there = found?.AvailabilityZone?.slice(region.length) ?? '';
        const open = { SubnetId: subnetId, MapPublicIpOnLaunch: { Value: false } };
        return [
          ...differing('CidrBlock', block, CidrBlock, networkStays(setting, block)),
          ...differing('AvailabilityZone', `${region}${there}`, `${region}${zone}`, networkStays('zones', there)),
          // The bastion asks for its public address itself; nothing else may get one.
          ...differing('MapPublicIpOnLaunch', found?.MapPublicIpOnLaunch ?? false, false, () =>
            aws.ec2.send(new ModifySubnetAttributeCommand(open)),
          ),
          ...ec2TagDifferences(aws, subnetId, found?.Tags),
        ];
      },
      async destroy({ ec2 }, { subnetId }) {
        await ec2.send(new DeleteSubnetCommand({ SubnetId: subnetId })).catch(unlessGone);
      },
    }),
  );
}

// The tutorial lets AWS choose the public zone; the first one is known to sell the bastion's class.
export const publicSubnet = subnet(
  'publicSubnet',
  'network.publicSubnetCidr',
  ({ config }) => ({ CidrBlock: config.network.publicSubnetCidr, zone: config.zones[0] }),
  ({ publicSubnet }) => publicSubnet,
);

export const privateSubnetA = subnet(
  'privateSubnetA',
  'network.privateSubnetCidrs',
  ({ config }) => ({ CidrBlock: config.network.privateSubnetCidrs[0], zone: config.zones[0] }),
  ({ privateSubnets }) => privateSubnets[0],
);

export const privateSubnetC = subnet(
  'privateSubnetC',
  'network.privateSubnetCidrs',
  ({ config }) => ({ CidrBlock: config.network.privateSubnetCidrs[1], zone: config.zones[1] }),
  ({ privateSubnets }) => privateSubnets[1],
);

export default step(2, 'Subnets', [publicSubnet, privateSubnetA, privateSubnetC]);
