/** STEP 1: the network that everything lives in, with DNS host names, which EFS needs. */
import {
  CreateVpcCommand,
  DeleteVpcCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { orUsed } from './used.ts';

const vpcs = ec2Kind({
  idFilter: 'vpc-id',
  idField: 'vpcId',
  ask: (Filters) => new DescribeVpcsCommand({ Filters }),
  list: ({ Vpcs }) => Vpcs,
  id: ({ VpcId }) => VpcId,
});

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
      // AWS takes one attribute a call. DNS support is on in every new VPC; host names are not.
      await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
      return {};
    },
    async destroy({ ec2 }, { vpcId }) {
      // The main route table, the default group and the default network ACL go with it.
      await ec2.send(new DeleteVpcCommand({ VpcId: vpcId })).catch(unlessGone);
    },
  }),
);

export default step(1, 'VPC', [vpc]);
