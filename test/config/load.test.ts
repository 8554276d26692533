import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Config,
  configSchema,
  configYaml,
  loadConfig,
  parseConfig,
  resolveConfig,
  settings,
  updateKeyword,
  updatePolicies,
} from '../../src/config.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'airflow-aws-config-'));
const folderWith = (text: string, file = 'airflow-aws.yaml') => {
  const directory = folder();
  writeFileSync(join(directory, file), text);
  return directory;
};

describe('the defaults', () => {
  test('are the tutorial’s, with today’s parts', () => {
    expect(loadConfig(folder()).config).toEqual({
      version: 1,
      name: 'pms',
      region: 'us-west-2',
      zones: ['a', 'c'],
      os: 'amazon-linux-2023',
      vpc: 'create',
      network: {
        vpcCidr: '10.0.0.0/16',
        publicSubnetCidr: '10.0.1.0/24',
        privateSubnetCidrs: ['10.0.2.0/24', '10.0.3.0/24'],
      },
      access: { myIp: 'auto', extraCidrs: [] },
      bastion: { instanceType: 't3.micro', volumeGiB: 30 },
      nodes: { instanceType: 't3.large', volumeGiB: 30 },
      database: { engineVersion: '8.0.mysql_aurora.3.10.4', instanceClass: 'db.t4g.medium', username: 'admin' },
      cache: {
        engine: 'valkey',
        engineVersion: '8.0',
        nodeType: 'cache.t4g.small',
        userId: 'redisairflowid',
        userName: 'redisairflow',
      },
      airflow: {
        version: '3.3.2',
        pythonVersion: '3.12',
        constraints: 'default',
        extraRequirements: [],
        databaseDriver: 'pymysql',
        dags: { source: 'efs', branch: 'main' },
        admin: { username: 'admin', email: 'admin@example.com' },
        user: { username: 'user', email: 'user@example.com' },
      },
      storage: {},
      iam: { rolePath: '/' },
      tls: { mode: 'self-signed' },
      tags: {},
      state: 'local',
      protect: false,
    });
  });

  test('also stand in for an empty file and for sections whose lines are commented out', () => {
    const { config } = resolveConfig({});
    expect(parseConfig('').config).toEqual(config);
    expect(parseConfig('# nothing yet\n').config).toEqual(config);
    expect(parseConfig('version: 1\nnodes:\n  # volumeGiB: 50\ntags:\nname:\n').config).toEqual(config);
  });

  test('give Redis the last version of its own line', () => {
    expect(parseConfig('cache: { engine: redis }').config.cache.engineVersion).toBe('7.1');
    expect(parseConfig('cache: { engine: redis, engineVersion: 7.0 }').config.cache.engineVersion).toBe('7.0');
  });
});

test('Debian 13 has its own Python unless another is asked for', () => {
  expect(parseConfig('os: debian-13').config.airflow.pythonVersion).toBe('3.13');
});

describe('the order of sources', () => {
  const file = 'nodes:\n  instanceType: t3.xlarge\n';
  const env = { AIRFLOW_AWS_NODES_INSTANCE_TYPE: 'm5.large' };
  const flags = { nodesInstanceType: 'm6i.large' };
  const seen = ({ config, origins }: ReturnType<typeof parseConfig>) => [
    config.nodes.instanceType,
    origins.get('nodes.instanceType'),
  ];

  test('is flag, environment, file, preset, default, and each value tells its origin', () => {
    expect(seen(parseConfig(file, { env, flags, preset: 'dev' }))).toEqual([
      'm6i.large',
      { source: 'flag', where: '--nodes-instance-type' },
    ]);
    expect(seen(parseConfig(file, { env, preset: 'dev' }))).toEqual([
      'm5.large',
      { source: 'environment', where: 'AIRFLOW_AWS_NODES_INSTANCE_TYPE' },
    ]);
    expect(seen(parseConfig(file, { preset: 'dev' }))).toEqual([
      't3.xlarge',
      { source: 'file', where: 'airflow-aws.yaml line 2' },
    ]);
    expect(seen(parseConfig('', { preset: 'dev' }))).toEqual([
      't3.medium',
      { source: 'preset', where: '--preset dev' },
    ]);
    expect(seen(parseConfig(''))).toEqual(['t3.large', { source: 'default', where: '' }]);
  });

  test('of the region has AWS’s variables and the profile before the file', () => {
    const region = (sources: Parameters<typeof parseConfig>[1]) =>
      parseConfig('region: eu-west-1', sources).config.region;
    const env = {
      AIRFLOW_AWS_REGION: 'us-east-1',
      AWS_REGION: 'us-east-2',
      AWS_DEFAULT_REGION: 'us-west-1',
    };
    const profileRegion = 'eu-west-3';
    expect(region({ env, profileRegion, flags: { region: 'eu-west-2' } })).toBe('eu-west-2');
    expect(region({ env, profileRegion })).toBe('us-east-1');
    expect(region({ env: { ...env, AIRFLOW_AWS_REGION: '' }, profileRegion })).toBe('us-east-2');
    expect(region({ env: { AWS_DEFAULT_REGION: 'us-west-1' }, profileRegion })).toBe('us-west-1');
    expect(region({ profileRegion })).toBe('eu-west-3');
    expect(region({})).toBe('eu-west-1');
  });
});

