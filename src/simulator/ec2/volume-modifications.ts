import type {
  DescribeVolumesModificationsCommandInput,
  DescribeVolumesModificationsCommandOutput,
  ModifyVolumeCommandInput,
  ModifyVolumeCommandOutput,
  VolumeModification,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { performance, type VolumeForm } from './block-devices.ts';
import { selected, selecting } from './selection.ts';
import { requireVolume, volumeTable } from './volumes.ts';

type Shape = Pick<VolumeForm, 'size' | 'volumeType' | 'iops' | 'throughput'>;

/** The latest change of a volume. Times are milliseconds. */
interface ModificationRow {
  volumeId: string;
  state: 'modifying' | 'optimizing' | 'completed';
  original: Shape;
  target: Shape;
  startTime: number;
  endTime?: number;
}

/** Seconds until the new size and speed are there, and until all blocks have moved. */
const takes = { modify: 10, optimize: 600 };

function modificationTable(scope: Scope) {
  return scope.table<ModificationRow>('ec2.volumeModifications');
}

function describe(row: ModificationRow): VolumeModification {
  const progress = { modifying: 0, optimizing: 50, completed: 100 };
  return {
    VolumeId: row.volumeId,
    ModificationState: row.state,
    Progress: progress[row.state],
    OriginalSize: row.original.size,
    OriginalVolumeType: row.original.volumeType,
    OriginalIops: row.original.iops,
    OriginalThroughput: row.original.throughput,
    OriginalMultiAttachEnabled: false,
    TargetSize: row.target.size,
    TargetVolumeType: row.target.volumeType,
    TargetIops: row.target.iops,
    TargetThroughput: row.target.throughput,
    TargetMultiAttachEnabled: false,
    StartTime: new Date(row.startTime),
    ...(row.endTime !== undefined && { EndTime: new Date(row.endTime) }),
  };
}

export const volumeModifications: Noun = {
  service: 'ec2',
  operations: {
    ModifyVolume: operation<ModifyVolumeCommandInput, ModifyVolumeCommandOutput>(
      ['VolumeId', 'Size', 'VolumeType', 'Iops', 'Throughput'],
      (scope, { VolumeId, Size, VolumeType, Iops, Throughput }) => {
        const volume = requireVolume(scope, VolumeId);
        if (volume.state !== 'in-use' && volume.state !== 'available')
          throw refusal('IncorrectState', `Volume '${volume.volumeId}' is in the '${volume.state}' state.`);
        if (modificationTable(scope).peek(volume.volumeId)?.state.match(/ing$/))
          throw refusal(
            'IncorrectModificationState',
            `Cannot modify volume '${volume.volumeId}': it is being modified`,
          );
        const { size, volumeType, iops, throughput } = volume;
        if (Size !== undefined && Size < size)
          throw refusal('InvalidParameterValue', 'New size cannot be smaller than existing size');
        const sameType = VolumeType === undefined || VolumeType === volumeType;
        const type = VolumeType ?? volumeType;
        const keptIops = sameType && type !== 'gp2' ? iops : undefined;
        const target: Shape = {
          size: Size ?? size,
          volumeType: type,
          ...performance(type, Size ?? size, Iops ?? keptIops, Throughput ?? (sameType ? throughput : undefined)),
        };
        const original: Shape = {
          size,
          volumeType,
          ...(iops === undefined ? {} : { iops }),
          ...(throughput === undefined ? {} : { throughput }),
        };
        const row = modificationTable(scope).insert(volume.volumeId, {
          volumeId: volume.volumeId,
          state: 'modifying',
          original,
          target,
          startTime: scope.now,
        });
        scope.after(takes.modify, 'volumeModified', { volumeId: volume.volumeId });
        return { VolumeModification: describe(row) };
      },
    ),
    DescribeVolumesModifications: operation<
      DescribeVolumesModificationsCommandInput,
      DescribeVolumesModificationsCommandOutput
    >(['VolumeIds', ...selecting], (scope, { VolumeIds, ...question }) => {
      const rows =
        VolumeIds?.map((id) => {
          const row = modificationTable(scope).get(requireVolume(scope, id).volumeId);
          if (!row)
            throw refusal('InvalidVolumeModification.NotFound', `Modification for volume '${id}' does not exist.`);
          return row;
        }) ?? modificationTable(scope).list();
      const untagged = rows.map((row) => ({ ...row, tags: {} }));
      const { page, NextToken } = selected(scope, untagged, question, {
        'volume-id': (row) => row.volumeId,
        'modification-state': (row) => row.state,
        'original-size': (row) => row.original.size,
        'original-volume-type': (row) => row.original.volumeType,
        'target-size': (row) => row.target.size,
        'target-volume-type': (row) => row.target.volumeType,
        'start-time': (row) => new Date(row.startTime).toISOString(),
      });
      return { VolumesModifications: page.map(describe), NextToken };
    }),
  },
  events: {
    volumeModified(scope, { volumeId }: { volumeId: string }) {
      const row = modificationTable(scope).peek(volumeId);
      const volume = volumeTable(scope).peek(volumeId);
      if (!row || !volume) return;
      delete volume.iops;
      delete volume.throughput;
      Object.assign(volume, row.target);
      row.state = 'optimizing';
      scope.after(takes.optimize, 'volumeOptimized', { volumeId });
    },
    volumeOptimized(scope, { volumeId }: { volumeId: string }) {
      const row = modificationTable(scope).peek(volumeId);
      if (row?.state !== 'optimizing') return;
      row.state = 'completed';
      row.endTime = scope.now;
    },
  },
};
