import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandInput,
  ListPartsCommandOutput,
} from '@aws-sdk/client-s3';
import { type Noun, operation } from '../noun.ts';
import { owner, requireBucket } from './buckets.ts';
import { byKey, encoder, list, pageSize } from './listings.ts';
import { multipartUploadTable, partsOf, requireUpload } from './multipart-uploads.ts';

/** What is under way: uploads of a bucket, and parts of an upload. */
export const multipartListings: Noun = {
  service: 's3',
  operations: {
    ListParts: operation<ListPartsCommandInput, ListPartsCommandOutput>(
      ['Bucket', 'Key', 'UploadId', 'MaxParts', 'PartNumberMarker', 'ExpectedBucketOwner', 'RequestPayer'],
      (scope, input) => {
        const upload = requireUpload(scope, requireBucket(scope, input), input);
        const size = pageSize(input.MaxParts, 'max-parts');
        const left = partsOf(upload).filter(({ partNumber }) => partNumber > Number(input.PartNumberMarker ?? 0));
        const page = left.slice(0, size);
        const truncated = left.length > page.length;
        return {
          Bucket: upload.bucket,
          Key: upload.key,
          UploadId: upload.uploadId,
          MaxParts: size,
          PartNumberMarker: input.PartNumberMarker ?? '0',
          IsTruncated: truncated,
          ...(truncated ? { NextPartNumberMarker: String(page.at(-1)?.partNumber) } : {}),
          StorageClass: upload.storageClass as never,
          Owner: owner,
          Initiator: owner,
          ...(page.length > 0
            ? {
                Parts: page.map(({ partNumber, etag, size: Size, lastModified }) => ({
                  PartNumber: partNumber,
                  ETag: etag,
                  Size,
                  LastModified: new Date(lastModified),
                })),
              }
            : {}),
        };
      },
    ),
    ListMultipartUploads: operation<ListMultipartUploadsCommandInput, ListMultipartUploadsCommandOutput>(
      [
        'Bucket',
        'Prefix',
        'Delimiter',
        'MaxUploads',
        'KeyMarker',
        'UploadIdMarker',
        'EncodingType',
        'ExpectedBucketOwner',
        'RequestPayer',
      ],
      (scope, input) => {
        const { Prefix, Delimiter, KeyMarker, UploadIdMarker, EncodingType } = input;
        const { name } = requireBucket(scope, input);
        const size = pageSize(input.MaxUploads, 'max-uploads');
        const encode = encoder(EncodingType);
        const uploads = multipartUploadTable(scope)
          .all()
          .filter(({ bucket }) => bucket === name)
          .sort((one, other) => byKey(one, other) || one.initiated - other.initiated);
        const seen = uploads.findIndex(({ key, uploadId }) => key === KeyMarker && uploadId === UploadIdMarker);
        const left = seen === -1 ? uploads : uploads.slice(seen + 1);
        const after = seen === -1 ? KeyMarker : undefined;
        const { items, prefixes, last } = list(left, { prefix: Prefix, delimiter: Delimiter, after, size });
        return {
          Bucket: name,
          Prefix: encode(Prefix ?? ''),
          KeyMarker: encode(KeyMarker ?? ''),
          UploadIdMarker: UploadIdMarker ?? '',
          MaxUploads: size,
          IsTruncated: last !== undefined,
          ...(Delimiter === undefined ? {} : { Delimiter: encode(Delimiter) }),
          ...(EncodingType === undefined ? {} : { EncodingType }),
          ...(last === undefined
            ? {}
            : { NextKeyMarker: encode(last), NextUploadIdMarker: items.at(-1)?.uploadId ?? '' }),
          ...(prefixes.length > 0 ? { CommonPrefixes: prefixes.map((prefix) => ({ Prefix: encode(prefix) })) } : {}),
          ...(items.length > 0
            ? {
                Uploads: items.map(({ key, uploadId, initiated, storageClass }) => ({
                  Key: encode(key),
                  UploadId: uploadId,
                  Initiated: new Date(initiated),
                  StorageClass: storageClass as never,
                  Owner: owner,
                  Initiator: owner,
                })),
              }
            : {}),
        };
      },
    ),
  },
};
