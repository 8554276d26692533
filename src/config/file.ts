import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './rules.ts';
import { parseValue, type Setting, sectionWords, settings } from './settings.ts';

/** The name of the file in the deployment's folder. */
export const configFile = 'airflow-aws.yaml';

/** A value and who gave it: `airflow-aws.yaml line 3`. */
export interface Given {
  readonly value: unknown;
  readonly where: string;
}

/** What the file sets, by path, and what is wrong with its shape. Values themselves are not checked here. */
export interface FileSettings {
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly Problem[];
}

/**
 * Undefined when there is no file. Throws a `UserError` for a file that cannot be read, is no YAML, or was written by
 * a newer version, since then nothing in it can be trusted.
 */
export function readSettings(directory: string): FileSettings | undefined {
  const source = readText(directory);
  return source === undefined ? undefined : parseSettings(source);
}

/** As `readSettings`, from the text itself. */
export function parseSettings(source: string): FileSettings {
  const lines = new LineCounter();
  // Every scalar is read as it was typed: `3.10` stays a version and does not become 3.1, `no` stays a word.
  const document = parseDocument(source, { schema: 'failsafe', lineCounter: lines });
  const [error] = document.errors;
  if (error) throw noYaml(lines.linePos(error.pos[0]), error.message.split(/ at line | ?\n/)[0] ?? '');
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return;
      throw noYaml(lines.linePos(node.range?.[0] ?? 0), `There is no anchor &${node.source} above`);
    },
  });
  return new Walk(document, lines).result();
}

function noYaml({ line, col }: { line: number; col: number }, why: string): UserError {
  return userError({
    code: 'config-yaml',
    exitCode: exitCodes.usage,
    what: `${configFile} is not valid YAML.`,
    why: `Line ${line}, column ${col}: ${why}.`,
    fix: 'Correct that line; indentation is by spaces, and text with a colon or a hash sign wants quotes.',
  });
}

/** Goes through the file once and takes down every setting with its line. */
class Walk {
  private readonly given = new Map<string, Given>();
  private readonly problems: Problem[] = [];
  private readonly document: Document;
  private readonly lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.document = document;
    this.lines = lines;
  }

  result(): FileSettings {
    const root = this.document.contents;
    if (isMap(root)) this.map(root, '');
    else if (root !== null && !isEmpty(root)) {
      this.problem(
        root as Node,
        'the file',
        'it is not a list of "key: value" lines',
        'Write lines such as "name: pms".',
      );
    }
    return { given: this.given, problems: this.problems };
  }

  private map(node: Node, prefix: string): void {
    if (!isMap(node)) return;
    for (const pair of node.items) {
      const key = pair.key as Node;
      const name = isScalar(key) ? String(key.value) : String(key);
      this.entry(key, prefix ? `${prefix}.${name}` : name, this.resolve(pair.value));
    }
  }

  private entry(key: Node, path: string, value: unknown): void {
    const setting = settings.find((candidate) => candidate.path === path);
    // A key without a value is what is left when the lines below it are commented out.
    const empty = isEmpty(value);
    if (path === 'version') this.version(key, value);
    else if (setting && !empty) this.given.set(path, { value: this.plain(setting, value), where: this.where(key) });
    else if (setting) return;
    else if (!isSection(path)) this.unknown(key, path);
    else if (isScalar(value) && value.value === sectionWords.get(path)) return;
    else if (isMap(value)) this.map(value, path);
    else if (!empty) {
      this.problem(key, path, 'it holds settings of its own', `Write them below it, as "  ${exampleIn(path)}: …".`);
    }
  }

  private version(key: Node, value: unknown): void {
    const version = isScalar(value) ? Number(value.value) : Number.NaN;
    if (version > 1) {
      throw userError({
        code: 'config-newer',
        exitCode: exitCodes.usage,
        what: `${configFile} was written by a newer airflow-aws.`,
        why: `It has version ${version}; this one knows version 1.`,
        fix: 'Install the newer airflow-aws, which can read both.',
      });
    }
    if (version !== 1) this.problem(key, 'version', 'the only version is 1', 'Write "version: 1".');
  }

  private unknown(key: Node, path: string): void {
    const name = path.split('.').at(-1) ?? path;
    if (/passw|secret|token|credential|access_?key|fernet|private_?key$/i.test(name)) {
      this.problem(
        key,
        path,
        'this file is for everybody to read and holds no secrets',
        `Take it out (and change the secret, if it was a real one): airflow-aws makes every password itself and keeps it in the SSM Parameter Store, under /airflow-aws/.`,
      );
      return;
    }
    const suggestion = nearestPath(path);
    const fix = suggestion
      ? `Did you mean ${suggestion}?`
      : 'Take it out; `airflow-aws config schema` lists every key.';
    this.problem(key, path, 'there is no such setting', fix);
  }

  private plain(setting: Setting, value: unknown): unknown {
    if (isScalar(value)) return parseValue(setting.kind, String(value.value));
    const data = (value as Node).toJS(this.document) as unknown;
    // A list where text is expected has no text of its own; its YAML is what the user recognises.
    if (setting.kind === 'list' ? Array.isArray(data) : setting.kind === 'map') return data;
    return JSON.stringify(data);
  }

  private resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  private where(node: Node): string {
    return `${configFile} line ${this.lines.linePos(node.range?.[0] ?? 0).line}`;
  }

  private problem(node: Node, path: string, problem: string, fix: string): void {
    this.problems.push({ path, where: this.where(node), problem, fix });
  }
}

