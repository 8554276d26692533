/** An IPv4 block as numbers: its first address and the length of its prefix. */
export interface Block {
  readonly first: number;
  readonly prefix: number;
}

/** Of `a.b.c.d/n`, or `a.b.c.d` for a single address, which must be well formed. Host bits are dropped. */
export function blockOf(text: string): Block {
  const [address = '', prefix = '32'] = text.split('/');
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(prefix));
  return { first: Math.floor(number / size) * size, prefix: Number(prefix) };
}

function blockText({ first, prefix }: Block): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefix}`;
}

/** The block as AWS would store it: `10.0.1.7/24` → `10.0.1.0/24`, `203.0.113.7` → `203.0.113.7/32`. */
export function canonicalCidr(text: string): string {
  return blockText(blockOf(text));
}

export function contains(outer: Block, inner: Block): boolean {
  return inner.first >= outer.first && end(inner) <= end(outer);
}

export function overlap(one: Block, other: Block): boolean {
  return one.first < end(other) && other.first < end(one);
}

/** Three subnets inside a VPC, laid out as the tutorial does: the first block is left free. */
export function subnetsOf(vpcCidr: string): [string, string, string] {
  const vpc = blockOf(vpcCidr);
  // A load balancer wants at least a /27 in each of its subnets; below a /25 the VPC is too small for three of them.
  const prefix = Math.max(Math.min(vpc.prefix + 8, 27), vpc.prefix + 2);
  const nth = (n: number) => blockText({ first: vpc.first + n * 2 ** (32 - prefix), prefix });
  return [nth(1), nth(2), nth(3)];
}

function end({ first, prefix }: Block): number {
  return first + 2 ** (32 - prefix);
}
