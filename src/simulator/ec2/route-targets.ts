import type { Route } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { internetGatewayTable } from './internet-gateways.ts';
import { isLive, natGatewayTable } from './nat-gateways.ts';
import { networkInterfaceTable, requireNetworkInterface } from './network-interface-rows.ts';
import { vpcCidrs, vpcTable } from './vpcs.ts';

/** Where a route leads: an `igw-`, `vpce-`, `nat-` or `eni-` id. */
export interface RouteRow {
  /** A block, or the id of a prefix list. */
  destination: string;
  target: string;
}

/** The ways in which a call names a target; exactly one of them. */
export interface TargetNames {
  GatewayId?: string | undefined;
  NatGatewayId?: string | undefined;
  NetworkInterfaceId?: string | undefined;
  InstanceId?: string | undefined;
}

const differentNetworks = (table: string, target: string) =>
  refusal('InvalidParameterValue', `route table ${table} and network gateway ${target} belong to different networks`);

/** The target that the call names, in the route table's own VPC. */
export function targetNamed(scope: Scope, routeTableId: string, vpcId: string, names: TargetNames): string {
  const given = Object.values(names).filter((name) => name !== undefined);
  if (given.length === 0)
    throw refusal(
      'MissingParameter',
      'The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, instanceId',
    );
  if (given.length > 1)
    throw refusal(
      'InvalidParameterCombination',
      'The request may contain only one of gatewayId, natGatewayId, networkInterfaceId, instanceId',
    );
  const { GatewayId, NatGatewayId, NetworkInterfaceId, InstanceId } = names;
  if (GatewayId !== undefined) {
    const row = internetGatewayTable(scope).get(GatewayId);
    if (!row) throw refusal('InvalidGatewayID.NotFound', `The gateway ID '${GatewayId}' does not exist`);
    if (row.vpcId !== vpcId) throw differentNetworks(routeTableId, GatewayId);
    return GatewayId;
  }
  if (NatGatewayId !== undefined) {
    const row = natGatewayTable(scope).get(NatGatewayId);
    if (!row || (row.state !== 'available' && row.state !== 'pending'))
      throw refusal('InvalidNatGatewayID.NotFound', `The natGateway ID '${NatGatewayId}' does not exist`);
    if (row.vpcId !== vpcId) throw differentNetworks(routeTableId, NatGatewayId);
    return NatGatewayId;
  }
  const held =
    InstanceId === undefined ? requireNetworkInterface(scope, NetworkInterfaceId) : onlyInterfaceOf(scope, InstanceId);
  if (held.vpcId !== vpcId) throw differentNetworks(routeTableId, held.networkInterfaceId);
  return held.networkInterfaceId;
}

function onlyInterfaceOf(scope: Scope, instanceId: string) {
  const held = networkInterfaceTable(scope)
    .all()
    .filter((row) => row.instanceId === instanceId);
  if (!held[0]) throw refusal('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  if (held.length > 1)
    throw refusal(
      'InvalidInstanceID',
      `There are multiple interfaces attached to instance '${instanceId}'. Please specify an interface ID for the operation instead.`,
    );
  return held[0];
}

/** The routes of a table, the local ones first. A route whose target is gone stays, as a `blackhole`. */
export function describeRoutes(
  scope: Scope,
  { vpcId, routes }: { vpcId: string; routes: readonly RouteRow[] },
): Route[] {
  const vpc = vpcTable(scope).peek(vpcId);
  const local: Route[] = (vpc ? vpcCidrs(vpc) : []).map((block) => ({
    DestinationCidrBlock: block,
    GatewayId: 'local',
    Origin: 'CreateRouteTable',
    State: 'active',
  }));
  return [
    ...local,
    ...routes.map(({ destination, target }): Route => {
      const held = networkInterfaceTable(scope).peek(target);
      return {
        ...(destination.startsWith('pl-')
          ? { DestinationPrefixListId: destination }
          : { DestinationCidrBlock: destination }),
        ...targetMember(target),
        InstanceId: held?.instanceId,
        InstanceOwnerId: held?.instanceId === undefined ? undefined : held.ownerOfAttachment,
        Origin: 'CreateRoute',
        State: leadsSomewhere(scope, vpcId, target) ? 'active' : 'blackhole',
      };
    }),
  ];
}

function targetMember(target: string): Route {
  if (target.startsWith('nat-')) return { NatGatewayId: target };
  return target.startsWith('eni-') ? { NetworkInterfaceId: target } : { GatewayId: target };
}

function leadsSomewhere(scope: Scope, vpcId: string, target: string): boolean {
  if (target.startsWith('igw-')) return internetGatewayTable(scope).peek(target)?.vpcId === vpcId;
  if (target.startsWith('vpce-')) return true;
  if (target.startsWith('eni-')) return networkInterfaceTable(scope).peek(target)?.status === 'in-use';
  const row = natGatewayTable(scope).peek(target);
  return row !== undefined && isLive(row) && row.state !== 'deleting';
}
