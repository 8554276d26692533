import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEYS, REGION } from './harness.ts';

/** How a run of the product ended. */
export interface Run {
  /** The exit code, or `null` when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** A folder with one deployment in it, driven through the built command line, against one endpoint. */
export interface Deployment {
  directory: string;
  /** Runs `airflow-aws ARGS… -C directory` to its end. Killed after `timeoutSeconds` (default 60), which rejects. */
  run(args: string[], timeoutSeconds?: number): Promise<Run>;
  /** SIGKILLs the run under way with all its descendants. Nothing is cleaned up, as after a power failure. */
  kill(): void;
  remove(): Promise<void>;
}

/** The product under test: the built working copy, unless AIRFLOW_AWS_BIN names another one's entry file. */
const BIN = process.env.AIRFLOW_AWS_BIN ?? join(process.cwd(), 'bin/airflow-aws.js');

export async function newDeployment(endpointUrl: string): Promise<Deployment> {
  const directory = await mkdtemp(join(tmpdir(), 'airflow-aws-emulator-'));
  let underWay: number | undefined;
  return {
    directory,
    async run(args, timeoutSeconds = 60) {
      const started = performance.now();
      // A group of its own, so that kill() also reaches what the command line has started.
      const child = spawn(process.execPath, [BIN, ...args, '-C', directory], {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        // Only what is needed: the caller's profiles and region must not decide how a journey ends.
        env: {
          PATH: process.env.PATH,
          HOME: directory,
          CI: '1',
          AWS_ENDPOINT_URL: endpointUrl,
          AWS_REGION: REGION,
          AWS_EC2_METADATA_DISABLED: 'true',
          ...KEYS,
        },
      });
      underWay = child.pid;
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        killGroup(child.pid);
      }, timeoutSeconds * 1000);
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      clearTimeout(timer);
      underWay = undefined;
      if (timedOut) {
        throw new Error(
          `airflow-aws ${args.join(' ')} did not end within ${timeoutSeconds} s\n${(stdout + stderr).slice(-3000)}`,
        );
      }
      return { code, stdout, stderr, seconds: (performance.now() - started) / 1000 };
    },
    kill: () => killGroup(underWay),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
