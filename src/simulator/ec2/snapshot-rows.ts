import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import type { VolumeForm } from './block-devices.ts';
import { publicImages } from './public-images.ts';
import type { Tags } from './tags.ts';

/** Times are milliseconds. */
export interface SnapshotRow {
  snapshotId: string;
  volumeId: string;
  /** GiB of the volume. */
  volumeSize: number;
  state: 'pending' | 'completed' | 'error';
  startTime: number;
  /** When it will be, or was, complete. */
  completionTime: number;
  description: string;
  encrypted: boolean;
  kmsKeyId?: string;
  /** Account ids that may make volumes of it, and `all` for everybody. */
  volumePermissions?: string[];
  tags: Tags;
}

export function snapshotTable(scope: Scope) {
  return scope.table<SnapshotRow>('ec2.snapshots');
}

function notFound(snapshotId: string | undefined) {
  return refusal('InvalidSnapshot.NotFound', `The snapshot '${snapshotId}' does not exist.`);
}

/** The account's own snapshot, or EC2's refusal. */
export function requireSnapshot(scope: Scope, snapshotId: string | undefined): SnapshotRow {
  if (snapshotId !== undefined && !snapshotId.startsWith('snap-'))
    throw refusal(
      'InvalidParameterValue',
      `Value (${snapshotId}) for parameter snapshotId is invalid. Expected: 'snap-...'.`,
    );
  const row = snapshotTable(scope).get(snapshotId);
  if (!row) throw notFound(snapshotId);
  return row;
}

/** The part of a snapshot that a volume is made from. Those of public images belong to others, and can be used. */
export function usableSnapshot(
  scope: Scope,
  snapshotId: string,
): Pick<SnapshotRow, 'snapshotId' | 'volumeSize' | 'encrypted' | 'kmsKeyId'> {
  const foreign = publicImages(scope).find((image) => image.snapshotId === snapshotId);
  if (foreign) return { snapshotId, volumeSize: foreign.volumeSize, encrypted: false };
  const row = requireSnapshot(scope, snapshotId);
  if (row.state !== 'completed') throw refusal('IncorrectState', `Snapshot '${snapshotId}' is not 'completed'.`);
  return row;
}

interface NewSnapshot {
  volume: Pick<VolumeForm, 'size' | 'encrypted' | 'kmsKeyId'> & { volumeId: string };
  description: string;
  tags: Tags;
  seconds: number;
}

/** Starts a snapshot that is complete after `seconds`, unless something marks it as failed before. */
export function addSnapshot(scope: Scope, { volume, description, tags, seconds }: NewSnapshot): SnapshotRow {
  const snapshotId = scope.id('snap');
  const row = snapshotTable(scope).insert(snapshotId, {
    snapshotId,
    volumeId: volume.volumeId,
    volumeSize: volume.size,
    state: 'pending',
    startTime: scope.now,
    completionTime: scope.now + seconds * 1000,
    description,
    encrypted: volume.encrypted,
    ...(volume.kmsKeyId === undefined ? {} : { kmsKeyId: volume.kmsKeyId }),
    tags,
  });
  scope.after(seconds, 'snapshotCompleted', { snapshotId });
  return row;
}
