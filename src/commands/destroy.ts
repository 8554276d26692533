import { companionsAlive, companionTypes, discover, ec2Tags, type Found } from '../audit.ts';
import { destroy as carryOut } from '../engine/destroy.ts';
import { dependents, graphOf } from '../engine/graph.ts';
import type { AnyResource } from '../engine/resource.ts';
import type { Run } from '../engine/run.ts';
import type { Failed } from '../engine/step-lines.ts';
import { exitCodes, type UserError, userError } from '../errors.ts';
import type { Identity, State } from '../state.ts';
import { steps } from '../steps/index.ts';
import { duration, spoken, stepLabel, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { ask, declined, unanswered } from './confirm.ts';
import { type Deployment, type DeploymentFlags, everything, hourlyUsd, runOf, withLock } from './deployment.ts';
import { callFailure, failureOf } from './failure.ts';
import { printStep } from './plan.ts';
import { rebuildState } from './rebuild.ts';
import { offerRebuild, trustState } from './recover.ts';
import { figures, furtherFailures, openScreen, stopOnSignal } from './running.ts';
import { deleteSnapshots, finalSnapshots } from './snapshots.ts';

export interface DestroyFlags extends DeploymentFlags {
  readonly dryRun?: boolean;
  readonly keepData?: boolean;
  readonly deleteData?: boolean;
  readonly confirm?: string;
  /** What is to go is not this deployment but what no state here knows: `all`, `KEY/ID,…`, or asked for. */
  readonly orphans?: string | boolean;
}

export async function destroy(io: CommandIo, flags: DestroyFlags): Promise<number> {
  if (flags.keepData && flags.deleteData)
    throw userError({
      code: 'bad-flag',
      exitCode: exitCodes.usage,
      what: '--keep-data and --delete-data were both given.',
      why: 'They mean the opposite of each other.',
      fix: 'Give one of them.',
    });
  if (flags.orphans !== undefined) {
    const { destroyOrphans } = await import('./destroy-orphans.ts');
    return withLock(io, flags, 'airflow-aws destroy --orphans', (deployment) => destroyOrphans(deployment, flags));
  }
  await offerRebuild(io, flags);
  return withLock(io, flags, 'airflow-aws destroy', (deployment) => destroyLocked(deployment, flags));
}

async function destroyLocked(deployment: Deployment, flags: DestroyFlags): Promise<number> {
  const { io, config, traffic } = deployment;
  if (config.protect && !flags.dryRun)
    throw userError({
      code: 'protected',
      exitCode: exitCodes.usage,
      what: `${config.name} is protected.`,
      why: 'protect is true in airflow-aws.yaml.',
      fix: 'Set protect to false, and run the same command again.',
    });
  if (deployment.state) {
    const { rows } = deployment.state;
    // What the state lacks is found by the audit.
    await trustState(deployment, flags, {
      graph: graphOf([...everything().values()].filter(({ key }) => rows[key])),
    });
  }
  const state = deployment.state ?? (await rebuildState(deployment));
  if (!state) {
    if (io.json) io.out(JSON.stringify(emptyRun(deployment)));
    else io.note(`There is nothing of ${config.name} in this account and region.`);
    return exitCodes.ok;
  }
  deployment.state = state;
  const known = everything();
  const rows = Object.keys(state.rows).flatMap((key) => known.get(key) ?? []);
  const keepData = await dataChoice(io, flags, rows);
  const leave = rows.filter((one) => keepData && one.holdsData);
  const going = rows.filter((one) => !leave.includes(one));
  // The state forgets what was only used; for a person it stays.
  const used = going.filter(({ key }) => state.row(key)?.identity?.used);
  const ending = going.filter((one) => !used.includes(one));
  const staying = [...used, ...leave];
  const snapshots = await finalSnapshots(deployment, state.stack.id);
  if (!io.json && flags.quiet !== true) {
    announce(io.note, deployment, ending, staying, keepData);
    if (snapshots.length > 0)
      io.note(`Earlier snapshots of the database, which ${keepData ? 'stay' : 'go too'}: ${snapshots.join(', ')}.`);
  }
  if (flags.dryRun) {
    if (io.json)
      io.out(
        JSON.stringify({
          version: 1,
          command: 'destroy',
          ok: true,
          data: { destroy: ending.map(({ key }) => key), keep: staying.map(({ key }) => key), snapshots },
        }),
      );
    return exitCodes.ok;
  }
  await nameTyped(io, flags, config.name);

  const graph = graphOf(going);
  const needing = dependents(graph);
  const order = {
    before: (key: string) => needing.get(key) ?? [],
    alone: (key: string) => graph.get(key)!.typicalSeconds.destroy,
  };
  const screen = await openScreen(deployment, graph, {
    quiet: flags.quiet === true,
    before: order.before,
    seconds: order.alone,
  });
  const goOn = deployment.again('destroy');
  const stopping = stopOnSignal({ screen, goOn, beforeEnd: () => deployment.world.close() });
  const run = runOf(deployment, state, { signal: stopping.signal, keepData });
  screen.follow(run.events);
  const { place, world } = deployment;
  run.events.emit({
    event: 'run.start',
    command: 'destroy',
    world: world.kind,
    account: place.accountId,
    region: place.region,
    resources: graph.size,
  });
  await state.startRun('destroy', new Date().toISOString());
  const gone = new Set(going.flatMap(({ key }) => Object.values(state.row(key)?.identity ?? {})));
  let left: Found[] = [];
  let strays: string[] = [];
  let exitCode: number = exitCodes.ok;
  let failure: UserError | undefined;
  let failed: Failed[] = [];
  let end: string | undefined;
  let kept: Kept | undefined;
  try {
    const outcome = await carryOut(run, graph);
    failure = await failureOf(deployment, outcome.failed, 'destroying', goOn);
    try {
      if (!outcome.stopped && !failure) {
        if (keepData) kept = await whatIsKept(deployment, state, leave);
        else await deleteSnapshots(deployment, snapshots);
        ({ left, strays } = await audit(deployment, run, { leave, gone }));
      }
    } catch (error) {
      failure = callFailure(deployment, error);
    }
    const nothingLeft = left.length + strays.length === 0;
    const ok = !outcome.stopped && !failure && nothingLeft;
    const measured = figures(order, outcome, traffic.calls);
    run.events.emit({
      event: 'run.done',
      ok,
      ...measured,
      destroyed: [...outcome.spans.keys()].filter((key) => !used.some((one) => one.key === key)).length,
      ...(kept ? { kept } : {}),
      left: [...left.map(({ key, identity }) => ({ key, ...identity })), ...strays.map((id) => ({ id }))],
      ...(failure ? { error: failure.toJSON() } : {}),
    });
    if (outcome.stopped) exitCode = stopping.exitCode();
    else if (failure) exitCode = failure.exitCode;
    else if (!nothingLeft) exitCode = exitCodes.leftovers;
    else {
      await state.endRun();
      if (leave.length === 0) await state.remove();
      const simulated = world.kind === 'simulated' ? ' of simulated time' : '';
      end = `Destroyed in ${duration(measured.durationSeconds)}${simulated}. The audit found nothing left${leave.length === 0 ? '' : ' but what you kept'}.`;
    }
    failed = outcome.failed;
  } finally {
    await screen.close();
    stopping.done();
  }
  if (failure && !io.json) {
    for (const line of furtherFailures(failed)) io.note(line);
    throw failure;
  }
  if (end !== undefined && !io.json && flags.quiet !== true) io.note(end);
  if (kept && !io.json) tellKept(io, deployment, kept);
  if (exitCode === exitCodes.leftovers) {
    // With rows of their own the next destroy goes on with them.
    const since = new Date(deployment.world.clock.now()).toISOString();
    for (const { key, step, identity } of left)
      await state.adopt(key, { step, status: 'created', generation: state.nextGeneration(key), identity, since });
    listLeft(io, deployment, left, strays);
  }
  if (exitCode === exitCodes.stopped && !io.json) io.note(`Stopped. Go on with "${goOn}".`);
  return exitCode;
}

async function dataChoice(io: CommandIo, flags: DestroyFlags, rows: AnyResource[]): Promise<boolean> {
  if (flags.keepData || flags.deleteData || flags.dryRun) return flags.keepData === true;
  if (!rows.some((one) => one.holdsData || one.key === 'dbCluster')) return false;
  if (flags.yes || !io.isTty || io.json) throw unanswered('Keep or delete the data?', '--keep-data or --delete-data');
  const answer = await ask({
    type: 'select',
    message: 'Data in bucket, file system, database:',
    default: 'keep',
    choices: [
      { name: 'Keep it (the database as a snapshot)', value: 'keep' },
      { name: 'Delete it for good', value: 'delete' },
    ],
  });
  return answer === 'keep';
}

async function nameTyped(io: CommandIo, flags: DestroyFlags, name: string) {
  const wrong = (typed: string) =>
    userError({
      code: 'not-confirmed',
      exitCode: exitCodes.usage,
      what: `"${typed}" is not the name of this deployment; nothing was destroyed.`,
      why: `Its name is ${name}.`,
      fix: `Give --confirm ${name}.`,
    });
  if (flags.confirm !== undefined) {
    if (flags.confirm !== name) throw wrong(flags.confirm);
    if (flags.yes) return;
  }
  if (flags.yes || !io.isTty || io.json)
    throw unanswered('What is the name of the deployment to destroy?', `--yes --confirm ${name}`);
  const message = `Type the name of the deployment (${name}) to destroy it:`;
  const typed = String(await ask({ type: 'input', message, default: '' }));
  if (typed === '') throw declined();
  if (typed !== name) throw wrong(typed);
}

/** What `--keep-data` left: identities by resource key, and the snapshot that `up --restore-from` takes. */
interface Kept {
  readonly resources: Readonly<Record<string, Identity>>;
  readonly restoreFrom?: string;
}

async function whatIsKept(deployment: Deployment, state: State, leave: readonly AnyResource[]): Promise<Kept> {
  const [restoreFrom] = await finalSnapshots(deployment, state.stack.id);
  const resources = Object.fromEntries(leave.map(({ key }) => [key, state.row(key)?.identity ?? {}]));
  return { resources, ...(restoreFrom === undefined ? {} : { restoreFrom }) };
}

function tellKept(io: CommandIo, { store, again }: Deployment, { resources, restoreFrom }: Kept) {
  for (const [key, identity] of Object.entries(resources))
    io.out(`Kept  ${spoken(key)}: ${Object.values(identity)[0]}`);
  if (restoreFrom !== undefined) io.out(`Kept  database: snapshot ${restoreFrom}`);
  const from = restoreFrom === undefined ? '' : ` --restore-from ${restoreFrom}`;
  io.note(`To build on it again: ${again('up')}${from}`);
  io.note(`It knows bucket, file system and secrets by ${store.name}; without it, after "state rebuild".`);
  io.note(`To delete it for good: ${again('destroy')} --delete-data`);
}

/**
 * Asks the account what is left: by name and tag of every resource, and EC2 for anything else with our tags. What this
 * run has seen go (`gone`, by id) is not asked for again: EC2 goes on listing its tags for an hour.
 */
async function audit(
  { clients }: Deployment,
  run: Run,
  { leave, gone }: { leave: AnyResource[]; gone: ReadonlySet<string> },
): Promise<{ left: Found[]; strays: string[] }> {
  const all = [...everything().values()].filter(({ key }) => !leave.some((one) => one.key === key));
  const tagged = await ec2Tags(clients.ec2, 'airflow-aws:stack', run.state.stack.id);
  for (const id of gone) tagged.delete(id);
  // What only comes along with a resource carries its tags, and is asked for by itself.
  const owners = [...tagged.values()].filter(({ type }) => !companionTypes.includes(type));
  const keys = new Set(owners.map(({ tags }) => tags['airflow-aws:resource']));
  // What destroy takes no time for is work on a server, or nobody's to take away.
  const ours = all.filter(({ typicalSeconds }) => typicalSeconds.destroy > 0);
  const asked = ours.filter(({ key, type }) => !type.startsWith('AWS::EC2::') || keys.has(key));
  const [found, strays] = await Promise.all([discover(run, graphOf(asked)), companionsAlive(clients.ec2, tagged)]);
  return { left: [...found.values()], strays };
}

function announce(
  print: (line: string) => void,
  deployment: Deployment,
  going: AnyResource[],
  leave: AnyResource[],
  keepData: boolean,
) {
  for (const { number, title, resources } of steps) {
    const of = (list: AnyResource[]) =>
      resources.map(({ key }) => key).filter((key) => list.some((one) => one.key === key));
    printStep(print, stepLabel(number, title), { destroy: of(going), keep: of(leave) }, deployment.io);
  }
  print('');
  const snapshot =
    keepData && going.some(({ key }) => key === 'dbCluster') ? ' A final snapshot of the database is taken.' : '';
  const sums = `${going.length} to destroy, ${leave.length} to keep.${snapshot} This ends ${usd(hourlyUsd(deployment, going))} an hour.`;
  print(sums);
}

function listLeft(io: CommandIo, deployment: Deployment, left: Found[], strays: string[]) {
  if (io.json) return;
  const known = everything();
  io.note('These are still in the account:');
  for (const { key, type, identity } of left) {
    const price = hourlyUsd(deployment, [known.get(key)!]) * 24;
    io.note(`  ${type} ${Object.values(identity).join(' ')}${price > 0 ? `, ${usd(price)} a day` : ''}`);
  }
  for (const id of strays) io.note(`  ${id}, which should have gone with its owner`);
  if (left.length > 0) io.note(`Run "${deployment.again('destroy')}" again; it goes on with them.`);
}

function emptyRun({ world }: Deployment) {
  return {
    time: new Date(world.clock.now()).toISOString(),
    event: 'run.done',
    ok: true,
    durationSeconds: 0,
    serialSeconds: 0,
    criticalPath: [],
    criticalPathSeconds: 0,
    calls: {},
    destroyed: 0,
    left: [],
  };
}
