import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FaultProxy } from './proxy.ts';

/** The emulators that `install.sh` knows; `other` is one that runs already, at EMULATOR_URL. */
export type EmulatorKind = 'moto' | 'ministack' | 'other';

/** A running AWS emulator and the proxy in front of it. */
export interface Emulator {
  kind: EmulatorKind;
  /** The emulator itself; what is asked here is in no log. */
  directUrl: string;
  /** In front of it; what the product under test is given. */
  proxy: FaultProxy;
  /** Empties the account, where the emulator can; forgets the log and the faults. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Region and keys that every emulator accepts; also the fixed account of the journeys. */
export const REGION = 'us-west-2';
export const KEYS = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing' };

const ROOT = process.cwd();
const READY_TIMEOUT_MS = 30_000;

interface Recipe {
  command: string[];
  env: Record<string, string>;
  readyPath: string;
  resetPath: string;
}

function recipe(kind: 'moto' | 'ministack', port: number): Recipe {
  const bin = join(ROOT, '.cache/emulators', kind, 'bin');
  if (kind === 'ministack') {
    return {
      command: [join(bin, 'ministack')],
      env: {
        PYTHONPATH: join(ROOT, 'test/emulator/ministack-layer'),
        GATEWAY_PORT: `${port}`,
        BIND_HOST: '127.0.0.1',
        MINISTACK_REGION: REGION,
        LOG_LEVEL: 'ERROR',
      },
      readyPath: '/_ministack/health',
      resetPath: '/_ministack/reset',
    };
  }
  return {
    command: [join(bin, 'moto_server'), '-H', '127.0.0.1', '-p', `${port}`],
    // Without these, moto accepts images, key pairs and instance types that do not exist.
    env: {
      PYTHONPATH: join(ROOT, 'test/emulator/moto-layer'),
      MOTO_ENABLE_AMI_VALIDATION: 'true',
      MOTO_ENABLE_KEYPAIR_VALIDATION: 'true',
      MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: 'true',
      MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
    },
    readyPath: '/moto-api/data.json',
    resetPath: '/moto-api/reset',
  };
}

/**
 * Installs the emulator if it is not there, starts it on a free port of 127.0.0.1 and puts the proxy in front of it.
 * Rejects with the emulator's last words when it does not answer within 30 s.
 */
export async function startEmulator(kind: 'moto' | 'ministack'): Promise<Emulator> {
  await promisify(execFile)(join(ROOT, 'test/emulator/install.sh'), [kind]);
  const port = await freePort();
  const { command, env, readyPath, resetPath } = recipe(kind, port);
  const [file, ...args] = command;
  // Nothing of the caller's AWS settings may reach the emulator: some of them read the same variables.
  const child = spawn(file!, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A run that ends without stop(), by an error or Ctrl-C, leaves no server behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const lastWords = tail(child);
  const directUrl = `http://127.0.0.1:${port}`;
  try {
    await ready(directUrl + readyPath, child);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${kind} did not start: ${(error as Error).message}\n${lastWords()}`);
  }
  const proxy = await FaultProxy.start(directUrl);
  return {
    kind,
    directUrl,
    proxy,
    async reset() {
      await post(directUrl + resetPath);
      proxy.clear();
    },
    async stop() {
      await proxy.stop();
      await ended(child);
    },
  };
}

/**
 * Puts the proxy in front of an emulator that runs already. It is not stopped, since it is not ours, and reset only when
 * `resetPath` says by which POST.
 */
export async function attachEmulator(directUrl: string, resetPath?: string): Promise<Emulator> {
  const proxy = await FaultProxy.start(directUrl);
  return {
    kind: 'other',
    directUrl,
    proxy,
    async reset() {
      if (resetPath) await post(directUrl + resetPath);
      proxy.clear();
    },
    stop: () => proxy.stop(),
  };
}

async function post(url: string): Promise<void> {
  const answer = await fetch(url, { method: 'POST' });
  if (!answer.ok) throw new Error(`POST ${url}: HTTP ${answer.status}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error(`no answer from ${url} within ${READY_TIMEOUT_MS / 1000} s`);
}

/** Ends a process that was spawned here: asks, and insists after 3 s. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exit;
  clearTimeout(insist);
}

/** Drains both outputs, which would block the process when full, and keeps their last 4000 characters. */
function tail(child: ChildProcess): () => string {
  let kept = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      kept = (kept + chunk.toString()).slice(-4000);
    });
  }
  return () => kept;
}
