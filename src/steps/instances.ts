/** What the bastion and the nodes have in common: how they are asked for, waited for and terminated. */
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  type Instance,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
  ModifyVolumeCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type Volume,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import type { Difference } from '../engine/resource.ts';
import { FailedLater } from '../engine/run.ts';
import { rootDevices } from '../hosts/os.ts';
import { differing, ec2TagDifferences } from './differences.ts';

export const instances = ec2Kind({
  idFilter: 'instance-id',
  idField: 'instanceId',
  ask: (Filters) => new DescribeInstancesCommand({ Filters }),
  list: ({ Reservations }) => Reservations?.flatMap(({ Instances = [] }) => Instances),
  id: ({ InstanceId }) => InstanceId,
  // Terminated instances stay listed for about an hour, and keep their token.
  live: ({ State }) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down',
});

/** An instance that fails EC2's status checks counts as gone: whoever makes it anew terminates it first. */
export async function findInstance(aws: Aws): Promise<{ instanceId: string } | undefined> {
  const found = await aws.seek(instances);
  if (!found) return undefined;
  const instanceId = found.InstanceId!;
  const impaired = found.State?.Name === 'running' ? await impairedOf(aws, [instanceId]) : [];
  return impaired.length === 0 ? { instanceId } : undefined;
}

/** Seconds of failed status checks after which an instance is given up; a moment of them is no reason to. */
const givenUpAfterSeconds = 120;

/** Those of the running instances that EC2 has not reached for a while, by its own status checks. */
export async function impairedOf({ ec2, ask, clock }: Aws, InstanceIds: string[]): Promise<string[]> {
  if (InstanceIds.length === 0) return [];
  const answer = await ask(ec2, new DescribeInstanceStatusCommand({ InstanceIds })).catch(unlessGone);
  return (answer?.InstanceStatuses ?? []).flatMap(({ InstanceId = '', InstanceStatus, SystemStatus }) => {
    const [failing] = [InstanceStatus, SystemStatus].filter((one) => one?.Status === 'impaired');
    if (!failing) return [];
    const since = failing.Details?.[0]?.ImpairedSince?.getTime() ?? 0;
    return clock.now() - since > givenUpAfterSeconds * 1000 ? [InstanceId] : [];
  });
}

export interface Launch {
  imageId: string;
  keyName: string;
  subnetId: string;
  groupId: string;
  publicAddress: boolean;
  instanceProfileName?: string;
}

/** One instance: metadata service version 2 only, encrypted gp3 root volume, tags on all that comes with it. */
export async function runInstance(
  { ec2, config, token, tagSpecifications }: Aws,
  size: { instanceType: string; volumeGiB: number },
  { imageId, keyName, subnetId, groupId, publicAddress, instanceProfileName }: Launch,
): Promise<{ instanceId: string }> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      KeyName: keyName,
      MinCount: 1,
      MaxCount: 1,
      ClientToken: token,
      InstanceType: size.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
      ...(instanceProfileName === undefined ? {} : { IamInstanceProfile: { Name: instanceProfileName } }),
      MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
      // Whether there is a public address can be said of an interface only, and then subnet and groups belong there too.
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: subnetId,
          Groups: [groupId],
          AssociatePublicIpAddress: publicAddress,
          DeleteOnTermination: true,
        },
      ],
      BlockDeviceMappings: [
        {
          DeviceName: rootDevices[config.os],
          Ebs: { VolumeSize: size.volumeGiB, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true },
        },
      ],
      TagSpecifications: tagSpecifications('instance', 'volume', 'network-interface'),
    }),
  );
  return { instanceId: Instances![0]!.InstanceId! };
}

async function look({ ec2, ask }: Aws, instanceId: string): Promise<Instance | undefined> {
  const Filters = [{ Name: 'instance-id', Values: [instanceId] }];
  const { Reservations = [] } = await ask(ec2, new DescribeInstancesCommand({ Filters }));
  return Reservations.flatMap(({ Instances = [] }) => Instances).find(({ InstanceId }) => InstanceId === instanceId);
}

export function waitUntilRunning(aws: Aws, instanceId: string): Promise<Instance> {
  return aws.wait({ for: 'instance running', everySeconds: 4, timeoutSeconds: 600 }, async () => {
    const found = await look(aws, instanceId);
    const state = found?.State?.Name;
    // AWS may accept an instance and then find no place for it; the reason is in StateReason.
    if (state === 'terminated' || state === 'shutting-down')
      throw new FailedLater(
        `The instance ${instanceId} ended by itself`,
        found?.StateReason?.Code ?? 'terminated',
        found?.StateReason?.Message ?? 'AWS gave no reason',
      );
    return state === 'running' ? found : undefined;
  });
}

/** What a server is taken out of before it stops, and put back into when it runs again. */
export interface Service {
  leave(): Promise<unknown>;
  rejoin(): Promise<unknown>;
}

const noService: Service = { leave: async () => {}, rejoin: async () => {} };

