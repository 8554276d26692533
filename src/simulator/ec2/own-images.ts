import type {
  CopyImageCommandInput,
  CopyImageCommandOutput,
  CreateImageCommandInput,
  CreateImageCommandOutput,
  DeleteSnapshotReturnCode,
  DeregisterImageCommandInput,
  DeregisterImageCommandOutput,
  RegisterImageCommandInput,
  RegisterImageCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type DeviceForm, ebsKey, launchDevices } from './block-devices.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { type ImageRow, imageTable, requireImage, requireOwnImage } from './images.ts';
import { requireInstance } from './instances.ts';
import { addSnapshot, snapshotTable } from './snapshot-rows.ts';
import { imageOfSnapshot } from './snapshots.ts';
import { allowTagsFor, tagsFor } from './tags.ts';
import { volumesOf } from './volumes.ts';
import { isRegion } from './zones.ts';

function allowName(scope: Scope, name = '') {
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name))
    throw refusal(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    );
  const holder = imageTable(scope)
    .all()
    .find((row) => row.name === name);
  if (holder) throw refusal('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${holder.imageId}`);
  return name;
}

type NewImage = Omit<ImageRow, 'ownerId' | 'creationDate' | 'deregistrationProtection' | 'launchPermissions'>;

function addImage(scope: Scope, image: NewImage): ImageRow {
  return imageTable(scope).insert(image.imageId, {
    ...image,
    ownerId: scope.accountId,
    creationDate: scope.now,
    deregistrationProtection: false,
    launchPermissions: [],
  });
}

/** Lets a pending image, and its snapshots with it, come to its end. */
function finishLater(scope: Scope, imageId: string, seconds: number) {
  const failure = scope.breaksLater('image');
  scope.after(seconds, 'imageFinished', { imageId, ...(failure === undefined ? {} : { failure }) });
}

