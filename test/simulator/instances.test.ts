import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  DisassociateIamInstanceProfileCommand,
  GetConsoleOutputCommand,
  GetInstanceMetadataDefaultsCommand,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataDefaultsCommand,
  ModifyInstanceMetadataOptionsCommand,
  paginateDescribeInstances,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
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

describe('instances of the simulated account', () => {
  test('a stopped instance keeps its private address, loses its public one, and gets a new one at its start', async () => {
    const { ec2, running, instance, later, subnetId } = await computeWorld();
    const NetworkInterfaces = [{ DeviceIndex: 0, SubnetId: subnetId, AssociatePublicIpAddress: true }];
    const { InstanceId = '', PublicIpAddress, PrivateIpAddress } = await running({ NetworkInterfaces });
    const InstanceIds = [InstanceId];
    const { StoppingInstances } = await ec2.send(new StopInstancesCommand({ InstanceIds }));
    expect(StoppingInstances).toEqual([
      { InstanceId, PreviousState: { Code: 16, Name: 'running' }, CurrentState: { Code: 64, Name: 'stopping' } },
    ]);
    await expect(ec2.send(new StartInstancesCommand({ InstanceIds }))).rejects.toMatchObject({
      name: 'IncorrectInstanceState',
    });
    await later(40);
    const stopped = await instance(InstanceId);
    expect(stopped).toMatchObject({ State: { Name: 'stopped' }, PrivateIpAddress });
    expect(stopped.StateReason?.Code).toBe('Client.UserInitiatedShutdown');
    expect(stopped.PublicIpAddress).toBeUndefined();
    await ec2.send(new StartInstancesCommand({ InstanceIds }));
    await later(20);
    const started = await instance(InstanceId);
    expect(started).toMatchObject({ State: { Name: 'running' }, PrivateIpAddress });
    expect(started.PublicIpAddress).toBeDefined();
    expect(started.PublicIpAddress).not.toBe(PublicIpAddress);
  });

  test('a terminated instance frees its interface and volume at its end, and is shown for an hour', async () => {
    const { ec2, running, instance, later } = await computeWorld();
    const { InstanceId = '' } = await running({
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 5, VolumeType: 'gp3', DeleteOnTermination: false } },
      ],
    });
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(TerminatingInstances?.[0]?.CurrentState).toEqual({ Code: 32, Name: 'shutting-down' });
    expect((await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toHaveLength(1);
    await later(60);
    const ended = await instance(InstanceId);
    expect(ended).toMatchObject({
      State: { Code: 48, Name: 'terminated' },
      NetworkInterfaces: [],
      BlockDeviceMappings: [],
    });
    expect(ended.VpcId).toBeUndefined();
    expect((await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces).toEqual([]);
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({}));
    expect(Volumes).toMatchObject([{ Size: 5, State: 'available', Attachments: [] }]);
    await expect(ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }))).resolves.toBeDefined();
    await later(3600);
    await expect(instance(InstanceId)).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${InstanceId}' does not exist`,
    });
  });

  test('termination without the shutdown of the operating system is quick', async () => {
    const { ec2, running, instance, later } = await computeWorld();
    const { InstanceId = '' } = await running();
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId], SkipOsShutdown: true }));
    await later(20);
    expect((await instance(InstanceId)).State?.Name).toBe('terminated');
  });

  test('termination protection keeps every instance of the call', async () => {
    const { ec2, running, instance } = await computeWorld();
    const free = await running();
    const { InstanceId = '' } = await running({ DisableApiTermination: true });
    const both = new TerminateInstancesCommand({ InstanceIds: [free.InstanceId ?? '', InstanceId] });
    await expect(ec2.send(both)).rejects.toMatchObject({ name: 'OperationNotPermitted' });
    expect((await instance(free.InstanceId)).State?.Name).toBe('running');
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: false } }));
    await ec2.send(both);
    expect((await instance(InstanceId)).State?.Name).toBe('shutting-down');
  });

  test('status checks initialize for 90 seconds and cover running instances unless all are asked for', async () => {
    const { ec2, launch, later } = await computeWorld();
    const { Instances } = await launch();
    const InstanceIds = [Instances?.[0]?.InstanceId ?? ''];
    const statuses = async (all = false) => {
      const question = new DescribeInstanceStatusCommand({ InstanceIds, IncludeAllInstances: all });
      return (await ec2.send(question)).InstanceStatuses;
    };
    expect(await statuses()).toEqual([]);
    expect(await statuses(true)).toMatchObject([{ InstanceState: { Name: 'pending' } }]);
    await later(20);
    expect(await statuses()).toMatchObject([{ InstanceStatus: { Status: 'initializing' } }]);
    await later(90);
    expect(await statuses()).toMatchObject([{ InstanceStatus: { Status: 'ok' }, SystemStatus: { Status: 'ok' } }]);
    await ec2.send(new RebootInstancesCommand({ InstanceIds }));
    expect(await statuses()).toMatchObject([{ InstanceStatus: { Status: 'initializing' } }]);
    const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: InstanceIds[0] }));
    expect(Buffer.from(Output, 'base64').toString()).toContain(InstanceIds[0]);
  });

  test('type and user data change only while the instance is stopped, one attribute a call', async () => {
    const { ec2, running, instance, later } = await computeWorld();
    const { InstanceId = '' } = await running();
    const change = (input: object) => ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, ...input }));
    const bigger = { InstanceType: { Value: 't3.large' } };
    const userData = { UserData: { Value: Buffer.from('#!/bin/sh') } };
    await expect(change(bigger)).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
    await expect(change(userData)).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
    await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
    await later(40);
    await expect(change({ ...bigger, ...userData })).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(change({ InstanceType: { Value: 't4g.large' } })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await change(bigger);
    await change(userData);
    await change({ Attribute: 'instanceInitiatedShutdownBehavior', Value: 'terminate' });
    expect((await instance(InstanceId)).InstanceType).toBe('t3.large');
    const attribute = (Attribute: 'userData' | 'instanceInitiatedShutdownBehavior') =>
      ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
    expect((await attribute('userData')).UserData?.Value).toBe(Buffer.from('#!/bin/sh').toString('base64'));
    const { InstanceInitiatedShutdownBehavior } = await attribute('instanceInitiatedShutdownBehavior');
    expect(InstanceInitiatedShutdownBehavior?.Value).toBe('terminate');
  });

  test('ids are told apart: malformed, and not there', async () => {
    const { ec2, running } = await computeWorld();
    const { InstanceId = '' } = await running();
    const ask = (InstanceIds: string[]) => ec2.send(new DescribeInstancesCommand({ InstanceIds }));
    await expect(ask(['i-1'])).rejects.toMatchObject({ name: 'InvalidInstanceID.Malformed' });
    await expect(ask(['i-0123456789abcdef0'])).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
    const two = ['i-0123456789abcdef0', 'i-0123456789abcdef1'];
    await expect(ask([InstanceId, ...two])).rejects.toThrow(`The instance IDs '${two.join(', ')}' do not exist`);
  });

  test('filters find instances by tag, state and network, and pages hold what is asked for', async () => {
    const { ec2, launch, vpcId, groupId } = await computeWorld();
    const TagSpecifications = [{ ResourceType: 'instance' as const, Tags: [{ Key: 'stack', Value: 'one' }] }];
    await launch({ MinCount: 12, MaxCount: 12, TagSpecifications });
    const Filters = [
      { Name: 'tag:stack', Values: ['one'] },
      { Name: 'instance-state-name', Values: ['pending', 'running'] },
      { Name: 'vpc-id', Values: [vpcId] },
      { Name: 'instance.group-id', Values: [groupId] },
      { Name: 'network-interface.addresses.private-ip-address', Values: ['10.0.1.*'] },
    ];
    const sizes: number[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2, pageSize: 5 }, { Filters }))
      sizes.push((page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []).length);
    expect(sizes).toEqual([5, 5, 2]);
  });

  test('metadata options follow the call, then the default of the region, then the image', async () => {
    const { ec2, running, imageNamed, instance } = await computeWorld();
    const ImageId = await imageNamed('ubuntu/images/*jammy*amd64*');
    const old = await running({ ImageId });
    expect(old.MetadataOptions).toMatchObject({ HttpTokens: 'optional', HttpPutResponseHopLimit: 1 });
    await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'required', HttpPutResponseHopLimit: 3 }));
    expect((await ec2.send(new GetInstanceMetadataDefaultsCommand({}))).AccountLevel).toMatchObject({
      HttpTokens: 'required',
    });
    const held = await running({ ImageId, MetadataOptions: { HttpPutResponseHopLimit: 5 } });
    expect(held.MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 5 });
    const { InstanceId } = old;
    await ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpTokens: 'required' }));
    expect((await instance(InstanceId)).MetadataOptions).toMatchObject({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  test('an instance has one instance profile at a time, which can be taken away', async () => {
    const { account, ec2, running, instance, later } = await computeWorld();
    const iam = account.attach(new IAMClient({ region: 'us-west-2' }));
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    await iam.send(new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'profile' }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'profile', RoleName: 'role' }));
    await later(60);
    const { InstanceId } = await running();
    const give = new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Name: 'profile' } });
    const { IamInstanceProfileAssociation } = await ec2.send(give);
    expect(IamInstanceProfileAssociation?.State).toBe('associating');
    await expect(ec2.send(give)).rejects.toMatchObject({ name: 'IncorrectState' });
    await later(5);
    const Filters = [{ Name: 'instance-id', Values: [InstanceId ?? ''] }];
    const question = new DescribeIamInstanceProfileAssociationsCommand({ Filters });
    expect((await ec2.send(question)).IamInstanceProfileAssociations).toMatchObject([{ State: 'associated' }]);
    const AssociationId = IamInstanceProfileAssociation?.AssociationId;
    await ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }));
    await later(5);
    expect((await instance(InstanceId)).IamInstanceProfile).toBeUndefined();
    await expect(ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }))).rejects.toMatchObject({
      name: 'InvalidAssociationID.NotFound',
    });
  });
});
