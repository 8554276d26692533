import { describe, expect, test } from 'vitest';
import { type Config, resolveConfig, settings } from '../../src/config.ts';
import { releasesIn } from '../../src/wizard/airflow-versions.ts';
import { back } from '../../src/wizard/ask.ts';
import type { FoundSubnet, FoundVpc } from '../../src/wizard/networks.ts';
import { askSettings, type Choices } from '../../src/wizard.ts';
import { answering } from './helpers.ts';

const defaults = resolveConfig({}).config;
const live: Choices = {
  regions: async () => ['us-west-2', 'ap-northeast-2'],
  zones: async ({ region }) => (region === 'us-west-2' ? ['a', 'b', 'c', 'd'] : ['a', 'b']),
};

async function asked(
  answers: Parameters<typeof answering>[0],
  { choices = live, start = defaults, from }: { choices?: Choices; start?: Config; from?: string } = {},
) {
  const script = answering(answers);
  const kept: string[] = [];
  const summaries: Config[] = [];
  const config = await askSettings({
    defaults: start,
    choices,
    ask: script.ask,
    from,
    keep: ({ page }) => kept.push(page),
    summary: (one) => summaries.push(one),
  });
  expect(script.unasked()).toEqual([]);
  return { config, kept, summaries, ...script };
}

const namesOf = (questions: Awaited<ReturnType<typeof asked>>['questions'], message: string) =>
  questions.find((question) => question.message.includes(message))?.choices?.map(({ name }) => name);

