import { EC2Client } from '@aws-sdk/client-ec2';
import { RDSClient } from '@aws-sdk/client-rds';
import { expect, test } from 'vitest';
import { choicesFrom } from '../../src/commands/live-choices.ts';
import { resolveConfig } from '../../src/config.ts';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { existingNetwork, neighbour } from '../helpers/existing-network.ts';

const credentials = { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' };
const account = simulatedAccount();
const clients = (region: string) => ({
  ec2: account.attach(new EC2Client({ region, credentials })),
  rds: account.attach(new RDSClient({ region, credentials })),
});
const choices = choicesFrom(clients, 'us-west-2');

test('the regions are those that the account may use', async () => {
  const regions = await choices.regions?.();
  expect(regions).toContain('us-west-2');
  expect(regions).not.toContain('ap-east-1');
});

test('the zones are those that sell the types of both kinds of server', async () => {
  const zones = (nodesInstanceType: string) => choices.zones?.(resolveConfig({ flags: { nodesInstanceType } }).config);
  expect(await zones('t3.large')).toEqual(['a', 'b', 'c', 'd']);
  expect(await zones('t2.large')).toEqual(['a', 'b', 'c']);
  expect(await zones('x99.huge')).toEqual([]);
});

test('the zones sell the database’s class, too', async () => {
  const { config } = resolveConfig({ flags: { databaseInstanceClass: 'db.x99.huge' } });
  const every = await choices.zones?.(resolveConfig({}).config);
  // A class that nobody sells has no zones to tell; preflight says so before anything is made.
  expect(await choices.zones?.(config)).toEqual(every);
});

test('the networks are the account’s, each subnet with its zone and where it leads', async () => {
  const directory = temporaryFolder();
  const there = await existingNetwork(directory);
  const { ec2 } = neighbour(directory);
  const { rds } = clients('us-west-2');
  const [vpc, ...others] = (await choicesFrom(() => ({ ec2, rds }), 'us-west-2').networks?.(resolveConfig({}).config))!;
  expect(others).toEqual([]);
  expect(vpc).toMatchObject({ vpcId: there.vpcId, name: 'the company’s', cidrs: ['172.20.0.0/16'], dns: true });
  expect(vpc!.subnets.map(({ subnetId, zone, way, cidr }) => [subnetId, zone, way, cidr])).toEqual([
    [there.publicSubnet, 'b', 'public', '172.20.0.0/24'],
    [there.privateSubnets[0], 'a', 'private', '172.20.10.0/24'],
    [there.privateSubnets[1], 'c', 'private', '172.20.11.0/24'],
  ]);
});

test('a client that cannot reach the account is an error, which the wizard takes for no answer', async () => {
  const unreachable = choicesFrom((region) => {
    const nowhere = { region, credentials, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 };
    return { ec2: new EC2Client(nowhere), rds: new RDSClient(nowhere) };
  }, 'us-west-2');
  await expect(unreachable.regions?.()).rejects.toThrow();
});
