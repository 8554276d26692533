import type { LifecyclePolicy, PosixUser, RootDirectory, ThroughputMode } from '@aws-sdk/client-efs';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import type { Tags } from './tags.ts';

export interface FileSystemRow {
  fileSystemId: string;
  creationToken: string;
  creationTime: number;
  lifeCycleState: 'creating' | 'available' | 'updating' | 'deleting';
  performanceMode: 'generalPurpose' | 'maxIO';
  throughputMode: ThroughputMode;
  provisionedThroughputInMibps?: number;
  /** Milliseconds; AWS lets throughput be lowered or changed in kind once in 24 hours. */
  throughputChangedAt?: number;
  encrypted: boolean;
  kmsKeyId?: string;
  /** Set for a One Zone file system. */
  availabilityZoneName?: string;
  availabilityZoneId?: string;
  overwriteProtection: 'ENABLED' | 'DISABLED';
  /** Missing until backups were ever asked for. */
  backup?: 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED';
  lifecyclePolicies: LifecyclePolicy[];
  policy?: string;
  tags: Tags;
}

export interface MountTargetRow {
  mountTargetId: string;
  fileSystemId: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  availabilityZoneId: string;
  networkInterfaceId: string;
  ipAddress: string;
  lifeCycleState: 'creating' | 'available' | 'deleting';
}

export interface AccessPointRow {
  accessPointId: string;
  clientToken: string;
  fileSystemId: string;
  posixUser?: PosixUser;
  rootDirectory: RootDirectory;
  lifeCycleState: 'creating' | 'available' | 'deleting';
  tags: Tags;
}

export const fileSystemTable = (scope: Scope) => scope.table<FileSystemRow>('efs.fileSystems');
export const mountTargetTable = (scope: Scope) => scope.table<MountTargetRow>('efs.mountTargets');
export const accessPointTable = (scope: Scope) => scope.table<AccessPointRow>('efs.accessPoints');

export function badRequest(message: string) {
  return refusal('BadRequest', message);
}

/** The id in `given`, which may be an ARN. */
function idIn(given: string, prefix: string): string {
  const id = given.startsWith('arn:') ? given.slice(given.lastIndexOf('/') + 1) : given;
  if (!new RegExp(`^${prefix}-[0-9a-f]{8,40}$`).test(id)) throw badRequest(`invalid ${prefix} ID: ${given}`);
  return id;
}

/** The file system by id or ARN, or `FileSystemNotFound` (404). */
export function requireFileSystem(scope: Scope, given: string) {
  const row = fileSystemTable(scope).get(idIn(given, 'fs'));
  if (!row) throw refusal('FileSystemNotFound', `File system '${given}' does not exist.`, 404);
  return row;
}

/** The same, refused with `IncorrectFileSystemLifeCycleState` (409) unless it is available. */
export function requireAvailable(scope: Scope, given: string) {
  const row = requireFileSystem(scope, given);
  if (row.lifeCycleState !== 'available') throw incorrectState(row);
  return row;
}

export function incorrectState({ fileSystemId, lifeCycleState }: FileSystemRow) {
  return refusal(
    'IncorrectFileSystemLifeCycleState',
    `None of the actions are allowed on file system '${fileSystemId}' in the lifecycle state '${lifeCycleState}'.`,
    409,
  );
}

export function requireMountTarget(scope: Scope, given: string) {
  const row = mountTargetTable(scope).get(idIn(given, 'fsmt'));
  if (!row) throw refusal('MountTargetNotFound', `Mount target '${given}' does not exist.`, 404);
  return row;
}

export function requireAccessPoint(scope: Scope, given: string) {
  const row = accessPointTable(scope).get(idIn(given, 'fsap'));
  if (!row) throw refusal('AccessPointNotFound', `Access point '${given}' does not exist.`, 404);
  return row;
}

export function mountTargetsOf(scope: Scope, fileSystemId: string): MountTargetRow[] {
  return mountTargetTable(scope)
    .all()
    .filter((row) => row.fileSystemId === fileSystemId);
}
