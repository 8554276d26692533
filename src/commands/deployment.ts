import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Clients, Place } from '../aws.ts';
import { awsCode, classify } from '../aws-errors.ts';
import { type Config, loadConfig } from '../config.ts';
import { Events } from '../engine/events.ts';
import { type Graph, graphOf } from '../engine/graph.ts';
import type { AnyResource } from '../engine/resource.ts';
import type { Run } from '../engine/run.ts';
import { exitCodes, UserError, userError } from '../errors.ts';
import { explainCall, loginCommand } from '../explain.ts';
import { lockFolder } from '../lock.ts';
import { type Names, names } from '../names.ts';
import { hourlyPrice } from '../prices.ts';
import { regionOfProfile } from '../profile.ts';
import { connect, connectAll, Session, type SessionOptions } from '../session.ts';
import type { BucketLock } from '../shared-state/bucket-lock.ts';
import { BucketStore, bucketMissing } from '../shared-state/bucket-store.ts';
import { bucketPlace } from '../shared-state/place.ts';
import { sshKeyIn } from '../ssh-key.ts';
import { deploymentFolder, type Stack, State, type StateStore } from '../state.ts';
import { stateFile } from '../state-file.ts';
import { steps } from '../steps/index.ts';
import { Traffic } from '../traffic.ts';
import type { World } from '../world.ts';
import { again } from './again.ts';
import type { CommandIo } from './command-io.ts';
import { confirmed } from './confirm.ts';
import { lockPatience } from './lock-wait.ts';
import { makeStateBucket } from './make-state-bucket.ts';
import { openWorld, type WorldFlags } from './worlds.ts';

/** Flags that every command which speaks to the account has. Settings stand beside them by their `attribute`. */
export interface DeploymentFlags extends WorldFlags {
  readonly yes?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  /** For making the state again: the file may be anything. */
  readonly ignoreState?: boolean;
  /** How long to wait for the lock, as `90s`, `10m` or `1h`. */
  readonly lockWait?: string;
  /** The bucket of `state` may be made. */
  readonly createStateBucket?: boolean;
  readonly [attribute: string]: unknown;
}

/** Where and with what a command works: known without a question to anybody. */
interface Settings {
  readonly io: CommandIo;
  readonly config: Config;
  readonly world: World;
  readonly folder: string;
  /** The resources that the settings ask for. */
  readonly graph: Graph;
  readonly traffic: Traffic;
  /** A command to go on with, as a person types it: `up --resume`. */
  again(command: string): string;
}

/** One deployment as far as it is known without a question to the account, but for a state that is kept there. */
export interface DeploymentFiles extends Settings {
  readonly store: StateStore;
  state: State | undefined;
}

/** One deployment, opened: its account, too. */
export interface Deployment extends DeploymentFiles {
  readonly names: Names;
  readonly clients: Clients;
  readonly place: Place;
  /** Who we are, as STS says. */
  readonly callerArn: string;
}

async function openSettings(io: CommandIo, flags: DeploymentFlags): Promise<Settings> {
  const profileRegion = flags.simulate ? undefined : await regionOfProfile(flags.profile ?? io.env.AWS_PROFILE);
  const { config, warnings } = loadConfig(io.directory, {
    env: io.env,
    flags,
    ...(profileRegion === undefined ? {} : { profileRegion }),
  });
  for (const warning of warnings) io.note(`Note: ${warning}`);
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  const world = openWorld(io, flags, {
    region: config.region,
    folder,
    os: config.os,
    boundary: config.iam.permissionsBoundary,
  });
  const goOn = (command: string) => again(flags, command);
  return { io, config, world, folder, graph: wantedGraph(config), traffic: new Traffic(), again: goOn };
}

/** For commands that need no account: makes no folder, and asks nobody unless the state is in S3. */
export async function openFiles(io: CommandIo, flags: DeploymentFlags): Promise<DeploymentFiles> {
  const settings = await openSettings(io, flags);
  const store = await storeOf(settings, () => whoAmI(settings));
  const state = flags.ignoreState ? undefined : await readState(store);
  return { ...settings, store, state };
}

/** The state in its place; undefined for a deployment that has none yet. Throws when it was moved to another place. */
async function readState(store: StateStore): Promise<State | undefined> {
  const state = await State.read(store);
  const movedTo = state ? undefined : await store.movedTo();
  if (movedTo === undefined) return state;
  throw userError({
    code: 'state-moved',
    exitCode: exitCodes.usage,
    what: `The state of this deployment is not in ${store.name} any more: it was moved to ${movedTo.where}.`,
    why: `The setting state still names the old place (${store.name}.moved is the copy that was left there).`,
    fix: `Set "state: ${movedTo.setting}" in airflow-aws.yaml (or --state ${movedTo.setting}). For a new deployment in the old place, remove ${store.name}.moved.`,
  });
}

