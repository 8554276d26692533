import type { Action, TargetGroupTuple } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { loadBalancersOf, targetGroupsIn, targetGroupsOf } from './forwarding.ts';
import { type LoadBalancerRow, requireTargetGroup } from './rows.ts';

const targetGroupsPerAction = 5;
const targetGroupsPerLoadBalancer = 100;

const compatible: Record<string, readonly string[]> = {
  HTTP: ['HTTP', 'HTTPS'],
  HTTPS: ['HTTP', 'HTTPS'],
  TCP: ['TCP', 'TCP_UDP'],
  UDP: ['UDP', 'TCP_UDP'],
  TCP_UDP: ['TCP_UDP'],
  TLS: ['TCP', 'TLS'],
};

const authentications = ['authenticate-oidc', 'authenticate-cognito', 'jwt-validation'];
const routings = ['forward', 'redirect', 'fixed-response'];

/**
 * The actions as AWS stores them (a short `forward` gets its `ForwardConfig`), or AWS's refusal: exactly one routing
 * action, the last, to target groups that exist, fit the listener's protocol and belong to no other load balancer.
 */
export function actionsFor(
  scope: Scope,
  given: readonly Action[] | undefined,
  loadBalancer: LoadBalancerRow,
  listenerProtocol: string,
): Action[] {
  if (!given?.length) throw refusal('ValidationError', 'An action must be specified');
  const actions = structuredClone([...given]).sort((one, other) => (one.Order ?? 1) - (other.Order ?? 1));
  const unknown = actions.find(({ Type }) => ![...routings, ...authentications].includes(Type ?? ''));
  if (unknown) throw refusal('ValidationError', `Action type '${unknown.Type}' is not valid`);
  if (actions.filter(({ Type }) => routings.includes(Type ?? '')).length !== 1)
    throw refusal(
      'InvalidLoadBalancerAction',
      'You must specify exactly one of the actions forward, redirect and fixed-response',
    );
  if (!routings.includes(actions.at(-1)?.Type ?? ''))
    throw refusal('InvalidLoadBalancerAction', 'The last action must be a forward, redirect or fixed-response action');
  if (actions.length > 1 && actions.some(({ Order }) => Order === undefined))
    throw refusal('InvalidLoadBalancerAction', 'You must specify an order for each of several actions');
  const secured = actions.find(({ Type }) => authentications.includes(Type ?? ''));
  if (secured && listenerProtocol !== 'HTTPS')
    throw refusal('InvalidLoadBalancerAction', `Action type '${secured.Type}' is only supported on HTTPS listeners`);
  const stored = actions.map((action) => actionFor(action, loadBalancer.type));
  checkTargetGroups(scope, targetGroupsIn(stored), loadBalancer, listenerProtocol);
  return stored;
}

function actionFor(action: Action, type: LoadBalancerRow['type']): Action {
  if (type === 'network' && action.Type !== 'forward')
    throw refusal(
      'InvalidLoadBalancerAction',
      `Action type '${action.Type}' is not supported by network load balancers`,
    );
  switch (action.Type) {
    case 'forward':
      return forward(action);
    case 'redirect':
      return redirect(action);
    case 'fixed-response': {
      const { StatusCode = '', MessageBody = '' } = action.FixedResponseConfig ?? {};
      if (!action.FixedResponseConfig || !/^[245]\d\d$/.test(StatusCode))
        throw refusal('ValidationError', `Fixed response status code '${StatusCode}' must be 2XX, 4XX or 5XX`);
      if (MessageBody.length > 1024)
        throw refusal('ValidationError', 'A fixed response message body cannot be longer than 1024 characters');
      return action;
    }
    case 'authenticate-oidc': {
      const config = action.AuthenticateOidcConfig;
      if (!config?.ClientSecret && !config?.UseExistingClientSecret)
        throw refusal('ValidationError', 'A client secret must be specified');
      delete config.ClientSecret;
      return action;
    }
    default:
      return action;
  }
}

