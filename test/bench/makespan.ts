// How long a rehearsal takes on its virtual clock, next to its longest chain and to the tutorial's order, and what it
// asks of AWS. `npm run bench:makespan`; SEED=n for other dice. Exit code 1 when a bound of the project is exceeded.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDone } from '../../src/engine/events.ts';

const directory = mkdtempSync(join(tmpdir(), 'airflow-aws-bench-'));
const seed = process.env.SEED ?? '1';

function run(...args: string[]): RunDone {
  const bin = join(process.cwd(), 'bin', 'airflow-aws.js');
  const all = [bin, ...args, '--simulate', '--yes', '--json', '--seed', seed, '-C', directory];
  const output = execFileSync(process.execPath, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(output.trim().split('\n').at(-1)!) as RunDone;
}

let ok = true;
function print(name: string, done: RunDone, most: number) {
  const overPath = done.durationSeconds / done.criticalPathSeconds;
  const overSerial = done.durationSeconds / done.serialSeconds;
  ok &&= overPath <= 1.05 && overSerial <= most;
  console.log(`${name}: ${done.durationSeconds} s`);
  console.log(`  longest chain ${done.criticalPathSeconds} s, ratio ${overPath.toFixed(3)} (at most 1.05)`);
  console.log(`    ${done.criticalPath.join(' -> ')}`);
  console.log(`  one after another ${done.serialSeconds} s, ratio ${overSerial.toFixed(3)} (at most ${most})`);
  const total = Object.values(done.calls).reduce((sum, count) => sum + count, 0);
  console.log(
    `  ${total} calls: ${Object.entries(done.calls)
      .map(([call, count]) => `${call} ${count}`)
      .join(', ')}`,
  );
}

try {
  print('up', run('up'), 0.36);
  print('destroy', run('destroy', '--confirm', 'pms', '--delete-data'), 0.4);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = ok ? 0 : 1;
