import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  EC2Client,
  paginateDescribeInstanceTypes,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';

function ec2(region = 'us-west-2') {
  return simulatedAccount().attach(new EC2Client({ region }));
}

describe('instance types of the simulated account', () => {
  test('a type says what it has', async () => {
    const question = new DescribeInstanceTypesCommand({ InstanceTypes: ['t3.large', 't4g.small', 'm6g.medium'] });
    const { InstanceTypes } = await ec2().send(question);
    const of = (name: string) => InstanceTypes?.find(({ InstanceType }) => InstanceType === name);
    expect(of('t3.large')).toMatchObject({
      VCpuInfo: { DefaultVCpus: 2, DefaultCores: 1, DefaultThreadsPerCore: 2 },
      MemoryInfo: { SizeInMiB: 8192 },
      ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
      BurstablePerformanceSupported: true,
    });
    expect(of('t4g.small')).toMatchObject({
      MemoryInfo: { SizeInMiB: 2048 },
      ProcessorInfo: { SupportedArchitectures: ['arm64'] },
    });
    expect(of('m6g.medium')).toMatchObject({ VCpuInfo: { DefaultVCpus: 1 }, MemoryInfo: { SizeInMiB: 4096 } });
  });

  test('a name that is no type is refused', async () => {
    const question = new DescribeInstanceTypesCommand({ InstanceTypes: ['t3.colossal' as never] });
    await expect(ec2().send(question)).rejects.toMatchObject({ name: 'InvalidInstanceType' });
  });

  test('all types come in pages, each once', async () => {
    const names: (string | undefined)[] = [];
    for await (const { InstanceTypes } of paginateDescribeInstanceTypes({ client: ec2(), pageSize: 40 }, {}))
      names.push(...(InstanceTypes ?? []).map(({ InstanceType }) => InstanceType));
    expect(names.length).toBeGreaterThan(100);
    expect(new Set(names).size).toBe(names.length);
  });

  test('zones sell what they sell', async () => {
    const client = ec2();
    const locations = async (
      InstanceType: string,
      LocationType: 'availability-zone' | 'availability-zone-id' | 'region',
    ) => {
      const Filters = [{ Name: 'instance-type', Values: [InstanceType] }];
      const { InstanceTypeOfferings } = await client.send(
        new DescribeInstanceTypeOfferingsCommand({ LocationType, Filters }),
      );
      return InstanceTypeOfferings?.map(({ Location }) => Location);
    };
    expect(await locations('t3.micro', 'availability-zone')).toEqual(
      ['a', 'b', 'c', 'd'].map((zone) => `us-west-2${zone}`),
    );
    expect(await locations('t2.micro', 'availability-zone-id')).toEqual(['usw2-az1', 'usw2-az2', 'usw2-az3']);
    expect(await locations('t3.micro', 'region')).toEqual(['us-west-2']);
  });
});
