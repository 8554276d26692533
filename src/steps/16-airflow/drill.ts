/** A drill: the scheduler of node a is taken away, and node c must do without it. */
import type { Aws } from '../../aws.ts';
import { UserError, userError } from '../../errors.ts';
import { read } from '../../hosts/command.ts';
import { beginDrill, drillMarker, endDrill } from '../../hosts/node.ts';
import { type Host, shellErrors } from '../../hosts/shell.ts';
import { type Hop, once, statesOf, tasksRun, type Whole } from './proof.ts';
import { locate } from './servers.ts';

const scheduler = 'airflow@scheduler.service';

async function find(aws: Aws, { bastionId, nodeAId, nodeCId }: Whole, name: 'a' | 'c'): Promise<Host> {
  const instanceId = name === 'a' ? nodeAId : nodeCId;
  const host = await locate(aws, { name, instanceId, bastionId });
  if (host) return host;
  throw userError({
    code: 'no-such-server',
    exitCode: 1,
    what: `Node ${name} does not run.`,
    why: `The instance ${instanceId} (or the bastion before it) is not running.`,
    fix: 'See "airflow-aws status"; "airflow-aws up" makes it again.',
  });
}

/** Ends a drill that was cut off: true when node a's scheduler had been left stopped by one. */
export async function mendDrill(aws: Aws, whole: Whole): Promise<boolean> {
  const { bastionId, nodeAId } = whole;
  const a = await locate(aws, { name: 'a', instanceId: nodeAId, bastionId });
  if (!a) return false;
  // A node that does not answer is for the proof to name.
  const marker = await aws.shell.run(a, read(drillMarker)).catch((error) => {
    if (error instanceof UserError && error.code === shellErrors.unreachable) return undefined;
    throw error;
  });
  if (!marker || marker.stdout.trim() === '') return false;
  await aws.shell.run(a, endDrill());
  return true;
}

/**
 * Stops node a's scheduler, has a run scheduled and its tasks done meanwhile, and starts it again whatever happens. The
 * seconds of the second hop are those that node c needs alone, from the command to the log of the last task in S3.
 */
export async function drill(aws: Aws, whole: Whole, tell: (hop: Hop) => void): Promise<Hop[]> {
  const [a, c] = [await find(aws, whole, 'a'), await find(aws, whole, 'c')];
  const stateOn = async (host: Host) => (await statesOf(aws, host, [scheduler])).get(scheduler);
  const hops: Hop[] = [];
  const add = (hop: Hop) => {
    hops.push(hop);
    tell(hop);
    return hop.ok;
  };
  try {
    const stopped = await once(aws, "drill: node a's scheduler stopped", async () => {
      await aws.shell.run(a, beginDrill());
      const [onA, onC] = [await stateOn(a), await stateOn(c)];
      return { ok: onA !== 'active' && onC === 'active', detail: `${onA} on a, ${onC} on c` };
    });
    if (add(stopped))
      add(
        await once(aws, "drill: a run scheduled and done without node a's scheduler", async () => {
          const { detail } = await tasksRun(aws, c, whole.bucket);
          const onA = await stateOn(a);
          return { ok: onA !== 'active', detail: `${detail}; the scheduler of node a was ${onA} all the time` };
        }),
      );
  } finally {
    // Also when the run was told to stop, which this must not be.
    const options = { signal: new AbortController().signal };
    await aws.shell.run(a, endDrill(), options);
  }
  add(
    await once(aws, "drill: node a's scheduler back", async () => {
      const onA = await stateOn(a);
      return { ok: onA === 'active', detail: `${onA} on a` };
    }),
  );
  return hops;
}
