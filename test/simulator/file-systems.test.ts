import { DeleteSubnetCommand, DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import {
  CreateAccessPointCommand,
  CreateFileSystemCommand,
  type CreateFileSystemCommandInput,
  CreateMountTargetCommand,
  type CreateMountTargetCommandInput,
  CreateTagsCommand,
  DeleteAccessPointCommand,
  DeleteFileSystemCommand,
  DeleteFileSystemPolicyCommand,
  DeleteMountTargetCommand,
  DeleteTagsCommand,
  DescribeAccessPointsCommand,
  DescribeAccountPreferencesCommand,
  DescribeBackupPolicyCommand,
  DescribeFileSystemPolicyCommand,
  DescribeFileSystemsCommand,
  DescribeLifecycleConfigurationCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  DescribeTagsCommand,
  EFSClient,
  ListTagsForResourceCommand,
  ModifyMountTargetSecurityGroupsCommand,
  PutBackupPolicyCommand,
  PutFileSystemPolicyCommand,
  PutLifecycleConfigurationCommand,
  paginateDescribeFileSystems,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFileSystemCommand,
} from '@aws-sdk/client-efs';
import { describe, expect, test } from 'vitest';
import { region, twoZones } from './two-zones.ts';

async function world() {
  const network = await twoZones();
  const efs = network.account.attach(new EFSClient({ region, maxAttempts: 1 }));
  const create = (changes: Partial<CreateFileSystemCommandInput> = {}) =>
    efs.send(new CreateFileSystemCommand({ CreationToken: 'pms-efs', Encrypted: true, ...changes }));
  /** A file system that is available already. */
  const fileSystem = async (changes: Partial<CreateFileSystemCommandInput> = {}) => {
    const { FileSystemId } = await create(changes);
    await network.account.clock.sleep(20_000);
    return FileSystemId;
  };
  const mount = (FileSystemId: string | undefined, changes: Partial<CreateMountTargetCommandInput> = {}) =>
    efs.send(new CreateMountTargetCommand({ FileSystemId, SubnetId: network.subnetA, ...changes }));
  return { ...network, efs, create, fileSystem, mount };
}

const refused = (name: string, httpStatusCode: number) => ({ name, ErrorCode: name, $metadata: { httpStatusCode } });

describe('file systems of the simulated account', () => {
  test('a new one is creating, then available, then deleting, then gone', async () => {
    const { account, efs, create } = await world();
    const made = await create({ ThroughputMode: 'elastic', Tags: [{ Key: 'Name', Value: 'pms-efs' }] });
    expect(made).toMatchObject({
      Name: 'pms-efs',
      LifeCycleState: 'creating',
      PerformanceMode: 'generalPurpose',
      ThroughputMode: 'elastic',
      Encrypted: true,
      KmsKeyId: expect.stringContaining(':kms:us-west-2:123456789012:key/'),
      NumberOfMountTargets: 0,
      OwnerId: '123456789012',
    });
    const { FileSystemId } = made;
    const remove = () => efs.send(new DeleteFileSystemCommand({ FileSystemId }));
    await expect(remove()).rejects.toMatchObject(refused('IncorrectFileSystemLifeCycleState', 409));
    const ask = async () => (await efs.send(new DescribeFileSystemsCommand({ FileSystemId }))).FileSystems?.[0];
    await account.clock.sleep(20_000);
    expect((await ask())?.LifeCycleState).toBe('available');
    await remove();
    expect((await ask())?.LifeCycleState).toBe('deleting');
    await account.clock.sleep(20_000);
    await expect(ask()).rejects.toMatchObject(refused('FileSystemNotFound', 404));
    await expect(remove()).rejects.toMatchObject(refused('FileSystemNotFound', 404));
  });

  test('a creation token names one file system, and the refusal says which', async () => {
    const { efs, create } = await world();
    const { FileSystemId } = await create();
    await expect(create()).rejects.toMatchObject({ ...refused('FileSystemAlreadyExists', 409), FileSystemId });
    const { FileSystems } = await efs.send(new DescribeFileSystemsCommand({ CreationToken: 'pms-efs' }));
    expect(FileSystems?.map((row) => row.FileSystemId)).toEqual([FileSystemId]);
    const none = await efs.send(new DescribeFileSystemsCommand({ CreationToken: 'other' }));
    expect(none.FileSystems).toEqual([]);
    const [one, other] = [await create({ CreationToken: undefined }), await create({ CreationToken: undefined })];
    expect(one.FileSystemId).not.toBe(other.FileSystemId);
  });

  test("the defaults are AWS's: bursting, not encrypted, no backups", async () => {
    const { efs, fileSystem } = await world();
    const FileSystemId = await fileSystem({ Encrypted: undefined });
    const { FileSystems } = await efs.send(new DescribeFileSystemsCommand({ FileSystemId }));
    expect(FileSystems?.[0]).toMatchObject({ Encrypted: false, ThroughputMode: 'bursting' });
    expect(FileSystems?.[0]?.KmsKeyId).toBeUndefined();
    await expect(efs.send(new DescribeBackupPolicyCommand({ FileSystemId }))).rejects.toMatchObject(
      refused('PolicyNotFound', 404),
    );
  });

  test('what AWS refuses is refused', async () => {
    const { create } = await world();
    for (const wrong of [
      { Encrypted: false, KmsKeyId: 'alias/mine' },
      { ThroughputMode: 'provisioned' as const },
      { ProvisionedThroughputInMibps: 10 },
      { PerformanceMode: 'maxIO' as const, ThroughputMode: 'elastic' as const },
      { AvailabilityZoneName: 'us-west-2z' },
      { CreationToken: 'x'.repeat(65) },
    ])
      await expect(create(wrong)).rejects.toMatchObject(refused('BadRequest', 400));
    const fast = { ThroughputMode: 'provisioned' as const, ProvisionedThroughputInMibps: 5000 };
    await expect(create(fast)).rejects.toMatchObject(refused('ThroughputLimitExceeded', 400));
  });

  test('throughput can be changed, but in mode only once a day', async () => {
    const { account, efs, fileSystem } = await world();
    const FileSystemId = await fileSystem();
    const elastic = new UpdateFileSystemCommand({ FileSystemId, ThroughputMode: 'elastic' });
    expect(await efs.send(elastic)).toMatchObject({ ThroughputMode: 'elastic', LifeCycleState: 'updating' });
    await account.clock.sleep(20_000);
    const back = () => efs.send(new UpdateFileSystemCommand({ FileSystemId, ThroughputMode: 'bursting' }));
    await expect(back()).rejects.toMatchObject({ name: 'TooManyRequests' });
    await account.clock.sleep(25 * 3_600_000);
    expect((await back()).ThroughputMode).toBe('bursting');
  });

  test('tags can be changed by the newer and the older calls', async () => {
    const { efs, fileSystem } = await world();
    const FileSystemId = await fileSystem({ Tags: [{ Key: 'Name', Value: 'a' }] });
    const ResourceId = FileSystemId;
    await efs.send(
      new TagResourceCommand({
        ResourceId,
        Tags: [
          { Key: 'Name', Value: 'b' },
          { Key: 'x', Value: '1' },
        ],
      }),
    );
    await efs.send(new CreateTagsCommand({ FileSystemId, Tags: [{ Key: 'y', Value: '2' }] }));
    await efs.send(new UntagResourceCommand({ ResourceId, TagKeys: ['x'] }));
    const list = async () => (await efs.send(new ListTagsForResourceCommand({ ResourceId }))).Tags;
    expect(await list()).toEqual([
      { Key: 'Name', Value: 'b' },
      { Key: 'y', Value: '2' },
    ]);
    await efs.send(new DeleteTagsCommand({ FileSystemId, TagKeys: ['y'] }));
    expect((await efs.send(new DescribeTagsCommand({ FileSystemId }))).Tags).toEqual(await list());
    const reserved = new TagResourceCommand({ ResourceId, Tags: [{ Key: 'aws:x', Value: '' }] });
    await expect(efs.send(reserved)).rejects.toMatchObject(refused('BadRequest', 400));
  });

  test('policy, lifecycle configuration and backup policy are kept, and their absence is PolicyNotFound', async () => {
    const { account, efs, fileSystem } = await world();
    const FileSystemId = await fileSystem({ ThroughputMode: 'elastic' });
    const read = () => efs.send(new DescribeFileSystemPolicyCommand({ FileSystemId }));
    await expect(read()).rejects.toMatchObject(refused('PolicyNotFound', 404));
    const statement = (Effect: string, Action: string, more = {}) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Principal: { AWS: '*' }, Action, ...more }] });
    const put = (Policy: string) => efs.send(new PutFileSystemPolicyCommand({ FileSystemId, Policy }));
    const unencrypted = { Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
    const Policy = statement('Deny', '*', unencrypted);
    await put(Policy);
    expect((await read()).Policy).toBe(Policy);
    for (const wrong of ['{', '{}', statement('Perhaps', '*'), statement('Allow', 's3:*'), statement('Deny', '*')])
      await expect(put(wrong)).rejects.toMatchObject(refused('InvalidPolicyException', 400));
    await efs.send(new DeleteFileSystemPolicyCommand({ FileSystemId }));
    await expect(read()).rejects.toMatchObject({ name: 'PolicyNotFound' });

    const LifecyclePolicies = [
      { TransitionToIA: 'AFTER_30_DAYS' as const },
      { TransitionToArchive: 'AFTER_90_DAYS' as const },
    ];
    await efs.send(new PutLifecycleConfigurationCommand({ FileSystemId, LifecyclePolicies }));
    const lifecycle = new DescribeLifecycleConfigurationCommand({ FileSystemId });
    expect((await efs.send(lifecycle)).LifecyclePolicies).toEqual(LifecyclePolicies);
    const both = [
      { TransitionToIA: 'AFTER_30_DAYS' as const, TransitionToPrimaryStorageClass: 'AFTER_1_ACCESS' as const },
    ];
    const wrong = new PutLifecycleConfigurationCommand({ FileSystemId, LifecyclePolicies: both });
    await expect(efs.send(wrong)).rejects.toMatchObject(refused('BadRequest', 400));

    const on = new PutBackupPolicyCommand({ FileSystemId, BackupPolicy: { Status: 'ENABLED' } });
    expect((await efs.send(on)).BackupPolicy).toEqual({ Status: 'ENABLING' });
    await account.clock.sleep(10_000);
    expect((await efs.send(new DescribeBackupPolicyCommand({ FileSystemId }))).BackupPolicy).toEqual({
      Status: 'ENABLED',
    });
    const { ResourceIdPreference } = await efs.send(new DescribeAccountPreferencesCommand({}));
    expect(ResourceIdPreference?.ResourceIdType).toBe('LONG_ID');
  });

  test('the paginator sees each file system once', async () => {
    const { efs, create } = await world();
    for (let n = 0; n < 7; n++) await create({ CreationToken: `token-${n}` });
    const tokens: (string | undefined)[] = [];
    for await (const page of paginateDescribeFileSystems({ client: efs, pageSize: 3 }, {}))
      tokens.push(...(page.FileSystems ?? []).map(({ CreationToken }) => CreationToken));
    expect(tokens).toEqual(Array.from({ length: 7 }, (_, n) => `token-${n}`));
    await expect(efs.send(new DescribeFileSystemsCommand({ Marker: 'nonsense' }))).rejects.toMatchObject({
      name: 'BadRequest',
    });
  });
});

