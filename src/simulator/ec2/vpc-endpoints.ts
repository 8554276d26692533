import type {
  CreateVpcEndpointCommandInput,
  CreateVpcEndpointCommandOutput,
  DeleteVpcEndpointsCommandInput,
  DeleteVpcEndpointsCommandOutput,
  DescribeVpcEndpointsCommandInput,
  DescribeVpcEndpointsCommandOutput,
  ModifyVpcEndpointCommandInput,
  ModifyVpcEndpointCommandOutput,
  State,
  UnsuccessfulItem,
  VpcEndpoint,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { Refusal, refusal } from '../refusal.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { idKinds, required } from './ids.ts';
import { networkInterfaceTable } from './network-interface-rows.ts';
import { addNetworkInterface, groupsIn, removeNetworkInterface } from './network-interfaces.ts';
import { type RouteTableRow, requireRouteTable, routeTableTable } from './route-tables.ts';
import { given, selected, selecting } from './selection.ts';
import { freeAddresses, requireSubnet } from './subnets.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { awsPrefixLists, endpointServices } from './vpc-endpoint-services.ts';
import { requireVpc, type VpcRow, vpcBlockers } from './vpcs.ts';

interface VpcEndpointRow {
  vpcEndpointId: string;
  vpcId: string;
  serviceName: string;
  vpcEndpointType: 'Gateway' | 'Interface';
  state: 'pending' | 'available' | 'deleting';
  policyDocument: string;
  privateDnsEnabled: boolean;
  groupIds: string[];
  /** In the subnets of an interface endpoint. */
  networkInterfaceIds: string[];
  creationTimestamp: number;
  tags: Tags;
}

const fullAccess = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}';
/** An interface endpoint takes minutes to come and to go; a gateway endpoint is a route. */
const interfaceSeconds = { create: 90, delete: 60 };

function vpcEndpointTable(scope: Scope) {
  return scope.table<VpcEndpointRow>('ec2.vpcEndpoints');
}

function requireVpcEndpoint(scope: Scope, id: string | undefined) {
  return required(idKinds.vpcEndpoint, id, vpcEndpointTable(scope).get(id));
}

/** The route tables that lead to a gateway endpoint; its routes are the association. */
function routeTablesTo(scope: Scope, { vpcEndpointId }: VpcEndpointRow): RouteTableRow[] {
  return routeTableTable(scope)
    .all()
    .filter(({ routes }) => routes.some(({ target }) => target === vpcEndpointId));
}

function describe(scope: Scope, row: VpcEndpointRow): VpcEndpoint {
  const held = row.networkInterfaceIds.flatMap((id) => networkInterfaceTable(scope).peek(id) ?? []);
  return {
    VpcEndpointId: row.vpcEndpointId,
    VpcEndpointType: row.vpcEndpointType,
    VpcId: row.vpcId,
    ServiceName: row.serviceName,
    // AWS writes states in small letters, its own model with a capital.
    State: row.state as unknown as State,
    PolicyDocument: row.policyDocument,
    RouteTableIds: routeTablesTo(scope, row).map(({ routeTableId }) => routeTableId),
    SubnetIds: held.map(({ subnetId }) => subnetId),
    NetworkInterfaceIds: held.map(({ networkInterfaceId }) => networkInterfaceId),
    Groups: row.groupIds.map((GroupId) => ({ GroupId })),
    PrivateDnsEnabled: row.privateDnsEnabled,
    RequesterManaged: false,
    CreationTimestamp: new Date(row.creationTimestamp),
    OwnerId: scope.accountId,
    DnsEntries:
      row.vpcEndpointType === 'Interface'
        ? [{ DnsName: `${row.vpcEndpointId}.${row.serviceName.split('.').pop()}.${scope.region}.vpce.amazonaws.com` }]
        : [],
    Tags: toList(row.tags),
  };
}

function prefixListOf(scope: Scope, serviceName: string): string {
  return awsPrefixLists(scope).find((one) => one.prefixListName === serviceName)!.prefixListId;
}

/** Checks that each table can take the endpoint's route. */
function tablesFor(scope: Scope, vpcId: string, serviceName: string, ids: readonly string[]): RouteTableRow[] {
  return ids.map((id) => {
    const table = requireRouteTable(scope, id);
    const destination = prefixListOf(scope, serviceName);
    if (table.vpcId !== vpcId)
      throw refusal('InvalidParameter', `Route table ${id} and the endpoint belong to different networks`);
    if (table.routes.some((one) => one.destination === destination))
      throw refusal(
        'RouteAlreadyExists',
        `route table ${id} already has a route with destination-prefix-list-id ${destination}`,
      );
    return table;
  });
}

function checkPrivateDns({ vpcId, enableDnsHostnames, enableDnsSupport }: VpcRow) {
  if (!enableDnsHostnames || !enableDnsSupport)
    throw refusal(
      'InvalidParameter',
      `Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for ${vpcId}`,
    );
}

