import { DescribeSubnetsCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { wantedGraph } from '../../src/commands/deployment.ts';
import { schema } from '../../src/config/schema.ts';
import { vpc } from '../../src/steps/01-vpc.ts';
import { privateSubnetA, privateSubnetC, publicSubnet } from '../../src/steps/02-subnets.ts';
import { awsFor, changes, ec2, inputsOf, tagsOf } from '../helpers/aws.ts';

const use = 'vpc-0123456789abcdef0';
const [outside, a, c] = ['subnet-0123456789abcdef0', 'subnet-0123456789abcdefa', 'subnet-0123456789abcdefc'];
const settings = { vpc: { use, publicSubnet: outside, privateSubnets: [a, c] } };
const used = { vpcId: use, used: 'true' } as const;

const each = [
  ['vpc', vpc, 'vpcId', use],
  ['publicSubnet', publicSubnet, 'subnetId', outside],
  ['privateSubnetA', privateSubnetA, 'subnetId', a],
  ['privateSubnetC', privateSubnetC, 'subnetId', c],
] as const;

/** The account has what is used, without any tag of ours. */
function isThere() {
  ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [{ VpcId: use }] });
  ec2.on(DescribeSubnetsCommand).resolves({ Subnets: [outside, a, c].map((SubnetId) => ({ SubnetId })) });
}

describe('a used part of the network', () => {
  it.each(each)('is found by the id in the settings, not by tags: %s', async (_, one, field, id) => {
    isThere();
    expect(await one.find(awsFor(one, { settings }), { vpc: used })).toEqual({ [field]: id, used: 'true' });
    const asked = [...inputsOf(DescribeVpcsCommand), ...inputsOf(DescribeSubnetsCommand)];
    expect(asked.map(({ Filters }) => Filters?.[0]?.Values)).toEqual([[id]]);
  });

  it.each(each)('is taken without a changing call, and no verb ever makes one: %s', async (_, one, field, id) => {
    isThere();
    const identity = await one.create(awsFor(one, { settings }), { vpc: used });
    expect(identity).toEqual({ [field]: id, used: 'true' });
    await one.finish!(awsFor(one, { settings }), identity as never, { vpc: used });
    await one.destroy(awsFor(one, { settings }), identity as never);
    expect(changes()).toEqual([]);
  });

  it.each(each)('stays used when the settings do not name it any more: %s', async (_, one, field, id) => {
    isThere();
    const recorded = { [field]: id, used: 'true' };
    const aws = awsFor(one, { recorded });
    expect(await one.find(aws, { vpc: used })).toEqual(recorded);
    await one.finish!(aws, recorded as never, { vpc: used });
    await one.destroy(aws, recorded as never);
    expect(changes()).toEqual([]);
  });

  it('is refused by name when the account does not have it', async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [] });
    expect(await vpc.find(awsFor(vpc, { settings }), {})).toBeUndefined();
    await expect(vpc.create(awsFor(vpc, { settings }), {})).rejects.toMatchObject({
      code: 'used-missing',
      what: expect.stringContaining(use),
    });
    expect(changes()).toEqual([]);
  });

  it('is never mistaken for one that carries our tags', async () => {
    ec2.on(DescribeVpcsCommand).callsFake(async ({ Filters }) => ({
      Vpcs: Filters[0].Name === 'vpc-id' ? [] : [{ VpcId: 'vpc-ours', Tags: tagsOf('vpc') }],
    }));
    expect(await vpc.find(awsFor(vpc, { settings }), {})).toBeUndefined();
  });

  it('has its own ways in and out, so none is wanted', () => {
    const keys = (given: object) => [...wantedGraph(schema.parse(given)).keys()];
    const unwanted = keys({}).filter((key) => !keys(settings).includes(key));
    expect(unwanted).toEqual(['internetGateway', 'mainRouteTable', 'privateRouteTable', 'elasticIp', 'natGateway']);
  });
});