function isEmpty(node: unknown): boolean {
  if (node === null || node === undefined) return true;
  if (isScalar(node)) return node.type === 'PLAIN' && node.value === '';
  return (
    (isMap(node) && node.items.length === 0 && !node.flow) || (isSeq(node) && node.items.length === 0 && !node.flow)
  );
}

function isSection(path: string): boolean {
  return settings.some((setting) => setting.path.startsWith(`${path}.`));
}

function exampleIn(section: string): string {
  const setting = settings.find(({ path }) => path.startsWith(`${section}.`));
  return setting?.path.slice(section.length + 1).split('.')[0] ?? 'key';
}

/** The neighbour that is spelt nearly so, or the same key at its proper place. */
function nearestPath(path: string): string | undefined {
  const parts = path.split('.');
  const name = parts.pop() ?? path;
  const depth = parts.length;
  const siblings = new Set(
    settings
      .map((setting) => setting.path.split('.'))
      .filter((other) => other.length > depth && parts.every((part, index) => part === other[index]))
      .map((other) => other[depth] ?? ''),
  );
  const near = nearest(name, [...siblings, ...(depth === 0 ? ['version'] : [])]);
  if (near) return [...parts, near].join('.');
  const elsewhere = settings.filter((setting) => setting.path.endsWith(`.${name}`)).map((setting) => setting.path);
  return elsewhere.length > 0 ? elsewhere.join(' or ') : undefined;
}

function readText(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, configFile), 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return otherSpelling(directory);
    throw userError({
      code: 'config-unreadable',
      exitCode: exitCodes.usage,
      what: `${configFile} cannot be read.`,
      why: message,
      fix: 'Make it a file that you may read, or act in another folder with --directory.',
      cause,
    });
  }
}

/** Nobody who wrote `airflow-aws.yml` means to build with the defaults. */
function otherSpelling(directory: string): undefined {
  let entries: string[] = [];
  try {
    entries = readdirSync(directory);
  } catch {
    // A folder that is not there yet has no file either.
  }
  const other = entries.find((entry) => /^\.?airflow-?_?aws\.ya?ml$/i.test(entry));
  if (other === undefined) return;
  throw userError({
    code: 'config-name',
    exitCode: exitCodes.usage,
    what: `${other} is not read.`,
    why: `The settings are in ${configFile}, and only there.`,
    fix: `Rename it: mv ${other} ${configFile}`,
  });
}
