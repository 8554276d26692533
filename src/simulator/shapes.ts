import { NormalizedSchema } from '@smithy/core/schema';
import type { ServiceName } from './noun.ts';
import { refusal } from './refusal.ts';

/** An operation's schema as the SDK's own clients carry it: kind, namespace, name, traits, input and output. */
export type OperationSchema = [kind: number, namespace: string, name: string, traits: unknown, input: Ref, output: Ref];
// biome-ignore lint/suspicious/noExplicitAny: schemas are internal to the SDK; their type is not exported.
type Ref = any;

/** Checks an input against AWS's own shape: no unknown member at any depth, and every required one there. */
export function checkInput(service: ServiceName, schema: OperationSchema, input: unknown) {
  walk(schema[4], input, schema[2], {
    unknown: (path) => {
      throw refusal('UnknownParameter', `The parameter ${path} is not recognized`);
    },
    missing: (path, member) => {
      throw missingParameter(service, path, member);
    },
  });
}

/** Checks our own answer: a member that AWS's shape does not have is a mistake in the simulated account. */
export function checkOutput(schema: OperationSchema, output: unknown) {
  walk(schema[5], output, schema[2], {
    unknown: (path) => {
      throw new Error(`the simulated account answers ${schema[2]} with ${path}, which AWS's answer does not have`);
    },
    missing: () => {},
  });
}

interface Found {
  unknown(path: string): void;
  missing(path: string, member: string): void;
}

function walk(ref: Ref, value: unknown, path: string, found: Found) {
  if (value === undefined || value === null) return;
  const schema = NormalizedSchema.of(ref);
  if (schema.isListSchema() && Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(schema.getValueSchema(), item, `${path}.${index + 1}`, found);
  } else if (schema.isMapSchema() && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) walk(schema.getValueSchema(), item, `${path}.${key}`, found);
  } else if (schema.isStructSchema() && typeof value === 'object') {
    const given = value as Record<string, unknown>;
    const members = new Map<string, Ref>(schema.structIterator());
    for (const name of Object.keys(given)) {
      if (given[name] === undefined || name === '$metadata') continue;
      const member = members.get(name);
      if (member === undefined) found.unknown(join(path, name));
      else walk(member, given[name], join(path, name), found);
    }
    const raw = schema.getSchema() as unknown as [number, string, string, unknown, string[], unknown[], number?];
    for (const name of raw[4].slice(0, raw[6] ?? 0))
      if (given[name] === undefined || given[name] === null) found.missing(join(path, name), name);
  }
}

/** The first part of a path is the operation, which AWS does not name. */
function join(path: string, name: string): string {
  return path.includes('.') || /^[A-Z]\w+ /.test(path) ? `${path}.${name}` : name;
}

function missingParameter(service: ServiceName, path: string, member: string) {
  const lowered = `${member.charAt(0).toLowerCase()}${member.slice(1)}`;
  const constraint = `1 validation error detected: Value null at '${lowered}' failed to satisfy constraint: Member must not be null`;
  switch (service) {
    case 'iam':
    case 'sts':
    case 'elbv2':
      return refusal('ValidationError', constraint);
    case 'ssm':
    case 'service-quotas':
    case 'pricing':
    case 'tagging':
      return refusal('ValidationException', constraint);
    case 'efs':
      return refusal('BadRequest', `${path} is required`);
    case 's3':
      return refusal('InvalidRequest', `Missing required parameter ${path}`);
    default:
      return refusal('MissingParameter', `The request must contain the parameter ${path}`);
  }
}
