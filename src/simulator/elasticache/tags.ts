import type {
  AddTagsToResourceCommandInput,
  AddTagsToResourceCommandOutput,
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  RemoveTagsFromResourceCommandInput,
  RemoveTagsFromResourceCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { type Tags, toList } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';

/** The type in an ARN, where its things are kept, and the code and status with which a missing one is refused. */
const kinds: Record<string, [table: string, notFound: string, status: number]> = {
  cluster: ['clusters', 'CacheClusterNotFound', 404],
  replicationgroup: ['replicationGroups', 'ReplicationGroupNotFoundFault', 404],
  subnetgroup: ['subnetGroups', 'CacheSubnetGroupNotFoundFault', 400],
  parametergroup: ['parameterGroups', 'CacheParameterGroupNotFound', 404],
  snapshot: ['snapshots', 'SnapshotNotFoundFault', 404],
  user: ['users', 'UserNotFound', 404],
  usergroup: ['userGroups', 'UserGroupNotFound', 404],
};

function requireTagged(scope: Scope, arn: string | undefined): { tags: Tags } {
  const [, region, accountId, type, name] =
    /^arn:aws[a-z-]*:elasticache:([a-z0-9-]+):(\d{12}):([a-z]+):(.+)$/.exec(arn ?? '') ?? [];
  const kind = kinds[type ?? ''];
  if (!kind || name === undefined || region !== scope.region || accountId !== scope.accountId)
    throw refusal('InvalidARN', `The ARN ${arn} is not valid.`);
  const [table, notFound, status] = kind;
  const row = scope.table<{ tags: Tags; status?: string }>(`elasticache.${table}`).get(name.toLowerCase());
  if (!row) throw refusal(notFound, `${type} ${name} not found.`, status);
  return row;
}

export const cacheTags: Noun = {
  service: 'elasticache',
  operations: {
    AddTagsToResource: operation<AddTagsToResourceCommandInput, AddTagsToResourceCommandOutput>(
      ['ResourceName', 'Tags'],
      (scope, { ResourceName, Tags }) => {
        const row = requireTagged(scope, ResourceName);
        row.tags = tagsFrom(Tags, row.tags, 'TagQuotaPerResourceExceeded');
        return { TagList: toList(row.tags) };
      },
    ),
    RemoveTagsFromResource: operation<RemoveTagsFromResourceCommandInput, RemoveTagsFromResourceCommandOutput>(
      ['ResourceName', 'TagKeys'],
      (scope, { ResourceName, TagKeys = [] }) => {
        const row = requireTagged(scope, ResourceName);
        const missing = TagKeys.find((key) => !Object.hasOwn(row.tags, key));
        if (missing !== undefined) throw refusal('TagNotFound', `The tag ${missing} is not on ${ResourceName}.`, 404);
        for (const key of TagKeys) delete row.tags[key];
        return { TagList: toList(row.tags) };
      },
    ),
    ListTagsForResource: operation<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput>(
      ['ResourceName'],
      (scope, { ResourceName }) => ({ TagList: toList(requireTagged(scope, ResourceName).tags) }),
    ),
  },
};
