import * as EC2 from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { type Place, placed, polling, refused, until, world } from './world.ts';

const tags = (ResourceType: EC2.ResourceType, Name: string) => [
  {
    ResourceType,
    Tags: [
      { Key: 'Name', Value: Name },
      { Key: 'airflow-aws:stack', Value: 'one' },
    ],
  },
];
const own = [{ Name: 'tag:airflow-aws:stack', Values: ['one'] }];

describe('calls of the network', () => {
  test('a whole network is built, read and taken away', async () => {
    const { ec2, account } = world();
    const azs = await ec2.send(
      new EC2.DescribeAvailabilityZonesCommand({
        AllAvailabilityZones: false,
        Filters: [
          { Name: 'state', Values: ['available'] },
          { Name: 'zone-type', Values: ['availability-zone'] },
          { Name: 'region-name', Values: ['us-west-2'] },
          { Name: 'opt-in-status', Values: ['opt-in-not-required'] },
        ],
      }),
    );
    expect(azs.AvailabilityZones).toHaveLength(4);
    expect(azs.AvailabilityZones?.[0]).toMatchObject({
      ZoneName: 'us-west-2a',
      ZoneType: 'availability-zone',
      State: 'available',
      RegionName: 'us-west-2',
      GroupName: expect.stringMatching(/^us-west-2/),
      NetworkBorderGroup: 'us-west-2',
      OptInStatus: 'opt-in-not-required',
      ZoneId: expect.stringMatching(/^usw2-az\d$/),
    });
    const byId = await ec2.send(new EC2.DescribeAvailabilityZonesCommand({ ZoneIds: ['usw2-az1'] }));
    expect(byId.AvailabilityZones).toHaveLength(1);
    const regions = await ec2.send(new EC2.DescribeRegionsCommand({ RegionNames: ['us-west-2', 'eu-west-1'] }));
    expect(regions.Regions?.map((one) => one.Endpoint)).toEqual(
      expect.arrayContaining(['ec2.eu-west-1.amazonaws.com', 'ec2.us-west-2.amazonaws.com']),
    );
    const attributes = await ec2.send(
      new EC2.DescribeAccountAttributesCommand({ AttributeNames: ['supported-platforms', 'default-vpc'] }),
    );
    expect(attributes.AccountAttributes).toHaveLength(2);

    const { Vpc } = await ec2.send(
      new EC2.CreateVpcCommand({
        CidrBlock: '10.0.0.0/16',
        InstanceTenancy: 'default',
        AmazonProvidedIpv6CidrBlock: false,
        TagSpecifications: tags('vpc', 'pms-oregon-vpc'),
      }),
    );
    expect(Vpc).toMatchObject({
      VpcId: expect.stringMatching(/^vpc-[0-9a-f]{17}$/),
      OwnerId: account.accountId,
      IsDefault: false,
      InstanceTenancy: 'default',
      DhcpOptionsId: expect.stringMatching(/^(dopt-|default)/),
      CidrBlockAssociationSet: [{ CidrBlock: '10.0.0.0/16', CidrBlockState: { State: 'associated' } }],
      Tags: expect.arrayContaining([{ Key: 'Name', Value: 'pms-oregon-vpc' }]),
    });
    const VpcId = Vpc!.VpcId!;
    await EC2.waitUntilVpcAvailable({ client: ec2, ...polling }, { VpcIds: [VpcId] });
    await EC2.waitUntilVpcExists({ client: ec2, ...polling }, { VpcIds: [VpcId] });
    for (const change of [{ EnableDnsSupport: { Value: true } }, { EnableDnsHostnames: { Value: true } }])
      await ec2.send(new EC2.ModifyVpcAttributeCommand({ VpcId, ...change }));
    await ec2.send(new EC2.ModifyVpcAttributeCommand({ VpcId, EnableNetworkAddressUsageMetrics: { Value: true } }));
    const read = await ec2.send(new EC2.DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' }));
    expect(read).toMatchObject({ VpcId, EnableDnsSupport: { Value: true } });
    for (const Filters of [
      own,
      [{ Name: 'vpc-id', Values: [VpcId] }],
      [{ Name: 'cidr', Values: ['10.0.0.0/16'] }],
      [{ Name: 'cidr-block-association.cidr-block', Values: ['10.0.*'] }],
      [{ Name: 'is-default', Values: ['false'] }],
      [{ Name: 'isDefault', Values: ['false'] }],
      [{ Name: 'owner-id', Values: [account.accountId] }],
      [{ Name: 'state', Values: ['available'] }],
      [{ Name: 'tag-key', Values: ['Name'] }],
      [{ Name: 'dhcp-options-id', Values: [Vpc!.DhcpOptionsId!] }],
    ])
      expect((await ec2.send(new EC2.DescribeVpcsCommand({ Filters }))).Vpcs, JSON.stringify(Filters)).toHaveLength(1);

    const zones = azs.AvailabilityZones!;
    const create = async (CidrBlock: string, where: object, name: string) =>
      (
        await ec2.send(
          new EC2.CreateSubnetCommand({ VpcId, CidrBlock, ...where, TagSpecifications: tags('subnet', name) }),
        )
      ).Subnet!;
    const first = await create('10.0.1.0/24', { AvailabilityZoneId: zones[0]!.ZoneId }, 'public');
    expect(first).toMatchObject({
      AvailabilityZone: 'us-west-2a',
      AvailableIpAddressCount: 251,
      CidrBlock: '10.0.1.0/24',
      DefaultForAz: false,
      MapPublicIpOnLaunch: false,
      AssignIpv6AddressOnCreation: false,
      Ipv6CidrBlockAssociationSet: [],
      OwnerId: account.accountId,
      SubnetArn: `arn:aws:ec2:us-west-2:${account.accountId}:subnet/${first.SubnetId}`,
      VpcId,
    });
    const a = await create('10.0.2.0/24', { AvailabilityZone: 'us-west-2a' }, 'a');
    const c = await create('10.0.3.0/24', { AvailabilityZone: 'us-west-2c' }, 'c');
    await EC2.waitUntilSubnetAvailable(
      { client: ec2, ...polling },
      { SubnetIds: [first.SubnetId!, a.SubnetId!, c.SubnetId!] },
    );
    await ec2.send(
      new EC2.ModifySubnetAttributeCommand({ SubnetId: first.SubnetId, MapPublicIpOnLaunch: { Value: true } }),
    );
    await ec2.send(
      new EC2.ModifySubnetAttributeCommand({
        SubnetId: first.SubnetId,
        PrivateDnsHostnameTypeOnLaunch: 'resource-name',
      }),
    );
    for (const Filters of [
      [
        { Name: 'vpc-id', Values: [VpcId] },
        { Name: 'cidr-block', Values: ['10.0.1.0/24'] },
      ],
      [{ Name: 'cidrBlock', Values: ['10.0.1.0/24'] }],
      [{ Name: 'subnet-id', Values: [first.SubnetId!] }],
      [{ Name: 'map-public-ip-on-launch', Values: ['true'] }],
      [{ Name: 'availability-zone', Values: ['us-west-2c'] }],
      [{ Name: 'availabilityZone', Values: ['us-west-2c'] }],
      [{ Name: 'availability-zone-id', Values: [zones[2]!.ZoneId!] }],
      [{ Name: 'tag:Name', Values: ['public'] }],
      [{ Name: 'subnet-arn', Values: [first.SubnetArn!] }],
      [
        { Name: 'state', Values: ['available'] },
        { Name: 'tag:Name', Values: ['c'] },
      ],
    ])
      expect(
        (await ec2.send(new EC2.DescribeSubnetsCommand({ Filters }))).Subnets,
        JSON.stringify(Filters),
      ).toHaveLength(1);

    const { InternetGateway } = await ec2.send(
      new EC2.CreateInternetGatewayCommand({ TagSpecifications: tags('internet-gateway', 'pms-ig-test') }),
    );
    expect(InternetGateway).toMatchObject({ Attachments: [], OwnerId: account.accountId });
    const InternetGatewayId = InternetGateway!.InternetGatewayId!;
    await EC2.waitUntilInternetGatewayExists({ client: ec2, ...polling }, { InternetGatewayIds: [InternetGatewayId] });
    await ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    const gateways = await ec2.send(
      new EC2.DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [VpcId] }] }),
    );
    expect(gateways.InternetGateways?.[0]?.Attachments).toEqual([{ VpcId, State: 'available' }]);

    const mains = await ec2.send(
      new EC2.DescribeRouteTablesCommand({
        Filters: [
          { Name: 'vpc-id', Values: [VpcId] },
          { Name: 'association.main', Values: ['true'] },
        ],
      }),
    );
    expect(mains.RouteTables).toMatchObject([
      {
        Associations: [{ Main: true, AssociationState: { State: 'associated' } }],
        Routes: [
          { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' },
        ],
        PropagatingVgws: [],
        VpcId,
        OwnerId: account.accountId,
      },
    ]);
    const main = mains.RouteTables![0]!.RouteTableId!;
    const everywhere = { DestinationCidrBlock: '0.0.0.0/0' };
    const made = await ec2.send(
      new EC2.CreateRouteCommand({ RouteTableId: main, ...everywhere, GatewayId: InternetGatewayId }),
    );
    expect(made.Return).toBe(true);
    const { RouteTable } = await ec2.send(
      new EC2.CreateRouteTableCommand({
        VpcId,
        ClientToken: 'rt-1',
        TagSpecifications: tags('route-table', 'private'),
      }),
    );
    const RouteTableId = RouteTable!.RouteTableId!;
    expect(RouteTable?.Routes).toHaveLength(1);
    const { AssociationId, AssociationState } = await ec2.send(
      new EC2.AssociateRouteTableCommand({ RouteTableId, SubnetId: a.SubnetId }),
    );
    expect(AssociationId).toMatch(/^rtbassoc-[0-9a-f]{17}$/);
    expect(AssociationState?.State).toMatch(/^associat/);
    const replaced = await ec2.send(new EC2.ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId: main }));
    expect(replaced.NewAssociationId).toMatch(/^rtbassoc-/);
    const back = await ec2.send(
      new EC2.ReplaceRouteTableAssociationCommand({ AssociationId: replaced.NewAssociationId, RouteTableId }),
    );
    const bySubnet = await ec2.send(
      new EC2.DescribeRouteTablesCommand({ Filters: [{ Name: 'association.subnet-id', Values: [a.SubnetId!] }] }),
    );
    expect(bySubnet.RouteTables?.[0]?.RouteTableId).toBe(RouteTableId);

    const eip = await ec2.send(
      new EC2.AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: tags('elastic-ip', 'pms-eip-test') }),
    );
    expect(eip).toMatchObject({
      AllocationId: expect.stringMatching(/^eipalloc-[0-9a-f]{17}$/),
      Domain: 'vpc',
      NetworkBorderGroup: 'us-west-2',
      PublicIpv4Pool: 'amazon',
      PublicIp: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
    });
    const { NatGateway, ClientToken } = await ec2.send(
      new EC2.CreateNatGatewayCommand({
        SubnetId: first.SubnetId,
        AllocationId: eip.AllocationId,
        ClientToken: 'nat-token',
        ConnectivityType: 'public',
        TagSpecifications: tags('natgateway', 'pms-ng-test'),
      }),
    );
    expect(ClientToken).toBe('nat-token');
    expect(NatGateway).toMatchObject({
      State: 'pending',
      VpcId,
      SubnetId: first.SubnetId,
      ConnectivityType: 'public',
      CreateTime: expect.any(Date),
      NatGatewayAddresses: [{ AllocationId: eip.AllocationId }],
    });
    const NatGatewayId = NatGateway!.NatGatewayId!;
    const nats = { NatGatewayIds: [NatGatewayId] };
    await EC2.waitUntilNatGatewayAvailable({ client: ec2, ...polling }, nats);
    const available = (await ec2.send(new EC2.DescribeNatGatewaysCommand({ Filter: own }))).NatGateways;
    expect(available?.[0]?.NatGatewayAddresses?.[0]).toMatchObject({
      AllocationId: eip.AllocationId,
      NetworkInterfaceId: expect.stringMatching(/^eni-/),
      PrivateIp: expect.stringMatching(/^10\.0\.1\./),
      PublicIp: eip.PublicIp,
      IsPrimary: true,
      Status: 'succeeded',
    });
    const { Addresses } = await ec2.send(new EC2.DescribeAddressesCommand({ AllocationIds: [eip.AllocationId!] }));
    expect(Addresses?.[0]).toMatchObject({
      AssociationId: expect.stringMatching(/^eipassoc-/),
      PublicIp: eip.PublicIp,
    });
    await ec2.send(new EC2.CreateRouteCommand({ RouteTableId, ...everywhere, NatGatewayId }));
    await ec2.send(new EC2.ReplaceRouteCommand({ RouteTableId, ...everywhere, NatGatewayId }));

    const group = async (GroupName: string) =>
      (
        await ec2.send(
          new EC2.CreateSecurityGroupCommand({
            GroupName,
            Description: 'a group (of servers)',
            VpcId,
            TagSpecifications: tags('security-group', GroupName),
          }),
        )
      ).GroupId!;
    const nodes = await group('pms-sg-private');
    const files = await group('pms-sg-efs');
    await EC2.waitUntilSecurityGroupExists({ client: ec2, ...polling }, { GroupIds: [nodes] });
    const authorized = await ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId: nodes,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '203.0.113.7/32', Description: 'me' }] },
          {
            IpProtocol: 'tcp',
            FromPort: 80,
            ToPort: 80,
            UserIdGroupPairs: [{ GroupId: nodes, Description: 'itself' }],
          },
        ],
        TagSpecifications: tags('security-group-rule', 'rules'),
      }),
    );
    expect(authorized.SecurityGroupRules).toHaveLength(2);
    expect(authorized.SecurityGroupRules?.[0]).toMatchObject({
      SecurityGroupRuleId: expect.stringMatching(/^sgr-[0-9a-f]{17}$/),
      GroupId: nodes,
      GroupOwnerId: account.accountId,
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
    });
    await ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId: files,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 2049, ToPort: 2049, UserIdGroupPairs: [{ GroupId: nodes }] }],
      }),
    );
    await ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId: files,
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        CidrIp: '10.0.0.0/16',
      }),
    );
    const egress = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    await ec2.send(new EC2.RevokeSecurityGroupEgressCommand({ GroupId: files, IpPermissions: [egress] }));
    await ec2.send(new EC2.AuthorizeSecurityGroupEgressCommand({ GroupId: files, IpPermissions: [egress] }));
    const rules = await ec2.send(
      new EC2.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [files] }] }),
    );
    expect(rules.SecurityGroupRules).toHaveLength(3);
    const described = await ec2.send(
      new EC2.DescribeSecurityGroupsCommand({ Filters: [{ Name: 'ip-permission.group-id', Values: [nodes] }] }),
    );
    expect(described.SecurityGroups?.map((one) => one.GroupName).sort()).toEqual(['pms-sg-efs', 'pms-sg-private']);
    await ec2.send(
      new EC2.ModifySecurityGroupRulesCommand({
        GroupId: nodes,
        SecurityGroupRules: [
          {
            SecurityGroupRuleId: authorized.SecurityGroupRules![0]!.SecurityGroupRuleId,
            SecurityGroupRule: { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIpv4: '198.51.100.9/32' },
          },
        ],
      }),
    );
    await ec2.send(
      new EC2.UpdateSecurityGroupRuleDescriptionsIngressCommand({
        GroupId: nodes,
        IpPermissions: [
          {
            IpProtocol: 'tcp',
            FromPort: 22,
            ToPort: 22,
            IpRanges: [{ CidrIp: '198.51.100.9/32', Description: 'ssh' }],
          },
        ],
      }),
    );
    const referenced = await ec2.send(new EC2.DescribeSecurityGroupsCommand({ GroupIds: [nodes] }));
    expect(referenced.SecurityGroups?.[0]).toMatchObject({
      SecurityGroupArn: `arn:aws:ec2:us-west-2:${account.accountId}:security-group/${nodes}`,
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    });
    expect(JSON.stringify(referenced.SecurityGroups?.[0]?.IpPermissions)).toContain('198.51.100.9/32');
    await ec2.send(
      new EC2.RevokeSecurityGroupIngressCommand({
        GroupId: nodes,
        SecurityGroupRuleIds: [authorized.SecurityGroupRules![0]!.SecurityGroupRuleId!],
      }),
    );

    await ec2.send(new EC2.CreateTagsCommand({ Resources: [VpcId, nodes], Tags: [{ Key: 'owner', Value: 'me' }] }));
    await ec2.send(new EC2.DeleteTagsCommand({ Resources: [VpcId], Tags: [{ Key: 'owner' }] }));
    const tagged = await ec2.send(new EC2.DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['owner'] }] }));
    expect(tagged.Tags).toEqual([{ Key: 'owner', Value: 'me', ResourceId: nodes, ResourceType: 'security-group' }]);
    const everything: string[] = [];
    for await (const page of EC2.paginateDescribeTags(
      { client: ec2, pageSize: 5 },
      { Filters: [{ Name: 'key', Values: ['airflow-aws:stack'] }] },
    ))
      everything.push(...(page.Tags ?? []).map((one) => one.ResourceId!));
    expect(new Set(everything).size).toBe(everything.length);
    expect(everything.length).toBeGreaterThanOrEqual(11);

    const gone = await ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId }));
    expect(gone.NatGatewayId).toBe(NatGatewayId);
    await EC2.waitUntilNatGatewayDeleted({ client: ec2, ...polling }, nats);
    await ec2.send(new EC2.ReleaseAddressCommand({ AllocationId: eip.AllocationId }));
    const black = await ec2.send(new EC2.DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
    expect(black.RouteTables?.[0]?.Routes).toContainEqual(
      expect.objectContaining({ NatGatewayId, State: 'blackhole' }),
    );
    await ec2.send(new EC2.DeleteRouteCommand({ RouteTableId, ...everywhere }));
    await ec2.send(new EC2.DisassociateRouteTableCommand({ AssociationId: back.NewAssociationId }));
    await ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId }));
    await ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId: files }));
    await ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId: nodes }));
    for (const { SubnetId } of [first, a, c]) await ec2.send(new EC2.DeleteSubnetCommand({ SubnetId }));
    await ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await ec2.send(new EC2.DeleteInternetGatewayCommand({ InternetGatewayId }));
    await ec2.send(new EC2.DeleteVpcCommand({ VpcId }));
    expect((await ec2.send(new EC2.DescribeVpcsCommand({ Filters: own }))).Vpcs).toEqual([]);
    expect((await ec2.send(new EC2.DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
  });

  test('network interfaces are made, described in full, changed, moved and removed', async () => {
    const { ec2, a, VpcId, GroupId, account } = await placed();
    const { NetworkInterface } = await ec2.send(
      new EC2.CreateNetworkInterfaceCommand({
        SubnetId: a,
        Groups: [GroupId],
        Description: 'spare',
        PrivateIpAddress: '10.0.2.50',
        ClientToken: 'eni-1',
        TagSpecifications: tags('network-interface', 'spare'),
      }),
    );
    expect(NetworkInterface).toMatchObject({
      NetworkInterfaceId: expect.stringMatching(/^eni-[0-9a-f]{17}$/),
      AvailabilityZone: 'us-west-2a',
      Description: 'spare',
      Groups: [{ GroupId, GroupName: 'nodes' }],
      InterfaceType: 'interface',
      MacAddress: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
      OwnerId: account.accountId,
      PrivateIpAddress: '10.0.2.50',
      PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: '10.0.2.50' }],
      RequesterManaged: false,
      SourceDestCheck: true,
      SubnetId: a,
      VpcId,
    });
    const NetworkInterfaceId = NetworkInterface!.NetworkInterfaceId!;
    await EC2.waitUntilNetworkInterfaceAvailable(
      { client: ec2, ...polling },
      { NetworkInterfaceIds: [NetworkInterfaceId] },
    );
    await ec2.send(
      new EC2.ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, SourceDestCheck: { Value: false } }),
    );
    await ec2.send(
      new EC2.ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Description: { Value: 'changed' } }),
    );
    const read = await ec2.send(
      new EC2.DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attribute: 'sourceDestCheck' }),
    );
    expect(read.SourceDestCheck).toEqual({ Value: false });
    for (const Filters of [
      [{ Name: 'subnet-id', Values: [a] }],
      [{ Name: 'vpc-id', Values: [VpcId] }],
      [{ Name: 'group-id', Values: [GroupId] }],
      [{ Name: 'private-ip-address', Values: ['10.0.2.50'] }],
      [{ Name: 'addresses.private-ip-address', Values: ['10.0.2.50'] }],
      [{ Name: 'description', Values: ['chan*'] }],
      [{ Name: 'status', Values: ['available'] }],
      [{ Name: 'interface-type', Values: ['interface'] }],
      [{ Name: 'requester-managed', Values: ['false'] }],
    ])
      expect(
        (await ec2.send(new EC2.DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces,
        JSON.stringify(Filters),
      ).toHaveLength(1);
    const assigned = await ec2.send(
      new EC2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 2 }),
    );
    expect(assigned.AssignedPrivateIpAddresses).toHaveLength(2);
    await ec2.send(
      new EC2.UnassignPrivateIpAddressesCommand({
        NetworkInterfaceId,
        PrivateIpAddresses: assigned.AssignedPrivateIpAddresses!.map((one) => one.PrivateIpAddress!),
      }),
    );
    const eip = await ec2.send(new EC2.AllocateAddressCommand({}));
    const { AssociationId } = await ec2.send(
      new EC2.AssociateAddressCommand({ AllocationId: eip.AllocationId, NetworkInterfaceId }),
    );
    const withAddress = await ec2.send(
      new EC2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] }),
    );
    expect(withAddress.NetworkInterfaces?.[0]?.Association).toMatchObject({
      AllocationId: eip.AllocationId,
      AssociationId,
      PublicIp: eip.PublicIp,
      IpOwnerId: account.accountId,
    });
    await ec2.send(new EC2.DisassociateAddressCommand({ AssociationId }));
    await ec2.send(new EC2.ReleaseAddressCommand({ AllocationId: eip.AllocationId }));
    await ec2.send(new EC2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await refused(
      ec2.send(new EC2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] })),
      'InvalidNetworkInterfaceID.NotFound',
    );
  });

  test('access control lists, DHCP options, endpoints and prefix lists', async () => {
    const { ec2, VpcId, a, mainRouteTableId, GroupId } = await placed();
    const acls = await ec2.send(
      new EC2.DescribeNetworkAclsCommand({
        Filters: [
          { Name: 'vpc-id', Values: [VpcId] },
          { Name: 'default', Values: ['true'] },
        ],
      }),
    );
    expect(acls.NetworkAcls?.[0]).toMatchObject({ IsDefault: true, Associations: expect.any(Array) });
    expect(acls.NetworkAcls?.[0]?.Associations).toHaveLength(3);
    expect(acls.NetworkAcls?.[0]?.Entries).toHaveLength(4);
    const { NetworkAcl } = await ec2.send(
      new EC2.CreateNetworkAclCommand({ VpcId, TagSpecifications: tags('network-acl', 'acl') }),
    );
    const NetworkAclId = NetworkAcl!.NetworkAclId!;
    await ec2.send(
      new EC2.CreateNetworkAclEntryCommand({
        NetworkAclId,
        RuleNumber: 100,
        Protocol: '6',
        RuleAction: 'allow',
        Egress: false,
        CidrBlock: '0.0.0.0/0',
        PortRange: { From: 80, To: 80 },
      }),
    );
    const association = acls.NetworkAcls![0]!.Associations!.find((one) => one.SubnetId === a)!;
    const moved = await ec2.send(
      new EC2.ReplaceNetworkAclAssociationCommand({ AssociationId: association.NetworkAclAssociationId, NetworkAclId }),
    );
    await refused(ec2.send(new EC2.DeleteNetworkAclCommand({ NetworkAclId })), 'DependencyViolation');
    await ec2.send(
      new EC2.ReplaceNetworkAclAssociationCommand({
        AssociationId: moved.NewAssociationId,
        NetworkAclId: acls.NetworkAcls![0]!.NetworkAclId,
      }),
    );
    await ec2.send(new EC2.DeleteNetworkAclEntryCommand({ NetworkAclId, RuleNumber: 100, Egress: false }));
    await ec2.send(new EC2.DeleteNetworkAclCommand({ NetworkAclId }));

    const { DhcpOptions } = await ec2.send(
      new EC2.CreateDhcpOptionsCommand({
        DhcpConfigurations: [
          { Key: 'domain-name', Values: ['example.internal'] },
          { Key: 'domain-name-servers', Values: ['AmazonProvidedDNS'] },
        ],
      }),
    );
    const DhcpOptionsId = DhcpOptions!.DhcpOptionsId!;
    await ec2.send(new EC2.AssociateDhcpOptionsCommand({ DhcpOptionsId, VpcId }));
    await refused(ec2.send(new EC2.DeleteDhcpOptionsCommand({ DhcpOptionsId })), 'DependencyViolation');
    await ec2.send(new EC2.AssociateDhcpOptionsCommand({ DhcpOptionsId: 'default', VpcId }));
    await ec2.send(new EC2.DeleteDhcpOptionsCommand({ DhcpOptionsId }));

    const { VpcEndpoint } = await ec2.send(
      new EC2.CreateVpcEndpointCommand({
        VpcId,
        ServiceName: 'com.amazonaws.us-west-2.s3',
        VpcEndpointType: 'Gateway',
        RouteTableIds: [mainRouteTableId],
        TagSpecifications: tags('vpc-endpoint', 's3'),
      }),
    );
    const viaInterface = await ec2.send(
      new EC2.CreateVpcEndpointCommand({
        VpcId,
        ServiceName: 'com.amazonaws.us-west-2.ssm',
        VpcEndpointType: 'Interface',
        SubnetIds: [a],
        SecurityGroupIds: [GroupId],
        PrivateDnsEnabled: false,
      }),
    );
    const VpcEndpointIds = [VpcEndpoint!.VpcEndpointId!, viaInterface.VpcEndpoint!.VpcEndpointId!];
    await until(
      () => ec2.send(new EC2.DescribeVpcEndpointsCommand({ VpcEndpointIds })),
      ({ VpcEndpoints }) => VpcEndpoints?.every((one) => one.State?.toLowerCase() === 'available'),
    );
    await ec2.send(new EC2.DeleteVpcEndpointsCommand({ VpcEndpointIds }));
    const lists = await ec2.send(
      new EC2.DescribeManagedPrefixListsCommand({
        Filters: [{ Name: 'prefix-list-name', Values: ['com.amazonaws.us-west-2.s3'] }],
      }),
    );
    expect(lists.PrefixLists).toHaveLength(1);
    expect((await ec2.send(new EC2.DescribePrefixListsCommand({}))).PrefixLists?.length).toBeGreaterThan(0);
  });

  test('a default VPC on demand has a subnet in each zone and a way out', async () => {
    const { ec2 } = world();
    const { Vpc } = await ec2.send(new EC2.CreateDefaultVpcCommand({}));
    expect(Vpc).toMatchObject({ CidrBlock: '172.31.0.0/16', IsDefault: true });
    const { Subnets } = await ec2.send(
      new EC2.DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
    );
    expect(Subnets?.length).toBe(4);
  });

  test('a private NAT gateway has the private address that was asked for, and no public one', async () => {
    const { ec2, a } = await placed();
    const form = { SubnetId: a, ConnectivityType: 'private' as const, PrivateIpAddress: '10.0.2.77' };
    const { NatGateway } = await ec2.send(new EC2.CreateNatGatewayCommand(form));
    const NatGatewayIds = [NatGateway!.NatGatewayId!];
    await EC2.waitUntilNatGatewayAvailable({ client: ec2, ...polling }, { NatGatewayIds });
    const { NatGateways } = await ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds }));
    const [address] = NatGateways![0]!.NatGatewayAddresses!;
    expect([address?.PrivateIp, address?.PublicIp, address?.AllocationId]).toEqual(['10.0.2.77', undefined, undefined]);
  });
});

