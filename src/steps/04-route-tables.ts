/** STEP 4: the public subnet goes out by the internet gateway; the private subnets have a table of their own. */
import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateTagsCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
  type EC2Client,
  ReplaceRouteCommand,
  ReplaceRouteTableAssociationCommand,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { isAws, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { vpc } from './01-vpc.ts';
import { privateSubnetA, privateSubnetC, publicSubnet } from './02-subnets.ts';
import { internetGateway } from './03-internet-gateway.ts';
import { differing, ec2TagDifferences } from './differences.ts';
import { makesNetwork } from './used.ts';

const routeTables = ec2Kind({
  idFilter: 'route-table-id',
  idField: 'routeTableId',
  ask: (Filters) => new DescribeRouteTablesCommand({ Filters }),
  list: ({ RouteTables }) => RouteTables,
  id: ({ RouteTableId }) => RouteTableId,
});

/** Sends everything that stays in no subnet to `target`, whether or not there is such a route yet. */
export async function routeEverything(
  ec2: EC2Client,
  routeTableId: string,
  target: { GatewayId: string } | { NatGatewayId: string },
) {
  const route = { RouteTableId: routeTableId, DestinationCidrBlock: '0.0.0.0/0', ...target };
  try {
    await ec2.send(new CreateRouteCommand(route));
  } catch (error) {
    if (!isAws(error, 'RouteAlreadyExists')) throw error;
    await ec2.send(new ReplaceRouteCommand(route));
  }
}

export async function describeRouteTable({ ec2, ask }: Aws, routeTableId: string): Promise<RouteTable | undefined> {
  const Filters = [{ Name: 'route-table-id', Values: [routeTableId] }];
  const { RouteTables = [] } = await ask(ec2, new DescribeRouteTablesCommand({ Filters }));
  return RouteTables.find(({ RouteTableId }) => RouteTableId === routeTableId);
}

/** Where the table sends everything that stays in no subnet, and whether that still exists. */
export function defaultRouteDifferences(table: RouteTable | undefined, wanted: string, set: () => Promise<unknown>) {
  const route = table?.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0');
  const { GatewayId, NatGatewayId, InstanceId, NetworkInterfaceId, TransitGatewayId } = route ?? {};
  const target = GatewayId ?? NatGatewayId ?? TransitGatewayId ?? InstanceId ?? NetworkInterfaceId;
  const is = route?.State === 'blackhole' ? `${target} (blackhole)` : target;
  return differing('Routes.0.0.0.0/0', is, wanted, set);
}

function associationDifferences(aws: Aws, table: RouteTable | undefined, subnetIds: string[]) {
  const associated = new Set(table?.Associations?.map(({ SubnetId }) => SubnetId));
  return subnetIds.flatMap((subnetId) =>
    differing('Associations', associated.has(subnetId) ? subnetId : undefined, subnetId, () =>
      associate(aws, table!.RouteTableId!, subnetId),
    ),
  );
}

/** A subnet has one table at a time, and an association has no name: what is there is read when AWS says that it is. */
async function associate({ ec2, ask }: Aws, routeTableId: string, subnetId: string) {
  try {
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId }));
  } catch (error) {
    if (!isAws(error, 'Resource.AlreadyAssociated')) throw error;
    const Filters = [{ Name: 'association.subnet-id', Values: [subnetId] }];
    const { RouteTables = [] } = await ask(ec2, new DescribeRouteTablesCommand({ Filters }));
    const association = associationOf(RouteTables, subnetId);
    if (!association || association.RouteTableId === routeTableId) return;
    await ec2.send(
      new ReplaceRouteTableAssociationCommand({
        AssociationId: association.RouteTableAssociationId!,
        RouteTableId: routeTableId,
      }),
    );
  }
}

function associationOf(tables: RouteTable[], subnetId: string) {
  return tables.flatMap(({ Associations = [] }) => Associations).find(({ SubnetId }) => SubnetId === subnetId);
}

async function isAssociated({ ec2, ask }: Aws, routeTableId: string, subnetIds: string[]): Promise<boolean> {
  const Filters = [{ Name: 'association.subnet-id', Values: subnetIds }];
  const { RouteTables = [] } = await ask(ec2, new DescribeRouteTablesCommand({ Filters }));
  return subnetIds.every((subnetId) => associationOf(RouteTables, subnetId)?.RouteTableId === routeTableId);
}

