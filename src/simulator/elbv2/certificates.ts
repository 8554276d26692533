import type {
  AddListenerCertificatesCommandInput,
  AddListenerCertificatesCommandOutput,
  Certificate,
  DescribeListenerCertificatesCommandInput,
  DescribeListenerCertificatesCommandOutput,
  RemoveListenerCertificatesCommandInput,
  RemoveListenerCertificatesCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { elbPage } from './pages.ts';
import { type ListenerRow, requireListener } from './rows.ts';

/** Quota L-8D6EAAE6, without the default certificate. */
const certificatesPerListener = 25;

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The certificate's ARN, or AWS's `CertificateNotFound`. The simulated account has no Certificate Manager: a certificate
 * of this account and region under a random (version 4) UUID, as Certificate Manager gives them, counts as issued.
 */
export function requireCertificate(scope: Scope, { CertificateArn = '' }: Certificate): string {
  const prefix = scope.arn('acm', 'certificate/');
  if (!CertificateArn.startsWith(prefix) || !uuid4.test(CertificateArn.slice(prefix.length)))
    throw refusal('CertificateNotFound', `Certificate '${CertificateArn}' not found`);
  return CertificateArn;
}

function securedListener(scope: Scope, arn: string): ListenerRow {
  const row = requireListener(scope, arn);
  if (row.protocol !== 'HTTPS' && row.protocol !== 'TLS')
    throw refusal('OperationNotPermitted', `Certificates are not supported on ${row.protocol} listeners`);
  return row;
}

function only(Certificates: Certificate[]): Certificate {
  const [first, ...others] = Certificates;
  if (!first || others.length > 0) throw refusal('ValidationError', 'You must specify exactly one certificate');
  if (first.IsDefault !== undefined) throw refusal('ValidationError', 'You cannot set IsDefault for a certificate');
  return first;
}

export const listenerCertificates: Noun = {
  service: 'elbv2',
  operations: {
    AddListenerCertificates: operation<AddListenerCertificatesCommandInput, AddListenerCertificatesCommandOutput>(
      ['ListenerArn', 'Certificates'],
      (scope, { ListenerArn = '', Certificates = [] }) => {
        const row = securedListener(scope, ListenerArn);
        const arn = requireCertificate(scope, only(Certificates));
        if (!row.certificates.includes(arn)) {
          if (row.certificates.length > certificatesPerListener)
            throw refusal('TooManyCertificates', 'The maximum number of certificates per listener has been reached');
          row.certificates.push(arn);
        }
        return { Certificates: [{ CertificateArn: arn, IsDefault: row.certificates[0] === arn }] };
      },
    ),
    DescribeListenerCertificates: operation<
      DescribeListenerCertificatesCommandInput,
      DescribeListenerCertificatesCommandOutput
    >(['ListenerArn', 'Marker', 'PageSize'], (scope, { ListenerArn = '', ...paging }) => {
      const { page, next } = elbPage(requireListener(scope, ListenerArn).certificates, paging);
      const [first] = requireListener(scope, ListenerArn).certificates;
      return {
        Certificates: page.map((CertificateArn) => ({ CertificateArn, IsDefault: CertificateArn === first })),
        NextMarker: next,
      };
    }),
    RemoveListenerCertificates: operation<
      RemoveListenerCertificatesCommandInput,
      RemoveListenerCertificatesCommandOutput
    >(['ListenerArn', 'Certificates'], (scope, { ListenerArn = '', Certificates = [] }) => {
      const row = securedListener(scope, ListenerArn);
      const { CertificateArn } = only(Certificates);
      if (row.certificates[0] === CertificateArn)
        throw refusal('OperationNotPermitted', 'The default certificate of a listener cannot be removed');
      row.certificates = row.certificates.filter((arn) => arn !== CertificateArn);
      return {};
    }),
  },
};
