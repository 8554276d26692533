import type { DescribeLoadBalancersCommandOutput } from '@aws-sdk/client-elastic-load-balancing-v2';
import type {
  DescribeCacheClustersCommandOutput,
  DescribeReplicationGroupsCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { DescribeDBClustersCommandOutput, DescribeDBInstancesCommandOutput } from '@aws-sdk/client-rds';
import type { GetParameterCommandOutput } from '@aws-sdk/client-ssm';
import type { Endpoint, Touches } from '../../hosts/command.ts';
import type { Scope } from '../account.ts';
import type { InstanceRow } from '../ec2/instances.ts';
import { securityGroupAllows } from '../ec2/security-group-rule-rows.ts';
import { ask } from './questions.ts';
import { rightsProblem } from './rights.ts';

/** Why a server cannot reach what a command touches, or undefined when it reaches all of it. */
export function reachProblem(scope: Scope, instance: InstanceRow, touches: Touches = {}): string | undefined {
  const { parameters = [], endpoints = [], buckets = [] } = touches;
  for (const name of parameters) {
    const problem = parameterProblem(scope, instance, name);
    if (problem) return problem;
  }
  for (const bucket of buckets) {
    const arn = `arn:${scope.partition}:s3:::${bucket}`;
    const problem =
      ask(scope, 's3', 'HeadBucket', { Bucket: bucket }) === undefined
        ? `NoSuchBucket: ${bucket}`
        : rightsProblem(scope, instance, [
            { action: 's3:PutObject', arn: `${arn}/airflow_log/x` },
            { action: 's3:GetObject', arn: `${arn}/airflow_log/x` },
            { action: 's3:ListBucket', arn },
          ]);
    if (problem) return problem;
  }
  for (const endpoint of endpoints) {
    const problem = endpointProblem(scope, instance, endpoint);
    if (problem) return problem;
  }
  return undefined;
}

function parameterProblem(scope: Scope, instance: InstanceRow, name: string): string | undefined {
  const found = ask<GetParameterCommandOutput>(scope, 'ssm', 'GetParameter', { Name: name, WithDecryption: true });
  if (!found) return `ParameterNotFound: ${name}`;
  if (found.Parameter?.Type !== 'SecureString') return `${name} is not a SecureString`;
  const arn = scope.arn('ssm', `parameter${name}`);
  return rightsProblem(scope, instance, [
    { action: 'ssm:GetParameter', arn },
    { action: 'ssm:GetParameters', arn },
  ]);
}

interface Listening {
  /** False while it is made, changed or deleted. */
  ready: boolean;
  port: number;
  groupIds: string[];
}

function endpointProblem(scope: Scope, instance: InstanceRow, { address, port }: Endpoint): string | undefined {
  const there = databaseAt(scope, address) ?? cacheAt(scope, address) ?? loadBalancerAt(scope, address);
  if (!there) return `${address}: Name or service not known`;
  const open = securityGroupAllows(scope, {
    groupIds: there.groupIds,
    port,
    protocol: 'tcp',
    fromAddress: instance.privateIpAddress,
    fromGroupIds: instance.groupIds,
  });
  if (!open) return `connect to ${address} port ${port}: Connection timed out`;
  return there.ready && there.port === port ? undefined : `connect to ${address} port ${port}: Connection refused`;
}

function databaseAt(scope: Scope, address: string): Listening | undefined {
  const clusters = ask<DescribeDBClustersCommandOutput>(scope, 'rds', 'DescribeDBClusters', {});
  const cluster = clusters?.DBClusters?.find(({ Endpoint }) => Endpoint === address);
  if (!cluster) return undefined;
  // The endpoint's name is there with the cluster; only an instance answers at it.
  const writer = cluster.DBClusterMembers?.find(({ IsClusterWriter }) => IsClusterWriter)?.DBInstanceIdentifier;
  const instances = writer
    ? ask<DescribeDBInstancesCommandOutput>(scope, 'rds', 'DescribeDBInstances', { DBInstanceIdentifier: writer })
    : undefined;
  return {
    ready: instances?.DBInstances?.[0]?.DBInstanceStatus === 'available',
    port: cluster.Port ?? 3306,
    groupIds: (cluster.VpcSecurityGroups ?? []).map(({ VpcSecurityGroupId = '' }) => VpcSecurityGroupId),
  };
}

function cacheAt(scope: Scope, address: string): Listening | undefined {
  const groups = ask<DescribeReplicationGroupsCommandOutput>(scope, 'elasticache', 'DescribeReplicationGroups', {});
  const group = groups?.ReplicationGroups?.find(({ NodeGroups = [] }) =>
    NodeGroups.some(({ PrimaryEndpoint }) => PrimaryEndpoint?.Address === address),
  );
  if (!group) return undefined;
  const [member] = group.MemberClusters ?? [];
  const clusters = ask<DescribeCacheClustersCommandOutput>(scope, 'elasticache', 'DescribeCacheClusters', {
    CacheClusterId: member,
  });
  return {
    ready: group.Status === 'available',
    port: group.NodeGroups?.[0]?.PrimaryEndpoint?.Port ?? 6379,
    groupIds: (clusters?.CacheClusters?.[0]?.SecurityGroups ?? []).map(({ SecurityGroupId = '' }) => SecurityGroupId),
  };
}

function loadBalancerAt(scope: Scope, address: string): Listening | undefined {
  const found = ask<DescribeLoadBalancersCommandOutput>(scope, 'elbv2', 'DescribeLoadBalancers', {});
  const balancer = found?.LoadBalancers?.find(({ DNSName }) => DNSName === address);
  return balancer && { ready: balancer.State?.Code === 'active', port: 80, groupIds: balancer.SecurityGroups ?? [] };
}
