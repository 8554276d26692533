import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { unlessGone } from '../aws-errors.ts';
import type { Difference } from '../engine/resource.ts';
import { type Survey, survey } from '../engine/survey.ts';
import { exitCodes } from '../errors.ts';
import { steps } from '../steps/index.ts';
import { cut, hanging, painter, spoken } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, openDeployment, runOf } from './deployment.ts';
import { type NodeUnits, unitsInWords, unitsOfNodes } from './node-units.ts';
import { differenceData, printDifferences } from './plan.ts';
import { type Logins, readLogins } from './secrets.ts';

export interface StatusFlags extends DeploymentFlags {
  readonly wait?: boolean;
  readonly exitCode?: boolean;
  readonly showSecrets?: boolean;
}

type Status = 'complete' | 'creating' | 'created' | 'destroying' | 'missing' | 'absent' | 'unknown';

/** What is really there, not what the state believes. */
export async function status(io: CommandIo, flags: StatusFlags): Promise<number> {
  const deployment = await openDeployment(io, flags);
  const { graph, state, config, place, world } = deployment;
  // First of all, so that a refusal is told before anything is looked at.
  const secrets = flags.showSecrets ? await readLogins(deployment) : undefined;
  let statuses = new Map<string, Status>();
  let surveyed: Survey = { verdicts: new Map(), differences: new Map(), unknown: new Map() };
  for (let look = 0; ; look++) {
    if (state) surveyed = await survey(runOf(deployment, state), graph);
    statuses = new Map(
      [...graph.keys()].map((key): [string, Status] => {
        const row = state?.row(key);
        if (!row) return [key, 'absent'];
        return [key, row.status === 'complete' ? statusOf(key, surveyed) : row.status];
      }),
    );
    const done = [...statuses.values()].every((one) => one === 'complete');
    if (done || !flags.wait || look >= 120) break;
    await world.clock.sleep(15_000 * world.pace);
  }
  const complete = [...statuses.values()].every((one) => one === 'complete');
  const data = {
    name: config.name,
    region: place.region,
    account: place.accountId,
    world: world.kind,
    complete,
    steps: steps.map(({ number, title, resources }) => ({
      number,
      title,
      status: stepStatus(resources.filter(({ key }) => graph.has(key)).map(({ key }) => statuses.get(key)!)),
    })),
    resources: steps.flatMap(({ number, resources }) =>
      resources
        .filter(({ key }) => graph.has(key))
        .map(({ key, type }) => {
          const row = state?.row(key);
          const arn = Object.values(row?.identity ?? {}).find((value) => value.startsWith('arn:'));
          return {
            key,
            step: number,
            type,
            status: statuses.get(key)!,
            identity: row?.identity ?? {},
            ...(arn === undefined ? {} : { arn }),
            ...(row?.output?.url === undefined ? {} : { url: row.output.url }),
            drift: (surveyed.differences.get(key) ?? []).map(differenceData),
            ...(surveyed.unknown.has(key) ? { unknown: surveyed.unknown.get(key)! } : {}),
          };
        }),
    ),
    targets: await targetHealth(deployment),
    nodes: await unitsOfNodes(deployment),
    endpoints: endpoints(
      Object.fromEntries(Object.entries(state?.rows ?? {}).map(([key, { output }]) => [key, output ?? {}])),
    ),
    ...(secrets && { secrets }),
  };
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'status', ok: true, data }));
  else print(deployment, data, surveyed.differences);
  world.close();
  return flags.exitCode && (!complete || surveyed.differences.size > 0) ? exitCodes.changes : exitCodes.ok;
}

/** Of what the state believes to be complete. */
function statusOf(key: string, { verdicts, differences, unknown }: Survey): Status {
  if (verdicts.get(key) === 'recreate') return 'missing';
  return unknown.has(key) && verdicts.get(key) === 'finish' && !differences.has(key) ? 'unknown' : 'complete';
}

interface TargetHealth {
  node: string;
  instanceId: string;
  state: string;
  reason?: string;
}

