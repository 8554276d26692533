import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Clients, Place } from '../aws.ts';
import { awsCode, classify } from '../aws-errors.ts';
import { type Config, loadConfig } from '../config.ts';
import { Events } from '../engine/events.ts';
import { type Graph, graphOf } from '../engine/graph.ts';
import type { AnyResource } from '../engine/resource.ts';
import type { Run } from '../engine/run.ts';
import { exitCodes, userError } from '../errors.ts';
import { loginCommand } from '../explain.ts';
import { lockFolder } from '../lock.ts';
import { type Names, names } from '../names.ts';
import { hourlyPrice } from '../prices.ts';
import { regionOfProfile } from '../profile.ts';
import { connect, connectAll, Session, type SessionOptions } from '../session.ts';
import { sshKeyIn } from '../ssh-key.ts';
import { deploymentFolder, type Stack, State, type StateStore } from '../state.ts';
import { stateFile } from '../state-file.ts';
import { steps } from '../steps/index.ts';
import { Traffic } from '../traffic.ts';
import type { World } from '../world.ts';
import type { CommandIo } from './command-io.ts';
import { openWorld, type WorldFlags } from './worlds.ts';

/** Flags that every command which speaks to the account has. Settings stand beside them by their `attribute`. */
export interface DeploymentFlags extends WorldFlags {
  readonly yes?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  /** For making the state again: the file may be anything. */
  readonly ignoreState?: boolean;
  readonly [attribute: string]: unknown;
}

/** One deployment as far as it is known without a question to anybody: settings, world, state. */
export interface DeploymentFiles {
  readonly io: CommandIo;
  readonly config: Config;
  readonly world: World;
  readonly folder: string;
  readonly store: StateStore;
  /** The resources that the settings ask for. */
  readonly graph: Graph;
  state: State | undefined;
}

/** One deployment, opened: its account, too. */
export interface Deployment extends DeploymentFiles {
  readonly names: Names;
  readonly traffic: Traffic;
  readonly clients: Clients;
  readonly place: Place;
  /** Who we are, as STS says. */
  readonly callerArn: string;
}

/** For commands that need no account: asks nobody and makes no folder. */
export async function openFiles(io: CommandIo, flags: DeploymentFlags): Promise<DeploymentFiles> {
  const profileRegion = flags.simulate ? undefined : await regionOfProfile(flags.profile ?? io.env.AWS_PROFILE);
  const { config, warnings } = loadConfig(io.directory, {
    env: io.env,
    flags,
    ...(profileRegion === undefined ? {} : { profileRegion }),
  });
  for (const warning of warnings) io.note(`Note: ${warning}`);
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  const world = openWorld(io, flags, { region: config.region, folder, os: config.os });
  const store = stateFile(join(folder, 'state.json'), { durable: world.durable });
  const state = flags.ignoreState ? undefined : await State.read(store);
  return { io, config, world, folder, store, graph: wantedGraph(config), state };
}

export async function openDeployment(io: CommandIo, flags: DeploymentFlags): Promise<Deployment> {
  const files = await openFiles(io, flags);
  const { config, world, folder, state } = files;
  prepareFolder(io.directory, folder);
  if (world.notice !== undefined && flags.quiet !== true) io.note(world.notice);
  const traffic = new Traffic();
  const { place, callerArn } = await whoAmI(world, traffic).catch((error) => {
    // Time has passed and dice have fallen in it, and a rehearsal that forgets that meets the same fate for ever.
    world.close();
    throw error;
  });
  const deployment: Deployment = {
    ...files,
    names: names(config, place.accountId),
    traffic,
    clients: connectAll(world, traffic),
    place,
    callerArn,
  };
  if (state) refuseStrangers(state.stack, deployment);
  return deployment;
}

/**
 * Opens the deployment with its folder's lock in hand, so that nobody changes what was read, and closes both behind
 * `work`. Throws exit 6 while another run holds the lock.
 */
export async function withLock(
  io: CommandIo,
  flags: DeploymentFlags,
  command: string,
  work: (deployment: Deployment) => Promise<number>,
): Promise<number> {
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  prepareFolder(io.directory, folder);
  const lock = lockFolder(folder, command, io);
  try {
    const deployment = await openDeployment(io, flags);
    try {
      return await work(deployment);
    } finally {
      deployment.world.close();
    }
  } finally {
    lock.release();
  }
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

/** Asks STS who we are. Throws the reason in words, exit 4 for credentials. */
export async function whoAmI(world: World, traffic: Traffic): Promise<{ place: Place; callerArn: string }> {
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
