import type { Noun, ServiceName } from './noun.ts';

/**
 * Kinds that nobody can make in this account. Who looks whether anything is left asks for them all the same, and the
 * answer is true: there are none. By service, the operation and the member of its answer that is empty.
 */
const lists: Partial<Record<ServiceName, Record<string, string>>> = {
  ec2: {
    DescribeCapacityReservations: 'CapacityReservations',
    DescribeCarrierGateways: 'CarrierGateways',
    DescribeCustomerGateways: 'CustomerGateways',
    DescribeEgressOnlyInternetGateways: 'EgressOnlyInternetGateways',
    DescribeFlowLogs: 'FlowLogs',
    DescribeHosts: 'Hosts',
    DescribePlacementGroups: 'PlacementGroups',
    DescribeReservedInstances: 'ReservedInstances',
    DescribeSpotInstanceRequests: 'SpotInstanceRequests',
    DescribeTransitGatewayAttachments: 'TransitGatewayAttachments',
    DescribeTransitGatewayVpcAttachments: 'TransitGatewayVpcAttachments',
    DescribeTransitGateways: 'TransitGateways',
    DescribeVpcPeeringConnections: 'VpcPeeringConnections',
    DescribeVpnConnections: 'VpnConnections',
    DescribeVpnGateways: 'VpnGateways',
  },
  rds: {
    DescribeBlueGreenDeployments: 'BlueGreenDeployments',
    DescribeDBProxies: 'DBProxies',
    DescribeDBSecurityGroups: 'DBSecurityGroups',
    DescribeEventSubscriptions: 'EventSubscriptionsList',
    DescribeExportTasks: 'ExportTasks',
    DescribeGlobalClusters: 'GlobalClusters',
    DescribeIntegrations: 'Integrations',
    DescribeReservedDBInstances: 'ReservedDBInstances',
  },
  elasticache: {
    DescribeGlobalReplicationGroups: 'GlobalReplicationGroups',
    DescribeReservedCacheNodes: 'ReservedCacheNodes',
    DescribeServerlessCacheSnapshots: 'ServerlessCacheSnapshots',
    DescribeServerlessCaches: 'ServerlessCaches',
  },
  efs: { DescribeReplicationConfigurations: 'Replications' },
  iam: {
    ListGroups: 'Groups',
    ListMFADevices: 'MFADevices',
    ListOpenIDConnectProviders: 'OpenIDConnectProviderList',
    ListSAMLProviders: 'SAMLProviderList',
    ListServerCertificates: 'ServerCertificateMetadataList',
    ListVirtualMFADevices: 'VirtualMFADevices',
  },
  ssm: {
    DescribeActivations: 'ActivationList',
    DescribeAutomationExecutions: 'AutomationExecutionMetadataList',
    DescribeMaintenanceWindows: 'WindowIdentities',
    DescribeOpsItems: 'OpsItemSummaries',
    ListAssociations: 'Associations',
  },
};

/** How such a list is narrowed or paged. An id is not among them: asking for one that cannot exist is a mistake. */
const narrowing = [
  'Filter',
  'Filters',
  'OpsItemFilters',
  'AssociationFilterList',
  'PathPrefix',
  'MaxResults',
  'MaxRecords',
  'MaxItems',
  'Marker',
  'NextToken',
];

export const absentKinds: readonly Noun[] = Object.entries(lists).map(([service, operations]) => ({
  service: service as ServiceName,
  operations: Object.fromEntries(
    Object.entries(operations).map(([operation, member]) => [
      operation,
      { parameters: narrowing, run: () => ({ [member]: [], ...(service === 'iam' && pagedByIam(operation)) }) },
    ]),
  ),
}));

/** Every list of IAM says whether it goes on, but for those that are never long. */
function pagedByIam(operation: string) {
  return /Provider/.test(operation) ? {} : { IsTruncated: false };
}
