import type { IpPermission } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { cidrText, parseCidr } from '../cidr.ts';
import { refusal } from '../refusal.ts';
import { requireSecurityGroup, type SecurityGroupRow, securityGroupTable } from './security-group-rows.ts';
import type { RuleMatch } from './security-group-rule-rows.ts';
import { awsPrefixLists } from './vpc-endpoint-services.ts';
import { requireVpc } from './vpcs.ts';

/** A rule as a call asks for it. */
export type WantedRule = RuleMatch & { description?: string };

/** The flat form of a call with one permission. */
interface FlatPermission {
  IpPermissions?: IpPermission[] | undefined;
  IpProtocol?: string | undefined;
  FromPort?: number | undefined;
  ToPort?: number | undefined;
  CidrIp?: string | undefined;
  SourceSecurityGroupName?: string | undefined;
  SourceSecurityGroupOwnerId?: string | undefined;
}

const protocols: Record<string, string> = {
  tcp: 'tcp',
  '6': 'tcp',
  udp: 'udp',
  '17': 'udp',
  icmp: 'icmp',
  '1': 'icmp',
  icmpv6: 'icmpv6',
  '58': 'icmpv6',
  '-1': '-1',
  all: '-1',
};

/** The permissions of a call, in whichever form it gives them. */
export function permissionsIn(input: FlatPermission): IpPermission[] {
  const { IpPermissions, IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName } = input;
  const flat = IpProtocol !== undefined || CidrIp !== undefined || SourceSecurityGroupName !== undefined;
  if (IpPermissions && flat)
    throw refusal('InvalidParameterCombination', 'IpPermissions cannot be given together with a single permission');
  if (IpPermissions) {
    if (IpPermissions.length === 0)
      throw refusal('MissingParameter', 'The request must contain the parameter ipPermissions');
    return IpPermissions;
  }
  if (!flat) throw refusal('MissingParameter', 'The request must contain the parameter ipPermissions');
  if (SourceSecurityGroupName !== undefined)
    return [{ IpProtocol: IpProtocol ?? '-1', UserIdGroupPairs: [{ GroupName: SourceSecurityGroupName }] }];
  return [{ IpProtocol, FromPort, ToPort, IpRanges: CidrIp === undefined ? [] : [{ CidrIp }] }];
}

/** One rule for each source or destination in the permissions; refuses what EC2 finds malformed. */
export function rulesIn(
  scope: Scope,
  group: SecurityGroupRow,
  isEgress: boolean,
  permissions: readonly IpPermission[],
): WantedRule[] {
  return permissions.flatMap((permission): WantedRule[] => {
    const base = { groupId: group.groupId, isEgress, ...portsOf(permission) };
    const { IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], UserIdGroupPairs = [] } = permission;
    const rules = [
      ...IpRanges.map(({ CidrIp, Description }) => ({ ...base, cidrIpv4: ipv4Block(CidrIp), ...noted(Description) })),
      ...Ipv6Ranges.map(({ CidrIpv6, Description }) => ({
        ...base,
        cidrIpv6: ipv6Block(CidrIpv6),
        ...noted(Description),
      })),
      ...PrefixListIds.map(({ PrefixListId = '', Description }) => ({
        ...base,
        prefixListId: prefixList(scope, PrefixListId),
        ...noted(Description),
      })),
      ...UserIdGroupPairs.map(({ GroupId, GroupName, Description }) => ({
        ...base,
        referencedGroupId: referencedGroup(scope, group, GroupId, GroupName),
        ...noted(Description),
      })),
    ];
    if (rules.length === 0)
      throw refusal(
        'InvalidPermission.Malformed',
        `A permission of protocol ${permission.IpProtocol} names neither an address range nor a security group nor a prefix list`,
      );
    return rules;
  });
}

