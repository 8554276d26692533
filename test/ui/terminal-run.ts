import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ScreenModel } from './terminal.ts';

export const keys = { enter: '\r', down: '\u001b[B', ctrlC: '\u0003' } as const;

/** A test has 60 seconds and may wait more than once; a machine that is busy otherwise needs most of ten to start. */
const patienceMilliseconds = 25_000;

/** The built command line on a terminal of its own: `script` makes the pseudo-terminal, the model shows what it shows. */
export class TerminalRun {
  readonly screen: ScreenModel;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #raw = '';

  constructor(
    args: string[],
    { columns = 80, rows = 24, env = {}, cwd }: { columns?: number; rows?: number; env?: object; cwd?: string },
  ) {
    this.screen = new ScreenModel(columns, rows);
    const bin = join(process.cwd(), 'bin', 'airflow-aws.js');
    const command = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ');
    this.#process = spawn(
      '/usr/bin/script',
      ['-qefc', `stty cols ${columns} rows ${rows}; exec ${command}`, '/dev/null'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        ...(cwd === undefined ? {} : { cwd }),
        env: {
          PATH: process.env.PATH,
          HOME: '/nonexistent',
          TERM: 'xterm-256color',
          LANG: 'C.UTF-8',
          SHELL: '/bin/sh',
          ...env,
        },
      },
    );
    this.#ended = once(this.#process, 'close');
    // A character may come in two chunks.
    this.#process.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      this.#raw += chunk;
      this.screen.stream.write(chunk);
    });
  }

  /** Waits until the screen shows the text, then presses the keys. */
  async press(shown: string, pressed: string) {
    const until = Date.now() + patienceMilliseconds;
    while (!(await this.text()).includes(shown)) {
      if (Date.now() > until) throw new Error(`The screen never showed "${shown}" but\n${await this.text()}`);
      await new Promise((again) => setTimeout(again, 30));
    }
    this.#process.stdin!.write(pressed);
  }

  async text(): Promise<string> {
    return (await this.screen.lines()).join('\n');
  }

  /** Everything that was written, colours and all. */
  get raw(): string {
    return this.#raw;
  }

  async exitCode(): Promise<unknown> {
    const [code] = await this.#ended;
    return code;
  }

  end() {
    this.#process.kill('SIGKILL');
  }
}
