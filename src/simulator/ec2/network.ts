import type { Noun } from '../noun.ts';
import { addresses } from './addresses.ts';
import { authorizations } from './authorizations.ts';
import { defaultVpcs } from './default-vpc.ts';
import { dhcpOptions } from './dhcp-options.ts';
import { interfaceAttachments } from './interface-attachments.ts';
import { internetGateways } from './internet-gateways.ts';
import { natGateways } from './nat-gateways.ts';
import { networkAclEntries } from './network-acl-entries.ts';
import { networkAcls } from './network-acls.ts';
import { networkInterfaces } from './network-interfaces.ts';
import { privateAddresses } from './private-addresses.ts';
import { resourceTags } from './resource-tags.ts';
import { routeTables } from './route-tables.ts';
import { routes } from './routes.ts';
import { securityGroupRules } from './security-group-rules.ts';
import { securityGroups } from './security-groups.ts';
import { subnets } from './subnets.ts';
import { vpcEndpointServices } from './vpc-endpoint-services.ts';
import { vpcEndpoints } from './vpc-endpoints.ts';
import { vpcs } from './vpcs.ts';
import { zones } from './zones.ts';

/** What EC2 calls "networking": everything that a VPC is made of. */
export const ec2NetworkNouns: readonly Noun[] = [
  zones,
  vpcs,
  defaultVpcs,
  subnets,
  internetGateways,
  routeTables,
  routes,
  addresses,
  natGateways,
  securityGroups,
  authorizations,
  securityGroupRules,
  networkInterfaces,
  interfaceAttachments,
  privateAddresses,
  networkAcls,
  networkAclEntries,
  dhcpOptions,
  vpcEndpoints,
  vpcEndpointServices,
  resourceTags,
];
