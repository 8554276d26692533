// STEP 1–15 over real HTTP, counted and timed: up, up with nothing to do, destroy; bare, and with 100 ms before each
// answer, as AWS and the way to it add. `npm run bench:emulator`. Exit code 1 when a run fails or a budget is exceeded.
import { type Deployment, newDeployment } from '../emulator/cli.ts';
import { attachEmulator, type Emulator, startEmulator } from '../emulator/harness.ts';

const ROUNDS = 3;

/** What each phase may take; seconds are whole processes with 100 ms before each answer. */
const PHASES = [
  { name: 'up', args: ['up', '--yes', '--until', '15', '--json'], calls: 120, seconds: 4 },
  { name: 'up again', args: ['up', '--yes', '--until', '15', '--json'], calls: 55, seconds: 1.5 },
  { name: 'destroy', args: ['destroy', '--yes', '--confirm', 'pms', '--delete-data', '--json'], calls: 80, seconds: 4 },
];
type Phase = (typeof PHASES)[number];

interface Measured {
  phase: Phase;
  latencyMs: number;
  calls: number;
  changes: number;
  seconds: number;
  operations: Map<string, number>;
}

async function measure(phase: Phase, latencyMs: number, emulator: Emulator, deployment: Deployment): Promise<Measured> {
  const { proxy } = emulator;
  proxy.clear();
  proxy.latencyMs = latencyMs;
  const run = await deployment.run(phase.args, 120);
  if (run.code !== 0) {
    throw new Error(`${phase.name} ended with exit code ${run.code}\n${(run.stdout + run.stderr).slice(-3000)}`);
  }
  const operations = new Map<string, number>();
  for (const { operation } of proxy.calls) operations.set(operation, (operations.get(operation) ?? 0) + 1);
  return {
    phase,
    latencyMs,
    calls: proxy.calls.length,
    changes: proxy.changes.length,
    seconds: run.seconds,
    operations,
  };
}

/** The middle one of an odd number of measurements by seconds; its calls are shown too, since they hardly vary. */
const median = (measured: Measured[]): Measured =>
  [...measured].sort((a, b) => a.seconds - b.seconds)[Math.floor(measured.length / 2)]!;

const url = process.env.EMULATOR_URL;
const emulator = url ? await attachEmulator(url) : await startEmulator('moto');
const medians: Measured[] = [];
try {
  for (const latencyMs of [0, 100]) {
    const rounds = new Map<Phase, Measured[]>(PHASES.map((phase) => [phase, []]));
    // One round more than is counted: the emulator reads its catalogues of images and parameters at the first question,
    // and again after each reset, so the account is emptied by destroy alone.
    for (let round = latencyMs > 0 ? 1 : 0; round <= ROUNDS; round += 1) {
      const deployment = await newDeployment(emulator.proxy.url);
      try {
        for (const phase of PHASES) {
          const measured = await measure(phase, latencyMs, emulator, deployment);
          if (round > 0) rounds.get(phase)!.push(measured);
        }
      } finally {
        await deployment.remove();
      }
    }
    for (const measured of rounds.values()) medians.push(median(measured));
  }
} finally {
  await emulator.stop();
}

for (const { phase, latencyMs, operations } of medians) {
  if (latencyMs > 0) continue;
  const most = [...operations].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  console.log(`${phase.name}: ${most.map(([operation, n]) => `${operation} ${n}`).join(', ')}\n`);
}

const row = (cells: string[]) => cells.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(12))).join('');
console.log(`Medians of ${ROUNDS} on ${emulator.kind === 'other' ? url : emulator.kind}; ratios are to the budget.`);
console.log(row(['', 'answers', 'calls', 'changing', 'ratio', 'seconds', 'ratio']));
let exceeded = false;
for (const { phase, latencyMs, calls, changes, seconds } of medians) {
  const callsRatio = calls / phase.calls;
  // Bare, there is no budget in seconds: it would judge the emulator.
  const secondsRatio = latencyMs > 0 ? seconds / phase.seconds : undefined;
  exceeded ||= callsRatio > 1 || (secondsRatio ?? 0) > 1;
  const at = latencyMs > 0 ? `+${latencyMs} ms` : 'bare';
  const ratios = [callsRatio.toFixed(2), seconds.toFixed(2), secondsRatio?.toFixed(2) ?? ''];
  console.log(row([phase.name, at, `${calls}`, `${changes}`, ...ratios]));
}
process.exitCode = exceeded ? 1 : 0;
