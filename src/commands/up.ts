import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configFile } from '../config.ts';
import { needsOf, withNeeds } from '../engine/graph.ts';
import type { Answers } from '../engine/run.ts';
import { up as carryOut, type Outcome } from '../engine/up.ts';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { preflight } from '../preflight.ts';
import { hoursPerMonth } from '../prices.ts';
import { deploymentFolder } from '../state.ts';
import { steps } from '../steps/index.ts';
import { duration, hanging, listed, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { ask, confirmed } from './confirm.ts';
import { type Deployment, type DeploymentFlags, hourlyUsd, newState, runOf, withLock } from './deployment.ts';
import { failureOf } from './failure.ts';
import { type Plan, planOf, printPlan, refusedChanges, refusedName } from './plan.ts';
import { offerRebuild, trustState } from './recover.ts';
import { figures, furtherFailures, openScreen, stopOnSignal } from './running.ts';
import { readLogins } from './secrets.ts';

export interface UpFlags extends DeploymentFlags {
  readonly resume?: boolean;
  readonly until?: string;
  readonly fromScratch?: boolean;
  /** Tell of the steps, and build nothing. */
  readonly explain?: boolean;
}

export async function up(io: CommandIo, flags: UpFlags): Promise<number> {
  const until = untilStep(flags.until);
  if (flags.explain) return (await import('./explain-steps.ts')).explainSteps(io, flags, until);
  await offerRebuild(io, flags);
  await offerQuestions(io, flags);
  if (flags.fromScratch) {
    const { destroy } = await import('./destroy.ts');
    const exitCode = await destroy(io, { ...flags, deleteData: true });
    if (exitCode !== exitCodes.ok) return exitCode;
  }
  return withLock(io, flags, 'airflow-aws up', (deployment) => upLocked(deployment, flags, until));
}

async function upLocked(deployment: Deployment, flags: UpFlags, until: number): Promise<number> {
  const { io, traffic } = deployment;
  const answers: Answers = new Map();
  await trustState(deployment, flags, { answers }).catch(async (error) => {
    throw (await refusedName(deployment)) ?? error;
  });
  await goOnOrRefuse(deployment, flags);
  const wanted = steps.filter(({ number }) => number <= until).flatMap(({ resources }) => resources);
  const graph = withNeeds(
    deployment.graph,
    wanted.filter(({ key }) => deployment.graph.has(key)),
  );
  const plan = await planOf(deployment, graph, answers);
  const worked = new Set(plan.work);
  const busy = worked.size > 0;
  if (!io.json && flags.quiet !== true && busy) printPlan(io.note, plan, io);
  const refused = refusedChanges(plan);
  if (refused) throw refused;
  if (busy) {
    await preflight(deployment, plan.create);
    await confirmed(io, flags, plan.create.length > 0 ? 'Build this?' : 'Change this?');
  }

  const order = {
    before: (key: string) => needsOf(graph, graph.get(key)!),
    alone: (key: string) => graph.get(key)!.typicalSeconds.create,
  };
  const screen = await openScreen(deployment, graph, {
    // With nothing to do there is nothing to watch.
    quiet: flags.quiet === true || !busy,
    before: order.before,
    seconds: (key) => (worked.has(key) ? order.alone(key) : 0),
  });
  const goOn = deployment.again('up --resume');
  const stopping = stopOnSignal({
    screen,
    goOn,
    beforeEnd: () => deployment.world.close(),
  });
  const state = deployment.state ?? newState(deployment);
  const run = runOf(deployment, state, { signal: stopping.signal, serverLog: screen.serverLog });
  screen.follow(run.events);
  const { place, world } = deployment;
  run.events.emit({
    event: 'run.start',
    command: 'up',
    world: world.kind,
    account: place.accountId,
    region: place.region,
    resources: graph.size,
  });
  if (busy) await state.startRun('up', new Date().toISOString());
  let outcome: Outcome;
  let failure: UserError | undefined;
  try {
    outcome = await carryOut(run, graph, plan);
    const complete = outcome.failed.length === 0 && !outcome.stopped;
    const measured = figures(order, outcome, traffic.calls);
    failure = await failureOf(deployment, outcome.failed, 'creating', goOn);
    if (state.run && !outcome.stopped && state.trouble === undefined) await state.endRun();
    const error = failure ? { error: failure.toJSON() } : {};
    run.events.emit({ event: 'run.done', ok: complete, ...measured, ...results(deployment, plan), ...error });
  } finally {
    await screen.close();
    stopping.done();
  }
  if (outcome.stopped) return stopped(deployment, stopping.exitCode());
  // The stream of events ends with run.done, which has the error already.
  if (failure && io.json) return failure.exitCode;
  if (failure) {
    for (const line of furtherFailures(outcome.failed)) io.note(line);
    throw failure;
  }
  if (!io.json) {
    const password = plan.create.includes('cluster') ? await adminPassword(deployment) : undefined;
    report(deployment, plan, figures(order, outcome, traffic.calls), { quiet: flags.quiet === true, password });
  }
  return exitCodes.ok;
}

/** Before the first run of a folder without settings, somebody at a terminal may rather choose than take the defaults. */
async function offerQuestions(io: CommandIo, flags: UpFlags) {
  if (!io.isTty || flags.yes || io.json || existsSync(join(io.directory, configFile))) return;
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  if (existsSync(join(folder, 'state.json'))) return;
  const message = `No ${configFile} here: the defaults apply. Answer questions first?`;
  if (!(await ask({ type: 'confirm', message, default: false }))) return;
  const { init } = await import('./init.ts');
  await init(io, flags);
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
    changed: plan.change.length,
    kept: plan.keep.length,
  };
}

