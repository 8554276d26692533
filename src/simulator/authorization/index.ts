import { actionOf } from '../../iam-actions.ts';
import type { Scope } from '../account.ts';
import type { PolicyStatement } from '../iam/documents.ts';
import { decide } from '../iam/evaluation.ts';
import { callerArn } from '../sts/identity.ts';
import { ec2Requests } from './ec2.ts';
import { iamRequests } from './iam.ts';
import { namedRequests } from './named.ts';
import { efsRequests, elbRequests, s3Requests, ssmRequests } from './others.ts';
import type { AuthorizationRequest, Call } from './request.ts';

export type { AuthorizationRequest } from './request.ts';

/** Calls that AWS carries out for everybody who has credentials. */
const free = new Set(['sts:GetCallerIdentity']);

/** Everything that AWS asks the caller's policies before it carries the call out, in AWS's order. */
export function authorizationRequests(call: Call): AuthorizationRequest[] {
  const action = actionOf(call.service, call.operation);
  if (free.has(action)) return [];
  const requests = requestsOf(call, action);
  // IAM has one place for the whole partition; everything else is asked where it is.
  const regionOf = (one: string) => (one.startsWith('iam:') ? homeRegion(call.scope.partition) : call.scope.region);
  return requests.map(({ action: one, resource, context }) => ({
    action: one,
    resource,
    context: { 'aws:RequestedRegion': [regionOf(one)], ...context },
  }));
}

function requestsOf(call: Call, action: string): AuthorizationRequest[] {
  switch (call.service) {
    case 'ec2':
      return ec2Requests(call);
    case 'rds':
    case 'elasticache':
      return namedRequests(call);
    case 'efs':
      return efsRequests(call);
    case 'elbv2':
      return elbRequests(call);
    case 'iam':
      return iamRequests(call);
    case 's3':
      return s3Requests(call, action);
    case 'ssm':
      return ssmRequests(call);
    default:
      return [{ action, resource: '*', context: {} }];
  }
}

function homeRegion(partition: string): string {
  if (partition === 'aws-cn') return 'cn-north-1';
  return partition === 'aws-us-gov' ? 'us-gov-west-1' : 'us-east-1';
}

export interface Denied {
  readonly action: string;
  readonly resource: string;
  readonly explicit: boolean;
}

/** The first thing about the call that `statements` do not allow its caller; undefined when they allow all of it. */
export function deniedBy(
  statements: readonly PolicyStatement[],
  requests: readonly AuthorizationRequest[],
  scope: Scope,
): Denied | undefined {
  const policies = [{ id: 'caller', source: 'user' as const, statements: [...statements] }];
  const caller = {
    'aws:principalarn': [callerArn(scope)],
    'aws:principalaccount': [scope.accountId],
    'aws:securetransport': ['true'],
  };
  for (const { action, resource, context } of requests) {
    const lower = Object.fromEntries(Object.entries(context).map(([key, values]) => [key.toLowerCase(), [...values]]));
    const { decision } = decide(policies, { action, resource, context: { ...caller, ...lower } });
    if (decision !== 'allowed') return { action, resource, explicit: decision === 'explicitDeny' };
  }
  return undefined;
}
