/** The operator: a machine on the internet with the built command line and a folder with a deployment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEYS, REGION, startEmulator } from '../emulator/harness.ts';
import { addresses, namespaces } from './network.ts';
import { cacheFolder, inNamespace, run } from './processes.ts';
import { endpointUrl, Region } from './region.ts';

/** Pictures, figures and what each command said, for people; not part of the project. */
export const outputFolder = join(process.cwd(), 'test/lab/output');

/** Everything from outside, once. Needs the network the first time; a minute or two, and 3 GB. */
export async function prepare() {
  mkdirSync(cacheFolder, { recursive: true });
  await run(join(process.cwd(), 'test/lab/prepare.sh'), [cacheFolder, endpointUrl]);
}

/**
 * The region behind moto, or behind the emulator at LAB_EMULATOR_URL, which must be empty and is left running. One will
 * do that gives instances addresses of their subnets, keeps their security groups and makes images. (ministack 1.5 does
 * none of the three.)
 */
export async function openLab(log = keepLine): Promise<{ region: Region; close(): Promise<void> }> {
  const given = process.env.LAB_EMULATOR_URL;
  const emulator = given === undefined ? await startEmulator('moto') : undefined;
  const region = await Region.open(emulator?.directUrl ?? given!, log);
  return {
    region,
    async close() {
      await region.close();
      await emulator?.stop();
    },
  };
}

function keepLine(line: string) {
  mkdirSync(outputFolder, { recursive: true });
  appendFileSync(join(outputFolder, 'region.log'), `${new Date().toISOString()} ${line}\n`);
}

/**
 * The settings of a deployment in the lab: what differs from the defaults is where we are, and the system. `more` has
 * further settings as YAML, by their name.
 */
export function writeSettings(
  directory: string,
  os = process.env.LAB_OS ?? 'debian-13',
  more: Readonly<Record<string, string>> = {},
) {
  mkdirSync(directory, { recursive: true });
  const settings = { version: '1', os, access: `{ myIp: ${addresses.operator} }`, ...more };
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(directory, 'airflow-aws.yaml'), lines.join(''));
}

/** The program, its arguments and its environment, on the operator's machine. */
export function commandLine(directory: string, args: readonly string[]) {
  const bin = process.env.AIRFLOW_AWS_BIN ?? join(process.cwd(), 'bin/airflow-aws.js');
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/root',
    CI: '1',
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...KEYS,
  };
  return { command: inNamespace(namespaces.operator, [process.execPath, bin, '-C', directory, ...args]), env };
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** Both of its outputs as a terminal shows them. */
  readonly output: string;
}

/** Runs the command line to its end, or until `killed` comes about: it is then killed, as a power cut would. */
export async function airflowAws(
  directory: string,
  args: readonly string[],
  { killed, timeoutSeconds = 1500 }: { killed?: Promise<unknown>; timeoutSeconds?: number } = {},
): Promise<Ended> {
  const { command, env } = commandLine(directory, args);
  const child: ChildProcess = spawn(command[0], command[1], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, output] = ['', ''];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (stream === child.stdout) stdout += text;
    });
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
  };
  const limit = setTimeout(kill, timeoutSeconds * 1000);
  void killed?.then(kill);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  clearTimeout(limit);
  const logs = join(outputFolder, 'commands');
  mkdirSync(logs, { recursive: true });
  const number = String(readdirSync(logs).length + 1).padStart(2, '0');
  writeFileSync(join(logs, `${number}-${args[0]}.log`), `${args.join(' ')} ended with ${code}\n${output}`);
  return { code, stdout, output };
}
