import type { Filter } from '@aws-sdk/client-ec2';
import type { Scope, Stored } from '../account.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';
import { type FilterTable, filtered } from './filters.ts';
import type { Tags } from './tags.ts';

interface Question {
  Filters?: Filter[] | undefined;
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

/** The parameters that every describing call of EC2 has besides its list of ids. */
export const selecting = ['Filters', 'MaxResults', 'NextToken'] as const;

/** What a call names, each once. An empty list names nothing: it does not even reach the wire. */
export function given<Item>(list: readonly Item[] | undefined): Item[] | undefined {
  return list && list.length > 0 ? [...new Set(list)] : undefined;
}

/** The page of `rows` that a describing call asks for. `ids` are what it named, if it named any. */
export function selected<Row extends Stored & { tags: Tags }>(
  scope: Scope,
  rows: Row[],
  { Filters, MaxResults, NextToken }: Question,
  table: FilterTable<Row>,
  ids?: readonly string[],
): { page: Row[]; NextToken: string | undefined } {
  if (MaxResults !== undefined && ids && ids.length > 0)
    throw refusal('InvalidParameterCombination', 'The parameter MaxResults cannot be used with a list of ids');
  if (MaxResults !== undefined && (MaxResults < 5 || MaxResults > 1000))
    throw refusal(
      'InvalidParameterValue',
      `Value ( ${MaxResults} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  const { page, next } = paged(filtered(scope, rows, Filters, table), MaxResults ?? 1000, NextToken);
  return { page, NextToken: next };
}
