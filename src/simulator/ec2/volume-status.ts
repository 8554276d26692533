import type { DescribeVolumeStatusCommandInput, DescribeVolumeStatusCommandOutput } from '@aws-sdk/client-ec2';
import { type Noun, operation } from '../noun.ts';
import { selected, selecting } from './selection.ts';
import { requireVolume, volumeTable } from './volumes.ts';

export const volumeStatus: Noun = {
  service: 'ec2',
  operations: {
    DescribeVolumeStatus: operation<DescribeVolumeStatusCommandInput, DescribeVolumeStatusCommandOutput>(
      ['VolumeIds', 'IncludeManagedResources', ...selecting],
      (scope, { VolumeIds, ...question }) => {
        const rows = VolumeIds?.map((id) => requireVolume(scope, id)) ?? volumeTable(scope).list();
        const { page, NextToken } = selected(
          scope,
          rows,
          question,
          {
            'availability-zone': (row) => row.availabilityZone,
            'volume-status.status': (row) => (row.state === 'creating' ? 'insufficient-data' : 'ok'),
          },
          VolumeIds,
        );
        return {
          VolumeStatuses: page.map((row) => ({
            VolumeId: row.volumeId,
            AvailabilityZone: row.availabilityZone,
            Actions: [],
            Events: [],
            VolumeStatus: {
              Status: row.state === 'creating' ? 'insufficient-data' : 'ok',
              Details: [
                { Name: 'io-enabled', Status: row.state === 'creating' ? '-' : 'passed' },
                { Name: 'io-performance', Status: 'not-applicable' },
              ],
            },
          })),
          NextToken,
        };
      },
    ),
  },
};
