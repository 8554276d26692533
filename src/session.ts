import { EC2Client, type Filter, type Tag } from '@aws-sdk/client-ec2';
import { EFSClient } from '@aws-sdk/client-efs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { IAMClient } from '@aws-sdk/client-iam';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Aws, Clients, Ec2Kind, Place, Question, SshKey, Wait } from './aws.ts';
import { classify } from './aws-errors.ts';
import { canonicalCidr } from './config/cidr.ts';
import type { Config } from './config/schema.ts';
import { stopwatch } from './engine/clock.ts';
import type { AnyResource } from './engine/resource.ts';
import { type Answers, type Binding, Stopped } from './engine/run.ts';
import { exitCodes, userError } from './errors.ts';
import { isChange } from './hosts/command.ts';
import { mask } from './hosts/mask.ts';
import type { Shell } from './hosts/shell.ts';
import type { Names } from './names.ts';
import { hourlyPrice } from './prices.ts';
import type { Stack } from './state.ts';
import { limitAndRepeat, type Traffic } from './traffic.ts';
import type { World } from './world.ts';

export interface SessionOptions {
  world: World;
  config: Config;
  names: Names;
  stack: Pick<Stack, 'id' | 'name'>;
  place: Place;
  sshKey: SshKey;
  signal: AbortSignal;
  keepData?: boolean;
  /** Takes what servers were told to do and what they said to it, a line at a time and without secrets. */
  serverLog?: (line: string) => void;
}

/** Sees each client before its first call: the world's own preparation, then limits, repetitions and the count. */
export function connect<Client extends { middlewareStack: { add: unknown } }>(
  world: World,
  traffic: Traffic,
  client: Client,
  options: { askAgain?: boolean } = {},
): Client {
  limitAndRepeat(world.prepare(client) as never, world, traffic, options);
  return client;
}

export function connectAll(world: World, traffic: Traffic): Clients {
  const { clientConfig } = world;
  return {
    ec2: connect(world, traffic, new EC2Client(clientConfig)),
    rds: connect(world, traffic, new RDSClient(clientConfig)),
    elasticache: connect(world, traffic, new ElastiCacheClient(clientConfig)),
    efs: connect(world, traffic, new EFSClient(clientConfig)),
    elbv2: connect(world, traffic, new ElasticLoadBalancingV2Client(clientConfig)),
    s3: connect(world, traffic, new S3Client(clientConfig)),
    iam: connect(world, traffic, new IAMClient(clientConfig)),
    ssm: connect(world, traffic, new SSMClient(clientConfig)),
  };
}

/** One deployment in one world: makes the `Aws` that each verb of each resource is given. */
export class Session {
  readonly #options: SessionOptions;
  readonly #clients: Clients;
  readonly #questions = new Map<string, Promise<object>>();
  /** Ends when the change that is under way, and those that wait already, have ended. */
  #turn: Promise<void> = Promise.resolve();
  readonly #seeking = new Map<Ec2Kind<never>, Sought[]>();

  constructor(clients: Clients, options: SessionOptions) {
    this.#clients = clients;
    this.#options = options;
  }

  bind(resource: AnyResource, { row, token, generation, progress, letGo, seen, answers }: Binding): Aws {
    const { world, config, names, stack, place, sshKey, keepData = false } = this.#options;
    const { key } = resource;
    const tags: Required<Tag>[] = [
      { Key: 'Name', Value: names[key as keyof Names] ?? `${config.name}-${key}` },
      { Key: 'airflow-aws:stack', Value: stack.id },
      { Key: 'airflow-aws:name', Value: stack.name },
      { Key: 'airflow-aws:resource', Value: key },
      { Key: 'airflow-aws:generation', Value: String(generation) },
      ...Object.entries(config.tags).map(([Key, Value]) => ({ Key, Value })),
    ];
    return {
      ...this.#clients,
      config,
      names,
      account: place,
      stackId: stack.id,
      clock: world.clock,
      shell: this.#shell(),
      sshKey,
      prices: hourlyPrice,
      tags,
      tagSpecifications: (...types) => types.map((ResourceType) => ({ ResourceType, Tags: tags })),
      emulated: world.kind === 'emulator',
      token,
      generation,
      recorded: row?.identity,
      isOurs: (given) => this.#isOurs(key, given, seen),
      seek: (kind, id = row?.identity?.[kind.idField]) =>
        remembered(answers, `${kind.idField} ${id} of ${key}`, () => this.#seek(key, kind, id, { seen, answers })),
      ask: (client, command) => remembered(answers, textOf(command), () => this.#ask(client, command)),
      wait: (what, look) => this.#wait(what, look, progress),
      myCidrs: async () => {
        const { myIp, extraCidrs } = config.access;
        return [...new Set([myIp === 'auto' ? await world.myIp() : myIp, ...extraCidrs].map(canonicalCidr))];
      },
      inTurn: (work) => this.#inTurn(work),
      randomText: world.randomText,
      letGo,
      keepData,
    };
  }

  /** The world's shell, which the run's signal reaches, and whose work is noted. */
  #shell(): Shell {
    const { world, signal, serverLog = () => {} } = this.#options;
    return {
      async run(host, command, options = {}) {
        const given = { signal, ...options };
        // What is only asked for, as a page or a marker, is asked for often and is nothing that was done.
        const log = isChange(command)
          ? (text: string) => serverLog(`${new Date(world.clock.now()).toISOString()} ${host.name} ${mask(text)}`)
          : () => {};
        log(command.title);
        try {
          const onOutput = (line: string) => {
            log(`| ${line}`);
            options.onOutput?.(line);
          };
          const answer = await world.shell.run(host, command, { ...given, onOutput });
          log('done');
          return answer;
        } catch (error) {
          const stopped = given.signal.aborted;
          log(stopped ? 'left: the run was told to stop' : `FAILED: ${(error as Error).message}`);
          if (stopped) throw new Stopped();
          throw error;
        }
      },
    };
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      if (this.#options.signal.aborted) throw new Stopped();
      return await work();
    } finally {
      done();
    }
  }

  #isOurs(key: string, tags: Partial<Tag>[] = [], seen: Binding['seen'] = () => {}): boolean {
    const value = (name: string) => tags.find(({ Key }) => Key === name)?.Value;
    const ours = value('airflow-aws:stack') === this.#options.stack.id && value('airflow-aws:resource') === key;
    if (ours) seen(tags);
    return ours;
  }

