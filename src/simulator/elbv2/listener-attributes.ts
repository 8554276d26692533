import type {
  DescribeListenerAttributesCommandInput,
  DescribeListenerAttributesCommandOutput,
  ModifyListenerAttributesCommandInput,
  ModifyListenerAttributesCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Noun, operation } from '../noun.ts';
import {
  type Attribute,
  type AttributeTable,
  attributeList,
  attributesFrom,
  between,
  flag,
  text,
} from './attributes.ts';
import { type ListenerRow, requireListener } from './rows.ts';

const responseHeaders = [
  'strict_transport_security',
  'access_control_allow_origin',
  'access_control_allow_methods',
  'access_control_allow_headers',
  'access_control_allow_credentials',
  'access_control_expose_headers',
  'access_control_max_age',
  'content_security_policy',
  'x_content_type_options',
  'x_frame_options',
];
const requestHeaders: Record<string, string> = {
  x_amzn_mtls_clientcert_serial_number: 'X-Amzn-Mtls-Clientcert-Serial-Number',
  x_amzn_mtls_clientcert_issuer: 'X-Amzn-Mtls-Clientcert-Issuer',
  x_amzn_mtls_clientcert_subject: 'X-Amzn-Mtls-Clientcert-Subject',
  x_amzn_mtls_clientcert_validity: 'X-Amzn-Mtls-Clientcert-Validity',
  x_amzn_mtls_clientcert_leaf: 'X-Amzn-Mtls-Clientcert-Leaf',
  x_amzn_mtls_clientcert: 'X-Amzn-Mtls-Clientcert',
  x_amzn_tls_version: 'X-Amzn-Tls-Version',
  x_amzn_tls_cipher_suite: 'X-Amzn-Tls-Cipher-Suite',
};

/** Attributes from AWS's page about `ListenerAttribute`. */
const http: AttributeTable = {
  'routing.http.response.server.enabled': flag(true),
  ...Object.fromEntries(
    responseHeaders.map((name): [string, Attribute] => [`routing.http.response.${name}.header_value`, text]),
  ),
};
const https: AttributeTable = {
  ...http,
  ...Object.fromEntries(
    Object.entries(requestHeaders).map(([name, header]): [string, Attribute] => [
      `routing.http.request.${name}.header_name`,
      { initial: header, values: 'text' },
    ]),
  ),
};
const tcp: AttributeTable = { 'tcp.idle_timeout.seconds': between(60, 6000, 350) };

function tableOf({ protocol }: ListenerRow): AttributeTable {
  if (protocol === 'HTTPS') return https;
  if (protocol === 'HTTP') return http;
  return protocol === 'TCP' ? tcp : {};
}

export const listenerAttributes: Noun = {
  service: 'elbv2',
  operations: {
    DescribeListenerAttributes: operation<
      DescribeListenerAttributesCommandInput,
      DescribeListenerAttributesCommandOutput
    >(['ListenerArn'], (scope, { ListenerArn = '' }) => {
      const row = requireListener(scope, ListenerArn);
      return { Attributes: attributeList(tableOf(row), row.attributes) };
    }),
    ModifyListenerAttributes: operation<ModifyListenerAttributesCommandInput, ModifyListenerAttributesCommandOutput>(
      ['ListenerArn', 'Attributes'],
      (scope, { ListenerArn = '', Attributes = [] }) => {
        const row = requireListener(scope, ListenerArn);
        const table = tableOf(row);
        Object.assign(row.attributes, attributesFrom('Listener', Attributes, table, [https, tcp]));
        return { Attributes: attributeList(table, row.attributes) };
      },
    ),
  },
};