describe('what the network refuses', () => {
  const cases: [string, string, (p: Place) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (p: Place) => Promise<unknown>) => cases.push([title, code, call]);
  const missing = (prefix: string) => `${prefix}-0123456789abcdef0`;

  no('a block that is too large', 'InvalidVpc.Range', ({ ec2 }) =>
    ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.0.0.0/15' })),
  );
  no('a block that is none', 'InvalidParameterValue', ({ ec2 }) =>
    ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.0.0.0' })),
  );
  no('a VPC without a block', 'MissingParameter', ({ ec2 }) => ec2.send(new EC2.CreateVpcCommand({})));
  no('an unknown VPC', 'InvalidVpcID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeVpcsCommand({ VpcIds: [missing('vpc')] })),
  );
  no('deleting an unknown VPC', 'InvalidVpcID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteVpcCommand({ VpcId: missing('vpc') })),
  );
  no('deleting a VPC with subnets', 'DependencyViolation', ({ ec2, VpcId }) =>
    ec2.send(new EC2.DeleteVpcCommand({ VpcId })),
  );
  no('the sixth VPC', 'VpcLimitExceeded', async ({ ec2 }) => {
    for (let i = 0; i < 5; i++) await ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  });
  no('an unknown filter', 'InvalidParameterValue', ({ ec2 }) =>
    ec2.send(new EC2.DescribeVpcsCommand({ Filters: [{ Name: 'nonsense', Values: ['x'] }] })),
  );
  no('a subnet outside the block', 'InvalidSubnet.Range', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSubnetCommand({ VpcId, CidrBlock: '192.168.0.0/24' })),
  );
  no('a subnet that is too small', 'InvalidSubnet.Range', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.9.0/29' })),
  );
  no('a subnet that overlaps', 'InvalidSubnet.Conflict', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.2.128/25' })),
  );
  no('a subnet in no VPC', 'InvalidVpcID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.CreateSubnetCommand({ VpcId: missing('vpc'), CidrBlock: '10.0.2.0/24' })),
  );
  no('a subnet in a zone of another region', 'InvalidParameterValue', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.9.0/24', AvailabilityZone: 'eu-west-1a' })),
  );
  no('an unknown subnet', 'InvalidSubnetID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeSubnetsCommand({ SubnetIds: [missing('subnet')] })),
  );
  no('deleting an unknown subnet', 'InvalidSubnetID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: missing('subnet') })),
  );
  no('changing an unknown subnet', 'InvalidSubnetID.NotFound', ({ ec2 }) =>
    ec2.send(
      new EC2.ModifySubnetAttributeCommand({ SubnetId: missing('subnet'), MapPublicIpOnLaunch: { Value: true } }),
    ),
  );
  no('a subnet with an interface in it', 'DependencyViolation', async ({ ec2, a }) => {
    await ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: a }));
    await ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: a }));
  });
  no('attaching a gateway twice', 'Resource.AlreadyAssociated', ({ ec2, InternetGatewayId, VpcId }) =>
    ec2.send(new EC2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId })),
  );
  no('a second gateway for one VPC', 'InvalidParameterValue', async ({ ec2, VpcId }) => {
    const { InternetGateway } = await ec2.send(new EC2.CreateInternetGatewayCommand({}));
    await ec2.send(
      new EC2.AttachInternetGatewayCommand({ InternetGatewayId: InternetGateway!.InternetGatewayId, VpcId }),
    );
  });
  no('an unknown gateway', 'InvalidInternetGatewayID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeInternetGatewaysCommand({ InternetGatewayIds: [missing('igw')] })),
  );
  no('deleting an attached gateway', 'DependencyViolation', ({ ec2, InternetGatewayId }) =>
    ec2.send(new EC2.DeleteInternetGatewayCommand({ InternetGatewayId })),
  );
  no('detaching twice', 'Gateway.NotAttached', async ({ ec2, InternetGatewayId, VpcId }) => {
    await ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await ec2.send(new EC2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  });
  no('the sixth gateway', 'InternetGatewayLimitExceeded', async ({ ec2 }) => {
    for (let i = 0; i < 5; i++) await ec2.send(new EC2.CreateInternetGatewayCommand({}));
  });
  no('the same route again', 'RouteAlreadyExists', async ({ ec2, mainRouteTableId: RouteTableId, a }) => {
    const { NetworkInterface } = await ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: a }));
    await ec2.send(
      new EC2.CreateRouteCommand({
        RouteTableId,
        DestinationCidrBlock: '0.0.0.0/0',
        NetworkInterfaceId: NetworkInterface!.NetworkInterfaceId,
      }),
    );
  });
  no('a route in no table', 'InvalidRouteTableID.NotFound', ({ ec2, InternetGatewayId }) =>
    ec2.send(
      new EC2.CreateRouteCommand({
        RouteTableId: missing('rtb'),
        DestinationCidrBlock: '0.0.0.0/0',
        GatewayId: InternetGatewayId,
      }),
    ),
  );
  no('a route to no gateway', 'InvalidGatewayID.NotFound', ({ ec2, mainRouteTableId }) =>
    ec2.send(
      new EC2.CreateRouteCommand({
        RouteTableId: mainRouteTableId,
        DestinationCidrBlock: '1.0.0.0/8',
        GatewayId: missing('igw'),
      }),
    ),
  );
  no('a route to no NAT gateway', 'InvalidNatGatewayID.NotFound', ({ ec2, mainRouteTableId }) =>
    ec2.send(
      new EC2.CreateRouteCommand({
        RouteTableId: mainRouteTableId,
        DestinationCidrBlock: '1.0.0.0/8',
        NatGatewayId: missing('nat'),
      }),
    ),
  );
  no('deleting a route that is not there', 'InvalidRoute.NotFound', ({ ec2, mainRouteTableId }) =>
    ec2.send(new EC2.DeleteRouteCommand({ RouteTableId: mainRouteTableId, DestinationCidrBlock: '1.0.0.0/8' })),
  );
  no('deleting the local route', 'InvalidParameterValue', ({ ec2, mainRouteTableId }) =>
    ec2.send(new EC2.DeleteRouteCommand({ RouteTableId: mainRouteTableId, DestinationCidrBlock: '10.0.0.0/16' })),
  );
  no('replacing a route that is not there', 'InvalidParameterValue', ({ ec2, mainRouteTableId, InternetGatewayId }) =>
    ec2.send(
      new EC2.ReplaceRouteCommand({
        RouteTableId: mainRouteTableId,
        DestinationCidrBlock: '1.0.0.0/8',
        GatewayId: InternetGatewayId,
      }),
    ),
  );
  no('deleting the main table', 'DependencyViolation', ({ ec2, mainRouteTableId }) =>
    ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId: mainRouteTableId })),
  );
  no('a subnet that has a table already', 'Resource.AlreadyAssociated', async ({ ec2, VpcId, a }) => {
    for (let i = 0; i < 2; i++) {
      const { RouteTable } = await ec2.send(new EC2.CreateRouteTableCommand({ VpcId }));
      await ec2.send(new EC2.AssociateRouteTableCommand({ RouteTableId: RouteTable!.RouteTableId, SubnetId: a }));
    }
  });
  no('deleting a table in use', 'DependencyViolation', async ({ ec2, VpcId, a }) => {
    const { RouteTable } = await ec2.send(new EC2.CreateRouteTableCommand({ VpcId }));
    const { RouteTableId } = RouteTable!;
    await ec2.send(new EC2.AssociateRouteTableCommand({ RouteTableId, SubnetId: a }));
    await ec2.send(new EC2.DeleteRouteTableCommand({ RouteTableId }));
  });
  no('ending an unknown association', 'InvalidAssociationID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DisassociateRouteTableCommand({ AssociationId: missing('rtbassoc') })),
  );
  no('an unknown table', 'InvalidRouteTableID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeRouteTablesCommand({ RouteTableIds: [missing('rtb')] })),
  );
  no('a token with other parameters', 'IdempotentParameterMismatch', async ({ ec2, publicSubnet }) => {
    const ids = [];
    for (let i = 0; i < 2; i++) ids.push((await ec2.send(new EC2.AllocateAddressCommand({}))).AllocationId);
    for (const AllocationId of ids)
      await ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: publicSubnet, AllocationId, ClientToken: 'same' }));
  });
  no('an unknown address', 'InvalidAllocationID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeAddressesCommand({ AllocationIds: [missing('eipalloc')] })),
  );
  no('releasing an unknown address', 'InvalidAllocationID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.ReleaseAddressCommand({ AllocationId: missing('eipalloc') })),
  );
  no('the sixth address', 'AddressLimitExceeded', async ({ ec2 }) => {
    for (let i = 0; i < 6; i++) await ec2.send(new EC2.AllocateAddressCommand({}));
  });
  no('releasing an address in use', 'InvalidIPAddress.InUse', async ({ ec2, a }) => {
    const { AllocationId } = await ec2.send(new EC2.AllocateAddressCommand({}));
    const { NetworkInterface } = await ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: a }));
    await ec2.send(
      new EC2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId: NetworkInterface!.NetworkInterfaceId }),
    );
    await ec2.send(new EC2.ReleaseAddressCommand({ AllocationId }));
  });
  no('an unknown NAT gateway', 'NatGatewayNotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds: [missing('nat')] })),
  );
  no('deleting an unknown NAT gateway', 'NatGatewayNotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteNatGatewayCommand({ NatGatewayId: missing('nat') })),
  );
  no('a NAT gateway in no subnet', 'InvalidSubnetID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: missing('subnet'), AllocationId: missing('eipalloc') })),
  );
  no('a public NAT gateway without an address', 'MissingParameter', ({ ec2, a }) =>
    ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: a })),
  );
  no('two groups of one name', 'InvalidGroup.Duplicate', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName: 'nodes', Description: 'again', VpcId })),
  );
  no('a group named like an id', 'InvalidParameterValue', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName: 'sg-nodes', Description: 'x', VpcId })),
  );
  no('the name of the default group', 'InvalidGroup.Reserved', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName: 'default', Description: 'x', VpcId })),
  );
  no('a group in no VPC', 'InvalidVpcID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName: 'x', Description: 'x', VpcId: missing('vpc') })),
  );
  no('a group without description', 'MissingParameter', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName: 'x', VpcId } as never)),
  );
  no('an unknown group', 'InvalidGroup.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeSecurityGroupsCommand({ GroupIds: [missing('sg')] })),
  );
  no('deleting an unknown group', 'InvalidGroup.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId: missing('sg') })),
  );
  no('deleting the default group', 'CannotDelete', async ({ ec2, VpcId }) => {
    const { SecurityGroups } = await ec2.send(
      new EC2.DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'vpc-id', Values: [VpcId] },
          { Name: 'group-name', Values: ['default'] },
        ],
      }),
    );
    await ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId: SecurityGroups![0]!.GroupId }));
  });
  const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '203.0.113.7/32' }] };
  no('a rule that is there', 'InvalidPermission.Duplicate', async ({ ec2, GroupId }) => {
    await ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [ssh] }));
    await ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [ssh] }));
  });
  no('a rule twice in one call', 'InvalidParameterValue', ({ ec2, GroupId }) =>
    ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [ssh, ssh] })),
  );
  no('revoking a rule that is not there', 'InvalidPermission.NotFound', ({ ec2, GroupId }) =>
    ec2.send(new EC2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: [ssh] })),
  );
  no('a rule for no group', 'InvalidGroup.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.AuthorizeSecurityGroupIngressCommand({ GroupId: missing('sg'), IpPermissions: [ssh] })),
  );
  no('a rule from no group', 'InvalidGroup.NotFound', ({ ec2, GroupId }) =>
    ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, UserIdGroupPairs: [{ GroupId: missing('sg') }] },
        ],
      }),
    ),
  );
  no('a rule from an address that is none', 'InvalidParameterValue', ({ ec2, GroupId }) =>
    ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [{ ...ssh, IpRanges: [{ CidrIp: '300.0.0.0/8' }] }],
      }),
    ),
  );
  no('deleting a group that another one names', 'DependencyViolation', async ({ ec2, GroupId, VpcId }) => {
    const other = await ec2.send(new EC2.CreateSecurityGroupCommand({ GroupName: 'efs', Description: 'x', VpcId }));
    await ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId: other.GroupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 2049, ToPort: 2049, UserIdGroupPairs: [{ GroupId }] }],
      }),
    );
    await ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId }));
  });
  no('deleting a group of an interface', 'DependencyViolation', async ({ ec2, GroupId, a }) => {
    await ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: a, Groups: [GroupId] }));
    await ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId }));
  });
  no('tags on nothing', 'InvalidID', ({ ec2 }) =>
    ec2.send(new EC2.CreateTagsCommand({ Resources: [missing('xyz')], Tags: [{ Key: 'a', Value: 'b' }] })),
  );
  no('tags on a VPC that is gone', 'InvalidVpcID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.CreateTagsCommand({ Resources: [missing('vpc')], Tags: [{ Key: 'a', Value: 'b' }] })),
  );
  no('tags of AWS', 'InvalidParameterValue', ({ ec2, VpcId }) =>
    ec2.send(new EC2.CreateTagsCommand({ Resources: [VpcId], Tags: [{ Key: 'aws:a', Value: 'b' }] })),
  );
  no('tags for another kind of resource', 'InvalidParameterValue', ({ ec2 }) =>
    ec2.send(
      new EC2.CreateVpcCommand({
        CidrBlock: '10.1.0.0/16',
        TagSpecifications: [{ ResourceType: 'subnet', Tags: [{ Key: 'a', Value: 'b' }] }],
      }),
    ),
  );
  no('a dry run that would succeed', 'DryRunOperation 412', ({ ec2 }) =>
    ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.1.0.0/16', DryRun: true })),
  );
  no('a zone that is none', 'InvalidParameterValue', ({ ec2 }) =>
    ec2.send(new EC2.DescribeAvailabilityZonesCommand({ ZoneNames: ['us-west-2z'] })),
  );
  no('a region that is none', 'InvalidParameterValue', ({ ec2 }) =>
    ec2.send(new EC2.DescribeRegionsCommand({ RegionNames: ['moon-1'] })),
  );
  no('an unknown interface', 'InvalidNetworkInterfaceID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: missing('eni') })),
  );
  no('an address that is taken', 'InvalidIPAddress.InUse', async ({ ec2, a }) => {
    for (let i = 0; i < 2; i++)
      await ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: a, PrivateIpAddress: '10.0.2.9' }));
  });
  no(
    'detaching the gateway under a NAT gateway',
    'DependencyViolation',
    async ({ ec2, publicSubnet, VpcId, InternetGatewayId }) => {
      const { AllocationId } = await ec2.send(new EC2.AllocateAddressCommand({}));
      const { NatGateway } = await ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: publicSubnet, AllocationId }));
      await EC2.waitUntilNatGatewayAvailable(
        { client: ec2, ...polling },
        { NatGatewayIds: [NatGateway!.NatGatewayId!] },
      );
      await ec2.send(new EC2.DetachInternetGatewayCommand({ VpcId, InternetGatewayId }));
    },
  );
  no('a malformed id', 'InvalidVpcID.Malformed', ({ ec2 }) =>
    ec2.send(new EC2.DescribeVpcsCommand({ VpcIds: ['nonsense'] })),
  );

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(await placed()), code);
  });
});
