import type { CreateTargetGroupCommandInput } from '@aws-sdk/client-elastic-load-balancing-v2';
import { refusal } from '../refusal.ts';
import type { TargetGroupRow } from './rows.ts';

type HealthCheck = TargetGroupRow['healthCheck'];
/** The members of `CreateTargetGroup` and `ModifyTargetGroup` that are about health checks. */
export type HealthCheckInput = Pick<
  CreateTargetGroupCommandInput,
  | 'HealthCheckProtocol'
  | 'HealthCheckPort'
  | 'HealthCheckEnabled'
  | 'HealthCheckPath'
  | 'HealthCheckIntervalSeconds'
  | 'HealthCheckTimeoutSeconds'
  | 'HealthyThresholdCount'
  | 'UnhealthyThresholdCount'
  | 'Matcher'
>;

function isHttp(protocol: string | undefined): boolean {
  return protocol === 'HTTP' || protocol === 'HTTPS';
}

/** Defaults as AWS gives them to a new target group of that kind. */
export function firstHealthCheck({
  targetType,
  protocol = 'HTTP',
  protocolVersion,
}: Pick<TargetGroupRow, 'targetType' | 'protocol' | 'protocolVersion'>): HealthCheck {
  const lambda = targetType === 'lambda';
  const http = isHttp(protocol) || targetType === 'alb';
  const grpc = protocolVersion === 'GRPC';
  return {
    enabled: !lambda,
    protocol: http ? 'HTTP' : 'TCP',
    port: 'traffic-port',
    intervalSeconds: lambda ? 35 : 30,
    timeoutSeconds: lambda ? 30 : isHttp(protocol) ? 5 : http ? 6 : 10,
    healthyThreshold: 5,
    unhealthyThreshold: lambda ? 5 : 2,
    ...(http ? { path: grpc ? '/AWS.ALB/healthcheck' : '/' } : {}),
    ...(grpc ? { grpcCode: '12' } : http ? { httpCode: isHttp(protocol) ? '200' : '200-399' } : {}),
  };
}

/** `before` with what `input` changes, or AWS's refusal of the result. */
export function changedHealthCheck(
  { targetType, protocol }: Pick<TargetGroupRow, 'targetType' | 'protocol'>,
  before: HealthCheck,
  input: HealthCheckInput,
): HealthCheck {
  const checks: HealthCheck = {
    ...before,
    enabled: input.HealthCheckEnabled ?? before.enabled,
    protocol: input.HealthCheckProtocol ?? before.protocol,
    port: input.HealthCheckPort ?? before.port,
    intervalSeconds: input.HealthCheckIntervalSeconds ?? before.intervalSeconds,
    timeoutSeconds: input.HealthCheckTimeoutSeconds ?? before.timeoutSeconds,
    healthyThreshold: input.HealthyThresholdCount ?? before.healthyThreshold,
    unhealthyThreshold: input.UnhealthyThresholdCount ?? before.unhealthyThreshold,
  };
  const { HealthCheckPath = before.path, Matcher } = input;
  if (isHttp(checks.protocol)) {
    checks.path = HealthCheckPath ?? '/';
    if (Matcher?.GrpcCode !== undefined) checks.grpcCode = Matcher.GrpcCode;
    else if (before.grpcCode === undefined) checks.httpCode = Matcher?.HttpCode ?? before.httpCode ?? '200-399';
  } else {
    if (input.HealthCheckPath !== undefined)
      throw refusal(
        'InvalidConfigurationRequest',
        `Health check path is not supported for the protocol '${checks.protocol}'`,
      );
    delete checks.path;
    delete checks.httpCode;
  }
  check(targetType, protocol, checks);
  return checks;
}

function check(targetType: string, protocol: string | undefined, checks: HealthCheck) {
  if (!checks.enabled && targetType !== 'lambda')
    throw refusal(
      'ValidationError',
      `Health check enabled must be true for target groups with target type '${targetType}'`,
    );
  const protocols = isHttp(protocol) || targetType === 'lambda' ? ['HTTP', 'HTTPS'] : ['TCP', 'HTTP', 'HTTPS'];
  if (!protocols.includes(checks.protocol))
    throw refusal(
      'InvalidConfigurationRequest',
      `Health check protocol '${checks.protocol}' is not supported for target groups with the protocol '${protocol}'`,
    );
  if (checks.port !== 'traffic-port' && !(/^\d+$/.test(checks.port) && inRange(Number(checks.port), 1, 65535)))
    throw refusal(
      'ValidationError',
      `Health check port '${checks.port}' must be in the range 1-65535 or 'traffic-port'`,
    );
  number('interval', checks.intervalSeconds, 5, 300);
  number('timeout', checks.timeoutSeconds, 2, 120);
  number('healthy threshold', checks.healthyThreshold, 2, 10);
  number('unhealthy threshold', checks.unhealthyThreshold, 2, 10);
  if (checks.timeoutSeconds >= checks.intervalSeconds && isHttp(checks.protocol))
    throw refusal(
      'ValidationError',
      `Health check timeout '${checks.timeoutSeconds}' must be smaller than the interval '${checks.intervalSeconds}'`,
    );
  const { path, httpCode } = checks;
  if (path !== undefined && (!/^\/[\x21-\x7e]*$/.test(path) || path.length > 1024))
    throw refusal(
      'ValidationError',
      `Health check path '${path}' must start with '/' and be at most 1024 characters long`,
    );
  if (httpCode !== undefined && !matcherAllowed(httpCode, isHttp(protocol) ? 499 : 599))
    throw refusal('ValidationError', `Health check matcher HTTP code '${httpCode}' is not valid`);
}

function inRange(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

function number(name: string, value: number, from: number, to: number) {
  if (!inRange(value, from, to))
    throw refusal('ValidationError', `Health check ${name} '${value}' must be in the range ${from}-${to}`);
}

/** `200`, `200,202` or `200-299`. */
function matcherAllowed(codes: string, last: number): boolean {
  return codes.split(',').every((part) => {
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(part);
    if (!match) return false;
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    return from >= 200 && to <= last && from <= to;
  });
}
