import type {
  GetBucketAccelerateConfigurationCommandInput,
  GetBucketAccelerateConfigurationCommandOutput,
  GetBucketRequestPaymentCommandInput,
  GetBucketRequestPaymentCommandOutput,
  PutBucketAccelerateConfigurationCommandInput,
  PutBucketAccelerateConfigurationCommandOutput,
  PutBucketRequestPaymentCommandInput,
  PutBucketRequestPaymentCommandOutput,
} from '@aws-sdk/client-s3';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireBucket } from './buckets.ts';
import { common, keep, kept, malformedXml, reading } from './kept-settings.ts';

/** How requests reach a bucket and who pays for them; nothing else in the account asks. */
export const bucketTraffic: Noun = {
  service: 's3',
  operations: {
    PutBucketAccelerateConfiguration: operation<
      PutBucketAccelerateConfigurationCommandInput,
      PutBucketAccelerateConfigurationCommandOutput
    >([...reading, 'ChecksumAlgorithm', 'AccelerateConfiguration'], (scope, input) => {
      const bucket = requireBucket(scope, input);
      const { Status } = input.AccelerateConfiguration ?? {};
      if (Status !== 'Enabled' && Status !== 'Suspended') throw malformedXml();
      if (bucket.name.includes('.'))
        throw refusal(
          'InvalidRequest',
          'S3 Transfer Acceleration is not supported for buckets with periods (.) in their names',
        );
      keep(bucket, 'accelerate', { Status });
      return {};
    }),
    GetBucketAccelerateConfiguration: operation<
      GetBucketAccelerateConfigurationCommandInput,
      GetBucketAccelerateConfigurationCommandOutput
    >([...reading, 'RequestPayer'], (scope, input) => kept(requireBucket(scope, input), 'accelerate') ?? {}),
    PutBucketRequestPayment: operation<PutBucketRequestPaymentCommandInput, PutBucketRequestPaymentCommandOutput>(
      [...common, 'RequestPaymentConfiguration'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { Payer } = input.RequestPaymentConfiguration ?? {};
        if (Payer !== 'Requester' && Payer !== 'BucketOwner') throw malformedXml();
        keep(bucket, 'requestPayment', { Payer });
        return {};
      },
    ),
    GetBucketRequestPayment: operation<GetBucketRequestPaymentCommandInput, GetBucketRequestPaymentCommandOutput>(
      reading,
      (scope, input) => kept(requireBucket(scope, input), 'requestPayment') ?? { Payer: 'BucketOwner' },
    ),
  },
};
