import { efsNouns } from './efs/index.ts';
import { elbv2Nouns } from './elbv2/index.ts';
import { vpcs } from './ec2/vpcs.ts';
import { elasticacheNouns } from './elasticache/index.ts';
import type { Noun } from './noun.ts';
import { rdsNouns } from './rds/index.ts';

/** Every noun of the simulated account. */
export const nouns: readonly Noun[] = [
  vpcs,
  ...elbv2Nouns,
  ...efsNouns,
  ...rdsNouns,
  ...elasticacheNouns,
];