describe('mount targets of the simulated account', () => {
  test('one holds an interface in its subnet until some time after its deletion', async () => {
    const { account, ec2, efs, fileSystem, mount, subnetA, groupId } = await world();
    const FileSystemId = await fileSystem();
    const { MountTargetId, IpAddress, NetworkInterfaceId, ...made } = await mount(FileSystemId, {
      SecurityGroups: [groupId],
    });
    expect(made).toMatchObject({ LifeCycleState: 'creating', AvailabilityZoneName: 'us-west-2a', SubnetId: subnetA });
    const Filters = [{ Name: 'interface-type', Values: ['efs'] }];
    const interfaces = async () =>
      (await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces;
    expect(await interfaces()).toMatchObject([
      {
        NetworkInterfaceId,
        PrivateIpAddress: IpAddress,
        Description: `Mount target ${MountTargetId} for file system ${FileSystemId}`,
        RequesterManaged: true,
        Groups: [{ GroupId: groupId }],
      },
    ]);
    const ask = async () => (await efs.send(new DescribeMountTargetsCommand({ MountTargetId }))).MountTargets?.[0];
    await account.clock.sleep(120_000);
    expect((await ask())?.LifeCycleState).toBe('available');
    const remove = () => efs.send(new DeleteFileSystemCommand({ FileSystemId }));
    await expect(remove()).rejects.toMatchObject(refused('FileSystemInUse', 409));
    await expect(ec2.send(new DeleteSubnetCommand({ SubnetId: subnetA }))).rejects.toMatchObject({
      Code: 'DependencyViolation',
    });
    await efs.send(new DeleteMountTargetCommand({ MountTargetId }));
    expect((await ask())?.LifeCycleState).toBe('deleting');
    await expect(remove()).rejects.toMatchObject(refused('FileSystemInUse', 409));
    await account.clock.sleep(60_000);
    await expect(ask()).rejects.toMatchObject(refused('MountTargetNotFound', 404));
    expect(await interfaces()).toEqual([]);
    await remove();
    await ec2.send(new DeleteSubnetCommand({ SubnetId: subnetA }));
  });

  test('the file system must be available', async () => {
    const { create, mount } = await world();
    const { FileSystemId } = await create();
    await expect(mount(FileSystemId)).rejects.toMatchObject(refused('IncorrectFileSystemLifeCycleState', 409));
  });

  test('there is one to a zone, and what AWS refuses is refused', async () => {
    const { efs, fileSystem, mount, subnetC, secondSubnetA, groupId } = await world();
    const FileSystemId = await fileSystem();
    const { IpAddress, MountTargetId } = await mount(FileSystemId);
    await expect(mount(FileSystemId)).rejects.toMatchObject(refused('MountTargetConflict', 409));
    await expect(mount(FileSystemId, { SubnetId: secondSubnetA })).rejects.toMatchObject(
      refused('MountTargetConflict', 409),
    );
    const inC = { SubnetId: subnetC };
    const six = Array.from({ length: 6 }, () => groupId);
    await expect(mount(FileSystemId, { ...inC, SecurityGroups: six })).rejects.toMatchObject(
      refused('SecurityGroupLimitExceeded', 400),
    );
    const unknown = { ...inC, SecurityGroups: ['sg-0123456789abcdef0'] };
    await expect(mount(FileSystemId, unknown)).rejects.toMatchObject(refused('SecurityGroupNotFound', 400));
    await expect(mount(FileSystemId, { SubnetId: 'subnet-0123456789abcdef0' })).rejects.toMatchObject(
      refused('SubnetNotFound', 400),
    );
    await expect(mount(FileSystemId, { ...inC, IpAddress: '10.9.9.9' })).rejects.toMatchObject(
      refused('BadRequest', 400),
    );
    await expect(mount('fs-0123456789abcdef0')).rejects.toMatchObject(refused('FileSystemNotFound', 404));
    const other = await fileSystem({ CreationToken: 'other' });
    await expect(mount(other, { IpAddress })).rejects.toMatchObject(refused('IpAddressInUse', 409));
    const zonal = await fileSystem({ CreationToken: 'zonal', AvailabilityZoneName: 'us-west-2a' });
    await expect(mount(zonal, inC)).rejects.toMatchObject(refused('AvailabilityZonesMismatch', 400));
    await mount(FileSystemId, inC);
    const { MountTargets } = await efs.send(new DescribeMountTargetsCommand({ FileSystemId }));
    expect(MountTargets).toHaveLength(2);
    await expect(efs.send(new DescribeMountTargetsCommand({}))).rejects.toMatchObject(refused('BadRequest', 400));
    const early = new ModifyMountTargetSecurityGroupsCommand({ MountTargetId, SecurityGroups: [groupId] });
    await expect(efs.send(early)).rejects.toMatchObject(refused('IncorrectMountTargetState', 409));
  });

  test('its security groups can be exchanged once it is available', async () => {
    const { account, efs, fileSystem, mount, groupId } = await world();
    const { MountTargetId } = await mount(await fileSystem());
    const read = async () =>
      (await efs.send(new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }))).SecurityGroups;
    expect(await read()).not.toContain(groupId);
    await account.clock.sleep(120_000);
    await efs.send(new ModifyMountTargetSecurityGroupsCommand({ MountTargetId, SecurityGroups: [groupId] }));
    expect(await read()).toEqual([groupId]);
  });
});

