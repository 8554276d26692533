import {
  AllocateAddressCommand,
  CreateVpcCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeFileSystemsCommand, EFSClient } from '@aws-sdk/client-efs';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DecodeAuthorizationMessageCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { Account } from '../../src/simulator/account.ts';
import { attach } from '../../src/simulator/attach.ts';
import { type Faults, simulatedAccount } from '../../src/simulator/index.ts';
import { nouns } from '../../src/simulator/nouns.ts';
import { computeWorld } from './compute-world.ts';

const at = { region: 'us-west-2', maxAttempts: 1 };

/** An account on a bad day, and a client for each service that says it in its own way. */
function account(faults: Faults) {
  const simulated = simulatedAccount({ seed: 5, faults });
  const ec2 = simulated.attach(new EC2Client(at));
  return { simulated, ec2, attach: simulated.attach.bind(simulated) };
}

const vpc = (key?: string) =>
  new CreateVpcCommand({
    CidrBlock: '10.0.0.0/16',
    ...(key && { TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'key', Value: key }] }] }),
  });

describe('a share of the calls', () => {
  test('is throttled as EC2 throttles', async () => {
    const { ec2 } = account({ throttle: 0.2 });
    let throttled = 0;
    for (let call = 0; call < 200; call++)
      await ec2.send(new DescribeVpcsCommand({})).catch((error) => {
        expect(error).toMatchObject({ name: 'RequestLimitExceeded', $metadata: { httpStatusCode: 503 } });
        throttled++;
      });
    expect(throttled).toBeGreaterThan(20);
    expect(throttled).toBeLessThan(60);
  });

  test('breaks off before the account heard of it, and nothing is made', async () => {
    const faults: Faults = { resetBefore: 1 };
    const { ec2 } = account(faults);
    await expect(ec2.send(vpc())).rejects.toMatchObject({ name: 'TimeoutError', code: 'ECONNRESET' });
    faults.resetBefore = 0;
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.filter(({ IsDefault }) => !IsDefault)).toEqual([]);
  });

  test.each([
    ['breaks off after the account did it', { resetAfter: 1 }, { name: 'TimeoutError' }],
    ['is answered with 500 after the account did it', { errorAfter: 1 }, { name: 'InternalError' }],
  ] as [string, Faults, object][])('%s', async (_, faults, error) => {
    const { ec2 } = account(faults);
    const there = (await ec2.send(new DescribeVpcsCommand({}))).Vpcs!.length;
    await expect(ec2.send(vpc())).rejects.toMatchObject(error);
    expect((await ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(there + 1);
  });
});

describe('what was just made', () => {
  test('shows after the lag of describes, and under its tags after the lag of tags more', async () => {
    // Attached by itself: the account that the library hands out lets a poll's interval pass for whoever asks twice.
    const simulated = new Account(nouns, { seed: 5, faults: { describeLagSeconds: 10, tagLagSeconds: 20 } });
    const ec2 = new EC2Client(at);
    attach(simulated, ec2);
    const { Vpc } = await ec2.send(vpc('one'));
    const made = simulated.clock.now();
    const seen: Record<string, number> = {};
    const filters = { id: { Name: 'vpc-id', Values: [Vpc!.VpcId!] }, tag: { Name: 'tag:key', Values: ['one'] } };
    while (Object.keys(seen).length < 2) {
      for (const [name, filter] of Object.entries(filters)) {
        const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ Filters: [filter] }));
        if (Vpcs!.length > 0) seen[name] ??= (simulated.clock.now() - made) / 1000;
      }
      await simulated.clock.sleep(500);
    }
    expect(seen.id).toBeGreaterThan(0.5);
    expect(seen.id).toBeLessThan(11);
    expect(seen.tag).toBeGreaterThan(seen.id!);
    expect(seen.tag).toBeLessThan(31);
  });
});

