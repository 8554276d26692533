/** What makes a cluster whole, hop by hop from the servers to the browser's door. `up` ends with it, `verify` is it. */
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws } from '../../aws.ts';
import { UserError } from '../../errors.ts';
import { baseUrl } from '../../hosts/bastion.ts';
import { type HttpGet, httpGet, read, unitStates } from '../../hosts/command.ts';
import { nodeUnits } from '../../hosts/components.ts';
import { proveCluster } from '../../hosts/node.ts';
import { type Host, shellErrors } from '../../hosts/shell.ts';
import { locate, pauseForServers, type ServerName } from './servers.ts';

/** The parts of a cluster that the proof goes to. */
export interface Whole {
  readonly bastionId: string;
  readonly nodeAId: string;
  readonly nodeCId: string;
  readonly targetGroupArn: string;
  /** DNS name of the internal load balancer. */
  readonly loadBalancer: string;
  readonly bucket: string;
}

/** One thing that was looked at, and how it was found. */
export interface Hop {
  /** A phrase, as `every unit of node a active`. */
  readonly name: string;
  readonly ok: boolean;
  /** On the world's clock. */
  readonly seconds: number;
  /** What was found, for a person. */
  readonly detail: string;
}

type Finding = Pick<Hop, 'ok' | 'detail'>;

export interface ProofOptions {
  /** How long all hops together may take to become true, but for the tasks, which have limits of their own. */
  readonly withinSeconds: number;
  /** Called with each hop as it ends. */
  readonly tell?: (hop: Hop) => void;
}

/** The parts that Airflow's own account of its health names. */
const components = ['metadatabase', 'scheduler', 'triggerer', 'dag_processor'] as const;

/** Airflow's account of its parts. It answers 200 whatever it has to tell. */
type Health = { readonly [component in (typeof components)[number]]?: { readonly status?: string | null } };

/**
 * Goes from hop to hop, each behind the one before it. Past the first that is not as it should be, the others are only
 * looked at once, and no task is started.
 */
export async function prove(aws: Aws, whole: Whole, { withinSeconds, tell = () => {} }: ProofOptions): Promise<Hop[]> {
  const deadline = aws.clock.now() + withinSeconds * 1000;
  const found: Hop[] = [];
  const servers = new Servers(aws, whole);
  const add = (one: Hop) => {
    found.push(one);
    tell(one);
  };
  for (const [name, look] of looks(aws, whole, servers)) {
    const failed = found.some(({ ok }) => !ok);
    add(await hop(aws, name, look, failed ? aws.clock.now() : deadline));
  }
  const name = 'a task on every node, with its log in S3';
  if (found.every(({ ok }) => ok)) add(await once(aws, name, () => tasksRun(aws, servers.get('a'), whole.bucket)));
  else add({ name, ok: false, seconds: 0, detail: 'Not tried, since something before it is not well.' });
  return found;
}

/** The servers as they were found on the way. */
class Servers {
  readonly #aws: Aws;
  readonly #ids: Readonly<Record<ServerName, string>>;
  readonly #found = new Map<ServerName, Host>();

  constructor(aws: Aws, { bastionId, nodeAId, nodeCId }: Whole) {
    this.#aws = aws;
    this.#ids = { bastion: bastionId, a: nodeAId, c: nodeCId };
  }

