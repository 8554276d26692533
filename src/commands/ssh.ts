import type { CommandIo } from './command-io.ts';
import type { DeploymentFlags } from './deployment.ts';
import { openServers, type ServerName, serverNamed, sshHere } from './servers.ts';

/** A shell on a server, or one command there; what stands behind `--` goes to the server's shell as ssh itself would. */
export async function ssh(
  io: CommandIo,
  flags: DeploymentFlags,
  { operands, rest = [] }: { readonly operands: readonly string[]; readonly rest?: readonly string[] | undefined },
): Promise<number> {
  const servers = await openServers(io, flags, 'ssh');
  const host = serverNamed(servers, (operands[0] as ServerName | undefined) ?? 'bastion');
  return sshHere(servers.configFile, host, rest);
}
