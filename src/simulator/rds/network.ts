import type { Scope } from '../account.ts';
import { networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { defaultSecurityGroup, securityGroupTable } from '../ec2/security-group-rows.ts';
import { type SubnetRow, subnetTable } from '../ec2/subnets.ts';
import { vpcTable } from '../ec2/vpcs.ts';
import { refusal } from '../refusal.ts';
import type { DbInstanceRow } from './rows.ts';
import { requireSubnetGroup, type SubnetGroupRow } from './subnet-groups.ts';

/** Where a database is put. Without a subnet group it is in the default VPC, if the account has one. */
export interface Placement {
  subnetGroupName: string;
  vpcId?: string;
  subnets: SubnetRow[];
}

/** The place that a call asks for; a subnet group whose subnets went away since is `InvalidVPCNetworkStateFault`. */
export function placement(scope: Scope, subnetGroupName: string | undefined): Placement {
  if (subnetGroupName === undefined || subnetGroupName === 'default') {
    const vpcId = vpcTable(scope)
      .list()
      .find(({ isDefault }) => isDefault)?.vpcId;
    const subnets = subnetTable(scope)
      .list()
      .filter((row) => row.vpcId === vpcId);
    return { subnetGroupName: 'default', subnets, ...(vpcId === undefined ? {} : { vpcId }) };
  }
  const group = requireSubnetGroup(scope, subnetGroupName);
  const subnets = subnetsOf(scope, group);
  if (new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size < 2)
    throw refusal(
      'InvalidVPCNetworkStateFault',
      `The DB subnet group ${group.name} no longer covers at least two Availability Zones.`,
    );
  return { subnetGroupName: group.name, vpcId: group.vpcId, subnets };
}

/** Those subnets of a group that still exist. */
function subnetsOf(scope: Scope, { subnetIds }: SubnetGroupRow): SubnetRow[] {
  return subnetIds.flatMap((subnetId) => subnetTable(scope).peek(subnetId) ?? []);
}

/** The security groups that a call names, or the VPC's default one. */
export function securityGroups(scope: Scope, wanted: string[] | undefined, vpcId: string | undefined): string[] {
  if (wanted === undefined || wanted.length === 0) {
    return vpcId === undefined ? [] : [defaultSecurityGroup(scope, vpcId).groupId];
  }
  for (const groupId of wanted) {
    const row = securityGroupTable(scope).get(groupId);
    if (!row) throw refusal('InvalidParameterValue', `Invalid security group , groupId= ${groupId}, groupName=.`);
    if (vpcId !== undefined && row.vpcId !== vpcId)
      throw refusal(
        'InvalidParameterCombination',
        `The DB instance and EC2 security group are in different VPCs. The DB instance is in ${vpcId} and the EC2 security group is in ${row.vpcId}`,
      );
  }
  return [...new Set(wanted)];
}

/** A public endpoint needs a VPC that gives names. */
export function checkPublic(scope: Scope, publiclyAccessible: boolean | undefined, vpcId: string | undefined) {
  const vpc = vpcTable(scope).peek(vpcId);
  if (publiclyAccessible && vpc && !(vpc.enableDnsSupport && vpc.enableDnsHostnames))
    throw refusal(
      'InvalidVPCNetworkStateFault',
      'Cannot create a publicly accessible DBInstance. The specified VPC does not support DNS resolution, DNS hostnames, or both. Update the VPC and then try again',
    );
}

/** Gives an instance, and the network interface that it holds, these security groups. */
export function putIntoGroups(scope: Scope, instance: DbInstanceRow, groupIds: string[]) {
  instance.groupIds = groupIds;
  const networkInterface = networkInterfaceTable(scope).peek(instance.networkInterfaceId);
  if (networkInterface) networkInterface.groupIds = groupIds;
}
