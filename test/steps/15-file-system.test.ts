import {
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DeleteFileSystemCommand,
  DeleteMountTargetCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetsCommand,
  type FileSystemDescription,
  type LifeCycleState,
} from '@aws-sdk/client-efs';
import { describe, expect, it } from 'vitest';
import { fileSystem, mountTargetA, mountTargetC } from '../../src/steps/15-file-system.ts';
import { awsError, awsFor, changes, efs, inputsOf, keyIn, tagsOf, token } from '../helpers/aws.ts';

const identity = { fileSystemId: 'fs-1' };
const gone = awsError('FileSystemNotFound', { ErrorCode: 'FileSystemNotFound' });

function listed(...given: Partial<FileSystemDescription>[]) {
  return {
    FileSystems: given.map((one) => ({ FileSystemId: 'fs-1', LifeCycleState: 'available', ...one })) as never,
  };
}

describe('fileSystem find', () => {
  const find = () => fileSystem.find(awsFor(fileSystem), {});

  it('takes the one of our token or of our tags', async () => {
    efs.on(DescribeFileSystemsCommand).resolves(listed({ FileSystemId: 'fs-0' }, { CreationToken: token }));
    expect(await find()).toEqual(identity);
    efs
      .on(DescribeFileSystemsCommand)
      .resolves(listed({ FileSystemId: 'fs-0', Tags: tagsOf('fileSystem', 'stack2') }, { Tags: tagsOf('fileSystem') }));
    expect(await find()).toEqual(identity);
  });

  it('ignores one that is being deleted, and takes not-found for none', async () => {
    efs.on(DescribeFileSystemsCommand).resolves(listed({ CreationToken: token, LifeCycleState: 'deleting' }));
    expect(await find()).toBeUndefined();
    const recorded = awsFor(fileSystem, { recorded: identity });
    expect(await fileSystem.find(recorded, {})).toBeUndefined();
    efs.on(DescribeFileSystemsCommand).resolves(listed());
    efs.on(DescribeFileSystemsCommand, { FileSystemId: 'fs-1' }).rejects(gone);
    expect(await fileSystem.find(recorded, {})).toBeUndefined();
  });

  it('asks by the recorded id where the first page of all does not have it', async () => {
    efs.on(DescribeFileSystemsCommand, {}, true).resolves(listed());
    efs.on(DescribeFileSystemsCommand, { FileSystemId: 'fs-1' }).resolves(listed({}));
    expect(await fileSystem.find(awsFor(fileSystem, { recorded: identity }), {})).toEqual(identity);
  });
});

describe('fileSystem create', () => {
  it('sends one call for an encrypted one, with token and tags', async () => {
    efs.on(CreateFileSystemCommand).resolves({ FileSystemId: 'fs-1' } as never);
    expect(await fileSystem.create(awsFor(fileSystem), {})).toEqual(identity);
    expect(changes()).toEqual(['CreateFileSystem']);
    const [input] = inputsOf(CreateFileSystemCommand);
    expect(input).toMatchObject({ CreationToken: token, Encrypted: true, ThroughputMode: 'elastic' });
    expect(keyIn(input!.Tags)).toBe('fileSystem');
  });

  it('takes the file system that its token made before, which the refusal names', async () => {
    efs.on(CreateFileSystemCommand).rejects(awsError('FileSystemAlreadyExists', { FileSystemId: 'fs-1' }));
    expect(await fileSystem.create(awsFor(fileSystem), {})).toEqual(identity);
  });

  it('throws a refusal that names none', async () => {
    efs.on(CreateFileSystemCommand).rejects(awsError('FileSystemAlreadyExists'));
    await expect(fileSystem.create(awsFor(fileSystem), {})).rejects.toThrow('FileSystemAlreadyExists');
  });
});

describe('fileSystem finish', () => {
  it('waits until it is available, though it may not show yet', async () => {
    efs
      .on(DescribeFileSystemsCommand)
      .rejectsOnce(gone)
      .resolvesOnce(listed({ LifeCycleState: 'creating' }))
      .resolves(listed({}));
    await fileSystem.finish!(awsFor(fileSystem), identity, {});
    expect(inputsOf(DescribeFileSystemsCommand)).toHaveLength(3);
  });

  it('does not wait for what has failed', async () => {
    efs.on(DescribeFileSystemsCommand).resolves(listed({ LifeCycleState: 'error' }));
    await expect(fileSystem.finish!(awsFor(fileSystem), identity, {})).rejects.toMatchObject({ name: 'FailedLater' });
  });
});

