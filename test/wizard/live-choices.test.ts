import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { choicesFrom } from '../../src/commands/live-choices.ts';
import { resolveConfig } from '../../src/config.ts';
import { simulatedAccount } from '../../src/simulator/index.ts';

const credentials = { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' };
const account = simulatedAccount();
const choices = choicesFrom((region) => account.attach(new EC2Client({ region, credentials })), 'us-west-2');

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

test('a client that cannot reach the account is an error, which the wizard takes for no answer', async () => {
  const unreachable = choicesFrom(
    (region) => new EC2Client({ region, credentials, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 }),
    'us-west-2',
  );
  await expect(unreachable.regions?.()).rejects.toThrow();
});
