import type {
  CreateSecurityGroupCommandInput,
  CreateSecurityGroupCommandOutput,
  DeleteSecurityGroupCommandInput,
  DeleteSecurityGroupCommandOutput,
  DescribeSecurityGroupReferencesCommandInput,
  DescribeSecurityGroupReferencesCommandOutput,
  DescribeSecurityGroupsCommandInput,
  DescribeSecurityGroupsCommandOutput,
  DescribeStaleSecurityGroupsCommandInput,
  DescribeStaleSecurityGroupsCommandOutput,
  GetSecurityGroupsForVpcCommandInput,
  GetSecurityGroupsForVpcCommandOutput,
  SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { networkInterfaceTable } from './network-interface-rows.ts';
import { requireSecurityGroup, type SecurityGroupRow, securityGroupTable } from './security-group-rows.ts';
import { addRule, allowAll, permissionsOf, rulesOf, ruleTable } from './security-group-rule-rows.ts';
import { given, selected, selecting } from './selection.ts';
import { allowTagsFor, tagsFor, toList } from './tags.ts';
import { defaultVpc, requireVpc, vpcBlockers, vpcCompanions } from './vpcs.ts';

/** Quota L-E79EC296. */
const groupsPerRegion = 2500;

function describe(scope: Scope, row: SecurityGroupRow): SecurityGroup {
  return {
    GroupId: row.groupId,
    GroupName: row.groupName,
    Description: row.description,
    VpcId: row.vpcId,
    OwnerId: scope.accountId,
    SecurityGroupArn: arnOf(scope, row.groupId),
    IpPermissions: permissionsOf(scope, rulesOf(scope, row.groupId, false)),
    IpPermissionsEgress: permissionsOf(scope, rulesOf(scope, row.groupId, true)),
    Tags: toList(row.tags),
  };
}

function arnOf(scope: Scope, groupId: string): string {
  return scope.arn('ec2', `security-group/${groupId}`);
}

function addGroup(scope: Scope, wanted: Omit<SecurityGroupRow, 'groupId'>): SecurityGroupRow {
  const groupId = scope.id('sg');
  const row = securityGroupTable(scope).insert(groupId, { groupId, ...wanted });
  addRule(scope, { groupId, isEgress: true, ...allowAll, cidrIpv4: '0.0.0.0/0' });
  return row;
}

function forgetGroup(scope: Scope, groupId: string) {
  for (const rule of ruleTable(scope).all())
    if (rule.groupId === groupId) ruleTable(scope).delete(rule.securityGroupRuleId);
  securityGroupTable(scope).delete(groupId);
}

function checkText(value: string, parameter: string, what: string) {
  if (value !== '' && value.length <= 255 && /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]+$/.test(value)) return;
  throw refusal(
    'InvalidParameterValue',
    `Value (${value}) for parameter ${parameter} is invalid. ${what} must be 1 to 255 characters from a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*`,
  );
}

/** The group that a call names by id or, in the default VPC only, by name. */
export function namedGroup(scope: Scope, groupId: string | undefined, groupName: string | undefined) {
  if (groupId !== undefined || groupName === undefined) {
    if (groupId === undefined)
      throw refusal('MissingParameter', 'The request must contain the parameter groupName or groupId');
    return requireSecurityGroup(scope, groupId);
  }
  const vpcId = defaultVpc(scope)?.vpcId;
  const row = securityGroupTable(scope)
    .list()
    .find((one) => one.vpcId === vpcId && one.groupName === groupName);
  if (!row) throw refusal('InvalidGroup.NotFound', `The security group '${groupName}' does not exist`);
  return row;
}

