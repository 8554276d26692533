/** Work on a server, as data: who runs it decides how. All of it may run twice, on a server in any state. */
export type Command = Packages | Files | Mount | Units | Script | Read | UnitStates | HttpGet;

/** What a command reaches beyond its server. A failure names it, and a rehearsal checks it. */
export interface Touches {
  /** Names of SSM parameters that the server's role must be able to read. */
  readonly parameters?: readonly string[];
  readonly endpoints?: readonly Endpoint[];
  /** S3 buckets that the server's role must be able to use. */
  readonly buckets?: readonly string[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Work {
  /** What the command does, as a phrase that follows "could not": `install nginx`. */
  readonly title: string;
  readonly typicalSeconds: number;
  readonly timeoutSeconds: number;
  readonly touches?: Touches;
}

/** Installs packages of the operating system. */
export interface Packages extends Work {
  readonly kind: 'packages';
  readonly manager: 'dnf' | 'apt';
  readonly names: readonly string[];
}

/** Text is in `content`; `from` is a file on this machine, read only when the command runs (a private key). */
export interface ServerFile {
  readonly path: string;
  /** As `0644`. */
  readonly mode: string;
  /** As `root:airflow`. */
  readonly owner: string;
  readonly source: { readonly content: string } | { readonly from: string };
}

/** Writes files, each replaced as a whole: whoever reads meanwhile has the old one or the new one. */
export interface Files extends Work {
  readonly kind: 'files';
  readonly files: readonly ServerFile[];
}

/** Mounts a file system now and after each start. */
export interface Mount extends Work {
  readonly kind: 'mount';
  readonly path: string;
  readonly source: string;
  readonly type: 'efs' | 'nfs4';
  readonly options: string;
  readonly fileSystemId: string;
}

/** Acts on systemd units. `start` and `restart` also have them started with the server. */
export interface Units extends Work {
  readonly kind: 'units';
  readonly action: 'start' | 'restart' | 'stop';
  readonly names: readonly string[];
}

/** Runs a Bash script as root. A long one lives on when the connection breaks, and is found again by its name. */
export interface Script extends Work {
  readonly kind: 'script';
  /** In kebab-case, unique on the server. */
  readonly name: string;
  readonly text: string;
  readonly long: boolean;
}

/** Prints a file, or nothing when it is not there. */
export interface Read extends Work {
  readonly kind: 'read';
  readonly path: string;
}

/** Prints the state of each unit, one word a line, in the order of the names: `active`, `failed`, … */
export interface UnitStates extends Work {
  readonly kind: 'unit-states';
  readonly names: readonly string[];
}

/** Prints the body of a page as the server itself gets it. Certificates are not checked. */
export interface HttpGet extends Work {
  readonly kind: 'get';
  readonly url: string;
}

/** False for commands that only look. */
export function isChange({ kind }: Command): boolean {
  return kind !== 'read' && kind !== 'unit-states' && kind !== 'get';
}

export function packages(
  manager: Packages['manager'],
  names: readonly string[],
  { typicalSeconds = 45 }: { typicalSeconds?: number } = {},
): Packages {
  const title = `install ${names.join(', ')}`;
  return { kind: 'packages', title, typicalSeconds, timeoutSeconds: 900, manager, names };
}

export function files(title: string, list: readonly ServerFile[]): Files {
  return { kind: 'files', title, typicalSeconds: 1, timeoutSeconds: 60, files: list };
}

export function file(path: string, mode: string, owner: string, content: string): ServerFile {
  return { path, mode, owner, source: { content } };
}

export function mount(given: Pick<Mount, 'path' | 'source' | 'type' | 'options' | 'fileSystemId'>): Mount {
  // The name of a new mount target may take a minute and a half to resolve, so trying lasts longer than that.
  return { kind: 'mount', title: `mount ${given.source}`, typicalSeconds: 5, timeoutSeconds: 300, ...given };
}

export function units(
  action: Units['action'],
  names: readonly string[],
  {
    typicalSeconds = 2,
    timeoutSeconds = 180,
    touches,
  }: { typicalSeconds?: number; timeoutSeconds?: number; touches?: Touches } = {},
): Units {
  const title = `${action} ${names.join(', ')}`;
  return { kind: 'units', title, typicalSeconds, timeoutSeconds, action, names, ...(touches && { touches }) };
}

export function script(given: Omit<Script, 'kind' | 'long'> & { readonly long?: boolean }): Script {
  return { kind: 'script', long: false, ...given };
}

export function read(path: string): Read {
  return { kind: 'read', title: `read ${path}`, typicalSeconds: 0.3, timeoutSeconds: 60, path };
}

export function unitStates(names: readonly string[]): UnitStates {
  return { kind: 'unit-states', title: 'look at the units', typicalSeconds: 0.3, timeoutSeconds: 60, names };
}

export function httpGet(url: string, touches?: Touches): HttpGet {
  const title = `get ${url}`;
  return { kind: 'get', title, typicalSeconds: 0.3, timeoutSeconds: 60, url, ...(touches && { touches }) };
}
