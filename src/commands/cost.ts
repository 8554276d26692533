import { PricingClient } from '@aws-sdk/client-pricing';
import { awsCode } from '../aws-errors.ts';
import type { Config } from '../config.ts';
import type { AnyResource } from '../engine/resource.ts';
import { exitCodes } from '../errors.ts';
import { isKind, journals, momentOf } from '../journal.ts';
import { listPrice, priceListRegion } from '../price-list.ts';
import { hourlyPrice, hoursPerMonth, prices } from '../prices.ts';
import { connect } from '../session.ts';
import type { State } from '../state.ts';
import { steps } from '../steps/index.ts';
import { Traffic } from '../traffic.ts';
import { duration, hanging, spoken, stepLabel, usd } from '../ui/format.ts';
import type { CommandIo } from './command-io.ts';
import { type DeploymentFiles, type DeploymentFlags, openFiles } from './deployment.ts';

/** One line of the price list. */
export interface CostLine {
  readonly key: string;
  readonly step: number;
  /** A key of the price table, as `ec2:t3.large`. */
  readonly item: string;
  readonly count: number;
  /** US dollars; null where the table has no price. */
  readonly costPerHour: number | null;
  readonly costPerMonth: number | null;
}

/** What exists, or existed, and what it has cost at the list prices and settings of today. */
interface Spent {
  readonly since: string;
  readonly costPerHour: number;
  readonly spent: number;
  readonly resources: readonly {
    readonly key: string;
    readonly since: string;
    /** Null: it still exists. */
    readonly until: string | null;
    readonly costPerHour: number;
    readonly spent: number;
  }[];
}

export interface CostFlags extends DeploymentFlags {
  readonly refresh?: boolean;
}

type PriceOf = (item: string) => number | undefined;

/** A price list of what the settings ask for, and what was spent so far. Asks nobody, unless told to with `--refresh`. */
export async function cost(io: CommandIo, flags: CostFlags): Promise<number> {
  const files = await openFiles(io, flags);
  const { config, graph, state, folder, world } = files;
  const items = [...graph.values()].flatMap((one) => itemsOf(config, one));
  const fresh = flags.refresh ? await pricesOfToday(files, [...new Set(items)]) : undefined;
  const priceOf: PriceOf = (item) => fresh?.get(item) ?? hourlyPrice(item);
  const lines = [...graph.values()].flatMap((one) => costLines(config, one, priceOf));
  const spent = spentSoFar({ folder, state, config, priceOf, now: world.clock.now() });
  const costPerHour = lines.reduce((sum, one) => sum + (one.costPerHour ?? 0), 0);
  const data = {
    region: config.region,
    currency: prices.currency,
    ...(fresh
      ? { pricesAsOf: new Date().toISOString().slice(0, 10), pricesRegion: config.region }
      : { pricesAsOf: prices.asOf, pricesRegion: prices.region }),
    items: lines,
    costPerHour: rounded(costPerHour),
    costPerMonth: rounded(costPerHour * hoursPerMonth),
    ...(spent === undefined ? {} : { existing: spent }),
  };
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'cost', ok: true, data }));
  else print(files, data);
  return exitCodes.ok;
}

/** Items of the price table that a resource's price is made of: it states its price as a function of the table. */
function itemsOf(config: Config, resource: AnyResource): string[] {
  const asked = new Set<string>();
  resource.hourlyUsd?.({ config, prices: (item) => void asked.add(item) });
  return [...asked];
}

/** A line for each item of one resource. A table with a single price in it tells how many of that item there are. */
function costLines(config: Config, resource: AnyResource, priceOf: PriceOf): CostLine[] {
  const step = steps.find(({ resources }) => resources.some(({ key }) => key === resource.key))?.number ?? 0;
  return itemsOf(config, resource).map((item) => {
    const count = resource.hourlyUsd!({ config, prices: (one) => (one === item ? 1 : 0) });
    const price = priceOf(item);
    return {
      key: resource.key,
      step,
      item,
      count,
      costPerHour: price === undefined ? null : rounded(count * price),
      costPerMonth: price === undefined ? null : rounded(count * price * hoursPerMonth),
    };
  });
}

/** From AWS's price list, for the region of the settings. What it does not answer keeps the price of the table. */
async function pricesOfToday({ io, world, config }: DeploymentFiles, items: string[]): Promise<Map<string, number>> {
  const client = connect(world, new Traffic(), new PricingClient({ ...world.clientConfig, region: priceListRegion }));
  const found = new Map<string, number>();
  await Promise.all(
    items.map(async (item) => {
      try {
        const price = await listPrice(client, config.region, item);
        if (price !== undefined) found.set(item, price);
        else io.note(`Note: AWS's price list has no one price for ${item} in ${config.region}; the table's stands.`);
      } catch (error) {
        io.note(`Note: AWS's price list did not answer for ${item} (${awsCode(error)}); the table's price stands.`);
      }
    }),
  );
  return found;
}

interface Lifetime {
  start: number;
  end: number | undefined;
}

