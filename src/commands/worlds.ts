import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes, userError } from '../errors.ts';
import { sshShell } from '../hosts/ssh.ts';
import { Account, type AccountOptions } from '../simulator/account.ts';
import { attach } from '../simulator/attach.ts';
import type { Faults } from '../simulator/faults.ts';
import { type PolicyStatement, parsePolicy } from '../simulator/iam/documents.ts';
import { knowBoundary } from '../simulator/iam/managed-policies.ts';
import { nouns } from '../simulator/nouns.ts';
import { simulatedShell } from '../simulator/shell.ts';
import { steps } from '../steps/index.ts';
import { randomText, realWorld, type World } from '../world.ts';
import type { Meant } from './again.ts';
import type { CommandIo } from './command-io.ts';

export interface WorldFlags extends Meant {
  /** Rehearsals only, as text: they come from the command line. */
  readonly seed?: string;
  readonly fault?: string[];
  readonly killBefore?: string;
  readonly killInside?: string;
  readonly killAfter?: string;
  /** Files with IAM policies that the account holds whoever runs this to. */
  readonly policy?: string[];
  /** From within this process only. */
  readonly watch?: Faults['watch'];
  readonly watchCommand?: Faults['watchCommand'];
  readonly onAuthorization?: AccountOptions['onAuthorization'];
}

/** The address a rehearsal is seen from: reserved for documentation, so it is nobody's. */
const rehearsalIp = '203.0.113.10';
const laterRehearsalIp = '203.0.113.99';

export function openWorld(
  io: CommandIo,
  flags: WorldFlags,
  { region, folder, boundary }: { region: string; folder: string; os: string; boundary?: string | undefined },
): World {
  if (!flags.simulate) {
    refuseRehearsalFlags(flags);
    return realWorld({
      region,
      profile: flags.profile ?? io.env.AWS_PROFILE,
      shell: sshShell({ folder }),
    });
  }
  const seed = numberFlag('--seed', flags.seed) ?? 1;
  const { policy, onAuthorization } = flags;
  const account = new Account(nouns, {
    file: join(folder, 'account.json'),
    seed,
    faults: faultsOf(flags),
    ...(policy ? { statements: policy.flatMap((file) => statementsIn(resolve(io.directory, file))) } : {}),
    ...(onAuthorization ? { onAuthorization } : {}),
  });
  if (boundary !== undefined) knowBoundary(account.scope(region), boundary);
  const myAddress = () => (account.moved ? laterRehearsalIp : rehearsalIp);
  return {
    kind: 'simulated',
    notice: 'Rehearsal: a simulated account in this process. Nothing reaches AWS and nothing costs anything.',
    clock: account.clock,
    pace: 1,
    durable: false,
    clientConfig: {
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' },
    },
    shell: simulatedShell(account, { myAddress }),
    random: () => account.random(),
    prepare: (client) => {
      attach(account, client as never);
      return client;
    },
    randomText,
    myIp: async () => myAddress(),
    close: () => account.save(),
  };
}

/** A rehearsal is as inconsistent as AWS is on a bad day, so that what it proves holds there. */
const usualLag = { describeLagSeconds: 2, tagLagSeconds: 3 };

function faultsOf({ fault = [], killBefore, killInside, killAfter, watch, watchCommand }: WorldFlags): Faults {
  const kills = (
    [
      ['before', numberFlag('--kill-before', killBefore)],
      ['inside', numberFlag('--kill-inside', killInside)],
      ['after', numberFlag('--kill-after', killAfter)],
    ] as const
  ).flatMap(([when, call]) => (call === undefined ? [] : [{ when, call }]));
  const faults: Faults = { ...usualLag, refuse: [], breakLater: [] };
  if (kills[0]) faults.kill = kills[0];
  if (watch) faults.watch = watch;
  if (watchCommand) faults.watchCommand = watchCommand;
  for (const text of fault) addFault(faults, text);
  return faults;
}

