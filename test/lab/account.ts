/** The account as the lab sees it: what the AWS API tells of it, whoever answers, as far as a region has to make it real. */
import { BlockList } from 'node:net';
import {
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeInstancesCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type IpPermission,
} from '@aws-sdk/client-ec2';
import {
  DescribeFileSystemsCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  EFSClient,
} from '@aws-sdk/client-efs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DescribeCacheSubnetGroupsCommand,
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
} from '@aws-sdk/client-elasticache';
import { DescribeDBClustersCommand, DescribeDBSubnetGroupsCommand, RDSClient } from '@aws-sdk/client-rds';
import type { Told } from './front-door.ts';

export interface Subnet {
  readonly subnetId: string;
  readonly cidr: string;
  /** Without the VPC's own. A target is an id: `igw-…` or `nat-…`. */
  readonly routes: readonly { readonly destination: string; readonly target: string }[];
}

export interface SecurityRule {
  /** `tcp`, `udp`, `icmp`, or `-1` for all. */
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly cidrs: readonly string[];
  readonly groupIds: readonly string[];
}

interface SecurityGroup {
  readonly ingress: readonly SecurityRule[];
  readonly egress: readonly SecurityRule[];
}

export interface NetworkInterface {
  /** The id of what it belongs to. */
  readonly owner: string;
  readonly subnet: Subnet;
  readonly privateIp: string;
  readonly publicIp: string | undefined;
  readonly groupIds: readonly string[];
}

export interface Instance extends NetworkInterface {
  /** The value of its tag `airflow-aws:resource`, or its id. */
  readonly resource: string;
  readonly imageId: string;
  readonly keyName: string;
  readonly profileArn: string | undefined;
}

/** A database or a cache: what answers at the name that AWS gave it. */
export interface NamedServer extends NetworkInterface {
  readonly endpoint: string;
}

export interface LoadBalancer extends NetworkInterface {
  readonly dnsName: string;
  readonly preservesHost: boolean;
  readonly targetGroup: TargetGroup | undefined;
}

export interface TargetGroup {
  readonly targetGroupArn: string;
  readonly path: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly targets: readonly { readonly instanceId: string; readonly port: number }[];
}

export interface MountTarget extends NetworkInterface {
  readonly fileSystemId: string;
}

export interface Seen {
  readonly subnets: readonly Subnet[];
  readonly groups: ReadonlyMap<string, SecurityGroup>;
  readonly natGateways: readonly {
    readonly natGatewayId: string;
    readonly subnetId: string;
    readonly publicIp: string;
  }[];
  readonly instances: readonly Instance[];
  readonly databases: readonly NamedServer[];
  readonly caches: readonly NamedServer[];
  readonly loadBalancers: readonly LoadBalancer[];
  readonly fileSystemIds: readonly string[];
  readonly mountTargets: readonly MountTarget[];
  /** All of the above that have an address. */
  readonly interfaces: readonly NetworkInterface[];
}

export class Account {
  readonly region: string;
  readonly #ec2: EC2Client;
  readonly #efs: EFSClient;
  readonly #elbv2: ElasticLoadBalancingV2Client;
  readonly #elasticache: ElastiCacheClient;
  readonly #rds: RDSClient;
  readonly #addresses = new Map<string, string>();

