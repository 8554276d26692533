import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
  ReplaceRouteCommand,
  ReplaceRouteTableAssociationCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

async function withTables() {
  const world = await network();
  const { ec2, VpcId } = world;
  const main = async () =>
    (
      await ec2.send(
        new DescribeRouteTablesCommand({
          Filters: [
            { Name: 'vpc-id', Values: [VpcId] },
            { Name: 'association.main', Values: ['true'] },
          ],
        }),
      )
    ).RouteTables!;
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const GatewayId = InternetGateway!.InternetGatewayId!;
  return { ...world, main, RouteTableId: RouteTable!.RouteTableId!, GatewayId };
}

describe('route tables of the simulated account', () => {
  test('a VPC is born with a main table and its local route, and the table cannot go', async () => {
    const { ec2, main } = await withTables();
    const tables = await main();
    expect(tables).toMatchObject([
      {
        Routes: [
          { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', State: 'active', Origin: 'CreateRouteTable' },
        ],
        Associations: [{ Main: true }],
      },
    ]);
    const [table] = tables;
    await refused(ec2.send(new DeleteRouteTableCommand({ RouteTableId: table?.RouteTableId })), 'DependencyViolation');
    const AssociationId = table?.Associations?.[0]?.RouteTableAssociationId;
    await refused(
      ec2.send(new DisassociateRouteTableCommand({ AssociationId })),
      'InvalidParameterValue',
      'cannot disassociate the main',
    );
  });

  test('the same token makes one table, and refuses other parameters', async () => {
    const { ec2, VpcId } = await network();
    const create = (more = {}) => ec2.send(new CreateRouteTableCommand({ VpcId, ClientToken: 'one', ...more }));
    const [first, second] = [await create(), await create()];
    expect(second.RouteTable?.RouteTableId).toBe(first.RouteTable?.RouteTableId);
    const TagSpecifications = [{ ResourceType: 'route-table' as const, Tags: [{ Key: 'a', Value: 'b' }] }];
    await refused(create({ TagSpecifications }), 'IdempotentParameterMismatch');
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({}));
    expect(RouteTables).toHaveLength(2);
  });

  test('a subnet is associated with one table until the association is replaced', async () => {
    const { ec2, VpcId, SubnetId, RouteTableId } = await withTables();
    const associate = (id: string) => ec2.send(new AssociateRouteTableCommand({ RouteTableId: id, SubnetId }));
    const { AssociationId } = await associate(RouteTableId);
    expect((await associate(RouteTableId)).AssociationId).toBe(AssociationId);
    const other = (await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable!.RouteTableId!;
    await refused(associate(other), 'Resource.AlreadyAssociated');
    await refused(ec2.send(new DeleteRouteTableCommand({ RouteTableId })), 'DependencyViolation');
    const { NewAssociationId } = await ec2.send(
      new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId: other }),
    );
    const question = { Filters: [{ Name: 'association.subnet-id', Values: [SubnetId] }] };
    await ec2.send(new DescribeRouteTablesCommand(question));
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand(question));
    expect(RouteTables).toMatchObject([
      {
        RouteTableId: other,
        Associations: [
          {
            RouteTableAssociationId: NewAssociationId,
            SubnetId,
            Main: false,
            AssociationState: { State: 'associated' },
          },
        ],
      },
    ]);
    await refused(ec2.send(new DisassociateRouteTableCommand({ AssociationId })), 'InvalidAssociationID.NotFound');
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    await ec2.send(new DeleteRouteTableCommand({ RouteTableId: other }));
  });

  test('another table becomes the main one by replacing the main association', async () => {
    const { ec2, main, RouteTableId } = await withTables();
    const [old] = await main();
    const AssociationId = old?.Associations?.[0]?.RouteTableAssociationId;
    await ec2.send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId }));
    expect(await main()).toMatchObject([{ RouteTableId }]);
    await ec2.send(new DeleteRouteTableCommand({ RouteTableId: old?.RouteTableId }));
  });

  test('a route leads to a gateway of the same VPC, once for each destination', async () => {
    const { ec2, VpcId, RouteTableId, GatewayId } = await withTables();
    const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId };
    const create = (more = {}) => ec2.send(new CreateRouteCommand({ ...route, ...more }));
    await refused(create(), 'InvalidParameterValue', 'belong to different networks');
    await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId }));
    await refused(create({ GatewayId: 'igw-0123456789abcdef0' }), 'InvalidGatewayID.NotFound');
    await refused(
      create({ GatewayId: undefined, NatGatewayId: 'nat-0123456789abcdef0' }),
      'InvalidNatGatewayID.NotFound',
    );
    await refused(create({ GatewayId: undefined }), 'MissingParameter');
    await refused(create({ DestinationCidrBlock: '0.0.0.0' }), 'InvalidParameterValue', 'not a valid CIDR block');
    expect(await create()).toMatchObject({ Return: true });
    await refused(create(), 'RouteAlreadyExists', 'The route identified by 0.0.0.0/0 already exists.');
    await refused(create({ DestinationCidrBlock: '10.0.0.0/16' }), 'RouteAlreadyExists');
    await ec2.send(new ReplaceRouteCommand(route));
    await ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0' }));
    await refused(
      ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0' })),
      'InvalidRoute.NotFound',
    );
    await refused(ec2.send(new ReplaceRouteCommand(route)), 'InvalidParameterValue', 'Use CreateRoute instead');
    await refused(create({ RouteTableId: 'rtb-0123456789abcdef0' }), 'InvalidRouteTableID.NotFound');
  });
});
