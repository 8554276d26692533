import type { Tag } from '@aws-sdk/client-s3';
import { refusal } from '../refusal.ts';

export type Tags = Record<string, string>;

function tagsFrom(list: Tag[] | undefined): Tags {
  const tags: Tags = {};
  for (const { Key = '', Value = '' } of list ?? []) {
    if (Object.hasOwn(tags, Key)) throw refusal('InvalidTag', 'Cannot provide multiple Tags with the same key');
    if (Key === '' || Key.length > 128) throw refusal('InvalidTag', 'The TagKey you have provided is invalid');
    if (Value.length > 256) throw refusal('InvalidTag', 'The TagValue you have provided is invalid');
    if (Key.startsWith('aws:')) throw refusal('InvalidTag', 'System tags cannot be added/updated by requester');
    tags[Key] = Value;
  }
  return tags;
}

export function bucketTags(list: Tag[] | undefined): Tags {
  if ((list ?? []).length > 50) throw refusal('BadRequest', 'Bucket tag count cannot be greater than 50');
  return tagsFrom(list);
}

export function objectTags(list: Tag[] | undefined): Tags {
  if ((list ?? []).length > 10) throw refusal('BadRequest', 'Object tags cannot be greater than 10');
  return tagsFrom(list);
}

/** Tags as the header of a put carries them: a query string. */
export function taggingHeader(text: string | undefined): Tags {
  return objectTags([...new URLSearchParams(text ?? '')].map(([Key, Value]) => ({ Key, Value })));
}

export function tagSet(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