  constructor(endpoint: string, region: string) {
    const settings = { endpoint, region, credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } };
    this.region = region;
    this.#ec2 = new EC2Client(settings);
    this.#efs = new EFSClient(settings);
    this.#elbv2 = new ElasticLoadBalancingV2Client(settings);
    this.#elasticache = new ElastiCacheClient(settings);
    this.#rds = new RDSClient(settings);
  }

  /** `told` has what AWS is told and never tells again. */
  async look(told: Told): Promise<Seen> {
    const subnets = await this.#subnets();
    const subnet = (id: string | undefined) => subnets.find(({ subnetId }) => subnetId === id);
    const [groups, natGateways, instances, databases, caches, loadBalancers, files] = await Promise.all([
      this.#securityGroups(),
      this.#natGateways(),
      this.#instances(subnet),
      this.#databases(subnet),
      this.#caches(subnet, told),
      this.#loadBalancers(subnet),
      this.#fileSystems(subnet),
    ]);
    const interfaces = [...instances, ...databases, ...caches, ...loadBalancers, ...files.mountTargets];
    return { subnets, groups, natGateways, instances, databases, caches, loadBalancers, ...files, interfaces };
  }

  async #subnets(): Promise<Subnet[]> {
    const [{ Subnets = [] }, { RouteTables = [] }] = await Promise.all([
      this.#ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['false'] }] })),
      this.#ec2.send(new DescribeRouteTablesCommand({})),
    ]);
    return Subnets.map(({ SubnetId = '', CidrBlock = '', VpcId }) => {
      const table =
        RouteTables.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === SubnetId)) ??
        RouteTables.find((one) => one.VpcId === VpcId && one.Associations?.some(({ Main }) => Main));
      const routes = (table?.Routes ?? []).flatMap(({ DestinationCidrBlock, GatewayId, NatGatewayId }) => {
        const target = NatGatewayId ?? GatewayId;
        return DestinationCidrBlock && target && target !== 'local'
          ? [{ destination: DestinationCidrBlock, target }]
          : [];
      });
      return { subnetId: SubnetId, cidr: CidrBlock, routes };
    });
  }

  async #securityGroups() {
    const { SecurityGroups = [] } = await this.#ec2.send(new DescribeSecurityGroupsCommand({}));
    const rules = (permissions: IpPermission[] = []): SecurityRule[] =>
      permissions.map(({ IpProtocol = '-1', FromPort = 0, ToPort = 65535, IpRanges = [], UserIdGroupPairs = [] }) => ({
        protocol: IpProtocol,
        from: FromPort,
        to: ToPort,
        cidrs: IpRanges.map(({ CidrIp = '' }) => CidrIp),
        groupIds: UserIdGroupPairs.map(({ GroupId = '' }) => GroupId),
      }));
    return new Map(
      SecurityGroups.map(({ GroupId = '', IpPermissions, IpPermissionsEgress }) => [
        GroupId,
        { ingress: rules(IpPermissions), egress: rules(IpPermissionsEgress) },
      ]),
    );
  }

  async #natGateways() {
    const { NatGateways = [] } = await this.#ec2.send(new DescribeNatGatewaysCommand({}));
    return NatGateways.filter(({ State }) => State === 'available').map(
      ({ NatGatewayId = '', SubnetId = '', NatGatewayAddresses = [] }, index) => ({
        natGatewayId: NatGatewayId,
        subnetId: SubnetId,
        publicIp: routable(NatGatewayAddresses[0]?.PublicIp ?? '') ?? `203.0.113.${index + 1}`,
      }),
    );
  }

  async #instances(subnet: (id: string | undefined) => Subnet | undefined): Promise<Instance[]> {
    const [{ Reservations = [] }, { IamInstanceProfileAssociations = [] }] = await Promise.all([
      this.#ec2.send(new DescribeInstancesCommand({})),
      this.#ec2.send(new DescribeIamInstanceProfileAssociationsCommand({})),
    ]);
    return Reservations.flatMap(({ Instances = [] }) => Instances).flatMap((one) => {
      const its = subnet(one.SubnetId);
      if (one.State?.Name !== 'running' || !its || !one.PrivateIpAddress) return [];
      if (!isIn(its.cidr, one.PrivateIpAddress))
        throw new Error(
          `the emulator gives ${one.InstanceId} the address ${one.PrivateIpAddress}, which is not of ${its.cidr}, its subnet: there is no place for it in the lab`,
        );
      const association = IamInstanceProfileAssociations.find(
        ({ InstanceId, State }) => InstanceId === one.InstanceId && State?.startsWith('associat'),
      );
      return [
        {
          owner: one.InstanceId!,
          subnet: its,
          privateIp: one.PrivateIpAddress,
          publicIp: one.PublicIpAddress,
          groupIds: (one.NetworkInterfaces?.[0]?.Groups ?? []).map(({ GroupId = '' }) => GroupId),
          resource: one.Tags?.find(({ Key }) => Key === 'airflow-aws:resource')?.Value ?? one.InstanceId!,
          imageId: one.ImageId ?? '',
          keyName: one.KeyName ?? '',
          profileArn: association?.IamInstanceProfile?.Arn ?? one.IamInstanceProfile?.Arn,
        },
      ];
    });
  }

  async #databases(subnet: (id: string | undefined) => Subnet | undefined): Promise<NamedServer[]> {
    const [{ DBClusters = [] }, { DBSubnetGroups = [] }] = await Promise.all([
      this.#rds.send(new DescribeDBClustersCommand({})),
      this.#rds.send(new DescribeDBSubnetGroupsCommand({})),
    ]);
    return DBClusters.flatMap((one) => {
      const group = DBSubnetGroups.find(({ DBSubnetGroupName }) => DBSubnetGroupName === one.DBSubnetGroup);
      const its = subnet(group?.Subnets?.[0]?.SubnetIdentifier);
      // A cluster is storage; what answers at its endpoint is a member.
      if (one.Status !== 'available' || !its || !one.DBClusterMembers?.length) return [];
      const owner = `db-${one.DBClusterIdentifier}`;
      const groupIds = (one.VpcSecurityGroups ?? []).map(({ VpcSecurityGroupId = '' }) => VpcSecurityGroupId);
      return [{ owner, endpoint: one.Endpoint ?? '', groupIds, ...this.#address(owner, its) }];
    });
  }

  async #caches(subnet: (id: string | undefined) => Subnet | undefined, told: Told): Promise<NamedServer[]> {
    const [{ ReplicationGroups = [] }, { CacheSubnetGroups = [] }] = await Promise.all([
      this.#elasticache.send(new DescribeReplicationGroupsCommand({})),
      this.#elasticache.send(new DescribeCacheSubnetGroupsCommand({})),
    ]);
    return ReplicationGroups.flatMap(({ ReplicationGroupId = '', Status, NodeGroups = [] }) => {
      const settings = told.caches.get(ReplicationGroupId);
      const group = CacheSubnetGroups.find((one) => one.CacheSubnetGroupName === settings?.subnetGroup);
      const its = subnet(group?.Subnets?.[0]?.SubnetIdentifier);
      if (Status !== 'available' || !its || !settings) return [];
      const owner = `cache-${ReplicationGroupId}`;
      const endpoint = NodeGroups[0]?.PrimaryEndpoint?.Address ?? '';
      return [{ owner, endpoint, groupIds: settings.groupIds, ...this.#address(owner, its) }];
    });
  }

  async #loadBalancers(subnet: (id: string | undefined) => Subnet | undefined): Promise<LoadBalancer[]> {
    const { LoadBalancers = [] } = await this.#elbv2.send(new DescribeLoadBalancersCommand({}));
    const found: LoadBalancer[] = [];
    for (const one of LoadBalancers) {
      const its = subnet(one.AvailabilityZones?.[0]?.SubnetId);
      if (one.State?.Code !== 'active' || !its) continue;
      const [{ Listeners = [] }, { Attributes = [] }] = await Promise.all([
        this.#elbv2.send(new DescribeListenersCommand({ LoadBalancerArn: one.LoadBalancerArn })),
        this.#elbv2.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: one.LoadBalancerArn! })),
      ]);
      const forward = Listeners.find(({ Port }) => Port === 80)?.DefaultActions?.find(({ Type }) => Type === 'forward');
      const owner = `alb-${one.LoadBalancerName}`;
      found.push({
        owner,
        dnsName: one.DNSName ?? '',
        preservesHost: Attributes.some(
          ({ Key, Value }) => Key === 'routing.http.preserve_host_header.enabled' && Value === 'true',
        ),
        groupIds: one.SecurityGroups ?? [],
        targetGroup: forward?.TargetGroupArn ? await this.targetGroup(forward.TargetGroupArn) : undefined,
        ...this.#address(owner, its),
      });
    }
    return found;
  }

  async targetGroup(arn: string): Promise<TargetGroup | undefined> {
    const [{ TargetGroups = [] }, { TargetHealthDescriptions = [] }] = await Promise.all([
      this.#elbv2.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] })),
      this.#elbv2.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
    ]);
    const [one] = TargetGroups;
    return (
      one && {
        targetGroupArn: arn,
        path: one.HealthCheckPath ?? '/',
        intervalSeconds: one.HealthCheckIntervalSeconds ?? 30,
        timeoutSeconds: one.HealthCheckTimeoutSeconds ?? 5,
        healthyThreshold: one.HealthyThresholdCount ?? 5,
        unhealthyThreshold: one.UnhealthyThresholdCount ?? 2,
        targets: TargetHealthDescriptions.map(({ Target }) => ({
          instanceId: Target?.Id ?? '',
          port: Target?.Port ?? one.Port ?? 80,
        })),
      }
    );
  }

  async #fileSystems(subnet: (id: string | undefined) => Subnet | undefined) {
    const { FileSystems = [] } = await this.#efs.send(new DescribeFileSystemsCommand({}));
    const mountTargets: MountTarget[] = [];
    for (const { FileSystemId = '' } of FileSystems) {
      const { MountTargets = [] } = await this.#efs.send(new DescribeMountTargetsCommand({ FileSystemId }));
      for (const { MountTargetId = '', SubnetId, IpAddress = '', LifeCycleState } of MountTargets) {
        const its = subnet(SubnetId);
        if (LifeCycleState !== 'available' || !its) continue;
        const { SecurityGroups = [] } = await this.#efs.send(
          new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }),
        );
        mountTargets.push({
          owner: MountTargetId,
          subnet: its,
          privateIp: IpAddress,
          publicIp: undefined,
          groupIds: SecurityGroups,
          fileSystemId: FileSystemId,
        });
      }
    }
    return { mountTargets, fileSystemIds: FileSystems.map(({ FileSystemId = '' }) => FileSystemId) };
  }

  /** An address from the upper end of the subnet, for what AWS gives one without telling it. */
  #address(owner: string, subnet: Subnet) {
    const [base = ''] = subnet.cidr.split('/');
    const taken = new Set(this.#addresses.values());
    let privateIp = this.#addresses.get(owner);
    for (let last = 250; privateIp === undefined; last--) {
      const candidate = `${base.split('.').slice(0, 3).join('.')}.${last}`;
      if (!taken.has(candidate)) privateIp = candidate;
    }
    this.#addresses.set(owner, privateIp);
    return { subnet, privateIp, publicIp: undefined };
  }
}

/** An emulator may give an address that no packet can carry, as one of 127.0.0.0/8. */
function routable(address: string): string | undefined {
  const first = Number(address.split('.')[0]);
  return first > 0 && first < 224 && first !== 10 && first !== 127 ? address : undefined;
}

function isIn(cidr: string, address: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  const range = new BlockList();
  range.addSubnet(base, Number(bits));
  return range.check(address);
}
