import type {
  AttachVolumeCommandInput,
  AttachVolumeCommandOutput,
  CreateVolumeCommandInput,
  CreateVolumeCommandOutput,
  DeleteVolumeCommandInput,
  DeleteVolumeCommandOutput,
  DescribeVolumesCommandInput,
  DescribeVolumesCommandOutput,
  DetachVolumeCommandInput,
  DetachVolumeCommandOutput,
  Volume,
  VolumeAttachment,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type VolumeForm, volumeForm } from './block-devices.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { instanceTable, requireInstance } from './instances.ts';
import { selected, selecting } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { zonesOf } from './zones.ts';

/** Times are milliseconds. */
export interface VolumeRow extends VolumeForm {
  volumeId: string;
  availabilityZone: string;
  state: 'creating' | 'available' | 'in-use' | 'deleting';
  createTime: number;
  attachment?: Attachment;
  tags: Tags;
}

interface Attachment {
  instanceId: string;
  device: string;
  state: 'attaching' | 'attached' | 'detaching';
  attachTime: number;
  deleteOnTermination: boolean;
}

/** Seconds. AWS gives no figures; in practice each is over before one has looked twice. */
const takes = { create: 2, attach: 3, detach: 5, delete: 4 };

export function volumeTable(scope: Scope) {
  return scope.table<VolumeRow>('ec2.volumes');
}

/** The volume, or EC2's refusal. */
export function requireVolume(scope: Scope, volumeId: string | undefined): VolumeRow {
  if (volumeId !== undefined && !volumeId.startsWith('vol-'))
    throw refusal(
      'InvalidParameterValue',
      `Value (${volumeId}) for parameter volumeId is invalid. Expected: 'vol-...'.`,
    );
  const row = volumeTable(scope).get(volumeId);
  if (!row) throw refusal('InvalidVolume.NotFound', `The volume '${volumeId}' does not exist.`);
  return row;
}

/** Volumes of the instance, attached or on the way. */
export function volumesOf(scope: Scope, instanceId: string): (VolumeRow & { attachment: Attachment })[] {
  return volumeTable(scope)
    .all()
    .filter((row): row is VolumeRow & { attachment: Attachment } => row.attachment?.instanceId === instanceId);
}

/** Adds a volume, attached from the start when a launch makes it. */
export function addVolume(
  scope: Scope,
  form: VolumeForm,
  { availabilityZone, attachment, tags }: Pick<VolumeRow, 'availabilityZone' | 'attachment' | 'tags'>,
): VolumeRow {
  const volumeId = scope.id('vol');
  const row = volumeTable(scope).insert(volumeId, {
    ...form,
    volumeId,
    availabilityZone,
    state: attachment ? 'in-use' : 'creating',
    createTime: scope.now,
    ...(attachment ? { attachment } : {}),
    tags,
  });
  if (!attachment) scope.after(takes.create, 'volumeAvailable', { volumeId });
  return row;
}

/** What an instance's end means for its volumes: they go with it, or stay behind and are free. */
export function releaseVolumes(scope: Scope, instanceId: string) {
  for (const row of volumesOf(scope, instanceId)) {
    if (row.attachment.deleteOnTermination) volumeTable(scope).delete(row.volumeId);
    else free(row);
  }
}

function free(row: VolumeRow) {
  row.state = 'available';
  delete row.attachment;
}

function describeAttachment({ volumeId, attachment }: VolumeRow): VolumeAttachment[] {
  if (!attachment) return [];
  return [
    {
      VolumeId: volumeId,
      InstanceId: attachment.instanceId,
      Device: attachment.device,
      State: attachment.state,
      AttachTime: new Date(attachment.attachTime),
      DeleteOnTermination: attachment.deleteOnTermination,
    },
  ];
}

