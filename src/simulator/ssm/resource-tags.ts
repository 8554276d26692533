import type {
  AddTagsToResourceCommandInput,
  AddTagsToResourceCommandOutput,
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  RemoveTagsFromResourceCommandInput,
  RemoveTagsFromResourceCommandOutput,
} from '@aws-sdk/client-ssm';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type ParameterRow, parameterTable, plainName } from './parameter-rows.ts';
import { tagList, tagsFrom } from './tags.ts';

const types = [
  'Document',
  'ManagedInstance',
  'MaintenanceWindow',
  'Parameter',
  'PatchBaseline',
  'OpsItem',
  'OpsMetadata',
  'Automation',
  'Association',
];

function tagged(scope: Scope, type = '', id = ''): ParameterRow {
  if (!types.includes(type)) throw refusal('InvalidResourceType', `The resource type ${type} is not valid`);
  const row = type === 'Parameter' ? parameterTable(scope).get(plainName(scope, id)) : undefined;
  if (!row) throw refusal('InvalidResourceId', `The resource ID "${id}" is not valid. Verify the ID and try again.`);
  return row;
}

export const resourceTags: Noun = {
  service: 'ssm',
  operations: {
    AddTagsToResource: operation<AddTagsToResourceCommandInput, AddTagsToResourceCommandOutput>(
      ['ResourceType', 'ResourceId', 'Tags'],
      (scope, { ResourceType, ResourceId, Tags }) => {
        const row = tagged(scope, ResourceType, ResourceId);
        row.tags = tagsFrom(Tags, row.tags);
        return {};
      },
    ),
    RemoveTagsFromResource: operation<RemoveTagsFromResourceCommandInput, RemoveTagsFromResourceCommandOutput>(
      ['ResourceType', 'ResourceId', 'TagKeys'],
      (scope, { ResourceType, ResourceId, TagKeys = [] }) => {
        const row = tagged(scope, ResourceType, ResourceId);
        row.tags = Object.fromEntries(Object.entries(row.tags).filter(([key]) => !TagKeys.includes(key)));
        return {};
      },
    ),
    ListTagsForResource: operation<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput>(
      ['ResourceType', 'ResourceId'],
      (scope, { ResourceType, ResourceId }) => ({ TagList: tagList(tagged(scope, ResourceType, ResourceId).tags) }),
    ),
  },
};
