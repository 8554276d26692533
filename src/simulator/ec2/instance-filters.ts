import type { Scope } from '../account.ts';
import type { FilterTable } from './filters.ts';
import { describeInstance, interfacesOf, publicAddressOf } from './instance-view.ts';
import { describeState, type InstanceRow } from './instances.ts';
import type { NetworkInterfaceRow } from './network-interface-rows.ts';
import { securityGroupTable } from './security-group-rows.ts';
import { volumesOf } from './volumes.ts';
import { zonesOf } from './zones.ts';

type Values = ReturnType<FilterTable<InstanceRow>[string]>;

/** DescribeInstances' filters. What a terminated instance no longer has matches nothing. */
export function instanceFilters(scope: Scope): FilterTable<InstanceRow> {
  const placed = (read: (row: InstanceRow) => Values) => (row: InstanceRow) =>
    row.state === 'terminated' ? [] : read(row);
  const interfaces = (read: (one: NetworkInterfaceRow) => Values) => (row: InstanceRow) =>
    interfacesOf(scope, row.instanceId).flatMap((one) => read(one) ?? []);
  const volumes = (read: (one: ReturnType<typeof volumesOf>[number]) => string | boolean) => (row: InstanceRow) =>
    volumesOf(scope, row.instanceId).map(read);
  const groupNames = (groupIds: string[]) => groupIds.map((id) => securityGroupTable(scope).peek(id)?.groupName ?? '');
  return {
    'instance-id': (row) => row.instanceId,
    'client-token': (row) => row.clientToken,
    'instance-state-name': (row) => row.state,
    'instance-state-code': (row) => describeState(row.state).Code,
    'instance-type': (row) => row.instanceType,
    'image-id': (row) => row.imageId,
    'key-name': (row) => row.keyName ?? [],
    'reservation-id': (row) => row.reservationId,
    'launch-index': (row) => row.launchIndex,
    'launch-time': (row) => new Date(row.launchTime).toISOString(),
    'owner-id': () => scope.accountId,
    'requester-id': () => [],
    architecture: (row) => row.architecture,
    'availability-zone': (row) => row.availabilityZone,
    'availability-zone-id': (row) => zonesOf(scope.region).find(({ name }) => name === row.availabilityZone)?.id,
    'placement-group-name': () => [],
    tenancy: (row) => row.tenancy,
    hypervisor: () => 'xen',
    'virtualization-type': () => 'hvm',
    'boot-mode': (row) => row.bootMode,
    'current-instance-boot-mode': (row) => describeInstance(scope, row).CurrentInstanceBootMode,
    'root-device-name': (row) => row.rootDeviceName,
    'root-device-type': () => 'ebs',
    'ena-support': () => true,
    'ebs-optimized': (row) => row.ebsOptimized,
    'instance-lifecycle': () => [],
    platform: () => [],
    'platform-details': () => 'Linux/UNIX',
    'monitoring-state': (row) => (row.monitoring ? 'enabled' : 'disabled'),
    reason: (row) => row.stateTransitionReason,
    'state-reason-code': (row) => row.stateReason?.code ?? [],
    'state-reason-message': (row) => row.stateReason?.message ?? [],
    'iam-instance-profile.arn': (row) => describeInstance(scope, row).IamInstanceProfile?.Arn ?? [],
    'iam-instance-profile.id': (row) => describeInstance(scope, row).IamInstanceProfile?.Id ?? [],
    'metadata-options.http-tokens': (row) => row.metadataOptions.httpTokens,
    'metadata-options.http-endpoint': (row) => row.metadataOptions.httpEndpoint,
    'metadata-options.http-put-response-hop-limit': (row) => row.metadataOptions.httpPutResponseHopLimit,
    'metadata-options.instance-metadata-tags': (row) => row.metadataOptions.instanceMetadataTags,
    'vpc-id': placed((row) => row.vpcId),
    'subnet-id': placed((row) => row.subnetId),
    'private-ip-address': placed((row) => row.privateIpAddress),
    'private-dns-name': placed((row) => describeInstance(scope, row).PrivateDnsName),
    'ip-address': placed((row) => publicAddressOf(scope, row) ?? []),
    'dns-name': placed((row) => describeInstance(scope, row).PublicDnsName),
    'source-dest-check': placed((row) => describeInstance(scope, row).SourceDestCheck),
    'instance.group-id': placed((row) => row.groupIds),
    'instance.group-name': placed((row) => groupNames(row.groupIds)),
    'group-id': placed((row) => row.groupIds),
    'group-name': placed((row) => groupNames(row.groupIds)),
    'block-device-mapping.volume-id': volumes((one) => one.volumeId),
    'block-device-mapping.device-name': volumes((one) => one.attachment.device),
    'block-device-mapping.status': volumes((one) => one.attachment.state),
    'block-device-mapping.delete-on-termination': volumes((one) => one.attachment.deleteOnTermination),
    'block-device-mapping.attach-time': volumes((one) => new Date(one.attachment.attachTime).toISOString()),
    'network-interface.network-interface-id': interfaces((one) => one.networkInterfaceId),
    'network-interface.subnet-id': interfaces((one) => one.subnetId),
    'network-interface.vpc-id': interfaces((one) => one.vpcId),
    'network-interface.availability-zone': interfaces((one) => one.availabilityZone),
    'network-interface.description': interfaces((one) => one.description),
    'network-interface.group-id': interfaces((one) => one.groupIds),
    'network-interface.group-name': interfaces((one) => groupNames(one.groupIds)),
    'network-interface.mac-address': interfaces((one) => one.macAddress),
    'network-interface.owner-id': interfaces(() => scope.accountId),
    'network-interface.status': interfaces((one) => one.status),
    'network-interface.source-dest-check': interfaces((one) => one.sourceDestCheck),
    'network-interface.addresses.private-ip-address': interfaces((one) => one.privateIpAddress),
    'network-interface.addresses.primary': interfaces(() => true),
    'network-interface.addresses.association.public-ip': interfaces((one) => one.publicIp ?? []),
    'network-interface.association.public-ip': interfaces((one) => one.publicIp ?? []),
    'network-interface.association.allocation-id': interfaces((one) => one.associationAllocationId ?? []),
    'network-interface.association.association-id': interfaces((one) => one.associationId ?? []),
    'network-interface.attachment.attachment-id': interfaces((one) => one.attachmentId ?? []),
    'network-interface.attachment.device-index': interfaces((one) => one.deviceIndex ?? []),
    'network-interface.attachment.instance-id': interfaces((one) => one.instanceId ?? []),
    'network-interface.attachment.delete-on-termination': interfaces((one) => one.deleteOnTermination ?? []),
    'network-interface.attachment.status': interfaces(() => 'attached'),
  };
}
