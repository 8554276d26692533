import type {
  DescribeLoadBalancerAttributesCommandInput,
  DescribeLoadBalancerAttributesCommandOutput,
  ModifyLoadBalancerAttributesCommandInput,
  ModifyLoadBalancerAttributesCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type AttributeTable, attributeList, attributesFrom, between, choice, flag, text } from './attributes.ts';
import { type LoadBalancerRow, requireLoadBalancer } from './rows.ts';

/** Attributes and defaults from AWS's page about `LoadBalancerAttribute`. */
const both: AttributeTable = {
  'access_logs.s3.enabled': flag(false),
  'access_logs.s3.bucket': text,
  'access_logs.s3.prefix': text,
  'deletion_protection.enabled': flag(false),
  'zonal_shift.config.enabled': flag(false),
};

const application: AttributeTable = {
  ...both,
  'idle_timeout.timeout_seconds': between(1, 4000, 60),
  'client_keep_alive.seconds': between(60, 604800, 3600),
  'connection_logs.s3.enabled': flag(false),
  'connection_logs.s3.bucket': text,
  'connection_logs.s3.prefix': text,
  'health_check_logs.s3.enabled': flag(false),
  'health_check_logs.s3.bucket': text,
  'health_check_logs.s3.prefix': text,
  'routing.http.desync_mitigation_mode': choice('defensive', 'monitor', 'strictest'),
  'routing.http.drop_invalid_header_fields.enabled': flag(false),
  'routing.http.preserve_host_header.enabled': flag(false),
  'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': flag(false),
  'routing.http.xff_client_port.enabled': flag(false),
  'routing.http.xff_header_processing.mode': choice('append', 'preserve', 'remove'),
  'routing.http2.enabled': flag(true),
  'waf.fail_open.enabled': flag(false),
  'load_balancing.cross_zone.enabled': choice('true'),
};

const network: AttributeTable = {
  ...both,
  'load_balancing.cross_zone.enabled': flag(false),
  'dns_record.client_routing_policy': choice(
    'any_availability_zone',
    'availability_zone_affinity',
    'partial_availability_zone_affinity',
  ),
  'secondary_ips.auto_assigned.per_subnet': between(0, 7, 0),
};

function tableOf({ type, scheme }: LoadBalancerRow): AttributeTable {
  const ipv6 = { 'ipv6.deny_all_igw_traffic': flag(scheme === 'internal') };
  return { ...(type === 'application' ? application : network), ...ipv6 };
}

export const loadBalancerAttributes: Noun = {
  service: 'elbv2',
  operations: {
    DescribeLoadBalancerAttributes: operation<
      DescribeLoadBalancerAttributesCommandInput,
      DescribeLoadBalancerAttributesCommandOutput
    >(['LoadBalancerArn'], (scope, { LoadBalancerArn = '' }) => {
      const row = requireLoadBalancer(scope, LoadBalancerArn);
      return { Attributes: attributeList(tableOf(row), row.attributes) };
    }),
    ModifyLoadBalancerAttributes: operation<
      ModifyLoadBalancerAttributesCommandInput,
      ModifyLoadBalancerAttributesCommandOutput
    >(['LoadBalancerArn', 'Attributes'], (scope, { LoadBalancerArn = '', Attributes = [] }) => {
      const row = requireLoadBalancer(scope, LoadBalancerArn);
      const table = tableOf(row);
      const given = attributesFrom('Load balancer', Attributes, table, [application, network]);
      const next = { ...row.attributes, ...given };
      for (const logs of ['access_logs', 'connection_logs', 'health_check_logs'])
        if (next[`${logs}.s3.enabled`] === 'true' && !next[`${logs}.s3.bucket`])
          throw refusal('InvalidConfigurationRequest', `The value of '${logs}.s3.bucket' cannot be empty`);
      row.attributes = next;
      return { Attributes: attributeList(table, next).filter(({ Key }) => Object.hasOwn(given, Key)) };
    }),
  },
};
