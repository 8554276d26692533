import { DescribeInstancesCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { baseImage, bastion } from '../../src/steps/09-bastion.ts';
import { awsFor, changes, ec2, inputsOf, ssm } from '../helpers/aws.ts';
import { aServer, identity, listed } from './instances.ts';

const needs = {
  baseImage: { imageId: 'ami-1', parameterName: '/aws/x' },
  publicSubnet: { subnetId: 'subnet-public' },
  mainRouteTable: { routeTableId: 'rtb-main' },
  publicSecurityGroup: { groupId: 'sg-public' },
  keyPair: { keyPairId: 'key-1', keyName: 'pms-oregon-key' },
};

describe('baseImage', () => {
  it.each([
    ['amazon-linux-2023', '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'],
    ['debian-13', '/aws/service/debian/release/13/latest/amd64'],
  ] as const)('create asks for the newest image of %s and changes nothing', async (os, parameterName) => {
    ssm.on(GetParameterCommand, { Name: parameterName }).resolves({ Parameter: { Value: 'ami-new' } });
    expect(await baseImage.create(awsFor(baseImage, { settings: { os } }), {})).toEqual({
      imageId: 'ami-new',
      parameterName,
    });
    expect(changes()).toEqual([]);
  });

  it('find gives what was recorded, so that a resume days later starts the same operating system', async () => {
    const recorded = { imageId: 'ami-old', parameterName: '/aws/x' };
    expect(await baseImage.find(awsFor(baseImage, { recorded }), {})).toEqual(recorded);
    expect(inputsOf(DescribeInstancesCommand)).toEqual([]);
  });

  it('find gives, without a record, what the bastion was launched from', async () => {
    ec2.on(DescribeInstancesCommand).resolves(listed('bastion', 'running', { ImageId: 'ami-old' }));
    expect(await baseImage.find(awsFor(baseImage), {})).toMatchObject({ imageId: 'ami-old' });
    const [asked] = inputsOf(DescribeInstancesCommand);
    expect(asked!.Filters).toContainEqual({ Name: 'tag:airflow-aws:stack', Values: ['stack1'] });
    expect(asked!.Filters).toContainEqual({ Name: 'tag:airflow-aws:resource', Values: ['bastion'] });
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
    expect(await baseImage.find(awsFor(baseImage), {})).toBeUndefined();
    expect(inputsOf(GetParameterCommand)).toEqual([]);
  });

  it('destroy leaves the image, which is its publisher’s', async () => {
    await baseImage.destroy(awsFor(baseImage), needs.baseImage);
    expect(changes()).toEqual([]);
  });
});

aServer(bastion, needs);

describe('bastion', () => {
  it('create puts it into the public subnet with a public address, its group and the key', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });
    const settings = { bastion: { instanceType: 't3.small', volumeGiB: 40 } };
    await bastion.create(awsFor(bastion, { settings }), needs);
    const [input] = inputsOf(RunInstancesCommand);
    expect(input).toMatchObject({
      ImageId: 'ami-1',
      InstanceType: 't3.small',
      KeyName: 'pms-oregon-key',
      BlockDeviceMappings: [{ Ebs: { VolumeSize: 40 } }],
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: 'subnet-public',
          Groups: ['sg-public'],
          AssociatePublicIpAddress: true,
          DeleteOnTermination: true,
        },
      ],
    });
    // EC2 refuses these beside a network interface.
    expect(input).not.toHaveProperty('SubnetId');
    expect(input).not.toHaveProperty('SecurityGroupIds');
    expect(input!.TagSpecifications![0]!.Tags).toContainEqual({ Key: 'Name', Value: 'pms-airflow-bastion' });
  });

  it('finish gives both addresses', async () => {
    const addresses = { PublicIpAddress: '198.51.100.7', PrivateIpAddress: '10.0.1.4' };
    ec2.on(DescribeInstancesCommand).resolves(listed('bastion', 'running', addresses));
    expect(await bastion.finish!(awsFor(bastion), identity, needs)).toEqual({
      publicIp: '198.51.100.7',
      privateIp: '10.0.1.4',
    });
  });

  it('costs its class, its address and its volume', () => {
    expect(bastion.hourlyUsd!(awsFor(bastion))).toBeCloseTo(0.0104 + 0.005 + (30 * 0.08) / 730, 6);
  });
});
