import {
  CopySnapshotCommand,
  CreateSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { computeWorld } from './compute-world.ts';

async function snapshotWorld() {
  const world = await computeWorld();
  const { InstanceId = '' } = await world.running({
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 5, VolumeType: 'gp3' } }],
  });
  const all = (more: object = {}) =>
    world.ec2.send(new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId, ...more } }));
  return { ...world, InstanceId, all };
}

describe('snapshots of the simulated account', () => {
  test('one call makes snapshots of all volumes of an instance, or of all but its root', async () => {
    const { all } = await snapshotWorld();
    expect((await all()).Snapshots?.map(({ VolumeSize }) => VolumeSize)).toEqual([8, 5]);
    expect((await all({ ExcludeBootVolume: true })).Snapshots).toMatchObject([{ VolumeSize: 5, State: 'pending' }]);
  });

  test('a complete snapshot can be copied, and encrypted on the way', async () => {
    const { ec2, all, later } = await snapshotWorld();
    const { Snapshots } = await all({ ExcludeBootVolume: true });
    const SourceSnapshotId = Snapshots?.[0]?.SnapshotId;
    const copy = new CopySnapshotCommand({ SourceSnapshotId, SourceRegion: 'us-west-2', Encrypted: true });
    await expect(ec2.send(copy)).rejects.toMatchObject({ name: 'IncorrectState' });
    await later(130);
    const { SnapshotId = '' } = await ec2.send(copy);
    const { Snapshots: copies } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }));
    expect(copies).toMatchObject([{ VolumeSize: 5, Encrypted: true, VolumeId: 'vol-ffffffff' }]);
  });

  test('permission to make volumes is given to accounts and taken away', async () => {
    const { ec2, all } = await snapshotWorld();
    const SnapshotId = (await all()).Snapshots?.[0]?.SnapshotId;
    const change = (OperationType: 'add' | 'remove') =>
      ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId, OperationType, UserIds: ['210987654321'] }));
    const question = new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' });
    await change('add');
    expect((await ec2.send(question)).CreateVolumePermissions).toEqual([{ UserId: '210987654321' }]);
    await change('remove');
    expect((await ec2.send(question)).CreateVolumePermissions).toEqual([]);
  });
});
