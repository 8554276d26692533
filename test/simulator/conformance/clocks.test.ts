import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as EC2 from '@aws-sdk/client-ec2';
import * as EFS from '@aws-sdk/client-efs';
import * as ElastiCache from '@aws-sdk/client-elasticache';
import * as IAM from '@aws-sdk/client-iam';
import * as RDS from '@aws-sdk/client-rds';
import * as SSM from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { absentKinds } from '../../../src/simulator/absent-kinds.ts';
import { placed, refused, world } from './world.ts';

async function gateway({ ec2, publicSubnet }: Awaited<ReturnType<typeof placed>>) {
  const { AllocationId } = await ec2.send(new EC2.AllocateAddressCommand({}));
  const { NatGateway } = await ec2.send(new EC2.CreateNatGatewayCommand({ SubnetId: publicSubnet, AllocationId }));
  return NatGateway!.NatGatewayId!;
}

describe('the account on its own', () => {
  test('with the default clock, a caller that asks and never sleeps comes to an end', async () => {
    const p = await placed();
    const NatGatewayIds = [await gateway(p), await gateway(p)];
    let asked = 0;
    for (let pending = true; pending; asked++) {
      const states = [];
      // In turn, so that no question is asked twice running.
      for (const id of NatGatewayIds) {
        const { NatGateways } = await p.ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds: [id] }));
        states.push(NatGateways?.[0]?.State);
      }
      pending = states.includes('pending');
    }
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(20);
  });

  test('with the default clock, no time passes for a caller that asks once', async () => {
    const p = await placed();
    const id = await gateway(p);
    const { NatGateways } = await p.ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds: [id] }));
    expect(NatGateways?.[0]?.State).toBe('pending');
  });

  test('with a fast clock, time passes by itself for clients that sleep in real time', async () => {
    const p = await placed(world({ clock: { speed: 1000 } }));
    const id = await gateway(p);
    const state = async () =>
      (await p.ec2.send(new EC2.DescribeNatGatewaysCommand({ NatGatewayIds: [id] }))).NatGateways?.[0]?.State;
    expect(await state()).toBe('pending');
    await EC2.waitUntilNatGatewayAvailable(
      { client: p.ec2, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.05 },
      { NatGatewayIds: [id] },
    );
    expect(await state()).toBe('available');
  });

  test('two accounts in one process know nothing of each other, and two clients of one account share it', async () => {
    const [one, two] = [world(), world()];
    const { Vpc } = await one.ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const question = new EC2.DescribeVpcsCommand({ VpcIds: [Vpc!.VpcId!] });
    await refused(two.ec2.send(question), 'InvalidVpcID.NotFound');
    const second = one.account.attach(new EC2.EC2Client({ region: 'us-west-2' }));
    expect((await second.send(question)).Vpcs).toHaveLength(1);
    const elsewhere = one.account.attach(new EC2.EC2Client({ region: 'eu-central-1' }));
    await refused(elsewhere.send(question), 'InvalidVpcID.NotFound');
  });

  test('an account in a file is there for the next process, with what was about to happen', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'account-'));
    try {
      const file = join(folder, 'account.json');
      const p = await placed(world({ file }));
      const id = await gateway(p);
      const again = world({ file });
      expect((await again.sts.send(new GetCallerIdentityCommand({}))).Account).toBe(p.account.accountId);
      await EC2.waitUntilNatGatewayAvailable(
        { client: again.ec2, maxWaitTime: 10, minDelay: 0.001, maxDelay: 0.002 },
        { NatGatewayIds: [id] },
      );
      const groups = await again.ec2.send(new EC2.DescribeSecurityGroupsCommand({ GroupIds: [p.GroupId] }));
      expect(groups.SecurityGroups).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('one seed is one run, to the letter', async () => {
    const ids = async (seed: number) => (await placed(world({ seed }))).VpcId;
    expect(await ids(7)).toBe(await ids(7));
    expect(await ids(8)).not.toBe(await ids(7));
  });

  test('an answer is the caller’s own: changing it changes nothing in the account', async () => {
    const p = await placed();
    const ask = async () => (await p.ec2.send(new EC2.DescribeVpcsCommand({}))).Vpcs!;
    const [vpc] = await ask();
    vpc!.CidrBlock = 'mine';
    expect((await ask())[0]?.CidrBlock).toBe('10.0.0.0/16');
  });

  test('what AWS does not have is refused by name: an operation not covered, a member, a filter', async () => {
    const { ec2 } = world();
    await expect(ec2.send(new EC2.CreateFleetCommand({} as never))).rejects.toThrow('CreateFleet');
    await expect(
      ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', Colour: 'red' } as never)),
    ).rejects.toThrow('Colour');
    await expect(
      ec2.send(new EC2.DescribeSubnetsCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] })),
    ).rejects.toThrow('colour');
  });

  test('kinds that nobody can make here are lists of none', async () => {
    const { ec2, rds, elasticache, efs, iam, ssm } = world();
    const clients: Record<string, [client: object, commands: object]> = {
      ec2: [ec2, EC2],
      rds: [rds, RDS],
      elasticache: [elasticache, ElastiCache],
      efs: [efs, EFS],
      iam: [iam, IAM],
      ssm: [ssm, SSM],
    };
    for (const { service, operations } of absentKinds)
      for (const name of Object.keys(operations)) {
        const [client, commands] = clients[service]!;
        const Command = (commands as Record<string, new (input: object) => EC2.DescribeVpcsCommand>)[`${name}Command`]!;
        const [list] = Object.values(await (client as EC2.EC2Client).send(new Command({})));
        expect(list, name).toEqual([]);
      }
    const Filters = [{ Name: 'status-code', Values: ['active'] }];
    const narrowed = [
      await ec2.send(new EC2.DescribeVpcPeeringConnectionsCommand({ Filters, MaxResults: 5 })),
      await rds.send(new RDS.DescribeGlobalClustersCommand({ MaxRecords: 20 })),
      await elasticache.send(new ElastiCache.DescribeServerlessCachesCommand({ MaxResults: 50 })),
      await efs.send(new EFS.DescribeReplicationConfigurationsCommand({ MaxResults: 1 })),
      await iam.send(new IAM.ListGroupsCommand({ PathPrefix: '/' })),
      await ssm.send(new SSM.ListAssociationsCommand({ MaxResults: 1 })),
    ];
    expect(narrowed.map((answer) => Object.values(answer)[0])).toEqual(narrowed.map(() => []));
    const named = new EC2.DescribeVpcPeeringConnectionsCommand({ VpcPeeringConnectionIds: ['pcx-0123456789abcdef0'] });
    await expect(ec2.send(named)).rejects.toThrow('VpcPeeringConnectionIds');
  });

  test('throttling, lost answers and failures of the server reach the caller as AWS’s', async () => {
    const throttled = world({ faults: { throttle: 1 } });
    await refused(throttled.ec2.send(new EC2.DescribeVpcsCommand({})), 'RequestLimitExceeded 503');
    const lost = world({ faults: { resetAfter: 1 } });
    await expect(lost.ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect((await lost.ec2.send(new EC2.DescribeVpcsCommand({}))).Vpcs).toHaveLength(1);
    const failing = world({ faults: { errorAfter: 1 } });
    await refused(failing.ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' })), 'InternalError 500');
  });
});
