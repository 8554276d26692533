import type {
  CreateSubnetCommandInput,
  CreateSubnetCommandOutput,
  DeleteSubnetCommandInput,
  DeleteSubnetCommandOutput,
  DescribeSubnetsCommandInput,
  DescribeSubnetsCommandOutput,
  ModifySubnetAttributeCommandInput,
  ModifySubnetAttributeCommandOutput,
  Subnet,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { cidrText, contains, overlap, parseCidr, sizeOf } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { idKinds, required } from './ids.ts';
import { addressesOf, networkInterfaceTable } from './network-interface-rows.ts';
import { given, selected, selecting } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { requireVpc, vpcBlockers, vpcBlockUsers, vpcCidrs } from './vpcs.ts';
import { type Zone, zonesOf } from './zones.ts';

export interface SubnetRow {
  subnetId: string;
  vpcId: string;
  cidrBlock: string;
  availabilityZone: string;
  availabilityZoneId: string;
  state: 'pending' | 'available';
  mapPublicIpOnLaunch: boolean;
  defaultForAz?: boolean;
  hostnameType?: 'ip-name' | 'resource-name';
  resourceNameDnsARecord?: boolean;
  tags: Tags;
}

/** Quota L-407747CB. */
const subnetsPerVpc = 200;
/** The first four addresses of a subnet and its last one are AWS's own. */
const reservedAddresses = 5;

export function subnetTable(scope: Scope) {
  return scope.table<SubnetRow>('ec2.subnets');
}

/** The subnet, or `InvalidSubnetID.NotFound`. */
export function requireSubnet(scope: Scope, subnetId: string | undefined) {
  return required(idKinds.subnet, subnetId, subnetTable(scope).get(subnetId));
}

/** What a subnet is put into when it is made (the default network ACL). */
export const subnetBorn: ((scope: Scope, subnet: SubnetRow) => void)[] = [];
/** Associations of a subnet are forgotten with it. */
export const subnetGone: ((scope: Scope, subnetId: string) => void)[] = [];

/** Addresses that the next network interfaces in the subnet can take. */
export function freeAddresses(scope: Scope, { subnetId, cidrBlock }: SubnetRow): number {
  const taken = networkInterfaceTable(scope)
    .all()
    .filter((row) => row.subnetId === subnetId)
    .flatMap(addressesOf).length;
  return sizeOf(parseCidr(cidrBlock)!) - reservedAddresses - taken;
}

/** A subnet as EC2 shows it. */
export function describeSubnet(scope: Scope, row: SubnetRow): Subnet {
  return {
    SubnetId: row.subnetId,
    SubnetArn: scope.arn('ec2', `subnet/${row.subnetId}`),
    VpcId: row.vpcId,
    CidrBlock: row.cidrBlock,
    AvailabilityZone: row.availabilityZone,
    AvailabilityZoneId: row.availabilityZoneId,
    AvailableIpAddressCount: freeAddresses(scope, row),
    State: row.state,
    MapPublicIpOnLaunch: row.mapPublicIpOnLaunch,
    DefaultForAz: row.defaultForAz ?? false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    Ipv6Native: false,
    EnableDns64: false,
    MapCustomerOwnedIpOnLaunch: false,
    OwnerId: scope.accountId,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: row.hostnameType ?? 'ip-name',
      EnableResourceNameDnsARecord: row.resourceNameDnsARecord ?? false,
      EnableResourceNameDnsAAAARecord: false,
    },
    Tags: toList(row.tags),
  };
}

function chosenZone(scope: Scope, name: string | undefined, id: string | undefined): Zone {
  const all = zonesOf(scope.region);
  if (name !== undefined && id !== undefined)
    throw refusal('InvalidParameterCombination', 'Only one of AvailabilityZone and AvailabilityZoneId may be given');
  if (name === undefined && id === undefined) return all[Math.floor(scope.random() * all.length)]!;
  const zone = all.find((one) => one.name === name || one.id === id);
  if (zone) return zone;
  const parameter = name === undefined ? 'availabilityZoneId' : 'availabilityZone';
  throw refusal(
    'InvalidParameterValue',
    `Value (${name ?? id}) for parameter ${parameter} is invalid. Subnets can currently only be created in the following availability zones: ${all.map((one) => (name === undefined ? one.id : one.name)).join(', ')}.`,
  );
}

