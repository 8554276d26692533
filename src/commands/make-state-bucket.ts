import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Place } from '../aws.ts';
import { awsCode, classify, isAws, unless } from '../aws-errors.ts';
import type { Clock } from '../engine/clock.ts';
import { exitCodes, userError } from '../errors.ts';
import { encryption, nothingPublic, tlsOnly } from '../steps/bucket-settings.ts';

/**
 * Makes the bucket for shared states: versioned, private, encrypted, over TLS alone; what is replaced is kept for ninety
 * days. It is nobody's but the account's: no deployment destroys it. May run again on a bucket that was left half-made.
 */
export async function makeStateBucket(
  s3: S3Client,
  Bucket: string,
  { accountId, region, partition }: Place,
  {
    clock,
    pace,
    kind,
  }: { readonly clock: Clock; readonly pace: number; readonly kind: 'aws' | 'emulator' | 'simulated' },
) {
  // A new bucket does not show everywhere at once, and S3 takes one change of it at a time.
  const set = async (change: () => Promise<unknown>) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await change();
      } catch (error) {
        const passing = ['throttle', 'unclear', 'offline', 'notVisible', 'wrongState'].includes(classify(error));
        if (!passing || attempt >= 20) throw error;
        await clock.sleep(3000 * pace);
      }
    }
  };
  const owned = { Bucket, ExpectedBucketOwner: accountId };
  // Outside of us-east-1 the region is said; there it may not be.
  const where = region as BucketLocationConstraint;
  const elsewhere = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: where } };
  try {
    await set(() =>
      s3.send(new CreateBucketCommand({ Bucket, ...elsewhere })).catch(unless('BucketAlreadyOwnedByYou')),
    );
    await set(() =>
      s3.send(new PutPublicAccessBlockCommand({ ...owned, PublicAccessBlockConfiguration: nothingPublic })),
    );
    await set(() =>
      s3.send(new PutBucketEncryptionCommand({ ...owned, ServerSideEncryptionConfiguration: encryption })),
    );
    await set(() =>
      s3.send(new PutBucketVersioningCommand({ ...owned, VersioningConfiguration: { Status: 'Enabled' } })),
    );
    // An emulator is asked without TLS, and one that heeds policies would never let anybody in again.
    if (kind !== 'emulator')
      await set(() => s3.send(new PutBucketPolicyCommand({ ...owned, Policy: tlsOnly(partition, Bucket) })));
    // A lock that is written three times a minute leaves many versions, and nobody wants those of last year.
    await set(() =>
      s3.send(
        new PutBucketLifecycleConfigurationCommand({
          ...owned,
          LifecycleConfiguration: {
            Rules: [
              {
                ID: 'old-versions',
                Status: 'Enabled',
                Filter: { Prefix: '' },
                NoncurrentVersionExpiration: { NoncurrentDays: 90 },
                Expiration: { ExpiredObjectDeleteMarker: true },
              },
            ],
          },
        }),
      ),
    );
  } catch (error) {
    const taken = isAws(error, 'BucketAlreadyExists');
    throw userError({
      code: 'state-bucket-not-made',
      exitCode: taken ? exitCodes.usage : exitCodes.failed,
      what: `The bucket ${Bucket} for the state could not be made.`,
      why: taken
        ? 'Somebody else in AWS has a bucket of that name: the names are one list for everybody.'
        : `AWS says ${awsCode(error)}: ${(error as Error).message}`,
      fix: taken
        ? `Choose another name in the setting state, for example s3://${accountId}-airflow-states/…`
        : 'Mend what AWS names, then run the same command again; what is there of the bucket is taken up.',
      awsCode: awsCode(error),
      cause: error,
    });
  }
}
