import * as EC2 from '@aws-sdk/client-ec2';
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { type Place, placed, polling, refused, until, world } from './world.ts';

const al2023 = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

async function node({ ec2, ssm, a, GroupId }: Place, SubnetId = a) {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: al2023 }));
  const { Instances } = await ec2.send(
    new EC2.RunInstancesCommand({
      ImageId: Parameter!.Value,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId,
      SecurityGroupIds: [GroupId],
    }),
  );
  const InstanceIds = [Instances![0]!.InstanceId!];
  await EC2.waitUntilInstanceRunning({ client: ec2, ...polling }, { InstanceIds });
  return InstanceIds[0]!;
}

const group = ({ VpcId }: { VpcId: string }, Name = 'tg'): ELB.CreateTargetGroupCommandInput => ({
  Name,
  Protocol: 'HTTP',
  Port: 80,
  VpcId,
});

const balancer = ({ a, c, GroupId }: Place, Name = 'alb'): ELB.CreateLoadBalancerCommandInput => ({
  Name,
  Subnets: [a, c],
  SecurityGroups: [GroupId],
  Scheme: 'internal',
});

async function made(p: Place) {
  const { TargetGroups } = await p.elb.send(new ELB.CreateTargetGroupCommand(group(p)));
  const { LoadBalancers } = await p.elb.send(new ELB.CreateLoadBalancerCommand(balancer(p)));
  return { TargetGroupArn: TargetGroups![0]!.TargetGroupArn!, LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn! };
}

async function listening(p: Place) {
  const all = await made(p);
  const { Listeners } = await p.elb.send(
    new ELB.CreateListenerCommand({
      LoadBalancerArn: all.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: all.TargetGroupArn }],
    }),
  );
  return { ...all, ListenerArn: Listeners![0]!.ListenerArn! };
}

