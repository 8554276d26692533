import type {
  AuthorizeSecurityGroupEgressCommandInput,
  AuthorizeSecurityGroupEgressCommandOutput,
  AuthorizeSecurityGroupIngressCommandInput,
  AuthorizeSecurityGroupIngressCommandOutput,
  RevokedSecurityGroupRule,
  RevokeSecurityGroupEgressCommandInput,
  RevokeSecurityGroupEgressCommandOutput,
  RevokeSecurityGroupIngressCommandInput,
  RevokeSecurityGroupIngressCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { permissionsIn, rulesIn, type WantedRule } from './permissions.ts';
import {
  addRule,
  describeRule,
  peerOf,
  permissionsOf,
  requireRule,
  ruleTable,
  type SecurityGroupRuleRow,
  sameRule,
} from './security-group-rule-rows.ts';
import { namedGroup } from './security-groups.ts';
import { allowTagsFor, tagsFor } from './tags.ts';
import { requireVpc } from './vpcs.ts';

/** Quota L-0EA8095F, for each direction. */
const rulesPerGroup = 60;

type AuthorizeInput = AuthorizeSecurityGroupIngressCommandInput;
type RevokeInput = RevokeSecurityGroupIngressCommandInput;

function asText(rule: WantedRule): string {
  const ports =
    rule.ipProtocol === '-1'
      ? 'ALL'
      : `${rule.ipProtocol.toUpperCase()}, from port: ${rule.fromPort}, to port: ${rule.toPort}`;
  return `peer: ${peerOf(rule)}, ${ports}, ALLOW`;
}

/** All of the call's rules or none: EC2 refuses the whole call for one duplicate. */
function authorize(scope: Scope, isEgress: boolean, input: AuthorizeInput) {
  allowTagsFor(input.TagSpecifications, 'security-group-rule');
  const tags = tagsFor(input.TagSpecifications, 'security-group-rule');
  const group = namedGroup(scope, input.GroupId, input.GroupName);
  const wanted = rulesIn(scope, group, isEgress, permissionsIn(input));
  const there = ruleTable(scope)
    .all()
    .filter((rule) => rule.groupId === group.groupId && rule.isEgress === isEgress);
  for (const [index, rule] of wanted.entries()) {
    if (there.some((one) => sameRule(one, rule)))
      throw refusal('InvalidPermission.Duplicate', `the specified rule "${asText(rule)}" already exists`);
    if (wanted.slice(0, index).some((one) => sameRule(one, rule)))
      throw refusal('InvalidParameterValue', 'The same permission must not appear multiple times');
  }
  if (there.length + wanted.length > rulesPerGroup)
    throw refusal(
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    );
  const added = wanted.map((rule) => addRule(scope, { ...rule, tags: { ...tags } }));
  return { Return: true, SecurityGroupRules: added.map((rule) => describeRule(scope, rule)) };
}

function revoke(scope: Scope, isEgress: boolean, input: RevokeInput) {
  const group = namedGroup(scope, input.GroupId, input.GroupName);
  const table = ruleTable(scope);
  const found: SecurityGroupRuleRow[] = [];
  const unknown: WantedRule[] = [];
  if (input.SecurityGroupRuleIds) {
    for (const id of input.SecurityGroupRuleIds) {
      const rule = requireRule(scope, id);
      if (rule.groupId !== group.groupId || rule.isEgress !== isEgress)
        throw refusal('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`);
      found.push(rule);
    }
  } else {
    for (const wanted of rulesIn(scope, group, isEgress, permissionsIn(input))) {
      const rule = table.all().find((one) => sameRule(one, wanted));
      if (rule) found.push(rule);
      else unknown.push(wanted);
    }
    // Only in the default VPC does EC2 let a rule pass that is not there.
    if (unknown.length > 0 && !requireVpc(scope, group.vpcId).isDefault)
      throw refusal('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
  }
  for (const rule of found) table.delete(rule.securityGroupRuleId);
  return {
    Return: true,
    RevokedSecurityGroupRules: found.map(revoked),
    UnknownIpPermissions: permissionsOf(
      scope,
      unknown.map((rule) => ({ ...rule, securityGroupRuleId: '', tags: {} })),
    ),
  };
}

function revoked(rule: SecurityGroupRuleRow): RevokedSecurityGroupRule {
  return {
    SecurityGroupRuleId: rule.securityGroupRuleId,
    GroupId: rule.groupId,
    IsEgress: rule.isEgress,
    IpProtocol: rule.ipProtocol,
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    CidrIpv4: rule.cidrIpv4,
    CidrIpv6: rule.cidrIpv6,
    PrefixListId: rule.prefixListId,
    ReferencedGroupId: rule.referencedGroupId,
    Description: rule.description,
  };
}

const flat = [
  'IpProtocol',
  'FromPort',
  'ToPort',
  'CidrIp',
  'SourceSecurityGroupName',
  'SourceSecurityGroupOwnerId',
] as const;

export const authorizations: Noun = {
  service: 'ec2',
  operations: {
    AuthorizeSecurityGroupIngress: operation<AuthorizeInput, AuthorizeSecurityGroupIngressCommandOutput>(
      ['GroupId', 'GroupName', 'IpPermissions', ...flat, 'TagSpecifications'],
      (scope, input) => authorize(scope, false, input),
    ),
    AuthorizeSecurityGroupEgress: operation<
      AuthorizeSecurityGroupEgressCommandInput,
      AuthorizeSecurityGroupEgressCommandOutput
    >(['GroupId', 'IpPermissions', ...flat, 'TagSpecifications'], (scope, input) => authorize(scope, true, input)),
    RevokeSecurityGroupIngress: operation<RevokeInput, RevokeSecurityGroupIngressCommandOutput>(
      ['GroupId', 'GroupName', 'IpPermissions', 'SecurityGroupRuleIds', ...flat],
      (scope, input) => revoke(scope, false, input),
    ),
    RevokeSecurityGroupEgress: operation<RevokeSecurityGroupEgressCommandInput, RevokeSecurityGroupEgressCommandOutput>(
      ['GroupId', 'IpPermissions', 'SecurityGroupRuleIds', ...flat],
      (scope, input) => revoke(scope, true, input),
    ),
  },
};
