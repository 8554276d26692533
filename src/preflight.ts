import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { DescribeCacheEngineVersionsCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { DescribeDBClusterSnapshotsCommand, DescribeOrderableDBInstanceOptionsCommand } from '@aws-sdk/client-rds';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { awsCode, forbiddenAction, isAws, unlessGone } from './aws-errors.ts';
import type { Deployment } from './commands/deployment.ts';
import { exitCodes, userError } from './errors.ts';
import { allow } from './explain.ts';
import { certificateProblems } from './preflight-certificate.ts';
import { securityGroupsOf, usedNetworkProblems } from './preflight-network.ts';
import { connect } from './session.ts';

/** What stands in the way, and what to do about it: whole sentences. */
export interface Problem {
  what: string;
  fix: string;
}

type Check = (deployment: Deployment) => Promise<Problem[]>;

/** One thing that was looked at. */
export interface Inspection {
  readonly name: string;
  readonly problems: readonly Problem[];
  /** Why it could not be looked at (an emulator, a missing permission). */
  readonly unknown?: string;
  /** The IAM action that is missing for it. */
  readonly forbidden?: string;
}

/**
 * Everything that can be known before the first creating call: all problems in one list, exit 5. `create` are the
 * resource keys that are about to be made. What cannot be looked up is a note; what these credentials may not look at is
 * exit 4, since whoever lacks one permission rarely lacks it alone.
 */
export async function preflight(deployment: Deployment, create: readonly string[]): Promise<void> {
  const { io, place, callerArn, world } = deployment;
  if (!io.json)
    io.note(
      `Account ${place.accountId} as ${callerArn}, region ${place.region}${world.kind === 'aws' ? '' : ` (${world.kind})`}.`,
    );
  const inspections = await inspect(deployment, create);
  refuseForbidden(inspections);
  for (const { name, unknown } of inspections)
    if (unknown !== undefined) io.note(`Note: ${name} could not be checked (${unknown}).`);
  const problems = inspections.flatMap((one) => one.problems);
  if (problems.length === 0) return;
  const lost = problems.find((one) => one.what.includes('state file does not know'));
  throw userError({
    code: lost ? 'state-lost' : 'preflight',
    exitCode: lost ? exitCodes.usage : exitCodes.preflight,
    what: `${problems.length === 1 ? 'Something stands' : `${problems.length} things stand`} in the way; nothing was created.`,
    why: problems.map(({ what }) => what).join('\n'),
    fix: problems.map(({ fix }) => fix).join('\n'),
  });
}

function refuseForbidden(inspections: readonly Inspection[]) {
  const missing = inspections.filter(({ forbidden }) => forbidden !== undefined);
  if (missing.length === 0) return;
  throw userError({
    code: 'preflight-forbidden',
    exitCode: exitCodes.credentials,
    what: 'These credentials may not look at all that "up" depends on; nothing was created.',
    why: missing.map(({ name, forbidden }) => `${forbidden} is missing to check ${name}.`).join('\n'),
    fix: allow(...new Set(missing.map(({ forbidden }) => forbidden!))),
    awsCode: missing[0]?.unknown,
  });
}

/** Looks at what the resources `about` depend on, of which those in `create` are yet to be made. */
export async function inspect(
  deployment: Deployment,
  create: readonly string[],
  about: readonly string[] = create,
): Promise<Inspection[]> {
  const concerns = (...keys: string[]) => keys.some((key) => about.includes(key));
  const checks: [name: string, Check][] = [];
  if (deployment.state === undefined) checks.push(['the deployment’s name', lostState]);
  if (deployment.config.vpc !== 'create') checks.push(['the VPC that is used', usedNetwork(create)]);
  if (concerns('privateSubnetA', 'bastion', 'nodeA', 'nodeC')) checks.push(['zones and instance types', zonesAndTypes]);
  if (create.includes('dbCluster') && deployment.config.restoreFrom !== undefined)
    checks.push(['the snapshot to restore', snapshotToRestore(create)]);
  if (concerns('bastionServer') && deployment.config.tls.mode === 'certificate')
    checks.push(['the certificate', ownCertificate]);
  if (concerns('nodeAServices') && deployment.config.airflow.dags.credentialsParameter !== undefined)
    checks.push(['the credentials of the DAG repository', dagCredentials]);
  if (concerns('dbInstance')) checks.push(['the database class', databaseClass]);
  if (concerns('replicationGroup')) checks.push(['the cache engine', cacheEngine]);
  if (concerns('bastion', 'nodeA', 'nodeC')) checks.push(['the vCPU quota', vcpuQuota(create)]);
  if (concerns('elasticIp')) checks.push(['the address quota', addressQuota(create)]);
  if (concerns('vpc') && deployment.config.vpc === 'create') checks.push(['the VPC quota', vpcQuota(create)]);
  return Promise.all(
    checks.map(async ([name, check]) => {
      try {
        return { name, problems: await check(deployment) };
      } catch (error) {
        const forbidden = forbiddenAction(error);
        return { name, problems: [], unknown: describe(error), ...(forbidden === undefined ? {} : { forbidden }) };
      }
    }),
  );
}

/** The files are read again when they go to the bastion, long after this. */
const ownCertificate: Check = async ({ config }) => {
  const { certificateFile = '', privateKeyFile = '' } = config.tls;
  return certificateProblems({ certificateFile, privateKeyFile });
};

/** An emulator answers what it does not know with HTML or with nothing; the status says more than the parser's error. */
function describe(error: unknown): string {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  return status === undefined ? awsCode(error) : `${awsCode(error)}, HTTP ${status}`;
}

/** Building a second time what a lost state file belonged to would collide by name half-way. */
const lostState: Check = async ({ clients, config }) => {
  const Filters = [{ Name: 'tag:airflow-aws:name', Values: [config.name] }];
  const { Vpcs = [] } = await clients.ec2.send(new DescribeVpcsCommand({ Filters }));
  const ids =
    config.vpc === 'create'
      ? Vpcs.map(({ VpcId = '' }) => VpcId)
      : (await securityGroupsOf(clients.ec2, config.name)).slice(0, 1);
  return ids.map((id) => ({
    what: `There is a deployment "${config.name}" in this account and region (${id}) that the state file does not know.`,
    fix: 'Run "airflow-aws state rebuild" to make the state again, then "airflow-aws up --resume"; or choose another name.',
  }));
};

/** Ten minutes later the nodes would look for it in vain. */
const dagCredentials: Check = async ({ clients, config, place }) => {
  const { credentialsParameter: Name } = config.airflow.dags;
  try {
    await clients.ssm.send(new GetParameterCommand({ Name }));
    return [];
  } catch (error) {
    if (!isAws(error, 'ParameterNotFound')) throw error;
    return [
      {
        what: `Parameter Store has no ${Name}, which airflow.dags.credentialsParameter names.`,
        fix: `Put the token or the private key there: aws ssm put-parameter --region ${place.region} --type SecureString --name ${Name} --value file://FILE`,
      },
    ];
  }
};

const usedNetwork =
  (create: readonly string[]): Check =>
  async ({ clients, config, place, world }) => {
    if (config.vpc === 'create') return [];
    const zones = config.zones.map((letter) => `${place.region}${letter}`);
    // Of what takes addresses, the nodes are made last, so as long as one is to be made the others may be, too.
    const toBuild = create.includes('nodeA') || create.includes('nodeC');
    return usedNetworkProblems(clients.ec2, config.vpc, { zones, toBuild, simulated: world.kind === 'simulated' });
  };

const snapshotToRestore =
  (create: readonly string[]): Check =>
  async ({ io, clients, config }) => {
    const { restoreFrom } = config;
    const asked = new DescribeDBClusterSnapshotsCommand({
      DBClusterSnapshotIdentifier: restoreFrom,
      // By its ARN it may be another account's.
      ...(restoreFrom?.startsWith('arn:') ? { IncludeShared: true } : {}),
    });
    const found = (await clients.rds.send(asked).catch(unlessGone))?.DBClusterSnapshots?.[0];
    if (!found)
      return [
        {
          what: `There is no DB cluster snapshot ${restoreFrom} in this account and region.`,
          fix: 'Give --restore-from one of those that "aws rds describe-db-cluster-snapshots" lists.',
        },
      ];
    const problems: Problem[] = [];
    if (found.Status !== 'available')
      problems.push({ what: `The snapshot ${restoreFrom} is ${found.Status}.`, fix: 'Wait until it is available.' });
    if (found.Engine !== 'aurora-mysql')
      problems.push({
        what: `The snapshot ${restoreFrom} is of ${found.Engine}.`,
        fix: 'Give --restore-from a snapshot of an Aurora MySQL cluster.',
      });
    if (found.MasterUsername !== config.database.username)
      problems.push({
        what: `The master user of the snapshot ${restoreFrom} is ${found.MasterUsername}, and cannot be another.`,
        fix: `Set database.username to ${found.MasterUsername}.`,
      });
    if (create.includes('airflowSecrets'))
      io.note(
        'Note: the Fernet key that the snapshot was written with is not kept here. Connections and variables in it cannot be read and must be entered again; its users keep their old passwords.',
      );
    return problems;
  };

const zonesAndTypes: Check = async ({ clients, config, place, world }) => {
  const wanted = config.zones.map((letter) => `${place.region}${letter}`);
  const places: [type: string, zone: string, setting: string][] = [
    [config.bastion.instanceType, wanted[0]!, 'bastion.instanceType'],
    ...wanted.map((zone): [string, string, string] => [config.nodes.instanceType, zone, 'nodes.instanceType']),
  ];
  const types = [...new Set(places.map(([type]) => type))];
  const [{ AvailabilityZones = [] }, { InstanceTypeOfferings = [] }] = await Promise.all([
    clients.ec2.send(new DescribeAvailabilityZonesCommand({ Filters: [{ Name: 'state', Values: ['available'] }] })),
    clients.ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'instance-type', Values: types }],
      }),
    ),
  ]);
  const zones = AvailabilityZones.map(({ ZoneName = '' }) => ZoneName);
  const missing = wanted.filter((zone) => !zones.includes(zone));
  if (missing.length > 0)
    return missing.map((zone) => ({
      what: `There is no zone ${zone} for this account.`,
      fix: `Set zones in airflow-aws.yaml to two of: ${zones.map((name) => name.slice(place.region.length)).join(', ')}.`,
    }));
  // An emulator without the table answers with an empty list, which says nothing of AWS.
  if (InstanceTypeOfferings.length === 0 && world.kind === 'emulator') return [];
  const sold = (type: string) =>
    InstanceTypeOfferings.filter(({ InstanceType }) => InstanceType === type).map(({ Location = '' }) => Location);
  return places
    .filter(([type, zone]) => !sold(type).includes(zone))
    .map(([type, zone, setting]) => ({
      what: `AWS does not sell ${type} in ${zone}.`,
      fix:
        sold(type).length === 0
          ? `Set ${setting} to a class of this region.`
          : `Set ${setting} to another class, or zones to two of: ${sold(type)
              .map((name) => name.slice(place.region.length))
              .sort()
              .join(', ')}.`,
    }));
};

