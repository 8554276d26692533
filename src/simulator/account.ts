import { readIfThere, replaceFile } from '../files.ts';
import type { AuthorizationRequest } from './authorization/index.ts';
import { ScaledClock, type SimulatedClock, VirtualClock } from './clock.ts';
import { type DurationName, drawSeconds } from './durations.ts';
import type { Faults } from './faults.ts';
import type { PolicyStatement } from './iam/documents.ts';
import type { Noun, Operation, ServiceName } from './noun.ts';

/** Members that the account adds to each stored thing. Times are milliseconds. */
export interface Stored {
  /** Describes and other calls see it from here on. */
  visibleAt?: number;
  /** Tag filters see it from here on. */
  taggedAt?: number;
}

interface Happening {
  at: number;
  order: number;
  region: string;
  event: string;
  details: unknown;
}

interface AccountData {
  version: 1;
  accountId: string;
  seed: number;
  random: number;
  now: number;
  order: number;
  happenings: Happening[];
  /** Region (or `global`) → table → id → row. */
  tables: Record<string, Record<string, Record<string, Stored>>>;
}

export interface AccountOptions {
  /** Where the account lives; without it, in memory. Written before each reply to a changing call. */
  file?: string;
  seed?: number;
  clock?: 'virtual' | { speed: number };
  faults?: Faults;
  /** What the caller may do; without it, everything. */
  statements?: readonly PolicyStatement[];
  /** Told of everything that the caller's policies are asked. */
  onAuthorization?: (request: AuthorizationRequest) => void;
}

// Virtual time starts at the same moment in every account, so that a seed gives the same run to the letter.
const virtualStart = Date.UTC(2026, 0, 1, 9);

/** The account: what exists, what will happen by itself, and the dice. It knows no AWS noun. */
export class Account {
  readonly clock: SimulatedClock;
  readonly faults: Faults;
  readonly statements: readonly PolicyStatement[] | undefined;
  readonly onAuthorization: ((request: AuthorizationRequest) => void) | undefined;
  /** How many changing calls this process has made; what `faults.kill` counts. */
  changingCalls = 0;
  /** How many calls this process has made; what `faults.expireAtCall` and its like count. */
  calls = 0;
  #offlineUntil: number | undefined;
  /** What was asked since the last changing call, as text: a client that asks the same again is waiting for something. */
  readonly questions = new Set<string>();
  /** Answers that this process has lost of each kind of call; what `faults.loseFirst` counts. */
  readonly lost = new Map<string, number>();
  readonly #operations = new Map<string, Operation>();
  readonly #events = new Map<string, (scope: Scope, details: unknown) => void>();
  readonly #file: string | undefined;
  readonly #data: AccountData;