/** `ready` is called before the state is read, to take its lock. */
export async function openDeployment(
  io: CommandIo,
  flags: DeploymentFlags,
  ready: (settings: Settings, store: BucketStore, identity: Identified) => Promise<void> = async () => {},
): Promise<Deployment> {
  const settings = await openSettings(io, flags);
  const { config, world, folder, traffic } = settings;
  try {
    let asked: Promise<Identified> | undefined;
    const identity = () => {
      asked ??= whoAmI(settings);
      return asked;
    };
    const store = await storeOf(settings, identity);
    if (store instanceof BucketStore) await ready(settings, store, await identity());
    const state = flags.ignoreState ? undefined : await readState(store);
    prepareFolder(io.directory, folder);
    if (world.notice !== undefined && flags.quiet !== true) io.note(world.notice);
    const { place, callerArn } = await identity();
    const deployment: Deployment = {
      ...settings,
      store,
      state,
      names: names(config, place.accountId),
      clients: connectAll(world, traffic),
      place,
      callerArn,
    };
    if (state) refuseStrangers(state.stack, deployment);
    return deployment;
  } catch (error) {
    // Time has passed and dice have fallen in it, and a rehearsal that forgets that meets the same fate for ever.
    world.close();
    throw error;
  }
}

/** The place of the state by the settings. Who we are is asked only for one in S3. */
export async function storeOf(
  { config, world, folder, traffic }: Pick<Settings, 'config' | 'world' | 'folder' | 'traffic'>,
  identity: () => Promise<Pick<Identified, 'place'>>,
): Promise<StateStore> {
  const where = bucketPlace(config.state);
  if (!where) return stateFile(join(folder, 'state.json'), { durable: world.durable });
  const { clientConfig, clock, pace } = world;
  // A team's bucket may be in another region than this deployment.
  const s3 = connect(world, traffic, new S3Client({ ...clientConfig, followRegionRedirects: true }));
  const { place } = await identity();
  return new BucketStore({ s3, place: where, accountId: place.accountId, clock, pace });
}

/**
 * Opens the deployment with its lock in hand, so that nobody changes what was read, and closes both behind `work`. The
 * lock is that of the folder, and for a state in S3 that beside it, too. Throws exit 6 while another run holds one.
 */
export async function withLock(
  io: CommandIo,
  flags: DeploymentFlags,
  command: string,
  work: (deployment: Deployment) => Promise<number>,
): Promise<number> {
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  prepareFolder(io.directory, folder);
  const patience = lockPatience(io, flags.lockWait);
  const lock = await patience(async () => lockFolder(folder, command, io));
  let shared: BucketLock | undefined;
  try {
    const deployment = await openDeployment(io, flags, async (settings, store, { place }) => {
      shared = await lockShared({ ...settings, place }, store, { flags, command, patience });
    });
    try {
      return await work(deployment);
    } finally {
      await shared?.release();
      shared = undefined;
      deployment.world.close();
    }
  } finally {
    await shared?.release();
    lock.release();
  }
}

/** Takes the lock beside a state in S3. A bucket that is not there is made for who wants it. */
export async function lockShared(
  { io, world, traffic, place }: Pick<Deployment, 'io' | 'world' | 'traffic' | 'place'>,
  store: BucketStore,
  {
    flags,
    command,
    patience = lockPatience(io, flags.lockWait),
  }: { flags: DeploymentFlags; command: string; patience?: ReturnType<typeof lockPatience> },
): Promise<BucketLock> {
  const take = () => patience((waitedSeconds) => store.lock({ command, waitedSeconds, note: io.note }));
  try {
    return await take();
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== bucketMissing) throw error;
    await offerBucket(io, flags, store.bucket, error);
    await makeStateBucket(connect(world, traffic, new S3Client(world.clientConfig)), store.bucket, place, world);
    io.note(`Made the bucket ${store.bucket}: versioned, private and encrypted.`);
    return take();
  }
}

/** A bucket is made only for somebody who wants it: a name that was mistyped would be one, too. */
async function offerBucket(io: CommandIo, flags: DeploymentFlags, bucket: string, missing: UserError) {
  if (flags.createStateBucket) return;
  if (!io.isTty || io.json || flags.yes) throw missing;
  await confirmed(io, {}, `There is no bucket ${bucket} for the state. Make it (versioned, private, encrypted)?`);
}

export function wantedGraph(config: Config): Graph {
  return graphOf(steps.flatMap(({ resources }) => resources.filter((one) => one.wanted?.(config) ?? true)));
}

/** Every resource of every step, wanted by today's settings or not: there may be some of yesterday's. */
export function everything(): Graph {
  return graphOf(steps.flatMap(({ resources }) => resources));
}

/** A state for a deployment that has none yet. Its first record writes it. */
export function newState(deployment: Deployment): State {
  const { world, config, place, store } = deployment;
  const stack: Stack = {
    id: world.randomText(12).toLowerCase(),
    name: config.name,
    account: place.accountId,
    region: place.region,
    world: world.kind,
  };
  deployment.state = State.of(store, stack);
  return deployment.state;
}

