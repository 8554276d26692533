import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo } from '../../src/commands/command-io.ts';
import type { DeploymentFlags } from '../../src/commands/deployment.ts';
import { type DestroyFlags, destroy } from '../../src/commands/destroy.ts';
import { plan } from '../../src/commands/plan.ts';
import { status } from '../../src/commands/status.ts';
import { type UpFlags, up } from '../../src/commands/up.ts';
import { openWorld } from '../../src/commands/worlds.ts';
import type { RunDone } from '../../src/engine/events.ts';
import { bashOf } from '../../src/hosts/bash.ts';
import type { Command } from '../../src/hosts/command.ts';
import { connectAll } from '../../src/session.ts';
import { Traffic } from '../../src/traffic.ts';
import { learnSecrets, refuseSecrets } from './secrets.ts';

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * A folder that is gone when the tests of its file have ended. `inMemory` where the system has a place for that: a disk
 * takes longer for the thousands of small files that replace one another than everything else in a rehearsal does.
 */
export function temporaryFolder({ inMemory = false } = {}): string {
  const memory = '/dev/shm';
  const folder = mkdtempSync(join(inMemory && existsSync(memory) ? memory : tmpdir(), 'airflow-aws-test-'));
  folders.push(folder);
  return folder;
}

export interface Ran {
  exitCode: number;
  /** Parsed lines of stdout. */
  events: Record<string, unknown>[];
  notes: string[];
  done: RunDone;
}

function recordingIo(directory: string): CommandIo & { lines: string[]; notes: string[] } {
  const lines: string[] = [];
  const notes: string[] = [];
  return {
    directory,
    env: {},
    isTty: false,
    json: true,
    lines,
    notes,
    out: (text) => lines.push(text),
    note: (text) => notes.push(text),
  };
}

/** No secret may be in what a run wrote, printed or sent to a server: each run of each journey is looked through. */
async function ran<Flags extends DeploymentFlags>(
  directory: string,
  command: (io: CommandIo, flags: Flags) => Promise<number>,
  flags: Flags,
): Promise<Ran> {
  const io = recordingIo(directory);
  const programs: string[] = [];
  const watchCommand = (given: Command) => {
    // As ssh would send it; a private key or a certificate is read only then, and goes to its server alone.
    programs.push(bashOf(given, () => ''));
    flags.watchCommand?.(given);
  };
  learnSecrets(directory);
  let exitCode: number;
  try {
    exitCode = await command(io, { ...flags, watchCommand });
  } finally {
    refuseSecrets(directory, {
      stdout: io.lines.join('\n'),
      stderr: io.notes.join('\n'),
      programs: programs.join('\n'),
    });
  }
  const events = io.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { exitCode, events, notes: io.notes, done: events.at(-1) as unknown as RunDone };
}

/** `airflow-aws up --simulate --yes --json`, in this process. */
export function simulatedUp(directory: string, flags: UpFlags = {}): Promise<Ran> {
  return ran(directory, up, { simulate: true, yes: true, ...flags });
}

/** `airflow-aws destroy --simulate --yes --confirm pms --delete-data --json`, in this process. */
export function simulatedDestroy(directory: string, flags: DestroyFlags = {}): Promise<Ran> {
  const all: DestroyFlags = {
    simulate: true,
    yes: true,
    confirm: 'pms',
    deleteData: flags.keepData !== true,
    ...flags,
  };
  return ran(directory, destroy, all);
}

/** `airflow-aws plan --simulate --json`, in this process: its data. */
export async function simulatedPlan(directory: string, flags: DeploymentFlags = {}): Promise<PlanData> {
  const { events } = await ran(directory, plan, { simulate: true, ...flags });
  return events[0]!.data as PlanData;
}

/** `airflow-aws status --simulate --json`, in this process: its data. */
export async function simulatedStatus(directory: string, flags: DeploymentFlags = {}): Promise<StatusData> {
  const { events } = await ran(directory, status, { simulate: true, ...flags });
  return events[0]!.data as StatusData;
}

interface DifferenceData {
  attribute: string;
  is: string;
  wanted: string;
  mend: string;
}

export type PlanData = Record<'create' | 'keep' | 'change' | 'refuse', string[]> & {
  changes: (DifferenceData & { key: string })[];
};

export interface StatusData {
  complete: boolean;
  resources: { key: string; status: string; drift: DifferenceData[]; unknown?: string }[];
}

/** The simulated account of a folder as a hand in the console has it, on the SDK's own clients. */
export function consoleOf(directory: string) {
  const folder = simulatedFolder(directory);
  const world = openWorld(recordingIo(directory), { simulate: true }, { region: 'us-west-2', folder, os: '' });
  return {
    ...connectAll(world, new Traffic()),
    clock: world.clock,
    close: () => world.close(),
    /** The identity of a resource, as the state has it. */
    identity: (key: string) => stateOf(directory).resources[key]!.identity ?? {},
  };
}

/** What was changed shows in every answer. */
export async function aMinuteLater(folder: string) {
  const { clock, close } = consoleOf(folder);
  await clock.sleep(60_000);
  close();
}

export function simulatedFolder(directory: string): string {
  return join(directory, '.airflow-aws', 'simulated');
}

export function stateOf(directory: string): {
  resources: Record<string, { status: string; generation: number; identity?: Record<string, string> }>;
} {
  return JSON.parse(readFileSync(join(simulatedFolder(directory), 'state.json'), 'utf8'));
}
