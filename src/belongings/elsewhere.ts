import { DescribeAccessPointsCommand, DescribeFileSystemsCommand } from '@aws-sdk/client-efs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DescribeCacheClustersCommand,
  DescribeCacheSubnetGroupsCommand,
  DescribeReplicationGroupsCommand,
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
} from '@aws-sdk/client-elasticache';
import {
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
} from '@aws-sdk/client-rds';
import {
  GetResourcesCommand,
  type ResourceGroupsTaggingAPIClient,
  type ResourceTagMapping,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { ListTagsForResourceCommand } from '@aws-sdk/client-ssm';
import type { Clients } from '../aws.ts';
import { isAws, isGone } from '../aws-errors.ts';
import { type Belonging, ownerIn, type Priced, sumOf } from './belonging.ts';

interface Kind {
  readonly companion?: true;
  /** What it is billed for; undefined or AWS's "not found" when it is not there. */
  look(clients: Clients, id: string, arn: string): Promise<Priced | undefined>;
}

const free: Priced = [];

/** `free` when `list` has anything. */
function listed(list: readonly unknown[] | undefined): Priced | undefined {
  return list && list.length > 0 ? free : undefined;
}

/** By service and kind, as both stand in the ARN. */
const kinds: Readonly<Record<string, Kind>> = {
  'elasticloadbalancing:loadbalancer': {
    async look({ elbv2 }, _id, arn) {
      await elbv2.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }));
      return [[1, 'alb']];
    },
  },
  'elasticloadbalancing:targetgroup': {
    look: async ({ elbv2 }, _id, arn) =>
      listed((await elbv2.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] }))).TargetGroups),
  },
  'elasticloadbalancing:listener': {
    look: async ({ elbv2 }, _id, arn) =>
      listed((await elbv2.send(new DescribeListenersCommand({ ListenerArns: [arn] }))).Listeners),
  },
  'rds:cluster': {
    look: async ({ rds }, DBClusterIdentifier) =>
      listed((await rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).DBClusters),
  },
  'rds:db': {
    async look({ rds }, DBInstanceIdentifier) {
      const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
      return DBInstances[0] && [[1, `rds:${DBInstances[0].DBInstanceClass}`]];
    },
  },
  'rds:subgrp': {
    look: async ({ rds }, DBSubnetGroupName) =>
      listed((await rds.send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName }))).DBSubnetGroups),
  },
  'rds:cluster-snapshot': {
    companion: true,
    async look({ rds }, DBClusterSnapshotIdentifier) {
      const answer = await rds.send(new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier }));
      // It bills by its size, which AWS does not tell.
      return answer.DBClusterSnapshots?.[0] && [[1, 'rds-backup:GiB']];
    },
  },
  'elasticache:replicationgroup': {
    async look({ elasticache }, ReplicationGroupId) {
      const answer = await elasticache.send(new DescribeReplicationGroupsCommand({ ReplicationGroupId }));
      const group = answer.ReplicationGroups?.[0];
      const { CacheNodeType, Engine = 'redis', MemberClusters = [] } = group ?? {};
      return group && [[MemberClusters.length, `cache:${Engine}:${CacheNodeType}`]];
    },
  },
  // Its price is in that of its replication group.
  'elasticache:cluster': {
    companion: true,
    look: async ({ elasticache }, CacheClusterId) =>
      listed((await elasticache.send(new DescribeCacheClustersCommand({ CacheClusterId }))).CacheClusters),
  },
  'elasticache:subnetgroup': {
    look: async ({ elasticache }, CacheSubnetGroupName) =>
      listed(
        (await elasticache.send(new DescribeCacheSubnetGroupsCommand({ CacheSubnetGroupName }))).CacheSubnetGroups,
      ),
  },
  'elasticache:user': {
    look: async ({ elasticache }, UserId) =>
      listed((await elasticache.send(new DescribeUsersCommand({ UserId }))).Users),
  },
  'elasticache:usergroup': {
    look: async ({ elasticache }, UserGroupId) =>
      listed((await elasticache.send(new DescribeUserGroupsCommand({ UserGroupId }))).UserGroups),
  },
  'elasticfilesystem:file-system': {
    async look({ efs }, FileSystemId) {
      const { FileSystems = [] } = await efs.send(new DescribeFileSystemsCommand({ FileSystemId }));
      const bytes = FileSystems[0]?.SizeInBytes?.Value ?? 0;
      return FileSystems[0] && [[bytes / 2 ** 30, 'efs:GiB']];
    },
  },
  'elasticfilesystem:access-point': {
    look: async ({ efs }, AccessPointId) =>
      listed((await efs.send(new DescribeAccessPointsCommand({ AccessPointId }))).AccessPoints),
  },
  's3:': {
    async look({ s3 }, Bucket) {
      await s3.send(new HeadBucketCommand({ Bucket }));
      return free;
    },
  },
  'ssm:parameter': {
    async look({ ssm }, ResourceId) {
      // Not the parameter itself, whose value is nobody's business here.
      const { TagList = [] } = await ssm.send(
        new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId }),
      );
      return listed(TagList);
    },
  },
};

interface ParsedArn {
  readonly type: string;
  readonly id: string;
}

/** `arn:aws:rds:us-west-2:123456789012:cluster:name` and `…:file-system/fs-1`; S3 has the bucket's name alone. */
export function parsedArn(arn: string): ParsedArn {
  const [, , service = '', , , ...rest] = arn.split(':');
  const text = rest.join(':');
  if (service === 's3') return { type: 's3:', id: text };
  const [, kind = '', id = ''] = /^([^:/]+)[:/](.*)$/.exec(text) ?? [];
  // The name of a parameter in a path begins with the slash, which its ARN has only once.
  const name = service === 'ssm' && id.includes('/') ? `/${id}` : id;
  return { type: `${service}:${kind}`, id: name };
}

/**
 * Everything outside of EC2 that carries our tags. The tagging API goes on listing what is gone for a while, so each
 * thing is looked at where it is. IAM is not among what it lists.
 */
export async function belongingsElsewhere(
  clients: Clients,
  tagging: ResourceGroupsTaggingAPIClient,
): Promise<Belonging[]> {
  const mappings: ResourceTagMapping[] = [];
  let PaginationToken = '';
  do {
    const TagFilters = [{ Key: 'airflow-aws:stack' }];
    const page = await tagging.send(
      new GetResourcesCommand({ TagFilters, ...(PaginationToken === '' ? {} : { PaginationToken }) }),
    );
    mappings.push(...(page.ResourceTagMappingList ?? []));
    PaginationToken = page.PaginationToken ?? '';
  } while (PaginationToken !== '');
  const found = await Promise.all(
    mappings.map(async ({ ResourceARN: arn = '', Tags }): Promise<Belonging[]> => {
      const owner = ownerIn(Tags);
      const { type, id } = parsedArn(arn);
      const kind = kinds[type];
      // EC2 is asked itself.
      if (!owner || type.startsWith('ec2:')) return [];
      // Better listed without a look than hidden.
      if (!kind) return [{ ...owner, type, id, arn, costPerHour: undefined, companion: true }];
      const priced = await kind.look(clients, id, arn).catch((error) => {
        if (isGone(error) || isAws(error, 'InvalidResourceId')) return undefined;
        throw error;
      });
      if (!priced) return [];
      const shown = type === 's3:' ? 's3:bucket' : type;
      return [{ ...owner, type: shown, id, arn, costPerHour: sumOf(priced), companion: kind.companion ?? false }];
    }),
  );
  return found.flat();
}
