import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { failuresLater } from '../../src/commands/rehearsal.ts';
import type { RunDone } from '../../src/engine/events.ts';
import { UserError } from '../../src/errors.ts';
import { explainCall, isFromAws } from '../../src/explain.ts';
import { type Ran, simulatedDestroy, simulatedFolder, simulatedUp, stateOf } from './deployment.ts';
import { diceOf } from './dice.ts';
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

/** More runs than any storm should need; one that needs more goes round in circles. */
const mostRuns = 12;

export interface StormReport {
  seed: number;
  /** How each run ended: `ok`, `killed`, or what failed with which code. */
  up: string[];
  destroy: string[];
  /** Which of the four misfortunes it met. The weather is everywhere, and a late failure may be mended within its run. */
  met: { killed: boolean; expired: boolean; capacity: boolean; late: boolean };
  /** All calls of all runs. */
  calls: number;
  /** Of the account's own time, over all runs. */
  minutes: number;
  built: Inventory;
  left: Inventory['counts'];
}

/**
 * Builds and destroys one deployment in a simulated account on its worst day. Beside the weather it meets, once each, a
 * refusal for lack of capacity, a late failure, credentials that expire and a kill, at points that `seed` decides.
 * `directory` must be empty.
 */
export async function storm(seed: number, directory: string): Promise<StormReport> {
  const dice = diceOf(seed);
  const upTo = (most: number) => 1 + Math.floor(dice() * most);
  const pick = (list: readonly string[]) => list[upTo(list.length) - 1]!;
  const capacityFault = pick(capacity);
  const lateFault = pick(failuresLater);
  const killedFirst = dice() < 0.5;
  const expireInDestroy = upTo(150);

  const report: StormReport = {
    seed,
    up: [],
    destroy: [],
    met: { killed: false, expired: false, capacity: false, late: false },
    calls: 0,
    minutes: 0,
    built: { counts: {}, wiring: {} },
    left: {},
  };
  let folder = join(directory, 'run-0');
  mkdirSync(folder);
  for (let run = 0; run < mostRuns && report.up.at(-1) !== 'ok'; run++) {
    const fault = [...weather];
    const { met } = report;
    if (!met.capacity) fault.push(capacityFault);
    if (!met.late) fault.push(lateFault);
    // A run has either of them, until both were met. A later run has less to do, so its misfortune comes earlier.
    const kills = !met.killed && (killedFirst || met.expired);
    const expires = !met.expired && !kills;
    const killAt = { call: upTo(run === 0 ? 150 : 30), moment: pick(['before', 'inside', 'after']) };
    if (expires) fault.push(`expire=${upTo(run === 0 ? 500 : 120)}`);
    let killed: string | undefined;
    const watch = (moment: string, call: number) => {
      // Only what had failed by itself is taken away in a run of up.
      met.late ||= Object.values(stateOf(folder).resources).some(({ status }) => status === 'destroying');
      if (!kills || call !== killAt.call || moment !== killAt.moment) return;
      // What a SIGKILL leaves is what is on the disk now. The run in the old folder goes on and is of no interest.
      killed = join(directory, `run-${run + 1}`);
      cpSync(folder, killed, { recursive: true });
      rmSync(join(simulatedFolder(killed), 'lock'), { force: true });
    };
    const ended = await endOf(simulatedUp(folder, { seed: String(seed), resume: run > 0, fault, watch }));
    if (killed !== undefined) folder = killed;
    else count(report, ended);
    const words = killed === undefined ? ended.words : `killed ${killAt.moment} call ${killAt.call}`;
    report.up.push(words);
    met.killed ||= killed !== undefined;
    met.expired ||= /Expired/.test(words);
    met.capacity ||= /Insufficient/.test(words);
  }
  report.built = inventoryOf(folder);
  for (let run = 0; run < mostRuns && report.destroy.at(-1) !== 'ok'; run++) {
    const fault = [...weather, ...(run === 0 ? [`expire=${expireInDestroy}`] : [])];
    const ended = await endOf(simulatedDestroy(folder, { seed: String(seed), fault }));
    count(report, ended);
    report.destroy.push(ended.words);
  }
  report.left = inventoryOf(folder).counts;
  return report;
}

interface End {
  words: string;
  done?: RunDone & { error?: { code: string } };
}

async function endOf(running: Promise<Ran>): Promise<End> {
  try {
    const { exitCode, events, done } = await running;
    if (exitCode === 0) return { words: 'ok', done };
    const failed = events.filter(({ event }) => event === 'resource.failed');
    const codes = failed.map(({ resource, code }) => `${resource} ${code}`);
    return { words: `exit ${exitCode}: ${codes.join(', ') || (done as End['done'])?.error?.code}`, done };
  } catch (error) {
    // What the command line says when a question outside of the run is refused; anything else is a defect.
    const known = error instanceof UserError || !isFromAws(error) ? error : explainCall(error, { login: '' });
    if (!(known instanceof UserError)) throw error;
    return { words: `exit ${known.exitCode}: ${known.awsCode ?? known.code}` };
  }
}

function count(report: StormReport, { done }: End) {
  report.calls += Object.values(done?.calls ?? {}).reduce((sum, calls) => sum + calls, 0);
  report.minutes += (done?.durationSeconds ?? 0) / 60;
}
