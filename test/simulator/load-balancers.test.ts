import { DeleteSecurityGroupCommand, DeleteSubnetCommand, DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import {
  AddTagsCommand,
  CreateLoadBalancerCommand,
  type CreateLoadBalancerCommandInput,
  DeleteLoadBalancerCommand,
  DescribeAccountLimitsCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
  ModifyLoadBalancerAttributesCommand,
  paginateDescribeLoadBalancers,
  RemoveTagsCommand,
  SetIpAddressTypeCommand,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, test } from 'vitest';
import type { AccountOptions } from '../../src/simulator/index.ts';
import { addInternetGateway, region, twoZones } from './two-zones.ts';

async function world(options?: AccountOptions) {
  const network = await twoZones(options);
  const elb = network.account.attach(new ElasticLoadBalancingV2Client({ region }));
  const input: CreateLoadBalancerCommandInput = {
    Name: 'pms-airflow-alb',
    Scheme: 'internal',
    Subnets: [network.subnetA, network.subnetC],
    SecurityGroups: [network.groupId],
    Tags: [{ Key: 'Name', Value: 'pms-airflow-alb' }],
  };
  const create = async (changes: Partial<CreateLoadBalancerCommandInput> = {}) => {
    const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand({ ...input, ...changes }));
    return LoadBalancers![0]!;
  };
  return { ...network, elb, input, create };
}

const missing = 'arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/gone/0123456789abcdef';

