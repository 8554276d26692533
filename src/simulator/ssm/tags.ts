import type { Tag } from '@aws-sdk/client-ssm';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';

export type Tags = Record<string, string>;

export function tagsFrom(list: Tag[] | undefined, there: Tags = {}): Tags {
  const tags = { ...there };
  const seen = new Set<string>();
  for (const { Key = '', Value = '' } of list ?? []) {
    if (seen.has(Key)) throw refusal('ValidationException', `Duplicate tag key found: ${Key}`);
    seen.add(Key);
    if (Key === '' || Key.length > 128 || Value.length > 256 || /^aws:/i.test(Key))
      throw refusal('ValidationException', `The tag with key '${Key}' is not valid`);
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > 50) throw refusal('TooManyTagsError', 'A resource can have at most 50 tags');
  return tags;
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** A page as the lists of SSM give it, no larger than `most`. */
export function ssmPage<Item>(
  items: readonly Item[],
  { MaxResults, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
  most: number,
): { page: Item[]; NextToken?: string } {
  if (MaxResults !== undefined && (MaxResults < 1 || MaxResults > most))
    throw refusal(
      'ValidationException',
      `1 validation error detected: Value '${MaxResults}' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and ${most}`,
    );
  const { page, next } = paged(items, MaxResults ?? most, NextToken, () =>
    refusal('InvalidNextToken', 'The specified token is not valid.'),
  );
  return { page, ...(next === undefined ? {} : { NextToken: next }) };
}
