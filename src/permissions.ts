import type { Place } from './aws.ts';
import type { Names } from './names.ts';

/** IAM actions that are asked for together, and the resources that they are about. */
export interface NeededActions {
  readonly resourceArns: readonly string[];
  readonly actions: readonly string[];
}

/**
 * What `up`, `status` and `destroy` need of whoever runs them: each call that they make, and what AWS checks beside it.
 * From AWS's Service Authorization Reference.
 */
export function neededActions(
  names: Pick<Names, 'bucket' | 'role' | 'instanceProfile' | 'parameterPrefix'>,
  { partition, region, accountId }: Place,
): NeededActions[] {
  const iam = (kind: string, name: string) => `arn:${partition}:iam::${accountId}:${kind}/${name}`;
  const bucket = `arn:${partition}:s3:::${names.bucket}`;
  return [
    { resourceArns: ['*'], actions: everywhere },
    { resourceArns: [bucket], actions: prefixed('s3', bucketActions) },
    { resourceArns: [`${bucket}/*`], actions: prefixed('s3', objectActions) },
    { resourceArns: [iam('role', names.role)], actions: prefixed('iam', roleActions) },
    { resourceArns: [iam('instance-profile', names.instanceProfile)], actions: prefixed('iam', profileActions) },
    {
      resourceArns: [`arn:${partition}:ssm:${region}:${accountId}:parameter${names.parameterPrefix}*`],
      actions: prefixed('ssm', parameterActions),
    },
  ];
}

function prefixed(service: string, operations: string): string[] {
  return operations
    .trim()
    .split(/\s+/)
    .map((one) => `${service}:${one}`);
}

const everywhere = [
  ...prefixed(
    'ec2',
    `AllocateAddress AssociateIamInstanceProfile AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupIngress
    CreateImage CreateInternetGateway CreateNatGateway CreateNetworkInterface CreateRoute CreateRouteTable
    CreateSecurityGroup CreateSubnet CreateTags CreateVpc DeleteInternetGateway DeleteKeyPair DeleteNatGateway
    DeleteNetworkInterface DeleteRoute DeleteRouteTable DeleteSecurityGroup DeleteSnapshot DeleteSubnet DeleteVpc
    DeregisterImage DescribeAddresses DescribeAvailabilityZones DescribeIamInstanceProfileAssociations DescribeImages
    DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances DescribeInternetGateways DescribeKeyPairs
    DescribeNatGateways DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups DescribeSnapshots
    DescribeSubnets DescribeTags DescribeVolumes DescribeVpcAttribute DescribeVpcs DetachInternetGateway DisassociateIamInstanceProfile
    DisassociateRouteTable ImportKeyPair ModifySubnetAttribute ModifyVpcAttribute ReleaseAddress ReplaceRoute ReplaceRouteTableAssociation
    RevokeSecurityGroupIngress RunInstances TerminateInstances`,
  ),
  ...prefixed(
    'rds',
    `AddTagsToResource CreateDBCluster CreateDBClusterSnapshot CreateDBInstance CreateDBSubnetGroup DeleteDBCluster
    DeleteDBClusterSnapshot DeleteDBInstance DeleteDBSubnetGroup DescribeDBClusterSnapshots DescribeDBClusters
    DescribeDBInstances DescribeDBSubnetGroups DescribeOrderableDBInstanceOptions ListTagsForResource ModifyDBCluster
    RestoreDBClusterFromSnapshot`,
  ),
  ...prefixed(
    'elasticache',
    `AddTagsToResource CreateCacheSubnetGroup CreateReplicationGroup CreateUser CreateUserGroup DeleteCacheSubnetGroup
    DeleteReplicationGroup DeleteUser DeleteUserGroup DescribeCacheEngineVersions DescribeCacheSubnetGroups
    DescribeReplicationGroups DescribeUserGroups DescribeUsers ListTagsForResource`,
  ),
  ...prefixed(
    'elasticloadbalancing',
    `AddTags CreateListener CreateLoadBalancer CreateTargetGroup DeleteListener DeleteLoadBalancer DeleteTargetGroup
    DeregisterTargets DescribeListeners DescribeLoadBalancers DescribeTags DescribeTargetGroups DescribeTargetHealth
    ModifyLoadBalancerAttributes ModifyTargetGroupAttributes RegisterTargets`,
  ),
  ...prefixed(
    'elasticfilesystem',
    `CreateFileSystem CreateMountTarget DeleteFileSystem DeleteMountTarget DescribeFileSystems DescribeMountTargets
    TagResource`,
  ),
  ...prefixed('iam', 'CreateServiceLinkedRole'),
  ...prefixed('servicequotas', 'GetAWSDefaultServiceQuota GetServiceQuota'),
  // The newest image of the operating system is a parameter of AWS's own.
  ...prefixed('ssm', 'GetParameter'),
  ...prefixed('sts', 'GetCallerIdentity'),
];

const bucketActions = `CreateBucket DeleteBucket GetBucketTagging ListBucket ListBucketMultipartUploads
  ListBucketVersions PutBucketPublicAccessBlock PutBucketTagging PutEncryptionConfiguration`;
const objectActions = 'AbortMultipartUpload DeleteObject DeleteObjectVersion';
const roleActions = 'CreateRole DeleteRole DeleteRolePolicy GetRole PassRole PutRolePolicy TagRole';
const profileActions = `AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile
  RemoveRoleFromInstanceProfile TagInstanceProfile`;
const parameterActions = 'AddTagsToResource DeleteParameter GetParameter ListTagsForResource PutParameter';
