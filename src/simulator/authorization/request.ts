import type { Scope } from '../account.ts';
import type { ServiceName } from '../noun.ts';
import { taggables } from '../tagging/taggable.ts';

/** One thing that AWS asks a caller's policies before it carries a call out. */
export interface AuthorizationRequest {
  /** As `ec2:RunInstances`. */
  readonly action: string;
  /** An ARN as the Service Authorization Reference has it; what does not exist yet ends in an asterisk. */
  readonly resource: string;
  /** Condition keys as AWS spells them. A key that the call does not have is absent. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export interface Call {
  readonly scope: Scope;
  readonly service: ServiceName;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type Tags = Readonly<Record<string, string>>;
type Context = AuthorizationRequest['context'];

/** What the tags of a request look like to a policy; nothing without tags. */
export function requestTags(tags: Tags | undefined): Context {
  const entries = Object.entries(tags ?? {});
  if (entries.length === 0) return {};
  return {
    ...Object.fromEntries(entries.map(([key, value]) => [`aws:RequestTag/${key}`, [value]])),
    'aws:TagKeys': entries.map(([key]) => key),
  };
}

/** What the tags of a thing look like to a policy. Something that does not exist has none. */
export function resourceTags(tags: Tags | undefined): Context {
  return Object.fromEntries(Object.entries(tags ?? {}).map(([key, value]) => [`aws:ResourceTag/${key}`, [value]]));
}

/** Tags as most services take them. */
export function tagsOf(list: unknown): Tags | undefined {
  if (!Array.isArray(list)) return undefined;
  return Object.fromEntries(list.map(({ Key, Value = '' }: { Key: string; Value?: string }) => [Key, Value]));
}

/** The tags of the thing with that ARN, of any service that the tagging API lists. */
export function tagsByArn(scope: Scope, arn: string): Tags | undefined {
  return taggables(scope, { everything: true }).find((one) => one.arn === arn)?.row.tags;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}
