import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Aws } from '../aws.ts';
import { type Config, configFile, configYaml } from '../config.ts';
import { up } from '../engine/up.ts';
import { exitCodes } from '../errors.ts';
import { isChange } from '../hosts/command.ts';
import { nowhere, State } from '../state.ts';
import { steps } from '../steps/index.ts';
import { Traffic } from '../traffic.ts';
import { hanging, spoken } from '../ui/format.ts';
import { cliCommand } from './cli-words.ts';
import type { CommandIo } from './command-io.ts';
import { type Deployment, type DeploymentFlags, openDeployment, openFiles, runOf } from './deployment.ts';
import { stepReasons } from './step-reasons.ts';

/** A changing call that a resource makes, as it is made: secrets masked, ids of the rehearsal named. */
interface Made {
  readonly service: string;
  readonly operation: string;
  readonly input: object;
}

interface Doings {
  calls: Made[];
  /** What is done on servers, as phrases. */
  onServers: string[];
}

/**
 * Tells of each step up to `until` why it is there, what changed since 2020, and which commands of the AWS CLI do the
 * same for these settings. The calls are those of a rehearsal in memory, so nobody is asked and nothing is built.
 */
export async function explainSteps(io: CommandIo, flags: DeploymentFlags, until: number): Promise<number> {
  const { config, graph } = await openFiles(io, { ...flags, simulate: true, ignoreState: true });
  const folder = mkdtempSync(join(tmpdir(), 'airflow-aws-explain-'));
  try {
    // The rehearsal's account has nobody's VPC, so it makes one, and tells of what is wanted without it.
    writeFileSync(join(folder, configFile), configYaml({ ...config, vpc: 'create' }, { comments: false }));
    const quiet: CommandIo = { ...io, directory: folder, env: {}, note: () => {} };
    const rehearsal = await openDeployment(quiet, { simulate: true });
    const doings = await rehearsed(rehearsal, usedIn(config));
    const explained = steps
      .filter(({ number }) => number <= until)
      .map(({ number, title, resources }) => ({
        number,
        title,
        ...stepReasons[number]!,
        resources: resources
          .filter((one) => graph.has(one.key) && !one.used?.(config))
          .map(({ key }) => ({
            key,
            calls: (doings.get(key)?.calls ?? []).map((one) => ({
              ...one,
              cli: cliCommand(one.service, one.operation, one.input),
            })),
            onServers: doings.get(key)?.onServers ?? [],
          })),
      }));
    if (io.json) io.out(JSON.stringify({ version: 1, command: 'up', ok: true, data: { steps: explained } }));
    else print(io, explained);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return exitCodes.ok;
}

/** The ids that the settings name, by resource key. */
function usedIn({ vpc }: Config): Record<string, string> {
  if (vpc === 'create') return {};
  const [privateSubnetA, privateSubnetC] = vpc.privateSubnets;
  return { vpc: vpc.use, publicSubnet: vpc.publicSubnet, privateSubnetA, privateSubnetC };
}

/** Every generated secret of the rehearsal, and whatever is made from one, holds this. */
const marker = 'SECRET';

async function rehearsed(deployment: Deployment, used: Readonly<Record<string, string>>): Promise<Map<string, Doings>> {
  const { config, place, world, graph, names } = deployment;
  const secretly: Deployment = {
    ...deployment,
    world: { ...world, randomText: (length) => marker.repeat(length).slice(0, length) },
  };
  const stack = {
    id: 'rehearsal',
    name: config.name,
    account: place.accountId,
    region: place.region,
    world: world.kind,
  };
  const state = State.of(nowhere, stack);
  const run = runOf(secretly, state);
  const doings = new Map<string, Doings>([...graph.keys()].map((key) => [key, { calls: [], onServers: [] }]));
  const bind: typeof run.bind = (resource, binding) => watched(run.bind(resource, binding), doings.get(resource.key)!);
  const { failed } = await up({ ...run, bind }, graph, { verdicts: new Map() });
  if (failed[0]) throw failed[0].error;
  const texts = textsOf(state, new Set(Object.values(names)), used);
  texts.set(place.accountId, '<account>');
  if (config.access.myIp === 'auto') texts.set(await world.myIp(), '<your address>');
  // A longer text may hold a shorter one.
  const shown = [...texts].sort(([one], [other]) => other.length - one.length);
  for (const one of doings.values()) {
    one.calls = one.calls.map((call) => ({ ...call, input: told(call, shown) }));
    one.onServers = one.onServers.map((words) => named(words, shown));
  }
  return doings;
}

const clientNames = ['ec2', 'rds', 'elasticache', 'efs', 'elbv2', 's3', 'iam', 'ssm'] as const;

/** The same, and whatever it changes is noted. */
function watched(aws: Aws, { calls, onServers }: Doings): Aws {
  const clients = clientNames.map((service) => {
    const client = aws[service] as unknown as { send(command: unknown): Promise<unknown> };
    const send = (command: { input: object; constructor: { name: string } }) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      // What is under way writes into the input, and a call that is repeated is told of once.
      const made = { service, operation, input: structuredClone(command.input) };
      const again = calls.some((one) => JSON.stringify(one) === JSON.stringify(made));
      if (Traffic.changes(operation) && !again) calls.push(made);
      return client.send(command);
    };
    return [service, { send }] as const;
  });
  return {
    ...aws,
    ...(Object.fromEntries(clients) as unknown as Pick<Aws, (typeof clientNames)[number]>),
    shell: {
      run(host, command, options) {
        const words = `${host.name}: ${command.title}`;
        if (isChange(command) && !onServers.includes(words)) onServers.push(words);
        return aws.shell.run(host, command, options);
      },
    },
  };
}