export const ownImages: Noun = {
  service: 'ec2',
  operations: {
    CreateImage: operation<CreateImageCommandInput, CreateImageCommandOutput>(
      ['InstanceId', 'Name', 'Description', 'NoReboot', 'BlockDeviceMappings', 'TagSpecifications'],
      (scope, { InstanceId, Name, Description = '', NoReboot, BlockDeviceMappings, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'image', 'snapshot');
        const tags = tagsFor(TagSpecifications, 'image');
        const snapshotTags = tagsFor(TagSpecifications, 'snapshot');
        const instance = requireInstance(scope, InstanceId);
        if (instance.state !== 'running' && instance.state !== 'stopped')
          throw refusal(
            'IncorrectInstanceState',
            `The instance '${instance.instanceId}' is not in the 'running' or 'stopped' state.`,
          );
        const name = allowName(scope, Name);
        if (BlockDeviceMappings?.some(({ Ebs }) => Ebs?.Encrypted !== undefined))
          throw refusal(
            'InvalidBlockDeviceMapping',
            'the encrypted flag cannot be specified since device has a snapshot',
          );
        const attached = volumesOf(scope, instance.instanceId);
        const source = attached.map(({ attachment, ...volume }): DeviceForm => {
          const { size, volumeType, iops, throughput, encrypted, kmsKeyId } = volume;
          return {
            device: attachment.device,
            deleteOnTermination: attachment.deleteOnTermination,
            size,
            volumeType,
            ...(iops === undefined ? {} : { iops }),
            ...(throughput === undefined ? {} : { throughput }),
            encrypted,
            ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
          };
        });
        const { rootDeviceName, architecture, bootMode } = instance;
        const wanted = launchDevices(scope, { rootDeviceName, devices: source }, BlockDeviceMappings);

        const imageId = scope.id('ami');
        const seconds = scope.seconds('image.create');
        const devices = wanted.map((device): DeviceForm => {
          const volume = attached.find(({ attachment }) => attachment.device === device.device);
          if (!volume) return device;
          const description = `Created by CreateImage(${instance.instanceId}) for ${imageId}`;
          const { snapshotId } = addSnapshot(scope, { volume, description, tags: snapshotTags, seconds });
          return { ...device, snapshotId };
        });
        addImage(scope, {
          imageId,
          name,
          description: Description,
          state: 'pending',
          architecture,
          rootDeviceName,
          bootMode,
          devices,
          ...(instance.imdsSupport === undefined ? {} : { imdsSupport: instance.imdsSupport }),
          sourceInstanceId: instance.instanceId,
          sourceImageId: instance.imageId,
          tags,
        });
        finishLater(scope, imageId, seconds);
        // Without NoReboot the instance is rebooted, so that its file systems are at rest in the snapshots.
        if (instance.state === 'running' && !NoReboot) instance.bootedAt = scope.now;
        return { ImageId: imageId };
      },
    ),
    RegisterImage: operation<RegisterImageCommandInput, RegisterImageCommandOutput>(
      // biome-ignore format: one line shows what the simulated account understands.
      ['Name', 'Description', 'Architecture', 'RootDeviceName', 'BlockDeviceMappings', 'VirtualizationType', 'EnaSupport', 'SriovNetSupport', 'BootMode', 'ImdsSupport', 'TagSpecifications'],
      (scope, input) => {
        allowTagsFor(input.TagSpecifications, 'image');
        const tags = tagsFor(input.TagSpecifications, 'image');
        const name = allowName(scope, input.Name);
        const architecture = input.Architecture ?? 'x86_64';
        if (architecture !== 'x86_64' && architecture !== 'arm64')
          throw refusal('InvalidParameterValue', `Value (${architecture}) for parameter architecture is invalid.`);
        const rootDeviceName = input.RootDeviceName ?? '/dev/sda1';
        const devices = launchDevices(scope, { rootDeviceName, devices: [] }, input.BlockDeviceMappings);
        if (!devices.some(({ device, snapshotId }) => device === rootDeviceName && snapshotId !== undefined))
          throw refusal('InvalidBlockDeviceMapping', 'The root device must have a snapshot');
        const imageId = scope.id('ami');
        addImage(scope, {
          imageId,
          name,
          description: input.Description ?? '',
          state: 'available',
          architecture,
          rootDeviceName,
          bootMode: input.BootMode ?? (architecture === 'arm64' ? 'uefi' : 'legacy-bios'),
          ...(input.ImdsSupport === 'v2.0' ? { imdsSupport: 'v2.0' as const } : {}),
          devices,
          tags,
        });
        return { ImageId: imageId };
      },
    ),
    CopyImage: operation<CopyImageCommandInput, CopyImageCommandOutput>(
      // biome-ignore format: one line shows what the simulated account understands.
      ['Name', 'Description', 'SourceImageId', 'SourceRegion', 'Encrypted', 'KmsKeyId', 'CopyImageTags', 'ClientToken', 'TagSpecifications'],
      (scope, input) => {
        const { SourceImageId, SourceRegion = '', Encrypted, KmsKeyId, TagSpecifications } = input;
        allowTagsFor(TagSpecifications, 'image', 'snapshot');
        const again = madeBefore(scope, 'CopyImage', input);
        if (again !== undefined) return { ImageId: again };
        if (!isRegion(SourceRegion))
          throw refusal('InvalidParameterValue', `Value (${SourceRegion}) for parameter sourceRegion is invalid.`);
        const source = requireImage(scope.elsewhere(SourceRegion), SourceImageId);
        if (source.state !== 'available')
          throw refusal('InvalidAMIID.Unavailable', `The image ID '${source.imageId}' is not available`);
        const name = allowName(scope, input.Name);
        const tags = { ...(input.CopyImageTags ? source.tags : {}), ...tagsFor(TagSpecifications, 'image') };
        const snapshotTags = tagsFor(TagSpecifications, 'snapshot');
        const imageId = scope.id('ami');
        const seconds = scope.seconds('image.create');
        const devices = source.devices.map((device): DeviceForm => {
          const encrypted = device.encrypted || Encrypted === true;
          const copy: DeviceForm = { ...device, encrypted };
          if (encrypted) copy.kmsKeyId = KmsKeyId ?? ebsKey(scope);
          // A copy has no volume of its own; EC2 shows this id for it.
          const volume = { ...copy, volumeId: 'vol-ffffffff' };
          const description = `Copied for DestinationAmi ${imageId} from SourceAmi ${source.imageId}.`;
          const { snapshotId } = addSnapshot(scope, { volume, description, tags: snapshotTags, seconds });
          return { ...copy, snapshotId };
        });
        const { publicParameter: _, taggedAt: _taggedAt, visibleAt: _visibleAt, ...rest } = source;
        const description = input.Description ?? source.description;
        addImage(scope, {
          ...rest,
          imageId,
          name,
          description,
          state: 'pending',
          devices,
          sourceImageId: source.imageId,
          tags,
        });
        rememberToken(scope, 'CopyImage', input, imageId);
        finishLater(scope, imageId, seconds);
        return { ImageId: imageId };
      },
    ),
    DeregisterImage: operation<DeregisterImageCommandInput, DeregisterImageCommandOutput>(
      ['ImageId', 'DeleteAssociatedSnapshots'],
      (scope, { ImageId, DeleteAssociatedSnapshots }) => {
        const image = requireOwnImage(scope, ImageId);
        if (image.deregistrationProtection)
          throw refusal('OperationNotPermitted', `The image '${image.imageId}' is protected from deregistration`);
        imageTable(scope).delete(image.imageId);
        if (!DeleteAssociatedSnapshots) return { Return: true };
        const results = image.devices.flatMap(({ snapshotId }): DeleteSnapshotReturnCode[] => {
          if (snapshotId === undefined || !snapshotTable(scope).peek(snapshotId)) return [];
          if (imageOfSnapshot(scope, snapshotId)) return [{ SnapshotId: snapshotId, ReturnCode: 'skipped' }];
          snapshotTable(scope).delete(snapshotId);
          return [{ SnapshotId: snapshotId, ReturnCode: 'success' }];
        });
        return { Return: true, DeleteSnapshotResults: results };
      },
    ),
  },
  events: {
    imageFinished(scope, { imageId, failure }: { imageId: string; failure?: string }) {
      const row = imageTable(scope).peek(imageId);
      if (row?.state !== 'pending') return;
      row.state = failure === undefined ? 'available' : 'failed';
      if (failure === undefined) return;
      row.stateReason = { code: failure, message: `${failure}: Failed to create the image` };
      for (const { snapshotId } of row.devices) {
        const snapshot = snapshotTable(scope).peek(snapshotId);
        if (snapshot) snapshot.state = 'error';
      }
    },
  },
};