  /** Waits for the end of the event loop's turn, so that everything that is asked in it goes out together. */
  #ask<Output extends object>(
    client: { send: (command: never) => Promise<unknown> },
    command: Question<Output>,
  ): Promise<Output> {
    const text = textOf(command);
    const asked = this.#questions.get(text);
    if (asked) return asked as Promise<Output>;
    const answer = new Promise<object>((resolve, reject) => {
      setImmediate(() => {
        // From here on the question is on its way, and a later one may want a later answer.
        this.#questions.delete(text);
        client.send(command as never).then((output) => resolve(output as object), reject);
      });
    });
    this.#questions.set(text, answer);
    return answer as Promise<Output>;
  }

  async #seek<Item>(
    key: string,
    kind: Ec2Kind<Item>,
    id: string | undefined,
    { seen, answers }: Pick<Binding, 'seen'> & { answers: Answers | undefined },
  ): Promise<Item | undefined> {
    const byStack = kind.ask([{ Name: 'tag:airflow-aws:stack', Values: [this.#options.stack.id] }]);
    const isIt = (item: Item) => kind.id(item) === id && (kind.live?.(item) ?? true);
    if (id !== undefined) {
      const known = await answers?.get(textOf(byStack));
      const listed = known === undefined ? [] : (kind.list(known as object) ?? []);
      const found = listed.find(isIt) ?? (await this.#byId(kind, id)).find(isIt);
      if (found) return found;
    }
    const answer = await remembered(answers, textOf(byStack), () => this.#ask(this.#clients.ec2, byStack));
    const items = (kind.list(answer) ?? []).filter(
      (item) => (kind.live?.(item) ?? true) && this.#isOurs(key, kind.tags(item), seen),
    );
    if (items.length > 1)
      throw userError({
        code: 'two-matches',
        exitCode: exitCodes.failed,
        what: `Two things in the account carry the tags of ${key}: ${items.map((item) => kind.id(item)).join(' and ')}.`,
        why: 'Which of them belongs to this deployment cannot be told, and a guess could delete the wrong one.',
        fix: 'Remove the tag airflow-aws:resource from the one that is not, and run the same command again.',
        resource: key,
        resumable: true,
      });
    return items[0];
  }

  /** Ids that are sought together are one call. */
  #byId<Item>(kind: Ec2Kind<Item>, id: string): Promise<Item[]> {
    return new Promise((resolve, reject) => {
      const group = this.#seeking.get(kind as never);
      const sought: Sought = { id, resolve: resolve as never, reject };
      if (group) {
        group.push(sought);
        return;
      }
      const asking = [sought];
      this.#seeking.set(kind as never, asking);
      setImmediate(() => {
        this.#seeking.delete(kind as never);
        const filters: Filter[] = [{ Name: kind.idFilter, Values: asking.map((one) => one.id) }];
        this.#clients.ec2.send(kind.ask(filters) as never).then(
          (output) => {
            const items = kind.list(output as object) ?? [];
            for (const one of asking) one.resolve(items as never);
          },
          (error) => {
            for (const one of asking) one.reject(error);
          },
        );
      });
    });
  }

  async #wait<T>(what: Wait, look: () => Promise<T | undefined>, progress: Binding['progress']): Promise<T> {
    const { world, signal } = this.#options;
    const waited = stopwatch(world.clock);
    for (;;) {
      if (signal.aborted) throw new Stopped();
      try {
        const found = await look();
        if (found !== undefined) return found;
      } catch (error) {
        if (!['throttle', 'unclear', 'notVisible'].includes(classify(error))) throw error;
      }
      const elapsedSeconds = waited();
      if (elapsedSeconds > what.timeoutSeconds)
        throw userError({
          code: 'timed-out',
          exitCode: exitCodes.failed,
          what: `Waited ${Math.round(elapsedSeconds)} s for: ${what.for}.`,
          why: `AWS usually needs far less than the limit of ${what.timeoutSeconds} s.`,
          fix: 'See "airflow-aws status" and the AWS Health Dashboard; "airflow-aws up --resume" goes on waiting.',
          resumable: true,
        });
      progress(what.for, elapsedSeconds);
      await world.clock.sleep(what.everySeconds * 1000 * world.pace * (0.8 + 0.4 * world.random()));
    }
  }
}

interface Sought {
  id: string;
  resolve: (items: never) => void;
  reject: (error: unknown) => void;
}

function textOf(question: Question<object>): string {
  return `${question.constructor.name} ${JSON.stringify(question.input)}`;
}

/** The answer that is there already, or will be. A question that failed is asked again. */
function remembered<T>(answers: Answers | undefined, question: string, ask: () => Promise<T>): Promise<T> {
  const known = answers?.get(question);
  if (known !== undefined) return known as Promise<T>;
  const answer = ask();
  answers?.set(question, answer);
  answer.catch(() => answers?.delete(question));
  return answer;
}
