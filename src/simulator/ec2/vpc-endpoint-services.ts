import type {
  DescribeManagedPrefixListsCommandInput,
  DescribeManagedPrefixListsCommandOutput,
  DescribePrefixListsCommandInput,
  DescribePrefixListsCommandOutput,
  DescribeVpcEndpointServicesCommandInput,
  DescribeVpcEndpointServicesCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { given, selected, selecting } from './selection.ts';
import { zonesOf } from './zones.ts';

interface EndpointService {
  /** `com.amazonaws.us-west-2.s3` */
  serviceName: string;
  types: ('Gateway' | 'Interface')[];
}

interface PrefixList {
  prefixListId: string;
  prefixListName: string;
  cidrs: string[];
}

/** Services that a VPC without a way out commonly needs. */
const interfaceServices = [
  'autoscaling',
  'ec2',
  'ec2messages',
  'ecr.api',
  'ecr.dkr',
  'elasticache',
  'elasticfilesystem',
  'elasticloadbalancing',
  'kms',
  'logs',
  'monitoring',
  'rds',
  'secretsmanager',
  'sns',
  'sqs',
  'ssm',
  'ssmmessages',
  'sts',
];

export function endpointServices({ region }: Scope): EndpointService[] {
  const name = (short: string) => `com.amazonaws.${region}.${short}`;
  return [
    { serviceName: name('s3'), types: ['Gateway', 'Interface'] },
    { serviceName: name('dynamodb'), types: ['Gateway', 'Interface'] },
    ...interfaceServices.map((short): EndpointService => ({ serviceName: name(short), types: ['Interface'] })),
  ];
}

/** AWS's own lists of addresses, which gateway endpoints are routed by. */
export function awsPrefixLists({ region }: Scope): PrefixList[] {
  return [
    {
      prefixListId: 'pl-68a54001',
      prefixListName: `com.amazonaws.${region}.s3`,
      cidrs: ['52.218.128.0/17', '52.92.128.0/17'],
    },
    {
      prefixListId: 'pl-00a54069',
      prefixListName: `com.amazonaws.${region}.dynamodb`,
      cidrs: ['52.94.8.0/24', '52.119.252.0/22'],
    },
  ];
}

export const vpcEndpointServices: Noun = {
  service: 'ec2',
  operations: {
    DescribeVpcEndpointServices: operation<
      DescribeVpcEndpointServicesCommandInput,
      DescribeVpcEndpointServicesCommandOutput
    >(['ServiceNames', ...selecting], (scope, { ServiceNames, ...question }) => {
      const all = endpointServices(scope);
      const wrong = ServiceNames?.find((name) => !all.some((one) => one.serviceName === name));
      if (wrong !== undefined)
        throw refusal('InvalidServiceName', `The Vpc Endpoint Service '${wrong}' does not exist`);
      const rows = all
        .filter((one) => given(ServiceNames)?.includes(one.serviceName) ?? true)
        .map((one) => ({ ...one, tags: {} }));
      const { page, NextToken } = selected(scope, rows, question, {
        owner: () => 'amazon',
        'service-name': (row) => row.serviceName,
        'service-type': (row) => row.types,
      });
      return {
        ServiceNames: page.map((row) => row.serviceName),
        ServiceDetails: page.map((row) => ({
          ServiceName: row.serviceName,
          ServiceType: row.types.map((ServiceType) => ({ ServiceType })),
          AvailabilityZones: zonesOf(scope.region).map(({ name }) => name),
          Owner: 'amazon',
          AcceptanceRequired: false,
          VpcEndpointPolicySupported: true,
        })),
        NextToken,
      };
    }),
    DescribePrefixLists: operation<DescribePrefixListsCommandInput, DescribePrefixListsCommandOutput>(
      ['PrefixListIds', ...selecting],
      (scope, { PrefixListIds, ...question }) => {
        const { page, NextToken } = selected(scope, named(scope, PrefixListIds), question, {
          'prefix-list-id': (row) => row.prefixListId,
          'prefix-list-name': (row) => row.prefixListName,
        });
        const PrefixLists = page.map((row) => ({
          PrefixListId: row.prefixListId,
          PrefixListName: row.prefixListName,
          Cidrs: row.cidrs,
        }));
        return { PrefixLists, NextToken };
      },
    ),
    DescribeManagedPrefixLists: operation<
      DescribeManagedPrefixListsCommandInput,
      DescribeManagedPrefixListsCommandOutput
    >(['PrefixListIds', ...selecting], (scope, { PrefixListIds, ...question }) => {
      const { page, NextToken } = selected(scope, named(scope, PrefixListIds), question, {
        'owner-id': () => 'AWS',
        'prefix-list-id': (row) => row.prefixListId,
        'prefix-list-name': (row) => row.prefixListName,
      });
      const PrefixLists = page.map((row) => ({
        PrefixListId: row.prefixListId,
        PrefixListName: row.prefixListName,
        AddressFamily: 'IPv4',
        State: 'create-complete' as const,
        OwnerId: 'AWS',
        PrefixListArn: scope.arn('ec2', `prefix-list/${row.prefixListId}`, { accountId: 'aws' }),
      }));
      return { PrefixLists, NextToken };
    }),
  },
};

function named(scope: Scope, ids: string[] | undefined) {
  const all = awsPrefixLists(scope).map((row) => ({ ...row, tags: {} }));
  const wrong = ids?.find((id) => !all.some((row) => row.prefixListId === id));
  if (wrong !== undefined)
    throw refusal('InvalidPrefixListID.NotFound', `The prefix list ID '${wrong}' does not exist`);
  return all.filter((row) => given(ids)?.includes(row.prefixListId) ?? true);
}
