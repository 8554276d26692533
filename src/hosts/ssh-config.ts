import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
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
  const blocks = hosts.map(({ name, instanceId, address, user, via }) =>
    [
      `Host ${name}`,
      `  HostName ${address}`,
      `  User ${user}`,
      // Pinned by instance: an address may come back with another server, which is no reason for alarm.
      `  HostKeyAlias ${instanceId}`,
      ...(via ? [`  ProxyJump ${via.name}`] : []),
    ].join('\n'),
  );
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
function socketFolder(deployment: string): string {
  const id = createHash('sha256').update(deployment).digest('hex').slice(0, 10);
  const folder = join(tmpdir(), `airflow-aws-${id}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  // Whoever can write there could pose as our connection.
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
    throw new Error(`${folder} must belong to you alone; remove it and run again`);
  return folder;
}