function describe(scope: Scope, row: VolumeRow): Volume {
  return {
    VolumeId: row.volumeId,
    Size: row.size,
    VolumeType: row.volumeType,
    Iops: row.iops,
    Throughput: row.throughput,
    Encrypted: row.encrypted,
    KmsKeyId: row.kmsKeyId,
    SnapshotId: row.snapshotId ?? '',
    AvailabilityZone: row.availabilityZone,
    AvailabilityZoneId: zonesOf(scope.region).find(({ name }) => name === row.availabilityZone)?.id,
    State: row.state,
    CreateTime: new Date(row.createTime),
    MultiAttachEnabled: false,
    Attachments: describeAttachment(row),
    Tags: toList(row.tags),
  };
}

export const volumes: Noun = {
  service: 'ec2',
  operations: {
    CreateVolume: operation<CreateVolumeCommandInput, CreateVolumeCommandOutput>(
      // biome-ignore format: one line shows what the simulated account understands.
      ['AvailabilityZone', 'AvailabilityZoneId', 'Size', 'SnapshotId', 'VolumeType', 'Iops', 'Throughput', 'Encrypted', 'KmsKeyId', 'MultiAttachEnabled', 'ClientToken', 'TagSpecifications'],
      (scope, input) => {
        const { AvailabilityZone: name, AvailabilityZoneId: id, Size, TagSpecifications } = input;
        allowTagsFor(TagSpecifications, 'volume');
        const tags = tagsFor(TagSpecifications, 'volume');
        const again = volumeTable(scope).peek(madeBefore(scope, 'CreateVolume', input));
        if (again) return describe(scope, again);
        if (name === undefined && id === undefined)
          throw refusal('MissingParameter', 'The request must contain the parameter AvailabilityZone');
        const zone = zonesOf(scope.region).find((one) => one.name === name || one.id === id);
        if (!zone) throw refusal('InvalidZone.NotFound', `The zone '${name ?? id}' does not exist.`);
        if (input.MultiAttachEnabled)
          throw refusal(
            'UnsupportedOperation',
            'The simulated account has no Multi-Attach; leave MultiAttachEnabled off',
          );
        const form = volumeForm(scope, { ...input, VolumeSize: Size }, 'InvalidParameterValue');
        const row = addVolume(scope, form, { availabilityZone: zone.name, tags });
        rememberToken(scope, 'CreateVolume', input, row.volumeId);
        return describe(scope, row);
      },
    ),
    DescribeVolumes: operation<DescribeVolumesCommandInput, DescribeVolumesCommandOutput>(
      ['VolumeIds', ...selecting],
      (scope, { VolumeIds, ...question }) => {
        const rows = VolumeIds?.map((id) => requireVolume(scope, id)) ?? volumeTable(scope).list();
        const { page, NextToken } = selected(
          scope,
          rows,
          question,
          {
            'volume-id': (row) => row.volumeId,
            'volume-type': (row) => row.volumeType,
            size: (row) => row.size,
            status: (row) => row.state,
            encrypted: (row) => row.encrypted,
            'snapshot-id': (row) => row.snapshotId ?? [],
            'availability-zone': (row) => row.availabilityZone,
            'availability-zone-id': (row) => describe(scope, row).AvailabilityZoneId,
            'create-time': (row) => new Date(row.createTime).toISOString(),
            'multi-attach-enabled': () => false,
            'attachment.instance-id': (row) => row.attachment?.instanceId ?? [],
            'attachment.device': (row) => row.attachment?.device ?? [],
            'attachment.status': (row) => row.attachment?.state ?? [],
            'attachment.delete-on-termination': (row) => row.attachment?.deleteOnTermination ?? [],
            'attachment.attach-time': (row) =>
              row.attachment ? new Date(row.attachment.attachTime).toISOString() : [],
          },
          VolumeIds,
        );
        return { Volumes: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    AttachVolume: operation<AttachVolumeCommandInput, AttachVolumeCommandOutput>(
      ['VolumeId', 'InstanceId', 'Device'],
      (scope, { VolumeId, InstanceId, Device = '' }) => {
        const row = requireVolume(scope, VolumeId);
        const instance = requireInstance(scope, InstanceId);
        if (row.attachment) throw refusal('VolumeInUse', `${row.volumeId} is already attached to an instance`);
        if (row.state !== 'available') throw refusal('IncorrectState', `${row.volumeId} is not 'available'.`);
        if (instance.state !== 'running' && instance.state !== 'stopped')
          throw refusal('IncorrectState', `Instance '${instance.instanceId}' is not 'running'.`);
        if (instance.availabilityZone !== row.availabilityZone)
          throw refusal(
            'InvalidVolume.ZoneMismatch',
            `The volume '${row.volumeId}' is not in the same availability zone as instance '${instance.instanceId}'`,
          );
        if (!/^(\/dev\/)?(sd|xvd)[a-z][a-z0-9]{0,2}$/.test(Device))
          throw refusal(
            'InvalidParameterValue',
            `Value (${Device}) for parameter device is invalid. ${Device} is not a valid EBS device name.`,
          );
        if (volumesOf(scope, instance.instanceId).some(({ attachment }) => attachment.device === Device))
          throw refusal(
            'InvalidParameterValue',
            `Invalid value '${Device}' for unixDevice. Attachment point ${Device} is already in use`,
          );
        row.state = 'in-use';
        row.attachment = {
          instanceId: instance.instanceId,
          device: Device,
          state: 'attaching',
          attachTime: scope.now,
          deleteOnTermination: false,
        };
        scope.after(takes.attach, 'volumeAttached', { volumeId: row.volumeId });
        return describeAttachment(row)[0]!;
      },
    ),
    DetachVolume: operation<DetachVolumeCommandInput, DetachVolumeCommandOutput>(
      ['VolumeId', 'InstanceId', 'Device', 'Force'],
      (scope, { VolumeId, InstanceId, Device }) => {
        const row = requireVolume(scope, VolumeId);
        const { attachment } = row;
        if (!attachment) throw refusal('IncorrectState', `Volume '${row.volumeId}' is in the '${row.state}' state.`);
        const elsewhere =
          InstanceId !== undefined && requireInstance(scope, InstanceId).instanceId !== attachment.instanceId;
        if (elsewhere || (Device !== undefined && Device !== attachment.device))
          throw refusal(
            'InvalidAttachment.NotFound',
            `The volume '${row.volumeId}' is not attached to instance '${InstanceId ?? attachment.instanceId}'${Device === undefined ? '' : ` as device ${Device}`}.`,
          );
        const instance = instanceTable(scope).peek(attachment.instanceId);
        if (instance && instance.rootDeviceName === attachment.device && instance.state !== 'stopped')
          throw refusal(
            'OperationNotPermitted',
            `Unable to detach root volume '${row.volumeId}' from instance '${instance.instanceId}'`,
          );
        attachment.state = 'detaching';
        scope.after(takes.detach, 'volumeDetached', { volumeId: row.volumeId });
        return describeAttachment(row)[0]!;
      },
    ),
    DeleteVolume: operation<DeleteVolumeCommandInput, DeleteVolumeCommandOutput>(
      ['VolumeId'],
      (scope, { VolumeId }) => {
        const row = requireVolume(scope, VolumeId);
        if (row.attachment)
          throw refusal('VolumeInUse', `Volume ${row.volumeId} is currently attached to ${row.attachment.instanceId}`);
        if (row.state === 'creating') throw refusal('IncorrectState', `Volume ${row.volumeId} is in state creating`);
        if (row.state !== 'deleting') scope.after(takes.delete, 'volumeGone', { volumeId: row.volumeId });
        row.state = 'deleting';
        return {};
      },
    ),
  },
  events: {
    volumeAvailable(scope, { volumeId }: { volumeId: string }) {
      const row = volumeTable(scope).peek(volumeId);
      if (row?.state === 'creating') row.state = 'available';
    },
    volumeAttached(scope, { volumeId }: { volumeId: string }) {
      const attachment = volumeTable(scope).peek(volumeId)?.attachment;
      if (attachment?.state === 'attaching') attachment.state = 'attached';
    },
    volumeDetached(scope, { volumeId }: { volumeId: string }) {
      const row = volumeTable(scope).peek(volumeId);
      if (row?.attachment?.state === 'detaching') free(row);
    },
    volumeGone(scope, { volumeId }: { volumeId: string }) {
      volumeTable(scope).delete(volumeId);
    },
  },
};
