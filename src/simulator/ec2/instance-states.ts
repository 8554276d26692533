import type {
  InstanceStateChange,
  RebootInstancesCommandInput,
  RebootInstancesCommandOutput,
  StartInstancesCommandInput,
  StartInstancesCommandOutput,
  StopInstancesCommandInput,
  StopInstancesCommandOutput,
  TerminateInstancesCommandInput,
  TerminateInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { newPublicAddress } from './addresses.ts';
import { interfacesOf } from './instance-view.ts';
import {
  describeState,
  type InstanceRow,
  type InstanceStateName,
  instanceTable,
  requireInstances,
} from './instances.ts';
import { detach, removeNetworkInterface } from './network-interfaces.ts';
import { profileAssociationOf, profileAssociationTable } from './profile-associations.ts';
import { refuseAboveVcpuQuota } from './vcpu-quota.ts';
import { releaseVolumes, volumesOf } from './volumes.ts';

/** How long EC2 shows a terminated instance, in seconds. */
const shownAfterEnd = 3600;
/** Seconds of a termination that does not wait for the operating system. */
const withoutShutdown = 15;

/** What is due to happen to an instance, unless its state changes before. */
interface Due {
  instanceId: string;
  since: number;
}

/** Puts the instance into a state from which `event` leads on after `seconds`. */
export function enter(scope: Scope, row: InstanceRow, state: InstanceStateName, event?: string, seconds = 0) {
  row.state = state;
  row.stateSince = scope.now;
  if (event !== undefined) scope.after(seconds, event, { instanceId: row.instanceId, since: row.stateSince });
}

/** The instance, if it is still in the state in which the event was planned. */
function inTime(scope: Scope, { instanceId, since }: Due): InstanceRow | undefined {
  const row = instanceTable(scope).peek(instanceId);
  return row?.stateSince === since ? row : undefined;
}

/** Rows of terminated instances after EC2 has stopped to show them; a client token still leads here. */
export function forgottenInstanceTable(scope: Scope) {
  // Wrapped, so that nothing that goes through EC2's tables for rows with tags finds them.
  return scope.table<{ instance: InstanceRow }>('ec2.forgottenInstances');
}

function becauseOfUser(scope: Scope, row: InstanceRow, code: string, message: string) {
  const time = new Date(scope.now).toISOString().replace('T', ' ').slice(0, 19);
  row.stateTransitionReason = `User initiated (${time} GMT)`;
  row.stateReason = { code, message: `${code}: ${message}` };
}

/** What is AWS's own, an automatic public address, is given back while the instance is stopped. */
function dropAutomaticAddress(scope: Scope, row: InstanceRow) {
  for (const one of interfacesOf(scope, row.instanceId)) {
    if (one.associationAllocationId === undefined) delete one.publicIp;
    if (one.networkInterfaceId === row.networkInterfaceId && one.publicIp === undefined) delete row.publicIpAddress;
  }
}

/** The instance is no more: what hangs on it goes, or is free. */
function end(scope: Scope, row: InstanceRow) {
  enter(scope, row, 'terminated', 'instanceForgotten', shownAfterEnd);
  for (const one of interfacesOf(scope, row.instanceId)) {
    if (one.deleteOnTermination) removeNetworkInterface(scope, one.networkInterfaceId);
    else detach(one);
  }
  delete row.publicIpAddress;
  releaseVolumes(scope, row.instanceId);
  const association = profileAssociationOf(scope, row.instanceId);
  if (association) profileAssociationTable(scope).delete(association.associationId);
}

function wrongState({ instanceId }: InstanceRow, participle: string) {
  return refusal(
    'IncorrectInstanceState',
    `The instance '${instanceId}' is not in a state from which it can be ${participle}.`,
  );
}

/** Changes each row and tells what it was and is. */
function change(rows: InstanceRow[], act: (row: InstanceRow) => void): InstanceStateChange[] {
  return rows.map((row) => {
    const PreviousState = describeState(row.state);
    act(row);
    return { InstanceId: row.instanceId, CurrentState: describeState(row.state), PreviousState };
  });
}

export const instanceStates: Noun = {
  service: 'ec2',
  operations: {
    StartInstances: operation<StartInstancesCommandInput, StartInstancesCommandOutput>(
      ['InstanceIds'],
      (scope, { InstanceIds = [] }) => {
        const rows = requireInstances(scope, InstanceIds);
        for (const row of rows) if (!/^(stopped|running|pending)$/.test(row.state)) throw wrongState(row, 'started');
        const stopped = rows.filter(({ state }) => state === 'stopped');
        refuseAboveVcpuQuota(scope, stopped);
        const changes = change(rows, (row) => {
          if (row.state !== 'stopped') return;
          row.launchTime = scope.now;
          row.stateTransitionReason = '';
          delete row.stateReason;
          const [primary] = interfacesOf(scope, row.instanceId);
          if (row.autoPublicIpAddress && primary && primary.publicIp === undefined) {
            primary.publicIp = newPublicAddress(scope);
            row.publicIpAddress = primary.publicIp;
          }
          enter(scope, row, 'pending', 'instanceRunning', scope.seconds('instance.start'));
        });
        return { StartingInstances: changes };
      },
    ),
    StopInstances: operation<StopInstancesCommandInput, StopInstancesCommandOutput>(
      ['InstanceIds', 'Force', 'Hibernate', 'SkipOsShutdown'],
      (scope, { InstanceIds = [], Hibernate }) => {
        const rows = requireInstances(scope, InstanceIds);
        if (Hibernate)
          throw refusal(
            'UnsupportedHibernationConfiguration',
            'The instance was not enabled for hibernation when it was launched.',
          );
        for (const row of rows) {
          if (row.disableApiStop && row.state === 'running')
            throw refusal(
              'OperationNotPermitted',
              `The instance '${row.instanceId}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
            );
          if (!/^(running|stopping|stopped)$/.test(row.state)) throw wrongState(row, 'stopped');
        }
        const changes = change(rows, (row) => {
          if (row.state !== 'running') return;
          becauseOfUser(scope, row, 'Client.UserInitiatedShutdown', 'User initiated shutdown');
          enter(scope, row, 'stopping', 'instanceStopped', scope.seconds('instance.stop'));
        });
        return { StoppingInstances: changes };
      },
    ),
    RebootInstances: operation<RebootInstancesCommandInput, RebootInstancesCommandOutput>(
      ['InstanceIds'],
      (scope, { InstanceIds = [] }) => {
        const rows = requireInstances(scope, InstanceIds);
        for (const row of rows) if (row.state !== 'running') throw wrongState(row, 'rebooted');
        for (const row of rows) row.bootedAt = scope.now;
        return {};
      },
    ),
    TerminateInstances: operation<TerminateInstancesCommandInput, TerminateInstancesCommandOutput>(
      ['InstanceIds', 'Force', 'SkipOsShutdown'],
      (scope, { InstanceIds = [], SkipOsShutdown }) => {
        const rows = requireInstances(scope, InstanceIds);
        const guarded = rows.find((row) => row.disableApiTermination && row.state !== 'terminated');
        if (guarded)
          throw refusal(
            'OperationNotPermitted',
            `The instance '${guarded.instanceId}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
          );
        const changes = change(rows, (row) => {
          if (row.state === 'terminated' || row.state === 'shutting-down') return;
          const quick = SkipOsShutdown || row.state === 'stopped';
          becauseOfUser(scope, row, 'Client.UserInitiatedShutdown', 'User initiated shutdown');
          const seconds = quick ? withoutShutdown : scope.seconds('instance.terminate');
          enter(scope, row, 'shutting-down', 'instanceTerminated', seconds);
        });
        return { TerminatingInstances: changes };
      },
    ),
  },
  events: {
    instanceRunning(scope, due: Due) {
      const row = inTime(scope, due);
      if (!row) return;
      enter(scope, row, 'running');
      row.bootedAt = scope.now;
      delete row.stateReason;
      for (const { attachment } of volumesOf(scope, row.instanceId)) attachment.state = 'attached';
    },
    instanceBroken(scope, { code, ...due }: Due & { code: string }) {
      const row = inTime(scope, due);
      if (!row) return;
      end(scope, row);
      row.stateTransitionReason = code;
      row.stateReason = { code, message: `${code}: Internal error on launch` };
    },
    instanceStopped(scope, due: Due) {
      const row = inTime(scope, due);
      if (!row) return;
      enter(scope, row, 'stopped');
      delete row.bootedAt;
      dropAutomaticAddress(scope, row);
    },
    instanceTerminated(scope, due: Due) {
      const row = inTime(scope, due);
      if (row) end(scope, row);
    },
    instanceForgotten(scope, due: Due) {
      const row = inTime(scope, due);
      if (!row) return;
      forgottenInstanceTable(scope).insert(row.instanceId, { instance: row });
      instanceTable(scope).delete(row.instanceId);
    },
  },
};