const databaseClass: Check = async ({ clients, config, place, world }) => {
  const { engineVersion, instanceClass } = config.database;
  const { OrderableDBInstanceOptions = [] } = await clients.rds.send(
    new DescribeOrderableDBInstanceOptionsCommand({
      Engine: 'aurora-mysql',
      EngineVersion: engineVersion,
      DBInstanceClass: instanceClass,
    }),
  );
  const zone = `${place.region}${config.zones[0]}`;
  const zones = OrderableDBInstanceOptions.flatMap(({ AvailabilityZones = [] }) =>
    AvailabilityZones.map(({ Name }) => Name),
  );
  if (zones.includes(zone)) return [];
  // An emulator without the table answers with an empty list, which says nothing of AWS.
  if (OrderableDBInstanceOptions.length === 0 && world.kind === 'emulator') return [];
  return [
    {
      what: `AWS does not sell ${instanceClass} with Aurora MySQL ${engineVersion} in ${zone}.`,
      fix: 'Set database.instanceClass or database.engineVersion to one that "aws rds describe-orderable-db-instance-options --engine aurora-mysql" lists.',
    },
  ];
};

const cacheEngine: Check = async ({ config, world, traffic }) => {
  const { engine, engineVersion } = config.cache;
  const client = connect(world, traffic, new ElastiCacheClient(world.clientConfig), { askAgain: false });
  const { CacheEngineVersions = [] } = await client.send(new DescribeCacheEngineVersionsCommand({ Engine: engine }));
  const versions = CacheEngineVersions.map(({ EngineVersion = '' }) => EngineVersion);
  if (
    versions.length === 0 ||
    versions.some((version) => version === engineVersion || version.startsWith(`${engineVersion}.`))
  )
    return [];
  return [
    {
      what: `ElastiCache does not offer ${engine} ${engineVersion}.`,
      fix: `Set cache.engineVersion to one of: ${versions.join(', ')}.`,
    },
  ];
};

