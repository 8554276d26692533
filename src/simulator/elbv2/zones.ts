import type { SubnetMapping } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { newPublicAddress } from '../ec2/addresses.ts';
import { hasInternetGateway } from '../ec2/internet-gateways.ts';
import { networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { addNetworkInterface, removeNetworkInterface } from '../ec2/network-interfaces.ts';
import { defaultSecurityGroup, securityGroupTable } from '../ec2/security-group-rows.ts';
import { freeAddresses, type SubnetRow, subnetTable } from '../ec2/subnets.ts';
import { refusal } from '../refusal.ts';
import { type LoadBalancerRow, pathOf } from './rows.ts';

/** ELB wants this much room in each subnet, to grow. */
const freeAddressesNeeded = 8;
const securityGroupsPerLoadBalancer = 5;

export interface Placement {
  Subnets?: string[] | undefined;
  SubnetMappings?: SubnetMapping[] | undefined;
}

/** The subnets of a load balancer, one to a zone, or ELB's refusal of them. */
export function subnetsFor(
  scope: Scope,
  { Subnets, SubnetMappings }: Placement,
  { type, scheme }: Pick<LoadBalancerRow, 'type' | 'scheme'>,
  already: readonly string[] = [],
): SubnetRow[] {
  if (Subnets && SubnetMappings)
    throw refusal('ValidationError', 'You must specify either subnets or subnet mappings, but not both');
  const fixed = SubnetMappings?.find(
    (mapping) => mapping.AllocationId ?? mapping.PrivateIPv4Address ?? mapping.IPv6Address,
  );
  if (fixed && type === 'application')
    throw refusal('ValidationError', `You cannot specify addresses for subnets of an 'application' load balancer`);
  if (fixed) throw refusal('UnknownParameter', 'The simulated account does not know fixed addresses in SubnetMappings');
  const ids = Subnets ?? SubnetMappings?.map(({ SubnetId = '' }) => SubnetId) ?? [];
  if (ids.length === 0) throw refusal('ValidationError', 'At least one subnet must be specified');
  if (new Set(ids).size < ids.length) throw refusal('ValidationError', 'A subnet cannot be specified more than once');
  const subnets = ids.map((id) => {
    const subnet = subnetTable(scope).get(id);
    if (!subnet) throw refusal('SubnetNotFound', `The subnet ID '${id}' does not exist`);
    return subnet;
  });
  if (new Set(subnets.map(({ vpcId }) => vpcId)).size > 1)
    throw refusal('InvalidConfigurationRequest', 'All subnets must belong to the same VPC');
  if (new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size < subnets.length)
    throw refusal(
      'InvalidConfigurationRequest',
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    );
  if (type === 'application' && subnets.length < 2)
    throw refusal('ValidationError', 'At least two subnets in two different Availability Zones must be specified');
  const [{ vpcId }] = subnets as [SubnetRow];
  if (scheme === 'internet-facing' && !hasInternetGateway(scope, vpcId))
    throw refusal('InvalidSubnet', `VPC ${vpcId} has no internet gateway`);
  const full = subnets.find(
    (row) => !already.includes(row.subnetId) && freeAddresses(scope, row) < freeAddressesNeeded,
  );
  if (full)
    throw refusal(
      'InvalidSubnet',
      `Not enough IP space available in ${full.subnetId}. ELB requires at least ${freeAddressesNeeded} free IP addresses in each subnet.`,
    );
  return subnets;
}

/** The security groups of a load balancer; an application load balancer without any gets the VPC's default one. */
export function securityGroupsFor(
  scope: Scope,
  vpcId: string,
  type: LoadBalancerRow['type'],
  given: string[] | undefined,
): string[] {
  if (!given?.length) return type === 'application' ? [defaultSecurityGroup(scope, vpcId).groupId] : [];
  const groups = [...new Set(given)];
  if (groups.length > securityGroupsPerLoadBalancer)
    throw refusal(
      'InvalidConfigurationRequest',
      'The maximum number of security groups per load balancer has been reached.',
    );
  for (const groupId of groups) {
    const row = securityGroupTable(scope).get(groupId);
    if (!row) throw refusal('InvalidSecurityGroup', `The security group '${groupId}' does not exist`);
    if (row.vpcId !== vpcId)
      throw refusal('InvalidConfigurationRequest', `Security group "${groupId}" does not belong to VPC "${vpcId}"`);
  }
  return groups;
}

/** Puts one network interface into the subnet, as ELB does while it provisions. */
export function enter(
  scope: Scope,
  { loadBalancerArn, type, scheme, securityGroups }: Omit<LoadBalancerRow, 'zones'>,
  { subnetId, availabilityZone }: SubnetRow,
): LoadBalancerRow['zones'][number] {
  const { networkInterfaceId } = addNetworkInterface(scope, {
    subnetId,
    groupIds: securityGroups,
    description: `ELB ${pathOf(loadBalancerArn)}`,
    interfaceType: type === 'network' ? 'network_load_balancer' : 'interface',
    requesterManaged: true,
    requesterId: 'amazon-elb',
    instanceOwnerId: 'amazon-elb',
    publicIp: scheme === 'internet-facing' ? newPublicAddress(scope) : undefined,
  });
  return { zoneName: availabilityZone, subnetId, networkInterfaceId };
}

/** The interfaces outlive the load balancer, and hold subnets and security groups for that long. */
export function leave(scope: Scope, zones: LoadBalancerRow['zones']) {
  const seconds = scope.seconds('loadBalancer.delete') + scope.seconds('loadBalancer.interfaces');
  const networkInterfaceIds = zones.map(({ networkInterfaceId }) => networkInterfaceId);
  scope.after(seconds, 'loadBalancerInterfacesGone', { networkInterfaceIds });
}

export function interfacesGone(scope: Scope, { networkInterfaceIds }: { networkInterfaceIds: string[] }) {
  for (const id of networkInterfaceIds) removeNetworkInterface(scope, id);
}

export function regroup(scope: Scope, { zones, securityGroups }: LoadBalancerRow) {
  for (const { networkInterfaceId } of zones) {
    const row = networkInterfaceTable(scope).peek(networkInterfaceId);
    if (row) row.groupIds = [...securityGroups];
  }
}
