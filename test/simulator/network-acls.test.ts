import {
  AssociateDhcpOptionsCommand,
  CreateDhcpOptionsCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  DeleteDhcpOptionsCommand,
  DeleteNetworkAclCommand,
  DeleteNetworkAclEntryCommand,
  DescribeDhcpOptionsCommand,
  DescribeNetworkAclsCommand,
  DescribeVpcsCommand,
  ReplaceNetworkAclAssociationCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

describe('network ACLs and DHCP options of the simulated account', () => {
  test('every subnet starts in the default list of its VPC, which lets everything through', async () => {
    const { ec2, SubnetId } = await network();
    const { NetworkAcls } = await ec2.send(new DescribeNetworkAclsCommand({}));
    expect(NetworkAcls).toMatchObject([
      {
        IsDefault: true,
        Associations: [{ SubnetId }],
        Entries: [
          { Egress: false, RuleNumber: 100, RuleAction: 'allow' },
          { Egress: false, RuleNumber: 32767, RuleAction: 'deny' },
          { Egress: true, RuleNumber: 100, RuleAction: 'allow' },
          { Egress: true, RuleNumber: 32767, RuleAction: 'deny' },
        ],
      },
    ]);
    const { NetworkAclId } = NetworkAcls![0]!;
    await refused(ec2.send(new DeleteNetworkAclCommand({ NetworkAclId })), 'InvalidParameterValue', 'default');
  });

  test('a list of its own takes entries and subnets, and goes when it has no subnet', async () => {
    const { ec2, VpcId } = await network();
    const { NetworkAclId } = (await ec2.send(new CreateNetworkAclCommand({ VpcId }))).NetworkAcl!;
    const entry = { NetworkAclId, RuleNumber: 10, Egress: false };
    const add = () =>
      ec2.send(
        new CreateNetworkAclEntryCommand({
          ...entry,
          Protocol: 'tcp',
          RuleAction: 'allow',
          CidrBlock: '0.0.0.0/0',
          PortRange: { From: 22, To: 22 },
        }),
      );
    await add();
    await refused(add(), 'NetworkAclEntryAlreadyExists');
    await ec2.send(new DeleteNetworkAclEntryCommand(entry));
    await refused(ec2.send(new DeleteNetworkAclEntryCommand(entry)), 'InvalidNetworkAclEntry.NotFound');

    const byDefault = { Filters: [{ Name: 'default', Values: ['true'] }] };
    const [list] = (await ec2.send(new DescribeNetworkAclsCommand(byDefault))).NetworkAcls!;
    const AssociationId = list?.Associations?.[0]?.NetworkAclAssociationId;
    const { NewAssociationId } = await ec2.send(
      new ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }),
    );
    const remove = () => ec2.send(new DeleteNetworkAclCommand({ NetworkAclId }));
    await refused(remove(), 'DependencyViolation');
    await ec2.send(
      new ReplaceNetworkAclAssociationCommand({ AssociationId: NewAssociationId, NetworkAclId: list?.NetworkAclId }),
    );
    await remove();
  });

  test('DHCP options of its own serve a VPC and cannot go while they do', async () => {
    const { ec2, VpcId } = await network();
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({}));
    const found = await ec2.send(new DescribeDhcpOptionsCommand({ DhcpOptionsIds: [Vpcs![0]!.DhcpOptionsId!] }));
    expect(found.DhcpOptions?.[0]?.DhcpConfigurations).toContainEqual({
      Key: 'domain-name-servers',
      Values: [{ Value: 'AmazonProvidedDNS' }],
    });
    const DhcpConfigurations = [{ Key: 'domain-name', Values: ['example.internal'] }];
    const { DhcpOptionsId } = (await ec2.send(new CreateDhcpOptionsCommand({ DhcpConfigurations }))).DhcpOptions!;
    await ec2.send(new AssociateDhcpOptionsCommand({ DhcpOptionsId, VpcId }));
    await refused(ec2.send(new DeleteDhcpOptionsCommand({ DhcpOptionsId })), 'DependencyViolation');
    await ec2.send(new AssociateDhcpOptionsCommand({ DhcpOptionsId: 'default', VpcId }));
    await ec2.send(new DeleteDhcpOptionsCommand({ DhcpOptionsId }));
    await refused(ec2.send(new AssociateDhcpOptionsCommand({ DhcpOptionsId, VpcId })), 'InvalidDhcpOptionID.NotFound');
  });
});
