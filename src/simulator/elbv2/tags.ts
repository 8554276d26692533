import type {
  AddTagsCommandInput,
  AddTagsCommandOutput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  RemoveTagsCommandInput,
  RemoveTagsCommandOutput,
  Tag,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { kindOf, requireListener, requireLoadBalancer, requireRule, requireTargetGroup } from './rows.ts';

export type Tags = Record<string, string>;

const tagsPerResource = 50;
const resourcesPerCall = 20;

/** The tags of a creating call, or ELB's refusal of one. */
export function tagsFrom(list: Tag[] | undefined): Tags {
  const tags: Tags = {};
  for (const { Key = '', Value = '' } of list ?? []) {
    if (Object.hasOwn(tags, Key)) throw refusal('DuplicateTagKeys', `Duplicate tag keys: '${Key}'`);
    if (Key === '' || Key.length > 128 || Value.length > 256 || Key.toLowerCase().startsWith('aws:'))
      throw refusal('ValidationError', `The tag '${Key}' is not valid`);
    tags[Key] = Value;
  }
  checkNumber(tags);
  return tags;
}

function checkNumber(tags: Tags) {
  if (Object.keys(tags).length > tagsPerResource)
    throw refusal('TooManyTags', 'The maximum number of tags has been reached on the resource');
}

function taggable(scope: Scope, arns: string[]): { tags: Tags; taggedAt?: number }[] {
  if (arns.length > resourcesPerCall)
    throw refusal(
      'ValidationError',
      `1 validation error detected: Value at 'resourceArns' failed to satisfy constraint: Member must have length less than or equal to ${resourcesPerCall}`,
    );
  return arns.map((arn) => {
    switch (kindOf(arn)) {
      case 'load balancer':
        return requireLoadBalancer(scope, arn);
      case 'target group':
        return requireTargetGroup(scope, arn);
      case 'listener':
        return requireListener(scope, arn);
      case 'listener rule':
        return requireRule(scope, arn);
      default:
        throw refusal('ValidationError', `'${arn}' is not a valid resource ARN`);
    }
  });
}

/** Tags of load balancers, target groups, listeners and rules, all by ARN. */
export const tagging: Noun = {
  service: 'elbv2',
  operations: {
    AddTags: operation<AddTagsCommandInput, AddTagsCommandOutput>(
      ['ResourceArns', 'Tags'],
      (scope, { ResourceArns = [], Tags }) => {
        const rows = taggable(scope, ResourceArns);
        const added = tagsFrom(Tags);
        for (const row of rows) checkNumber({ ...row.tags, ...added });
        for (const row of rows) Object.assign(row.tags, added);
        return {};
      },
    ),
    RemoveTags: operation<RemoveTagsCommandInput, RemoveTagsCommandOutput>(
      ['ResourceArns', 'TagKeys'],
      (scope, { ResourceArns = [], TagKeys = [] }) => {
        for (const row of taggable(scope, ResourceArns)) for (const key of TagKeys) delete row.tags[key];
        return {};
      },
    ),
    DescribeTags: operation<DescribeTagsCommandInput, DescribeTagsCommandOutput>(
      ['ResourceArns'],
      (scope, { ResourceArns = [] }) => {
        const rows = taggable(scope, ResourceArns);
        const described = rows.map(({ tags, taggedAt = 0 }, index) => ({
          ResourceArn: ResourceArns[index],
          Tags: taggedAt > scope.now ? [] : Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }));
        return { TagDescriptions: described };
      },
    ),
  },
};
