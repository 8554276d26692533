import { CreateVpcCommand } from '@aws-sdk/client-ec2';
import {
  type Action,
  AddListenerCertificatesCommand,
  CreateListenerCommand,
  type CreateListenerCommandInput,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  type CreateRuleCommandInput,
  CreateTargetGroupCommand,
  type CreateTargetGroupCommandInput,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteRuleCommand,
  DeleteTargetGroupCommand,
  DescribeListenerAttributesCommand,
  DescribeListenerCertificatesCommand,
  DescribeListenersCommand,
  DescribeRulesCommand,
  DescribeSSLPoliciesCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyRuleCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  RemoveListenerCertificatesCommand,
  SetRulePrioritiesCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, test } from 'vitest';
import { region, twoZones } from './two-zones.ts';

const code = (Code: string) => ({ Code, $metadata: { httpStatusCode: 400 } });

async function world() {
  const network = await twoZones();
  const elb = network.account.attach(new ElasticLoadBalancingV2Client({ region }));
  const loadBalancer = async (Name: string) => {
    const { LoadBalancers = [] } = await elb.send(
      new CreateLoadBalancerCommand({ Name, Scheme: 'internal', Subnets: [network.subnetA, network.subnetC] }),
    );
    return LoadBalancers[0]?.LoadBalancerArn;
  };
  const targetGroup = async (changes: Partial<CreateTargetGroupCommandInput> = {}) => {
    const settings = { Name: 'pms-tg-alb', Protocol: 'HTTP' as const, Port: 80, VpcId: network.vpcId };
    const { TargetGroups = [] } = await elb.send(new CreateTargetGroupCommand({ ...settings, ...changes }));
    return TargetGroups[0] ?? {};
  };
  const LoadBalancerArn = await loadBalancer('pms-airflow-alb');
  const { TargetGroupArn } = await targetGroup();
  const forward: Action = { Type: 'forward', TargetGroupArn };
  const listener = async (changes: Partial<CreateListenerCommandInput> = {}) => {
    const settings = { LoadBalancerArn, Protocol: 'HTTP' as const, Port: 80, DefaultActions: [forward] };
    const { Listeners = [] } = await elb.send(new CreateListenerCommand({ ...settings, ...changes }));
    return Listeners[0] ?? {};
  };
  return { ...network, elb, loadBalancer, targetGroup, listener, LoadBalancerArn, TargetGroupArn, forward };
}

const notFound: Action = {
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain' },
};