/** Protocol and ports in the form that AWS keeps. Ports are meaningless, and -1, for protocols that have none. */
function portsOf({ IpProtocol, FromPort, ToPort }: Pick<IpPermission, 'IpProtocol' | 'FromPort' | 'ToPort'>) {
  if (IpProtocol === undefined) throw refusal('MissingParameter', 'The request must contain the parameter ipProtocol');
  const name = IpProtocol.toLowerCase();
  const ipProtocol = Object.hasOwn(protocols, name) ? protocols[name]! : name;
  if (ipProtocol === '-1') return { ipProtocol, fromPort: -1, toPort: -1 };
  if (ipProtocol === 'icmp' || ipProtocol === 'icmpv6')
    return { ipProtocol, fromPort: FromPort ?? -1, toPort: ToPort ?? -1 };
  if (ipProtocol !== 'tcp' && ipProtocol !== 'udp') {
    const number = Number(ipProtocol);
    if (!Number.isInteger(number) || number < 0 || number > 255)
      throw refusal('InvalidPermission.Malformed', `Unsupported IP protocol "${IpProtocol}"`);
    return { ipProtocol, fromPort: -1, toPort: -1 };
  }
  if (FromPort === undefined || ToPort === undefined)
    throw refusal(
      'InvalidParameterValue',
      `Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.`,
    );
  if (FromPort < 0 || ToPort > 65535 || FromPort > ToPort)
    throw refusal('InvalidParameterValue', `Invalid ${ipProtocol.toUpperCase()} port range (${FromPort}-${ToPort})`);
  return { ipProtocol, fromPort: FromPort, toPort: ToPort };
}

function ipv4Block(text: string | undefined): string {
  const cidr = parseCidr(text ?? '');
  if (!cidr) throw refusal('InvalidParameterValue', `CIDR block ${text} is malformed`);
  return cidrText(cidr);
}

function ipv6Block(text: string | undefined): string {
  const [, prefix] = /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/(\d{1,3})$/.exec(text ?? '') ?? [];
  if (prefix === undefined || Number(prefix) > 128)
    throw refusal('InvalidParameterValue', `IPv6 CIDR block ${text} is malformed`);
  return text!.toLowerCase();
}

function prefixList(scope: Scope, id: string): string {
  if (!id.startsWith('pl-')) throw refusal('InvalidPrefixListId.Malformed', `Invalid id: "${id}" (expecting "pl-...")`);
  if (!awsPrefixLists(scope).some(({ prefixListId }) => prefixListId === id))
    throw refusal('InvalidPrefixListID.NotFound', `The prefix list ID '${id}' does not exist`);
  return id;
}

function noted(description: string | undefined): { description?: string } {
  if (description === undefined || description === '') return {};
  if (description.length <= 255 && /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/.test(description)) return { description };
  throw refusal(
    'InvalidParameterValue',
    'Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
  );
}

/** A group of the same VPC; by name only in the default VPC, where names are all that old callers know. */
function referencedGroup(
  scope: Scope,
  group: SecurityGroupRow,
  groupId: string | undefined,
  groupName: string | undefined,
): string {
  if (groupId !== undefined) {
    const { vpcId } = requireSecurityGroup(scope, groupId);
    if (vpcId !== group.vpcId)
      throw refusal(
        'InvalidGroup.NotFound',
        `You have specified two resources that belong to different networks: ${group.groupId} and ${groupId}`,
      );
    return groupId;
  }
  if (groupName === undefined)
    throw refusal('MissingParameter', 'The request must contain the parameter groupId of a security group');
  if (!requireVpc(scope, group.vpcId).isDefault)
    throw refusal(
      'InvalidParameterValue',
      `Invalid value '${groupName}' for groupName. You may not reference Amazon VPC security groups by name. Please use the corresponding id for this operation.`,
    );
  const found = securityGroupTable(scope)
    .list()
    .find((row) => row.vpcId === group.vpcId && row.groupName === groupName);
  if (!found) throw refusal('InvalidGroup.NotFound', `The security group '${groupName}' does not exist`);
  return found.groupId;
}
