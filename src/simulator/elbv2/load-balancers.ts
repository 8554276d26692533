import type {
  CreateLoadBalancerCommandInput,
  CreateLoadBalancerCommandOutput,
  DeleteLoadBalancerCommandInput,
  DeleteLoadBalancerCommandOutput,
  DescribeLoadBalancersCommandInput,
  DescribeLoadBalancersCommandOutput,
  LoadBalancer,
  SetIpAddressTypeCommandInput,
  SetIpAddressTypeCommandOutput,
  SetSecurityGroupsCommandInput,
  SetSecurityGroupsCommandOutput,
  SetSubnetsCommandInput,
  SetSubnetsCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { touchServiceLinkedRole } from '../iam/service-linked-roles.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { removeListener } from './forwarding.ts';
import { elbPage } from './pages.ts';
import {
  checkArn,
  checkName,
  type LoadBalancerRow,
  listenerTable,
  loadBalancerTable,
  requireLoadBalancer,
} from './rows.ts';
import { tagsFrom } from './tags.ts';
import { enter, interfacesGone, leave, regroup, securityGroupsFor, subnetsFor } from './zones.ts';

/** Quota L-53DA6B97 for application load balancers; network load balancers have the same figure of their own. */
const loadBalancersPerRegion = 50;

/** Hosted zones of the load balancers' own names, from AWS's list of service endpoints. */
const hostedZones: Record<string, string> = {
  'us-east-1': 'Z35SXDOTRQ7X7K',
  'us-east-2': 'Z3AADJGX6KTTL2',
  'us-west-1': 'Z368ELLRRE2KJ0',
  'us-west-2': 'Z1H1FL5HABSF5',
  'ca-central-1': 'ZQSVJUPU6J1EY',
  'eu-central-1': 'Z215JYRZR1TBD5',
  'eu-north-1': 'Z23TAZ6LKFMNIO',
  'eu-west-1': 'Z32O12XQLNTSW2',
  'eu-west-2': 'ZHURV8PSTC4K8',
  'eu-west-3': 'Z3Q77PNBQS71R4',
  'ap-northeast-1': 'Z14GRHDCWA56QT',
  'ap-northeast-2': 'ZWKZPGTI48KDX',
  'ap-south-1': 'ZP97RAFLXTNZK',
  'ap-southeast-1': 'Z1LMS91P8CMLE5',
  'ap-southeast-2': 'Z1GM3OXH4ZPM65',
  'sa-east-1': 'Z2P70J7HTTTPLU',
};

function describe(scope: Scope, row: LoadBalancerRow): LoadBalancer {
  return {
    LoadBalancerArn: row.loadBalancerArn,
    LoadBalancerName: row.loadBalancerName,
    DNSName: row.dnsName,
    CanonicalHostedZoneId: hostedZones[scope.region],
    CreatedTime: new Date(row.createdTime),
    Scheme: row.scheme,
    Type: row.type,
    VpcId: row.vpcId,
    State: { Code: row.state, ...(row.stateReason === undefined ? {} : { Reason: row.stateReason }) },
    AvailabilityZones: zonesOf(row),
    ...(row.type === 'application' || row.securityGroups.length > 0 ? { SecurityGroups: row.securityGroups } : {}),
    IpAddressType: row.ipAddressType,
  };
}

function zonesOf({ zones }: LoadBalancerRow) {
  return zones.map(({ zoneName, subnetId }) => ({ ZoneName: zoneName, SubnetId: subnetId, LoadBalancerAddresses: [] }));
}

function sameSettings(
  row: LoadBalancerRow,
  other: Pick<LoadBalancerRow, 'type' | 'scheme' | 'securityGroups'>,
  subnetIds: string[],
) {
  const set = (values: string[]) => [...values].sort().join();
  return (
    row.type === other.type &&
    row.scheme === other.scheme &&
    set(row.securityGroups) === set(other.securityGroups) &&
    set(row.zones.map(({ subnetId }) => subnetId)) === set(subnetIds)
  );
}

function checkIpAddressType(IpAddressType: string | undefined, scheme: string) {
  if (IpAddressType === undefined || IpAddressType === 'ipv4') return;
  if (!['dualstack', 'dualstack-without-public-ipv4'].includes(IpAddressType))
    throw refusal('ValidationError', `IP address type '${IpAddressType}' is not valid`);
  if (scheme === 'internal')
    throw refusal('InvalidConfigurationRequest', 'Internal load balancers must use the ipv4 IP address type');
  // No subnet of the simulated account has an IPv6 block.
  throw refusal('InvalidConfigurationRequest', 'You must specify subnets with an associated IPv6 CIDR block.');
}

function kindOf(Type = 'application', Scheme = 'internet-facing'): Pick<LoadBalancerRow, 'type' | 'scheme'> {
  if (Type === 'gateway')
    throw refusal('UnknownParameter', "The simulated account does not know load balancers of the type 'gateway'");
  if (Type !== 'application' && Type !== 'network')
    throw refusal('ValidationError', `Load balancer type '${Type}' must be one of 'application, gateway, network'`);
  if (Scheme !== 'internal' && Scheme !== 'internet-facing')
    throw refusal('InvalidScheme', `The scheme '${Scheme}' must be one of 'internal, internet-facing'`);
  return { type: Type, scheme: Scheme };
}

function dnsName(scope: Scope, name: string, id: string, { type, scheme }: Pick<LoadBalancerRow, 'type' | 'scheme'>) {
  const prefix = scheme === 'internal' ? 'internal-' : '';
  const domain = scope.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  if (type === 'network') return `${name}-${id}.elb.${scope.region}.${domain}`;
  const number = 100_000_000 + Math.floor(scope.random() * 1_900_000_000);
  return `${prefix}${name}-${number}.${scope.region}.elb.${domain}`;
}

/** Those that are asked for; an empty list of ARNs or names asks for all. */
function select(scope: Scope, arns: string[] = [], names: string[] = []): LoadBalancerRow[] {
  const rows = loadBalancerTable(scope).list();
  if (arns.length > 0) return arns.map((arn) => requireLoadBalancer(scope, arn));
  if (names.length === 0) return rows;
  return names.map((name) => {
    const row = rows.find(({ loadBalancerName }) => loadBalancerName === name);
    if (!row) throw refusal('LoadBalancerNotFound', `Load balancers '[${name}]' not found`);
    return row;
  });
}

export const loadBalancers: Noun = {
  service: 'elbv2',
  operations: {
    CreateLoadBalancer: operation<CreateLoadBalancerCommandInput, CreateLoadBalancerCommandOutput>(
      ['Name', 'Subnets', 'SubnetMappings', 'SecurityGroups', 'Scheme', 'Tags', 'Type', 'IpAddressType'],
      (scope, { Name = '', Scheme, Type, SecurityGroups, IpAddressType, Tags, ...placement }) => {
        checkName('Load balancer', Name);
        const kind = kindOf(Type, Scheme);
        const tags = tagsFrom(Tags);
        checkIpAddressType(IpAddressType, kind.scheme);
        const rows = loadBalancerTable(scope).all();
        const existing = rows.find((row) => row.loadBalancerName === Name);
        const subnets = subnetsFor(
          scope,
          placement,
          kind,
          existing?.zones.map(({ subnetId }) => subnetId),
        );
        const vpcId = subnets[0]!.vpcId;
        const securityGroups = securityGroupsFor(scope, vpcId, kind.type, SecurityGroups);
        if (existing) {
          const subnetIds = subnets.map(({ subnetId }) => subnetId);
          if (sameSettings(existing, { ...kind, securityGroups }, subnetIds))
            return { LoadBalancers: [describe(scope, existing)] };
          throw refusal(
            'DuplicateLoadBalancerName',
            `A load balancer with the same name '${Name}' exists, but with different settings`,
          );
        }
        if (rows.filter(({ type }) => type === kind.type).length >= loadBalancersPerRegion)
          throw refusal('TooManyLoadBalancers', 'The maximum number of load balancers has been reached');
        const id = scope.hex(16);
        const path = `loadbalancer/${kind.type === 'network' ? 'net' : 'app'}/${Name}/${id}`;
        const loadBalancerArn = scope.arn('elasticloadbalancing', path);
        const settings = {
          loadBalancerArn,
          loadBalancerName: Name,
          dnsName: dnsName(scope, Name, id, kind),
          ...kind,
          vpcId,
          state: 'provisioning' as const,
          createdTime: scope.now,
          securityGroups,
          ipAddressType: 'ipv4' as const,
          attributes: {},
          tags,
        };
        touchServiceLinkedRole(scope, 'elasticloadbalancing');
        const zones = subnets.map((subnet) => enter(scope, settings, subnet));
        const row = loadBalancerTable(scope).insert(loadBalancerArn, { ...settings, zones });
        const failure = scope.breaksLater('loadBalancer');
        scope.after(scope.seconds('loadBalancer.create'), 'loadBalancerProvisioned', { loadBalancerArn, failure });
        return { LoadBalancers: [describe(scope, row)] };
      },
    ),
    DescribeLoadBalancers: operation<DescribeLoadBalancersCommandInput, DescribeLoadBalancersCommandOutput>(
      ['LoadBalancerArns', 'Names', 'Marker', 'PageSize'],
      (scope, { LoadBalancerArns, Names, ...paging }) => {
        if (LoadBalancerArns?.length && Names?.length)
          throw refusal(
            'ValidationError',
            'Load balancer names and load balancer ARNs cannot be specified at the same time',
          );
        const { page, next } = elbPage(select(scope, LoadBalancerArns, Names), paging);
        return { LoadBalancers: page.map((row) => describe(scope, row)), NextMarker: next };
      },
    ),
    SetSecurityGroups: operation<SetSecurityGroupsCommandInput, SetSecurityGroupsCommandOutput>(
      ['LoadBalancerArn', 'SecurityGroups'],
      (scope, { LoadBalancerArn = '', SecurityGroups = [] }) => {
        const row = requireLoadBalancer(scope, LoadBalancerArn);
        if (SecurityGroups.length === 0)
          throw refusal('ValidationError', 'At least one security group must be specified');
        if (row.type === 'network' && row.securityGroups.length === 0)
          throw refusal(
            'InvalidConfigurationRequest',
            'Security groups cannot be set on a network load balancer that was created without one',
          );
        row.securityGroups = securityGroupsFor(scope, row.vpcId, row.type, SecurityGroups);
        regroup(scope, row);
        return { SecurityGroupIds: row.securityGroups };
      },
    ),
    SetSubnets: operation<SetSubnetsCommandInput, SetSubnetsCommandOutput>(
      ['LoadBalancerArn', 'Subnets', 'SubnetMappings', 'IpAddressType'],
      (scope, { LoadBalancerArn = '', IpAddressType, ...placement }) => {
        const row = requireLoadBalancer(scope, LoadBalancerArn);
        checkIpAddressType(IpAddressType, row.scheme);
        const held = row.zones.map(({ subnetId }) => subnetId);
        const subnets = subnetsFor(scope, placement, row, held);
        if (subnets.some(({ vpcId }) => vpcId !== row.vpcId))
          throw refusal('InvalidConfigurationRequest', `All subnets must belong to the VPC '${row.vpcId}'`);
        const wanted = subnets.map(({ subnetId }) => subnetId);
        if (row.type === 'network' && held.some((subnetId) => !wanted.includes(subnetId)))
          throw refusal('InvalidConfigurationRequest', 'Subnet removal is not supported for Network Load Balancers.');
        leave(
          scope,
          row.zones.filter(({ subnetId }) => !wanted.includes(subnetId)),
        );
        row.zones = subnets.map(
          (subnet) => row.zones.find(({ subnetId }) => subnetId === subnet.subnetId) ?? enter(scope, row, subnet),
        );
        return { AvailabilityZones: zonesOf(row), IpAddressType: row.ipAddressType };
      },
    ),
    SetIpAddressType: operation<SetIpAddressTypeCommandInput, SetIpAddressTypeCommandOutput>(
      ['LoadBalancerArn', 'IpAddressType'],
      (scope, { LoadBalancerArn = '', IpAddressType }) => {
        const row = requireLoadBalancer(scope, LoadBalancerArn);
        checkIpAddressType(IpAddressType, row.scheme);
        return { IpAddressType: row.ipAddressType };
      },
    ),
    DeleteLoadBalancer: operation<DeleteLoadBalancerCommandInput, DeleteLoadBalancerCommandOutput>(
      ['LoadBalancerArn'],
      (scope, { LoadBalancerArn = '' }) => {
        checkArn('load balancer', LoadBalancerArn);
        const row = loadBalancerTable(scope).peek(LoadBalancerArn);
        if (!row) return {};
        if (row.attributes['deletion_protection.enabled'] === 'true')
          throw refusal(
            'OperationNotPermitted',
            `Load balancer '${LoadBalancerArn}' cannot be deleted because deletion protection is enabled`,
          );
        for (const listener of listenerTable(scope).all())
          if (listener.loadBalancerArn === LoadBalancerArn) removeListener(scope, listener.listenerArn);
        leave(scope, row.zones);
        loadBalancerTable(scope).delete(LoadBalancerArn);
        return {};
      },
    ),
  },
  events: {
    loadBalancerProvisioned(scope, { loadBalancerArn, failure }: { loadBalancerArn: string; failure?: string }) {
      const row = loadBalancerTable(scope).peek(loadBalancerArn);
      if (!row) return;
      row.state = failure === undefined ? 'active' : 'failed';
      if (failure === undefined) row.activeAt = scope.now;
      else row.stateReason = failure;
    },
    loadBalancerInterfacesGone: interfacesGone,
  },
};