const amounts = {
  throttle: 'throttle',
  resetBefore: 'resetBefore',
  resetAfter: 'resetAfter',
  errorAfter: 'errorAfter',
  loseFirst: 'loseFirst',
  lag: 'describeLagSeconds',
  tagLag: 'tagLagSeconds',
  iamLag: 'iamLagSeconds',
  expire: 'expireAtCall',
  offline: 'offlineAtCall',
  asleep: 'asleepAtCall',
  move: 'moveAtCall',
} as const satisfies Record<string, keyof Faults>;

/** `OPERATION:CODE`, `STEP:CODE`, `later.NOUN:CODE` (each with `*TIMES`), or an amount: `throttle=0.2`, `lag=10`. */
function addFault(faults: Faults, text: string) {
  const named = /^(later\.)?(\w+):([\w.-]+)(?:\*(\d+))?$/.exec(text);
  const amount = /^(\w+)=(\d+(?:\.\d+)?)$/.exec(text);
  if (named) {
    const [, later, what = '', code = '', count = '1'] = named;
    const times = Number(count);
    if (later) faults.breakLater!.push({ noun: what, code, times });
    else if (/^\d+$/.test(what)) faults.refuse!.push({ tag: tagOfStep(Number(what), text), code, times });
    else faults.refuse!.push({ operation: what, code, times });
  } else if (amount && Object.hasOwn(amounts, amount[1]!))
    faults[amounts[amount[1] as keyof typeof amounts]] = Number(amount[2]);
  else throw badFault(text);
}

/** The creating calls of a step are told by the tag that they put on what they make. */
function tagOfStep(number: number, text: string) {
  const step = steps.find((one) => one.number === number);
  if (!step) throw badFault(text);
  return { key: 'airflow-aws:resource', values: step.resources.map(({ key }) => key) };
}

function badFault(text: string) {
  return userError({
    code: 'bad-flag',
    exitCode: exitCodes.usage,
    what: `--fault ${text} is not a fault.`,
    why: `A fault is OPERATION:CODE (the next such call is refused), STEP:CODE (the next creating call of that step is refused), later.NOUN:CODE (it fails by itself), or an amount of ${Object.keys(amounts).join(', ')}.`,
    fix: 'For example --fault RunInstances:InsufficientInstanceCapacity, --fault 9:InsufficientInstanceCapacity, --fault later.natGateway:InternalError, --fault throttle=0.2, --fault lag=10.',
  });
}

/** A policy document, or what `iam policy` prints: several of them in a list, or `--json`'s object with them. */
function statementsIn(file: string): PolicyStatement[] {
  try {
    const given = JSON.parse(readFileSync(file, 'utf8'));
    const listed: { document?: unknown }[] = Array.isArray(given) ? given : (given.data?.policies ?? [given]);
    return listed.flatMap((one) => parsePolicy(JSON.stringify(one.document ?? one), 'identity'));
  } catch (error) {
    throw userError({
      code: 'bad-flag',
      exitCode: exitCodes.usage,
      what: `--policy ${file} is not a policy of IAM.`,
      why: (error as Error).message,
      fix: 'Give a file with a policy document, such as "airflow-aws iam policy > policy.json" writes.',
    });
  }
}

function numberFlag(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text))
    throw userError({
      code: 'bad-flag',
      exitCode: exitCodes.usage,
      what: `${flag} ${text} is not a number.`,
      why: 'It takes a whole number.',
      fix: `For example ${flag} 12.`,
    });
  return Number(text);
}

function refuseRehearsalFlags({ seed, fault, policy, killBefore, killInside, killAfter }: WorldFlags) {
  if ([seed, fault, policy, killBefore, killInside, killAfter].every((flag) => flag === undefined)) return;
  throw userError({
    code: 'bad-flag',
    exitCode: exitCodes.usage,
    what: '--seed, --fault, --policy and --kill-… are for rehearsals.',
    why: 'They decide what the simulated account does; AWS does what it likes.',
    fix: 'Add --simulate, or leave them away.',
  });
}
