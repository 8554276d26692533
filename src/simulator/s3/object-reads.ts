import { Readable } from 'node:stream';
import type {
  GetObjectAttributesCommandInput,
  GetObjectAttributesCommandOutput,
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadObjectCommandInput,
  HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { sdkStreamMixin } from '@smithy/core/serde';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { Refusal, refusal } from '../refusal.ts';
import { type BucketRow, headRefusal, requireBucket } from './buckets.ts';
import { type ObjectVersionRow, preconditionFailed, requireVersion, sameEtag } from './versions.ts';

/** The version's id, where the bucket has versions to speak of. */
export function shownVersion(bucket: BucketRow, { versionId }: ObjectVersionRow) {
  return bucket.versioning === undefined ? {} : { VersionId: versionId };
}

/** What reading an object and asking for its head have in common. */
function head(bucket: BucketRow, version: ObjectVersionRow, { checksums }: { checksums: boolean }) {
  const { Expires, ...headers } = version.headers;
  const tagCount = Object.keys(version.tags).length;
  return {
    ...headers,
    ...(Expires === undefined
      ? {}
      : { Expires: new Date(Number(Expires)), ExpiresString: new Date(Number(Expires)).toUTCString() }),
    AcceptRanges: 'bytes',
    LastModified: new Date(version.lastModified),
    ContentLength: version.size,
    ETag: version.etag,
    ...shownVersion(bucket, version),
    ...(version.storageClass === 'STANDARD' ? {} : { StorageClass: version.storageClass as never }),
    ...(checksums
      ? { ...version.checksums, ChecksumType: version.partSizes ? ('COMPOSITE' as const) : ('FULL_OBJECT' as const) }
      : {}),
    ...(tagCount > 0 ? { TagCount: tagCount } : {}),
  };
}

function seconds(date: Date | number): number {
  return Math.floor(Number(date) / 1000);
}

/** Refuses a conditional read as S3 does: 412 when the caller's idea of the object is wrong, 304 when it is right. */
export function checkReadConditions(
  version: ObjectVersionRow,
  { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince }: GetObjectCommandInput,
) {
  if (IfMatch !== undefined) {
    if (IfMatch !== '*' && !sameEtag(IfMatch, version.etag)) throw preconditionFailed('If-Match');
  } else if (IfUnmodifiedSince !== undefined && seconds(version.lastModified) > seconds(IfUnmodifiedSince)) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch === '*' || sameEtag(IfNoneMatch, version.etag)) throw headRefusal(304);
  } else if (IfModifiedSince !== undefined && seconds(version.lastModified) <= seconds(IfModifiedSince)) {
    throw headRefusal(304);
  }
}

/** First byte and last byte of what is read; undefined for the whole object. */
function rangeOf(
  version: ObjectVersionRow,
  { Range, PartNumber }: GetObjectCommandInput,
): [number, number] | undefined {
  const { size, partSizes = [size] } = version;
  if (PartNumber !== undefined) {
    const length = partSizes[PartNumber - 1];
    if (length === undefined)
      throw refusal('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
        PartNumberRequested: PartNumber,
        ActualPartCount: partSizes.length,
      });
    const first = partSizes.slice(0, PartNumber - 1).reduce((sum, part) => sum + part, 0);
    return [first, first + length - 1];
  }
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(Range ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last || first >= size)
    throw refusal('InvalidRange', 'The requested range is not satisfiable', 416, {
      RangeRequested: Range,
      ActualObjectSize: size,
    });
  return [first, last];
}

function read(scope: Scope, input: GetObjectCommandInput | HeadObjectCommandInput) {
  const bucket = requireBucket(scope, input);
  const version = requireVersion(scope, bucket, input.Key ?? '', input.VersionId);
  checkReadConditions(version, input);
  const range = rangeOf(version, input);
  const { partSizes } = version;
  const output = {
    ...head(bucket, version, { checksums: input.ChecksumMode === 'ENABLED' && range === undefined }),
    ...(range === undefined
      ? {}
      : { ContentLength: range[1] - range[0] + 1, ContentRange: `bytes ${range[0]}-${range[1]}/${version.size}` }),
    ...(input.PartNumber !== undefined && partSizes ? { PartsCount: partSizes.length } : {}),
    ...(input.ResponseCacheControl === undefined ? {} : { CacheControl: input.ResponseCacheControl }),
    ...(input.ResponseContentDisposition === undefined ? {} : { ContentDisposition: input.ResponseContentDisposition }),
    ...(input.ResponseContentEncoding === undefined ? {} : { ContentEncoding: input.ResponseContentEncoding }),
    ...(input.ResponseContentLanguage === undefined ? {} : { ContentLanguage: input.ResponseContentLanguage }),
    ...(input.ResponseContentType === undefined ? {} : { ContentType: input.ResponseContentType }),
    ...(input.ResponseExpires === undefined ? {} : { Expires: input.ResponseExpires }),
  };
  return { version, range, output };
}

const readParameters = [
  'Bucket',
  'Key',
  'VersionId',
  'IfMatch',
  'IfNoneMatch',
  'IfModifiedSince',
  'IfUnmodifiedSince',
  'Range',
  'PartNumber',
  'ChecksumMode',
  'RequestPayer',
  'ExpectedBucketOwner',
  'ResponseCacheControl',
  'ResponseContentDisposition',
  'ResponseContentEncoding',
  'ResponseContentLanguage',
  'ResponseContentType',
  'ResponseExpires',
] as const;

/** Reading objects. */
export const objectReads: Noun = {
  service: 's3',
  operations: {
    GetObject: operation<GetObjectCommandInput, GetObjectCommandOutput>(readParameters, (scope, input) => {
      const { version, range, output } = read(scope, input);
      const whole = Buffer.from(version.body, 'base64');
      const bytes = range === undefined ? whole : whole.subarray(range[0], range[1] + 1);
      return { ...output, Body: sdkStreamMixin(Readable.from(bytes.length > 0 ? [bytes] : [])) };
    }),
    HeadObject: operation<HeadObjectCommandInput, HeadObjectCommandOutput>(readParameters, (scope, input) => {
      try {
        return read(scope, input).output;
      } catch (error) {
        if (error instanceof Refusal) throw headRefusal(error.status);
        throw error;
      }
    }),
    GetObjectAttributes: operation<GetObjectAttributesCommandInput, GetObjectAttributesCommandOutput>(
      [
        'Bucket',
        'Key',
        'VersionId',
        'ObjectAttributes',
        'MaxParts',
        'PartNumberMarker',
        'RequestPayer',
        'ExpectedBucketOwner',
      ],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const version = requireVersion(scope, bucket, input.Key ?? '', input.VersionId);
        const wanted = new Set<string>(input.ObjectAttributes);
        const { partSizes } = version;
        return {
          LastModified: new Date(version.lastModified),
          ...shownVersion(bucket, version),
          ...(wanted.has('ETag') ? { ETag: version.etag.replaceAll('"', '') } : {}),
          ...(wanted.has('ObjectSize') ? { ObjectSize: version.size } : {}),
          ...(wanted.has('StorageClass') ? { StorageClass: version.storageClass as never } : {}),
          ...(wanted.has('Checksum')
            ? { Checksum: { ...version.checksums, ChecksumType: partSizes ? 'COMPOSITE' : 'FULL_OBJECT' } }
            : {}),
          ...(wanted.has('ObjectParts') && partSizes ? { ObjectParts: { TotalPartsCount: partSizes.length } } : {}),
        };
      },
    ),
  },
};
