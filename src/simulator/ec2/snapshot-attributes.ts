import type {
  CreateVolumePermission,
  DescribeSnapshotAttributeCommandInput,
  DescribeSnapshotAttributeCommandOutput,
  ModifySnapshotAttributeCommandInput,
  ModifySnapshotAttributeCommandOutput,
  ResetSnapshotAttributeCommandInput,
  ResetSnapshotAttributeCommandOutput,
} from '@aws-sdk/client-ec2';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireSnapshot } from './snapshot-rows.ts';

/** Account ids, and `all` for the group of that name. */
function holders(permissions: CreateVolumePermission[] | undefined): string[] {
  return (permissions ?? []).map(({ UserId, Group }) => {
    const holder = UserId ?? Group ?? '';
    if (Group === undefined ? !/^\d{12}$/.test(holder) : holder !== 'all')
      throw refusal('InvalidParameterValue', `Value (${holder}) for parameter createVolumePermission is invalid.`);
    return holder;
  });
}

function changed(input: ModifySnapshotAttributeCommandInput) {
  const { CreateVolumePermission: lists, OperationType, UserIds = [], GroupNames = [] } = input;
  if (lists) return { add: holders(lists.Add), remove: holders(lists.Remove) };
  const flat: CreateVolumePermission[] = [
    ...UserIds.map((UserId) => ({ UserId })),
    ...GroupNames.map((Group) => ({ Group: Group as 'all' })),
  ];
  if (flat.length === 0) throw refusal('MissingParameter', 'The request must contain exactly one attribute to modify');
  return OperationType === 'remove' ? { add: [], remove: holders(flat) } : { add: holders(flat), remove: [] };
}

export const snapshotAttributes: Noun = {
  service: 'ec2',
  operations: {
    DescribeSnapshotAttribute: operation<DescribeSnapshotAttributeCommandInput, DescribeSnapshotAttributeCommandOutput>(
      ['SnapshotId', 'Attribute'],
      (scope, { SnapshotId, Attribute }) => {
        const row = requireSnapshot(scope, SnapshotId);
        if (Attribute === 'productCodes') return { SnapshotId: row.snapshotId, ProductCodes: [] };
        const permissions = (row.volumePermissions ?? []).map((holder) =>
          holder === 'all' ? { Group: 'all' as const } : { UserId: holder },
        );
        return { SnapshotId: row.snapshotId, CreateVolumePermissions: permissions };
      },
    ),
    ModifySnapshotAttribute: operation<ModifySnapshotAttributeCommandInput, ModifySnapshotAttributeCommandOutput>(
      ['SnapshotId', 'Attribute', 'CreateVolumePermission', 'OperationType', 'UserIds', 'GroupNames'],
      (scope, input) => {
        const row = requireSnapshot(scope, input.SnapshotId);
        const { add, remove } = changed(input);
        if (row.encrypted && add.includes('all'))
          throw refusal('OperationNotPermitted', 'Encrypted snapshots cannot be shared publicly');
        const kept = [...(row.volumePermissions ?? []), ...add].filter((holder) => !remove.includes(holder));
        row.volumePermissions = [...new Set(kept)];
        return {};
      },
    ),
    ResetSnapshotAttribute: operation<ResetSnapshotAttributeCommandInput, ResetSnapshotAttributeCommandOutput>(
      ['SnapshotId', 'Attribute'],
      (scope, { SnapshotId }) => {
        requireSnapshot(scope, SnapshotId).volumePermissions = [];
        return {};
      },
    ),
  },
};
