import {
  CopyImageCommand,
  CreateImageCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeSnapshotsCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { Account } from '../../src/simulator/account.ts';
import { publicImages } from '../../src/simulator/ec2/public-images.ts';
import { computeWorld } from './compute-world.ts';

async function imagingWorld(...options: Parameters<typeof computeWorld>) {
  const world = await computeWorld(...options);
  const { ec2, running } = world;
  const { InstanceId = '' } = await running({
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true } }],
  });
  const create = async (Name: string, more: object = {}) =>
    (await ec2.send(new CreateImageCommand({ InstanceId, Name, ...more }))).ImageId ?? '';
  const image = async (ImageId: string) =>
    (await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))).Images?.[0];
  const snapshots = async () => (await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).Snapshots ?? [];
  return { ...world, InstanceId, create, image, snapshots };
}

describe('images of the simulated account', () => {
  test('an image is pending with its snapshot, both tagged, and available when it is copied', async () => {
    const { create, image, snapshots, launch, later, imageId, InstanceId } = await imagingWorld();
    const Tags = [{ Key: 'Name', Value: 'golden' }];
    const ImageId = await create('golden', {
      TagSpecifications: [
        { ResourceType: 'image', Tags },
        { ResourceType: 'snapshot', Tags },
      ],
    });
    const [snapshot] = await snapshots();
    expect(snapshot).toMatchObject({ State: 'pending', VolumeSize: 30, Encrypted: true, Tags });
    expect(snapshot?.Description).toBe(`Created by CreateImage(${InstanceId}) for ${ImageId}`);
    expect(await image(ImageId)).toMatchObject({
      State: 'pending',
      Name: 'golden',
      Tags,
      SourceImageId: imageId,
      SourceInstanceId: InstanceId,
      Public: false,
      OwnerId: '123456789012',
      ImdsSupport: 'v2.0',
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshot?.SnapshotId, VolumeSize: 30, Encrypted: true } },
      ],
    });
    await expect(launch({ ImageId })).rejects.toMatchObject({ name: 'InvalidAMIID.Unavailable' });
    await later(200);
    expect((await image(ImageId))?.State).toBe('available');
    expect(await snapshots()).toMatchObject([{ State: 'completed', Progress: '100%' }]);
    const { Instances } = await launch({ ImageId });
    expect(Instances?.[0]).toMatchObject({ ImageId, State: { Name: 'pending' } });
  });

  test('making an image reboots its instance unless it is told not to', async () => {
    const { ec2, create, later } = await imagingWorld();
    await later(120);
    const status = async () =>
      (await ec2.send(new DescribeInstanceStatusCommand({}))).InstanceStatuses?.[0]?.InstanceStatus?.Status;
    await create('still', { NoReboot: true });
    expect(await status()).toBe('ok');
    await create('rebooted');
    expect(await status()).toBe('initializing');
  });

  test('names are unique among images that are registered, and have their form', async () => {
    const { ec2, create } = await imagingWorld();
    const ImageId = await create('golden');
    await expect(create('golden')).rejects.toMatchObject({
      name: 'InvalidAMIName.Duplicate',
      message: `AMI name golden is already in use by AMI ${ImageId}`,
    });
    await expect(create('x')).rejects.toMatchObject({ name: 'InvalidAMIName.Malformed' });
    await ec2.send(new DeregisterImageCommand({ ImageId }));
    await create('golden');
  });

  test('deregistering can take the snapshots along, and leaves them otherwise', async () => {
    const { ec2, create, image, snapshots, later } = await imagingWorld();
    const first = await create('first');
    await later(200);
    const SnapshotId = (await snapshots())[0]?.SnapshotId;
    await expect(ec2.send(new DeleteSnapshotCommand({ SnapshotId }))).rejects.toMatchObject({
      name: 'InvalidSnapshot.InUse',
    });
    await ec2.send(new DeregisterImageCommand({ ImageId: first }));
    await expect(image(first)).rejects.toMatchObject({ name: 'InvalidAMIID.NotFound' });
    expect(await snapshots()).toHaveLength(1);
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
    await expect(ec2.send(new DeleteSnapshotCommand({ SnapshotId }))).rejects.toMatchObject({
      name: 'InvalidSnapshot.NotFound',
    });
    const second = await create('second');
    const away = new DeregisterImageCommand({ ImageId: second, DeleteAssociatedSnapshots: true });
    const { DeleteSnapshotResults } = await ec2.send(away);
    expect(DeleteSnapshotResults).toMatchObject([{ ReturnCode: 'success' }]);
    expect(await snapshots()).toEqual([]);
  });

  test('an image that breaks is failed, says why, and leaves a snapshot in error', async () => {
    const faults = { breakLater: [{ noun: 'image', code: 'Server.InternalError' }] };
    const { create, image, snapshots, later } = await imagingWorld({ faults });
    const ImageId = await create('golden');
    await later(200);
    expect(await image(ImageId)).toMatchObject({ State: 'failed', StateReason: { Code: 'Server.InternalError' } });
    expect(await snapshots()).toMatchObject([{ State: 'error' }]);
  });

  test('launch permissions go to accounts, and to everybody only when the region allows it', async () => {
    const { ec2, create } = await imagingWorld();
    const ImageId = await create('golden');
    const add = (permission: object) =>
      ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [permission] } }));
    await add({ UserId: '210987654321' });
    const question = new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' });
    expect((await ec2.send(question)).LaunchPermissions).toEqual([{ UserId: '210987654321' }]);
    await expect(add({ Group: 'all' })).rejects.toMatchObject({ name: 'OperationNotPermitted' });
  });

  test("Amazon's images can be found by owner and name, and belong to Amazon", async () => {
    const { ec2, imageId } = await computeWorld();
    const find = async (Owners: string[], name: string) => {
      const question = { Owners, Filters: [{ Name: 'name', Values: [name] }] };
      return (await ec2.send(new DescribeImagesCommand(question))).Images ?? [];
    };
    expect(await find(['amazon'], 'al2023-ami-2023*')).not.toEqual([]);
    expect(await find(['136693071363'], 'debian-13-*')).toHaveLength(2);
    expect(await find(['self'], '*')).toEqual([]);
    await expect(ec2.send(new DeregisterImageCommand({ ImageId: imageId }))).rejects.toMatchObject({
      name: 'AuthFailure',
    });
    const copied = new CopyImageCommand({
      Name: 'mine',
      SourceImageId: imageId,
      SourceRegion: 'us-west-2',
      Encrypted: true,
    });
    const { ImageId = '' } = await ec2.send(copied);
    expect((await find(['self'], 'mine'))[0]).toMatchObject({ ImageId, State: 'pending' });
  });

  test('public parameters name one image a region, and the default kernel is one of the kernels', () => {
    const account = new Account([]);
    const images = publicImages(account.scope('us-west-2'));
    const idOf = (parameter: string) => images.find(({ parameterName }) => parameterName.endsWith(parameter))?.imageId;
    expect(new Set(images.map(({ parameterName }) => parameterName)).size).toBe(images.length);
    expect(idOf('al2023-ami-kernel-default-x86_64')).toBe(idOf('al2023-ami-kernel-6.18-x86_64'));
    expect(idOf('al2023-ami-kernel-default-x86_64')).not.toBe(idOf('al2023-ami-kernel-default-arm64'));
    expect(publicImages(account.scope('eu-west-1'))[0]?.imageId).not.toBe(images[0]?.imageId);
  });
});
