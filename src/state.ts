import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { exitCodes, UserError, userError } from './errors.ts';

/** The error codes of a write that failed: for want of room or network, or since the state is somebody else's by now. */
export const writeFailures = {
  notWritten: 'state-not-written',
  changed: 'state-changed',
  lockLost: 'lock-lost',
} as const;

/** True when `error` says that a record was not written: nothing may begin any more. */
export function isNotWritten(error: unknown): boolean {
  return error instanceof UserError && (Object.values(writeFailures) as string[]).includes(error.code);
}

/** Where a state went: the setting that finds it, and where that is for a person. */
export interface NewPlace {
  readonly setting: string;
  readonly where: string;
}

/** Where a state is kept: one text, which is replaced whole. What goes wrong is a `UserError`. */
export interface StateStore {
  /** As a person finds it: the path of a file, or `s3://bucket/prefix/state.json`. */
  readonly name: string;
  read(): Promise<string | undefined>;
  /** Puts `text` in the place of what this store has read or written last, and of nothing else. */
  write(text: string): Promise<void>;
  remove(): Promise<void>;
  /** Puts the state aside, with a word where it is from now on. Gives the name under which the old one is kept. */
  setAside(movedTo: NewPlace): Promise<string>;
  /** Where the state went that was here, until another one is written here. */
  movedTo(): Promise<NewPlace | undefined>;
  /** How the text before this one is got back, as a whole sentence without its end; undefined when there is none. */
  restoring(): Promise<string | undefined>;
}

/** For a state that is being made and may come to nothing. */
export const nowhere: StateStore = {
  name: 'memory',
  read: async () => undefined,
  write: async () => {},
  remove: async () => {},
  setAside: async () => '',
  movedTo: async () => undefined,
  restoring: async () => undefined,
};

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
  /** A digest of all that is not a time, so that an edit by hand is seen. */
  seal?: string;
}

/**
 * What we know of the account, written before and after each change. Whoever records waits for the record before the
 * call. Records that are made while a write is on its way go out together in the next one.
 */
export class State {
  readonly #store: StateStore;
  readonly #data: StateData;
  /** True when the state is as it was written, untouched. */
  readonly sealed: boolean;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #trouble: unknown;

  private constructor(store: StateStore, { seal, ...data }: StateData) {
    this.#store = store;
    this.#data = data;
    this.sealed = seal === sealOf(data);
  }

  /** A state that is not written before its first record. */
  static of(store: StateStore, stack: Stack): State {
    return new State(store, { version: 1, stack, resources: {} });
  }

  /** The state in `store`, or undefined without one. Throws a `UserError` for one that cannot be trusted. */
  static async read(store: StateStore): Promise<State | undefined> {
    const data = await readState(store);
    return data && new State(store, data);
  }

  /** True when both know the same, whichever place they are in. */
  equals(other: State): boolean {
    return isDeepStrictEqual(this.#data, other.#data);
  }

  /** The same state for another store, which is written by the first record or `save`. */
  at(store: StateStore): State {
    return new State(store, this.#data);
  }

  /** Why the last write failed. Nothing should begin before one has succeeded. */
  get trouble(): unknown {
    return this.#trouble;
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

  startRun(command: 'up' | 'destroy', since: string): Promise<void> {
    this.#data.run = { command, since };
    return this.save();
  }

  endRun(): Promise<void> {
    delete this.#data.run;
    return this.save();
  }

  /** Before the creating call. */
  creating(key: string, { step, generation, since }: Pick<Row, 'step' | 'generation' | 'since'>): Promise<void> {
    this.#data.resources[key] = { step, status: 'creating', generation, since };
    return this.save();
  }

  /** After the creating call, before any wait. */
  created(key: string, identity: Identity, since: string): Promise<void> {
    return this.#change(key, { status: 'created', identity, since });
  }

  complete(key: string, output: Output, since: string): Promise<void> {
    return this.#change(key, { status: 'complete', output, since });
  }

  /** Before the destroying call. */
  destroying(key: string, since: string): Promise<void> {
    return this.#change(key, { status: 'destroying', since });
  }

  /** AWS says that it is gone, or that it never was. */
  forget(key: string): Promise<void> {
    const row = this.row(key);
    if (row) this.#data.past = { ...this.#data.past, [key]: row.generation };
    delete this.#data.resources[key];
    return this.save();
  }

  /** A row as it was found in the account. */
  adopt(key: string, row: Row): Promise<void> {
    this.#data.resources[key] = row;
    return this.save();
  }

  /** The generation of something that is gone, as its tags still tell. */
  recall(key: string, generation: number): Promise<void> {
    this.#data.past = { ...this.#data.past, [key]: generation };
    return this.save();
  }

  /** Takes the state away: nothing is left to remember. */
  async remove(): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#store.remove();
  }

  /** Resolves when a write that began after this call is done. */
  save(): Promise<void> {
    if (this.#next) return this.#next;
    if (!this.#writing) return this.#write();
    this.#next = this.#writing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#write();
      });
    return this.#next;
  }

  #change(key: string, change: Partial<Row>): Promise<void> {
    const row = this.#data.resources[key];
    if (!row) throw new Error(`no row ${key} to change`);
    Object.assign(row, change);
    return this.save();
  }

  #write(): Promise<void> {
    const writing = this.#store.write(`${JSON.stringify({ ...this.#data, seal: sealOf(this.#data) }, null, 2)}\n`).then(
      () => {
        this.#writing = undefined;
        this.#trouble = undefined;
      },
      (error) => {
        this.#writing = undefined;
        this.#trouble = error;
        throw error;
      },
    );
    this.#writing = writing;
    return writing;
  }
}

/** The same for equal states, whenever and in whatever order they were recorded. */
function sealOf({ stack, resources, past }: StateData): string {
  const sorted = (object: object) => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = sorted(resources).map(([key, { since: _since, identity = {}, output = {}, ...row }]) => [
    key,
    ...[row, identity, output].map(sorted),
  ]);
  const text = JSON.stringify([sorted(stack), rows, sorted(past ?? {})]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** What is kept of a state that was moved: the state, and where it went. */
export const aside = {
  text: (text: string, movedTo: NewPlace) => `${JSON.stringify({ ...JSON.parse(text), movedTo }, null, 2)}\n`,
  movedTo: (text: string | undefined) =>
    text === undefined ? undefined : (JSON.parse(text) as { movedTo?: NewPlace }).movedTo,
};

async function readState(store: StateStore): Promise<StateData | undefined> {
  const { name } = store;
  const text = await store.read();
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
      what: `The state in ${name} has version ${data.version}; this airflow-aws reads version 1.`,
      why: 'It was written by a newer airflow-aws, and an older one would lose what it does not know.',
      fix: 'Use the newer airflow-aws.',
    });
  if (data?.version !== 1 || !isStack(data.stack) || !areRows(data.resources)) {
    const restoring = await store.restoring();
    throw userError({
      code: stateDamaged,
      exitCode: exitCodes.usage,
      what: `The state in ${name} cannot be read.`,
      why: whyDamaged(data),
      fix:
        restoring === undefined
          ? 'Run "airflow-aws state rebuild" to make it again from the tags in the account.'
          : `${restoring}, or run "airflow-aws state rebuild" to make it again from the account.`,
    });
  }
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
