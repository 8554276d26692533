import type { Instance, InstanceState } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import type { Tags } from './tags.ts';

export type InstanceStateName = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface MetadataOptions {
  httpTokens: 'optional' | 'required';
  httpPutResponseHopLimit: number;
  httpEndpoint: 'enabled' | 'disabled';
  instanceMetadataTags: 'enabled' | 'disabled';
}

/** An instance. Its network interfaces and volumes are rows of their own that carry its id. Times are milliseconds. */
export interface InstanceRow {
  instanceId: string;
  reservationId: string;
  launchIndex: number;
  clientToken: string;
  state: InstanceStateName;
  /** When it came into `state`; what was going to happen to an earlier state knows by it that it came too late. */
  stateSince: number;
  /** AWS's code and words for why it stopped or ended. */
  stateReason?: { code: string; message: string };
  stateTransitionReason: string;
  imageId: string;
  architecture: 'x86_64' | 'arm64';
  rootDeviceName: string;
  bootMode: 'uefi' | 'uefi-preferred' | 'legacy-bios';
  instanceType: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  /** The primary interface's; that of a terminated instance is gone. */
  networkInterfaceId: string;
  privateIpAddress: string;
  /** Given by AWS from start to stop, or an Elastic IP address. */
  publicIpAddress?: string;
  /** A new public address at each start. */
  autoPublicIpAddress: boolean;
  keyName?: string;
  groupIds: string[];
  iamInstanceProfileArn?: string;
  launchTime: number;
  /** When its status checks began anew: it came up, or was rebooted. */
  bootedAt?: number;
  /** Since when EC2's checks do not reach it. */
  impairedSince?: number;
  /** As its image has it. */
  imdsSupport?: 'v2.0';
  metadataOptions: MetadataOptions;
  cpuCredits?: 'standard' | 'unlimited';
  /** Base64, as it was given. */
  userData?: string;
  monitoring: boolean;
  ebsOptimized: boolean;
  tenancy: 'default' | 'dedicated' | 'host';
  disableApiTermination: boolean;
  disableApiStop: boolean;
  shutdownBehavior: 'stop' | 'terminate';
  /** What only comes back in describes. */
  echoed: Pick<
    Instance,
    'CapacityReservationSpecification' | 'CpuOptions' | 'MaintenanceOptions' | 'PrivateDnsNameOptions'
  >;
  tags: Tags;
}

export function instanceTable(scope: Scope) {
  return scope.table<InstanceRow>('ec2.instances');
}

/** The instances, or EC2's refusal of the ids that are not well formed or not there. */
export function requireInstances(scope: Scope, instanceIds: string[]): InstanceRow[] {
  const malformed = instanceIds.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw refusal('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  const missing = instanceIds.filter((id) => !instanceTable(scope).get(id));
  if (missing.length === 1)
    throw refusal('InvalidInstanceID.NotFound', `The instance ID '${missing[0]}' does not exist`);
  if (missing.length > 1)
    throw refusal('InvalidInstanceID.NotFound', `The instance IDs '${missing.join(', ')}' do not exist`);
  return [...new Set(instanceIds)].map((id) => instanceTable(scope).get(id)!);
}

export function requireInstance(scope: Scope, instanceId: string | undefined): InstanceRow {
  return requireInstances(scope, [instanceId ?? ''])[0]!;
}

const stateCodes: Record<InstanceStateName, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function describeState(state: InstanceStateName): InstanceState {
  return { Code: stateCodes[state], Name: state };
}
