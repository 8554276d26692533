import type {
  DeregisterTargetsCommandInput,
  DeregisterTargetsCommandOutput,
  DescribeTargetHealthCommandInput,
  DescribeTargetHealthCommandOutput,
  RegisterTargetsCommandInput,
  RegisterTargetsCommandOutput,
  TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { addressNumber, contains, parseCidr } from '../cidr.ts';
import { instanceTable } from '../ec2/instances.ts';
import { vpcTable } from '../ec2/vpcs.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { loadBalancersOf } from './forwarding.ts';
import {
  listenerTable,
  loadBalancerTable,
  requireTargetGroup,
  type TargetGroupRow,
  type TargetRow,
  targetKey,
  targetsOf,
  targetTable,
} from './rows.ts';
import { targetGroupAttribute } from './target-group-attributes.ts';
import { healthOf, notRegistered } from './target-health.ts';

/** Quota L-7E6692B2. */
const targetsPerTargetGroup = 1000;

/** Ranges outside the VPC that a target may have: RFC 1918 and RFC 6598. */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

type Place = Pick<TargetRow, 'targetGroupArn' | 'id' | 'port' | 'availabilityZone'>;

function placeOf(group: TargetGroupRow, { Id = '', Port, AvailabilityZone }: TargetDescription): Place {
  const port = Port ?? group.port ?? 0;
  if (group.targetType !== 'lambda' && (!Number.isInteger(port) || port < 1 || port > 65535))
    throw refusal('ValidationError', `Target port '${port}' must be in the range 1-65535`);
  return {
    targetGroupArn: group.targetGroupArn,
    id: Id,
    port,
    ...(AvailabilityZone === undefined ? {} : { availabilityZone: AvailabilityZone }),
  };
}

/** Refuses what cannot be a target of the group now. */
function checkTarget(scope: Scope, group: TargetGroupRow, { id, port, availabilityZone }: Place) {
  switch (group.targetType) {
    case 'instance':
      return checkInstance(scope, group, id);
    case 'ip':
      return checkAddress(scope, group, id, availabilityZone);
    case 'lambda':
      if (!/^arn:[^:]+:lambda:[^:]+:\d{12}:function:/.test(id))
        throw invalid(`'${id}' is not a valid Lambda function ARN`);
      return;
    case 'alb': {
      const row = loadBalancerTable(scope).get(id);
      const listens = listenerTable(scope)
        .all()
        .some((one) => one.loadBalancerArn === id && one.port === port);
      if (row?.type !== 'application' || row.vpcId !== group.vpcId)
        throw invalid(`'${id}' is not an application load balancer of the VPC '${group.vpcId}'`);
      if (!listens) throw invalid(`The application load balancer '${id}' has no listener on port ${port}`);
    }
  }
}

function invalid(message: string) {
  return refusal('InvalidTarget', message);
}

function checkInstance(scope: Scope, { vpcId }: TargetGroupRow, id: string) {
  if (!/^i-[0-9a-f]+$/.test(id)) throw refusal('ValidationError', `Instance ID '${id}' is not valid`);
  const instance = instanceTable(scope).get(id);
  if (!instance) throw invalid(`The following targets do not exist: '${id}'`);
  if (instance.vpcId !== vpcId)
    throw invalid(`The following targets are not in the target group VPC '${vpcId}': '${id}'`);
  if (instance.state !== 'running')
    throw invalid(`The following targets are not in a running state and cannot be registered: '${id}'`);
}

function checkAddress(scope: Scope, { vpcId }: TargetGroupRow, id: string, availabilityZone: string | undefined) {
  const first = addressNumber(id);
  if (first === undefined) throw refusal('ValidationError', `The IP address '${id}' is not a valid IPv4 address`);
  const address = { first, prefix: 32 };
  const inside = (block: string) => contains(parseCidr(block)!, address);
  if (inside(vpcTable(scope).peek(vpcId)?.cidrBlock ?? '0.0.0.0/32')) return;
  if (!privateBlocks.some(inside)) throw invalid(`The IP address '${id}' is not in a private range`);
  if (availabilityZone !== 'all')
    throw invalid(`You must specify 'all' as the Availability Zone of the IP address '${id}', which is not in the VPC`);
}

/** Those that are asked about, or all of the group. */
function asked(
  scope: Scope,
  group: TargetGroupRow,
  Targets: TargetDescription[] | undefined,
): { place: Place; row?: TargetRow | undefined }[] {
  if (!Targets?.length)
    return targetsOf(scope, group.targetGroupArn)
      .filter((row) => targetTable(scope).get(targetKey(row)))
      .map((row) => ({ place: row, row }));
  return Targets.map((target) => {
    const place = placeOf(group, target);
    return { place, row: targetTable(scope).get(targetKey(place)) };
  });
}

export const targets: Noun = {
  service: 'elbv2',
  operations: {
    RegisterTargets: operation<RegisterTargetsCommandInput, RegisterTargetsCommandOutput>(
      ['TargetGroupArn', 'Targets'],
      (scope, { TargetGroupArn = '', Targets = [] }) => {
        const group = requireTargetGroup(scope, TargetGroupArn);
        if (Targets.length === 0) throw refusal('ValidationError', 'At least one target must be specified');
        const places = Targets.map((target) => placeOf(group, target));
        for (const place of places) checkTarget(scope, group, place);
        const table = targetTable(scope);
        const fresh = new Set(places.map(targetKey).filter((key) => !table.peek(key)));
        const number = targetsOf(scope, TargetGroupArn).length + fresh.size;
        if (number > (group.targetType === 'lambda' || group.targetType === 'alb' ? 1 : targetsPerTargetGroup))
          throw refusal('TooManyTargets', 'The maximum number of targets per target group has been reached');
        for (const place of places) {
          const row = table.peek(targetKey(place));
          if (!row) {
            const checkSeconds = scope.seconds('target.healthy');
            table.insert(targetKey(place), { ...place, registeredAt: scope.now, checkSeconds });
          } else if (row.drainingUntil !== undefined) {
            delete row.drainingUntil;
            row.registeredAt = scope.now;
          }
        }
        return {};
      },
    ),
    DeregisterTargets: operation<DeregisterTargetsCommandInput, DeregisterTargetsCommandOutput>(
      ['TargetGroupArn', 'Targets'],
      (scope, { TargetGroupArn = '', Targets = [] }) => {
        const group = requireTargetGroup(scope, TargetGroupArn);
        const table = targetTable(scope);
        const seconds = Number(targetGroupAttribute(group, 'deregistration_delay.timeout_seconds') ?? 0);
        const drains = seconds > 0 && loadBalancersOf(scope, TargetGroupArn).length > 0;
        for (const place of Targets.map((target) => placeOf(group, target))) {
          const row = table.peek(targetKey(place));
          if (!row || row.drainingUntil !== undefined) continue;
          if (drains && healthOf(scope, group, row).State !== 'unused') {
            row.drainingUntil = scope.now + seconds * 1000;
            scope.after(seconds, 'targetDrained', { key: targetKey(place), until: row.drainingUntil });
          } else table.delete(targetKey(place));
        }
        return {};
      },
    ),
    DescribeTargetHealth: operation<DescribeTargetHealthCommandInput, DescribeTargetHealthCommandOutput>(
      ['TargetGroupArn', 'Targets', 'Include'],
      (scope, { TargetGroupArn = '', Targets, Include = [] }) => {
        const group = requireTargetGroup(scope, TargetGroupArn);
        const withPort = group.targetType !== 'lambda';
        const described = asked(scope, group, Targets).map(({ place: { id, port, availabilityZone }, row }) => {
          const checkPort = group.healthCheck.port === 'traffic-port' ? String(port) : group.healthCheck.port;
          return {
            Target: {
              Id: id,
              ...(withPort ? { Port: port } : {}),
              ...(availabilityZone === undefined ? {} : { AvailabilityZone: availabilityZone }),
            },
            ...(withPort ? { HealthCheckPort: checkPort } : {}),
            TargetHealth: row ? healthOf(scope, group, row) : notRegistered,
            ...(Include.length === 0
              ? {}
              : { AnomalyDetection: { Result: 'normal' as const, MitigationInEffect: 'no' as const } }),
          };
        });
        return { TargetHealthDescriptions: described };
      },
    ),
  },
  events: {
    targetDrained(scope, { key, until }: { key: string; until: number }) {
      const table = targetTable(scope);
      if (table.peek(key)?.drainingUntil === until) table.delete(key);
    },
  },
};
