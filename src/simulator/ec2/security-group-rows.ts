import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { idKinds, required } from './ids.ts';
import type { Tags } from './tags.ts';

export interface SecurityGroupRow {
  groupId: string;
  groupName: string;
  description: string;
  vpcId: string;
  isDefault: boolean;
  tags: Tags;
}

export function securityGroupTable(scope: Scope) {
  return scope.table<SecurityGroupRow>('ec2.securityGroups');
}

/** The group, or `InvalidGroup.NotFound`. */
export function requireSecurityGroup(scope: Scope, groupId: string | undefined) {
  return required(idKinds.securityGroup, groupId, securityGroupTable(scope).get(groupId));
}

/** The group that a VPC is born with, however new the VPC is. */
export function defaultSecurityGroup(scope: Scope, vpcId: string): SecurityGroupRow {
  const row = securityGroupTable(scope)
    .all()
    .find((one) => one.vpcId === vpcId && one.isDefault);
  if (!row) throw refusal('InvalidGroup.NotFound', `The security group 'default' does not exist in VPC '${vpcId}'`);
  return row;
}
