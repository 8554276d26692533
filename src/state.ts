import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, userError } from './errors.ts';
import { readIfThere, replaceFile } from './files.ts';

/** The error code of a write that failed. */
export const stateNotWritten = 'state-not-written';

/** The error code of a file that cannot be read. */
export const stateDamaged = 'state-damaged';

export interface Stack {
  /** On every tag; a new one for each deployment. */
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly world: 'aws' | 'emulator' | 'simulated';
}

/** What names one AWS thing, in the SDK's own field names in camelCase. Kept in the state file, so never a secret. */
export type Identity = Readonly<Record<string, string>>;

/** What is known only after `finish`: endpoints, addresses. Kept in the state file, so never a secret. */
export type Output = Readonly<Record<string, string>>;

export interface Row {
  step: number;
  /** `creating`: the call may have been sent. `created`: the identity is known. `complete`: finished. */
  status: 'creating' | 'created' | 'complete' | 'destroying';
  /** Rises with each re-creation, since AWS remembers old tokens. */
  generation: number;
  identity?: Identity;
  output?: Output;
  /** When the status was written, ISO 8601 on the world's clock. */
  since: string;
}

interface StateData {
  version: 1;
  stack: Stack;
  /** The run that is under way, or that was cut off. */
  run?: { command: 'up' | 'destroy'; since: string };
  resources: Record<string, Row>;
  /** The generation of what is gone, by key. */
  past?: Record<string, number>;
}

/**
 * The state file: what we know of the account, written before and after each change. A write is a new file that takes
 * the old one's place; the previous one stays beside it. `durable` asks the disk to keep it through a power cut.
 */
export class State {
  readonly file: string;
  readonly #durable: boolean;
  readonly #data: StateData;

  private constructor(file: string, durable: boolean, data: StateData) {
    this.file = file;
    this.#durable = durable;
    this.#data = data;
  }

  static create(file: string, stack: Stack, { durable = true } = {}): State {
    const state = new State(file, durable, { version: 1, stack, resources: {} });
    state.#write();
    return state;
  }

  /** The state in `file`, or undefined without a file. Throws a `UserError` for one that cannot be trusted. */
  static read(file: string, { durable = true } = {}): State | undefined {
    const data = readState(file);
    return data && new State(file, durable, data);
  }

  get stack(): Stack {
    return this.#data.stack;
  }

  get run(): StateData['run'] {
    return this.#data.run;
  }

  get rows(): Readonly<Record<string, Readonly<Row>>> {
    return this.#data.resources;
  }

  row(key: string): Readonly<Row> | undefined {
    return this.#data.resources[key];
  }

  /** Rows of a run that did not come to its end by itself. */
  get cutOff(): boolean {
    return this.#data.run !== undefined || Object.values(this.rows).some(({ status }) => status !== 'complete');
  }

  /** One more than any generation that this key had. */
  nextGeneration(key: string): number {
    return Math.max(this.row(key)?.generation ?? 0, this.#data.past?.[key] ?? 0) + 1;
  }

  startRun(command: 'up' | 'destroy', since: string) {
    this.#data.run = { command, since };
    this.#write();
  }

  endRun() {
    delete this.#data.run;
    this.#write();
  }

  /** Before the creating call. */
  creating(key: string, { step, generation, since }: Pick<Row, 'step' | 'generation' | 'since'>) {
    this.#data.resources[key] = { step, status: 'creating', generation, since };
    this.#write();
  }

  /** After the creating call, before any wait. */
  created(key: string, identity: Identity, since: string) {
    this.#change(key, { status: 'created', identity, since });
  }

  complete(key: string, output: Output, since: string) {
    this.#change(key, { status: 'complete', output, since });
  }

  /** Before the destroying call. */
  destroying(key: string, since: string) {
    this.#change(key, { status: 'destroying', since });
  }

  /** AWS says that it is gone, or that it never was. */
  forget(key: string) {
    const row = this.row(key);
    if (row) this.#data.past = { ...this.#data.past, [key]: row.generation };
    delete this.#data.resources[key];
    this.#write();
  }

  /** A row as it was found in the account. */
  adopt(key: string, row: Row) {
    this.#data.resources[key] = row;
    this.#write();
  }

  /** The generation of something that is gone, as its tags still tell. */
  recall(key: string, generation: number) {
    this.#data.past = { ...this.#data.past, [key]: generation };
    this.#write();
  }

  /** The same state as another file, which is replaced; its copy stays as the previous one. */
  moveTo(file: string): State {
    const moved = new State(file, this.#durable, this.#data);
    moved.#write();
    this.remove();
    return moved;
  }

  /** Takes the file away: nothing is left to remember. */
  remove() {
    rmSync(this.file, { force: true });
    rmSync(previousOf(this.file), { force: true });
  }

  #change(key: string, change: Partial<Row>) {
    const row = this.#data.resources[key];
    if (!row) throw new Error(`no row ${key} to change`);
    Object.assign(row, change);
    this.#write();
  }

  #write() {
    try {
      replaceFile(this.file, `${JSON.stringify(this.#data, null, 2)}\n`, {
        durable: this.#durable,
        beforeReplacing: () => keepPrevious(this.file),
      });
    } catch (error) {
      throw userError({
        code: stateNotWritten,
        exitCode: exitCodes.failed,
        what: `The state file ${this.file} could not be written.`,
        why: `${(error as Error).message}. Nothing further was started; what is recorded there is still true.`,
        fix: 'Free disk space or make the folder writable, then run the same command with --resume.',
        resumable: true,
      });
    }
  }
}