describe('fileSystem destroy', () => {
  it('waits until it is gone', async () => {
    efs.on(DeleteFileSystemCommand).resolves({});
    efs
      .on(DescribeFileSystemsCommand)
      .resolvesOnce(listed({ LifeCycleState: 'deleting' }))
      .rejects(gone);
    await fileSystem.destroy(awsFor(fileSystem), identity);
    expect(inputsOf(DeleteFileSystemCommand)).toEqual([{ FileSystemId: 'fs-1' }]);
    expect(inputsOf(DescribeFileSystemsCommand)).toHaveLength(2);
  });

  it('takes not-found for success', async () => {
    efs.on(DeleteFileSystemCommand).rejects(gone);
    efs.on(DescribeFileSystemsCommand).rejects(gone);
    await fileSystem.destroy(awsFor(fileSystem), identity);
    expect(changes()).toEqual(['DeleteFileSystem']);
  });

  it('throws while a mount target holds it', async () => {
    efs.on(DeleteFileSystemCommand).rejects(awsError('FileSystemInUse'));
    await expect(fileSystem.destroy(awsFor(fileSystem), identity)).rejects.toThrow('FileSystemInUse');
  });
});

describe.each([
  ['mountTargetA', mountTargetA, 'subnet-a'],
  ['mountTargetC', mountTargetC, 'subnet-c'],
] as const)('%s', (key, mountTarget, subnetId) => {
  const needs = {
    vpc: { vpcId: 'vpc-1' },
    fileSystem: identity,
    subnet: { subnetId },
    efsSecurityGroup: { groupId: 'sg-efs' },
  };
  const target = { mountTargetId: 'fsmt-1', fileSystemId: 'fs-1' };
  const there = (state: LifeCycleState, SubnetId: string = subnetId) => ({
    MountTargets: [
      { MountTargetId: 'fsmt-9', SubnetId: 'subnet-other', LifeCycleState: 'available' as const, FileSystemId: 'fs-1' },
      { MountTargetId: 'fsmt-1', SubnetId, LifeCycleState: state, FileSystemId: 'fs-1' },
    ],
  });

  it('waits for the VPC, whose DNS settings EFS needs, and for the subnet of its zone', () => {
    expect(Object.values(mountTarget.needs).map((need) => need.key)).toEqual([
      'vpc',
      'fileSystem',
      key === 'mountTargetA' ? 'privateSubnetA' : 'privateSubnetC',
      'efsSecurityGroup',
    ]);
  });

  it('find takes the one in its subnet, since a mount target has neither tags nor token', async () => {
    efs.on(DescribeMountTargetsCommand, { FileSystemId: 'fs-1' }).resolves(there('creating'));
    expect(await mountTarget.find(awsFor(mountTarget), needs)).toEqual(target);
    efs.on(DescribeMountTargetsCommand).resolves(there('available', 'subnet-elsewhere'));
    expect(await mountTarget.find(awsFor(mountTarget), needs)).toBeUndefined();
  });

  it.each(['deleting', 'deleted'] as const)('find ignores one that is %s', async (state) => {
    efs.on(DescribeMountTargetsCommand).resolves(there(state));
    expect(await mountTarget.find(awsFor(mountTarget), needs)).toBeUndefined();
  });

  it('find finds none without its file system, in the state or in the account', async () => {
    expect(await mountTarget.find(awsFor(mountTarget), {} as never)).toBeUndefined();
    efs.on(DescribeMountTargetsCommand).rejects(gone);
    expect(await mountTarget.find(awsFor(mountTarget), needs)).toBeUndefined();
  });

  it('create sends one call with subnet and group', async () => {
    efs.on(CreateMountTargetCommand).resolves({ MountTargetId: 'fsmt-1' } as never);
    expect(await mountTarget.create(awsFor(mountTarget), needs)).toEqual(target);
    expect(changes()).toEqual(['CreateMountTarget']);
    expect(inputsOf(CreateMountTargetCommand)).toEqual([
      { FileSystemId: 'fs-1', SubnetId: subnetId, SecurityGroups: ['sg-efs'] },
    ]);
  });

  it('finish waits until it is available, and not for what has failed', async () => {
    efs.on(DescribeMountTargetsCommand).resolvesOnce(there('creating')).resolves(there('available'));
    await mountTarget.finish!(awsFor(mountTarget), target, needs);
    expect(inputsOf(DescribeMountTargetsCommand)).toHaveLength(2);
    efs.on(DescribeMountTargetsCommand).resolves(there('error'));
    await expect(mountTarget.finish!(awsFor(mountTarget), target, needs)).rejects.toMatchObject({
      name: 'FailedLater',
    });
  });

  it('destroy waits until it is gone, since its interface holds subnet and group until then', async () => {
    efs.on(DeleteMountTargetCommand).resolves({});
    efs.on(DescribeMountTargetsCommand).resolvesOnce(there('deleting')).resolves({ MountTargets: [] });
    await mountTarget.destroy(awsFor(mountTarget), target);
    expect(inputsOf(DeleteMountTargetCommand)).toEqual([{ MountTargetId: 'fsmt-1' }]);
    expect(inputsOf(DescribeMountTargetsCommand)).toHaveLength(2);
  });

  it('destroy takes not-found for success', async () => {
    efs.on(DeleteMountTargetCommand).rejects(awsError('MountTargetNotFound'));
    efs.on(DescribeMountTargetsCommand).rejects(gone);
    await mountTarget.destroy(awsFor(mountTarget), target);
    expect(changes()).toEqual(['DeleteMountTarget']);
  });
});
