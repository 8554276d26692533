import type {
  Action,
  MutualAuthenticationAttributes,
  RuleCondition,
  RuleTransform,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope, Table } from '../account.ts';
import { refusal } from '../refusal.ts';
import type { Tags } from './tags.ts';

export interface LoadBalancerRow {
  loadBalancerArn: string;
  loadBalancerName: string;
  dnsName: string;
  type: 'application' | 'network';
  scheme: 'internal' | 'internet-facing';
  vpcId: string;
  state: 'provisioning' | 'active' | 'failed';
  stateReason?: string;
  /** Milliseconds; health checks start then. */
  activeAt?: number;
  createdTime: number;
  zones: { zoneName: string; subnetId: string; networkInterfaceId: string }[];
  securityGroups: string[];
  ipAddressType: 'ipv4';
  /** Only what was changed; the defaults are in `attributesOf`. */
  attributes: Record<string, string>;
  tags: Tags;
}

export interface TargetGroupRow {
  targetGroupArn: string;
  targetGroupName: string;
  targetType: 'instance' | 'ip' | 'lambda' | 'alb';
  protocol?: string;
  protocolVersion?: string;
  port?: number;
  vpcId?: string;
  ipAddressType: 'ipv4' | 'ipv6';
  healthCheck: {
    enabled: boolean;
    protocol: string;
    port: string;
    path?: string;
    intervalSeconds: number;
    timeoutSeconds: number;
    healthyThreshold: number;
    unhealthyThreshold: number;
    httpCode?: string;
    grpcCode?: string;
  };
  /** Milliseconds; when a listener or rule began to forward to it. */
  inUseSince?: number;
  attributes: Record<string, string>;
  tags: Tags;
}

export interface ListenerRow {
  listenerArn: string;
  loadBalancerArn: string;
  port: number;
  protocol: string;
  sslPolicy?: string;
  /** The first is the default certificate. */
  certificates: string[];
  alpnPolicy?: string[];
  mutualAuthentication?: MutualAuthenticationAttributes;
  defaultActions: Action[];
  attributes: Record<string, string>;
  tags: Tags;
}

/** A default rule has no actions of its own: they are its listener's. */
export interface RuleRow {
  ruleArn: string;
  listenerArn: string;
  priority: number | 'default';
  conditions: RuleCondition[];
  actions: Action[];
  transforms: RuleTransform[];
  tags: Tags;
}

export interface TargetRow {
  targetGroupArn: string;
  id: string;
  port: number;
  availabilityZone?: string;
  registeredAt: number;
  /** Seconds from the first health check until the target counts as healthy. */
  checkSeconds: number;
  /** Milliseconds; the latest moment at which somebody looked and its server did not answer. */
  silentAt?: number;
  /** Milliseconds; set while connections drain. */
  drainingUntil?: number;
}

/** Each table is keyed by the ARN. */
export const loadBalancerTable = (scope: Scope) => scope.table<LoadBalancerRow>('elbv2.loadBalancers');
export const targetGroupTable = (scope: Scope) => scope.table<TargetGroupRow>('elbv2.targetGroups');
export const listenerTable = (scope: Scope) => scope.table<ListenerRow>('elbv2.listeners');
export const ruleTable = (scope: Scope) => scope.table<RuleRow>('elbv2.rules');
/** Keyed by `targetKey`. */
export const targetTable = (scope: Scope) => scope.table<TargetRow>('elbv2.targets');

export function targetKey({ targetGroupArn, id, port }: Pick<TargetRow, 'targetGroupArn' | 'id' | 'port'>): string {
  return `${targetGroupArn} ${id} ${port}`;
}

export function targetsOf(scope: Scope, targetGroupArn: string): TargetRow[] {
  return targetTable(scope)
    .all()
    .filter((target) => target.targetGroupArn === targetGroupArn);
}

const kinds = {
  'load balancer': /:loadbalancer\/(app|net|gwy)\/[^/]+\/[^/]+$/,
  'target group': /:targetgroup\/[^/]+\/[^/]+$/,
  listener: /:listener\/(app|net|gwy)(\/[^/]+){3}$/,
  'listener rule': /:listener-rule\/(app|net|gwy)(\/[^/]+){4}$/,
} as const;
export type Kind = keyof typeof kinds;

/** Refuses text that cannot be the ARN of such a thing; whether the thing exists is another question. */
export function checkArn(kind: Kind, arn: string) {
  if (!arn.startsWith('arn:') || arn.split(':')[2] !== 'elasticloadbalancing' || !kinds[kind].test(arn))
    throw refusal('ValidationError', `'${arn}' is not a valid ${kind} ARN`);
}

/** The part behind `loadbalancer/`, `targetgroup/` or `listener/`. */
export function pathOf(arn: string): string {
  return arn.slice(arn.indexOf('/') + 1);
}

export function kindOf(arn: string): Kind | undefined {
  return (Object.keys(kinds) as Kind[]).find((kind) => kinds[kind].test(arn));
}

function require<Row extends object>(kind: Kind, code: string, plural: string, table: Table<Row>, arn: string) {
  checkArn(kind, arn);
  const row = table.get(arn);
  if (!row) throw refusal(code, `One or more ${plural} not found`);
  return row;
}

export function requireLoadBalancer(scope: Scope, arn: string) {
  checkArn('load balancer', arn);
  const row = loadBalancerTable(scope).get(arn);
  if (!row) throw refusal('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
  return row;
}

export function requireTargetGroup(scope: Scope, arn: string) {
  return require('target group', 'TargetGroupNotFound', 'target groups', targetGroupTable(scope), arn);
}

export function requireListener(scope: Scope, arn: string) {
  return require('listener', 'ListenerNotFound', 'listeners', listenerTable(scope), arn);
}

export function requireRule(scope: Scope, arn: string) {
  return require('listener rule', 'RuleNotFound', 'rules', ruleTable(scope), arn);
}

/** What is left of `name` in AWS's rules for names of load balancers and target groups. */
export function checkName(kind: 'Load balancer' | 'Target group', name: string) {
  const lowered = kind.toLowerCase();
  if (name === '') throw refusal('ValidationError', `${kind} name cannot be blank`);
  if (name.length > 32)
    throw refusal('ValidationError', `${kind} name '${name}' cannot be longer than '32' characters`);
  if (!/^[a-zA-Z0-9-]+$/.test(name))
    throw refusal(
      'ValidationError',
      `${kind} name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`,
    );
  if (/^-|-$/.test(name))
    throw refusal('ValidationError', `${kind} name '${name}' cannot begin or end with a hyphen(-)`);
  if (lowered === 'load balancer' && name.startsWith('internal-'))
    throw refusal('ValidationError', `${kind} name '${name}' cannot begin with the reserved prefix 'internal-'`);
}
