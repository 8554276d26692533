import { type Refusal, refusal } from './refusal.ts';

/**
 * One page of `items`: at most `size` of them, from where `token` (the `next` of the page before) points.
 * `next` is missing on the last page. A token that no page ever gave is refused with `invalid`.
 */
export function paged<Item>(
  items: readonly Item[],
  size: number,
  token?: string,
  invalid: () => Refusal = () => refusal('InvalidParameterValue', `The token '${token}' is not valid`),
): { page: Item[]; next: string | undefined } {
  const offset = token === undefined ? 0 : offsetOf(token);
  if (offset === undefined) throw invalid();
  const end = offset + size;
  return { page: items.slice(offset, end), next: end < items.length ? tokenOf(end) : undefined };
}

function tokenOf(offset: number): string {
  return Buffer.from(`page:${offset}`).toString('base64');
}

function offsetOf(token: string): number | undefined {
  const [, offset] = /^page:(\d+)$/.exec(Buffer.from(token, 'base64').toString()) ?? [];
  return offset === undefined ? undefined : Number(offset);
}
