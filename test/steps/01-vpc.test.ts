import {
  CreateVpcCommand,
  DeleteVpcCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { vpc } from '../../src/steps/01-vpc.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf } from '../helpers/aws.ts';

describe('vpc find', () => {
  it('takes the one that carries this stack’s and this resource’s tags', async () => {
    ec2.on(DescribeVpcsCommand).resolves({
      Vpcs: [
        { VpcId: 'vpc-strange', Tags: tagsOf('vpc', 'stack2') },
        { VpcId: 'vpc-ours', Tags: tagsOf('vpc') },
      ],
    });
    expect(await vpc.find(awsFor(vpc), {})).toEqual({ vpcId: 'vpc-ours' });
    expect(inputsOf(DescribeVpcsCommand)).toEqual([
      { Filters: [{ Name: 'tag:airflow-aws:stack', Values: ['stack1'] }] },
    ]);
  });

  it('asks by the recorded id, which holds even where somebody took the tags away', async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [{ VpcId: 'vpc-1' }] });
    expect(await vpc.find(awsFor(vpc, { recorded: { vpcId: 'vpc-1' } }), {})).toEqual({ vpcId: 'vpc-1' });
    expect(inputsOf(DescribeVpcsCommand)).toEqual([{ Filters: [{ Name: 'vpc-id', Values: ['vpc-1'] }] }]);
  });

  it('asks by tags when the recorded id is gone', async () => {
    ec2.on(DescribeVpcsCommand, { Filters: [{ Name: 'vpc-id', Values: ['vpc-1'] }] }).resolves({ Vpcs: [] });
    ec2
      .on(DescribeVpcsCommand, { Filters: [{ Name: 'tag:airflow-aws:stack', Values: ['stack1'] }] })
      .resolves({ Vpcs: [{ VpcId: 'vpc-2', Tags: tagsOf('vpc') }] });
    expect(await vpc.find(awsFor(vpc, { recorded: { vpcId: 'vpc-1' } }), {})).toEqual({ vpcId: 'vpc-2' });
  });

  it('refuses to choose between two', async () => {
    const Vpcs = ['vpc-1', 'vpc-2'].map((VpcId) => ({ VpcId, Tags: tagsOf('vpc') }));
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs });
    await expect(vpc.find(awsFor(vpc), {})).rejects.toMatchObject({
      code: 'two-matches',
      what: expect.stringContaining('vpc-1 and vpc-2'),
    });
  });
});

describe('vpc create', () => {
  it('sends one call with the block and all tags', async () => {
    ec2.on(CreateVpcCommand).resolves({ Vpc: { VpcId: 'vpc-1' } });
    const aws = awsFor(vpc, { settings: { network: { vpcCidr: '10.9.0.0/16' }, tags: { team: 'data' } } });
    expect(await vpc.create(aws, {})).toEqual({ vpcId: 'vpc-1' });
    expect(changes()).toEqual(['CreateVpc']);
    const [input] = inputsOf(CreateVpcCommand);
    expect(input).toMatchObject({ CidrBlock: '10.9.0.0/16' });
    expect(taggedIn(input)).toEqual({ vpc: 'vpc' });
    expect(input!.TagSpecifications![0]!.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'Name', Value: 'pms-oregon-vpc' },
        { Key: 'team', Value: 'data' },
      ]),
    );
  });
});

describe('vpc finish', () => {
  it('switches DNS host names on, and is the same the second time', async () => {
    ec2.on(ModifyVpcAttributeCommand).resolves({});
    await vpc.finish!(awsFor(vpc), { vpcId: 'vpc-1' }, {});
    await vpc.finish!(awsFor(vpc), { vpcId: 'vpc-1' }, {});
    const once = { VpcId: 'vpc-1', EnableDnsHostnames: { Value: true } };
    expect(inputsOf(ModifyVpcAttributeCommand)).toEqual([once, once]);
  });
});

describe('vpc destroy', () => {
  it('takes not-found for success', async () => {
    ec2.on(DeleteVpcCommand).rejects(awsError('InvalidVpcID.NotFound'));
    await vpc.destroy(awsFor(vpc), { vpcId: 'vpc-1' });
    expect(inputsOf(DeleteVpcCommand)).toEqual([{ VpcId: 'vpc-1' }]);
  });

  it('throws what AWS says while something is left in it', async () => {
    ec2.on(DeleteVpcCommand).rejects(awsError('DependencyViolation'));
    await expect(vpc.destroy(awsFor(vpc), { vpcId: 'vpc-1' })).rejects.toThrow('DependencyViolation');
  });
});
