import type { ThroughputMode } from '@aws-sdk/client-efs';
import { refusal } from '../refusal.ts';
import { badRequest, type FileSystemRow } from './rows.ts';

/** MiB/s; AWS's default quota. */
const mostMibps = 1024;

export interface Throughput {
  throughputMode: ThroughputMode;
  provisionedThroughputInMibps?: number;
}

/** Mode and figure that belong together, or EFS's refusal. */
export function throughputFor(
  mode: ThroughputMode,
  mibps: number | undefined,
  { performanceMode, availabilityZoneName }: Pick<FileSystemRow, 'performanceMode' | 'availabilityZoneName'>,
): Throughput {
  if (!['bursting', 'elastic', 'provisioned'].includes(mode)) throw badRequest(`invalid throughput mode: ${mode}`);
  if (mode !== 'provisioned') {
    if (mibps !== undefined) throw badRequest(`provisioned throughput cannot be set in the throughput mode ${mode}`);
    if (mode === 'elastic' && performanceMode === 'maxIO')
      throw badRequest('the performance mode maxIO does not support elastic throughput');
    return { throughputMode: mode };
  }
  if (mibps === undefined) throw badRequest('the throughput mode provisioned needs ProvisionedThroughputInMibps');
  if (mibps < 1) throw badRequest(`invalid provisioned throughput: ${mibps}`);
  if (mibps > mostMibps)
    throw refusal('ThroughputLimitExceeded', `The throughput limit of ${mostMibps} MiB/s has been reached.`);
  if (availabilityZoneName !== undefined && performanceMode === 'maxIO')
    throw badRequest('One Zone file systems do not support the performance mode maxIO');
  return { throughputMode: 'provisioned', provisionedThroughputInMibps: mibps };
}
