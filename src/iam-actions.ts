/**
 * The IAM action behind a call of the SDK. IAM has its own names for a few services and calls (Service Authorization
 * Reference); everywhere else the action is the service's prefix and the operation's name.
 */
const prefixes: Readonly<Record<string, string>> = {
  efs: 'elasticfilesystem',
  elbv2: 'elasticloadbalancing',
  'elastic load balancing v2': 'elasticloadbalancing',
  'service quotas': 'servicequotas',
  'service-quotas': 'servicequotas',
  tagging: 'tag',
  'resource groups tagging api': 'tag',
};

const s3Actions: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  ListBuckets: 'ListAllMyBuckets',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListParts: 'ListMultipartUploadParts',
  HeadObject: 'GetObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  DeleteObjects: 'DeleteObject',
  DeleteBucketTagging: 'PutBucketTagging',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
};

/** @param service the SDK's `serviceId` in any case, or the name of its client package. */
export function actionOf(service: string, operation: string): string {
  const name = service.toLowerCase();
  return `${prefixes[name] ?? name}:${name === 's3' ? (s3Actions[operation] ?? operation) : operation}`;
}
