import {
  DeleteNetworkInterfaceCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeDBClustersCommand } from '@aws-sdk/client-rds';
import { unlessGone } from '../aws-errors.ts';
import type { Belonging } from '../belongings/belonging.ts';
import { destroy as carryOut } from '../engine/destroy.ts';
import { dependents, type Graph, graphOf, inOrder, withNeeds } from '../engine/graph.ts';
import type { AnyResource } from '../engine/resource.ts';
import { bindTo, known, persist, type Run, stepOf } from '../engine/run.ts';
import type { Failed } from '../engine/step-lines.ts';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { names } from '../names.ts';
import { nowhere, State } from '../state.ts';
import { usd } from '../ui/format.ts';
import { pickMany, unanswered } from './confirm.ts';
import { type Deployment, everything, runOf } from './deployment.ts';
import type { DestroyFlags } from './destroy.ts';
import { failureOf } from './failure.ts';
import { type OrphanedStack, orphanedStacks, printStacks } from './orphans.ts';
import { figures, furtherFailures, openScreen, stopOnSignal } from './running.ts';
import { deleteSnapshots } from './snapshots.ts';

/** Where an orphan's id stands in the identity, for what is found by its id. Everything else is found by its name. */
const idFields: Readonly<Record<string, string>> = {
  'ec2:vpc': 'vpcId',
  'ec2:subnet': 'subnetId',
  'ec2:internet-gateway': 'internetGatewayId',
  'ec2:route-table': 'routeTableId',
  'ec2:elastic-ip': 'allocationId',
  'ec2:natgateway': 'natGatewayId',
  'ec2:security-group': 'groupId',
  'ec2:key-pair': 'keyPairId',
  'ec2:instance': 'instanceId',
  'ec2:image': 'imageId',
  'elasticfilesystem:file-system': 'fileSystemId',
};

/** Their ids are the names that they are found by, whatever today's settings would call them. */
const foundByOwnName = /^(s3|rds|elasticache|ssm|iam):/;

/** What carries no tags goes with what it belongs to. */
const untagged = new Set(['AWS::EFS::MountTarget', 'AWS::EC2::IamInstanceProfileAssociation']);

const label = ({ key, id }: Belonging) => `${key}/${id}`;

function holdsData({ key, type }: Belonging): boolean {
  if (type === 'rds:cluster-snapshot') return true;
  return ['dbCluster', 'dbInstance'].includes(key) || everything().get(key)?.holdsData === true;
}

/** Takes away what is picked of one stack's orphans: things with our tags that the state here does not know. */
export async function destroyOrphans(deployment: Deployment, flags: DestroyFlags): Promise<number> {
  const { io, config, state } = deployment;
  const stacks = await orphanedStacks(deployment);
  if (!io.json) printStacks({ ...io, out: io.note }, stacks, deployment);
  if (stacks.length === 0) {
    if (io.json) io.out(JSON.stringify({ event: 'run.done', ok: true, destroyed: [], left: [] }));
    return exitCodes.ok;
  }
  const asking = io.isTty && !io.json && flags.yes !== true;
  if (!asking && (typeof flags.orphans !== 'string' || flags.confirm === undefined || !flags.yes))
    throw unanswered('Which orphans?', '--yes --orphans all|KEY/ID,… --confirm NAME (or NAME/STACK)');
  const picked = asking ? await pick(flags, stacks) : chosen(flags, stacks);
  const stack = stacks.find((one) => one.resources.includes(picked[0]!))!;
  if (config.protect && state?.stack.id === stack.stack)
    throw isProtected(config.name, 'protect is true in airflow-aws.yaml.');
  if (flags.dryRun) {
    for (const one of picked) io.out(label(one));
    return exitCodes.ok;
  }
  return takeAway(deployment, flags, stack, picked);
}

function isProtected(name: string, why: string): UserError {
  const fix = 'Set protect to false where its settings are and run "airflow-aws up" there, or leave it.';
  return userError({ code: 'protected', exitCode: exitCodes.usage, what: `${name} is protected.`, why, fix });
}

