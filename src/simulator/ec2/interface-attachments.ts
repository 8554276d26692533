import type {
  AttachNetworkInterfaceCommandInput,
  AttachNetworkInterfaceCommandOutput,
  DescribeNetworkInterfaceAttributeCommandInput,
  DescribeNetworkInterfaceAttributeCommandOutput,
  DetachNetworkInterfaceCommandInput,
  DetachNetworkInterfaceCommandOutput,
  ModifyNetworkInterfaceAttributeCommandInput,
  ModifyNetworkInterfaceAttributeCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type NetworkInterfaceRow, networkInterfaceTable, requireNetworkInterface } from './network-interface-rows.ts';
import { attachTo, describeAttachment, describeGroups, detach, groupsIn } from './network-interfaces.ts';

/** EC2's words for an interface that belongs to another service. */
function refuseOthers({ attachmentId, networkInterfaceId, requesterManaged }: NetworkInterfaceRow) {
  if (requesterManaged)
    throw refusal(
      'OperationNotPermitted',
      `You are not allowed to manage '${attachmentId ?? networkInterfaceId}' attachments.`,
    );
}

function requireAttachment(scope: Scope, attachmentId: string | undefined): NetworkInterfaceRow {
  const row = networkInterfaceTable(scope)
    .list()
    .find((one) => one.attachmentId === attachmentId);
  if (!row) throw refusal('InvalidAttachmentID.NotFound', `The attachment '${attachmentId}' does not exist.`);
  return row;
}

export const interfaceAttachments: Noun = {
  service: 'ec2',
  operations: {
    AttachNetworkInterface: operation<AttachNetworkInterfaceCommandInput, AttachNetworkInterfaceCommandOutput>(
      ['NetworkInterfaceId', 'InstanceId', 'DeviceIndex', 'NetworkCardIndex'],
      (scope, { NetworkInterfaceId, InstanceId = '', DeviceIndex, NetworkCardIndex }) => {
        const row = requireNetworkInterface(scope, NetworkInterfaceId);
        const instance = scope
          .table<{ state: string; vpcId: string; availabilityZone: string }>('ec2.instances')
          .get(InstanceId);
        if (!instance) throw refusal('InvalidInstanceID.NotFound', `The instance ID '${InstanceId}' does not exist`);
        if (row.status === 'in-use')
          throw refusal('InvalidNetworkInterface.InUse', `Interface: [${row.networkInterfaceId}] in use.`);
        if (instance.state !== 'running' && instance.state !== 'stopped')
          throw refusal('IncorrectState', `Instance '${InstanceId}' is not 'running' or 'stopped'.`);
        if (instance.availabilityZone !== row.availabilityZone)
          throw refusal(
            'InvalidParameterCombination',
            `You may not attach a network interface to an instance if they are not in the same availability zone`,
          );
        const taken = networkInterfaceTable(scope)
          .all()
          .some((one) => one.instanceId === InstanceId && one.deviceIndex === DeviceIndex);
        if (taken)
          throw refusal(
            'InvalidParameterValue',
            `Instance '${InstanceId}' already has an interface attached at device index '${DeviceIndex}'.`,
          );
        attachTo(scope, row, { instanceId: InstanceId, deviceIndex: DeviceIndex });
        return { AttachmentId: row.attachmentId, NetworkCardIndex: NetworkCardIndex ?? 0 };
      },
    ),
    DetachNetworkInterface: operation<DetachNetworkInterfaceCommandInput, DetachNetworkInterfaceCommandOutput>(
      ['AttachmentId', 'Force'],
      (scope, { AttachmentId }) => {
        const row = requireAttachment(scope, AttachmentId);
        refuseOthers(row);
        if (row.deviceIndex === 0)
          throw refusal('OperationNotPermitted', 'The network interface at device index 0 cannot be detached.');
        detach(row);
        return {};
      },
    ),
    ModifyNetworkInterfaceAttribute: operation<
      ModifyNetworkInterfaceAttributeCommandInput,
      ModifyNetworkInterfaceAttributeCommandOutput
    >(
      ['NetworkInterfaceId', 'Groups', 'Description', 'SourceDestCheck', 'Attachment'],
      (scope, { NetworkInterfaceId, Groups, Description, SourceDestCheck, Attachment }) => {
        const row = requireNetworkInterface(scope, NetworkInterfaceId);
        if ([Groups, Description, SourceDestCheck, Attachment].filter((one) => one !== undefined).length !== 1)
          throw refusal('InvalidParameterCombination', 'The request must contain exactly one attribute to modify');
        refuseOthers(row);
        if (Groups) row.groupIds = groupsIn(scope, row.vpcId, Groups);
        if (Description?.Value !== undefined) row.description = Description.Value;
        if (SourceDestCheck?.Value !== undefined) row.sourceDestCheck = SourceDestCheck.Value;
        if (Attachment) {
          if (Attachment.AttachmentId !== row.attachmentId)
            throw refusal(
              'InvalidAttachmentID.NotFound',
              `The attachment '${Attachment.AttachmentId}' does not exist.`,
            );
          row.deleteOnTermination = Attachment.DeleteOnTermination ?? false;
        }
        return {};
      },
    ),
    DescribeNetworkInterfaceAttribute: operation<
      DescribeNetworkInterfaceAttributeCommandInput,
      DescribeNetworkInterfaceAttributeCommandOutput
    >(['NetworkInterfaceId', 'Attribute'], (scope, { NetworkInterfaceId, Attribute }) => {
      const row = requireNetworkInterface(scope, NetworkInterfaceId);
      switch (Attribute) {
        case 'description':
          return { NetworkInterfaceId, Description: { Value: row.description } };
        case 'groupSet':
          return { NetworkInterfaceId, Groups: describeGroups(scope, row) };
        case 'sourceDestCheck':
          return { NetworkInterfaceId, SourceDestCheck: { Value: row.sourceDestCheck } };
        case 'attachment':
          return { NetworkInterfaceId, Attachment: describeAttachment(row) };
        default:
          throw refusal('InvalidParameterValue', `Value (${Attribute}) for parameter attribute is invalid.`);
      }
    }),
  },
};
