import type { Config } from './config/schema.ts';

/**
 * On-demand list prices of us-west-2 in US dollars (us-east-1 charges the same), from the price lists that AWS
 * publishes. A table, not a request: `plan` must answer without credentials. Traffic, load balancer capacity units and
 * Aurora's requests depend on use and are left out.
 */
export const prices = {
  /** The day of the oldest price list that went into the table. */
  asOf: '2026-08-01',
  region: 'us-west-2',
  currency: 'USD',
  hourly: hourlyTable(),
  /** For each GiB and month. */
  monthly: {
    'gp3:GiB': 0.08,
    'snapshot:GiB': 0.05,
    'efs:GiB': 0.3,
    's3:GiB': 0.023,
    'aurora:GiB': 0.1,
  } as Readonly<Record<string, number>>,
} as const;

/** AWS's own convention for a month of hours. */
export const hoursPerMonth = 730;

/**
 * `ec2:t3.micro`, `rds:db.t4g.medium`, `cache:valkey:cache.t4g.small`, `nat`, `ipv4`, `alb`, and `gp3:GiB` and the like
 * for each GiB. Undefined: not in the table.
 */
export function hourlyPrice(key: string): number | undefined {
  const monthly = prices.monthly[key];
  return prices.hourly[key] ?? (monthly === undefined ? undefined : monthly / hoursPerMonth);
}

/** What the settings alone decide: servers, database, cache, gateway, addresses and volumes. Undefined: a price is missing. */
export function monthlyEstimate({ vpc, bastion, nodes, database, cache }: Config): number | undefined {
  const items: [count: number, key: string][] = [
    [vpc === 'create' ? 1 : 0, 'nat'],
    [1, 'alb'],
    [vpc === 'create' ? 2 : 1, 'ipv4'],
    [1, `ec2:${bastion.instanceType}`],
    [2, `ec2:${nodes.instanceType}`],
    [bastion.volumeGiB + 2 * nodes.volumeGiB, 'gp3:GiB'],
    [1, `rds:${database.instanceClass}`],
    [1, `cache:${cache.engine}:${cache.nodeType}`],
  ];
  let hourly: number | undefined = 0;
  for (const [count, key] of items) {
    const price = hourlyPrice(key);
    hourly = hourly === undefined || price === undefined ? undefined : hourly + count * price;
  }
  return hourly === undefined ? undefined : hourly * hoursPerMonth;
}

function hourlyTable(): Readonly<Record<string, number>> {
  const ec2 = {
    't3.nano': 0.0052,
    't3.micro': 0.0104,
    't3.small': 0.0208,
    't3.medium': 0.0416,
    't3.large': 0.0832,
    't3.xlarge': 0.1664,
    't3.2xlarge': 0.3328,
    'm5.large': 0.096,
    'm5.xlarge': 0.192,
    'm6i.large': 0.096,
    'm6i.xlarge': 0.192,
  };
  const rds = {
    'db.t3.medium': 0.082,
    'db.t3.large': 0.164,
    'db.t4g.medium': 0.073,
    'db.t4g.large': 0.146,
    'db.r5.large': 0.29,
    'db.r6g.large': 0.26,
  };
  const redis = {
    'cache.t4g.micro': 0.016,
    'cache.t4g.small': 0.032,
    'cache.t4g.medium': 0.065,
    'cache.r6g.large': 0.206,
  };
  const valkey = {
    'cache.t4g.micro': 0.0128,
    'cache.t4g.small': 0.0256,
    'cache.t4g.medium': 0.052,
    'cache.r6g.large': 0.1648,
  };
  return {
    nat: 0.045,
    ipv4: 0.005,
    alb: 0.0225,
    ...keyed('ec2', ec2),
    ...keyed('rds', rds),
    ...keyed('cache:redis', redis),
    ...keyed('cache:valkey', valkey),
  };
}

function keyed(prefix: string, table: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(table).map(([type, price]) => [`${prefix}:${type}`, price]));
}
