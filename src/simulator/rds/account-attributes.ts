import type {
  DescribeAccountAttributesCommandInput,
  DescribeAccountAttributesCommandOutput,
  DescribeDBMajorEngineVersionsCommandInput,
  DescribeDBMajorEngineVersionsCommandOutput,
  DescribePendingMaintenanceActionsCommandInput,
  DescribePendingMaintenanceActionsCommandOutput,
} from '@aws-sdk/client-rds';
import { type Noun, operation } from '../noun.ts';
import { clusterSnapshotTable } from './cluster-snapshots.ts';
import { engineVersions } from './engines.ts';
import { instanceSnapshotTable } from './instance-snapshots.ts';
import { records } from './records.ts';
import { clusterTable, dbInstanceTable } from './rows.ts';
import { subnetGroupTable } from './subnet-groups.ts';

export const rdsAccount: Noun = {
  service: 'rds',
  operations: {
    DescribeAccountAttributes: operation<DescribeAccountAttributesCommandInput, DescribeAccountAttributesCommandOutput>(
      [],
      (scope) => {
        const manual = (rows: { type: string }[]) => rows.filter(({ type }) => type === 'manual').length;
        const quotas: [name: string, used: number, max: number][] = [
          ['DBInstances', dbInstanceTable(scope).all().length, 40],
          ['DBClusters', clusterTable(scope).all().length, 40],
          ['DBSubnetGroups', subnetGroupTable(scope).all().length, 50],
          ['ManualSnapshots', manual(instanceSnapshotTable(scope).all()), 100],
          ['ManualClusterSnapshots', manual(clusterSnapshotTable(scope).all()), 100],
          ['DBParameterGroups', scope.table('rds.parameterGroups').all().length, 50],
          ['DBClusterParameterGroups', scope.table('rds.clusterParameterGroups').all().length, 50],
        ];
        return {
          AccountQuotas: quotas.map(([name, used, max]) => ({ AccountQuotaName: name, Used: used, Max: max })),
        };
      },
    ),
    // Nothing in a young account waits for its maintenance window by AWS's own wish.
    DescribePendingMaintenanceActions: operation<
      DescribePendingMaintenanceActionsCommandInput,
      DescribePendingMaintenanceActionsCommandOutput
    >(['ResourceIdentifier', 'Filters', 'MaxRecords', 'Marker'], () => ({ PendingMaintenanceActions: [] })),
    DescribeDBMajorEngineVersions: operation<
      DescribeDBMajorEngineVersionsCommandInput,
      DescribeDBMajorEngineVersionsCommandOutput
    >(['Engine', 'MajorEngineVersion', 'MaxRecords', 'Marker'], (_scope, asked) => {
      const seen = new Map(engineVersions.map((row) => [`${row.engine} ${row.major}`, row]));
      const rows = [...seen.values()].filter(
        ({ engine, major }) =>
          (asked.Engine === undefined || engine === asked.Engine) &&
          (asked.MajorEngineVersion === undefined || major === asked.MajorEngineVersion),
      );
      const { page, Marker } = records(rows, asked);
      return {
        Marker,
        DBMajorEngineVersions: page.map(({ engine, major }) => ({
          Engine: engine,
          MajorEngineVersion: major,
          SupportedEngineLifecycles: [],
        })),
      };
    }),
  },
};
