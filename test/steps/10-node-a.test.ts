import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { nodeA } from '../../src/steps/10-node-a.ts';
import { awsFor, ec2, inputsOf } from '../helpers/aws.ts';
import { aServer } from './instances.ts';

const needs = {
  baseImage: { imageId: 'ami-1', parameterName: '/aws/x' },
  privateSubnetA: { subnetId: 'subnet-a' },
  privateRouteTable: { routeTableId: 'rtb-private' },
  privateSecurityGroup: { groupId: 'sg-private' },
  keyPair: { keyPairId: 'key-1', keyName: 'pms-oregon-key' },
};

aServer(nodeA, needs);

describe('nodeA', () => {
  it('create puts it into the first private subnet without a public address', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });
    await nodeA.create(awsFor(nodeA), needs);
    const [input] = inputsOf(RunInstancesCommand);
    expect(input).toMatchObject({
      ImageId: 'ami-1',
      InstanceType: 't3.large',
      KeyName: 'pms-oregon-key',
      NetworkInterfaces: [{ SubnetId: 'subnet-a', Groups: ['sg-private'], AssociatePublicIpAddress: false }],
    });
    expect(input!.TagSpecifications![0]!.Tags).toContainEqual({ Key: 'Name', Value: 'pms-airflow-a' });
  });

  it('waits for the private route table, lest it start in a subnet that is still public', () => {
    expect(Object.keys(nodeA.needs)).toContain('privateRouteTable');
  });
});
