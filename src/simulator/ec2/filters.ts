import type { Filter } from '@aws-sdk/client-ec2';
import type { Scope, Stored } from '../account.ts';
import { refusal } from '../refusal.ts';
import type { Tags } from './tags.ts';

type Value = string | number | boolean | undefined;
/** What a filter of that name looks at; several values match when any does. */
export type FilterTable<Row> = Readonly<Record<string, (row: Row) => Value | Value[]>>;

/**
 * The rows that pass every filter. `tag:KEY`, `tag-key` and `tag-value` work for each noun and lag as tags do.
 * A name that is not in `table` is refused, as EC2 refuses a filter it does not have.
 */
export function filtered<Row extends Stored & { tags: Tags }>(
  scope: Scope,
  rows: Row[],
  filters: Filter[] | undefined,
  table: FilterTable<Row>,
): Row[] {
  const tests = (filters ?? []).map(({ Name = '', Values = [] }) => {
    const read = reader(Name, table);
    if (Values.length === 0)
      throw refusal('InvalidParameterValue', `The filter '${Name}' must have at least one value`);
    const patterns = Values.map(pattern);
    return (row: Row) => {
      if (Name.startsWith('tag') && (row.taggedAt ?? 0) > scope.now) return false;
      const values = [read(row)].flat().map(String);
      return patterns.some((wanted) => values.some((value) => wanted.test(value)));
    };
  });
  return rows.filter((row) => tests.every((test) => test(row)));
}

function reader<Row extends { tags: Tags }>(name: string, table: FilterTable<Row>): (row: Row) => Value | Value[] {
  if (name.startsWith('tag:')) return (row) => row.tags[name.slice(4)] ?? [];
  if (name === 'tag-key') return (row) => Object.keys(row.tags);
  if (name === 'tag-value') return (row) => Object.values(row.tags);
  const read = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!read) throw refusal('InvalidParameterValue', `The filter '${name}' is invalid`);
  return read;
}

/** `*` and `?` are wildcards, a backslash takes their meaning away. */
function pattern(value: string): RegExp {
  const source = value.replace(/\\([*?\\])|[*]|[?]|[.+^${}()|[\]\\]/g, (found, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (found === '*') return '.*';
    return found === '?' ? '.' : `\\${found}`;
  });
  return new RegExp(`^${source}$`, 's');
}
