import { generateKeyPairSync } from 'node:crypto';
import * as EC2 from '@aws-sdk/client-ec2';
import * as IAM from '@aws-sdk/client-iam';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { type Place, placed, polling, refused, trust, until, type World, world } from './world.ts';

const al2023 = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

async function image({ ssm }: World): Promise<string> {
  const { Parameters } = await ssm.send(new GetParametersCommand({ Names: [al2023] }));
  return Parameters![0]!.Value!;
}

async function profile({ iam }: World, name = 'nodes') {
  await iam.send(new IAM.CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust() }));
  await iam.send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  return name;
}

function publicKey(): Uint8Array {
  const { publicKey: key } = generateKeyPairSync('ed25519');
  const raw = key.export({ type: 'spki', format: 'der' }).subarray(-32);
  const text = (value: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, value.length]), value]);
  return Buffer.from(
    `ssh-ed25519 ${Buffer.concat([text(Buffer.from('ssh-ed25519')), text(raw)]).toString('base64')} me`,
  );
}

async function node(p: Place, more: Partial<EC2.RunInstancesCommandInput> = {}) {
  const { Instances } = await p.ec2.send(
    new EC2.RunInstancesCommand({
      ImageId: await image(p),
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: p.a,
      ...more,
    }),
  );
  return Instances![0]!;
}

async function running(p: Place, more: Partial<EC2.RunInstancesCommandInput> = {}) {
  const { InstanceId } = await node(p, more);
  await EC2.waitUntilInstanceRunning({ client: p.ec2, ...polling }, { InstanceIds: [InstanceId!] });
  return InstanceId!;
}

