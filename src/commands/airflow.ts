import { exitCodes, userError } from '../errors.ts';
import { quoteAll } from '../hosts/quote.ts';
import type { CommandIo } from './command-io.ts';
import type { DeploymentFlags } from './deployment.ts';
import { healthyNode, sshHere, withServers } from './servers.ts';

/** Airflow's own command line on a healthy node, as its user and with the cluster's settings and secrets. */
export async function airflow(
  io: CommandIo,
  flags: DeploymentFlags,
  { rest = [] }: { readonly rest?: readonly string[] | undefined },
): Promise<number> {
  if (rest.length === 0)
    throw userError({
      code: 'bad-usage',
      exitCode: exitCodes.usage,
      what: '"airflow" needs the words for Airflow behind "--".',
      why: 'Everything behind "--" goes to Airflow’s own command line, flags too.',
      fix: 'For example: airflow-aws airflow -- dags list',
    });
  // The server's shell reads the line once more, and must find the same words in it.
  const line = `sudo -n /usr/local/bin/airflow-cluster ${quoteAll(rest)}`;
  return withServers(io, flags, 'airflow', async (servers) =>
    sshHere(servers.configFile, await healthyNode(servers), [line]),
  );
}
