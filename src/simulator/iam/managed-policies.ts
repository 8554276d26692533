import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { noSuchEntity, type Tags } from './checks.ts';

export interface PolicyRow {
  policyName: string;
  policyId: string;
  path: string;
  arn: string;
  description?: string;
  createDate: number;
  updateDate: number;
  /** Oldest first. Ids count up for ever: a deleted one does not come back. */
  versions: { versionId: string; document: string; createDate: number; isDefault: boolean }[];
  versionsMade: number;
  tags: Tags;
}

/** AWS's own policies that people attach to instances and to themselves: path and name → what they allow. */
const awsPolicies: Record<string, readonly string[]> = {
  '/AdministratorAccess': ['*'],
  '/PowerUserAccess': ['*'],
  '/ReadOnlyAccess': [
    'ec2:Describe*',
    'rds:Describe*',
    's3:Get*',
    's3:List*',
    'iam:Get*',
    'iam:List*',
    'ssm:Get*',
    'ssm:List*',
  ],
  '/SecurityAudit': ['ec2:Describe*', 'iam:Get*', 'iam:List*', 's3:GetBucket*', 's3:ListAllMyBuckets'],
  '/IAMFullAccess': ['iam:*'],
  '/IAMReadOnlyAccess': ['iam:Get*', 'iam:List*', 'iam:SimulateCustomPolicy', 'iam:SimulatePrincipalPolicy'],
  '/AmazonSSMManagedInstanceCore': [
    'ssm:DescribeAssociation',
    'ssm:GetDocument',
    'ssm:DescribeDocument',
    'ssm:GetManifest',
    'ssm:GetParameter',
    'ssm:GetParameters',
    'ssm:ListAssociations',
    'ssm:ListInstanceAssociations',
    'ssm:PutInventory',
    'ssm:UpdateInstanceInformation',
    'ssmmessages:*',
    'ec2messages:*',
  ],
  '/AmazonSSMFullAccess': ['ssm:*', 'ssmmessages:*', 'ec2messages:*', 'cloudwatch:PutMetricData'],
  '/AmazonSSMReadOnlyAccess': ['ssm:Describe*', 'ssm:Get*', 'ssm:List*'],
  '/AmazonSSMPatchAssociation': ['ssm:DescribeEffectivePatchesForPatchBaseline', 'ssm:GetPatchBaseline'],
  '/AmazonS3FullAccess': ['s3:*', 's3-object-lambda:*'],
  '/AmazonS3ReadOnlyAccess': ['s3:Get*', 's3:List*', 's3:Describe*'],
  '/AmazonEC2FullAccess': ['ec2:*', 'elasticloadbalancing:*', 'cloudwatch:*', 'autoscaling:*'],
  '/AmazonEC2ReadOnlyAccess': ['ec2:Describe*', 'elasticloadbalancing:Describe*', 'autoscaling:Describe*'],
  '/AmazonEC2ContainerRegistryReadOnly': [
    'ecr:GetAuthorizationToken',
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
  ],
  '/AmazonVPCFullAccess': ['ec2:*'],
  '/AmazonVPCReadOnlyAccess': ['ec2:Describe*'],
  '/AmazonRDSFullAccess': ['rds:*'],
  '/AmazonRDSReadOnlyAccess': ['rds:Describe*', 'rds:ListTagsForResource'],
  '/AmazonElastiCacheFullAccess': ['elasticache:*'],
  '/AmazonElastiCacheReadOnlyAccess': ['elasticache:Describe*', 'elasticache:List*'],
  '/AmazonElasticFileSystemFullAccess': ['elasticfilesystem:*'],
  '/AmazonElasticFileSystemReadOnlyAccess': ['elasticfilesystem:Describe*', 'elasticfilesystem:List*'],
  '/AmazonElasticFileSystemClientFullAccess': [
    'elasticfilesystem:ClientMount',
    'elasticfilesystem:ClientRootAccess',
    'elasticfilesystem:ClientWrite',
    'elasticfilesystem:DescribeMountTargets',
  ],
  '/AmazonElasticFileSystemClientReadWriteAccess': [
    'elasticfilesystem:ClientMount',
    'elasticfilesystem:ClientWrite',
    'elasticfilesystem:DescribeMountTargets',
  ],
  '/ElasticLoadBalancingFullAccess': ['elasticloadbalancing:*'],
  '/ElasticLoadBalancingReadOnly': ['elasticloadbalancing:Describe*'],
  '/CloudWatchAgentServerPolicy': [
    'cloudwatch:PutMetricData',
    'ec2:DescribeTags',
    'ec2:DescribeVolumes',
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:DescribeLogGroups',
    'logs:DescribeLogStreams',
    'logs:PutLogEvents',
    'logs:PutRetentionPolicy',
    'ssm:GetParameter',
  ],
  '/CloudWatchAgentAdminPolicy': ['cloudwatch:PutMetricData', 'logs:*', 'ssm:GetParameter', 'ssm:PutParameter'],
  '/CloudWatchFullAccess': ['cloudwatch:*', 'logs:*', 'sns:*'],
  '/CloudWatchLogsFullAccess': ['logs:*'],
  '/SecretsManagerReadWrite': ['secretsmanager:*'],
  '/AmazonSQSFullAccess': ['sqs:*'],
  '/AmazonSNSFullAccess': ['sns:*'],
  '/AmazonDynamoDBFullAccess': ['dynamodb:*'],
  '/AWSKeyManagementServicePowerUser': ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:CreateKey', 'kms:TagResource'],
  '/AWSPriceListServiceFullAccess': ['pricing:*'],
  '/ResourceGroupsandTagEditorFullAccess': ['tag:*', 'resource-groups:*'],
  '/job-function/ViewOnlyAccess': ['ec2:Describe*', 'iam:List*', 's3:ListAllMyBuckets', 'rds:Describe*'],
  '/job-function/NetworkAdministrator': ['ec2:*', 'elasticloadbalancing:*'],
  '/job-function/DatabaseAdministrator': ['rds:*', 'elasticache:*'],
  '/job-function/SystemAdministrator': ['ec2:*', 'ssm:*', 'cloudwatch:*'],
  '/job-function/Billing': ['aws-portal:*', 'budgets:*'],
  '/service-role/AmazonEC2RoleforSSM': ['ssm:*', 'ssmmessages:*', 'ec2messages:*'],
  '/service-role/AmazonRDSEnhancedMonitoringRole': [
    'logs:CreateLogGroup',
    'logs:PutLogEvents',
    'logs:PutRetentionPolicy',
  ],
  '/service-role/AmazonSSMMaintenanceWindowRole': ['ssm:SendCommand', 'ssm:ListCommands'],
  '/service-role/AWSLambdaBasicExecutionRole': ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
};