describe('values', () => {
  test('are read from the file as they are typed, so a version keeps its zero', () => {
    const { config } = parseConfig(
      'airflow:\n  version: 3.10.0\n  pythonVersion: 3.12\ncache: { engineVersion: 8.0 }\n',
    );
    expect([config.airflow.version, config.airflow.pythonVersion, config.cache.engineVersion]).toEqual([
      '3.10.0',
      '3.12',
      '8.0',
    ]);
  });

  test('of every kind can be given by flag and by variable', () => {
    const given = {
      zones: 'b,d',
      nodesVolumeGib: '50',
      protect: true,
      tags: 'team=data platform,cost-centre=a=b',
      airflowExtraRequirements: 'pandas==2.3.3,celery[redis,auth]>=5,<6 dbt-core',
    };
    const { config } = resolveConfig({ flags: given });
    expect(config).toMatchObject({
      zones: ['b', 'd'],
      nodes: { volumeGiB: 50 },
      protect: true,
      tags: { team: 'data platform', 'cost-centre': 'a=b' },
      airflow: { extraRequirements: ['pandas==2.3.3', 'celery[redis,auth]>=5,<6', 'dbt-core'] },
    });
    const env = Object.fromEntries(
      settings
        .filter(({ attribute }) => attribute in given)
        .map(({ env, attribute }) => [env, String(given[attribute as keyof typeof given])]),
    );
    expect(Object.keys(env)).toContain('AIRFLOW_AWS_NODES_VOLUME_GIB');
    expect(resolveConfig({ env }).config).toEqual(config);
  });

  test('may be shared in the file by anchors', () => {
    const { config } = parseConfig('bastion: &server { volumeGiB: 40 }\nnodes: *server\n');
    expect([config.bastion.volumeGiB, config.nodes.volumeGiB]).toEqual([40, 40]);
  });
});

describe('the list of settings', () => {
  test('has a description, a flag and a variable of its own for each', () => {
    for (const setting of settings) expect(setting.description, setting.path).not.toBe('');
    for (const key of ['path', 'flag', 'attribute', 'env'] as const) {
      expect(new Set(settings.map((setting) => setting[key])).size).toBe(settings.length);
    }
    expect(settings.find(({ path }) => path === 'nodes.instanceType')).toMatchObject({
      flag: '--nodes-instance-type',
      attribute: 'nodesInstanceType',
      env: 'AIRFLOW_AWS_NODES_INSTANCE_TYPE',
      kind: 'text',
      defaultValue: 't3.large',
    });
  });

  test('has a word that stands for a whole section, and takes the section’s settings from flags all the same', () => {
    expect(parseConfig('vpc: create').config.vpc).toBe('create');
    const flags = { vpcUse: 'vpc-0abcdef0', vpcPublicSubnet: 'subnet-0abcdef0' };
    const vpcPrivateSubnets = 'subnet-0abcdefa,subnet-0abcdefc';
    expect(parseConfig('vpc: create', { flags: { ...flags, vpcPrivateSubnets } }).config.vpc).toEqual({
      use: 'vpc-0abcdef0',
      publicSubnet: 'subnet-0abcdef0',
      privateSubnets: ['subnet-0abcdefa', 'subnet-0abcdefc'],
    });
  });

  test('is the JSON Schema’s, which refuses unknown keys and needs none', () => {
    const schema = configSchema();
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(schema.required).toBeUndefined();
    expect(JSON.stringify(schema)).toContain('"db.t4g.medium"');
  });

  test('says of each setting, beside its description, what changing it later does', () => {
    expect(configSchema()).toMatchObject({
      properties: {
        zones: { [updateKeyword]: 'refused: network', description: expect.stringContaining('zones') },
        nodes: { properties: { volumeGiB: { [updateKeyword]: 'in place, larger' } } },
      },
    });
    for (const { update } of settings) expect(Object.keys(updatePolicies)).toContain(update);
  });
});

