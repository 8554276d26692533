import type {
  DescribeInstanceStatusCommandInput,
  DescribeInstanceStatusCommandOutput,
  GetConsoleOutputCommandInput,
  GetConsoleOutputCommandOutput,
  InstanceStatusSummary,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { describeState, type InstanceRow, instanceTable, requireInstance, requireInstances } from './instances.ts';
import { selected, selecting } from './selection.ts';
import { zonesOf } from './zones.ts';

/** Seconds from the start until both of EC2's status checks have passed. */
const checksTake = 90;

function summary(scope: Scope, row: InstanceRow): InstanceStatusSummary {
  if (row.state !== 'running' && row.state !== 'pending') return { Status: 'not-applicable' };
  if (row.impairedSince !== undefined) {
    const ImpairedSince = new Date(row.impairedSince);
    return { Status: 'impaired', Details: [{ Name: 'reachability', Status: 'failed', ImpairedSince }] };
  }
  const passed = row.bootedAt !== undefined && scope.now >= row.bootedAt + checksTake * 1000;
  if (passed) return { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] };
  return { Status: 'initializing', Details: [{ Name: 'reachability', Status: 'initializing' }] };
}

function consoleText(row: InstanceRow): string {
  return [
    `[    0.000000] Linux version (${row.architecture})`,
    '[    1.000000] systemd[1]: Reached target multi-user.target',
    `[    9.000000] cloud-init: instance ${row.instanceId}`,
    `ip-${row.privateIpAddress.replaceAll('.', '-')} login:`,
    '',
  ].join('\n');
}

export const instanceStatus: Noun = {
  service: 'ec2',
  operations: {
    DescribeInstanceStatus: operation<DescribeInstanceStatusCommandInput, DescribeInstanceStatusCommandOutput>(
      ['InstanceIds', 'IncludeAllInstances', 'IncludeManagedResources', ...selecting],
      (scope, { InstanceIds, IncludeAllInstances, ...question }) => {
        const all = InstanceIds ? requireInstances(scope, InstanceIds) : instanceTable(scope).list();
        const rows = all.filter(({ state }) => IncludeAllInstances || state === 'running');
        const reachability = (row: InstanceRow) => summary(scope, row).Details?.map(({ Status }) => Status) ?? [];
        const zoneId = (row: InstanceRow) =>
          zonesOf(scope.region).find(({ name }) => name === row.availabilityZone)?.id;
        const { page, NextToken } = selected(
          scope,
          rows,
          question,
          {
            'instance-state-name': (row) => row.state,
            'instance-state-code': (row) => describeState(row.state).Code,
            'availability-zone': (row) => row.availabilityZone,
            'availability-zone-id': zoneId,
            'instance-status.status': (row) => summary(scope, row).Status,
            'instance-status.reachability': reachability,
            'system-status.status': (row) => summary(scope, row).Status,
            'system-status.reachability': reachability,
            'event.code': () => [],
          },
          InstanceIds,
        );
        return {
          InstanceStatuses: page.map((row) => ({
            InstanceId: row.instanceId,
            AvailabilityZone: row.availabilityZone,
            AvailabilityZoneId: zoneId(row),
            InstanceState: describeState(row.state),
            InstanceStatus: summary(scope, row),
            SystemStatus: summary(scope, row),
            Events: [],
          })),
          NextToken,
        };
      },
    ),
    GetConsoleOutput: operation<GetConsoleOutputCommandInput, GetConsoleOutputCommandOutput>(
      ['InstanceId', 'Latest'],
      (scope, { InstanceId }) => {
        const row = requireInstance(scope, InstanceId);
        const text = row.bootedAt === undefined ? '' : consoleText(row);
        return {
          InstanceId: row.instanceId,
          Timestamp: new Date(row.bootedAt ?? row.launchTime),
          Output: Buffer.from(text).toString('base64'),
        };
      },
    ),
  },
};
