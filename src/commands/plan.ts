import { criticalPath, type Graph } from '../engine/graph.ts';
import type { Difference } from '../engine/resource.ts';
import type { Answers } from '../engine/run.ts';
import { isRefused, type Survey, survey, type Verdict } from '../engine/survey.ts';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { hoursPerMonth, prices } from '../prices.ts';
import { steps } from '../steps/index.ts';
import { duration, hanging, listed, painter, spoken, stepLabel, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, hourlyUsd, openDeployment, runOf } from './deployment.ts';

export interface Plan extends Survey {
  create: string[];
  keep: string[];
  /** Whose attributes are set, or whose next generation takes their place. */
  change: string[];
  /** What differs from the settings and is left as it is: `up` ends before it does anything. */
  refuse: string[];
  /** Everything that is worked on: what changes, and what needs it. */
  work: string[];
  /** In the state, and not wanted by the settings any more. */
  destroy: string[];
  estimatedSeconds: number;
  tutorialOrderSeconds: number;
  costPerHour: number;
}

/** What `up` would do with the resources of `graph`. Asks the account and changes nothing. */
export async function planOf(
  deployment: Deployment,
  graph: Graph = deployment.graph,
  answers?: Answers,
): Promise<Plan> {
  const { state, config } = deployment;
  refuseOtherNetwork(deployment);
  refuseToRestoreOver(deployment);
  const surveyed: Survey = state
    ? await survey(runOf(deployment, state), graph, answers)
    : {
        verdicts: new Map([...graph.keys()].map((key) => [key, 'create'])),
        differences: new Map(),
        unknown: new Map(),
      };
  const { verdicts, differences } = surveyed;
  const keysOf = (...wanted: Verdict[]) => [...graph.keys()].filter((key) => wanted.includes(verdicts.get(key)!));
  const refuse = [...differences.keys()].filter((key) => differences.get(key)!.some(isRefused));
  const used = (key: string) => graph.get(key)!.used?.(config) ?? false;
  const create = keysOf('create', 'continue', 'recreate').filter((key) => !used(key));
  const change = keysOf('change', 'replace').filter((key) => !refuse.includes(key));
  const busy = new Set([...create, ...change]);
  const seconds = (key: string) => (busy.has(key) ? graph.get(key)!.typicalSeconds.create : 0);
  return {
    ...surveyed,
    create,
    keep: [...graph.keys()].filter((key) => ['keep', 'finish'].includes(verdicts.get(key)!) || used(key)),
    change,
    refuse,
    work: keysOf('create', 'continue', 'recreate', 'change', 'replace', 'finish'),
    destroy: Object.keys(state?.rows ?? {}).filter((key) => !deployment.graph.has(key)),
    estimatedSeconds: criticalPath(graph, seconds).seconds,
    tutorialOrderSeconds: [...busy].reduce((sum, key) => sum + seconds(key), 0),
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

/** A database that is there is never replaced by a snapshot. */
function refuseToRestoreOver({ config, state }: Deployment) {
  const cluster = state?.row('dbCluster')?.identity;
  if (config.restoreFrom === undefined || !cluster || cluster.restoredFrom === config.restoreFrom) return;
  throw userError({
    code: 'database-exists',
    exitCode: exitCodes.usage,
    what: `The database ${cluster.dbClusterIdentifier} is there and was not made from ${config.restoreFrom}.`,
    why: 'A snapshot becomes a new database; it cannot be put into one that exists.',
    fix: 'Leave restoreFrom away; or "airflow-aws destroy --keep-data" first, which takes a snapshot of what is there now.',
  });
}

/** One difference as JSON has it. */
export function differenceData({ attribute, is, wanted, mend }: Difference) {
  if (typeof mend === 'object') return { attribute, is, wanted, mend: 'refused', ...mend };
  return { attribute, is, wanted, mend: mend === 'replace' ? 'replace' : 'in place' };
}

/** All that `up` refuses to change, in one error, so that nobody corrects it one run at a time. */
export function refusedChanges({ differences, refuse }: Plan): UserError | undefined {
  const found = refuse.flatMap((key) =>
    differences
      .get(key)!
      .filter(isRefused)
      .map((one) => ({ key, ...one })),
  );
  if (found.length === 0) return undefined;
  const lines = (text: (one: (typeof found)[number]) => string) => [...new Set(found.map(text))].join('\n');
  return userError({
    code: 'change-refused',
    exitCode: exitCodes.usage,
    what: `The settings ask for what is not changed on a deployment that exists: ${found.map(({ key, attribute }) => `${attribute} of ${spoken(key)}`).join(', ')}.`,
    why: lines(
      ({ key, attribute, is, wanted, mend }) => `${spoken(key)}, ${attribute}: ${is} → ${wanted}. ${mend.why}`,
    ),
    fix: lines(({ mend }) => mend.fix),
    resource: found[0]!.key,
  });
}

/**
 * What is found by a name that the settings decide looks like somebody else's under another one. That is a change which is
 * refused, and no wrong state.
 */
export async function refusedName(deployment: Deployment): Promise<UserError | undefined> {
  if (!deployment.state) return undefined;
  const plan = await planOf(deployment);
  const named = [...plan.differences.values()]
    .flat()
    .some(({ attribute }) => attribute === 'BucketName' || attribute === 'UserId');
  return named ? refusedChanges(plan) : undefined;
}

export function planData({ verdicts: _verdicts, differences, unknown, work: _work, ...plan }: Plan) {
  return {
    ...plan,
    changes: [...differences].flatMap(([key, all]) => all.map((one) => ({ key, ...differenceData(one) }))),
    unknown: [...unknown].map(([key, why]) => ({ key, why })),
    costPerHour: Number(plan.costPerHour.toFixed(4)),
    costPerMonth: Number((plan.costPerHour * hoursPerMonth).toFixed(2)),
    currency: prices.currency,
    pricesAsOf: prices.asOf,
  };
}

/** A line for each step with something in it, then the sums. */
export function printPlan(print: (line: string) => void, plan: Plan, { columns = 80, colour = false }: Look) {
  const { verdicts, create, keep, change, refuse, destroy, estimatedSeconds, tutorialOrderSeconds, costPerHour } = plan;
  const finish = create.filter((key) => verdicts.get(key) === 'continue');
  const anew = create.filter((key) => !finish.includes(key));
  for (const { number, title, resources } of steps) {
    const of = (keys: string[]) => resources.map(({ key }) => key).filter((key) => keys.includes(key));
    printStep(
      print,
      stepLabel(number, title),
      { create: of(anew), finish: of(finish), change: of(change), refuse: of(refuse), keep: of(keep) },
      { columns, colour },
    );
    for (const { key } of resources) printDifferences(print, spoken(key), plan.differences.get(key) ?? [], columns);
  }
  print('');
  const begun = finish.length > 0 ? `, ${finish.length} begun and to finish` : '';
  const other = [
    ...(change.length > 0 ? [`${change.length} to change`] : []),
    ...(refuse.length > 0 ? [`${refuse.length} refused`] : []),
  ];
  print(`${[`${anew.length} to create${begun}`, ...other].join(', ')}, ${keep.length} to keep.`);
  for (const [key, why] of plan.unknown)
    print(hanging('', `${spoken(key)} could not be compared with the settings: ${why}`, columns));
  if (destroy.length > 0)
    print(hanging('', `No longer wanted by the settings, and left alone: ${listed(destroy)}.`, columns));
  if (create.length + change.length > 0)
    print(`Time: about ${duration(estimatedSeconds)}; in the tutorial's order ${duration(tutorialOrderSeconds)}.`);
  print(
    `Cost: ${usd(costPerHour)} an hour, ${usd(costPerHour * hoursPerMonth)} a month (list prices of ${prices.asOf}).`,
  );
}

/** A line for each attribute, old → new. */
export function printDifferences(
  print: (line: string) => void,
  label: string,
  differences: readonly Difference[],
  columns: number,
) {
  for (const { attribute, is, wanted, mend } of differences) {
    const how = mend === 'replace' ? 'replaced' : typeof mend === 'object' ? `refused: ${mend.why}` : 'in place';
    print(hanging(' '.repeat(8), `${label}, ${attribute}: ${is} → ${wanted} (${how})`, columns));
  }
}

export type Look = Pick<CommandIo, 'columns' | 'colour'>;

const verbs = {
  create: 'green',
  finish: 'yellow',
  change: 'yellow',
  refuse: 'red',
  destroy: 'red',
  keep: 'dim',
} as const;

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
  return flags.exitCode && plan.create.length + plan.change.length + plan.refuse.length + plan.destroy.length > 0
    ? exitCodes.changes
    : exitCodes.ok;
}
