import { refusal } from '../refusal.ts';

/** How EC2 names one kind of resource, and how it refuses an id that is malformed or that nobody has. */
export interface IdKind {
  prefix: string;
  /** As in `TagSpecifications` and DescribeTags. */
  resourceType: string;
  /** The word in `The subnet ID 'subnet-1' does not exist`. */
  word: string;
  notFound: string;
  malformed: string;
}

function kind(prefix: string, resourceType: string, word: string, notFound: string, malformed: string): IdKind {
  return { prefix, resourceType, word, notFound, malformed };
}

/** Spelt exactly as in EC2's list of error codes, whose capitals follow no rule. */
export const idKinds = {
  vpc: kind('vpc', 'vpc', 'vpc ID', 'InvalidVpcID.NotFound', 'InvalidVpcID.Malformed'),
  subnet: kind('subnet', 'subnet', 'subnet ID', 'InvalidSubnetID.NotFound', 'InvalidSubnetID.Malformed'),
  internetGateway: kind(
    'igw',
    'internet-gateway',
    'internetGateway ID',
    'InvalidInternetGatewayID.NotFound',
    'InvalidInternetGatewayId.Malformed',
  ),
  routeTable: kind(
    'rtb',
    'route-table',
    'routeTable ID',
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableId.Malformed',
  ),
  address: kind(
    'eipalloc',
    'elastic-ip',
    'allocation ID',
    'InvalidAllocationID.NotFound',
    'InvalidAllocationID.NotFound',
  ),
  natGateway: kind('nat', 'natgateway', 'NatGateway', 'NatGatewayNotFound', 'NatGatewayMalformed'),
  securityGroup: kind('sg', 'security-group', 'security group', 'InvalidGroup.NotFound', 'InvalidGroupId.Malformed'),
  securityGroupRule: kind(
    'sgr',
    'security-group-rule',
    'security group rule ID',
    'InvalidSecurityGroupRuleId.NotFound',
    'InvalidSecurityGroupRuleId.Malformed',
  ),
  networkInterface: kind(
    'eni',
    'network-interface',
    'networkInterface ID',
    'InvalidNetworkInterfaceID.NotFound',
    'InvalidNetworkInterfaceId.Malformed',
  ),
  networkAcl: kind(
    'acl',
    'network-acl',
    'networkAcl ID',
    'InvalidNetworkAclID.NotFound',
    'InvalidNetworkAclID.NotFound',
  ),
  dhcpOptions: kind(
    'dopt',
    'dhcp-options',
    'dhcpOption ID',
    'InvalidDhcpOptionID.NotFound',
    'InvalidDhcpOptionsID.Malformed',
  ),
  vpcEndpoint: kind(
    'vpce',
    'vpc-endpoint',
    'Vpc Endpoint Id',
    'InvalidVpcEndpointId.NotFound',
    'InvalidVpcEndpointId.Malformed',
  ),
} as const satisfies Record<string, IdKind>;

/** `row`, or EC2's refusal: an id of another kind is malformed, any other id without a row does not exist. */
export function required<Row>(
  { prefix, word, notFound, malformed }: IdKind,
  id: string | undefined,
  row: Row | undefined,
): Row {
  if (row !== undefined) return row;
  if (id === undefined || id === '') throw refusal('MissingParameter', `The request must contain the ${word}`);
  if (!id.startsWith(`${prefix}-`)) throw refusal(malformed, `Invalid id: "${id}" (expecting "${prefix}-...")`);
  throw refusal(notFound, `The ${word} '${id}' does not exist`);
}