function refusal(what: string, why: string, fix: string): UserError {
  return userError({ code: 'bad-pick', exitCode: exitCodes.usage, what, why, fix });
}

const named = ({ name, stack }: OrphanedStack) => `${name}/${stack}`;

/** The one stack that `text` names, as `NAME` or `NAME/STACK`. */
function stackNamed(text: string, stacks: readonly OrphanedStack[]): OrphanedStack {
  const found = stacks.filter((one) => text === one.name || text === named(one));
  const all = stacks.map(named).join(', ');
  if (found.length === 0)
    throw refusal(
      `"${text}" has no orphans; nothing was destroyed.`,
      `There are orphans of ${all}.`,
      `Give --confirm one of ${all}.`,
    );
  if (found.length > 1)
    throw refusal(
      `${found.length} stacks are called ${text}; nothing was destroyed.`,
      'One of them may be alive, with its state in another folder.',
      `Give --confirm one of ${found.map(named).join(', ')}.`,
    );
  return found[0]!;
}

function chosen(flags: DestroyFlags, stacks: readonly OrphanedStack[]): Belonging[] {
  const { resources } = stackNamed(flags.confirm!, stacks);
  const free = flags.deleteData ? resources : withoutData(resources);
  if (flags.orphans === 'all') {
    if (free.length > 0) return [...free];
    throw refusal(
      'All that is left holds data; nothing was destroyed.',
      'Data goes only when that is said.',
      'Add --delete-data.',
    );
  }
  return (flags.orphans as string).split(',').map((text) => {
    const found = resources.find((one) => label(one) === text.trim());
    if (!found)
      throw refusal(
        `"${text}" is no orphan of ${flags.confirm}; nothing was destroyed.`,
        'Each is KEY/ID, as "airflow-aws orphans" lists them.',
        'Give --orphans all, or some of that list.',
      );
    if (holdsData(found) && !flags.deleteData)
      throw refusal(
        `${text} holds data; nothing was destroyed.`,
        'Data goes only when that is said.',
        'Add --delete-data, or leave it out.',
      );
    return found;
  });
}

/** What can go while the data stays: not what the data stands on either, nor what goes only with that. */
function withoutData(resources: readonly Belonging[]): Belonging[] {
  const all = everything();
  const stays = withNeeds(
    all,
    resources.filter(holdsData).flatMap(({ key }) => all.get(key) ?? []),
  );
  const goesAlone = ({ key }: Belonging) => !stays.has(key) && all.get(key)?.typicalSeconds.destroy !== 0;
  return resources.filter((one) => !holdsData(one) && (one.companion || goesAlone(one)));
}

async function pick(flags: DestroyFlags, stacks: readonly OrphanedStack[]): Promise<Belonging[]> {
  const { ask, declined } = await import('./confirm.ts');
  let stack = stacks[0]!;
  if (stacks.length > 1) {
    const choices = stacks.map((one) => ({ name: `${one.name} (stack ${one.stack})`, value: named(one) }));
    const answer = await ask({
      type: 'select',
      message: 'Orphans of which stack:',
      default: choices[0]!.value,
      choices,
    });
    stack = stackNamed(String(answer), stacks);
  }
  const labels = await pickMany(
    'Which of them to destroy:',
    stack.resources.map((one) => {
      const price = one.costPerHour ? `, ${usd(24 * one.costPerHour)} a day` : '';
      const disabled = holdsData(one) && !flags.deleteData ? 'holds data: --delete-data' : undefined;
      return { name: `${label(one)}${price}`, value: label(one), ...(disabled ? { disabled } : {}) };
    }),
  );
  if (labels.length === 0) throw declined();
  const message = `Type the name of the deployment (${stack.name}) to destroy ${labels.length} of its things:`;
  const typed = String(await ask({ type: 'input', message, default: '' }));
  if (typed === '') throw declined();
  if (typed !== stack.name)
    throw refusal(
      `"${typed}" is not its name; nothing was destroyed.`,
      `Its name is ${stack.name}.`,
      'Type it as it is shown.',
    );
  return stack.resources.filter((one) => labels.includes(label(one)));
}