describe('the file that is written', () => {
  const changed = parseConfig(
    'name: data\nzones: [b, d]\nstorage: { bucketName: data-logs }\ntags: { team: "a: b", on: "no", n: "007" }\n' +
      'airflow: { extraRequirements: ["pandas>=2,<3"], constraints: ./c.txt }\nprotect: true\n' +
      `vpc: { use: vpc-0abcdef0, publicSubnet: subnet-0abcdef0, privateSubnets: [subnet-0abcdefa, subnet-0abcdefc] }\n`,
  ).config;

  test.each<[string, Config]>([
    ['the defaults', resolveConfig({}).config],
    ['dev', resolveConfig({ preset: 'dev' }).config],
    ['standard', resolveConfig({ preset: 'standard' }).config],
    ['tutorial', resolveConfig({ preset: 'tutorial' }).config],
    ['changed settings', changed],
  ])('reads back as the same settings and is written the same again: %s', (_, config) => {
    for (const comments of [true, false]) {
      const text = configYaml(config, { comments });
      expect(parseConfig(text).config).toEqual(config);
      expect(configYaml(parseConfig(text).config, { comments })).toBe(text);
    }
  });

  test('names its schema on the first line and says what each setting is', () => {
    const lines = configYaml(changed, { comments: true }).split('\n');
    expect(lines[0]).toBe('# yaml-language-server: $schema=.airflow-aws/schema.json');
    expect(lines).toContain('version: 1');
    expect(lines).toContain('zones: [b, d]');
    expect(lines).toContain('  # EC2 instance type of the two Airflow nodes');
  });
});

describe('warnings', () => {
  test('speak of what is allowed and probably not meant', () => {
    const { warnings } = parseConfig(
      'region: us-wset-2\nnetwork: { vpcCidr: 20.0.0.0/16, publicSubnetCidr: 20.0.1.0/24, privateSubnetCidrs: [20.0.2.0/24, 20.0.3.0/24] }\naccess: { myIp: 0.0.0.0/0 }',
    );
    expect(warnings).toEqual([
      expect.stringContaining('20.0.0.0/16 is not a private range'),
      expect.stringContaining('0.0.0.0/0 lets a large part of the internet'),
      expect.stringContaining('did you mean us-west-2?'),
    ]);
    expect(parseConfig('').warnings).toEqual([]);
  });
});

describe('a folder', () => {
  test('that is not there has the defaults', () => {
    expect(loadConfig(join(folder(), 'none'))).toMatchObject({ fileExists: false, config: { name: 'pms' } });
  });

  test('with the file spelt otherwise is refused rather than built with the defaults', () => {
    expect(() => loadConfig(folderWith('name: data', 'airflow-aws.yml'))).toThrow(
      expect.objectContaining({ code: 'config-name', fix: 'Rename it: mv airflow-aws.yml airflow-aws.yaml' }),
    );
  });

  test('with a file that cannot be read says so', () => {
    const directory = folder();
    mkdirSync(join(directory, 'airflow-aws.yaml'));
    expect(() => loadConfig(directory)).toThrow(expect.objectContaining({ code: 'config-unreadable', exitCode: 2 }));
  });
});
