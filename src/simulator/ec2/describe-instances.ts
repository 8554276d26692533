import type { DescribeInstancesCommandInput, DescribeInstancesCommandOutput } from '@aws-sdk/client-ec2';
import { type Noun, operation } from '../noun.ts';
import { instanceFilters } from './instance-filters.ts';
import { describeReservations } from './instance-view.ts';
import { instanceTable, requireInstances } from './instances.ts';
import { selected, selecting } from './selection.ts';

export const describeInstances: Noun = {
  service: 'ec2',
  operations: {
    DescribeInstances: operation<DescribeInstancesCommandInput, DescribeInstancesCommandOutput>(
      ['InstanceIds', 'IncludeManagedResources', ...selecting],
      (scope, { InstanceIds, ...question }) => {
        const rows = InstanceIds ? requireInstances(scope, InstanceIds) : instanceTable(scope).list();
        const { page, NextToken } = selected(scope, rows, question, instanceFilters(scope), InstanceIds);
        return { Reservations: describeReservations(scope, page), NextToken };
      },
    ),
  },
};