describe('calls about servers', () => {
  test('a bastion: launched, described in full, stopped, changed, started, rebooted and terminated', async () => {
    const p = await placed();
    const { ec2, account, publicSubnet, VpcId, GroupId } = p;
    const imported = await ec2.send(
      new EC2.ImportKeyPairCommand({
        KeyName: 'pms-oregon-key',
        PublicKeyMaterial: publicKey(),
        TagSpecifications: [{ ResourceType: 'key-pair', Tags: [{ Key: 'Name', Value: 'pms-oregon-key' }] }],
      }),
    );
    expect(imported).toMatchObject({
      KeyName: 'pms-oregon-key',
      KeyPairId: expect.stringMatching(/^key-[0-9a-f]{17}$/),
      KeyFingerprint: expect.any(String),
      Tags: [{ Key: 'Name', Value: 'pms-oregon-key' }],
    });
    const { KeyPairs } = await ec2.send(
      new EC2.DescribeKeyPairsCommand({ KeyNames: ['pms-oregon-key'], IncludePublicKey: true }),
    );
    expect(KeyPairs?.[0]).toMatchObject({
      KeyType: 'ed25519',
      CreateTime: expect.any(Date),
      PublicKey: expect.stringContaining('ssh-ed25519'),
    });
    const offered = await ec2.send(
      new EC2.DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [
          { Name: 'instance-type', Values: ['t3.micro', 't3.large'] },
          { Name: 'location', Values: ['us-west-2a', 'us-west-2c'] },
        ],
      }),
    );
    expect(offered.InstanceTypeOfferings).toHaveLength(4);
    const types = await ec2.send(new EC2.DescribeInstanceTypesCommand({ InstanceTypes: ['t3.large'] }));
    expect(types.InstanceTypes?.[0]).toMatchObject({
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 8192 },
      CurrentGeneration: true,
      ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
      BurstablePerformanceSupported: true,
    });
    const ImageId = await image(p);
    const { Images } = await ec2.send(new EC2.DescribeImagesCommand({ ImageIds: [ImageId] }));
    expect(Images?.[0]).toMatchObject({
      State: 'available',
      Architecture: 'x86_64',
      RootDeviceName: '/dev/xvda',
      RootDeviceType: 'ebs',
      VirtualizationType: 'hvm',
      ImageOwnerAlias: 'amazon',
      Public: true,
      EnaSupport: true,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: expect.stringMatching(/^snap-/) } }],
    });
    const latest = await ec2.send(
      new EC2.DescribeImagesCommand({
        Owners: ['amazon'],
        Filters: [
          { Name: 'name', Values: ['al2023-ami-2023*'] },
          { Name: 'architecture', Values: ['x86_64'] },
          { Name: 'state', Values: ['available'] },
          { Name: 'root-device-type', Values: ['ebs'] },
          { Name: 'virtualization-type', Values: ['hvm'] },
        ],
      }),
    );
    expect(latest.Images?.length).toBeGreaterThan(0);

    const name = await profile(p);
    const launch: EC2.RunInstancesCommandInput = {
      ImageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      KeyName: 'pms-oregon-key',
      ClientToken: 'bastion-1',
      IamInstanceProfile: { Name: name },
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: publicSubnet,
          Groups: [GroupId],
          AssociatePublicIpAddress: true,
          DeleteOnTermination: true,
          Description: 'primary',
        },
      ],
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true },
        },
      ],
      MetadataOptions: {
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 2,
        HttpEndpoint: 'enabled',
        InstanceMetadataTags: 'enabled',
      },
      Monitoring: { Enabled: false },
      CreditSpecification: { CpuCredits: 'standard' },
      InstanceInitiatedShutdownBehavior: 'stop',
      DisableApiTermination: false,
      EbsOptimized: true,
      UserData: Buffer.from('#!/bin/bash\necho hello\n').toString('base64'),
      MaintenanceOptions: { AutoRecovery: 'default' },
      PrivateDnsNameOptions: { HostnameType: 'ip-name', EnableResourceNameDnsARecord: true },
      EnclaveOptions: { Enabled: false },
      HibernationOptions: { Configured: false },
      CapacityReservationSpecification: { CapacityReservationPreference: 'open' },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      Placement: { AvailabilityZone: 'us-west-2a', Tenancy: 'default' },
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'bastion' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'Name', Value: 'bastion-root' }] },
        { ResourceType: 'network-interface', Tags: [{ Key: 'Name', Value: 'bastion-eni' }] },
      ],
    };
    const ran = (await until(
      // A new instance profile is not there for EC2 at once.
      () => ec2.send(new EC2.RunInstancesCommand(launch)).catch(() => undefined),
      Boolean,
    ))!;
    expect(ran).toMatchObject({ ReservationId: expect.stringMatching(/^r-[0-9a-f]{17}$/), OwnerId: account.accountId });
    const born = ran.Instances![0]!;
    const InstanceId = born.InstanceId!;
    expect(born).toMatchObject({
      InstanceId: expect.stringMatching(/^i-[0-9a-f]{17}$/),
      State: { Code: 0, Name: 'pending' },
      AmiLaunchIndex: 0,
      Architecture: 'x86_64',
      ClientToken: 'bastion-1',
      EbsOptimized: true,
      EnaSupport: true,
      Hypervisor: 'xen',
      IamInstanceProfile: {
        Arn: `arn:aws:iam::${account.accountId}:instance-profile/${name}`,
        Id: expect.stringMatching(/^AIPA/),
      },
      ImageId,
      InstanceType: 't3.micro',
      KeyName: 'pms-oregon-key',
      LaunchTime: expect.any(Date),
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2, HttpEndpoint: 'enabled' },
      Monitoring: { State: 'disabled' },
      Placement: { AvailabilityZone: 'us-west-2a', Tenancy: 'default', GroupName: '' },
      PrivateDnsName: expect.stringMatching(/^ip-10-0-1-\d+\.us-west-2\.compute\.internal$/),
      PrivateIpAddress: expect.stringMatching(/^10\.0\.1\.\d+$/),
      RootDeviceName: '/dev/xvda',
      RootDeviceType: 'ebs',
      SecurityGroups: [{ GroupId, GroupName: 'nodes' }],
      SourceDestCheck: true,
      SubnetId: publicSubnet,
      VirtualizationType: 'hvm',
      VpcId,
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      EnclaveOptions: { Enabled: false },
      HibernationOptions: { Configured: false },
      ProductCodes: [],
      Tags: [{ Key: 'Name', Value: 'bastion' }],
    });
    expect((await ec2.send(new EC2.RunInstancesCommand(launch))).Instances?.[0]?.InstanceId).toBe(InstanceId);
    await EC2.waitUntilInstanceExists({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    await EC2.waitUntilInstanceRunning({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    const seen = async () =>
      (await ec2.send(new EC2.DescribeInstancesCommand({ InstanceIds: [InstanceId] }))).Reservations![0]!
        .Instances![0]!;
    const up = await seen();
    expect(up).toMatchObject({
      State: { Code: 16, Name: 'running' },
      PublicIpAddress: expect.stringMatching(/^\d+\./),
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: {
            VolumeId: expect.stringMatching(/^vol-/),
            Status: 'attached',
            DeleteOnTermination: true,
            AttachTime: expect.any(Date),
          },
        },
      ],
      NetworkInterfaces: [
        {
          NetworkInterfaceId: expect.stringMatching(/^eni-/),
          Description: 'primary',
          Status: 'in-use',
          Attachment: {
            DeviceIndex: 0,
            DeleteOnTermination: true,
            Status: 'attached',
            AttachmentId: expect.stringMatching(/^eni-attach-/),
          },
          Association: { PublicIp: up.PublicIpAddress, IpOwnerId: 'amazon' },
          Groups: [{ GroupId }],
          PrivateIpAddresses: [{ Primary: true }],
        },
      ],
    });
    const { Volumes } = await ec2.send(
      new EC2.DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [InstanceId] }] }),
    );
    expect(Volumes).toMatchObject([
      {
        Size: 30,
        VolumeType: 'gp3',
        Encrypted: true,
        Iops: 3000,
        Throughput: 125,
        State: 'in-use',
        AvailabilityZone: 'us-west-2a',
        Attachments: [{ InstanceId, Device: '/dev/xvda', State: 'attached', DeleteOnTermination: true }],
        Tags: [{ Key: 'Name', Value: 'bastion-root' }],
        KmsKeyId: expect.stringMatching(/^arn:aws:kms:us-west-2:/),
        CreateTime: expect.any(Date),
      },
    ]);
    for (const Filters of [
      [{ Name: 'tag:Name', Values: ['bastion'] }],
      [{ Name: 'client-token', Values: ['bastion-1'] }],
      [{ Name: 'instance-state-name', Values: ['pending', 'running'] }],
      [{ Name: 'instance-state-code', Values: ['16'] }],
      [{ Name: 'vpc-id', Values: [VpcId] }],
      [{ Name: 'subnet-id', Values: [publicSubnet] }],
      [{ Name: 'instance-type', Values: ['t3.*'] }],
      [{ Name: 'image-id', Values: [ImageId] }],
      [{ Name: 'key-name', Values: ['pms-oregon-key'] }],
      [{ Name: 'private-ip-address', Values: [up.PrivateIpAddress!] }],
      [{ Name: 'ip-address', Values: [up.PublicIpAddress!] }],
      [{ Name: 'availability-zone', Values: ['us-west-2a'] }],
      [{ Name: 'instance.group-id', Values: [GroupId] }],
      [{ Name: 'network-interface.group-id', Values: [GroupId] }],
      [{ Name: 'iam-instance-profile.arn', Values: [up.IamInstanceProfile!.Arn!] }],
      [{ Name: 'reservation-id', Values: [ran.ReservationId!] }],
      [{ Name: 'block-device-mapping.volume-id', Values: [up.BlockDeviceMappings![0]!.Ebs!.VolumeId!] }],
      [{ Name: 'metadata-options.http-tokens', Values: ['required'] }],
      [{ Name: 'root-device-type', Values: ['ebs'] }],
      [{ Name: 'architecture', Values: ['x86_64'] }],
      [{ Name: 'owner-id', Values: [account.accountId] }],
      [{ Name: 'tag-key', Values: ['Name'] }],
      [{ Name: 'monitoring-state', Values: ['disabled'] }],
      [{ Name: 'launch-time', Values: ['20*'] }],
    ])
      expect(
        (await ec2.send(new EC2.DescribeInstancesCommand({ Filters }))).Reservations,
        JSON.stringify(Filters),
      ).toHaveLength(1);
    await EC2.waitUntilInstanceStatusOk({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    await EC2.waitUntilSystemStatusOk({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    const status = await ec2.send(new EC2.DescribeInstanceStatusCommand({ InstanceIds: [InstanceId] }));
    expect(status.InstanceStatuses?.[0]).toMatchObject({
      InstanceState: { Code: 16, Name: 'running' },
      InstanceStatus: { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] },
      SystemStatus: { Status: 'ok' },
    });
    const userData = await ec2.send(new EC2.DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
    expect(Buffer.from(userData.UserData!.Value!, 'base64').toString()).toContain('echo hello');
    for (const Attribute of [
      'disableApiTermination',
      'instanceType',
      'groupSet',
      'blockDeviceMapping',
      'rootDeviceName',
      'sourceDestCheck',
      'ebsOptimized',
      'instanceInitiatedShutdownBehavior',
      'disableApiStop',
      'enaSupport',
      'enclaveOptions',
      'kernel',
      'ramdisk',
      'productCodes',
      'sriovNetSupport',
    ] as const)
      expect(
        (await ec2.send(new EC2.DescribeInstanceAttributeCommand({ InstanceId, Attribute }))).InstanceId,
        Attribute,
      ).toBe(InstanceId);
    await ec2.send(new EC2.ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: true } }));
    await refused(ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [InstanceId] })), 'OperationNotPermitted');
    await ec2.send(
      new EC2.ModifyInstanceAttributeCommand({ InstanceId, Attribute: 'disableApiTermination', Value: 'false' }),
    );
    await refused(
      ec2.send(new EC2.ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value: 't3.small' } })),
      'IncorrectInstanceState',
    );
    await ec2.send(new EC2.RebootInstancesCommand({ InstanceIds: [InstanceId] }));
    await ec2.send(new EC2.MonitorInstancesCommand({ InstanceIds: [InstanceId] }));
    await ec2.send(new EC2.UnmonitorInstancesCommand({ InstanceIds: [InstanceId] }));
    await ec2.send(new EC2.GetConsoleOutputCommand({ InstanceId }));
    await ec2.send(new EC2.ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpTokens: 'optional' }));

    const stopping = await ec2.send(new EC2.StopInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(stopping.StoppingInstances).toEqual([
      { InstanceId, CurrentState: { Code: 64, Name: 'stopping' }, PreviousState: { Code: 16, Name: 'running' } },
    ]);
    await EC2.waitUntilInstanceStopped({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    const down = await seen();
    expect(down.PublicIpAddress).toBeUndefined();
    expect(down).toMatchObject({
      State: { Code: 80, Name: 'stopped' },
      PrivateIpAddress: up.PrivateIpAddress,
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
      StateTransitionReason: expect.stringContaining('User initiated'),
    });
    await ec2.send(new EC2.ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value: 't3.small' } }));
    const starting = await ec2.send(new EC2.StartInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(starting.StartingInstances).toMatchObject([
      { CurrentState: { Code: 0, Name: 'pending' }, PreviousState: { Code: 80, Name: 'stopped' } },
    ]);
    await EC2.waitUntilInstanceRunning({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    expect(await seen()).toMatchObject({ InstanceType: 't3.small', PublicIpAddress: expect.any(String) });

    const ended = await ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(ended.TerminatingInstances).toEqual([
      { InstanceId, CurrentState: { Code: 32, Name: 'shutting-down' }, PreviousState: { Code: 16, Name: 'running' } },
    ]);
    await EC2.waitUntilInstanceTerminated({ client: ec2, ...polling }, { InstanceIds: [InstanceId] });
    expect(await seen()).toMatchObject({
      State: { Code: 48, Name: 'terminated' },
      BlockDeviceMappings: [],
      NetworkInterfaces: [],
    });
    const again = await ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(again.TerminatingInstances?.[0]?.CurrentState?.Name).toBe('terminated');
    expect((await ec2.send(new EC2.DescribeVolumesCommand({}))).Volumes).toEqual([]);
    expect((await ec2.send(new EC2.RunInstancesCommand(launch))).Instances?.[0]?.InstanceId).toBe(InstanceId);
    await refused(
      ec2.send(new EC2.RunInstancesCommand({ ...launch, UserData: 'eA==' })),
      'IdempotentParameterMismatch',
    );
    await ec2.send(new EC2.DeleteKeyPairCommand({ KeyName: 'pms-oregon-key' }));
    await ec2.send(new EC2.DeleteKeyPairCommand({ KeyName: 'pms-oregon-key' }));
  });

  test('an image is taken of a node, launched, shared, copied and removed with its snapshots', async () => {
    const p = await placed();
    const { ec2, account } = p;
    const InstanceId = await running(p);
    const { ImageId } = await ec2.send(
      new EC2.CreateImageCommand({
        InstanceId,
        Name: 'pms-airflow-image',
        Description: 'a node',
        NoReboot: true,
        TagSpecifications: [
          { ResourceType: 'image', Tags: [{ Key: 'Name', Value: 'img' }] },
          { ResourceType: 'snapshot', Tags: [{ Key: 'Name', Value: 'snap' }] },
        ],
      }),
    );
    const question = { Owners: ['self'], Filters: [{ Name: 'name', Values: ['pms-airflow-image'] }] };
    const pending = await ec2.send(new EC2.DescribeImagesCommand(question));
    expect(pending.Images).toMatchObject([{ ImageId, State: 'pending', OwnerId: account.accountId, Public: false }]);
    await refused(
      ec2.send(
        new EC2.RunInstancesCommand({ ImageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, SubnetId: p.c }),
      ),
      'InvalidAMIID.Unavailable',
    );
    await EC2.waitUntilImageExists({ client: ec2, ...polling }, { ImageIds: [ImageId!] });
    await EC2.waitUntilImageAvailable({ client: ec2, ...polling }, { ImageIds: [ImageId!] });
    const { Images } = await ec2.send(new EC2.DescribeImagesCommand(question));
    expect(Images?.[0]).toMatchObject({
      Name: 'pms-airflow-image',
      Description: 'a node',
      ImageLocation: `${account.accountId}/pms-airflow-image`,
      ImageType: 'machine',
      CreationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      RootDeviceName: '/dev/xvda',
      SourceInstanceId: InstanceId,
      Tags: [{ Key: 'Name', Value: 'img' }],
    });
    const SnapshotId = Images![0]!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!;
    const { Snapshots } = await ec2.send(
      new EC2.DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: [{ Name: 'tag:Name', Values: ['snap'] }] }),
    );
    expect(Snapshots).toMatchObject([
      {
        SnapshotId,
        State: 'completed',
        Progress: '100%',
        Description: expect.stringContaining(InstanceId),
        StartTime: expect.any(Date),
      },
    ]);
    await running(p, { ImageId, SubnetId: p.c });
    await ec2.send(
      new EC2.ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ UserId: '210987654321' }] } }),
    );
    const shared = await ec2.send(new EC2.DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }));
    expect(shared.LaunchPermissions).toEqual([{ UserId: '210987654321' }]);
    const copy = await ec2.send(
      new EC2.CopyImageCommand({ SourceImageId: ImageId, SourceRegion: 'us-west-2', Name: 'copy', Encrypted: true }),
    );
    await EC2.waitUntilImageAvailable({ client: ec2, ...polling }, { ImageIds: [copy.ImageId!] });
    await refused(ec2.send(new EC2.DeleteSnapshotCommand({ SnapshotId })), 'InvalidSnapshot.InUse');
    await ec2.send(new EC2.DeregisterImageCommand({ ImageId }));
    await ec2.send(new EC2.DeleteSnapshotCommand({ SnapshotId }));
    const gone = await ec2.send(
      new EC2.DeregisterImageCommand({ ImageId: copy.ImageId, DeleteAssociatedSnapshots: true }),
    );
    expect(gone.DeleteSnapshotResults).toHaveLength(1);
    expect((await ec2.send(new EC2.DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).Snapshots).toEqual([]);
  });

  test('volumes: made, attached, grown, kept as a snapshot, detached and deleted', async () => {
    const p = await placed();
    const { ec2 } = p;
    const InstanceId = await running(p);
    const made = await ec2.send(
      new EC2.CreateVolumeCommand({
        AvailabilityZone: 'us-west-2a',
        Size: 10,
        VolumeType: 'gp3',
        Iops: 3000,
        Throughput: 125,
        Encrypted: true,
        ClientToken: 'vol',
        TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'a', Value: 'b' }] }],
      }),
    );
    expect(made).toMatchObject({ State: 'creating', Size: 10, VolumeId: expect.stringMatching(/^vol-[0-9a-f]{17}$/) });
    const VolumeId = made.VolumeId!;
    const VolumeIds = [VolumeId];
    await EC2.waitUntilVolumeAvailable({ client: ec2, ...polling }, { VolumeIds });
    const attached = await ec2.send(new EC2.AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }));
    expect(attached.State).toBe('attaching');
    await EC2.waitUntilVolumeInUse({ client: ec2, ...polling }, { VolumeIds });
    const grown = await ec2.send(new EC2.ModifyVolumeCommand({ VolumeId, Size: 20 }));
    expect(grown.VolumeModification).toMatchObject({
      OriginalSize: 10,
      TargetSize: 20,
      ModificationState: 'modifying',
    });
    expect(
      (await ec2.send(new EC2.DescribeVolumesModificationsCommand({ VolumeIds }))).VolumesModifications,
    ).toHaveLength(1);
    const snapshot = await ec2.send(
      new EC2.CreateSnapshotCommand({
        VolumeId,
        Description: 'kept',
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: 'b' }] }],
      }),
    );
    expect(snapshot).toMatchObject({ State: 'pending', VolumeId });
    await EC2.waitUntilSnapshotCompleted({ client: ec2, ...polling }, { SnapshotIds: [snapshot.SnapshotId!] });
    await refused(ec2.send(new EC2.DeleteVolumeCommand({ VolumeId })), 'VolumeInUse');
    await ec2.send(new EC2.DetachVolumeCommand({ VolumeId }));
    await EC2.waitUntilVolumeAvailable({ client: ec2, ...polling }, { VolumeIds });
    await ec2.send(new EC2.DeleteVolumeCommand({ VolumeId }));
    await EC2.waitUntilVolumeDeleted({ client: ec2, ...polling }, { VolumeIds });
    await ec2.send(new EC2.DeleteSnapshotCommand({ SnapshotId: snapshot.SnapshotId }));
  });

  test('addresses, interfaces and instance profiles are given to an instance and taken away', async () => {
    const p = await placed();
    const { ec2, a, iam, account } = p;
    const InstanceId = await running(p);
    const eip = await ec2.send(new EC2.AllocateAddressCommand({ Domain: 'vpc' }));
    const { AssociationId } = await ec2.send(
      new EC2.AssociateAddressCommand({ AllocationId: eip.AllocationId, InstanceId, AllowReassociation: true }),
    );
    const { Addresses } = await ec2.send(
      new EC2.DescribeAddressesCommand({ Filters: [{ Name: 'instance-id', Values: [InstanceId] }] }),
    );
    expect(Addresses).toMatchObject([{ AssociationId, InstanceId, NetworkInterfaceOwnerId: account.accountId }]);
    await ec2.send(new EC2.DisassociateAddressCommand({ AssociationId }));
    const { NetworkInterface } = await ec2.send(new EC2.CreateNetworkInterfaceCommand({ SubnetId: a }));
    const NetworkInterfaceId = NetworkInterface!.NetworkInterfaceId!;
    const { AttachmentId } = await ec2.send(
      new EC2.AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }),
    );
    await refused(ec2.send(new EC2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId })), 'InvalidParameterValue');
    await ec2.send(new EC2.DetachNetworkInterfaceCommand({ AttachmentId }));
    await EC2.waitUntilNetworkInterfaceAvailable(
      { client: ec2, ...polling },
      { NetworkInterfaceIds: [NetworkInterfaceId] },
    );
    await ec2.send(new EC2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));

    const Name = await profile(p);
    await until(
      () =>
        ec2
          .send(new EC2.AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Name } }))
          .catch(() => undefined),
      (answer) => answer,
    );
    const { IamInstanceProfileAssociations } = await ec2.send(
      new EC2.DescribeIamInstanceProfileAssociationsCommand({
        Filters: [{ Name: 'instance-id', Values: [InstanceId] }],
      }),
    );
    expect(IamInstanceProfileAssociations).toHaveLength(1);
    await ec2.send(
      new EC2.DisassociateIamInstanceProfileCommand({
        AssociationId: IamInstanceProfileAssociations![0]!.AssociationId,
      }),
    );
    expect(
      (await iam.send(new IAM.GetInstanceProfileCommand({ InstanceProfileName: Name }))).InstanceProfile?.Roles,
    ).toHaveLength(1);
  });

  test('launch templates hold versions and launch instances', async () => {
    const p = await placed();
    const { ec2, a } = p;
    const data = { ImageId: await image(p), InstanceType: 't3.micro' as const };
    const { LaunchTemplate } = await ec2.send(
      new EC2.CreateLaunchTemplateCommand({
        LaunchTemplateName: 'node',
        VersionDescription: 'first',
        LaunchTemplateData: data,
      }),
    );
    expect(LaunchTemplate).toMatchObject({
      DefaultVersionNumber: 1,
      LatestVersionNumber: 1,
      CreatedBy: expect.stringContaining('arn:aws:'),
    });
    await ec2.send(
      new EC2.CreateLaunchTemplateVersionCommand({
        LaunchTemplateName: 'node',
        SourceVersion: '1',
        LaunchTemplateData: { InstanceType: 't3.small' },
        ClientToken: 'v2',
      }),
    );
    await ec2.send(
      new EC2.ModifyLaunchTemplateCommand({ LaunchTemplateName: 'node', DefaultVersion: '2', ClientToken: 'd2' }),
    );
    const versions = await ec2.send(
      new EC2.DescribeLaunchTemplateVersionsCommand({
        LaunchTemplateName: 'node',
        Versions: ['$Default', '$Latest', '1'],
      }),
    );
    expect(versions.LaunchTemplateVersions?.length).toBeGreaterThanOrEqual(2);
    const ranged = await ec2.send(
      new EC2.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: 'node', MinVersion: '2', MaxVersion: '2' }),
    );
    expect(ranged.LaunchTemplateVersions).toHaveLength(1);
    const { Instances } = await ec2.send(
      new EC2.RunInstancesCommand({
        LaunchTemplate: { LaunchTemplateName: 'node', Version: '$Latest' },
        SubnetId: a,
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    expect(Instances?.[0]?.InstanceType).toBe('t3.small');
    await ec2.send(new EC2.DeleteLaunchTemplateVersionsCommand({ LaunchTemplateName: 'node', Versions: ['1'] }));
    await ec2.send(new EC2.DeleteLaunchTemplateCommand({ LaunchTemplateName: 'node' }));
  });

  test('an instance connect endpoint and the account settings of EC2', async () => {
    const { ec2, a, GroupId } = await placed();
    const { InstanceConnectEndpoint } = await ec2.send(
      new EC2.CreateInstanceConnectEndpointCommand({
        SubnetId: a,
        SecurityGroupIds: [GroupId],
        PreserveClientIp: false,
        ClientToken: 'eice',
      }),
    );
    expect(InstanceConnectEndpoint?.State).toBe('create-in-progress');
    const InstanceConnectEndpointIds = [InstanceConnectEndpoint!.InstanceConnectEndpointId!];
    await until(
      () => ec2.send(new EC2.DescribeInstanceConnectEndpointsCommand({ InstanceConnectEndpointIds })),
      (answer) => answer.InstanceConnectEndpoints?.[0]?.State === 'create-complete',
    );
    await ec2.send(
      new EC2.DeleteInstanceConnectEndpointCommand({ InstanceConnectEndpointId: InstanceConnectEndpointIds[0] }),
    );
    expect((await ec2.send(new EC2.GetInstanceMetadataDefaultsCommand({}))).AccountLevel).toBeDefined();
    await ec2.send(new EC2.ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'required' }));
    await ec2.send(new EC2.EnableEbsEncryptionByDefaultCommand({}));
    expect((await ec2.send(new EC2.GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault).toBe(true);
    expect((await ec2.send(new EC2.GetEbsDefaultKmsKeyIdCommand({}))).KmsKeyId).toContain('alias/aws/ebs');
  });

  test('a key pair made by AWS shows its private half once', async () => {
    const { ec2 } = world();
    const made = await ec2.send(new EC2.CreateKeyPairCommand({ KeyName: 'k', KeyType: 'ed25519', KeyFormat: 'pem' }));
    expect(made.KeyMaterial).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    const rsa = await ec2.send(new EC2.CreateKeyPairCommand({ KeyName: 'r' }));
    expect(rsa.KeyMaterial).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(rsa.KeyFingerprint?.split(':')).toHaveLength(20);
    await EC2.waitUntilKeyPairExists({ client: ec2, ...polling }, { KeyNames: ['k'] });
    const gone = await ec2.send(new EC2.DeleteKeyPairCommand({ KeyPairId: made.KeyPairId }));
    expect(gone).toMatchObject({ Return: true, KeyPairId: made.KeyPairId });
  });

  test('paginators bring every instance once', async () => {
    const p = await placed();
    const { ec2, a } = p;
    await ec2.send(
      new EC2.RunInstancesCommand({
        ImageId: await image(p),
        InstanceType: 't3.micro',
        MinCount: 3,
        MaxCount: 3,
        SubnetId: a,
      }),
    );
    for (let i = 0; i < 4; i++) await node(p);
    const ids: string[] = [];
    for await (const page of EC2.paginateDescribeInstances({ client: ec2, pageSize: 5 }, {}))
      for (const one of page.Reservations ?? []) ids.push(...(one.Instances ?? []).map((i) => i.InstanceId!));
    expect(new Set(ids).size).toBe(7);
    expect(ids).toHaveLength(7);
  });
});

