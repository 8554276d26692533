import { DescribeInstanceTypeOfferingsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeOrderableDBInstanceOptionsCommand, RDSClient } from '@aws-sdk/client-rds';
import { DecodeAuthorizationMessageCommand, STSClient } from '@aws-sdk/client-sts';
import { isAws } from './aws-errors.ts';
import type { Config } from './config/schema.ts';
import type { Failed } from './engine/step-lines.ts';
import { classOf, encodedIn, type Learned } from './explain.ts';
import { quota as quotaValue } from './preflight.ts';
import { connect } from './session.ts';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** Whom to ask, and what was asked for. */
export interface Inquirer {
  readonly world: World;
  readonly traffic: Traffic;
  readonly config: Config;
}

/**
 * Asks AWS about a failure: what may not be done, where else the class is sold, how large the quota is. A question that
 * AWS does not answer leaves the failure as it is.
 */
export async function inquire(inquirer: Inquirer, { key, error }: Failed): Promise<Learned> {
  try {
    const kind = classOf(error);
    if (kind === 'identity') return await permission(inquirer, error);
    if (kind === 'capacity') return await capacity(inquirer, key);
    if (kind === 'quota') return await quota(inquirer, error);
  } catch {
    // The failure itself is what a person needs to hear of.
  }
  return {};
}

async function permission({ world, traffic }: Inquirer, error: unknown): Promise<Learned> {
  const EncodedMessage = encodedIn((error as Error).message);
  if (EncodedMessage === undefined) return {};
  const sts = connect(world, traffic, new STSClient(world.clientConfig), { askAgain: false });
  const { DecodedMessage = '{}' } = await sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage }));
  const { explicitDeny, context } = JSON.parse(DecodedMessage) as {
    explicitDeny?: boolean;
    context?: { action?: string; resource?: string; principal?: { arn?: string } };
  };
  if (context?.action === undefined) return {};
  const { action, resource = '*', principal } = context;
  const how = explicitDeny ? 'A policy denies it by name' : 'No policy allows it';
  return {
    action,
    why: `${how}, to ${principal?.arn ?? 'these credentials'} on ${resource}.`,
    ...(explicitDeny ? { fix: `Take ${action} out of the policy that denies it.` } : {}),
  };
}

const setting = {
  bastion: 'bastion.instanceType',
  nodeA: 'nodes.instanceType',
  nodeC: 'nodes.instanceType',
} as const;

function capacity(inquirer: Inquirer, key: string): Promise<Learned> {
  if (key === 'bastion') return instanceCapacity(inquirer, setting[key], inquirer.config.bastion.instanceType, 0);
  if (key === 'nodeA') return instanceCapacity(inquirer, setting[key], inquirer.config.nodes.instanceType, 0);
  if (key === 'nodeC') return instanceCapacity(inquirer, setting[key], inquirer.config.nodes.instanceType, 1);
  if (key === 'dbInstance') return databaseCapacity(inquirer);
  return Promise.resolve({});
}

/** Families whose instances of one size have the same processor architecture, and about the same power. */
const families = [
  ['t3', 't3a', 't2', 'm5', 'm6i', 'm6a', 'm7i'],
  ['t4g', 'm6g', 'm7g', 'c7g'],
];

async function instanceCapacity(
  { world, traffic, config }: Inquirer,
  name: string,
  type: string,
  zoneIndex: 0 | 1,
): Promise<Learned> {
  const { region } = world.clientConfig;
  const ec2 = connect(world, traffic, new EC2Client(world.clientConfig), { askAgain: false });
  const [family = '', size = ''] = type.split('.');
  const like = families.find((one) => one.includes(family)) ?? [family];
  const { InstanceTypeOfferings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: [type, ...like.map((one) => `${one}.${size}`)] }],
    }),
  );
  const zone = `${region}${config.zones[zoneIndex]}`;
  const zones = InstanceTypeOfferings.filter(({ InstanceType }) => InstanceType === type)
    .map(({ Location = '' }) => Location)
    .filter((one) => one !== zone);
  const types = InstanceTypeOfferings.filter(
    ({ Location, InstanceType }) => Location === zone && InstanceType !== type,
  );
  return wouldDo({
    what: `${type} in ${zone}`,
    zones: zones.map((one) => one.slice(region.length)),
    classes: types.map(({ InstanceType = '' }) => String(InstanceType)),
    name,
  });
}

