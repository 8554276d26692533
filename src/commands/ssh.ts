import type { CommandIo } from './command-io.ts';
import type { DeploymentFlags } from './deployment.ts';
import { type ServerName, serverNamed, sshHere, withServers } from './servers.ts';

/** A shell on a server, or one command there; what stands behind `--` goes to the server's shell as ssh itself would. */
export async function ssh(
  io: CommandIo,
  flags: DeploymentFlags,
  { operands, rest = [] }: { readonly operands: readonly string[]; readonly rest?: readonly string[] | undefined },
): Promise<number> {
  const name = (operands[0] as ServerName | undefined) ?? 'bastion';
  return withServers(io, flags, 'ssh', async (servers) =>
    sshHere(servers.configFile, serverNamed(servers, name), rest),
  );
}
