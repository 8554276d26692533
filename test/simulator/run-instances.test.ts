import {
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from 'vitest';
import { computeWorld } from './compute-world.ts';

describe('RunInstances', () => {
  test('an instance is pending with its address, interface and volume, and running 15 seconds later', async () => {
    const { ec2, launch, instance, later, subnetId, groupId, vpcId } = await computeWorld();
    const { Instances, ReservationId } = await launch({
      KeyName: 'key',
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'node' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'Name', Value: 'disk' }] },
        { ResourceType: 'network-interface', Tags: [{ Key: 'Name', Value: 'card' }] },
      ],
    });
    expect(ReservationId).toMatch(/^r-0/);
    expect(Instances?.[0]).toMatchObject({
      State: { Code: 0, Name: 'pending' },
      StateReason: { Code: 'pending' },
      SubnetId: subnetId,
      VpcId: vpcId,
      PrivateIpAddress: '10.0.1.4',
      PrivateDnsName: 'ip-10-0-1-4.us-west-2.compute.internal',
      SecurityGroups: [{ GroupId: groupId, GroupName: 'nodes' }],
      KeyName: 'key',
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      Placement: { AvailabilityZone: 'us-west-2a', AvailabilityZoneId: 'usw2-az1' },
      Tags: [{ Key: 'Name', Value: 'node' }],
    });
    const InstanceId = Instances?.[0]?.InstanceId;
    await later(20);
    const row = await instance(InstanceId);
    expect(row.State).toEqual({ Code: 16, Name: 'running' });
    expect(row.PublicIpAddress).toBeUndefined();
    expect(row.BlockDeviceMappings).toMatchObject([
      { DeviceName: '/dev/xvda', Ebs: { Status: 'attached', DeleteOnTermination: true } },
    ]);
    const byInstance = (name: string) => ({ Filters: [{ Name: name, Values: [InstanceId ?? ''] }] });
    const { Volumes } = await ec2.send(new DescribeVolumesCommand(byInstance('attachment.instance-id')));
    expect(Volumes).toMatchObject([{ Size: 8, VolumeType: 'gp3', State: 'in-use', Tags: [{ Value: 'disk' }] }]);
    const cards = new DescribeNetworkInterfacesCommand(byInstance('attachment.instance-id'));
    const { NetworkInterfaces } = await ec2.send(cards);
    expect(NetworkInterfaces).toMatchObject([{ Status: 'in-use', TagSet: [{ Value: 'card' }] }]);
  });

  test('a network interface of its own gives the instance a public address', async () => {
    const { running, subnetId, groupId } = await computeWorld();
    const row = await running({
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: subnetId,
          Groups: [groupId],
          AssociatePublicIpAddress: true,
          DeleteOnTermination: true,
        },
      ],
    });
    expect(row.PublicIpAddress).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(row.NetworkInterfaces?.[0]?.Association).toMatchObject({
      PublicIp: row.PublicIpAddress,
      IpOwnerId: 'amazon',
    });
  });

  test('the two ways to name a subnet do not mix', async () => {
    const { ec2, imageId, subnetId, groupId } = await computeWorld();
    const base = { ImageId: imageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 } as const;
    const NetworkInterfaces = [{ DeviceIndex: 0, SubnetId: subnetId }];
    for (const extra of [{ SubnetId: subnetId }, { SecurityGroupIds: [groupId] }])
      await expect(ec2.send(new RunInstancesCommand({ ...base, NetworkInterfaces, ...extra }))).rejects.toMatchObject({
        name: 'InvalidParameterCombination',
      });
  });

  test('the same token with the same request is the same instance, even after its end', async () => {
    const { ec2, launch, instance, later } = await computeWorld();
    const first = await launch({ ClientToken: 'token-1' });
    const InstanceId = first.Instances?.[0]?.InstanceId ?? '';
    const second = await launch({ ClientToken: 'token-1' });
    expect(second.ReservationId).toBe(first.ReservationId);
    expect(second.Instances?.map((one) => one.InstanceId)).toEqual([InstanceId]);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    await later(100);
    const third = await launch({ ClientToken: 'token-1' });
    expect(third.Instances).toMatchObject([{ InstanceId, State: { Name: 'terminated' } }]);
    await later(2 * 3600);
    await expect(instance(InstanceId)).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
    const fourth = await launch({ ClientToken: 'token-1' });
    expect(fourth.Instances).toMatchObject([{ InstanceId, State: { Name: 'terminated' } }]);
    await later(25 * 3600);
    const fifth = await launch({ ClientToken: 'token-1' });
    expect(fifth.Instances).toMatchObject([{ State: { Name: 'pending' } }]);
    expect(fifth.Instances?.[0]?.InstanceId).not.toBe(InstanceId);
  });

  test('the same token with another request is refused, and other tokens make other instances', async () => {
    const { ec2, launch } = await computeWorld();
    await launch({ ClientToken: 'token-1' });
    await expect(launch({ ClientToken: 'token-1', UserData: 'eA==' })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
    await launch({ ClientToken: 'token-2' });
    const question = { Filters: [{ Name: 'client-token', Values: ['token-2'] }] };
    const { Reservations } = await ec2.send(new DescribeInstancesCommand(question));
    expect(Reservations).toHaveLength(1);
  });

  test('an instance profile is refused until EC2 knows it, and when it has no role', async () => {
    const { account, launch, running, later } = await computeWorld();
    const iam = account.attach(new IAMClient({ region: 'us-west-2' }));
    const refused = (words: string) => ({ name: 'InvalidParameterValue', message: expect.stringContaining(words) });
    const IamInstanceProfile = { Name: 'profile' };
    await expect(launch({ IamInstanceProfile })).rejects.toMatchObject(refused('Invalid IAM Instance Profile name'));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'profile' }));
    await expect(launch({ IamInstanceProfile })).rejects.toMatchObject(refused('Invalid IAM Instance Profile name'));
    await later(60);
    await expect(launch({ IamInstanceProfile })).rejects.toMatchObject(refused('has no associated IAM Roles'));
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    };
    await iam.send(new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument: JSON.stringify(trust) }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'profile', RoleName: 'role' }));
    const row = await running({ IamInstanceProfile });
    expect(row.IamInstanceProfile?.Arn).toBe('arn:aws:iam::123456789012:instance-profile/profile');
  });

  test("a launch that cannot be is refused with EC2's code and makes nothing", async () => {
    const { ec2, launch, imageNamed, subnetIn } = await computeWorld();
    const armImage = await imageNamed('al2023-ami-2023.*-kernel-6.1-arm64');
    const farSubnet = await subnetIn('10.0.9.0/24', 'us-west-2d');
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const stranger = { GroupName: 'far', Description: 'far', VpcId: Vpc?.VpcId };
    const { GroupId = '' } = await ec2.send(new CreateSecurityGroupCommand(stranger));
    const root = (Ebs: object) => ({ BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs }] });
    const refusals: [Parameters<typeof launch>[0], string][] = [
      [{ InstanceType: 't3.colossal' as never }, 'InvalidParameterValue'],
      [{ MinCount: 0 }, 'InvalidParameterValue'],
      [{ MinCount: 3, MaxCount: 2 }, 'InvalidParameterCombination'],
      [{ ImageId: 'ami-nonsense' }, 'InvalidAMIID.Malformed'],
      [{ ImageId: 'ami-0123456789abcdef0' }, 'InvalidAMIID.NotFound'],
      [{ ImageId: armImage }, 'InvalidParameterValue'],
      [{ SubnetId: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound'],
      [{ SecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidGroup.NotFound'],
      [{ SecurityGroupIds: [GroupId] }, 'InvalidParameter'],
      [{ KeyName: 'nobody' }, 'InvalidKeyPair.NotFound'],
      [{ InstanceType: 't2.micro', SubnetId: farSubnet }, 'Unsupported'],
      [root({ VolumeSize: 4 }), 'InvalidBlockDeviceMapping'],
      [root({ VolumeType: 'gp9' }), 'UnknownVolumeType'],
      [root({ VolumeType: 'gp3', Iops: 100 }), 'InvalidParameterValue'],
      [{ BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: {} }] }, 'MissingParameter'],
      [{ UserData: 'not base64!' }, 'InvalidUserData.Malformed'],
      [{ UserData: Buffer.alloc(16385).toString('base64') }, 'InvalidParameterValue'],
      [{ PrivateIpAddress: '10.0.2.4' }, 'InvalidParameterValue'],
      [{ InstanceType: 'm5.4xlarge', MinCount: 5, MaxCount: 5 }, 'VcpuLimitExceeded'],
      [{ CreditSpecification: { CpuCredits: 'unlimited' }, InstanceType: 'm5.large' }, 'InvalidParameterCombination'],
      [{ TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] }, 'InvalidParameterValue'],
      [{ Placement: { GroupName: 'cluster' } }, 'UnsupportedOperation'],
    ];
    for (const [input, name] of refusals)
      await expect(launch(input), JSON.stringify(input)).rejects.toMatchObject({ name });
    expect((await ec2.send(new DescribeInstancesCommand({}))).Reservations).toEqual([]);
    expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
    expect((await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
  });

  test('as many instances start as the quota allows, from the minimum up', async () => {
    const { launch } = await computeWorld();
    const { Instances } = await launch({ InstanceType: 'm5.4xlarge', MinCount: 1, MaxCount: 10 });
    expect(Instances?.map(({ AmiLaunchIndex }) => AmiLaunchIndex)).toEqual([0, 1, 2, 3]);
  });

  test('a launch that breaks ends terminated with the reason', async () => {
    const faults = { breakLater: [{ noun: 'instance', code: 'Server.InternalError' }] };
    const { ec2, running } = await computeWorld({ faults });
    const row = await running();
    expect(row).toMatchObject({ State: { Name: 'terminated' }, StateReason: { Code: 'Server.InternalError' } });
    expect((await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
  });
});
