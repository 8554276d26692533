import { stripVTControlCharacters } from 'node:util';
import {
  color,
  DefaultRenderer,
  figures,
  type ListrDefaultRendererOptions,
  type ListrDefaultRendererTask,
  ListrLogger,
  ProcessOutput,
  Spinner,
} from 'listr2';

/** The part of a terminal's stream that drawing needs. */
export type TerminalStream = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

export interface StepRendererOptions extends ListrDefaultRendererOptions {
  /** Told each renderer when it begins to draw. */
  drawing(renderer: StepRenderer): void;
  /** Called before each frame, so that the tasks' titles are those of this moment. */
  prepare(): void;
  /** Tasks of which something is being worked on; the others wait. */
  isBusy(task: ListrDefaultRendererTask): boolean;
}

/** Ten frames a second: more would only flicker. */
const frameMilliseconds = 100;

/**
 * listr2's renderer, which draws at its own pace and not at each event: a rehearsal brings hundreds of events at once.
 * A task that has begun for listr2 still shows as waiting until something of it is worked on.
 */
export class StepRenderer extends DefaultRenderer {
  // listr2 looks at stdout alone; the list is drawn on stderr.
  static override nonTTY = true;
  readonly #frames = new Spinner();
  readonly #steps: StepRendererOptions;
  #ended = false;

  constructor(...[tasks, options, events]: ConstructorParameters<typeof DefaultRenderer>) {
    super(tasks, options, events);
    this.#steps = options as StepRendererOptions;
  }

  override async render() {
    await super.render();
    this.#steps.drawing(this);
    this.#frames.start(() => {
      this.#steps.prepare();
      super.update();
    }, frameMilliseconds);
  }

  override update() {}

  override end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#frames.stop();
    super.end();
  }

  protected override style(task: ListrDefaultRendererTask, output?: boolean): string {
    if (!task.isStarted()) return super.style(task, output);
    if (!this.#ended && this.#steps.isBusy(task)) return color.yellow(this.#frames.fetch());
    return color.dim(figures.squareSmallFilled);
  }
}

/** Draws on `stream`, and holds back whatever else is written to the terminal until the list has ended. */
export function loggerTo(stream: TerminalStream): ListrLogger {
  return new ListrLogger({ useIcons: true, toStderr: [], processOutput: new OutputTo(stream) });
}

class OutputTo extends ProcessOutput {
  readonly #stream: NodeJS.WriteStream;
  #drawn = { text: '', columns: Number.POSITIVE_INFINITY };

  constructor(stream: TerminalStream) {
    super(stream as NodeJS.WriteStream, process.stdout, { leaveEmptyLine: false });
    this.#stream = stream as NodeJS.WriteStream;
  }

  /** listr2 takes a copy of the stream, whose size would stay what it was at the start. */
  override get stdout(): NodeJS.WriteStream {
    return Object.create(this.#stream, { write: { value: (text: string) => this.#draw(text) } });
  }

  /** A window made narrower breaks the lines of the last frame in two, and a frame erases only as many as it drew. */
  #draw(text: string): boolean {
    const { columns } = this.#stream;
    const broken = stripVTControlCharacters(this.#drawn.text)
      .split('\n')
      .reduce((rows, line) => rows + Math.max(0, Math.ceil(line.length / columns) - 1), 0);
    const erase = columns < this.#drawn.columns ? '\u001b[1A\u001b[2K'.repeat(broken) : '';
    this.#drawn = { text, columns };
    return this.toStdout(erase + text, false);
  }
}
