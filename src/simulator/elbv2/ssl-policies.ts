import type {
  DescribeSSLPoliciesCommandInput,
  DescribeSSLPoliciesCommandOutput,
  SslPolicy,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { elbPage } from './pages.ts';

/** AWS's default for listeners made through its API. */
export const defaultSslPolicy = 'ELBSecurityPolicy-2016-08';

const tls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const forwardSecret = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
];
const forwardSecretOld = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES256-SHA',
];
const plain = ['AES128-GCM-SHA256', 'AES128-SHA256', 'AES256-GCM-SHA384', 'AES256-SHA256'];
const plainOld = ['AES128-SHA', 'AES256-SHA'];

const upTo12 = ['TLSv1', 'TLSv1.1', 'TLSv1.2'];
const everyOld = [...forwardSecret, ...forwardSecretOld, ...plain, ...plainOld];

/** Name → protocols and ciphers, from AWS's page of predefined security policies. */
const policies: Record<string, { protocols: string[]; ciphers: string[] }> = {
  'ELBSecurityPolicy-2016-08': { protocols: upTo12, ciphers: everyOld },
  'ELBSecurityPolicy-TLS13-1-2-2021-06': { protocols: ['TLSv1.2', 'TLSv1.3'], ciphers: [...tls13, ...forwardSecret] },
  'ELBSecurityPolicy-TLS13-1-2-Res-2021-06': {
    protocols: ['TLSv1.2', 'TLSv1.3'],
    ciphers: [...tls13, ...forwardSecret.filter((name) => name.includes('GCM'))],
  },
  'ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06': {
    protocols: ['TLSv1.2', 'TLSv1.3'],
    ciphers: [...tls13, ...forwardSecret, ...plain],
  },
  'ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06': { protocols: ['TLSv1.2', 'TLSv1.3'], ciphers: [...tls13, ...everyOld] },
  'ELBSecurityPolicy-TLS13-1-3-2021-06': { protocols: ['TLSv1.3'], ciphers: tls13 },
  'ELBSecurityPolicy-TLS13-1-1-2021-06': {
    protocols: ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    ciphers: [...tls13, ...everyOld],
  },
  'ELBSecurityPolicy-TLS13-1-0-2021-06': { protocols: [...upTo12, 'TLSv1.3'], ciphers: [...tls13, ...everyOld] },
  'ELBSecurityPolicy-TLS-1-2-2017-01': { protocols: ['TLSv1.2'], ciphers: [...forwardSecret, ...plain] },
  'ELBSecurityPolicy-TLS-1-2-Ext-2018-06': { protocols: ['TLSv1.2'], ciphers: everyOld },
  'ELBSecurityPolicy-TLS-1-1-2017-01': { protocols: ['TLSv1.1', 'TLSv1.2'], ciphers: everyOld },
  'ELBSecurityPolicy-FS-1-2-Res-2020-10': {
    protocols: ['TLSv1.2'],
    ciphers: forwardSecret.filter((name) => name.includes('GCM')),
  },
  'ELBSecurityPolicy-FS-1-2-Res-2019-08': { protocols: ['TLSv1.2'], ciphers: forwardSecret },
  'ELBSecurityPolicy-FS-1-2-2019-08': { protocols: ['TLSv1.2'], ciphers: [...forwardSecret, ...forwardSecretOld] },
  'ELBSecurityPolicy-FS-1-1-2019-08': {
    protocols: ['TLSv1.1', 'TLSv1.2'],
    ciphers: [...forwardSecret, ...forwardSecretOld],
  },
  'ELBSecurityPolicy-FS-2018-06': { protocols: upTo12, ciphers: [...forwardSecret, ...forwardSecretOld] },
  'ELBSecurityPolicy-TLS-1-0-2015-04': { protocols: upTo12, ciphers: [...everyOld, 'DES-CBC3-SHA'] },
};

function describe(name: string): SslPolicy {
  const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
  if (!policy) throw refusal('SSLPolicyNotFound', `SSL policy '${name}' not found`);
  return {
    Name: name,
    SslProtocols: policy.protocols,
    Ciphers: policy.ciphers.map((cipher, index) => ({ Name: cipher, Priority: index + 1 })),
    SupportedLoadBalancerTypes: ['application', 'network'],
  };
}

/** Refuses a policy that ELB does not have. */
export function checkSslPolicy(name: string) {
  describe(name);
}

export const sslPolicies: Noun = {
  service: 'elbv2',
  operations: {
    DescribeSSLPolicies: operation<DescribeSSLPoliciesCommandInput, DescribeSSLPoliciesCommandOutput>(
      ['Names', 'Marker', 'PageSize', 'LoadBalancerType'],
      (_scope, { Names, LoadBalancerType, ...paging }) => {
        const found = (Names?.length ? Names : Object.keys(policies)).map(describe);
        const { page, next } = elbPage(LoadBalancerType === 'gateway' ? [] : found, paging);
        return { SslPolicies: page, NextMarker: next };
      },
    ),
  },
};
