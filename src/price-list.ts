import { GetProductsCommand, type PricingClient } from '@aws-sdk/client-pricing';
import { hoursPerMonth } from './prices.ts';

/** Where one item of the price table stands in AWS's price list. */
interface Place {
  readonly service: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The end of `usagetype`, whose beginning is the region's. Dearer variants of the same thing end otherwise. */
  readonly usage: RegExp;
}

/** The regions in which the price list answers. It has the prices of all. */
export const priceListRegion = 'us-east-1';

function placeOf(item: string): Place | undefined {
  const [kind = '', ...rest] = item.split(':');
  const instanceType = rest.at(-1) ?? '';
  const usage = (text: string) => new RegExp(`^([A-Z0-9]+-)?${text.replaceAll('.', '\\.')}$`);
  switch (kind) {
    case 'ec2':
      return {
        service: 'AmazonEC2',
        attributes: {
          instanceType,
          operatingSystem: 'Linux',
          preInstalledSw: 'NA',
          tenancy: 'Shared',
          capacitystatus: 'Used',
        },
        usage: usage(`BoxUsage:${instanceType}`),
      };
    case 'rds':
      return {
        service: 'AmazonRDS',
        attributes: { instanceType, databaseEngine: 'Aurora MySQL' },
        usage: usage(`InstanceUsage:${instanceType}`),
      };
    case 'cache':
      return {
        service: 'AmazonElastiCache',
        attributes: { instanceType, cacheEngine: rest[0] === 'valkey' ? 'Valkey' : 'Redis' },
        usage: usage(`NodeUsage:${instanceType}`),
      };
    case 'nat':
      return {
        service: 'AmazonEC2',
        attributes: { productFamily: 'NAT Gateway' },
        usage: usage('NatGateway-Hours'),
      };
    case 'ipv4':
      return {
        service: 'AmazonVPC',
        attributes: { group: 'VPCPublicIPv4Address' },
        usage: usage('PublicIPv4:InUseAddress'),
      };
    case 'alb':
      return {
        service: 'AWSELB',
        attributes: { productFamily: 'Load Balancer-Application' },
        usage: usage('LoadBalancerUsage'),
      };
    case 'gp3':
      return { service: 'AmazonEC2', attributes: { volumeApiName: 'gp3' }, usage: usage('EBS:VolumeUsage.gp3') };
    case 'snapshot':
      return {
        service: 'AmazonEC2',
        attributes: { productFamily: 'Storage Snapshot' },
        usage: usage('EBS:SnapshotUsage'),
      };
    default:
      return undefined;
  }
}

/** One line of the price list, as far as it matters here. */
interface Listed {
  product?: { attributes?: Record<string, string> };
  terms?: {
    OnDemand?: Record<string, { priceDimensions?: Record<string, { unit?: string; pricePerUnit?: { USD?: string } }> }>;
  };
}

/**
 * Today's on-demand price of an item in a region, US dollars an hour. Undefined where the price list has no line for it,
 * or several at different prices.
 */
export async function listPrice(client: PricingClient, region: string, item: string): Promise<number | undefined> {
  const place = placeOf(item);
  if (!place) return undefined;
  const wanted = { regionCode: region, ...place.attributes };
  const Filters = Object.entries(wanted).map(([Field, Value]) => ({ Type: 'TERM_MATCH' as const, Field, Value }));
  const found = new Set<number>();
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new GetProductsCommand({ ServiceCode: place.service, Filters, ...(NextToken ? { NextToken } : {}) }),
    );
    for (const text of page.PriceList ?? []) {
      const listed = JSON.parse(String(text)) as Listed;
      if (place.usage.test(listed.product?.attributes?.usagetype ?? ''))
        for (const one of hourly(listed)) found.add(one);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  const [price, ...others] = found;
  return others.length === 0 ? price : undefined;
}

function hourly({ terms }: Listed): number[] {
  const dimensions = Object.values(terms?.OnDemand ?? {}).flatMap(({ priceDimensions = {} }) =>
    Object.values(priceDimensions),
  );
  return dimensions.flatMap(({ unit = '', pricePerUnit }) => {
    const price = Number(pricePerUnit?.USD);
    // Lines at nothing are for capacity that was paid for otherwise.
    if (!(price > 0)) return [];
    return [/^gb-mo/i.test(unit) ? price / hoursPerMonth : price];
  });
}
