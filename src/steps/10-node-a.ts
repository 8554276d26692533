/** STEP 10: the first Airflow node, in the first private subnet; reached by SSH through the bastion. */
import { resource, step } from '../engine/resource.ts';
import { privateSubnetA } from './02-subnets.ts';
import { privateRouteTable } from './04-route-tables.ts';
import { privateSecurityGroup } from './07-security-groups.ts';
import { keyPair } from './08-key-pair.ts';
import { baseImage } from './09-bastion.ts';
import { findInstance, instancePrice, runInstance, terminate, waitUntilRunning } from './instances.ts';
import { compareNode } from './rolling.ts';

export const nodeA = resource(
  'nodeA',
  { baseImage, privateSubnetA, privateRouteTable, privateSecurityGroup, keyPair },
  {
    type: 'AWS::EC2::Instance',
    destroyFirst: true,
    typicalSeconds: { create: 16, destroy: 45 },
    hourlyUsd: (aws) => instancePrice(aws, 'nodes'),
    find: findInstance,
    create: (aws, { baseImage, privateSubnetA, privateSecurityGroup, keyPair }) =>
      runInstance(aws, aws.config.nodes, {
        imageId: baseImage.imageId,
        keyName: keyPair.keyName,
        subnetId: privateSubnetA.subnetId,
        groupId: privateSecurityGroup.groupId,
        publicAddress: false,
      }),
    async finish(aws, { instanceId }) {
      const { PrivateIpAddress = '' } = await waitUntilRunning(aws, instanceId);
      return { privateIp: PrivateIpAddress };
    },
    compare: (aws, { instanceId }, { privateSecurityGroup: { groupId } }) => compareNode(aws, instanceId, groupId),
    destroy: (aws, { instanceId }) => terminate(aws, instanceId),
  },
);

export default step(10, 'Node a', [nodeA]);
