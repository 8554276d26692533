import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  DetachVolumeCommand,
  EnableEbsEncryptionByDefaultCommand,
  ModifyVolumeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { computeWorld } from './compute-world.ts';

async function volumeWorld() {
  const world = await computeWorld();
  const { ec2, later } = world;
  const create = (input: object = {}) =>
    ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'us-west-2a', Size: 10, VolumeType: 'gp3', ...input }));
  const volume = async (VolumeId: string | undefined) =>
    (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId ?? ''] }))).Volumes?.[0];
  const ready = async (input: object = {}) => {
    const { VolumeId = '' } = await create(input);
    await later(5);
    return VolumeId;
  };
  return { ...world, create, volume, ready };
}

describe('volumes of the simulated account', () => {
  test('a volume is created, attached, detached and deleted through its states', async () => {
    const { ec2, create, volume, running, later } = await volumeWorld();
    const { VolumeId, ...made } = await create({
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    expect(made).toMatchObject({
      State: 'creating',
      Iops: 3000,
      Throughput: 125,
      Encrypted: false,
      Tags: [{ Key: 'a' }],
    });
    const { InstanceId } = await running();
    expect((await volume(VolumeId))?.State).toBe('available');
    const attach = new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' });
    expect((await ec2.send(attach)).State).toBe('attaching');
    await later(5);
    expect(await volume(VolumeId)).toMatchObject({ State: 'in-use', Attachments: [{ State: 'attached', InstanceId }] });
    await expect(ec2.send(attach)).rejects.toMatchObject({ name: 'VolumeInUse' });
    await expect(ec2.send(new DeleteVolumeCommand({ VolumeId }))).rejects.toMatchObject({ name: 'VolumeInUse' });
    expect((await ec2.send(new DetachVolumeCommand({ VolumeId }))).State).toBe('detaching');
    await later(10);
    await expect(ec2.send(new DetachVolumeCommand({ VolumeId }))).rejects.toMatchObject({ name: 'IncorrectState' });
    await ec2.send(new DeleteVolumeCommand({ VolumeId }));
    expect((await volume(VolumeId))?.State).toBe('deleting');
    await later(10);
    await expect(volume(VolumeId)).rejects.toMatchObject({ name: 'InvalidVolume.NotFound' });
  });

  test('attachments that cannot be are refused', async () => {
    const { ec2, ready, running } = await volumeWorld();
    const row = await running();
    const InstanceId = row.InstanceId;
    const far = await ready({ AvailabilityZone: 'us-west-2b' });
    const near = await ready();
    const attach = (VolumeId: string, Device: string) =>
      ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }));
    await expect(attach(far, '/dev/sdf')).rejects.toMatchObject({ name: 'InvalidVolume.ZoneMismatch' });
    await expect(attach(near, '/dev/xvda')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const VolumeId = row.BlockDeviceMappings?.[0]?.Ebs?.VolumeId;
    await expect(ec2.send(new DetachVolumeCommand({ VolumeId }))).rejects.toMatchObject({
      name: 'OperationNotPermitted',
    });
  });

  test('sizes and speeds that a type does not have are refused', async () => {
    const { create } = await volumeWorld();
    const refusals: [object, string][] = [
      [{ Size: undefined }, 'MissingParameter'],
      [{ Size: 70_000 }, 'InvalidParameterValue'],
      [{ VolumeType: 'st1' }, 'InvalidParameterValue'],
      [{ VolumeType: 'io2' }, 'MissingParameter'],
      [{ VolumeType: 'gp2', Iops: 3000 }, 'InvalidParameterCombination'],
      [{ Iops: 6000 }, 'InvalidParameterCombination'],
      [{ Throughput: 1000 }, 'InvalidParameterCombination'],
      [{ AvailabilityZone: 'us-west-2z' }, 'InvalidZone.NotFound'],
      [{ AvailabilityZone: undefined }, 'MissingParameter'],
      [{ KmsKeyId: 'alias/aws/ebs' }, 'InvalidParameterDependency'],
      [{ SnapshotId: 'snap-0123456789abcdef0' }, 'InvalidSnapshot.NotFound'],
    ];
    for (const [input, name] of refusals)
      await expect(create(input), JSON.stringify(input)).rejects.toMatchObject({ name });
  });

  test('the same token makes one volume', async () => {
    const { create } = await volumeWorld();
    const { VolumeId } = await create({ ClientToken: 'once' });
    expect((await create({ ClientToken: 'once' })).VolumeId).toBe(VolumeId);
    await expect(create({ ClientToken: 'once', Size: 11 })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
  });

  test('a region that encrypts by default encrypts every new volume', async () => {
    const { ec2, create } = await volumeWorld();
    await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
    const { Encrypted, KmsKeyId } = await create();
    expect(Encrypted).toBe(true);
    expect(KmsKeyId).toMatch(/^arn:aws:kms:us-west-2:123456789012:key\//);
  });

  test('a volume grows in place and never shrinks', async () => {
    const { ec2, ready, volume, later } = await volumeWorld();
    const VolumeId = await ready();
    const modify = (input: object) => ec2.send(new ModifyVolumeCommand({ VolumeId, ...input }));
    await expect(modify({ Size: 5 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const { VolumeModification } = await modify({ Size: 20, Iops: 4000 });
    expect(VolumeModification).toMatchObject({ ModificationState: 'modifying', OriginalSize: 10, TargetSize: 20 });
    await expect(modify({ Size: 30 })).rejects.toMatchObject({ name: 'IncorrectModificationState' });
    await later(15);
    expect(await volume(VolumeId)).toMatchObject({ Size: 20, Iops: 4000 });
    await later(700);
    const question = new DescribeVolumesModificationsCommand({ VolumeIds: [VolumeId] });
    expect((await ec2.send(question)).VolumesModifications).toMatchObject([
      { ModificationState: 'completed', Progress: 100 },
    ]);
  });

  test('a snapshot is pending, then complete, and makes a volume of its size or larger', async () => {
    const { ec2, ready, create, later } = await volumeWorld();
    const VolumeId = await ready({ Encrypted: true });
    const { SnapshotId, ...made } = await ec2.send(new CreateSnapshotCommand({ VolumeId, Description: 'before' }));
    expect(made).toMatchObject({ State: 'pending', VolumeId, VolumeSize: 10, Encrypted: true, Description: 'before' });
    await expect(create({ SnapshotId })).rejects.toMatchObject({ name: 'IncorrectState' });
    await later(130);
    const question = { OwnerIds: ['self'], Filters: [{ Name: 'status', Values: ['completed'] }] };
    expect((await ec2.send(new DescribeSnapshotsCommand(question))).Snapshots).toMatchObject([{ SnapshotId }]);
    await expect(create({ SnapshotId, Size: 5 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    expect(await create({ SnapshotId, Size: undefined })).toMatchObject({ Size: 10, Encrypted: true, SnapshotId });
  });
});