  async answers(name: ServerName): Promise<Finding> {
    const instanceId = this.#ids[name];
    const host = await locate(this.#aws, { name, instanceId, bastionId: this.#ids.bastion });
    if (!host) return { ok: false, detail: `The instance ${instanceId} or the bastion before it does not run.` };
    await this.#aws.shell.run(host, read('/etc/hostname'));
    this.#found.set(name, host);
    return { ok: true, detail: `${instanceId}, ${host.address}` };
  }

  /** A server that has answered; a hop behind one that has not fails with it. */
  get(name: ServerName): Host {
    const host = this.#found.get(name);
    if (host) return host;
    throw new NoAnswer(`${serverLabel(name)} did not answer.`);
  }
}

class NoAnswer extends Error {}

function serverLabel(name: ServerName): string {
  return name === 'bastion' ? 'the bastion' : `node ${name}`;
}

function looks(aws: Aws, whole: Whole, servers: Servers): [name: string, look: () => Promise<Finding>][] {
  const inside = baseUrl(aws.config, '127.0.0.1');
  const get = (path: string) => httpGet(`${inside}${path}`, { endpoints: [{ address: whole.loadBalancer, port: 80 }] });
  const page = async (command: HttpGet) => (await aws.shell.run(servers.get('bastion'), command)).stdout;
  return [
    ...(['bastion', 'a', 'c'] as const).map((name): [string, () => Promise<Finding>] => [
      `${serverLabel(name)} answers`,
      () => servers.answers(name),
    ]),
    ['nginx of the bastion active', () => unitsActive(aws, servers.get('bastion'), ['nginx.service'])],
    ['every unit of node a active', () => unitsActive(aws, servers.get('a'), nodeUnits)],
    ['every unit of node c active', () => unitsActive(aws, servers.get('c'), nodeUnits)],
    ['both nodes healthy for the load balancer', () => targetsHealthy(aws, whole)],
    ...components.map((component): [string, () => Promise<Finding>] => [
      `Airflow's health through the bastion: ${component}`,
      async () => {
        const status = healthIn(await page(get('/api/v2/monitor/health')))?.[component]?.status;
        return { ok: status === 'healthy', detail: status ?? 'Airflow does not say.' };
      },
    ]),
    [
      'the log-in page through the bastion',
      async () => {
        const text = await page(get('/auth/login/'));
        const ok = /<form|<title/i.test(text);
        return {
          ok,
          detail: ok ? `${baseUrl(aws.config, servers.get('bastion').address)}/auth/login/` : text.slice(0, 200),
        };
      },
    ],
  ];
}

async function unitsActive(aws: Aws, host: Host, names: readonly string[]): Promise<Finding> {
  const states = await statesOf(aws, host, names);
  const others = names.filter((name) => states.get(name) !== 'active');
  const detail = others.map((name) => `${name} is ${states.get(name) ?? 'unknown'}`).join(', ');
  return { ok: others.length === 0, detail: detail === '' ? `${names.length} active` : detail };
}

/** The state of each unit as systemd has it. */
export async function statesOf(
  { shell }: Pick<Aws, 'shell'>,
  host: Host,
  names: readonly string[],
): Promise<Map<string, string>> {
  const states = (await shell.run(host, unitStates(names))).stdout.trim().split('\n');
  return new Map(names.map((name, at) => [name, states[at] ?? 'unknown']));
}

async function targetsHealthy(aws: Aws, { targetGroupArn, nodeAId, nodeCId }: Whole): Promise<Finding> {
  const { TargetHealthDescriptions = [] } = await aws.ask(
    aws.elbv2,
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  const states = [nodeAId, nodeCId].map((id) => {
    const { State = 'not registered', Reason } =
      TargetHealthDescriptions.find(({ Target }) => Target?.Id === id)?.TargetHealth ?? {};
    return { State, text: `${id} ${[State, Reason].filter((word) => word !== undefined).join(' ')}` };
  });
  return { ok: states.every(({ State }) => State === 'healthy'), detail: states.map(({ text }) => text).join(', ') };
}

/** Runs tasks from `node`, and reads their logs back from the bucket. */
export async function tasksRun(aws: Aws, node: Host, bucket: string): Promise<Finding> {
  return { ok: true, detail: (await aws.shell.run(node, proveCluster({ bucket }))).stdout.trim() };
}

function healthIn(text: string): Health | undefined {
  try {
    return JSON.parse(text) as Health;
  } catch {
    return undefined;
  }
}

/** Looks until it is so or the time is up. */
async function hop(aws: Aws, name: string, look: () => Promise<Finding>, deadline: number): Promise<Hop> {
  const start = aws.clock.now();
  let last: Finding = { ok: false, detail: '' };
  const timeoutSeconds = Math.max(0, (deadline - start) / 1000);
  try {
    await aws.wait({ for: name, everySeconds: 3, timeoutSeconds }, async () => {
      last = await tried(look);
      if (last.ok) return true;
      await pauseForServers(aws);
      return undefined;
    });
  } catch (error) {
    if (!(error instanceof UserError && error.code === 'timed-out')) throw error;
  }
  return { name, ...last, seconds: secondsSince(aws, start) };
}

/** For what takes its time by itself and is not tried again. */
export async function once(aws: Aws, name: string, work: () => Promise<Finding>): Promise<Hop> {
  const start = aws.clock.now();
  const finding = await tried(work);
  return { name, ...finding, seconds: secondsSince(aws, start) };
}

function secondsSince({ clock }: Pick<Aws, 'clock'>, start: number): number {
  return Math.round((clock.now() - start) / 100) / 10;
}

/** A server that does not answer, or cannot do what it is told, is a finding. A changed host key is none: it is an alarm. */
const findings = new Set<string>([shellErrors.unreachable, shellErrors.login, shellErrors.failed, shellErrors.timeout]);

async function tried(look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof NoAnswer) return { ok: false, detail: error.message };
    if (error instanceof UserError && findings.has(error.code))
      return { ok: false, detail: `${error.what} ${error.why}` };
    throw error;
  }
}