/** From the journals of all runs; what none of them tells of, as after a rebuilt state, from the state. */
function spentSoFar({
  folder,
  state,
  config,
  priceOf,
  now,
}: {
  folder: string;
  state: State | undefined;
  config: Config;
  priceOf: PriceOf;
  now: number;
}): Spent | undefined {
  const priced = new Map(
    steps
      .flatMap(({ resources }) => resources)
      .map((one): [string, number] => [one.key, one.hourlyUsd?.({ config, prices: priceOf }) ?? 0])
      .filter(([, hourly]) => hourly > 0),
  );
  const lives = new Map<string, Lifetime[]>();
  for (const event of journals(folder).flatMap(({ events }) => events)) {
    if (isKind(event, 'resource.start') && event.verb === 'create') {
      const known = lives.get(event.resource) ?? [];
      const open = known.at(-1);
      // A run that goes on with what another began does not begin it anew.
      if (!open || open.end !== undefined) known.push({ start: momentOf(event), end: undefined });
      lives.set(event.resource, known);
    } else if (isKind(event, 'resource.done') && event.outcome === 'destroyed') {
      const open = lives.get(event.resource)?.at(-1);
      if (open) open.end ??= momentOf(event);
    }
  }
  const resources: Spent['resources'][number][] = [];
  for (const [key, costPerHour] of priced) {
    const known = lives.get(key) ?? [];
    const row = state?.row(key);
    if (row?.identity && known.every(({ end }) => end !== undefined))
      known.push({ start: Date.parse(row.since), end: undefined });
    for (const { start, end } of known) {
      // Begun, and neither in the state nor destroyed: it never came to be.
      if (end === undefined && !row?.identity) continue;
      resources.push({
        key,
        since: new Date(start).toISOString(),
        until: end === undefined ? null : new Date(end).toISOString(),
        costPerHour: rounded(costPerHour),
        spent: rounded((Math.max(0, (end ?? now) - start) / 3_600_000) * costPerHour),
      });
    }
  }
  if (resources.length === 0) return undefined;
  const alive = resources.filter(({ until }) => until === null);
  return {
    since: resources.map(({ since }) => since).sort()[0]!,
    costPerHour: rounded(alive.reduce((sum, one) => sum + one.costPerHour, 0)),
    spent: rounded(resources.reduce((sum, one) => sum + one.spent, 0)),
    resources,
  };
}

function print(
  { io: { out, columns }, world, again }: DeploymentFiles,
  data: {
    items: readonly CostLine[];
    costPerHour: number;
    costPerMonth: number;
    pricesAsOf: string;
    pricesRegion: string;
    existing?: Spent;
    region: string;
  },
) {
  const row = (label: string, item: string, hour: string, month: string) =>
    out(`${label.padEnd(22)}  ${item.padEnd(28)} ${hour.padStart(9)} ${month.padStart(9)}`);
  row('STEP', '', 'an hour', 'a month');
  for (const { key, step, item, count, costPerHour, costPerMonth } of data.items)
    row(
      stepLabel(step, spoken(key)),
      itemText(item, count),
      costPerHour === null ? 'no price' : `$${costPerHour.toFixed(4)}`,
      costPerMonth === null ? 'no price' : `$${costPerMonth.toFixed(2)}`,
    );
  row('    together', '', `$${data.costPerHour.toFixed(4)}`, `$${data.costPerMonth.toFixed(2)}`);
  const width = columns ?? 120;
  const missing = data.items.some(({ costPerHour }) => costPerHour === null);
  out('');
  out(
    hanging(
      '',
      `List prices of ${data.pricesAsOf} for ${data.pricesRegion}${data.region === data.pricesRegion ? '' : `; ${data.region} has others (--refresh)`}. ` +
        'Traffic, load balancer capacity, requests and what is stored come on top.' +
        (missing ? ' What has no price here is not in the sum.' : ''),
      width,
    ),
  );
  const { existing } = data;
  if (!existing) return;
  const { since, costPerHour, spent } = existing;
  const age = duration((world.clock.now() - Date.parse(since)) / 1000);
  const begun = `${since.slice(0, 16).replace('T', ' ')} UTC`;
  out('');
  out(
    hanging(
      '',
      `${world.kind === 'simulated' ? 'Rehearsed' : 'Existing'} since ${begun} (${age}): ${usd(spent)} so far. ` +
        (costPerHour > 0
          ? `It goes on with ${usd(costPerHour)} an hour, ${usd(costPerHour * 24)} a day, until "${again('destroy')}".`
          : 'Nothing of it exists any more.'),
      width,
    ),
  );
}

const itemNames: Readonly<Record<string, string>> = {
  nat: 'NAT gateway',
  ipv4: 'public IPv4 address',
  alb: 'load balancer',
  'gp3:GiB': 'GiB of gp3 volume',
  'snapshot:GiB': 'GiB of snapshot',
};

function itemText(item: string, count: number): string {
  const name = itemNames[item] ?? item.split(':').at(-1)!;
  return count === 1 ? name : `${count} ${name}`;
}

function rounded(amount: number): number {
  return Number(amount.toFixed(6));
}
