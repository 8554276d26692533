import { absentKinds } from './absent-kinds.ts';
import { ec2ComputeNouns } from './ec2/compute.ts';
import { ec2NetworkNouns } from './ec2/network.ts';
import { efsNouns } from './efs/index.ts';
import { elasticacheNouns } from './elasticache/index.ts';
import { elbv2Nouns } from './elbv2/index.ts';
import { iamNouns } from './iam/index.ts';
import type { Noun } from './noun.ts';
import { pricingNouns } from './pricing/index.ts';
import { rdsNouns } from './rds/index.ts';
import { s3Nouns } from './s3/index.ts';
import { serviceQuotasNouns } from './service-quotas/index.ts';
import { ssmNouns } from './ssm/index.ts';
import { stsNouns } from './sts/index.ts';
import { taggingNouns } from './tagging/index.ts';

/** Every noun of the simulated account. */
export const nouns: readonly Noun[] = [
  ...absentKinds,
  ...ec2ComputeNouns,
  ...ec2NetworkNouns,
  ...elbv2Nouns,
  ...efsNouns,
  ...rdsNouns,
  ...elasticacheNouns,
  ...iamNouns,
  ...pricingNouns,
  ...s3Nouns,
  ...serviceQuotasNouns,
  ...ssmNouns,
  ...stsNouns,
  ...taggingNouns,
];
