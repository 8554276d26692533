import { describe, expect, test } from 'vitest';
import { parseConfig, resolveConfig } from '../../src/config.ts';
import { UserError } from '../../src/errors.ts';
import { threeLines } from '../../src/ui/format.ts';

function refusal(read: () => unknown): UserError {
  try {
    read();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

const refusalOf = (text: string) => refusal(() => parseConfig(text));

describe('a file is refused with the place, the reason and the fix:', () => {
  test.each<[string, string, string, string]>([
    [
      'an unknown key',
      'nodes:\n  instanceTpye: t3.large',
      'nodes.instanceTpye (airflow-aws.yaml line 2): there is no such setting.',
      'Did you mean nodes.instanceType?',
    ],
    [
      'a key in another case',
      'nodes: { instance_type: t3.large }',
      'nodes.instance_type',
      'Did you mean nodes.instanceType?',
    ],
    ['a key in the wrong section', 'vpcCidr: 10.1.0.0/16', 'vpcCidr', 'Did you mean network.vpcCidr?'],
    ['an unknown section', 'databse: { username: x }', 'databse', 'Did you mean database?'],
    ['a key that resembles nothing', 'frobnicate: 1', 'frobnicate', 'airflow-aws config schema'],
    ['a password', 'database:\n  password: hunter2', 'holds no secrets', 'SSM Parameter Store'],
    ['a section without settings', 'nodes: t3.large', 'it holds settings of its own', 'instanceType: …'],
    ['another word than the one for a section', 'vpc: mine', 'it holds settings of its own', 'use: …'],
    [
      'a VPC without its subnets',
      'vpc: { use: vpc-0abcdef0 }',
      'vpc.publicSubnet (not set): a value is missing',
      'Give vpc.privateSubnets the ids of two subnets',
    ],
    [
      'a name for a VPC',
      'vpc: { use: main, publicSubnet: subnet-0abcdef0, privateSubnets: [subnet-0abcdefa, subnet-0abcdefc] }',
      '"main" is not the id of a VPC',
      'Give vpc.use the id of a VPC',
    ],
    [
      'a subnet that is named twice',
      'vpc: { use: vpc-0abcdef0, publicSubnet: subnet-0abcdefa, privateSubnets: [subnet-0abcdefa, subnet-0abcdefc] }',
      'subnet-0abcdefa is named twice',
      'Name three different subnets',
    ],
    ['no repository', 'airflow: { dags: { source: git } }', 'airflow.dags.source git needs it', 'Give the address'],
    [
      'a password in an address',
      'airflow: { dags: { source: git, repository: "https://me:hunter2@github.com/you/dags.git" } }',
      '"https://…@github.com/you/dags.git" is not a repository such as',
      'without a password',
    ],
    [
      'a parameter that the nodes may not read',
      'airflow: { dags: { source: git, repository: "https://a.example/b.git", credentialsParameter: /mine } }',
      'parameters below /airflow-aws/pms/ only',
      'Call it /airflow-aws/pms/git.',
    ],
    ['a list instead of settings', '- name: pms', 'not a list of "key: value" lines', 'name: pms'],
    [
      'a word for a number',
      'nodes: { volumeGiB: large }',
      '"large" is not a whole number from 8 to 16384',
      'Give nodes.volumeGiB a whole number',
    ],
    ['a number that is too small', 'nodes: { volumeGiB: 4 }', '"4" is not a whole number from 8', 'from 8 to 16384'],
    ['a list for a text', 'name: [a, b]', '["a","b"]', 'Give name lower-case letters'],
    ['a misspelt choice', 'cache: { engine: valky }', 'one of valkey, redis', 'Did you mean valkey?'],
    ['a word for a switch', 'protect: maybe', '"maybe" is not true or false', 'Give protect true or false'],
    ['a version that is none', 'version: one', 'the only version is 1', 'version: 1'],
    ['upper case in the name', 'name: PMS', '"PMS" is not lower-case letters', 'Give name lower-case letters'],
    ['a name that starts with a digit', 'name: 1pms', '"1pms" is not', 'starting with a letter'],
    ['a double hyphen in the name', 'name: my--flow', '"my--flow" is not', 'single hyphens'],
    ['a name that ends with a hyphen', 'name: my-', '"my-" is not', 'single hyphens'],
    ['a name that is too long', 'name: abcdefghijklmnopqrstu', 'is not at most 20 characters', 'at most 20 characters'],
    [
      'a name that ELB keeps for itself',
      'name: internal',
      'AWS refuses names that start with "internal-"',
      'another name',
    ],
    [
      'a name whose bucket would be too long',
      'name: abcdefghijklmnopqrst\nregion: ap-southeast-1',
      '(bucket) would have 68 characters, and AWS takes 63',
      'Shorten name by 5, or set storage.bucketName',
    ],
    [
      'a cache user whose id would be too long',
      'name: analytics\ncache: { userId: a23456789012345678901234567890123 }',
      '(cacheUser) would have 43 characters',
      'or set cache.userId',
    ],
    ['a region that is none', 'region: Oregon', '"Oregon" is not an AWS region such as us-west-2', 'Give region'],
    ['one zone twice', 'zones: [a, a]', 'both zones are "a"', 'two different letters'],
    ['one zone only', 'zones: [a]', 'two zone letters', 'two zone letters'],
    ['three zones', 'zones: a, b, c', '"a,b,c" is not two zone letters', 'two zone letters'],
    ['a zone’s whole name', 'zones: [us-west-2a, c]', '"us-west-2a" is not one lower-case zone letter', 'Give zones'],
    ['an octet above 255', 'network: { vpcCidr: 10.0.256.0/16 }', 'is not an IPv4 block', '10.0.0.0/16'],
    ['an IPv6 block', 'network: { vpcCidr: "fd00::/56" }', 'is not an IPv4 block', '10.0.0.0/16'],
    ['a VPC that is too large', 'network: { vpcCidr: 10.0.0.0/8 }', '/8 is not between /16 and /28', 'from /16 to /28'],
    ['a block with host bits', 'network: { publicSubnetCidr: 10.0.1.7/24 }', 'has host bits set', 'Write 10.0.1.0/24.'],
    [
      'a subnet outside of the VPC',
      'network: { publicSubnetCidr: 10.1.1.0/24 }',
      "is not inside the VPC's 10.0.0.0/16",
      'network.vpcCidr',
    ],
    [
      'overlapping subnets',
      'network: { publicSubnetCidr: 10.0.2.128/25 }',
      '10.0.2.0/24 overlaps 10.0.2.128/25',
      'a block of its own',
    ],
    [
      'a private subnet that is too small for a load balancer',
      'network: { privateSubnetCidrs: [10.0.2.0/28, 10.0.3.0/24] }',
      'wants at least a /27',
      '/16 to /27',
    ],
    ['an address that is none', 'access: { myIp: here }', '"here" is not auto, an IPv4 address', 'Give access.myIp'],
    ['an instance type without a size', 'nodes: { instanceType: t3 }', '"t3" is not an EC2 instance type', 't3.large'],
    ['a Graviton type', 'nodes: { instanceType: m7g.large }', 'm7g.large has an ARM processor', 'm6i.large'],
    ['a Python that Debian has not', 'os: debian-13\nairflow: { pythonVersion: 3.12 }', 'no 3.12', 'Set it to 3.13'],
    [
      'Aurora MySQL 2',
      'database: { engineVersion: 5.7.mysql_aurora.2.09.0 }',
      'is not an Aurora MySQL 3 version',
      '8.0.mysql_aurora.3.10.4',
    ],
    [
      'a class that Aurora 3 has not',
      'database: { instanceClass: db.t3.small }',
      'does not run as one instance of db.t3.small',
      'db.t4g.medium',
    ],
    ['Aurora’s own user', 'database: { username: rdsadmin }', '"rdsadmin" is reserved by Aurora MySQL', 'another name'],
    ['Airflow’s own database user', 'database: { username: airflow }', "is Airflow's own user", 'another name'],
    [
      'a user name with a hyphen',
      'database: { username: my-admin }',
      '"my-admin" is not up to 32 letters',
      'start with a letter',
    ],
    ['the tutorial’s Redis', 'cache: { engine: redis, engineVersion: 5.0 }', 'Redis 5.0 knows no users', '7.1'],
    [
      'a Redis that never was on ElastiCache',
      'cache: { engine: redis, engineVersion: 8.0 }',
      'there is no redis 8.0',
      '7.1',
    ],
    ['a cache user id in upper case', 'cache: { userId: RedisAirflow }', 'is not a user id', 'lower case'],
    [
      'the cache user default',
      'cache: { userName: default }',
      'user without password is called default',
      'another name',
    ],
    ['Airflow 1.10', 'airflow: { version: 1.10.12 }', 'is not a release of Airflow 3', '3.3.2'],
    [
      'two Airflow users of one name',
      'airflow: { user: { username: admin } }',
      'airflow.admin.username is "admin" too',
      'different ones',
    ],
    [
      'two Airflow users of one address',
      'airflow: { user: { email: Admin@example.com } }',
      'airflow.admin.email',
      'different ones',
    ],
    [
      'constraints over plain http',
      'airflow: { constraints: "http://example.com/c.txt" }',
      'is not default, none, an https URL',
      'https',
    ],
    [
      'constraints with a password in them',
      'airflow: { constraints: "https://me:pw@example.com/c.txt" }',
      'is not default, none',
      'https',
    ],
    [
      'a pip option as a requirement',
      'airflow: { extraRequirements: [--pre] }',
      '"--pre" is not a requirement',
      'pandas==2.3.3',
    ],
    [
      'a command as a requirement',
      'airflow: { extraRequirements: ["a; rm -rf ~"] }',
      'is not a requirement',
      'pandas==2.3.3',
    ],
    [
      'a certificate without its key',
      'tls: { mode: certificate, certificateFile: a.pem }',
      'tls.privateKeyFile (not set): tls.mode certificate needs it',
      'PEM',
    ],
    [
      'a certificate that would not be used',
      'tls: { certificateFile: a.pem }',
      'tls.mode is self-signed',
      'certificate',
    ],
    ['a bucket name in upper case', 'storage: { bucketName: Logs }', '"Logs" is not a bucket name', 'lower-case'],
    [
      'a boundary that is no ARN',
      'iam: { permissionsBoundary: limits }',
      'the ARN of a managed policy',
      'arn:aws:iam::',
    ],
    [
      'a role path without its slashes',
      'iam: { rolePath: teams/data }',
      'begins and ends with a slash',
      '/teams/data/',
    ],
    ['a bucket name that S3 keeps', 'storage: { bucketName: sthree-logs }', 'S3 keeps names', 'sthree-'],
    ['a tag of AWS', 'tags: { "aws:team": data }', 'set by AWS or by airflow-aws', 'another key'],
    ['a tag of ours', 'tags: { "airflow-aws:stack": x }', 'set by AWS or by airflow-aws', 'another key'],
    ['the tag Name', 'tags: { Name: x }', 'set by AWS or by airflow-aws', 'another key'],
    ['a tag value that is too long', `tags: { a: ${'x'.repeat(257)} }`, 'a value up to 256', 'Shorten'],
    [
      'a tag with characters AWS refuses',
      'tags: { a: "x;y" }',
      'AWS takes letters, digits',
      'Take the other characters out',
    ],
    ['a tag that is a list', 'tags: { a: [b] }', 'is not text', 'Give tags.a text'],
    [
      'more tags than fit',
      `tags: { ${Array.from({ length: 41 }, (_, n) => `t${n}: x`).join(', ')} }`,
      '41 tags are too many',
      'at most 40',
    ],
  ])('%s', (_, text, why, fix) => {
    const error = refusalOf(text);
    expect(error).toMatchObject({ code: 'config-invalid', exitCode: 2 });
    expect(error.why).toContain(why);
    expect(`${error.why} ${error.fix}`).toContain(fix);
    expect(error.why).toMatch(/\((airflow-aws.yaml line \d+|the default|not set)\): /);
  });
});

describe('errors', () => {
  test('have three lines', () => {
    expect(threeLines(refusalOf('zones: [a, a]')).split('\n')).toEqual([
      'Error: There is a problem in airflow-aws.yaml.',
      expect.stringMatching(/^ {2}Why: zones \(airflow-aws.yaml line 1\): both zones are "a"/),
      '  Fix: Give two different letters, as a,c.',
    ]);
  });

  test('list all problems at once, whatever their kind', () => {
    const error = refusalOf(
      'nmae: x\nzones: [a, a]\nnodes: { volumeGiB: x }\nnetwork: { vpcCidr: nonsense, publicSubnetCidr: 10.0.2.0/24 }\n',
    );
    expect(error.what).toBe('There are 4 problems in airflow-aws.yaml.');
    expect(error.why.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'nmae',
      'network.vpcCidr',
      'nodes.volumeGiB',
      'zones',
    ]);
  });

  test('name the flag or the variable that gave the value', () => {
    expect(refusal(() => resolveConfig({ flags: { nodesVolumeGib: '1' } })).why).toContain('(--nodes-volume-gib)');
    expect(refusal(() => resolveConfig({ env: { AIRFLOW_AWS_ZONES: 'a,a' } })).why).toContain('(AIRFLOW_AWS_ZONES)');
  });

  test('speak of the file only when something in it is wrong', () => {
    expect(refusal(() => parseConfig('name: data', { flags: { zones: 'a,a' } })).what).toContain('the settings');
  });

  test('never repeat a secret that stood in the file', () => {
    const error = refusalOf('database: { masterPassword: hunter2 }\naws_secret_access_key: hunter2\n');
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(error.why.split('\n')).toHaveLength(2);
  });
});

describe('a file that is no YAML', () => {
  test.each([
    ['bad indentation', 'name: pms\n  region: us-west-2\n', 'Line 1, column 7: Nested mappings'],
    ['an open bracket', 'zones: [a, c\n', 'Line 2, column'],
    ['a key that stands twice', 'name: a\nregion: us-west-2\nname: b\n', 'Line 3, column 1'],
    ['two documents', 'name: a\n---\nname: b\n', 'Line 2, column'],
    ['an alias to nothing', 'nodes: *servers\n', 'Line 1, column 8'],
  ])('is refused with line and column: %s', (_, text, place) => {
    const error = refusalOf(text);
    expect(error).toMatchObject({ code: 'config-yaml', exitCode: 2 });
    expect(error.why).toContain(place);
    expect(error.why.split('\n')).toHaveLength(1);
  });
});

test('a file of a newer version is refused whole', () => {
  const error = refusalOf('version: 2\nsomethingNew: 1\n');
  expect(error).toMatchObject({ code: 'config-newer', exitCode: 2 });
  expect(error.what).toContain('newer airflow-aws');
});
