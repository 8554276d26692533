import {
  DescribeAddressesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Filter,
} from '@aws-sdk/client-ec2';
import { type Belonging, type Owner, ownerIn, type Priced, sumOf } from './belonging.ts';

/** What is there of some ids: the id, and what it is billed for. */
type Living = readonly (readonly [id: string | undefined, priced: Priced])[];

interface Kind {
  readonly idFilter: string;
  readonly companion?: true;
  look(ec2: EC2Client, Filters: Filter[]): Promise<Living>;
}

const free: Priced = [];

/** By the type that DescribeTags gives. A rule of a security group goes with its group and is not looked at. */
const kinds: Readonly<Record<string, Kind>> = {
  vpc: {
    idFilter: 'vpc-id',
    async look(ec2, Filters) {
      const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters }));
      return Vpcs.map(({ VpcId }) => [VpcId, free]);
    },
  },
  subnet: {
    idFilter: 'subnet-id',
    async look(ec2, Filters) {
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
      return Subnets.map(({ SubnetId }) => [SubnetId, free]);
    },
  },
  'internet-gateway': {
    idFilter: 'internet-gateway-id',
    async look(ec2, Filters) {
      const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({ Filters }));
      return InternetGateways.map(({ InternetGatewayId }) => [InternetGatewayId, free]);
    },
  },
  'route-table': {
    idFilter: 'route-table-id',
    async look(ec2, Filters) {
      const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
      return RouteTables.map(({ RouteTableId }) => [RouteTableId, free]);
    },
  },
  'elastic-ip': {
    idFilter: 'allocation-id',
    async look(ec2, Filters) {
      const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ Filters }));
      return Addresses.map(({ AllocationId }) => [AllocationId, [[1, 'ipv4']]]);
    },
  },
  natgateway: {
    idFilter: 'nat-gateway-id',
    async look(ec2, Filter) {
      const { NatGateways = [] } = await ec2.send(new DescribeNatGatewaysCommand({ Filter }));
      return NatGateways.filter(({ State }) => State !== 'deleted' && State !== 'deleting').map(
        ({ NatGatewayId, State }) => [NatGatewayId, State === 'failed' ? free : [[1, 'nat']]],
      );
    },
  },
  'security-group': {
    idFilter: 'group-id',
    async look(ec2, Filters) {
      const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
      return SecurityGroups.map(({ GroupId }) => [GroupId, free]);
    },
  },
  'key-pair': {
    idFilter: 'key-pair-id',
    async look(ec2, Filters) {
      const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ Filters }));
      return KeyPairs.map(({ KeyPairId }) => [KeyPairId, free]);
    },
  },
  instance: {
    idFilter: 'instance-id',
    async look(ec2, Filters) {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
      return Reservations.flatMap(({ Instances = [] }) => Instances)
        .filter(({ State }) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down')
        .map(({ InstanceId, InstanceType, PublicIpAddress, State }) => {
          // A stopped one bills for its volumes alone.
          const runs = State?.Name === 'running' || State?.Name === 'pending';
          const address: Priced = PublicIpAddress === undefined ? free : [[1, 'ipv4']];
          return [InstanceId, runs ? [[1, `ec2:${InstanceType}`], ...address] : free];
        });
    },
  },
  volume: {
    idFilter: 'volume-id',
    companion: true,
    async look(ec2, Filters) {
      const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
      return Volumes.map(({ VolumeId, VolumeType, Size = 0 }) => [VolumeId, [[Size, `${VolumeType}:GiB`]]]);
    },
  },
  'network-interface': {
    idFilter: 'network-interface-id',
    companion: true,
    async look(ec2, Filters) {
      const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
      return NetworkInterfaces.map(({ NetworkInterfaceId }) => [NetworkInterfaceId, free]);
    },
  },
  image: {
    idFilter: 'image-id',
    async look(ec2, Filters) {
      const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters }));
      return Images.map(({ ImageId }) => [ImageId, free]);
    },
  },
  snapshot: {
    idFilter: 'snapshot-id',
    companion: true,
    async look(ec2, Filters) {
      const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
      // It bills the blocks in use, which are about a third of a node's volume.
      return Snapshots.map(({ SnapshotId, VolumeSize = 0 }) => [SnapshotId, [[VolumeSize / 3, 'snapshot:GiB']]]);
    },
  },
};

/** EC2 takes up to 200 values in a filter. */
const idsAtOnce = 200;

/** Everything in EC2 that carries our tags. What DescribeTags lists may be dead, so each is looked at itself. */
export async function ec2Belongings(ec2: EC2Client): Promise<Belonging[]> {
  const byType = new Map<string, Map<string, Owner>>();
  for (const [id, { type, owner }] of await tagged(ec2))
    byType.set(type, (byType.get(type) ?? new Map()).set(id, owner));
  const found = await Promise.all(
    [...byType].map(async ([type, owners]) => {
      const kind = kinds[type];
      // Better listed without a look than hidden.
      if (!kind)
        return [...owners]
          .filter(() => type !== 'security-group-rule')
          .map(([id, owner]) => ({ ...owner, type: `ec2:${type}`, id, costPerHour: undefined, companion: true }));
      const ids = [...owners.keys()];
      const chunks = Array.from({ length: Math.ceil(ids.length / idsAtOnce) }, (_, index) =>
        ids.slice(index * idsAtOnce, (index + 1) * idsAtOnce),
      );
      const living = await Promise.all(chunks.map((Values) => kind.look(ec2, [{ Name: kind.idFilter, Values }])));
      return living.flat().flatMap(([id = '', priced]): Belonging[] => {
        const owner = owners.get(id);
        const companion = kind.companion ?? false;
        return owner ? [{ ...owner, type: `ec2:${type}`, id, costPerHour: sumOf(priced), companion }] : [];
      });
    }),
  );
  return found.flat();
}

async function tagged(ec2: EC2Client): Promise<Map<string, { type: string; owner: Owner }>> {
  const Filters = [{ Name: 'key', Values: ['stack', 'name', 'resource'].map((one) => `airflow-aws:${one}`) }];
  const tags = new Map<string, { type: string; list: { Key: string; Value: string }[] }>();
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(new DescribeTagsCommand({ Filters, ...(NextToken ? { NextToken } : {}) }));
    for (const { ResourceId = '', ResourceType = '', Key = '', Value = '' } of page.Tags ?? []) {
      const one = tags.get(ResourceId) ?? { type: ResourceType, list: [] };
      one.list.push({ Key, Value });
      tags.set(ResourceId, one);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return new Map(
    [...tags].flatMap(([id, { type, list }]) => {
      const owner = ownerIn(list);
      return owner ? [[id, { type, owner }] as const] : [];
    }),
  );
}
