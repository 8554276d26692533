import type {
  CreateListenerCommandInput,
  CreateListenerCommandOutput,
  DeleteListenerCommandInput,
  DeleteListenerCommandOutput,
  DescribeListenersCommandInput,
  DescribeListenersCommandOutput,
  Listener,
  ModifyListenerCommandInput,
  ModifyListenerCommandOutput,
  ProtocolEnum,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { actionsFor } from './actions.ts';
import { requireCertificate } from './certificates.ts';
import { beginToForward, removeListener } from './forwarding.ts';
import { elbPage } from './pages.ts';
import {
  type ListenerRow,
  type LoadBalancerRow,
  listenerTable,
  pathOf,
  requireListener,
  requireLoadBalancer,
  ruleTable,
} from './rows.ts';
import { checkSslPolicy, defaultSslPolicy } from './ssl-policies.ts';
import { tagsFrom } from './tags.ts';

/** Quota L-B6DF7632. */
const listenersPerLoadBalancer = 50;

const protocols = { application: ['HTTP', 'HTTPS'], network: ['TCP', 'TLS', 'UDP', 'TCP_UDP'] };
const alpnPolicies = ['HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred', 'None'];

function describe(row: ListenerRow): Listener {
  const [first] = row.certificates;
  return {
    ListenerArn: row.listenerArn,
    LoadBalancerArn: row.loadBalancerArn,
    Port: row.port,
    Protocol: row.protocol as ProtocolEnum,
    DefaultActions: row.defaultActions,
    ...(first === undefined ? {} : { Certificates: [{ CertificateArn: first }] }),
    ...(row.sslPolicy === undefined ? {} : { SslPolicy: row.sslPolicy }),
    ...(row.alpnPolicy === undefined ? {} : { AlpnPolicy: row.alpnPolicy }),
    ...(row.mutualAuthentication === undefined ? {} : { MutualAuthentication: row.mutualAuthentication }),
  };
}

type Settings = Omit<ListenerRow, 'listenerArn' | 'loadBalancerArn' | 'attributes' | 'tags'>;

/** `before` with what the call gives, or AWS's refusal of the result. */
function settingsFor(
  scope: Scope,
  loadBalancer: LoadBalancerRow,
  {
    Protocol,
    Port,
    SslPolicy,
    Certificates,
    DefaultActions,
    AlpnPolicy,
    MutualAuthentication,
  }: Omit<ModifyListenerCommandInput, 'ListenerArn'>,
  before?: ListenerRow,
): Settings {
  const protocol = Protocol ?? before?.protocol;
  const port = Port ?? before?.port;
  if (protocol === undefined) throw refusal('ValidationError', 'A listener protocol must be specified');
  if (port === undefined) throw refusal('ValidationError', 'A listener port must be specified');
  const allowed = protocols[loadBalancer.type];
  if (!allowed.includes(protocol))
    throw refusal('ValidationError', `Listener protocol '${protocol}' must be one of '${allowed.join(', ')}'`);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw refusal('ValidationError', `Listener port '${port}' must be in the range 1-65535`);
  const secured = protocol === 'HTTPS' || protocol === 'TLS';
  if (!secured && (SslPolicy !== undefined || Certificates?.length))
    throw refusal('ValidationError', `Certificates and SSL policies are not supported on ${protocol} listeners`);
  if (!secured && (AlpnPolicy?.length || MutualAuthentication))
    throw refusal(
      'InvalidConfigurationRequest',
      `ALPN and mutual authentication are not supported on ${protocol} listeners`,
    );
  const alpn = AlpnPolicy ?? before?.alpnPolicy;
  if (AlpnPolicy?.some((name) => !alpnPolicies.includes(name)))
    throw refusal('ALPNPolicyNotFound', `ALPN policy '${AlpnPolicy.join()}' not found`);
  if (MutualAuthentication && MutualAuthentication.Mode !== 'off' && MutualAuthentication.Mode !== 'passthrough')
    throw refusal(
      'TrustStoreNotFound',
      'The simulated account has no trust stores: mutual authentication is off or passthrough',
    );
  const defaultActions =
    DefaultActions || !before ? actionsFor(scope, DefaultActions, loadBalancer, protocol) : before.defaultActions;
  return {
    port,
    protocol,
    certificates: secured ? certificatesFor(scope, Certificates, before, protocol) : [],
    ...(secured ? { sslPolicy: sslPolicyFor(SslPolicy ?? before?.sslPolicy) } : {}),
    ...(secured && alpn?.length ? { alpnPolicy: alpn } : {}),
    ...(protocol === 'HTTPS'
      ? { mutualAuthentication: MutualAuthentication ?? before?.mutualAuthentication ?? { Mode: 'off' } }
      : {}),
    defaultActions,
  };
}

function sslPolicyFor(name = defaultSslPolicy): string {
  checkSslPolicy(name);
  return name;
}

function certificatesFor(
  scope: Scope,
  given: ModifyListenerCommandInput['Certificates'],
  before: ListenerRow | undefined,
  protocol: string,
): string[] {
  const [certificate, ...others] = given ?? [];
  if (others.length > 0) throw refusal('ValidationError', 'You must specify exactly one certificate');
  if (certificate) {
    const arn = requireCertificate(scope, certificate);
    return [arn, ...(before?.certificates.slice(1).filter((other) => other !== arn) ?? [])];
  }
  if (before?.certificates.length) return before.certificates;
  throw refusal('ValidationError', `A certificate must be specified for ${protocol} listeners`);
}

function listenersOf(scope: Scope, loadBalancerArn: string): ListenerRow[] {
  return listenerTable(scope)
    .all()
    .filter((row) => row.loadBalancerArn === loadBalancerArn);
}

function duplicate({ loadBalancerArn }: LoadBalancerRow) {
  return refusal(
    'DuplicateListener',
    `A listener already exists on this port for this load balancer '${loadBalancerArn}'`,
  );
}

const parameters = [
  'Protocol',
  'Port',
  'SslPolicy',
  'Certificates',
  'DefaultActions',
  'AlpnPolicy',
  'MutualAuthentication',
] as const;

export const listeners: Noun = {
  service: 'elbv2',
  operations: {
    CreateListener: operation<CreateListenerCommandInput, CreateListenerCommandOutput>(
      ['LoadBalancerArn', 'Tags', ...parameters],
      (scope, { LoadBalancerArn = '', Tags, ...given }) => {
        const loadBalancer = requireLoadBalancer(scope, LoadBalancerArn);
        const settings = settingsFor(scope, loadBalancer, given);
        const tags = tagsFrom(Tags);
        const others = listenersOf(scope, LoadBalancerArn);
        const existing = others.find(({ port }) => port === settings.port);
        if (existing) {
          if (JSON.stringify(describe({ ...existing, ...settings })) === JSON.stringify(describe(existing)))
            return { Listeners: [describe(existing)] };
          throw duplicate(loadBalancer);
        }
        if (others.length >= listenersPerLoadBalancer)
          throw refusal('TooManyListeners', 'The maximum number of listeners per load balancer has been reached');
        beginToForward(scope, settings.defaultActions);
        const listenerArn = scope.arn('elasticloadbalancing', `listener/${pathOf(LoadBalancerArn)}/${scope.hex(16)}`);
        const row = listenerTable(scope).insert(listenerArn, {
          listenerArn,
          loadBalancerArn: LoadBalancerArn,
          ...settings,
          attributes: {},
          tags,
        });
        const ruleArn = scope.arn('elasticloadbalancing', `listener-rule/${pathOf(listenerArn)}/${scope.hex(16)}`);
        const rule = { ruleArn, listenerArn, conditions: [], actions: [], transforms: [], tags: {} };
        ruleTable(scope).insert(ruleArn, { ...rule, priority: 'default' });
        return { Listeners: [describe(row)] };
      },
    ),
    DescribeListeners: operation<DescribeListenersCommandInput, DescribeListenersCommandOutput>(
      ['LoadBalancerArn', 'ListenerArns', 'Marker', 'PageSize'],
      (scope, { LoadBalancerArn, ListenerArns, ...paging }) => {
        if (LoadBalancerArn !== undefined && ListenerArns?.length)
          throw refusal(
            'ValidationError',
            'Listener ARNs and a load balancer ARN cannot be specified at the same time',
          );
        if (LoadBalancerArn === undefined && !ListenerArns?.length)
          throw refusal('ValidationError', 'You must specify either listener ARNs or a load balancer ARN');
        const rows =
          LoadBalancerArn === undefined
            ? (ListenerArns ?? []).map((arn) => requireListener(scope, arn))
            : listenersOf(scope, requireLoadBalancer(scope, LoadBalancerArn ?? '').loadBalancerArn).filter(
                ({ listenerArn }) => listenerTable(scope).get(listenerArn),
              );
        const { page, next } = elbPage(rows, paging);
        return { Listeners: page.map(describe), NextMarker: next };
      },
    ),
    ModifyListener: operation<ModifyListenerCommandInput, ModifyListenerCommandOutput>(
      ['ListenerArn', ...parameters],
      (scope, { ListenerArn = '', ...given }) => {
        const row = requireListener(scope, ListenerArn);
        const loadBalancer = requireLoadBalancer(scope, row.loadBalancerArn);
        const settings = settingsFor(scope, loadBalancer, given, row);
        if (
          listenersOf(scope, row.loadBalancerArn).some(
            ({ port, listenerArn }) => port === settings.port && listenerArn !== ListenerArn,
          )
        )
          throw duplicate(loadBalancer);
        beginToForward(scope, settings.defaultActions);
        for (const gone of ['sslPolicy', 'alpnPolicy', 'mutualAuthentication'] as const) delete row[gone];
        Object.assign(row, settings);
        return { Listeners: [describe(row)] };
      },
    ),
    DeleteListener: operation<DeleteListenerCommandInput, DeleteListenerCommandOutput>(
      ['ListenerArn'],
      (scope, { ListenerArn = '' }) => {
        removeListener(scope, requireListener(scope, ListenerArn).listenerArn);
        return {};
      },
    ),
  },
};
