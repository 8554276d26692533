import type {
  DeleteBucketEncryptionCommandInput,
  DeleteBucketEncryptionCommandOutput,
  DeleteBucketLifecycleCommandInput,
  DeleteBucketLifecycleCommandOutput,
  DeleteBucketTaggingCommandInput,
  DeleteBucketTaggingCommandOutput,
  DeletePublicAccessBlockCommandInput,
  DeletePublicAccessBlockCommandOutput,
  GetBucketEncryptionCommandInput,
  GetBucketEncryptionCommandOutput,
  GetBucketLifecycleConfigurationCommandInput,
  GetBucketLifecycleConfigurationCommandOutput,
  GetBucketLoggingCommandInput,
  GetBucketLoggingCommandOutput,
  GetBucketNotificationConfigurationCommandInput,
  GetBucketNotificationConfigurationCommandOutput,
  GetBucketReplicationCommandInput,
  GetBucketReplicationCommandOutput,
  GetBucketTaggingCommandInput,
  GetBucketTaggingCommandOutput,
  GetBucketVersioningCommandInput,
  GetBucketVersioningCommandOutput,
  GetObjectLockConfigurationCommandInput,
  GetObjectLockConfigurationCommandOutput,
  GetPublicAccessBlockCommandInput,
  GetPublicAccessBlockCommandOutput,
  PublicAccessBlockConfiguration,
  PutBucketEncryptionCommandInput,
  PutBucketEncryptionCommandOutput,
  PutBucketLifecycleConfigurationCommandInput,
  PutBucketLifecycleConfigurationCommandOutput,
  PutBucketLoggingCommandInput,
  PutBucketLoggingCommandOutput,
  PutBucketNotificationConfigurationCommandInput,
  PutBucketNotificationConfigurationCommandOutput,
  PutBucketTaggingCommandInput,
  PutBucketTaggingCommandOutput,
  PutBucketVersioningCommandInput,
  PutBucketVersioningCommandOutput,
  PutPublicAccessBlockCommandInput,
  PutPublicAccessBlockCommandOutput,
} from '@aws-sdk/client-s3';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { bucketTable, requireBucket } from './buckets.ts';
import { common, keep, kept, malformedXml, reading, requireKept } from './kept-settings.ts';
import { checkLifecycle } from './lifecycle.ts';
import { bucketEncryption } from './object-headers.ts';
import { bucketTags, tagSet } from './tags.ts';

