import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { userError } from '../errors.ts';
import { bashOf } from './bash.ts';
import { hideSecret, mask } from './mask.ts';
import { type Host, type RunOptions, type Shell, shellError } from './shell.ts';
import { closeConnections, socketFolder, writeSshConfig } from './ssh-config.ts';

export interface SshOptions {
  /** The deployment's own folder, `.airflow-aws`. The key of STEP 8 is there. */
  readonly folder: string;
  readonly program?: string;
}

export interface SshShell extends Shell {
  /** Ends what connections are open. The next command would open them again. */
  close(): void;
}

/** What ssh itself says, as opposed to the command it ran, comes with this exit code. */
const connectionFailed = 255;

/** What ssh says of a connection that was there; one that never came about has other words. */
const broke =
  /^(connection to .* closed by|timeout, server|client_loop: |mux_client_.*broken pipe|shared connection to)/im;

/** How often a command is given again after its connection broke. All of them may run twice. */
const repeats = 4;

/**
 * The runner for real servers: the system's OpenSSH, through the bastion, with settings, known hosts and key of its own.
 * The script goes in by standard input, so that nothing of it shows in the lists of processes on either side.
 */
export function sshShell({ folder, program = 'ssh' }: SshOptions): SshShell {
  const hosts = new Map<string, Host>();
  let configFile = '';

  function learn(host: Host) {
    const known = hosts.get(host.name);
    if (host.via) learn(host.via);
    if (known && known.address === host.address && known.instanceId === host.instanceId) return;
    hosts.set(host.name, host);
    configFile = writeSshConfig([...hosts.values()], { folder, keyFile: keyIn(folder) });
  }

  return {
    async run(host, command, options = {}) {
      learn(host);
      const script = bashOf(command, readLocal);
      const deadline = Date.now() + command.timeoutSeconds * 1000;
      for (let attempt = 1; ; attempt++) {
        const left = deadline - Date.now();
        // A run beside this one may have ended, and taken the folder of the connections with it.
        socketFolder(folder);
        const { exitCode, stdout, stderr, timedOut } = await once(program, configFile, host, script, left, options);
        if (timedOut) throw shellError('timeout', host, command, `It took more than ${command.timeoutSeconds} s.`);
        if (exitCode === 0) return { stdout };
        if (exitCode !== connectionFailed) throw shellError('failed', host, command, lastLines(stdout, stderr));
        const kind = reasonOf(stderr);
        // Before the first connection there is nothing to pick up again; whoever waits for the server asks anew.
        if (!broke.test(stderr) || attempt > repeats) throw shellError(kind, host, command, lastLines('', stderr));
        await sleep(2000 * attempt, undefined, options.signal ? { signal: options.signal } : {});
      }
    },
    close: () => closeConnections(folder, program),
  };
}

/** What a file on this machine holds, a private key perhaps: it goes to the server and nowhere else. */
function readLocal(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (text.includes('PRIVATE KEY')) hideSecret(text);
  return text;
}

interface Ended {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

async function once(
  program: string,
  configFile: string,
  host: Host,
  script: string,
  milliseconds: number,
  { signal, onOutput }: RunOptions,
): Promise<Ended> {
  const running = execa(program, ['-F', configFile, '-T', host.name, 'sudo -n bash -s'], {
    input: script,
    reject: false,
    timeout: Math.max(1, milliseconds),
    maxBuffer: 4_000_000,
    ...(signal && { cancelSignal: signal }),
  });
  if (onOutput)
    for (const stream of [running.stdout, running.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onOutput(mask(line));
      });
    }
  const { exitCode, stdout, stderr, timedOut, isCanceled } = await running;
  if (isCanceled) signal?.throwIfAborted();
  return { exitCode, stdout, stderr, timedOut };
}

/** Long work that fails says its last lines on both outputs; a person needs each once. */
function lastLines(...texts: string[]): string {
  const lines = texts.flatMap((text) => text.trim().split('\n').slice(-12));
  return [...new Set(lines.filter((line) => line.trim() !== '').map(mask))].join('\n');
}

function reasonOf(stderr: string): 'unreachable' | 'login' | 'hostKey' {
  if (/host key verification failed|remote host identification has changed/i.test(stderr)) return 'hostKey';
  if (/permission denied|too many authentication failures|no supported authentication|bad permissions/i.test(stderr))
    return 'login';
  return 'unreachable';
}

/** The deployment's private key: the one file of its kind in its folder. */
export function keyIn(folder: string): string {
  const [name, ...others] = readdirSync(folder).filter((file) => file.endsWith('-key.pem'));
  if (name !== undefined && others.length === 0) return join(folder, name);
  throw userError({
    code: 'private-key-missing',
    exitCode: 1,
    what: 'The servers cannot be reached without the private key.',
    why:
      name === undefined ? `There is no file *-key.pem in ${folder}.` : `${folder} has more than one file *-key.pem.`,
    fix: 'Put the key that STEP 8 made there, alone: it is on the machine from which the deployment was built. "airflow-aws docs teams" says what works without it.',
    resumable: true,
  });
}
