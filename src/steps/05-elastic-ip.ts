/** STEP 5: the address that the NAT gateway is seen by. It costs money even while nothing uses it. */
import { AllocateAddressCommand, DescribeAddressesCommand, ReleaseAddressCommand } from '@aws-sdk/client-ec2';
import { ec2Kind } from '../aws.ts';
import { isAws, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { ec2TagDifferences } from './differences.ts';
import { makesNetwork } from './used.ts';

const addresses = ec2Kind({
  idFilter: 'allocation-id',
  idField: 'allocationId',
  ask: (Filters) => new DescribeAddressesCommand({ Filters }),
  list: ({ Addresses }) => Addresses,
  id: ({ AllocationId }) => AllocationId,
});

export const elasticIp = resource(
  'elasticIp',
  {},
  {
    type: 'AWS::EC2::EIP',
    typicalSeconds: { create: 1, destroy: 1 },
    wanted: makesNetwork,
    hourlyUsd: ({ prices }) => prices('ipv4') ?? 0,
    async find({ seek }) {
      const found = await seek(addresses);
      return found && { allocationId: found.AllocationId! };
    },
    async create({ ec2, tagSpecifications }) {
      const { AllocationId } = await ec2.send(
        new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: tagSpecifications('elastic-ip') }),
      );
      return { allocationId: AllocationId! };
    },
    async compare(aws, { allocationId }) {
      return ec2TagDifferences(aws, allocationId, (await aws.seek(addresses))?.Tags);
    },
    async destroy({ ec2 }, { allocationId }) {
      try {
        await ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId }));
      } catch (error) {
        // EC2 answers AuthFailure, as if it were somebody else's, while a gateway still holds the address.
        if (isAws(error, 'AuthFailure')) throw Object.assign(error as Error, { name: 'InvalidIPAddress.InUse' });
        unlessGone(error);
      }
    },
  },
);

export default step(5, 'Elastic IP', [elasticIp]);
