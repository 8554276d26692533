import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { configSchemaCommand, configShow } from '../../src/commands/config.ts';
import { init, sameCommand } from '../../src/commands/init.ts';
import { configSchema, loadConfig, parseConfig, resolveConfig, settings } from '../../src/config.ts';
import { answering, fakeIo } from './helpers.ts';

const fileOf = (directory: string) => readFileSync(join(directory, 'airflow-aws.yaml'), 'utf8');

describe('init', () => {
  test('writes the defaults with --yes, and the schema that the first line names', async () => {
    const { io, out } = fakeIo({ isTty: false });
    expect(await init(io, { yes: true })).toBe(0);
    expect(loadConfig(io.directory).config).toEqual(resolveConfig({}).config);
    const schema = /\$schema=(.*)/.exec(fileOf(io.directory))?.[1] ?? '';
    expect(JSON.parse(readFileSync(join(io.directory, schema), 'utf8'))).toEqual(configSchema());
    expect(statSync(join(io.directory, '.airflow-aws')).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(io.directory, '.airflow-aws', '.gitignore'), 'utf8')).toBe('*\n');
    expect(out.join('\n')).toContain('airflow-aws plan');
    expect(out.at(-1)).toBe('The same, unattended: airflow-aws init --yes');
  });

  test('takes settings from flags, preset and environment', async () => {
    const { io } = fakeIo({ env: { AIRFLOW_AWS_NAME: 'data' } });
    await init(io, { yes: true, preset: 'tutorial', nodesVolumeGib: '50', cacheNodeType: 'cache.t4g.medium' });
    expect(loadConfig(io.directory).config).toMatchObject({
      name: 'data',
      nodes: { volumeGiB: 50 },
      cache: { engine: 'redis', engineVersion: '7.1', nodeType: 'cache.t4g.medium' },
      database: { instanceClass: 'db.t3.medium' },
    });
  });

  test('writes what was answered, and prints the flags that give the same file', async () => {
    const { io, out } = fakeIo();
    const { ask } = answering({
      'Name of the deployment': 'data',
      'Letters of': 'b,d',
      Ready: ['more', 'write'],
      '[tags]': 'team=my team',
    });
    await init(io, {}, { ask, choices: {} });
    const { config } = loadConfig(io.directory);
    expect(config).toMatchObject({ name: 'data', tags: { team: 'my team' }, zones: ['b', 'd'] });
    expect(out.at(-1)).toBe(
      "The same, unattended: airflow-aws init --yes --name data --zones b,d --tags 'team=my team'",
    );
  });

  test('writes the region of the AWS profile, which up would take as well', async () => {
    const { io } = fakeIo();
    const profiles = join(io.directory, 'aws-config');
    writeFileSync(profiles, '[profile seoul]\nregion = ap-northeast-2\n');
    vi.stubEnv('AWS_CONFIG_FILE', profiles);
    await init(io, { yes: true, profile: 'seoul' });
    vi.unstubAllEnvs();
    expect(loadConfig(io.directory).config.region).toBe('ap-northeast-2');
  });

  test('prints one JSON object with --json', async () => {
    const { io, out } = fakeIo({ json: true });
    await init(io, { yes: true });
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toEqual({
      version: 1,
      command: 'init',
      ok: true,
      data: { file: join(io.directory, 'airflow-aws.yaml'), config: resolveConfig({}).config },
    });
  });

  test('names --yes where nobody can be asked, and writes nothing', async () => {
    const { io } = fakeIo({ isTty: false });
    await expect(init(io, {})).rejects.toMatchObject({ exitCode: 2, fix: expect.stringContaining('--yes') });
    expect(readdirSync(io.directory)).toEqual([]);
  });

  test('leaves a file that is there alone without --force, before a question is asked', async () => {
    const { io } = fakeIo();
    writeFileSync(join(io.directory, 'airflow-aws.yaml'), 'name: precious\n');
    const { ask, questions } = answering({});
    await expect(init(io, {}, { ask, choices: {} })).rejects.toMatchObject({ code: 'config-exists', exitCode: 2 });
    expect([questions.length, fileOf(io.directory)]).toEqual([0, 'name: precious\n']);
    expect(await init(io, { force: true }, { ask, choices: {} })).toBe(0);
    expect(loadConfig(io.directory).config.name).toBe('pms');
  });

  test('replaces a file that is broken with --force', async () => {
    const { io } = fakeIo();
    writeFileSync(join(io.directory, 'airflow-aws.yaml'), '][');
    expect(await init(io, { force: true, yes: true })).toBe(0);
    expect(loadConfig(io.directory).config.name).toBe('pms');
  });

  test('refuses a preset it does not know and a flag with a bad value', async () => {
    const { io } = fakeIo();
    await expect(init(io, { yes: true, preset: 'huge' })).rejects.toMatchObject({
      code: 'unknown-preset',
      exitCode: 2,
    });
    await expect(init(io, { yes: true, zones: 'a,a' })).rejects.toMatchObject({
      why: expect.stringContaining('zones (--zones): both zones are "a"'),
      exitCode: 2,
    });
    expect(readdirSync(io.directory)).toEqual([]);
  });

  test('says where it could not write, and leaves no half file', async () => {
    const { io } = fakeIo();
    // A folder in the place of the file stands for everything that a rename can be refused for, for root as well.
    mkdirSync(join(io.directory, 'airflow-aws.yaml'));
    chmodSync(io.directory, 0o700);
    await expect(init(io, { yes: true, force: true })).rejects.toMatchObject({ code: 'cannot-write', exitCode: 2 });
    expect(readdirSync(io.directory)).toEqual(['airflow-aws.yaml']);
  });
});

