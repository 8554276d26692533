import { hostname } from 'node:os';
import { loadConfig } from '../config.ts';
import { exitCodes, UserError, userError } from '../errors.ts';
import { BucketStore } from '../shared-state/bucket-store.ts';
import { State, type StateStore } from '../state.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, lockShared, storeOf, withLock } from './deployment.ts';

const command = 'airflow-aws state migrate';

export interface MigrateFlags extends DeploymentFlags {
  /** The setting in force, or `local` when that is where the state goes, unless given. */
  readonly from?: string;
}

/**
 * Moves the state between this folder and S3, or within S3, under the locks of both places. The new one is read back
 * before the old one is put aside as `state.json.moved`. Cut off in between, both are whole, and doing it again ends it.
 */
export async function stateMigrate(io: CommandIo, flags: MigrateFlags, target?: string): Promise<number> {
  const inForce = loadConfig(io.directory, { env: io.env, flags }).config.state;
  const to = target ?? inForce;
  const from = flags.from ?? (to === inForce ? 'local' : inForce);
  // A place that is none is told as any other wrong setting.
  for (const state of [to, from]) loadConfig(io.directory, { env: io.env, flags: { ...flags, state } });
  if (to === from)
    throw userError({
      code: 'bad-flag',
      exitCode: exitCodes.usage,
      what: `The state is to be moved from ${from} to the same place.`,
      why: `The setting state is ${inForce}.`,
      fix: 'Name the new place (airflow-aws state migrate s3://bucket/prefix), or the old one with --from.',
    });
  return withLock(io, { ...flags, state: from, ignoreState: true }, command, async (deployment) => {
    const { world, place, config } = deployment;
    const store = await storeOf({ ...deployment, config: { ...config, state: to } }, async () => ({ place }));
    const shared = store instanceof BucketStore ? await lockShared(deployment, store, { flags, command }) : undefined;
    try {
      const { moved, kept } = await move(deployment, store, to);
      const data = { from: deployment.store.name, to: store.name, moved, ...(kept === undefined ? {} : { kept }) };
      if (io.json) io.out(JSON.stringify({ version: 1, command: 'state migrate', ok: true, data }));
      else
        io.out(
          moved ? `The state is in ${data.to} now; the old one is kept as ${kept}.` : `It is in ${data.to} already.`,
        );
      if (to !== inForce)
        io.note(
          `Now set "state: ${to}" in airflow-aws.yaml: until then commands look for it in ${deployment.store.name}.`,
        );
      const key = deployment.names.keyPair;
      if (shared && world.kind !== 'simulated')
        io.note(`The SSH key ${key}.pem stays on this machine; see "airflow-aws docs teams".`);
      return exitCodes.ok;
    } finally {
      await shared?.release();
    }
  });
}

async function move(
  { store: source }: Deployment,
  target: StateStore,
  to: string,
): Promise<{ moved: boolean; kept?: string }> {
  const old = await State.read(source);
  const there = await State.read(target);
  if (!old && there) return { moved: false };
  if (!old)
    throw userError({
      code: 'no-state',
      exitCode: exitCodes.usage,
      what: `There is no state in ${source.name}.`,
      why: 'So there is nothing to move.',
      fix: 'Name the place where it is with --from, or make it again from the account: "airflow-aws state rebuild".',
    });
  // The same state on both sides is what a move leaves that was cut off.
  if (there && !there.equals(old)) throw different(old, source, there, target);
  if (!there) {
    await old.at(target).save();
    if (!(await State.read(target))?.equals(old)) throw notThere(source, target);
  }
  try {
    return {
      moved: true,
      kept: await source.setAside({
        setting: to,
        where: to === 'local' ? `${target.name} on ${hostname()}` : target.name,
      }),
    };
  } catch (error) {
    throw userError({
      code: 'state-moved-half',
      exitCode: exitCodes.failed,
      what: `The state is in ${target.name}, whole; the old one in ${source.name} could not be put aside.`,
      why: error instanceof UserError ? `${error.what} ${error.why}` : (error as Error).message,
      fix: `Both are the same and either can be used; run the same command again to end the move, and use only ${target.name} from then on.`,
      cause: error,
    });
  }
}

function latest({ rows }: State): string {
  const times = Object.values(rows).map(({ since }) => since);
  return times.sort().at(-1) ?? '';
}

function different(old: State, source: StateStore, there: State, target: StateStore) {
  const newer = latest(old) > latest(there) ? source : target;
  return userError({
    code: 'two-states',
    exitCode: exitCodes.usage,
    what: `There are different states in ${source.name} and in ${target.name}; nothing was moved.`,
    why:
      old.stack.id === there.stack.id
        ? `They are of one deployment, and one was used after they parted. The newer record is in ${newer.name}.`
        : `They are of two deployments: stack ${old.stack.id} (${old.stack.name}) and stack ${there.stack.id} (${there.stack.name}).`,
    fix: 'Choose another prefix, or remove the one that is not meant and run the same command again.',
  });
}

function notThere(source: StateStore, target: StateStore) {
  return userError({
    code: 'state-not-written',
    exitCode: exitCodes.failed,
    what: `What was read back from ${target.name} is not what was written there.`,
    why: 'Somebody else writes there, or it is no storage that keeps what it is given.',
    fix: `The state in ${source.name} is as it was; go on with that one.`,
  });
}
