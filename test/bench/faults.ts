// Storms on the simulated account: for each seed how its runs of up and destroy ended, and what they cost in calls and
// simulated time. `npm run bench:faults -- --seeds N --from N`. Exit code 1 when a storm did not end as the calm run.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf } from '../helpers/inventory.ts';
import { storm } from '../helpers/storm.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '25' }, from: { type: 'string', default: '1' } },
});
const from = Number(values.from);
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => from + index);
const directory = temporaryFolder({ inMemory: true });
const right = (value: unknown, width: number) => String(value).padStart(width);

let wrong = 0;
const totals = { runs: 0, calls: 0, minutes: 0 };
const met = { killed: 0, expired: 0, capacity: 0, late: 0 };
try {
  const calm = join(directory, 'calm');
  mkdirSync(calm);
  await simulatedUp(calm);
  const built = inventoryOf(calm);
  console.log('  seed  resumes  destroys  calls  minutes  end     runs of up');
  for (const seed of seeds) {
    const folder = join(directory, String(seed));
    mkdirSync(folder);
    const report = await storm(seed, folder);
    const ended = report.up.at(-1) === 'ok' && report.destroy.at(-1) === 'ok';
    const whole = ended && isDeepStrictEqual(report.built, built) && Object.keys(report.left).length === 0;
    if (!whole) wrong++;
    totals.runs += report.up.length - 1;
    totals.calls += report.calls;
    totals.minutes += report.minutes;
    for (const name of Object.keys(met) as (keyof typeof met)[]) if (report.met[name]) met[name]++;
    console.log(
      `${right(seed, 6)}  ${right(report.up.length - 1, 7)}  ${right(report.destroy.length, 8)}  ${right(report.calls, 5)}  ${right(report.minutes.toFixed(1), 7)}  ${whole ? 'whole ' : 'BROKEN'}  ${report.up.join(' | ')}`,
    );
    rmSync(folder, { recursive: true, force: true });
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
const mean = (sum: number) => (sum / seeds.length).toFixed(1);
console.log(
  `${seeds.length} storms, ${wrong} broken; on average ${mean(totals.runs)} resumes, ${mean(totals.calls)} calls and ${mean(totals.minutes)} simulated minutes.`,
);
console.log(
  `Of them ${met.killed} were killed, ${met.expired} lost their credentials, ${met.capacity} found no capacity, and in ${met.late} something failed by itself.`,
);
process.exitCode = wrong === 0 ? 0 : 1;
