import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeImagesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  type CreateTargetGroupCommandInput,
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, test } from 'vitest';
import { region, twoZones } from './two-zones.ts';

/** Two target groups behind one load balancer that is active already, of which only the first is forwarded to. */
async function world() {
  const network = await twoZones();
  const { account, ec2, subnetA, subnetC, groupId, vpcId } = network;
  const elb = account.attach(new ElasticLoadBalancingV2Client({ region }));
  const pass = (seconds: number) => account.clock.sleep(seconds * 1000);
  const named = [{ Name: 'name', Values: ['al2023-ami-2023.*-kernel-6.1-x86_64'] }];
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'], Filters: named }));
  const launch = async (SubnetId = subnetA) => {
    const wanted = { ImageId: Images?.[0]?.ImageId, InstanceType: 't3.micro' as const, MinCount: 1, MaxCount: 1 };
    const { Instances } = await ec2.send(new RunInstancesCommand({ ...wanted, SubnetId, SecurityGroupIds: [groupId] }));
    return Instances?.[0]?.InstanceId ?? '';
  };
  const targetGroup = async (Name: string, changes: Partial<CreateTargetGroupCommandInput> = {}) => {
    const settings = { Name, Protocol: 'HTTP' as const, Port: 80, VpcId: vpcId, HealthCheckIntervalSeconds: 10 };
    const { TargetGroups } = await elb.send(
      new CreateTargetGroupCommand({ ...settings, HealthyThresholdCount: 2, ...changes }),
    );
    return TargetGroups?.[0]?.TargetGroupArn;
  };
  const used = await targetGroup('used');
  const unused = await targetGroup('unused');
  const place = { Scheme: 'internal' as const, Subnets: [subnetA, subnetC], SecurityGroups: [groupId] };
  const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand({ Name: 'alb', ...place }));
  const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
  const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn: used }];
  const listen = () =>
    elb.send(new CreateListenerCommand({ LoadBalancerArn, Protocol: 'HTTP', Port: 80, DefaultActions }));
  const instanceId = await launch();
  await pass(200);
  const register = (TargetGroupArn: string | undefined, ...Targets: TargetDescription[]) =>
    elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
  const deregister = (TargetGroupArn: string | undefined, ...Targets: TargetDescription[]) =>
    elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
  const ask = async (TargetGroupArn: string | undefined, Targets?: TargetDescription[]) => {
    const question = new DescribeTargetHealthCommand({ TargetGroupArn, Targets });
    return (await elb.send(question)).TargetHealthDescriptions?.map(({ TargetHealth }) => TargetHealth) ?? [];
  };
  return { ...network, elb, pass, launch, targetGroup, listen, used, unused, instanceId, register, deregister, ask };
}

const refused = (Code: string) => ({ Code, $metadata: { httpStatusCode: 400 } });

