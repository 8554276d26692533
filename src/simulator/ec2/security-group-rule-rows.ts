import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { addressNumber, contains, parseCidr } from '../cidr.ts';
import { idKinds, required } from './ids.ts';
import { securityGroupTable } from './security-group-rows.ts';
import { type Tags, toList } from './tags.ts';

/** One source or destination of one permission: what AWS gives a `SecurityGroupRuleId`. */
export interface SecurityGroupRuleRow {
  securityGroupRuleId: string;
  groupId: string;
  isEgress: boolean;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, `-1`, or another number. */
  ipProtocol: string;
  /** -1 where ports mean nothing. */
  fromPort: number;
  toPort: number;
  cidrIpv4?: string;
  cidrIpv6?: string;
  prefixListId?: string;
  referencedGroupId?: string;
  description?: string;
  tags: Tags;
}

/** What makes two rules the same; a description or a tag does not. */
export type RuleMatch = Omit<SecurityGroupRuleRow, 'securityGroupRuleId' | 'description' | 'tags'>;

export const allowAll = { ipProtocol: '-1', fromPort: -1, toPort: -1 } as const;

export function ruleTable(scope: Scope) {
  return scope.table<SecurityGroupRuleRow>('ec2.securityGroupRules');
}

/** The rule, or `InvalidSecurityGroupRuleId.NotFound`. */
export function requireRule(scope: Scope, ruleId: string | undefined) {
  return required(idKinds.securityGroupRule, ruleId, ruleTable(scope).get(ruleId));
}

/** A group's rules of one direction as describes show them. */
export function rulesOf(scope: Scope, groupId: string, isEgress: boolean) {
  return ruleTable(scope)
    .list()
    .filter((rule) => rule.groupId === groupId && rule.isEgress === isEgress);
}

export function addRule(scope: Scope, rule: RuleMatch & { description?: string | undefined; tags?: Tags }) {
  const securityGroupRuleId = scope.id('sgr');
  const { description, tags = {}, ...match } = rule;
  return ruleTable(scope).insert(securityGroupRuleId, {
    securityGroupRuleId,
    ...match,
    ...(description === undefined ? {} : { description }),
    tags,
  });
}

/** The source of an ingress rule, the destination of an egress rule. */
export function peerOf(rule: RuleMatch): string | undefined {
  return rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.prefixListId ?? rule.referencedGroupId;
}

export function sameRule(one: RuleMatch, other: RuleMatch): boolean {
  return (
    one.groupId === other.groupId &&
    one.isEgress === other.isEgress &&
    one.ipProtocol === other.ipProtocol &&
    one.fromPort === other.fromPort &&
    one.toPort === other.toPort &&
    peerOf(one) === peerOf(other)
  );
}

export function describeRule(scope: Scope, rule: SecurityGroupRuleRow): SecurityGroupRule {
  return {
    SecurityGroupRuleId: rule.securityGroupRuleId,
    SecurityGroupRuleArn: scope.arn('ec2', `security-group-rule/${rule.securityGroupRuleId}`),
    GroupId: rule.groupId,
    GroupOwnerId: scope.accountId,
    IsEgress: rule.isEgress,
    IpProtocol: rule.ipProtocol,
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    CidrIpv4: rule.cidrIpv4,
    CidrIpv6: rule.cidrIpv6,
    PrefixListId: rule.prefixListId,
    ReferencedGroupInfo:
      rule.referencedGroupId === undefined
        ? undefined
        : {
            GroupId: rule.referencedGroupId,
            UserId: scope.accountId,
            VpcId: securityGroupTable(scope).peek(rule.referencedGroupId)?.vpcId,
          },
    Description: rule.description,
    Tags: toList(rule.tags),
  };
}

/** Rules put together as `IpPermissions` are: one entry for each protocol and range of ports. */
export function permissionsOf(scope: Scope, rules: readonly SecurityGroupRuleRow[]): IpPermission[] {
  const permissions = new Map<
    string,
    Required<Pick<IpPermission, 'IpRanges' | 'Ipv6Ranges' | 'PrefixListIds' | 'UserIdGroupPairs'>> & IpPermission
  >();
  for (const rule of rules) {
    const key = `${rule.ipProtocol} ${rule.fromPort} ${rule.toPort}`;
    const permission = permissions.get(key) ?? {
      IpProtocol: rule.ipProtocol,
      ...(rule.ipProtocol === '-1' ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort }),
      IpRanges: [],
      Ipv6Ranges: [],
      PrefixListIds: [],
      UserIdGroupPairs: [],
    };
    permissions.set(key, permission);
    const Description = rule.description;
    if (rule.cidrIpv4 !== undefined) permission.IpRanges?.push({ CidrIp: rule.cidrIpv4, Description });
    if (rule.cidrIpv6 !== undefined) permission.Ipv6Ranges?.push({ CidrIpv6: rule.cidrIpv6, Description });
    if (rule.prefixListId !== undefined)
      permission.PrefixListIds?.push({ PrefixListId: rule.prefixListId, Description });
    if (rule.referencedGroupId !== undefined)
      permission.UserIdGroupPairs?.push({ GroupId: rule.referencedGroupId, UserId: scope.accountId, Description });
  }
  return [...permissions.values()];
}

interface Traffic {
  /** Groups of the receiving interface. */
  groupIds: readonly string[];
  port: number;
  /** `tcp` or `udp`. */
  protocol: string;
  fromAddress?: string | undefined;
  /** Groups of the sending interface, if it is one of ours. */
  fromGroupIds?: readonly string[] | undefined;
}

/** True when an ingress rule of one of the groups lets the traffic in. */
export function securityGroupAllows(
  scope: Scope,
  { groupIds, port, protocol, fromAddress, fromGroupIds = [] }: Traffic,
): boolean {
  const address = fromAddress === undefined ? undefined : addressNumber(fromAddress);
  return ruleTable(scope)
    .all()
    .some((rule) => {
      if (rule.isEgress || !groupIds.includes(rule.groupId)) return false;
      if (rule.ipProtocol !== '-1' && rule.ipProtocol !== protocol) return false;
      if (rule.ipProtocol !== '-1' && (port < rule.fromPort || port > rule.toPort)) return false;
      if (rule.referencedGroupId !== undefined) return fromGroupIds.includes(rule.referencedGroupId);
      const block = rule.cidrIpv4 === undefined ? undefined : parseCidr(rule.cidrIpv4);
      return block !== undefined && address !== undefined && contains(block, { first: address, prefix: 32 });
    });
}
