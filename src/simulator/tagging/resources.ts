import type {
  FailureInfo,
  GetResourcesCommandInput,
  GetResourcesCommandOutput,
  GetTagKeysCommandInput,
  GetTagKeysCommandOutput,
  GetTagValuesCommandInput,
  GetTagValuesCommandOutput,
  TagFilter,
  TagResourcesCommandInput,
  TagResourcesCommandOutput,
  UntagResourcesCommandInput,
  UntagResourcesCommandOutput,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';
import { type Taggable, taggables } from './taggable.ts';

/** Tags that a resource can carry: a page of so many times that surely holds no more tags than asked for. */
const mostTags = 50;

function invalid(message: string) {
  return refusal('InvalidParameterException', message);
}

function page<Item>(items: readonly Item[], size: number, token: string | undefined) {
  // The first page may be asked for with an empty token, and the last one answers with one.
  const { page: found, next = '' } = paged(items, size, token === '' ? undefined : token, () =>
    refusal('PaginationTokenExpiredException', 'The pagination token is not valid or has expired'),
  );
  return { found, PaginationToken: next };
}

function passes({ row }: Taggable, filters: TagFilter[]): boolean {
  return filters.every(({ Key = '', Values = [] }) => {
    const value = Object.hasOwn(row.tags, Key) ? row.tags[Key] : undefined;
    return value !== undefined && (Values.length === 0 || Values.includes(value));
  });
}

function isOfType({ type }: Taggable, wanted: string[]): boolean {
  return wanted.some((one) => one === type || type.startsWith(`${one}:`) || (type === 's3' && one === 's3:bucket'));
}

/** Lets `change` touch the tags behind each ARN; gives AWS's map of those that are not there. */
function forEachArn(scope: Scope, arns: string[] | undefined, change: (row: Taggable['row']) => void) {
  if (!arns || arns.length === 0 || arns.length > 20) throw invalid('ResourceARNList must hold from 1 to 20 ARNs');
  for (const arn of arns)
    if (!/^arn:[\w-]+:[^:]+:[^:]*:[^:]*:.+$/.test(arn)) throw invalid(`${arn} is not a valid ARN`);
  const known = new Map(taggables(scope, { everything: true }).map((one) => [one.arn, one.row]));
  const FailedResourcesMap: Record<string, FailureInfo> = {};
  for (const arn of arns) {
    const row = known.get(arn);
    if (row) change(row);
    else
      FailedResourcesMap[arn] = {
        StatusCode: 400,
        ErrorCode: 'InvalidParameterException',
        ErrorMessage: `The resource ${arn} does not exist or cannot be tagged by this service`,
      };
  }
  return { FailedResourcesMap };
}

/** Tags across services. Deleted things that AWS still lists are still listed here. */
export const taggedResources: Noun = {
  service: 'tagging',
  operations: {
    GetResources: operation<GetResourcesCommandInput, GetResourcesCommandOutput>(
      ['PaginationToken', 'TagFilters', 'ResourcesPerPage', 'TagsPerPage', 'ResourceTypeFilters', 'ResourceARNList'],
      (scope, input) => {
        const { TagFilters = [], ResourceTypeFilters = [], ResourceARNList, ResourcesPerPage, TagsPerPage } = input;
        if (ResourceARNList && (TagFilters.length > 0 || ResourceTypeFilters.length > 0))
          throw invalid('ResourceARNList cannot be combined with other filters');
        if (ResourcesPerPage !== undefined && (ResourcesPerPage < 1 || ResourcesPerPage > 100))
          throw invalid('ResourcesPerPage must be between 1 and 100');
        if (TagsPerPage !== undefined && (TagsPerPage < 100 || TagsPerPage > 500 || TagsPerPage % 100 !== 0))
          throw invalid('TagsPerPage must be 100, 200, 300, 400 or 500');
        const matching = taggables(scope)
          .filter(({ row }) => (row.taggedAt ?? 0) <= scope.now)
          .filter((one) => ResourceTypeFilters.length === 0 || isOfType(one, ResourceTypeFilters))
          .filter((one) => passes(one, TagFilters))
          .filter(({ arn }) => ResourceARNList === undefined || ResourceARNList.includes(arn));
        const size = TagsPerPage === undefined ? (ResourcesPerPage ?? 50) : TagsPerPage / mostTags;
        const { found, PaginationToken } = page(matching, size, input.PaginationToken);
        return {
          PaginationToken,
          ResourceTagMappingList: found.map(({ arn, row }) => ({
            ResourceARN: arn,
            Tags: Object.entries(row.tags).map(([Key, Value]) => ({ Key, Value })),
          })),
        };
      },
    ),
    GetTagKeys: operation<GetTagKeysCommandInput, GetTagKeysCommandOutput>(['PaginationToken'], (scope, input) => {
      const keys = new Set(taggables(scope).flatMap(({ row }) => Object.keys(row.tags)));
      const { found, PaginationToken } = page([...keys].sort(), 100, input.PaginationToken);
      return { TagKeys: found, PaginationToken };
    }),
    GetTagValues: operation<GetTagValuesCommandInput, GetTagValuesCommandOutput>(
      ['PaginationToken', 'Key'],
      (scope, { Key = '', PaginationToken: token }) => {
        const values = new Set(
          taggables(scope).flatMap(({ row }) => (Object.hasOwn(row.tags, Key) ? [row.tags[Key] ?? ''] : [])),
        );
        const { found, PaginationToken } = page([...values].sort(), 100, token);
        return { TagValues: found, PaginationToken };
      },
    ),
    TagResources: operation<TagResourcesCommandInput, TagResourcesCommandOutput>(
      ['ResourceARNList', 'Tags'],
      (scope, { ResourceARNList, Tags = {} }) => {
        const keys = Object.keys(Tags);
        if (keys.length === 0 || keys.length > 50) throw invalid('Tags must hold from 1 to 50 tags');
        for (const key of keys) if (/^aws:/i.test(key)) throw invalid(`The tag key ${key} is reserved for AWS`);
        return forEachArn(scope, ResourceARNList, (row) => Object.assign(row.tags, Tags));
      },
    ),
    UntagResources: operation<UntagResourcesCommandInput, UntagResourcesCommandOutput>(
      ['ResourceARNList', 'TagKeys'],
      (scope, { ResourceARNList, TagKeys = [] }) => {
        if (TagKeys.length === 0) throw invalid('TagKeys must hold at least one key');
        return forEachArn(scope, ResourceARNList, (row) => {
          for (const key of TagKeys) delete row.tags[key];
        });
      },
    ),
  },
};