async function databaseCapacity({ world, traffic, config }: Inquirer): Promise<Learned> {
  const { region } = world.clientConfig;
  const { instanceClass, engineVersion } = config.database;
  const rds = connect(world, traffic, new RDSClient(world.clientConfig), { askAgain: false });
  const { OrderableDBInstanceOptions = [] } = await rds.send(
    new DescribeOrderableDBInstanceOptionsCommand({ Engine: 'aurora-mysql', EngineVersion: engineVersion }),
  );
  const zone = `${region}${config.zones[0]}`;
  const offers = OrderableDBInstanceOptions.map(({ DBInstanceClass = '', AvailabilityZones = [] }) => ({
    class: DBInstanceClass,
    zones: AvailabilityZones.map(({ Name = '' }) => Name),
  }));
  const size = instanceClass.split('.')[2];
  return wouldDo({
    what: `${instanceClass} in ${zone}`,
    zones: offers
      .filter((one) => one.class === instanceClass)
      .flatMap((one) => one.zones)
      .filter((one) => one !== zone)
      .map((one) => one.slice(region.length)),
    classes: offers
      .filter((one) => one.class !== instanceClass && one.class.endsWith(`.${size}`) && one.zones.includes(zone))
      .map((one) => one.class),
    name: 'database.instanceClass',
  });
}

/** A class can be changed at any time; zones only before there are subnets, so they come second. */
function wouldDo({ what, zones, classes, name }: { what: string; zones: string[]; classes: string[]; name: string }) {
  const unique = (list: string[]) => [...new Set(list)].sort().join(', ');
  if (zones.length + classes.length === 0) return {};
  const sold = zones.length === 0 ? '' : ` The zones ${unique(zones)} sell that class too.`;
  const set = classes.length === 0 ? '' : `Set ${name} to one of ${unique(classes)}, or wait a few minutes.`;
  const move = `Wait a few minutes, or build in other zones: zones in airflow-aws.yaml, two of ${unique(zones)}.`;
  return { why: `It was asked for ${what}.${sold}`, fix: set === '' ? move : set };
}

interface Quota {
  service: string;
  code: string;
  /** How many more this deployment needs at most. */
  needs: number;
  what: string;
}

/** Codes and names as Service Quotas lists them. */
const quotas: Record<string, Quota> = {
  VpcLimitExceeded: { service: 'vpc', code: 'L-F678F1CE', needs: 1, what: 'VPCs' },
  InternetGatewayLimitExceeded: { service: 'vpc', code: 'L-A4707A72', needs: 1, what: 'internet gateways' },
  SubnetLimitExceeded: { service: 'vpc', code: 'L-407747CB', needs: 3, what: 'subnets of a VPC' },
  NatGatewayLimitExceeded: { service: 'vpc', code: 'L-FE5A380F', needs: 1, what: 'NAT gateways of a zone' },
  SecurityGroupLimitExceeded: { service: 'vpc', code: 'L-E79EC296', needs: 3, what: 'security groups' },
  RulesPerSecurityGroupLimitExceeded: { service: 'vpc', code: 'L-0EA8095F', needs: 1, what: 'rules of a group' },
  RouteTableLimitExceeded: { service: 'vpc', code: 'L-589F43AA', needs: 1, what: 'route tables of a VPC' },
  AddressLimitExceeded: { service: 'ec2', code: 'L-0263D0A3', needs: 1, what: 'Elastic IP addresses' },
  VcpuLimitExceeded: { service: 'ec2', code: 'L-1216C47A', needs: 6, what: 'vCPUs of running standard instances' },
  TooManyLoadBalancers: { service: 'elasticloadbalancing', code: 'L-53DA6B97', needs: 1, what: 'load balancers' },
  TooManyTargetGroups: { service: 'elasticloadbalancing', code: 'L-B22855CB', needs: 1, what: 'target groups' },
  DBSubnetGroupQuotaExceeded: { service: 'rds', code: 'L-48C6BF61', needs: 1, what: 'database subnet groups' },
  TooManyBuckets: { service: 's3', code: 'L-DC2B2D3D', needs: 1, what: 'buckets of the account' },
  DBClusterQuotaExceededFault: { service: 'rds', code: 'L-952B80B8', needs: 1, what: 'database clusters' },
  InstanceQuotaExceeded: { service: 'rds', code: 'L-7B6409FD', needs: 1, what: 'database instances' },
  NodeQuotaForCustomerExceeded: { service: 'elasticache', code: 'L-DFE45DF3', needs: 1, what: 'cache nodes' },
  FileSystemLimitExceeded: { service: 'elasticfilesystem', code: 'L-848C634D', needs: 1, what: 'file systems' },
};

async function quota({ world, traffic }: Inquirer, error: unknown): Promise<Learned> {
  const known = Object.entries(quotas).find(([code]) => isAws(error, code))?.[1];
  if (!known) return {};
  const { service: ServiceCode, code: QuotaCode, needs, what } = known;
  const value = await quotaValue({ world, traffic }, ServiceCode, QuotaCode);
  const wanted = value + needs;
  return {
    why: `The quota for ${what} (${QuotaCode}) is ${value}; up to ${needs} more ${needs === 1 ? 'is' : 'are'} needed.`,
    fix: `Ask for ${wanted}: aws service-quotas request-service-quota-increase --service-code ${ServiceCode} --quota-code ${QuotaCode} --desired-value ${wanted}. Or remove what is not needed.`,
  };
}
