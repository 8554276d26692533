/** What the bastion and the nodes have in common: how they are asked for, waited for and terminated. */
import {
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

export async function findInstance({ seek }: Aws): Promise<{ instanceId: string } | undefined> {
  const found = await seek(instances);
  return found && { instanceId: found.InstanceId! };
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
