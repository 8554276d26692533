import { execa } from 'execa';
import { exitCodes, userError } from '../errors.ts';
import { components } from '../hosts/components.ts';
import { mask } from '../hosts/mask.ts';
import { quoteAll } from '../hosts/quote.ts';
import type { Host } from '../hosts/shell.ts';
import type { CommandIo } from './command-io.ts';
import type { DeploymentFlags } from './deployment.ts';
import { type ServerName, serverNamed, unreachable, withServers } from './servers.ts';

export interface LogsFlags extends DeploymentFlags {
  readonly follow?: boolean;
  readonly node?: ServerName;
  readonly since?: string;
}

/** What `logs` knows, each with its systemd unit: the components of Airflow, and what they stand on. */
export const logUnits: Readonly<Record<string, string>> = {
  ...Object.fromEntries(components.map(({ name }) => [name, `airflow@${name}.service`])),
  environment: 'airflow-environment.service',
  nginx: 'nginx.service',
};

/** The journal of one unit, of both nodes unless one is named; each line says whose it is. */
export async function logs(
  io: CommandIo,
  flags: LogsFlags,
  { operands }: { readonly operands: readonly string[] },
): Promise<number> {
  const unit = logUnits[operands[0] ?? '']!;
  const command = journalctl(unit, flags);
  return withServers(io, flags, 'logs', async (servers) => {
    const running = (['a', 'c'] as const).filter((name) => servers.hosts.has(name));
    const hosts = (flags.node ? [flags.node] : running).map((name) => serverNamed(servers, name));
    if (hosts.length === 0) serverNamed(servers, 'a');
    const ended = await Promise.all(hosts.map((host) => read(io, servers.configFile, host, command, hosts.length > 1)));
    return ended.find((code) => code !== 0) ?? exitCodes.ok;
  });
}

/** The line for the server's shell. */
export function journalctl(unit: string, { follow, since }: Pick<LogsFlags, 'follow' | 'since'>): string {
  const from = since === undefined ? ['--lines=200'] : [`--since=${moment(since)}`];
  const words = ['journalctl', '--no-pager', '--output=short-iso', `--unit=${unit}`, ...from];
  return `sudo -n ${quoteAll(follow ? [...words, '--follow'] : words)}`;
}

/** `30m`, `2h` and `1d` are so long ago; anything else is left to journalctl, which knows dates. */
function moment(since: string): string {
  if (/^\d+(s|m|min|h|d|w)$/.test(since)) return `-${since}`;
  if (/^[\w :.+-]+$/.test(since)) return since;
  throw userError({
    code: 'bad-flag',
    exitCode: exitCodes.usage,
    what: `--since ${since} is not a time.`,
    why: 'It takes so long ago (30m, 2h, 1d) or what journalctl takes.',
    fix: 'For example --since 30m, --since today, --since "2026-11-23 09:00".',
  });
}

/** Line by line, so that lines of two nodes do not run into each other. */
async function read(io: CommandIo, configFile: string, host: Host, command: string, named: boolean): Promise<number> {
  const running = execa('ssh', ['-F', configFile, '-T', host.name, command], {
    stdin: 'ignore',
    stderr: 'inherit',
    reject: false,
    buffer: false,
  });
  for await (const line of running) io.out(mask(named ? `${host.name}  ${line}` : String(line)));
  const { exitCode = 255 } = await running;
  if (exitCode === 255) throw unreachable(host);
  return exitCode;
}
