import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';

/** ELB's page sizes go from 1 to 400, and 400 is the default. */
export function elbPage<Item>(
  items: readonly Item[],
  { Marker, PageSize = 400 }: { Marker?: string | undefined; PageSize?: number | undefined },
): { page: Item[]; next: string | undefined } {
  if (!Number.isInteger(PageSize) || PageSize < 1 || PageSize > 400)
    throw refusal(
      'ValidationError',
      `1 validation error detected: Value '${PageSize}' at 'pageSize' failed to satisfy constraint: Member must have value between 1 and 400`,
    );
  return paged(items, PageSize, Marker, () => refusal('ValidationError', `The marker '${Marker}' is not valid`));
}