describe('the command that gives the same file', () => {
  test('does so for every setting there is', () => {
    const { config } = parseConfig(`
name: data
region: eu-west-1
zones: [b, c]
os: debian-13
vpc: { use: vpc-0abcdef0, publicSubnet: subnet-0abcdef0, privateSubnets: [subnet-0abcdefa, subnet-0abcdefc] }
network: { vpcCidr: 10.1.0.0/16, publicSubnetCidr: 10.1.1.0/24, privateSubnetCidrs: [10.1.2.0/24, 10.1.3.0/24] }
access: { myIp: 203.0.113.0/24, extraCidrs: [198.51.100.7, 192.0.2.0/24] }
bastion: { instanceType: t3.small, volumeGiB: 20 }
nodes: { instanceType: t3.xlarge, volumeGiB: 60 }
database: { engineVersion: 8.0.mysql_aurora.3.08.2, instanceClass: db.r6g.large, username: root }
cache: { engine: redis, engineVersion: 7.0, nodeType: cache.r6g.large, userId: flow, userName: flow }
airflow:
  version: 3.2.1
  pythonVersion: 3.13
  constraints: our constraints.txt
  extraRequirements: ["celery[redis,auth]>=5,<6", pandas==2.3.3]
  databaseDriver: mysqlclient
  admin: { username: boss, email: boss@example.org }
  dags:
    source: git
    repository: git@github.com:you/dags.git
    branch: v1
    subdirectory: my dags
    credentialsParameter: /airflow-aws/data/git
  user: { username: me, email: me@example.org }
storage: { bucketName: data-logs }
tls: { mode: certificate, certificateFile: "it's.pem", privateKeyFile: key.pem }
iam: { permissionsBoundary: "arn:aws:iam::123456789012:policy/edge", rolePath: /teams/data/ }
tags: { team: data platform, env: dev }
restoreFrom: last-week
state: s3://our-states/data
protect: true
`);
    const words = sameCommand(config).match(/(?:'[^']*'|\\'|[^\s'\\])+/g) ?? [];
    const unquoted = words.map((word) => word.replace(/'([^']*)'|\\(')/g, (_, inner, escaped) => inner ?? escaped));
    expect(unquoted.slice(0, 3)).toEqual(['airflow-aws', 'init', '--yes']);
    const flags = Object.fromEntries(
      settings.map(({ flag, attribute }) => [attribute, unquoted[unquoted.indexOf(flag) + 1]] as const),
    );
    expect(settings.filter(({ flag }) => !unquoted.includes(flag)).map(({ path }) => path)).toEqual([]);
    expect(resolveConfig({ flags }).config).toEqual(config);
  });
});

describe('config', () => {
  test('show prints each value with its origin', async () => {
    const { io, out, note } = fakeIo({ env: { AIRFLOW_AWS_NAME: 'data' } });
    writeFileSync(join(io.directory, 'airflow-aws.yaml'), 'nodes:\n  volumeGiB: 50\n');
    expect(await configShow(io, { zones: 'b,c' })).toBe(0);
    const line = (path: string) => out.find((text) => text.startsWith(`${path} `))?.split(/ {2,}/);
    expect(line('name')).toEqual(['name', 'data', 'AIRFLOW_AWS_NAME']);
    expect(line('nodes.volumeGiB')).toEqual(['nodes.volumeGiB', '50', 'airflow-aws.yaml line 2']);
    expect(line('zones')).toEqual(['zones', 'b,c', '--zones']);
    expect(line('region')).toEqual(['region', 'us-west-2', 'default']);
    expect([out.length, note.length]).toEqual([settings.length, 0]);
  });

  test('show says so when there is no file', async () => {
    const { io, note } = fakeIo();
    await configShow(io, {});
    expect(note).toEqual([expect.stringContaining('these are the defaults')]);
  });

  test('show and schema print one JSON object with --json', async () => {
    const { io, out } = fakeIo({ json: true });
    await configShow(io, {});
    await configSchemaCommand(io);
    const [show, schema] = out.map((text) => JSON.parse(text));
    expect(show).toMatchObject({ version: 1, command: 'config show', ok: true, data: { file: null } });
    expect(show.data.settings[0]).toEqual({ path: 'name', value: 'pms', source: 'default', where: '' });
    expect(schema).toEqual({ version: 1, command: 'config schema', ok: true, data: configSchema() });
  });
});
