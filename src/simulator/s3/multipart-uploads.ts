import type {
  AbortMultipartUploadCommandInput,
  AbortMultipartUploadCommandOutput,
  CompleteMultipartUploadCommandInput,
  CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommandInput,
  CreateMultipartUploadCommandOutput,
  UploadPartCommandInput,
  UploadPartCommandOutput,
  UploadPartCopyCommandInput,
  UploadPartCopyCommandOutput,
} from '@aws-sdk/client-s3';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type BucketRow, requireBucket } from './buckets.ts';
import { checkKey } from './names.ts';
import { attributesOf, checkAcl, encryptionOf, headerParameters, type ObjectHeaders } from './object-headers.ts';
import { copySource } from './objects.ts';
import { type Tags, taggingHeader } from './tags.ts';
import {
  addVersion,
  bytesOf,
  checkDigests,
  checksumsOf,
  checkWriteConditions,
  currentVersion,
  md5,
  requireVersion,
  sameEtag,
} from './versions.ts';

interface PartRow {
  partNumber: number;
  /** Base64. */
  body: string;
  size: number;
  etag: string;
  lastModified: number;
}

export interface MultipartUploadRow {
  uploadId: string;
  bucket: string;
  key: string;
  initiated: number;
  headers: ObjectHeaders;
  storageClass: string;
  tags: Tags;
  parts: Record<string, PartRow>;
}

const smallestPart = 5 * 1024 * 1024;

export function multipartUploadTable(scope: Scope) {
  return scope.globalTable<MultipartUploadRow>('s3.multipartUploads');
}

export function requireUpload(
  scope: Scope,
  bucket: BucketRow,
  { Key, UploadId }: { Key?: string | undefined; UploadId?: string | undefined },
): MultipartUploadRow {
  const row = multipartUploadTable(scope).peek(UploadId);
  if (!row || row.bucket !== bucket.name || row.key !== Key)
    throw refusal(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      404,
      { UploadId },
    );
  return row;
}

export function partsOf({ parts }: MultipartUploadRow): PartRow[] {
  return Object.values(parts).sort((one, other) => one.partNumber - other.partNumber);
}

function addPart(scope: Scope, upload: MultipartUploadRow, partNumber: number | undefined, body: Buffer): PartRow {
  if (partNumber === undefined || !Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000)
    throw refusal('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', 400, {
      ArgumentName: 'partNumber',
      ArgumentValue: partNumber,
    });
  const part = {
    partNumber,
    body: body.toString('base64'),
    size: body.length,
    etag: `"${md5(body)}"`,
    lastModified: scope.now,
  };
  upload.parts[partNumber] = part;
  return part;
}

/** The parts that a completing call names, in its order, or S3's refusal of the list. */
function chosenParts(upload: MultipartUploadRow, { MultipartUpload }: CompleteMultipartUploadCommandInput): PartRow[] {
  const named = MultipartUpload?.Parts ?? [];
  if (named.length === 0)
    throw refusal(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  let before = 0;
  const parts = named.map(({ PartNumber = 0, ETag = '' }) => {
    if (PartNumber <= before)
      throw refusal(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      );
    before = PartNumber;
    const part = upload.parts[PartNumber];
    if (!part || !sameEtag(part.etag, ETag))
      throw refusal(
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { UploadId: upload.uploadId, PartNumber, ETag },
      );
    return part;
  });
  for (const part of parts.slice(0, -1))
    if (part.size < smallestPart)
      throw refusal('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
        ProposedSize: part.size,
        MinSizeAllowed: smallestPart,
        PartNumber: part.partNumber,
      });
  return parts;
}

