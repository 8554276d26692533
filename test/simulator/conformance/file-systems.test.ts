import * as EC2 from '@aws-sdk/client-ec2';
import * as EFS from '@aws-sdk/client-efs';
import { describe, expect, test } from 'vitest';
import { type Place, placed, refused, until } from './world.ts';

async function available({ efs }: Place, CreationToken = 'token') {
  const { FileSystemId } = await efs.send(new EFS.CreateFileSystemCommand({ CreationToken, Encrypted: true }));
  await until(
    () => efs.send(new EFS.DescribeFileSystemsCommand({ FileSystemId })),
    (answer) => answer.FileSystems?.[0]?.LifeCycleState === 'available',
  );
  return FileSystemId!;
}

async function mounted(p: Place) {
  const FileSystemId = await available(p);
  const { MountTargetId } = await p.efs.send(
    new EFS.CreateMountTargetCommand({ FileSystemId, SubnetId: p.a, SecurityGroups: [p.GroupId] }),
  );
  return { FileSystemId, MountTargetId: MountTargetId! };
}

describe('calls about file systems', () => {
  test('a file system with mount targets, an access point, policies and tags comes and goes', async () => {
    const p = await placed();
    const { efs, ec2, account, VpcId, a, c, GroupId } = p;
    const made = await efs.send(
      new EFS.CreateFileSystemCommand({
        CreationToken: 'pms-airflow-efs',
        PerformanceMode: 'generalPurpose',
        ThroughputMode: 'elastic',
        Encrypted: true,
        Backup: false,
        Tags: [{ Key: 'Name', Value: 'pms-airflow-efs' }],
      }),
    );
    const FileSystemId = made.FileSystemId!;
    expect(made).toMatchObject({
      FileSystemId: expect.stringMatching(/^fs-[0-9a-f]{17}$/),
      FileSystemArn: `arn:aws:elasticfilesystem:us-west-2:${account.accountId}:file-system/${FileSystemId}`,
      OwnerId: account.accountId,
      CreationToken: 'pms-airflow-efs',
      CreationTime: expect.any(Date),
      LifeCycleState: 'creating',
      Name: 'pms-airflow-efs',
      NumberOfMountTargets: 0,
      SizeInBytes: { Value: expect.any(Number) },
      PerformanceMode: 'generalPurpose',
      ThroughputMode: 'elastic',
      Encrypted: true,
      KmsKeyId: expect.stringMatching(/^arn:aws:kms:us-west-2:/),
      FileSystemProtection: { ReplicationOverwriteProtection: 'ENABLED' },
    });
    await until(
      () => efs.send(new EFS.DescribeFileSystemsCommand({ CreationToken: 'pms-airflow-efs' })),
      (answer) => answer.FileSystems?.[0]?.LifeCycleState === 'available',
    );
    await efs.send(
      new EFS.PutLifecycleConfigurationCommand({
        FileSystemId,
        LifecyclePolicies: [{ TransitionToIA: 'AFTER_30_DAYS' }, { TransitionToPrimaryStorageClass: 'AFTER_1_ACCESS' }],
      }),
    );
    expect(
      (await efs.send(new EFS.DescribeLifecycleConfigurationCommand({ FileSystemId }))).LifecyclePolicies,
    ).toHaveLength(2);
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
    await efs.send(new EFS.PutFileSystemPolicyCommand({ FileSystemId, Policy }));
    expect((await efs.send(new EFS.DescribeFileSystemPolicyCommand({ FileSystemId }))).Policy).toContain(
      'SecureTransport',
    );
    await efs.send(new EFS.DeleteFileSystemPolicyCommand({ FileSystemId }));
    await efs.send(new EFS.PutBackupPolicyCommand({ FileSystemId, BackupPolicy: { Status: 'ENABLED' } }));
    expect((await efs.send(new EFS.DescribeBackupPolicyCommand({ FileSystemId }))).BackupPolicy?.Status).toMatch(
      /^ENABL/,
    );
    await efs.send(new EFS.UpdateFileSystemCommand({ FileSystemId, ThroughputMode: 'bursting' }));
    await until(
      () => efs.send(new EFS.DescribeFileSystemsCommand({ FileSystemId })),
      (answer) => answer.FileSystems?.[0]?.LifeCycleState === 'available',
    );
    await efs.send(
      new EFS.UpdateFileSystemProtectionCommand({ FileSystemId, ReplicationOverwriteProtection: 'DISABLED' }),
    );

    const first = await efs.send(
      new EFS.CreateMountTargetCommand({ FileSystemId, SubnetId: a, SecurityGroups: [GroupId] }),
    );
    expect(first).toMatchObject({
      MountTargetId: expect.stringMatching(/^fsmt-[0-9a-f]{17}$/),
      LifeCycleState: 'creating',
      IpAddress: expect.stringMatching(/^10\.0\.2\./),
      NetworkInterfaceId: expect.stringMatching(/^eni-/),
      AvailabilityZoneName: 'us-west-2a',
      AvailabilityZoneId: expect.stringMatching(/^usw2-az/),
      VpcId,
      OwnerId: account.accountId,
    });
    await efs.send(
      new EFS.CreateMountTargetCommand({
        FileSystemId,
        SubnetId: c,
        IpAddress: '10.0.3.99',
        SecurityGroups: [GroupId],
      }),
    );
    await until(
      () => efs.send(new EFS.DescribeMountTargetsCommand({ FileSystemId })),
      (answer) => answer.MountTargets?.every((one) => one.LifeCycleState === 'available'),
    );
    const eni = await ec2.send(
      new EC2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [first.NetworkInterfaceId!] }),
    );
    expect(eni.NetworkInterfaces?.[0]).toMatchObject({
      Description: `Mount target ${first.MountTargetId} for file system ${FileSystemId}`,
      InterfaceType: 'efs',
      RequesterManaged: true,
      Status: 'in-use',
    });
    const MountTargetId = first.MountTargetId!;
    expect((await efs.send(new EFS.DescribeMountTargetsCommand({ MountTargetId }))).MountTargets).toHaveLength(1);
    expect(
      (await efs.send(new EFS.DescribeMountTargetSecurityGroupsCommand({ MountTargetId }))).SecurityGroups,
    ).toEqual([GroupId]);
    await efs.send(new EFS.ModifyMountTargetSecurityGroupsCommand({ MountTargetId, SecurityGroups: [GroupId] }));
    expect(
      (await efs.send(new EFS.DescribeFileSystemsCommand({ FileSystemId }))).FileSystems?.[0]?.NumberOfMountTargets,
    ).toBe(2);

    const point = await efs.send(
      new EFS.CreateAccessPointCommand({
        ClientToken: 'ap',
        FileSystemId,
        PosixUser: { Uid: 1000, Gid: 1000 },
        RootDirectory: { Path: '/dags', CreationInfo: { OwnerUid: 1000, OwnerGid: 1000, Permissions: '0755' } },
        Tags: [{ Key: 'Name', Value: 'dags' }],
      }),
    );
    expect(point).toMatchObject({
      AccessPointId: expect.stringMatching(/^fsap-[0-9a-f]{17}$/),
      LifeCycleState: 'creating',
    });
    await until(
      () => efs.send(new EFS.DescribeAccessPointsCommand({ FileSystemId })),
      (answer) => answer.AccessPoints?.[0]?.LifeCycleState === 'available',
    );
    await efs.send(new EFS.TagResourceCommand({ ResourceId: FileSystemId, Tags: [{ Key: 'x', Value: 'y' }] }));
    expect((await efs.send(new EFS.ListTagsForResourceCommand({ ResourceId: FileSystemId }))).Tags).toHaveLength(2);
    await efs.send(new EFS.UntagResourceCommand({ ResourceId: FileSystemId, TagKeys: ['x'] }));
    await efs.send(new EFS.DeleteAccessPointCommand({ AccessPointId: point.AccessPointId }));
    await refused(efs.send(new EFS.DeleteFileSystemCommand({ FileSystemId })), 'FileSystemInUse 409');
    for (const { MountTargetId: id } of (await efs.send(new EFS.DescribeMountTargetsCommand({ FileSystemId })))
      .MountTargets!)
      await efs.send(new EFS.DeleteMountTargetCommand({ MountTargetId: id }));
    await until(
      () => efs.send(new EFS.DescribeMountTargetsCommand({ FileSystemId })),
      (answer) => answer.MountTargets?.length === 0,
    );
    await efs.send(new EFS.DeleteFileSystemCommand({ FileSystemId }));
    await until(
      () =>
        efs.send(new EFS.DescribeFileSystemsCommand({ FileSystemId })).then(
          () => false,
          (error: Error) => error.name === 'FileSystemNotFound',
        ),
      (gone) => gone,
    );
    await ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: c }));
  });

  test('paginators bring each file system once', async () => {
    const p = await placed();
    for (let i = 0; i < 5; i++) await p.efs.send(new EFS.CreateFileSystemCommand({ CreationToken: `t${i}` }));
    const ids: string[] = [];
    for await (const page of EFS.paginateDescribeFileSystems({ client: p.efs, pageSize: 2 }, {}))
      ids.push(...(page.FileSystems ?? []).map((one) => one.FileSystemId!));
    expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
  });
});

