import type {
  AssociateRouteTableCommandInput,
  AssociateRouteTableCommandOutput,
  CreateRouteTableCommandInput,
  CreateRouteTableCommandOutput,
  DeleteRouteTableCommandInput,
  DeleteRouteTableCommandOutput,
  DescribeRouteTablesCommandInput,
  DescribeRouteTablesCommandOutput,
  DisassociateRouteTableCommandInput,
  DisassociateRouteTableCommandOutput,
  ReplaceRouteTableAssociationCommandInput,
  ReplaceRouteTableAssociationCommandOutput,
  RouteTable,
  RouteTableAssociation,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { idKinds, required } from './ids.ts';
import { describeRoutes, type RouteRow } from './route-targets.ts';
import { given, selected, selecting } from './selection.ts';
import { requireSubnet, subnetGone } from './subnets.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { requireVpc, vpcBlockers, vpcCompanions } from './vpcs.ts';

interface AssociationRow {
  associationId: string;
  /** Missing in the association that makes a table the VPC's main one. */
  subnetId?: string;
  /** From then on `associated`, before that `associating`. */
  associatedAt: number;
}

export interface RouteTableRow {
  routeTableId: string;
  vpcId: string;
  /** Without the local routes, which every table has for the VPC's own blocks. */
  routes: RouteRow[];
  associations: AssociationRow[];
  tags: Tags;
}

/** Quota L-589F43AA. */
const tablesPerVpc = 200;
const associatingMilliseconds = 1000;

export function routeTableTable(scope: Scope) {
  return scope.table<RouteTableRow>('ec2.routeTables');
}

export function requireRouteTable(scope: Scope, id: string | undefined) {
  return required(idKinds.routeTable, id, routeTableTable(scope).get(id));
}

function isMain({ associations }: RouteTableRow): boolean {
  return associations.some(({ subnetId }) => subnetId === undefined);
}

function associationState(scope: Scope, { associatedAt }: AssociationRow) {
  return { State: scope.now < associatedAt ? ('associating' as const) : ('associated' as const) };
}

function describeAssociation(
  scope: Scope,
  { routeTableId }: RouteTableRow,
  row: AssociationRow,
): RouteTableAssociation {
  return {
    RouteTableAssociationId: row.associationId,
    RouteTableId: routeTableId,
    SubnetId: row.subnetId,
    Main: row.subnetId === undefined,
    AssociationState: associationState(scope, row),
  };
}

function describe(scope: Scope, row: RouteTableRow): RouteTable {
  return {
    RouteTableId: row.routeTableId,
    VpcId: row.vpcId,
    OwnerId: scope.accountId,
    Routes: describeRoutes(scope, row),
    Associations: row.associations.map((one) => describeAssociation(scope, row, one)),
    PropagatingVgws: [],
    Tags: toList(row.tags),
  };
}

function addRouteTable(scope: Scope, vpcId: string, tags: Tags): RouteTableRow {
  const routeTableId = scope.id('rtb');
  return routeTableTable(scope).insert(routeTableId, { routeTableId, vpcId, routes: [], associations: [], tags });
}

function addAssociation(scope: Scope, table: RouteTableRow, subnetId: string | undefined): AssociationRow {
  const association: AssociationRow = {
    associationId: scope.id('rtbassoc'),
    ...(subnetId === undefined ? {} : { subnetId }),
    associatedAt: scope.now + associatingMilliseconds,
  };
  table.associations.push(association);
  return association;
}

function requireAssociation(scope: Scope, associationId: string | undefined): [RouteTableRow, AssociationRow] {
  for (const table of routeTableTable(scope).list()) {
    const association = table.associations.find((one) => one.associationId === associationId);
    if (association) return [table, association];
  }
  throw refusal('InvalidAssociationID.NotFound', `The association ID '${associationId}' does not exist`);
}

function removeAssociation(table: RouteTableRow, association: AssociationRow) {
  table.associations = table.associations.filter((one) => one !== association);
}

export const routeTables: Noun = {
  service: 'ec2',
  operations: {
    CreateRouteTable: operation<CreateRouteTableCommandInput, CreateRouteTableCommandOutput>(
      ['VpcId', 'ClientToken', 'TagSpecifications'],
      (scope, input) => {
        const { ClientToken } = input;
        allowTagsFor(input.TagSpecifications, 'route-table');
        const tags = tagsFor(input.TagSpecifications, 'route-table');
        const again = routeTableTable(scope).peek(madeBefore(scope, 'CreateRouteTable', input));
        if (again) return { RouteTable: describe(scope, again), ClientToken };
        const { vpcId } = requireVpc(scope, input.VpcId);
        const inVpc = routeTableTable(scope)
          .all()
          .filter((row) => row.vpcId === vpcId);
        if (inVpc.length >= tablesPerVpc)
          throw refusal('RouteTableLimitExceeded', 'The maximum number of route tables has been reached.');
        const row = addRouteTable(scope, vpcId, tags);
        rememberToken(scope, 'CreateRouteTable', input, row.routeTableId);
        return { RouteTable: describe(scope, row), ClientToken };
      },
    ),
    DescribeRouteTables: operation<DescribeRouteTablesCommandInput, DescribeRouteTablesCommandOutput>(
      ['RouteTableIds', ...selecting],
      (scope, { RouteTableIds, ...question }) => {
        const rows = given(RouteTableIds)?.map((id) => requireRouteTable(scope, id)) ?? routeTableTable(scope).list();
        const { page, NextToken } = selected(scope, rows, question, filtersIn(scope), RouteTableIds);
        return { RouteTables: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    AssociateRouteTable: operation<AssociateRouteTableCommandInput, AssociateRouteTableCommandOutput>(
      ['RouteTableId', 'SubnetId'],
      (scope, { RouteTableId, SubnetId }) => {
        const table = requireRouteTable(scope, RouteTableId);
        if (SubnetId === undefined) throw refusal('MissingParameter', 'Either subnetId or gatewayId must be specified');
        const subnet = requireSubnet(scope, SubnetId);
        if (subnet.vpcId !== table.vpcId)
          throw refusal(
            'InvalidParameterValue',
            `Route table ${table.routeTableId} and subnet ${subnet.subnetId} belong to different networks`,
          );
        const there = table.associations.find((one) => one.subnetId === subnet.subnetId);
        // The same association again is no conflict: EC2 answers with the one that is there.
        if (there) return { AssociationId: there.associationId, AssociationState: associationState(scope, there) };
        const elsewhere = routeTableTable(scope)
          .all()
          .some((row) => row.associations.some((one) => one.subnetId === subnet.subnetId));
        if (elsewhere)
          throw refusal(
            'Resource.AlreadyAssociated',
            `the specified association for route table ${table.routeTableId} conflicts with an existing association`,
          );
        const association = addAssociation(scope, table, subnet.subnetId);
        return { AssociationId: association.associationId, AssociationState: associationState(scope, association) };
      },
    ),
    ReplaceRouteTableAssociation: operation<
      ReplaceRouteTableAssociationCommandInput,
      ReplaceRouteTableAssociationCommandOutput
    >(['AssociationId', 'RouteTableId'], (scope, { AssociationId, RouteTableId }) => {
      const [from, old] = requireAssociation(scope, AssociationId);
      const to = requireRouteTable(scope, RouteTableId);
      if (from.vpcId !== to.vpcId)
        throw refusal(
          'InvalidParameterValue',
          `Route table ${to.routeTableId} and association ${old.associationId} belong to different networks`,
        );
      removeAssociation(from, old);
      const association = addAssociation(scope, to, old.subnetId);
      return { NewAssociationId: association.associationId, AssociationState: associationState(scope, association) };
    }),
    DisassociateRouteTable: operation<DisassociateRouteTableCommandInput, DisassociateRouteTableCommandOutput>(
      ['AssociationId'],
      (scope, { AssociationId }) => {
        const [table, association] = requireAssociation(scope, AssociationId);
        if (association.subnetId === undefined)
          throw refusal(
            'InvalidParameterValue',
            `cannot disassociate the main route table association ${association.associationId}`,
          );
        removeAssociation(table, association);
        return {};
      },
    ),
    DeleteRouteTable: operation<DeleteRouteTableCommandInput, DeleteRouteTableCommandOutput>(
      ['RouteTableId'],
      (scope, { RouteTableId }) => {
        const { routeTableId, associations } = requireRouteTable(scope, RouteTableId);
        if (associations.length > 0)
          throw refusal(
            'DependencyViolation',
            `The routeTable '${routeTableId}' has dependencies and cannot be deleted.`,
          );
        routeTableTable(scope).delete(routeTableId);
        return {};
      },
    ),
  },
};

function filtersIn(scope: Scope) {
  type Row = RouteTableRow;
  const route = (member: keyof ReturnType<typeof describeRoutes>[number]) => (row: Row) =>
    describeRoutes(scope, row).flatMap((one) => one[member] ?? []);
  return {
    'route-table-id': (row: Row) => row.routeTableId,
    'vpc-id': (row: Row) => row.vpcId,
    'owner-id': () => scope.accountId,
    'association.route-table-association-id': (row: Row) => row.associations.map((one) => one.associationId),
    'association.route-table-id': (row: Row) => row.associations.map(() => row.routeTableId),
    'association.subnet-id': (row: Row) => row.associations.flatMap((one) => one.subnetId ?? []),
    'association.gateway-id': () => [],
    'association.main': (row: Row) => row.associations.map((one) => one.subnetId === undefined),
    'route.destination-cidr-block': route('DestinationCidrBlock'),
    'route.destination-ipv6-cidr-block': () => [],
    'route.destination-prefix-list-id': route('DestinationPrefixListId'),
    'route.gateway-id': route('GatewayId'),
    'route.nat-gateway-id': route('NatGatewayId'),
    'route.instance-id': route('InstanceId'),
    'route.network-interface-id': route('NetworkInterfaceId'),
    'route.origin': route('Origin'),
    'route.state': route('State'),
    'route.transit-gateway-id': () => [],
    'route.vpc-peering-connection-id': () => [],
    'route.egress-only-internet-gateway-id': () => [],
  };
}

vpcCompanions.push({
  born(scope, { vpcId }) {
    addAssociation(scope, addRouteTable(scope, vpcId, {}), undefined);
  },
  gone(scope, { vpcId }) {
    for (const row of routeTableTable(scope).all())
      if (row.vpcId === vpcId) routeTableTable(scope).delete(row.routeTableId);
  },
});
vpcBlockers.push(
  (scope, vpcId) =>
    routeTableTable(scope)
      .all()
      .find((row) => row.vpcId === vpcId && !isMain(row))?.routeTableId,
);
subnetGone.push((scope, subnetId) => {
  for (const table of routeTableTable(scope).all())
    table.associations = table.associations.filter((one) => one.subnetId !== subnetId);
});