/** Sub-resources of a bucket. Each put replaces what was there, whatever was there. */
export const bucketSettings: Noun = {
  service: 's3',
  operations: {
    PutBucketVersioning: operation<PutBucketVersioningCommandInput, PutBucketVersioningCommandOutput>(
      [...common, 'MFA', 'VersioningConfiguration'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { Status, MFADelete } = input.VersioningConfiguration ?? {};
        if (MFADelete === 'Enabled')
          throw refusal(
            'AccessDenied',
            'This operation may only be performed by the bucket owner with an MFA device',
            403,
          );
        if (Status !== undefined && Status !== 'Enabled' && Status !== 'Suspended') throw malformedXml();
        if (Status === undefined)
          throw refusal('IllegalVersioningConfigurationException', 'The Versioning element must be specified');
        if (bucket.objectLock && Status === 'Suspended')
          throw refusal(
            'InvalidBucketState',
            'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
            409,
          );
        bucket.versioning = Status;
        return {};
      },
    ),
    GetBucketVersioning: operation<GetBucketVersioningCommandInput, GetBucketVersioningCommandOutput>(
      reading,
      (scope, input) => {
        const { versioning } = requireBucket(scope, input);
        return versioning === undefined ? {} : { Status: versioning };
      },
    ),
    PutBucketTagging: operation<PutBucketTaggingCommandInput, PutBucketTaggingCommandOutput>(
      [...common, 'Tagging'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        bucket.tags = bucketTags(input.Tagging?.TagSet);
        return {};
      },
    ),
    GetBucketTagging: operation<GetBucketTaggingCommandInput, GetBucketTaggingCommandOutput>(
      reading,
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        if (Object.keys(bucket.tags).length === 0)
          throw refusal('NoSuchTagSet', 'The TagSet does not exist', 404, { BucketName: bucket.name });
        return { TagSet: tagSet(bucket.tags) };
      },
    ),
    DeleteBucketTagging: operation<DeleteBucketTaggingCommandInput, DeleteBucketTaggingCommandOutput>(
      reading,
      (scope, input) => {
        requireBucket(scope, input).tags = {};
        return {};
      },
    ),
    PutBucketEncryption: operation<PutBucketEncryptionCommandInput, PutBucketEncryptionCommandOutput>(
      [...common, 'ServerSideEncryptionConfiguration'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { Rules = [] } = input.ServerSideEncryptionConfiguration ?? {};
        if (Rules.length !== 1) throw malformedXml();
        const { SSEAlgorithm = '', KMSMasterKeyID } = Rules[0]?.ApplyServerSideEncryptionByDefault ?? {};
        if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(SSEAlgorithm)) throw malformedXml();
        if (SSEAlgorithm === 'AES256' && KMSMasterKeyID !== undefined)
          throw refusal(
            'InvalidArgument',
            'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
          );
        keep(bucket, 'encryption', { Rules: Rules.map((rule) => ({ BucketKeyEnabled: false, ...rule })) });
        return {};
      },
    ),
    GetBucketEncryption: operation<GetBucketEncryptionCommandInput, GetBucketEncryptionCommandOutput>(
      reading,
      (scope, input) => ({ ServerSideEncryptionConfiguration: bucketEncryption(requireBucket(scope, input)) }),
    ),
    DeleteBucketEncryption: operation<DeleteBucketEncryptionCommandInput, DeleteBucketEncryptionCommandOutput>(
      reading,
      (scope, input) => {
        delete requireBucket(scope, input).settings.encryption;
        return {};
      },
    ),
    PutPublicAccessBlock: operation<PutPublicAccessBlockCommandInput, PutPublicAccessBlockCommandOutput>(
      [...common, 'PublicAccessBlockConfiguration'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const given = input.PublicAccessBlockConfiguration ?? {};
        keep(bucket, 'publicAccessBlock', {
          BlockPublicAcls: given.BlockPublicAcls ?? false,
          IgnorePublicAcls: given.IgnorePublicAcls ?? false,
          BlockPublicPolicy: given.BlockPublicPolicy ?? false,
          RestrictPublicBuckets: given.RestrictPublicBuckets ?? false,
        });
        return {};
      },
    ),
    GetPublicAccessBlock: operation<GetPublicAccessBlockCommandInput, GetPublicAccessBlockCommandOutput>(
      reading,
      (scope, input) => ({
        PublicAccessBlockConfiguration: requireKept<PublicAccessBlockConfiguration>(
          requireBucket(scope, input),
          'publicAccessBlock',
          'NoSuchPublicAccessBlockConfiguration',
          'The public access block configuration was not found',
        ),
      }),
    ),
    DeletePublicAccessBlock: operation<DeletePublicAccessBlockCommandInput, DeletePublicAccessBlockCommandOutput>(
      reading,
      (scope, input) => {
        delete requireBucket(scope, input).settings.publicAccessBlock;
        return {};
      },
    ),
    PutBucketLifecycleConfiguration: operation<
      PutBucketLifecycleConfigurationCommandInput,
      PutBucketLifecycleConfigurationCommandOutput
    >(
      [...reading, 'ChecksumAlgorithm', 'LifecycleConfiguration', 'TransitionDefaultMinimumObjectSize'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const rules = checkLifecycle(input.LifecycleConfiguration?.Rules);
        const size = input.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K';
        keep(bucket, 'lifecycle', {
          Rules: rules.map((rule) => ({ ...rule, ID: rule.ID ?? scope.hex(32) })),
          TransitionDefaultMinimumObjectSize: size,
        });
        return { TransitionDefaultMinimumObjectSize: size };
      },
    ),
    GetBucketLifecycleConfiguration: operation<
      GetBucketLifecycleConfigurationCommandInput,
      GetBucketLifecycleConfigurationCommandOutput
    >(reading, (scope, input) =>
      requireKept(
        requireBucket(scope, input),
        'lifecycle',
        'NoSuchLifecycleConfiguration',
        'The lifecycle configuration does not exist',
      ),
    ),
    DeleteBucketLifecycle: operation<DeleteBucketLifecycleCommandInput, DeleteBucketLifecycleCommandOutput>(
      reading,
      (scope, input) => {
        delete requireBucket(scope, input).settings.lifecycle;
        return {};
      },
    ),
    PutBucketLogging: operation<PutBucketLoggingCommandInput, PutBucketLoggingCommandOutput>(
      [...common, 'BucketLoggingStatus'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { LoggingEnabled } = input.BucketLoggingStatus ?? {};
        const target = bucketTable(scope).get(LoggingEnabled?.TargetBucket);
        if (LoggingEnabled && (!target || target.region !== bucket.region))
          throw refusal('InvalidTargetBucketForLogging', 'The target bucket for logging does not exist');
        keep(bucket, 'logging', LoggingEnabled ? { LoggingEnabled } : {});
        return {};
      },
    ),
    GetBucketLogging: operation<GetBucketLoggingCommandInput, GetBucketLoggingCommandOutput>(
      reading,
      (scope, input) => kept<GetBucketLoggingCommandOutput>(requireBucket(scope, input), 'logging') ?? {},
    ),
    PutBucketNotificationConfiguration: operation<
      PutBucketNotificationConfigurationCommandInput,
      PutBucketNotificationConfigurationCommandOutput
    >([...reading, 'NotificationConfiguration', 'SkipDestinationValidation'], (scope, input) => {
      const bucket = requireBucket(scope, input);
      keep(bucket, 'notification', input.NotificationConfiguration ?? {});
      return {};
    }),
    GetBucketNotificationConfiguration: operation<
      GetBucketNotificationConfigurationCommandInput,
      GetBucketNotificationConfigurationCommandOutput
    >(
      reading,
      (scope, input) =>
        kept<GetBucketNotificationConfigurationCommandOutput>(requireBucket(scope, input), 'notification') ?? {},
    ),
    GetBucketReplication: operation<GetBucketReplicationCommandInput, GetBucketReplicationCommandOutput>(
      reading,
      (scope, input) =>
        requireKept(
          requireBucket(scope, input),
          'replication',
          'ReplicationConfigurationNotFoundError',
          'The replication configuration was not found',
        ),
    ),
    GetObjectLockConfiguration: operation<
      GetObjectLockConfigurationCommandInput,
      GetObjectLockConfigurationCommandOutput
    >(reading, (scope, input) => {
      const bucket = requireBucket(scope, input);
      if (!bucket.objectLock)
        throw refusal(
          'ObjectLockConfigurationNotFoundError',
          'Object Lock configuration does not exist for this bucket',
          404,
          { BucketName: bucket.name },
        );
      return { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } };
    }),
  },
};
