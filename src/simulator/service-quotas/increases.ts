import type {
  GetRequestedServiceQuotaChangeCommandInput,
  GetRequestedServiceQuotaChangeCommandOutput,
  ListRequestedServiceQuotaChangeHistoryByQuotaCommandInput,
  ListRequestedServiceQuotaChangeHistoryByQuotaCommandOutput,
  ListRequestedServiceQuotaChangeHistoryCommandInput,
  ListRequestedServiceQuotaChangeHistoryCommandOutput,
  RequestedServiceQuotaChange,
  RequestServiceQuotaIncreaseCommandInput,
  RequestServiceQuotaIncreaseCommandOutput,
} from '@aws-sdk/client-service-quotas';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { callerArn } from '../sts/identity.ts';
import { appliedValue, quotaId, quotaValues, serviceNames } from './quota-table.ts';
import { quotaArn, quotaPage, requireQuota } from './quotas.ts';

interface IncreaseRow {
  id: string;
  service: string;
  code: string;
  desiredValue: number;
  status: 'PENDING' | 'CASE_OPENED' | 'APPROVED';
  /** Milliseconds. */
  created: number;
  lastUpdated: number;
}

/** AWS decides about small increases by itself, in some minutes. */
const decisionSeconds = 900;

function increaseTable(scope: Scope) {
  return scope.table<IncreaseRow>('service-quotas.increases');
}

function describe(scope: Scope, row: IncreaseRow): RequestedServiceQuotaChange {
  const quota = requireQuota(row.service, row.code);
  return {
    Id: row.id,
    ServiceCode: row.service,
    ServiceName: serviceNames[row.service] ?? row.service,
    QuotaCode: row.code,
    QuotaName: quota.name,
    DesiredValue: row.desiredValue,
    Status: row.status,
    Created: new Date(row.created),
    LastUpdated: new Date(row.lastUpdated),
    Requester: JSON.stringify({ accountId: scope.accountId, callerArn: callerArn(scope) }),
    QuotaArn: quotaArn(scope, quota),
    GlobalQuota: quota.global ?? false,
    Unit: 'None',
    QuotaRequestedAtLevel: 'ACCOUNT',
  };
}

/** Requests for more than the account has. */
export const quotaIncreases: Noun = {
  service: 'service-quotas',
  operations: {
    RequestServiceQuotaIncrease: operation<
      RequestServiceQuotaIncreaseCommandInput,
      RequestServiceQuotaIncreaseCommandOutput
    >(
      ['ServiceCode', 'QuotaCode', 'DesiredValue', 'SupportCaseAllowed'],
      (scope, { ServiceCode, QuotaCode, DesiredValue = 0 }) => {
        const quota = requireQuota(ServiceCode, QuotaCode);
        if (quota.adjustable === false) throw refusal('IllegalArgumentException', 'The quota is not adjustable.');
        if (DesiredValue <= appliedValue(scope, quota))
          throw refusal(
            'IllegalArgumentException',
            'You must provide a quota value greater than the current quota value.',
          );
        const open = increaseTable(scope)
          .all()
          .some(
            ({ service, code, status }) => service === quota.service && code === quota.code && status !== 'APPROVED',
          );
        if (open)
          throw refusal(
            'ResourceAlreadyExistsException',
            'Only one open service quota increase request is allowed per quota.',
          );
        const id = `${scope.hex(32)}${scope.hex(8)}`;
        const row = increaseTable(scope).insert(id, {
          id,
          service: quota.service,
          code: quota.code,
          desiredValue: DesiredValue,
          status: 'PENDING',
          created: scope.now,
          lastUpdated: scope.now,
        });
        scope.after(decisionSeconds, 'quotaIncreased', { id });
        return { RequestedQuota: describe(scope, row) };
      },
    ),
    GetRequestedServiceQuotaChange: operation<
      GetRequestedServiceQuotaChangeCommandInput,
      GetRequestedServiceQuotaChangeCommandOutput
    >(['RequestId'], (scope, { RequestId }) => {
      const row = increaseTable(scope).get(RequestId);
      if (!row)
        throw refusal('NoSuchResourceException', 'The request failed because the specified request does not exist.');
      return { RequestedQuota: describe(scope, row) };
    }),
    ListRequestedServiceQuotaChangeHistory: operation<
      ListRequestedServiceQuotaChangeHistoryCommandInput,
      ListRequestedServiceQuotaChangeHistoryCommandOutput
    >(
      ['ServiceCode', 'Status', 'QuotaRequestedAtLevel', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, Status, ...input }) => {
        const rows = increaseTable(scope)
          .list()
          .filter(({ service, status }) => service === (ServiceCode ?? service) && status === (Status ?? status));
        const { page, ...more } = quotaPage(rows, input);
        return { RequestedQuotas: page.map((row) => describe(scope, row)), ...more };
      },
    ),
    ListRequestedServiceQuotaChangeHistoryByQuota: operation<
      ListRequestedServiceQuotaChangeHistoryByQuotaCommandInput,
      ListRequestedServiceQuotaChangeHistoryByQuotaCommandOutput
    >(
      ['ServiceCode', 'QuotaCode', 'Status', 'QuotaRequestedAtLevel', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, QuotaCode, Status, ...input }) => {
        const quota = requireQuota(ServiceCode, QuotaCode);
        const rows = increaseTable(scope)
          .list()
          .filter(
            ({ service, code, status }) =>
              service === quota.service && code === quota.code && status === (Status ?? status),
          );
        const { page, ...more } = quotaPage(rows, input);
        return { RequestedQuotas: page.map((row) => describe(scope, row)), ...more };
      },
    ),
  },
  events: {
    quotaIncreased(scope, { id }: { id: string }) {
      const row = increaseTable(scope).peek(id);
      if (!row) return;
      const quota = requireQuota(row.service, row.code);
      quotaValues(scope, quota).insert(quotaId(quota), { value: row.desiredValue });
      row.status = 'APPROVED';
      row.lastUpdated = scope.now;
    },
  },
};
