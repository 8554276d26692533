import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';

interface Asked {
  MaxRecords?: number | undefined;
  Marker?: string | undefined;
}

/** One page of a describe of RDS or ElastiCache: 100 records unless told, 20 at the least. */
export function records<Row>(rows: readonly Row[], { MaxRecords = 100, Marker }: Asked) {
  if (!Number.isInteger(MaxRecords) || MaxRecords < 20 || MaxRecords > 100)
    throw refusal('InvalidParameterValue', `Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`);
  const { page, next } = paged(rows, MaxRecords, Marker === '' ? undefined : Marker, () =>
    refusal('InvalidParameterValue', `Invalid Marker: ${Marker}`),
  );
  return { page, Marker: next };
}

interface Filter {
  Name?: string | undefined;
  Values?: string[] | undefined;
}

/** What a filter looks at, by the filter's name; values match whole and are never patterns. */
export type RecordFilters<Row> = Readonly<Record<string, (row: Row) => string | string[] | undefined>>;

/** The rows that pass every filter. A name outside `table` is refused, as RDS refuses a filter it does not have. */
export function filtered<Row>(rows: readonly Row[], filters: Filter[] | undefined, table: RecordFilters<Row>): Row[] {
  const tests = (filters ?? []).map(({ Name = '', Values = [] }) => {
    const read = Object.hasOwn(table, Name) ? table[Name] : undefined;
    if (!read) throw refusal('InvalidParameterValue', `Unrecognized filter name: ${Name}`);
    if (Values.length === 0) throw refusal('InvalidParameterValue', `The filter ${Name} must have at least one value`);
    return (row: Row) => [read(row)].flat().some((value) => value !== undefined && Values.includes(value));
  });
  return rows.filter((row) => tests.every((test) => test(row)));
}
