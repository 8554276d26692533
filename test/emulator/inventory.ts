import * as ec2 from '@aws-sdk/client-ec2';
import * as efs from '@aws-sdk/client-efs';
import * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import * as elasticache from '@aws-sdk/client-elasticache';
import * as iam from '@aws-sdk/client-iam';
import * as rds from '@aws-sdk/client-rds';
import * as s3 from '@aws-sdk/client-s3';
import * as ssm from '@aws-sdk/client-ssm';
import { KEYS, REGION } from './harness.ts';

/**
 * What an account holds: for each type of thing, and for each kind of wiring between things, one line each. A line
 * is an id or a name, so lines are comparable within one account only; counts are comparable between accounts.
 */
export type Inventory = Record<string, string[]>;

/** How many of each type, types without any left out: what two accounts are compared by. */
export type Counts = Record<string, number>;

const LIVE_INSTANCE = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

/**
 * Asks every service that the tutorial uses what it holds, by describes without any filter on tags or names: what a
 * run has lost sight of must be seen here. Things that AWS goes on listing after their end (terminated instances,
 * deleted NAT gateways) are left out.
 */
export async function takeInventory(endpointUrl: string): Promise<Inventory> {
  const settings = {
    endpoint: endpointUrl,
    region: REGION,
    credentials: { accessKeyId: KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY },
  };
  const parts = await Promise.all([
    network(new ec2.EC2Client(settings)),
    machines(new ec2.EC2Client(settings)),
    loadBalancers(new elbv2.ElasticLoadBalancingV2Client(settings)),
    databases(new rds.RDSClient(settings)),
    caches(new elasticache.ElastiCacheClient(settings)),
    fileSystems(new efs.EFSClient(settings)),
    buckets(new s3.S3Client(settings)),
    identities(new iam.IAMClient(settings)),
    parameters(new ssm.SSMClient(settings)),
  ]);
  return Object.assign({}, ...parts);
}

/** What has come to an account since `before`, as counts; a line that has gone since counts as -1 of its type. */
export function countsSince(before: Inventory, now: Inventory): Counts {
  const counts: Counts = {};
  for (const type of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [had, has] = [before[type] ?? [], now[type] ?? []];
    const come = has.filter((line) => !had.includes(line)).length;
    const gone = had.filter((line) => !has.includes(line)).length;
    if (come !== gone) counts[type] = come - gone;
  }
  return counts;
}

const ids = <T>(things: T[] | undefined, id: (thing: T) => string | undefined): string[] =>
  (things ?? []).map((thing) => id(thing) ?? 'without id');

async function network(client: ec2.EC2Client): Promise<Inventory> {
  const [vpcs, subnets, gateways, tables, addresses, nats, groups, rules, interfaces] = await Promise.all([
    client.send(new ec2.DescribeVpcsCommand({})),
    client.send(new ec2.DescribeSubnetsCommand({})),
    client.send(new ec2.DescribeInternetGatewaysCommand({})),
    client.send(new ec2.DescribeRouteTablesCommand({})),
    client.send(new ec2.DescribeAddressesCommand({})),
    client.send(new ec2.DescribeNatGatewaysCommand({})),
    client.send(new ec2.DescribeSecurityGroupsCommand({})),
    client.send(new ec2.DescribeSecurityGroupRulesCommand({})),
    client.send(new ec2.DescribeNetworkInterfacesCommand({})),
  ]);
  const routes = (tables.RouteTables ?? []).flatMap((table) =>
    (table.Routes ?? []).map((route) => ({ ...route, line: `${table.RouteTableId} ${route.DestinationCidrBlock}` })),
  );
  const associations = (tables.RouteTables ?? []).flatMap((table) => table.Associations ?? []);
  return {
    vpc: ids(vpcs.Vpcs, (vpc) => vpc.VpcId),
    subnet: ids(subnets.Subnets, (subnet) => subnet.SubnetId),
    'internet gateway': ids(gateways.InternetGateways, (gateway) => gateway.InternetGatewayId),
    'internet gateway attached': (gateways.InternetGateways ?? []).flatMap((gateway) =>
      ids(gateway.Attachments, (to) => `${gateway.InternetGatewayId} ${to.VpcId}`),
    ),
    'route table': ids(tables.RouteTables, (table) => table.RouteTableId),
    'route to the internet gateway': routes.filter((r) => r.GatewayId?.startsWith('igw-')).map((r) => r.line),
    'route to the NAT gateway': routes.filter((r) => r.NatGatewayId).map((r) => r.line),
    'subnet associated with a route table': associations.flatMap((a) => (a.SubnetId ? [a.SubnetId] : [])),
    address: ids(addresses.Addresses, (address) => address.AllocationId),
    'NAT gateway': ids(
      nats.NatGateways?.filter((nat) => nat.State !== 'deleted' && nat.State !== 'failed'),
      (nat) => nat.NatGatewayId,
    ),
    'security group': ids(groups.SecurityGroups, (group) => group.GroupId),
    // Without the rule that lets everything out, which is there or not by the emulator, not by the run.
    'ingress rule': ids(
      rules.SecurityGroupRules?.filter((rule) => rule.IsEgress === false),
      (rule) => rule.SecurityGroupRuleId,
    ),
    'network interface': ids(interfaces.NetworkInterfaces, (card) => card.NetworkInterfaceId),
  };
}