describe('the wizard', () => {
  test('gives the defaults to whoever only presses Enter, after ten questions and a summary', async () => {
    const { config, questions, summaries } = await asked({});
    expect(config).toEqual(defaults);
    expect(questions).toHaveLength(11);
    expect(summaries).toEqual([defaults]);
  });

  test('says of every question why it is asked, and lets all but the first go back', async () => {
    const { questions } = await asked({});
    expect(questions.filter(({ why }) => !why)).toEqual([]);
    expect(questions.map(({ canGoBack }) => canGoBack)).toEqual([false, ...Array(10).fill(true)]);
  });

  test('takes each answer to the setting that was asked for', async () => {
    const { config } = await asked({
      'Name of the deployment': 'data',
      Region: 'ap-northeast-2',
      'Availability zones': 'a,b',
      'Who may reach it': 'named',
      'Your address': '203.0.113.7',
      'Further addresses': '198.51.100.0/24, 192.0.2.1',
      'Release of Airflow': '3.3.1',
      administrator: 'boss',
      'DAGs come from': 'git',
      'Address of the repository': 'https://github.com/you/dags.git',
      'Folder in it': 'dags',
      HTTPS: 'off',
    });
    expect(config).toMatchObject({
      name: 'data',
      region: 'ap-northeast-2',
      zones: ['a', 'b'],
      access: { myIp: '203.0.113.7', extraCidrs: ['198.51.100.0/24', '192.0.2.1'] },
      airflow: {
        version: '3.3.1',
        admin: { username: 'boss' },
        dags: { source: 'git', repository: 'https://github.com/you/dags.git', branch: 'main', subdirectory: 'dags' },
      },
      tls: { mode: 'off' },
    });
  });

  test('starts from a preset, shows what each costs and lacks, and leaves alone what was set before', async () => {
    const start = resolveConfig({ flags: { cacheNodeType: 'cache.t4g.medium' } }).config;
    const { config, questions } = await asked({ Size: 'tutorial' }, { start });
    expect(config).toMatchObject({
      cache: { engine: 'redis', engineVersion: '7.1', nodeType: 'cache.t4g.medium' },
      database: { instanceClass: 'db.t3.medium' },
    });
    expect(namesOf(questions, 'Size')?.join()).toMatch(
      /standard:.* 284 USD a month,dev:.* 220 USD a month,tutorial:.* 300 USD a month/,
    );
    expect(questions[0]?.choices?.every(({ description }) => description?.startsWith('Lacks '))).toBe(true);
  });

  test('offers the account’s regions with their places, and pairs of zones of the chosen one', async () => {
    const { questions } = await asked({ Region: 'ap-northeast-2' });
    expect(namesOf(questions, 'Region')).toEqual(['ap-northeast-2 (seoul)', 'us-west-2 (oregon)']);
    expect(namesOf(questions, 'Availability zones')).toEqual(['ap-northeast-2a and ap-northeast-2b']);
  });

  test('keeps the order of zones that were given', async () => {
    const start = resolveConfig({ flags: { zones: 'd,b' } }).config;
    const { config, questions } = await asked({}, { start });
    expect(config.zones).toEqual(['d', 'b']);
    expect(namesOf(questions, 'Availability zones')).toHaveLength(6);
  });

  test.each<[string, Choices]>([
    ['cannot be asked', {}],
    ['refuses', { regions: () => Promise.reject(new Error('no')), zones: () => Promise.reject(new Error('no')) }],
    ['has nothing to offer', { regions: async () => [], zones: async () => ['a'] }],
  ])('asks for region and zones as free text when AWS %s', async (_, choices) => {
    const { config, questions } = await asked({ Region: 'eu-west-1', 'Letters of the two': 'a,b' }, { choices });
    expect(config).toMatchObject({ region: 'eu-west-1', zones: ['a', 'b'] });
    expect(questions.filter(({ message }) => /^(Region|Letters)/.test(message)).map(({ type }) => type)).toEqual([
      'input',
      'input',
    ]);
  });

  test('refuses a bad answer on the spot, with the reason and the fix', async () => {
    const { config, refused } = await asked(
      { 'Name of': ['My Flow', 'a23456789012345678901', 'my-flow'], 'Letters of': ['a,a', 'a,b'] },
      { choices: {} },
    );
    expect(refused).toEqual([
      expect.stringContaining('"My Flow" is not lower-case letters'),
      expect.stringContaining('at most 20 characters'),
      expect.stringContaining('both zones are "a"'),
    ]);
    expect(config).toMatchObject({ name: 'my-flow', zones: ['a', 'b'] });
  });

  test('asks for every setting there is when it is told to', async () => {
    const { questions, config } = await asked({
      Network: 'other',
      'Who may reach it': 'more',
      HTTPS: 'certificate',
      certificate: 'chain.pem',
      'private key (PEM)': 'key.pem',
      Ready: ['more', 'write'],
      '[nodes.instanceType]': ['', 'r6i.large'],
      '[cache.engine]': 'redis',
      '[tags]': 'team=data,env=dev',
      '[airflow.extraRequirements]': 'pandas==2.3.3',
      '[protect]': true,
      '[storage.bucketName]': 'my-logs',
    });
    expect(config).toMatchObject({
      nodes: { instanceType: 'r6i.large' },
      cache: { engine: 'redis', engineVersion: '7.1' },
      tags: { team: 'data', env: 'dev' },
      airflow: { extraRequirements: ['pandas==2.3.3'] },
      protect: true,
      storage: { bucketName: 'my-logs' },
      tls: { mode: 'certificate', certificateFile: 'chain.pem', privateKeyFile: 'key.pem' },
    });
    const inPages =
      /^(name|region|zones|vpc\..*|network\..*|access\..*|tls\..*|airflow\.(version|admin\.username|dags\..*))$/;
    const seen = questions.flatMap(({ message }) => /\[([\w.]+)\]$/.exec(message)?.[1] ?? []);
    const rest = settings.map(({ path }) => path).filter((path) => !inPages.test(path));
    expect([...new Set(seen)].sort()).toEqual(rest.sort());
  });

  test('asks again for answers that are right one by one and not together', async () => {
    const { config, questions } = await asked(
      { 'Name of the deployment': 'abcdefghijklmnopqrst', '[name]': 'shorter', Region: 'ap-southeast-1' },
      { choices: {} },
    );
    expect(config).toMatchObject({ name: 'shorter', region: 'ap-southeast-1' });
    expect(questions.at(-2)?.message).toContain('[name]');
  });
});

describe('going back', () => {
  test('asks the question before again, with what was answered there as it was', async () => {
    const { config, questions } = await asked({
      'Name of': ['first', 'second'],
      Region: [back, 'us-west-2'],
    });
    expect(config.name).toBe('second');
    const order = questions.map(({ message }) => message.split(' ')[0]);
    expect(order.slice(0, 5)).toEqual(['Size', 'Name', 'Region', 'Name', 'Region']);
  });

  test('within a page of several questions leads to its first one', async () => {
    const { config, questions } = await asked({
      'Who may reach it': ['more', 'auto'],
      'Further addresses': back,
    });
    expect(config.access).toEqual({ myIp: 'auto', extraCidrs: [] });
    expect(questions.filter(({ message }) => message.startsWith('Who may')).length).toBe(2);
  });

  test('from the summary leads to the last page', async () => {
    const { config } = await asked({ Ready: ['back', 'write'], HTTPS: ['off', 'self-signed'] });
    expect(config.tls).toEqual({ mode: 'self-signed' });
  });

  test('goes on from a page that was kept, whose earlier ones can be gone back to', async () => {
    const start = resolveConfig({ flags: { name: 'kept' } }).config;
    const { config, questions, kept } = await asked({ HTTPS: [back, 'off'] }, { start, from: 'tls' });
    expect(questions.map(({ message }) => message.split(' ')[0])).toEqual(['HTTPS', 'DAGs', 'HTTPS', 'Ready']);
    expect(config).toMatchObject({ name: 'kept', tls: { mode: 'off' } });
    expect(kept).toEqual(['tls', 'finish', 'finish']);
  });
});

