/** IPv4 blocks as numbers: first address and prefix length. */
export interface Cidr {
  first: number;
  prefix: number;
}

/** Undefined for anything that is not `a.b.c.d/n`. Host bits are kept out of `first`; `exact` tells whether there were any. */
export function parseCidr(text: string): (Cidr & { exact: boolean }) | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const numbers = match.slice(1).map(Number);
  const prefix = numbers.pop()!;
  if (prefix > 32 || numbers.some((octet) => octet > 255)) return undefined;
  const address = numbers.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, prefix, exact: first === address };
}

export function sizeOf({ prefix }: Cidr): number {
  return 2 ** (32 - prefix);
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.first >= outer.first && inner.first + sizeOf(inner) <= outer.first + sizeOf(outer);
}

export function overlap(one: Cidr, other: Cidr): boolean {
  return one.first < other.first + sizeOf(other) && other.first < one.first + sizeOf(one);
}

export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** The number of `a.b.c.d`, or undefined. */
export function addressNumber(text: string): number | undefined {
  return parseCidr(`${text}/32`)?.first;
}

/** `a.b.c.d/n` without host bits, the form in which AWS keeps a block. */
export function cidrText({ first, prefix }: Cidr): string {
  return `${addressText(first)}/${prefix}`;
}