describe('what is refused about servers', () => {
  const cases: [string, string, (p: Place) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (p: Place) => Promise<unknown>) => cases.push([title, code, call]);
  const missing = (prefix: string) => `${prefix}-0123456789abcdef0`;

  no('an unknown image', 'InvalidAMIID.NotFound', (p) => node(p, { ImageId: missing('ami') }));
  no('a malformed image', 'InvalidAMIID.Malformed', (p) => node(p, { ImageId: 'nonsense' }));
  no('an unknown key', 'InvalidKeyPair.NotFound', (p) => node(p, { KeyName: 'none' }));
  no('an unknown subnet', 'InvalidSubnetID.NotFound', (p) => node(p, { SubnetId: missing('subnet') }));
  no('an unknown group', 'InvalidGroup.NotFound', (p) => node(p, { SecurityGroupIds: [missing('sg')] }));
  no('a type that is none', 'InvalidParameterValue', (p) => node(p, { InstanceType: 't3.gigantic' as never }));
  no('an unknown instance profile', 'InvalidParameterValue', (p) => node(p, { IamInstanceProfile: { Name: 'none' } }));
  no('more vCPUs than the quota', 'VcpuLimitExceeded', (p) =>
    node(p, { InstanceType: 't3.2xlarge', MinCount: 20, MaxCount: 20 }),
  );
  no('a subnet beside interfaces', 'InvalidParameterCombination', (p) =>
    node(p, { NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: p.a }] }),
  );
  no('fewer than one', 'InvalidParameterValue', (p) => node(p, { MinCount: 0, MaxCount: 0 }));
  no('most below least', 'InvalidParameterCombination', (p) => node(p, { MinCount: 2, MaxCount: 1 }));
  no('no image', 'MissingParameter', ({ ec2, a }) =>
    ec2.send(new EC2.RunInstancesCommand({ MinCount: 1, MaxCount: 1, SubnetId: a, InstanceType: 't3.micro' })),
  );
  no('a disk below its snapshot', 'InvalidBlockDeviceMapping', (p) =>
    node(p, { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 1 } }] }),
  );
  no('user data that is not base64', 'InvalidUserData.Malformed', (p) => node(p, { UserData: '#!/bin/bash' }));
  no('an Arm type for an x86 image', 'InvalidParameterValue', (p) => node(p, { InstanceType: 't4g.micro' }));
  no('an address that is taken', 'InvalidIPAddress.InUse', async (p) => {
    for (let i = 0; i < 2; i++) await node(p, { PrivateIpAddress: '10.0.2.20' });
  });
  no('an address outside the subnet', 'InvalidParameterValue', (p) => node(p, { PrivateIpAddress: '10.9.2.20' }));
  no('an unknown instance', 'InvalidInstanceID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeInstancesCommand({ InstanceIds: [missing('i')] })),
  );
  no('a malformed instance', 'InvalidInstanceID.Malformed', ({ ec2 }) =>
    ec2.send(new EC2.DescribeInstancesCommand({ InstanceIds: ['nonsense'] })),
  );
  const nobody = { InstanceIds: [missing('i')] };
  for (const [verb, command] of Object.entries({
    Terminate: new EC2.TerminateInstancesCommand(nobody),
    Stop: new EC2.StopInstancesCommand(nobody),
    Start: new EC2.StartInstancesCommand(nobody),
    Reboot: new EC2.RebootInstancesCommand(nobody),
    Status: new EC2.DescribeInstanceStatusCommand(nobody),
  }))
    no(`${verb} for an unknown one`, 'InvalidInstanceID.NotFound', ({ ec2 }) =>
      ec2.send(command as EC2.StopInstancesCommand),
    );
  no('stopping a pending one', 'IncorrectInstanceState', async (p) => {
    const { InstanceId } = await node(p);
    await p.ec2.send(new EC2.StopInstancesCommand({ InstanceIds: [InstanceId!] }));
  });
  no('starting a terminated one', 'IncorrectInstanceState', async (p) => {
    const InstanceId = await running(p);
    await p.ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    await EC2.waitUntilInstanceTerminated({ client: p.ec2, ...polling }, { InstanceIds: [InstanceId] });
    await p.ec2.send(new EC2.StartInstancesCommand({ InstanceIds: [InstanceId] }));
  });
  no('an image of nothing', 'InvalidInstanceID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.CreateImageCommand({ InstanceId: missing('i'), Name: 'nothing' })),
  );
  no('two images of one name', 'InvalidAMIName.Duplicate', async (p) => {
    const InstanceId = await running(p);
    for (let i = 0; i < 2; i++) await p.ec2.send(new EC2.CreateImageCommand({ InstanceId, Name: 'same' }));
  });
  no('a name that images cannot have', 'InvalidAMIName.Malformed', async (p) =>
    p.ec2.send(new EC2.CreateImageCommand({ InstanceId: await running(p), Name: 'a' })),
  );
  no('an unknown own image', 'InvalidAMIID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeImagesCommand({ ImageIds: [missing('ami')] })),
  );
  no('removing an unknown image', 'InvalidAMIID.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeregisterImageCommand({ ImageId: missing('ami') })),
  );
  no('removing somebody else’s image', 'AuthFailure 403', async (p) =>
    p.ec2.send(new EC2.DeregisterImageCommand({ ImageId: await image(p) })),
  );
  no('an unknown snapshot', 'InvalidSnapshot.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeSnapshotsCommand({ SnapshotIds: [missing('snap')] })),
  );
  no('deleting an unknown snapshot', 'InvalidSnapshot.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteSnapshotCommand({ SnapshotId: missing('snap') })),
  );
  no('an unknown volume', 'InvalidVolume.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeVolumesCommand({ VolumeIds: [missing('vol')] })),
  );
  no('deleting an unknown volume', 'InvalidVolume.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteVolumeCommand({ VolumeId: missing('vol') })),
  );
  no('a volume in another zone', 'InvalidVolume.ZoneMismatch', async (p) => {
    const InstanceId = await running(p);
    const { VolumeId } = await p.ec2.send(new EC2.CreateVolumeCommand({ AvailabilityZone: 'us-west-2c', Size: 1 }));
    await EC2.waitUntilVolumeAvailable({ client: p.ec2, ...polling }, { VolumeIds: [VolumeId!] });
    await p.ec2.send(new EC2.AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }));
  });
  no('two keys of one name', 'InvalidKeyPair.Duplicate', async ({ ec2 }) => {
    for (let i = 0; i < 2; i++) await ec2.send(new EC2.CreateKeyPairCommand({ KeyName: 'same' }));
  });
  no('a key that is none', 'InvalidKey.Format', ({ ec2 }) =>
    ec2.send(new EC2.ImportKeyPairCommand({ KeyName: 'k', PublicKeyMaterial: Buffer.from('nonsense') })),
  );
  no('an unknown key pair', 'InvalidKeyPair.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DescribeKeyPairsCommand({ KeyNames: ['none'] })),
  );
  no('deleting an unknown key by id', 'InvalidKeyPair.NotFound', ({ ec2 }) =>
    ec2.send(new EC2.DeleteKeyPairCommand({ KeyPairId: missing('key') })),
  );
  no('a subnet with an instance in it', 'DependencyViolation', async (p) => {
    await node(p);
    await p.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: p.a }));
  });
  no('a group of an instance', 'DependencyViolation', async (p) => {
    await node(p, { SecurityGroupIds: [p.GroupId] });
    await p.ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId: p.GroupId }));
  });
  no('detaching the gateway under a public address', 'DependencyViolation', async (p) => {
    await running(p, {
      SubnetId: undefined,
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: p.publicSubnet, AssociatePublicIpAddress: true }],
    });
    await p.ec2.send(new EC2.DetachInternetGatewayCommand({ VpcId: p.VpcId, InternetGatewayId: p.InternetGatewayId }));
  });
  no('an unknown attribute filter', 'InvalidParameterValue', ({ ec2 }) =>
    ec2.send(new EC2.DescribeInstancesCommand({ Filters: [{ Name: 'nonsense', Values: ['x'] }] })),
  );

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(await placed()), code);
  });

  test('an instance profile is not there for EC2 at once, and not without a role', async () => {
    const p = await placed(world());
    await p.iam.send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: 'empty' }));
    const launch = (Name: string) => node(p, { IamInstanceProfile: { Name } });
    const Name = await profile(p);
    await expect(launch(Name)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('Invalid IAM Instance Profile'),
    });
    await p.account.clock.sleep(30_000);
    expect(await launch(Name)).toMatchObject({ State: { Name: 'pending' } });
    await expect(launch('empty')).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining(' has no associated IAM Roles'),
    });
  });

  test('a lack of capacity is a failure of the server', async () => {
    const faults = { refuse: [{ operation: 'RunInstances', code: 'InsufficientInstanceCapacity', status: 500 }] };
    const p = await placed(world({ faults }));
    await refused(node(p), 'InsufficientInstanceCapacity 500');
  });

  test('an instance that fails late says why', async () => {
    const p = await placed(world({ faults: { breakLater: [{ noun: 'instance', code: 'Server.InternalError' }] } }));
    const { InstanceId } = await node(p);
    const { Reservations } = await until(
      () => p.ec2.send(new EC2.DescribeInstancesCommand({ InstanceIds: [InstanceId!] })),
      (answer) => answer.Reservations?.[0]?.Instances?.[0]?.State?.Name === 'terminated',
    );
    expect(Reservations?.[0]?.Instances?.[0]?.StateReason?.Code).toBe('Server.InternalError');
  });
});
