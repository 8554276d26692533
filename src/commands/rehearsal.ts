import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { type Config, configFile, configYaml } from '../config.ts';
import { exitCodes, UserError } from '../errors.ts';
import type { Asked, Purpose } from '../policy.ts';
import { Account } from '../simulator/account.ts';
import { attach } from '../simulator/attach.ts';
import { existingNetwork } from '../simulator/existing-network.ts';
import { nouns } from '../simulator/nouns.ts';
import { knowClusterSnapshot } from '../simulator/rds/cluster-snapshots.ts';
import { deploymentFolder } from '../state.ts';
import type { CommandIo } from './command-io.ts';
import type { DeploymentFlags } from './deployment.ts';
import { type DestroyFlags, destroy } from './destroy.ts';
import { status } from './status.ts';
import { up } from './up.ts';

/** Faults by which each thing that can fail after AWS accepted it does so once. */
export const failuresLater = [
  'later.natGateway:InternalError',
  'later.instance:Server.InternalError',
  'later.loadBalancer:failed',
  'later.dbCluster:failed',
  'later.dbInstance:failed',
  'later.replicationGroup:create-failed',
  'later.image:Client.InternalError',
];

/**
 * A day on which everything goes wrong that a run mends by itself: of each kind of changing call the first answer is
 * lost, and whatever can fail later does.
 */
export const badDay = ['loseFirst=1', ...failuresLater];

/** More runs than any day should need. */
const mostRuns = 8;

/** By purpose, everything that AWS asked, each once. */
export type Rehearsed = Readonly<Record<Purpose, readonly Asked[]>> & {
  /** What was rehearsed: where a network is used, the one of the simulated account stands in its place. */
  readonly config: Config;
};

/**
 * Builds, looks at and destroys a deployment of these settings in simulated accounts, on a calm and on a bad day, and
 * gives everything that AWS would have asked the policies of whoever ran it. What `purposes` does not name is done only
 * as far as the rest needs it. Nothing of it stays on the disk.
 */
export async function rehearse(wanted: Config, purposes: readonly Purpose[]): Promise<Rehearsed> {
  const { config, account } = await withWhatIsUsed(wanted);
  const rehearsed = {
    up: new Map<string, Asked>(),
    status: new Map<string, Asked>(),
    destroy: new Map<string, Asked>(),
  };
  const wants = (purpose: Purpose) => purposes.includes(purpose);
  const unprotected = { ...config, protect: false };
  const build = (io: CommandIo, fault: string[] = []) => carriedOut(io, up, rehearsed.up, { fault });
  const take = (io: CommandIo, flags: DestroyFlags) =>
    carriedOut(io, destroy, rehearsed.destroy, { confirm: config.name, ...flags });

  await inFolder({ config, account }, async (io, change) => {
    await build(io);
    if (wants('up')) await build(io);
    if (wants('status')) await carriedOut(io, status, rehearsed.status);
    change(unprotected);
    if (wants('destroy')) await take(io, { deleteData: true });
  });
  if (wants('destroy'))
    await inFolder({ config: unprotected, account }, async (io) => {
      await build(io);
      await take(io, { keepData: true });
      // What was kept can be taken away later, and so can its snapshot.
      await take(io, { deleteData: true });
    });
  if (wants('up') || wants('destroy'))
    await inFolder({ config: unprotected, account }, async (io) => {
      await build(io, badDay);
      if (wants('destroy')) await take(io, { deleteData: true, fault: ['loseFirst=1'] });
    });
  const { up: asBuilt, status: asLooked, destroy: asTaken } = rehearsed;
  return { config, up: [...asBuilt.values()], status: [...asLooked.values()], destroy: [...asTaken.values()] };
}

/** Where an account begins: its settings, and its file unless it is new. */
interface Beginning {
  readonly config: Config;
  readonly account: string | undefined;
}

/** An account that is just made has nobody's network and no snapshot. Settings that use one get an account that has it. */
async function withWhatIsUsed(config: Config): Promise<Beginning> {
  const { vpc, restoreFrom, region, database } = config;
  if (vpc === 'create' && restoreFrom === undefined) return { config, account: undefined };
  const directory = mkdtempSync(join(tmpdir(), 'airflow-aws-'));
  try {
    const file = join(directory, 'account.json');
    const account = new Account(nouns, { file });
    if (restoreFrom !== undefined) knowClusterSnapshot(account.scope(region), restoreFrom, database);
    const settings = vpc === 'create' ? config : { ...config, vpc: await networkIn(account, config) };
    account.save();
    return { config: settings, account: readFileSync(file, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function networkIn(account: Account, { region, zones: letters }: Config): Promise<Config['vpc']> {
  const credentials = { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' };
  const ec2 = new EC2Client({ region, credentials });
  attach(account, ec2, { unattended: true });
  const [first, second] = letters.map((letter) => region + letter) as [string, string];
  const zones = { public: first, private: [first, second] } as const;
  const { vpcId, publicSubnet, privateSubnets } = await existingNetwork(ec2, account.clock, zones);
  return { use: vpcId, publicSubnet, privateSubnets };
}

async function inFolder(
  { config, account }: Beginning,
  work: (io: CommandIo, change: (config: Config) => void) => Promise<void>,
) {
  const directory = mkdtempSync(join(tmpdir(), 'airflow-aws-'));
  const write = (settings: Config) =>
    // A state in S3 has a statement of its own, and its bucket is not in an account that was just made.
    writeFileSync(join(directory, configFile), configYaml({ ...settings, state: 'local' }, { comments: false }));
  const nobody = () => {};
  try {
    write(config);
    if (account !== undefined) {
      const folder = deploymentFolder(directory, 'simulated');
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, 'account.json'), account, { mode: 0o600 });
    }
    await work({ directory, env: {}, isTty: false, json: true, out: nobody, note: nobody }, write);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs the command until it succeeds: on a bad day a run may end before its work. */
async function carriedOut<Flags extends DeploymentFlags>(
  io: CommandIo,
  command: (io: CommandIo, flags: Flags) => Promise<number>,
  asked: Map<string, Asked>,
  flags: Flags = {} as Flags,
) {
  let last: unknown;
  for (let run = 0; run < mostRuns; run++) {
    const onAuthorization = (one: Asked) => asked.set(JSON.stringify(one), one);
    try {
      last = await command(io, { simulate: true, yes: true, resume: run > 0, onAuthorization, ...flags });
      if (last === exitCodes.ok) return;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      last = error;
    }
  }
  throw last instanceof Error ? last : new Error(`a rehearsal of ${command.name} ended with exit code ${last}`);
}
