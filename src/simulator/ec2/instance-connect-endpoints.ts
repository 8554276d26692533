import type {
  CreateInstanceConnectEndpointCommandInput,
  CreateInstanceConnectEndpointCommandOutput,
  DeleteInstanceConnectEndpointCommandInput,
  DeleteInstanceConnectEndpointCommandOutput,
  DescribeInstanceConnectEndpointsCommandInput,
  DescribeInstanceConnectEndpointsCommandOutput,
  Ec2InstanceConnectEndpoint,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { madeBefore, rememberToken } from './client-tokens.ts';
import { addNetworkInterface, groupsIn, removeNetworkInterface } from './network-interfaces.ts';
import { selected, selecting } from './selection.ts';
import { requireSubnet } from './subnets.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';

export interface InstanceConnectEndpointRow {
  instanceConnectEndpointId: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  availabilityZoneId: string;
  groupIds: string[];
  networkInterfaceId: string;
  preserveClientIp: boolean;
  state: 'create-in-progress' | 'create-complete' | 'delete-in-progress';
  /** Milliseconds since 1970. */
  createdAt: number;
  tags: Tags;
}

/** Seconds. */
const takes = { create: 150, delete: 120 };
/** An endpoint serves a whole VPC, and EC2 allows one for each. */
const perVpc = 1;
const perRegion = 5;

function endpointTable(scope: Scope) {
  return scope.table<InstanceConnectEndpointRow>('ec2.instanceConnectEndpoints');
}

function requireEndpoint(scope: Scope, id: string | undefined): InstanceConnectEndpointRow {
  const row = endpointTable(scope).get(id);
  if (!row)
    throw refusal(
      'InvalidInstanceConnectEndpointId.NotFound',
      `The Instance Connect Endpoint ID '${id}' does not exist`,
    );
  return row;
}

function describe(scope: Scope, row: InstanceConnectEndpointRow): Ec2InstanceConnectEndpoint {
  const id = row.instanceConnectEndpointId;
  const ready = row.state === 'create-complete';
  return {
    InstanceConnectEndpointId: id,
    InstanceConnectEndpointArn: scope.arn('ec2', `instance-connect-endpoint/${id}`),
    OwnerId: scope.accountId,
    State: row.state,
    StateMessage: '',
    ...(ready && { DnsName: `${id}.ec2-instance-connect-endpoint.${scope.region}.amazonaws.com` }),
    NetworkInterfaceIds: [row.networkInterfaceId],
    VpcId: row.vpcId,
    SubnetId: row.subnetId,
    AvailabilityZone: row.availabilityZone,
    AvailabilityZoneId: row.availabilityZoneId,
    SecurityGroupIds: row.groupIds,
    PreserveClientIp: row.preserveClientIp,
    IpAddressType: 'ipv4',
    CreatedAt: new Date(row.createdAt),
    Tags: toList(row.tags),
  };
}

export const instanceConnectEndpoints: Noun = {
  service: 'ec2',
  operations: {
    CreateInstanceConnectEndpoint: operation<
      CreateInstanceConnectEndpointCommandInput,
      CreateInstanceConnectEndpointCommandOutput
    >(['SubnetId', 'SecurityGroupIds', 'PreserveClientIp', 'ClientToken', 'TagSpecifications'], (scope, input) => {
      const { SubnetId, SecurityGroupIds, PreserveClientIp = false, ClientToken, TagSpecifications } = input;
      allowTagsFor(TagSpecifications, 'instance-connect-endpoint');
      const tags = tagsFor(TagSpecifications, 'instance-connect-endpoint');
      const again = endpointTable(scope).peek(madeBefore(scope, 'CreateInstanceConnectEndpoint', input));
      if (again) return { InstanceConnectEndpoint: describe(scope, again), ClientToken };
      const { subnetId, vpcId, availabilityZone, availabilityZoneId } = requireSubnet(scope, SubnetId);
      const groupIds = groupsIn(scope, vpcId, SecurityGroupIds);
      const all = endpointTable(scope).all();
      if (all.length >= perRegion || all.filter((row) => row.vpcId === vpcId).length >= perVpc)
        throw refusal(
          'ResourceLimitExceeded',
          'You have reached the maximum number of EC2 Instance Connect Endpoints.',
        );
      const instanceConnectEndpointId = scope.id('eice');
      const { networkInterfaceId } = addNetworkInterface(scope, {
        subnetId,
        groupIds,
        description: `EC2 Instance Connect Endpoint ${instanceConnectEndpointId}`,
        interfaceType: 'ec2_instance_connect_endpoint',
        requesterManaged: true,
        instanceOwnerId: 'amazon-aws',
      });
      const row = endpointTable(scope).insert(instanceConnectEndpointId, {
        instanceConnectEndpointId,
        subnetId,
        vpcId,
        availabilityZone,
        availabilityZoneId,
        groupIds,
        networkInterfaceId,
        preserveClientIp: PreserveClientIp,
        state: 'create-in-progress',
        createdAt: scope.now,
        tags,
      });
      rememberToken(scope, 'CreateInstanceConnectEndpoint', input, instanceConnectEndpointId);
      scope.after(takes.create, 'instanceConnectEndpointComplete', { instanceConnectEndpointId });
      return { InstanceConnectEndpoint: describe(scope, row), ClientToken };
    }),
    DescribeInstanceConnectEndpoints: operation<
      DescribeInstanceConnectEndpointsCommandInput,
      DescribeInstanceConnectEndpointsCommandOutput
    >(['InstanceConnectEndpointIds', ...selecting], (scope, { InstanceConnectEndpointIds, ...question }) => {
      const rows = InstanceConnectEndpointIds?.map((id) => requireEndpoint(scope, id)) ?? endpointTable(scope).list();
      const { page, NextToken } = selected(scope, rows, question, {
        'instance-connect-endpoint-id': (row) => row.instanceConnectEndpointId,
        state: (row) => row.state,
        'subnet-id': (row) => row.subnetId,
        'vpc-id': (row) => row.vpcId,
        'availability-zone': (row) => row.availabilityZone,
      });
      return { InstanceConnectEndpoints: page.map((row) => describe(scope, row)), NextToken };
    }),
    DeleteInstanceConnectEndpoint: operation<
      DeleteInstanceConnectEndpointCommandInput,
      DeleteInstanceConnectEndpointCommandOutput
    >(['InstanceConnectEndpointId'], (scope, { InstanceConnectEndpointId }) => {
      const row = requireEndpoint(scope, InstanceConnectEndpointId);
      if (row.state !== 'delete-in-progress') {
        row.state = 'delete-in-progress';
        scope.after(takes.delete, 'instanceConnectEndpointGone', {
          instanceConnectEndpointId: row.instanceConnectEndpointId,
        });
      }
      return { InstanceConnectEndpoint: describe(scope, row) };
    }),
  },
  events: {
    instanceConnectEndpointComplete(scope, { instanceConnectEndpointId: id }: { instanceConnectEndpointId: string }) {
      const row = endpointTable(scope).peek(id);
      if (row?.state === 'create-in-progress') row.state = 'create-complete';
    },
    instanceConnectEndpointGone(scope, { instanceConnectEndpointId: id }: { instanceConnectEndpointId: string }) {
      const row = endpointTable(scope).peek(id);
      if (!row) return;
      removeNetworkInterface(scope, row.networkInterfaceId);
      endpointTable(scope).delete(id);
    },
  },
};
