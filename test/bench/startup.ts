// Whole processes, from start to exit, as ratios measured in one run: `--version` to an empty node, and the rehearsals
// in seconds. `npm run bench:startup`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = join(process.cwd(), 'bin', 'airflow-aws.js');

function seconds(args: string[]): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return (performance.now() - start) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

const empty: number[] = [];
const version: number[] = [];
// In turns, so that a machine that slows down slows both.
for (let round = 0; round < 20; round++) {
  empty.push(seconds(['-e', '0']));
  version.push(seconds([bin, '--version']));
}
const ratio = median(version.map((value, round) => value / empty[round]!));
console.log(`node -e 0 ${(median(empty) * 1000).toFixed(0)} ms, --version ${(median(version) * 1000).toFixed(0)} ms`);
console.log(`ratio, median of 20 pairs: ${ratio.toFixed(2)} (at most 1.3)`);

const up: number[] = [];
const again: number[] = [];
const destroy: number[] = [];
for (let round = 0; round < 3; round++) {
  const directory = mkdtempSync(join(tmpdir(), 'airflow-aws-bench-'));
  const common = ['--simulate', '--yes', '-C', directory];
  up.push(seconds([bin, 'up', ...common]));
  again.push(seconds([bin, 'up', ...common]));
  destroy.push(seconds([bin, 'destroy', '--confirm', 'pms', '--delete-data', ...common]));
  rmSync(directory, { recursive: true, force: true });
}
const report = (name: string, values: number[], most?: number) =>
  console.log(`${name} ${median(values).toFixed(2)} s, median of 3${most === undefined ? '' : ` (at most ${most} s)`}`);
report('up --simulate', up, 3);
report('up again', again, 1);
report('destroy', destroy);