describe('what is refused about file systems', () => {
  const cases: [string, string, (p: Place) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (p: Place) => Promise<unknown>) => cases.push([title, code, call]);
  const fs = 'fs-0123456789abcdef0';

  no('an unknown file system', 'FileSystemNotFound 404', ({ efs }) =>
    efs.send(new EFS.DescribeFileSystemsCommand({ FileSystemId: fs })),
  );
  no('deleting an unknown one', 'FileSystemNotFound 404', ({ efs }) =>
    efs.send(new EFS.DeleteFileSystemCommand({ FileSystemId: fs })),
  );
  no('mounting an unknown one', 'FileSystemNotFound 404', ({ efs, a }) =>
    efs.send(new EFS.CreateMountTargetCommand({ FileSystemId: fs, SubnetId: a })),
  );
  no('tags of an unknown one', 'FileSystemNotFound 404', ({ efs }) =>
    efs.send(new EFS.ListTagsForResourceCommand({ ResourceId: fs })),
  );
  no('the same token again', 'FileSystemAlreadyExists 409', async (p) => {
    for (let i = 0; i < 2; i++) await p.efs.send(new EFS.CreateFileSystemCommand({ CreationToken: 'same' }));
  });
  no('a mount target while it is being made', 'IncorrectFileSystemLifeCycleState 409', async ({ efs, a }) => {
    const { FileSystemId } = await efs.send(new EFS.CreateFileSystemCommand({ CreationToken: 'new' }));
    await efs.send(new EFS.CreateMountTargetCommand({ FileSystemId, SubnetId: a }));
  });
  no('a second mount target in a zone', 'MountTargetConflict 409', async (p) => {
    const { FileSystemId } = await mounted(p);
    await p.efs.send(new EFS.CreateMountTargetCommand({ FileSystemId, SubnetId: p.publicSubnet }));
  });
  no('a subnet that does not exist', 'SubnetNotFound', async (p) => {
    await p.efs.send(
      new EFS.CreateMountTargetCommand({ FileSystemId: await available(p), SubnetId: 'subnet-0123456789abcdef0' }),
    );
  });
  no('a group that does not exist', 'SecurityGroupNotFound', async (p) => {
    await p.efs.send(
      new EFS.CreateMountTargetCommand({
        FileSystemId: await available(p),
        SubnetId: p.a,
        SecurityGroups: ['sg-0123456789abcdef0'],
      }),
    );
  });
  no('an address that is taken', 'IpAddressInUse 409', async (p) => {
    await p.ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: p.a, PrivateIpAddress: '10.0.2.9' }));
    await p.efs.send(
      new EFS.CreateMountTargetCommand({ FileSystemId: await available(p), SubnetId: p.a, IpAddress: '10.0.2.9' }),
    );
  });
  no('deleting what is mounted', 'FileSystemInUse 409', async (p) => {
    const { FileSystemId } = await mounted(p);
    await p.efs.send(new EFS.DeleteFileSystemCommand({ FileSystemId }));
  });
  no('an unknown mount target', 'MountTargetNotFound 404', ({ efs }) =>
    efs.send(new EFS.DeleteMountTargetCommand({ MountTargetId: 'fsmt-0123456789abcdef0' })),
  );
  no('describing an unknown mount target', 'MountTargetNotFound 404', ({ efs }) =>
    efs.send(new EFS.DescribeMountTargetsCommand({ MountTargetId: 'fsmt-0123456789abcdef0' })),
  );
  no('an unknown access point', 'AccessPointNotFound 404', ({ efs }) =>
    efs.send(new EFS.DeleteAccessPointCommand({ AccessPointId: 'fsap-0123456789abcdef0' })),
  );
  no('a policy where there is none', 'PolicyNotFound 404', async (p) =>
    p.efs.send(new EFS.DescribeFileSystemPolicyCommand({ FileSystemId: await available(p) })),
  );
  no('a policy that is none', 'InvalidPolicyException', async (p) =>
    p.efs.send(new EFS.PutFileSystemPolicyCommand({ FileSystemId: await available(p), Policy: 'nonsense' })),
  );
  no('provisioned throughput without a figure', 'BadRequest', ({ efs }) =>
    efs.send(new EFS.CreateFileSystemCommand({ CreationToken: 'x', ThroughputMode: 'provisioned' })),
  );
  no('a key without encryption', 'BadRequest', ({ efs }) =>
    efs.send(new EFS.CreateFileSystemCommand({ CreationToken: 'x', KmsKeyId: 'alias/aws/elasticfilesystem' })),
  );
  no('a token of an access point with other parameters', 'AccessPointAlreadyExists 409', async (p) => {
    const FileSystemId = await available(p);
    for (const Path of ['/a', '/b'])
      await p.efs.send(
        new EFS.CreateAccessPointCommand({ FileSystemId, ClientToken: 'same', RootDirectory: { Path } }),
      );
  });
  no('a subnet with a mount target in it', 'DependencyViolation', async (p) => {
    await mounted(p);
    await p.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: p.a }));
  });

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(await placed()), code);
  });

  test('the refusal of a token names the file system', async () => {
    const p = await placed();
    const { FileSystemId } = await p.efs.send(new EFS.CreateFileSystemCommand({ CreationToken: 'same' }));
    await expect(p.efs.send(new EFS.CreateFileSystemCommand({ CreationToken: 'same' }))).rejects.toMatchObject({
      FileSystemId,
      ErrorCode: 'FileSystemAlreadyExists',
    });
  });
});
