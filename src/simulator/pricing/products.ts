import type {
  DescribeServicesCommandInput,
  DescribeServicesCommandOutput,
  Filter,
  GetAttributeValuesCommandInput,
  GetAttributeValuesCommandOutput,
  GetProductsCommandInput,
  GetProductsCommandOutput,
  ListPriceListsCommandInput,
  ListPriceListsCommandOutput,
} from '@aws-sdk/client-pricing';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';
import { type Product, products } from './price-table.ts';

const endpoints = ['us-east-1', 'eu-central-1', 'ap-south-1'];
const published = '20260801000000';
const publicationDate = '2026-08-01T00:00:00Z';
/** Codes of AWS for an on-demand offer and its price for each hour or GB. */
const onDemand = 'JRTCKXETXF';
const rate = '6YS6EN2CT7';

/** The price list has an endpoint in few regions; anywhere else the host name does not exist. */
function checkEndpoint({ region }: Scope) {
  if (endpoints.includes(region)) return;
  const host = `api.pricing.${region}.amazonaws.com`;
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: host,
  });
}

function productsOf(serviceCode: string | undefined): Product[] {
  const found = products.filter(({ service }) => service === serviceCode);
  if (found.length === 0) throw refusal('InvalidParameterException', `Invalid Service Code: ${serviceCode}`);
  return found;
}

function page<Item>(
  items: readonly Item[],
  { MaxResults = 100, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
) {
  if (MaxResults < 1 || MaxResults > 100)
    throw refusal('InvalidParameterException', `MaxResults must be between 1 and 100, and is ${MaxResults}`);
  const { page: found, next } = paged(items, MaxResults, NextToken, () =>
    refusal('InvalidNextTokenException', 'The pagination token is invalid. Try again without a pagination token.'),
  );
  return { found, more: next === undefined ? {} : { NextToken: next } };
}

function valueOfField({ attributes, productFamily, sku }: Product, field: string): string | undefined {
  if (field === 'productFamily') return productFamily;
  if (field === 'sku') return sku;
  return Object.hasOwn(attributes, field) ? attributes[field] : undefined;
}

function passes(product: Product, { Type, Field = '', Value = '' }: Filter): boolean {
  const found = valueOfField(product, Field === 'ServiceCode' ? 'servicecode' : Field)?.toLowerCase();
  const wanted = Value.toLowerCase();
  const several = wanted.split(',').map((value) => value.trim());
  switch (Type) {
    case 'TERM_MATCH':
    case 'EQUALS':
      return found === wanted;
    case 'CONTAINS':
      return found?.includes(wanted) ?? false;
    case 'ANY_OF':
      return found !== undefined && several.includes(found);
    case 'NONE_OF':
      return found === undefined || !several.includes(found);
    default:
      throw refusal('InvalidParameterException', `Invalid filter type: ${Type}`);
  }
}

/** A product as the price list has it: JSON in a string. */
function listed({ service, sku, productFamily, attributes, unit, price, priceDescription }: Product): string {
  const offer = `${sku}.${onDemand}`;
  const dimension = {
    unit,
    endRange: 'Inf',
    description: priceDescription,
    appliesTo: [],
    rateCode: `${offer}.${rate}`,
    beginRange: '0',
    pricePerUnit: { USD: price.toFixed(10) },
  };
  return JSON.stringify({
    product: { productFamily, attributes, sku },
    serviceCode: service,
    terms: {
      OnDemand: {
        [offer]: {
          priceDimensions: { [dimension.rateCode]: dimension },
          sku,
          effectiveDate: publicationDate,
          offerTermCode: onDemand,
          termAttributes: {},
        },
      },
    },
    version: published,
    publicationDate,
  });
}

function attributeNames(serviceCode: string): string[] {
  const names = productsOf(serviceCode).flatMap(({ attributes }) => Object.keys(attributes));
  return [...new Set(['productFamily', ...names])].sort();
}

export const priceList: Noun = {
  service: 'pricing',
  operations: {
    GetProducts: operation<GetProductsCommandInput, GetProductsCommandOutput>(
      ['ServiceCode', 'Filters', 'FormatVersion', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, Filters = [], ...paging }) => {
        checkEndpoint(scope);
        const matching = productsOf(ServiceCode).filter((product) =>
          Filters.every((filter) => passes(product, filter)),
        );
        const { found, more } = page(matching, paging);
        return { FormatVersion: 'aws_v1', PriceList: found.map(listed), ...more };
      },
    ),
    DescribeServices: operation<DescribeServicesCommandInput, DescribeServicesCommandOutput>(
      ['ServiceCode', 'FormatVersion', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, ...paging }) => {
        checkEndpoint(scope);
        const codes = ServiceCode === undefined ? [...new Set(products.map(({ service }) => service))] : [ServiceCode];
        const described = codes.map((code) => ({ ServiceCode: code, AttributeNames: attributeNames(code) }));
        const { found, more } = page(described, paging);
        return { FormatVersion: 'aws_v1', Services: found, ...more };
      },
    ),
    GetAttributeValues: operation<GetAttributeValuesCommandInput, GetAttributeValuesCommandOutput>(
      ['ServiceCode', 'AttributeName', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, AttributeName = '', ...paging }) => {
        checkEndpoint(scope);
        const values = new Set(productsOf(ServiceCode).map((product) => valueOfField(product, AttributeName)));
        values.delete(undefined);
        if (values.size === 0) throw refusal('InvalidParameterException', `Invalid AttributeName: ${AttributeName}`);
        const { found, more } = page([...values].sort(), paging);
        return { AttributeValues: found.map((Value) => ({ Value: Value ?? '' })), ...more };
      },
    ),
    ListPriceLists: operation<ListPriceListsCommandInput, ListPriceListsCommandOutput>(
      ['ServiceCode', 'EffectiveDate', 'RegionCode', 'CurrencyCode', 'MaxResults', 'NextToken'],
      (scope, { ServiceCode, RegionCode, CurrencyCode, ...paging }) => {
        checkEndpoint(scope);
        if (CurrencyCode !== 'USD')
          throw refusal('InvalidParameterException', `Invalid currency code: ${CurrencyCode}`);
        const codes = new Set(productsOf(ServiceCode).map((product) => valueOfField(product, 'regionCode') ?? ''));
        const wanted = [...codes].filter((code) => code === (RegionCode ?? code));
        const { found, more } = page(wanted, paging);
        return {
          PriceLists: found.map((code) => ({
            PriceListArn: `arn:aws:pricing:::price-list/aws/${ServiceCode}/USD/${published}/${code}`,
            RegionCode: code,
            CurrencyCode: 'USD',
            FileFormats: ['json', 'csv'],
          })),
          ...more,
        };
      },
    ),
  },
};
