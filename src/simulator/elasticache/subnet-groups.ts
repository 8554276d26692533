import type {
  CacheSubnetGroup,
  CreateCacheSubnetGroupCommandInput,
  CreateCacheSubnetGroupCommandOutput,
  DeleteCacheSubnetGroupCommandInput,
  DeleteCacheSubnetGroupCommandOutput,
  DescribeCacheSubnetGroupsCommandInput,
  DescribeCacheSubnetGroupsCommandOutput,
  ModifyCacheSubnetGroupCommandInput,
  ModifyCacheSubnetGroupCommandOutput,
} from '@aws-sdk/client-elasticache';
import type { Scope } from '../account.ts';
import { networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { type SubnetRow, subnetTable } from '../ec2/subnets.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { groupName, nameOf } from '../rds/identifiers.ts';
import { records } from '../rds/records.ts';
import { tagsFrom } from '../rds/tag-list.ts';
import { refusal } from '../refusal.ts';
import { cacheClusterTable } from './rows.ts';

export interface CacheSubnetGroupRow {
  name: string;
  arn: string;
  description: string;
  vpcId: string;
  subnetIds: string[];
  tags: Tags;
}

/** Default quotas: subnet groups of a region, subnets of a group. */
const [groupsPerRegion, subnetsPerGroup] = [150, 20];

export function cacheSubnetGroupTable(scope: Scope) {
  return scope.table<CacheSubnetGroupRow>('elasticache.subnetGroups');
}

export function requireCacheSubnetGroup(scope: Scope, name: string | undefined) {
  const row = cacheSubnetGroupTable(scope).get(nameOf(name ?? ''));
  // Unlike other missing things of ElastiCache, a missing subnet group is HTTP 400.
  if (!row) throw refusal('CacheSubnetGroupNotFoundFault', `Cache subnet group ${name} does not exist.`);
  return row;
}

function describe(scope: Scope, row: CacheSubnetGroupRow): CacheSubnetGroup {
  const subnets = subnetTable(scope);
  return {
    CacheSubnetGroupName: row.name,
    CacheSubnetGroupDescription: row.description,
    ARN: row.arn,
    VpcId: row.vpcId,
    SupportedNetworkTypes: ['ipv4'],
    Subnets: row.subnetIds.map((subnetId) => ({
      SubnetIdentifier: subnetId,
      SubnetAvailabilityZone: { Name: subnets.peek(subnetId)?.availabilityZone },
      SupportedNetworkTypes: ['ipv4'],
    })),
  };
}

/** The subnets that a call lists: all there and of one VPC. One zone is enough for ElastiCache. */
function checkSubnets(scope: Scope, subnetIds: string[], vpcId?: string): SubnetRow[] {
  const table = subnetTable(scope);
  const unknown = subnetIds.find((subnetId) => !table.get(subnetId));
  if (unknown !== undefined || subnetIds.length === 0)
    throw refusal('InvalidSubnet', `The subnet ID '${unknown ?? ''}' does not exist`);
  const rows = [...new Set(subnetIds)].map((subnetId) => table.get(subnetId)!);
  if (rows.some((row) => row.vpcId !== (vpcId ?? rows[0]?.vpcId)))
    throw refusal('InvalidSubnet', `The subnets ${subnetIds.join(', ')} are not all in one VPC.`);
  if (rows.length > subnetsPerGroup)
    throw refusal('CacheSubnetQuotaExceededFault', `A cache subnet group can have at most ${subnetsPerGroup} subnets.`);
  return rows;
}

export const cacheSubnetGroups: Noun = {
  service: 'elasticache',
  operations: {
    CreateCacheSubnetGroup: operation<CreateCacheSubnetGroupCommandInput, CreateCacheSubnetGroupCommandOutput>(
      ['CacheSubnetGroupName', 'CacheSubnetGroupDescription', 'SubnetIds', 'Tags'],
      (scope, { CacheSubnetGroupName, CacheSubnetGroupDescription = '', SubnetIds, Tags }) => {
        const name = groupName('CacheSubnetGroupName', CacheSubnetGroupName);
        const tags = tagsFrom(Tags, {}, 'TagQuotaPerResourceExceeded');
        const table = cacheSubnetGroupTable(scope);
        if (table.peek(name))
          throw refusal('CacheSubnetGroupAlreadyExists', `Cache subnet group ${name} already exists.`);
        if (table.all().length >= groupsPerRegion)
          throw refusal('CacheSubnetGroupQuotaExceeded', 'The quota of cache subnet groups has been reached.');
        const subnets = checkSubnets(scope, SubnetIds ?? []);
        const row = table.insert(name, {
          name,
          arn: scope.arn('elasticache', `subnetgroup:${name}`),
          description: CacheSubnetGroupDescription,
          vpcId: subnets[0]!.vpcId,
          subnetIds: subnets.map(({ subnetId }) => subnetId),
          tags,
        });
        return { CacheSubnetGroup: describe(scope, row) };
      },
    ),
    DescribeCacheSubnetGroups: operation<DescribeCacheSubnetGroupsCommandInput, DescribeCacheSubnetGroupsCommandOutput>(
      ['CacheSubnetGroupName', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const rows =
          asked.CacheSubnetGroupName === undefined
            ? cacheSubnetGroupTable(scope).list()
            : [requireCacheSubnetGroup(scope, asked.CacheSubnetGroupName)];
        const { page, Marker } = records(rows, asked);
        return { Marker, CacheSubnetGroups: page.map((row) => describe(scope, row)) };
      },
    ),
    ModifyCacheSubnetGroup: operation<ModifyCacheSubnetGroupCommandInput, ModifyCacheSubnetGroupCommandOutput>(
      ['CacheSubnetGroupName', 'CacheSubnetGroupDescription', 'SubnetIds'],
      (scope, { CacheSubnetGroupName, CacheSubnetGroupDescription, SubnetIds }) => {
        const row = requireCacheSubnetGroup(scope, CacheSubnetGroupName);
        const subnetIds =
          SubnetIds === undefined
            ? row.subnetIds
            : checkSubnets(scope, SubnetIds, row.vpcId).map(({ subnetId }) => subnetId);
        for (const cluster of cacheClusterTable(scope).all()) {
          const held = cluster.networkInterfaceIds.map((id) => networkInterfaceTable(scope).peek(id)?.subnetId);
          const lost = held.find((subnetId) => subnetId !== undefined && !subnetIds.includes(subnetId));
          if (cluster.subnetGroupName === row.name && lost !== undefined)
            throw refusal('SubnetInUse', `The subnet ${lost} is in use by the cache cluster ${cluster.name}.`);
        }
        row.subnetIds = subnetIds;
        row.description = CacheSubnetGroupDescription ?? row.description;
        return { CacheSubnetGroup: describe(scope, row) };
      },
    ),
    DeleteCacheSubnetGroup: operation<DeleteCacheSubnetGroupCommandInput, DeleteCacheSubnetGroupCommandOutput>(
      ['CacheSubnetGroupName'],
      (scope, { CacheSubnetGroupName }) => {
        const { name } = requireCacheSubnetGroup(scope, CacheSubnetGroupName);
        const user = cacheClusterTable(scope)
          .all()
          .find((row) => row.subnetGroupName === name);
        if (user)
          throw refusal(
            'CacheSubnetGroupInUse',
            `Cache subnet group ${name} is currently in use by a cache cluster: ${user.name}.`,
          );
        cacheSubnetGroupTable(scope).delete(name);
        return {};
      },
    ),
  },
};
