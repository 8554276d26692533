import type {
  CommonPrefix,
  DeleteMarkerEntry,
  _Object as ListedObject,
  ListObjectsCommandInput,
  ListObjectsCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
  ObjectVersion,
} from '@aws-sdk/client-s3';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { type BucketRow, owner, requireBucket } from './buckets.ts';
import { type ObjectVersionRow, objectTable } from './versions.ts';

interface Listing<Item> {
  items: Item[];
  prefixes: string[];
  /** Key or common prefix that the next page comes after; missing on the last page. */
  last: string | undefined;
}

/** Keys sort by their bytes. */
export function byKey({ key: one }: { key: string }, { key: other }: { key: string }): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/**
 * One page of keys. Those that have `delimiter` behind `prefix` are rolled up into one common prefix, which counts like
 * a key; `after` is a key or a common prefix of the page before.
 */
export function list<Item extends { key: string }>(
  sorted: readonly Item[],
  {
    prefix = '',
    delimiter,
    after,
    size,
  }: { prefix: string | undefined; delimiter: string | undefined; after: string | undefined; size: number },
): Listing<Item> {
  const items: Item[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for (const item of sorted) {
    if (!item.key.startsWith(prefix)) continue;
    const end = delimiter ? item.key.indexOf(delimiter, prefix.length) : -1;
    const rolled = end === -1 || !delimiter ? undefined : item.key.slice(0, end + delimiter.length);
    if (after !== undefined && byKey({ key: rolled ?? item.key }, { key: after }) <= 0) continue;
    if (rolled !== undefined && rolled === prefixes.at(-1)) continue;
    if (items.length + prefixes.length >= size) return { items, prefixes, last };
    if (rolled === undefined) items.push(item);
    else prefixes.push(rolled);
    last = rolled ?? item.key;
  }
  return { items, prefixes, last: undefined };
}

export function pageSize(size = 1000, argument = 'max-keys'): number {
  if (size < 0 || size > 2147483647)
    throw refusal('InvalidArgument', `Argument ${argument} must be an integer between 0 and 2147483647`, 400, {
      ArgumentName: argument,
      ArgumentValue: size,
    });
  return Math.min(size, 1000);
}

export function encoder(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return (text) => text;
  if (encodingType !== 'url') throw refusal('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/');
}

function currentObjects(scope: Scope, bucket: BucketRow) {
  return objectTable(scope, bucket)
    .all()
    .flatMap(({ key, versions: [newest] }) =>
      newest === undefined || newest.deleteMarker ? [] : [{ key, version: newest }],
    )
    .sort(byKey);
}

function listed(key: string, version: ObjectVersionRow, withOwner: boolean): ListedObject {
  return {
    Key: key,
    LastModified: new Date(version.lastModified),
    ETag: version.etag,
    ChecksumAlgorithm: Object.keys(version.checksums).map((name) => name.slice('Checksum'.length) as 'CRC32'),
    ChecksumType: version.partSizes ? 'COMPOSITE' : 'FULL_OBJECT',
    Size: version.size,
    StorageClass: version.storageClass as never,
    ...(withOwner ? { Owner: owner } : {}),
  };
}

/** S3 leaves empty lists out of its answers. */
function contents(
  items: ListedObject[],
  prefixes: string[],
  encode: (text: string) => string,
): { Contents?: ListedObject[]; CommonPrefixes?: CommonPrefix[] } {
  return {
    ...(items.length > 0 ? { Contents: items } : {}),
    ...(prefixes.length > 0 ? { CommonPrefixes: prefixes.map((prefix) => ({ Prefix: encode(prefix) })) } : {}),
  };
}

function tokenFor(key: string): string {
  return Buffer.from(`after:${key}`).toString('base64');
}

function afterToken(token: string): string {
  const [, key] = /^after:(.*)$/s.exec(Buffer.from(token, 'base64').toString()) ?? [];
  if (key === undefined)
    throw refusal('InvalidArgument', 'The continuation token provided is incorrect', 400, {
      ArgumentName: 'continuation-token',
    });
  return key;
}

/** Every version of every key from where the markers point, newest first within a key. */
function versionsAfter(
  scope: Scope,
  bucket: BucketRow,
  keyMarker: string | undefined,
  versionMarker: string | undefined,
) {
  const rows = objectTable(scope, bucket).all().sort(byKey);
  return rows.flatMap(({ key, versions }) => {
    const all = versions.map((version, index) => ({ key, version, isLatest: index === 0 }));
    if (keyMarker === undefined) return all;
    const order = byKey({ key }, { key: keyMarker });
    if (order !== 0) return order > 0 ? all : [];
    // A marker that is deleted meanwhile is not found (-1): callers empty a bucket page by page, from the newest version on.
    const seen = versions.findIndex(({ versionId }) => versionId === versionMarker);
    return versionMarker === undefined ? [] : all.slice(seen + 1);
  });
}

export const listings: Noun = {
  service: 's3',
  operations: {
    ListObjectsV2: operation<ListObjectsV2CommandInput, ListObjectsV2CommandOutput>(
      [
        'Bucket',
        'Prefix',
        'Delimiter',
        'MaxKeys',
        'StartAfter',
        'ContinuationToken',
        'FetchOwner',
        'EncodingType',
        'RequestPayer',
        'ExpectedBucketOwner',
        'OptionalObjectAttributes',
      ],
      (scope, input) => {
        const { Bucket, Prefix, Delimiter, StartAfter, ContinuationToken, EncodingType } = input;
        const bucket = requireBucket(scope, input);
        const encode = encoder(EncodingType);
        const after = ContinuationToken === undefined ? StartAfter : afterToken(ContinuationToken);
        const size = pageSize(input.MaxKeys);
        const { items, prefixes, last } = list(currentObjects(scope, bucket), {
          prefix: Prefix,
          delimiter: Delimiter,
          after,
          size,
        });
        const found = items.map(({ key, version }) => listed(encode(key), version, input.FetchOwner === true));
        return {
          Name: Bucket,
          Prefix: encode(Prefix ?? ''),
          MaxKeys: size,
          KeyCount: items.length + prefixes.length,
          IsTruncated: last !== undefined,
          ...contents(found, prefixes, encode),
          ...(Delimiter === undefined ? {} : { Delimiter: encode(Delimiter) }),
          ...(StartAfter === undefined ? {} : { StartAfter: encode(StartAfter) }),
          ...(EncodingType === undefined ? {} : { EncodingType }),
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
          ...(last === undefined ? {} : { NextContinuationToken: tokenFor(last) }),
        };
      },
    ),
    ListObjects: operation<ListObjectsCommandInput, ListObjectsCommandOutput>(
      [
        'Bucket',
        'Prefix',
        'Delimiter',
        'MaxKeys',
        'Marker',
        'EncodingType',
        'RequestPayer',
        'ExpectedBucketOwner',
        'OptionalObjectAttributes',
      ],
      (scope, input) => {
        const { Bucket, Prefix, Delimiter, Marker, EncodingType } = input;
        const bucket = requireBucket(scope, input);
        const encode = encoder(EncodingType);
        const size = pageSize(input.MaxKeys);
        const { items, prefixes, last } = list(currentObjects(scope, bucket), {
          prefix: Prefix,
          delimiter: Delimiter,
          after: Marker,
          size,
        });
        const found = items.map(({ key, version }) => listed(encode(key), version, true));
        return {
          Name: Bucket,
          Prefix: encode(Prefix ?? ''),
          Marker: encode(Marker ?? ''),
          MaxKeys: size,
          IsTruncated: last !== undefined,
          ...contents(found, prefixes, encode),
          ...(Delimiter === undefined ? {} : { Delimiter: encode(Delimiter) }),
          ...(EncodingType === undefined ? {} : { EncodingType }),
          // Without a delimiter the caller goes on from the last key it got.
          ...(last === undefined || Delimiter === undefined ? {} : { NextMarker: encode(last) }),
        };
      },
    ),
    ListObjectVersions: operation<ListObjectVersionsCommandInput, ListObjectVersionsCommandOutput>(
      [
        'Bucket',
        'Prefix',
        'Delimiter',
        'MaxKeys',
        'KeyMarker',
        'VersionIdMarker',
        'EncodingType',
        'RequestPayer',
        'ExpectedBucketOwner',
        'OptionalObjectAttributes',
      ],
      (scope, input) => {
        const { Bucket, Prefix = '', Delimiter, KeyMarker, VersionIdMarker, EncodingType } = input;
        const bucket = requireBucket(scope, input);
        if (VersionIdMarker !== undefined && KeyMarker === undefined)
          throw refusal('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
        const encode = encoder(EncodingType);
        const size = pageSize(input.MaxKeys);
        const candidates = versionsAfter(scope, bucket, KeyMarker, VersionIdMarker).filter(
          ({ key }) => !(Delimiter && KeyMarker?.endsWith(Delimiter) && key.startsWith(KeyMarker)),
        );
        const Versions: ObjectVersion[] = [];
        const DeleteMarkers: DeleteMarkerEntry[] = [];
        const { items, prefixes, last } = list(candidates, {
          prefix: Prefix,
          delimiter: Delimiter,
          after: undefined,
          size,
        });
        for (const { key, version, isLatest } of items) {
          const { Key, LastModified, Owner } = listed(encode(key), version, true);
          const entry = { Key, VersionId: version.versionId, IsLatest: isLatest, LastModified, Owner };
          if (version.deleteMarker) DeleteMarkers.push(entry);
          else Versions.push({ ...listed(encode(key), version, true), ...entry, StorageClass: 'STANDARD' });
        }
        const rolledLast = last !== undefined && last === prefixes.at(-1);
        const lastVersion = rolledLast ? undefined : items.at(-1)?.version.versionId;
        return {
          Name: Bucket,
          Prefix: encode(Prefix),
          KeyMarker: encode(KeyMarker ?? ''),
          VersionIdMarker: VersionIdMarker ?? '',
          MaxKeys: size,
          IsTruncated: last !== undefined,
          ...(Versions.length > 0 ? { Versions } : {}),
          ...(DeleteMarkers.length > 0 ? { DeleteMarkers } : {}),
          ...contents([], prefixes, encode),
          ...(Delimiter === undefined ? {} : { Delimiter: encode(Delimiter) }),
          ...(EncodingType === undefined ? {} : { EncodingType }),
          ...(last === undefined
            ? {}
            : {
                NextKeyMarker: encode(last),
                ...(lastVersion === undefined ? {} : { NextVersionIdMarker: lastVersion }),
              }),
        };
      },
    ),
  },
};
