import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  ImportKeyPairCommand,
  type Instance,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { type AccountOptions, simulatedAccount } from '../../src/simulator/index.ts';

export const ed25519Key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3RTIyk4GBCGrBDKVFLHlPjyTKIsDDLyKvD8yTDbZ8m test';

/** A VPC with a subnet, a group and a key pair: what an instance needs. */
export async function computeWorld(options: AccountOptions = {}) {
  const account = simulatedAccount(options);
  const ec2 = account.attach(new EC2Client({ region: 'us-west-2', maxAttempts: 1 }));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnetIn = async (CidrBlock: string, AvailabilityZone: string) =>
    (await ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock, AvailabilityZone }))).Subnet?.SubnetId ??
    '';
  const subnetId = await subnetIn('10.0.1.0/24', 'us-west-2a');
  const group = { GroupName: 'nodes', Description: 'nodes', VpcId: Vpc?.VpcId };
  const { GroupId: groupId = '' } = await ec2.send(new CreateSecurityGroupCommand(group));
  await ec2.send(new ImportKeyPairCommand({ KeyName: 'key', PublicKeyMaterial: Buffer.from(ed25519Key) }));
  const imageNamed = async (name: string) => {
    const question = { Owners: ['amazon'], Filters: [{ Name: 'name', Values: [name] }] };
    const { Images } = await ec2.send(new DescribeImagesCommand(question));
    return Images?.[0]?.ImageId ?? '';
  };
  const imageId = await imageNamed('al2023-ami-2023.*-kernel-6.1-x86_64');
  const launch = (input: Partial<RunInstancesCommandInput> = {}) =>
    ec2.send(
      new RunInstancesCommand({
        ImageId: imageId,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        ...(input.NetworkInterfaces ? {} : { SubnetId: subnetId, SecurityGroupIds: [groupId] }),
        ...input,
      }),
    );
  const instance = async (instanceId: string | undefined): Promise<Instance> => {
    const question = new DescribeInstancesCommand({ InstanceIds: [instanceId ?? ''] });
    const { Reservations } = await ec2.send(question);
    const found = Reservations?.[0]?.Instances?.[0];
    if (!found) throw new Error(`no instance ${instanceId}`);
    return found;
  };
  const running = async (input: Partial<RunInstancesCommandInput> = {}) => {
    const { Instances } = await launch(input);
    await account.clock.sleep(60_000);
    return instance(Instances?.[0]?.InstanceId);
  };
  const later = (seconds: number) => account.clock.sleep(seconds * 1000);
  const vpcId = Vpc?.VpcId ?? '';
  return { account, ec2, vpcId, subnetId, subnetIn, groupId, imageId, imageNamed, launch, instance, running, later };
}
