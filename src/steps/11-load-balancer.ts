/** STEP 11: the internal load balancer before the nodes, with cookie stickiness, and node a as its first target. */

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
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type LoadBalancer,
  ModifyListenerCommand,
  ModifyTargetGroupCommand,
  RegisterTargetsCommand,
  SetSecurityGroupsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws } from '../aws.ts';
import { isGone, unless, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { FailedLater } from '../engine/run.ts';
import { vpc } from './01-vpc.ts';
import { privateSubnetA, privateSubnetC } from './02-subnets.ts';
import { privateSecurityGroup } from './07-security-groups.ts';
import { nodeA } from './10-node-a.ts';
import { differing } from './differences.ts';
import {
  attributeDifferences,
  healthCheck,
  loadBalancerAttributes,
  sameTags,
  setLoadBalancerAttributes,
  setTargetGroupAttributes,
  targetGroupAttributes,
} from './load-balancing.ts';

async function carriesOurTags(aws: Aws, arn: string): Promise<boolean> {
  const { elbv2, ask, recorded, isOurs } = aws;
  if (recorded && Object.values(recorded).includes(arn)) return true;
  const { TagDescriptions = [] } = await ask(elbv2, new DescribeTagsCommand({ ResourceArns: [arn] }));
  return isOurs(TagDescriptions[0]?.Tags?.map(({ Key, Value }) => ({ Key: Key!, Value: Value ?? '' })));
}

async function undefinedIfGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    return unlessGone(error);
  }
}

async function loadBalancerNamed({ elbv2, ask }: Aws, name: string): Promise<LoadBalancer | undefined> {
  const answer = await undefinedIfGone(ask(elbv2, new DescribeLoadBalancersCommand({ Names: [name] })));
  return answer?.LoadBalancers?.[0];
}

export const loadBalancer = resource(
  'loadBalancer',
  { privateSubnetA, privateSubnetC, privateSecurityGroup },
  {
    type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    typicalSeconds: { create: 153, destroy: 95 },
    hourlyUsd: ({ prices }) => prices('alb') ?? 0,
    async find(aws) {
      const found = await loadBalancerNamed(aws, aws.names.loadBalancer);
      if (!found || !(await carriesOurTags(aws, found.LoadBalancerArn!))) return undefined;
      return { loadBalancerArn: found.LoadBalancerArn!, loadBalancerName: found.LoadBalancerName! };
    },
    async create({ elbv2, names, tags }, { privateSubnetA, privateSubnetC, privateSecurityGroup }) {
      const { LoadBalancers } = await elbv2.send(
        new CreateLoadBalancerCommand({
          Name: names.loadBalancer,
          Type: 'application',
          Scheme: 'internal',
          IpAddressType: 'ipv4',
          Subnets: [privateSubnetA.subnetId, privateSubnetC.subnetId],
          SecurityGroups: [privateSecurityGroup.groupId],
          Tags: tags,
        }),
      );
      return { loadBalancerArn: LoadBalancers![0]!.LoadBalancerArn!, loadBalancerName: names.loadBalancer };
    },
    async finish(aws, { loadBalancerArn, loadBalancerName }) {
      await setLoadBalancerAttributes(aws, loadBalancerArn);
      const found = await aws.wait({ for: 'load balancer active', everySeconds: 6, timeoutSeconds: 1200 }, async () => {
        const one = await loadBalancerNamed(aws, loadBalancerName);
        if (one?.State?.Code === 'failed')
          throw new FailedLater('The load balancer failed', 'failed', one.State.Reason ?? 'AWS gave no reason');
        return one?.State?.Code === 'active' ? one : undefined;
      });
      return { dnsName: found.DNSName ?? '' };
    },
    async compare(aws, { loadBalancerArn, loadBalancerName }, { privateSecurityGroup: { groupId } }) {
      const { elbv2, ask } = aws;
      const LoadBalancerArn = loadBalancerArn;
      const [found, { Attributes = [] }, tags] = await Promise.all([
        loadBalancerNamed(aws, loadBalancerName),
        ask(elbv2, new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn })),
        sameTags(aws, loadBalancerArn),
      ]);
      return [
        ...differing('SecurityGroups', found?.SecurityGroups, groupId, () =>
          elbv2.send(new SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups: [groupId] })),
        ),
        ...attributeDifferences(Attributes, loadBalancerAttributes, () =>
          setLoadBalancerAttributes(aws, loadBalancerArn),
        ),
        ...tags,
      ];
    },
    async destroy(aws, { loadBalancerArn, loadBalancerName }) {
      await aws.elbv2.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: loadBalancerArn })).catch(unlessGone);
      const [, suffix = loadBalancerName] = loadBalancerArn.split('loadbalancer/');
      const Filters = [{ Name: 'description', Values: [`ELB ${suffix}`] }];
      // Its network interfaces outlive it by a minute or more, and hold subnets and security group.
      await aws.wait(
        { for: 'load balancer and its interfaces gone', everySeconds: 8, timeoutSeconds: 2100 },
        async () => {
          if (await loadBalancerNamed(aws, loadBalancerName)) return undefined;
          const { NetworkInterfaces = [] } = await aws.ask(aws.ec2, new DescribeNetworkInterfacesCommand({ Filters }));
          return NetworkInterfaces.length === 0 ? true : undefined;
        },
      );
    },
  },
);

