import { AllocateAddressCommand, DescribeAddressesCommand, ReleaseAddressCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { classify } from '../../src/aws-errors.ts';
import { elasticIp } from '../../src/steps/05-elastic-ip.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf } from '../helpers/aws.ts';

const identity = { allocationId: 'eipalloc-1' };

describe('elasticIp find', () => {
  it('takes the address of our tags, which are its only handle', async () => {
    ec2.on(DescribeAddressesCommand).resolves({
      Addresses: [{ AllocationId: 'eipalloc-0' }, { AllocationId: 'eipalloc-1', Tags: tagsOf('elasticIp') }],
    });
    expect(await elasticIp.find(awsFor(elasticIp), {})).toEqual(identity);
  });

  it('knows it by its recorded id', async () => {
    ec2
      .on(DescribeAddressesCommand, { Filters: [{ Name: 'allocation-id', Values: ['eipalloc-1'] }] })
      .resolves({ Addresses: [{ AllocationId: 'eipalloc-1' }] });
    expect(await elasticIp.find(awsFor(elasticIp, { recorded: identity }), {})).toEqual(identity);
  });
});

describe('elasticIp create', () => {
  it('sends one call with tags', async () => {
    ec2.on(AllocateAddressCommand).resolves({ AllocationId: 'eipalloc-1' });
    expect(await elasticIp.create(awsFor(elasticIp), {})).toEqual(identity);
    expect(changes()).toEqual(['AllocateAddress']);
    const [input] = inputsOf(AllocateAddressCommand);
    expect(input!.Domain).toBe('vpc');
    expect(taggedIn(input)).toEqual({ 'elastic-ip': 'elasticIp' });
  });

  it('costs money as long as it exists', () => {
    expect(elasticIp.hourlyUsd!(awsFor(elasticIp))).toBe(0.005);
  });
});

describe('elasticIp destroy', () => {
  it('takes not-found for success', async () => {
    ec2.on(ReleaseAddressCommand).rejects(awsError('InvalidAllocationID.NotFound'));
    await elasticIp.destroy(awsFor(elasticIp), identity);
    expect(inputsOf(ReleaseAddressCommand)).toEqual([{ AllocationId: 'eipalloc-1' }]);
  });

  it.each(['AuthFailure', 'InvalidIPAddress.InUse'])('says that it is in use when EC2 answers %s', async (code) => {
    ec2.on(ReleaseAddressCommand).rejects(awsError(code));
    const error = await elasticIp.destroy(awsFor(elasticIp), identity).catch((thrown) => thrown);
    expect(classify(error)).toBe('inUse');
  });
});