describe('target groups of the simulated account', () => {
  test("a new one has AWS's health check, and the same settings again give the same one", async () => {
    const { targetGroup, TargetGroupArn } = await world();
    const again = await targetGroup();
    expect(again).toMatchObject({
      TargetGroupArn,
      TargetType: 'instance',
      ProtocolVersion: 'HTTP1',
      HealthCheckEnabled: true,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: 'traffic-port',
      HealthCheckPath: '/',
      HealthCheckIntervalSeconds: 30,
      HealthyThresholdCount: 5,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: '200' },
      LoadBalancerArns: [],
    });
    await expect(targetGroup({ Port: 8080 })).rejects.toMatchObject({
      ...code('DuplicateTargetGroupName'),
      name: 'DuplicateTargetGroupNameException',
    });
  });

  test('what AWS refuses is refused', async () => {
    const { targetGroup } = await world();
    for (const wrong of [
      { Name: 'a_b' },
      { Name: '-a' },
      { Name: 'a'.repeat(33) },
      { VpcId: 'vpc-0123456789abcdef0' },
      { VpcId: undefined },
      { Port: undefined },
      { Port: 70000 },
      { Protocol: undefined },
      { HealthCheckTimeoutSeconds: 30, HealthCheckIntervalSeconds: 30 },
      { HealthyThresholdCount: 1 },
      { HealthCheckIntervalSeconds: 4 },
      { HealthCheckPath: 'no-slash' },
      { Matcher: { HttpCode: '600' } },
      { HealthCheckEnabled: false },
    ])
      await expect(targetGroup({ Name: 'other', ...wrong })).rejects.toMatchObject(code('ValidationError'));
    await expect(targetGroup({ Name: 'other', HealthCheckProtocol: 'TCP' })).rejects.toMatchObject(
      code('InvalidConfigurationRequest'),
    );
  });

  test('its health check can be changed, member by member', async () => {
    const { elb, TargetGroupArn } = await world();
    const { TargetGroups } = await elb.send(
      new ModifyTargetGroupCommand({ TargetGroupArn, HealthCheckPath: '/health', HealthCheckIntervalSeconds: 10 }),
    );
    expect(TargetGroups?.[0]).toMatchObject({
      HealthCheckPath: '/health',
      HealthCheckIntervalSeconds: 10,
      HealthyThresholdCount: 5,
      Matcher: { HttpCode: '200' },
    });
    const wrong = new ModifyTargetGroupCommand({ TargetGroupArn, HealthCheckTimeoutSeconds: 10 });
    await expect(elb.send(wrong)).rejects.toMatchObject(code('ValidationError'));
  });

  test('attributes have their defaults and are checked', async () => {
    const { elb, TargetGroupArn } = await world();
    const set = (Key: string, Value: string) =>
      elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: [{ Key, Value }] }));
    await set('stickiness.enabled', 'true');
    await set('deregistration_delay.timeout_seconds', '10');
    await set('target_group_health.dns_failover.minimum_healthy_targets.count', 'off');
    const { Attributes = [] } = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
    expect(Object.fromEntries(Attributes.map(({ Key, Value }) => [Key, Value]))).toMatchObject({
      'stickiness.enabled': 'true',
      'stickiness.type': 'lb_cookie',
      'stickiness.lb_cookie.duration_seconds': '86400',
      'deregistration_delay.timeout_seconds': '10',
      'load_balancing.algorithm.type': 'round_robin',
      'slow_start.duration_seconds': '0',
    });
    for (const [key, value] of [
      ['stickiness.enabled', 'perhaps'],
      ['stickiness.lb_cookie.duration_seconds', '604801'],
      ['deregistration_delay.timeout_seconds', '3601'],
      ['slow_start.duration_seconds', '10'],
      ['no.such.key', 'true'],
    ] as const)
      await expect(set(key, value)).rejects.toMatchObject(code('ValidationError'));
    await expect(set('stickiness.type', 'app_cookie')).rejects.toMatchObject(code('InvalidConfigurationRequest'));
    await expect(set('proxy_protocol_v2.enabled', 'true')).rejects.toMatchObject(code('InvalidConfigurationRequest'));
  });

  test('it cannot be deleted while a listener forwards to it, and deleting it twice succeeds', async () => {
    const { elb, listener, LoadBalancerArn, TargetGroupArn } = await world();
    await listener();
    const remove = () => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
    await expect(remove()).rejects.toMatchObject({ ...code('ResourceInUse'), name: 'ResourceInUseException' });
    const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ LoadBalancerArn }));
    expect(TargetGroups?.map((group) => group.LoadBalancerArns)).toEqual([[LoadBalancerArn]]);
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await remove();
    await remove();
    const gone = new DescribeTargetGroupsCommand({ Names: ['pms-tg-alb'] });
    await expect(elb.send(gone)).rejects.toMatchObject(code('TargetGroupNotFound'));
  });
});

