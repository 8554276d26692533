/** A real Chromium on the operator's machine, driven over a pipe, so that no port of it is open anywhere. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaces } from './network.ts';
import { inNamespace } from './processes.ts';

interface Answer {
  id?: number;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session: string | undefined;
  #count = 0;

  static async open(): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'lab-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    // The certificate is the bastion's own; people are asked about it once.
    flags.push('--ignore-certificate-errors', '--remote-debugging-pipe', `--user-data-dir=${profile}`);
    flags.push('--window-size=1400,900', '--disable-background-networking', '--disable-component-update');
    const [file, args] = inNamespace(namespaces.operator, ['chromium', ...flags, 'about:blank']);
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new Browser(child, profile);
    const { targetId } = await browser.call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(sessionId);
    await browser.call('Page.enable');
    return browser;
  }

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    let rest = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (rest + chunk).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) {
        const answer = JSON.parse(message) as Answer;
        if (answer.id === undefined) continue;
        this.#waiting.get(answer.id)?.(answer);
        this.#waiting.delete(answer.id);
      }
    });
  }

  call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method}: no answer in 60 s`)), 60_000);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(late);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    });
  }

  async open(url: string) {
    await this.call('Page.navigate', { url });
  }

  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.call('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    return (result as { value?: unknown } | undefined)?.value;
  }

  /** Waits until the expression is true on whatever page is there by then. */
  async until(expression: string, timeoutSeconds = 60) {
    const deadline = Date.now() + timeoutSeconds * 1000;
    while (Date.now() < deadline) {
      if ((await this.evaluate(expression).catch(() => false)) === true) return;
      await sleep(300);
    }
    const page = await this.evaluate('location.href + "\\n" + document.body.innerText').catch(() => '');
    throw new Error(`not within ${timeoutSeconds} s: ${expression}\n${String(page).slice(0, 1500)}`);
  }

  async screenshot(file: string) {
    const { data } = await this.call('Page.captureScreenshot', { format: 'png' });
    writeFileSync(file, Buffer.from(String(data), 'base64'));
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    await sleep(200);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Logs in by the form, as a person does. */
export async function logIn(browser: Browser, url: string, username: string, password: string) {
  await browser.open(url);
  await browser.until(`document.querySelector('input[name=password]') !== null`);
  const fill = (name: string, value: string) =>
    `document.querySelector('input[name=${name}]').value = ${JSON.stringify(value)}`;
  await browser.evaluate(`${fill('username', username)}; ${fill('password', password)}`);
  await browser.evaluate(`document.querySelector('input[name=password]').form.submit()`);
}
