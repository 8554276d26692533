import { resource } from '../../engine/resource.ts';
import { type UserError, userError } from '../../errors.ts';
import { baseUrl } from '../../hosts/bastion.ts';
import { bastion } from '../09-bastion.ts';
import { nodeA } from '../10-node-a.ts';
import { listener, loadBalancer, nodeATarget, targetGroup } from '../11-load-balancer.ts';
import { bucket } from '../14-storage.ts';
import { bastionServer } from './bastion-server.ts';
import { nodeC, nodeCTarget } from './node-c.ts';
import { nodeAServices, nodeCServices } from './nodes.ts';
import { type Hop, prove } from './proof.ts';

/** The whole, proved hop by hop from the inside to the browser's door. */
export const cluster = resource(
  'cluster',
  {
    bastion,
    nodeA,
    nodeC,
    loadBalancer,
    targetGroup,
    bucket,
    listener,
    nodeATarget,
    nodeCTarget,
    bastionServer,
    nodeAServices,
    nodeCServices,
  },
  {
    type: 'Host::Cluster',
    typicalSeconds: { create: 65, destroy: 0 },
    async find(_aws, { bastion, nodeA, nodeC }) {
      if (!bastion || !nodeA || !nodeC) return undefined;
      return { bastionId: bastion.instanceId, nodeAId: nodeA.instanceId, nodeCId: nodeC.instanceId };
    },
    async create(_aws, { bastion, nodeA, nodeC }) {
      return { bastionId: bastion.instanceId, nodeAId: nodeA.instanceId, nodeCId: nodeC.instanceId };
    },
    async finish(aws, identity, { bastion, loadBalancer, targetGroup, bucket }) {
      const hops = await prove(
        aws,
        {
          ...identity,
          targetGroupArn: targetGroup.targetGroupArn,
          loadBalancer: loadBalancer.dnsName,
          bucket: bucket.bucketName,
        },
        { withinSeconds: 900 },
      );
      const failure = unhealthy(hops, 'Run `airflow-aws verify` to look again, then `airflow-aws up --resume`.');
      if (failure) throw failure;
      return { url: baseUrl(aws.config, bastion.publicIp) };
    },
    async destroy() {
      // It is the sum of its parts.
    },
  },
);

/** The error that names the first hop that is not as it should be, with exit code 9; undefined where all are. */
export function unhealthy(hops: readonly Hop[], fix: string): UserError | undefined {
  const [first, ...others] = hops.filter(({ ok }) => !ok);
  if (!first) return undefined;
  return userError({
    code: 'cluster-unhealthy',
    exitCode: 9,
    what: `The cluster is built and is not healthy: ${first.name} failed.`,
    why: [first.detail, ...others.map(({ name, detail }) => `Also ${name}: ${detail}`)].join('\n'),
    fix,
    resource: 'cluster',
    resumable: true,
  });
}
