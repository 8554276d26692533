import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { type AccountOptions, simulatedAccount } from '../../src/simulator/index.ts';

/** An account with one VPC and one subnet in us-west-2a, and a client for EC2. */
export async function network(options: AccountOptions = {}) {
  const account = simulatedAccount(options);
  const ec2 = account.attach(new EC2Client({ region: 'us-west-2', maxAttempts: 1 }));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const VpcId = Vpc!.VpcId!;
  const subnet = async (CidrBlock: string, AvailabilityZone = 'us-west-2a') => {
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone }));
    return Subnet!.SubnetId!;
  };
  const SubnetId = await subnet('10.0.1.0/24');
  const pass = (seconds: number) => account.clock.sleep(seconds * 1000);
  return { account, ec2, VpcId, SubnetId, subnet, pass };
}

/** Expects EC2's refusal by its code. */
export function refused(call: Promise<unknown>, code: string, message: string | RegExp = '') {
  return expect(call).rejects.toMatchObject({
    name: code,
    Code: code,
    $metadata: { httpStatusCode: 400 },
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  });
}
