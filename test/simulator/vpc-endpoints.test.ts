import {
  CreateRouteTableCommand,
  CreateVpcEndpointCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribePrefixListsCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

const s3 = 'com.amazonaws.us-west-2.s3';

describe('VPC endpoints of the simulated account', () => {
  test('a gateway endpoint is a route to a prefix list, and goes with it', async () => {
    const { ec2, VpcId } = await network();
    const { RouteTableId } = (await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable!;
    const create = (more = {}) =>
      ec2.send(new CreateVpcEndpointCommand({ VpcId, ServiceName: s3, RouteTableIds: [RouteTableId!], ...more }));
    const { VpcEndpoint } = await create();
    expect(VpcEndpoint).toMatchObject({
      VpcEndpointType: 'Gateway',
      State: 'available',
      RouteTableIds: [RouteTableId],
    });
    await refused(create(), 'RouteAlreadyExists');
    await refused(create({ ServiceName: 'com.amazonaws.us-west-2.nothing' }), 'InvalidServiceName');
    const routes = async () =>
      (await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId!] }))).RouteTables?.[0]?.Routes;
    const { PrefixLists } = await ec2.send(
      new DescribePrefixListsCommand({ Filters: [{ Name: 'prefix-list-name', Values: [s3] }] }),
    );
    const { VpcEndpointId } = VpcEndpoint!;
    expect((await routes())?.[1]).toMatchObject({
      DestinationPrefixListId: PrefixLists?.[0]?.PrefixListId,
      GatewayId: VpcEndpointId,
    });
    await refused(ec2.send(new DeleteVpcCommand({ VpcId })), 'DependencyViolation');
    const gone = 'vpce-0123456789abcdef0';
    const { Unsuccessful } = await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId!, gone] }));
    expect(Unsuccessful).toMatchObject([{ ResourceId: gone, Error: { Code: 'InvalidVpcEndpointId.NotFound' } }]);
    expect(await routes()).toHaveLength(1);
  });

  test('an interface endpoint needs DNS, and its interface outlives the delete call', async () => {
    const { ec2, VpcId, SubnetId, pass } = await network();
    const ServiceName = 'com.amazonaws.us-west-2.ssm';
    const create = () =>
      ec2.send(
        new CreateVpcEndpointCommand({ VpcId, ServiceName, VpcEndpointType: 'Interface', SubnetIds: [SubnetId] }),
      );
    await refused(create(), 'InvalidParameter', 'enableDnsHostnames');
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
    const { VpcEndpointId, State } = (await create()).VpcEndpoint!;
    expect(State).toBe('pending');
    await pass(100);
    const found = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId!] }));
    expect(found.VpcEndpoints).toMatchObject([{ State: 'available', SubnetIds: [SubnetId] }]);
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId!] }));
    await refused(ec2.send(new DeleteSubnetCommand({ SubnetId })), 'DependencyViolation');
    await pass(100);
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
  });
});