function forward({ Type, Order, TargetGroupArn, ForwardConfig }: Action): Action {
  const single: TargetGroupTuple[] = TargetGroupArn === undefined ? [] : [{ TargetGroupArn }];
  const groups = ForwardConfig?.TargetGroups ?? single;
  if (groups.length === 0 || groups.some((group) => group.TargetGroupArn === undefined))
    throw refusal('ValidationError', 'A target group ARN must be specified');
  if (TargetGroupArn !== undefined && (groups.length > 1 || groups[0]?.TargetGroupArn !== TargetGroupArn))
    throw refusal('InvalidLoadBalancerAction', 'The target group ARN must be the only one in the forward config');
  if (groups.length > targetGroupsPerAction)
    throw refusal('TooManyActions', `A forward action can have at most ${targetGroupsPerAction} target groups`);
  for (const { Weight = 1 } of groups)
    if (!Number.isInteger(Weight) || Weight < 0 || Weight > 999)
      throw refusal('ValidationError', `Weight '${Weight}' must be in the range 0-999`);
  const { Enabled = false, DurationSeconds } = ForwardConfig?.TargetGroupStickinessConfig ?? {};
  if (Enabled && (DurationSeconds === undefined || DurationSeconds < 1 || DurationSeconds > 604800))
    throw refusal(
      'ValidationError',
      `Target group stickiness duration '${DurationSeconds}' must be in the range 1-604800`,
    );
  return {
    Type,
    ...(Order === undefined ? {} : { Order }),
    ...(groups.length === 1 ? { TargetGroupArn: groups[0]?.TargetGroupArn } : {}),
    ForwardConfig: {
      TargetGroups: groups.map((group) => ({ TargetGroupArn: group.TargetGroupArn, Weight: group.Weight ?? 1 })),
      TargetGroupStickinessConfig: { Enabled, ...(DurationSeconds === undefined ? {} : { DurationSeconds }) },
    },
  };
}

function redirect(action: Action): Action {
  const config = action.RedirectConfig;
  if (!config) throw refusal('ValidationError', 'A redirect configuration must be specified');
  if (!['HTTP_301', 'HTTP_302'].includes(config.StatusCode ?? ''))
    throw refusal('ValidationError', `Redirect status code '${config.StatusCode}' must be one of 'HTTP_301, HTTP_302'`);
  const same = { Protocol: '#{protocol}', Host: '#{host}', Port: '#{port}', Path: '/#{path}', Query: '#{query}' };
  const full = { ...same, ...config };
  if (full.Path !== '' && !full.Path?.startsWith('/'))
    throw refusal('ValidationError', `Redirect path '${full.Path}' must start with '/'`);
  const kept = (['Protocol', 'Host', 'Port', 'Path'] as const).every((part) => full[part] === same[part]);
  if (kept)
    throw refusal('InvalidLoadBalancerAction', 'The redirect configuration is not valid because it creates a loop.');
  return { ...action, RedirectConfig: full };
}

function checkTargetGroups(scope: Scope, arns: string[], loadBalancer: LoadBalancerRow, listenerProtocol: string) {
  const { loadBalancerArn, vpcId } = loadBalancer;
  for (const arn of arns) {
    const group = requireTargetGroup(scope, arn);
    const byAlb = loadBalancer.type === 'application';
    if (group.targetType === 'lambda' ? !byAlb : !compatible[listenerProtocol]?.includes(group.protocol ?? ''))
      throw refusal(
        'IncompatibleProtocols',
        `Listener protocol '${listenerProtocol}' and target group protocol '${group.protocol}' are not compatible`,
      );
    if (group.vpcId !== undefined && group.vpcId !== vpcId)
      throw refusal('InvalidConfigurationRequest', `The target group '${arn}' is not in the VPC '${vpcId}'`);
    if (loadBalancersOf(scope, arn).some((other) => other !== loadBalancerArn))
      throw refusal(
        'TargetGroupAssociationLimit',
        `The following target groups cannot be associated with more than one load balancer: ${arn}`,
      );
  }
  if (new Set([...targetGroupsOf(scope, loadBalancerArn), ...arns]).size > targetGroupsPerLoadBalancer)
    throw refusal(
      'TooManyUniqueTargetGroupsPerLoadBalancer',
      'The maximum number of unique target groups per load balancer has been reached',
    );
}