export const targetGroup = resource(
  'targetGroup',
  { vpc },
  {
    type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    typicalSeconds: { create: 1, destroy: 1 },
    async find(aws) {
      const { elbv2, ask, names } = aws;
      const answer = await undefinedIfGone(ask(elbv2, new DescribeTargetGroupsCommand({ Names: [names.targetGroup] })));
      const arn = answer?.TargetGroups?.[0]?.TargetGroupArn;
      return arn !== undefined && (await carriesOurTags(aws, arn)) ? { targetGroupArn: arn } : undefined;
    },
    async create({ elbv2, names, tags }, { vpc }) {
      const { TargetGroups } = await elbv2.send(
        new CreateTargetGroupCommand({
          Name: names.targetGroup,
          Protocol: 'HTTP',
          Port: 80,
          VpcId: vpc.vpcId,
          TargetType: 'instance',
          ...healthCheck,
          Matcher: { HttpCode: '200' },
          Tags: tags,
        }),
      );
      return { targetGroupArn: TargetGroups![0]!.TargetGroupArn! };
    },
    async finish(aws, { targetGroupArn }) {
      await setTargetGroupAttributes(aws, targetGroupArn);
      return {};
    },
    async compare(aws, { targetGroupArn }) {
      const { elbv2, ask, names } = aws;
      const TargetGroupArn = targetGroupArn;
      const [answer, { Attributes = [] }, tags] = await Promise.all([
        ask(elbv2, new DescribeTargetGroupsCommand({ Names: [names.targetGroup] })),
        ask(elbv2, new DescribeTargetGroupAttributesCommand({ TargetGroupArn })),
        sameTags(aws, targetGroupArn),
      ]);
      const found = answer.TargetGroups?.[0];
      const setHealthCheck = () => elbv2.send(new ModifyTargetGroupCommand({ TargetGroupArn, ...healthCheck }));
      return [
        ...Object.entries(healthCheck).flatMap(([name, value]) =>
          differing(name, found?.[name as keyof typeof healthCheck], value, setHealthCheck),
        ),
        ...attributeDifferences(Attributes, targetGroupAttributes, () => setTargetGroupAttributes(aws, targetGroupArn)),
        ...tags,
      ];
    },
    async destroy({ elbv2 }, { targetGroupArn }) {
      await elbv2.send(new DeleteTargetGroupCommand({ TargetGroupArn: targetGroupArn })).catch(unlessGone);
    },
  },
);