/** What the load balancer thinks of the nodes. */
async function targetHealth({ clients, state }: Deployment): Promise<TargetHealth[]> {
  const arn = state?.row('targetGroup')?.identity?.targetGroupArn;
  if (arn === undefined) return [];
  const answer = await clients.elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })).catch(unlessGone);
  return (answer?.TargetHealthDescriptions ?? []).map(({ Target, TargetHealth }) => {
    const instanceId = Target?.Id ?? '';
    const node = ['nodeA', 'nodeC'].find((key) => state?.row(key)?.identity?.instanceId === instanceId) ?? 'unknown';
    const reason = TargetHealth?.Reason;
    return { node, instanceId, state: TargetHealth?.State ?? 'unknown', ...(reason === undefined ? {} : { reason }) };
  });
}

function stepStatus(statuses: Status[]): string {
  if (statuses.every((one) => one === 'complete')) return 'complete';
  return statuses.every((one) => one === 'absent') ? 'absent' : 'partial';
}

function endpoints(outputs: Record<string, Record<string, string>>): Record<string, string> {
  const named: [string, string | undefined][] = [
    ['url', outputs.cluster?.url],
    ['bastion', outputs.bastion?.publicIp],
    ['loadBalancer', outputs.loadBalancer?.dnsName],
    ['database', outputs.dbCluster?.endpoint],
    ['cache', outputs.replicationGroup?.endpoint],
  ];
  return Object.fromEntries(named.filter((one): one is [string, string] => one[1] !== undefined));
}

const colours: Partial<Record<Status, 'green' | 'red' | 'dim'>> = { complete: 'green', missing: 'red', absent: 'dim' };

function print(
  { io: { out, columns, colour = false }, again }: Deployment,
  data: {
    name: string;
    complete: boolean;
    resources: { key: string; step: number; status: Status; identity: Record<string, string>; unknown?: string }[];
    targets: TargetHealth[];
    nodes: NodeUnits[];
    endpoints: Record<string, string>;
    secrets?: Logins;
  },
  differences: ReadonlyMap<string, readonly Difference[]>,
) {
  const paint = painter(colour);
  // A file or a pipe gets each identity whole, for those who search in it.
  const room = (columns ?? Number.POSITIVE_INFINITY) - 1;
  for (const { key, step, status, identity, unknown } of data.resources) {
    const label = `${String(step).padStart(2)}  ${spoken(key).padEnd(22)}  `;
    const state = status.padEnd(10);
    const [id = ''] = Object.values(identity);
    const shown = cut(`${label}${state}  ${nameIn(id)}`, room).trimEnd();
    const tone = colours[status] ?? 'yellow';
    out(shown.replace(`${label}${status}`, `${label}${paint(tone, status)}`));
    printDifferences(out, 'drift', differences.get(key) ?? [], columns ?? Number.POSITIVE_INFINITY);
    if (unknown !== undefined) out(hanging(' '.repeat(8), `not compared: ${unknown}`, columns ?? 120));
  }
  out('');
  for (const [name, where] of Object.entries(data.endpoints)) out(`${name.padEnd(14)}${where}`);
  for (const { node, state, reason = '' } of data.targets)
    out(`${spoken(node).padEnd(14)}${state} in the load balancer ${reason}`.trimEnd());
  for (const one of data.nodes) out(`${spoken(one.node).padEnd(14)}${unitsInWords(one)}`);
  for (const { username, password } of Object.values(data.secrets ?? {}) as Logins[keyof Logins][])
    out(`${username.padEnd(14)}${password}`);
  const there = data.resources.filter(({ status }) => status === 'complete').length;
  out(
    `${data.name} is ${data.complete ? 'complete' : 'not complete'}: ${there} of ${data.resources.length} resources.`,
  );
  const drifted = [...differences.values()].flat().length;
  if (drifted > 0)
    out(`${drifted} attributes are not as the settings want them; "${again('plan')}" says what up does.`);
}

/** Of an ARN, what follows the account: the rest is the same for all. */
function nameIn(identity: string): string {
  return identity.startsWith('arn:') ? identity.split(':').slice(5).join(':') : identity;
}
