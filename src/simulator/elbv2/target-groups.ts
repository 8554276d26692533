import type {
  CreateTargetGroupCommandInput,
  CreateTargetGroupCommandOutput,
  DeleteTargetGroupCommandInput,
  DeleteTargetGroupCommandOutput,
  DescribeTargetGroupsCommandInput,
  DescribeTargetGroupsCommandOutput,
  ModifyTargetGroupCommandInput,
  ModifyTargetGroupCommandOutput,
  ProtocolEnum,
  TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { vpcTable } from '../ec2/vpcs.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { loadBalancersOf, targetGroupsOf } from './forwarding.ts';
import { changedHealthCheck, firstHealthCheck } from './health-checks.ts';
import { elbPage } from './pages.ts';
import {
  checkArn,
  checkName,
  requireLoadBalancer,
  requireTargetGroup,
  type TargetGroupRow,
  targetGroupTable,
  targetKey,
  targetsOf,
  targetTable,
} from './rows.ts';
import { tagsFrom } from './tags.ts';

/** Quota L-B22855CB. */
const targetGroupsPerRegion = 3000;

const protocols = ['HTTP', 'HTTPS', 'TCP', 'TLS', 'UDP', 'TCP_UDP'];

const healthCheckParameters = [
  'HealthCheckProtocol',
  'HealthCheckPort',
  'HealthCheckEnabled',
  'HealthCheckPath',
  'HealthCheckIntervalSeconds',
  'HealthCheckTimeoutSeconds',
  'HealthyThresholdCount',
  'UnhealthyThresholdCount',
  'Matcher',
] as const;

function describe(scope: Scope, row: TargetGroupRow): TargetGroup {
  const { healthCheck } = row;
  const matcher = { HttpCode: healthCheck.httpCode, GrpcCode: healthCheck.grpcCode };
  return {
    TargetGroupArn: row.targetGroupArn,
    TargetGroupName: row.targetGroupName,
    Protocol: row.protocol as ProtocolEnum | undefined,
    ProtocolVersion: row.protocolVersion,
    Port: row.port,
    VpcId: row.vpcId,
    TargetType: row.targetType,
    IpAddressType: row.ipAddressType,
    HealthCheckEnabled: healthCheck.enabled,
    HealthCheckProtocol: healthCheck.protocol as ProtocolEnum,
    HealthCheckPort: healthCheck.port,
    HealthCheckPath: healthCheck.path,
    HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
    HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    ...(healthCheck.httpCode === undefined && healthCheck.grpcCode === undefined ? {} : { Matcher: matcher }),
    LoadBalancerArns: loadBalancersOf(scope, row.targetGroupArn),
  };
}

type Place = Pick<TargetGroupRow, 'targetType' | 'protocol' | 'protocolVersion' | 'port' | 'vpcId' | 'ipAddressType'>;

/** Where a new group's targets live and how they are reached, or AWS's refusal. */
function placeOf(scope: Scope, input: CreateTargetGroupCommandInput): Place {
  const { Protocol, ProtocolVersion, Port, VpcId, TargetType = 'instance', IpAddressType = 'ipv4' } = input;
  if (!['instance', 'ip', 'lambda', 'alb'].includes(TargetType))
    throw refusal('ValidationError', `Target type '${TargetType}' must be one of 'alb, instance, ip, lambda'`);
  if (TargetType === 'lambda') {
    if (Protocol !== undefined || Port !== undefined || VpcId !== undefined)
      throw refusal('InvalidConfigurationRequest', 'A protocol, port and VPC are not supported for target type lambda');
    return { targetType: 'lambda', ipAddressType: IpAddressType };
  }
  if (Protocol === undefined) throw refusal('ValidationError', 'A protocol must be specified');
  if (!protocols.includes(Protocol))
    throw refusal('UnsupportedProtocol', `Protocol '${Protocol}' must be one of '${protocols.join(', ')}'`);
  if (TargetType === 'alb' && Protocol !== 'TCP')
    throw refusal('InvalidConfigurationRequest', `Protocol '${Protocol}' is not supported for target type alb`);
  if (Port === undefined) throw refusal('ValidationError', 'A port must be specified');
  if (!Number.isInteger(Port) || Port < 1 || Port > 65535)
    throw refusal('ValidationError', `Target group port '${Port}' must be in the range 1-65535`);
  if (VpcId === undefined) throw refusal('ValidationError', 'A VPC ID must be specified');
  if (!vpcTable(scope).get(VpcId)) throw refusal('ValidationError', `The VPC ID '${VpcId}' is not found`);
  const http = Protocol === 'HTTP' || Protocol === 'HTTPS';
  if (ProtocolVersion !== undefined && !(http && ['HTTP1', 'HTTP2', 'GRPC'].includes(ProtocolVersion)))
    throw refusal(
      'ValidationError',
      `Protocol version '${ProtocolVersion}' is not valid for the protocol '${Protocol}'`,
    );
  return {
    targetType: TargetType,
    protocol: Protocol,
    ...(http ? { protocolVersion: ProtocolVersion ?? 'HTTP1' } : {}),
    port: Port,
    vpcId: VpcId,
    ipAddressType: IpAddressType,
  };
}

/** The settings that a repeated `CreateTargetGroup` must agree on. */
function settingsOf({
  targetType,
  protocol,
  protocolVersion,
  port,
  vpcId,
  ipAddressType,
  healthCheck,
}: Place & Pick<TargetGroupRow, 'healthCheck'>) {
  const checks = Object.entries(healthCheck).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([targetType, protocol, protocolVersion, port, vpcId, ipAddressType, checks]);
}

export const targetGroups: Noun = {
  service: 'elbv2',
  operations: {
    CreateTargetGroup: operation<CreateTargetGroupCommandInput, CreateTargetGroupCommandOutput>(
      [
        'Name',
        'Protocol',
        'ProtocolVersion',
        'Port',
        'VpcId',
        'TargetType',
        'IpAddressType',
        'Tags',
        ...healthCheckParameters,
      ],
      (scope, input) => {
        const { Name = '', Tags } = input;
        checkName('Target group', Name);
        const place = placeOf(scope, input);
        const healthCheck = changedHealthCheck(place, firstHealthCheck(place), input);
        const tags = tagsFrom(Tags);
        const rows = targetGroupTable(scope).all();
        const existing = rows.find(({ targetGroupName }) => targetGroupName === Name);
        if (existing) {
          if (settingsOf(existing) === settingsOf({ ...place, healthCheck }))
            return { TargetGroups: [describe(scope, existing)] };
          throw refusal(
            'DuplicateTargetGroupName',
            `A target group with the same name '${Name}' exists, but with different settings`,
          );
        }
        if (rows.length >= targetGroupsPerRegion)
          throw refusal('TooManyTargetGroups', 'The maximum number of target groups has been reached');
        const targetGroupArn = scope.arn('elasticloadbalancing', `targetgroup/${Name}/${scope.hex(16)}`);
        const row = targetGroupTable(scope).insert(targetGroupArn, {
          targetGroupArn,
          targetGroupName: Name,
          ...place,
          healthCheck,
          attributes: {},
          tags,
        });
        return { TargetGroups: [describe(scope, row)] };
      },
    ),
    DescribeTargetGroups: operation<DescribeTargetGroupsCommandInput, DescribeTargetGroupsCommandOutput>(
      ['LoadBalancerArn', 'TargetGroupArns', 'Names', 'Marker', 'PageSize'],
      (scope, { LoadBalancerArn, TargetGroupArns, Names, ...paging }) => {
        if ([LoadBalancerArn, TargetGroupArns, Names].filter((given) => given?.length).length > 1)
          throw refusal(
            'ValidationError',
            'Target group names, target group ARNs and a load balancer ARN cannot be specified at the same time',
          );
        const rows = select(scope, { LoadBalancerArn, TargetGroupArns, Names });
        const { page, next } = elbPage(rows, paging);
        return { TargetGroups: page.map((row) => describe(scope, row)), NextMarker: next };
      },
    ),
    ModifyTargetGroup: operation<ModifyTargetGroupCommandInput, ModifyTargetGroupCommandOutput>(
      ['TargetGroupArn', ...healthCheckParameters],
      (scope, { TargetGroupArn = '', ...changes }) => {
        const row = requireTargetGroup(scope, TargetGroupArn);
        row.healthCheck = changedHealthCheck(row, row.healthCheck, changes);
        return { TargetGroups: [describe(scope, row)] };
      },
    ),
    DeleteTargetGroup: operation<DeleteTargetGroupCommandInput, DeleteTargetGroupCommandOutput>(
      ['TargetGroupArn'],
      (scope, { TargetGroupArn = '' }) => {
        checkArn('target group', TargetGroupArn);
        if (!targetGroupTable(scope).peek(TargetGroupArn)) return {};
        if (loadBalancersOf(scope, TargetGroupArn).length > 0)
          throw refusal(
            'ResourceInUse',
            `Target group '${TargetGroupArn}' is currently in use by a listener or a rule`,
          );
        for (const target of targetsOf(scope, TargetGroupArn)) targetTable(scope).delete(targetKey(target));
        targetGroupTable(scope).delete(TargetGroupArn);
        return {};
      },
    ),
  },
};

function select(
  scope: Scope,
  { LoadBalancerArn, TargetGroupArns, Names }: DescribeTargetGroupsCommandInput,
): TargetGroupRow[] {
  const rows = targetGroupTable(scope).list();
  if (TargetGroupArns?.length) return TargetGroupArns.map((arn) => requireTargetGroup(scope, arn));
  if (LoadBalancerArn !== undefined) {
    const used = targetGroupsOf(scope, requireLoadBalancer(scope, LoadBalancerArn).loadBalancerArn);
    return rows.filter(({ targetGroupArn }) => used.has(targetGroupArn));
  }
  if (!Names?.length) return rows;
  return Names.map((name) => {
    const row = rows.find(({ targetGroupName }) => targetGroupName === name);
    if (!row) throw refusal('TargetGroupNotFound', 'One or more target groups not found');
    return row;
  });
}
