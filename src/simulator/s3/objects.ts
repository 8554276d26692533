import type {
  CopyObjectCommandInput,
  CopyObjectCommandOutput,
  DeletedObject,
  DeleteObjectCommandInput,
  DeleteObjectCommandOutput,
  DeleteObjectsCommandInput,
  DeleteObjectsCommandOutput,
  _Error as DeletionError,
  PutObjectCommandInput,
  PutObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { Refusal, refusal } from '../refusal.ts';
import { type BucketRow, requireBucket } from './buckets.ts';
import { checkKey } from './names.ts';
import { attributesOf, checkAcl, encryptionOf, headerParameters } from './object-headers.ts';
import { checkReadConditions, shownVersion } from './object-reads.ts';
import { taggingHeader } from './tags.ts';
import {
  addVersion,
  bytesOf,
  checkDigests,
  checksumsOf,
  checkWriteConditions,
  currentVersion,
  deleteVersion,
  md5,
  noSuchKey,
  preconditionFailed,
  requireVersion,
  sameEtag,
} from './versions.ts';

/** `bucket/key?versionId=…`, percent-encoded, perhaps with a slash before it. */
export function copySource(text = ''): { Bucket: string; Key: string; VersionId: string | undefined } {
  const [path = '', query = ''] = text.split('?');
  const [, Bucket, Key] = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
  if (Bucket === undefined || Key === undefined)
    throw refusal(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      400,
      { ArgumentName: 'x-amz-copy-source', ArgumentValue: text },
    );
  return { Bucket, Key, VersionId: new URLSearchParams(query).get('versionId') ?? undefined };
}

function deleteOne(
  scope: Scope,
  bucket: BucketRow,
  key: string,
  versionId: string | undefined,
  conditions: { IfMatch?: string | undefined },
) {
  const { IfMatch } = conditions;
  if (IfMatch !== undefined) {
    const current =
      versionId === undefined ? currentVersion(scope, bucket, key) : requireVersion(scope, bucket, key, versionId);
    if (!current) throw IfMatch === '*' ? preconditionFailed('If-Match') : noSuchKey(key);
    if (IfMatch !== '*' && !sameEtag(IfMatch, current.etag)) throw preconditionFailed('If-Match');
  }
  return deleteVersion(scope, bucket, key, versionId);
}

export const objects: Noun = {
  service: 's3',
  operations: {
    PutObject: operation<PutObjectCommandInput, PutObjectCommandOutput>(
      [
        'Bucket',
        'Key',
        'Body',
        'ACL',
        'ContentLength',
        'ContentMD5',
        'ChecksumAlgorithm',
        'ChecksumCRC32',
        'ChecksumSHA1',
        'ChecksumSHA256',
        'ExpectedBucketOwner',
        'IfMatch',
        'IfNoneMatch',
        'RequestPayer',
        'Tagging',
        ...headerParameters,
      ],
      (scope, input) => {
        const { Key: key = '' } = input;
        const bucket = requireBucket(scope, input);
        checkKey(key);
        checkAcl(bucket, input.ACL);
        const body = bytesOf(input.Body);
        if (input.ContentLength !== undefined && input.ContentLength !== body.length)
          throw refusal(
            'IncompleteBody',
            'You did not provide the number of bytes specified by the Content-Length HTTP header.',
          );
        checkDigests(body, input);
        const tags = taggingHeader(input.Tagging);
        const { headers, storageClass } = attributesOf(bucket, input);
        checkWriteConditions(currentVersion(scope, bucket, key), key, input);
        const checksums = checksumsOf(body, input.ChecksumAlgorithm);
        const version = addVersion(scope, bucket, key, {
          body: body.toString('base64'),
          size: body.length,
          etag: `"${md5(body)}"`,
          lastModified: scope.now,
          headers: { ContentType: 'application/octet-stream', ...headers },
          checksums,
          storageClass,
          tags,
        });
        return {
          ETag: version.etag,
          ...checksums,
          ChecksumType: 'FULL_OBJECT',
          ...encryptionOf(version),
          ...shownVersion(bucket, version),
        };
      },
    ),
    CopyObject: operation<CopyObjectCommandInput, CopyObjectCommandOutput>(
      [
        'Bucket',
        'Key',
        'CopySource',
        'ACL',
        'ChecksumAlgorithm',
        'CopySourceIfMatch',
        'CopySourceIfNoneMatch',
        'CopySourceIfModifiedSince',
        'CopySourceIfUnmodifiedSince',
        'ExpectedBucketOwner',
        'ExpectedSourceBucketOwner',
        'IfMatch',
        'IfNoneMatch',
        'MetadataDirective',
        'TaggingDirective',
        'Tagging',
        'RequestPayer',
        ...headerParameters,
      ],
      (scope, input) => {
        const { Key: key = '' } = input;
        const bucket = requireBucket(scope, input);
        checkKey(key);
        checkAcl(bucket, input.ACL);
        const source = copySource(input.CopySource);
        const from = requireBucket(scope, {
          Bucket: source.Bucket,
          ExpectedBucketOwner: input.ExpectedSourceBucketOwner,
        });
        const original = requireVersion(scope, from, source.Key, source.VersionId);
        try {
          checkReadConditions(original, {
            Bucket: from.name,
            Key: source.Key,
            IfMatch: input.CopySourceIfMatch,
            IfNoneMatch: input.CopySourceIfNoneMatch,
            IfModifiedSince: input.CopySourceIfModifiedSince,
            IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
          });
        } catch (error) {
          // A copy has no "not modified": every condition that does not hold is a 412.
          throw error instanceof Refusal && error.status === 304
            ? preconditionFailed('x-amz-copy-source-if-none-match')
            : error;
        }
        const replace = input.MetadataDirective === 'REPLACE';
        const changed = replace || input.StorageClass || input.ServerSideEncryption || input.WebsiteRedirectLocation;
        if (from === bucket && source.Key === key && source.VersionId === undefined && !changed)
          throw refusal(
            'InvalidRequest',
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
          );
        const { headers, storageClass } = attributesOf(bucket, input);
        const tags = input.TaggingDirective === 'REPLACE' ? taggingHeader(input.Tagging) : original.tags;
        checkWriteConditions(currentVersion(scope, bucket, key), key, input);
        // A copy is encrypted as its new bucket or the call says, whatever the original was.
        const {
          ServerSideEncryption: _was,
          SSEKMSKeyId: _key,
          BucketKeyEnabled: _bucketKey,
          ...kept
        } = original.headers;
        const body = Buffer.from(original.body, 'base64');
        const copy = addVersion(scope, bucket, key, {
          body: original.body,
          size: original.size,
          etag: `"${md5(body)}"`,
          lastModified: scope.now,
          headers: replace
            ? { ContentType: 'application/octet-stream', ...headers }
            : { ...kept, ...encryptionOf({ headers }) },
          checksums: checksumsOf(body, input.ChecksumAlgorithm),
          storageClass,
          tags: { ...tags },
        });
        return {
          CopyObjectResult: { ETag: copy.etag, LastModified: new Date(copy.lastModified), ...copy.checksums },
          ...(from.versioning === undefined ? {} : { CopySourceVersionId: original.versionId }),
          ...encryptionOf(copy),
          ...shownVersion(bucket, copy),
        };
      },
    ),
    DeleteObject: operation<DeleteObjectCommandInput, DeleteObjectCommandOutput>(
      [
        'Bucket',
        'Key',
        'VersionId',
        'IfMatch',
        'MFA',
        'RequestPayer',
        'BypassGovernanceRetention',
        'ExpectedBucketOwner',
      ],
      (scope, input) => deleteOne(scope, requireBucket(scope, input), input.Key ?? '', input.VersionId, input),
    ),
    DeleteObjects: operation<DeleteObjectsCommandInput, DeleteObjectsCommandOutput>(
      [
        'Bucket',
        'Delete',
        'MFA',
        'RequestPayer',
        'BypassGovernanceRetention',
        'ExpectedBucketOwner',
        'ChecksumAlgorithm',
      ],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { Objects = [], Quiet = false } = input.Delete ?? {};
        if (Objects.length === 0 || Objects.length > 1000)
          throw refusal(
            'MalformedXML',
            'The XML you provided was not well-formed or did not validate against our published schema',
          );
        const Deleted: DeletedObject[] = [];
        const Errors: DeletionError[] = [];
        for (const { Key = '', VersionId, ETag } of Objects) {
          try {
            const { DeleteMarker, VersionId: marker } = deleteOne(scope, bucket, Key, VersionId, { IfMatch: ETag });
            Deleted.push({
              Key,
              ...(VersionId === undefined ? {} : { VersionId }),
              ...(DeleteMarker && marker !== undefined ? { DeleteMarker, DeleteMarkerVersionId: marker } : {}),
            });
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            const Code = VersionId !== undefined && error.code === 'InvalidArgument' ? 'NoSuchVersion' : error.code;
            Errors.push({ Key, ...(VersionId === undefined ? {} : { VersionId }), Code, Message: error.message });
          }
        }
        return { ...(Quiet || Deleted.length === 0 ? {} : { Deleted }), ...(Errors.length > 0 ? { Errors } : {}) };
      },
    ),
  },
};