export const subnets: Noun = {
  service: 'ec2',
  operations: {
    CreateSubnet: operation<CreateSubnetCommandInput, CreateSubnetCommandOutput>(
      ['VpcId', 'CidrBlock', 'AvailabilityZone', 'AvailabilityZoneId', 'TagSpecifications'],
      (scope, { VpcId, CidrBlock, AvailabilityZone, AvailabilityZoneId, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'subnet');
        const tags = tagsFor(TagSpecifications, 'subnet');
        const vpc = requireVpc(scope, VpcId);
        if (CidrBlock === undefined)
          throw refusal('MissingParameter', 'Either CidrBlock or Ipv4IpamPoolId must be provided');
        const cidr = parseCidr(CidrBlock);
        if (!cidr)
          throw refusal(
            'InvalidParameterValue',
            `Value (${CidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
          );
        const fits = vpcCidrs(vpc).some((block) => contains(parseCidr(block)!, cidr));
        if (cidr.prefix < 16 || cidr.prefix > 28 || !fits)
          throw refusal('InvalidSubnet.Range', `The CIDR '${CidrBlock}' is invalid.`);
        const neighbours = subnetTable(scope)
          .all()
          .filter((row) => row.vpcId === vpc.vpcId);
        if (neighbours.some((row) => overlap(parseCidr(row.cidrBlock)!, cidr)))
          throw refusal('InvalidSubnet.Conflict', `The CIDR '${CidrBlock}' conflicts with another subnet`);
        const zone = chosenZone(scope, AvailabilityZone, AvailabilityZoneId);
        if (neighbours.length >= subnetsPerVpc)
          throw refusal('SubnetLimitExceeded', 'The maximum number of subnets has been reached.');
        const row = addSubnet(scope, { vpcId: vpc.vpcId, cidrBlock: cidrText(cidr), zone, tags });
        return { Subnet: describeSubnet(scope, row) };
      },
    ),
    DescribeSubnets: operation<DescribeSubnetsCommandInput, DescribeSubnetsCommandOutput>(
      ['SubnetIds', ...selecting],
      (scope, { SubnetIds, ...question }) => {
        const rows = given(SubnetIds)?.map((subnetId) => requireSubnet(scope, subnetId)) ?? subnetTable(scope).list();
        const filters = {
          'subnet-id': (row: SubnetRow) => row.subnetId,
          'subnet-arn': (row: SubnetRow) => scope.arn('ec2', `subnet/${row.subnetId}`),
          'vpc-id': (row: SubnetRow) => row.vpcId,
          cidr: (row: SubnetRow) => row.cidrBlock,
          cidrBlock: (row: SubnetRow) => row.cidrBlock,
          'cidr-block': (row: SubnetRow) => row.cidrBlock,
          'availability-zone': (row: SubnetRow) => row.availabilityZone,
          availabilityZone: (row: SubnetRow) => row.availabilityZone,
          'availability-zone-id': (row: SubnetRow) => row.availabilityZoneId,
          availabilityZoneId: (row: SubnetRow) => row.availabilityZoneId,
          'available-ip-address-count': (row: SubnetRow) => freeAddresses(scope, row),
          'default-for-az': (row: SubnetRow) => row.defaultForAz ?? false,
          defaultForAz: (row: SubnetRow) => row.defaultForAz ?? false,
          'map-public-ip-on-launch': (row: SubnetRow) => row.mapPublicIpOnLaunch,
          'ipv6-native': () => false,
          'owner-id': () => scope.accountId,
          state: (row: SubnetRow) => row.state,
        };
        const { page, NextToken } = selected(scope, rows, question, filters, SubnetIds);
        return { Subnets: page.map((row) => describeSubnet(scope, row)), NextToken };
      },
    ),
    ModifySubnetAttribute: operation<ModifySubnetAttributeCommandInput, ModifySubnetAttributeCommandOutput>(
      ['SubnetId', 'MapPublicIpOnLaunch', 'PrivateDnsHostnameTypeOnLaunch', 'EnableResourceNameDnsARecordOnLaunch'],
      (scope, input) => {
        const { MapPublicIpOnLaunch, PrivateDnsHostnameTypeOnLaunch, EnableResourceNameDnsARecordOnLaunch } = input;
        const row = requireSubnet(scope, input.SubnetId);
        const changes = [MapPublicIpOnLaunch, PrivateDnsHostnameTypeOnLaunch, EnableResourceNameDnsARecordOnLaunch];
        const count = changes.filter((one) => one !== undefined).length;
        if (count === 0) throw refusal('MissingParameter', 'The request must contain exactly one attribute to modify');
        if (count > 1) throw refusal('InvalidParameterCombination', 'Fields for multiple attribute types specified');
        row.mapPublicIpOnLaunch = MapPublicIpOnLaunch?.Value ?? row.mapPublicIpOnLaunch;
        if (PrivateDnsHostnameTypeOnLaunch !== undefined) row.hostnameType = PrivateDnsHostnameTypeOnLaunch;
        if (EnableResourceNameDnsARecordOnLaunch?.Value !== undefined)
          row.resourceNameDnsARecord = EnableResourceNameDnsARecordOnLaunch.Value;
        return {};
      },
    ),
    DeleteSubnet: operation<DeleteSubnetCommandInput, DeleteSubnetCommandOutput>(
      ['SubnetId'],
      (scope, { SubnetId }) => {
        const { subnetId } = requireSubnet(scope, SubnetId);
        if (
          networkInterfaceTable(scope)
            .all()
            .some((row) => row.subnetId === subnetId)
        )
          throw refusal('DependencyViolation', `The subnet '${subnetId}' has dependencies and cannot be deleted.`);
        for (const gone of subnetGone) gone(scope, subnetId);
        subnetTable(scope).delete(subnetId);
        return {};
      },
    ),
  },
  events: {
    subnetAvailable(scope, { subnetId }: { subnetId: string }) {
      const row = subnetTable(scope).peek(subnetId);
      if (row) row.state = 'available';
    },
  },
};

interface NewSubnet {
  vpcId: string;
  cidrBlock: string;
  zone: Zone;
  tags: Tags;
}

/** Makes the subnet without asking whether it fits. */
export function addSubnet(scope: Scope, { vpcId, cidrBlock, zone, tags }: NewSubnet): SubnetRow {
  const subnetId = scope.id('subnet');
  const row = subnetTable(scope).insert(subnetId, {
    subnetId,
    vpcId,
    cidrBlock,
    availabilityZone: zone.name,
    availabilityZoneId: zone.id,
    state: 'pending',
    mapPublicIpOnLaunch: false,
    tags,
  });
  for (const born of subnetBorn) born(scope, row);
  scope.after(scope.seconds('subnet.create'), 'subnetAvailable', { subnetId });
  return row;
}

vpcBlockers.push(
  (scope, vpcId) =>
    subnetTable(scope)
      .all()
      .find((row) => row.vpcId === vpcId)?.subnetId,
);
vpcBlockUsers.push((scope, vpcId, cidrBlock) =>
  subnetTable(scope)
    .all()
    .some((row) => row.vpcId === vpcId && overlap(parseCidr(row.cidrBlock)!, parseCidr(cidrBlock)!)),
);
