/** What a bucket is set to and emptied by. */
import {
  AbortMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Aws } from '../aws.ts';
import { unless, unlessGone } from '../aws-errors.ts';
import type { Difference } from '../engine/resource.ts';
import { dataStays, differing, tagDifferences } from './differences.ts';
import { digest, documentDifferences } from './documents.ts';

/** Everything in the bucket: versions, delete markers, and uploads that were never finished. */
export async function empty(s3: S3Client, Bucket: string) {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key!, VersionId }));
    if (Objects.length === 0) break;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    // S3 answers 200 even when it deleted nothing.
    if (Errors.length > 0)
      throw new Error(
        `${Errors.length} objects of ${Bucket} cannot be deleted: ${Errors[0]?.Code} ${Errors[0]?.Message}`,
      );
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads)
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: Key!, UploadId: UploadId! })).catch(unlessGone);
}

export const nothingPublic = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
} as const;

export function closeToPublic({ s3 }: Aws, Bucket: string) {
  return s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: nothingPublic }));
}

export const encryption = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }] };

export function encrypt({ s3 }: Aws, Bucket: string) {
  return s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: encryption }));
}

/** The policy that lets nobody in without TLS. */
export function tlsOnly(partition: string, Bucket: string): string {
  const arn = `arn:${partition}:s3:::${Bucket}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
}

/** None on an emulator: it is asked without TLS, and one that heeds policies would let nobody in again. */
function policyOf({ emulated, account }: Aws, Bucket: string): string | undefined {
  return emulated ? undefined : tlsOnly(account.partition, Bucket);
}

export async function refusePlainHttp(aws: Aws, Bucket: string) {
  const Policy = policyOf(aws, Bucket);
  if (Policy !== undefined) await aws.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

export async function compareBucket(aws: Aws, bucketName: string): Promise<Difference[]> {
  const { s3, ask, names } = aws;
  const Bucket = bucketName;
  const [access, encrypted, policy, tagging] = await Promise.all([
    ask(s3, new GetPublicAccessBlockCommand({ Bucket })).catch(unless('NoSuchPublicAccessBlockConfiguration')),
    ask(s3, new GetBucketEncryptionCommand({ Bucket })).catch(unless('ServerSideEncryptionConfigurationNotFoundError')),
    ask(s3, new GetBucketPolicyCommand({ Bucket })).catch(unless('NoSuchBucketPolicy')),
    ask(s3, new GetBucketTaggingCommand({ Bucket })).catch(unless('NoSuchTagSet')),
  ]);
  const wanted = policyOf(aws, Bucket);
  const rule = encrypted?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  return [
    ...differing('BucketName', bucketName, names.bucket, dataStays('storage.bucketName', bucketName)),
    ...Object.entries(nothingPublic).flatMap(([name, value]) =>
      differing(
        name,
        access?.PublicAccessBlockConfiguration?.[name as keyof typeof nothingPublic] ?? false,
        value,
        () => closeToPublic(aws, bucketName),
      ),
    ),
    // A key of the owner's own is stricter than ours, and theirs to choose.
    ...(rule?.SSEAlgorithm?.startsWith('aws:kms')
      ? []
      : differing('SSEAlgorithm', rule?.SSEAlgorithm, 'AES256', () => encrypt(aws, bucketName))),
    ...(wanted === undefined
      ? differing('Policy', policy?.Policy && digest(policy.Policy), 'none', () =>
          s3.send(new DeleteBucketPolicyCommand({ Bucket })),
        )
      : documentDifferences('Policy', policy?.Policy, wanted, () => refusePlainHttp(aws, Bucket))),
    // One call replaces all tags of a bucket, so those of others are said again.
    ...tagDifferences(aws, tagging?.TagSet, (tags) => {
      const others = (tagging?.TagSet ?? []).filter(({ Key }) => !tags.some((one) => one.Key === Key));
      return s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [...others, ...tags] } }));
    }),
  ];
}
