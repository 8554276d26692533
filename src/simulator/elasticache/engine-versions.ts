import type {
  DescribeCacheEngineVersionsCommandInput,
  DescribeCacheEngineVersionsCommandOutput,
  DescribeServiceUpdatesCommandInput,
  DescribeServiceUpdatesCommandOutput,
  DescribeUpdateActionsCommandInput,
  DescribeUpdateActionsCommandOutput,
} from '@aws-sdk/client-elasticache';
import { type Noun, operation } from '../noun.ts';
import { records } from '../rds/records.ts';
import { cacheVersions, defaultVersion } from './engines.ts';

const names: Record<string, string> = { memcached: 'memcached', redis: 'Redis', valkey: 'Valkey' };

export const cacheEngines: Noun = {
  service: 'elasticache',
  operations: {
    DescribeCacheEngineVersions: operation<
      DescribeCacheEngineVersionsCommandInput,
      DescribeCacheEngineVersionsCommandOutput
    >(
      ['Engine', 'EngineVersion', 'CacheParameterGroupFamily', 'MaxRecords', 'Marker', 'DefaultOnly'],
      (_scope, asked) => {
        const { Engine, EngineVersion, CacheParameterGroupFamily, DefaultOnly = false } = asked;
        const rows = cacheVersions.filter(
          (row) =>
            (Engine === undefined || row.engine === Engine.toLowerCase()) &&
            (EngineVersion === undefined || row.version === EngineVersion) &&
            (CacheParameterGroupFamily === undefined || row.family === CacheParameterGroupFamily) &&
            (!DefaultOnly || row === defaultVersion(row.engine)),
        );
        const { page, Marker } = records(rows, asked);
        return {
          Marker,
          CacheEngineVersions: page.map(({ engine, version, family }) => ({
            Engine: engine,
            EngineVersion: version,
            CacheParameterGroupFamily: family,
            CacheEngineDescription: names[engine],
            CacheEngineVersionDescription: `${names[engine]} version ${version}`,
          })),
        };
      },
    ),
    // A new account has nothing to update: the versions that it gets are the newest.
    DescribeServiceUpdates: operation<DescribeServiceUpdatesCommandInput, DescribeServiceUpdatesCommandOutput>(
      ['ServiceUpdateName', 'ServiceUpdateStatus', 'MaxRecords', 'Marker'],
      () => ({ ServiceUpdates: [] }),
    ),
    DescribeUpdateActions: operation<DescribeUpdateActionsCommandInput, DescribeUpdateActionsCommandOutput>(
      [
        'ServiceUpdateName',
        'ReplicationGroupIds',
        'CacheClusterIds',
        'Engine',
        'ServiceUpdateStatus',
        'ServiceUpdateTimeRange',
        'UpdateActionStatus',
        'ShowNodeLevelUpdateStatus',
        'MaxRecords',
        'Marker',
      ],
      () => ({ UpdateActions: [] }),
    ),
  },
};