/** For the one time that it is shown unasked. Who may build and not read it is told how to get it all the same. */
async function adminPassword(deployment: Deployment): Promise<string | undefined> {
  if (!deployment.state?.row('cluster')) return undefined;
  try {
    return (await readLogins(deployment)).admin.password;
  } catch {
    return undefined;
  }
}

interface Manner {
  readonly quiet: boolean;
  readonly password: string | undefined;
}

/** The results to stdout, and what else a person wants to know to stderr. */
function report(deployment: Deployment, plan: Plan, measured: ReturnType<typeof figures>, { quiet, password }: Manner) {
  const { io, world, config, again } = deployment;
  const { url, costPerHour } = results(deployment, plan);
  const { columns = 80 } = io;
  const rehearsed = world.kind === 'simulated';
  const rows: [print: (line: string) => void, label: string, text: string][] = [];
  if (url !== undefined) {
    const { admin, user } = config.airflow;
    rows.push([io.out, 'Airflow', url]);
    rows.push([io.out, 'Users', `${admin.username} (Admin), ${user.username} (User)`]);
    rows.push([io.out, 'Passwords', again('status --show-secrets')]);
    // Beside the results: what is redirected into a file or handed on has no password in it.
    if (password !== undefined) rows.push([io.note, 'Password', `${password} (of ${admin.username}, shown this once)`]);
  }
  const month = usd(costPerHour * hoursPerMonth);
  rows.push([io.out, 'Cost', `${usd(costPerHour)} an hour, ${month} a month, until "${again('destroy')}"`]);
  if (!quiet) {
    if (plan.work.length > 0) {
      const took = duration(measured.durationSeconds) + (rehearsed ? ' of simulated time' : '');
      rows.push([io.note, 'Time', `${took}; in the tutorial's order ${duration(measured.serialSeconds)}`]);
      rows.push([io.note, 'Longest', measured.criticalPath.map((key) => listed([key])).join(' → ')]);
    }
    rows.push([io.note, 'Next', `${again('status')}, ${again('destroy')}`]);
    io.note(plan.work.length === 0 ? 'Everything is there already: nothing was changed.' : '');
  }
  for (const [print, label, text] of rows) print(hanging(label.padEnd(11), text, columns));
}

function stopped({ io, state, graph, config, again }: Deployment, exitCode: number): number {
  const there = [...graph.values()].filter(({ key }) => state?.row(key));
  const cost = usd(hourlyUsd({ config }, there));
  io.note(`Stopped. ${there.length} of ${graph.size} resources exist and cost ${cost} an hour.`);
  io.note(`Go on with "${again('up --resume')}", or take them away with "${again('destroy')}".`);
  return exitCode;
}