describe('listeners of the simulated account', () => {
  test('the same listener again is the same, another one on the port is DuplicateListener', async () => {
    const { elb, listener, TargetGroupArn, LoadBalancerArn, forward } = await world();
    const made = await listener({ Tags: [{ Key: 'Name', Value: 'http' }] });
    expect(made.DefaultActions).toEqual([
      {
        Type: 'forward',
        TargetGroupArn,
        ForwardConfig: {
          TargetGroups: [{ TargetGroupArn, Weight: 1 }],
          TargetGroupStickinessConfig: { Enabled: false },
        },
      },
    ]);
    expect((await listener()).ListenerArn).toBe(made.ListenerArn);
    await expect(listener({ DefaultActions: [notFound] })).rejects.toMatchObject(code('DuplicateListener'));
    const long = { ...forward, TargetGroupArn: undefined, ForwardConfig: { TargetGroups: [{ TargetGroupArn }] } };
    expect((await listener({ DefaultActions: [long] })).ListenerArn).toBe(made.ListenerArn);
    const { Listeners } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
    expect(Listeners).toHaveLength(1);
    const { TagDescriptions } = await elb.send(new DescribeTagsCommand({ ResourceArns: [made.ListenerArn ?? ''] }));
    expect(TagDescriptions?.[0]?.Tags).toEqual([{ Key: 'Name', Value: 'http' }]);
  });

  test('a target group serves one load balancer', async () => {
    const { loadBalancer, listener } = await world();
    await listener();
    const other = { LoadBalancerArn: await loadBalancer('other') };
    await expect(listener(other)).rejects.toMatchObject(code('TargetGroupAssociationLimit'));
  });

  test('what AWS refuses is refused', async () => {
    const { ec2, listener, targetGroup } = await world();
    const gone = (path: string) => `arn:aws:elasticloadbalancing:us-west-2:123456789012:${path}/0123456789abcdef`;
    const nowhere: Action = { Type: 'forward', TargetGroupArn: gone('targetgroup/gone') };
    await expect(listener({ DefaultActions: [nowhere] })).rejects.toMatchObject(code('TargetGroupNotFound'));
    await expect(listener({ LoadBalancerArn: gone('loadbalancer/app/x') })).rejects.toMatchObject(
      code('LoadBalancerNotFound'),
    );
    await expect(listener({ Protocol: 'TCP' })).rejects.toMatchObject(code('ValidationError'));
    await expect(listener({ Port: 0 })).rejects.toMatchObject(code('ValidationError'));
    await expect(listener({ DefaultActions: [] })).rejects.toMatchObject(code('ValidationError'));
    await expect(listener({ DefaultActions: [notFound, notFound] })).rejects.toMatchObject(
      code('InvalidLoadBalancerAction'),
    );
    const loop: Action = { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301' } };
    await expect(listener({ DefaultActions: [loop] })).rejects.toMatchObject(code('InvalidLoadBalancerAction'));
    await expect(listener({ Protocol: 'HTTPS' })).rejects.toMatchObject(code('ValidationError'));
    const Certificates = [
      { CertificateArn: 'arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012' },
    ];
    await expect(listener({ Protocol: 'HTTPS', Certificates })).rejects.toMatchObject(code('CertificateNotFound'));
    const tcp = await targetGroup({ Name: 'tcp', Protocol: 'TCP' });
    const toTcp: Action = { Type: 'forward', TargetGroupArn: tcp.TargetGroupArn };
    await expect(listener({ DefaultActions: [toTcp] })).rejects.toMatchObject(code('IncompatibleProtocols'));
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    const far = await targetGroup({ Name: 'far', VpcId: Vpc?.VpcId });
    const toFar: Action = { Type: 'forward', TargetGroupArn: far.TargetGroupArn };
    await expect(listener({ DefaultActions: [toFar] })).rejects.toMatchObject(code('InvalidConfigurationRequest'));
  });

  test('a listener can be modified and deleted, once', async () => {
    const { elb, listener, TargetGroupArn } = await world();
    const { ListenerArn } = await listener();
    const redirect: Action = {
      Type: 'redirect',
      RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' },
    };
    const change = new ModifyListenerCommand({ ListenerArn, Port: 8080, DefaultActions: [redirect] });
    const { Listeners } = await elb.send(change);
    expect(Listeners?.[0]).toMatchObject({
      Port: 8080,
      DefaultActions: [{ RedirectConfig: { Host: '#{host}', Path: '/#{path}' } }],
    });
    await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
    await elb.send(new DeleteListenerCommand({ ListenerArn }));
    for (const command of [new DeleteListenerCommand({ ListenerArn }), new ModifyListenerCommand({ ListenerArn })])
      await expect(elb.send(command as DeleteListenerCommand)).rejects.toMatchObject(code('ListenerNotFound'));
  });

  test('HTTPS has a certificate list with one default, a policy, and header attributes', async () => {
    const { elb, listener } = await world();
    const certificate = (digit: string) => ({
      CertificateArn: `arn:aws:acm:us-west-2:123456789012:certificate/${digit.repeat(8)}-0000-4000-8000-000000000000`,
    });
    const { ListenerArn, SslPolicy } = await listener({
      Protocol: 'HTTPS',
      Port: 443,
      Certificates: [certificate('a')],
    });
    expect(SslPolicy).toBe('ELBSecurityPolicy-2016-08');
    await elb.send(new AddListenerCertificatesCommand({ ListenerArn, Certificates: [certificate('b')] }));
    const list = new DescribeListenerCertificatesCommand({ ListenerArn });
    expect((await elb.send(list)).Certificates).toEqual([
      { ...certificate('a'), IsDefault: true },
      { ...certificate('b'), IsDefault: false },
    ]);
    const first = new RemoveListenerCertificatesCommand({ ListenerArn, Certificates: [certificate('a')] });
    await expect(elb.send(first)).rejects.toMatchObject(code('OperationNotPermitted'));
    await elb.send(new RemoveListenerCertificatesCommand({ ListenerArn, Certificates: [certificate('b')] }));
    const wrongPolicy = new ModifyListenerCommand({ ListenerArn, SslPolicy: 'none' });
    await expect(elb.send(wrongPolicy)).rejects.toMatchObject(code('SSLPolicyNotFound'));
    const { SslPolicies } = await elb.send(
      new DescribeSSLPoliciesCommand({ Names: ['ELBSecurityPolicy-TLS13-1-2-2021-06'] }),
    );
    expect(SslPolicies?.[0]?.SslProtocols).toEqual(['TLSv1.2', 'TLSv1.3']);
    const Attributes = [{ Key: 'routing.http.response.server.enabled', Value: 'false' }];
    await elb.send(new ModifyListenerAttributesCommand({ ListenerArn, Attributes }));
    expect((await elb.send(new DescribeListenerAttributesCommand({ ListenerArn }))).Attributes).toEqual(
      expect.arrayContaining(Attributes),
    );
  });
});

describe('network load balancers of the simulated account', () => {
  test('one forwards TCP, has attributes of its own and needs no second zone', async () => {
    const { elb, targetGroup, listener, subnetA, subnetC } = await world();
    const { LoadBalancers } = await elb.send(
      new CreateLoadBalancerCommand({ Name: 'nlb', Type: 'network', Scheme: 'internal', Subnets: [subnetA] }),
    );
    const { LoadBalancerArn, DNSName, SecurityGroups } = LoadBalancers?.[0] ?? {};
    expect(DNSName).toMatch(/^nlb-[0-9a-f]{16}\.elb\.us-west-2\.amazonaws\.com$/);
    expect(SecurityGroups).toBeUndefined();
    const { TargetGroupArn, HealthCheckProtocol, HealthCheckPath } = await targetGroup({
      Name: 'tcp',
      Protocol: 'TCP',
    });
    expect({ HealthCheckProtocol, HealthCheckPath }).toEqual({
      HealthCheckProtocol: 'TCP',
      HealthCheckPath: undefined,
    });
    const DefaultActions: Action[] = [{ Type: 'forward', TargetGroupArn }];
    await listener({ LoadBalancerArn, Protocol: 'TCP', Port: 3306, DefaultActions });
    const http = listener({ LoadBalancerArn, Protocol: 'HTTP', Port: 80, DefaultActions });
    await expect(http).rejects.toMatchObject(code('ValidationError'));
    const fixed = listener({ LoadBalancerArn, Protocol: 'TCP', Port: 80, DefaultActions: [notFound] });
    await expect(fixed).rejects.toMatchObject(code('InvalidLoadBalancerAction'));
    const set = (Key: string, Value: string) =>
      elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes: [{ Key, Value }] }));
    await set('load_balancing.cross_zone.enabled', 'true');
    await expect(set('idle_timeout.timeout_seconds', '60')).rejects.toMatchObject(code('InvalidConfigurationRequest'));
    const fewer = new SetSubnetsCommand({ LoadBalancerArn, Subnets: [subnetC] });
    await expect(elb.send(fewer)).rejects.toMatchObject(code('InvalidConfigurationRequest'));
    const { AvailabilityZones } = await elb.send(
      new SetSubnetsCommand({ LoadBalancerArn, Subnets: [subnetA, subnetC] }),
    );
    expect(AvailabilityZones).toHaveLength(2);
  });
});

