import type {
  CreateMountTargetCommandInput,
  CreateMountTargetCommandOutput,
  DeleteMountTargetCommandInput,
  DeleteMountTargetCommandOutput,
  DescribeMountTargetSecurityGroupsCommandInput,
  DescribeMountTargetSecurityGroupsCommandOutput,
  DescribeMountTargetsCommandInput,
  DescribeMountTargetsCommandOutput,
  ModifyMountTargetSecurityGroupsCommandInput,
  ModifyMountTargetSecurityGroupsCommandOutput,
  MountTargetDescription,
} from '@aws-sdk/client-efs';
import type { Scope } from '../account.ts';
import { networkInterfaceTable } from '../ec2/network-interface-rows.ts';
import { addNetworkInterface, removeNetworkInterface } from '../ec2/network-interfaces.ts';
import { defaultSecurityGroup, securityGroupTable } from '../ec2/security-group-rows.ts';
import { type SubnetRow, subnetTable } from '../ec2/subnets.ts';
import { touchServiceLinkedRole } from '../iam/service-linked-roles.ts';
import { type Noun, operation } from '../noun.ts';
import { Refusal, refusal } from '../refusal.ts';
import { efsPage } from './pages.ts';
import {
  badRequest,
  type FileSystemRow,
  type MountTargetRow,
  mountTargetsOf,
  mountTargetTable,
  requireAccessPoint,
  requireAvailable,
  requireFileSystem,
  requireMountTarget,
} from './rows.ts';

const securityGroupsPerMountTarget = 5;

function describe(scope: Scope, row: MountTargetRow): MountTargetDescription {
  return {
    OwnerId: scope.accountId,
    MountTargetId: row.mountTargetId,
    FileSystemId: row.fileSystemId,
    SubnetId: row.subnetId,
    VpcId: row.vpcId,
    LifeCycleState: row.lifeCycleState,
    IpAddress: row.ipAddress,
    NetworkInterfaceId: row.networkInterfaceId,
    AvailabilityZoneId: row.availabilityZoneId,
    AvailabilityZoneName: row.availabilityZone,
  };
}

function conflict(message: string) {
  return refusal('MountTargetConflict', message, 409);
}

/** A file system has its mount targets in one VPC, at most one to a zone; a One Zone file system in its own zone. */
function checkPlace(scope: Scope, { fileSystemId, availabilityZoneName }: FileSystemRow, subnet: SubnetRow) {
  const others = mountTargetsOf(scope, fileSystemId);
  if (others.some(({ vpcId }) => vpcId !== subnet.vpcId))
    throw conflict('requested subnet for new mount target is not in the same VPC as existing mount targets');
  if (others.some(({ availabilityZone }) => availabilityZone === subnet.availabilityZone))
    throw conflict('mount target already exists in this AZ');
  if (availabilityZoneName !== undefined && availabilityZoneName !== subnet.availabilityZone)
    throw refusal(
      'AvailabilityZonesMismatch',
      `The subnet is in ${subnet.availabilityZone}, the file system in ${availabilityZoneName}.`,
    );
}

function securityGroupsFor(scope: Scope, vpcId: string, given: string[] | undefined): string[] {
  if (!given?.length) return [defaultSecurityGroup(scope, vpcId).groupId];
  if (given.length > securityGroupsPerMountTarget)
    throw refusal(
      'SecurityGroupLimitExceeded',
      `The number of security groups exceeds the limit of ${securityGroupsPerMountTarget} per mount target.`,
    );
  const groups = [...new Set(given)];
  for (const groupId of groups)
    if (securityGroupTable(scope).get(groupId)?.vpcId !== vpcId)
      throw refusal('SecurityGroupNotFound', `The security group '${groupId}' does not exist in the VPC '${vpcId}'.`);
  return groups;
}

const addressRefusals: Record<string, [code: string, status: number]> = {
  InsufficientFreeAddressesInSubnet: ['NoFreeAddressesInSubnet', 409],
  'InvalidIPAddress.InUse': ['IpAddressInUse', 409],
  InvalidParameterValue: ['BadRequest', 400],
};

/** EFS's interface in the subnet; EC2's refusals of an address are EFS's own here. */
function interfaceFor(
  scope: Scope,
  mountTargetId: string,
  fileSystemId: string,
  wanted: { subnetId: string; groupIds: string[]; privateIpAddress: string | undefined },
) {
  try {
    return addNetworkInterface(scope, {
      ...wanted,
      description: `Mount target ${mountTargetId} for file system ${fileSystemId}`,
      interfaceType: 'efs',
      requesterManaged: true,
      requesterId: 'amazon-efs',
      instanceOwnerId: 'amazon-efs',
    });
  } catch (error) {
    const known = error instanceof Refusal ? addressRefusals[error.code] : undefined;
    if (!known) throw error;
    throw refusal(known[0], (error as Refusal).message, known[1]);
  }
}