/** Ends what `associate` began. That a table is its VPC's main one cannot be ended. */
async function disassociate(aws: Aws, routeTableId: string) {
  const { Associations = [] } = (await describeRouteTable(aws, routeTableId)) ?? {};
  await Promise.all(
    Associations.filter(({ RouteTableId, SubnetId }) => RouteTableId === routeTableId && SubnetId !== undefined).map(
      ({ RouteTableAssociationId }) =>
        aws.ec2.send(new DisassociateRouteTableCommand({ AssociationId: RouteTableAssociationId! })).catch(unlessGone),
    ),
  );
}

// The VPC is born with its main route table. "Creating" it is putting our tags on it, and it goes with its VPC.
export const mainRouteTable = resource(
  'mainRouteTable',
  { vpc, publicSubnet, internetGateway },
  {
    type: 'AWS::EC2::RouteTable',
    typicalSeconds: { create: 2, destroy: 0 },
    wanted: makesNetwork,
    async find({ seek }) {
      const found = await seek(routeTables);
      return found && { routeTableId: found.RouteTableId! };
    },
    async create({ ec2, ask, tags }, { vpc }) {
      const Filters = [
        { Name: 'vpc-id', Values: [vpc.vpcId] },
        { Name: 'association.main', Values: ['true'] },
      ];
      const { RouteTables = [] } = await ask(ec2, new DescribeRouteTablesCommand({ Filters }));
      const routeTableId = RouteTables[0]?.RouteTableId;
      if (routeTableId === undefined)
        throw Object.assign(new Error(`the main route table of ${vpc.vpcId} does not show yet`), {
          name: 'InvalidRouteTableID.NotFound',
        });
      await ec2.send(new CreateTagsCommand({ Resources: [routeTableId], Tags: tags }));
      return { routeTableId };
    },
    async finish(aws, { routeTableId }, { internetGateway, publicSubnet }) {
      await Promise.all([
        routeEverything(aws.ec2, routeTableId, { GatewayId: internetGateway.internetGatewayId }),
        associate(aws, routeTableId, publicSubnet.subnetId),
      ]);
      return {};
    },
    async compare(aws, { routeTableId }, { internetGateway: { internetGatewayId }, publicSubnet }) {
      const found = await aws.seek(routeTables);
      return [
        ...defaultRouteDifferences(found, internetGatewayId, () =>
          routeEverything(aws.ec2, routeTableId, { GatewayId: internetGatewayId }),
        ),
        ...associationDifferences(aws, found, [publicSubnet.subnetId]),
        ...ec2TagDifferences(aws, routeTableId, found?.Tags),
      ];
    },
    async destroy(aws, { routeTableId }) {
      // AWS deletes the table with its VPC, and refuses to before.
      await disassociate(aws, routeTableId);
    },
  },
);

export const privateRouteTable = resource(
  'privateRouteTable',
  { vpc, privateSubnetA, privateSubnetC },
  {
    type: 'AWS::EC2::RouteTable',
    typicalSeconds: { create: 2, destroy: 2 },
    wanted: makesNetwork,
    async find({ seek }) {
      const found = await seek(routeTables);
      return found && { routeTableId: found.RouteTableId! };
    },
    async create({ ec2, tagSpecifications, token }, { vpc }) {
      const { RouteTable } = await ec2.send(
        new CreateRouteTableCommand({
          VpcId: vpc.vpcId,
          ClientToken: token,
          TagSpecifications: tagSpecifications('route-table'),
        }),
      );
      return { routeTableId: RouteTable!.RouteTableId! };
    },
    async finish(aws, { routeTableId }, { privateSubnetA, privateSubnetC }) {
      const subnetIds = [privateSubnetA.subnetId, privateSubnetC.subnetId];
      await Promise.all(subnetIds.map((subnetId) => associate(aws, routeTableId, subnetId)));
      // The VPC's main table is public, so nothing may start in a subnet whose association does not hold yet.
      await aws.wait({ for: 'route table associations', everySeconds: 2, timeoutSeconds: 300 }, async () =>
        (await isAssociated(aws, routeTableId, subnetIds)) ? true : undefined,
      );
      return {};
    },
    async compare(aws, { routeTableId }, { privateSubnetA, privateSubnetC }) {
      const found = await aws.seek(routeTables);
      return [
        ...associationDifferences(aws, found, [privateSubnetA.subnetId, privateSubnetC.subnetId]),
        ...ec2TagDifferences(aws, routeTableId, found?.Tags),
      ];
    },
    async destroy(aws, { routeTableId }) {
      await disassociate(aws, routeTableId);
      await aws.ec2.send(new DeleteRouteTableCommand({ RouteTableId: routeTableId })).catch(unlessGone);
    },
  },
);

export default step(4, 'Route tables', [mainRouteTable, privateRouteTable]);
