import type {
  DescribeImageAttributeCommandInput,
  DescribeImageAttributeCommandOutput,
  DisableImageBlockPublicAccessCommandInput,
  DisableImageBlockPublicAccessCommandOutput,
  DisableImageDeregistrationProtectionCommandInput,
  DisableImageDeregistrationProtectionCommandOutput,
  EnableImageBlockPublicAccessCommandInput,
  EnableImageBlockPublicAccessCommandOutput,
  EnableImageDeregistrationProtectionCommandInput,
  EnableImageDeregistrationProtectionCommandOutput,
  GetImageBlockPublicAccessStateCommandInput,
  GetImageBlockPublicAccessStateCommandOutput,
  LaunchPermission,
  ModifyImageAttributeCommandInput,
  ModifyImageAttributeCommandOutput,
  ResetImageAttributeCommandInput,
  ResetImageAttributeCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { describeDevice, requireOwnImage } from './images.ts';

interface PublicAccessRow {
  blocked: boolean;
}

function publicAccess(scope: Scope) {
  return scope.table<PublicAccessRow>('ec2.imageBlockPublicAccess');
}

/** AWS blocks the public sharing of images in every account that had no public image in 2023. */
function publicSharingBlocked(scope: Scope): boolean {
  return publicAccess(scope).peek('state')?.blocked ?? true;
}

/** Account ids, and `all` for the group of that name. */
function holders(permissions: LaunchPermission[] | undefined): string[] {
  return (permissions ?? []).map(({ UserId, Group }) => {
    const holder = UserId ?? Group ?? '';
    if (Group === undefined ? !/^\d{12}$/.test(holder) : holder !== 'all')
      throw refusal('InvalidAMIAttributeItemValue', `Invalid attribute item value "${holder}" for userId item type.`);
    return holder;
  });
}

function changed({ LaunchPermission, OperationType, UserIds, UserGroups }: ModifyImageAttributeCommandInput) {
  const flat = [...(UserIds ?? []).map((UserId) => ({ UserId })), ...(UserGroups ?? []).map((Group) => ({ Group }))];
  if (LaunchPermission) return { add: holders(LaunchPermission.Add), remove: holders(LaunchPermission.Remove) };
  if (flat.length === 0) return undefined;
  const list = holders(flat as LaunchPermission[]);
  return OperationType === 'remove' ? { add: [], remove: list } : { add: list, remove: [] };
}

export const imageAttributes: Noun = {
  service: 'ec2',
  operations: {
    DescribeImageAttribute: operation<DescribeImageAttributeCommandInput, DescribeImageAttributeCommandOutput>(
      ['ImageId', 'Attribute'],
      (scope, { ImageId, Attribute }) => {
        const row = requireOwnImage(scope, ImageId);
        const answer = { ImageId: row.imageId };
        switch (Attribute) {
          case 'launchPermission':
            return {
              ...answer,
              LaunchPermissions: row.launchPermissions.map((holder) =>
                holder === 'all' ? { Group: 'all' as const } : { UserId: holder },
              ),
            };
          case 'description':
            return { ...answer, Description: { Value: row.description } };
          case 'blockDeviceMapping':
            return { ...answer, BlockDeviceMappings: row.devices.map(describeDevice) };
          case 'bootMode':
            return { ...answer, BootMode: { Value: row.bootMode } };
          case 'imdsSupport':
            return { ...answer, ImdsSupport: { Value: row.imdsSupport } };
          case 'sriovNetSupport':
            return { ...answer, SriovNetSupport: { Value: 'simple' } };
          case 'deregistrationProtection':
            return { ...answer, DeregistrationProtection: { Value: String(row.deregistrationProtection) } };
          case 'lastLaunchedTime': {
            const time = row.lastLaunchedTime;
            return { ...answer, LastLaunchedTime: time === undefined ? {} : { Value: new Date(time).toISOString() } };
          }
          case 'productCodes':
            return { ...answer, ProductCodes: [] };
          default:
            throw refusal('InvalidParameterValue', `Value (${Attribute}) for parameter attribute is invalid.`);
        }
      },
    ),
    ModifyImageAttribute: operation<ModifyImageAttributeCommandInput, ModifyImageAttributeCommandOutput>(
      // biome-ignore format: one line shows what the simulated account understands.
      ['ImageId', 'Attribute', 'Value', 'Description', 'LaunchPermission', 'OperationType', 'UserIds', 'UserGroups', 'ImdsSupport'],
      (scope, input) => {
        const row = requireOwnImage(scope, input.ImageId);
        const permissions = changed(input);
        const description = input.Description?.Value ?? (input.Attribute === 'description' ? input.Value : undefined);
        if (!permissions && description === undefined && input.ImdsSupport === undefined)
          throw refusal('MissingParameter', 'The request must contain exactly one attribute to modify');
        if (permissions?.add.includes('all') && publicSharingBlocked(scope))
          throw refusal(
            'OperationNotPermitted',
            "You can't publicly share this image because block public access for AMIs is enabled for this Region. Disable block public access for AMIs and try again.",
          );
        if (permissions?.add.includes('all') && row.devices.some(({ encrypted }) => encrypted))
          throw refusal('InvalidParameter', 'Images with encrypted snapshots cannot be made public');
        if (permissions) {
          const kept = [...row.launchPermissions, ...permissions.add].filter(
            (one) => !permissions.remove.includes(one),
          );
          row.launchPermissions = [...new Set(kept)];
        }
        if (description !== undefined) row.description = description;
        if (input.ImdsSupport?.Value === 'v2.0') row.imdsSupport = 'v2.0';
        return {};
      },
    ),
    ResetImageAttribute: operation<ResetImageAttributeCommandInput, ResetImageAttributeCommandOutput>(
      ['ImageId', 'Attribute'],
      (scope, { ImageId, Attribute }) => {
        const row = requireOwnImage(scope, ImageId);
        if (Attribute !== 'launchPermission')
          throw refusal('InvalidParameterValue', `Value (${Attribute}) for parameter attribute is invalid.`);
        row.launchPermissions = [];
        return {};
      },
    ),
    EnableImageDeregistrationProtection: operation<
      EnableImageDeregistrationProtectionCommandInput,
      EnableImageDeregistrationProtectionCommandOutput
    >(['ImageId'], (scope, { ImageId }) => {
      requireOwnImage(scope, ImageId).deregistrationProtection = true;
      return { Return: 'true' };
    }),
    DisableImageDeregistrationProtection: operation<
      DisableImageDeregistrationProtectionCommandInput,
      DisableImageDeregistrationProtectionCommandOutput
    >(['ImageId'], (scope, { ImageId }) => {
      requireOwnImage(scope, ImageId).deregistrationProtection = false;
      return { Return: 'true' };
    }),
    GetImageBlockPublicAccessState: operation<
      GetImageBlockPublicAccessStateCommandInput,
      GetImageBlockPublicAccessStateCommandOutput
    >([], (scope) => ({
      ImageBlockPublicAccessState: publicSharingBlocked(scope) ? 'block-new-sharing' : 'unblocked',
      ManagedBy: 'account',
    })),
    EnableImageBlockPublicAccess: operation<
      EnableImageBlockPublicAccessCommandInput,
      EnableImageBlockPublicAccessCommandOutput
    >(['ImageBlockPublicAccessState'], (scope) => {
      publicAccess(scope).insert('state', { blocked: true });
      return { ImageBlockPublicAccessState: 'block-new-sharing' };
    }),
    DisableImageBlockPublicAccess: operation<
      DisableImageBlockPublicAccessCommandInput,
      DisableImageBlockPublicAccessCommandOutput
    >([], (scope) => {
      publicAccess(scope).insert('state', { blocked: false });
      return { ImageBlockPublicAccessState: 'unblocked' };
    }),
  },
};
