import type { PutObjectCommandInput, ServerSideEncryptionConfiguration } from '@aws-sdk/client-s3';
import { refusal } from '../refusal.ts';
import type { BucketRow } from './buckets.ts';

/** Parameters of a put, a copy and a multipart upload that are given back when the object is read. */
export const headerParameters = [
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'ContentType',
  'Expires',
  'Metadata',
  'ServerSideEncryption',
  'SSEKMSKeyId',
  'BucketKeyEnabled',
  'StorageClass',
  'WebsiteRedirectLocation',
  'ObjectLockMode',
  'ObjectLockRetainUntilDate',
  'ObjectLockLegalHoldStatus',
] as const;

/** What is stored of them; dates are milliseconds. */
export type ObjectHeaders = Partial<Omit<Headers, 'Expires'>> & { Expires?: number };
type Headers = Pick<PutObjectCommandInput, (typeof headerParameters)[number]>;

const storageClasses = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];

/** What the bucket does to objects whose put does not say how they are to be encrypted. */
export function bucketEncryption({ settings }: BucketRow): ServerSideEncryptionConfiguration {
  const put = settings.encryption;
  return (
    put ?? { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }] }
  );
}

/** The headers to store with an object. */
export function attributesOf(bucket: BucketRow, input: Headers): { headers: ObjectHeaders; storageClass: string } {
  const { StorageClass = 'STANDARD' } = input;
  if (!storageClasses.includes(StorageClass))
    throw refusal('InvalidStorageClass', 'The storage class you specified is not valid');
  if (input.ObjectLockMode ?? input.ObjectLockLegalHoldStatus ?? input.ObjectLockRetainUntilDate)
    throw refusal(
      bucket.objectLock ? 'NotImplemented' : 'InvalidRequest',
      bucket.objectLock ? 'The simulated account does not lock objects' : 'Bucket is missing Object Lock Configuration',
      bucket.objectLock ? 501 : 400,
    );
  const metadata = Object.entries(input.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > 2048)
    throw refusal('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size');
  const headers: ObjectHeaders = {};
  for (const name of [
    'CacheControl',
    'ContentDisposition',
    'ContentEncoding',
    'ContentLanguage',
    'ContentType',
    'WebsiteRedirectLocation',
  ] as const)
    if (input[name] !== undefined) Object.assign(headers, { [name]: input[name] });
  if (input.Expires !== undefined) headers.Expires = Number(input.Expires);
  headers.Metadata = Object.fromEntries(metadata);
  const byDefault = bucketEncryption(bucket).Rules?.[0];
  const algorithm =
    input.ServerSideEncryption ?? byDefault?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? 'AES256';
  headers.ServerSideEncryption = algorithm;
  const key =
    input.SSEKMSKeyId ??
    (input.ServerSideEncryption ? undefined : byDefault?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID);
  if (algorithm === 'AES256' && input.SSEKMSKeyId !== undefined)
    throw refusal(
      'InvalidArgument',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    );
  if (algorithm !== 'AES256') {
    if (key !== undefined) headers.SSEKMSKeyId = key;
    headers.BucketKeyEnabled = input.BucketKeyEnabled ?? byDefault?.BucketKeyEnabled ?? false;
  }
  return { headers, storageClass: StorageClass };
}

/** What a write answers about encryption. */
export function encryptionOf({ headers }: { headers: ObjectHeaders }): {
  ServerSideEncryption?: 'AES256' | 'aws:kms';
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
} {
  const { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled } = headers;
  return JSON.parse(JSON.stringify({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }));
}

/** Buckets of today have no access control lists; only the one that says what is so anyway is taken. */
export function checkAcl(bucket: BucketRow, acl: string | undefined) {
  if (
    acl !== undefined &&
    acl !== 'bucket-owner-full-control' &&
    acl !== 'private' &&
    bucket.objectOwnership === 'BucketOwnerEnforced'
  )
    throw refusal('AccessControlListNotSupported', 'The bucket does not allow ACLs');
}