const vcpuQuota =
  (create: readonly string[]): Check =>
  async (deployment) => {
    const { clients, config } = deployment;
    const types = [
      ...(create.includes('bastion') ? [config.bastion.instanceType] : []),
      ...['nodeA', 'nodeC'].filter((key) => create.includes(key)).map(() => config.nodes.instanceType),
    ];
    const alive = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
    const [limit, { Reservations = [] }] = await Promise.all([
      quota(deployment, 'ec2', 'L-1216C47A'),
      clients.ec2.send(new DescribeInstancesCommand({ Filters: alive })),
    ]);
    const running = Reservations.flatMap(({ Instances = [] }) => Instances);
    const named = [...new Set([...types, ...running.map(({ InstanceType = '' }) => InstanceType as string)])];
    const { InstanceTypes = [] } = await clients.ec2.send(
      new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: named }] }),
    );
    const vcpus = (type: string) =>
      InstanceTypes.find(({ InstanceType }) => InstanceType === type)?.VCpuInfo?.DefaultVCpus ?? 2;
    const needed = types.reduce((sum, type) => sum + vcpus(type), 0);
    // The quota counts the standard families only; others have quotas of their own.
    const used = running
      .filter(({ InstanceType = '' }) => /^[acdhimrtz]\d/.test(InstanceType))
      .reduce((sum, { InstanceType = '' }) => sum + vcpus(InstanceType), 0);
    return tooSmall('vCPUs of running standard instances', 'L-1216C47A', limit, used, needed);
  };

