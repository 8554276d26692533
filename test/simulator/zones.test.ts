import {
  DescribeAccountAttributesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeRegionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { network, refused } from './network.ts';

describe('regions and zones of the simulated account', () => {
  test('each region has its own zones, with ids that are the same for everybody', async () => {
    const tokyo = simulatedAccount().attach(new EC2Client({ region: 'ap-northeast-1' }));
    const { AvailabilityZones } = await tokyo.send(new DescribeAvailabilityZonesCommand({}));
    expect(AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual([
      'ap-northeast-1a',
      'ap-northeast-1c',
      'ap-northeast-1d',
    ]);
    const { ec2 } = await network();
    const named = await ec2.send(new DescribeAvailabilityZonesCommand({ ZoneNames: ['us-west-2a'] }));
    expect(named.AvailabilityZones).toMatchObject([
      { ZoneId: 'usw2-az1', State: 'available', RegionName: 'us-west-2' },
    ]);
    await refused(
      ec2.send(new DescribeAvailabilityZonesCommand({ ZoneNames: ['us-west-2z'] })),
      'InvalidParameterValue',
      'Invalid availability zone: [us-west-2z]',
    );
  });

  test('regions to opt in to show only when asked for', async () => {
    const { ec2 } = await network();
    const names = async (AllRegions?: boolean) =>
      (await ec2.send(new DescribeRegionsCommand(AllRegions ? { AllRegions } : {}))).Regions?.map(
        (one) => one.RegionName,
      );
    expect(await names()).toContain('us-west-2');
    expect(await names()).not.toContain('af-south-1');
    expect(await names(true)).toContain('af-south-1');
  });

  test('account attributes tell the platform and the limits', async () => {
    const { ec2 } = await network();
    const read = (name: string) =>
      ec2.send(new DescribeAccountAttributesCommand({ AttributeNames: [name as 'default-vpc'] }));
    expect((await read('supported-platforms')).AccountAttributes).toEqual([
      { AttributeName: 'supported-platforms', AttributeValues: [{ AttributeValue: 'VPC' }] },
    ]);
    await refused(read('colour'), 'InvalidParameterValue');
  });
});
