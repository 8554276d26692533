import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws, Wait } from '../../aws.ts';
import { resource } from '../../engine/resource.ts';
import { UserError, userError } from '../../errors.ts';
import { baseUrl } from '../../hosts/bastion.ts';
import { type Command, httpGet, unitStates } from '../../hosts/command.ts';
import { nodeUnits } from '../../hosts/components.ts';
import { proveCluster } from '../../hosts/node.ts';
import { type Host, shellErrors } from '../../hosts/shell.ts';
import { bastion } from '../09-bastion.ts';
import { nodeA } from '../10-node-a.ts';
import { listener, loadBalancer, nodeATarget, targetGroup } from '../11-load-balancer.ts';
import { bucket } from '../14-storage.ts';
import { bastionServer } from './bastion-server.ts';
import { nodeC, nodeCTarget } from './node-c.ts';
import { nodeAServices, nodeCServices } from './nodes.ts';
import { pauseForServers, reach } from './servers.ts';

/** Airflow's own account of its parts. It answers 200 whatever it has to tell. */
interface Health {
  readonly [component: string]: { readonly status: string | null } | undefined;
}

const components = ['metadatabase', 'scheduler', 'triggerer', 'dag_processor'];

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
    async finish(aws, { bastionId, nodeAId, nodeCId }, { bastion, loadBalancer, targetGroup, bucket }) {
      const [door, a, c] = await Promise.all([
        reach(aws, { name: 'bastion', instanceId: bastionId, bastionId }),
        reach(aws, { name: 'a', instanceId: nodeAId, bastionId }),
        reach(aws, { name: 'c', instanceId: nodeCId, bastionId }),
      ]);
      for (const node of [a, c]) await unitsActive(aws, node);
      await targetsHealthy(aws, targetGroup.targetGroupArn, [nodeAId, nodeCId]);
      const inside = baseUrl(aws.config, '127.0.0.1');
      const touches = { endpoints: [{ address: loadBalancer.dnsName, port: 80 }] };
      await hop(aws, `Airflow's health through the bastion`, async () => {
        const health = parse(await output(aws, door, httpGet(`${inside}/api/v2/monitor/health`, touches)));
        return components.every((component) => health?.[component]?.status === 'healthy');
      });
      await hop(aws, 'the log-in page through the bastion', async () =>
        /<form|<title/i.test(await output(aws, door, httpGet(`${inside}/auth/login/`, touches))),
      );
      await tasksRun(aws, a, bucket.bucketName);
      return { url: baseUrl(aws.config, bastion.publicIp) };
    },
    async destroy() {
      // It is the sum of its parts.
    },
  },
);

async function unitsActive(aws: Aws, node: Host) {
  await hop(aws, `every unit of node ${node.name} active`, async () => {
    const states = (await output(aws, node, unitStates(nodeUnits))).trim().split('\n');
    return states.length === nodeUnits.length && states.every((state) => state === 'active');
  });
}

async function tasksRun(aws: Aws, node: Host, bucket: string) {
  try {
    await aws.shell.run(node, proveCluster({ bucket }));
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== shellErrors.failed) throw error;
    throw unhealthy('a task on every node, with its log in S3,', error.why, error);
  }
}

async function targetsHealthy(aws: Aws, targetGroupArn: string, instanceIds: string[]) {
  await hop(aws, 'both nodes healthy for the load balancer', async () => {
    const { TargetHealthDescriptions = [] } = await aws.ask(
      aws.elbv2,
      new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
    );
    const healthy = TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy');
    return instanceIds.every((instanceId) => healthy.some(({ Target }) => Target?.Id === instanceId));
  });
}

/** What the server prints, or nothing where it could not: a part that is still starting refuses. */
async function output(aws: Aws, host: Host, command: Command): Promise<string> {
  try {
    return (await aws.shell.run(host, command)).stdout;
  } catch (error) {
    if (error instanceof UserError) return '';
    throw error;
  }
}

function parse(text: string): Health | undefined {
  try {
    return JSON.parse(text) as Health;
  } catch {
    return undefined;
  }
}

const patience: Pick<Wait, 'everySeconds' | 'timeoutSeconds'> = { everySeconds: 3, timeoutSeconds: 600 };

/** One thing that must become true. When it does not, the cluster is built and not healthy, and this is where. */
async function hop(aws: Aws, what: string, isSo: () => Promise<boolean>) {
  try {
    await aws.wait({ for: what, ...patience }, async () => {
      if (await isSo()) return true;
      await pauseForServers(aws);
      return undefined;
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw unhealthy(
      what,
      `It was looked for during ${patience.timeoutSeconds} s; everything before it was well.`,
      error,
    );
  }
}

function unhealthy(what: string, why: string, cause: UserError): UserError {
  return userError({
    code: 'cluster-unhealthy',
    exitCode: 9,
    what: `The cluster is built and is not healthy: ${what} did not come about.`,
    why,
    fix: 'See `airflow-aws status` and the units on the nodes, then run `airflow-aws up --resume`.',
    resource: 'cluster',
    resumable: true,
    cause,
  });
}
