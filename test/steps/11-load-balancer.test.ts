import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type LoadBalancerStateEnum,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
  type TargetHealthStateEnum,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { beforeEach, describe, expect, it } from 'vitest';
import { listener, loadBalancer, nodeATarget, targetGroup } from '../../src/steps/11-load-balancer.ts';
import { awsError, awsFor, changes, ec2, elbv2, inputsOf, keyIn, tagsOf } from '../helpers/aws.ts';

const arn = 'arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/pms-airflow-alb/0123';
const balancer = { loadBalancerArn: arn, loadBalancerName: 'pms-airflow-alb' };
const group = { targetGroupArn: 'arn:tg' };
const nodeA = { instanceId: 'i-a' };
const target = { targetGroupArn: 'arn:tg', instanceId: 'i-a' };
const needs = {
  privateSubnetA: { subnetId: 'subnet-a' },
  privateSubnetC: { subnetId: 'subnet-c' },
  privateSecurityGroup: { groupId: 'sg-private' },
};

function listed(Code: LoadBalancerStateEnum, more: object = {}) {
  return {
    LoadBalancers: [{ LoadBalancerArn: arn, LoadBalancerName: 'pms-airflow-alb', State: { Code }, ...more }],
  };
}

function tagged(key: string, stack?: string) {
  elbv2.on(DescribeTagsCommand).resolves({ TagDescriptions: [{ Tags: tagsOf(key, stack) }] });
}

describe('loadBalancer find', () => {
  it('takes the one of that name when it carries our tags', async () => {
    elbv2.on(DescribeLoadBalancersCommand, { Names: ['pms-airflow-alb'] }).resolves(listed('provisioning'));
    tagged('loadBalancer');
    expect(await loadBalancer.find(awsFor(loadBalancer), needs)).toEqual(balancer);
  });

  it('leaves one of that name that is somebody else’s', async () => {
    elbv2.on(DescribeLoadBalancersCommand).resolves(listed('active'));
    tagged('loadBalancer', 'stack2');
    expect(await loadBalancer.find(awsFor(loadBalancer), needs)).toBeUndefined();
  });

  it('asks for no tags when the state knows its ARN', async () => {
    elbv2.on(DescribeLoadBalancersCommand).resolves(listed('active'));
    expect(await loadBalancer.find(awsFor(loadBalancer, { recorded: balancer }), needs)).toEqual(balancer);
    expect(inputsOf(DescribeTagsCommand)).toEqual([]);
  });

  it('takes not-found for none', async () => {
    elbv2.on(DescribeLoadBalancersCommand).rejects(awsError('LoadBalancerNotFoundException'));
    expect(await loadBalancer.find(awsFor(loadBalancer), needs)).toBeUndefined();
  });
});

describe('loadBalancer create', () => {
  it('sends one call for an internal one in both private subnets, with name and tags', async () => {
    elbv2.on(CreateLoadBalancerCommand).resolves({ LoadBalancers: [{ LoadBalancerArn: arn }] });
    expect(await loadBalancer.create(awsFor(loadBalancer), needs)).toEqual(balancer);
    expect(changes()).toEqual(['CreateLoadBalancer']);
    const [input] = inputsOf(CreateLoadBalancerCommand);
    expect(input).toMatchObject({
      Name: 'pms-airflow-alb',
      Type: 'application',
      Scheme: 'internal',
      Subnets: ['subnet-a', 'subnet-c'],
      SecurityGroups: ['sg-private'],
    });
    expect(keyIn(input!.Tags)).toBe('loadBalancer');
  });
});

describe('loadBalancer finish', () => {
  beforeEach(() => {
    elbv2.on(ModifyLoadBalancerAttributesCommand).resolves({});
  });

  it('waits until it is active, and gives its DNS name', async () => {
    elbv2
      .on(DescribeLoadBalancersCommand)
      .resolvesOnce(listed('provisioning'))
      .resolves(listed('active', { DNSName: 'internal-pms.elb.amazonaws.com' }));
    expect(await loadBalancer.finish!(awsFor(loadBalancer), balancer, needs)).toEqual({
      dnsName: 'internal-pms.elb.amazonaws.com',
    });
    expect(inputsOf(DescribeLoadBalancersCommand)).toHaveLength(2);
  });

  it('passes on the Host header that the browser sent', async () => {
    elbv2.on(DescribeLoadBalancersCommand).resolves(listed('active'));
    await loadBalancer.finish!(awsFor(loadBalancer), balancer, needs);
    expect(inputsOf(ModifyLoadBalancerAttributesCommand)).toEqual([
      {
        LoadBalancerArn: arn,
        Attributes: [{ Key: 'routing.http.preserve_host_header.enabled', Value: 'true' }],
      },
    ]);
  });

  it('tells a failure that came later by AWS’s reason', async () => {
    elbv2.on(DescribeLoadBalancersCommand).resolves({
      LoadBalancers: [{ LoadBalancerArn: arn, State: { Code: 'failed', Reason: 'no free addresses' } }],
    });
    await expect(loadBalancer.finish!(awsFor(loadBalancer), balancer, needs)).rejects.toMatchObject({
      name: 'FailedLater',
      message: expect.stringContaining('no free addresses'),
    });
  });
});

