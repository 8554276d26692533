import { bindTo } from '../engine/run.ts';
import { exitCodes, userError } from '../errors.ts';
import { cluster, unhealthy } from '../steps/16-airflow/cluster.ts';
import { drill, mendDrill } from '../steps/16-airflow/drill.ts';
import { type Hop, prove, type Whole } from '../steps/16-airflow/proof.ts';
import { duration, hanging, painter } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, runOf, withLock } from './deployment.ts';
import { stopOnSignal } from './running.ts';

export interface VerifyFlags extends DeploymentFlags {
  readonly drill?: boolean;
}

/** A cluster that was built has had its time: what is not so after a minute is not so. */
const withinSeconds = 60;

/** The proof that ends `up`, on a living cluster. Changes nothing; with `--drill` for a moment, and puts it back. */
export async function verify(io: CommandIo, flags: VerifyFlags): Promise<number> {
  return withLock(io, flags, 'airflow-aws verify', (deployment) => verifyLocked(deployment, flags));
}

async function verifyLocked(deployment: Deployment, flags: VerifyFlags): Promise<number> {
  const { io, state, world, config } = deployment;
  const whole = wholeOf(deployment);
  const goOn = deployment.again('verify');
  const stopping = stopOnSignal({
    screen: { listen: () => {}, say: io.note, close: async () => {}, abandon: () => {} },
    goOn,
    beforeEnd: () => world.close(),
  });
  const aws = bindTo(runOf(deployment, state!, { signal: stopping.signal }), cluster);
  const start = world.clock.now();
  const tell = (hop: Hop) => {
    if (!io.json && (flags.quiet !== true || !hop.ok)) io.out(line(io, hop));
  };
  let hops: Hop[];
  try {
    if (await mendDrill(aws, whole))
      io.note("A drill was cut off before its end: node a's scheduler is started again.");
    hops = await prove(aws, whole, { withinSeconds, tell });
    if (flags.drill && hops.every(({ ok }) => ok)) hops.push(...(await drill(aws, whole, tell)));
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    throw userError({
      code: 'stopped',
      exitCode: stopping.exitCode() === exitCodes.terminated ? exitCodes.terminated : exitCodes.stopped,
      what: 'Stopped before the proof was complete.',
      why: 'It was told to. Nothing is left changed.',
      fix: `"${goOn}" begins anew.`,
    });
  } finally {
    stopping.done();
  }
  const failure = unhealthy(
    hops,
    `See "${deployment.again('logs COMPONENT')}"; "${deployment.again('up')}" makes anew what is gone.`,
  );
  const seconds = Math.round((world.clock.now() - start) / 100) / 10;
  if (io.json) {
    const error = failure ? { error: failure.toJSON() } : {};
    const data = { name: config.name, seconds, hops };
    io.out(JSON.stringify({ version: 1, command: 'verify', ok: !failure, data, ...error }));
    return failure?.exitCode ?? exitCodes.ok;
  }
  if (failure) throw failure;
  const also = flags.drill ? ', and does without one of its schedulers' : '';
  io.out(`${config.name} is healthy${also}: ${hops.length} of ${hops.length} hops in ${duration(seconds)}.`);
  return exitCodes.ok;
}

/** From the state's identities: the output of the cluster itself is not asked for, since it may never have been well. */
function wholeOf({ state, config, store, again }: Deployment): Whole {
  const identity = (key: string, name: string) => state?.row(key)?.identity?.[name];
  const parts = {
    bastionId: identity('bastion', 'instanceId'),
    nodeAId: identity('nodeA', 'instanceId'),
    nodeCId: identity('nodeC', 'instanceId'),
    targetGroupArn: identity('targetGroup', 'targetGroupArn'),
    loadBalancer: state?.row('loadBalancer')?.output?.dnsName,
    bucket: identity('bucket', 'bucketName'),
  };
  if (Object.values(parts).every((part) => part !== undefined)) return parts as Whole;
  throw userError({
    code: 'not-built',
    exitCode: exitCodes.usage,
    what: `${config.name} is not built to its end, so there is nothing to verify.`,
    why: `The state in ${store.name} lacks ${Object.keys(parts)
      .filter((part) => parts[part as keyof typeof parts] === undefined)
      .join(', ')}.`,
    fix: `Run "${again('up')}" first.`,
  });
}

function line(
  { columns = Number.POSITIVE_INFINITY, colour = false }: CommandIo,
  { name, ok, seconds, detail }: Hop,
): string {
  const word = ok ? 'ok    ' : 'FAILED';
  const text = hanging(
    `${word} ${seconds.toFixed(1).padStart(6)} s  `,
    `${name}: ${detail.replaceAll('\n', ' ')}`,
    columns,
  );
  return painter(colour)(ok ? 'green' : 'red', word) + text.slice(word.length);
}
