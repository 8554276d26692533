import type {
  CreateNetworkInterfaceCommandInput,
  CreateNetworkInterfaceCommandOutput,
  DeleteNetworkInterfaceCommandInput,
  DeleteNetworkInterfaceCommandOutput,
  DescribeNetworkInterfacesCommandInput,
  DescribeNetworkInterfacesCommandOutput,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { addressNumber, addressText, parseCidr, sizeOf } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import {
  addressesOf,
  type NetworkInterfaceRow,
  networkInterfaceTable,
  requireNetworkInterface,
} from './network-interface-rows.ts';
import { defaultSecurityGroup, requireSecurityGroup, securityGroupTable } from './security-group-rows.ts';
import { given, selected, selecting } from './selection.ts';
import { requireSubnet, subnetTable } from './subnets.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { vpcTable } from './vpcs.ts';

export interface NewNetworkInterface {
  subnetId: string;
  groupIds: readonly string[];
  description: string;
  interfaceType?: string | undefined;
  requesterManaged?: boolean | undefined;
  requesterId?: string | undefined;
  /** Given when something other than an instance holds the interface. */
  instanceOwnerId?: string | undefined;
  instanceId?: string | undefined;
  deviceIndex?: number | undefined;
  publicIp?: string | undefined;
  privateIpAddress?: string | undefined;
  tags?: Tags | undefined;
}

/** An interface in the next free address of the subnet; attached when an instance or another owner is given. */
export function addNetworkInterface(scope: Scope, wanted: NewNetworkInterface) {
  const subnet = subnetTable(scope).peek(wanted.subnetId) ?? requireSubnet(scope, wanted.subnetId);
  const privateIpAddress = freeAddress(scope, subnet.subnetId, subnet.cidrBlock, wanted.privateIpAddress);
  const networkInterfaceId = scope.id('eni');
  const attached = wanted.instanceId !== undefined || wanted.instanceOwnerId !== undefined;
  const row = networkInterfaceTable(scope).insert(networkInterfaceId, {
    networkInterfaceId,
    subnetId: subnet.subnetId,
    vpcId: subnet.vpcId,
    availabilityZone: subnet.availabilityZone,
    privateIpAddress,
    macAddress: `02:${scope.hex(10).replace(/(..)(?=.)/g, '$1:')}`,
    description: wanted.description,
    interfaceType: wanted.interfaceType ?? 'interface',
    requesterManaged: wanted.requesterManaged ?? false,
    ...(wanted.requesterId === undefined ? {} : { requesterId: wanted.requesterId }),
    groupIds: [...wanted.groupIds],
    ...(wanted.publicIp === undefined ? {} : { publicIp: wanted.publicIp }),
    sourceDestCheck: true,
    status: 'available',
    tags: wanted.tags ?? {},
  });
  if (attached) attachTo(scope, row, wanted);
  return row;
}

/** Notes who holds the interface. Attachments of AWS's own services have ids of another form. */
export function attachTo(
  scope: Scope,
  row: NetworkInterfaceRow,
  {
    instanceId,
    instanceOwnerId = scope.accountId,
    deviceIndex = instanceId === undefined ? 1 : 0,
  }: Pick<NewNetworkInterface, 'instanceId' | 'instanceOwnerId' | 'deviceIndex'>,
) {
  row.status = 'in-use';
  row.attachmentId = instanceId === undefined ? `ela-attach-0${scope.hex(16)}` : scope.id('eni-attach');
  row.attachTime = scope.now;
  row.ownerOfAttachment = instanceOwnerId;
  row.deviceIndex = deviceIndex;
  row.deleteOnTermination = instanceId !== undefined && deviceIndex === 0;
  if (instanceId !== undefined) row.instanceId = instanceId;
}

/** The interface is free again; an Elastic IP address stays with it. */
export function detach(row: NetworkInterfaceRow) {
  row.status = 'available';
  for (const member of [
    'instanceId',
    'attachmentId',
    'attachTime',
    'ownerOfAttachment',
    'deviceIndex',
    'deleteOnTermination',
  ] as const)
    delete row[member];
}

/** Frees the interface's private address and whatever Elastic IP address it has. */
export function removeNetworkInterface(scope: Scope, networkInterfaceId: string) {
  networkInterfaceTable(scope).delete(networkInterfaceId);
}

/** The wanted address of a subnet, or its lowest free one. */
function freeAddress(scope: Scope, subnetId: string, cidrBlock: string, wanted: string | undefined): string {
  const cidr = parseCidr(cidrBlock)!;
  const taken = new Set(
    networkInterfaceTable(scope)
      .all()
      .filter((row) => row.subnetId === subnetId)
      .flatMap(addressesOf),
  );
  const first = cidr.first + 4;
  const last = cidr.first + sizeOf(cidr) - 2;
  if (wanted !== undefined) {
    const number = addressNumber(wanted);
    if (number === undefined || number < first || number > last)
      throw refusal('InvalidParameterValue', `Address ${wanted} does not fall within the subnet's address range`);
    if (taken.has(wanted)) throw refusal('InvalidIPAddress.InUse', `Address ${wanted} is in use.`);
    return wanted;
  }
  for (let number = first; number <= last; number++) if (!taken.has(addressText(number))) return addressText(number);
  throw refusal(
    'InsufficientFreeAddressesInSubnet',
    `The specified subnet does not have enough free addresses to satisfy the request.`,
  );
}

/** Gives the interface further addresses: those that are named, or as many as are asked for. */
export function addAddresses(scope: Scope, row: NetworkInterfaceRow, wanted: (string | undefined)[] | number) {
  const cidrBlock = subnetTable(scope).peek(row.subnetId)!.cidrBlock;
  const added: string[] = [];
  const before = row.secondaryAddresses ?? [];
  try {
    for (const one of typeof wanted === 'number' ? Array.from({ length: wanted }, () => undefined) : wanted) {
      added.push(freeAddress(scope, row.subnetId, cidrBlock, one));
      row.secondaryAddresses = [...before, ...added];
    }
  } catch (error) {
    row.secondaryAddresses = before;
    throw error;
  }
  return added;
}

/** `ip-10-0-1-4.us-west-2.compute.internal`; in us-east-1 the domain is `ec2.internal`. */
export function privateDnsName(region: string, address: string): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${address.replaceAll('.', '-')}.${domain}`;
}

/** The name of a public address, which only a VPC with DNS hostnames gives. */
export function publicDnsName(scope: Scope, vpcId: string, address: string | undefined): string {
  if (address === undefined || !vpcTable(scope).peek(vpcId)?.enableDnsHostnames) return '';
  const domain = scope.region === 'us-east-1' ? 'compute-1' : `${scope.region}.compute`;
  return `ec2-${address.replaceAll('.', '-')}.${domain}.amazonaws.com`;
}

export function describeGroups(scope: Scope, { groupIds }: NetworkInterfaceRow) {
  return groupIds.map((id) => ({ GroupId: id, GroupName: securityGroupTable(scope).peek(id)?.groupName }));
}

export function describeAttachment(row: NetworkInterfaceRow): NetworkInterface['Attachment'] {
  if (row.attachmentId === undefined) return undefined;
  return {
    AttachmentId: row.attachmentId,
    AttachTime: row.attachTime === undefined ? undefined : new Date(row.attachTime),
    DeleteOnTermination: row.deleteOnTermination,
    DeviceIndex: row.deviceIndex,
    NetworkCardIndex: 0,
    InstanceId: row.instanceId,
    InstanceOwnerId: row.ownerOfAttachment,
    Status: 'attached',
  };
}

function describe(scope: Scope, row: NetworkInterfaceRow): NetworkInterface {
  const association = row.publicIp !== undefined && {
    PublicIp: row.publicIp,
    PublicDnsName: publicDnsName(scope, row.vpcId, row.publicIp),
    IpOwnerId: row.associationAllocationId === undefined ? 'amazon' : scope.accountId,
    AllocationId: row.associationAllocationId,
    AssociationId: row.associationId,
  };
  return {
    NetworkInterfaceId: row.networkInterfaceId,
    SubnetId: row.subnetId,
    VpcId: row.vpcId,
    AvailabilityZone: row.availabilityZone,
    AvailabilityZoneId: subnetTable(scope).peek(row.subnetId)?.availabilityZoneId,
    Description: row.description,
    InterfaceType: row.interfaceType as NetworkInterface['InterfaceType'],
    MacAddress: row.macAddress,
    OwnerId: scope.accountId,
    PrivateIpAddress: row.privateIpAddress,
    PrivateDnsName: privateDnsName(scope.region, row.privateIpAddress),
    PrivateIpAddresses: addressesOf(row).map((address, index) => ({
      Primary: index === 0,
      PrivateIpAddress: address,
      PrivateDnsName: privateDnsName(scope.region, address),
      ...(index === 0 && association && { Association: association }),
    })),
    Ipv6Addresses: [],
    RequesterId: row.requesterId,
    RequesterManaged: row.requesterManaged,
    SourceDestCheck: row.sourceDestCheck,
    Status: row.status,
    Groups: describeGroups(scope, row),
    TagSet: toList(row.tags),
    ...(association && { Association: association }),
    Attachment: describeAttachment(row),
  };
}

// A status that EC2 gives and that its model does not list.
const pending = 'pending' as NonNullable<NetworkInterface['Status']>;

export const networkInterfaces: Noun = {
  service: 'ec2',
  operations: {
    CreateNetworkInterface: operation<CreateNetworkInterfaceCommandInput, CreateNetworkInterfaceCommandOutput>(
      [
        'SubnetId',
        'Groups',
        'Description',
        'PrivateIpAddress',
        'PrivateIpAddresses',
        'SecondaryPrivateIpAddressCount',
        'InterfaceType',
        'ClientToken',
        'TagSpecifications',
      ],
      (scope, input) => {
        const { SubnetId, Groups, Description = '', InterfaceType, ClientToken } = input;
        const { PrivateIpAddress = input.PrivateIpAddresses?.find((one) => one.Primary)?.PrivateIpAddress } = input;
        const others = input.PrivateIpAddresses?.map((one) => one.PrivateIpAddress).filter(
          (one) => one !== PrivateIpAddress,
        );
        allowTagsFor(input.TagSpecifications, 'network-interface');
        const tags = tagsFor(input.TagSpecifications, 'network-interface');
        const again = networkInterfaceTable(scope).peek(madeBefore(scope, 'CreateNetworkInterface', input));
        if (again) return { NetworkInterface: describe(scope, again), ClientToken };
        if (InterfaceType !== undefined && `${InterfaceType}` !== 'interface')
          throw refusal('InvalidParameterValue', `Value (${InterfaceType}) for parameter interfaceType is invalid.`);
        const subnet = requireSubnet(scope, SubnetId);
        const groupIds = groupsIn(scope, subnet.vpcId, Groups);
        const row = addNetworkInterface(scope, {
          subnetId: subnet.subnetId,
          groupIds,
          description: Description,
          privateIpAddress: PrivateIpAddress,
          tags,
        });
        addAddresses(scope, row, others ?? input.SecondaryPrivateIpAddressCount ?? 0);
        rememberToken(scope, 'CreateNetworkInterface', input, row.networkInterfaceId);
        // EC2 answers with `pending`, although the interface can be used at once.
        return { NetworkInterface: { ...describe(scope, row), Status: pending }, ClientToken };
      },
    ),
    DescribeNetworkInterfaces: operation<DescribeNetworkInterfacesCommandInput, DescribeNetworkInterfacesCommandOutput>(
      ['NetworkInterfaceIds', ...selecting],
      (scope, { NetworkInterfaceIds, ...question }) => {
        const table = networkInterfaceTable(scope);
        const rows = given(NetworkInterfaceIds)?.map((id) => requireNetworkInterface(scope, id)) ?? table.list();
        const { page, NextToken } = selected(scope, rows, question, filtersIn(scope), NetworkInterfaceIds);
        return { NetworkInterfaces: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    DeleteNetworkInterface: operation<DeleteNetworkInterfaceCommandInput, DeleteNetworkInterfaceCommandOutput>(
      ['NetworkInterfaceId'],
      (scope, { NetworkInterfaceId }) => {
        const row = requireNetworkInterface(scope, NetworkInterfaceId);
        if (row.status === 'in-use')
          throw refusal('InvalidParameterValue', `Network interface '${row.networkInterfaceId}' is currently in use.`);
        removeNetworkInterface(scope, row.networkInterfaceId);
        return {};
      },
    ),
  },
};

/** The groups, or the VPC's default group when none are named; refuses groups of another VPC and more than five. */
export function groupsIn(scope: Scope, vpcId: string, groupIds: readonly string[] | undefined): string[] {
  if (!groupIds || groupIds.length === 0) return [defaultSecurityGroup(scope, vpcId).groupId];
  for (const id of groupIds) {
    if (requireSecurityGroup(scope, id).vpcId !== vpcId)
      throw refusal(
        'InvalidParameterValue',
        `You have specified two resources that belong to different networks: security group '${id}' is not in '${vpcId}'.`,
      );
  }
  if (groupIds.length > 5)
    throw refusal(
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of security groups per interface has been reached.',
    );
  return [...new Set(groupIds)];
}

function filtersIn(scope: Scope) {
  type Row = NetworkInterfaceRow;
  return {
    'network-interface-id': (row: Row) => row.networkInterfaceId,
    'subnet-id': (row: Row) => row.subnetId,
    'vpc-id': (row: Row) => row.vpcId,
    'availability-zone': (row: Row) => row.availabilityZone,
    'availability-zone-id': (row: Row) => subnetTable(scope).peek(row.subnetId)?.availabilityZoneId,
    description: (row: Row) => row.description,
    'interface-type': (row: Row) => row.interfaceType,
    'mac-address': (row: Row) => row.macAddress,
    'owner-id': () => scope.accountId,
    'private-ip-address': (row: Row) => row.privateIpAddress,
    'addresses.private-ip-address': (row: Row) => addressesOf(row),
    'addresses.primary': () => true,
    'addresses.association.public-ip': (row: Row) => row.publicIp ?? [],
    'private-dns-name': (row: Row) => privateDnsName(scope.region, row.privateIpAddress),
    'requester-id': (row: Row) => row.requesterId ?? [],
    'requester-managed': (row: Row) => row.requesterManaged,
    'source-dest-check': (row: Row) => row.sourceDestCheck,
    status: (row: Row) => row.status,
    'group-id': (row: Row) => row.groupIds,
    'group-name': (row: Row) => row.groupIds.map((id) => securityGroupTable(scope).peek(id)?.groupName),
    'association.allocation-id': (row: Row) => row.associationAllocationId ?? [],
    'association.association-id': (row: Row) => row.associationId ?? [],
    'association.public-ip': (row: Row) => row.publicIp ?? [],
    'association.public-dns-name': (row: Row) => publicDnsName(scope, row.vpcId, row.publicIp),
    'attachment.attachment-id': (row: Row) => row.attachmentId ?? [],
    'attachment.delete-on-termination': (row: Row) => row.deleteOnTermination ?? [],
    'attachment.device-index': (row: Row) => row.deviceIndex ?? [],
    'attachment.instance-id': (row: Row) => row.instanceId ?? [],
    'attachment.instance-owner-id': (row: Row) => row.ownerOfAttachment ?? [],
    'attachment.status': (row: Row) => (row.attachmentId === undefined ? [] : 'attached'),
  };
}