describe('rules of the simulated account', () => {
  async function withRule() {
    const all = await world();
    const { ListenerArn } = await all.listener();
    const rule = async (Priority: number, changes: Partial<CreateRuleCommandInput> = {}) => {
      const settings = {
        ListenerArn,
        Conditions: [{ Field: 'path-pattern', Values: ['/flower/*'] }],
        Actions: [notFound],
      };
      const { Rules = [] } = await all.elb.send(new CreateRuleCommand({ ...settings, Priority, ...changes }));
      return Rules[0] ?? {};
    };
    return { ...all, ListenerArn, rule };
  }

  test('rules come in the order of their priorities, the default rule last', async () => {
    const { elb, rule, ListenerArn, forward } = await withRule();
    await rule(20);
    const { RuleArn, Conditions } = await rule(10, {
      Conditions: [{ Field: 'host-header', Values: ['flower.example.com'] }],
    });
    expect(Conditions?.[0]).toMatchObject({ HostHeaderConfig: { Values: ['flower.example.com'] } });
    const list = async () => (await elb.send(new DescribeRulesCommand({ ListenerArn }))).Rules ?? [];
    expect((await list()).map(({ Priority }) => Priority)).toEqual(['10', '20', 'default']);
    expect((await list()).at(-1)).toMatchObject({ IsDefault: true, Actions: [forward] });
    await elb.send(new SetRulePrioritiesCommand({ RulePriorities: [{ RuleArn, Priority: 30 }] }));
    expect((await list()).map(({ Priority }) => Priority)).toEqual(['20', '30', 'default']);
    await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [forward] }));
    expect((await list())[1]?.Actions?.[0]?.Type).toBe('forward');
  });

  test('what AWS refuses is refused', async () => {
    const { elb, rule, ListenerArn } = await withRule();
    const { RuleArn } = await rule(10);
    const other = await rule(11);
    await expect(rule(10)).rejects.toMatchObject({ ...code('PriorityInUse'), name: 'PriorityInUseException' });
    await expect(rule(0)).rejects.toMatchObject(code('ValidationError'));
    await expect(rule(12, { Conditions: [{ Field: 'colour', Values: ['red'] }] })).rejects.toMatchObject(
      code('ValidationError'),
    );
    await expect(rule(12, { Conditions: [] })).rejects.toMatchObject(code('ValidationError'));
    const swap = new SetRulePrioritiesCommand({ RulePriorities: [{ RuleArn, Priority: 11 }] });
    await expect(elb.send(swap)).rejects.toMatchObject(code('PriorityInUse'));
    await elb.send(
      new SetRulePrioritiesCommand({
        RulePriorities: [
          { RuleArn, Priority: 11 },
          { RuleArn: other.RuleArn, Priority: 10 },
        ],
      }),
    );
    const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn }));
    const standard = Rules.find(({ IsDefault }) => IsDefault)?.RuleArn;
    await expect(elb.send(new DeleteRuleCommand({ RuleArn: standard }))).rejects.toMatchObject(
      code('OperationNotPermitted'),
    );
    await elb.send(new DeleteRuleCommand({ RuleArn }));
    await expect(elb.send(new DeleteRuleCommand({ RuleArn }))).rejects.toMatchObject(code('RuleNotFound'));
    for (let priority = 100; priority < 199; priority++) await rule(priority);
    await expect(rule(500)).rejects.toMatchObject(code('TooManyRules'));
  });

  test('a rule keeps its target group in use, and goes with its listener', async () => {
    const { elb, rule, targetGroup, ListenerArn } = await withRule();
    const { TargetGroupArn } = await targetGroup({ Name: 'flower', Port: 5555 });
    await rule(1, { Actions: [{ Type: 'forward', TargetGroupArn }] });
    const remove = () => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
    await expect(remove()).rejects.toMatchObject(code('ResourceInUse'));
    await elb.send(new DeleteListenerCommand({ ListenerArn }));
    await remove();
  });
});
