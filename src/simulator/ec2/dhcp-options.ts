import type {
  AssociateDhcpOptionsCommandInput,
  AssociateDhcpOptionsCommandOutput,
  CreateDhcpOptionsCommandInput,
  CreateDhcpOptionsCommandOutput,
  DeleteDhcpOptionsCommandInput,
  DeleteDhcpOptionsCommandOutput,
  DescribeDhcpOptionsCommandInput,
  DescribeDhcpOptionsCommandOutput,
  DhcpOptions,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { idKinds, required } from './ids.ts';
import { given, selected, selecting } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { defaultDhcpOptionsId, requireVpc, vpcTable } from './vpcs.ts';

interface DhcpOptionsRow {
  dhcpOptionsId: string;
  configurations: Record<string, string[]>;
  tags: Tags;
}

const keys = [
  'domain-name',
  'domain-name-servers',
  'ntp-servers',
  'netbios-name-servers',
  'netbios-node-type',
  'ipv6-address-preferred-lease-time',
];

function table(scope: Scope) {
  return scope.table<DhcpOptionsRow>('ec2.dhcpOptions');
}

/** What every region has without anybody making it. */
function defaults({ region }: Scope): DhcpOptionsRow {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return {
    dhcpOptionsId: defaultDhcpOptionsId,
    configurations: { 'domain-name': [domain], 'domain-name-servers': ['AmazonProvidedDNS'] },
    tags: {},
  };
}

function requireDhcpOptions(scope: Scope, id: string | undefined): DhcpOptionsRow {
  return required(idKinds.dhcpOptions, id, id === defaultDhcpOptionsId ? defaults(scope) : table(scope).get(id));
}

function describe(scope: Scope, { dhcpOptionsId, configurations, tags }: DhcpOptionsRow): DhcpOptions {
  return {
    DhcpOptionsId: dhcpOptionsId,
    DhcpConfigurations: Object.entries(configurations).map(([Key, values]) => ({
      Key,
      Values: values.map((Value) => ({ Value })),
    })),
    OwnerId: scope.accountId,
    Tags: toList(tags),
  };
}

export const dhcpOptions: Noun = {
  service: 'ec2',
  operations: {
    CreateDhcpOptions: operation<CreateDhcpOptionsCommandInput, CreateDhcpOptionsCommandOutput>(
      ['DhcpConfigurations', 'TagSpecifications'],
      (scope, { DhcpConfigurations = [], TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'dhcp-options');
        const configurations: Record<string, string[]> = {};
        for (const { Key = '', Values = [] } of DhcpConfigurations) {
          if (!keys.includes(Key))
            throw refusal('InvalidParameterValue', `Value (${Key}) for parameter key is invalid.`);
          configurations[Key] = Values;
        }
        const dhcpOptionsId = scope.id('dopt');
        const tags = tagsFor(TagSpecifications, 'dhcp-options');
        return {
          DhcpOptions: describe(scope, table(scope).insert(dhcpOptionsId, { dhcpOptionsId, configurations, tags })),
        };
      },
    ),
    DescribeDhcpOptions: operation<DescribeDhcpOptionsCommandInput, DescribeDhcpOptionsCommandOutput>(
      ['DhcpOptionsIds', ...selecting],
      (scope, { DhcpOptionsIds, ...question }) => {
        const rows = given(DhcpOptionsIds)?.map((id) => requireDhcpOptions(scope, id)) ?? [
          defaults(scope),
          ...table(scope).list(),
        ];
        const filters = {
          'dhcp-options-id': (row: DhcpOptionsRow) => row.dhcpOptionsId,
          key: (row: DhcpOptionsRow) => Object.keys(row.configurations),
          value: (row: DhcpOptionsRow) => Object.values(row.configurations).flat(),
          'owner-id': () => scope.accountId,
        };
        const { page, NextToken } = selected(scope, rows, question, filters, DhcpOptionsIds);
        return { DhcpOptions: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    AssociateDhcpOptions: operation<AssociateDhcpOptionsCommandInput, AssociateDhcpOptionsCommandOutput>(
      ['DhcpOptionsId', 'VpcId'],
      (scope, { DhcpOptionsId, VpcId }) => {
        const row = requireVpc(scope, VpcId);
        row.dhcpOptionsId =
          DhcpOptionsId === 'default' ? defaultDhcpOptionsId : requireDhcpOptions(scope, DhcpOptionsId).dhcpOptionsId;
        return {};
      },
    ),
    DeleteDhcpOptions: operation<DeleteDhcpOptionsCommandInput, DeleteDhcpOptionsCommandOutput>(
      ['DhcpOptionsId'],
      (scope, { DhcpOptionsId }) => {
        const { dhcpOptionsId } = requireDhcpOptions(scope, DhcpOptionsId);
        const used = vpcTable(scope)
          .all()
          .some((row) => row.dhcpOptionsId === dhcpOptionsId);
        if (used || dhcpOptionsId === defaultDhcpOptionsId)
          throw refusal(
            'DependencyViolation',
            `The dhcpOptions '${dhcpOptionsId}' has dependencies and cannot be deleted.`,
          );
        table(scope).delete(dhcpOptionsId);
        return {};
      },
    ),
  },
};