/** AWS's policies are older than any account. */
const awsPolicyDate = Date.UTC(2019, 2, 15, 17, 22, 12);

export function policyTable(scope: Scope) {
  return scope.globalTable<PolicyRow>('iam.policies');
}

/**
 * An account that is rehearsed in has the boundary that its owner's real account has, whatever its number: a policy that
 * allows everything, since what the real one says is not known here.
 */
export function knowBoundary(scope: Scope, arn: string) {
  const [, owner, path = '/', name = ''] = /^arn:[\w-]+:iam::(\d{12}|aws):policy(\/(?:.*\/)?)(.+)$/.exec(arn) ?? [];
  const table = policyTable(scope);
  if (owner === 'aws' || table.peek(arn)) return;
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
  });
  const row = table.insert(arn, {
    policyName: name,
    policyId: 'ANPAREHEARSALBOUNDARY',
    path,
    arn,
    createDate: scope.now,
    updateDate: scope.now,
    versions: [{ versionId: 'v1', document, createDate: scope.now, isDefault: true }],
    versionsMade: 1,
    tags: {},
  });
  // It is older than the rehearsal.
  delete row.visibleAt;
}

export function awsManagedPolicies(scope: Scope): PolicyRow[] {
  return Object.keys(awsPolicies)
    .map((name) => awsPolicy(scope, name))
    .filter((row) => row !== undefined);
}

function awsPolicy(scope: Scope, pathAndName: string): PolicyRow | undefined {
  const actions = Object.hasOwn(awsPolicies, pathAndName) ? awsPolicies[pathAndName] : undefined;
  if (!actions) return undefined;
  const slash = pathAndName.lastIndexOf('/') + 1;
  const statement =
    pathAndName === '/PowerUserAccess'
      ? { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' }
      : { Effect: 'Allow', Action: actions, Resource: '*' };
  const letters = Buffer.from(pathAndName.slice(1)).toString('hex').toUpperCase().slice(-17).padStart(17, 'A');
  return {
    policyName: pathAndName.slice(slash),
    policyId: `ANPA${letters}`,
    path: pathAndName.slice(0, slash),
    arn: `arn:${scope.partition}:iam::aws:policy${pathAndName}`,
    createDate: awsPolicyDate,
    updateDate: awsPolicyDate,
    versions: [
      {
        versionId: 'v1',
        document: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
        createDate: awsPolicyDate,
        isDefault: true,
      },
    ],
    versionsMade: 1,
    tags: {},
  };
}

/** The managed policy, AWS's or the account's own; `ValidationError` for what is no ARN, `NoSuchEntity` for none. */
export function requirePolicyArn(scope: Scope, arn: string | undefined): PolicyRow {
  const [, owner, name] = /^arn:[\w-]+:iam::(aws|\d{12}):policy(\/.+)$/.exec(arn ?? '') ?? [];
  if (owner === undefined || name === undefined) throw refusal('ValidationError', `ARN ${arn} is not valid.`);
  const row = owner === 'aws' ? awsPolicy(scope, name) : policyTable(scope).get(arn);
  if (!row) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  return row;
}

/** The document that counts: the default version's. */
export function defaultDocument(row: PolicyRow): string {
  return row.versions.find(({ isDefault }) => isDefault)?.document ?? '';
}
