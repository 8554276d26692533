import type {
  BlockDeviceMapping,
  DescribeImagesCommandInput,
  DescribeImagesCommandOutput,
  Image,
} from '@aws-sdk/client-ec2';
import type { Scope, Stored } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import type { DeviceForm } from './block-devices.ts';
import { type PublicImage, publicImages } from './public-images.ts';
import { selected, selecting } from './selection.ts';
import { type Tags, toList } from './tags.ts';

/** An image of the account or of a publisher. Times are milliseconds. */
export interface ImageRow {
  imageId: string;
  name: string;
  description: string;
  ownerId: string;
  state: 'pending' | 'available' | 'failed';
  stateReason?: { code: string; message: string };
  architecture: 'x86_64' | 'arm64';
  rootDeviceName: string;
  devices: DeviceForm[];
  creationDate: number;
  imdsSupport?: 'v2.0';
  bootMode: 'uefi' | 'uefi-preferred' | 'legacy-bios';
  sourceInstanceId?: string;
  sourceImageId?: string;
  deregistrationProtection: boolean;
  /** Account ids, and `all` for everybody. */
  launchPermissions: string[];
  /** The public parameter that points to it. */
  publicParameter?: string;
  lastLaunchedTime?: number;
  tags: Tags;
}

/** The account's own images. */
export function imageTable(scope: Scope) {
  return scope.table<ImageRow>('ec2.images');
}

function published(image: PublicImage): ImageRow {
  const { snapshotId, volumeSize, volumeType, parameterName, rootDeviceName, ...rest } = image;
  const performance = volumeType === 'gp3' ? { iops: 3000, throughput: 125 } : { iops: 100 };
  const device: DeviceForm = {
    device: rootDeviceName,
    snapshotId,
    size: volumeSize,
    volumeType,
    ...performance,
    encrypted: false,
    deleteOnTermination: true,
  };
  return {
    ...rest,
    rootDeviceName,
    state: 'available',
    devices: [device],
    deregistrationProtection: false,
    launchPermissions: ['all'],
    publicParameter: parameterName,
    tags: {},
  };
}

/** Public images once each, by the first parameter that points to them. */
function publishedImages(scope: Scope): ImageRow[] {
  const byId = new Map<string, ImageRow>();
  for (const image of publicImages(scope)) if (!byId.has(image.imageId)) byId.set(image.imageId, published(image));
  return [...byId.values()];
}

/** The image, the account's own or a public one, or EC2's refusal. */
export function requireImage(scope: Scope, imageId: string | undefined): ImageRow & Stored {
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(imageId ?? ''))
    throw refusal('InvalidAMIID.Malformed', `Invalid id: "${imageId}" (expecting "ami-...")`);
  const row = imageTable(scope).get(imageId) ?? publishedImages(scope).find((image) => image.imageId === imageId);
  if (!row) throw refusal('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
  return row;
}

/** The account's own image; one of somebody else is not to be touched. */
export function requireOwnImage(scope: Scope, imageId: string | undefined): ImageRow {
  const row = requireImage(scope, imageId);
  if (row.ownerId !== scope.accountId) throw refusal('AuthFailure', `Not authorized for image:${imageId}`, 403);
  return row;
}

function alias(scope: Scope, { ownerId }: ImageRow): string | undefined {
  return ownerId === scope.accountId ? undefined : 'amazon';
}

/** A device as a block device mapping shows it. */
export function describeDevice(device: DeviceForm): BlockDeviceMapping {
  return {
    DeviceName: device.device,
    Ebs: {
      DeleteOnTermination: device.deleteOnTermination,
      Encrypted: device.encrypted,
      Iops: device.iops,
      SnapshotId: device.snapshotId,
      Throughput: device.throughput,
      VolumeSize: device.size,
      VolumeType: device.volumeType,
    },
  };
}

