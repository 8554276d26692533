import { color, Listr, type ListrTask, type ListrTaskWrapper } from 'listr2';
import type { Listener } from '../engine/events.ts';
import { cut, duration, hanging, spoken, stepLabel } from './format.ts';
import { remainingSeconds } from './remaining.ts';
import type { Expectations, Screen } from './screen.ts';
import { loggerTo, StepRenderer, type StepRendererOptions, type TerminalStream } from './step-renderer.ts';

type RunEvent = Parameters<Listener>[0];

/** Columns of the icon before a title. */
const iconWidth = 2;

interface Work {
  step: number;
  key: string;
  since: number;
  waitingFor: string;
  typicalSeconds: number;
}

interface End {
  outcome: 'done' | 'failed' | 'unfinished';
  text: string;
}

/** One step: its line of the list, and how it ends. */
class StepLine {
  readonly ended: Promise<End>;
  /** Set from its end on. */
  end: End | undefined;
  readonly #label: string;
  readonly #failures: string[] = [];
  #settle: (end: End) => void = () => {};
  /** When the work on it that is going on began. */
  #since: number | undefined;
  /** Seconds of the work that was before: a step may pause for others. */
  #worked: number | undefined;

  constructor(step: number, title: string) {
    this.#label = stepLabel(step, title);
    this.ended = new Promise((resolve) => {
      this.#settle = (end) => {
        this.end ??= end;
        resolve(this.end);
      };
    });
  }

  start(now: number) {
    this.#since ??= now;
    this.#worked ??= 0;
  }

  fail(key: string, code: string) {
    this.#failures.push(`${spoken(key)}: ${code}`);
  }

  /** The line while the step is under way. */
  title(now: number): string {
    if (this.#failures.length > 0) return this.#failed();
    return this.#since === undefined ? this.#label.trimEnd() : this.#with(duration(this.#seconds(now)));
  }

  /** Nothing of it is worked on any more: after a failure that is its end. */
  rest(now: number) {
    if (this.#worked !== undefined) this.#worked = this.#seconds(now);
    this.#since = undefined;
    if (this.#failures.length > 0) this.#settle({ outcome: 'failed', text: this.#failed() });
  }

  done(now: number) {
    const text = this.#worked === undefined ? 'kept' : duration(this.#seconds(now));
    this.#settle({ outcome: 'done', text: this.#with(text) });
  }

  /** The run is over, and it was not done before. */
  leave(now: number) {
    this.rest(now);
    const text = this.#with(this.#worked === undefined ? 'not begun' : 'not finished');
    this.#settle({ outcome: 'unfinished', text });
  }

  #seconds(now: number): number {
    return (this.#worked ?? 0) + (this.#since === undefined ? 0 : now - this.#since);
  }

  #with(text: string): string {
    return `${this.#label}  ${text}`;
  }

  #failed(): string {
    const indent = ' '.repeat(this.#label.length + 2);
    return this.#failures.map((text, index) => (index === 0 ? this.#with(text) : `${indent}${text}`)).join('\n');
  }
}

/**
 * A line for each step; beneath a running step what it waits for, as far as the terminal has rows; at the end the whole
 * run. Nothing else may print to the terminal before `close`.
 */
export function progressList(
  titles: ReadonlyMap<number, string>,
  expected: Expectations,
  stream: TerminalStream = process.stderr,
): Screen {
  const lines = new Map([...titles].map(([step, title]) => [step, new StepLine(step, title)]));
  const working = new Map<string, Work>();
  const done = new Set<string>();
  const failed = new Set<string>();
  let start: number | undefined;
  let now = 0;
  /** In real time it also gets later between events, which may be half a minute apart; virtual time is the events'. */
  let isRealTime = false;
  let said: string | undefined;
  let renderer: StepRenderer | undefined;
  let runEnded: () => void = () => {};
  const run = new Promise<void>((resolve) => {
    runEnded = resolve;
  });

  const width = () => (stream.columns ?? 80) - iconWidth - 2;
  const worksOf = (step: number) => [...working.values()].filter((one) => one.step === step);
  const elapsed = (key: string) => {
    const work = working.get(key);
    return work ? now - work.since : 0;
  };

  const whole = (): string => {
    if (said !== undefined) return hanging('', said, width());
    if (start === undefined) return '';
    const left = Math.round(remainingSeconds(expected, { done, failed, elapsed }));
    const so = `${duration(now - start)} so far`;
    return cut(left > 0 ? `    ${so}, about ${duration(left)} left` : `    ${so}`, width());
  };

  const tasks = [...lines].map(
    ([step, line]): ListrTask => ({
      title: stepLabel(step, titles.get(step)!),
      task: async (_context, task) => {
        const { outcome, text } = await line.ended;
        end(task, outcome, fitted(text, width()));
      },
    }),
  );
  const wholeTask: ListrTask = {
    title: ' ',
    task: async (_context, task) => {
      await run;
      task.title = '';
    },
  };

  const list = new Listr([...tasks, wholeTask], {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    renderer: StepRenderer,
    rendererOptions: {
      logger: loggerTo(stream),
      formatOutput: 'truncate',
      lazy: true,
      drawing: (one) => {
        renderer = one;
      },
      prepare,
      isBusy: (task) => {
        const step = stepOfTask(task);
        return step === undefined ? said === undefined : worksOf(step).length > 0;
      },
    } as StepRendererOptions,
  });
  const running = list.run().catch(() => {});

  function stepOfTask(task: unknown): number | undefined {
    return [...lines.keys()][list.tasks.indexOf(task as never)];
  }

  /** Titles for the next frame: the waits that will take longest first, as many as there are rows. */
  function prepare() {
    if (isRealTime) now = Math.max(now, Date.now() / 1000);
    const overall = whole();
    const rows = (stream.rows ?? 24) - 1 - lines.size - overall.split('\n').length;
    const shown = [...working.values()]
      .sort((one, other) => other.typicalSeconds - elapsed(other.key) - (one.typicalSeconds - elapsed(one.key)))
      .slice(0, Math.max(0, rows));
    for (const [index, [step, line]] of [...lines].entries()) {
      const works = worksOf(step);
      const waits = shown.filter((one) => one.step === step).map(waitOf);
      const tooMany = rows < 0 && works.length === 0;
      const text = tooMany ? '' : [line.title(now), ...waits].join('\n');
      list.tasks[index]!.title = fitted(line.end?.text ?? text, width());
    }
    list.tasks.at(-1)!.title = overall;
  }

  /** The longest wording that fits: the times are what a person looks for. */
  function waitOf({ key, waitingFor, typicalSeconds }: Work): string {
    const name = spoken(key);
    const named = waitingFor.toLowerCase().startsWith(`${name.toLowerCase()} `);
    const times = duration(elapsed(key)) + (typicalSeconds > 0 ? ` of about ${duration(typicalSeconds)}` : '');
    const wordings = waitingFor === '' || named ? [waitingFor, name] : [`${name}: ${waitingFor}`, waitingFor, name];
    const texts = wordings.filter((text) => text !== '').map((text) => `    › ${text}, ${times}`);
    return texts.find((text) => text.length <= width()) ?? texts.at(-1)!;
  }

  function listen(event: RunEvent) {
    now = Date.parse(event.virtualTime ?? event.time) / 1000;
    start ??= now;
    isRealTime = event.virtualTime === undefined && event.event !== 'run.done';
    if (event.event === 'run.start' || event.event === 'run.done') return;
    const line = lines.get(event.step);
    if (!line) return;
    switch (event.event) {
      case 'resource.start': {
        const { step, resource: key } = event;
        line.start(now);
        const typicalSeconds = expected.get(key)?.seconds ?? 0;
        working.set(key, { step, key, since: now, waitingFor: '', typicalSeconds });
        break;
      }
      case 'resource.progress': {
        const work = working.get(event.resource);
        if (work) work.waitingFor = event.waitingFor;
        break;
      }
      case 'resource.done':
      case 'resource.failed':
        working.delete(event.resource);
        if (event.event === 'resource.done') done.add(event.resource);
        else {
          failed.add(event.resource);
          line.fail(event.resource, event.code);
        }
        if (worksOf(event.step).length === 0) line.rest(now);
        break;
      case 'step.done':
        line.done(now);
        break;
    }
  }

  // A process that ends in the middle leaves the terminal as it found it.
  const giveBack = () => {
    prepare();
    renderer?.end();
  };
  process.once('exit', giveBack);

  return {
    listen,
    say(text) {
      said = text;
    },
    async close() {
      for (const line of lines.values()) line.leave(now);
      runEnded();
      await running;
      process.off('exit', giveBack);
    },
    abandon: giveBack,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: listr2's own renderer types are parameters of its task type.
function end(task: ListrTaskWrapper<unknown, any, any>, outcome: End['outcome'], text: string) {
  const red = text
    .split('\n')
    .map((line) => color.red(line))
    .join('\n');
  if (outcome === 'failed') throw new Error(red);
  if (outcome === 'unfinished') task.skip(text);
  else task.title = text;
}

function fitted(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => cut(line, width))
    .join('\n');
}
