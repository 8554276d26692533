import type {
  DescribeSessionsCommandInput,
  DescribeSessionsCommandOutput,
  StartSessionCommandInput,
  StartSessionCommandOutput,
  TerminateSessionCommandInput,
  TerminateSessionCommandOutput,
} from '@aws-sdk/client-ssm';
import type { Scope } from '../account.ts';
import { instanceTable } from '../ec2/instances.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireDocument } from './documents.ts';
import { isReachable } from './managed-instances.ts';
import { ssmPage } from './tags.ts';

interface SessionRow {
  sessionId: string;
  target: string;
  documentName: string;
  reason: string;
  /** Milliseconds. */
  startedAt: number;
  endedAt?: number;
}

function sessionTable(scope: Scope) {
  return scope.table<SessionRow>('ssm.sessions');
}

export const sessions: Noun = {
  service: 'ssm',
  operations: {
    StartSession: operation<StartSessionCommandInput, StartSessionCommandOutput>(
      ['Target', 'DocumentName', 'Reason', 'Parameters'],
      (scope, { Target = '', DocumentName, Reason = '' }) => {
        if (DocumentName !== undefined) requireDocument(DocumentName);
        const instance = instanceTable(scope).get(Target);
        if (!instance || !isReachable(scope, instance))
          throw refusal('TargetNotConnected', `${Target} is not connected.`);
        const sessionId = `rehearsal-${scope.hex(17)}`;
        sessionTable(scope).insert(sessionId, {
          sessionId,
          target: Target,
          documentName: DocumentName ?? 'SSM-SessionManagerRunShell',
          reason: Reason,
          startedAt: scope.now,
        });
        return {
          SessionId: sessionId,
          TokenValue: scope.hex(64),
          StreamUrl: `wss://ssmmessages.${scope.region}.amazonaws.com/v1/data-channel/${sessionId}?role=publish_subscribe`,
        };
      },
    ),
    TerminateSession: operation<TerminateSessionCommandInput, TerminateSessionCommandOutput>(
      ['SessionId'],
      (scope, { SessionId }) => {
        const row = sessionTable(scope).peek(SessionId);
        if (!row) throw refusal('DoesNotExistException', `Session ${SessionId} does not exist`);
        row.endedAt ??= scope.now;
        return { SessionId };
      },
    ),
    DescribeSessions: operation<DescribeSessionsCommandInput, DescribeSessionsCommandOutput>(
      ['State', 'MaxResults', 'NextToken'],
      (scope, { State, ...paging }) => {
        const rows = sessionTable(scope)
          .list()
          .filter(({ endedAt }) => (endedAt === undefined) === (State === 'Active'));
        const { page, ...more } = ssmPage(rows, paging, 200);
        return {
          Sessions: page.map(({ sessionId, target, documentName, reason, startedAt, endedAt }) => ({
            SessionId: sessionId,
            Target: target,
            Status: endedAt === undefined ? 'Connected' : 'Terminated',
            StartDate: new Date(startedAt),
            ...(endedAt === undefined ? {} : { EndDate: new Date(endedAt) }),
            DocumentName: documentName,
            Owner: scope.arn('iam', 'user/rehearsal', { region: '' }),
            ...(reason === '' ? {} : { Reason: reason }),
          })),
          ...more,
        };
      },
    ),
  },
};
