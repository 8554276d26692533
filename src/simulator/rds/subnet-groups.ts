import type {
  CreateDBSubnetGroupCommandInput,
  CreateDBSubnetGroupCommandOutput,
  DBSubnetGroup,
  DeleteDBSubnetGroupCommandInput,
  DeleteDBSubnetGroupCommandOutput,
  DescribeDBSubnetGroupsCommandInput,
  DescribeDBSubnetGroupsCommandOutput,
  ModifyDBSubnetGroupCommandInput,
  ModifyDBSubnetGroupCommandOutput,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { type SubnetRow, subnetTable } from '../ec2/subnets.ts';
import type { Tags } from '../ec2/tags.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { groupName, nameOf } from './identifiers.ts';
import { records } from './records.ts';
import { clusterTable, dbInstanceTable } from './rows.ts';
import { tagsFrom } from './tag-list.ts';

export interface SubnetGroupRow {
  name: string;
  arn: string;
  description: string;
  vpcId: string;
  subnetIds: string[];
  tags: Tags;
}

/** Default quotas: subnet groups of a region, subnets of a group. */
const [groupsPerRegion, subnetsPerGroup] = [50, 20];

export function subnetGroupTable(scope: Scope) {
  return scope.table<SubnetGroupRow>('rds.subnetGroups');
}

/** The subnet group of that name, or RDS's refusal. */
export function requireSubnetGroup(scope: Scope, name: string | undefined) {
  const row = subnetGroupTable(scope).get(nameOf(name ?? ''));
  if (!row) throw refusal('DBSubnetGroupNotFoundFault', `DB subnet group '${name}' does not exist.`, 404);
  return row;
}

/** As describes of groups and of instances show it. */
export function describeSubnetGroup(scope: Scope, row: SubnetGroupRow): DBSubnetGroup {
  const subnets = subnetTable(scope);
  return {
    DBSubnetGroupName: row.name,
    DBSubnetGroupDescription: row.description,
    DBSubnetGroupArn: row.arn,
    VpcId: row.vpcId,
    SubnetGroupStatus: 'Complete',
    SupportedNetworkTypes: ['IPV4'],
    Subnets: row.subnetIds.map((subnetId) => ({
      SubnetIdentifier: subnetId,
      SubnetAvailabilityZone: { Name: subnets.peek(subnetId)?.availabilityZone },
      SubnetOutpost: {},
      SubnetStatus: subnets.peek(subnetId) ? 'Active' : 'Inactive',
    })),
  };
}

/** The subnets that a call lists: all there, of one VPC, in two zones at least. */
function checkSubnets(scope: Scope, subnetIds: string[], vpcId?: string): SubnetRow[] {
  const table = subnetTable(scope);
  const unknown = subnetIds.filter((subnetId) => !table.get(subnetId));
  if (unknown.length > 0) throw refusal('InvalidSubnet', `Some input subnets in :[${unknown.join(', ')}] are invalid.`);
  const rows = [...new Set(subnetIds)].map((subnetId) => table.get(subnetId)!);
  if (rows.some((row) => row.vpcId !== (vpcId ?? rows[0]?.vpcId)))
    throw refusal('InvalidSubnet', `The subnets ${subnetIds.join(', ')} are not all in one VPC.`);
  if (rows.length > subnetsPerGroup)
    throw refusal('DBSubnetQuotaExceededFault', `A DB subnet group can have at most ${subnetsPerGroup} subnets.`);
  const zones = [...new Set(rows.map((row) => row.availabilityZone))];
  if (zones.length < 2)
    throw refusal(
      'DBSubnetGroupDoesNotCoverEnoughAZs',
      `The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: ${zones.join(', ')}. Add subnets to cover at least 2 AZs.`,
    );
  return rows;
}

function checkUnused(scope: Scope, name: string) {
  const cluster = clusterTable(scope)
    .all()
    .find((row) => row.subnetGroupName === name);
  const instance = dbInstanceTable(scope)
    .all()
    .find((row) => row.subnetGroupName === name);
  const user = instance ? `instance: ${instance.name}` : cluster && `cluster: ${cluster.name}`;
  if (user)
    throw refusal(
      'InvalidDBSubnetGroupStateFault',
      `Cannot delete the subnet group '${name}' because at least one database ${user} is still using it.`,
    );
}

export const subnetGroups: Noun = {
  service: 'rds',
  operations: {
    CreateDBSubnetGroup: operation<CreateDBSubnetGroupCommandInput, CreateDBSubnetGroupCommandOutput>(
      ['DBSubnetGroupName', 'DBSubnetGroupDescription', 'SubnetIds', 'Tags'],
      (scope, { DBSubnetGroupName, DBSubnetGroupDescription, SubnetIds, Tags }) => {
        const name = groupName('DBSubnetGroupName', DBSubnetGroupName);
        const table = subnetGroupTable(scope);
        if (!DBSubnetGroupDescription)
          throw refusal(
            'InvalidParameterValue',
            'The parameter DBSubnetGroupDescription must be provided and must not be blank.',
          );
        const tags = tagsFrom(Tags);
        if (table.peek(name))
          throw refusal('DBSubnetGroupAlreadyExists', `The DB subnet group '${name}' already exists.`);
        if (table.all().length >= groupsPerRegion)
          throw refusal('DBSubnetGroupQuotaExceeded', 'The maximum number of DB subnet groups has been reached.');
        const subnets = checkSubnets(scope, SubnetIds ?? []);
        const row = table.insert(name, {
          name,
          arn: scope.arn('rds', `subgrp:${name}`),
          description: DBSubnetGroupDescription,
          vpcId: subnets[0]!.vpcId,
          subnetIds: subnets.map(({ subnetId }) => subnetId),
          tags,
        });
        return { DBSubnetGroup: describeSubnetGroup(scope, row) };
      },
    ),
    DescribeDBSubnetGroups: operation<DescribeDBSubnetGroupsCommandInput, DescribeDBSubnetGroupsCommandOutput>(
      ['DBSubnetGroupName', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        const rows =
          asked.DBSubnetGroupName === undefined
            ? subnetGroupTable(scope).list()
            : [requireSubnetGroup(scope, asked.DBSubnetGroupName)];
        const { page, Marker } = records(rows, asked);
        return { Marker, DBSubnetGroups: page.map((row) => describeSubnetGroup(scope, row)) };
      },
    ),
    ModifyDBSubnetGroup: operation<ModifyDBSubnetGroupCommandInput, ModifyDBSubnetGroupCommandOutput>(
      ['DBSubnetGroupName', 'DBSubnetGroupDescription', 'SubnetIds'],
      (scope, { DBSubnetGroupName, DBSubnetGroupDescription, SubnetIds }) => {
        const row = requireSubnetGroup(scope, DBSubnetGroupName);
        const subnetIds = checkSubnets(scope, SubnetIds ?? [], row.vpcId).map(({ subnetId }) => subnetId);
        for (const instance of dbInstanceTable(scope).all()) {
          const { subnetId } = networkInterfaceTable(scope).peek(instance.networkInterfaceId) ?? {};
          if (instance.subnetGroupName === row.name && subnetId !== undefined && !subnetIds.includes(subnetId))
            throw refusal(
              'SubnetAlreadyInUse',
              `The subnet ${subnetId} is in use by the DB instance ${instance.name}.`,
            );
        }
        row.subnetIds = subnetIds;
        row.description = DBSubnetGroupDescription ?? row.description;
        return { DBSubnetGroup: describeSubnetGroup(scope, row) };
      },
    ),
    DeleteDBSubnetGroup: operation<DeleteDBSubnetGroupCommandInput, DeleteDBSubnetGroupCommandOutput>(
      ['DBSubnetGroupName'],
      (scope, { DBSubnetGroupName }) => {
        const { name } = requireSubnetGroup(scope, DBSubnetGroupName);
        checkUnused(scope, name);
        subnetGroupTable(scope).delete(name);
        return {};
      },
    ),
  },
};