/**
 * How the server differs from the settings. Its type is changed while it is stopped, one server at a time; its volume
 * grows as it runs, and the file system grows with it at the next start.
 */
export async function compareInstance(
  aws: Aws,
  instanceId: string,
  size: { instanceType: string; volumeGiB: number },
  { groupId, setting, service = noService }: { groupId: string; setting: string; service?: Service },
): Promise<Difference[]> {
  const { ec2, ask, stackId } = aws;
  // The same question for every server, which makes it one call.
  const ours = [{ Name: 'tag:airflow-aws:stack', Values: [stackId] }];
  const [found, { Volumes = [] }] = await Promise.all([
    aws.seek(instances),
    ask(ec2, new DescribeVolumesCommand({ Filters: ours })),
  ]);
  const volume = Volumes.find(({ Attachments }) => Attachments?.some((one) => one.InstanceId === instanceId));
  const state = found?.State?.Name;
  const start = () => startAgain(aws, instanceId, service);
  const resize = () => aws.inTurn(() => resizeInstance(aws, instanceId, size.instanceType, service));
  const groups = groupsOf(found);
  const InstanceId = instanceId;
  return [
    ...(state === 'pending' ? [] : differing('State', state, 'running', start)),
    ...differing('InstanceType', found?.InstanceType, size.instanceType, resize),
    ...(volume ? volumeDifferences(aws, volume, size.volumeGiB, setting) : []),
    ...(groups.length === 0
      ? []
      : differing('SecurityGroups', groups, groupId, () =>
          ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, Groups: [groupId] })),
        )),
    ...(found?.MetadataOptions?.HttpTokens === undefined
      ? []
      : differing('HttpTokens', found.MetadataOptions.HttpTokens, 'required', () =>
          ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpTokens: 'required' })),
        )),
    ...ec2TagDifferences(aws, instanceId, found?.Tags, [
      volume?.VolumeId,
      ...(found?.NetworkInterfaces ?? []).map(({ NetworkInterfaceId }) => NetworkInterfaceId),
    ]),
  ];
}

/** The groups are those of the interface. An emulator without interfaces says nothing of them. */
function groupsOf(instance: Instance | undefined): (string | undefined)[] {
  const [first] = instance?.NetworkInterfaces ?? [];
  return (first?.Groups ?? []).map(({ GroupId }) => GroupId).sort();
}

function volumeDifferences({ ec2 }: Aws, { VolumeId, Size = 0 }: Volume, wanted: number, setting: string) {
  // One that is larger in EC2 may have been grown by hand, or shrunk in the settings: EBS only grows.
  const grow = () => ec2.send(new ModifyVolumeCommand({ VolumeId: VolumeId!, Size: wanted }));
  const stays = {
    why: 'An EBS volume only grows, and a new one would begin without what is on the old.',
    fix: `Set ${setting} to ${Size} or more.`,
  };
  return differing('VolumeSize', Size, wanted, Size < wanted ? grow : stays);
}

async function waitUntilStopped(aws: Aws, instanceId: string) {
  await aws.wait({ for: 'instance stopped', everySeconds: 5, timeoutSeconds: 900 }, async () =>
    (await look(aws, instanceId))?.State?.Name === 'stopped' ? true : undefined,
  );
}

async function startAgain(aws: Aws, instanceId: string, service: Service) {
  // EC2 refuses to start what is still stopping.
  if ((await look(aws, instanceId))?.State?.Name === 'stopping') await waitUntilStopped(aws, instanceId);
  await aws.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  await waitUntilRunning(aws, instanceId);
  await service.rejoin();
}

/** May begin anywhere: a run that was cut off leaves the server stopped, of either type, and out of service. */
async function resizeInstance(aws: Aws, instanceId: string, instanceType: string, service: Service) {
  const there = await look(aws, instanceId);
  if (there?.InstanceType !== instanceType) {
    if (there?.State?.Name !== 'stopped') {
      await service.leave();
      await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
      await waitUntilStopped(aws, instanceId);
    }
    await aws.ec2.send(
      new ModifyInstanceAttributeCommand({ InstanceId: instanceId, InstanceType: { Value: instanceType } }),
    );
  }
  await startAgain(aws, instanceId, service);
}

export async function terminate(aws: Aws, instanceId: string) {
  const { ec2 } = aws;
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId], SkipOsShutdown: true })).catch(unlessGone);
  await aws.wait({ for: 'instance terminated', everySeconds: 5, timeoutSeconds: 1800 }, async () => {
    const found = await look(aws, instanceId);
    return found === undefined || found.State?.Name === 'terminated' ? true : undefined;
  });
}

export function instancePrice({ config, prices }: Pick<Aws, 'config' | 'prices'>, kind: 'bastion' | 'nodes'): number {
  const { instanceType, volumeGiB } = config[kind];
  return (prices(`ec2:${instanceType}`) ?? 0) + volumeGiB * (prices('gp3:GiB') ?? 0);
}
