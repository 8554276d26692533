import xterm from '@xterm/headless';
import type { TerminalStream } from '../../src/ui/step-renderer.ts';

const spinner = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g;

/** A terminal that keeps what it shows, as a person sees it. */
export class ScreenModel {
  readonly #terminal: xterm.Terminal;
  /** The stream that a program draws on. */
  readonly stream: TerminalStream;

  constructor(columns: number, rows: number) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
    const terminal = this.#terminal;
    this.stream = {
      get columns() {
        return terminal.cols;
      },
      get rows() {
        return terminal.rows;
      },
      // As the line discipline of a real terminal: a new line begins at the left.
      write: (text: string | Uint8Array) => {
        terminal.write(String(text).replaceAll(/\r?\n/g, '\r\n'));
        return true;
      },
    };
  }

  resize(columns: number, rows: number) {
    this.#terminal.resize(columns, rows);
  }

  /** Every line from the first one ever shown, without the empty ones at the end; a spinner is shown as `*`. */
  async lines(): Promise<string[]> {
    // An empty write is answered when everything before it is on the screen.
    await new Promise<void>((shown) => this.#terminal.write('', shown));
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, index) =>
      (active.getLine(index)?.translateToString(true) ?? '').replace(spinner, '*').trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Lines that went out of sight at the top. */
  get scrolledOff(): number {
    return this.#terminal.buffer.active.baseY;
  }

  /** The colour (0-7) of the first cell that is not empty after `column`, or -1 for the terminal's own. */
  colourAt(row: number, column: number): number {
    const cell = this.#terminal.buffer.active.getLine(row)?.getCell(column);
    return cell?.isFgPalette() ? cell.getFgColor() : -1;
  }

  /** False while the cursor is hidden. */
  get cursorShown(): boolean {
    // xterm keeps this mode to itself.
    return !(this.#terminal as unknown as { _core: { coreService: { isCursorHidden: boolean } } })._core.coreService
      .isCursorHidden;
  }
}
