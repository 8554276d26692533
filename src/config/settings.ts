import * as z from 'zod';
import { schema } from './schema.ts';
import { type UpdatePolicy, updateKeyword } from './update.ts';

export type SettingKind = 'text' | 'number' | 'boolean' | 'list' | 'map';

/** One value that can be set, by flag, by environment variable or in the file. */
export interface Setting {
  /** `nodes.instanceType` */
  readonly path: string;
  /** `--nodes-instance-type` */
  readonly flag: string;
  /** `nodesInstanceType`: the key of the flag's value in commander's options. */
  readonly attribute: string;
  /** `AIRFLOW_AWS_NODES_INSTANCE_TYPE` */
  readonly env: string;
  readonly description: string;
  readonly kind: SettingKind;
  /** All values that are allowed, where they are few. */
  readonly choices?: readonly string[];
  /** Undefined: nothing unless it is set. */
  readonly defaultValue: unknown;
  /** What becomes of a deployment that exists when it is changed. */
  readonly update: UpdatePolicy;
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly [updateKeyword]?: UpdatePolicy;
}

/** The JSON Schema of `airflow-aws.yaml`, for editors. */
export function configSchema(): Record<string, unknown> {
  return { title: 'airflow-aws.yaml', ...z.toJSONSchema(schema, { io: 'input' }) };
}

/** Every setting, in the order of the file. `version` belongs to the file and is none. */
export const settings: readonly Setting[] = Object.entries((configSchema() as JsonSchema).properties ?? {}).flatMap(
  ([key, node]) => (key === 'version' ? [] : leaves(node, [key])),
);

/** Words that the file may have in place of a whole section, by the section's path: `vpc` → `create`, its default. */
export const sectionWords: ReadonlyMap<string, string> = new Map(
  Object.entries((configSchema() as JsonSchema).properties ?? {}).flatMap(([path, { anyOf = [] }]) =>
    anyOf.flatMap((one) => (one.const === undefined ? [] : [[path, one.const] as const])),
  ),
);

function leaves(node: JsonSchema, path: readonly string[]): Setting[] {
  const { properties } = node.anyOf?.find((one) => one.properties) ?? node;
  if (!properties) return [settingOf(node, path)];
  return Object.entries(properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

function settingOf(node: JsonSchema, path: readonly string[]): Setting {
  const update = node[updateKeyword];
  if (update === undefined) throw new Error(`The schema does not say what changing ${path.join('.')} does.`);
  // GiB is one word to everybody but a splitter of camel case.
  const words = path.map((part) =>
    part.replace('GiB', 'Gib').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
  const kebab = words.join('-');
  return {
    path: path.join('.'),
    flag: `--${kebab}`,
    attribute: kebab.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    env: `AIRFLOW_AWS_${kebab.replaceAll('-', '_').toUpperCase()}`,
    description: node.description ?? '',
    kind: kindOf(node.type),
    ...(node.enum ? { choices: node.enum } : {}),
    defaultValue: node.default,
    update,
  };
}

function kindOf(type: string | undefined): SettingKind {
  const kinds: Record<string, SettingKind> = { integer: 'number', boolean: 'boolean', array: 'list', object: 'map' };
  return kinds[type ?? ''] ?? 'text';
}

/**
 * The value that a flag, a variable or a scalar of the file stands for: lists are separated by commas or spaces, maps
 * are `key=value,key=value`. Text that does not fit stays as it is, for the schema to refuse in words.
 */
export function parseValue(kind: SettingKind, text: string): unknown {
  switch (kind) {
    case 'number':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      return (
        ({ true: true, '1': true, false: false, '0': false } as Record<string, boolean>)[text.toLowerCase()] ?? text
      );
    case 'list':
      // A comma inside brackets or before a comparison belongs to one Python requirement: a[b,c]>=1,<2.
      return text.split(/[\s,]+(?![^[]*\])(?![<>=!~])/).filter((item) => item !== '');
    case 'map':
      return mapOf(text);
    default:
      return text;
  }
}

function mapOf(text: string): unknown {
  const pairs = text.split(',').filter((pair) => pair !== '');
  if (pairs.some((pair) => !pair.includes('='))) return text;
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1)]),
  );
}

/** The opposite of `parseValue`: what to type after the flag. */
export function printValue(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, item]) => `${key}=${item}`)
      .join(',');
  }
  return String(value);
}

type Nested = { [key: string]: unknown };

/** The value at a path, or undefined. */
export function get(values: object, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Nested | undefined)?.[key], values);
}

/** A copy with one value changed. Undefined takes the key out. */
export function set<T extends object>(values: T, path: string, value: unknown): T {
  const [head = '', ...rest] = path.split('.');
  const copy: Nested = { ...(values as Nested) };
  if (rest.length > 0) {
    // A word may stand in the place of a section.
    const section = set(typeof copy[head] === 'object' ? (copy[head] as object) : {}, rest.join('.'), value);
    if (Object.keys(section).length > 0 || typeof copy[head] === 'object') copy[head] = section;
  } else if (value === undefined) delete copy[head];
  else copy[head] = value;
  return copy as T;
}
