import type { Scope } from '../account.ts';

export interface Quota {
  service: string;
  code: string;
  name: string;
  /** What every account starts with at AWS. */
  byDefault: number;
  /** What this account starts with, where that is something else. */
  applied?: number;
  adjustable?: false;
  global?: true;
}

export const serviceNames: Record<string, string> = {
  ec2: 'Amazon Elastic Compute Cloud (Amazon EC2)',
  elasticache: 'Amazon ElastiCache',
  elasticfilesystem: 'Amazon Elastic File System (EFS)',
  elasticloadbalancing: 'Elastic Load Balancing (ELB)',
  iam: 'AWS Identity and Access Management (IAM)',
  rds: 'Amazon Relational Database Service (Amazon RDS)',
  s3: 'Amazon Simple Storage Service (Amazon S3)',
  vpc: 'Amazon Virtual Private Cloud (Amazon VPC)',
};

/** Quotas that a cluster can meet, by AWS's own codes. */
export const quotas: readonly Quota[] = [
  {
    service: 'ec2',
    code: 'L-1216C47A',
    name: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
    byDefault: 5,
    applied: 64,
  },
  {
    service: 'ec2',
    code: 'L-34B43A08',
    name: 'All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests',
    byDefault: 5,
  },
  { service: 'ec2', code: 'L-0263D0A3', name: 'EC2-VPC Elastic IPs', byDefault: 5 },
  { service: 'ec2', code: 'L-B665C33B', name: 'AMIs', byDefault: 50_000 },
  { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs per Region', byDefault: 5 },
  { service: 'vpc', code: 'L-407747CB', name: 'Subnets per VPC', byDefault: 200 },
  { service: 'vpc', code: 'L-A4707A72', name: 'Internet gateways per Region', byDefault: 5 },
  { service: 'vpc', code: 'L-FE5A380F', name: 'NAT gateways per Availability Zone', byDefault: 5 },
  { service: 'vpc', code: 'L-E79EC296', name: 'VPC security groups per Region', byDefault: 2500 },
  { service: 'vpc', code: 'L-0EA8095F', name: 'Inbound or outbound rules per security group', byDefault: 60 },
  { service: 'vpc', code: 'L-2AFB9258', name: 'Security groups per network interface', byDefault: 5 },
  { service: 'vpc', code: 'L-DF5E4CA3', name: 'Network interfaces per Region', byDefault: 5000 },
  { service: 'vpc', code: 'L-589F43AA', name: 'Route tables per VPC', byDefault: 200 },
  { service: 'vpc', code: 'L-93826ACB', name: 'Routes per route table', byDefault: 500 },
  { service: 'elasticloadbalancing', code: 'L-53DA6B97', name: 'Application Load Balancers per Region', byDefault: 50 },
  { service: 'elasticloadbalancing', code: 'L-B22855CB', name: 'Target Groups per Region', byDefault: 3000 },
  { service: 'rds', code: 'L-952B80B8', name: 'DB clusters', byDefault: 40 },
  { service: 'rds', code: 'L-7B6409FD', name: 'DB instances', byDefault: 40 },
  { service: 'rds', code: 'L-48C6BF61', name: 'DB subnet groups', byDefault: 50 },
  { service: 'elasticache', code: 'L-DFE45DF3', name: 'Nodes per Region', byDefault: 300 },
  { service: 'elasticfilesystem', code: 'L-848C634D', name: 'File systems per account', byDefault: 1000 },
  { service: 's3', code: 'L-DC2B2D3D', name: 'General purpose buckets', byDefault: 10_000, global: true },
  { service: 'iam', code: 'L-FE177D64', name: 'Roles per account', byDefault: 1000, global: true },
  { service: 'iam', code: 'L-6E65F664', name: 'Instance profiles per account', byDefault: 1000, global: true },
  { service: 'iam', code: 'L-0DA4ABF3', name: 'Managed policies per role', byDefault: 10, global: true },
];

/** Quotas that were raised (or set for a rehearsal): row id `ec2/L-1216C47A`. Those of global services have no region. */
export function quotaValues(scope: Scope, quota: Quota) {
  const name = 'service-quotas.values';
  return quota.global ? scope.globalTable<{ value: number }>(name) : scope.table<{ value: number }>(name);
}

export function quotaId({ service, code }: Quota): string {
  return `${service}/${code}`;
}

/** What the account may have now. */
export function appliedValue(scope: Scope, quota: Quota): number {
  return quotaValues(scope, quota).peek(quotaId(quota))?.value ?? quota.applied ?? quota.byDefault;
}
