import { hourlyPrice } from '../prices.ts';

/** Tags that say whose a thing is. */
export interface Owner {
  /** `airflow-aws:stack` */
  readonly stack: string;
  /** `airflow-aws:name` */
  readonly name: string;
  /** `airflow-aws:resource`: the resource key. */
  readonly key: string;
}

/** Something in the account that carries our tags and is there now. */
export interface Belonging extends Owner {
  /** AWS's own name of its kind, as `ec2:instance`. */
  readonly type: string;
  readonly id: string;
  readonly arn?: string;
  /** US dollars by the list price; undefined where the table lacks a part of it. */
  readonly costPerHour: number | undefined;
  /** It came with something else and goes with it: a volume, a network interface, a node of a cache. */
  readonly companion: boolean;
}

/** Parts of a price: how many of which item of the price table. */
export type Priced = readonly (readonly [count: number, item: string])[];

export function sumOf(parts: Priced): number | undefined {
  let sum: number | undefined = 0;
  for (const [count, item] of parts) {
    const price = hourlyPrice(item);
    sum = sum === undefined || price === undefined ? undefined : sum + count * price;
  }
  return sum;
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Undefined for what is not ours. */
export function ownerIn(tags: readonly Tag[] | undefined): Owner | undefined {
  const value = (name: string) => tags?.find(({ Key }) => Key === `airflow-aws:${name}`)?.Value;
  const stack = value('stack');
  return stack === undefined ? undefined : { stack, name: value('name') ?? '', key: value('resource') ?? '' };
}
