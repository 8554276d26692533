import type {
  AssociateVpcCidrBlockCommandInput,
  AssociateVpcCidrBlockCommandOutput,
  CreateVpcCommandInput,
  CreateVpcCommandOutput,
  DeleteVpcCommandInput,
  DeleteVpcCommandOutput,
  DescribeVpcAttributeCommandInput,
  DescribeVpcAttributeCommandOutput,
  DescribeVpcsCommandInput,
  DescribeVpcsCommandOutput,
  DisassociateVpcCidrBlockCommandInput,
  DisassociateVpcCidrBlockCommandOutput,
  ModifyVpcAttributeCommandInput,
  ModifyVpcAttributeCommandOutput,
  Vpc,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Cidr, cidrText, overlap, parseCidr } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { idKinds, required } from './ids.ts';
import { given, selected, selecting } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';

export interface VpcRow {
  vpcId: string;
  /** The first block, which stays for good. */
  cidrBlock: string;
  /** Every block, the first one included. */
  cidrBlockAssociations: { associationId: string; cidrBlock: string }[];
  state: 'pending' | 'available';
  instanceTenancy: 'default' | 'dedicated';
  enableDnsSupport: boolean;
  enableDnsHostnames: boolean;
  enableNetworkAddressUsageMetrics: boolean;
  dhcpOptionsId: string;
  isDefault: boolean;
  tags: Tags;
}

/** Quota L-F678F1CE. */
const vpcsPerRegion = 5;
/** Quota L-83CA0A9D. */
const blocksPerVpc = 5;

export function vpcTable(scope: Scope) {
  return scope.table<VpcRow>('ec2.vpcs');
}

/** The VPC, or `InvalidVpcID.NotFound`. */
export function requireVpc(scope: Scope, vpcId: string | undefined) {
  return required(idKinds.vpc, vpcId, vpcTable(scope).get(vpcId));
}

export function defaultVpc(scope: Scope): VpcRow | undefined {
  return vpcTable(scope)
    .list()
    .find((row) => row.isDefault);
}

/** A VPC's blocks as text. */
export function vpcCidrs({ cidrBlockAssociations }: VpcRow): string[] {
  return cidrBlockAssociations.map(({ cidrBlock }) => cidrBlock);
}

/** Nouns that live in a VPC say here what keeps it from being deleted; each returns the id of a blocker, if there is one. */
export const vpcBlockers: ((scope: Scope, vpcId: string) => string | undefined)[] = [];
/** Nouns that a VPC is born with, and that go with it. */
export const vpcCompanions: { born(scope: Scope, vpc: VpcRow): void; gone(scope: Scope, vpc: VpcRow): void }[] = [];

/** The DHCP options that every region has; a VPC starts with them. */
export const defaultDhcpOptionsId = 'dopt-0a1b2c3d4e5f67890';

/** A VPC as EC2 shows it. */
export function describeVpc(scope: Scope, row: VpcRow): Vpc {
  return {
    VpcId: row.vpcId,
    CidrBlock: row.cidrBlock,
    CidrBlockAssociationSet: row.cidrBlockAssociations.map(({ associationId, cidrBlock }) => ({
      AssociationId: associationId,
      CidrBlock: cidrBlock,
      CidrBlockState: { State: 'associated' },
    })),
    Ipv6CidrBlockAssociationSet: [],
    State: row.state,
    InstanceTenancy: row.instanceTenancy,
    IsDefault: row.isDefault,
    DhcpOptionsId: row.dhcpOptionsId,
    OwnerId: scope.accountId,
    Tags: toList(row.tags),
  };
}