async function machines(client: ec2.EC2Client): Promise<Inventory> {
  const [reservations, volumes, keyPairs, images, snapshots, profiles] = await Promise.all([
    client.send(
      new ec2.DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: LIVE_INSTANCE }] }),
    ),
    client.send(new ec2.DescribeVolumesCommand({})),
    client.send(new ec2.DescribeKeyPairsCommand({})),
    client.send(new ec2.DescribeImagesCommand({ Owners: ['self'] })),
    client.send(new ec2.DescribeSnapshotsCommand({ OwnerIds: ['self'] })),
    client.send(new ec2.DescribeIamInstanceProfileAssociationsCommand({})),
  ]);
  const instances = (reservations.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  const associations = profiles.IamInstanceProfileAssociations ?? [];
  return {
    instance: ids(instances, (instance) => instance.InstanceId),
    'instance with a profile': associations.flatMap((a) =>
      instances.some((i) => i.InstanceId === a.InstanceId) ? [`${a.InstanceId}`] : [],
    ),
    volume: ids(volumes.Volumes, (volume) => volume.VolumeId),
    'key pair': ids(keyPairs.KeyPairs, (keyPair) => keyPair.KeyPairId),
    image: ids(images.Images, (image) => image.ImageId),
    snapshot: ids(snapshots.Snapshots, (snapshot) => snapshot.SnapshotId),
  };
}

async function loadBalancers(client: elbv2.ElasticLoadBalancingV2Client): Promise<Inventory> {
  const [balancers, targetGroups] = await Promise.all([
    client.send(new elbv2.DescribeLoadBalancersCommand({})),
    client.send(new elbv2.DescribeTargetGroupsCommand({})),
  ]);
  const listeners = await Promise.all(
    (balancers.LoadBalancers ?? []).map(({ LoadBalancerArn }) =>
      client.send(new elbv2.DescribeListenersCommand({ LoadBalancerArn })),
    ),
  );
  const health = await Promise.all(
    (targetGroups.TargetGroups ?? []).map(({ TargetGroupArn }) =>
      client.send(new elbv2.DescribeTargetHealthCommand({ TargetGroupArn })),
    ),
  );
  return {
    'load balancer': ids(balancers.LoadBalancers, (balancer) => balancer.LoadBalancerArn),
    listener: listeners.flatMap((of) => ids(of.Listeners, (listener) => listener.ListenerArn)),
    'target group': ids(targetGroups.TargetGroups, (group) => group.TargetGroupArn),
    target: health.flatMap((of) => ids(of.TargetHealthDescriptions, (target) => target.Target?.Id)),
  };
}

