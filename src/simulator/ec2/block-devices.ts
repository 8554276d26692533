import { createHash } from 'node:crypto';
import type { BlockDeviceMapping, EbsBlockDevice } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { encryptsByDefault } from './ebs-encryption.ts';
import { usableSnapshot } from './snapshot-rows.ts';

export type VolumeType = 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard';

/** What a volume is, before it is one. Sizes in GiB, throughput in MiB/s. */
export interface VolumeForm {
  size: number;
  volumeType: VolumeType;
  iops?: number;
  throughput?: number;
  encrypted: boolean;
  kmsKeyId?: string;
  snapshotId?: string;
}

/** A volume that an image or a launch puts at a device of the instance. */
export interface DeviceForm extends VolumeForm {
  device: string;
  deleteOnTermination: boolean;
}

interface Limits {
  sizes: [least: number, most: number];
  iops?: [least: number, most: number];
  /** IOPS for each GiB at most. */
  ratio?: number;
  iopsRequired?: true;
}

const limits: Record<VolumeType, Limits> = {
  gp2: { sizes: [1, 16384] },
  gp3: { sizes: [1, 65536], iops: [3000, 80000], ratio: 500 },
  io1: { sizes: [4, 16384], iops: [100, 64000], ratio: 50, iopsRequired: true },
  io2: { sizes: [4, 65536], iops: [100, 256000], ratio: 1000, iopsRequired: true },
  st1: { sizes: [125, 16384] },
  sc1: { sizes: [125, 16384] },
  standard: { sizes: [1, 1024] },
};

type Wanted = Pick<
  EbsBlockDevice,
  'VolumeSize' | 'VolumeType' | 'Iops' | 'Throughput' | 'Encrypted' | 'KmsKeyId' | 'SnapshotId'
>;

/**
 * The volume that a call asks for, with EC2's defaults. `tooSmall` is the code for a size below that of the snapshot,
 * which differs between CreateVolume and a block device mapping.
 */
export function volumeForm(scope: Scope, wanted: Wanted, tooSmall: string, fallback: VolumeType = 'gp2'): VolumeForm {
  const volumeType = wanted.VolumeType ?? fallback;
  if (!Object.hasOwn(limits, volumeType))
    throw refusal('UnknownVolumeType', `Unsupported volume type '${volumeType}' for volume creation.`);
  const snapshot = wanted.SnapshotId === undefined ? undefined : usableSnapshot(scope, wanted.SnapshotId);
  const size = wanted.VolumeSize ?? snapshot?.volumeSize;
  if (size === undefined)
    throw refusal('MissingParameter', 'The request must contain the parameter size or snapshotId');
  if (snapshot && size < snapshot.volumeSize)
    throw refusal(
      tooSmall,
      `Volume of size ${size}GB is smaller than snapshot '${snapshot.snapshotId}', expect size>= ${snapshot.volumeSize}GB`,
    );
  if (wanted.KmsKeyId !== undefined && wanted.Encrypted !== true)
    throw refusal('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted to be set.');
  if (snapshot?.encrypted && wanted.Encrypted === false)
    throw refusal(
      'InvalidParameterCombination',
      'A volume of an encrypted snapshot cannot be made without encryption.',
    );
  const encrypted = wanted.Encrypted || snapshot?.encrypted || encryptsByDefault(scope);
  const kmsKeyId = encrypted ? (wanted.KmsKeyId ?? snapshot?.kmsKeyId ?? ebsKey(scope)) : undefined;
  return {
    size,
    volumeType,
    ...performance(volumeType, size, wanted.Iops, wanted.Throughput),
    encrypted,
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(wanted.SnapshotId === undefined ? {} : { snapshotId: wanted.SnapshotId }),
  };
}

