import type { Scope } from '../account.ts';
import { idKinds, required } from './ids.ts';
import type { Tags } from './tags.ts';

export interface NetworkInterfaceRow {
  networkInterfaceId: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  privateIpAddress: string;
  /** Further private addresses. */
  secondaryAddresses?: string[];
  macAddress: string;
  description: string;
  /** `interface`, `nat_gateway`, `efs`, `vpc_endpoint` … */
  interfaceType: string;
  requesterManaged: boolean;
  requesterId?: string;
  /** AWS calls it `instance-owner-id`: the account, or the service that holds the interface, as `amazon-elb`. */
  ownerOfAttachment?: string;
  instanceId?: string;
  attachmentId?: string;
  attachTime?: number;
  deviceIndex?: number;
  deleteOnTermination?: boolean;
  groupIds: string[];
  /** Its own for as long as it runs, or the Elastic IP address that is associated. */
  publicIp?: string;
  /** The Elastic IP address that `publicIp` is. */
  associationAllocationId?: string;
  associationId?: string;
  sourceDestCheck: boolean;
  status: 'available' | 'in-use';
  tags: Tags;
}

export function addressesOf({ privateIpAddress, secondaryAddresses = [] }: NetworkInterfaceRow): string[] {
  return [privateIpAddress, ...secondaryAddresses];
}

export function networkInterfaceTable(scope: Scope) {
  return scope.table<NetworkInterfaceRow>('ec2.networkInterfaces');
}

export function requireNetworkInterface(scope: Scope, id: string | undefined) {
  return required(idKinds.networkInterface, id, networkInterfaceTable(scope).get(id));
}
