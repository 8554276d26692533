import type {
  AttachInternetGatewayCommandInput,
  AttachInternetGatewayCommandOutput,
  CreateInternetGatewayCommandInput,
  CreateInternetGatewayCommandOutput,
  DeleteInternetGatewayCommandInput,
  DeleteInternetGatewayCommandOutput,
  DescribeInternetGatewaysCommandInput,
  DescribeInternetGatewaysCommandOutput,
  DetachInternetGatewayCommandInput,
  DetachInternetGatewayCommandOutput,
  InternetGateway,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { idKinds, required } from './ids.ts';
import { networkInterfaceTable } from './network-interface-rows.ts';
import { given, selected, selecting } from './selection.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';
import { requireVpc, vpcBlockers } from './vpcs.ts';

export interface InternetGatewayRow {
  internetGatewayId: string;
  /** The VPC that it is attached to. */
  vpcId?: string;
  tags: Tags;
}

/** Quota L-A4707A72. */
const gatewaysPerRegion = 5;

export function internetGatewayTable(scope: Scope) {
  return scope.table<InternetGatewayRow>('ec2.internetGateways');
}

function requireInternetGateway(scope: Scope, id: string | undefined) {
  return required(idKinds.internetGateway, id, internetGatewayTable(scope).get(id));
}

/** True when the VPC can have public addresses. */
export function hasInternetGateway(scope: Scope, vpcId: string): boolean {
  return internetGatewayOf(scope, vpcId) !== undefined;
}

function internetGatewayOf(scope: Scope, vpcId: string): InternetGatewayRow | undefined {
  return internetGatewayTable(scope)
    .all()
    .find((row) => row.vpcId === vpcId);
}

function describe(scope: Scope, row: InternetGatewayRow): InternetGateway {
  return {
    InternetGatewayId: row.internetGatewayId,
    // EC2 says `available` here, which its own model does not list.
    Attachments: row.vpcId === undefined ? [] : [{ VpcId: row.vpcId, State: 'available' as 'attached' }],
    OwnerId: scope.accountId,
    Tags: toList(row.tags),
  };
}

/** A gateway that is attached to nothing yet. */
export function addInternetGateway(scope: Scope, tags: Tags): InternetGatewayRow {
  const internetGatewayId = scope.id('igw');
  return internetGatewayTable(scope).insert(internetGatewayId, { internetGatewayId, tags });
}

export const internetGateways: Noun = {
  service: 'ec2',
  operations: {
    CreateInternetGateway: operation<CreateInternetGatewayCommandInput, CreateInternetGatewayCommandOutput>(
      ['TagSpecifications'],
      (scope, { TagSpecifications }) => {
        allowTagsFor(TagSpecifications, 'internet-gateway');
        const tags = tagsFor(TagSpecifications, 'internet-gateway');
        if (internetGatewayTable(scope).all().length >= gatewaysPerRegion)
          throw refusal('InternetGatewayLimitExceeded', 'The maximum number of internet gateways has been reached.');
        return { InternetGateway: describe(scope, addInternetGateway(scope, tags)) };
      },
    ),
    AttachInternetGateway: operation<AttachInternetGatewayCommandInput, AttachInternetGatewayCommandOutput>(
      ['InternetGatewayId', 'VpcId'],
      (scope, { InternetGatewayId, VpcId }) => {
        const row = requireInternetGateway(scope, InternetGatewayId);
        const { vpcId } = requireVpc(scope, VpcId);
        if (row.vpcId !== undefined)
          throw refusal(
            'Resource.AlreadyAssociated',
            `resource ${row.internetGatewayId} is already attached to network ${row.vpcId}`,
          );
        if (hasInternetGateway(scope, vpcId))
          throw refusal('InvalidParameterValue', `Network ${vpcId} already has an internet gateway attached`);
        row.vpcId = vpcId;
        return {};
      },
    ),
    DetachInternetGateway: operation<DetachInternetGatewayCommandInput, DetachInternetGatewayCommandOutput>(
      ['InternetGatewayId', 'VpcId'],
      (scope, { InternetGatewayId, VpcId }) => {
        const row = requireInternetGateway(scope, InternetGatewayId);
        const { vpcId } = requireVpc(scope, VpcId);
        if (row.vpcId !== vpcId)
          throw refusal('Gateway.NotAttached', `resource ${row.internetGatewayId} is not attached to network ${vpcId}`);
        const mapped = networkInterfaceTable(scope)
          .all()
          .some((one) => one.vpcId === vpcId && one.publicIp !== undefined);
        if (mapped)
          throw refusal(
            'DependencyViolation',
            `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
          );
        delete row.vpcId;
        return {};
      },
    ),
    DescribeInternetGateways: operation<DescribeInternetGatewaysCommandInput, DescribeInternetGatewaysCommandOutput>(
      ['InternetGatewayIds', ...selecting],
      (scope, { InternetGatewayIds, ...question }) => {
        const rows =
          given(InternetGatewayIds)?.map((id) => requireInternetGateway(scope, id)) ??
          internetGatewayTable(scope).list();
        const filters = {
          'internet-gateway-id': (row: InternetGatewayRow) => row.internetGatewayId,
          'attachment.vpc-id': (row: InternetGatewayRow) => row.vpcId ?? [],
          'attachment.state': (row: InternetGatewayRow) => (row.vpcId === undefined ? [] : 'available'),
          'owner-id': () => scope.accountId,
        };
        const { page, NextToken } = selected(scope, rows, question, filters, InternetGatewayIds);
        return { InternetGateways: page.map((row) => describe(scope, row)), NextToken };
      },
    ),
    DeleteInternetGateway: operation<DeleteInternetGatewayCommandInput, DeleteInternetGatewayCommandOutput>(
      ['InternetGatewayId'],
      (scope, { InternetGatewayId }) => {
        const row = requireInternetGateway(scope, InternetGatewayId);
        if (row.vpcId !== undefined)
          throw refusal(
            'DependencyViolation',
            `The internetGateway '${row.internetGatewayId}' has dependencies and cannot be deleted.`,
          );
        internetGatewayTable(scope).delete(row.internetGatewayId);
        return {};
      },
    ),
  },
};

vpcBlockers.push((scope, vpcId) => internetGatewayOf(scope, vpcId)?.internetGatewayId);
