import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDone } from '../../src/engine/events.ts';
import { type Ran, simulatedDestroy, simulatedFolder, simulatedUp } from './deployment.ts';
import { type Inventory, inventoryOf } from './inventory.ts';

/** What is wrong with every call of every run. */
const weather = [
  'throttle=0.2',
  'resetBefore=0.05',
  'resetAfter=0.05',
  'errorAfter=0.02',
  'lag=10',
  'tagLag=20',
  'iamLag=30',
];

const capacity = [
  '9:InsufficientInstanceCapacity',
  '10:InsufficientInstanceCapacity',
  '12:InsufficientDBInstanceCapacity',
  '13:InsufficientCacheClusterCapacity',
  '16:InsufficientInstanceCapacity',
];

const late = [
  'later.natGateway:InternalError',
  'later.instance:Server.InternalError',
  'later.loadBalancer:failed',
  'later.dbCluster:failed',
  'later.dbInstance:failed',
  'later.replicationGroup:create-failed',
  'later.image:Client.InternalError',
];

/** More runs than any storm should need; one that needs more goes round in circles. */
const mostRuns = 12;

export interface StormReport {
  seed: number;
  /** How each run ended: `ok`, `killed`, or the codes of what failed. */
  up: string[];
  destroy: string[];
  /** All calls of all runs. */
  calls: number;
  /** Of the account's own time, from the first run to the last. */
  minutes: number;
  built: Inventory;
  left: Inventory['counts'];
}

/**
 * Builds and destroys one deployment in a simulated account on its worst day. Beside the weather, the first two runs meet
 * a refusal for lack of capacity, a late failure, credentials that expire and a kill, each at a point that `seed` decides.
 * `directory` must be empty.
 */
export async function storm(seed: number, directory: string): Promise<StormReport> {
  const dice = diceOf(seed);
  const pick = (list: readonly string[]) => list[Math.floor(dice() * list.length)]!;
  const capacityFault = pick(capacity);
  const lateFault = pick(late);
  const killedRun = dice() < 0.5 ? 0 : 1;
  const killAt = { call: 1 + Math.floor(dice() * 300), moment: pick(['before', 'inside', 'after']) };
  const expireAt = 1 + Math.floor(dice() * 900);

  const report: StormReport = {
    seed,
    up: [],
    destroy: [],
    calls: 0,
    minutes: 0,
    built: { counts: {}, wiring: {} },
    left: {},
  };
  let folder = join(directory, 'run-0');
  mkdirSync(folder);
  for (let run = 0; run < mostRuns && report.up.at(-1) !== 'ok'; run++) {
    const fault = [...weather];
    if (run === 0) fault.push(capacityFault);
    if (run < 2) fault.push(lateFault);
    if (run < 2 && run !== killedRun) fault.push(`expire=${expireAt}`);
    let killed: string | undefined;
    const watch = (moment: string, call: number) => {
      if (run !== killedRun || call !== killAt.call || moment !== killAt.moment) return;
      // What a SIGKILL leaves is what is on the disk now. The run in the old folder goes on and is of no interest.
      killed = join(directory, `run-${run + 1}`);
      cpSync(folder, killed, { recursive: true });
      rmSync(join(simulatedFolder(killed), 'lock'), { force: true });
    };
    const ended = await simulatedUp(folder, { seed: String(seed), resume: run > 0, fault, watch });
    if (killed !== undefined) folder = killed;
    else count(report, ended);
    report.up.push(killed === undefined ? endOf(ended) : `killed ${killAt.moment} call ${killAt.call}`);
  }
  report.built = inventoryOf(folder);
  for (let run = 0; run < mostRuns && report.destroy.at(-1) !== 'ok'; run++) {
    const ended = await simulatedDestroy(folder, { seed: String(seed), fault: weather });
    count(report, ended);
    report.destroy.push(endOf(ended));
  }
  report.left = inventoryOf(folder).counts;
  return report;
}

function endOf({ exitCode, events, done }: Ran): string {
  if (exitCode === 0) return 'ok';
  const codes = events.filter(({ event }) => event === 'resource.failed').map((one) => `${one.resource} ${one.code}`);
  const { error } = done as RunDone & { error?: { code: string } };
  return `exit ${exitCode}: ${[...new Set(codes)].join(', ') || error?.code}`;
}

function count(report: StormReport, { done }: Ran) {
  report.calls += Object.values(done.calls ?? {}).reduce((sum, calls) => sum + calls, 0);
  report.minutes += (done.durationSeconds ?? 0) / 60;
}

/** Numbers in [0, 1), the same for the same seed, and not those of the account itself. */
function diceOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}
