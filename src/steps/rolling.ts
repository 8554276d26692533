/** How a node of the cluster is taken out of service for a while: the others must be able to do the work. */
import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws } from '../aws.ts';
import { isGone, unless } from '../aws-errors.ts';
import type { Difference } from '../engine/resource.ts';
import { compareInstance, type Service } from './instances.ts';

export function compareNode(aws: Aws, instanceId: string, groupId: string): Promise<Difference[]> {
  const service = behindLoadBalancer(aws, instanceId);
  return compareInstance(aws, instanceId, aws.config.nodes, { groupId, setting: 'nodes.volumeGiB', service });
}

/** Undefined before there is a target group. */
async function targetGroupArn({ elbv2, ask, names }: Aws): Promise<string | undefined> {
  try {
    const { TargetGroups } = await ask(elbv2, new DescribeTargetGroupsCommand({ Names: [names.targetGroup] }));
    return TargetGroups?.[0]?.TargetGroupArn;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function targetsOf({ elbv2, ask }: Aws, TargetGroupArn: string): Promise<TargetHealthDescription[]> {
  const answer = await ask(elbv2, new DescribeTargetHealthCommand({ TargetGroupArn }));
  return answer.TargetHealthDescriptions ?? [];
}

/** A node leaves when another one serves, after its last request; it is back when the load balancer finds it healthy. */
function behindLoadBalancer(aws: Aws, instanceId: string): Service {
  const isThis = ({ Target }: TargetHealthDescription) => Target?.Id === instanceId;
  return {
    async leave() {
      const TargetGroupArn = await targetGroupArn(aws);
      if (TargetGroupArn === undefined) return;
      await aws.wait({ for: 'another node healthy', everySeconds: 5, timeoutSeconds: 900 }, async () => {
        const targets = (await targetsOf(aws, TargetGroupArn)).filter(
          ({ TargetHealth }) => TargetHealth?.State !== 'draining',
        );
        const others = targets.filter((one) => !isThis(one));
        // Where it is the only one, or does not serve, nobody waits for it.
        const serves = targets.some((one) => isThis(one) && one.TargetHealth?.State === 'healthy');
        const another = others.some(({ TargetHealth }) => TargetHealth?.State === 'healthy');
        return another || !serves || others.length === 0 ? true : undefined;
      });
      await aws.elbv2
        .send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: instanceId }] }))
        .catch(unless('TargetGroupNotFound', 'InvalidTarget'));
      await aws.wait({ for: 'requests of the node finished', everySeconds: 5, timeoutSeconds: 900 }, async () =>
        (await targetsOf(aws, TargetGroupArn)).some(isThis) ? undefined : true,
      );
    },
    async rejoin() {
      const TargetGroupArn = await targetGroupArn(aws);
      if (TargetGroupArn === undefined) return;
      await aws.elbv2.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: instanceId, Port: 80 }] }));
      const another = (await targetsOf(aws, TargetGroupArn)).some(
        (one) => !isThis(one) && one.TargetHealth?.State === 'healthy',
      );
      // Where nothing serves, no other node waits for this one, and the proof of the cluster comes later.
      if (!another) return;
      await aws.wait({ for: 'node healthy again', everySeconds: 5, timeoutSeconds: 900 }, async () =>
        (await targetsOf(aws, TargetGroupArn)).some((one) => isThis(one) && one.TargetHealth?.State === 'healthy')
          ? true
          : undefined,
      );
    },
  };
}
