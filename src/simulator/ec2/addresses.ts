import type {
  Address,
  AllocateAddressCommandInput,
  AllocateAddressCommandOutput,
  AssociateAddressCommandInput,
  AssociateAddressCommandOutput,
  DescribeAddressesCommandInput,
  DescribeAddressesCommandOutput,
  DisassociateAddressCommandInput,
  DisassociateAddressCommandOutput,
  ReleaseAddressCommandInput,
  ReleaseAddressCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { filtered } from './filters.ts';
import { idKinds, required } from './ids.ts';
import { hasInternetGateway } from './internet-gateways.ts';
import { type NetworkInterfaceRow, networkInterfaceTable, requireNetworkInterface } from './network-interface-rows.ts';
import { given } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';

/** An Elastic IP address. What it is associated with, the network interface knows. */
export interface AddressRow {
  allocationId: string;
  publicIp: string;
  tags: Tags;
}

/** Quota L-0263D0A3. */
const addressesPerRegion = 5;

export function addressTable(scope: Scope) {
  return scope.table<AddressRow>('ec2.addresses');
}

function requireAddress(scope: Scope, allocationId: string | undefined) {
  return required(idKinds.address, allocationId, addressTable(scope).get(allocationId));
}

/** The interface that has the address. */
export function interfaceWith(scope: Scope, allocationId: string): NetworkInterfaceRow | undefined {
  return networkInterfaceTable(scope)
    .all()
    .find((row) => row.associationAllocationId === allocationId);
}

/** A public address that nothing in the account has, for an instance or an Elastic IP address. */
export function newPublicAddress(scope: Scope): string {
  for (;;) {
    const octet = () => Math.floor(scope.random() * 254) + 1;
    // 203.0.113.0/24 and its like are too few; 44.224.0.0/11 is Amazon's own in us-west-2.
    const publicIp = `44.${224 + Math.floor(scope.random() * 32)}.${octet()}.${octet()}`;
    const taken =
      addressTable(scope)
        .all()
        .some((row) => row.publicIp === publicIp) ||
      networkInterfaceTable(scope)
        .all()
        .some((row) => row.publicIp === publicIp);
    if (!taken) return publicIp;
  }
}

/** Gives the interface the address, in place of the public address that it had. */
export function associate(scope: Scope, address: AddressRow, row: NetworkInterfaceRow): string {
  row.publicIp = address.publicIp;
  row.associationAllocationId = address.allocationId;
  row.associationId = scope.id('eipassoc');
  tellInstance(scope, row);
  return row.associationId;
}

function dissociate(scope: Scope, row: NetworkInterfaceRow) {
  delete row.publicIp;
  delete row.associationAllocationId;
  delete row.associationId;
  tellInstance(scope, row);
}

/** An instance shows the public address of its first interface as its own. */
function tellInstance(scope: Scope, { instanceId, deviceIndex, publicIp }: NetworkInterfaceRow) {
  const instance = scope.table<{ publicIpAddress?: string }>('ec2.instances').peek(instanceId);
  if (!instance || deviceIndex !== 0) return;
  if (publicIp === undefined) delete instance.publicIpAddress;
  else instance.publicIpAddress = publicIp;
}

function describe(scope: Scope, row: AddressRow): Address {
  const user = interfaceWith(scope, row.allocationId);
  return {
    AllocationId: row.allocationId,
    PublicIp: row.publicIp,
    Domain: 'vpc',
    PublicIpv4Pool: 'amazon',
    NetworkBorderGroup: scope.region,
    Tags: toList(row.tags),
    ...(user && {
      AssociationId: user.associationId,
      NetworkInterfaceId: user.networkInterfaceId,
      NetworkInterfaceOwnerId: scope.accountId,
      PrivateIpAddress: user.privateIpAddress,
      InstanceId: user.instanceId,
    }),
  };
}

function addressNamed(scope: Scope, allocationId: string | undefined, publicIp: string | undefined): AddressRow {
  if (allocationId !== undefined && publicIp !== undefined)
    throw refusal(
      'InvalidParameterCombination',
      'You may specify public IP or allocation id, but not both in the same call',
    );
  if (allocationId === undefined && publicIp === undefined)
    throw refusal('MissingParameter', 'Either public IP or allocation id must be specified');
  if (publicIp === undefined) return requireAddress(scope, allocationId);
  const row = addressTable(scope)
    .list()
    .find((one) => one.publicIp === publicIp);
  if (!row) throw refusal('InvalidAddress.NotFound', `Address '${publicIp}' not found.`);
  return row;
}

function firstInterfaceOf(scope: Scope, instanceId: string): NetworkInterfaceRow {
  const instance = scope.table<{ state: string }>('ec2.instances').get(instanceId);
  if (!instance) throw refusal('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  const row = networkInterfaceTable(scope)
    .all()
    .find((one) => one.instanceId === instanceId && one.deviceIndex === 0);
  if (!row || !['running', 'stopping', 'stopped'].includes(instance.state))
    throw refusal(
      'InvalidInstanceID',
      `The ${instance.state} instance '${instanceId}' is not in a valid state for this operation.`,
    );
  return row;
}

export const addresses: Noun = {
  service: 'ec2',
  operations: {
    AllocateAddress: operation<AllocateAddressCommandInput, AllocateAddressCommandOutput>(
      ['Domain', 'PublicIpv4Pool', 'NetworkBorderGroup', 'TagSpecifications'],
      (scope, { Domain = 'vpc', PublicIpv4Pool = 'amazon', NetworkBorderGroup, TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'elastic-ip');
        const tags = tagsFor(TagSpecifications, 'elastic-ip');
        if (Domain !== 'vpc')
          throw refusal('InvalidParameterValue', `Value (${Domain}) for parameter domain is invalid.`);
        if (PublicIpv4Pool !== 'amazon')
          throw refusal('InvalidPublicIpv4PoolID.NotFound', `The pool ID '${PublicIpv4Pool}' does not exist.`);
        if (NetworkBorderGroup !== undefined && NetworkBorderGroup !== scope.region)
          throw refusal(
            'InvalidParameterValue',
            `Value (${NetworkBorderGroup}) for parameter networkBorderGroup is invalid.`,
          );
        const table = addressTable(scope);
        if (table.all().length >= addressesPerRegion)
          throw refusal('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
        const allocationId = scope.id('eipalloc');
        const row = table.insert(allocationId, { allocationId, publicIp: newPublicAddress(scope), tags });
        return {
          AllocationId: allocationId,
          PublicIp: row.publicIp,
          Domain: 'vpc',
          PublicIpv4Pool: 'amazon',
          NetworkBorderGroup: scope.region,
        };
      },
    ),
    DescribeAddresses: operation<DescribeAddressesCommandInput, DescribeAddressesCommandOutput>(
      ['AllocationIds', 'PublicIps', 'Filters'],
      (scope, { AllocationIds, PublicIps, Filters }) => {
        const named = [
          ...(AllocationIds ?? []).map((id) => requireAddress(scope, id)),
          ...(PublicIps ?? []).map((publicIp) => addressNamed(scope, undefined, publicIp)),
        ];
        const rows = given(named) ?? addressTable(scope).list();
        const user = (row: AddressRow) => interfaceWith(scope, row.allocationId);
        const found = filtered<AddressRow>(scope, rows, Filters, {
          'allocation-id': (row) => row.allocationId,
          'public-ip': (row) => row.publicIp,
          domain: () => 'vpc',
          'network-border-group': () => scope.region,
          'association-id': (row) => user(row)?.associationId ?? [],
          'instance-id': (row) => user(row)?.instanceId ?? [],
          'network-interface-id': (row) => user(row)?.networkInterfaceId ?? [],
          'network-interface-owner-id': (row) => (user(row) ? scope.accountId : []),
          'private-ip-address': (row) => user(row)?.privateIpAddress ?? [],
        });
        return { Addresses: found.map((row) => describe(scope, row)) };
      },
    ),
    AssociateAddress: operation<AssociateAddressCommandInput, AssociateAddressCommandOutput>(
      ['AllocationId', 'PublicIp', 'InstanceId', 'NetworkInterfaceId', 'AllowReassociation', 'PrivateIpAddress'],
      (scope, { AllocationId, PublicIp, InstanceId, NetworkInterfaceId, AllowReassociation, PrivateIpAddress }) => {
        const address = addressNamed(scope, AllocationId, PublicIp);
        if (InstanceId === undefined && NetworkInterfaceId === undefined)
          throw refusal('MissingParameter', 'Either instance ID or network interface id must be specified');
        if (InstanceId !== undefined && NetworkInterfaceId !== undefined)
          throw refusal(
            'InvalidParameterCombination',
            'You may specify instance ID or network interface id, but not both',
          );
        const row =
          InstanceId === undefined
            ? requireNetworkInterface(scope, NetworkInterfaceId)
            : firstInterfaceOf(scope, InstanceId);
        if (PrivateIpAddress !== undefined && PrivateIpAddress !== row.privateIpAddress)
          throw refusal(
            'InvalidParameterValue',
            `The address ${PrivateIpAddress} is not assigned to ${row.networkInterfaceId}`,
          );
        if (row.requesterManaged)
          throw refusal('AuthFailure', 'You do not have permission to access the specified resource.', 403);
        if (!hasInternetGateway(scope, row.vpcId))
          throw refusal('Gateway.NotAttached', `Network ${row.vpcId} is not attached to any internet gateway`);
        const user = interfaceWith(scope, address.allocationId);
        if (user === row) return { AssociationId: row.associationId };
        if (user?.requesterManaged || (user && AllowReassociation !== true))
          throw refusal(
            'Resource.AlreadyAssociated',
            `resource ${address.allocationId} is already associated with associate-id ${user.associationId}`,
          );
        if (row.associationAllocationId !== undefined && AllowReassociation !== true)
          throw refusal(
            'Resource.AlreadyAssociated',
            `resource ${row.networkInterfaceId} is already associated with associate-id ${row.associationId}`,
          );
        if (user) dissociate(scope, user);
        return { AssociationId: associate(scope, address, row) };
      },
    ),
    DisassociateAddress: operation<DisassociateAddressCommandInput, DisassociateAddressCommandOutput>(
      ['AssociationId', 'PublicIp'],
      (scope, { AssociationId, PublicIp }) => {
        if (AssociationId === undefined && PublicIp === undefined)
          throw refusal('MissingParameter', 'Either public IP or association id must be specified');
        const row = networkInterfaceTable(scope)
          .all()
          .find(
            (one) =>
              one.associationId !== undefined && (one.associationId === AssociationId || one.publicIp === PublicIp),
          );
        if (!row && AssociationId !== undefined)
          throw refusal('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`);
        if (!row) {
          addressNamed(scope, undefined, PublicIp);
          return {};
        }
        if (row.requesterManaged)
          throw refusal('AuthFailure', 'You do not have permission to access the specified resource.', 403);
        dissociate(scope, row);
        return {};
      },
    ),
    ReleaseAddress: operation<ReleaseAddressCommandInput, ReleaseAddressCommandOutput>(
      ['AllocationId', 'PublicIp', 'NetworkBorderGroup'],
      (scope, { AllocationId, PublicIp }) => {
        const row = addressNamed(scope, AllocationId, PublicIp);
        if (interfaceWith(scope, row.allocationId))
          throw refusal('InvalidIPAddress.InUse', `Address ${row.publicIp} is in use.`);
        addressTable(scope).delete(row.allocationId);
        return {};
      },
    ),
  },
};
