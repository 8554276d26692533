import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Aws } from '../../src/aws.ts';
import { Events, type RunEvent } from '../../src/engine/events.ts';
import { type AnyResource, type Difference, type Needs, resource, step } from '../../src/engine/resource.ts';
import type { Binding, Run } from '../../src/engine/run.ts';
import { type Row, State } from '../../src/state.ts';
import { stateFile } from '../../src/state-file.ts';
import { VirtualClock } from '../helpers/clock.ts';

export const stack = {
  id: 'stack1',
  name: 'toys',
  account: '123456789012',
  region: 'us-west-2',
  world: 'simulated',
} as const;

const root = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

/** A new folder, which is gone when the tests of its file have ended. */
export function folder(): string {
  return mkdtempSync(join(root, 'toys-'));
}

/** A run over toys, a world that holds what they made, and all that happened, in order. */
export class Workshop {
  readonly clock = new VirtualClock();
  readonly stop = new AbortController();
  readonly events: RunEvent[] = [];
  /** `create vpc`, `created vpc`, `finish vpc`, …: each verb when it begins and, but for `find`, when it has ended. */
  readonly log: string[] = [];
  /** What exists, by resource key: the identity's id. */
  readonly world = new Map<string, string>();
  readonly bindings: { key: string; token: string; generation: number }[] = [];
  readonly stateFile = join(folder(), 'state.json');
  readonly state = State.of(stateFile(this.stateFile, { durable: false }), stack);
  #made = 0;

  /** Seconds since the run began. */
  get seconds(): number {
    return (this.clock.now() - Date.parse('2026-11-23T09:00:00Z')) / 1000;
  }

  run(resources: readonly AnyResource[]): Run {
    const events = new Events(() => ({ time: new Date(this.clock.now()).toISOString() }));
    events.listen(({ time: _time, ...event }) => this.events.push(event as RunEvent));
    return {
      steps: [step(1, 'Toys', resources)],
      state: this.state,
      clock: this.clock,
      random: () => 0.5,
      events,
      signal: this.stop.signal,
      pace: 1,
      // The toys take what they need from the binding itself.
      bind: ({ key }, binding) => {
        this.bindings.push({ key, token: binding.token, generation: binding.generation });
        return binding as unknown as Aws;
      },
    };
  }

  /** The row as it is on the disk at this moment. */
  onDisk(key: string): Row | undefined {
    return JSON.parse(readFileSync(this.stateFile, 'utf8')).resources[key];
  }

  /** A new id for what a toy makes. */
  make(key: string): { id: string } {
    const id = `${key}-${++this.#made}`;
    this.world.set(key, id);
    return { id };
  }

  /** Says that `key` was complete an hour ago, in state and world. */
  complete(key: string, generation = 1) {
    const identity = this.make(key);
    const since = new Date(this.clock.now() - 3_600_000).toISOString();
    this.state.adopt(key, { step: 1, status: 'complete', generation, identity, output: {}, since });
  }

  verbs(key: string): string[] {
    return this.log.filter((line) => line.endsWith(` ${key}`)).map((line) => line.split(' ')[0]!);
  }
}

interface ToyVerbs {
  seconds?: number;
  find?: (binding: Binding) => Promise<{ id: string } | undefined>;
  create?: (binding: Binding, needs: Record<string, { id: string; made?: string }>) => Promise<{ id: string }>;
  finish?: (binding: Binding, identity: { id: string }, needs: Record<string, unknown>) => Promise<{ made: string }>;
  compare?: () => Promise<readonly Difference[]>;
  destroy?: (binding: Binding, identity: { id: string }) => Promise<void>;
}

/** A resource that takes `seconds` (1) to be finished and as many to be gone; each verb can be replaced. */
export function toy(workshop: Workshop, key: string, needs: readonly AnyResource[] = [], verbs: ToyVerbs = {}) {
  const { log, world, clock } = workshop;
  const pass = () => clock.sleep((verbs.seconds ?? 1) * 1000);
  const found = async () => (world.has(key) ? { id: world.get(key)! } : undefined);
  return resource(key, Object.fromEntries(needs.map((one) => [one.key, one])) as Needs, {
    type: 'Toy',
    typicalSeconds: { create: verbs.seconds ?? 1, destroy: verbs.seconds ?? 1 },
    async find(aws) {
      log.push(`find ${key}`);
      return (verbs.find ?? found)(aws as unknown as Binding);
    },
    async create(aws, known) {
      log.push(`create ${key}`);
      const create = verbs.create ?? (async () => workshop.make(key));
      const identity = await create(aws as unknown as Binding, known as never);
      log.push(`created ${key}`);
      return identity;
    },
    async finish(aws, identity, known) {
      log.push(`finish ${key}`);
      await pass();
      const finish = verbs.finish ?? (async () => ({ made: key }));
      const output = await finish(aws as unknown as Binding, identity, known);
      log.push(`finished ${key}`);
      return output;
    },
    ...(verbs.compare && { compare: verbs.compare }),
    async destroy(aws, identity) {
      log.push(`destroy ${key}`);
      if (verbs.destroy) await verbs.destroy(aws as unknown as Binding, identity);
      else {
        await pass();
        world.delete(key);
      }
      log.push(`destroyed ${key}`);
    },
  }) as AnyResource;
}

/** An error with AWS's code, thrown by a toy. */
export function refusal(name: string, more: object = {}): Error {
  return Object.assign(new Error(name), { name, ...more });
}