describe('targets of the simulated account', () => {
  test('a target is unused until a listener forwards to its group, then initial, then healthy', async () => {
    const { elb, pass, listen, used, instanceId, register, ask } = await world();
    await register(used, { Id: instanceId });
    await pass(100);
    expect(await ask(used)).toEqual([
      {
        State: 'unused',
        Reason: 'Target.NotInUse',
        Description: 'Target group is not configured to receive traffic from the load balancer',
      },
    ]);
    await listen();
    expect(await ask(used)).toMatchObject([{ State: 'initial', Reason: 'Elb.RegistrationInProgress' }]);
    await pass(10);
    expect(await ask(used)).toMatchObject([{ State: 'initial', Reason: 'Elb.InitialHealthChecking' }]);
    await pass(40);
    expect(await ask(used)).toEqual([{ State: 'healthy' }]);
    const { TargetHealthDescriptions } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: used }));
    expect(TargetHealthDescriptions?.[0]).toMatchObject({
      Target: { Id: instanceId, Port: 80 },
      HealthCheckPort: '80',
    });
  });

  test('registering twice changes nothing, another port is another target', async () => {
    const { pass, listen, used, instanceId, register, ask } = await world();
    await listen();
    await register(used, { Id: instanceId });
    await pass(50);
    await register(used, { Id: instanceId }, { Id: instanceId, Port: 80 });
    expect(await ask(used)).toEqual([{ State: 'healthy' }]);
    await register(used, { Id: instanceId, Port: 8080 });
    expect((await ask(used)).map((health) => health?.State)).toEqual(['healthy', 'initial']);
  });

  test('a target must be an instance of the VPC that runs', async () => {
    const { ec2, pass, launch, used, instanceId, register, ask } = await world();
    await expect(register(used, { Id: 'i-0123456789abcdef0' })).rejects.toMatchObject({
      ...refused('InvalidTarget'),
      name: 'InvalidTargetException',
    });
    await expect(register(used, { Id: 'nonsense' })).rejects.toMatchObject(refused('ValidationError'));
    await expect(register(used, { Id: instanceId }, { Id: await launch() })).rejects.toMatchObject(
      refused('InvalidTarget'),
    );
    expect(await ask(used)).toEqual([]);
    await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await pass(60);
    await expect(register(used, { Id: instanceId })).rejects.toMatchObject(refused('InvalidTarget'));
    const gone = 'arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/gone/0123456789abcdef';
    await expect(register(gone, { Id: instanceId })).rejects.toMatchObject(refused('TargetGroupNotFound'));
  });

  test('a stopped or terminated instance is unused, a started one is checked anew', async () => {
    const { ec2, pass, listen, used, instanceId, register, ask } = await world();
    await listen();
    await register(used, { Id: instanceId });
    const InstanceIds = [instanceId];
    await ec2.send(new StopInstancesCommand({ InstanceIds }));
    await pass(60);
    expect(await ask(used)).toMatchObject([
      { State: 'unused', Reason: 'Target.InvalidState', Description: 'Target is in the stopped state' },
    ]);
    await ec2.send(new StartInstancesCommand({ InstanceIds }));
    await pass(20);
    expect(await ask(used)).toMatchObject([{ State: 'initial' }]);
    await pass(60);
    expect(await ask(used)).toEqual([{ State: 'healthy' }]);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    await pass(120);
    expect(await ask(used)).toMatchObject([{ State: 'unused', Description: 'Target is in the terminated state' }]);
  });

  test('a deregistered target drains for as long as the group says, and can come back meanwhile', async () => {
    const { elb, pass, listen, used, instanceId, register, deregister, ask } = await world();
    await listen();
    const delay = [{ Key: 'deregistration_delay.timeout_seconds', Value: '20' }];
    await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: used, Attributes: delay }));
    const target = { Id: instanceId };
    await register(used, target);
    await deregister(used, target);
    expect(await ask(used)).toMatchObject([{ State: 'draining', Reason: 'Target.DeregistrationInProgress' }]);
    await register(used, target);
    await pass(40);
    expect(await ask(used)).toMatchObject([{ State: 'healthy' }]);
    await deregister(used, target);
    await pass(30);
    expect(await ask(used)).toEqual([]);
    expect(await ask(used, [target])).toMatchObject([{ State: 'unused', Reason: 'Target.NotRegistered' }]);
    await deregister(used, target);
  });

  test('a target of a group that nothing forwards to is gone at once', async () => {
    const { unused, instanceId, register, deregister, ask } = await world();
    await register(unused, { Id: instanceId });
    await deregister(unused, { Id: instanceId });
    expect(await ask(unused)).toEqual([]);
  });

  test('addresses are targets of ip groups: those of the VPC, or private ones elsewhere', async () => {
    const { targetGroup, register, ask } = await world();
    const group = await targetGroup('ip', { TargetType: 'ip' });
    await register(group, { Id: '10.0.2.200' }, { Id: '192.168.1.1', AvailabilityZone: 'all' });
    expect(await ask(group)).toHaveLength(2);
    await expect(register(group, { Id: '192.168.1.2' })).rejects.toMatchObject(refused('InvalidTarget'));
    await expect(register(group, { Id: '8.8.8.8', AvailabilityZone: 'all' })).rejects.toMatchObject(
      refused('InvalidTarget'),
    );
    await expect(register(group, { Id: 'i-0123456789abcdef0' })).rejects.toMatchObject(refused('ValidationError'));
  });

  test('a simulated server is healthy once its nginx answers and the security group lets the checks in', async () => {
    const { ec2, scope, pass, listen, used, instanceId, register, ask, groupId } = await world();
    const units: Record<string, string> = {};
    scope().table('hosts').insert(instanceId, { units });
    await listen();
    await register(used, { Id: instanceId });
    await pass(60);
    expect(await ask(used)).toMatchObject([{ State: 'unhealthy', Reason: 'Target.Timeout' }]);
    const pair = [{ GroupId: groupId }];
    const http = [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, UserIdGroupPairs: pair }];
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: http }));
    expect(await ask(used)).toMatchObject([{ State: 'unhealthy', Reason: 'Target.FailedHealthChecks' }]);
    Object.assign(units, { nginx: 'active' });
    // Asking the same again lets a poll interval of 15 seconds pass; two checks ten seconds apart are needed.
    expect(await ask(used)).toMatchObject([{ State: 'unhealthy' }]);
    expect(await ask(used)).toEqual([{ State: 'healthy' }]);
  });
});