function subnetsFor(scope: Scope, vpcId: string, subnetIds: readonly string[]): readonly string[] {
  const zones = new Set<string>();
  for (const subnetId of subnetIds) {
    const subnet = requireSubnet(scope, subnetId);
    if (subnet.vpcId !== vpcId)
      throw refusal('InvalidParameter', `Subnet ${subnetId} and the endpoint belong to different networks`);
    if (zones.has(subnet.availabilityZone))
      throw refusal(
        'DuplicateSubnetsInSameZone',
        `Found another VPC endpoint subnet in the availability zone of ${subnetId}`,
      );
    if (freeAddresses(scope, subnet) < 1)
      throw refusal('InsufficientFreeAddressesInSubnet', `The subnet ${subnetId} does not have enough free addresses`);
    zones.add(subnet.availabilityZone);
  }
  return subnetIds;
}

function takePlace(scope: Scope, row: VpcEndpointRow, subnetId: string) {
  const { networkInterfaceId } = addNetworkInterface(scope, {
    subnetId,
    groupIds: row.groupIds,
    description: `VPC Endpoint Interface ${row.vpcEndpointId}`,
    interfaceType: 'vpc_endpoint',
    requesterManaged: true,
    requesterId: 'amazon-vpce',
    instanceOwnerId: 'amazon-aws',
  });
  row.networkInterfaceIds.push(networkInterfaceId);
}

function leave(scope: Scope, row: VpcEndpointRow) {
  for (const table of routeTablesTo(scope, row))
    table.routes = table.routes.filter(({ target }) => target !== row.vpcEndpointId);
  for (const id of row.networkInterfaceIds) removeNetworkInterface(scope, id);
  vpcEndpointTable(scope).delete(row.vpcEndpointId);
}

