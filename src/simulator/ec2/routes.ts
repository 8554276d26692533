import type {
  CreateRouteCommandInput,
  CreateRouteCommandOutput,
  DeleteRouteCommandInput,
  DeleteRouteCommandOutput,
  ReplaceRouteCommandInput,
  ReplaceRouteCommandOutput,
} from '@aws-sdk/client-ec2';
import { cidrText, contains, parseCidr } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireRouteTable } from './route-tables.ts';
import { targetNamed } from './route-targets.ts';
import { requireVpc, vpcCidrs } from './vpcs.ts';

/** Quota L-93826ACB. */
const routesPerTable = 50;

/** The destination in AWS's form: a block without host bits. */
function destinationOf(block: string | undefined): string {
  if (block === undefined)
    throw refusal('MissingParameter', 'The request must contain the parameter destinationCidrBlock');
  const cidr = parseCidr(block);
  if (!cidr)
    throw refusal(
      'InvalidParameterValue',
      `Value (${block}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    );
  return cidrText(cidr);
}

const notThere = (routeTableId: string, destination: string) =>
  refusal(
    'InvalidRoute.NotFound',
    `no route with destination-cidr-block ${destination} in route table ${routeTableId}`,
  );

const targetParameters = ['GatewayId', 'NatGatewayId', 'NetworkInterfaceId', 'InstanceId'] as const;

export const routes: Noun = {
  service: 'ec2',
  operations: {
    CreateRoute: operation<CreateRouteCommandInput, CreateRouteCommandOutput>(
      ['RouteTableId', 'DestinationCidrBlock', ...targetParameters],
      (scope, { RouteTableId, DestinationCidrBlock, GatewayId, NatGatewayId, NetworkInterfaceId, InstanceId }) => {
        const table = requireRouteTable(scope, RouteTableId);
        const destination = destinationOf(DestinationCidrBlock);
        const names = { GatewayId, NatGatewayId, NetworkInterfaceId, InstanceId };
        const blocks = vpcCidrs(requireVpc(scope, table.vpcId));
        if (blocks.includes(destination) || table.routes.some((one) => one.destination === destination))
          throw refusal('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
        const target = targetNamed(scope, table.routeTableId, table.vpcId, names);
        const inside = blocks.some((block) => contains(parseCidr(block)!, parseCidr(destination)!));
        if (inside && !target.startsWith('eni-') && !target.startsWith('nat-'))
          throw refusal(
            'InvalidParameterValue',
            `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.`,
          );
        if (table.routes.length + blocks.length > routesPerTable)
          throw refusal('RouteLimitExceeded', 'The maximum number of routes has been reached.');
        table.routes.push({ destination, target });
        return { Return: true };
      },
    ),
    ReplaceRoute: operation<ReplaceRouteCommandInput, ReplaceRouteCommandOutput>(
      ['RouteTableId', 'DestinationCidrBlock', ...targetParameters],
      (scope, { RouteTableId, DestinationCidrBlock, GatewayId, NatGatewayId, NetworkInterfaceId, InstanceId }) => {
        const table = requireRouteTable(scope, RouteTableId);
        const destination = destinationOf(DestinationCidrBlock);
        const route = table.routes.find((one) => one.destination === destination);
        if (!route)
          throw refusal(
            'InvalidParameterValue',
            `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`,
          );
        const names = { GatewayId, NatGatewayId, NetworkInterfaceId, InstanceId };
        route.target = targetNamed(scope, table.routeTableId, table.vpcId, names);
        return {};
      },
    ),
    DeleteRoute: operation<DeleteRouteCommandInput, DeleteRouteCommandOutput>(
      ['RouteTableId', 'DestinationCidrBlock', 'DestinationPrefixListId'],
      (scope, { RouteTableId, DestinationCidrBlock, DestinationPrefixListId }) => {
        const table = requireRouteTable(scope, RouteTableId);
        const destination = DestinationPrefixListId ?? destinationOf(DestinationCidrBlock);
        if (vpcCidrs(requireVpc(scope, table.vpcId)).includes(destination))
          throw refusal(
            'InvalidParameterValue',
            `cannot remove local route ${destination} in route table ${table.routeTableId}`,
          );
        const route = table.routes.find((one) => one.destination === destination);
        if (!route) throw notThere(table.routeTableId, destination);
        if (route.target.startsWith('vpce-'))
          throw refusal(
            'InvalidParameterValue',
            `cannot remove VPC endpoint route ${destination} in route table ${table.routeTableId}`,
          );
        table.routes = table.routes.filter((one) => one !== route);
        return {};
      },
    ),
  },
};