export const mountTargets: Noun = {
  service: 'efs',
  operations: {
    CreateMountTarget: operation<CreateMountTargetCommandInput, CreateMountTargetCommandOutput>(
      ['FileSystemId', 'SubnetId', 'IpAddress', 'IpAddressType', 'SecurityGroups'],
      (scope, { FileSystemId = '', SubnetId = '', IpAddress, IpAddressType = 'IPV4_ONLY', SecurityGroups }) => {
        const fileSystem = requireAvailable(scope, FileSystemId);
        if (IpAddressType !== 'IPV4_ONLY') throw badRequest('the subnet has no IPv6 block');
        const subnet = subnetTable(scope).get(SubnetId);
        if (!subnet) throw refusal('SubnetNotFound', `The subnet ID '${SubnetId}' does not exist.`);
        checkPlace(scope, fileSystem, subnet);
        const groupIds = securityGroupsFor(scope, subnet.vpcId, SecurityGroups);
        const { fileSystemId } = fileSystem;
        const { subnetId, vpcId, availabilityZone, availabilityZoneId } = subnet;
        const mountTargetId = scope.id('fsmt');
        const wanted = { subnetId, groupIds, privateIpAddress: IpAddress };
        const { networkInterfaceId, privateIpAddress } = interfaceFor(scope, mountTargetId, fileSystemId, wanted);
        touchServiceLinkedRole(scope, 'elasticfilesystem');
        const row = mountTargetTable(scope).insert(mountTargetId, {
          mountTargetId,
          fileSystemId,
          subnetId,
          vpcId,
          availabilityZone,
          availabilityZoneId,
          networkInterfaceId,
          ipAddress: privateIpAddress,
          lifeCycleState: 'creating',
        });
        scope.after(scope.seconds('mountTarget.create'), 'mountTargetAvailable', { mountTargetId });
        return describe(scope, row);
      },
    ),
    DescribeMountTargets: operation<DescribeMountTargetsCommandInput, DescribeMountTargetsCommandOutput>(
      ['MaxItems', 'Marker', 'FileSystemId', 'MountTargetId', 'AccessPointId'],
      (scope, { MaxItems, Marker, FileSystemId, MountTargetId, AccessPointId }) => {
        if ([FileSystemId, MountTargetId, AccessPointId].filter((given) => given !== undefined).length !== 1)
          throw badRequest('You must specify exactly one of FileSystemId, MountTargetId and AccessPointId');
        const rows =
          MountTargetId === undefined
            ? targetsOf(scope, FileSystemId ?? requireAccessPoint(scope, AccessPointId ?? '').fileSystemId)
            : [requireMountTarget(scope, MountTargetId)];
        const { page, next } = efsPage(rows, MaxItems, Marker);
        return { Marker, MountTargets: page.map((row) => describe(scope, row)), NextMarker: next };
      },
    ),
    DescribeMountTargetSecurityGroups: operation<
      DescribeMountTargetSecurityGroupsCommandInput,
      DescribeMountTargetSecurityGroupsCommandOutput
    >(['MountTargetId'], (scope, { MountTargetId = '' }) => {
      const { networkInterfaceId } = requireMountTarget(scope, MountTargetId);
      return { SecurityGroups: networkInterfaceTable(scope).peek(networkInterfaceId)?.groupIds ?? [] };
    }),
    ModifyMountTargetSecurityGroups: operation<
      ModifyMountTargetSecurityGroupsCommandInput,
      ModifyMountTargetSecurityGroupsCommandOutput
    >(['MountTargetId', 'SecurityGroups'], (scope, { MountTargetId = '', SecurityGroups }) => {
      const row = requireMountTarget(scope, MountTargetId);
      if (row.lifeCycleState !== 'available')
        throw refusal(
          'IncorrectMountTargetState',
          `Mount target '${row.mountTargetId}' is in the lifecycle state '${row.lifeCycleState}'.`,
          409,
        );
      const groupIds = securityGroupsFor(scope, row.vpcId, SecurityGroups);
      const networkInterface = networkInterfaceTable(scope).peek(row.networkInterfaceId);
      if (networkInterface) networkInterface.groupIds = groupIds;
      return {};
    }),
    DeleteMountTarget: operation<DeleteMountTargetCommandInput, DeleteMountTargetCommandOutput>(
      ['MountTargetId'],
      (scope, { MountTargetId = '' }) => {
        const row = requireMountTarget(scope, MountTargetId);
        if (row.lifeCycleState === 'deleting') return {};
        row.lifeCycleState = 'deleting';
        scope.after(scope.seconds('mountTarget.delete'), 'mountTargetGone', { mountTargetId: row.mountTargetId });
        return {};
      },
    ),
  },
  events: {
    mountTargetAvailable(scope, { mountTargetId }: { mountTargetId: string }) {
      const row = mountTargetTable(scope).peek(mountTargetId);
      if (row?.lifeCycleState === 'creating') row.lifeCycleState = 'available';
    },
    mountTargetGone(scope, { mountTargetId }: { mountTargetId: string }) {
      const row = mountTargetTable(scope).peek(mountTargetId);
      if (!row) return;
      removeNetworkInterface(scope, row.networkInterfaceId);
      mountTargetTable(scope).delete(mountTargetId);
    },
  },
};

function targetsOf(scope: Scope, given: string): MountTargetRow[] {
  const { fileSystemId } = requireFileSystem(scope, given);
  return mountTargetTable(scope)
    .list()
    .filter((row) => row.fileSystemId === fileSystemId);
}
