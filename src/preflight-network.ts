import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Route,
  type RouteTable,
  type RouteTableAssociation,
  type Subnet,
  type VpcAttributeName,
} from '@aws-sdk/client-ec2';
import type { Problem } from './preflight.ts';

/** A VPC that the settings name, with its subnets. */
export interface UsedNetwork {
  readonly use: string;
  readonly publicSubnet: string;
  readonly privateSubnets: readonly [string, string];
}

/** Addresses that the deployment takes at most in a subnet. A load balancer wants eight free ones, and can grow. */
const freeAddresses = { public: 1, private: 12 } as const;

/**
 * What must hold for a network that is used, since nothing of it is changed: where the subnets are, the ways out, DNS.
 * `zones` are whole names, in the order of the private subnets. Free addresses count only where something is `toBuild`.
 */
export async function usedNetworkProblems(
  ec2: EC2Client,
  vpc: UsedNetwork,
  { zones, toBuild, simulated }: { zones: readonly string[]; toBuild: boolean; simulated: boolean },
): Promise<Problem[]> {
  const inVpc = [{ Name: 'vpc-id', Values: [vpc.use] }];
  const ids = [vpc.publicSubnet, ...vpc.privateSubnets];
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: inVpc }));
  if (Vpcs.length === 0)
    return [
      {
        what: `There is no VPC ${vpc.use} in this account and region.`,
        fix: simulated
          ? 'A rehearsal has a simulated account of its own, without your VPC: rehearse in a folder whose settings have vpc: create.'
          : 'Correct vpc.use in airflow-aws.yaml, or the account or region that the credentials are for.',
      },
    ];
  const [{ Subnets = [] }, { RouteTables = [] }, dns] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: ids }] })),
    ec2.send(new DescribeRouteTablesCommand({ Filters: inVpc })),
    dnsProblems(ec2, vpc.use),
  ]);
  const problems = [...dns];
  for (const [index, id] of ids.entries()) {
    const subnet = Subnets.find(({ SubnetId }) => SubnetId === id);
    const setting = index === 0 ? 'vpc.publicSubnet' : 'vpc.privateSubnets';
    if (subnet?.VpcId !== vpc.use) {
      const where = subnet ? `in ${subnet.VpcId} and not in ${vpc.use}` : 'not in this account and region';
      problems.push({ what: `${id} (${setting}) is ${where}.`, fix: `Set ${setting} to subnets of ${vpc.use}.` });
      continue;
    }
    const side = index === 0 ? 'public' : 'private';
    problems.push(...wayOutProblems(subnet, defaultRoute(RouteTables, id), side));
    if (side === 'private') problems.push(...zoneProblems(subnet, zones[index - 1]!));
    const free = subnet.AvailableIpAddressCount ?? 0;
    if (toBuild && free < freeAddresses[side])
      problems.push({
        what: `${id} has ${free} free addresses; ${freeAddresses[side]} are needed.`,
        fix: `Set ${setting} to a larger subnet, or free addresses in this one.`,
      });
  }
  return problems;
}

const dnsAttributes = [
  ['enableDnsSupport', 'EnableDnsSupport', '--enable-dns-support'],
  ['enableDnsHostnames', 'EnableDnsHostnames', '--enable-dns-hostnames'],
] as const satisfies readonly (readonly [VpcAttributeName, string, string])[];

/** EFS, Aurora and the cache are reached by names. */
async function dnsProblems(ec2: EC2Client, VpcId: string): Promise<Problem[]> {
  const problems = await Promise.all(
    dnsAttributes.map(async ([Attribute, member, flag]) => {
      const answer = await ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute }));
      if (answer[member]?.Value) return [];
      return [
        {
          what: `${VpcId} has ${Attribute} off, and the file system and the database are reached by names.`,
          fix: `Switch it on, if its owner agrees: aws ec2 modify-vpc-attribute --vpc-id ${VpcId} ${flag}`,
        },
      ];
    }),
  );
  return problems.flat();
}

/** Of the table that the subnet is associated with, or of the VPC's main one. */
export function defaultRoute(tables: readonly RouteTable[], subnetId: string): Route | undefined {
  const tableOf = (wanted: (association: RouteTableAssociation) => boolean) =>
    tables.find(({ Associations = [] }) => Associations.some(wanted));
  const table = tableOf(({ SubnetId }) => SubnetId === subnetId) ?? tableOf(({ Main }) => Main === true);
  return table?.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0');
}

/** `public`: to an internet gateway; `private`: by NAT; undefined: nowhere that would do. */
export function leadsTo(route: Route | undefined): 'public' | 'private' | undefined {
  const target = targetOf(route) ?? '';
  if (route?.State === 'blackhole') return undefined;
  if (target.startsWith('igw-')) return 'public';
  // A transit gateway or an appliance with NAT does for the private side what a NAT gateway does.
  return /^(nat|tgw|eni|vpce)-/.test(target) ? 'private' : undefined;
}

function wayOutProblems({ SubnetId }: Subnet, route: Route | undefined, side: 'public' | 'private'): Problem[] {
  const target = targetOf(route);
  const wanted = side === 'public' ? 'an internet gateway' : 'a NAT gateway';
  const fix = `Give its route table a route from 0.0.0.0/0 to ${wanted}, or name another subnet.`;
  if (target === undefined)
    return [{ what: `${SubnetId} has no way out: no route for 0.0.0.0/0; it needs one to ${wanted}.`, fix }];
  if (route?.State === 'blackhole')
    return [{ what: `The way out of ${SubnetId} leads nowhere: ${target} is gone.`, fix }];
  if (leadsTo(route) === side) return [];
  const because =
    side === 'public' ? 'the bastion would not be reachable' : 'the nodes have no public address to go out with';
  return [{ what: `The way out of ${SubnetId} is ${target} and not ${wanted}: ${because}.`, fix }];
}

function targetOf(route: Route | undefined): string | undefined {
  return (
    route?.NatGatewayId ??
    route?.GatewayId ??
    route?.TransitGatewayId ??
    route?.NetworkInterfaceId ??
    route?.VpcPeeringConnectionId ??
    route?.EgressOnlyInternetGatewayId ??
    route?.LocalGatewayId
  );
}

function zoneProblems({ SubnetId, AvailabilityZone = '' }: Subnet, zone: string): Problem[] {
  if (AvailabilityZone === zone) return [];
  return [
    {
      what: `${SubnetId} is in ${AvailabilityZone}, and the settings want it in ${zone}.`,
      fix: 'Set zones in airflow-aws.yaml to the zones of vpc.privateSubnets, in their order.',
    },
  ];
}

/** A lost state is found by its VPC; one in a VPC that is used, by its security groups. */
export async function securityGroupsOf(ec2: EC2Client, name: string): Promise<string[]> {
  const Filters = [{ Name: 'tag:airflow-aws:name', Values: [name] }];
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  return SecurityGroups.map(({ GroupId = '' }) => GroupId);
}
