import type { InstanceNetworkInterfaceSpecification, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { contains, parseCidr } from '../cidr.ts';
import { refusal } from '../refusal.ts';
import type { InstanceType } from './instance-types.ts';
import { networkInterfaceTable, requireNetworkInterface } from './network-interface-rows.ts';
import { groupsIn } from './network-interfaces.ts';
import { requireSecurityGroup, securityGroupTable } from './security-group-rows.ts';
import { freeAddresses, requireSubnet, type SubnetRow, subnetTable } from './subnets.ts';
import { defaultVpc } from './vpcs.ts';

/** A network interface of the instance to be: a new one, or one that is there. */
export interface PlannedInterface {
  deviceIndex: number;
  existingId?: string;
  subnetId: string;
  groupIds: string[];
  description: string;
  privateIpAddress?: string;
  publicAddress: boolean;
  deleteOnTermination: boolean;
}

type Specification = InstanceNetworkInterfaceSpecification;

/** The interfaces of each instance of the launch; the subnet of the first is that of the instance. */
export function planInterfaces(
  scope: Scope,
  input: RunInstancesCommandInput,
  type: InstanceType,
): { subnet: SubnetRow; interfaces: PlannedInterface[] } {
  const specifications = input.NetworkInterfaces ?? [];
  if (specifications.length > 0) refuseBothForms(input);
  refuseBadSpecifications(specifications, input.MaxCount ?? 1, type);
  // Without the other form, the instance's own members describe its only interface.
  const wanted: Specification[] =
    specifications.length > 0
      ? specifications
      : [
          {
            DeviceIndex: 0,
            SubnetId: input.SubnetId,
            Groups: [...(input.SecurityGroupIds ?? [])],
            PrivateIpAddress: input.PrivateIpAddress,
          },
        ];
  const names = input.SecurityGroups ?? [];
  if (names.length > 0 && input.SubnetId !== undefined)
    throw refusal('InvalidParameterCombination', 'The parameter groupName cannot be used with the parameter subnet');
  const interfaces = wanted.map((specification) => planInterface(scope, specification, names, input));
  interfaces.sort((one, other) => one.deviceIndex - other.deviceIndex);
  const subnet = requireSubnet(scope, interfaces[0]!.subnetId);
  if (interfaces.some(({ subnetId }) => requireSubnet(scope, subnetId).availabilityZone !== subnet.availabilityZone))
    throw refusal('InvalidParameterCombination', 'Network interfaces must be in the same Availability Zone');
  refuseWithoutAddresses(scope, interfaces, input.MinCount ?? 1);
  return { subnet, interfaces };
}

function refuseBothForms({ SubnetId, SecurityGroupIds, SecurityGroups, PrivateIpAddress }: RunInstancesCommandInput) {
  const given =
    (SubnetId !== undefined && 'subnet ID') ||
    ((SecurityGroupIds?.length || SecurityGroups?.length) && 'security groups') ||
    (PrivateIpAddress !== undefined && 'private address');
  if (given)
    throw refusal(
      'InvalidParameterCombination',
      `Network interfaces and an instance-level ${given} may not be specified on the same request`,
    );
}

function refuseBadSpecifications(specifications: Specification[], maxCount: number, type: InstanceType) {
  const indexes = specifications.map(({ DeviceIndex }) => DeviceIndex);
  if (indexes.includes(undefined))
    throw refusal('InvalidParameterValue', 'Each network interface requires a device index.');
  if (new Set(indexes).size < indexes.length)
    throw refusal('InvalidParameterValue', 'Each network interface requires a unique device index.');
  if (specifications.length > 0 && !indexes.includes(0))
    throw refusal('InvalidParameterValue', 'A network interface with device index 0 is required.');
  if (specifications.length > type.networkInterfaces)
    throw refusal(
      'AttachmentLimitExceeded',
      `Interface count ${specifications.length} exceeds the limit for ${type.instanceType}`,
    );
  if (specifications.length > 1 && specifications.some((one) => one.AssociatePublicIpAddress !== undefined))
    throw refusal(
      'InvalidParameterCombination',
      'The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.',
    );
  for (const one of specifications) {
    const unknown = Object.keys(one).find(
      (name) => !understood.includes(name) && one[name as keyof Specification] !== undefined,
    );
    if (unknown)
      throw refusal(
        'UnsupportedOperation',
        `The simulated account does not model NetworkInterfaces.${unknown} of RunInstances`,
      );
    if (one.InterfaceType !== undefined && one.InterfaceType !== 'interface')
      throw refusal('InvalidParameterValue', `Value (${one.InterfaceType}) for parameter interfaceType is invalid.`);
    const shared = one.NetworkInterfaceId !== undefined || one.PrivateIpAddress !== undefined;
    if (shared && maxCount > 1)
      throw refusal(
        'InvalidParameterCombination',
        'One network interface or address cannot be given to several instances',
      );
    if (
      one.NetworkInterfaceId !== undefined &&
      (one.SubnetId !== undefined || one.Groups || one.AssociatePublicIpAddress)
    )
      throw refusal(
        'InvalidParameterCombination',
        'A network interface may not specify both a network interface ID and what a new one would have',
      );
  }
}

const understood = [
  'AssociatePublicIpAddress',
  'DeleteOnTermination',
  'Description',
  'DeviceIndex',
  'Groups',
  'InterfaceType',
  'NetworkCardIndex',
  'NetworkInterfaceId',
  'PrivateIpAddress',
  'SubnetId',
];

function planInterface(
  scope: Scope,
  specification: Specification,
  groupNames: string[],
  { Placement }: RunInstancesCommandInput,
): PlannedInterface {
  const { DeviceIndex: deviceIndex = 0, NetworkInterfaceId, Groups, PrivateIpAddress } = specification;
  if (NetworkInterfaceId !== undefined) {
    const row = requireNetworkInterface(scope, NetworkInterfaceId);
    if (row.status === 'in-use')
      throw refusal('InvalidNetworkInterface.InUse', `Interface: [${row.networkInterfaceId}] in use.`);
    return {
      deviceIndex,
      existingId: row.networkInterfaceId,
      subnetId: row.subnetId,
      groupIds: row.groupIds,
      description: row.description,
      publicAddress: false,
      deleteOnTermination: specification.DeleteOnTermination ?? false,
    };
  }
  const subnet = specification.SubnetId
    ? requireSubnet(scope, specification.SubnetId)
    : defaultSubnet(scope, Placement?.AvailabilityZone, Placement?.AvailabilityZoneId);
  const groupIds = [...(Groups ?? []), ...groupNames.map((name) => groupNamed(scope, subnet.vpcId, name))];
  const foreign = groupIds.find((id) => requireSecurityGroup(scope, id).vpcId !== subnet.vpcId);
  if (foreign !== undefined)
    throw refusal(
      'InvalidParameter',
      `Security group ${foreign} and subnet ${subnet.subnetId} belong to different networks.`,
    );
  const address = PrivateIpAddress === undefined ? undefined : parseCidr(`${PrivateIpAddress}/32`);
  if (PrivateIpAddress !== undefined && !(address && contains(parseCidr(subnet.cidrBlock)!, address)))
    throw refusal(
      'InvalidParameterValue',
      `Address ${PrivateIpAddress} does not fall within the subnet's address range`,
    );
  const taken = networkInterfaceTable(scope)
    .all()
    .some((row) => row.subnetId === subnet.subnetId && row.privateIpAddress === PrivateIpAddress);
  if (taken) throw refusal('InvalidIPAddress.InUse', `Address ${PrivateIpAddress} is in use.`);
  return {
    deviceIndex,
    subnetId: subnet.subnetId,
    groupIds: groupsIn(scope, subnet.vpcId, groupIds),
    description: specification.Description ?? '',
    ...(PrivateIpAddress === undefined ? {} : { privateIpAddress: PrivateIpAddress }),
    publicAddress: deviceIndex === 0 && (specification.AssociatePublicIpAddress ?? subnet.mapPublicIpOnLaunch),
    deleteOnTermination: specification.DeleteOnTermination ?? true,
  };
}

function defaultSubnet(scope: Scope, zone: string | undefined, zoneId: string | undefined): SubnetRow {
  const vpc = defaultVpc(scope);
  if (!vpc) throw refusal('VPCIdNotSpecified', 'No default VPC for this user');
  const subnet = subnetTable(scope)
    .list()
    .find(
      (row) =>
        row.vpcId === vpc.vpcId &&
        row.defaultForAz &&
        (zone ?? row.availabilityZone) === row.availabilityZone &&
        (zoneId ?? row.availabilityZoneId) === row.availabilityZoneId,
    );
  if (!subnet)
    throw refusal('MissingInput', `No subnets found for the default VPC '${vpc.vpcId}'. Please specify a subnet.`);
  return subnet;
}

function groupNamed(scope: Scope, vpcId: string, name: string): string {
  const row = securityGroupTable(scope)
    .list()
    .find((group) => group.vpcId === vpcId && group.groupName === name);
  if (!row) throw refusal('InvalidGroup.NotFound', `The security group '${name}' does not exist in VPC '${vpcId}'`);
  return row.groupId;
}

function refuseWithoutAddresses(scope: Scope, interfaces: PlannedInterface[], count: number) {
  const needed = new Map<string, number>();
  for (const { subnetId, existingId } of interfaces)
    if (existingId === undefined) needed.set(subnetId, (needed.get(subnetId) ?? 0) + count);
  for (const [subnetId, addresses] of needed)
    if (freeAddresses(scope, requireSubnet(scope, subnetId)) < addresses)
      throw refusal(
        'InsufficientFreeAddressesInSubnet',
        'The specified subnet does not have enough free addresses to satisfy the request.',
      );
}
