import { hostname } from 'node:os';
import { join } from 'node:path';
import { exitCodes, userError } from '../errors.ts';
import { breakLock, lockHolder } from '../lock.ts';
import { deploymentFolder, State } from '../state.ts';
import { stateFile } from '../state-file.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFlags, withLock } from './deployment.ts';
import { rebuildState } from './rebuild.ts';

/** Prints the state file. Asks nobody. */
export async function stateShow(io: CommandIo, flags: DeploymentFlags): Promise<number> {
  const file = join(deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws'), 'state.json');
  const state = await State.read(stateFile(file));
  if (!state)
    throw userError({
      code: 'no-state',
      exitCode: exitCodes.usage,
      what: `There is no state in ${file}.`,
      why: 'Nothing was built from this folder, or the file was lost.',
      fix: 'Run "airflow-aws state rebuild" to make it again from the account.',
    });
  const data = { stack: state.stack, resources: state.rows };
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'state show', ok: true, data }));
  else {
    io.out(`${state.stack.name} in ${state.stack.region}, account ${state.stack.account} (${state.stack.world})`);
    for (const [key, { step, status, generation, identity = {} }] of Object.entries(state.rows))
      io.out(
        `${String(step).padStart(2)}  ${key.padEnd(22)} ${status.padEnd(11)} ${generation}  ${Object.values(identity).join(' ')}`,
      );
  }
  return exitCodes.ok;
}

/** Makes the state again from tags and names. The file that was there stays as `state.json.previous`. */
export async function stateRebuild(io: CommandIo, flags: DeploymentFlags): Promise<number> {
  return withLock(io, { ...flags, ignoreState: true }, 'airflow-aws state rebuild', async (deployment) => {
    const state = await rebuildState(deployment);
    await state?.save();
    const keys = Object.keys(state?.rows ?? {});
    if (io.json) io.out(JSON.stringify({ version: 1, command: 'state rebuild', ok: true, data: { found: keys } }));
    else if (state) {
      io.out(`${keys.length} resources found: ${keys.join(', ')}.`);
      const open = keys.filter((key) => state.row(key)?.status !== 'complete');
      const flag = flags.simulate ? ' --simulate' : '';
      if (open.length === 0) io.note('All of it is finished.');
      else io.note(`To finish: ${open.join(', ')}. "airflow-aws up --resume${flag}" does.`);
    } else io.note(`There is nothing of ${deployment.config.name} in this account and region.`);
    return exitCodes.ok;
  });
}

/** Releases a lock, saying whose it was. One that a living process here holds stays. */
export async function stateUnlock(io: CommandIo, flags: DeploymentFlags): Promise<number> {
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  const there = lockHolder(folder);
  const says = (text: string, data: object) => {
    if (io.json) io.out(JSON.stringify({ version: 1, command: 'state unlock', ok: true, data }));
    else io.out(text);
  };
  if (!there) {
    says('There is no lock.', { released: false });
    return exitCodes.ok;
  }
  const { pid, host, user, since, command } = there.holder;
  const whose = `"${command}", process ${pid} of ${user} on ${host}, since ${since}`;
  if (there.alive && host === hostname())
    throw userError({
      code: 'locked',
      exitCode: exitCodes.locked,
      what: `The lock is held by a run that is alive: ${whose}.`,
      why: 'Taking it away would let two runs work at once.',
      fix: `Wait, or end process ${pid} first.`,
    });
  breakLock(folder);
  says(`Released the lock of ${whose}.`, { released: true, holder: there.holder });
  return exitCodes.ok;
}
