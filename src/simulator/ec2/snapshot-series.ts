import type {
  CopySnapshotCommandInput,
  CopySnapshotCommandOutput,
  CreateSnapshotsCommandInput,
  CreateSnapshotsCommandOutput,
} from '@aws-sdk/client-ec2';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { ebsKey } from './block-devices.ts';
import { requireInstance } from './instances.ts';
import { addSnapshot, requireSnapshot } from './snapshot-rows.ts';
import { allowTagsFor, tagsFor, toList } from './tags.ts';
import { volumesOf } from './volumes.ts';
import { isRegion } from './zones.ts';

/** Snapshots that come from more than one volume: all of an instance at once, or another snapshot. */
export const snapshotSeries: Noun = {
  service: 'ec2',
  operations: {
    CreateSnapshots: operation<CreateSnapshotsCommandInput, CreateSnapshotsCommandOutput>(
      ['InstanceSpecification', 'Description', 'CopyTagsFromSource', 'TagSpecifications'],
      (scope, { InstanceSpecification, Description = '', CopyTagsFromSource, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'snapshot');
        const tags = tagsFor(TagSpecifications, 'snapshot');
        const instance = requireInstance(scope, InstanceSpecification?.InstanceId);
        const { ExcludeBootVolume, ExcludeDataVolumeIds = [] } = InstanceSpecification ?? {};
        const volumes = volumesOf(scope, instance.instanceId).filter(
          ({ volumeId, attachment }) =>
            !(ExcludeBootVolume && attachment.device === instance.rootDeviceName) &&
            !ExcludeDataVolumeIds.includes(volumeId),
        );
        if (volumes.length === 0)
          throw refusal(
            'InvalidParameterValue',
            `Instance '${instance.instanceId}' has no volumes to make snapshots of`,
          );
        const rows = volumes.map((volume) =>
          addSnapshot(scope, {
            volume,
            description: Description,
            tags: { ...(CopyTagsFromSource === 'volume' ? volume.tags : {}), ...tags },
            seconds: scope.seconds('snapshot.create'),
          }),
        );
        return {
          Snapshots: rows.map((row) => ({
            SnapshotId: row.snapshotId,
            VolumeId: row.volumeId,
            VolumeSize: row.volumeSize,
            Description: row.description,
            Encrypted: row.encrypted,
            OwnerId: scope.accountId,
            Progress: '',
            StartTime: new Date(row.startTime),
            State: row.state,
            Tags: toList(row.tags),
          })),
        };
      },
    ),
    CopySnapshot: operation<CopySnapshotCommandInput, CopySnapshotCommandOutput>(
      [
        'SourceSnapshotId',
        'SourceRegion',
        'DestinationRegion',
        'PresignedUrl',
        'Description',
        'Encrypted',
        'KmsKeyId',
        'TagSpecifications',
      ],
      (scope, input) => {
        const { SourceSnapshotId, SourceRegion = '', Description = '', Encrypted, KmsKeyId, TagSpecifications } = input;
        allowTagsFor(TagSpecifications, 'snapshot');
        const tags = tagsFor(TagSpecifications, 'snapshot');
        if (!isRegion(SourceRegion))
          throw refusal('InvalidParameterValue', `Value (${SourceRegion}) for parameter sourceRegion is invalid.`);
        const source = requireSnapshot(scope.elsewhere(SourceRegion), SourceSnapshotId);
        if (source.state !== 'completed')
          throw refusal('IncorrectState', `Snapshot '${source.snapshotId}' is not 'completed'.`);
        const encrypted = source.encrypted || Encrypted === true;
        const { snapshotId } = addSnapshot(scope, {
          // A copy has no volume of its own; EC2 shows this id for it.
          volume: {
            volumeId: 'vol-ffffffff',
            size: source.volumeSize,
            encrypted,
            ...(encrypted ? { kmsKeyId: KmsKeyId ?? ebsKey(scope) } : {}),
          },
          description: Description,
          tags,
          seconds: scope.seconds('snapshot.create'),
        });
        return { SnapshotId: snapshotId, Tags: toList(tags) };
      },
    ),
  },
};