/** What stands for the ids of the rehearsal: `vpc-0abc…` → `<VPC>`. Names are the same in AWS, and stay. */
function textsOf(state: State, known: ReadonlySet<string>, used: Readonly<Record<string, string>>) {
  const texts = new Map<string, string>();
  const rows = Object.entries(state.rows).map(([key, { identity = {}, output = {} }]) => {
    const [first = '', ...others] = Object.keys(identity);
    return {
      key,
      id: identity[first],
      further: { ...output, ...Object.fromEntries(others.map((one) => [one, identity[one]!])) },
    };
  });
  const add = (value: string | undefined, text: string) => {
    if (value !== undefined && value.length > 6 && !known.has(value) && !texts.has(value)) texts.set(value, text);
  };
  // An id belongs to the resource that it is the id of, and only then to those that know of it.
  for (const { key, id } of rows) add(id, used[key] ?? `<${spoken(key)}>`);
  for (const { key, further } of rows)
    for (const [field, value] of Object.entries(further)) add(value, `<${spoken(key)} ${field}>`);
  return texts;
}

function named(text: string, texts: readonly (readonly [string, string])[]): string {
  return texts.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}

/** As a person would type it: ids as what they stand for, secrets masked, our tags left out. */
function told({ operation, input }: Made, texts: readonly (readonly [string, string])[]): object {
  const tell = (value: unknown, name: string, top: boolean): unknown => {
    if (typeof value === 'string') {
      const secret = value.includes(marker) || /password/i.test(name);
      if (secret || (top && operation === 'PutParameter' && name === 'Value')) return '<secret>';
      return named(value, texts);
    }
    if (name === 'PublicKeyMaterial') return '<public half of the key>';
    // Our tags are told of once, for all calls.
    if (Array.isArray(value))
      return value.filter((one) => !/^airflow-aws:/.test(one?.Key ?? '')).map((one) => tell(one, name, false));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tell(one, key, value === input)]));
  };
  return tell(input, '', false) as object;
}

function print(
  { out, columns = 100 }: CommandIo,
  explained: readonly {
    number: number;
    title: string;
    why: string;
    today: string;
    resources: readonly { key: string; calls: readonly { cli: string }[]; onServers: readonly string[] }[];
  }[],
) {
  for (const { number, title, why, today, resources } of explained) {
    out(`STEP ${number}  ${title}`);
    out(hanging('  Why    ', why, columns));
    out(hanging('  Today  ', today, columns));
    if (resources.length === 0) out('  The settings name what is used instead, so nothing is made.');
    for (const { key, calls, onServers } of resources) {
      out(`  ${spoken(key)}`);
      // Unbroken, so that it can be copied.
      for (const { cli } of calls) out(`    ${cli}`);
      for (const words of onServers) out(`    on ${words}`);
    }
    out('');
  }
  out(
    hanging(
      '',
      'Everything also carries the tags airflow-aws:stack, :name, :resource and :generation, in the call that makes it.',
      columns,
    ),
  );
}
