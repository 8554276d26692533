import type { DescribeNatGatewaysCommandOutput, DescribeRouteTablesCommandOutput } from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import type { InstanceRow } from '../ec2/instances.ts';
import { ask } from './questions.ts';

/** Why the server cannot load anything from the internet, or undefined when it can. */
export function wayOutProblem(scope: Scope, instance: InstanceRow): string | undefined {
  const tables = (name: string, value: string) => {
    const Filters = [{ Name: name, Values: [value] }];
    return ask<DescribeRouteTablesCommandOutput>(scope, 'ec2', 'DescribeRouteTables', { Filters })?.RouteTables ?? [];
  };
  const own = tables('association.subnet-id', instance.subnetId)[0];
  const main = tables('vpc-id', instance.vpcId).find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
  const route = (own ?? main)?.Routes?.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State === 'active',
  );
  const noWay = 'Could not resolve host: the subnet has no way to the internet';
  if (!route) return noWay;
  if (route.GatewayId?.startsWith('igw-')) return instance.publicIpAddress === undefined ? noWay : undefined;
  const Filter = [{ Name: 'nat-gateway-id', Values: [route.NatGatewayId ?? ''] }];
  const gateways = ask<DescribeNatGatewaysCommandOutput>(scope, 'ec2', 'DescribeNatGateways', { Filter });
  return gateways?.NatGateways?.[0]?.State === 'available' ? undefined : noWay;
}