describe('a profile of IAM', () => {
  test('is known to EC2 up to half a minute later', async () => {
    const usable: number[] = [];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { account: simulated, launch } = await computeWorld({ seed, faults: { iamLagSeconds: 30 } });
      const iam = simulated.attach(new IAMClient(at));
      const AssumeRolePolicyDocument = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      });
      await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument }));
      await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'p' }));
      await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'p', RoleName: 'r' }));
      const made = simulated.clock.now();
      for (;;) {
        const launched = await launch({ IamInstanceProfile: { Name: 'p' } }).catch((error) => {
          expect(error.message).toMatch(/IAM Instance Profile/);
        });
        if (launched) break;
        await simulated.clock.sleep(1000);
      }
      usable.push((simulated.clock.now() - made) / 1000);
    }
    expect(Math.max(...usable)).toBeGreaterThan(12);
    expect(Math.max(...usable)).toBeLessThan(33);
  });
});

describe('credentials', () => {
  test('expire at a call, and from there on, each service says so in its own way', async () => {
    const { ec2, attach } = account({ expireAtCall: 3 });
    await ec2.send(new DescribeVpcsCommand({}));
    await ec2.send(new DescribeVpcsCommand({}));
    const sent = [
      ec2.send(new DescribeVpcsCommand({})),
      attach(new RDSClient(at)).send(new DescribeDBClustersCommand({})),
      attach(new SSMClient(at)).send(new GetParameterCommand({ Name: '/p' })),
      attach(new EFSClient(at)).send(new DescribeFileSystemsCommand({})),
      attach(new S3Client(at)).send(new ListBucketsCommand({})),
    ];
    const names = (await Promise.allSettled(sent)).map((one) => one.status === 'rejected' && one.reason.name);
    expect(names).toEqual([
      'RequestExpired',
      'ExpiredToken',
      'ExpiredTokenException',
      'ExpiredTokenException',
      'ExpiredToken',
    ]);
    await expect(ec2.send(vpc())).rejects.toMatchObject({ name: 'RequestExpired' });
  });
});

describe('a refusal on purpose', () => {
  test('is given as often as asked for, and then no more', async () => {
    const { ec2 } = account({ refuse: [{ operation: 'CreateVpc', code: 'VpcLimitExceeded', times: 2 }] });
    for (let call = 0; call < 2; call++)
      await expect(ec2.send(vpc())).rejects.toMatchObject({ name: 'VpcLimitExceeded' });
    await ec2.send(vpc());
  });

  test('can wait for the call that puts a tag on what it makes', async () => {
    const { ec2 } = account({ refuse: [{ tag: { key: 'key', values: ['b', 'c'] }, code: 'VpcLimitExceeded' }] });
    await ec2.send(vpc('a'));
    await expect(ec2.send(vpc('c'))).rejects.toMatchObject({ name: 'VpcLimitExceeded' });
    await ec2.send(vpc('b'));
  });

  test('without a call is given only on a call that AWS answers with that code', async () => {
    const { ec2, attach } = account({ refuse: [{ code: 'VpcLimitExceeded' }] });
    await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    await attach(new SSMClient(at)).send(new PutParameterCommand({ Name: '/p', Type: 'String', Value: 'v' }));
    await expect(ec2.send(vpc())).rejects.toMatchObject({ name: 'VpcLimitExceeded' });
  });

  test('has AWS’s HTTP status where that matters to a client', async () => {
    const { ec2 } = account({ refuse: [{ code: 'InsufficientInstanceCapacity' }] });
    const launched = ec2.send(new RunInstancesCommand({ ImageId: 'ami-1', MinCount: 1, MaxCount: 1 }));
    await expect(launched).rejects.toMatchObject({
      name: 'InsufficientInstanceCapacity',
      $metadata: { httpStatusCode: 500 },
    });
  });

  test('for lack of permission is encoded by EC2 and decoded by STS', async () => {
    const { ec2, attach } = account({ refuse: [{ operation: 'CreateVpc', code: 'UnauthorizedOperation' }] });
    const refused = await ec2.send(vpc()).catch((error) => error);
    expect(refused).toMatchObject({ name: 'UnauthorizedOperation', $metadata: { httpStatusCode: 403 } });
    const [EncodedMessage] = /[\w-]+$/.exec(refused.message)!;
    const { DecodedMessage } = await attach(new STSClient(at)).send(
      new DecodeAuthorizationMessageCommand({ EncodedMessage }),
    );
    expect(JSON.parse(DecodedMessage!)).toMatchObject({ allowed: false, context: { action: 'ec2:CreateVpc' } });
  });
});