async function takeAway(
  deployment: Deployment,
  flags: DestroyFlags,
  stack: OrphanedStack,
  picked: readonly Belonging[],
): Promise<number> {
  const { io, traffic, world, place } = deployment;
  const things = picked.filter(({ companion }) => !companion);
  // More than one thing may carry the same key; a run knows one of each.
  const rounds: Belonging[][] = [];
  for (const one of things) {
    const round = rounds.find((list) => list.every(({ key }) => key !== one.key));
    if (round) round.push(one);
    else rounds.unshift([one]);
  }
  const whole = graphOf([...everything().values()].filter(({ key }) => things.some((one) => one.key === key)));
  await refuseWhatIsNeeded(deployment, stack, picked, whole);
  const needing = dependents(whole);
  const order = {
    before: (key: string) => needing.get(key) ?? [],
    alone: (key: string) => everything().get(key)!.typicalSeconds.destroy,
  };
  const quiet = flags.quiet === true;
  const shown = graphOf([...everything().values()].filter(({ key, type }) => whole.has(key) || untagged.has(type)));
  const screen = await openScreen(deployment, shown, { quiet, before: order.before, seconds: order.alone });
  const goOn = deployment.again('destroy --orphans');
  const stopping = stopOnSignal({ screen, goOn, beforeEnd: () => world.close() });
  const failed: Failed[] = [];
  let failure: UserError | undefined;
  let left: Belonging[] = [];
  try {
    const first = runFor(deployment, stack, [], stopping.signal);
    screen.follow(first.events);
    const { kind } = world;
    const start = { world: kind, account: place.accountId, region: place.region, resources: picked.length };
    first.events.emit({ event: 'run.start', command: 'destroy', ...start });
    const spans: Parameters<typeof figures>[1]['spans'] = new Map();
    for (const round of rounds) {
      const run = runFor(deployment, stack, round, stopping.signal);
      screen.follow(run.events);
      const graph = await recordAll(run, stack, round);
      const outcome = await carryOut(run, graph);
      for (const [key, span] of outcome.spans) spans.set(key, span);
      failed.push(...outcome.failed);
    }
    failure = await failureOf(deployment, failed, 'destroying', goOn);
    if (!failure && !stopping.signal.aborted) left = await companionsAndAudit(deployment, first, picked);
    const ok = !failure && !stopping.signal.aborted && left.length === 0;
    const measured = figures(order, { failed, skipped: [], stopped: false, spans }, traffic.calls);
    const gone = picked.filter((one) => !left.includes(one)).map(label);
    const error = failure ? { error: failure.toJSON() } : {};
    first.events.emit({ event: 'run.done', ok, ...measured, destroyed: gone, left: left.map(label), ...error });
  } finally {
    await screen.close();
    stopping.done();
  }
  if (stopping.signal.aborted) return stopping.exitCode();
  if (failure && io.json) return failure.exitCode;
  if (failure) {
    for (const line of furtherFailures(failed)) io.note(line);
    throw failure;
  }
  if (!io.json) {
    if (left.length === 0) io.note(`Destroyed ${picked.length} orphans. The audit found none of them left.`);
    else io.note(`Still there: ${left.map(label).join(', ')}.`);
  }
  return left.length === 0 ? exitCodes.ok : exitCodes.leftovers;
}

/** A database that is protected, and things that others still stand on, are refused before anything goes. */
async function refuseWhatIsNeeded(
  { clients }: Deployment,
  stack: OrphanedStack,
  picked: readonly Belonging[],
  whole: Graph,
) {
  const clusters = picked.filter(({ type }) => type === 'rds:cluster');
  for (const { id: DBClusterIdentifier } of clusters) {
    const answer = await clients.rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier })).catch(unlessGone);
    if (answer?.DBClusters?.[0]?.DeletionProtection)
      throw isProtected(named(stack), `Its database ${DBClusterIdentifier} is protected from deletion.`);
  }
  const all = everything();
  // What goes only with something else holds nothing.
  const holds = ({ key, companion }: Belonging) => !companion && all.get(key)?.typicalSeconds.destroy !== 0;
  const staying = stack.resources.filter((one) => !picked.includes(one) && holds(one) && !whole.has(one.key));
  for (const one of staying) {
    const needed = withNeeds(all, all.get(one.key) ? [all.get(one.key)!] : []);
    const stands = picked.find(({ key, companion }) => !companion && key !== one.key && needed.has(key));
    if (stands)
      throw refusal(
        `${label(stands)} is needed by ${label(one)}; nothing was destroyed.`,
        'AWS refuses to take away what is in use.',
        `Pick ${label(one)} too, or leave ${label(stands)}.`,
      );
  }
}

