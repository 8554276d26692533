/** What a run tells its listeners: the progress list, the plain lines, the NDJSON stream and the journal. */
export type RunEvent =
  | { event: 'run.start'; command: 'up' | 'destroy'; world: string; account: string; region: string; resources: number }
  | { event: 'step.start'; step: number; title: string }
  | { event: 'resource.start'; step: number; resource: string; verb: 'create' | 'finish' | 'destroy' | 'find' }
  | {
      event: 'resource.progress';
      step: number;
      resource: string;
      waitingFor: string;
      elapsedSeconds: number;
      typicalSeconds: number;
    }
  | {
      event: 'resource.done';
      step: number;
      resource: string;
      seconds: number;
      outcome: 'created' | 'changed' | 'kept' | 'destroyed' | 'left';
    }
  | {
      event: 'resource.failed';
      step: number;
      resource: string;
      code: string;
      message: string;
      requestId?: string;
    }
  | { event: 'step.done'; step: number; title: string }
  | RunDone;

export interface RunDone {
  event: 'run.done';
  ok: boolean;
  /** From the first to the last action of the run, on the world's clock. */
  durationSeconds: number;
  /** What it would have taken one after another, in the tutorial's order. */
  serialSeconds: number;
  /** The chain of needs that took longest, in order, and how long. */
  criticalPath: string[];
  criticalPathSeconds: number;
  /** API calls by `service:Operation`. */
  calls: Record<string, number>;
  [further: string]: unknown;
}

export type Listener = (event: RunEvent & { time: string; virtualTime?: string }) => void;

export class Events {
  readonly #listeners: Listener[] = [];
  readonly #stamp: () => { time: string; virtualTime?: string };

  constructor(stamp: () => { time: string; virtualTime?: string }) {
    this.#stamp = stamp;
  }

  listen(listener: Listener) {
    this.#listeners.push(listener);
  }

  emit(event: RunEvent) {
    const stamped = { ...this.#stamp(), ...event };
    for (const listener of this.#listeners) listener(stamped);
  }
}