function blockFor(CidrBlock: string | undefined): Cidr {
  if (CidrBlock === undefined) throw refusal('MissingParameter', 'Either CidrBlock or Ipv4IpamPoolId must be provided');
  const cidr = parseCidr(CidrBlock);
  if (!cidr)
    throw refusal(
      'InvalidParameterValue',
      `Value (${CidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  if (cidr.prefix < 16 || cidr.prefix > 28) throw refusal('InvalidVpc.Range', `The CIDR '${CidrBlock}' is invalid.`);
  return cidr;
}

/** Makes a VPC with everything that it is born with. Refuses when the region has enough of them. */
export function addVpc(scope: Scope, wanted: Pick<VpcRow, 'cidrBlock' | 'instanceTenancy' | 'isDefault' | 'tags'>) {
  const table = vpcTable(scope);
  if (table.all().length >= vpcsPerRegion)
    throw refusal('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
  const vpcId = scope.id('vpc');
  const row = table.insert(vpcId, {
    vpcId,
    ...wanted,
    cidrBlockAssociations: [{ associationId: scope.id('vpc-cidr-assoc'), cidrBlock: wanted.cidrBlock }],
    state: 'pending',
    enableDnsSupport: true,
    enableDnsHostnames: wanted.isDefault,
    enableNetworkAddressUsageMetrics: false,
    dhcpOptionsId: defaultDhcpOptionsId,
  });
  for (const companion of vpcCompanions) companion.born(scope, row);
  scope.after(scope.seconds('vpc.create'), 'vpcAvailable', { vpcId });
  return row;
}

export const vpcs: Noun = {
  service: 'ec2',
  operations: {
    CreateVpc: operation<CreateVpcCommandInput, CreateVpcCommandOutput>(
      ['CidrBlock', 'InstanceTenancy', 'AmazonProvidedIpv6CidrBlock', 'TagSpecifications'],
      (scope, { CidrBlock, InstanceTenancy = 'default', AmazonProvidedIpv6CidrBlock, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'vpc');
        const tags = tagsFor(TagSpecifications, 'vpc');
        if (AmazonProvidedIpv6CidrBlock)
          throw refusal(
            'UnsupportedOperation',
            'The simulated account has no IPv6; leave AmazonProvidedIpv6CidrBlock off',
          );
        if (InstanceTenancy !== 'default' && InstanceTenancy !== 'dedicated')
          throw refusal(
            'InvalidParameterValue',
            `Value (${InstanceTenancy}) for parameter instanceTenancy is invalid. Valid values are: default, dedicated.`,
          );
        const cidrBlock = cidrText(blockFor(CidrBlock));
        const row = addVpc(scope, { cidrBlock, instanceTenancy: InstanceTenancy, isDefault: false, tags });
        return { Vpc: describeVpc(scope, row) };
      },
    ),
    DescribeVpcs: operation<DescribeVpcsCommandInput, DescribeVpcsCommandOutput>(
      ['VpcIds', ...selecting],
      (scope, { VpcIds, ...question }) => {
        const rows = given(VpcIds)?.map((vpcId) => requireVpc(scope, vpcId)) ?? vpcTable(scope).list();
        const filters = {
          'vpc-id': (row: VpcRow) => row.vpcId,
          cidr: (row: VpcRow) => row.cidrBlock,
          'cidr-block-association.cidr-block': vpcCidrs,
          'cidr-block-association.association-id': (row: VpcRow) =>
            row.cidrBlockAssociations.map(({ associationId }) => associationId),
          'cidr-block-association.state': () => 'associated',
          state: (row: VpcRow) => row.state,
          'is-default': (row: VpcRow) => row.isDefault,
          isDefault: (row: VpcRow) => row.isDefault,
          'owner-id': () => scope.accountId,
          'dhcp-options-id': (row: VpcRow) => row.dhcpOptionsId,
        };
        const { page, NextToken } = selected(scope, rows, question, filters, VpcIds);
        return { Vpcs: page.map((row) => describeVpc(scope, row)), NextToken };
      },
    ),
    DescribeVpcAttribute: operation<DescribeVpcAttributeCommandInput, DescribeVpcAttributeCommandOutput>(
      ['VpcId', 'Attribute'],
      (scope, { VpcId, Attribute }) => {
        const row = requireVpc(scope, VpcId);
        if (Attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: row.enableDnsSupport } };
        if (Attribute === 'enableDnsHostnames') return { VpcId, EnableDnsHostnames: { Value: row.enableDnsHostnames } };
        if (Attribute === 'enableNetworkAddressUsageMetrics')
          return { VpcId, EnableNetworkAddressUsageMetrics: { Value: row.enableNetworkAddressUsageMetrics } };
        throw refusal('InvalidParameterValue', `Value (${Attribute}) for parameter attribute is invalid.`);
      },
    ),
    ModifyVpcAttribute: operation<ModifyVpcAttributeCommandInput, ModifyVpcAttributeCommandOutput>(
      ['VpcId', 'EnableDnsSupport', 'EnableDnsHostnames', 'EnableNetworkAddressUsageMetrics'],
      (scope, { VpcId, EnableDnsSupport, EnableDnsHostnames, EnableNetworkAddressUsageMetrics }) => {
        const given = [EnableDnsSupport, EnableDnsHostnames, EnableNetworkAddressUsageMetrics].filter(Boolean).length;
        if (given > 1) throw refusal('InvalidParameterCombination', 'Fields for multiple attribute types specified');
        if (given === 0) throw refusal('MissingParameter', 'The request must contain exactly one attribute to modify');
        const row = requireVpc(scope, VpcId);
        row.enableDnsSupport = EnableDnsSupport?.Value ?? row.enableDnsSupport;
        row.enableDnsHostnames = EnableDnsHostnames?.Value ?? row.enableDnsHostnames;
        row.enableNetworkAddressUsageMetrics =
          EnableNetworkAddressUsageMetrics?.Value ?? row.enableNetworkAddressUsageMetrics;
        return {};
      },
    ),
    AssociateVpcCidrBlock: operation<AssociateVpcCidrBlockCommandInput, AssociateVpcCidrBlockCommandOutput>(
      ['VpcId', 'CidrBlock'],
      (scope, { VpcId, CidrBlock }) => {
        const row = requireVpc(scope, VpcId);
        const cidr = blockFor(CidrBlock);
        if (vpcCidrs(row).some((block) => overlap(parseCidr(block)!, cidr)))
          throw refusal('InvalidVpc.Range', `The CIDR '${CidrBlock}' conflicts with a CIDR block of '${row.vpcId}'.`);
        if (row.cidrBlockAssociations.length >= blocksPerVpc)
          throw refusal(
            'CidrLimitExceeded',
            `This network '${row.vpcId}' has met its maximum number of allowed CIDRs: 5`,
          );
        const association = { associationId: scope.id('vpc-cidr-assoc'), cidrBlock: cidrText(cidr) };
        row.cidrBlockAssociations.push(association);
        return {
          VpcId: row.vpcId,
          CidrBlockAssociation: {
            AssociationId: association.associationId,
            CidrBlock: association.cidrBlock,
            CidrBlockState: { State: 'associating' },
          },
        };
      },
    ),
    DisassociateVpcCidrBlock: operation<DisassociateVpcCidrBlockCommandInput, DisassociateVpcCidrBlockCommandOutput>(
      ['AssociationId'],
      (scope, { AssociationId }) => {
        for (const row of vpcTable(scope).list()) {
          const found = row.cidrBlockAssociations.find((one) => one.associationId === AssociationId);
          if (!found) continue;
          if (found.cidrBlock === row.cidrBlock)
            throw refusal(
              'OperationNotPermitted',
              `The vpc CIDR block with association ID ${AssociationId} may not be disassociated. It is the primary IPv4 CIDR block of the VPC`,
            );
          if (vpcBlockUsers.some((uses) => uses(scope, row.vpcId, found.cidrBlock)))
            throw refusal('DependencyViolation', `The CIDR '${found.cidrBlock}' is in use by a subnet.`);
          row.cidrBlockAssociations = row.cidrBlockAssociations.filter((one) => one !== found);
          return {
            VpcId: row.vpcId,
            CidrBlockAssociation: {
              AssociationId: found.associationId,
              CidrBlock: found.cidrBlock,
              CidrBlockState: { State: 'disassociating' },
            },
          };
        }
        throw refusal(
          'InvalidVpcCidrBlockAssociationID.NotFound',
          `The vpc CIDR block with association ID ${AssociationId} does not exist`,
        );
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

/** Who lives in a block of a VPC besides the VPC itself. */
export const vpcBlockUsers: ((scope: Scope, vpcId: string, cidrBlock: string) => boolean)[] = [];