describe('load balancers of the simulated account', () => {
  test('a new one is provisioning, and active some two and a half minutes later', async () => {
    const { account, elb, create, vpcId, groupId } = await world();
    const made = await create();
    expect(made).toMatchObject({
      LoadBalancerName: 'pms-airflow-alb',
      Scheme: 'internal',
      Type: 'application',
      VpcId: vpcId,
      SecurityGroups: [groupId],
      IpAddressType: 'ipv4',
      State: { Code: 'provisioning' },
    });
    expect(made.DNSName).toMatch(/^internal-pms-airflow-alb-\d+\.us-west-2\.elb\.amazonaws\.com$/);
    expect(made.LoadBalancerArn).toMatch(/:123456789012:loadbalancer\/app\/pms-airflow-alb\/[0-9a-f]{16}$/);
    expect(made.AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual(['us-west-2a', 'us-west-2c']);
    await account.clock.sleep(100_000);
    const ask = async () =>
      (await elb.send(new DescribeLoadBalancersCommand({ Names: ['pms-airflow-alb'] }))).LoadBalancers?.[0];
    expect((await ask())?.State?.Code).toBe('provisioning');
    await account.clock.sleep(100_000);
    expect((await ask())?.State?.Code).toBe('active');
  });

  test('the same settings again give the same load balancer, others are DuplicateLoadBalancerName', async () => {
    const { create, subnetC, secondSubnetA } = await world();
    const { LoadBalancerArn } = await create();
    expect((await create()).LoadBalancerArn).toBe(LoadBalancerArn);
    await expect(create({ Subnets: [secondSubnetA, subnetC] })).rejects.toMatchObject({
      name: 'DuplicateLoadBalancerNameException',
      Code: 'DuplicateLoadBalancerName',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('settings that AWS refuses are refused with its codes, and leave nothing behind', async () => {
    const { ec2, elb, create, subnetA, subnetC, secondSubnetA } = await world();
    const code = (Code: string) => ({ Code });
    await expect(create({ Subnets: [subnetA] })).rejects.toMatchObject(code('ValidationError'));
    await expect(create({ Subnets: [subnetA, secondSubnetA] })).rejects.toMatchObject(
      code('InvalidConfigurationRequest'),
    );
    await expect(create({ Subnets: [subnetA, 'subnet-0123456789abcdef0'] })).rejects.toMatchObject(
      code('SubnetNotFound'),
    );
    await expect(create({ SecurityGroups: ['sg-0123456789abcdef0'] })).rejects.toMatchObject(
      code('InvalidSecurityGroup'),
    );
    await expect(create({ Scheme: 'outward' as never })).rejects.toMatchObject(code('InvalidScheme'));
    await expect(create({ Scheme: 'internet-facing' })).rejects.toMatchObject(code('InvalidSubnet'));
    await expect(create({ IpAddressType: 'dualstack' })).rejects.toMatchObject(code('InvalidConfigurationRequest'));
    const twice = [
      { Key: 'a', Value: '1' },
      { Key: 'a', Value: '2' },
    ];
    await expect(create({ Tags: twice })).rejects.toMatchObject(code('DuplicateTagKeys'));
    for (const Name of ['internal-x', '-x', 'x-', 'a_b', 'x'.repeat(33)])
      await expect(create({ Name })).rejects.toMatchObject(code('ValidationError'));
    const mappings = { SubnetMappings: [{ SubnetId: subnetC }] };
    await expect(create(mappings)).rejects.toMatchObject(code('ValidationError'));
    expect((await elb.send(new DescribeLoadBalancersCommand({}))).LoadBalancers).toEqual([]);
    expect((await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
  });

  test('an internet-facing one needs an internet gateway and has public addresses', async () => {
    const { ec2, create, vpcId } = await world();
    await addInternetGateway(ec2, vpcId);
    expect((await create({ Scheme: 'internet-facing' })).DNSName).toMatch(/^pms-airflow-alb-/);
    const { NetworkInterfaces } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
    expect(NetworkInterfaces?.every(({ Association }) => Association?.IpOwnerId === 'amazon')).toBe(true);
  });

  test('its interfaces hold subnets and groups, and outlive it by minutes', async () => {
    const { account, ec2, elb, create, subnetA, groupId } = await world();
    const { LoadBalancerArn } = await create();
    const filters = (id: string) => [
      { Name: 'attachment.instance-owner-id', Values: ['amazon-elb'] },
      { Name: 'description', Values: [`ELB app/pms-airflow-alb/${id}`] },
    ];
    const interfaces = async () => {
      const Filters = filters(LoadBalancerArn!.split('/').at(-1)!);
      return (await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces?.length;
    };
    expect(await interfaces()).toBe(2);
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await expect(elb.send(new DescribeLoadBalancersCommand({ Names: ['pms-airflow-alb'] }))).rejects.toMatchObject({
      Code: 'LoadBalancerNotFound',
    });
    expect(await interfaces()).toBe(2);
    await expect(ec2.send(new DeleteSubnetCommand({ SubnetId: subnetA }))).rejects.toMatchObject({
      Code: 'DependencyViolation',
    });
    await expect(ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }))).rejects.toMatchObject({
      Code: 'DependencyViolation',
    });
    await account.clock.sleep(150_000);
    expect(await interfaces()).toBe(0);
    await ec2.send(new DeleteSubnetCommand({ SubnetId: subnetA }));
  });

  test('deleting twice succeeds; asking for what is gone is LoadBalancerNotFound', async () => {
    const { elb, create } = await world();
    const { LoadBalancerArn } = await create();
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: missing }));
    for (const command of [
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [missing] }),
      new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: missing }),
    ])
      await expect(elb.send(command as DescribeLoadBalancersCommand)).rejects.toMatchObject({
        name: 'LoadBalancerNotFoundException',
        Code: 'LoadBalancerNotFound',
      });
    const nonsense = new DescribeLoadBalancersCommand({
      LoadBalancerArns: ['nonsense'],
    });
    await expect(elb.send(nonsense)).rejects.toMatchObject({
      Code: 'ValidationError',
    });
  });

  test('attributes have their defaults, are checked, and deletion protection protects', async () => {
    const { elb, create } = await world();
    const { LoadBalancerArn } = await create();
    const read = async () => {
      const { Attributes = [] } = await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
      return Object.fromEntries(Attributes.map(({ Key, Value }) => [Key, Value]));
    };
    const set = (Key: string, Value: string) =>
      elb.send(
        new ModifyLoadBalancerAttributesCommand({
          LoadBalancerArn,
          Attributes: [{ Key, Value }],
        }),
      );
    expect(await read()).toMatchObject({
      'deletion_protection.enabled': 'false',
      'idle_timeout.timeout_seconds': '60',
      'routing.http2.enabled': 'true',
      'load_balancing.cross_zone.enabled': 'true',
    });
    expect((await set('idle_timeout.timeout_seconds', '120')).Attributes).toEqual([
      { Key: 'idle_timeout.timeout_seconds', Value: '120' },
    ]);
    await expect(set('idle_timeout.timeout_seconds', '4001')).rejects.toMatchObject({ Code: 'ValidationError' });
    await expect(set('no.such.key', 'true')).rejects.toMatchObject({
      Code: 'ValidationError',
    });
    await expect(set('secondary_ips.auto_assigned.per_subnet', '1')).rejects.toMatchObject({
      Code: 'InvalidConfigurationRequest',
    });
    await expect(set('access_logs.s3.enabled', 'true')).rejects.toMatchObject({
      Code: 'InvalidConfigurationRequest',
    });
    await set('deletion_protection.enabled', 'true');
    expect(await read()).toMatchObject({
      'idle_timeout.timeout_seconds': '120',
      'access_logs.s3.enabled': 'false',
    });
    const remove = () => elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await expect(remove()).rejects.toMatchObject({
      name: 'OperationNotPermittedException',
      Code: 'OperationNotPermitted',
    });
    await set('deletion_protection.enabled', 'false');
    await remove();
  });

  test('groups and subnets can be exchanged, and its interfaces follow', async () => {
    const { ec2, elb, create, secondSubnetA, subnetC, groupId } = await world();
    const { LoadBalancerArn } = await create({ SecurityGroups: undefined });
    await elb.send(
      new SetSecurityGroupsCommand({
        LoadBalancerArn,
        SecurityGroups: [groupId],
      }),
    );
    const { AvailabilityZones } = await elb.send(
      new SetSubnetsCommand({
        LoadBalancerArn,
        Subnets: [secondSubnetA, subnetC],
      }),
    );
    expect(AvailabilityZones?.map(({ SubnetId }) => SubnetId)).toEqual([secondSubnetA, subnetC]);
    const Filters = [{ Name: 'subnet-id', Values: [secondSubnetA] }];
    const { NetworkInterfaces } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
    expect(NetworkInterfaces?.map(({ Groups }) => Groups?.[0]?.GroupId)).toEqual([groupId]);
    await expect(
      elb.send(
        new SetSecurityGroupsCommand({
          LoadBalancerArn,
          SecurityGroups: ['sg-0'],
        }),
      ),
    ).rejects.toMatchObject({
      Code: 'InvalidSecurityGroup',
    });
    await expect(elb.send(new SetSubnetsCommand({ LoadBalancerArn, Subnets: [subnetC] }))).rejects.toMatchObject({
      Code: 'ValidationError',
    });
    const dual = new SetIpAddressTypeCommand({
      LoadBalancerArn,
      IpAddressType: 'dualstack',
    });
    await expect(elb.send(dual)).rejects.toMatchObject({
      Code: 'InvalidConfigurationRequest',
    });
  });

  test('tags are added, read and removed by ARN', async () => {
    const { elb, create } = await world();
    const { LoadBalancerArn } = await create();
    const ResourceArns = [LoadBalancerArn!];
    await elb.send(
      new AddTagsCommand({
        ResourceArns,
        Tags: [{ Key: 'team', Value: 'data' }],
      }),
    );
    await elb.send(new RemoveTagsCommand({ ResourceArns, TagKeys: ['Name'] }));
    const { TagDescriptions } = await elb.send(new DescribeTagsCommand({ ResourceArns }));
    expect(TagDescriptions).toEqual([{ ResourceArn: LoadBalancerArn, Tags: [{ Key: 'team', Value: 'data' }] }]);
    const many = Array.from({ length: 51 }, (_, index) => ({
      Key: `k${index}`,
      Value: '',
    }));
    await expect(elb.send(new AddTagsCommand({ ResourceArns, Tags: many }))).rejects.toMatchObject({
      Code: 'TooManyTags',
    });
    await expect(elb.send(new DescribeTagsCommand({ ResourceArns: [missing] }))).rejects.toMatchObject({
      Code: 'LoadBalancerNotFound',
    });
  });

  test('the paginator sees each load balancer once, and the fifty-first is refused', async () => {
    const { elb, create } = await world();
    for (let n = 0; n < 50; n++) await create({ Name: `lb-${n}` });
    const names: (string | undefined)[] = [];
    for await (const page of paginateDescribeLoadBalancers({ client: elb, pageSize: 20 }, {}))
      names.push(...(page.LoadBalancers ?? []).map(({ LoadBalancerName }) => LoadBalancerName));
    expect(new Set(names).size).toBe(50);
    expect(names).toHaveLength(50);
    await expect(create({ Name: 'lb-50' })).rejects.toMatchObject({
      Code: 'TooManyLoadBalancers',
    });
    const { Limits } = await elb.send(new DescribeAccountLimitsCommand({}));
    expect(Limits).toContainEqual({
      Name: 'application-load-balancers',
      Max: '50',
    });
  });

  test('one that was chosen to break ends as failed, with the reason', async () => {
    const { account, elb, create } = await world({
      faults: {
        breakLater: [{ noun: 'loadBalancer', code: 'InsufficientCapacity' }],
      },
    });
    await create();
    await account.clock.sleep(200_000);
    const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({}));
    expect(LoadBalancers?.[0]?.State).toEqual({
      Code: 'failed',
      Reason: 'InsufficientCapacity',
    });
  });
});
