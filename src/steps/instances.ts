/** What the bastion and the nodes have in common: how they are asked for, waited for and terminated. */
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  type Instance,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import { FailedLater } from '../engine/run.ts';
import { rootDevices } from '../hosts/os.ts';

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
