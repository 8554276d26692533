import { Listr, type ListrTask, type ListrTaskWrapper } from 'listr2';
import type { Listener } from '../engine/events.ts';
import { duration, spoken } from './format.ts';

// biome-ignore lint/suspicious/noExplicitAny: listr2's own renderer types are parameters of its task type.
type Task = ListrTaskWrapper<unknown, any, any>;

/** Lines that a terminal must have left for the step's own resources, so that the list is never taller than it. */
const spareRows = 4;

interface StepLine {
  title: string;
  task?: Task;
  /** Text by resource that is being worked on. */
  working: Map<string, string>;
  failed: boolean;
  end(error?: Error): void;
}

/** A line for each step, and beneath a running step what it works on and waits for. Nothing else may print meanwhile. */
export function progressList(titles: ReadonlyMap<number, string>): { listen: Listener; close(): Promise<void> } {
  const lines = new Map<number, StepLine>();
  const promises = new Map<number, Promise<void>>();
  for (const [step, title] of titles) {
    let end: StepLine['end'] = () => {};
    promises.set(
      step,
      new Promise((resolve, reject) => {
        end = (error) => (error ? reject(error) : resolve());
      }),
    );
    promises.get(step)!.catch(() => {});
    lines.set(step, { title, working: new Map(), failed: false, end });
  }
  const list = new Listr(
    [...lines].map(
      ([step, line]): ListrTask => ({
        title: `${String(step).padStart(2)}  ${line.title}`,
        task: (_context: unknown, task: Task) => {
          line.task = task;
          return promises.get(step);
        },
      }),
    ),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: true, showErrorMessage: true },
    },
  );
  const running = list.run().catch(() => {});

  const draw = (line: StepLine, step: number) => {
    if (!line.task) return;
    const width = ((process.stdout.columns as number | undefined) ?? 80) - 8;
    line.task.title = `${String(step).padStart(2)}  ${line.title}`;
    const room = Math.max(1, (process.stdout.rows ?? 24) - titles.size - spareRows);
    const texts = [...line.working.values()];
    const shown = texts.slice(-1);
    const more = texts.length > shown.length ? `, and ${texts.length - shown.length} more` : '';
    line.task.output = room > 0 && shown.length > 0 ? `${shown.join(', ')}${more}`.slice(0, width) : '';
  };

  return {
    listen(event) {
      if (!('step' in event)) return;
      const line = lines.get(event.step as number);
      if (!line) return;
      switch (event.event) {
        case 'resource.start':
          line.working.set(event.resource, spoken(event.resource));
          break;
        case 'resource.progress':
          line.working.set(
            event.resource,
            `${event.waitingFor}, ${duration(event.elapsedSeconds)} of about ${duration(event.typicalSeconds)}`,
          );
          break;
        case 'resource.done':
          line.working.delete(event.resource);
          break;
        case 'resource.failed':
          line.working.delete(event.resource);
          line.failed = true;
          line.end(new Error(`${line.title}: ${spoken(event.resource)}: ${event.code}`));
          break;
        case 'step.done':
          line.end();
          break;
      }
      draw(line, event.step as number);
    },
    async close() {
      for (const line of lines.values()) line.end();
      await running;
    },
  };
}