/** What the engine needs, for `state`. A second deployment of the same name is told apart by the stack's id. */
export function runOf(
  { world, config, names, place, folder, clients }: Deployment,
  state: State,
  {
    signal = new AbortController().signal,
    keepData = false,
    serverLog = () => {},
  }: Partial<Pick<SessionOptions, 'signal' | 'keepData' | 'serverLog'>> = {},
): Run {
  const session = new Session(clients, {
    world,
    config,
    names,
    stack: state.stack,
    place,
    signal,
    sshKey: sshKeyIn(join(folder, `${names.keyPair}.pem`), names.keyPair),
    keepData,
    serverLog,
  });
  const events = new Events(() => ({
    time: new Date().toISOString(),
    ...(world.kind === 'simulated' ? { virtualTime: new Date(world.clock.now()).toISOString() } : {}),
  }));
  return {
    steps,
    state,
    clock: world.clock,
    random: () => world.random(),
    events,
    signal,
    pace: world.pace,
    bind: (resource, binding) => session.bind(resource, binding),
  };
}

/** Hourly price of what exists, or would, in US dollars. */
export function hourlyUsd({ config }: Pick<Deployment, 'config'>, resources: Iterable<AnyResource>): number {
  let sum = 0;
  for (const one of resources) sum += one.hourlyUsd?.({ config, prices: hourlyPrice }) ?? 0;
  return sum;
}

function prepareFolder(directory: string, folder: string) {
  const top = join(directory, '.airflow-aws');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const ignore = join(top, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n', { mode: 0o600 });
  } catch (error) {
    throw userError({
      code: 'folder-not-writable',
      exitCode: exitCodes.usage,
      what: `The folder ${directory} cannot be written to.`,
      why: (error as Error).message,
      fix: 'Make it writable, or name another with -C DIR.',
    });
  }
}

interface Identified {
  readonly place: Place;
  readonly callerArn: string;
}

/** Asks STS who we are. Throws the reason in words, exit 4 for credentials. */
export async function whoAmI({ world, traffic }: Pick<Settings, 'world' | 'traffic'>): Promise<Identified> {
  const sts = connect(world, traffic, new STSClient(world.clientConfig));
  try {
    const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
    return {
      place: { accountId: Account!, region: world.clientConfig.region, partition: Arn!.split(':')[1] ?? 'aws' },
      callerArn: Arn!,
    };
  } catch (error) {
    throw explainIdentity(error, world);
  }
}

function explainIdentity(error: unknown, world: World) {
  const code = awsCode(error);
  const message = (error as Error).message;
  const kind = classify(error);
  const login = loginCommand(world.clientConfig.profile);
  if (kind === 'barred') return explainCall(error, { login });
  const common = { awsCode: code, why: message };
  if (/clock|skew|not yet current|Signature expired/i.test(message) || code === 'RequestTimeTooSkewed')
    return userError({
      ...common,
      code: 'clock-skew',
      exitCode: exitCodes.credentials,
      what: 'AWS refused the call because this machine’s clock is wrong.',
      fix: 'Set the clock (for example "timedatectl set-ntp true") and run the same command again.',
    });
  if (kind === 'expired' || /sso|token.*(expired|refresh)/i.test(message))
    return userError({
      ...common,
      code: 'credentials-expired',
      exitCode: exitCodes.credentials,
      what: 'The AWS credentials have expired.',
      fix: `Log in again ("${login}"), then run the same command.`,
    });
  if (kind === 'offline' || (kind === 'unclear' && code !== 'CredentialsProviderError'))
    return userError({
      ...common,
      code: 'unreachable',
      exitCode: exitCodes.failed,
      what: `${world.kind === 'aws' ? 'AWS' : 'The endpoint in AWS_ENDPOINT_URL'} cannot be reached.`,
      fix: 'Check the network, the proxy and AWS_ENDPOINT_URL, then run the same command again.',
    });
  return userError({
    ...common,
    code: 'no-credentials',
    exitCode: exitCodes.credentials,
    what: 'There are no AWS credentials that AWS accepts.',
    fix: `Set AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in ("${login}"); to try without an account, add --simulate.`,
  });
}

function refuseStrangers(stack: Stack, { place, world, config, store }: Deployment) {
  const differing = [
    ['account', stack.account, place.accountId],
    ['region', stack.region, place.region],
    ['world', stack.world, world.kind],
    ['deployment name', stack.name, config.name],
  ].filter(([, theirs, ours]) => theirs !== ours);
  if (differing.length === 0) return;
  throw userError({
    code: 'other-account',
    exitCode: exitCodes.usage,
    what: `The state in ${store.name} belongs to another place.`,
    why: differing.map(([what, theirs, ours]) => `${what}: the state has ${theirs}, this run has ${ours}.`).join('\n'),
    fix: 'Use the credentials, the region and the settings of the state, or another folder (-C DIR) for a new deployment.',
  });
}