  constructor(nouns: readonly Noun[], options: AccountOptions = {}) {
    const { file, seed = 1, clock = 'virtual', faults = {} } = options;
    this.#file = file;
    this.faults = faults;
    this.statements = options.statements;
    this.onAuthorization = options.onAuthorization;
    const text = file === undefined ? undefined : readIfThere(file);
    const found = text === undefined ? undefined : (JSON.parse(text) as AccountData);
    const start = clock === 'virtual' ? virtualStart : Date.now();
    this.#data = found ?? {
      version: 1,
      accountId: '123456789012',
      seed,
      random: seed >>> 0,
      now: start,
      order: 0,
      happenings: [],
      tables: {},
    };
    this.clock = clock === 'virtual' ? new VirtualClock(this.#data.now) : new ScaledClock(this.#data.now, clock.speed);
    for (const noun of nouns) {
      for (const [name, operation] of Object.entries(noun.operations)) {
        const key = `${noun.service}:${name}`;
        if (this.#operations.has(key)) throw new Error(`two nouns answer ${key}`);
        this.#operations.set(key, operation);
      }
      for (const [name, run] of Object.entries(noun.events ?? {})) {
        if (this.#events.has(name)) throw new Error(`two nouns have an event ${name}`);
        this.#events.set(name, run);
      }
    }
  }

  get accountId(): string {
    return this.#data.accountId;
  }

  knows(service: ServiceName, operation: string): Operation | undefined {
    return this.#operations.get(`${service}:${operation}`);
  }

  scope(region: string): Scope {
    return new Scope(this, region);
  }

  /** Regions in which anything was ever stored, without the pseudo region `global`. */
  regions(): string[] {
    return Object.keys(this.#data.tables).filter((name) => name !== 'global');
  }

  /** True while the process's machine has no network. */
  get offline(): boolean {
    const { offlineAtCall } = this.faults;
    if (offlineAtCall === undefined || this.calls < offlineAtCall) return false;
    this.#offlineUntil ??= this.clock.now() + 600_000;
    return this.clock.now() < this.#offlineUntil;
  }

  /** True once the process's machine has another public address. */
  get moved(): boolean {
    return this.faults.moveAtCall !== undefined && this.calls >= this.faults.moveAtCall;
  }

  /** Brings the account up to now: everything that was due happens, in order of time. */
  catchUp() {
    const { happenings } = this.#data;
    for (;;) {
      const next = happenings[0];
      if (!next || next.at > this.clock.now()) break;
      happenings.shift();
      const run = this.#events.get(next.event);
      if (!run) throw new Error(`the account has no event ${next.event}`);
      this.#data.now = next.at;
      run(new Scope(this, next.region, next.at), next.details);
    }
    this.#data.now = this.clock.now();
  }

  schedule(region: string, at: number, event: string, details: unknown) {
    if (!this.#events.has(event)) throw new Error(`the account has no event ${event}`);
    const happening = { at, order: this.#data.order++, region, event, details };
    const { happenings } = this.#data;
    const place = happenings.findIndex((other) => other.at > at);
    happenings.splice(place === -1 ? happenings.length : place, 0, happening);
  }

  rows(region: string, table: string): Record<string, Stored> {
    this.#data.tables[region] ??= {};
    this.#data.tables[region][table] ??= {};
    return this.#data.tables[region][table];
  }

  /** A number in [0, 1) from the account's own dice, whose state is part of the file. */
  random(): number {
    this.#data.random = (this.#data.random + 0x6d2b79f5) >>> 0;
    let t = this.#data.random;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  save() {
    if (this.#file === undefined) return;
    this.#data.now = this.clock.now();
    const text = JSON.stringify(this.#data);
    replaceFile(this.#file, text, { durable: false });
  }
}

/** The account as one region's calls see it, at one moment. */
export class Scope {
  readonly account: Account;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;

  constructor(account: Account, region: string, now = account.clock.now()) {
    this.account = account;
    this.region = region;
    this.now = now;
  }

  get accountId(): string {
    return this.account.accountId;
  }

  get partition(): string {
    if (this.region.startsWith('cn-')) return 'aws-cn';
    return this.region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  }

  /** `arn:aws:rds:us-west-2:123456789012:db:x`; global services pass an empty region. */
  arn(service: string, resource: string, { region = this.region, accountId = this.accountId } = {}): string {
    return `arn:${this.partition}:${service}:${region}:${accountId}:${resource}`;
  }

  /** Rows of this region. Names are `service.plural`, as `ec2.vpcs`. */
  table<Row extends object>(name: string): Table<Row> {
    return new Table<Row>(this, this.account.rows(this.region, name));
  }

  /** Rows that belong to no region: IAM, and S3's bucket names. */
  globalTable<Row extends object>(name: string): Table<Row> {
    return new Table<Row>(this, this.account.rows('global', name));
  }

  elsewhere(region: string): Scope {
    return new Scope(this.account, region, this.now);
  }

  random(): number {
    return this.account.random();
  }

  /** `length` hexadecimal digits. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += Math.floor(this.random() * 16).toString(16);
    return text;
  }

  /** An id as EC2 gives them: `vpc-0` and sixteen more digits. */
  id(prefix: string): string {
    return `${prefix}-0${this.hex(16)}`;
  }

  /** How long `name` takes this time, in seconds. */
  seconds(name: DurationName): number {
    return drawSeconds(name, () => this.random());
  }

  /** Lets `event` happen by itself after that many seconds. `details` must survive JSON. */
  after(seconds: number, event: string, details: unknown) {
    this.account.schedule(this.region, this.now + seconds * 1000, event, details);
  }

  /** True when the next creation of `noun` was chosen to fail by itself; gives AWS's code for the failure. */
  breaksLater(noun: string): string | undefined {
    const chosen = this.account.faults.breakLater?.find((fault) => fault.noun === noun && (fault.times ?? 1) > 0);
    if (!chosen) return undefined;
    chosen.times = (chosen.times ?? 1) - 1;
    return chosen.code;
  }
}

/** Rows by id. What lags is missing from `get` and `list` until its time comes, and there at once for `peek` and `all`. */
export class Table<Row extends object> {
  readonly #scope: Scope;
  readonly #rows: Record<string, Row & Stored>;

  constructor(scope: Scope, rows: Record<string, Stored>) {
    this.#scope = scope;
    this.#rows = rows as Record<string, Row & Stored>;
  }

  insert(id: string, row: Row): Row & Stored {
    const stored: Row & Stored = { ...row };
    const { describeLagSeconds = 0, tagLagSeconds = 0 } = this.#scope.account.faults;
    if (describeLagSeconds > 0) stored.visibleAt = this.#scope.now + this.#scope.random() * describeLagSeconds * 1000;
    if (tagLagSeconds > 0)
      stored.taggedAt = (stored.visibleAt ?? this.#scope.now) + this.#scope.random() * tagLagSeconds * 1000;
    this.#rows[id] = stored;
    return stored;
  }

  get(id: string | undefined): (Row & Stored) | undefined {
    const row = this.peek(id);
    return row && this.#visible(row) ? row : undefined;
  }

  peek(id: string | undefined): (Row & Stored) | undefined {
    return id !== undefined && Object.hasOwn(this.#rows, id) ? this.#rows[id] : undefined;
  }

  list(): (Row & Stored)[] {
    return this.all().filter((row) => this.#visible(row));
  }

  all(): (Row & Stored)[] {
    return Object.values(this.#rows);
  }

  delete(id: string) {
    delete this.#rows[id];
  }

  #visible(row: Stored): boolean {
    return row.visibleAt === undefined || row.visibleAt <= this.#scope.now;
  }
}
