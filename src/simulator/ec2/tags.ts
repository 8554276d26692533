import type { Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { refusal } from '../refusal.ts';

export type Tags = Record<string, string>;

/** The tags that a creating call gives to the resource it makes. */
export function tagsFor(specifications: TagSpecification[] | undefined, resourceType: string): Tags {
  const tags: Tags = {};
  for (const specification of specifications ?? [])
    if (specification.ResourceType === resourceType) Object.assign(tags, fromList(specification.Tags));
  return tags;
}

/** Refuses a specification for a resource that the call does not make, as EC2 does. */
export function allowTagsFor(specifications: TagSpecification[] | undefined, ...resourceTypes: string[]) {
  for (const { ResourceType } of specifications ?? [])
    if (!resourceTypes.includes(ResourceType ?? ''))
      throw refusal(
        'InvalidParameterValue',
        `'${ResourceType}' is not a valid taggable resource type for this operation.`,
      );
}

export function fromList(list: Tag[] | undefined): Tags {
  const tags: Tags = {};
  for (const { Key, Value } of list ?? []) {
    if (Key === undefined || Key === '') throw refusal('InvalidParameterValue', 'Tag key cannot be empty.');
    if (Key.startsWith('aws:'))
      throw refusal('InvalidParameterValue', "Tag keys starting with 'aws:' are reserved for internal use");
    if (Key.length > 128)
      throw refusal('InvalidParameterValue', `Tag key exceeds the maximum length of 128 characters`);
    if ((Value ?? '').length > 256)
      throw refusal('InvalidParameterValue', 'Tag value exceeds the maximum length of 256 characters');
    if (Object.hasOwn(tags, Key)) throw refusal('InvalidParameterValue', `Duplicate tag key '${Key}' specified.`);
    tags[Key] = Value ?? '';
  }
  if (Object.keys(tags).length > 50) throw refusal('TagLimitExceeded', 'The maximum number of Tags is 50');
  return tags;
}

export function toList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
