import { actionOf } from '../iam-actions.ts';
import type { Scope } from './account.ts';
import type { NamedRefusal } from './faults.ts';
import type { ServiceName } from './noun.ts';
import { type Refusal, refusal } from './refusal.ts';
import { callerArn } from './sts/identity.ts';

/** A call as a fault looks at it. */
interface Call {
  scope: Scope;
  service: ServiceName;
  operation: string;
  input: Record<string, unknown>;
}

const jsonServices: readonly ServiceName[] = ['ssm', 'service-quotas', 'pricing', 'tagging', 'efs'];

/** What each service says when too many calls come in. */
export function throttled(service: ServiceName): Refusal {
  if (service === 'ec2') return refusal('RequestLimitExceeded', 'Request limit exceeded.', 503);
  if (service === 's3') return refusal('SlowDown', 'Please reduce your request rate.', 503);
  if (jsonServices.includes(service))
    return refusal('ThrottlingException', 'Rate exceeded', service === 'efs' ? 429 : 400);
  return refusal('Throttling', 'Rate exceeded');
}

/** What each service says when the session token of the credentials is too old. */
export function expired(service: ServiceName): Refusal {
  if (service === 'ec2') return refusal('RequestExpired', 'Request has expired.');
  if (service === 's3') return refusal('ExpiredToken', 'The provided token has expired.');
  const message = 'The security token included in the request is expired';
  if (jsonServices.includes(service)) return refusal('ExpiredTokenException', message);
  return refusal('ExpiredToken', message, 403);
}

/** What the SDK throws when the connection breaks: the outcome is unknown to the caller. */
export function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), {
    name: 'TimeoutError',
    code: 'ECONNRESET',
    $metadata: { attempts: 1 },
  });
}

/** What the SDK throws when no name can be resolved. */
export function nameNotFound(service: ServiceName): Error {
  const host = `${service}.amazonaws.com`;
  const message = `getaddrinfo ENOTFOUND ${host}`;
  return Object.assign(new Error(message), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}

/** A code that only some calls are answered with, and AWS's words with it. */
interface Known {
  calls: RegExp;
  status?: number;
  message: (input: Record<string, unknown>) => string;
}

const limit = (calls: RegExp, things: string): Known => ({
  calls,
  message: () => `The maximum number of ${things} has been reached.`,
});

const known: Record<string, Known> = {
  InsufficientInstanceCapacity: {
    calls: /^(RunInstances|StartInstances)$/,
    status: 500,
    message: ({ InstanceType = 'instance' }) =>
      `We currently do not have sufficient ${InstanceType} capacity in the Availability Zone you requested.`,
  },
  InsufficientDBInstanceCapacity: {
    calls: /^CreateDBInstance$/,
    message: () => 'The requested DB instance class is not available in the specified Availability Zone.',
  },
  InsufficientCacheClusterCapacity: {
    calls: /^Create(ReplicationGroup|CacheCluster)$/,
    message: () => 'The requested cache node type is not available in the specified Availability Zone.',
  },
  InsufficientFreeAddressesInSubnet: {
    calls: /^(RunInstances|Create(NetworkInterface|NatGateway|MountTarget))$/,
    message: () => 'Insufficient free addresses in the subnet to allocate 1 address.',
  },
  VcpuLimitExceeded: {
    calls: /^(RunInstances|StartInstances)$/,
    message: () =>
      'You have requested more vCPU capacity than your current vCPU limit of 5 allows for the instance bucket that the specified instance type belongs to.',
  },
  VpcLimitExceeded: limit(/^CreateVpc$/, 'VPCs'),
  InternetGatewayLimitExceeded: limit(/^CreateInternetGateway$/, 'internet gateways'),
  AddressLimitExceeded: limit(/^AllocateAddress$/, 'addresses'),
  NatGatewayLimitExceeded: limit(/^CreateNatGateway$/, 'NAT gateways'),
};

const permission = /^(UnauthorizedOperation|AccessDenied(Exception)?)$/;

/** The next refusal on purpose that fits the call; it is used up by that. */
export function refusedOnPurpose(faults: NamedRefusal[] | undefined, call: Call): Refusal | undefined {
  const fault = faults?.find((one) => (one.times ?? 1) > 0 && fits(one, call));
  if (!fault) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  const { code, message, status } = fault;
  if (message === undefined && permission.test(code)) return denied(call, withoutPolicy);
  const words = known[code]?.message(call.input) ?? `refused on purpose: ${code}`;
  return refusal(code, message ?? words, status ?? known[code]?.status ?? 400);
}

function fits({ operation, tag, code }: NamedRefusal, call: Call): boolean {
  if (operation !== undefined && operation !== call.operation) return false;
  if (operation === undefined && !(known[code]?.calls ?? /^(Create|Run|Allocate|Import|Put)/).test(call.operation))
    return false;
  return tag === undefined || carriesTag(call.input, tag);
}

/** True when the input has the tag, at whatever depth its service wants tags. */
function carriesTag(value: unknown, tag: { key: string; values: readonly string[] }): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { Key, Value } = value as { Key?: unknown; Value?: unknown };
  if (Key === tag.key) return tag.values.includes(String(Value));
  return Object.values(value).some((one) => carriesTag(one, tag));
}

const withoutPolicy = { resource: '*', explicit: false };

/** What each service says to whom no policy allows the call. EC2 encodes what it knows; the others say it in plain words. */
export function denied(
  { scope, service, operation }: Pick<Call, 'scope' | 'service' | 'operation'>,
  {
    action = actionOf(service, operation),
    resource,
    explicit,
  }: { action?: string; resource: string; explicit: boolean },
): Refusal {
  const because = explicit
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  const plain = `User: ${callerArn(scope)} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  // The answer to a HEAD request has no body, and so no code.
  if (operation.startsWith('Head')) return refusal('Forbidden', plain, 403);
  if (service !== 'ec2')
    return refusal(jsonServices.includes(service) ? 'AccessDeniedException' : 'AccessDenied', plain, 403);
  const principal = { id: 'AIDASIMULATED0000000', arn: callerArn(scope) };
  const context = { principal, action, resource };
  const encoded = Buffer.from(JSON.stringify({ allowed: false, explicitDeny: explicit, context })).toString(
    'base64url',
  );
  const message = `You are not authorized to perform this operation. Encoded authorization failure message: ${encoded}`;
  return refusal('UnauthorizedOperation', message, 403);
}
