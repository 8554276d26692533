import type {
  DescribeDBClusterSnapshotAttributesCommandInput,
  DescribeDBClusterSnapshotAttributesCommandOutput,
  ModifyDBClusterSnapshotAttributeCommandInput,
  ModifyDBClusterSnapshotAttributeCommandOutput,
} from '@aws-sdk/client-rds';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type ClusterSnapshotRow, requireClusterSnapshot } from './cluster-snapshots.ts';

/** Accounts that one snapshot can be shared with. */
const accountsPerSnapshot = 20;

function describe(row: ClusterSnapshotRow) {
  return {
    DBClusterSnapshotIdentifier: row.name,
    DBClusterSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: row.sharedWith ?? [] }],
  };
}

/** Who may restore a cluster snapshot: other accounts, or `all`. */
export const snapshotAttributes: Noun = {
  service: 'rds',
  operations: {
    DescribeDBClusterSnapshotAttributes: operation<
      DescribeDBClusterSnapshotAttributesCommandInput,
      DescribeDBClusterSnapshotAttributesCommandOutput
    >(['DBClusterSnapshotIdentifier'], (scope, { DBClusterSnapshotIdentifier }) => ({
      DBClusterSnapshotAttributesResult: describe(requireClusterSnapshot(scope, DBClusterSnapshotIdentifier)),
    })),
    ModifyDBClusterSnapshotAttribute: operation<
      ModifyDBClusterSnapshotAttributeCommandInput,
      ModifyDBClusterSnapshotAttributeCommandOutput
    >(
      ['DBClusterSnapshotIdentifier', 'AttributeName', 'ValuesToAdd', 'ValuesToRemove'],
      (scope, { DBClusterSnapshotIdentifier, AttributeName, ValuesToAdd = [], ValuesToRemove = [] }) => {
        const row = requireClusterSnapshot(scope, DBClusterSnapshotIdentifier);
        if (AttributeName !== 'restore')
          throw refusal('InvalidParameterValue', `Invalid snapshot attribute: ${AttributeName}`);
        const wrong = ValuesToAdd.find((value) => value !== 'all' && !/^\d{12}$/.test(value));
        if (wrong !== undefined) throw refusal('InvalidParameterValue', `Invalid account: ${wrong}`);
        if (row.type !== 'manual' || row.status !== 'available')
          throw refusal('InvalidDBClusterSnapshotStateFault', 'Only available manual snapshots can be shared.');
        const shared = [...new Set([...(row.sharedWith ?? []), ...ValuesToAdd])];
        const left = shared.filter((value) => !ValuesToRemove.includes(value));
        if (left.length > accountsPerSnapshot)
          throw refusal(
            'SharedSnapshotQuotaExceeded',
            `A snapshot can be shared with ${accountsPerSnapshot} accounts.`,
          );
        row.sharedWith = left;
        return { DBClusterSnapshotAttributesResult: describe(row) };
      },
    ),
  },
};
