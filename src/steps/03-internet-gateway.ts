/** STEP 3: the way out of the VPC. */
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unless, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { vpc } from './01-vpc.ts';
import { differing, ec2TagDifferences } from './differences.ts';
import { makesNetwork } from './used.ts';

const internetGateways = ec2Kind({
  idFilter: 'internet-gateway-id',
  idField: 'internetGatewayId',
  ask: (Filters) => new DescribeInternetGatewaysCommand({ Filters }),
  list: ({ InternetGateways }) => InternetGateways,
  id: ({ InternetGatewayId }) => InternetGatewayId,
});

function attach({ ec2 }: Aws, { internetGatewayId, vpcId }: { internetGatewayId: string; vpcId: string }) {
  return ec2
    .send(new AttachInternetGatewayCommand({ InternetGatewayId: internetGatewayId, VpcId: vpcId }))
    .catch(unless('Resource.AlreadyAssociated'));
}

export const internetGateway = resource(
  'internetGateway',
  { vpc },
  {
    type: 'AWS::EC2::InternetGateway',
    typicalSeconds: { create: 2, destroy: 4 },
    wanted: makesNetwork,
    async find({ seek }, { vpc }) {
      const found = await seek(internetGateways);
      if (!found) return undefined;
      // The VPC it is attached to may be another than the one that is known, or known no more.
      const vpcId = found.Attachments?.[0]?.VpcId ?? vpc?.vpcId ?? '';
      return { internetGatewayId: found.InternetGatewayId!, vpcId };
    },
    async create({ ec2, tagSpecifications }, { vpc }) {
      const { InternetGateway } = await ec2.send(
        new CreateInternetGatewayCommand({ TagSpecifications: tagSpecifications('internet-gateway') }),
      );
      // Detaching names the VPC, so it is part of the identity.
      return { internetGatewayId: InternetGateway!.InternetGatewayId!, vpcId: vpc.vpcId };
    },
    async finish(aws, identity) {
      await attach(aws, identity);
      return {};
    },
    async compare(aws, identity) {
      const found = await aws.seek(internetGateways);
      return [
        ...differing('Attachments', found?.Attachments?.[0]?.VpcId, identity.vpcId, () => attach(aws, identity)),
        ...ec2TagDifferences(aws, identity.internetGatewayId, found?.Tags),
      ];
    },
    async destroy({ ec2 }, { internetGatewayId, vpcId }) {
      if (vpcId !== '')
        await ec2
          .send(new DetachInternetGatewayCommand({ InternetGatewayId: internetGatewayId, VpcId: vpcId }))
          .catch(unlessGone);
      await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: internetGatewayId })).catch(unlessGone);
    },
  },
);

export default step(3, 'Internet gateway', [internetGateway]);
