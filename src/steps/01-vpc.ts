/** STEP 1: the network that everything lives in, with DNS host names, which EFS needs. */
import {
  CreateVpcCommand,
  DeleteVpcCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { differing, ec2TagDifferences, networkStays } from './differences.ts';
import { orUsed } from './used.ts';

const vpcs = ec2Kind({
  idFilter: 'vpc-id',
  idField: 'vpcId',
  ask: (Filters) => new DescribeVpcsCommand({ Filters }),
  list: ({ Vpcs }) => Vpcs,
  id: ({ VpcId }) => VpcId,
});

/** AWS takes one attribute a call, and tells one a call. */
async function attributes({ ec2, ask }: Aws, VpcId: string) {
  const [support, hostnames] = await Promise.all([
    ask(ec2, new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' })),
    ask(ec2, new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' })),
  ]);
  return { support: support.EnableDnsSupport?.Value, hostnames: hostnames.EnableDnsHostnames?.Value };
}

export const vpc = resource(
  'vpc',
  {},
  orUsed('vpcId', vpcs, ({ use }) => use, {
    type: 'AWS::EC2::VPC',
    typicalSeconds: { create: 3, destroy: 2 },
    async find({ seek }) {
      const found = await seek(vpcs);
      return found && { vpcId: found.VpcId! };
    },
    async create({ ec2, config, tagSpecifications }) {
      const { Vpc } = await ec2.send(
        new CreateVpcCommand({ CidrBlock: config.network.vpcCidr, TagSpecifications: tagSpecifications('vpc') }),
      );
      return { vpcId: Vpc!.VpcId! };
    },
    async finish({ ec2 }, { vpcId }) {
      // DNS support is on in every new VPC; host names are not.
      await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
      return {};
    },
    async compare(aws, { vpcId }) {
      const { ec2, config, seek } = aws;
      const [found, { support, hostnames }] = await Promise.all([seek(vpcs), attributes(aws, vpcId)]);
      const set = (attribute: 'EnableDnsSupport' | 'EnableDnsHostnames') => () =>
        ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, [attribute]: { Value: true } }));
      const block = found?.CidrBlock ?? '';
      return [
        ...differing('CidrBlock', block, config.network.vpcCidr, networkStays('network.vpcCidr', block)),
        // Host names need DNS support, so that comes first.
        ...differing('EnableDnsSupport', support, true, set('EnableDnsSupport')),
        ...differing('EnableDnsHostnames', hostnames, true, set('EnableDnsHostnames')),
        ...ec2TagDifferences(aws, vpcId, found?.Tags),
      ];
    },
    async destroy({ ec2 }, { vpcId }) {
      // The main route table, the default group and the default network ACL go with it.
      await ec2.send(new DeleteVpcCommand({ VpcId: vpcId })).catch(unlessGone);
    },
  }),
);

export default step(1, 'VPC', [vpc]);
