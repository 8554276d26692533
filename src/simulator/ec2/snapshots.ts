import type {
  CreateSnapshotCommandInput,
  CreateSnapshotCommandOutput,
  DeleteSnapshotCommandInput,
  DeleteSnapshotCommandOutput,
  DescribeSnapshotsCommandInput,
  DescribeSnapshotsCommandOutput,
  Snapshot,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { imageTable } from './images.ts';
import { selected, selecting } from './selection.ts';
import { addSnapshot, requireSnapshot, type SnapshotRow, snapshotTable } from './snapshot-rows.ts';
import { allowTagsFor, tagsFor, toList } from './tags.ts';
import { requireVolume } from './volumes.ts';

function progress(scope: Scope, row: SnapshotRow): string {
  if (row.state === 'completed') return '100%';
  const share = (scope.now - row.startTime) / (row.completionTime - row.startTime);
  return `${Math.min(99, Math.floor(share * 100))}%`;
}

export function describeSnapshot(scope: Scope, row: SnapshotRow): Snapshot {
  return {
    SnapshotId: row.snapshotId,
    VolumeId: row.volumeId,
    VolumeSize: row.volumeSize,
    State: row.state,
    Progress: progress(scope, row),
    StartTime: new Date(row.startTime),
    ...(row.state === 'completed' && { CompletionTime: new Date(row.completionTime) }),
    Description: row.description,
    OwnerId: scope.accountId,
    Encrypted: row.encrypted,
    KmsKeyId: row.kmsKeyId,
    StorageTier: 'standard',
    Tags: toList(row.tags),
  };
}

/** The image that still needs the snapshot, if there is one. */
export function imageOfSnapshot(scope: Scope, snapshotId: string): string | undefined {
  const holds = ({ devices }: { devices: { snapshotId?: string }[] }) =>
    devices.some((device) => device.snapshotId === snapshotId);
  return imageTable(scope).all().find(holds)?.imageId;
}

export const snapshots: Noun = {
  service: 'ec2',
  operations: {
    CreateSnapshot: operation<CreateSnapshotCommandInput, CreateSnapshotCommandOutput>(
      ['VolumeId', 'Description', 'TagSpecifications'],
      (scope, { VolumeId, Description = '', TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'snapshot');
        const tags = tagsFor(TagSpecifications, 'snapshot');
        const volume = requireVolume(scope, VolumeId);
        if (volume.state !== 'available' && volume.state !== 'in-use')
          throw refusal('IncorrectState', `Volume '${volume.volumeId}' is in the '${volume.state}' state.`);
        const seconds = scope.seconds('snapshot.create');
        return describeSnapshot(scope, addSnapshot(scope, { volume, description: Description, tags, seconds }));
      },
    ),
    DescribeSnapshots: operation<DescribeSnapshotsCommandInput, DescribeSnapshotsCommandOutput>(
      ['SnapshotIds', 'OwnerIds', 'RestorableByUserIds', ...selecting],
      (scope, { SnapshotIds, OwnerIds, RestorableByUserIds, ...question }) => {
        const named = SnapshotIds?.map((id) => requireSnapshot(scope, id));
        const mine = (users: string[] | undefined) =>
          users === undefined || users.includes('self') || users.includes(scope.accountId);
        const rows = mine(OwnerIds) && mine(RestorableByUserIds) ? (named ?? snapshotTable(scope).list()) : [];
        const { page, NextToken } = selected(
          scope,
          rows,
          question,
          {
            'snapshot-id': (row) => row.snapshotId,
            'volume-id': (row) => row.volumeId,
            'volume-size': (row) => row.volumeSize,
            status: (row) => row.state,
            description: (row) => row.description,
            encrypted: (row) => row.encrypted,
            'owner-id': () => scope.accountId,
            'owner-alias': () => [],
            progress: (row) => progress(scope, row),
            'start-time': (row) => new Date(row.startTime).toISOString(),
            'storage-tier': () => 'standard',
          },
          SnapshotIds,
        );
        return { Snapshots: page.map((row) => describeSnapshot(scope, row)), NextToken };
      },
    ),
    DeleteSnapshot: operation<DeleteSnapshotCommandInput, DeleteSnapshotCommandOutput>(
      ['SnapshotId'],
      (scope, { SnapshotId }) => {
        const { snapshotId } = requireSnapshot(scope, SnapshotId);
        const imageId = imageOfSnapshot(scope, snapshotId);
        if (imageId !== undefined)
          throw refusal('InvalidSnapshot.InUse', `The snapshot ${snapshotId} is currently in use by ${imageId}`);
        snapshotTable(scope).delete(snapshotId);
        return {};
      },
    ),
  },
  events: {
    snapshotCompleted(scope, { snapshotId }: { snapshotId: string }) {
      const row = snapshotTable(scope).peek(snapshotId);
      if (row?.state === 'pending') row.state = 'completed';
    },
  },
};