describe('loadBalancer destroy', () => {
  it('waits for its network interfaces too, which outlive it', async () => {
    elbv2.on(DeleteLoadBalancerCommand).resolves({});
    elbv2
      .on(DescribeLoadBalancersCommand)
      .resolvesOnce(listed('active'))
      .rejects(awsError('LoadBalancerNotFoundException'));
    ec2
      .on(DescribeNetworkInterfacesCommand)
      .resolvesOnce({ NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1' }] })
      .resolves({ NetworkInterfaces: [] });
    await loadBalancer.destroy(awsFor(loadBalancer), balancer);
    expect(inputsOf(DeleteLoadBalancerCommand)).toEqual([{ LoadBalancerArn: arn }]);
    expect(inputsOf(DescribeNetworkInterfacesCommand)).toHaveLength(2);
    expect(inputsOf(DescribeNetworkInterfacesCommand)[0]!.Filters).toEqual([
      { Name: 'description', Values: ['ELB app/pms-airflow-alb/0123'] },
    ]);
  });

  it('takes not-found for success', async () => {
    elbv2.on(DeleteLoadBalancerCommand).rejects(awsError('LoadBalancerNotFoundException'));
    elbv2.on(DescribeLoadBalancersCommand).rejects(awsError('LoadBalancerNotFoundException'));
    ec2.on(DescribeNetworkInterfacesCommand).resolves({});
    await loadBalancer.destroy(awsFor(loadBalancer), balancer);
    expect(changes()).toEqual(['DeleteLoadBalancer']);
  });
});

describe('targetGroup find', () => {
  it('takes the one of that name when it carries our tags, and no other', async () => {
    elbv2.on(DescribeTargetGroupsCommand).resolves({ TargetGroups: [{ TargetGroupArn: 'arn:tg' }] });
    tagged('targetGroup');
    expect(await targetGroup.find(awsFor(targetGroup), {} as never)).toEqual(group);
    expect(inputsOf(DescribeTargetGroupsCommand)).toEqual([{ Names: ['pms-tg-alb'] }]);
    tagged('targetGroup', 'stack2');
    expect(await targetGroup.find(awsFor(targetGroup), {} as never)).toBeUndefined();
  });

  it('takes not-found for none', async () => {
    elbv2.on(DescribeTargetGroupsCommand).rejects(awsError('TargetGroupNotFoundException'));
    expect(await targetGroup.find(awsFor(targetGroup), {} as never)).toBeUndefined();
  });
});

describe('targetGroup create', () => {
  it('sends one call with the health check of Airflow 3, which asks no database', async () => {
    elbv2.on(CreateTargetGroupCommand).resolves({ TargetGroups: [{ TargetGroupArn: 'arn:tg' }] });
    expect(await targetGroup.create(awsFor(targetGroup), { vpc: { vpcId: 'vpc-1' } })).toEqual(group);
    expect(changes()).toEqual(['CreateTargetGroup']);
    const [input] = inputsOf(CreateTargetGroupCommand);
    expect(input).toMatchObject({
      Name: 'pms-tg-alb',
      VpcId: 'vpc-1',
      Protocol: 'HTTP',
      Port: 80,
      TargetType: 'instance',
      HealthCheckPath: '/api/v2/version',
      Matcher: { HttpCode: '200' },
    });
    expect(keyIn(input!.Tags)).toBe('targetGroup');
    // AWS refuses a timeout that is not shorter than the interval.
    expect(input!.HealthCheckTimeoutSeconds).toBeLessThan(input!.HealthCheckIntervalSeconds!);
  });
});

describe('targetGroup finish', () => {
  it('switches stickiness by the load balancer’s cookie on', async () => {
    elbv2.on(ModifyTargetGroupAttributesCommand).resolves({});
    await targetGroup.finish!(awsFor(targetGroup), group, { vpc: { vpcId: 'vpc-1' } });
    const [input] = inputsOf(ModifyTargetGroupAttributesCommand);
    expect(input!.TargetGroupArn).toBe('arn:tg');
    expect(input!.Attributes).toEqual(
      expect.arrayContaining([
        { Key: 'stickiness.enabled', Value: 'true' },
        { Key: 'stickiness.type', Value: 'lb_cookie' },
      ]),
    );
  });
});

describe('targetGroup destroy', () => {
  it('takes not-found for success', async () => {
    elbv2.on(DeleteTargetGroupCommand).rejects(awsError('TargetGroupNotFoundException'));
    await targetGroup.destroy(awsFor(targetGroup), group);
    expect(inputsOf(DeleteTargetGroupCommand)).toEqual([{ TargetGroupArn: 'arn:tg' }]);
  });

  it('throws while a listener uses it', async () => {
    elbv2.on(DeleteTargetGroupCommand).rejects(awsError('ResourceInUseException'));
    await expect(targetGroup.destroy(awsFor(targetGroup), group)).rejects.toThrow('ResourceInUse');
  });
});

describe('listener find', () => {
  it('takes the one of port 80', async () => {
    elbv2.on(DescribeListenersCommand, { LoadBalancerArn: arn }).resolves({
      Listeners: [
        { Port: 443, ListenerArn: 'arn:other' },
        { Port: 80, ListenerArn: 'arn:l' },
      ],
    });
    const found = await listener.find(awsFor(listener), { loadBalancer: balancer, targetGroup: group });
    expect(found).toEqual({ listenerArn: 'arn:l' });
  });

  it('finds none without its load balancer, in the state or in the account', async () => {
    expect(await listener.find(awsFor(listener), {} as never)).toBeUndefined();
    elbv2.on(DescribeListenersCommand).rejects(awsError('LoadBalancerNotFoundException'));
    expect(await listener.find(awsFor(listener), { loadBalancer: balancer, targetGroup: group })).toBeUndefined();
  });
});

describe('listener create', () => {
  it('sends one call that forwards HTTP on port 80 to the target group, with tags', async () => {
    elbv2.on(CreateListenerCommand).resolves({ Listeners: [{ ListenerArn: 'arn:l' }] });
    const known = { loadBalancer: { ...balancer, dnsName: 'x' }, targetGroup: group };
    expect(await listener.create(awsFor(listener), known)).toEqual({ listenerArn: 'arn:l' });
    expect(changes()).toEqual(['CreateListener']);
    const [input] = inputsOf(CreateListenerCommand);
    expect(input).toMatchObject({
      LoadBalancerArn: arn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: 'arn:tg' }],
    });
    expect(keyIn(input!.Tags)).toBe('listener');
  });
});

