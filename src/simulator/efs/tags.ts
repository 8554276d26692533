import type {
  CreateTagsCommandInput,
  CreateTagsCommandOutput,
  DeleteTagsCommandInput,
  DeleteTagsCommandOutput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  Tag,
  TagResourceCommandInput,
  TagResourceCommandOutput,
  UntagResourceCommandInput,
  UntagResourceCommandOutput,
} from '@aws-sdk/client-efs';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { efsPage } from './pages.ts';
import { badRequest, requireAccessPoint, requireFileSystem } from './rows.ts';

export type Tags = Record<string, string>;

const tagsPerResource = 50;

/** The tags of a call, or EFS's `BadRequest`. */
export function tagsFrom(list: Tag[] | undefined): Tags {
  const tags: Tags = {};
  for (const { Key = '', Value = '' } of list ?? []) {
    if (Object.hasOwn(tags, Key)) throw badRequest(`duplicate tag key: ${Key}`);
    if (Key === '' || Key.length > 128 || Value.length > 256 || Key.startsWith('aws:'))
      throw badRequest(`invalid tag: ${Key}`);
    tags[Key] = Value;
  }
  checkNumber(tags);
  return tags;
}

export function toList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function checkNumber(tags: Tags) {
  if (Object.keys(tags).length > tagsPerResource) throw badRequest(`a resource can have up to ${tagsPerResource} tags`);
}

function taggable(scope: Scope, id: string): { tags: Tags; taggedAt?: number } {
  return /(^|\/)fsap-/.test(id) ? requireAccessPoint(scope, id) : requireFileSystem(scope, id);
}

function add(row: { tags: Tags }, list: Tag[] | undefined) {
  const added = tagsFrom(list);
  checkNumber({ ...row.tags, ...added });
  Object.assign(row.tags, added);
}

function remove(row: { tags: Tags }, keys: string[]) {
  const owned = keys.find((key) => key.startsWith('aws:'));
  if (owned !== undefined) throw badRequest(`invalid tag: ${owned}`);
  for (const key of keys) delete row.tags[key];
}

function shown(scope: Scope, { tags, taggedAt = 0 }: { tags: Tags; taggedAt?: number }): Tag[] {
  return taggedAt > scope.now ? [] : toList(tags);
}

/** Tags of file systems and access points; the three older calls know file systems only. */
export const tagging: Noun = {
  service: 'efs',
  operations: {
    TagResource: operation<TagResourceCommandInput, TagResourceCommandOutput>(
      ['ResourceId', 'Tags'],
      (scope, { ResourceId = '', Tags }) => {
        add(taggable(scope, ResourceId), Tags);
        return {};
      },
    ),
    UntagResource: operation<UntagResourceCommandInput, UntagResourceCommandOutput>(
      ['ResourceId', 'TagKeys'],
      (scope, { ResourceId = '', TagKeys = [] }) => {
        remove(taggable(scope, ResourceId), TagKeys);
        return {};
      },
    ),
    ListTagsForResource: operation<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput>(
      ['ResourceId', 'MaxResults', 'NextToken'],
      (scope, { ResourceId = '', MaxResults, NextToken }) => {
        const { page, next } = efsPage(shown(scope, taggable(scope, ResourceId)), MaxResults, NextToken);
        return { Tags: page, NextToken: next };
      },
    ),
    CreateTags: operation<CreateTagsCommandInput, CreateTagsCommandOutput>(
      ['FileSystemId', 'Tags'],
      (scope, { FileSystemId = '', Tags }) => {
        add(requireFileSystem(scope, FileSystemId), Tags);
        return {};
      },
    ),
    DeleteTags: operation<DeleteTagsCommandInput, DeleteTagsCommandOutput>(
      ['FileSystemId', 'TagKeys'],
      (scope, { FileSystemId = '', TagKeys = [] }) => {
        remove(requireFileSystem(scope, FileSystemId), TagKeys);
        return {};
      },
    ),
    DescribeTags: operation<DescribeTagsCommandInput, DescribeTagsCommandOutput>(
      ['FileSystemId', 'MaxItems', 'Marker'],
      (scope, { FileSystemId = '', MaxItems, Marker }) => {
        const { page, next } = efsPage(shown(scope, requireFileSystem(scope, FileSystemId)), MaxItems, Marker);
        return { Tags: page, Marker, NextMarker: next };
      },
    ),
  },
};
