import * as z from 'zod';
import { update } from './update.ts';

// What becomes of a deployment that exists when the setting is changed; test/journeys/change.test.ts holds up to it.
const inPlace = update('in place');
const larger = update('in place, larger');
const later = update('in place, later');
const holdsData = update('refused: data');
const isNetwork = update('refused: network');
const isAnother = update('refused: another deployment');
const byMigration = update('by state migrate');

/**
 * The one source of the settings: types, defaults, checks of single values, JSON Schema and the text of the flags.
 * Every `error` is a noun phrase ("a whole number from 8 to 16384"), because it completes both "… is not" and "Give …".
 */
const whole = (from: number, to: number) => {
  const error = `a whole number from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
};

const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });

const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });

const list = (item: z.ZodString) => z.array(item);

const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const address = `${octet}(\\.${octet}){3}`;
const block = `${address}/(3[0-2]|[12]?\\d)`;
const addressOrBlock = `${address}(/(3[0-2]|[12]?\\d))?`;

const cidr = () => text(new RegExp(`^${block}$`), 'an IPv4 block such as 10.0.0.0/16');
const instanceType = () => text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an EC2 instance type such as t3.large');
const emailAddress = () => text(/^[^@\s<>"'\\]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$/, 'an e-mail address');
const airflowUsername = () =>
  text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a user name of up to 64 letters, digits, dots, hyphens and underscores');
const filePath = () => text(/^[^\0\r\n]+$/, 'the path of a file');

const network = z.strictObject({
  vpcCidr: cidr().default('10.0.0.0/16').describe('IPv4 block of the VPC that is made, /16 to /28').meta(isNetwork),
  publicSubnetCidr: cidr()
    .default('10.0.1.0/24')
    .describe('Block of the public subnet (bastion and NAT gateway)')
    .meta(isNetwork),
  privateSubnetCidrs: z
    .tuple([cidr(), cidr()], { error: 'two IPv4 blocks, one for each zone' })
    .default(['10.0.2.0/24', '10.0.3.0/24'])
    .describe('Blocks of the two private subnets, in the order of the zones')
    .meta(isNetwork),
});

const subnetId = () => text(/^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet, as subnet-0123456789abcdef0');
const vpc = z.union([
  z.literal('create', { error: 'create, or use, publicSubnet and privateSubnets below it' }),
  z.strictObject({
    use: text(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC, as vpc-0123456789abcdef0')
      .describe('A VPC that is there, used in place of one that is made; nothing of it is changed or taken away')
      .meta(isNetwork),
    publicSubnet: subnetId()
      .describe('Its subnet for the bastion, with a route to an internet gateway')
      .meta(isNetwork),
    privateSubnets: z
      .tuple([subnetId(), subnetId()], { error: 'the ids of two subnets, one in each zone' })
      .describe('Its subnets for the nodes, in the order of the zones, with a route to a NAT gateway')
      .meta(isNetwork),
  }),
]);

const access = z.strictObject({
  myIp: text(new RegExp(`^(auto|${addressOrBlock})$`), 'auto, an IPv4 address or an IPv4 block')
    .default('auto')
    .describe('Who may reach the bastion: auto (this machine, as the internet sees it), an address or a block')
    .meta(inPlace),
  extraCidrs: list(text(new RegExp(`^${addressOrBlock}$`), 'an IPv4 address or block such as 203.0.113.7'))
    .default([])
    .describe('Further addresses or blocks that may reach the bastion')
    .meta(inPlace),
});

const server = (type: string, role: string) =>
  z.strictObject({
    instanceType: instanceType().default(type).describe(`EC2 instance type of ${role}`).meta(inPlace),
    volumeGiB: whole(8, 16384).default(30).describe(`Size of the encrypted gp3 volume of ${role}, in GiB`).meta(larger),
  });

const database = z.strictObject({
  engineVersion: text(
    /^8\.0\.mysql_aurora\.3\.\d{2}\.\d+$/,
    'an Aurora MySQL 3 version such as 8.0.mysql_aurora.3.10.4',
  )
    .default('8.0.mysql_aurora.3.10.4')
    .describe('Aurora MySQL version; version 2 left standard support on 2024-10-31')
    .meta(later),
  instanceClass: text(/^db\.[a-z0-9-]+\.[a-z0-9-]+$/, 'an Aurora instance class such as db.t4g.medium')
    .default('db.t4g.medium')
    .describe('Instance class of the one Aurora instance')
    .meta(inPlace),
  username: text(/^[A-Za-z][A-Za-z0-9_]{0,31}$/, 'up to 32 letters, digits and underscores that start with a letter')
    .default('admin')
    .describe('Master user of the database; its password is generated')
    .meta(holdsData),
});

const cacheName = 'up to 40 letters, digits and single hyphens that start with a letter and do not end with a hyphen';
const cache = z.strictObject({
  engine: oneOf('valkey', 'redis')
    .default('valkey')
    .describe('Engine of the Celery broker; Valkey costs 20 % less')
    .meta(holdsData),
  engineVersion: text(/^\d+\.\d+$/, 'an engine version such as 8.0')
    .default('8.0')
    .describe('Engine version; 7.1 unless given when the engine is redis, whose line ends there')
    .meta(later),
  nodeType: text(/^cache\.[a-z0-9-]+\.[a-z0-9-]+$/, 'an ElastiCache node type such as cache.t4g.small')
    .default('cache.t4g.small')
    .describe('Node type of the one cache node')
    .meta(inPlace),
  userId: text(/^[a-z](-?[a-z0-9])*$/, `a user id: ${cacheName}, in lower case`)
    .max(40, { error: `a user id: ${cacheName}, in lower case` })
    .default('redisairflowid')
    .describe('Id of the cache user; prefixed with the name unless that is pms')
    .meta(isAnother),
  userName: text(/^[A-Za-z](-?[A-Za-z0-9])*$/, `a user name: ${cacheName}`)
    .max(40, { error: `a user name: ${cacheName}` })
    .default('redisairflow')
    .describe('Name the nodes log in to the cache with; the password is generated')
    .meta(isAnother),
});

const account = (username: string, email: string, role: string) =>
  z.strictObject({
    username: airflowUsername()
      .default(username)
      .describe(`Log-in name of the ${role}; the password is generated`)
      .meta(inPlace),
    email: emailAddress().default(email).describe(`E-mail address of the ${role}`).meta(inPlace),
  });

const gitReference = 'the name of a branch, a tag or a commit';
const dags = z.strictObject({
  source: oneOf('efs', 'git')
    .default('efs')
    .describe('Where DAGs come from: the shared folder alone (efs), or a Git repository beside it (git)')
    .meta(inPlace),
  repository: text(
    /^(https:\/\/[^\s@]+|git@[A-Za-z0-9.-]+:[^\s@]+)$/,
    'a repository such as https://github.com/you/dags.git or git@github.com:you/dags.git, without a password',
  )
    .optional()
    .describe('The Git repository, for source git')
    .meta(inPlace),
  branch: text(/^(?![-/])[A-Za-z0-9._/-]+$/, gitReference)
    .default('main')
    .describe('Branch, tag or commit of it')
    .meta(inPlace),
  subdirectory: text(/^(?!\/)(?!.*\.\.)[A-Za-z0-9._/ -]+$/, 'a folder inside the repository, as dags')
    .optional()
    .describe('Folder inside the repository that holds the DAGs')
    .meta(inPlace),
  credentialsParameter: text(/^\/[A-Za-z0-9_./-]+$/, 'the name of a parameter, as /airflow-aws/pms/git')
    .optional()
    .describe('SSM parameter of yours with the token (https) or the private key (ssh) of a private repository')
    .meta(inPlace),
});

const comparison = '(===?|[<>~!]=|[<>])[A-Za-z0-9.*+!-]+';
const requirement = `[A-Za-z0-9][A-Za-z0-9._-]*(\\[[A-Za-z0-9,._-]+\\])?(${comparison}(,${comparison})*)?`;
const airflow = z.strictObject({
  version: text(/^3\.\d+\.\d+$/, 'a release of Airflow 3 such as 3.3.2')
    .default('3.3.2')
    .describe('Release of Apache Airflow 3')
    .meta(later),
  pythonVersion: oneOf('3.11', '3.12', '3.13', '3.14')
    .default('3.12')
    .describe('Python on the nodes; 3.13 unless given when the os is debian-13')
    .meta(inPlace),
  constraints: text(
    /^(default|none|https:\/\/[^\s@]+|(?![a-z+]+:\/\/)[^\0\r\n]+)$/,
    'default, none, an https URL or the path of a file',
  )
    .default('default')
    .describe("pip constraints: default (the release's own), none, an https URL or a file")
    .meta(inPlace),
  extraRequirements: list(text(new RegExp(`^${requirement}$`), 'a requirement such as pandas==2.3.3'))
    .default([])
    .describe('Further Python packages on every node, each as name or name==version')
    .meta(inPlace),
  databaseDriver: oneOf('pymysql', 'mysqlclient')
    .default('pymysql')
    .describe('MySQL driver: pymysql needs no compiler; mysqlclient is compiled on the first node')
    .meta(inPlace),
  dags: dags.prefault({}),
  admin: account('admin', 'admin@example.com', 'user with the role Admin').prefault({}),
  user: account('user', 'user@example.com', 'user with the role User').prefault({}),
});

const tls = z.strictObject({
  mode: oneOf('self-signed', 'certificate', 'off')
    .default('self-signed')
    .describe("How the bastion's port 443 is served")
    .meta(inPlace),
  certificateFile: filePath()
    .optional()
    .describe('PEM file with the certificate chain, for mode certificate')
    .meta(inPlace),
  privateKeyFile: filePath().optional().describe('PEM file with its private key, for mode certificate').meta(inPlace),
});

const storage = z.strictObject({
  bucketName: text(/^[a-z0-9](-?[a-z0-9])*$/, 'a bucket name of lower-case letters, digits and single hyphens')
    .min(3, { error: 'a bucket name of at least 3 characters' })
    .max(63, { error: 'a bucket name of at most 63 characters' })
    .optional()
    .describe('Name of the bucket; made from name, place, account and region unless given')
    .meta(holdsData),
});

const boundary = 'the ARN of a managed policy, as arn:aws:iam::123456789012:policy/boundary';
const iam = z.strictObject({
  permissionsBoundary: text(/^arn:aws(-cn|-us-gov)?:iam::(\d{12}|aws):policy\/[\w+=,.@/-]{1,512}$/, boundary)
    .optional()
    .describe('ARN of the permissions boundary that every role gets; none unless given')
    .meta(inPlace),
  rolePath: text(/^\/([\w+=,.@-]+\/)*$/, 'a path that begins and ends with a slash, as /teams/data/')
    .max(512, { error: 'a path of at most 512 characters' })
    .default('/')
    .describe('Path of the role and of its instance profile')
    .meta(isAnother),
});

/** Version 1 of `airflow-aws.yaml`. Rules that span several settings are in `rules.ts`. */
export const schema = z.strictObject({
  version: z.literal(1).default(1).describe('Version of this file'),
  name: text(/^[a-z](-?[a-z0-9])*$/, 'lower-case letters, digits and single hyphens, starting with a letter')
    .max(20, { error: 'at most 20 characters, so that the names made from it stay within the limits of AWS' })
    .default('pms')
    .describe('Name of the deployment, in front of every name in the account')
    .meta(isAnother),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as us-west-2')
    .default('us-west-2')
    .describe('AWS region')
    .meta(isAnother),
  zones: z
    .tuple([zoneLetter(), zoneLetter()], { error: 'two zone letters such as a,c' })
    .default(['a', 'c'])
    .describe('Letters of the two availability zones')
    .meta(isNetwork),
  os: oneOf('amazon-linux-2023', 'debian-13')
    .default('amazon-linux-2023')
    .describe('Operating system of the servers')
    .meta(holdsData),
  vpc: vpc.default('create'),
  network: network.prefault({}),
  access: access.prefault({}),
  bastion: server('t3.micro', 'the bastion').prefault({}),
  nodes: server('t3.large', 'the two Airflow nodes').prefault({}),
  database: database.prefault({}),
  cache: cache.prefault({}),
  airflow: airflow.prefault({}),
  storage: storage.prefault({}),
  iam: iam.prefault({}),
  tls: tls.prefault({}),
  tags: z
    .record(z.string(), z.string({ error: 'text' }), { error: 'key=value pairs' })
    .default({})
    .describe('Your own tags, put on everything that can carry one')
    .meta(inPlace),
  restoreFrom: text(
    /^(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:)?(rds:)?[A-Za-z](-?[A-Za-z0-9])*$/,
    'the name or ARN of a DB cluster snapshot',
  )
    .max(400, { error: 'the name or ARN of a DB cluster snapshot' })
    .optional()
    .describe('DB cluster snapshot that a new database is made from, as destroy --keep-data takes one')
    .meta(holdsData),
  state: text(
    /^(local|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9!_.*'()-]+)*\/?)$/,
    'local, or a place in S3 such as s3://bucket/prefix',
  )
    .default('local')
    .describe('Where the state is kept: local (in .airflow-aws/), or s3://bucket/prefix for a team')
    .meta(byMigration),
  protect: z
    .boolean({ error: 'true or false' })
    .default(false)
    .describe('Refuse to destroy until this is false again')
    .meta(inPlace),
});

function zoneLetter() {
  return text(/^[a-z]$/, 'one lower-case zone letter such as a');
}

/** All settings with their values. */
export type Config = z.output<typeof schema>;
