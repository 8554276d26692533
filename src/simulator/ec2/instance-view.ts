import type {
  GroupIdentifier,
  Instance,
  InstanceBlockDeviceMapping,
  InstanceNetworkInterface,
  Reservation,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { instanceTypeNamed } from './instance-types.ts';
import { describeState, type InstanceRow } from './instances.ts';
import { addressesOf, type NetworkInterfaceRow, networkInterfaceTable } from './network-interface-rows.ts';
import { privateDnsName, publicDnsName } from './network-interfaces.ts';
import { profileAssociationOf } from './profile-associations.ts';
import { securityGroupTable } from './security-group-rows.ts';
import { toList } from './tags.ts';
import { volumesOf } from './volumes.ts';
import { zonesOf } from './zones.ts';

/** Its interfaces, the primary one first. */
export function interfacesOf(scope: Scope, instanceId: string): NetworkInterfaceRow[] {
  return networkInterfaceTable(scope)
    .all()
    .filter((row) => row.instanceId === instanceId)
    .sort((one, other) => (one.deviceIndex ?? 0) - (other.deviceIndex ?? 0));
}

/** The address from outside: AWS's own, or an Elastic IP address that was associated later. */
export function publicAddressOf(scope: Scope, row: InstanceRow): string | undefined {
  return networkInterfaceTable(scope).peek(row.networkInterfaceId)?.publicIp;
}

export function describeGroups(scope: Scope, groupIds: readonly string[]): GroupIdentifier[] {
  return groupIds.map((GroupId) => ({ GroupId, GroupName: securityGroupTable(scope).peek(GroupId)?.groupName }));
}

function describeInterface(scope: Scope, row: NetworkInterfaceRow): InstanceNetworkInterface {
  const { publicIp, vpcId, privateIpAddress } = row;
  const association = publicIp !== undefined && {
    PublicIp: publicIp,
    PublicDnsName: publicDnsName(scope, vpcId, publicIp),
    IpOwnerId: row.associationAllocationId === undefined ? 'amazon' : scope.accountId,
  };
  const name = privateDnsName(scope.region, privateIpAddress);
  return {
    NetworkInterfaceId: row.networkInterfaceId,
    SubnetId: row.subnetId,
    VpcId: vpcId,
    Description: row.description,
    Groups: describeGroups(scope, row.groupIds),
    InterfaceType: row.interfaceType,
    MacAddress: row.macAddress,
    OwnerId: scope.accountId,
    PrivateDnsName: name,
    PrivateIpAddress: privateIpAddress,
    PrivateIpAddresses: addressesOf(row).map((address, index) => ({
      Primary: index === 0,
      PrivateDnsName: privateDnsName(scope.region, address),
      PrivateIpAddress: address,
      ...(index === 0 && association && { Association: association }),
    })),
    SourceDestCheck: row.sourceDestCheck,
    Status: row.status,
    ...(association && { Association: association }),
    Attachment: {
      AttachmentId: row.attachmentId,
      AttachTime: new Date(row.attachTime ?? scope.now),
      DeleteOnTermination: row.deleteOnTermination,
      DeviceIndex: row.deviceIndex,
      NetworkCardIndex: 0,
      Status: 'attached',
    },
  };
}

export function describeDevices(scope: Scope, instanceId: string): InstanceBlockDeviceMapping[] {
  return volumesOf(scope, instanceId).map(({ volumeId, attachment }) => ({
    DeviceName: attachment.device,
    Ebs: {
      VolumeId: volumeId,
      Status: attachment.state,
      AttachTime: new Date(attachment.attachTime),
      DeleteOnTermination: attachment.deleteOnTermination,
    },
  }));
}

/** Where a live instance is; a terminated one has left its network. */
function describePlace(scope: Scope, row: InstanceRow): Instance {
  if (row.state === 'terminated')
    return {
      PrivateDnsName: '',
      PublicDnsName: '',
      NetworkInterfaces: [],
      SecurityGroups: [],
      BlockDeviceMappings: [],
    };
  const publicIp = publicAddressOf(scope, row);
  return {
    SubnetId: row.subnetId,
    VpcId: row.vpcId,
    PrivateIpAddress: row.privateIpAddress,
    PrivateDnsName: privateDnsName(scope.region, row.privateIpAddress),
    PublicDnsName: publicDnsName(scope, row.vpcId, publicIp),
    ...(publicIp === undefined ? {} : { PublicIpAddress: publicIp }),
    NetworkInterfaces: interfacesOf(scope, row.instanceId).map((one) => describeInterface(scope, one)),
    SecurityGroups: describeGroups(scope, row.groupIds),
    BlockDeviceMappings: describeDevices(scope, row.instanceId),
    SourceDestCheck: networkInterfaceTable(scope).peek(row.networkInterfaceId)?.sourceDestCheck,
  };
}

export function describeInstance(scope: Scope, row: InstanceRow): Instance {
  const type = instanceTypeNamed(row.instanceType);
  const profile = profileAssociationOf(scope, row.instanceId);
  const { metadataOptions: metadata } = row;
  return {
    InstanceId: row.instanceId,
    AmiLaunchIndex: row.launchIndex,
    ClientToken: row.clientToken,
    State: describeState(row.state),
    StateTransitionReason: row.stateTransitionReason,
    ...(row.stateReason && { StateReason: { Code: row.stateReason.code, Message: row.stateReason.message } }),
    ImageId: row.imageId,
    InstanceType: row.instanceType as NonNullable<Instance['InstanceType']>,
    Architecture: row.architecture,
    ...(row.keyName === undefined ? {} : { KeyName: row.keyName }),
    LaunchTime: new Date(row.launchTime),
    Placement: {
      AvailabilityZone: row.availabilityZone,
      AvailabilityZoneId: zonesOf(scope.region).find(({ name }) => name === row.availabilityZone)?.id,
      GroupName: '',
      Tenancy: row.tenancy,
    },
    Monitoring: { State: row.monitoring ? 'enabled' : 'disabled' },
    ...describePlace(scope, row),
    ...(profile && { IamInstanceProfile: { Arn: profile.arn, Id: profile.profileId } }),
    CpuOptions: { CoreCount: type?.cores, ThreadsPerCore: type && type.vCpus / type.cores },
    EbsOptimized: row.ebsOptimized,
    EnaSupport: true,
    Hypervisor: 'xen',
    RootDeviceName: row.rootDeviceName,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    BootMode: row.bootMode,
    CurrentInstanceBootMode: row.bootMode === 'legacy-bios' ? 'legacy-bios' : 'uefi',
    MetadataOptions: {
      State: 'applied',
      HttpTokens: metadata.httpTokens,
      HttpPutResponseHopLimit: metadata.httpPutResponseHopLimit,
      HttpEndpoint: metadata.httpEndpoint,
      InstanceMetadataTags: metadata.instanceMetadataTags,
    },
    CapacityReservationSpecification: { CapacityReservationPreference: 'open' },
    EnclaveOptions: { Enabled: false },
    HibernationOptions: { Configured: false },
    MaintenanceOptions: { AutoRecovery: 'default' },
    PrivateDnsNameOptions: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
    ...row.echoed,
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    UsageOperationUpdateTime: new Date(row.launchTime),
    ProductCodes: [],
    Tags: toList(row.tags),
  };
}

/** One reservation for each launch that the rows came from. */
export function describeReservations(scope: Scope, rows: InstanceRow[]): Reservation[] {
  const reservations = new Map<string, Instance[]>();
  for (const row of rows) {
    const instances = reservations.get(row.reservationId) ?? [];
    reservations.set(row.reservationId, [...instances, describeInstance(scope, row)]);
  }
  return [...reservations].map(([ReservationId, Instances]) => ({
    ReservationId,
    OwnerId: scope.accountId,
    Groups: [],
    Instances,
  }));
}
