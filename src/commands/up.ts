import { needsOf, withNeeds } from '../engine/graph.ts';
import { up as carryOut, type Failed, type Outcome } from '../engine/up.ts';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { explain } from '../explain.ts';
import { lockFolder } from '../lock.ts';
import { preflight } from '../preflight.ts';
import { steps } from '../steps/index.ts';
import { duration, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { confirmed } from './confirm.ts';
import { type Deployment, type DeploymentFlags, hourlyUsd, newState, openDeployment, runOf } from './deployment.ts';
import { type Plan, planOf, printPlan } from './plan.ts';
import { figures, show, stopOnSignal } from './running.ts';

export interface UpFlags extends DeploymentFlags {
  readonly resume?: boolean;
  readonly until?: string;
  readonly fromScratch?: boolean;
}

export async function up(io: CommandIo, flags: UpFlags): Promise<number> {
  const until = untilStep(flags.until);
  const deployment = await openDeployment(io, flags);
  const lock = lockFolder(deployment.folder, 'airflow-aws up', io);
  try {
    return await upLocked(deployment, flags, until);
  } finally {
    deployment.world.close();
    lock.release();
  }
}

async function upLocked(deployment: Deployment, flags: UpFlags, until: number): Promise<number> {
  const { io, traffic, stateFile } = deployment;
  await goOnOrRefuse(deployment, flags);
  const wanted = steps.filter(({ number }) => number <= until).flatMap(({ resources }) => resources);
  const graph = withNeeds(
    deployment.graph,
    wanted.filter(({ key }) => deployment.graph.has(key)),
  );
  const plan = await planOf(deployment, graph);
  if (!io.json && flags.quiet !== true) printPlan(io.note, plan);
  if (plan.create.length > 0) {
    await preflight(deployment, plan.create);
    await confirmed(io, flags, 'Build this?');
  }

  const stopping = stopOnSignal(io, () => deployment.world.close());
  const state = deployment.state ?? newState(deployment);
  const run = runOf(deployment, state, { signal: stopping.signal });
  const screen = await show(deployment, run.events, {
    quiet: flags.quiet === true,
    titles: new Map(steps.filter(({ number }) => number <= until).map(({ number, title }) => [number, title])),
  });
  const { place, world } = deployment;
  run.events.emit({
    event: 'run.start',
    command: 'up',
    world: world.kind,
    account: place.accountId,
    region: place.region,
    resources: graph.size,
  });
  if (plan.create.length > 0) state.startRun('up', new Date().toISOString());
  const order = {
    before: (key: string) => needsOf(graph, graph.get(key)!),
    alone: (key: string) => graph.get(key)!.typicalSeconds.create,
  };
  let outcome: Outcome;
  let failure: UserError | undefined;
  try {
    outcome = await carryOut(run, graph, plan.verdicts);
    const complete = outcome.failed.length === 0 && !outcome.stopped;
    if (state.run && !outcome.stopped) state.endRun();
    const measured = figures(order, outcome, traffic.calls);
    failure = firstFailure(outcome.failed, stateFile);
    const error = failure ? { error: failure.toJSON() } : {};
    run.events.emit({ event: 'run.done', ok: complete, ...measured, ...results(deployment, plan), ...error });
  } finally {
    await screen.close();
    stopping.done();
  }
  if (outcome.stopped) return stopped(deployment, stopping.exitCode());
  // The stream of events ends with run.done, which has the error already.
  if (failure && io.json) return failure.exitCode;
  if (failure) throw failure;
  if (!io.json && flags.quiet !== true) report(deployment, plan, figures(order, outcome, traffic.calls));
  return exitCodes.ok;
}

function untilStep(text: string | undefined): number {
  const last = steps.at(-1)!.number;
  if (text === undefined) return last;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 16) return number;
  throw userError({
    code: 'bad-flag',
    exitCode: exitCodes.usage,
    what: `--until ${text} is not a step.`,
    why: `The steps are 1 to ${last}.`,
    fix: 'For example --until 6.',
  });
}

/** A run that was cut off is gone on with only when somebody says so. */
async function goOnOrRefuse({ io, state }: Deployment, flags: UpFlags) {
  if (!state?.cutOff || flags.resume) return;
  if (io.isTty && !flags.yes && !io.json) {
    await confirmed(io, flags, `A previous ${state.run?.command ?? 'run'} was cut off. Go on where it stopped?`);
    return;
  }
  throw userError({
    code: 'cut-off',
    exitCode: exitCodes.usage,
    what: `A previous ${state.run?.command ?? 'run'} of this deployment was cut off.`,
    why: 'Some of it exists, and going on is not the same as starting.',
    fix: 'Run "airflow-aws up --resume" to go on, or "airflow-aws destroy" to take it away.',
    resumable: true,
  });
}

function results({ state, graph, config }: Deployment, plan: Plan) {
  const outputs = (key: string) => state?.row(key)?.output ?? {};
  const { url } = outputs('cluster');
  return {
    ...(url === undefined ? {} : { url, users: [config.airflow.admin.username, config.airflow.user.username] }),
    costPerHour: Number(
      hourlyUsd(
        { config },
        [...graph.values()].filter(({ key }) => state?.row(key)),
      ).toFixed(4),
    ),
    created: plan.create.length,
    kept: plan.keep.length,
  };
}

function report(deployment: Deployment, plan: Plan, measured: ReturnType<typeof figures>) {
  const { io, world, config, names } = deployment;
  const { url, costPerHour } = results(deployment, plan);
  if (plan.create.length === 0) io.note('Everything is there already: nothing was changed.');
  else {
    const where = world.kind === 'simulated' ? ' of simulated time' : '';
    io.note(
      `Built in ${duration(measured.durationSeconds)}${where}; one after another, as in the tutorial, it would have been ${duration(measured.serialSeconds)}.`,
    );
    io.note(`It took as long as: ${measured.criticalPath.join(' → ')}.`);
  }
  if (url !== undefined) {
    io.out(`Airflow: ${url}`);
    io.out(`Users: ${config.airflow.admin.username} (Admin), ${config.airflow.user.username} (User)`);
    io.out(`Passwords: in SSM Parameter Store, ${names.airflowSecrets}`);
  }
  io.out(`Cost: ${usd(costPerHour)} an hour, until "airflow-aws destroy"`);
}

function stopped({ io, state, graph, config }: Deployment, exitCode: number): number {
  const there = [...graph.values()].filter(({ key }) => state?.row(key));
  io.note(
    `Stopped. ${there.length} of ${graph.size} resources exist and cost ${usd(hourlyUsd({ config }, there))} an hour.`,
  );
  io.note('Go on with "airflow-aws up --resume", or take them away with "airflow-aws destroy".');
  return exitCode;
}

function firstFailure([first]: Failed[], stateFile: string): UserError | undefined {
  if (!first) return undefined;
  const title = steps.find(({ number }) => number === first.step)?.title ?? '';
  return explain(first, { verb: 'creating', title, stateFile });
}
