import type {
  CreateVpcCommandInput,
  CreateVpcCommandOutput,
  DeleteVpcCommandInput,
  DeleteVpcCommandOutput,
  DescribeVpcAttributeCommandInput,
  DescribeVpcAttributeCommandOutput,
  DescribeVpcsCommandInput,
  DescribeVpcsCommandOutput,
  ModifyVpcAttributeCommandInput,
  ModifyVpcAttributeCommandOutput,
  Vpc,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { parseCidr } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { filtered } from './filters.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';

export interface VpcRow {
  vpcId: string;
  cidrBlock: string;
  state: 'pending' | 'available';
  instanceTenancy: 'default' | 'dedicated';
  enableDnsSupport: boolean;
  enableDnsHostnames: boolean;
  isDefault: boolean;
  tags: Tags;
}

/** Quota L-F678F1CE. */
const vpcsPerRegion = 5;

export function vpcTable(scope: Scope) {
  return scope.table<VpcRow>('ec2.vpcs');
}

/** The VPC, or EC2's refusal. */
export function requireVpc(scope: Scope, vpcId: string | undefined): VpcRow {
  const row = vpcTable(scope).get(vpcId);
  if (!row) throw refusal('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`);
  return row;
}

/** Nouns that live in a VPC say here what keeps it from being deleted; each returns the id of a blocker, if there is one. */
export const vpcBlockers: ((scope: Scope, vpcId: string) => string | undefined)[] = [];
/** Nouns that a VPC is born with, and that go with it. */
export const vpcCompanions: { born(scope: Scope, vpc: VpcRow): void; gone(scope: Scope, vpc: VpcRow): void }[] = [];

function describe(row: VpcRow): Vpc {
  return {
    VpcId: row.vpcId,
    CidrBlock: row.cidrBlock,
    State: row.state,
    InstanceTenancy: row.instanceTenancy,
    IsDefault: row.isDefault,
    DhcpOptionsId: 'default',
    Tags: toList(row.tags),
  };
}

export const vpcs: Noun = {
  service: 'ec2',
  operations: {
    CreateVpc: operation<CreateVpcCommandInput, CreateVpcCommandOutput>(
      ['CidrBlock', 'InstanceTenancy', 'AmazonProvidedIpv6CidrBlock', 'TagSpecifications'],
      (scope, { CidrBlock, InstanceTenancy, AmazonProvidedIpv6CidrBlock, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'vpc');
        if (AmazonProvidedIpv6CidrBlock)
          throw refusal('UnsupportedOperation', 'The simulated account has no IPv6; leave AmazonProvidedIpv6CidrBlock off');
        if (CidrBlock === undefined) throw refusal('MissingParameter', 'Either CidrBlock or Ipv4IpamPoolId must be provided');
        const cidr = parseCidr(CidrBlock);
        if (!cidr) throw refusal('InvalidParameterValue', `Value (${CidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
        if (cidr.prefix < 16 || cidr.prefix > 28) throw refusal('InvalidVpc.Range', `The CIDR '${CidrBlock}' is invalid.`);
        const table = vpcTable(scope);
        if (table.all().length >= vpcsPerRegion)
          throw refusal('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
        const vpcId = scope.id('vpc');
        const row = table.insert(vpcId, {
          vpcId,
          cidrBlock: CidrBlock,
          state: 'pending',
          instanceTenancy: InstanceTenancy === 'dedicated' ? 'dedicated' : 'default',
          enableDnsSupport: true,
          enableDnsHostnames: false,
          isDefault: false,
          tags: tagsFor(TagSpecifications, 'vpc'),
        });
        for (const companion of vpcCompanions) companion.born(scope, row);
        scope.after(scope.seconds('vpc.create'), 'vpcAvailable', { vpcId: row.vpcId });
        return { Vpc: describe(row) };
      },
    ),
    DescribeVpcs: operation<DescribeVpcsCommandInput, DescribeVpcsCommandOutput>(
      ['VpcIds', 'Filters', 'MaxResults', 'NextToken'],
      (scope, { VpcIds, Filters }) => {
        const rows = VpcIds?.map((vpcId) => requireVpc(scope, vpcId)) ?? vpcTable(scope).list();
        const found = filtered(scope, rows, Filters, {
          'vpc-id': (row) => row.vpcId,
          cidr: (row) => row.cidrBlock,
          'cidr-block-association.cidr-block': (row) => row.cidrBlock,
          state: (row) => row.state,
          'is-default': (row) => row.isDefault,
          isDefault: (row) => row.isDefault,
          'owner-id': () => scope.accountId,
          'dhcp-options-id': () => 'default',
        });
        return { Vpcs: found.map((row) => ({ ...describe(row), OwnerId: scope.accountId })) };
      },
    ),
    DescribeVpcAttribute: operation<DescribeVpcAttributeCommandInput, DescribeVpcAttributeCommandOutput>(
      ['VpcId', 'Attribute'],
      (scope, { VpcId, Attribute }) => {
        const row = requireVpc(scope, VpcId);
        if (Attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: row.enableDnsSupport } };
        if (Attribute === 'enableDnsHostnames') return { VpcId, EnableDnsHostnames: { Value: row.enableDnsHostnames } };
        throw refusal('InvalidParameterValue', `Value (${Attribute}) for parameter attribute is invalid.`);
      },
    ),
    ModifyVpcAttribute: operation<ModifyVpcAttributeCommandInput, ModifyVpcAttributeCommandOutput>(
      ['VpcId', 'EnableDnsSupport', 'EnableDnsHostnames'],
      (scope, { VpcId, EnableDnsSupport, EnableDnsHostnames }) => {
        if (EnableDnsSupport && EnableDnsHostnames)
          throw refusal('InvalidParameterCombination', 'Fields for multiple attribute types specified');
        if (!EnableDnsSupport && !EnableDnsHostnames)
          throw refusal('MissingParameter', 'The request must contain exactly one attribute to modify');
        const row = requireVpc(scope, VpcId);
        row.enableDnsSupport = EnableDnsSupport?.Value ?? row.enableDnsSupport;
        row.enableDnsHostnames = EnableDnsHostnames?.Value ?? row.enableDnsHostnames;
        return {};
      },
    ),
    DeleteVpc: operation<DeleteVpcCommandInput, DeleteVpcCommandOutput>(['VpcId'], (scope, { VpcId }) => {
      const row = requireVpc(scope, VpcId);
      for (const blocker of vpcBlockers) {
        if (blocker(scope, row.vpcId))
          throw refusal('DependencyViolation', `The vpc '${row.vpcId}' has dependencies and cannot be deleted.`);
      }
      for (const companion of vpcCompanions) companion.gone(scope, row);
      vpcTable(scope).delete(row.vpcId);
      return {};
    }),
  },
  events: {
    vpcAvailable(scope, { vpcId }: { vpcId: string }) {
      const row = vpcTable(scope).peek(vpcId);
      if (row) row.state = 'available';
    },
  },
};
