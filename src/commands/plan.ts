import { criticalPath, type Graph } from '../engine/graph.ts';
import { survey, type Verdict } from '../engine/up.ts';
import { exitCodes } from '../errors.ts';
import { hoursPerMonth, prices } from '../prices.ts';
import { steps } from '../steps/index.ts';
import { duration, spoken, usd } from '../ui/format.ts';
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
  const { state } = deployment;
  const verdicts: ReadonlyMap<string, Verdict> = state
    ? await survey(runOf(deployment, state), graph)
    : new Map([...graph.keys()].map((key) => [key, 'create']));
  const keysOf = (...wanted: Verdict[]) => [...graph.keys()].filter((key) => wanted.includes(verdicts.get(key)!));
  const create = keysOf('create', 'continue', 'recreate');
  const seconds = (key: string) => (create.includes(key) ? graph.get(key)!.typicalSeconds.create : 0);
  return {
    verdicts,
    create,
    keep: keysOf('keep'),
    change: [],
    destroy: Object.keys(state?.rows ?? {}).filter((key) => !deployment.graph.has(key)),
    estimatedSeconds: criticalPath(graph, seconds).seconds,
    tutorialOrderSeconds: create.reduce((sum, key) => sum + seconds(key), 0),
    costPerHour: hourlyUsd(deployment, graph.values()),
  };
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

export function printPlan(print: (line: string) => void, plan: Plan) {
  for (const { number, title, resources } of steps) {
    const of = (keys: string[]) => resources.filter(({ key }) => keys.includes(key)).map(({ key }) => spoken(key));
    const parts = [
      ['create', of(plan.create)],
      ['keep', of(plan.keep)],
    ] as const;
    const text = parts.filter(([, keys]) => keys.length > 0).map(([what, keys]) => `${what} ${keys.join(', ')}`);
    if (text.length > 0) print(`${String(number).padStart(2)}  ${title.padEnd(20)} ${text.join('; ')}`);
  }
  const { create, keep, estimatedSeconds, tutorialOrderSeconds, costPerHour } = plan;
  print('');
  print(`${create.length} to create, ${keep.length} to keep.`);
  if (create.length > 0)
    print(`About ${duration(estimatedSeconds)}; one after another it would be ${duration(tutorialOrderSeconds)}.`);
  print(
    `When it is up: ${usd(costPerHour)} an hour, ${usd(costPerHour * hoursPerMonth)} a month (prices of ${prices.asOf}).`,
  );
}

export async function plan(io: CommandIo, flags: DeploymentFlags & { exitCode?: boolean }): Promise<number> {
  const deployment = await openDeployment(io, flags);
  const plan = await planOf(deployment);
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'plan', ok: true, data: planData(plan) }));
  else printPlan(io.out, plan);
  deployment.world.close();
  return flags.exitCode && plan.create.length + plan.change.length + plan.destroy.length > 0
    ? exitCodes.changes
    : exitCodes.ok;
}