export const multipartUploads: Noun = {
  service: 's3',
  operations: {
    CreateMultipartUpload: operation<CreateMultipartUploadCommandInput, CreateMultipartUploadCommandOutput>(
      [
        'Bucket',
        'Key',
        'ACL',
        'ChecksumAlgorithm',
        'ChecksumType',
        'ExpectedBucketOwner',
        'RequestPayer',
        'Tagging',
        ...headerParameters,
      ],
      (scope, input) => {
        const { Key: key = '' } = input;
        const bucket = requireBucket(scope, input);
        checkKey(key);
        checkAcl(bucket, input.ACL);
        const { headers, storageClass } = attributesOf(bucket, input);
        const tags = taggingHeader(input.Tagging);
        const uploadId = scope.hex(64);
        const row = multipartUploadTable(scope).insert(uploadId, {
          uploadId,
          bucket: bucket.name,
          key,
          initiated: scope.now,
          headers: { ContentType: 'binary/octet-stream', ...headers },
          storageClass,
          tags,
          parts: {},
        });
        return { Bucket: bucket.name, Key: key, UploadId: uploadId, ...encryptionOf(row) };
      },
    ),
    UploadPart: operation<UploadPartCommandInput, UploadPartCommandOutput>(
      [
        'Bucket',
        'Key',
        'UploadId',
        'PartNumber',
        'Body',
        'ContentLength',
        'ContentMD5',
        'ChecksumAlgorithm',
        'ChecksumCRC32',
        'ChecksumSHA1',
        'ChecksumSHA256',
        'ExpectedBucketOwner',
        'RequestPayer',
      ],
      (scope, input) => {
        const upload = requireUpload(scope, requireBucket(scope, input), input);
        const body = bytesOf(input.Body);
        checkDigests(body, input);
        const part = addPart(scope, upload, input.PartNumber, body);
        return { ETag: part.etag, ...checksumsOf(body, input.ChecksumAlgorithm), ...encryptionOf(upload) };
      },
    ),
    UploadPartCopy: operation<UploadPartCopyCommandInput, UploadPartCopyCommandOutput>(
      [
        'Bucket',
        'Key',
        'UploadId',
        'PartNumber',
        'CopySource',
        'CopySourceRange',
        'ExpectedBucketOwner',
        'ExpectedSourceBucketOwner',
        'RequestPayer',
      ],
      (scope, input) => {
        const upload = requireUpload(scope, requireBucket(scope, input), input);
        const source = copySource(input.CopySource);
        const from = requireBucket(scope, {
          Bucket: source.Bucket,
          ExpectedBucketOwner: input.ExpectedSourceBucketOwner,
        });
        const whole = Buffer.from(requireVersion(scope, from, source.Key, source.VersionId).body, 'base64');
        const [, first, last] =
          /^bytes=(\d+)-(\d+)$/.exec(input.CopySourceRange ?? `bytes=0-${whole.length - 1}`) ?? [];
        if (first === undefined || last === undefined || Number(last) >= whole.length)
          throw refusal(
            'InvalidArgument',
            'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
          );
        const part = addPart(scope, upload, input.PartNumber, whole.subarray(Number(first), Number(last) + 1));
        return {
          CopyPartResult: { ETag: part.etag, LastModified: new Date(part.lastModified) },
          ...(from.versioning === undefined || source.VersionId === undefined
            ? {}
            : { CopySourceVersionId: source.VersionId }),
        };
      },
    ),
    CompleteMultipartUpload: operation<CompleteMultipartUploadCommandInput, CompleteMultipartUploadCommandOutput>(
      [
        'Bucket',
        'Key',
        'UploadId',
        'MultipartUpload',
        'ExpectedBucketOwner',
        'IfMatch',
        'IfNoneMatch',
        'MpuObjectSize',
        'ChecksumType',
        'RequestPayer',
      ],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const upload = requireUpload(scope, bucket, input);
        const parts = chosenParts(upload, input);
        checkWriteConditions(currentVersion(scope, bucket, upload.key), upload.key, input);
        const bodies = parts.map(({ body }) => Buffer.from(body, 'base64'));
        const body = Buffer.concat(bodies);
        const digests = Buffer.concat(bodies.map((part) => Buffer.from(md5(part), 'hex')));
        const version = addVersion(scope, bucket, upload.key, {
          body: body.toString('base64'),
          size: body.length,
          etag: `"${md5(digests)}-${parts.length}"`,
          lastModified: scope.now,
          headers: upload.headers,
          checksums: {},
          storageClass: upload.storageClass,
          partSizes: parts.map(({ size }) => size),
          tags: upload.tags,
        });
        multipartUploadTable(scope).delete(upload.uploadId);
        return {
          Bucket: bucket.name,
          Key: upload.key,
          Location: `https://${bucket.name}.s3.${bucket.region}.amazonaws.com/${encodeURIComponent(upload.key)}`,
          ETag: version.etag,
          ...encryptionOf(version),
          ...(bucket.versioning === undefined ? {} : { VersionId: version.versionId }),
        };
      },
    ),
    AbortMultipartUpload: operation<AbortMultipartUploadCommandInput, AbortMultipartUploadCommandOutput>(
      ['Bucket', 'Key', 'UploadId', 'ExpectedBucketOwner', 'RequestPayer'],
      (scope, input) => {
        const { uploadId } = requireUpload(scope, requireBucket(scope, input), input);
        multipartUploadTable(scope).delete(uploadId);
        return {};
      },
    ),
  },
};