describe('access points of the simulated account', () => {
  test('a client token names one, and it goes when it is deleted', async () => {
    const { account, efs, fileSystem } = await world();
    const FileSystemId = await fileSystem();
    const RootDirectory = { Path: '/airflow', CreationInfo: { OwnerUid: 50000, OwnerGid: 0, Permissions: '0755' } };
    const create = (changes = {}) =>
      efs.send(new CreateAccessPointCommand({ FileSystemId, ClientToken: 'dags', RootDirectory, ...changes }));
    const { AccessPointId, ...made } = await create({ Tags: [{ Key: 'Name', Value: 'dags' }] });
    expect(made).toMatchObject({ Name: 'dags', LifeCycleState: 'creating', RootDirectory });
    await expect(create()).rejects.toMatchObject({ ...refused('AccessPointAlreadyExists', 409), AccessPointId });
    await expect(create({ ClientToken: 'x', RootDirectory: { Path: 'a' } })).rejects.toMatchObject(
      refused('BadRequest', 400),
    );
    const list = async () => (await efs.send(new DescribeAccessPointsCommand({ FileSystemId }))).AccessPoints;
    await account.clock.sleep(10_000);
    expect((await list())?.map(({ LifeCycleState }) => LifeCycleState)).toEqual(['available']);
    await efs.send(new DeleteAccessPointCommand({ AccessPointId }));
    await account.clock.sleep(10_000);
    expect(await list()).toEqual([]);
    await expect(efs.send(new DeleteAccessPointCommand({ AccessPointId }))).rejects.toMatchObject(
      refused('AccessPointNotFound', 404),
    );
  });
});
