import { describe, expect, test } from 'vitest';
import { type Config, resolveConfig, settings } from '../../src/config.ts';
import { askSettings, type Choices } from '../../src/wizard.ts';
import { answering } from './helpers.ts';

const defaults = resolveConfig({}).config;
const live: Choices = {
  regions: async () => ['us-west-2', 'ap-northeast-2'],
  zones: async ({ region }) => (region === 'us-west-2' ? ['a', 'b', 'c', 'd'] : ['a', 'b']),
};

async function asked(
  answers: Parameters<typeof answering>[0],
  { choices = live, start = defaults }: { choices?: Choices; start?: Config } = {},
) {
  const script = answering(answers);
  const config = await askSettings({ defaults: start, choices, ask: script.ask });
  expect(script.unasked()).toEqual([]);
  return { config, ...script };
}

describe('the wizard', () => {
  test('gives the defaults to whoever only presses Enter', async () => {
    expect((await asked({})).config).toEqual(defaults);
  });

  test('takes each answer to the setting that was asked for', async () => {
    const { config } = await asked({
      '[name]': 'data',
      Region: 'ap-northeast-2',
      'First availability zone': 'b',
      'Second availability zone': 'a',
      '[access.myIp]': '203.0.113.7',
      '[nodes.instanceType]': 't3.xlarge',
      '[bastion.instanceType]': 't3.small',
      '[database.instanceClass]': 'db.t3.medium',
      '[cache.engine]': 'redis',
      '[cache.nodeType]': 'cache.r6g.large',
      '[airflow.version]': '3.3.1',
      '[airflow.admin.username]': 'boss',
      '[airflow.user.email]': 'me@example.org',
    });
    expect(config).toMatchObject({
      name: 'data',
      region: 'ap-northeast-2',
      zones: ['b', 'a'],
      access: { myIp: '203.0.113.7' },
      nodes: { instanceType: 't3.xlarge' },
      bastion: { instanceType: 't3.small' },
      database: { instanceClass: 'db.t3.medium' },
      cache: { engine: 'redis', engineVersion: '7.1', nodeType: 'cache.r6g.large' },
      airflow: { version: '3.3.1', admin: { username: 'boss' }, user: { email: 'me@example.org' } },
    });
  });

  test('starts from a preset, shows what each costs, and leaves alone what was set before', async () => {
    const start = resolveConfig({ flags: { cacheNodeType: 'cache.t4g.medium' } }).config;
    const { config, questions } = await asked({ 'Start from': 'tutorial' }, { start });
    expect(config).toMatchObject({
      cache: { engine: 'redis', engineVersion: '7.1', nodeType: 'cache.t4g.medium' },
      database: { instanceClass: 'db.t3.medium' },
    });
    expect(questions[0]?.choices?.map(({ name }) => name).join()).toMatch(
      /standard:.* 284 USD a month,dev:.* 220 USD a month,tutorial:.* 300 USD a month/,
    );
  });

  test('offers the account’s regions with their places, and the zones of the chosen one', async () => {
    const { questions } = await asked({ Region: 'ap-northeast-2' });
    const offered = (message: string) =>
      questions.find((question) => question.message.includes(message))?.choices?.map(({ name }) => name);
    expect(offered('Region')).toEqual(['ap-northeast-2 (seoul)', 'us-west-2 (oregon)']);
    expect(offered('First availability zone')).toEqual(['ap-northeast-2a', 'ap-northeast-2b']);
    expect(offered('Second availability zone')).toEqual(['ap-northeast-2b']);
  });

  test.each<[string, Choices]>([
    ['cannot be asked', {}],
    ['refuses', { regions: () => Promise.reject(new Error('no')), zones: () => Promise.reject(new Error('no')) }],
    ['has nothing to offer', { regions: async () => [], zones: async () => ['a'] }],
  ])('asks for region and zones as free text when AWS %s', async (_, choices) => {
    const { config, questions } = await asked({ '[region]': 'eu-west-1', '[zones]': 'a,b' }, { choices });
    expect(config).toMatchObject({ region: 'eu-west-1', zones: ['a', 'b'] });
    expect(questions.filter(({ message }) => /\[(region|zones)\]/.test(message)).map(({ type }) => type)).toEqual([
      'input',
      'input',
    ]);
  });

  test('refuses a bad answer on the spot, with the reason and the fix', async () => {
    const { config, refused } = await asked(
      { '[name]': ['My Flow', 'a23456789012345678901', 'my-flow'], '[zones]': ['a,a', 'a,b'] },
      { choices: {} },
    );
    expect(refused).toEqual([
      expect.stringContaining('"My Flow" is not lower-case letters'),
      expect.stringContaining('at most 20 characters'),
      expect.stringContaining('both zones are "a"'),
    ]);
    expect(config).toMatchObject({ name: 'my-flow', zones: ['a', 'b'] });
  });

  test('proposes subnets inside a VPC that was changed', async () => {
    const change = { 'Change the network?': true };
    const large = await asked({ ...change, '[network.vpcCidr]': '172.20.0.0/16' });
    expect(large.config.network).toEqual({
      vpcCidr: '172.20.0.0/16',
      publicSubnetCidr: '172.20.1.0/24',
      privateSubnetCidrs: ['172.20.2.0/24', '172.20.3.0/24'],
    });
    const small = await asked({ ...change, '[network.vpcCidr]': '10.9.8.0/25' });
    expect(small.config.network).toEqual({
      vpcCidr: '10.9.8.0/25',
      publicSubnetCidr: '10.9.8.32/27',
      privateSubnetCidrs: ['10.9.8.64/27', '10.9.8.96/27'],
    });
  });

  test('takes a class that is not in the price table', async () => {
    const { config } = await asked({ '[nodes.instanceType]': ['', 'r6i.large'] });
    expect(config.nodes.instanceType).toBe('r6i.large');
  });

  test('asks for every setting there is when it is told to', async () => {
    const { questions, config } = await asked({
      'Change the network?': true,
      other: true,
      '[tags]': 'team=data,env=dev',
      '[airflow.extraRequirements]': 'pandas==2.3.3',
      '[protect]': true,
      '[storage.bucketName]': 'my-logs',
    });
    const seen = questions
      .map(({ message }) => /\[([\w.]+)\]$/.exec(message)?.[1])
      .filter((path) => path !== undefined);
    const asText = [...seen, 'region', 'zones'];
    expect(asText.sort()).toEqual(settings.map(({ path }) => path).sort());
    expect(config).toMatchObject({
      tags: { team: 'data', env: 'dev' },
      airflow: { extraRequirements: ['pandas==2.3.3'] },
      protect: true,
      storage: { bucketName: 'my-logs' },
    });
    expect(config.tls).toEqual({ mode: 'self-signed' });
  });

  test('asks again for answers that are right one by one and not together', async () => {
    const { config, questions } = await asked(
      { '[name]': ['abcdefghijklmnopqrst', 'shorter'], '[region]': 'ap-southeast-1' },
      { choices: {} },
    );
    expect(config).toMatchObject({ name: 'shorter', region: 'ap-southeast-1' });
    expect(questions.at(-1)?.message).toContain('[name]');
  });
});
