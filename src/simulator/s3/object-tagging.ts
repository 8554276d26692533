import type {
  DeleteObjectTaggingCommandInput,
  DeleteObjectTaggingCommandOutput,
  GetObjectTaggingCommandInput,
  GetObjectTaggingCommandOutput,
  PutObjectTaggingCommandInput,
  PutObjectTaggingCommandOutput,
} from '@aws-sdk/client-s3';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { requireBucket } from './buckets.ts';
import { objectTags, tagSet } from './tags.ts';
import { requireVersion } from './versions.ts';

function find(scope: Scope, input: GetObjectTaggingCommandInput) {
  const bucket = requireBucket(scope, input);
  const version = requireVersion(scope, bucket, input.Key ?? '', input.VersionId);
  return { version, shown: bucket.versioning === undefined ? {} : { VersionId: version.versionId } };
}

export const objectTagging: Noun = {
  service: 's3',
  operations: {
    PutObjectTagging: operation<PutObjectTaggingCommandInput, PutObjectTaggingCommandOutput>(
      [
        'Bucket',
        'Key',
        'VersionId',
        'Tagging',
        'ContentMD5',
        'ChecksumAlgorithm',
        'ExpectedBucketOwner',
        'RequestPayer',
      ],
      (scope, input) => {
        const { version, shown } = find(scope, input);
        version.tags = objectTags(input.Tagging?.TagSet);
        return shown;
      },
    ),
    GetObjectTagging: operation<GetObjectTaggingCommandInput, GetObjectTaggingCommandOutput>(
      ['Bucket', 'Key', 'VersionId', 'ExpectedBucketOwner', 'RequestPayer'],
      (scope, input) => {
        const { version, shown } = find(scope, input);
        return { TagSet: tagSet(version.tags), ...shown };
      },
    ),
    DeleteObjectTagging: operation<DeleteObjectTaggingCommandInput, DeleteObjectTaggingCommandOutput>(
      ['Bucket', 'Key', 'VersionId', 'ExpectedBucketOwner'],
      (scope, input) => {
        const { version, shown } = find(scope, input);
        version.tags = {};
        return shown;
      },
    ),
  },
};
