import type { DescribeEventsCommandInput, DescribeEventsCommandOutput, SourceType } from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { records } from './records.ts';

interface EventRow {
  at: number;
  sourceType: SourceType;
  sourceIdentifier: string;
  sourceArn: string;
  message: string;
  categories: string[];
}

/** RDS keeps its events for two weeks. */
const keptMilliseconds = 14 * 24 * 3600 * 1000;

/** Notes what happened, for `DescribeEvents`. */
export function note(
  scope: Scope,
  sourceType: SourceType,
  { name, arn }: { name: string; arn: string },
  category: string,
  message: string,
) {
  const table = scope.table<EventRow>('rds.events');
  const row = { at: scope.now, sourceType, sourceIdentifier: name, sourceArn: arn, message, categories: [category] };
  table.insert(`event-${scope.hex(12)}`, row);
}

/** The part of the events that a call asks for; the last hour unless it says otherwise. */
export function eventsAsked<Row extends { at: number; sourceType: string; sourceIdentifier: string }>(
  scope: Scope,
  rows: Row[],
  asked: Pick<DescribeEventsCommandInput, 'SourceIdentifier' | 'StartTime' | 'EndTime' | 'Duration'> & {
    SourceType?: string | undefined;
  },
): Row[] {
  const { SourceIdentifier, SourceType, StartTime, EndTime, Duration = 60 } = asked;
  if (SourceIdentifier !== undefined && SourceType === undefined)
    throw refusal('InvalidParameterCombination', 'Must specify SourceType when SourceIdentifier is specified');
  const end = EndTime?.getTime() ?? scope.now;
  const start = StartTime?.getTime() ?? end - Duration * 60_000;
  if (start > end) throw refusal('InvalidParameterCombination', 'The start time must be before the end time');
  return rows
    .filter((row) => row.at >= start && row.at <= end && row.at > scope.now - keptMilliseconds)
    .filter((row) => SourceType === undefined || row.sourceType === SourceType)
    .filter((row) => SourceIdentifier === undefined || row.sourceIdentifier === SourceIdentifier.toLowerCase())
    .sort((one, other) => one.at - other.at);
}

export const rdsEvents: Noun = {
  service: 'rds',
  operations: {
    DescribeEvents: operation<DescribeEventsCommandInput, DescribeEventsCommandOutput>(
      ['SourceIdentifier', 'SourceType', 'StartTime', 'EndTime', 'Duration', 'EventCategories', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const categories = asked.EventCategories ?? [];
        const rows = eventsAsked(scope, scope.table<EventRow>('rds.events').all(), asked).filter(
          (row) => categories.length === 0 || row.categories.some((category) => categories.includes(category)),
        );
        const { page, Marker } = records(rows, asked);
        return {
          Marker,
          Events: page.map((row) => ({
            SourceIdentifier: row.sourceIdentifier,
            SourceType: row.sourceType,
            SourceArn: row.sourceArn,
            Message: row.message,
            EventCategories: row.categories,
            Date: new Date(row.at),
          })),
        };
      },
    ),
  },
};
