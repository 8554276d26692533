import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { learnSecrets, refuseSecrets } from './secrets.ts';

const bin = join(process.cwd(), 'bin', 'airflow-aws.js');

export interface CliRun {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/**
 * The built command line in a process of its own, without a terminal and without the caller's AWS settings. No secret may
 * be in what it wrote or printed, unless it was asked to show them.
 */
export function cli(folder: string, args: string[], env: Record<string, string> = {}): Promise<CliRun> {
  learnSecrets(folder);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args, '-C', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        text[name] += chunk.toString();
      });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      try {
        refuseSecrets(folder, args.includes('--show-secrets') ? {} : text);
        resolve({ code, signal, ...text });
      } catch (error) {
        reject(error);
      }
    });
  });
}
