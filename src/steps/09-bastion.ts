/** STEP 9: the one server that can be reached from outside, from my address only. */
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { resource, step } from '../engine/resource.ts';
import { imageParameters } from '../hosts/os.ts';
import { publicSubnet } from './02-subnets.ts';
import { mainRouteTable } from './04-route-tables.ts';
import { publicSecurityGroup } from './07-security-groups.ts';
import { keyPair } from './08-key-pair.ts';
import { dataStays, differing } from './differences.ts';
import { compareInstance, findInstance, instancePrice, runInstance, terminate, waitUntilRunning } from './instances.ts';

// Looked up once and kept in the state: a resume days later must not start another operating system.
export const baseImage = resource(
  'baseImage',
  {},
  {
    type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
    typicalSeconds: { create: 0, destroy: 0 },
    async find({ ec2, ask, config, stackId, recorded }) {
      if (recorded) return recorded as { imageId: string; parameterName: string };
      // Without a record, what the bastion was launched from tells it.
      const Filters = [
        { Name: 'tag:airflow-aws:stack', Values: [stackId] },
        { Name: 'tag:airflow-aws:resource', Values: ['bastion'] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ];
      const { Reservations = [] } = await ask(ec2, new DescribeInstancesCommand({ Filters }));
      const imageId = Reservations[0]?.Instances?.[0]?.ImageId;
      return imageId === undefined ? undefined : { imageId, parameterName: imageParameters[config.os] };
    },
    async create({ ssm, ask, config }) {
      const parameterName = imageParameters[config.os];
      const { Parameter } = await ask(ssm, new GetParameterCommand({ Name: parameterName }));
      return { imageId: Parameter!.Value!, parameterName };
    },
    async compare({ config }, { parameterName }) {
      const was = Object.entries(imageParameters).find(([, name]) => name === parameterName)?.[0] ?? parameterName;
      return differing('os', was, config.os, dataStays('os', was));
    },
    async destroy() {
      // The image is its publisher's.
    },
  },
);

export const bastion = resource(
  'bastion',
  { baseImage, publicSubnet, mainRouteTable, publicSecurityGroup, keyPair },
  {
    type: 'AWS::EC2::Instance',
    destroyFirst: true,
    typicalSeconds: { create: 16, destroy: 45 },
    hourlyUsd: (aws) => instancePrice(aws, 'bastion') + (aws.prices('ipv4') ?? 0),
    find: findInstance,
    create: (aws, { baseImage, publicSubnet, publicSecurityGroup, keyPair }) =>
      runInstance(aws, aws.config.bastion, {
        imageId: baseImage.imageId,
        keyName: keyPair.keyName,
        subnetId: publicSubnet.subnetId,
        groupId: publicSecurityGroup.groupId,
        publicAddress: true,
      }),
    async finish(aws, { instanceId }) {
      const { PublicIpAddress = '', PrivateIpAddress = '' } = await waitUntilRunning(aws, instanceId);
      return { publicIp: PublicIpAddress, privateIp: PrivateIpAddress };
    },
    compare: (aws, { instanceId }, { publicSecurityGroup: { groupId } }) =>
      compareInstance(aws, instanceId, aws.config.bastion, { groupId, setting: 'bastion.volumeGiB' }),
    destroy: (aws, { instanceId }) => terminate(aws, instanceId),
  },
);

export default step(9, 'Bastion', [baseImage, bastion]);
