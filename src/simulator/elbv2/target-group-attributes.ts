import type {
  DescribeTargetGroupAttributesCommandInput,
  DescribeTargetGroupAttributesCommandOutput,
  ModifyTargetGroupAttributesCommandInput,
  ModifyTargetGroupAttributesCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type AttributeTable, attributeList, attributesFrom, between, choice, flag, text } from './attributes.ts';
import { requireTargetGroup, type TargetGroupRow } from './rows.ts';

const week = 604800;
/** A count of targets or a percentage, or `off`. */
const minimum = (initial: string, most: number) => ({ ...between(1, most, 1), initial, word: 'off' });

/** Attributes and defaults from AWS's page about `TargetGroupAttribute`. */
const shared: AttributeTable = {
  'deregistration_delay.timeout_seconds': between(0, 3600, 300),
  'stickiness.enabled': flag(false),
  'load_balancing.cross_zone.enabled': choice('use_load_balancer_configuration', 'true', 'false'),
  'target_group_health.dns_failover.minimum_healthy_targets.count': minimum('1', 1000),
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': minimum('off', 100),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': between(1, 1000, 1),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': minimum('off', 100),
};

const application: AttributeTable = {
  ...shared,
  'stickiness.type': choice('lb_cookie', 'app_cookie'),
  'stickiness.lb_cookie.duration_seconds': between(1, week, 86400),
  'stickiness.app_cookie.cookie_name': text,
  'stickiness.app_cookie.duration_seconds': between(1, week, 86400),
  'load_balancing.algorithm.type': choice('round_robin', 'least_outstanding_requests', 'weighted_random'),
  'load_balancing.algorithm.anomaly_mitigation': choice('off', 'on'),
  'slow_start.duration_seconds': between(30, 900, 0),
};

const network: AttributeTable = {
  ...shared,
  'stickiness.type': choice('source_ip'),
  'deregistration_delay.connection_termination.enabled': flag(false),
  'preserve_client_ip.enabled': flag(true),
  'proxy_protocol_v2.enabled': flag(false),
  'target_health_state.unhealthy.connection_termination.enabled': flag(true),
  'target_health_state.unhealthy.draining_interval_seconds': between(0, 360000, 0),
};

const lambda: AttributeTable = { 'lambda.multi_value_headers.enabled': flag(false), ...shared };

function tableOf({ targetType, protocol = '' }: TargetGroupRow): AttributeTable {
  if (targetType === 'lambda') return lambda;
  if (['HTTP', 'HTTPS'].includes(protocol)) return application;
  const keepsAddress = !(targetType === 'ip' && ['TCP', 'TLS'].includes(protocol));
  return { ...network, 'preserve_client_ip.enabled': flag(keepsAddress) };
}

export function targetGroupAttribute(row: TargetGroupRow, key: string): string | undefined {
  return row.attributes[key] ?? tableOf(row)[key]?.initial;
}

function checkTogether(value: (key: string) => string | undefined) {
  const cookie = value('stickiness.app_cookie.cookie_name') ?? '';
  if (value('stickiness.enabled') === 'true' && value('stickiness.type') === 'app_cookie' && cookie === '')
    throw refusal('InvalidConfigurationRequest', 'You must specify a cookie name for app_cookie stickiness');
  if (/^AWSALB/.test(cookie))
    throw refusal('InvalidConfigurationRequest', `The cookie name '${cookie}' starts with a reserved prefix`);
  const algorithm = value('load_balancing.algorithm.type');
  if (value('load_balancing.algorithm.anomaly_mitigation') === 'on' && algorithm !== 'weighted_random')
    throw refusal('InvalidConfigurationRequest', 'Anomaly mitigation requires the weighted_random algorithm');
  if (value('slow_start.duration_seconds') !== '0' && algorithm !== undefined && algorithm !== 'round_robin')
    throw refusal('InvalidConfigurationRequest', `Slow start cannot be used with the ${algorithm} algorithm`);
}

export const targetGroupAttributes: Noun = {
  service: 'elbv2',
  operations: {
    DescribeTargetGroupAttributes: operation<
      DescribeTargetGroupAttributesCommandInput,
      DescribeTargetGroupAttributesCommandOutput
    >(['TargetGroupArn'], (scope, { TargetGroupArn = '' }) => {
      const row = requireTargetGroup(scope, TargetGroupArn);
      return { Attributes: attributeList(tableOf(row), row.attributes) };
    }),
    ModifyTargetGroupAttributes: operation<
      ModifyTargetGroupAttributesCommandInput,
      ModifyTargetGroupAttributesCommandOutput
    >(['TargetGroupArn', 'Attributes'], (scope, { TargetGroupArn = '', Attributes = [] }) => {
      const row = requireTargetGroup(scope, TargetGroupArn);
      const table = tableOf(row);
      const given = attributesFrom('Target group', Attributes, table, [application, network, lambda]);
      const next = { ...row.attributes, ...given };
      checkTogether((key) => next[key] ?? table[key]?.initial);
      row.attributes = next;
      return { Attributes: attributeList(table, next).filter(({ Key }) => Object.hasOwn(given, Key)) };
    }),
  },
};
