import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { execa } from 'execa';
import { exitCodes, userError } from '../errors.ts';
import { osOf } from '../hosts/os.ts';
import type { Host } from '../hosts/shell.ts';
import { keyIn } from '../hosts/ssh.ts';
import { closeConnections, writeSshConfig } from '../hosts/ssh-config.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, openDeployment } from './deployment.ts';

export const serverNames = ['bastion', 'a', 'c'] as const;
export type ServerName = (typeof serverNames)[number];

const keys: Record<ServerName, string> = { bastion: 'bastion', a: 'nodeA', c: 'nodeC' };

/** The running servers of a deployment, and an ssh_config that leads to them. */
export interface Servers {
  readonly deployment: Deployment;
  readonly hosts: ReadonlyMap<ServerName, Host>;
  readonly configFile: string;
}

/** A rehearsal has servers only in the imagination of its account. */
export function refuseRehearsal(flags: DeploymentFlags, command: string): void {
  if (!flags.simulate) return;
  throw userError({
    code: 'no-servers',
    exitCode: exitCodes.usage,
    what: `"${command}" has nothing to go to: a rehearsal has no servers.`,
    why: 'Its instances are rows in the simulated account, and what is done on them is checked and recorded only.',
    fix: 'Leave --simulate (and AIRFLOW_AWS_SIMULATE) away to reach the servers of a deployment on AWS.',
  });
}

/** Opens the servers for `work`, and leaves no connection behind it. */
export async function withServers(
  io: CommandIo,
  flags: DeploymentFlags,
  command: string,
  work: (servers: Servers) => Promise<number>,
): Promise<number> {
  const servers = await openServers(io, flags, command);
  try {
    return await work(servers);
  } finally {
    closeConnections(servers.deployment.folder, 'ssh');
  }
}

/** Asks EC2 for the present addresses, since a stopped server comes back with another. */
async function openServers(io: CommandIo, flags: DeploymentFlags, command: string): Promise<Servers> {
  refuseRehearsal(flags, command);
  const deployment = await openDeployment(io, { ...flags, quiet: true });
  const { state, clients, config, folder } = deployment;
  const ids = new Map<string, ServerName>();
  for (const name of serverNames) {
    const id = state?.row(keys[name])?.identity?.instanceId;
    if (id !== undefined) ids.set(id, name);
  }
  if (ids.size === 0)
    throw userError({
      code: 'no-servers',
      exitCode: exitCodes.usage,
      what: `${config.name} has no servers.`,
      why: `The state in ${deployment.store.name} knows of none.`,
      fix: 'Run "airflow-aws up"; or "airflow-aws state rebuild" if the state file was lost.',
    });
  const running = { Name: 'instance-state-name', Values: ['running'] };
  const { Reservations = [] } = await clients.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [...ids.keys()] }, running] }),
  );
  const { loginUser: user } = osOf(config);
  const found = Reservations.flatMap(({ Instances = [] }) => Instances).map((instance) => ({
    name: ids.get(instance.InstanceId ?? '')!,
    instance,
  }));
  const hosts = new Map<ServerName, Host>();
  const door = found.find(({ name }) => name === 'bastion')?.instance;
  if (!door?.PublicIpAddress)
    throw userError({
      code: 'no-bastion',
      exitCode: exitCodes.failed,
      what: 'The bastion does not run, and the only way to the servers leads through it.',
      why: 'EC2 lists no running instance with a public address for it.',
      fix: 'See "airflow-aws status"; "airflow-aws up" makes it again.',
    });
  const bastion: Host = { name: 'bastion', instanceId: door.InstanceId!, address: door.PublicIpAddress, user };
  hosts.set('bastion', bastion);
  for (const { name, instance } of found)
    if (name !== 'bastion')
      hosts.set(name, {
        name,
        instanceId: instance.InstanceId!,
        address: instance.PrivateIpAddress ?? '',
        user,
        via: bastion,
      });
  const configFile = writeSshConfig([...hosts.values()], { folder, keyFile: keyIn(folder) });
  return { deployment, hosts, configFile };
}

export function serverNamed({ hosts }: Servers, name: ServerName): Host {
  const host = hosts.get(name);
  if (host) return host;
  throw userError({
    code: 'no-such-server',
    exitCode: exitCodes.failed,
    what: `The server "${name}" does not run.`,
    why: `Those that run are ${[...hosts.keys()].join(', ')}.`,
    fix: 'See "airflow-aws status"; "airflow-aws up" makes it again.',
  });
}

/** A node that the load balancer holds for healthy, or else any that runs. */
export async function healthyNode(servers: Servers): Promise<Host> {
  const { hosts, deployment } = servers;
  const nodes = [...hosts.values()].filter(({ via }) => via !== undefined);
  const arn = deployment.state?.row('targetGroup')?.identity?.targetGroupArn;
  const answer =
    arn === undefined
      ? undefined
      : await deployment.clients.elbv2
          .send(new DescribeTargetHealthCommand({ TargetGroupArn: arn }))
          // It only decides which node is asked first.
          .catch(() => undefined);
  const healthy = (answer?.TargetHealthDescriptions ?? [])
    .filter(({ TargetHealth }) => TargetHealth?.State === 'healthy')
    .map(({ Target }) => Target?.Id);
  return nodes.find(({ instanceId }) => healthy.includes(instanceId)) ?? nodes[0] ?? serverNamed(servers, 'a');
}

/** What ssh itself ends with, as opposed to the program that it ran. */
const connectionFailed = 255;

/** Runs ssh on this very terminal and gives the exit code of what ran there. */
export async function sshHere(configFile: string, host: Host, remote: readonly string[]): Promise<number> {
  const { exitCode = connectionFailed } = await execa('ssh', ['-F', configFile, host.name, ...remote], {
    stdio: 'inherit',
    reject: false,
  });
  if (exitCode === connectionFailed) throw unreachable(host);
  return exitCode;
}

export function unreachable({ name, instanceId, address }: Host) {
  return userError({
    code: 'host-unreachable',
    exitCode: exitCodes.failed,
    what: `The connection to ${name} (${instanceId}, ${address}) did not come about or broke.`,
    why: 'ssh says why above: no answer, another host key, or a refused key.',
    fix: 'If your own address changed, run "airflow-aws up": it opens the way for the new one. Otherwise see "airflow-aws doctor".',
  });
}