describe('calls about load balancers', () => {
  test('an internal load balancer with a target group, stickiness, a rule and a target that becomes healthy', async () => {
    const p = await placed();
    const { elb, ec2, account, VpcId, a, c, GroupId } = p;
    const id = account.accountId;
    await ec2.send(
      new EC2.AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/16' }] }],
      }),
    );
    const wish: ELB.CreateTargetGroupCommandInput = {
      Name: 'pms-tg-alb',
      Protocol: 'HTTP',
      ProtocolVersion: 'HTTP1',
      Port: 80,
      VpcId,
      TargetType: 'instance',
      IpAddressType: 'ipv4',
      HealthCheckEnabled: true,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: 'traffic-port',
      HealthCheckPath: '/login/?next=http%3A%2F%2F1.2.3.4%2Fhome',
      HealthCheckIntervalSeconds: 10,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: '200-399' },
      Tags: [{ Key: 'Name', Value: 'pms-tg-alb' }],
    };
    const { TargetGroups } = await elb.send(new ELB.CreateTargetGroupCommand(wish));
    const TargetGroupArn = TargetGroups![0]!.TargetGroupArn!;
    expect(TargetGroups).toMatchObject([
      {
        TargetGroupArn: expect.stringMatching(
          new RegExp(`^arn:aws:elasticloadbalancing:us-west-2:${id}:targetgroup/pms-tg-alb/[0-9a-f]{16}$`),
        ),
        TargetGroupName: 'pms-tg-alb',
        HealthCheckEnabled: true,
        HealthCheckIntervalSeconds: 10,
        HealthCheckPort: 'traffic-port',
        LoadBalancerArns: [],
        Matcher: { HttpCode: '200-399' },
        TargetType: 'instance',
        ProtocolVersion: 'HTTP1',
        IpAddressType: 'ipv4',
        VpcId,
      },
    ]);
    expect((await elb.send(new ELB.CreateTargetGroupCommand(wish))).TargetGroups?.[0]?.TargetGroupArn).toBe(
      TargetGroupArn,
    );
    const defaults = await elb.send(
      new ELB.CreateTargetGroupCommand({ Name: 'defaults', Protocol: 'HTTP', Port: 80, VpcId }),
    );
    expect(defaults.TargetGroups?.[0]).toMatchObject({
      HealthCheckIntervalSeconds: 30,
      HealthyThresholdCount: 5,
      UnhealthyThresholdCount: 2,
      HealthCheckPath: '/',
      HealthCheckProtocol: 'HTTP',
      Matcher: { HttpCode: '200' },
      TargetType: 'instance',
    });
    const attributes = await elb.send(new ELB.DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
    const value = (list: { Key?: string | undefined; Value?: string | undefined }[] | undefined, key: string) =>
      list?.find((one) => one.Key === key)?.Value;
    expect(value(attributes.Attributes, 'deregistration_delay.timeout_seconds')).toBe('300');
    expect(value(attributes.Attributes, 'stickiness.enabled')).toBe('false');
    await elb.send(
      new ELB.ModifyTargetGroupAttributesCommand({
        TargetGroupArn,
        Attributes: [
          { Key: 'stickiness.enabled', Value: 'true' },
          { Key: 'stickiness.type', Value: 'lb_cookie' },
          { Key: 'stickiness.lb_cookie.duration_seconds', Value: '3600' },
          { Key: 'deregistration_delay.timeout_seconds', Value: '10' },
          { Key: 'load_balancing.algorithm.type', Value: 'least_outstanding_requests' },
          { Key: 'slow_start.duration_seconds', Value: '0' },
        ],
      }),
    );
    await elb.send(
      new ELB.ModifyTargetGroupCommand({ TargetGroupArn, HealthCheckPath: '/health', Matcher: { HttpCode: '200' } }),
    );

    const form: ELB.CreateLoadBalancerCommandInput = {
      Name: 'pms-airflow-alb',
      Subnets: [a, c],
      SecurityGroups: [GroupId],
      Scheme: 'internal',
      Type: 'application',
      IpAddressType: 'ipv4',
      Tags: [{ Key: 'Name', Value: 'pms-airflow-alb' }],
    };
    const { LoadBalancers } = await elb.send(new ELB.CreateLoadBalancerCommand(form));
    const LoadBalancerArn = LoadBalancers![0]!.LoadBalancerArn!;
    expect(LoadBalancers).toMatchObject([
      {
        LoadBalancerArn: expect.stringMatching(
          new RegExp(`^arn:aws:elasticloadbalancing:us-west-2:${id}:loadbalancer/app/pms-airflow-alb/[0-9a-f]{16}$`),
        ),
        DNSName: expect.stringMatching(/^internal-pms-airflow-alb-\d+\.us-west-2\.elb\.amazonaws\.com$/),
        CanonicalHostedZoneId: expect.stringMatching(/^Z/),
        CreatedTime: expect.any(Date),
        State: { Code: 'provisioning' },
        Type: 'application',
        Scheme: 'internal',
        VpcId,
        SecurityGroups: [GroupId],
        AvailabilityZones: expect.arrayContaining([{ ZoneName: 'us-west-2a', SubnetId: a, LoadBalancerAddresses: [] }]),
        IpAddressType: 'ipv4',
      },
    ]);
    expect((await elb.send(new ELB.CreateLoadBalancerCommand(form))).LoadBalancers?.[0]?.LoadBalancerArn).toBe(
      LoadBalancerArn,
    );
    await ELB.waitUntilLoadBalancerExists({ client: elb, ...polling }, { Names: ['pms-airflow-alb'] });
    await ELB.waitUntilLoadBalancerAvailable({ client: elb, ...polling }, { LoadBalancerArns: [LoadBalancerArn] });
    const interfaces = await ec2.send(
      new EC2.DescribeNetworkInterfacesCommand({
        Filters: [
          { Name: 'attachment.instance-owner-id', Values: ['amazon-elb'] },
          { Name: 'description', Values: [`ELB app/pms-airflow-alb/${LoadBalancerArn.split('/').at(-1)}`] },
        ],
      }),
    );
    expect(interfaces.NetworkInterfaces).toHaveLength(2);
    expect(interfaces.NetworkInterfaces?.[0]).toMatchObject({
      RequesterManaged: true,
      Status: 'in-use',
      Groups: [{ GroupId }],
    });
    const lbAttributes = await elb.send(new ELB.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
    expect(value(lbAttributes.Attributes, 'idle_timeout.timeout_seconds')).toBe('60');
    expect(value(lbAttributes.Attributes, 'deletion_protection.enabled')).toBe('false');
    await elb.send(
      new ELB.ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn,
        Attributes: [
          { Key: 'idle_timeout.timeout_seconds', Value: '120' },
          { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
        ],
      }),
    );

    const InstanceId = await node(p);
    await elb.send(new ELB.RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: InstanceId, Port: 80 }] }));
    await elb.send(new ELB.RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: InstanceId, Port: 80 }] }));
    const health = async () =>
      (await elb.send(new ELB.DescribeTargetHealthCommand({ TargetGroupArn }))).TargetHealthDescriptions;
    expect(await health()).toMatchObject([
      {
        Target: { Id: InstanceId, Port: 80 },
        HealthCheckPort: '80',
        TargetHealth: { State: 'unused', Reason: 'Target.NotInUse', Description: expect.any(String) },
      },
    ]);
    const listener: ELB.CreateListenerCommandInput = {
      LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      Tags: [{ Key: 'a', Value: 'b' }],
    };
    const { Listeners } = await elb.send(new ELB.CreateListenerCommand(listener));
    const ListenerArn = Listeners![0]!.ListenerArn!;
    expect(ListenerArn).toMatch(/:listener\/app\/pms-airflow-alb\/[0-9a-f]{16}\/[0-9a-f]{16}$/);
    expect(Listeners).toMatchObject([
      { Port: 80, Protocol: 'HTTP', LoadBalancerArn, DefaultActions: [{ Type: 'forward', TargetGroupArn }] },
    ]);
    expect((await elb.send(new ELB.CreateListenerCommand(listener))).Listeners?.[0]?.ListenerArn).toBe(ListenerArn);
    expect((await health())?.[0]?.TargetHealth?.State).toBe('initial');
    await ELB.waitUntilTargetInService({ client: elb, ...polling }, { TargetGroupArn, Targets: [{ Id: InstanceId }] });
    expect((await health())?.[0]?.TargetHealth).toEqual({ State: 'healthy' });
    expect(
      (await elb.send(new ELB.DescribeTargetGroupsCommand({ LoadBalancerArn }))).TargetGroups?.[0]?.LoadBalancerArns,
    ).toEqual([LoadBalancerArn]);

    const { Rules } = await elb.send(
      new ELB.CreateRuleCommand({
        ListenerArn,
        Priority: 10,
        Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/api/*'] } }],
        Actions: [
          {
            Type: 'fixed-response',
            FixedResponseConfig: { StatusCode: '503', ContentType: 'text/plain', MessageBody: 'no' },
          },
        ],
      }),
    );
    const RuleArn = Rules![0]!.RuleArn!;
    const described = await elb.send(new ELB.DescribeRulesCommand({ ListenerArn }));
    expect(described.Rules?.map((one) => [one.Priority, one.IsDefault])).toEqual([
      ['10', false],
      ['default', true],
    ]);
    await elb.send(
      new ELB.ModifyRuleCommand({ RuleArn, Conditions: [{ Field: 'host-header', Values: ['*.example.com'] }] }),
    );
    await elb.send(new ELB.SetRulePrioritiesCommand({ RulePriorities: [{ RuleArn, Priority: 20 }] }));
    await elb.send(new ELB.DeleteRuleCommand({ RuleArn }));
    await elb.send(
      new ELB.ModifyListenerCommand({
        ListenerArn,
        DefaultActions: [
          {
            Type: 'forward',
            ForwardConfig: {
              TargetGroups: [{ TargetGroupArn, Weight: 1 }],
              TargetGroupStickinessConfig: { Enabled: false },
            },
          },
        ],
      }),
    );
    await elb.send(new ELB.DescribeListenerAttributesCommand({ ListenerArn }));
    const only = await elb.send(new ELB.DescribeListenersCommand({ LoadBalancerArn }));
    expect(only.Listeners).toHaveLength(1);

    await elb.send(
      new ELB.AddTagsCommand({
        ResourceArns: [LoadBalancerArn, TargetGroupArn, ListenerArn],
        Tags: [{ Key: 'x', Value: 'y' }],
      }),
    );
    await elb.send(new ELB.RemoveTagsCommand({ ResourceArns: [LoadBalancerArn], TagKeys: ['x'] }));
    const tags = await elb.send(new ELB.DescribeTagsCommand({ ResourceArns: [LoadBalancerArn, TargetGroupArn] }));
    expect(tags.TagDescriptions?.map((one) => one.Tags?.length)).toEqual([1, 2]);
    await elb.send(new ELB.SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups: [GroupId] }));
    await elb.send(new ELB.SetSubnetsCommand({ LoadBalancerArn, Subnets: [a, c] }));
    await elb.send(new ELB.SetIpAddressTypeCommand({ LoadBalancerArn, IpAddressType: 'ipv4' }));
    expect((await elb.send(new ELB.DescribeAccountLimitsCommand({}))).Limits?.length).toBeGreaterThan(5);
    expect((await elb.send(new ELB.DescribeSSLPoliciesCommand({}))).SslPolicies?.length).toBeGreaterThan(2);

    await elb.send(new ELB.DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: InstanceId }] }));
    expect((await health())?.[0]?.TargetHealth).toMatchObject({
      State: 'draining',
      Reason: 'Target.DeregistrationInProgress',
    });
    await ELB.waitUntilTargetDeregistered(
      { client: elb, ...polling },
      { TargetGroupArn, Targets: [{ Id: InstanceId }] },
    );
    await elb.send(new ELB.DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: InstanceId }] }));

    await refused(
      elb.send(new ELB.DeleteTargetGroupCommand({ TargetGroupArn })),
      'ResourceInUseException ResourceInUse',
    );
    await elb.send(new ELB.DeleteListenerCommand({ ListenerArn }));
    await elb.send(new ELB.DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await elb.send(new ELB.DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await ELB.waitUntilLoadBalancersDeleted({ client: elb, ...polling }, { LoadBalancerArns: [LoadBalancerArn] });
    await refused(ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: c })), 'DependencyViolation');
    await elb.send(new ELB.DeleteTargetGroupCommand({ TargetGroupArn }));
    await elb.send(new ELB.DeleteTargetGroupCommand({ TargetGroupArn }));
    await until(
      () =>
        ec2.send(
          new EC2.DescribeNetworkInterfacesCommand({
            Filters: [{ Name: 'attachment.instance-owner-id', Values: ['amazon-elb'] }],
          }),
        ),
      (answer) => answer.NetworkInterfaces?.length === 0,
    );
    await ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: c }));
  });

  test('an internet-facing one without scheme, with a redirect, and a network load balancer beside it', async () => {
    const p = await placed();
    const { elb, publicSubnet, c } = p;
    const { LoadBalancers } = await elb.send(
      new ELB.CreateLoadBalancerCommand({ Name: 'front', Subnets: [publicSubnet, c] }),
    );
    expect(LoadBalancers?.[0]).toMatchObject({
      Scheme: 'internet-facing',
      DNSName: expect.stringMatching(/^front-\d+\./),
    });
    const { Listeners } = await elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn,
        Protocol: 'HTTP',
        Port: 80,
        DefaultActions: [
          { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
        ],
      }),
    );
    expect(Listeners?.[0]?.DefaultActions?.[0]?.RedirectConfig).toMatchObject({
      Host: '#{host}',
      Path: '/#{path}',
      Query: '#{query}',
    });
    const nlb = await elb.send(
      new ELB.CreateLoadBalancerCommand({
        Name: 'net',
        Type: 'network',
        Scheme: 'internal',
        SubnetMappings: [{ SubnetId: c }],
      }),
    );
    expect(nlb.LoadBalancers?.[0]?.Type).toBe('network');
    const names: string[] = [];
    for await (const page of ELB.paginateDescribeLoadBalancers({ client: elb, pageSize: 1 }, {}))
      names.push(...(page.LoadBalancers ?? []).map((one) => one.LoadBalancerName!));
    expect(names.sort()).toEqual(['front', 'net']);
  });
});

describe('what is refused about load balancers', () => {
  const cases: [string, string, (p: Place) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (p: Place) => Promise<unknown>) => cases.push([title, code, call]);
  const arn = (rest: string) => `arn:aws:elasticloadbalancing:us-west-2:123456789012:${rest}`;
  const lb = arn('loadbalancer/app/none/0123456789abcdef');
  const tg = arn('targetgroup/none/0123456789abcdef');
  const li = arn('listener/app/none/0123456789abcdef/0123456789abcdef');

  no('an unknown load balancer by name', 'LoadBalancerNotFoundException LoadBalancerNotFound', ({ elb }) =>
    elb.send(new ELB.DescribeLoadBalancersCommand({ Names: ['none'] })),
  );
  no('an unknown load balancer by ARN', 'LoadBalancerNotFoundException LoadBalancerNotFound', ({ elb }) =>
    elb.send(new ELB.DescribeLoadBalancersCommand({ LoadBalancerArns: [lb] })),
  );
  no('attributes of an unknown one', 'LoadBalancerNotFoundException', ({ elb }) =>
    elb.send(new ELB.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: lb })),
  );
  no('an unknown target group', 'TargetGroupNotFoundException TargetGroupNotFound', ({ elb }) =>
    elb.send(new ELB.DescribeTargetGroupsCommand({ Names: ['none'] })),
  );
  no('health of an unknown target group', 'TargetGroupNotFoundException', ({ elb }) =>
    elb.send(new ELB.DescribeTargetHealthCommand({ TargetGroupArn: tg })),
  );
  no('registering in an unknown target group', 'TargetGroupNotFoundException', ({ elb }) =>
    elb.send(new ELB.RegisterTargetsCommand({ TargetGroupArn: tg, Targets: [{ Id: 'i-0123456789abcdef0' }] })),
  );
  no('an unknown listener', 'ListenerNotFoundException ListenerNotFound', ({ elb }) =>
    elb.send(new ELB.DescribeListenersCommand({ ListenerArns: [li] })),
  );
  no('deleting an unknown listener', 'ListenerNotFoundException ListenerNotFound', ({ elb }) =>
    elb.send(new ELB.DeleteListenerCommand({ ListenerArn: li })),
  );
  no('an unknown rule', 'RuleNotFoundException RuleNotFound', ({ elb }) =>
    elb.send(
      new ELB.DeleteRuleCommand({
        RuleArn: arn('listener-rule/app/none/0123456789abcdef/0123456789abcdef/0123456789abcdef'),
      }),
    ),
  );
  no('one zone only', 'ValidationError', (p) =>
    p.elb.send(new ELB.CreateLoadBalancerCommand({ ...balancer(p), Subnets: [p.a] })),
  );
  no('two subnets of one zone', 'InvalidConfigurationRequestException InvalidConfigurationRequest', (p) =>
    p.elb.send(new ELB.CreateLoadBalancerCommand({ ...balancer(p), Subnets: [p.a, p.publicSubnet] })),
  );
  no('an unknown subnet', 'SubnetNotFoundException SubnetNotFound', (p) =>
    p.elb.send(new ELB.CreateLoadBalancerCommand({ ...balancer(p), Subnets: [p.a, 'subnet-0123456789abcdef0'] })),
  );
  no('an unknown group', 'InvalidSecurityGroupException InvalidSecurityGroup', (p) =>
    p.elb.send(new ELB.CreateLoadBalancerCommand({ ...balancer(p), SecurityGroups: ['sg-0123456789abcdef0'] })),
  );
  no('one name with other settings', 'DuplicateLoadBalancerNameException DuplicateLoadBalancerName', async (p) => {
    await p.elb.send(new ELB.CreateLoadBalancerCommand(balancer(p)));
    await p.elb.send(new ELB.CreateLoadBalancerCommand({ ...balancer(p), Scheme: 'internet-facing' }));
  });
  no('a name that is too long', 'ValidationError', (p) =>
    p.elb.send(new ELB.CreateLoadBalancerCommand(balancer(p, 'x'.repeat(33)))),
  );
  no('a name that is reserved', 'ValidationError', (p) =>
    p.elb.send(new ELB.CreateLoadBalancerCommand(balancer(p, 'internal-x'))),
  );
  no('target groups of one name', 'DuplicateTargetGroupNameException DuplicateTargetGroupName', async (p) => {
    await p.elb.send(new ELB.CreateTargetGroupCommand(group(p)));
    await p.elb.send(new ELB.CreateTargetGroupCommand({ ...group(p), Port: 8080 }));
  });
  no('a target group in no VPC', 'ValidationError', (p) =>
    p.elb.send(new ELB.CreateTargetGroupCommand({ ...group(p), VpcId: 'vpc-0123456789abcdef0' })),
  );
  no('a target group without VPC', 'ValidationError', (p) =>
    p.elb.send(new ELB.CreateTargetGroupCommand({ Name: 'x', Protocol: 'HTTP', Port: 80 })),
  );
  no('a second listener on a port', 'DuplicateListenerException DuplicateListener', async (p) => {
    const { LoadBalancerArn } = await listening(p);
    await p.elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn,
        Protocol: 'HTTP',
        Port: 80,
        DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }],
      }),
    );
  });
  no('a listener of no load balancer', 'LoadBalancerNotFoundException', async (p) => {
    const { TargetGroupArn } = await made(p);
    await p.elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn: lb,
        Protocol: 'HTTP',
        Port: 80,
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    );
  });
  no('a listener to no target group', 'TargetGroupNotFoundException', async (p) => {
    const { LoadBalancerArn } = await made(p);
    await p.elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn,
        Protocol: 'HTTP',
        Port: 80,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: tg }],
      }),
    );
  });
  no('HTTPS without a certificate', 'ValidationError', async (p) => {
    const { LoadBalancerArn, TargetGroupArn } = await made(p);
    await p.elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn,
        Protocol: 'HTTPS',
        Port: 443,
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    );
  });
  no('a target that does not exist', 'InvalidTargetException InvalidTarget', async (p) => {
    const { TargetGroupArn } = await made(p);
    await p.elb.send(new ELB.RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: 'i-0123456789abcdef0' }] }));
  });
  no('a target that is stopped', 'InvalidTargetException InvalidTarget', async (p) => {
    const { TargetGroupArn } = await made(p);
    const Id = await node(p);
    await p.ec2.send(new EC2.StopInstancesCommand({ InstanceIds: [Id] }));
    await EC2.waitUntilInstanceStopped({ client: p.ec2, ...polling }, { InstanceIds: [Id] });
    await p.elb.send(new ELB.RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id }] }));
  });
  no('deleting a target group in use', 'ResourceInUseException ResourceInUse', async (p) => {
    const { TargetGroupArn } = await listening(p);
    await p.elb.send(new ELB.DeleteTargetGroupCommand({ TargetGroupArn }));
  });
  no('deleting what is protected', 'OperationNotPermittedException OperationNotPermitted', async (p) => {
    const { LoadBalancerArn } = await made(p);
    await p.elb.send(
      new ELB.ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn,
        Attributes: [{ Key: 'deletion_protection.enabled', Value: 'true' }],
      }),
    );
    await p.elb.send(new ELB.DeleteLoadBalancerCommand({ LoadBalancerArn }));
  });
  no('two rules of one priority', 'PriorityInUseException PriorityInUse', async (p) => {
    const { ListenerArn, TargetGroupArn } = await listening(p);
    for (const path of ['/a', '/b'])
      await p.elb.send(
        new ELB.CreateRuleCommand({
          ListenerArn,
          Priority: 1,
          Conditions: [{ Field: 'path-pattern', Values: [path] }],
          Actions: [{ Type: 'forward', TargetGroupArn }],
        }),
      );
  });
  no('deleting the default rule', 'OperationNotPermittedException OperationNotPermitted', async (p) => {
    const { ListenerArn } = await listening(p);
    const { Rules } = await p.elb.send(new ELB.DescribeRulesCommand({ ListenerArn }));
    await p.elb.send(new ELB.DeleteRuleCommand({ RuleArn: Rules![0]!.RuleArn }));
  });
  no('an attribute that is none', 'ValidationError', async (p) => {
    const { TargetGroupArn } = await made(p);
    await p.elb.send(
      new ELB.ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: [{ Key: 'nonsense', Value: '1' }] }),
    );
  });
  no('an attribute out of its range', 'ValidationError', async (p) => {
    const { TargetGroupArn } = await made(p);
    await p.elb.send(
      new ELB.ModifyTargetGroupAttributesCommand({
        TargetGroupArn,
        Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '9999' }],
      }),
    );
  });
  no('one key twice', 'DuplicateTagKeysException DuplicateTagKeys', (p) =>
    p.elb.send(
      new ELB.CreateTargetGroupCommand({
        ...group(p),
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'a', Value: '2' },
        ],
      }),
    ),
  );
  no('tags of an unknown one', 'LoadBalancerNotFoundException', ({ elb }) =>
    elb.send(new ELB.DescribeTagsCommand({ ResourceArns: [lb] })),
  );
  no('an interval below the time-out', 'ValidationError', (p) =>
    p.elb.send(
      new ELB.CreateTargetGroupCommand({ ...group(p), HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 6 }),
    ),
  );
  no('a security group of a load balancer', 'DependencyViolation', async (p) => {
    await made(p);
    await p.ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId: p.GroupId }));
  });

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(await placed()), code);
  });

  test('one that fails to come up says so', async () => {
    const p = await placed(world({ faults: { breakLater: [{ noun: 'loadBalancer', code: 'InternalFailure' }] } }));
    await p.elb.send(new ELB.CreateLoadBalancerCommand(balancer(p)));
    const { LoadBalancers } = await until(
      () => p.elb.send(new ELB.DescribeLoadBalancersCommand({})),
      (answer) => answer.LoadBalancers?.[0]?.State?.Code === 'failed',
    );
    expect(LoadBalancers?.[0]?.State?.Reason).toEqual(expect.any(String));
  });
});