function describe(scope: Scope, row: ImageRow): Image {
  const ownerAlias = alias(scope, row);
  return {
    ImageId: row.imageId,
    Name: row.name,
    Description: row.description,
    ImageLocation: `${ownerAlias ?? row.ownerId}/${row.name}`,
    ImageOwnerAlias: ownerAlias,
    OwnerId: row.ownerId,
    State: row.state,
    ...(row.stateReason && { StateReason: { Code: row.stateReason.code, Message: row.stateReason.message } }),
    CreationDate: new Date(row.creationDate).toISOString(),
    Public: row.launchPermissions.includes('all'),
    Architecture: row.architecture,
    ImageType: 'machine',
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    BlockDeviceMappings: row.devices.map(describeDevice),
    EnaSupport: true,
    Hypervisor: 'xen',
    RootDeviceName: row.rootDeviceName,
    RootDeviceType: 'ebs',
    SriovNetSupport: 'simple',
    VirtualizationType: 'hvm',
    BootMode: row.bootMode,
    ImdsSupport: row.imdsSupport,
    SourceInstanceId: row.sourceInstanceId,
    SourceImageId: row.sourceImageId,
    SourceImageRegion: row.sourceImageId === undefined ? undefined : scope.region,
    DeregistrationProtection: row.deregistrationProtection ? 'enabled-without-cooldown' : 'disabled',
    ...(row.lastLaunchedTime !== undefined && { LastLaunchedTime: new Date(row.lastLaunchedTime).toISOString() }),
    Tags: toList(row.tags),
  };
}

/** Whether one of `users` may launch the image: the account itself, an account id, or everybody. */
function launchableBy(scope: Scope, row: ImageRow, users: string[]): boolean {
  return users.some((user) => {
    const account = user === 'self' ? scope.accountId : user;
    return row.launchPermissions.includes(account) || (user === 'self' && row.ownerId === account);
  });
}

function ownedBy(scope: Scope, row: ImageRow, owners: string[]): boolean {
  return owners.some((owner) =>
    owner === 'self' ? row.ownerId === scope.accountId : owner === row.ownerId || owner === alias(scope, row),
  );
}

export const images: Noun = {
  service: 'ec2',
  operations: {
    DescribeImages: operation<DescribeImagesCommandInput, DescribeImagesCommandOutput>(
      ['ImageIds', 'Owners', 'ExecutableUsers', 'IncludeDeprecated', 'IncludeDisabled', ...selecting],
      (scope, { ImageIds, Owners, ExecutableUsers, ...question }) => {
        const wrong = Owners?.find((owner) => !/^(self|amazon|aws-marketplace|aws-backup-vault|\d{12})$/.test(owner));
        if (wrong !== undefined) throw refusal('InvalidUserID.Malformed', `Invalid user id: "${wrong}"`);
        const all: (ImageRow & Stored)[] = ImageIds?.map((id) => requireImage(scope, id)) ?? [
          ...imageTable(scope).list(),
          ...publishedImages(scope),
        ];
        const rows = all.filter(
          (row) =>
            (Owners === undefined || ownedBy(scope, row, Owners)) &&
            (ExecutableUsers === undefined || launchableBy(scope, row, ExecutableUsers)),
        );
        const device = (read: (device: DeviceForm) => string | number | boolean | undefined) => (row: ImageRow) =>
          row.devices.map(read).filter((value) => value !== undefined);
        const { page, NextToken } = selected(
          scope,
          rows,
          question,
          {
            'image-id': (row) => row.imageId,
            name: (row) => row.name,
            description: (row) => row.description,
            state: (row) => row.state,
            'state-reason-code': (row) => row.stateReason?.code ?? [],
            'state-reason-message': (row) => row.stateReason?.message ?? [],
            architecture: (row) => row.architecture,
            'creation-date': (row) => new Date(row.creationDate).toISOString(),
            'owner-id': (row) => row.ownerId,
            'owner-alias': (row) => alias(scope, row) ?? [],
            'is-public': (row) => row.launchPermissions.includes('all'),
            'root-device-name': (row) => row.rootDeviceName,
            'root-device-type': () => 'ebs',
            'virtualization-type': () => 'hvm',
            hypervisor: () => 'xen',
            'image-type': () => 'machine',
            'ena-support': () => true,
            'manifest-location': (row) => describe(scope, row).ImageLocation,
            'source-instance-id': (row) => row.sourceInstanceId ?? [],
            'source-image-id': (row) => row.sourceImageId ?? [],
            platform: () => [],
            'block-device-mapping.device-name': device((one) => one.device),
            'block-device-mapping.snapshot-id': device((one) => one.snapshotId),
            'block-device-mapping.volume-size': device((one) => one.size),
            'block-device-mapping.volume-type': device((one) => one.volumeType),
            'block-device-mapping.encrypted': device((one) => one.encrypted),
            'block-device-mapping.delete-on-termination': device((one) => one.deleteOnTermination),
          },
          ImageIds,
        );
        return { Images: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
  },
};
