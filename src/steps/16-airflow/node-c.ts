import { resource } from '../../engine/resource.ts';
import { privateSubnetC } from '../02-subnets.ts';
import { privateRouteTable } from '../04-route-tables.ts';
import { natGateway } from '../06-nat-gateway.ts';
import { privateSecurityGroup } from '../07-security-groups.ts';
import { keyPair } from '../08-key-pair.ts';
import { bastion } from '../09-bastion.ts';
import { registration, targetGroup } from '../11-load-balancer.ts';
import { instanceProfile } from '../14-storage.ts';
import { findInstance, instancePrice, runInstance, terminate, waitUntilRunning } from '../instances.ts';
import { compareNode } from '../rolling.ts';
import { image } from './image.ts';
import { serverWork } from './servers.ts';
import { software } from './software.ts';

/** The second node, from the image of the first, in the other zone. */
export const nodeC = resource(
  'nodeC',
  { image, privateSubnetC, privateRouteTable, privateSecurityGroup, keyPair, instanceProfile },
  {
    type: 'AWS::EC2::Instance',
    destroyFirst: true,
    typicalSeconds: { create: 16, destroy: 45 },
    hourlyUsd: (aws) => instancePrice(aws, 'nodes'),
    find: findInstance,
    create: (aws, { image, privateSubnetC, privateSecurityGroup, keyPair, instanceProfile }) =>
      runInstance(aws, aws.config.nodes, {
        imageId: image.imageId,
        keyName: keyPair.keyName,
        subnetId: privateSubnetC.subnetId,
        groupId: privateSecurityGroup.groupId,
        publicAddress: false,
        instanceProfileName: instanceProfile.instanceProfileName,
      }),
    async finish(aws, { instanceId }) {
      const { PrivateIpAddress = '' } = await waitUntilRunning(aws, instanceId);
      return { privateIp: PrivateIpAddress };
    },
    compare: (aws, { instanceId }, { privateSecurityGroup: { groupId } }) => compareNode(aws, instanceId, groupId),
    destroy: (aws, { instanceId }) => terminate(aws, instanceId),
  },
);

export const nodeCTarget = resource(
  'nodeCTarget',
  { targetGroup, nodeC },
  {
    type: registration.type,
    destroyFirst: registration.destroyFirst,
    typicalSeconds: registration.typicalSeconds,
    find: (aws, { targetGroup, nodeC }) => registration.find(aws, targetGroup?.targetGroupArn, nodeC?.instanceId),
    create: (aws, { targetGroup, nodeC }) => registration.create(aws, targetGroup.targetGroupArn, nodeC.instanceId),
    destroy: registration.destroy,
  },
);

/** The image has it. What the settings ask for since then is installed here, without a new image. */
export const nodeCSoftware = serverWork(
  'nodeCSoftware',
  { bastion, nodeC, natGateway },
  {
    ...software,
    typicalSeconds: 2,
    server: ({ bastion, nodeC }) => ({ name: 'c', instanceId: nodeC?.instanceId, bastionId: bastion?.instanceId }),
  },
);
