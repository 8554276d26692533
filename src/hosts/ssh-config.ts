import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from './shell.ts';

export interface SshFiles {
  /** The deployment's own folder, `.airflow-aws`. */
  readonly folder: string;
  /** The private key; it never leaves this machine. */
  readonly keyFile: string;
}

/**
 * The text of `.airflow-aws/ssh_config`: everything that ssh needs to know, so that neither the user's own settings nor
 * flags play a part. Also for `ssh -F .airflow-aws/ssh_config a`.
 */
export function sshConfig(hosts: readonly Host[], { folder, keyFile }: SshFiles, sockets: string): string {
  const blocks = hosts.map(({ name, instanceId, address, user, via }) => {
    // What AWS said may not begin a line of its own: an option of ssh can be a command.
    for (const one of [name, instanceId, address, user])
      if (!/^[\w.:-]+$/.test(one)) throw new TypeError(`ssh cannot go to ${JSON.stringify(one)}`);
    return [
      `Host ${name}`,
      `  HostName ${address}`,
      `  User ${user}`,
      // Pinned by instance: an address may come back with another server, which is no reason for alarm.
      `  HostKeyAlias ${instanceId}`,
      ...(via ? [`  ProxyJump ${via.name}`] : []),
    ].join('\n');
  });
  const common = [
    'Host *',
    `  IdentityFile ${word(keyFile)}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  PreferredAuthentications publickey',
    '  BatchMode yes',
    '  ForwardAgent no',
    '  ClearAllForwardings yes',
    `  UserKnownHostsFile ${word(join(folder, 'known_hosts'))}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking accept-new',
    '  UpdateHostKeys no',
    '  HashKnownHosts no',
    '  ConnectTimeout 10',
    '  ServerAliveInterval 15',
    '  ServerAliveCountMax 4',
    // One handshake for many commands.
    '  ControlMaster auto',
    '  ControlPersist 60',
    `  ControlPath ${word(join(sockets, '%C'))}`,
    '  LogLevel ERROR',
  ].join('\n');
  return `# Written by airflow-aws before each use; changes are lost.\n${[...blocks, common].join('\n\n')}\n`;
}

/** A value in ssh_config: in quotes, and with `%` doubled unless it is one of ssh's own tokens. */
function word(path: string): string {
  if (/["\r\n]/.test(path)) throw new TypeError(`ssh cannot use the path ${path}`);
  const token = path.endsWith('/%C') ? '%C' : '';
  return `"${path.slice(0, path.length - token.length).replaceAll('%', '%%')}${token}"`;
}

/** Writes the file as a whole, so that an ssh that starts meanwhile reads the old one or the new one. */
export function writeSshConfig(hosts: readonly Host[], files: SshFiles): string {
  const path = join(files.folder, 'ssh_config');
  writeFileSync(`${path}.writing`, sshConfig(hosts, files, socketFolder(files.folder)), { mode: 0o600 });
  renameSync(`${path}.writing`, path);
  return path;
}

/** Paths of sockets may have about a hundred characters, which the deployment's own folder may exceed by itself. */
function socketFolderOf(deployment: string): string {
  const id = createHash('sha256').update(deployment).digest('hex').slice(0, 10);
  return join(tmpdir(), `airflow-aws-${id}`);
}

/** The folder of the shared connections' sockets. It is made where it is missing: ssh ends where it is. */
export function socketFolder(deployment: string): string {
  const folder = socketFolderOf(deployment);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  // Whoever can write there could pose as our connection.
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
    throw new Error(`${folder} must belong to you alone; remove it and run again`);
  return folder;
}

/**
 * Ends the shared connections and removes their folder. Whoever else works over one of them, as an `ssh` in another
 * terminal, may finish.
 */
export function closeConnections(deployment: string, program: string): void {
  const folder = socketFolderOf(deployment);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const socket = join(folder, name);
    spawnSync(program, ['-F', '/dev/null', '-S', socket, '-O', 'stop', 'host'], { stdio: 'ignore', timeout: 3000 });
    // A connection that ended by a kill leaves its socket.
    rmSync(socket, { force: true });
  }
  try {
    rmdirSync(folder);
  } catch {
    // Another run has opened a connection meanwhile, and closes it itself.
  }
}