export const securityGroups: Noun = {
  service: 'ec2',
  operations: {
    CreateSecurityGroup: operation<CreateSecurityGroupCommandInput, CreateSecurityGroupCommandOutput>(
      ['GroupName', 'Description', 'VpcId', 'TagSpecifications'],
      (scope, { GroupName = '', Description = '', VpcId, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'security-group');
        const tags = tagsFor(TagSpecifications, 'security-group');
        const groupName = GroupName.trimEnd();
        checkText(groupName, 'GroupName', 'Security group names');
        checkText(Description, 'GroupDescription', 'Security group descriptions');
        if (groupName.startsWith('sg-'))
          throw refusal('InvalidParameterValue', `Invalid group name: '${groupName}'. Names cannot begin with sg-`);
        if (groupName.toLowerCase() === 'default')
          throw refusal('InvalidGroup.Reserved', `Cannot use reserved security group name: ${groupName}`);
        const vpc = VpcId === undefined ? defaultVpc(scope) : requireVpc(scope, VpcId);
        if (!vpc) throw refusal('VPCIdNotSpecified', 'No default VPC for this user');
        const { vpcId } = vpc;
        const all = securityGroupTable(scope).all();
        if (all.some((row) => row.vpcId === vpcId && row.groupName === groupName))
          throw refusal(
            'InvalidGroup.Duplicate',
            `The security group '${groupName}' already exists for VPC '${vpcId}'`,
          );
        if (all.length >= groupsPerRegion)
          throw refusal('SecurityGroupLimitExceeded', 'The maximum number of security groups has been reached.');
        const row = addGroup(scope, { groupName, description: Description, vpcId, isDefault: false, tags });
        return { GroupId: row.groupId, SecurityGroupArn: arnOf(scope, row.groupId), Tags: toList(tags) };
      },
    ),
    DescribeSecurityGroups: operation<DescribeSecurityGroupsCommandInput, DescribeSecurityGroupsCommandOutput>(
      ['GroupIds', 'GroupNames', ...selecting],
      (scope, { GroupIds, GroupNames, ...question }) => {
        const named = [
          ...(GroupIds ?? []).map((id) => requireSecurityGroup(scope, id)),
          ...(GroupNames ?? []).map((name) => namedGroup(scope, undefined, name)),
        ];
        const rows = given(named) ?? securityGroupTable(scope).list();
        const ids = named.map(({ groupId }) => groupId);
        const { page, NextToken } = selected(scope, rows, question, filtersIn(scope), ids);
        return { SecurityGroups: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    GetSecurityGroupsForVpc: operation<GetSecurityGroupsForVpcCommandInput, GetSecurityGroupsForVpcCommandOutput>(
      ['VpcId', ...selecting],
      (scope, { VpcId, ...question }) => {
        const { vpcId } = requireVpc(scope, VpcId);
        const rows = securityGroupTable(scope)
          .list()
          .filter((row) => row.vpcId === vpcId);
        const { page, NextToken } = selected(scope, rows, question, {
          'group-id': (row) => row.groupId,
          'group-name': (row) => row.groupName,
          description: (row) => row.description,
          'owner-id': () => scope.accountId,
          'primary-vpc-id': (row) => row.vpcId,
        });
        const SecurityGroupForVpcs = page.map((row) => ({
          GroupId: row.groupId,
          GroupName: row.groupName,
          Description: row.description,
          OwnerId: scope.accountId,
          PrimaryVpcId: row.vpcId,
          Tags: toList(row.tags),
        }));
        return { SecurityGroupForVpcs, NextToken };
      },
    ),
    // Both ask about groups across a VPC peering connection, which the simulated account does not have.
    DescribeSecurityGroupReferences: operation<
      DescribeSecurityGroupReferencesCommandInput,
      DescribeSecurityGroupReferencesCommandOutput
    >(['GroupId'], (scope, { GroupId }) => {
      for (const id of GroupId ?? []) requireSecurityGroup(scope, id);
      return { SecurityGroupReferenceSet: [] };
    }),
    DescribeStaleSecurityGroups: operation<
      DescribeStaleSecurityGroupsCommandInput,
      DescribeStaleSecurityGroupsCommandOutput
    >(['VpcId', 'MaxResults', 'NextToken'], (scope, { VpcId }) => {
      requireVpc(scope, VpcId);
      return { StaleSecurityGroupSet: [] };
    }),
    DeleteSecurityGroup: operation<DeleteSecurityGroupCommandInput, DeleteSecurityGroupCommandOutput>(
      ['GroupId', 'GroupName'],
      (scope, { GroupId, GroupName }) => {
        const { groupId, isDefault } = namedGroup(scope, GroupId, GroupName);
        if (isDefault)
          throw refusal(
            'CannotDelete',
            `the specified group: "${groupId}" name: "default" cannot be deleted by a user`,
          );
        const referenced = ruleTable(scope)
          .all()
          .some((rule) => rule.referencedGroupId === groupId && rule.groupId !== groupId);
        const worn = networkInterfaceTable(scope)
          .all()
          .some((row) => row.groupIds.includes(groupId));
        if (referenced || worn) throw refusal('DependencyViolation', `resource ${groupId} has a dependent object`);
        forgetGroup(scope, groupId);
        return { Return: true, GroupId: groupId };
      },
    ),
  },
};

function filtersIn(scope: Scope) {
  type Row = SecurityGroupRow;
  const rules = (egress: boolean, prefix: string) => {
    const read = (member: (rule: ReturnType<typeof rulesOf>[number]) => string | number | undefined) => (row: Row) =>
      rulesOf(scope, row.groupId, egress).flatMap((rule) => member(rule) ?? []);
    return {
      [`${prefix}.cidr`]: read((rule) => rule.cidrIpv4),
      [`${prefix}.ipv6-cidr`]: read((rule) => rule.cidrIpv6),
      [`${prefix}.prefix-list-id`]: read((rule) => rule.prefixListId),
      [`${prefix}.group-id`]: read((rule) => rule.referencedGroupId),
      [`${prefix}.group-name`]: read((rule) => securityGroupTable(scope).peek(rule.referencedGroupId)?.groupName),
      [`${prefix}.user-id`]: read((rule) => (rule.referencedGroupId === undefined ? undefined : scope.accountId)),
      [`${prefix}.protocol`]: read((rule) => rule.ipProtocol),
      [`${prefix}.from-port`]: read((rule) => rule.fromPort),
      [`${prefix}.to-port`]: read((rule) => rule.toPort),
    };
  };
  return {
    'group-id': (row: Row) => row.groupId,
    'group-name': (row: Row) => row.groupName,
    description: (row: Row) => row.description,
    'vpc-id': (row: Row) => row.vpcId,
    'owner-id': () => scope.accountId,
    ...rules(false, 'ip-permission'),
    ...rules(true, 'egress.ip-permission'),
  };
}

vpcCompanions.push({
  born(scope, { vpcId }) {
    const { groupId } = addGroup(scope, {
      groupName: 'default',
      description: 'default VPC security group',
      vpcId,
      isDefault: true,
      tags: {},
    });
    addRule(scope, { groupId, isEgress: false, ...allowAll, referencedGroupId: groupId });
  },
  gone(scope, { vpcId }) {
    for (const row of securityGroupTable(scope).all()) if (row.vpcId === vpcId) forgetGroup(scope, row.groupId);
  },
});
vpcBlockers.push(
  (scope, vpcId) =>
    securityGroupTable(scope)
      .all()
      .find((row) => row.vpcId === vpcId && !row.isDefault)?.groupId,
);
