import { exitCodes, userError } from '../errors.ts';
import { openInDesktop } from './browser.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFlags, openFiles } from './deployment.ts';
import { refuseRehearsal } from './servers.ts';

/** Prints where Airflow is, and shows it in the browser where there is a desktop. Asks nobody. */
export async function open(io: CommandIo, flags: DeploymentFlags): Promise<number> {
  refuseRehearsal(flags, 'open');
  const { state, config, store } = await openFiles(io, flags);
  const url = state?.row('cluster')?.output?.url;
  if (url === undefined)
    throw userError({
      code: 'no-url',
      exitCode: exitCodes.usage,
      what: `${config.name} has no address yet.`,
      why: `The state in ${store.name} does not know of a finished cluster.`,
      fix: 'Run "airflow-aws up"; "airflow-aws status" says how far it is.',
    });
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'open', ok: true, data: { url } }));
  else io.out(url);
  if (!io.json && (await openInDesktop(url, io.env)) && config.tls.mode === 'self-signed')
    io.note('The certificate is the bastion’s own, so the browser asks once whether to trust it.');
  return exitCodes.ok;
}