/** The IOPS and throughput that a volume gets; refuses what its type or size cannot have. */
export function performance(
  volumeType: VolumeType,
  size: number,
  iops: number | undefined,
  throughput: number | undefined,
): { iops?: number; throughput?: number } {
  const { sizes, iops: range, ratio = 0, iopsRequired } = limits[volumeType];
  const bound = (word: string, edge: string, value: number) =>
    refusal(
      'InvalidParameterValue',
      `Volume of ${size}GiB is too ${word} for volume type ${volumeType}; ${edge} is ${value}GiB`,
    );
  if (size < sizes[0]) throw bound('small', 'minimum', sizes[0]);
  if (size > sizes[1]) throw bound('large', 'maximum', sizes[1]);
  if (iops === undefined && iopsRequired)
    throw refusal('MissingParameter', `The parameter iops must be specified for ${volumeType} volumes.`);
  if (iops !== undefined && !range)
    throw refusal('InvalidParameterCombination', `The parameter iops is not supported for ${volumeType} volumes.`);
  if (iops !== undefined && range && (iops < range[0] || iops > range[1]))
    throw refusal(
      'InvalidParameterValue',
      `Volume iops of ${iops} is out of range for volume type ${volumeType}; it must be between ${range[0]} and ${range[1]}`,
    );
  if (iops !== undefined && iops > Math.max(ratio * size, range?.[0] ?? 0))
    throw refusal(
      'InvalidParameterCombination',
      `Iops to volume size ratio of ${(iops / size).toFixed(6)} is too high; maximum is ${ratio}.0`,
    );
  if (throughput !== undefined && volumeType !== 'gp3')
    throw refusal(
      'InvalidParameterCombination',
      `The parameter throughput is not supported for ${volumeType} volumes.`,
    );
  if (throughput !== undefined && (throughput < 125 || throughput > 2000))
    throw refusal(
      'InvalidParameterValue',
      `Throughput of ${throughput} is out of range; it must be between 125 and 2000`,
    );
  if (throughput !== undefined && throughput > (iops ?? 3000) * 0.25)
    throw refusal(
      'InvalidParameterCombination',
      `Throughput (MiBps) to iops ratio of ${(throughput / (iops ?? 3000)).toFixed(6)} is too high; maximum is 0.250000 MiBps per iops.`,
    );
  if (volumeType === 'gp3') return { iops: iops ?? 3000, throughput: throughput ?? 125 };
  if (volumeType === 'gp2') return { iops: Math.min(16000, Math.max(100, 3 * size)) };
  return iops === undefined ? {} : { iops };
}

/** The volumes of a launch: those of the image, changed, left out or joined by what the call maps. */
export function launchDevices(
  scope: Scope,
  image: { rootDeviceName: string; devices: DeviceForm[] },
  mappings: BlockDeviceMapping[] = [],
): DeviceForm[] {
  const names = mappings.map(({ DeviceName }) => DeviceName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw refusal('InvalidBlockDeviceMapping', `The device '${twice}' is used in more than one block-device mapping`);
  const devices = new Map(image.devices.map((device) => [device.device, encryptedHere(scope, device)]));
  for (const { DeviceName, NoDevice, VirtualName, Ebs } of mappings) {
    if (DeviceName === undefined || !/^(\/dev\/)?(sd|xvd)[a-z][a-z0-9]{0,2}$/.test(DeviceName))
      throw refusal('InvalidBlockDeviceMapping', `Invalid device name ${DeviceName}`);
    if (NoDevice !== undefined) {
      if (DeviceName === image.rootDeviceName)
        throw refusal('InvalidBlockDeviceMapping', 'The root device cannot be left out');
      devices.delete(DeviceName);
      continue;
    }
    // An instance store of these types does not exist; EC2 ignores the mapping.
    if (Ebs === undefined && VirtualName !== undefined) continue;
    const inherited = devices.get(DeviceName);
    if (DeviceName === image.rootDeviceName && Ebs?.SnapshotId && Ebs.SnapshotId !== inherited?.snapshotId)
      throw refusal('InvalidBlockDeviceMapping', `snapshotId cannot be modified on root device`);
    devices.set(DeviceName, mapped(scope, DeviceName, Ebs ?? {}, inherited));
  }
  return [...devices.values()];
}

function mapped(scope: Scope, device: string, ebs: EbsBlockDevice, inherited: DeviceForm | undefined): DeviceForm {
  const sameType = ebs.VolumeType === undefined || ebs.VolumeType === inherited?.volumeType;
  const wanted: Wanted = {
    VolumeSize: ebs.VolumeSize ?? inherited?.size,
    VolumeType: ebs.VolumeType ?? inherited?.volumeType,
    Iops: ebs.Iops ?? (sameType && inherited?.volumeType !== 'gp2' ? inherited?.iops : undefined),
    Throughput: ebs.Throughput ?? (sameType ? inherited?.throughput : undefined),
    Encrypted: ebs.Encrypted ?? (inherited?.encrypted || undefined),
    KmsKeyId: ebs.KmsKeyId ?? inherited?.kmsKeyId,
    SnapshotId: ebs.SnapshotId ?? inherited?.snapshotId,
  };
  return {
    device,
    deleteOnTermination: ebs.DeleteOnTermination ?? inherited?.deleteOnTermination ?? true,
    ...volumeForm(scope, wanted, 'InvalidBlockDeviceMapping'),
  };
}

function encryptedHere(scope: Scope, device: DeviceForm): DeviceForm {
  return device.encrypted || !encryptsByDefault(scope)
    ? device
    : { ...device, encrypted: true, kmsKeyId: ebsKey(scope) };
}

/** The key `aws/ebs` that AWS keeps for the account in this region. */
export function ebsKey(scope: Scope): string {
  const digits = createHash('sha256').update(`aws/ebs ${scope.region} ${scope.accountId}`).digest('hex');
  return scope.arn('kms', `key/${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')}`);
}