describe('listener destroy', () => {
  it('takes not-found for success', async () => {
    elbv2.on(DeleteListenerCommand).rejects(awsError('ListenerNotFoundException'));
    await listener.destroy(awsFor(listener), { listenerArn: 'arn:l' });
    expect(inputsOf(DeleteListenerCommand)).toEqual([{ ListenerArn: 'arn:l' }]);
  });
});

describe('nodeATarget find', () => {
  const find = () => nodeATarget.find(awsFor(nodeATarget), { targetGroup: group, nodeA });
  const registered = (Id: string, State: TargetHealthStateEnum) =>
    elbv2
      .on(DescribeTargetHealthCommand)
      .resolves({ TargetHealthDescriptions: [{ Target: { Id }, TargetHealth: { State } }] });

  it.each(['initial', 'healthy', 'unhealthy', 'unused'] as const)('takes a target that is %s', async (state) => {
    registered('i-a', state);
    expect(await find()).toEqual(target);
  });

  it('ignores one that drains, since it has left, and other instances', async () => {
    registered('i-a', 'draining');
    expect(await find()).toBeUndefined();
    registered('i-c', 'healthy');
    expect(await find()).toBeUndefined();
  });

  it('finds none when the group is gone or not yet known', async () => {
    elbv2.on(DescribeTargetHealthCommand).rejects(awsError('TargetGroupNotFoundException'));
    expect(await find()).toBeUndefined();
    expect(await nodeATarget.find(awsFor(nodeATarget), {} as never)).toBeUndefined();
  });
});

describe('nodeATarget create', () => {
  it('registers the instance, in a call that may be repeated', async () => {
    elbv2.on(RegisterTargetsCommand).resolves({});
    const known = { targetGroup: group, nodeA: { ...nodeA, privateIp: '10.0.2.9' } };
    expect(await nodeATarget.create(awsFor(nodeATarget), known)).toEqual(target);
    expect(inputsOf(RegisterTargetsCommand)).toEqual([
      { TargetGroupArn: 'arn:tg', Targets: [{ Id: 'i-a', Port: 80 }] },
    ]);
  });
});

describe('nodeATarget destroy', () => {
  it.each(['TargetGroupNotFoundException', 'InvalidTargetException'])('takes %s for success', async (name) => {
    elbv2.on(DeregisterTargetsCommand).rejects(awsError(name));
    await nodeATarget.destroy(awsFor(nodeATarget), target);
    expect(inputsOf(DeregisterTargetsCommand)).toMatchObject([{ TargetGroupArn: 'arn:tg', Targets: [{ Id: 'i-a' }] }]);
  });
});
