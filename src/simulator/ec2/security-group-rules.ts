import type {
  DescribeSecurityGroupRulesCommandInput,
  DescribeSecurityGroupRulesCommandOutput,
  IpPermission,
  ModifySecurityGroupRulesCommandInput,
  ModifySecurityGroupRulesCommandOutput,
  SecurityGroupRuleDescription,
  SecurityGroupRuleRequest,
  UpdateSecurityGroupRuleDescriptionsEgressCommandInput,
  UpdateSecurityGroupRuleDescriptionsEgressCommandOutput,
  UpdateSecurityGroupRuleDescriptionsIngressCommandInput,
  UpdateSecurityGroupRuleDescriptionsIngressCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { rulesIn, type WantedRule } from './permissions.ts';
import { requireSecurityGroup, type SecurityGroupRow } from './security-group-rows.ts';
import {
  describeRule,
  requireRule,
  ruleTable,
  type SecurityGroupRuleRow,
  sameRule,
} from './security-group-rule-rows.ts';
import { namedGroup } from './security-groups.ts';
import { given, selected, selecting } from './selection.ts';

function ruleOf(scope: Scope, group: SecurityGroupRow, ruleId: string | undefined): SecurityGroupRuleRow {
  const rule = requireRule(scope, ruleId);
  if (rule.groupId !== group.groupId)
    throw refusal('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${ruleId}' does not exist`);
  return rule;
}

/** What a rule would become; the request has to name the whole rule, not only what changes. */
function requested(
  scope: Scope,
  group: SecurityGroupRow,
  isEgress: boolean,
  request: SecurityGroupRuleRequest,
): WantedRule {
  const { IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId, Description } = request;
  const permission: IpPermission = {
    IpProtocol,
    FromPort,
    ToPort,
    IpRanges: CidrIpv4 === undefined ? [] : [{ CidrIp: CidrIpv4, Description }],
    Ipv6Ranges: CidrIpv6 === undefined ? [] : [{ CidrIpv6, Description }],
    PrefixListIds: PrefixListId === undefined ? [] : [{ PrefixListId, Description }],
    UserIdGroupPairs: ReferencedGroupId === undefined ? [] : [{ GroupId: ReferencedGroupId, Description }],
  };
  const [rule, more] = rulesIn(scope, group, isEgress, [permission]);
  if (!rule || more)
    throw refusal('InvalidParameterCombination', 'A security group rule has exactly one source or destination');
  return rule;
}

interface NewDescriptions {
  GroupId?: string | undefined;
  GroupName?: string | undefined;
  IpPermissions?: IpPermission[] | undefined;
  SecurityGroupRuleDescriptions?: SecurityGroupRuleDescription[] | undefined;
}

function describeAnew(scope: Scope, isEgress: boolean, input: NewDescriptions) {
  const group = namedGroup(scope, input.GroupId, input.GroupName);
  const changes: [SecurityGroupRuleRow, string | undefined][] = [];
  for (const { SecurityGroupRuleId, Description } of input.SecurityGroupRuleDescriptions ?? [])
    changes.push([ruleOf(scope, group, SecurityGroupRuleId), Description]);
  for (const wanted of rulesIn(scope, group, isEgress, input.IpPermissions ?? [])) {
    const rule = ruleTable(scope)
      .all()
      .find((one) => sameRule(one, wanted));
    if (!rule) throw refusal('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
    changes.push([rule, wanted.description]);
  }
  if (changes.length === 0)
    throw refusal('MissingParameter', 'Either ipPermissions or securityGroupRuleDescriptions must be specified');
  for (const [rule, description] of changes) {
    if (description === undefined || description === '') delete rule.description;
    else rule.description = description;
  }
  return { Return: true };
}

export const securityGroupRules: Noun = {
  service: 'ec2',
  operations: {
    DescribeSecurityGroupRules: operation<
      DescribeSecurityGroupRulesCommandInput,
      DescribeSecurityGroupRulesCommandOutput
    >(['SecurityGroupRuleIds', ...selecting], (scope, { SecurityGroupRuleIds, ...question }) => {
      const rows = given(SecurityGroupRuleIds)?.map((id) => requireRule(scope, id)) ?? ruleTable(scope).list();
      const filters = {
        'group-id': (row: SecurityGroupRuleRow) => row.groupId,
        'security-group-rule-id': (row: SecurityGroupRuleRow) => row.securityGroupRuleId,
      };
      const { page, NextToken } = selected(scope, rows, question, filters, SecurityGroupRuleIds);
      return { SecurityGroupRules: page.map((row) => describeRule(scope, row)), NextToken };
    }),
    ModifySecurityGroupRules: operation<ModifySecurityGroupRulesCommandInput, ModifySecurityGroupRulesCommandOutput>(
      ['GroupId', 'SecurityGroupRules'],
      (scope, { GroupId, SecurityGroupRules = [] }) => {
        const group = requireSecurityGroup(scope, GroupId);
        const changes = SecurityGroupRules.map(({ SecurityGroupRuleId, SecurityGroupRule = {} }) => {
          const old = ruleOf(scope, group, SecurityGroupRuleId);
          const wanted = requested(scope, group, old.isEgress, SecurityGroupRule);
          const twin = ruleTable(scope)
            .all()
            .some((one) => one !== old && sameRule(one, wanted));
          if (twin)
            throw refusal(
              'InvalidPermission.Duplicate',
              'A rule with the same protocol, ports and peer already exists',
            );
          return { old, wanted };
        });
        for (const { old, wanted } of changes) {
          for (const member of ['cidrIpv4', 'cidrIpv6', 'prefixListId', 'referencedGroupId', 'description'] as const)
            delete old[member];
          Object.assign(old, wanted);
        }
        return { Return: true };
      },
    ),
    UpdateSecurityGroupRuleDescriptionsIngress: operation<
      UpdateSecurityGroupRuleDescriptionsIngressCommandInput,
      UpdateSecurityGroupRuleDescriptionsIngressCommandOutput
    >(['GroupId', 'GroupName', 'IpPermissions', 'SecurityGroupRuleDescriptions'], (scope, input) =>
      describeAnew(scope, false, input),
    ),
    UpdateSecurityGroupRuleDescriptionsEgress: operation<
      UpdateSecurityGroupRuleDescriptionsEgressCommandInput,
      UpdateSecurityGroupRuleDescriptionsEgressCommandOutput
    >(['GroupId', 'GroupName', 'IpPermissions', 'SecurityGroupRuleDescriptions'], (scope, input) =>
      describeAnew(scope, true, input),
    ),
  },
};
