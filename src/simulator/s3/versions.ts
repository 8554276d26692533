import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { type BucketRow, objectTableName } from './buckets.ts';
import type { ObjectHeaders } from './object-headers.ts';
import type { Tags } from './tags.ts';

/** One version of an object. */
export interface ObjectVersionRow {
  /** `null` is the version of a bucket without versioning. */
  versionId: string;
  deleteMarker?: true;
  /** Base64. */
  body: string;
  size: number;
  /** With its quotes. */
  etag: string;
  lastModified: number;
  /** What `GetObject` gives back as it was put: ContentType, Metadata and the like. Dates are milliseconds. */
  headers: ObjectHeaders;
  checksums: Record<string, string>;
  storageClass: string;
  /** Sizes of the parts of a multipart upload. */
  partSizes?: number[];
  /** The canned list, where the bucket has lists at all. */
  acl?: string;
  tags: Tags;
}

export interface ObjectRow {
  key: string;
  /** Newest first. */
  versions: ObjectVersionRow[];
}

export function objectTable(scope: Scope, bucket: BucketRow) {
  return scope.globalTable<ObjectRow>(objectTableName(bucket.name));
}

export function md5(body: Uint8Array): string {
  return createHash('md5').update(body).digest('hex');
}

/** Checksums as S3 gives them. It keeps a CRC for each object, and the others for who sent them. */
export function checksumsOf(body: Uint8Array, algorithm: string | undefined): Record<string, string> {
  if (algorithm === 'SHA1' || algorithm === 'SHA256')
    return { [`Checksum${algorithm}`]: createHash(algorithm.toLowerCase()).update(body).digest('base64') };
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return { ChecksumCRC32: bytes.toString('base64') };
}

/** The bytes of what was given as a body; streams have been read by then. */
export function bytesOf(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body);
  throw refusal('InvalidRequest', 'The simulated account cannot read this kind of body');
}

/** The version that reading without a version id would give, unless the key is missing or ends in a delete marker. */
export function currentVersion(scope: Scope, bucket: BucketRow, key: string): ObjectVersionRow | undefined {
  const [newest] = objectTable(scope, bucket).peek(key)?.versions ?? [];
  return newest?.deleteMarker ? undefined : newest;
}

export function noSuchKey(key: string) {
  return refusal('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });
}

/** The version that is asked for: `NoSuchKey`, `NoSuchVersion`, or `MethodNotAllowed` for a delete marker. */
export function requireVersion(
  scope: Scope,
  bucket: BucketRow,
  key: string,
  versionId: string | undefined,
): ObjectVersionRow {
  if (versionId === undefined) {
    const version = currentVersion(scope, bucket, key);
    if (!version) throw noSuchKey(key);
    return version;
  }
  const version = objectTable(scope, bucket)
    .peek(key)
    ?.versions.find((one) => one.versionId === versionId);
  if (!version) {
    if (!isVersionId(versionId))
      throw refusal('InvalidArgument', 'Invalid version id specified', 400, {
        ArgumentName: 'versionId',
        ArgumentValue: versionId,
      });
    throw refusal('NoSuchVersion', 'The specified version does not exist.', 404, { Key: key, VersionId: versionId });
  }
  if (version.deleteMarker)
    throw refusal('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  return version;
}

function isVersionId(text: string): boolean {
  return text === 'null' || /^[\w.-]{32}$/.test(text);
}

/** Stores a version where the bucket's versioning puts it. */
export function addVersion(
  scope: Scope,
  bucket: BucketRow,
  key: string,
  version: Omit<ObjectVersionRow, 'versionId'>,
): ObjectVersionRow {
  const table = objectTable(scope, bucket);
  const row = table.peek(key) ?? table.insert(key, { key, versions: [] });
  const stored = { versionId: bucket.versioning === 'Enabled' ? scope.hex(32) : 'null', ...version };
  if (bucket.versioning !== 'Enabled') row.versions = row.versions.filter(({ versionId }) => versionId !== 'null');
  row.versions.unshift(stored);
  return stored;
}

/** Deletes as `DeleteObject` does: a version for good, or the key behind a marker where versioning is on. */
export function deleteVersion(
  scope: Scope,
  bucket: BucketRow,
  key: string,
  versionId: string | undefined,
): { DeleteMarker?: true; VersionId?: string } {
  const table = objectTable(scope, bucket);
  const row = table.peek(key);
  if (versionId !== undefined) {
    const version = row?.versions.find((one) => one.versionId === versionId);
    if (!version && !isVersionId(versionId))
      throw refusal('InvalidArgument', 'Invalid version id specified', 400, {
        ArgumentName: 'versionId',
        ArgumentValue: versionId,
      });
    if (row) row.versions = row.versions.filter((one) => one !== version);
    if (row?.versions.length === 0) table.delete(key);
    return { VersionId: versionId, ...(version?.deleteMarker ? { DeleteMarker: true } : {}) };
  }
  if (bucket.versioning === undefined) {
    table.delete(key);
    return {};
  }
  const marker = addVersion(scope, bucket, key, {
    deleteMarker: true,
    body: '',
    size: 0,
    etag: '',
    lastModified: scope.now,
    headers: {},
    checksums: {},
    storageClass: 'STANDARD',
    tags: {},
  });
  return { DeleteMarker: true, VersionId: marker.versionId };
}

export function sameEtag(one: string, other: string): boolean {
  return one.replaceAll('"', '') === other.replaceAll('"', '');
}

export function preconditionFailed(condition: string) {
  return refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition: condition,
  });
}

/** The conditions of a write: it happens only over nothing, or only over the version that the caller has seen. */
export function checkWriteConditions(
  current: ObjectVersionRow | undefined,
  key: string,
  { IfMatch, IfNoneMatch }: { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
) {
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch !== '*')
      throw refusal('NotImplemented', 'A header you provided implies functionality that is not implemented', 501, {
        Header: 'If-None-Match',
      });
    if (current) throw preconditionFailed('If-None-Match');
  }
  if (IfMatch === undefined) return;
  if (!current) throw noSuchKey(key);
  if (!sameEtag(current.etag, IfMatch)) throw preconditionFailed('If-Match');
}

/** Refuses bytes that are not those whose digest the caller computed. */
export function checkDigests(
  body: Uint8Array,
  given: {
    ContentMD5?: string | undefined;
    ChecksumCRC32?: string | undefined;
    ChecksumSHA1?: string | undefined;
    ChecksumSHA256?: string | undefined;
  },
) {
  if (given.ContentMD5 !== undefined) {
    if (Buffer.from(given.ContentMD5, 'base64').length !== 16)
      throw refusal('InvalidDigest', 'The Content-MD5 you specified was invalid.');
    if (Buffer.from(given.ContentMD5, 'base64').toString('hex') !== md5(body))
      throw refusal('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  for (const algorithm of ['CRC32', 'SHA1', 'SHA256'] as const) {
    const name = `Checksum${algorithm}` as const;
    if (given[name] !== undefined && given[name] !== checksumsOf(body, algorithm)[name])
      throw refusal('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
}
