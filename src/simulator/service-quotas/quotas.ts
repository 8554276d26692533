import type {
  GetAWSDefaultServiceQuotaCommandInput,
  GetAWSDefaultServiceQuotaCommandOutput,
  GetServiceQuotaCommandInput,
  GetServiceQuotaCommandOutput,
  ListAWSDefaultServiceQuotasCommandInput,
  ListAWSDefaultServiceQuotasCommandOutput,
  ListServiceQuotasCommandInput,
  ListServiceQuotasCommandOutput,
  ListServicesCommandInput,
  ListServicesCommandOutput,
  ServiceQuota,
} from '@aws-sdk/client-service-quotas';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';
import { appliedValue, type Quota, quotas, serviceNames } from './quota-table.ts';

/** The quota, or `NoSuchResourceException`. */
export function requireQuota(service: string | undefined, code: string | undefined): Quota {
  checkService(service);
  const quota = quotas.find((one) => one.service === service && one.code === code);
  if (!quota)
    throw refusal(
      'NoSuchResourceException',
      'The request failed because the specified quota does not exist for the service.',
    );
  return quota;
}

function checkService(service = '') {
  if (!Object.hasOwn(serviceNames, service))
    throw refusal('NoSuchResourceException', 'The request failed because the specified service does not exist.');
}

export function quotaPage<Item>(
  items: readonly Item[],
  { MaxResults = 100, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
) {
  if (MaxResults < 1 || MaxResults > 100)
    throw refusal('IllegalArgumentException', `The value ${MaxResults} of MaxResults is not between 1 and 100`);
  const { page, next } = paged(items, MaxResults, NextToken, () =>
    refusal('InvalidPaginationTokenException', 'The pagination token is not valid.'),
  );
  return { page, ...(next === undefined ? {} : { NextToken: next }) };
}

export function quotaArn(scope: Scope, { service, code, global }: Quota): string {
  return scope.arn('servicequotas', `${service}/${code}`, global ? { region: '' } : {});
}

function describe(scope: Scope, quota: Quota, value: number, accountId = scope.accountId): ServiceQuota {
  return {
    ServiceCode: quota.service,
    ServiceName: serviceNames[quota.service] ?? quota.service,
    QuotaArn: quotaArn(scope, quota).replace(scope.accountId, accountId),
    QuotaCode: quota.code,
    QuotaName: quota.name,
    Value: value,
    Unit: 'None',
    Adjustable: quota.adjustable ?? true,
    GlobalQuota: quota.global ?? false,
    QuotaAppliedAtLevel: 'ACCOUNT',
  };
}

/** What the account may have, and what AWS gives to everybody at first. */
export const serviceQuotas: Noun = {
  service: 'service-quotas',
  operations: {
    GetServiceQuota: operation<GetServiceQuotaCommandInput, GetServiceQuotaCommandOutput>(
      ['ServiceCode', 'QuotaCode'],
      (scope, { ServiceCode, QuotaCode }) => {
        const quota = requireQuota(ServiceCode, QuotaCode);
        return { Quota: describe(scope, quota, appliedValue(scope, quota)) };
      },
    ),
    GetAWSDefaultServiceQuota: operation<GetAWSDefaultServiceQuotaCommandInput, GetAWSDefaultServiceQuotaCommandOutput>(
      ['ServiceCode', 'QuotaCode'],
      (scope, { ServiceCode, QuotaCode }) => {
        const quota = requireQuota(ServiceCode, QuotaCode);
        return { Quota: describe(scope, quota, quota.byDefault, '') };
      },
    ),
    ListServiceQuotas: operation<ListServiceQuotasCommandInput, ListServiceQuotasCommandOutput>(
      ['ServiceCode', 'QuotaCode', 'QuotaAppliedAtLevel', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, QuotaCode, QuotaAppliedAtLevel, ...paging }) => {
        checkService(ServiceCode);
        const found = quotas.filter(
          ({ service, code }) =>
            service === ServiceCode && code === (QuotaCode ?? code) && QuotaAppliedAtLevel !== 'RESOURCE',
        );
        const { page, ...more } = quotaPage(found, paging);
        return { Quotas: page.map((quota) => describe(scope, quota, appliedValue(scope, quota))), ...more };
      },
    ),
    ListAWSDefaultServiceQuotas: operation<
      ListAWSDefaultServiceQuotasCommandInput,
      ListAWSDefaultServiceQuotasCommandOutput
    >(['ServiceCode', 'MaxResults', 'NextToken'], (scope, { ServiceCode, ...paging }) => {
      checkService(ServiceCode);
      const { page, ...more } = quotaPage(
        quotas.filter(({ service }) => service === ServiceCode),
        paging,
      );
      return { Quotas: page.map((quota) => describe(scope, quota, quota.byDefault, '')), ...more };
    }),
    ListServices: operation<ListServicesCommandInput, ListServicesCommandOutput>(
      ['MaxResults', 'NextToken'],
      (_scope, paging) => {
        const { page, ...more } = quotaPage(Object.entries(serviceNames), paging);
        return { Services: page.map(([ServiceCode, ServiceName]) => ({ ServiceCode, ServiceName })), ...more };
      },
    ),
  },
};
