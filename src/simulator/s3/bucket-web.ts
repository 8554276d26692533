import type {
  DeleteBucketCorsCommandInput,
  DeleteBucketCorsCommandOutput,
  DeleteBucketWebsiteCommandInput,
  DeleteBucketWebsiteCommandOutput,
  GetBucketCorsCommandInput,
  GetBucketCorsCommandOutput,
  GetBucketWebsiteCommandInput,
  GetBucketWebsiteCommandOutput,
  PutBucketCorsCommandInput,
  PutBucketCorsCommandOutput,
  PutBucketWebsiteCommandInput,
  PutBucketWebsiteCommandOutput,
} from '@aws-sdk/client-s3';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { requireBucket } from './buckets.ts';
import { common, keep, malformedXml, reading, requireKept } from './kept-settings.ts';

/** What browsers see of a bucket: its website and whose pages may read it. */
export const bucketWeb: Noun = {
  service: 's3',
  operations: {
    PutBucketCors: operation<PutBucketCorsCommandInput, PutBucketCorsCommandOutput>(
      [...common, 'CORSConfiguration'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { CORSRules = [] } = input.CORSConfiguration ?? {};
        if (CORSRules.length === 0 || CORSRules.length > 100) throw malformedXml();
        for (const method of CORSRules.flatMap(({ AllowedMethods }) => AllowedMethods ?? []))
          if (!['GET', 'PUT', 'HEAD', 'POST', 'DELETE'].includes(method))
            throw refusal(
              'InvalidRequest',
              `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
            );
        keep(bucket, 'cors', { CORSRules });
        return {};
      },
    ),
    GetBucketCors: operation<GetBucketCorsCommandInput, GetBucketCorsCommandOutput>(reading, (scope, input) =>
      requireKept(
        requireBucket(scope, input),
        'cors',
        'NoSuchCORSConfiguration',
        'The CORS configuration does not exist',
      ),
    ),
    DeleteBucketCors: operation<DeleteBucketCorsCommandInput, DeleteBucketCorsCommandOutput>(
      reading,
      (scope, input) => {
        delete requireBucket(scope, input).settings.cors;
        return {};
      },
    ),
    PutBucketWebsite: operation<PutBucketWebsiteCommandInput, PutBucketWebsiteCommandOutput>(
      [...common, 'WebsiteConfiguration'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { IndexDocument, RedirectAllRequestsTo } = input.WebsiteConfiguration ?? {};
        if (!IndexDocument && !RedirectAllRequestsTo)
          throw refusal(
            'InvalidArgument',
            'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty',
          );
        keep(bucket, 'website', input.WebsiteConfiguration ?? {});
        return {};
      },
    ),
    GetBucketWebsite: operation<GetBucketWebsiteCommandInput, GetBucketWebsiteCommandOutput>(reading, (scope, input) =>
      requireKept(
        requireBucket(scope, input),
        'website',
        'NoSuchWebsiteConfiguration',
        'The specified bucket does not have a website configuration',
      ),
    ),
    DeleteBucketWebsite: operation<DeleteBucketWebsiteCommandInput, DeleteBucketWebsiteCommandOutput>(
      reading,
      (scope, input) => {
        delete requireBucket(scope, input).settings.website;
        return {};
      },
    ),
  },
};
