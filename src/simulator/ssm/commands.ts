import type {
  CancelCommandCommandInput,
  CancelCommandCommandOutput,
  Command,
  CommandFilter,
  CommandInvocation,
  GetCommandInvocationCommandInput,
  GetCommandInvocationCommandOutput,
  ListCommandInvocationsCommandInput,
  ListCommandInvocationsCommandOutput,
  ListCommandsCommandInput,
  ListCommandsCommandOutput,
  SendCommandCommandInput,
  SendCommandCommandOutput,
  Target,
} from '@aws-sdk/client-ssm';
import type { Scope } from '../account.ts';
import { instanceTable } from '../ec2/instances.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireDocument } from './documents.ts';
import { isReachable } from './managed-instances.ts';
import { ssmPage } from './tags.ts';

type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'Cancelled';

interface InvocationRow {
  status: Status;
  responseCode: number;
  output: string;
  startedAt?: number;
  endedAt?: number;
}

interface CommandRow {
  commandId: string;
  documentName: string;
  comment: string;
  parameters: Record<string, string[]>;
  instanceIds: string[];
  targets: Target[];
  timeoutSeconds: number;
  maxConcurrency: string;
  maxErrors: string;
  /** Milliseconds. */
  requestedAt: number;
  invocations: Record<string, InvocationRow>;
}

/** An invocation can be asked for this long after its command was sent. Milliseconds. */
const invocationLag = 1000;
const startSeconds = 2;
const runSeconds = 3;

function commandTable(scope: Scope) {
  return scope.table<CommandRow>('ssm.commands');
}

function requireCommand(scope: Scope, commandId: string | undefined): CommandRow {
  const row = commandTable(scope).peek(commandId);
  if (!row) throw refusal('InvalidCommandId', `The command ID ${commandId} is not valid`);
  return row;
}

function statusOf({ invocations }: CommandRow): Status {
  const all = Object.values(invocations).map(({ status }) => status);
  for (const status of ['Pending', 'InProgress', 'Failed', 'Cancelled'] as const)
    if (all.includes(status)) return status;
  return 'Success';
}

function describe(row: CommandRow): Command {
  const all = Object.values(row.invocations);
  return {
    CommandId: row.commandId,
    DocumentName: row.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: row.comment,
    ExpiresAfter: new Date(row.requestedAt + row.timeoutSeconds * 1000 + 3_600_000),
    Parameters: row.parameters,
    InstanceIds: row.targets.length > 0 ? [] : row.instanceIds,
    Targets: row.targets,
    RequestedDateTime: new Date(row.requestedAt),
    Status: statusOf(row),
    StatusDetails: statusOf(row),
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
    MaxConcurrency: row.maxConcurrency,
    MaxErrors: row.maxErrors,
    TargetCount: all.length,
    CompletedCount: all.filter(({ endedAt }) => endedAt !== undefined).length,
    ErrorCount: all.filter(({ status }) => status === 'Failed').length,
    DeliveryTimedOutCount: 0,
    TimeoutSeconds: row.timeoutSeconds,
  };
}