export const vpcEndpoints: Noun = {
  service: 'ec2',
  operations: {
    CreateVpcEndpoint: operation<CreateVpcEndpointCommandInput, CreateVpcEndpointCommandOutput>(
      [
        'VpcId',
        'ServiceName',
        'VpcEndpointType',
        'PolicyDocument',
        'RouteTableIds',
        'SubnetIds',
        'SecurityGroupIds',
        'PrivateDnsEnabled',
        'ClientToken',
        'TagSpecifications',
      ],
      (scope, input) => {
        const { ServiceName = '', RouteTableIds = [], SubnetIds = [], SecurityGroupIds, ClientToken } = input;
        allowTagsFor(input.TagSpecifications, 'vpc-endpoint');
        const tags = tagsFor(input.TagSpecifications, 'vpc-endpoint');
        const again = vpcEndpointTable(scope).peek(madeBefore(scope, 'CreateVpcEndpoint', input));
        if (again) return { VpcEndpoint: describe(scope, again), ClientToken };
        const vpc = requireVpc(scope, input.VpcId);
        const vpcEndpointType = input.VpcEndpointType ?? 'Gateway';
        const service = endpointServices(scope).find((one) => one.serviceName === ServiceName);
        if (!service) throw refusal('InvalidServiceName', `The Vpc Endpoint Service '${ServiceName}' does not exist`);
        if (
          (vpcEndpointType !== 'Gateway' && vpcEndpointType !== 'Interface') ||
          !service.types.includes(vpcEndpointType)
        )
          throw refusal(
            'InvalidParameter',
            `Endpoint type (${vpcEndpointType}) does not match available service types (${service.types}).`,
          );
        const isGateway = vpcEndpointType === 'Gateway';
        if (isGateway && (SubnetIds.length > 0 || SecurityGroupIds))
          throw refusal('InvalidParameter', 'Gateway endpoints have neither subnets nor security groups');
        if (!isGateway && RouteTableIds.length > 0)
          throw refusal('InvalidParameter', 'Interface endpoints have no route tables');
        const privateDnsEnabled = !isGateway && (input.PrivateDnsEnabled ?? true);
        if (privateDnsEnabled) checkPrivateDns(vpc);
        const tables = isGateway ? tablesFor(scope, vpc.vpcId, ServiceName, RouteTableIds) : [];
        const subnetIds = subnetsFor(scope, vpc.vpcId, SubnetIds);
        const groupIds = isGateway ? [] : groupsIn(scope, vpc.vpcId, SecurityGroupIds);
        const vpcEndpointId = scope.id('vpce');
        const row = vpcEndpointTable(scope).insert(vpcEndpointId, {
          vpcEndpointId,
          vpcId: vpc.vpcId,
          serviceName: ServiceName,
          vpcEndpointType,
          state: isGateway ? 'available' : 'pending',
          policyDocument: input.PolicyDocument ?? fullAccess,
          privateDnsEnabled,
          groupIds,
          networkInterfaceIds: [],
          creationTimestamp: scope.now,
          tags,
        });
        for (const table of tables)
          table.routes.push({ destination: prefixListOf(scope, ServiceName), target: vpcEndpointId });
        for (const subnetId of subnetIds) takePlace(scope, row, subnetId);
        if (!isGateway) scope.after(interfaceSeconds.create, 'vpcEndpointAvailable', { vpcEndpointId });
        rememberToken(scope, 'CreateVpcEndpoint', input, vpcEndpointId);
        return { VpcEndpoint: describe(scope, row), ClientToken };
      },
    ),
    DescribeVpcEndpoints: operation<DescribeVpcEndpointsCommandInput, DescribeVpcEndpointsCommandOutput>(
      ['VpcEndpointIds', ...selecting],
      (scope, { VpcEndpointIds, ...question }) => {
        const rows =
          given(VpcEndpointIds)?.map((id) => requireVpcEndpoint(scope, id)) ?? vpcEndpointTable(scope).list();
        const filters = {
          'vpc-endpoint-id': (row: VpcEndpointRow) => row.vpcEndpointId,
          'vpc-endpoint-state': (row: VpcEndpointRow) => row.state,
          'vpc-endpoint-type': (row: VpcEndpointRow) => row.vpcEndpointType,
          'vpc-id': (row: VpcEndpointRow) => row.vpcId,
          'service-name': (row: VpcEndpointRow) => row.serviceName,
        };
        const { page, NextToken } = selected(scope, rows, question, filters, VpcEndpointIds);
        return { VpcEndpoints: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    ModifyVpcEndpoint: operation<ModifyVpcEndpointCommandInput, ModifyVpcEndpointCommandOutput>(
      [
        'VpcEndpointId',
        'PolicyDocument',
        'ResetPolicy',
        'AddRouteTableIds',
        'RemoveRouteTableIds',
        'AddSecurityGroupIds',
        'RemoveSecurityGroupIds',
        'PrivateDnsEnabled',
      ],
      (scope, input) => {
        const row = requireVpcEndpoint(scope, input.VpcEndpointId);
        if (input.PrivateDnsEnabled) checkPrivateDns(requireVpc(scope, row.vpcId));
        if (row.vpcEndpointType === 'Interface' && (input.AddRouteTableIds || input.RemoveRouteTableIds))
          throw refusal('InvalidParameter', 'Interface endpoints have no route tables');
        const gained = tablesFor(scope, row.vpcId, row.serviceName, input.AddRouteTableIds ?? []);
        const lost = (input.RemoveRouteTableIds ?? []).map((id) => requireRouteTable(scope, id));
        if (input.AddSecurityGroupIds || input.RemoveSecurityGroupIds) {
          const kept = row.groupIds.filter((id) => !input.RemoveSecurityGroupIds?.includes(id));
          row.groupIds = groupsIn(scope, row.vpcId, [...kept, ...(input.AddSecurityGroupIds ?? [])]);
        }
        for (const id of row.networkInterfaceIds) {
          const held = networkInterfaceTable(scope).peek(id);
          if (held) held.groupIds = [...row.groupIds];
        }
        for (const table of lost) table.routes = table.routes.filter(({ target }) => target !== row.vpcEndpointId);
        for (const table of gained)
          table.routes.push({ destination: prefixListOf(scope, row.serviceName), target: row.vpcEndpointId });
        row.policyDocument = input.ResetPolicy ? fullAccess : (input.PolicyDocument ?? row.policyDocument);
        row.privateDnsEnabled = input.PrivateDnsEnabled ?? row.privateDnsEnabled;
        return { Return: true };
      },
    ),
    DeleteVpcEndpoints: operation<DeleteVpcEndpointsCommandInput, DeleteVpcEndpointsCommandOutput>(
      ['VpcEndpointIds'],
      (scope, { VpcEndpointIds = [] }) => {
        const Unsuccessful = VpcEndpointIds.flatMap((id): UnsuccessfulItem[] => {
          try {
            const row = requireVpcEndpoint(scope, id);
            if (row.vpcEndpointType === 'Gateway') leave(scope, row);
            else if (row.state !== 'deleting') {
              row.state = 'deleting';
              scope.after(interfaceSeconds.delete, 'vpcEndpointDeleted', { vpcEndpointId: id });
            }
            return [];
          } catch (error) {
            // This call answers for each id by itself, inside a 200.
            if (!(error instanceof Refusal)) throw error;
            return [{ ResourceId: id, Error: { Code: error.code, Message: error.message } }];
          }
        });
        return { Unsuccessful };
      },
    ),
  },
  events: {
    vpcEndpointAvailable(scope, { vpcEndpointId }: { vpcEndpointId: string }) {
      const row = vpcEndpointTable(scope).peek(vpcEndpointId);
      if (row?.state === 'pending') row.state = 'available';
    },
    vpcEndpointDeleted(scope, { vpcEndpointId }: { vpcEndpointId: string }) {
      const row = vpcEndpointTable(scope).peek(vpcEndpointId);
      if (row) leave(scope, row);
    },
  },
};

vpcBlockers.push(
  (scope, vpcId) =>
    vpcEndpointTable(scope)
      .all()
      .find((row) => row.vpcId === vpcId)?.vpcEndpointId,
);
