/** What the lab measured, for people: in the output of the tests, and all together in output/figures.json. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { outputFolder } from './operator.ts';

const file = join(outputFolder, 'figures.json');

type Figure = number | string | Readonly<Record<string, number | string>> | readonly string[];

/** Keeps a figure; its name says what it is and in which unit. */
export function figure(name: string, value: Figure) {
  mkdirSync(outputFolder, { recursive: true });
  const all = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Figure>) : {};
  writeFileSync(file, `${JSON.stringify({ ...all, [name]: value }, null, 2)}\n`);
  process.stdout.write(`  ${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}\n`);
}

/** The share of its processors that the machine had no work for since the moment at which this was made. */
export function idleSince(): () => number {
  const times = () => {
    const all = cpus().map((one) => one.times);
    const sum = (pick: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + pick(one), 0);
    return { idle: sum(({ idle }) => idle), all: sum((one) => Object.values(one).reduce((a, b) => a + b, 0)) };
  };
  const before = times();
  return () => {
    const now = times();
    return (now.idle - before.idle) / Math.max(1, now.all - before.all);
  };
}

/** Every command line that any process of this machine, and so of any host in it, has had while it was watched. */
export class Processes {
  readonly seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), 300);
    this.#timer.unref();
  }

  #look() {
    for (const entry of readdirSync('/proc'))
      if (/^\d+$/.test(entry))
        try {
          this.seen.add(readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' '));
        } catch {
          // It has ended meanwhile.
        }
  }

  stop() {
    clearInterval(this.#timer);
  }
}