/** A run of that stack with a state of its own, which is written nowhere, and with the names that its things have. */
function runFor(
  deployment: Deployment,
  { stack: id, name }: OrphanedStack,
  round: readonly Belonging[],
  signal: AbortSignal,
): Run {
  const { place, world } = deployment;
  const config = { ...deployment.config, name };
  const own = round.filter(({ type }) => foundByOwnName.test(type)).map((one) => [one.key, one.id] as const);
  // The key here, if there is one, is another deployment's, and says nothing about that key pair.
  const called = { ...names(config, place.accountId), keyPair: `orphaned-${id}`, ...Object.fromEntries(own) };
  const stack = { id, name, account: place.accountId, region: place.region, world: world.kind };
  return runOf({ ...deployment, config, names: called }, State.of(nowhere, stack), { signal });
}

/** Rows for all of the stack that can be found, the round's own things first; gives what is to go. */
async function recordAll(run: Run, { resources }: OrphanedStack, round: readonly Belonging[]): Promise<Graph> {
  const all = everything();
  const since = new Date(run.clock.now()).toISOString();
  const going: AnyResource[] = [];
  for (const resource of inOrder(all)) {
    const { key, type } = resource;
    const mine = round.find((one) => one.key === key);
    const one = mine ?? resources.find((other) => other.key === key && !other.companion);
    if (!one && !untagged.has(type)) continue;
    const field = one && idFields[one.type];
    const row = { step: stepOf(run, key), status: 'created', generation: 1, since } as const;
    if (one && field !== undefined) await run.state.adopt(key, { ...row, identity: { [field]: one.id } });
    const identity = await persist(run, ['throttle', 'unclear'], () =>
      resource.find(bindTo(run, resource, { unrecorded: field === undefined }), known(run, resource)),
    );
    if (!identity) {
      await run.state.forget(key);
      continue;
    }
    await run.state.adopt(key, { ...row, identity });
    const needs = Object.values(resource.needs as Record<string, AnyResource>);
    if (mine || (!one && needs.some((need) => going.includes(need)))) going.push(resource);
  }
  return graphOf(going);
}

/** Takes away what was left by things that went, and asks the account what is there of `picked` at the end. */
async function companionsAndAudit(
  deployment: Deployment,
  run: Run,
  picked: readonly Belonging[],
): Promise<Belonging[]> {
  const still = async () => {
    const now = await orphanedStacks(deployment);
    const there = new Set(now.flatMap(({ resources }) => resources.map(({ type, id }) => `${type} ${id}`)));
    return picked.filter(({ type, id }) => there.has(`${type} ${id}`));
  };
  for (const { type, id } of (await still()).filter(({ companion }) => companion))
    await persist(run, ['throttle', 'unclear', 'inUse', 'wrongState'], () => removeCompanion(deployment, type, id));
  return still();
}

async function removeCompanion(deployment: Deployment, type: string, id: string): Promise<void> {
  const { ec2 } = deployment.clients;
  if (type === 'ec2:snapshot') await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id })).catch(unlessGone);
  else if (type === 'ec2:network-interface')
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })).catch(unlessGone);
  else if (type === 'rds:cluster-snapshot') await deleteSnapshots(deployment, [id]);
  else if (type === 'ec2:volume') {
    const asked = new DescribeVolumesCommand({ Filters: [{ Name: 'volume-id', Values: [id] }] });
    // One that is attached goes with its instance, or is somebody's.
    if ((await ec2.send(asked)).Volumes?.[0]?.State === 'available')
      await ec2.send(new DeleteVolumeCommand({ VolumeId: id })).catch(unlessGone);
  }
}