export const listener = resource(
  'listener',
  { loadBalancer, targetGroup },
  {
    type: 'AWS::ElasticLoadBalancingV2::Listener',
    typicalSeconds: { create: 1, destroy: 1 },
    async find({ elbv2, ask }, { loadBalancer }) {
      if (!loadBalancer) return undefined;
      const answer = await undefinedIfGone(
        ask(elbv2, new DescribeListenersCommand({ LoadBalancerArn: loadBalancer.loadBalancerArn })),
      );
      const found = answer?.Listeners?.find(({ Port }) => Port === 80);
      return found && { listenerArn: found.ListenerArn! };
    },
    async create({ elbv2, tags }, { loadBalancer, targetGroup }) {
      const { Listeners } = await elbv2.send(
        new CreateListenerCommand({
          LoadBalancerArn: loadBalancer.loadBalancerArn,
          Protocol: 'HTTP',
          Port: 80,
          DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroup.targetGroupArn }],
          Tags: tags,
        }),
      );
      return { listenerArn: Listeners![0]!.ListenerArn! };
    },
    async compare(aws, { listenerArn }, { loadBalancer: { loadBalancerArn }, targetGroup: { targetGroupArn } }) {
      const { elbv2, ask } = aws;
      const [{ Listeners = [] }, tags] = await Promise.all([
        ask(elbv2, new DescribeListenersCommand({ LoadBalancerArn: loadBalancerArn })),
        sameTags(aws, listenerArn),
      ]);
      const found = Listeners.find(({ ListenerArn }) => ListenerArn === listenerArn);
      const [action] = found?.DefaultActions ?? [];
      const to = action?.TargetGroupArn ?? action?.ForwardConfig?.TargetGroups?.[0]?.TargetGroupArn;
      const set = () =>
        elbv2.send(
          new ModifyListenerCommand({
            ListenerArn: listenerArn,
            Protocol: 'HTTP',
            Port: 80,
            DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
          }),
        );
      return [
        ...differing('Protocol', found?.Protocol, 'HTTP', set),
        ...differing('DefaultActions', to ?? action?.Type, targetGroupArn, set),
        ...tags,
      ];
    },
    async destroy({ elbv2 }, { listenerArn }) {
      await elbv2.send(new DeleteListenerCommand({ ListenerArn: listenerArn })).catch(unlessGone);
    },
  },
);

/** Whether the instance is registered, healthy or not; a target that drains has left. */
async function isRegistered({ elbv2, ask }: Aws, targetGroupArn: string, instanceId: string): Promise<boolean> {
  try {
    const { TargetHealthDescriptions = [] } = await ask(
      elbv2,
      new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
    );
    return TargetHealthDescriptions.some(
      ({ Target, TargetHealth }) => Target?.Id === instanceId && TargetHealth?.State !== 'draining',
    );
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** The registration of an instance; STEP 16 registers the second node in the same way. */
export const registration = {
  type: 'AWS::ElasticLoadBalancingV2::TargetGroup.Target',
  // The load balancer goes on listing an instance that has ended.
  destroyFirst: true as const,
  typicalSeconds: { create: 1, destroy: 1 },
  async find(aws: Aws, targetGroupArn: string | undefined, instanceId: string | undefined) {
    if (targetGroupArn === undefined || instanceId === undefined) return undefined;
    return (await isRegistered(aws, targetGroupArn, instanceId)) ? { targetGroupArn, instanceId } : undefined;
  },
  async create({ elbv2 }: Aws, targetGroupArn: string, instanceId: string) {
    await elbv2.send(
      new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: instanceId, Port: 80 }] }),
    );
    return { targetGroupArn, instanceId };
  },
  async destroy({ elbv2 }: Aws, { targetGroupArn, instanceId }: { targetGroupArn: string; instanceId: string }) {
    // An instance that has ended, or was deregistered before, is no valid target any more.
    await elbv2
      .send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: instanceId }] }))
      .catch(unless('TargetGroupNotFound', 'InvalidTarget'));
  },
};

export const nodeATarget = resource(
  'nodeATarget',
  { targetGroup, nodeA },
  {
    type: registration.type,
    destroyFirst: registration.destroyFirst,
    typicalSeconds: registration.typicalSeconds,
    find: (aws, { targetGroup, nodeA }) => registration.find(aws, targetGroup?.targetGroupArn, nodeA?.instanceId),
    create: (aws, { targetGroup, nodeA }) => registration.create(aws, targetGroup.targetGroupArn, nodeA.instanceId),
    destroy: registration.destroy,
  },
);

export default step(11, 'Load balancer', [loadBalancer, targetGroup, listener, nodeATarget]);
