import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DeleteVpcCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  ModifySecurityGroupRulesCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  UpdateSecurityGroupRuleDescriptionsIngressCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

async function groups() {
  const world = await network();
  const { ec2, VpcId } = world;
  const create = async (GroupName: string, more = {}) =>
    (await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: GroupName, VpcId, ...more }))).GroupId!;
  const GroupId = await create('private');
  const allow = (IpPermissions: IpPermission[], more = {}) =>
    ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions, ...more }));
  const look = async (id = GroupId) =>
    (await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }))).SecurityGroups![0]!;
  return { ...world, create, GroupId, allow, look };
}

const ssh = (CidrIp: string): IpPermission => ({ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp }] });

describe('security groups of the simulated account', () => {
  test('a new group lets everything out and nothing in', async () => {
    const { look } = await groups();
    expect(await look()).toMatchObject({
      GroupName: 'private',
      IpPermissions: [],
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    });
  });

  test('names are unique in a VPC, and some are not allowed', async () => {
    const { create } = await groups();
    await refused(create('private'), 'InvalidGroup.Duplicate', "The security group 'private' already exists for VPC");
    await refused(create('default'), 'InvalidGroup.Reserved');
    await refused(create('sg-mine'), 'InvalidParameterValue', 'sg-');
    await refused(create('für alle'), 'InvalidParameterValue');
    await refused(create('other', { VpcId: undefined }), 'VPCIdNotSpecified');
    await refused(create('other', { VpcId: 'vpc-0123456789abcdef0' }), 'InvalidVpcID.NotFound');
  });

  test('rules have ids and tags, and a call adds all of its rules or none', async () => {
    const { ec2, allow, look, GroupId } = await groups();
    const TagSpecifications = [{ ResourceType: 'security-group-rule' as const, Tags: [{ Key: 'why', Value: 'ssh' }] }];
    const { SecurityGroupRules } = await allow([ssh('203.0.113.7/32')], { TagSpecifications });
    const { Return: done } = await allow([ssh('198.51.100.1/24')]);
    expect(done).toBe(true);
    await refused(
      allow([ssh('192.0.2.0/24'), ssh('203.0.113.7/32')]),
      'InvalidPermission.Duplicate',
      'the specified rule "peer: 203.0.113.7/32, TCP, from port: 22, to port: 22, ALLOW" already exists',
    );
    expect((await look()).IpPermissions).toMatchObject([
      { FromPort: 22, IpRanges: [{ CidrIp: '203.0.113.7/32' }, { CidrIp: '198.51.100.0/24' }] },
    ]);
    const byTag = await ec2.send(
      new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'tag:why', Values: ['ssh'] }] }),
    );
    expect(byTag.SecurityGroupRules).toMatchObject([
      {
        SecurityGroupRuleId: SecurityGroupRules?.[0]?.SecurityGroupRuleId,
        GroupId,
        IsEgress: false,
        CidrIpv4: '203.0.113.7/32',
      },
    ]);
  });

  test('malformed permissions are refused', async () => {
    const { allow, create } = await groups();
    await refused(allow([ssh('203.0.113.7')]), 'InvalidParameterValue', 'CIDR block 203.0.113.7 is malformed');
    await refused(
      allow([{ ...ssh('10.0.0.0/8'), FromPort: 80 }]),
      'InvalidParameterValue',
      'Invalid TCP port range (80-22)',
    );
    await refused(allow([{ ...ssh('10.0.0.0/8'), IpProtocol: 'ssh' }]), 'InvalidPermission.Malformed');
    await refused(allow([{ IpProtocol: '-1' }]), 'InvalidPermission.Malformed');
    await refused(allow([]), 'MissingParameter');
    const unknown = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-0123456789abcdef0' }] };
    await refused(allow([unknown]), 'InvalidGroup.NotFound');
    await refused(allow([ssh('10.0.0.0/8')], { GroupId: 'vpc-1' }), 'InvalidGroupId.Malformed');
    const many = Array.from({ length: 61 }, (_, i) => ssh(`10.0.${i}.0/24`));
    await refused(allow(many), 'RulesPerSecurityGroupLimitExceeded');
    await create('still works');
  });

  test('a rule is revoked by its values, by its id or in the flat form, and not twice', async () => {
    const { ec2, allow, look, GroupId } = await groups();
    const revoke = (more: object) => ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, ...more }));
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 80,
        CidrIp: '10.0.0.0/16',
      }),
    );
    const { SecurityGroupRules } = await allow([ssh('10.0.0.0/16')]);
    const SecurityGroupRuleIds = [SecurityGroupRules![0]!.SecurityGroupRuleId!];
    expect(await revoke({ SecurityGroupRuleIds })).toMatchObject({ Return: true });
    await refused(revoke({ SecurityGroupRuleIds }), 'InvalidSecurityGroupRuleId.NotFound');
    await refused(revoke({ IpPermissions: [ssh('10.0.0.0/16')] }), 'InvalidPermission.NotFound');
    await revoke({ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '10.0.0.0/16' });
    const everything = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: [everything] }));
    await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [everything] }));
    await refused(
      ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [everything] })),
      'InvalidPermission.Duplicate',
    );
    expect(await look()).toMatchObject({ IpPermissions: [], IpPermissionsEgress: [{ IpProtocol: '-1' }] });
  });

  test('a rule changes in place, under the same id', async () => {
    const { ec2, allow, look, GroupId } = await groups();
    const { SecurityGroupRules } = await allow([ssh('203.0.113.7/32'), ssh('203.0.113.8/32')]);
    const SecurityGroupRuleId = SecurityGroupRules?.[0]?.SecurityGroupRuleId;
    const change = (CidrIpv4: string) =>
      ec2.send(
        new ModifySecurityGroupRulesCommand({
          GroupId,
          SecurityGroupRules: [
            { SecurityGroupRuleId, SecurityGroupRule: { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIpv4 } },
          ],
        }),
      );
    await refused(change('203.0.113.8/32'), 'InvalidPermission.Duplicate');
    await change('203.0.113.9/32');
    const SecurityGroupRuleDescriptions = [{ SecurityGroupRuleId, Description: 'home' }];
    await ec2.send(new UpdateSecurityGroupRuleDescriptionsIngressCommand({ GroupId, SecurityGroupRuleDescriptions }));
    expect((await look()).IpPermissions?.[0]?.IpRanges).toMatchObject([
      { CidrIp: '203.0.113.9/32', Description: 'home' },
      { CidrIp: '203.0.113.8/32' },
    ]);
  });

  test('a group that another group or an interface refers to cannot be deleted', async () => {
    const { ec2, create, GroupId, SubnetId, VpcId } = await groups();
    const efs = await create('efs');
    const remove = (id: string) => ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }));
    const fromPrivate = { IpProtocol: 'tcp', FromPort: 2049, ToPort: 2049, UserIdGroupPairs: [{ GroupId }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: efs, IpPermissions: [fromPrivate] }));
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [fromPrivate] }));
    await refused(remove(GroupId), 'DependencyViolation', `resource ${GroupId} has a dependent object`);
    await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Groups: [efs] }));
    await refused(remove(efs), 'DependencyViolation');
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: efs, IpPermissions: [fromPrivate] }));
    await remove(GroupId);
    await refused(remove(GroupId), 'InvalidGroup.NotFound', `The security group '${GroupId}' does not exist`);
    await refused(ec2.send(new DeleteVpcCommand({ VpcId })), 'DependencyViolation');
  });

  test("a VPC's default group lets its own members in, and cannot be deleted", async () => {
    const { ec2, VpcId } = await network();
    const Filters = [
      { Name: 'vpc-id', Values: [VpcId] },
      { Name: 'group-name', Values: ['default'] },
    ];
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const GroupId = SecurityGroups![0]!.GroupId!;
    expect(SecurityGroups).toMatchObject([{ IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }] }]);
    await refused(ec2.send(new DeleteSecurityGroupCommand({ GroupId })), 'CannotDelete');
  });
});
