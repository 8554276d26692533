import { hostname } from 'node:os';
import { exitCodes, userError } from '../errors.ts';
import { breakLock, type Holder, lockHolder } from '../lock.ts';
import { sharedHolder, whose } from '../shared-state/bucket-lock.ts';
import { BucketStore } from '../shared-state/bucket-store.ts';
import { deploymentFolder } from '../state.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFlags, openFiles, withLock } from './deployment.ts';
import { rebuildState } from './rebuild.ts';

/** Prints the state. Asks nobody, unless the state is in S3. */
export async function stateShow(io: CommandIo, flags: DeploymentFlags): Promise<number> {
  const { state, store } = await openFiles(io, flags);
  if (!state)
    throw userError({
      code: 'no-state',
      exitCode: exitCodes.usage,
      what: `There is no state in ${store.name}.`,
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
      if (open.length === 0) io.note('All of it is finished.');
      else io.note(`To finish: ${open.join(', ')}. "${deployment.again('up --resume')}" does.`);
    } else io.note(`There is nothing of ${deployment.config.name} in this account and region.`);
    return exitCodes.ok;
  });
}

/**
 * Releases the locks of the folder and of a state in S3, saying whose they were. One that a living process here holds
 * stays, and so does one in S3 whose holder was heard of within two minutes, unless `force` says that it is gone.
 */
export async function stateUnlock(io: CommandIo, flags: DeploymentFlags & { force?: boolean }): Promise<number> {
  const folder = deploymentFolder(io.directory, flags.simulate ? 'simulated' : 'aws');
  const { store, world } = await openFiles(io, { ...flags, ignoreState: true });
  const local = lockHolder(folder);
  const shared = store instanceof BucketStore ? await sharedHolder(store.lockObject) : undefined;
  if (local?.alive && local.holder.host === hostname()) throw stillHeld(local.holder, 'end that process');
  if (shared && !shared.dead && !(flags.force && !shared.here))
    throw stillHeld(shared.holder, shared.here ? 'end that process' : 'if it is gone for good, give --force');
  if (local) breakLock(folder);
  if (shared && store instanceof BucketStore) await store.lockObject.remove(shared.etag);
  world.close();
  const holder = shared?.holder ?? local?.holder;
  const data = holder ? { released: true, holder } : { released: false };
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'state unlock', ok: true, data }));
  else io.out(holder ? `Released the lock of ${whose(holder)}.` : 'There is no lock.');
  return exitCodes.ok;
}

function stillHeld(holder: Holder, otherwise: string) {
  return userError({
    code: 'locked',
    exitCode: exitCodes.locked,
    what: `The lock is held by a run that is alive: ${whose(holder)}.`,
    why: 'Taking it away would let two runs work at once.',
    fix: `Wait, or ${otherwise} (process ${holder.pid} on ${holder.host}).`,
  });
}
