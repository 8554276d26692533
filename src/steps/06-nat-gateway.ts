/** STEP 6: the private subnets reach the internet through one NAT gateway, which uses the Elastic IP of STEP 5. */
import {
  CreateNatGatewayCommand,
  DeleteNatGatewayCommand,
  DescribeNatGatewaysCommand,
  type NatGateway,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { FailedLater } from '../engine/run.ts';
import { publicSubnet } from './02-subnets.ts';
import {
  defaultRouteDifferences,
  describeRouteTable,
  mainRouteTable,
  privateRouteTable,
  routeEverything,
} from './04-route-tables.ts';
import { elasticIp } from './05-elastic-ip.ts';
import { differing, ec2TagDifferences } from './differences.ts';
import { makesNetwork } from './used.ts';

const natGateways = ec2Kind({
  idFilter: 'nat-gateway-id',
  idField: 'natGatewayId',
  ask: (Filter) => new DescribeNatGatewaysCommand({ Filter }),
  list: ({ NatGateways }) => NatGateways,
  id: ({ NatGatewayId }) => NatGatewayId,
  // A deleted or failed gateway stays listed for about an hour; a failed one is still ours to take away.
  live: ({ State }) => State !== 'deleted' && State !== 'deleting',
});

async function look({ ec2, ask }: Aws, natGatewayId: string): Promise<NatGateway | undefined> {
  const Filter = [{ Name: 'nat-gateway-id', Values: [natGatewayId] }];
  const { NatGateways = [] } = await ask(ec2, new DescribeNatGatewaysCommand({ Filter }));
  return NatGateways.find(({ NatGatewayId }) => NatGatewayId === natGatewayId);
}

export const natGateway = resource(
  'natGateway',
  { publicSubnet, elasticIp, mainRouteTable, privateRouteTable },
  {
    type: 'AWS::EC2::NatGateway',
    typicalSeconds: { create: 108, destroy: 56 },
    wanted: makesNetwork,
    hourlyUsd: ({ prices }) => prices('nat') ?? 0,
    async find({ seek }) {
      const found = await seek(natGateways);
      return found && { natGatewayId: found.NatGatewayId! };
    },
    async create({ ec2, tagSpecifications, token }, { publicSubnet, elasticIp }) {
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({
          SubnetId: publicSubnet.subnetId,
          AllocationId: elasticIp.allocationId,
          ClientToken: token,
          TagSpecifications: tagSpecifications('natgateway'),
        }),
      );
      return { natGatewayId: NatGateway!.NatGatewayId! };
    },
    async finish(aws, { natGatewayId }, { privateRouteTable }) {
      await aws.wait({ for: 'NAT gateway available', everySeconds: 5, timeoutSeconds: 900 }, async () => {
        const found = await look(aws, natGatewayId);
        if (found?.State === 'failed')
          throw new FailedLater('The NAT gateway failed', found.FailureCode ?? 'failed', found.FailureMessage ?? '');
        return found?.State === 'available' ? true : undefined;
      });
      await routeEverything(aws.ec2, privateRouteTable.routeTableId, { NatGatewayId: natGatewayId });
      return {};
    },
    async compare(aws, { natGatewayId }, { privateRouteTable: { routeTableId } }) {
      const [found, table] = await Promise.all([aws.seek(natGateways), describeRouteTable(aws, routeTableId)]);
      return [
        // A pending one is on its way; a failed one stays so.
        ...(found?.State === 'failed' ? differing('State', 'failed', 'available', 'replace') : []),
        ...defaultRouteDifferences(table, natGatewayId, () =>
          routeEverything(aws.ec2, routeTableId, { NatGatewayId: natGatewayId }),
        ),
        ...ec2TagDifferences(aws, natGatewayId, found?.Tags),
      ];
    },
    async destroy(aws, { natGatewayId }) {
      await aws.ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: natGatewayId })).catch(unlessGone);
      await aws.wait({ for: 'NAT gateway deleted', everySeconds: 5, timeoutSeconds: 1800 }, async () => {
        const found = await look(aws, natGatewayId);
        return found === undefined || found.State === 'deleted' ? true : undefined;
      });
    },
  },
);

export default step(6, 'NAT gateway', [natGateway]);
