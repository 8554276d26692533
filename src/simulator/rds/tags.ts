import type {
  AddTagsToResourceCommandInput,
  AddTagsToResourceCommandOutput,
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  RemoveTagsFromResourceCommandInput,
  RemoveTagsFromResourceCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { type Tags, toList } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { tagsFrom } from './tag-list.ts';

/** The type in an ARN, where its things are kept, and how RDS says that one is missing. */
const kinds: Record<string, { table: string; notFound: string; noun: string }> = {
  cluster: { table: 'rds.clusters', notFound: 'DBClusterNotFoundFault', noun: 'DBCluster' },
  db: { table: 'rds.instances', notFound: 'DBInstanceNotFound', noun: 'DBInstance' },
  subgrp: { table: 'rds.subnetGroups', notFound: 'DBSubnetGroupNotFoundFault', noun: 'DBSubnetGroup' },
  'cluster-snapshot': {
    table: 'rds.clusterSnapshots',
    notFound: 'DBClusterSnapshotNotFoundFault',
    noun: 'DBClusterSnapshot',
  },
  snapshot: { table: 'rds.snapshots', notFound: 'DBSnapshotNotFound', noun: 'DBSnapshot' },
  'cluster-pg': {
    table: 'rds.clusterParameterGroups',
    notFound: 'DBParameterGroupNotFound',
    noun: 'DBClusterParameterGroup',
  },
  pg: { table: 'rds.parameterGroups', notFound: 'DBParameterGroupNotFound', noun: 'DBParameterGroup' },
  'cluster-endpoint': {
    table: 'rds.clusterEndpoints',
    notFound: 'DBClusterEndpointNotFoundFault',
    noun: 'DBClusterEndpoint',
  },
};

function requireTagged(scope: Scope, arn: string | undefined): { tags: Tags } {
  const [, region, accountId, type, name] =
    /^arn:aws[a-z-]*:rds:([a-z0-9-]+):(\d{12}):([a-z-]+):(.+)$/.exec(arn ?? '') ?? [];
  const kind = kinds[type ?? ''];
  if (!kind || region !== scope.region || accountId !== scope.accountId)
    throw refusal('InvalidParameterValue', `Invalid resource name: ${arn}`);
  const row = scope.table<{ tags: Tags }>(kind.table).get(name?.toLowerCase());
  if (!row) {
    const status = kind.notFound === 'DBClusterEndpointNotFoundFault' ? 400 : 404;
    throw refusal(kind.notFound, `${kind.noun} ${name} not found.`, status);
  }
  return row;
}

export const rdsTags: Noun = {
  service: 'rds',
  operations: {
    AddTagsToResource: operation<AddTagsToResourceCommandInput, AddTagsToResourceCommandOutput>(
      ['ResourceName', 'Tags'],
      (scope, { ResourceName, Tags }) => {
        const row = requireTagged(scope, ResourceName);
        row.tags = tagsFrom(Tags, row.tags);
        return {};
      },
    ),
    RemoveTagsFromResource: operation<RemoveTagsFromResourceCommandInput, RemoveTagsFromResourceCommandOutput>(
      ['ResourceName', 'TagKeys'],
      (scope, { ResourceName, TagKeys }) => {
        const row = requireTagged(scope, ResourceName);
        for (const key of TagKeys ?? []) delete row.tags[key];
        return {};
      },
    ),
    ListTagsForResource: operation<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput>(
      ['ResourceName'],
      (scope, { ResourceName }) => ({ TagList: toList(requireTagged(scope, ResourceName).tags) }),
    ),
  },
};