async function databases(client: rds.RDSClient): Promise<Inventory> {
  const [groups, clusters, instances, snapshots] = await Promise.all([
    client.send(new rds.DescribeDBSubnetGroupsCommand({})),
    client.send(new rds.DescribeDBClustersCommand({})),
    client.send(new rds.DescribeDBInstancesCommand({})),
    client.send(new rds.DescribeDBClusterSnapshotsCommand({})),
  ]);
  return {
    'DB subnet group': ids(groups.DBSubnetGroups, (group) => group.DBSubnetGroupName),
    'DB cluster': ids(clusters.DBClusters, (cluster) => cluster.DBClusterIdentifier),
    'DB instance': ids(instances.DBInstances, (instance) => instance.DBInstanceIdentifier),
    'DB cluster snapshot': ids(snapshots.DBClusterSnapshots, (snapshot) => snapshot.DBClusterSnapshotIdentifier),
  };
}

async function caches(client: elasticache.ElastiCacheClient): Promise<Inventory> {
  const [groups, users, userGroups, replicationGroups] = await Promise.all([
    client.send(new elasticache.DescribeCacheSubnetGroupsCommand({})),
    client.send(new elasticache.DescribeUsersCommand({})),
    client.send(new elasticache.DescribeUserGroupsCommand({})),
    client.send(new elasticache.DescribeReplicationGroupsCommand({})),
  ]);
  return {
    'cache subnet group': ids(groups.CacheSubnetGroups, (group) => group.CacheSubnetGroupName),
    'cache user': ids(users.Users, (user) => user.UserId),
    'cache user group': ids(userGroups.UserGroups, (group) => group.UserGroupId),
    'user in a user group': (userGroups.UserGroups ?? []).flatMap((g) =>
      ids(g.UserIds, (u) => `${g.UserGroupId} ${u}`),
    ),
    'replication group': ids(replicationGroups.ReplicationGroups, (group) => group.ReplicationGroupId),
    'user group on a replication group': (replicationGroups.ReplicationGroups ?? []).flatMap((g) =>
      ids(g.UserGroupIds, (userGroup) => `${g.ReplicationGroupId} ${userGroup}`),
    ),
  };
}

async function fileSystems(client: efs.EFSClient): Promise<Inventory> {
  const { FileSystems } = await client.send(new efs.DescribeFileSystemsCommand({}));
  const targets = await Promise.all(
    (FileSystems ?? []).map(({ FileSystemId }) => client.send(new efs.DescribeMountTargetsCommand({ FileSystemId }))),
  );
  return {
    'file system': ids(FileSystems, (fileSystem) => fileSystem.FileSystemId),
    'mount target': targets.flatMap((of) => ids(of.MountTargets, (target) => target.MountTargetId)),
  };
}

async function buckets(client: s3.S3Client): Promise<Inventory> {
  const { Buckets } = await client.send(new s3.ListBucketsCommand({}));
  return { bucket: ids(Buckets, (bucket) => bucket.Name) };
}

async function identities(client: iam.IAMClient): Promise<Inventory> {
  const [roles, profiles] = await Promise.all([
    client.send(new iam.ListRolesCommand({})),
    client.send(new iam.ListInstanceProfilesCommand({})),
  ]);
  // A role that a service made for itself stays on AWS too: it costs nothing and belongs to the account.
  const own = (roles.Roles ?? []).filter((role) => !role.Path?.startsWith('/aws-service-role/'));
  const inlinePolicies = await Promise.all(
    own.map(async ({ RoleName }) =>
      ids((await client.send(new iam.ListRolePoliciesCommand({ RoleName }))).PolicyNames, (p) => `${RoleName} ${p}`),
    ),
  );
  return {
    role: ids(own, (role) => role.RoleName),
    'policy in a role': inlinePolicies.flat(),
    'instance profile': ids(profiles.InstanceProfiles, (profile) => profile.InstanceProfileName),
    'role in an instance profile': (profiles.InstanceProfiles ?? []).flatMap((p) =>
      ids(p.Roles, (role) => `${p.InstanceProfileName} ${role.RoleName}`),
    ),
  };
}

async function parameters(client: ssm.SSMClient): Promise<Inventory> {
  // AWS's public parameters are in no account's own list; emulators mix thousands of them in, none of them secret.
  const ParameterFilters = [{ Key: 'Type', Values: ['SecureString'] }];
  const names: string[] = [];
  for await (const page of ssm.paginateDescribeParameters({ client }, { ParameterFilters }))
    names.push(...ids(page.Parameters, (parameter) => parameter.Name));
  return { 'secret parameter': names };
}
