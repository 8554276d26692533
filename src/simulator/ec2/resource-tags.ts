import type {
  CreateTagsCommandInput,
  CreateTagsCommandOutput,
  DeleteTagsCommandInput,
  DeleteTagsCommandOutput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type IdKind, idKinds } from './ids.ts';
import { given, selected, selecting } from './selection.ts';
import { fromList, type Tags } from './tags.ts';

interface Tagged {
  tags: Tags;
}

/** Table and kind of everything in EC2 that can be tagged; the rows are kept under their ids. */
const taggable: readonly (Pick<IdKind, 'prefix' | 'resourceType' | 'word' | 'notFound'> & { table: string })[] = [
  { table: 'ec2.vpcs', ...idKinds.vpc },
  { table: 'ec2.subnets', ...idKinds.subnet },
  { table: 'ec2.internetGateways', ...idKinds.internetGateway },
  { table: 'ec2.routeTables', ...idKinds.routeTable },
  { table: 'ec2.addresses', ...idKinds.address },
  { table: 'ec2.natGateways', ...idKinds.natGateway },
  { table: 'ec2.securityGroups', ...idKinds.securityGroup },
  { table: 'ec2.securityGroupRules', ...idKinds.securityGroupRule },
  { table: 'ec2.networkInterfaces', ...idKinds.networkInterface },
  { table: 'ec2.networkAcls', ...idKinds.networkAcl },
  { table: 'ec2.dhcpOptions', ...idKinds.dhcpOptions },
  { table: 'ec2.vpcEndpoints', ...idKinds.vpcEndpoint },
  computeKind('ec2.instances', 'i', 'instance', 'instance ID', 'InvalidInstanceID.NotFound'),
  computeKind('ec2.volumes', 'vol', 'volume', 'volume', 'InvalidVolume.NotFound'),
  computeKind('ec2.snapshots', 'snap', 'snapshot', 'snapshot', 'InvalidSnapshot.NotFound'),
  computeKind('ec2.images', 'ami', 'image', 'image ID', 'InvalidAMIID.NotFound'),
  computeKind('ec2.launchTemplates', 'lt', 'launch-template', 'launch template', 'InvalidLaunchTemplateId.NotFound'),
  computeKind(
    'ec2.instanceConnectEndpoints',
    'eice',
    'instance-connect-endpoint',
    'instance connect endpoint',
    'InvalidInstanceConnectEndpointId.NotFound',
  ),
  computeKind('ec2.key-pairs', 'key', 'key-pair', 'key pair', 'InvalidKeyPair.NotFound'),
];

function computeKind(table: string, prefix: string, resourceType: string, word: string, notFound: string) {
  return { table, prefix, resourceType, word, notFound };
}

function requireTagged(scope: Scope, id: string): Tagged {
  const kind = taggable.find(({ prefix }) => id.startsWith(`${prefix}-`));
  if (!kind) throw refusal('InvalidID', `The ID '${id}' is not valid`);
  const row = scope.table<Tagged>(kind.table).get(id);
  if (!row) throw refusal(kind.notFound, `The ${kind.word} '${id}' does not exist`);
  return row;
}

export const resourceTags: Noun = {
  service: 'ec2',
  operations: {
    CreateTags: operation<CreateTagsCommandInput, CreateTagsCommandOutput>(
      ['Resources', 'Tags'],
      (scope, { Resources = [], Tags: list }) => {
        if (!list || list.length === 0)
          throw refusal('MissingParameter', 'The request must contain the parameter Tags');
        const added = fromList(list);
        const rows = Resources.map((id) => requireTagged(scope, id));
        for (const { tags } of rows)
          if (Object.keys({ ...tags, ...added }).length > 50)
            throw refusal('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
        for (const { tags } of rows) Object.assign(tags, added);
        return {};
      },
    ),
    DeleteTags: operation<DeleteTagsCommandInput, DeleteTagsCommandOutput>(
      ['Resources', 'Tags'],
      (scope, { Resources = [], Tags: list }) => {
        for (const row of Resources.map((id) => requireTagged(scope, id))) {
          // Without a list every tag goes; with a value, only a tag that has this value.
          const doomed = given(list) ?? Object.keys(row.tags).map((Key) => ({ Key, Value: undefined }));
          for (const { Key = '', Value } of doomed)
            if (Value === undefined || row.tags[Key] === Value) delete row.tags[Key];
        }
        return {};
      },
    ),
    DescribeTags: operation<DescribeTagsCommandInput, DescribeTagsCommandOutput>([...selecting], (scope, question) => {
      const rows = taggable.flatMap(({ table, resourceType }) => {
        const { account, region } = scope;
        const visible = new Set<object>(scope.table<Tagged>(table).list());
        return Object.entries(account.rows(region, table))
          .filter(([, row]) => visible.has(row) && (row.taggedAt ?? 0) <= scope.now)
          .flatMap(([resourceId, row]) =>
            Object.entries((row as Tagged).tags).map(([key, value]) => ({
              resourceId,
              resourceType,
              key,
              value,
              tags: { [key]: value },
            })),
          );
      });
      const { page, NextToken } = selected(scope, rows, question, {
        key: (row) => row.key,
        value: (row) => row.value,
        'resource-id': (row) => row.resourceId,
        'resource-type': (row) => row.resourceType,
      });
      const Tags = page.map(({ resourceId, resourceType, key, value }) => ({
        Key: key,
        Value: value,
        ResourceId: resourceId,
        ResourceType: resourceType as NonNullable<DescribeTagsCommandOutput['Tags']>[number]['ResourceType'],
      }));
      return { Tags, NextToken };
    }),
  },
};
