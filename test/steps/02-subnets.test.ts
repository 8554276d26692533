import { CreateSubnetCommand, DeleteSubnetCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { privateSubnetA, privateSubnetC, publicSubnet } from '../../src/steps/02-subnets.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf } from '../helpers/aws.ts';

const needs = { vpc: { vpcId: 'vpc-1' } };
const all = [publicSubnet, privateSubnetA, privateSubnetC];

describe('subnet find', () => {
  it('tells the three apart by their tags', async () => {
    ec2.on(DescribeSubnetsCommand).resolves({
      Subnets: all.map(({ key }) => ({ SubnetId: `subnet-${key}`, Tags: tagsOf(key) })),
    });
    for (const one of all) expect(await one.find(awsFor(one), needs)).toEqual({ subnetId: `subnet-${one.key}` });
  });

  it('knows it by its recorded id', async () => {
    ec2.on(DescribeSubnetsCommand).resolves({ Subnets: [{ SubnetId: 'subnet-1' }] });
    const aws = awsFor(publicSubnet, { recorded: { subnetId: 'subnet-1' } });
    expect(await publicSubnet.find(aws, needs)).toEqual({ subnetId: 'subnet-1' });
    expect(inputsOf(DescribeSubnetsCommand)).toEqual([{ Filters: [{ Name: 'subnet-id', Values: ['subnet-1'] }] }]);
  });

  it('gives undefined when AWS lists none', async () => {
    ec2.on(DescribeSubnetsCommand).resolves({});
    expect(await publicSubnet.find(awsFor(publicSubnet), needs)).toBeUndefined();
  });
});

describe('subnet create', () => {
  it.each([
    ['publicSubnet', publicSubnet, '10.0.1.0/24', 'us-west-2b'],
    ['privateSubnetA', privateSubnetA, '10.0.2.0/24', 'us-west-2b'],
    ['privateSubnetC', privateSubnetC, '10.0.3.0/24', 'us-west-2d'],
  ] as const)('puts %s into its zone and block, tagged in the same call', async (key, subnet, block, zone) => {
    ec2.on(CreateSubnetCommand).resolves({ Subnet: { SubnetId: 'subnet-1' } });
    const aws = awsFor(subnet, { settings: { zones: ['b', 'd'] } });
    expect(await subnet.create(aws, needs)).toEqual({ subnetId: 'subnet-1' });
    expect(changes()).toEqual(['CreateSubnet']);
    const [input] = inputsOf(CreateSubnetCommand);
    expect(input).toMatchObject({ VpcId: 'vpc-1', CidrBlock: block, AvailabilityZone: zone });
    expect(taggedIn(input)).toEqual({ subnet: key });
  });

  it('names each as the tutorial does', async () => {
    ec2.on(CreateSubnetCommand).resolves({ Subnet: { SubnetId: 'subnet-1' } });
    for (const one of all) await one.create(awsFor(one), needs);
    expect(
      inputsOf(CreateSubnetCommand).map(({ TagSpecifications }) => TagSpecifications![0]!.Tags![0]!.Value),
    ).toEqual(['pms-public-subnet', 'pms-private-subnet-a', 'pms-private-subnet-c']);
  });
});

describe('subnet destroy', () => {
  it('takes not-found for success', async () => {
    ec2.on(DeleteSubnetCommand).rejects(awsError('InvalidSubnetID.NotFound'));
    await publicSubnet.destroy(awsFor(publicSubnet), { subnetId: 'subnet-1' });
    expect(inputsOf(DeleteSubnetCommand)).toEqual([{ SubnetId: 'subnet-1' }]);
  });

  it('throws while a network interface is left in it', async () => {
    ec2.on(DeleteSubnetCommand).rejects(awsError('DependencyViolation'));
    await expect(publicSubnet.destroy(awsFor(publicSubnet), { subnetId: 'subnet-1' })).rejects.toThrow(
      'DependencyViolation',
    );
  });
});
