import type { Tag } from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';

export type Tags = Record<string, string>;

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A unique id as IAM gives them: `AROA` for roles, `AIPA` for instance profiles, and seventeen more characters. */
export function iamId(scope: Scope, prefix: string): string {
  let text = prefix;
  while (text.length < prefix.length + 17) text += idAlphabet[Math.floor(scope.random() * idAlphabet.length)];
  return text;
}

/** IAM's refusal of a value that breaks a rule of its member. */
export function constraint(value: string, member: string, rule: string) {
  return refusal(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );
}

export function checkName(name: string | undefined, member: string, longest = 64) {
  const value = name ?? '';
  if (value === '') throw constraint(value, member, 'have length greater than or equal to 1');
  if (value.length > longest) throw constraint(value, member, `have length less than or equal to ${longest}`);
  if (!/^[\w+=,.@-]+$/.test(value))
    throw refusal(
      'ValidationError',
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
}

/** The path that a thing is made under; `/` unless given. */
export function checkPath(path = '/'): string {
  if (path.length > 512) throw constraint(path, 'path', 'have length less than or equal to 512');
  if (!/^\/([\x21-\x7e]+\/)?$/.test(path))
    throw refusal(
      'ValidationError',
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    );
  return path;
}

/** Tags of a creating or tagging call, on top of those that are there. */
export function tagsFrom(list: Tag[] | undefined, there: Tags = {}): Tags {
  const tags: Tags = { ...there };
  const seen = new Set<string>();
  for (const { Key = '', Value = '' } of list ?? []) {
    const folded = Key.toLowerCase();
    if (seen.has(folded))
      throw refusal('InvalidInput', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    seen.add(folded);
    if (Key === '' || Key.length > 128) throw constraint(Key, 'tags.1.member.key', 'have length from 1 to 128');
    if (Value.length > 256) throw constraint(Value, 'tags.1.member.value', 'have length less than or equal to 256');
    if (folded.startsWith('aws:'))
      throw refusal('InvalidInput', `Tag keys that start with "aws:" are reserved for system use: ${Key}`);
    for (const old of Object.keys(tags)) if (old.toLowerCase() === folded) delete tags[old];
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > 50)
    throw refusal('LimitExceeded', 'The number of tags has reached the maximum limit of 50.', 409);
  return tags;
}

export function withoutTags(tags: Tags, keys: string[] | undefined): Tags {
  const folded = new Set(keys?.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !folded.has(key.toLowerCase())));
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function noSuchEntity(message: string) {
  return refusal('NoSuchEntity', message, 404);
}

/** A page as every list of IAM gives it; 100 items unless `MaxItems` says otherwise. */
export function iamPage<Item>(
  items: readonly Item[],
  { MaxItems = 100, Marker }: { MaxItems?: number | undefined; Marker?: string | undefined },
): { page: Item[]; IsTruncated: boolean; Marker?: string } {
  if (MaxItems < 1) throw constraint(String(MaxItems), 'maxItems', 'have value greater than or equal to 1');
  if (MaxItems > 1000) throw constraint(String(MaxItems), 'maxItems', 'have value less than or equal to 1000');
  const { page, next } = paged(items, MaxItems, Marker, () => refusal('ValidationError', `Invalid Marker: ${Marker}`));
  return { page, IsTruncated: next !== undefined, ...(next === undefined ? {} : { Marker: next }) };
}
