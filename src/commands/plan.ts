import { criticalPath, type Graph } from '../engine/graph.ts';
import { survey, type Verdict } from '../engine/up.ts';
import { exitCodes, userError } from '../errors.ts';
import { hoursPerMonth, prices } from '../prices.ts';
import { steps } from '../steps/index.ts';
import { duration, hanging, listed, painter, stepLabel, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, hourlyUsd, openDeployment, runOf } from './deployment.ts';

export interface Plan {
  verdicts: ReadonlyMap<string, Verdict>;
  create: string[];
  keep: string[];
  change: string[];
  /** In the state, and not wanted by the settings any more. */
  destroy: string[];
  estimatedSeconds: number;
  tutorialOrderSeconds: number;
  costPerHour: number;
}

/** What `up` would do with the resources of `graph`. Asks the account and changes nothing. */
export async function planOf(deployment: Deployment, graph: Graph = deployment.graph): Promise<Plan> {
  const { state, config } = deployment;
  refuseOtherNetwork(deployment);
  const verdicts: ReadonlyMap<string, Verdict> = state
    ? await survey(runOf(deployment, state), graph)
    : new Map([...graph.keys()].map((key) => [key, 'create']));
  const keysOf = (...wanted: Verdict[]) => [...graph.keys()].filter((key) => wanted.includes(verdicts.get(key)!));
  const used = (key: string) => graph.get(key)!.used?.(config) ?? false;
  const create = keysOf('create', 'continue', 'recreate').filter((key) => !used(key));
  const seconds = (key: string) => (create.includes(key) ? graph.get(key)!.typicalSeconds.create : 0);
  return {
    verdicts,
    create,
    keep: [...graph.keys()].filter((key) => verdicts.get(key) === 'keep' || used(key)),
    change: [],
    destroy: Object.keys(state?.rows ?? {}).filter((key) => !deployment.graph.has(key)),
    estimatedSeconds: criticalPath(graph, seconds).seconds,
    tutorialOrderSeconds: create.reduce((sum, key) => sum + seconds(key), 0),
    costPerHour: hourlyUsd(deployment, graph.values()),
  };
}

/** What was built in one network cannot move, and one that is used must never be taken for one of ours. */
function refuseOtherNetwork({ state, config: { vpc } }: Deployment) {
  const { vpcId, used } = state?.row('vpc')?.identity ?? {};
  const wanted = vpc === 'create' ? undefined : vpc.use;
  if (vpcId === undefined || (used ? vpcId : undefined) === wanted) return;
  throw userError({
    code: 'other-network',
    exitCode: exitCodes.usage,
    what: `This deployment is in ${vpcId}, and the settings want it ${wanted === undefined ? 'in a VPC of its own' : `in ${wanted}`}.`,
    why: 'Nothing that is built in a VPC can move to another one.',
    fix: 'Set vpc back in airflow-aws.yaml, or run "airflow-aws destroy" first.',
  });
}

export function planData({ verdicts: _verdicts, ...plan }: Plan) {
  return {
    ...plan,
    costPerHour: Number(plan.costPerHour.toFixed(4)),
    costPerMonth: Number((plan.costPerHour * hoursPerMonth).toFixed(2)),
    currency: prices.currency,
    pricesAsOf: prices.asOf,
  };
}

/** A line for each step with something in it, then the sums. */
export function printPlan(print: (line: string) => void, plan: Plan, { columns = 80, colour = false }: Look) {
  const { verdicts, create, keep, destroy, estimatedSeconds, tutorialOrderSeconds, costPerHour } = plan;
  const finish = create.filter((key) => verdicts.get(key) === 'continue');
  const anew = create.filter((key) => !finish.includes(key));
  for (const { number, title, resources } of steps) {
    const of = (keys: string[]) => resources.map(({ key }) => key).filter((key) => keys.includes(key));
    printStep(
      print,
      stepLabel(number, title),
      { create: of(anew), finish: of(finish), keep: of(keep) },
      { columns, colour },
    );
  }
  print('');
  const begun = finish.length > 0 ? `, ${finish.length} begun and to finish` : '';
  print(`${anew.length} to create${begun}, ${keep.length} to keep.`);
  if (destroy.length > 0)
    print(hanging('', `No longer wanted by the settings, and left alone: ${listed(destroy)}.`, columns));
  if (create.length > 0)
    print(`Time: about ${duration(estimatedSeconds)}; in the tutorial's order ${duration(tutorialOrderSeconds)}.`);
  print(
    `Cost: ${usd(costPerHour)} an hour, ${usd(costPerHour * hoursPerMonth)} a month (list prices of ${prices.asOf}).`,
  );
}

export type Look = Pick<CommandIo, 'columns' | 'colour'>;

const verbs = { create: 'green', finish: 'yellow', destroy: 'red', keep: 'dim' } as const;

/** What happens to the resources of one step: a verb a line, its resources beside it. */
export function printStep(
  print: (line: string) => void,
  label: string,
  keysByVerb: Readonly<Partial<Record<keyof typeof verbs, string[]>>>,
  { columns = 80, colour = false }: Look,
) {
  const paint = painter(colour);
  let before = label;
  for (const [verb, colourOfVerb] of Object.entries(verbs)) {
    const keys = keysByVerb[verb as keyof typeof verbs] ?? [];
    if (keys.length === 0) continue;
    const start = `${before}  ${verb.padEnd(7)}  `;
    const text = hanging(start, listed(keys), columns);
    print(text.replace(` ${verb} `, ` ${paint(colourOfVerb, verb)} `));
    before = ' '.repeat(label.length);
  }
}

export async function plan(io: CommandIo, flags: DeploymentFlags & { exitCode?: boolean }): Promise<number> {
  const deployment = await openDeployment(io, flags);
  const plan = await planOf(deployment);
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'plan', ok: true, data: planData(plan) }));
  else printPlan(io.out, plan, io);
  deployment.world.close();
  return flags.exitCode && plan.create.length + plan.change.length + plan.destroy.length > 0
    ? exitCodes.changes
    : exitCodes.ok;
}
