import { join } from 'node:path';
import {
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeRegionsCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  EC2Client,
  type RouteTable,
  type Tag,
} from '@aws-sdk/client-ec2';
import { DescribeOrderableDBInstanceOptionsCommand, RDSClient } from '@aws-sdk/client-rds';
import type { Config } from '../config.ts';
import { defaultRoute, leadsTo } from '../preflight-network.ts';
import { simulatedAccount } from '../simulator/index.ts';
import { airflowVersions, releasesIn } from '../wizard/airflow-versions.ts';
import type { FoundVpc } from '../wizard/networks.ts';
import type { Choices } from '../wizard.ts';
import type { CommandIo } from './command-io.ts';
import type { InitFlags } from './init.ts';
import { openWorld } from './worlds.ts';

/** Somebody without credentials or network waits this long before the question comes as free text. */
const patienceMilliseconds = 5000;

/** Clients of a region. */
export interface RegionClients {
  readonly ec2: EC2Client;
  readonly rds: RDSClient;
}

/** What the account offers, for the wizard. Asks and changes nothing. `home` is the region that is asked for regions. */
export function liveChoices(io: CommandIo, flags: InitFlags, home: string): Choices {
  const folder = join(io.directory, '.airflow-aws');
  const world = (region: string) => openWorld(io, { ...flags, simulate: false }, { region, folder, os: '' });
  return {
    ...choicesFrom((region) => (flags.simulate ? rehearsalClients(region) : realClients(world(region))), home),
    myIp: () => (flags.simulate ? Promise.reject(new Error('a rehearsal has no address')) : inTime(world(home).myIp())),
    versions: async () => (flags.refresh ? await releasesOnPyPi(io) : airflowVersions.releases),
  };
}

/** As `liveChoices`, of what the account alone knows, with the clients for each region. */
export function choicesFrom(clientsIn: (region: string) => RegionClients, home: string): Choices {
  return {
    async regions() {
      const { Regions = [] } = await clientsIn(home).ec2.send(new DescribeRegionsCommand({}), impatience());
      return Regions.flatMap(({ RegionName }) => RegionName ?? []);
    },
    async zones(config) {
      const { ec2, rds } = clientsIn(config.region);
      const Filters = [
        { Name: 'state', Values: ['available'] },
        { Name: 'zone-type', Values: ['availability-zone'] },
      ];
      const [{ AvailabilityZones = [] }, sellsServers, sellsDatabase] = await Promise.all([
        ec2.send(new DescribeAvailabilityZonesCommand({ Filters }), impatience()),
        serverZones(ec2, config),
        databaseZones(rds, config),
      ]);
      return AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? [])
        .filter((zone) => sellsServers(zone) && sellsDatabase(zone))
        .map((zone) => zone.slice(config.region.length));
    },
    networks: ({ region }) => networksOf(clientsIn(region).ec2, region),
  };
}

async function serverZones(ec2: EC2Client, { bastion, nodes }: Config): Promise<(zone: string) => boolean> {
  const types = [...new Set([bastion.instanceType, nodes.instanceType])];
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: types }],
    }),
    impatience(),
  );
  return (zone) =>
    types.every((type) =>
      InstanceTypeOfferings.some(({ InstanceType, Location }) => InstanceType === type && Location === zone),
    );
}

/** True for every zone where RDS does not answer: an emulator has no such table, and `up` asks again before it builds. */
async function databaseZones(rds: RDSClient, { database }: Config): Promise<(zone: string) => boolean> {
  const { engineVersion: EngineVersion, instanceClass: DBInstanceClass } = database;
  const question = { Engine: 'aurora-mysql', EngineVersion, DBInstanceClass };
  const answer = await rds
    .send(new DescribeOrderableDBInstanceOptionsCommand(question), impatience())
    .catch(() => undefined);
  const options = answer?.OrderableDBInstanceOptions ?? [];
  const zones = options.flatMap(({ AvailabilityZones = [] }) => AvailabilityZones.map(({ Name }) => Name));
  return (zone) => zones.length === 0 || zones.includes(zone);
}

async function networksOf(ec2: EC2Client, region: string): Promise<FoundVpc[]> {
  const [{ Vpcs = [] }, { Subnets = [] }, { RouteTables = [] }] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({}), impatience()),
    ec2.send(new DescribeSubnetsCommand({}), impatience()),
    ec2.send(new DescribeRouteTablesCommand({}), impatience()),
  ]);
  return Promise.all(
    Vpcs.map(async ({ VpcId = '', CidrBlock = '', CidrBlockAssociationSet = [], Tags = [] }) => ({
      vpcId: VpcId,
      name: nameIn(Tags),
      cidrs: [...new Set([CidrBlock, ...CidrBlockAssociationSet.map((one) => one.CidrBlock ?? '')])].filter(Boolean),
      dns: await hasDns(ec2, VpcId),
      subnets: Subnets.filter((subnet) => subnet.VpcId === VpcId).map((subnet) => ({
        subnetId: subnet.SubnetId ?? '',
        name: nameIn(subnet.Tags),
        cidr: subnet.CidrBlock ?? '',
        zone: (subnet.AvailabilityZone ?? '').slice(region.length),
        way: wayOut(RouteTables, VpcId, subnet.SubnetId ?? ''),
      })),
    })),
  );
}

function wayOut(tables: readonly RouteTable[], vpcId: string, subnetId: string) {
  const route = defaultRoute(
    tables.filter(({ VpcId }) => VpcId === vpcId),
    subnetId,
  );
  return leadsTo(route);
}

async function hasDns(ec2: EC2Client, VpcId: string): Promise<boolean> {
  const [support, names] = await Promise.all([
    ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' }), impatience()),
    ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' }), impatience()),
  ]);
  return support.EnableDnsSupport?.Value === true && names.EnableDnsHostnames?.Value === true;
}

function nameIn(tags: readonly Tag[] = []): string {
  return tags.find(({ Key }) => Key === 'Name')?.Value ?? '';
}

/** The package's own list where PyPI cannot be asked. */
async function releasesOnPyPi({ note }: CommandIo): Promise<readonly string[]> {
  try {
    const answer = await fetch('https://pypi.org/pypi/apache-airflow/json', { signal: impatience().abortSignal });
    const releases = releasesIn(await answer.json());
    if (releases.length > 0) return releases;
  } catch {
    // Told below: whoever asked for it wants to know.
  }
  note(`Note: PyPI could not be asked; these are the releases of ${airflowVersions.asOf}.`);
  return airflowVersions.releases;
}

function impatience() {
  return { abortSignal: AbortSignal.timeout(patienceMilliseconds) };
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), patienceMilliseconds);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function realClients(world: ReturnType<typeof openWorld>): RegionClients {
  const { clientConfig } = world;
  return { ec2: world.prepare(new EC2Client(clientConfig)), rds: world.prepare(new RDSClient(clientConfig)) };
}

/** In memory: the rehearsal's own account begins with `up`. */
function rehearsalClients(region: string): RegionClients {
  const account = simulatedAccount();
  const options = { region, credentials: { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' } };
  return { ec2: account.attach(new EC2Client(options)), rds: account.attach(new RDSClient(options)) };
}
