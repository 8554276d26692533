import type {
  CreateNatGatewayCommandInput,
  CreateNatGatewayCommandOutput,
  DeleteNatGatewayCommandInput,
  DeleteNatGatewayCommandOutput,
  DescribeNatGatewaysCommandInput,
  DescribeNatGatewaysCommandOutput,
  NatGateway,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { addressTable, associate, interfaceWith } from './addresses.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { idKinds, required } from './ids.ts';
import { hasInternetGateway } from './internet-gateways.ts';
import { addNetworkInterface, removeNetworkInterface } from './network-interfaces.ts';
import { given, selected } from './selection.ts';
import { freeAddresses, requireSubnet, type SubnetRow, subnetTable } from './subnets.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { vpcBlockers } from './vpcs.ts';

export interface NatGatewayRow {
  natGatewayId: string;
  vpcId: string;
  subnetId: string;
  connectivityType: 'public' | 'private';
  state: 'pending' | 'available' | 'failed' | 'deleting' | 'deleted';
  allocationId?: string;
  /** The rest of its address; kept after deletion, when the interface is gone. */
  networkInterfaceId?: string;
  privateIpAddress?: string;
  publicIp?: string;
  associationId?: string;
  failureCode?: string;
  failureMessage?: string;
  createTime: number;
  deleteTime?: number;
  tags: Tags;
}

/** Quota L-FE5A380F; pending and deleting ones count. */
const gatewaysPerZone = 5;
/** How long AWS goes on showing one that failed or was deleted. */
const shownAfterwardsSeconds = 3600;
const failureSeconds = 8;

/** AWS's texts for the reasons that it documents. */
const failureMessages: Record<string, (row: NatGatewayRow) => string> = {
  'Gateway.NotAttached': (row) => `Network ${row.vpcId} has no Internet gateway attached`,
  'Resource.AlreadyAssociated': (row) => `Elastic IP address ${row.allocationId} is already associated`,
  'InvalidAllocationID.NotFound': (row) =>
    `Elastic IP address ${row.allocationId} could not be associated with this NAT gateway`,
  InsufficientFreeAddressesInSubnet: () => 'Subnet has insufficient free addresses to create this NAT gateway',
};

export function natGatewayTable(scope: Scope) {
  return scope.table<NatGatewayRow>('ec2.natGateways');
}

function requireNatGateway(scope: Scope, id: string | undefined) {
  return required(idKinds.natGateway, id, natGatewayTable(scope).get(id));
}

export function isLive({ state }: NatGatewayRow): boolean {
  return state === 'pending' || state === 'available' || state === 'deleting';
}

const addressStatus = {
  pending: 'associating',
  available: 'succeeded',
  failed: 'failed',
  deleting: 'succeeded',
  deleted: 'succeeded',
} as const;

function describe(row: NatGatewayRow): NatGateway {
  const address = {
    AllocationId: row.allocationId,
    ...(row.state !== 'pending' && {
      NetworkInterfaceId: row.networkInterfaceId,
      PrivateIp: row.privateIpAddress,
      PublicIp: row.publicIp,
      AssociationId: row.associationId,
    }),
    IsPrimary: true,
    ...(row.state === 'failed' && { FailureMessage: row.failureMessage }),
    Status: addressStatus[row.state],
  };
  return {
    NatGatewayId: row.natGatewayId,
    VpcId: row.vpcId,
    SubnetId: row.subnetId,
    ConnectivityType: row.connectivityType,
    AvailabilityMode: 'zonal',
    State: row.state,
    CreateTime: new Date(row.createTime),
    DeleteTime: row.deleteTime === undefined ? undefined : new Date(row.deleteTime),
    FailureCode: row.failureCode,
    FailureMessage: row.failureMessage,
    NatGatewayAddresses: [address],
    Tags: toList(row.tags),
  };
}

/** Why AWS would let the gateway fail some seconds after it accepted the call. */
function reasonToFail(scope: Scope, row: NatGatewayRow, subnet: SubnetRow): string | undefined {
  const chosen = scope.breaksLater('natGateway');
  if (chosen !== undefined) return chosen;
  if (freeAddresses(scope, subnet) < 1) return 'InsufficientFreeAddressesInSubnet';
  if (row.connectivityType === 'private') return undefined;
  if (!addressTable(scope).peek(row.allocationId)) return 'InvalidAllocationID.NotFound';
  if (interfaceWith(scope, row.allocationId!)) return 'Resource.AlreadyAssociated';
  return hasInternetGateway(scope, row.vpcId) ? undefined : 'Gateway.NotAttached';
}

/** Takes the gateway's place in the subnet, which it holds from the first moment on. */
function settle(scope: Scope, row: NatGatewayRow, wanted: string | undefined) {
  const held = addNetworkInterface(scope, {
    subnetId: row.subnetId,
    privateIpAddress: wanted,
    groupIds: [],
    description: `Interface for NAT Gateway ${row.natGatewayId}`,
    interfaceType: 'nat_gateway',
    requesterManaged: true,
    requesterId: 'amazon-nat',
    instanceOwnerId: 'amazon-aws',
  });
  held.sourceDestCheck = false;
  row.networkInterfaceId = held.networkInterfaceId;
  row.privateIpAddress = held.privateIpAddress;
  const address = addressTable(scope).peek(row.allocationId);
  if (!address) return;
  row.associationId = associate(scope, address, held);
  row.publicIp = address.publicIp;
}

export const natGateways: Noun = {
  service: 'ec2',
  operations: {
    CreateNatGateway: operation<CreateNatGatewayCommandInput, CreateNatGatewayCommandOutput>(
      [
        'SubnetId',
        'AllocationId',
        'PrivateIpAddress',
        'ConnectivityType',
        'AvailabilityMode',
        'ClientToken',
        'TagSpecifications',
      ],
      (scope, input) => {
        const { SubnetId, AllocationId, ConnectivityType = 'public', AvailabilityMode = 'zonal', ClientToken } = input;
        allowTagsFor(input.TagSpecifications, 'natgateway');
        const tags = tagsFor(input.TagSpecifications, 'natgateway');
        const again = natGatewayTable(scope).peek(madeBefore(scope, 'CreateNatGateway', input));
        if (again) return { NatGateway: describe(again), ClientToken };
        if (AvailabilityMode !== 'zonal')
          throw refusal(
            'UnsupportedOperation',
            'The simulated account has no regional NAT gateways; leave AvailabilityMode off',
          );
        const subnet = requireSubnet(scope, SubnetId);
        if (ConnectivityType === 'public' && AllocationId === undefined)
          throw refusal('MissingParameter', 'The request must contain the parameter AllocationId');
        if (ConnectivityType === 'private' && AllocationId !== undefined)
          throw refusal('InvalidParameter', 'AllocationId cannot be given for a private NAT gateway');
        const inZone = natGatewayTable(scope)
          .all()
          .filter((one) => isLive(one) && zoneOf(scope, one) === subnet.availabilityZone);
        if (inZone.length >= gatewaysPerZone)
          throw refusal(
            'NatGatewayLimitExceeded',
            `Performing this operation would exceed the limit of ${gatewaysPerZone} NAT gateways`,
          );
        const natGatewayId = scope.id('nat');
        const row: NatGatewayRow = natGatewayTable(scope).insert(natGatewayId, {
          natGatewayId,
          vpcId: subnet.vpcId,
          subnetId: subnet.subnetId,
          connectivityType: ConnectivityType,
          state: 'pending',
          ...(AllocationId === undefined ? {} : { allocationId: AllocationId }),
          createTime: scope.now,
          tags,
        });
        rememberToken(scope, 'CreateNatGateway', input, natGatewayId);
        const reason = reasonToFail(scope, row, subnet);
        if (reason === undefined) {
          settle(scope, row, input.PrivateIpAddress);
          scope.after(scope.seconds('natGateway.create'), 'natGatewayAvailable', { natGatewayId });
        } else scope.after(failureSeconds, 'natGatewayFailed', { natGatewayId, reason });
        return { NatGateway: describe(row), ClientToken };
      },
    ),
    DescribeNatGateways: operation<DescribeNatGatewaysCommandInput, DescribeNatGatewaysCommandOutput>(
      ['NatGatewayIds', 'Filter', 'MaxResults', 'NextToken'],
      (scope, { NatGatewayIds, Filter, MaxResults, NextToken: token }) => {
        const rows = given(NatGatewayIds)?.map((id) => requireNatGateway(scope, id)) ?? natGatewayTable(scope).list();
        const filters = {
          'nat-gateway-id': (row: NatGatewayRow) => row.natGatewayId,
          'vpc-id': (row: NatGatewayRow) => row.vpcId,
          'subnet-id': (row: NatGatewayRow) => row.subnetId,
          state: (row: NatGatewayRow) => row.state,
        };
        const question = { Filters: Filter, MaxResults, NextToken: token };
        const { page, NextToken } = selected(scope, rows, question, filters, NatGatewayIds);
        return { NatGateways: page.map(describe), NextToken };
      },
    ),
    DeleteNatGateway: operation<DeleteNatGatewayCommandInput, DeleteNatGatewayCommandOutput>(
      ['NatGatewayId'],
      (scope, { NatGatewayId }) => {
        const row = requireNatGateway(scope, NatGatewayId);
        const { natGatewayId } = row;
        if (row.state === 'deleted') throw refusal('NatGatewayNotFound', `NatGateway ${natGatewayId} was not found`);
        if (row.state !== 'deleting') {
          row.state = 'deleting';
          row.deleteTime = scope.now;
          scope.after(scope.seconds('natGateway.delete'), 'natGatewayDeleted', { natGatewayId });
        }
        return { NatGatewayId: natGatewayId };
      },
    ),
  },
  events: {
    natGatewayAvailable(scope, { natGatewayId }: { natGatewayId: string }) {
      const row = natGatewayTable(scope).peek(natGatewayId);
      if (row?.state === 'pending') row.state = 'available';
    },
    natGatewayFailed(scope, { natGatewayId, reason }: { natGatewayId: string; reason: string }) {
      const row = natGatewayTable(scope).peek(natGatewayId);
      if (row?.state !== 'pending') return;
      row.state = 'failed';
      row.failureCode = reason;
      row.failureMessage = failureMessages[reason]?.(row) ?? `NAT gateway creation failed: ${reason}`;
      row.deleteTime = scope.now;
      scope.after(shownAfterwardsSeconds, 'natGatewayForgotten', { natGatewayId });
    },
    natGatewayDeleted(scope, { natGatewayId }: { natGatewayId: string }) {
      const row = natGatewayTable(scope).peek(natGatewayId);
      if (!row) return;
      row.state = 'deleted';
      if (row.networkInterfaceId !== undefined) removeNetworkInterface(scope, row.networkInterfaceId);
      scope.after(shownAfterwardsSeconds, 'natGatewayForgotten', { natGatewayId });
    },
    natGatewayForgotten(scope, { natGatewayId }: { natGatewayId: string }) {
      natGatewayTable(scope).delete(natGatewayId);
    },
  },
};

function zoneOf(scope: Scope, { subnetId }: NatGatewayRow): string | undefined {
  return subnetTable(scope).peek(subnetId)?.availabilityZone;
}

vpcBlockers.push(
  (scope, vpcId) =>
    natGatewayTable(scope)
      .all()
      .find((row) => row.vpcId === vpcId && isLive(row))?.natGatewayId,
);
