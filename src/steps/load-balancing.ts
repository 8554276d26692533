/** What the load balancer and its target group are set to. */
import {
  AddTagsCommand,
  DescribeTagsCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  type Tag,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Aws } from '../aws.ts';
import type { Difference } from '../engine/resource.ts';
import { differing, tagDifferences } from './differences.ts';

/** A path that asks no database, so that a short outage of it does not take every node out of service. */
const healthPath = '/api/v2/version';

export function sameTags(aws: Aws, arn: string): Promise<Difference[]> {
  const { elbv2, ask } = aws;
  return ask(elbv2, new DescribeTagsCommand({ ResourceArns: [arn] })).then(({ TagDescriptions = [] }) =>
    tagDifferences(aws, TagDescriptions[0]?.Tags as Tag[] | undefined, (Tags) =>
      elbv2.send(new AddTagsCommand({ ResourceArns: [arn], Tags })),
    ),
  );
}

/** Attributes of a load balancer or a target group that are not `wanted`. */
export function attributeDifferences(
  there: readonly { Key?: string | undefined; Value?: string | undefined }[],
  wanted: readonly { Key: string; Value: string }[],
  mend: Difference['mend'],
): Difference[] {
  const values = new Map(there.map(({ Key, Value }) => [Key, Value]));
  return wanted.flatMap(({ Key, Value }) => differing(Key, values.get(Key), Value, mend));
}

// Airflow builds its redirects from the Host header, so the load balancer must pass on what the browser sent.
export const loadBalancerAttributes = [{ Key: 'routing.http.preserve_host_header.enabled', Value: 'true' }];

export const setLoadBalancerAttributes = ({ elbv2 }: Aws, LoadBalancerArn: string) =>
  elbv2.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes: loadBalancerAttributes }));

export const healthCheck = {
  HealthCheckPath: healthPath,
  HealthCheckIntervalSeconds: 10,
  HealthCheckTimeoutSeconds: 6,
  HealthyThresholdCount: 2,
  UnhealthyThresholdCount: 2,
} as const;

export const targetGroupAttributes = [
  { Key: 'stickiness.enabled', Value: 'true' },
  { Key: 'stickiness.type', Value: 'lb_cookie' },
  { Key: 'stickiness.lb_cookie.duration_seconds', Value: '86400' },
  // The default of five minutes would be spent on every node that leaves.
  { Key: 'deregistration_delay.timeout_seconds', Value: '20' },
];

export const setTargetGroupAttributes = ({ elbv2 }: Aws, TargetGroupArn: string) =>
  elbv2.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: targetGroupAttributes }));
