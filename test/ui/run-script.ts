import type { RunEvent } from '../../src/engine/events.ts';
import type { Expectations, Screen } from '../../src/ui/screen.ts';

/** The tutorial's sixteen steps, with one or two resources each: enough for every kind of line. */
export const titles = new Map([
  [1, 'VPC'],
  [2, 'Subnets'],
  [3, 'Internet gateway'],
  [4, 'Route tables'],
  [5, 'Elastic IP'],
  [6, 'NAT gateway'],
  [7, 'Security groups'],
  [8, 'Key pair'],
  [9, 'Bastion'],
  [10, 'Node a'],
  [11, 'Load balancer'],
  [12, 'Database'],
  [13, 'Cache'],
  [14, 'Storage and role'],
  [15, 'File system'],
  [16, 'Servers'],
]);

export const expected: Expectations = new Map([
  ['vpc', { step: 1, seconds: 4, after: [] }],
  ['natGateway', { step: 6, seconds: 108, after: ['vpc'] }],
  ['loadBalancer', { step: 11, seconds: 150, after: ['vpc'] }],
  ['dbCluster', { step: 12, seconds: 80, after: ['vpc'] }],
  ['dbInstance', { step: 12, seconds: 400, after: ['dbCluster'] }],
  ['mountTargetA', { step: 15, seconds: 92, after: ['vpc'] }],
  ['mountTargetC', { step: 15, seconds: 92, after: ['vpc'] }],
]);

const stepOf = (resource: string) => expected.get(resource)!.step;

/** Plays events at seconds of simulated time; of real time after `begun` (milliseconds since 1970), where that is given. */
export class RunScript {
  readonly #screen: Screen;
  readonly #begun: number | undefined;

  constructor(screen: Screen, { begun }: { begun?: number } = {}) {
    this.#screen = screen;
    this.#begun = begun;
    const place = { world: 'simulated', account: '123456789012', region: 'us-west-2' };
    this.#play(0, { event: 'run.start', command: 'up', ...place, resources: expected.size });
  }

  start(second: number, resource: string) {
    this.#play(second, { event: 'resource.start', step: stepOf(resource), resource, verb: 'create' });
    return this;
  }

  waits(second: number, resource: string, waitingFor: string, elapsedSeconds: number) {
    const { step, seconds: typicalSeconds } = expected.get(resource)!;
    this.#play(second, { event: 'resource.progress', step, resource, waitingFor, elapsedSeconds, typicalSeconds });
    return this;
  }

  done(second: number, resource: string, outcome: 'created' | 'kept' = 'created') {
    this.#play(second, { event: 'resource.done', step: stepOf(resource), resource, seconds: 1, outcome });
    return this;
  }

  fails(second: number, resource: string, code: string) {
    const message = 'AWS says no.';
    this.#play(second, { event: 'resource.failed', step: stepOf(resource), resource, code, message });
    return this;
  }

  stepDone(second: number, step: number) {
    this.#play(second, { event: 'step.done', step, title: titles.get(step)! });
    return this;
  }

  ends(second: number, ok: boolean) {
    const figures = { serialSeconds: 0, criticalPath: [], criticalPathSeconds: 0, calls: {} };
    this.#play(second, { event: 'run.done', ok, durationSeconds: second, ...figures });
    return this;
  }

  #play(second: number, event: RunEvent) {
    if (this.#begun !== undefined) {
      this.#screen.listen({ time: new Date(this.#begun + second * 1000).toISOString(), ...event });
      return;
    }
    const virtualTime = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
    this.#screen.listen({ time: '2026-06-01T00:00:00.000Z', virtualTime, ...event });
  }
}