describe('the network', () => {
  const subnet = (subnetId: string, zone: string, way: FoundSubnet['way']): FoundSubnet => ({
    subnetId,
    name: '',
    cidr: '10.0.0.0/24',
    zone,
    way,
  });
  const whole: FoundVpc = {
    vpcId: 'vpc-0abcdef0',
    name: 'main',
    cidrs: ['10.0.0.0/16', '10.1.0.0/16'],
    dns: true,
    subnets: [
      subnet('subnet-0abcdef0', 'b', 'public'),
      subnet('subnet-0abcdefa', 'a', 'private'),
      subnet('subnet-0abcdefc', 'c', 'private'),
      subnet('subnet-0abcdefd', 'c', 'private'),
    ],
  };
  const bare: FoundVpc = { vpcId: 'vpc-0abcdef1', name: '', cidrs: ['172.31.0.0/16'], dns: false, subnets: [] };
  const choices: Choices = { ...live, networks: async () => [whole, bare] };

  test('of a new VPC overlaps no other of the account', async () => {
    const { config, questions } = await asked({}, { choices });
    expect(config.network).toEqual({
      vpcCidr: '10.2.0.0/16',
      publicSubnetCidr: '10.2.1.0/24',
      privateSubnetCidrs: ['10.2.2.0/24', '10.2.3.0/24'],
    });
    expect(namesOf(questions, 'Network')?.[0]).toBe('a new VPC, 10.2.0.0/16, which overlaps no other here');
  });

  test('of a VPC that is there takes the subnets that fit, and asks only where there is a choice', async () => {
    const { config, questions } = await asked(
      { Network: 'vpc-0abcdef0', 'Private subnet in zone c': 'subnet-0abcdefd' },
      { choices },
    );
    expect(config.vpc).toEqual({
      use: 'vpc-0abcdef0',
      publicSubnet: 'subnet-0abcdef0',
      privateSubnets: ['subnet-0abcdefa', 'subnet-0abcdefd'],
    });
    expect(questions.filter(({ message }) => /subnet/.test(message))).toHaveLength(1);
  });

  test('of a VPC that does not fit says what it lacks', async () => {
    const { questions } = await asked({}, { choices });
    const offered = questions.find(({ message }) => message === 'Network')?.choices;
    expect(offered?.find(({ value }) => value === 'vpc-0abcdef1')?.disabled).toBe(
      '(it lacks DNS host names, a public subnet, a private subnet with NAT in zone a and c)',
    );
    expect(offered?.find(({ value }) => value === 'vpc-0abcdef0')).not.toHaveProperty('disabled');
  });

  test('can have another block, and proposes subnets inside of it', async () => {
    const change = { Network: 'other' };
    const large = await asked({ ...change, 'Block of the VPC': '172.20.0.0/16' });
    expect(large.config.network).toEqual({
      vpcCidr: '172.20.0.0/16',
      publicSubnetCidr: '172.20.1.0/24',
      privateSubnetCidrs: ['172.20.2.0/24', '172.20.3.0/24'],
    });
    const small = await asked({ ...change, 'Block of the VPC': '10.9.8.0/25' });
    expect(small.config.network).toEqual({
      vpcCidr: '10.9.8.0/25',
      publicSubnetCidr: '10.9.8.32/27',
      privateSubnetCidrs: ['10.9.8.64/27', '10.9.8.96/27'],
    });
  });

  test('shows the address that this machine has now', async () => {
    const { questions } = await asked({}, { choices: { ...live, myIp: async () => '203.0.113.7' } });
    expect(namesOf(questions, 'Who may')?.[0]).toBe('this machine, now 203.0.113.7');
  });
});

test('the releases of Airflow are the final ones of Airflow 3 that were not withdrawn, newest first', () => {
  const releases = {
    '2.11.0': [{ yanked: false }],
    '3.0.0': [{ yanked: false }],
    '3.0.5': [{ yanked: true }],
    '3.10.0': [{ yanked: false }],
    '3.9.1': [{}],
    '3.11.0rc1': [{}],
    '3.8.0': [],
  };
  expect(releasesIn({ releases })).toEqual(['3.10.0', '3.9.1', '3.0.0']);
  expect(releasesIn({})).toEqual([]);
});
