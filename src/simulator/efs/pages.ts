import { paged } from '../paging.ts';
import { badRequest } from './rows.ts';

/** EFS gives up to 100 at a time, whatever more is asked for. */
export function efsPage<Item>(
  items: readonly Item[],
  size = 100,
  token?: string,
): { page: Item[]; next: string | undefined } {
  if (!Number.isInteger(size) || size < 1) throw badRequest(`invalid page size: ${size}`);
  return paged(items, Math.min(size, 100), token, () => badRequest(`invalid marker: ${token}`));
}