const addressQuota =
  (create: readonly string[]): Check =>
  async (deployment) => {
    const [limit, { Addresses = [] }] = await Promise.all([
      quota(deployment, 'ec2', 'L-0263D0A3'),
      deployment.clients.ec2.send(new DescribeAddressesCommand({})),
    ]);
    return tooSmall(
      'Elastic IP addresses',
      'L-0263D0A3',
      limit,
      Addresses.length,
      create.includes('elasticIp') ? 1 : 0,
    );
  };

const vpcQuota =
  (create: readonly string[]): Check =>
  async (deployment) => {
    const [limit, { Vpcs = [] }] = await Promise.all([
      quota(deployment, 'vpc', 'L-F678F1CE'),
      deployment.clients.ec2.send(new DescribeVpcsCommand({})),
    ]);
    return tooSmall('VPCs', 'L-F678F1CE', limit, Vpcs.length, create.includes('vpc') ? 1 : 0);
  };

function tooSmall(what: string, code: string, limit: number, used: number, needed: number): Problem[] {
  if (used + needed <= limit) return [];
  return [
    {
      what: `The quota for ${what} (${code}) is ${limit}; ${used} are in use and ${needed} more are needed.`,
      fix: `Ask for ${used + needed} at Service Quotas: aws service-quotas request-service-quota-increase --service-code ${code === 'L-F678F1CE' ? 'vpc' : 'ec2'} --quota-code ${code} --desired-value ${used + needed}`,
    },
  ];
}

/** The account's own value, or the default of an account that never asked for more. */
export async function quota(
  { world, traffic }: Pick<Deployment, 'world' | 'traffic'>,
  ServiceCode: string,
  QuotaCode: string,
): Promise<number> {
  const client = connect(world, traffic, new ServiceQuotasClient(world.clientConfig), { askAgain: false });
  const answer = await client.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode })).catch((error) => {
    // An account that never asked for more has only the default.
    if (!isAws(error, 'NoSuchResourceException')) throw error;
    return client.send(new GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode }));
  });
  const value = answer.Quota?.Value;
  if (value === undefined) throw new Error(`no value for ${QuotaCode}`);
  return value;
}
