import { awsCode, requestId } from '../aws-errors.ts';
import { UserError } from '../errors.ts';
import type { Graph } from './graph.ts';
import { FailedLater, type Run, stepOf } from './run.ts';

export interface Failed {
  key: string;
  step: number;
  error: unknown;
}

/** AWS's own code where there is one, or ours. */
function codeOf(error: unknown): string {
  if (error instanceof UserError) return error.awsCode ?? error.code;
  return error instanceof FailedLater ? error.awsCode : awsCode(error);
}

/** Emits the events of steps and resources: a step starts with its first resource and is done with its last. */
export class StepLines {
  readonly #run: Run;
  readonly #left = new Map<number, Set<string>>();
  readonly #started = new Set<number>();

  constructor(run: Run, graph: Graph) {
    this.#run = run;
    for (const key of graph.keys()) {
      const number = stepOf(run, key);
      this.#left.set(number, (this.#left.get(number) ?? new Set()).add(key));
    }
  }

  start(resource: string, verb: 'create' | 'finish' | 'destroy') {
    const step = this.#open(resource);
    this.#run.events.emit({ event: 'resource.start', step, resource, verb });
  }

  done(resource: string, seconds: number, outcome: 'created' | 'changed' | 'kept' | 'destroyed' | 'left') {
    const step = this.#open(resource);
    this.#run.events.emit({ event: 'resource.done', step, resource, seconds, outcome });
    const left = this.#left.get(step);
    left?.delete(resource);
    if (left?.size === 0) this.#run.events.emit({ event: 'step.done', step, title: this.#title(step) });
  }

  failed(key: string, error: unknown): Failed {
    const step = stepOf(this.#run, key);
    const id = requestId(error);
    this.#run.events.emit({
      event: 'resource.failed',
      step,
      resource: key,
      code: codeOf(error),
      message: (error as Error).message,
      ...(id === undefined ? {} : { requestId: id }),
    });
    return { key, step, error };
  }

  #open(resource: string): number {
    const step = stepOf(this.#run, resource);
    if (!this.#started.has(step)) {
      this.#started.add(step);
      this.#run.events.emit({ event: 'step.start', step, title: this.#title(step) });
    }
    return step;
  }

  #title(number: number): string {
    return this.#run.steps.find((one) => one.number === number)?.title ?? '';
  }
}
