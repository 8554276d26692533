import type { Place } from './aws.ts';
import type { Config } from './config/schema.ts';
import { imageParameters } from './hosts/os.ts';
import { boundaryGrants, ec2Principal, of, serviceLinked, snapshotArn, words } from './iam-words.ts';
import type { Names } from './names.ts';
import { inUsedNetwork } from './network-permissions.ts';
import { sharedState } from './state-permissions.ts';

/** What the ARNs and conditions of a policy are made from. An account that is not known yet is an asterisk. */
export interface Facts {
  readonly names: Names;
  readonly place: Place;
  readonly config: Config;
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Actions that are allowed on the same things under the same conditions. */
export interface Grant {
  /** Letters and digits; says what the statement is for. */
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Conditions;
  /** Whose runs need it only when something goes wrong in a way that no rehearsal shows. */
  readonly mishap?: readonly ('up' | 'status' | 'destroy')[];
}

/**
 * The one table of what `up`, `status` and `destroy` need of whoever runs them: every call that they make, and what AWS
 * asks beside it. Resources and condition keys are those that the Service Authorization Reference has for each action;
 * what it has none for stands under an asterisk, limited by region. AWS's own keys (`aws/ebs`, `aws/rds`, `aws/ssm` …)
 * let everybody in the account use them by way of their service, so no right on KMS is needed.
 */
export function grants({ names, place, config }: Facts): readonly Grant[] {
  const { partition, region, accountId } = place;
  const arn = (service: string, resource: string, account = accountId) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const iam = (resource: string) => `arn:${partition}:iam::${accountId}:${resource}`;
  const ec2 = (...types: string[]) => types.map((type) => arn('ec2', `${type}/*`));
  const anybodys = ['image', 'snapshot'].map((type) => arn('ec2', `${type}/*`, ''));
  const rds = (...resources: string[]) => resources.map((one) => arn('rds', one));
  const cache = (...resources: string[]) => resources.map((one) => arn('elasticache', one));
  const elb = (...resources: string[]) => resources.map((one) => arn('elasticloadbalancing', one));
  const caches = cache(`replicationgroup:${names.replicationGroup}`);
  const cacheClusters = cache(`cluster:${names.replicationGroup}-*`);
  const besideCaches = cache(
    `subnetgroup:${names.cacheSubnetGroup}`,
    `user:${names.cacheUser}`,
    `user:${names.cacheDefaultUser}`,
    `usergroup:${names.cacheUserGroup}`,
  );
  const balancers = elb(
    `loadbalancer/app/${names.loadBalancer}/*`,
    `listener/app/${names.loadBalancer}/*`,
    `targetgroup/${names.targetGroup}/*`,
  );
  const bucket = `arn:${partition}:s3:::${names.bucket}`;
  const fileSystems = [arn('elasticfilesystem', 'file-system/*')];
  const parameters = [arn('ssm', `parameter${names.parameterPrefix}*`)];
  const { rolePath, permissionsBoundary } = config.iam;
  // What is not there has no path, and AWS asks about it by its name alone.
  const paths = [...new Set([rolePath, '/'])];
  const role = paths.map((path) => iam(`role${path}${names.role}`));
  const profile = paths.map((path) => iam(`instance-profile${path}${names.instanceProfile}`));
  const beneath = permissionsBoundary === undefined ? {} : { 'iam:PermissionsBoundary': permissionsBoundary };
  const inRegion = { StringEquals: { 'aws:RequestedRegion': region } };
  const made = { 'aws:RequestTag/airflow-aws:name': config.name };
  const withOurTag = { StringEquals: made };
  const ours = { StringEquals: { 'aws:ResourceTag/airflow-aws:name': config.name } };
  // What has a name of ours and is gone already has no tags, and to take it away again must be a success.
  const notAnothers = { StringEqualsIfExists: { 'aws:ResourceTag/airflow-aws:name': config.name } };
  const creations = `AllocateAddress CreateImage CreateInternetGateway CreateNatGateway CreateRouteTable
    CreateSecurityGroup CreateSubnet CreateVpc ImportKeyPair RunInstances`;
  const [cacheVersion = ''] = config.cache.engineVersion;

  const all: Grant[] = [
    ...sharedState(config, partition),
    {
      sid: 'LookAtWhatHasNoResourceLevelPermissions',
      actions: [
        ...of(
          'ec2',
          `DescribeAddresses DescribeAvailabilityZones DescribeIamInstanceProfileAssociations DescribeImages
          DescribeInstanceStatus DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances
          DescribeInternetGateways DescribeKeyPairs DescribeNatGateways DescribeNetworkInterfaces DescribeRouteTables
          DescribeSecurityGroups
          DescribeSnapshots DescribeSubnets DescribeTags DescribeVolumes DescribeVpcAttribute DescribeVpcs`,
        ),
        ...of(
          'elasticloadbalancing',
          `DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeTags
          DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth`,
        ),
        ...of('rds', 'DescribeOrderableDBInstanceOptions'),
        ...of('elasticache', 'DescribeCacheEngineVersions'),
        ...of('servicequotas', 'GetAWSDefaultServiceQuota GetServiceQuota'),
      ],
      resources: ['*'],
      conditions: inRegion,
    },
    {
      sid: 'LearnWhyWhatHasNoResourceLevelPermissions',
      actions: ['rds:DescribeEvents', 'elasticache:DescribeEvents'],
      resources: ['*'],
      conditions: inRegion,
    },
    {
      sid: 'LearnWhatIsNotAllowed',
      actions: ['sts:DecodeAuthorizationMessage'],
      resources: ['*'],
      conditions: inRegion,
      mishap: ['up', 'status', 'destroy'],
    },
    {
      sid: 'MakeInEc2WithOurTag',
      actions: of('ec2', creations),
      resources: [arn('ec2', '*/*'), ...anybodys],
      conditions: withOurTag,
    },
    {
      sid: 'TagWhatIsMadeInEc2',
      actions: ['ec2:CreateTags'],
      resources: [arn('ec2', '*/*'), ...anybodys],
      conditions: { StringEquals: { ...made, 'ec2:CreateAction': words(creations) } },
    },
    {
      sid: 'TagTheMainRouteTable',
      actions: ['ec2:CreateTags'],
      resources: ec2('route-table'),
      conditions: withOurTag,
    },
    {
      sid: 'UseAndChangeOursInEc2',
      actions: of(
        'ec2',
        `AssociateIamInstanceProfile AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupIngress CreateImage
        CreateNatGateway CreateNetworkInterface CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet
        DeleteInternetGateway DeleteKeyPair DeleteNatGateway DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteVpc
        DeregisterImage DetachInternetGateway DisassociateIamInstanceProfile DisassociateRouteTable
        ModifyVpcAttribute ReleaseAddress ReplaceRoute RunInstances TerminateInstances`,
      ),
      resources: [arn('ec2', '*/*'), ...anybodys],
      conditions: ours,
    },
    {
      sid: 'MendOursInEc2',
      actions: of(
        'ec2',
        `CreateTags DisassociateIamInstanceProfile ModifyInstanceAttribute ModifyInstanceMetadataOptions
        ModifySubnetAttribute ModifyVolume ReplaceRouteTableAssociation RevokeSecurityGroupIngress StartInstances StopInstances`,
      ),
      resources: [arn('ec2', '*/*'), ...anybodys],
      conditions: ours,
      mishap: ['up'],
    },
    {
      sid: 'SnapshotsOfImagesThatFailed',
      actions: of('ec2', 'DeleteSnapshot'),
      resources: [arn('ec2', 'snapshot/*', '')],
      conditions: ours,
      mishap: ['up', 'destroy'],
    },
    {
      sid: 'LaunchFromThePublishersImage',
      actions: ['ec2:RunInstances'],
      resources: [arn('ec2', 'image/*', '')],
      conditions: { StringEquals: { 'ec2:Owner': config.os === 'debian-13' ? '136693071363' : 'amazon' } },
    },
    {
      // EFS has EC2 make and delete these, and they carry no tags.
      sid: 'InterfacesOfMountTargets',
      actions: of('ec2', 'CreateNetworkInterface DeleteNetworkInterface'),
      resources: ec2('network-interface'),
    },
    {
      sid: 'MakeTheDatabaseWithOurTag',
      actions: of(
        'rds',
        'AddTagsToResource CreateDBCluster CreateDBInstance CreateDBSubnetGroup RestoreDBClusterFromSnapshot',
      ),
      resources: [
        ...rds(`cluster:${names.dbCluster}`, `db:${names.dbInstance}`, `subgrp:${names.dbSubnetGroup}`),
        ...rds('cluster-pg:default.*', 'pg:default.*', 'og:default:*'),
        ...(config.restoreFrom === undefined ? [] : [snapshotArn(config.restoreFrom, arn)]),
      ],
      conditions: withOurTag,
    },
    {
      sid: 'LookAtTheDatabase',
      actions: of('rds', 'DescribeDBClusters DescribeDBInstances DescribeDBSubnetGroups ListTagsForResource'),
      resources: rds(`cluster:${names.dbCluster}`, `db:${names.dbInstance}`, `subgrp:${names.dbSubnetGroup}`),
    },
    {
      // A snapshot outlives its cluster, by whose name RDS lists it only while there is one.
      sid: 'LookAtSnapshots',
      actions: of('rds', 'DescribeDBClusterSnapshots'),
      resources: [
        ...rds('cluster-snapshot:*'),
        ...(config.restoreFrom?.startsWith('arn:') ? [config.restoreFrom] : []),
      ],
    },
    {
      sid: 'DeleteTheDatabase',
      actions: of(
        'rds',
        'CreateDBClusterSnapshot DeleteDBCluster DeleteDBClusterSnapshot DeleteDBInstance DeleteDBSubnetGroup ModifyDBCluster',
      ),
      resources: [
        ...rds(`cluster:${names.dbCluster}`, `db:${names.dbInstance}`, `subgrp:${names.dbSubnetGroup}`),
        ...rds(`cluster-snapshot:${names.dbCluster}-final-*`),
      ],
      conditions: notAnothers,
    },
    {
      sid: 'TagTheFinalSnapshot',
      actions: of('rds', 'AddTagsToResource'),
      resources: rds(`cluster-snapshot:${names.dbCluster}-final-*`),
    },
    {
      sid: 'MakeTheCacheWithOurTag',
      actions: of(
        'elasticache',
        'AddTagsToResource CreateCacheSubnetGroup CreateReplicationGroup CreateUser CreateUserGroup',
      ),
      resources: [...caches, ...cacheClusters, ...besideCaches],
      conditions: withOurTag,
    },
    {
      sid: 'MakeTheCacheFrom',
      actions: of('elasticache', 'CreateReplicationGroup'),
      resources: cache(`parametergroup:default.${config.cache.engine}${cacheVersion}*`),
    },
    {
      sid: 'LookAtTheCache',
      actions: of(
        'elasticache',
        `DescribeCacheClusters DescribeCacheSubnetGroups DescribeReplicationGroups DescribeUserGroups DescribeUsers
        ListTagsForResource`,
      ),
      resources: [...caches, ...cacheClusters, ...besideCaches],
    },
    {
      sid: 'DeleteTheCache',
      actions: of('elasticache', 'DeleteCacheSubnetGroup DeleteReplicationGroup DeleteUser DeleteUserGroup'),
      resources: [...caches, ...besideCaches],
      conditions: notAnothers,
    },
    {
      sid: 'MakeTheLoadBalancerWithOurTag',
      actions: of('elasticloadbalancing', 'AddTags CreateListener CreateLoadBalancer CreateTargetGroup'),
      resources: balancers,
      conditions: withOurTag,
    },
    {
      sid: 'ChangeTheLoadBalancer',
      actions: of(
        'elasticloadbalancing',
        `DeleteListener DeleteLoadBalancer DeleteTargetGroup DeregisterTargets ModifyLoadBalancerAttributes
        ModifyTargetGroupAttributes RegisterTargets`,
      ),
      resources: balancers,
      conditions: notAnothers,
    },
    {
      sid: 'MakeTheFileSystemWithoutResourceLevelPermissions',
      actions: of('elasticfilesystem', 'CreateFileSystem'),
      resources: ['*'],
      conditions: {
        StringEquals: { ...made, 'aws:RequestedRegion': region },
        Bool: { 'elasticfilesystem:Encrypted': 'true' },
      },
    },
    {
      sid: 'TagTheFileSystem',
      actions: of('elasticfilesystem', 'TagResource'),
      resources: fileSystems,
      conditions: { StringEquals: { ...made, 'elasticfilesystem:CreateAction': 'CreateFileSystem' } },
    },
    {
      sid: 'LookAtFileSystems',
      actions: of('elasticfilesystem', 'DescribeFileSystems DescribeMountTargetSecurityGroups DescribeMountTargets'),
      resources: fileSystems,
    },
    {
      sid: 'ChangeTheFileSystem',
      actions: of('elasticfilesystem', 'CreateMountTarget DeleteFileSystem DeleteMountTarget'),
      resources: fileSystems,
      conditions: ours,
    },
    {
      sid: 'MendOurs',
      actions: [
        ...of('rds', 'AddTagsToResource ModifyDBCluster ModifyDBInstance'),
        ...of('elasticache', 'ModifyReplicationGroup ModifyUser'),
        ...of('elasticloadbalancing', 'AddTags DeregisterTargets ModifyListener ModifyTargetGroup SetSecurityGroups'),
      ],
      resources: [
        ...rds(`cluster:${names.dbCluster}`, `db:${names.dbInstance}`, 'cluster-pg:default.*', 'pg:default.*'),
        ...cache(`replicationgroup:${names.replicationGroup}`, `user:${names.cacheUser}`),
        ...elb(`*/app/${names.loadBalancer}/*`, `targetgroup/${names.targetGroup}/*`),
      ],
      conditions: notAnothers,
      mishap: ['up'],
    },
    {
      sid: 'MendTheFileSystem',
      actions: of('elasticfilesystem', 'ModifyMountTargetSecurityGroups TagResource UpdateFileSystem'),
      resources: fileSystems,
      conditions: ours,
      mishap: ['up'],
    },
    {
      sid: 'MakeTheBucketWithOurTag',
      actions: of('s3', 'CreateBucket TagResource'),
      resources: [bucket],
      conditions: withOurTag,
    },
    {
      sid: 'TheBucket',
      actions: of(
        's3',
        `DeleteBucket GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging GetEncryptionConfiguration ListBucket
        ListBucketMultipartUploads ListBucketVersions PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging
        PutEncryptionConfiguration`,
      ),
      resources: [bucket],
    },
    {
      sid: 'MendTheRoleAndTheProfile',
      actions: of('iam', 'RemoveRoleFromInstanceProfile UpdateAssumeRolePolicy'),
      resources: [...role, ...profile],
      mishap: ['up'],
    },
    ...boundaryGrants(role, permissionsBoundary),
    {
      sid: 'EmptyTheBucket',
      actions: of('s3', 'AbortMultipartUpload DeleteObject DeleteObjectVersion'),
      resources: [`${bucket}/*`],
      mishap: ['destroy'],
    },
    {
      sid: 'MakeTheRoleWithOurTag',
      actions: of('iam', 'CreateRole'),
      resources: role,
      conditions: { StringEquals: { ...made, ...beneath } },
    },
    {
      sid: 'TagTheRole',
      actions: of('iam', 'TagRole'),
      resources: role,
      conditions: withOurTag,
    },
    {
      sid: 'SayWhatTheRoleMayDo',
      actions: of('iam', 'PutRolePolicy'),
      resources: role,
      ...(permissionsBoundary === undefined ? {} : { conditions: { StringEquals: beneath } }),
    },
    {
      sid: 'TheRole',
      actions: of('iam', 'DeleteRole DeleteRolePolicy GetRole GetRolePolicy'),
      resources: role,
    },
    {
      sid: 'GiveTheRoleToServers',
      actions: of('iam', 'PassRole'),
      resources: role,
      conditions: { StringEquals: { 'iam:PassedToService': ec2Principal(partition) } },
    },
    {
      sid: 'MakeTheProfileWithOurTag',
      actions: of('iam', 'CreateInstanceProfile TagInstanceProfile'),
      resources: profile,
      conditions: withOurTag,
    },
    {
      sid: 'TheProfile',
      actions: of(
        'iam',
        'AddRoleToInstanceProfile DeleteInstanceProfile GetInstanceProfile RemoveRoleFromInstanceProfile',
      ),
      resources: profile,
    },
    {
      sid: 'RolesOfServicesAtTheirFirstUse',
      actions: of('iam', 'CreateServiceLinkedRole'),
      resources: [iam('role/aws-service-role/*')],
      conditions: { StringEquals: { 'iam:AWSServiceName': serviceLinked } },
    },
    {
      sid: 'MakeSecretsWithOurTag',
      actions: of('ssm', 'AddTagsToResource PutParameter'),
      resources: parameters,
      conditions: withOurTag,
    },
    {
      sid: 'Secrets',
      actions: of('ssm', 'DeleteParameter GetParameter ListTagsForResource'),
      resources: parameters,
    },
    {
      sid: 'NewestImage',
      actions: of('ssm', 'GetParameter'),
      resources: [arn('ssm', `parameter${imageParameters[config.os]}`, '')],
    },
  ];
  return config.vpc === 'create' ? all : inUsedNetwork(all, config.vpc, (resource) => arn('ec2', resource));
}