/** What plain `echo` and `exit` lines do; every other command succeeds and says nothing. */
function outcome({ commands = [] }: Record<string, string[]>): { responseCode: number; output: string } {
  let output = '';
  for (const line of commands.flatMap((text) => text.split('\n')).map((text) => text.trim())) {
    const [, code] = /^exit (\d+)$/.exec(line) ?? [];
    if (code !== undefined) return { responseCode: Number(code), output };
    const [, words] = /^echo (["']?)([^"'$`|&;<>]*)\1$/.exec(line)?.slice(1) ?? [];
    if (words !== undefined) output += `${words}\n`;
    if (line === 'false') return { responseCode: 1, output };
  }
  return { responseCode: 0, output };
}

function instancesOf(scope: Scope, { InstanceIds = [], Targets = [] }: SendCommandCommandInput): string[] {
  if (InstanceIds.length > 0) {
    for (const id of InstanceIds) {
      const instance = instanceTable(scope).get(id);
      if (!instance || !isReachable(scope, instance))
        throw refusal('InvalidInstanceId', `Instances [[${id}]] not in a valid state for account ${scope.accountId}`);
    }
    return InstanceIds;
  }
  const matching = instanceTable(scope)
    .list()
    .filter((instance) =>
      Targets.every(({ Key = '', Values = [] }) => {
        if (Key === 'InstanceIds') return Values.includes(instance.instanceId);
        if (Key.startsWith('tag:')) return Values.includes(instance.tags[Key.slice(4)] ?? '');
        if (Key === 'tag-key') return Values.some((name) => Object.hasOwn(instance.tags, name));
        throw refusal('InvalidTarget', `The target key ${Key} is not valid`);
      }),
    );
  return matching.filter((instance) => isReachable(scope, instance)).map(({ instanceId }) => instanceId);
}

function checkParameters({ DocumentName, Parameters = {}, TimeoutSeconds }: SendCommandCommandInput) {
  const document = requireDocument(DocumentName?.replace(/^arn:[^:]+:ssm:[^:]*:[^:]*:document\//, ''));
  for (const name of Object.keys(Parameters))
    if (!Object.hasOwn(document.parameters, name))
      throw refusal('InvalidParameters', `Document ${DocumentName} does not define parameter ${name}`);
  for (const [name, { required }] of Object.entries(document.parameters))
    if (required && !Parameters[name]) throw refusal('InvalidParameters', `Parameter ${name} is required`);
  if (TimeoutSeconds !== undefined && (TimeoutSeconds < 30 || TimeoutSeconds > 2_592_000))
    throw refusal(
      'ValidationException',
      `1 validation error detected: Value '${TimeoutSeconds}' at 'timeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal to 30`,
    );
}

function passes(row: CommandRow, filters: CommandFilter[] = [], status = statusOf(row)): boolean {
  return filters.every(({ key, value = '' }) => {
    if (key === 'Status') return value === status;
    if (key === 'DocumentName') return value === row.documentName;
    if (key === 'InvokedAfter') return row.requestedAt > Date.parse(value);
    if (key === 'InvokedBefore') return row.requestedAt < Date.parse(value);
    throw refusal('InvalidFilterKey', `The filter key ${key} is not valid`);
  });
}

function describeInvocation(row: CommandRow, instanceId: string, details: boolean): CommandInvocation {
  const { status, responseCode, output, startedAt, endedAt } = row.invocations[instanceId]!;
  const times = {
    ...(startedAt === undefined ? {} : { ResponseStartDateTime: new Date(startedAt) }),
    ...(endedAt === undefined ? {} : { ResponseFinishDateTime: new Date(endedAt) }),
  };
  const plugin = {
    Name: 'aws:runShellScript',
    Status: status,
    StatusDetails: status,
    ResponseCode: responseCode,
    Output: output,
  };
  return {
    CommandId: row.commandId,
    InstanceId: instanceId,
    InstanceName: '',
    Comment: row.comment,
    DocumentName: row.documentName,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: new Date(row.requestedAt),
    Status: status,
    StatusDetails: status,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details ? [{ ...plugin, ...times }] : [],
  };
}

export const commands: Noun = {
  service: 'ssm',
  operations: {
    SendCommand: operation<SendCommandCommandInput, SendCommandCommandOutput>(
      [
        'InstanceIds',
        'Targets',
        'DocumentName',
        'DocumentVersion',
        'TimeoutSeconds',
        'Comment',
        'Parameters',
        'MaxConcurrency',
        'MaxErrors',
        'CloudWatchOutputConfig',
      ],
      (scope, input) => {
        const { InstanceIds = [], Targets = [] } = input;
        if (InstanceIds.length > 0 === Targets.length > 0)
          throw refusal('ValidationException', 'Exactly one of InstanceIds and Targets must be given');
        if (InstanceIds.length > 50) throw refusal('ValidationException', 'A command can name at most 50 instances');
        checkParameters(input);
        const instanceIds = [...new Set(instancesOf(scope, input))];
        const commandId = [8, 4, 4, 4, 12].map((length) => scope.hex(length)).join('-');
        const row = commandTable(scope).insert(commandId, {
          commandId,
          documentName: input.DocumentName ?? '',
          comment: input.Comment ?? '',
          parameters: structuredClone(input.Parameters ?? {}),
          instanceIds,
          targets: structuredClone(Targets),
          timeoutSeconds: input.TimeoutSeconds ?? 3600,
          maxConcurrency: input.MaxConcurrency ?? '50',
          maxErrors: input.MaxErrors ?? '0',
          requestedAt: scope.now,
          invocations: Object.fromEntries(
            instanceIds.map((id) => [id, { status: 'Pending' as const, responseCode: -1, output: '' }]),
          ),
        });
        scope.after(startSeconds, 'commandStarts', { commandId });
        scope.after(startSeconds + runSeconds, 'commandEnds', { commandId });
        return { Command: describe(row) };
      },
    ),
    GetCommandInvocation: operation<GetCommandInvocationCommandInput, GetCommandInvocationCommandOutput>(
      ['CommandId', 'InstanceId', 'PluginName'],
      (scope, { CommandId, InstanceId = '', PluginName }) => {
        const row = commandTable(scope).peek(CommandId);
        const invocation = row?.invocations[InstanceId];
        if (!row || !invocation || row.requestedAt + invocationLag > scope.now)
          throw refusal('InvocationDoesNotExist', '');
        if (PluginName !== undefined && !['aws:runShellScript', 'aws:RunShellScript'].includes(PluginName))
          throw refusal('InvalidPluginName', `The plugin name ${PluginName} is not valid`);
        const { status, responseCode, output, startedAt, endedAt } = invocation;
        const iso = (time: number | undefined) => (time === undefined ? '' : new Date(time).toISOString());
        return {
          CommandId: row.commandId,
          InstanceId,
          Comment: row.comment,
          DocumentName: row.documentName,
          DocumentVersion: '$DEFAULT',
          PluginName: 'aws:runShellScript',
          ResponseCode: responseCode,
          ExecutionStartDateTime: iso(startedAt),
          ExecutionElapsedTime:
            startedAt === undefined || endedAt === undefined ? '' : `PT${(endedAt - startedAt) / 1000}S`,
          ExecutionEndDateTime: iso(endedAt),
          Status: status,
          StatusDetails: status,
          StandardOutputContent: output,
          StandardOutputUrl: '',
          StandardErrorContent: status === 'Failed' ? `failed to run commands: exit status ${responseCode}` : '',
          StandardErrorUrl: '',
          CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
        };
      },
    ),
    ListCommands: operation<ListCommandsCommandInput, ListCommandsCommandOutput>(
      ['CommandId', 'InstanceId', 'Filters', 'MaxResults', 'NextToken'],
      (scope, { CommandId, InstanceId, Filters, ...paging }) => {
        const rows = CommandId === undefined ? commandTable(scope).list() : [requireCommand(scope, CommandId)];
        const found = rows
          .filter((row) => (InstanceId === undefined || row.instanceIds.includes(InstanceId)) && passes(row, Filters))
          .reverse();
        const { page, ...more } = ssmPage(found, paging, 50);
        return { Commands: page.map(describe), ...more };
      },
    ),
    ListCommandInvocations: operation<ListCommandInvocationsCommandInput, ListCommandInvocationsCommandOutput>(
      ['CommandId', 'InstanceId', 'Filters', 'Details', 'MaxResults', 'NextToken'],
      (scope, { CommandId, InstanceId, Filters, Details = false, ...paging }) => {
        const rows = CommandId === undefined ? commandTable(scope).list() : [requireCommand(scope, CommandId)];
        const found = rows.flatMap((row) =>
          row.instanceIds
            .filter((id) => InstanceId === undefined || id === InstanceId)
            .filter((id) => passes(row, Filters, row.invocations[id]!.status))
            .map((id) => describeInvocation(row, id, Details)),
        );
        const { page, ...more } = ssmPage(found, paging, 50);
        return { CommandInvocations: page, ...more };
      },
    ),
    CancelCommand: operation<CancelCommandCommandInput, CancelCommandCommandOutput>(
      ['CommandId', 'InstanceIds'],
      (scope, { CommandId, InstanceIds }) => {
        const row = requireCommand(scope, CommandId);
        const ids = InstanceIds && InstanceIds.length > 0 ? InstanceIds : row.instanceIds;
        for (const id of ids)
          if (!row.invocations[id]) throw refusal('InvalidInstanceId', `The command does not run on ${id}`);
        for (const id of ids) {
          const invocation = row.invocations[id]!;
          if (invocation.endedAt === undefined) Object.assign(invocation, { status: 'Cancelled', endedAt: scope.now });
        }
        return {};
      },
    ),
  },
  events: {
    commandStarts(scope, { commandId }: { commandId: string }) {
      for (const invocation of Object.values(commandTable(scope).peek(commandId)?.invocations ?? {}))
        if (invocation.endedAt === undefined) Object.assign(invocation, { status: 'InProgress', startedAt: scope.now });
    },
    commandEnds(scope, { commandId }: { commandId: string }) {
      const row = commandTable(scope).peek(commandId);
      if (!row) return;
      const { responseCode, output } = outcome(row.parameters);
      for (const invocation of Object.values(row.invocations)) {
        if (invocation.endedAt !== undefined) continue;
        const status = responseCode === 0 ? 'Success' : 'Failed';
        Object.assign(invocation, { status, responseCode, output, endedAt: scope.now });
      }
    },
  },
};
