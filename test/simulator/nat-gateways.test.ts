import {
  AllocateAddressCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteNatGatewayCommand,
  DeleteSubnetCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import type { AccountOptions } from '../../src/simulator/index.ts';
import { network, refused } from './network.ts';

async function readyForNat(options: AccountOptions = {}, attached = true) {
  const world = await network(options);
  const { ec2, VpcId, SubnetId } = world;
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const { InternetGatewayId } = InternetGateway!;
  if (attached) await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({}));
  const create = async (more = {}) =>
    (await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId, ...more }))).NatGateway!;
  const look = async (id: string | undefined) =>
    (await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [id!] }))).NatGateways![0]!;
  return { ...world, AllocationId, create, look };
}

describe('NAT gateways of the simulated account', () => {
  test('a gateway is pending for under two minutes, then has its addresses', async () => {
    const { ec2, create, look, pass, SubnetId, AllocationId } = await readyForNat();
    const { NatGatewayId, State, NatGatewayAddresses } = await create();
    expect(State).toBe('pending');
    expect(NatGatewayAddresses?.[0]?.PublicIp).toBeUndefined();
    await pass(80);
    expect((await look(NatGatewayId)).State).toBe('pending');
    await pass(40);
    const gateway = await look(NatGatewayId);
    expect(gateway).toMatchObject({
      State: 'available',
      NatGatewayAddresses: [{ AllocationId, PrivateIp: '10.0.1.4' }],
    });
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'interface-type', Values: ['nat_gateway'] }] }),
    );
    expect(NetworkInterfaces).toMatchObject([
      { SubnetId, RequesterManaged: true, Status: 'in-use', Description: `Interface for NAT Gateway ${NatGatewayId}` },
    ]);
  });

  test('the same token gives the same gateway, even after its end', async () => {
    const { ec2, create, pass } = await readyForNat();
    const first = await create({ ClientToken: 'token' });
    expect((await create({ ClientToken: 'token' })).NatGatewayId).toBe(first.NatGatewayId);
    await refused(create({ ClientToken: 'token', ConnectivityType: 'public' }), 'IdempotentParameterMismatch');
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: first.NatGatewayId }));
    await pass(100);
    expect(await create({ ClientToken: 'token' })).toMatchObject({
      NatGatewayId: first.NatGatewayId,
      State: 'deleted',
    });
  });

  test('what AWS finds wrong later makes the gateway fail by itself', async () => {
    const { ec2, create, look, pass, AllocationId, SubnetId } = await readyForNat({}, false);
    const { NatGatewayId } = await create();
    await pass(15);
    expect(await look(NatGatewayId)).toMatchObject({
      State: 'failed',
      FailureCode: 'Gateway.NotAttached',
      FailureMessage: expect.stringContaining('has no Internet gateway attached'),
    });
    const unknown = await create({ AllocationId: 'eipalloc-0123456789abcdef0' });
    await pass(15);
    expect((await look(unknown.NatGatewayId)).FailureCode).toBe('InvalidAllocationID.NotFound');
    // A failed gateway holds neither its address nor its subnet, and is forgotten after an hour.
    await ec2.send(new ReleaseAddressCommand({ AllocationId }));
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    await pass(3600);
    await refused(look(NatGatewayId), 'NatGatewayNotFound');
  });

  test('an address that is in use fails the second gateway', async () => {
    const { create, look, pass } = await readyForNat();
    await create();
    const second = await create();
    await pass(15);
    expect((await look(second.NatGatewayId)).FailureCode).toBe('Resource.AlreadyAssociated');
  });

  test('a failure can be chosen', async () => {
    const faults = { breakLater: [{ noun: 'natGateway', code: 'InternalError' }] };
    const { create, look, pass } = await readyForNat({ faults });
    const { NatGatewayId } = await create();
    await pass(15);
    expect(await look(NatGatewayId)).toMatchObject({ State: 'failed', FailureCode: 'InternalError' });
  });

  test('deleting takes a minute, holds subnet and address so long, and leaves routes as blackholes', async () => {
    const { ec2, create, look, pass, VpcId, SubnetId, AllocationId } = await readyForNat();
    const { NatGatewayId } = await create();
    await pass(120);
    const { RouteTableId } = (await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable!;
    await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId }));
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }));
    expect((await look(NatGatewayId)).State).toBe('deleting');
    expect(await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }))).toMatchObject({ NatGatewayId });
    await refused(ec2.send(new ReleaseAddressCommand({ AllocationId })), 'InvalidIPAddress.InUse');
    await refused(ec2.send(new DeleteSubnetCommand({ SubnetId })), 'DependencyViolation');
    await pass(70);
    expect(await look(NatGatewayId)).toMatchObject({ State: 'deleted', DeleteTime: expect.any(Date) });
    await ec2.send(new ReleaseAddressCommand({ AllocationId }));
    await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId!] }));
    expect(RouteTables?.[0]?.Routes?.[1]).toMatchObject({ NatGatewayId, State: 'blackhole' });
    await pass(3600);
    await refused(look(NatGatewayId), 'NatGatewayNotFound');
    const Filter = [{ Name: 'vpc-id', Values: [VpcId] }];
    expect((await ec2.send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways).toEqual([]);
  });

  test('the parameters are checked at once', async () => {
    const { create, SubnetId } = await readyForNat();
    await refused(create({ SubnetId: 'subnet-0123456789abcdef0' }), 'InvalidSubnetID.NotFound');
    await refused(create({ AllocationId: undefined }), 'MissingParameter', 'AllocationId');
    await refused(create({ AvailabilityMode: 'regional' }), 'UnsupportedOperation', 'AvailabilityMode');
    for (let i = 0; i < 5; i++) await create({ SubnetId, ConnectivityType: 'private', AllocationId: undefined });
    await refused(create(), 'NatGatewayLimitExceeded');
  });
});
