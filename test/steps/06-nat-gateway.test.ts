import {
  CreateNatGatewayCommand,
  CreateRouteCommand,
  DeleteNatGatewayCommand,
  DescribeNatGatewaysCommand,
  type NatGatewayState,
  ReplaceRouteCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { natGateway } from '../../src/steps/06-nat-gateway.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf, token } from '../helpers/aws.ts';

const needs = {
  publicSubnet: { subnetId: 'subnet-public' },
  elasticIp: { allocationId: 'eipalloc-1' },
  mainRouteTable: { routeTableId: 'rtb-main' },
  privateRouteTable: { routeTableId: 'rtb-private' },
};
const identity = { natGatewayId: 'nat-1' };

function listed(State: NatGatewayState, more: object = {}) {
  return { NatGateways: [{ NatGatewayId: 'nat-1', State, Tags: tagsOf('natGateway'), ...more }] };
}

describe('natGateway find', () => {
  it.each(['deleted', 'deleting'] as const)('ignores a %s gateway, by tags and by recorded id', async (state) => {
    ec2.on(DescribeNatGatewaysCommand).resolves(listed(state));
    expect(await natGateway.find(awsFor(natGateway), needs)).toBeUndefined();
    expect(await natGateway.find(awsFor(natGateway, { recorded: identity }), needs)).toBeUndefined();
  });

  it.each(['pending', 'available', 'failed'] as const)('takes a %s gateway', async (state) => {
    ec2.on(DescribeNatGatewaysCommand).resolves(listed(state));
    expect(await natGateway.find(awsFor(natGateway), needs)).toEqual(identity);
  });

  it('names the parameter Filter, as this one call of EC2 has it', async () => {
    ec2.on(DescribeNatGatewaysCommand).resolves(listed('available'));
    await natGateway.find(awsFor(natGateway, { recorded: identity }), needs);
    expect(inputsOf(DescribeNatGatewaysCommand)).toEqual([{ Filter: [{ Name: 'nat-gateway-id', Values: ['nat-1'] }] }]);
  });
});

describe('natGateway create', () => {
  it('sends one call with tags and token', async () => {
    ec2.on(CreateNatGatewayCommand).resolves({ NatGateway: { NatGatewayId: 'nat-1' } });
    expect(await natGateway.create(awsFor(natGateway), needs)).toEqual(identity);
    expect(changes()).toEqual(['CreateNatGateway']);
    const [input] = inputsOf(CreateNatGatewayCommand);
    expect(input).toMatchObject({ SubnetId: 'subnet-public', AllocationId: 'eipalloc-1', ClientToken: token });
    expect(taggedIn(input)).toEqual({ natgateway: 'natGateway' });
  });
});

describe('natGateway finish', () => {
  it('waits until it is available, and only then leads the private subnets to it', async () => {
    const routesAtLook: number[] = [];
    const states: NatGatewayState[] = ['pending', 'pending', 'available'];
    ec2.on(DescribeNatGatewaysCommand).callsFake(async () => {
      routesAtLook.push(inputsOf(CreateRouteCommand).length);
      return listed(states.shift()!);
    });
    ec2.on(CreateRouteCommand).resolves({ Return: true });
    await natGateway.finish!(awsFor(natGateway), identity, needs);
    expect(routesAtLook).toEqual([0, 0, 0]);
    expect(inputsOf(CreateRouteCommand)).toEqual([
      { RouteTableId: 'rtb-private', DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' },
    ]);
  });

  it('replaces the black hole that an earlier gateway left', async () => {
    ec2.on(DescribeNatGatewaysCommand).resolves(listed('available'));
    ec2.on(CreateRouteCommand).rejects(awsError('RouteAlreadyExists'));
    ec2.on(ReplaceRouteCommand).resolves({});
    await natGateway.finish!(awsFor(natGateway), identity, needs);
    expect(inputsOf(ReplaceRouteCommand)).toMatchObject([{ RouteTableId: 'rtb-private', NatGatewayId: 'nat-1' }]);
  });

  it('tells a failure that came later by AWS’s own code and reason', async () => {
    const failed = { FailureCode: 'Resource.AlreadyAssociated', FailureMessage: 'the address is taken' };
    ec2.on(DescribeNatGatewaysCommand).resolves(listed('failed', failed));
    await expect(natGateway.finish!(awsFor(natGateway), identity, needs)).rejects.toMatchObject({
      name: 'FailedLater',
      awsCode: 'Resource.AlreadyAssociated',
      message: expect.stringContaining('the address is taken'),
    });
  });

  it('looks on when the gateway does not show yet', async () => {
    ec2
      .on(DescribeNatGatewaysCommand)
      .rejectsOnce(awsError('NatGatewayNotFound'))
      .resolvesOnce({ NatGateways: [] })
      .resolves(listed('available'));
    ec2.on(CreateRouteCommand).resolves({ Return: true });
    await natGateway.finish!(awsFor(natGateway), identity, needs);
    expect(inputsOf(DescribeNatGatewaysCommand)).toHaveLength(3);
  });
});

describe('natGateway destroy', () => {
  it('waits until it is deleted, since its address and subnet are held until then', async () => {
    ec2.on(DeleteNatGatewayCommand).resolves({});
    ec2.on(DescribeNatGatewaysCommand).resolvesOnce(listed('deleting')).resolves(listed('deleted'));
    await natGateway.destroy(awsFor(natGateway), identity);
    expect(inputsOf(DeleteNatGatewayCommand)).toEqual([{ NatGatewayId: 'nat-1' }]);
    expect(inputsOf(DescribeNatGatewaysCommand)).toHaveLength(2);
  });

  it('takes not-found for success', async () => {
    ec2.on(DeleteNatGatewayCommand).rejects(awsError('NatGatewayNotFound'));
    ec2.on(DescribeNatGatewaysCommand).resolves({ NatGateways: [] });
    await natGateway.destroy(awsFor(natGateway), identity);
    expect(changes()).toEqual(['DeleteNatGateway']);
  });
});
