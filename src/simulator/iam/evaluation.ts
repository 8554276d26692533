import type { PolicySourceType } from '@aws-sdk/client-iam';
import { asList, type PolicyStatement } from './documents.ts';

/** A policy that takes part in a decision; `id` is what the answer calls it. */
export interface Policy {
  id: string;
  source: PolicySourceType;
  statements: PolicyStatement[];
}

export interface Question {
  action: string;
  resource: string;
  /** Condition keys in lower case → their values. */
  context: Record<string, string[]>;
}

export interface Decision {
  decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  matched: Policy[];
  /** Condition keys that some statement asks for and the question does not give. */
  missing: string[];
}

/** Decides as IAM does: an explicit deny wins, then an allow, then the answer is no. */
export function decide(policies: readonly Policy[], question: Question): Decision {
  const missing = new Set<string>();
  const allowing: Policy[] = [];
  const denying: Policy[] = [];
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (!concerns(statement, question) || !holds(statement, question, missing)) continue;
      (statement.Effect === 'Deny' ? denying : allowing).push(policy);
    }
  }
  const matched = denying.length > 0 ? denying : allowing;
  const decision = denying.length > 0 ? 'explicitDeny' : allowing.length > 0 ? 'allowed' : 'implicitDeny';
  return { decision, matched: [...new Set(matched)], missing: [...missing] };
}

function concerns(
  { Action, NotAction, Resource, NotResource }: PolicyStatement,
  { action, resource }: Question,
): boolean {
  const some = (patterns: unknown, text: string, flags?: string) =>
    asList<string>(patterns).some((one) => wildcard(one, flags).test(text));
  if (Action !== undefined && !some(Action, action, 'i')) return false;
  if (NotAction !== undefined && some(NotAction, action, 'i')) return false;
  if (Resource !== undefined && !some(Resource, resource)) return false;
  return NotResource === undefined || !some(NotResource, resource);
}

/** A pattern of a policy: `*` and `?` are wildcards. */
export function wildcard(pattern: string, flags = ''): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`);
}

const comparisons: Record<string, (value: string, wanted: string) => boolean> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: (value, wanted) => wildcard(wanted).test(value),
  ArnEquals: (value, wanted) => wildcard(wanted).test(value),
  ArnLike: (value, wanted) => wildcard(wanted).test(value),
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (value, wanted) => Number(value) === Number(wanted),
  NumericLessThan: (value, wanted) => Number(value) < Number(wanted),
  NumericLessThanEquals: (value, wanted) => Number(value) <= Number(wanted),
  NumericGreaterThan: (value, wanted) => Number(value) > Number(wanted),
  NumericGreaterThanEquals: (value, wanted) => Number(value) >= Number(wanted),
  DateLessThan: (value, wanted) => Date.parse(value) < Date.parse(wanted),
  DateGreaterThan: (value, wanted) => Date.parse(value) > Date.parse(wanted),
  IpAddress: (value, wanted) => value === wanted || wanted === '0.0.0.0/0',
};
const negations: Record<string, string> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
  NotIpAddress: 'IpAddress',
};

function holds({ Condition = {} }: PolicyStatement, { context }: Question, missing: Set<string>): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const values = context[key.toLowerCase()];
      if (values === undefined) missing.add(key);
      return holdsFor(operator, values, asList<string>(wanted).map(String));
    }),
  );
}

function holdsFor(operator: string, values: string[] | undefined, wanted: string[]): boolean {
  const [, set, name = '', ifExists] = /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (name === 'Null') return wanted.includes(String(values === undefined));
  const negated = negations[name];
  if (values === undefined) return ifExists !== undefined || negated !== undefined || set === 'ForAllValues:';
  const compare = comparisons[negated ?? name];
  if (!compare) return false;
  const matches = (value: string) => wanted.some((one) => compare(value, one)) !== (negated !== undefined);
  return set === 'ForAllValues:' || negated !== undefined ? values.every(matches) : values.some(matches);
}
