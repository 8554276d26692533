import type { DescribeEventsCommandInput, DescribeEventsCommandOutput, SourceType } from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { eventsAsked } from '../rds/events.ts';
import { records } from '../rds/records.ts';

interface EventRow {
  at: number;
  sourceType: SourceType;
  sourceIdentifier: string;
  message: string;
}

/** Notes what happened, for `DescribeEvents`. */
export function noteCache(scope: Scope, sourceType: SourceType, sourceIdentifier: string, message: string) {
  const table = scope.table<EventRow>('elasticache.events');
  table.insert(`event-${scope.hex(12)}`, { at: scope.now, sourceType, sourceIdentifier, message });
}

export const cacheEvents: Noun = {
  service: 'elasticache',
  operations: {
    DescribeEvents: operation<DescribeEventsCommandInput, DescribeEventsCommandOutput>(
      ['SourceIdentifier', 'SourceType', 'StartTime', 'EndTime', 'Duration', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const rows = eventsAsked(scope, scope.table<EventRow>('elasticache.events').all(), asked);
        const { page, Marker } = records(rows, asked);
        return {
          Marker,
          Events: page.map((row) => ({
            SourceIdentifier: row.sourceIdentifier,
            SourceType: row.sourceType,
            Message: row.message,
            Date: new Date(row.at),
          })),
        };
      },
    ),
  },
};