export function previousOf(file: string): string {
  return `${file}.previous`;
}

/** The file that is replaced stays beside the new one. */
function keepPrevious(file: string) {
  if (!existsSync(file)) return;
  const link = `${previousOf(file)}.writing`;
  rmSync(link, { force: true });
  linkSync(file, link);
  renameSync(link, previousOf(file));
}

function readState(file: string): StateData | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  let data: Partial<StateData> | undefined;
  try {
    data = JSON.parse(text) as Partial<StateData>;
  } catch {
    data = undefined;
  }
  if (typeof data?.version === 'number' && data.version > 1)
    throw userError({
      code: 'state-newer',
      exitCode: exitCodes.usage,
      what: `The state file ${file} has version ${data.version}; this airflow-aws reads version 1.`,
      why: 'It was written by a newer airflow-aws, and an older one would lose what it does not know.',
      fix: 'Use the newer airflow-aws.',
    });
  if (data?.version !== 1 || !isStack(data.stack) || !areRows(data.resources))
    throw userError({
      code: stateDamaged,
      exitCode: exitCodes.usage,
      what: `The state file ${file} cannot be read.`,
      why: whyDamaged(data),
      fix: existsSync(previousOf(file))
        ? `Take the previous copy (mv ${JSON.stringify(previousOf(file))} ${JSON.stringify(file)}), or run "airflow-aws state rebuild" to make it again from the account.`
        : 'Run "airflow-aws state rebuild" to make it again from the tags in the account.',
    });
  return data as StateData;
}

function whyDamaged(data: Partial<Record<keyof StateData, unknown>> | undefined): string {
  if (data === undefined) return 'It is not whole JSON: it was cut off or edited.';
  if (typeof data?.version === 'number' && data.version < 1)
    return `It has version ${data.version}, which no airflow-aws reads any more.`;
  return 'Parts of it are missing.';
}

function isStack(stack: unknown): boolean {
  const { id, name, account, region, world } = (stack ?? {}) as Record<string, unknown>;
  return [id, name, account, region, world].every((one) => typeof one === 'string');
}

function areRows(resources: unknown): boolean {
  if (typeof resources !== 'object' || resources === null || Array.isArray(resources)) return false;
  return Object.values(resources as Record<string, Partial<Row> | null>).every((row) => {
    if (typeof row?.generation !== 'number' || Number.isNaN(Date.parse(row.since ?? ''))) return false;
    if (row.status === 'creating') return true;
    return row.identity !== undefined && ['created', 'complete', 'destroying'].includes(row.status ?? '');
  });
}

/** Where a deployment's files are. Rehearsals have a folder of their own, so that they never touch the real state. */
export function deploymentFolder(directory: string, world: Stack['world']): string {
  const folder = join(directory, '.airflow-aws');
  return world === 'simulated' ? join(folder, 'simulated') : folder;
}
