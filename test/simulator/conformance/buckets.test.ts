import * as S3 from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { polling, refused, type World, world } from './world.ts';

const Bucket = 'pms-oregon-bucket';
const oregon = { CreateBucketConfiguration: { LocationConstraint: 'us-west-2' as const } };
const made = ({ s3 }: World, more: object = {}) => s3.send(new S3.CreateBucketCommand({ Bucket, ...oregon, ...more }));

describe('calls about buckets', () => {
  test('a private, encrypted, versioned and tagged bucket with objects, emptied and deleted', async () => {
    const w = world();
    const { s3 } = w;
    const { Location } = await s3.send(
      new S3.CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: 'us-west-2', Tags: [{ Key: 'Name', Value: Bucket }] },
        ObjectOwnership: 'BucketOwnerEnforced',
      }),
    );
    expect(Location).toBe(`http://${Bucket}.s3.amazonaws.com/`);
    await S3.waitUntilBucketExists({ client: s3, ...polling }, { Bucket });
    expect(await s3.send(new S3.HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: 'us-west-2' });
    expect((await s3.send(new S3.GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe('us-west-2');
    const { Buckets, Owner } = await s3.send(new S3.ListBucketsCommand({}));
    expect(Buckets).toMatchObject([{ Name: Bucket, CreationDate: expect.any(Date) }]);
    expect(Owner?.ID).toEqual(expect.any(String));
    const block = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    expect((await s3.send(new S3.GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration).toEqual(
      block,
    );
    await s3.send(new S3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }));
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const }, BucketKeyEnabled: true }];
    const first = await s3.send(new S3.GetBucketEncryptionCommand({ Bucket }));
    expect(first.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe(
      'AES256',
    );
    await s3.send(new S3.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    expect((await s3.send(new S3.GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    await s3.send(new S3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect((await s3.send(new S3.GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    expect((await s3.send(new S3.GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([
      { Key: 'Name', Value: Bucket },
    ]);
    await s3.send(new S3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }));
    expect((await s3.send(new S3.GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules).toEqual([
      { ObjectOwnership: 'BucketOwnerEnforced' },
    ]);
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'tls',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
    await s3.send(new S3.PutBucketPolicyCommand({ Bucket, Policy }));
    expect(JSON.parse((await s3.send(new S3.GetBucketPolicyCommand({ Bucket }))).Policy!)).toEqual(JSON.parse(Policy));
    expect((await s3.send(new S3.GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(false);
    await s3.send(
      new S3.PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              ID: 'old',
              Status: 'Enabled',
              Filter: { Prefix: 'airflow_log/' },
              Expiration: { Days: 30 },
              NoncurrentVersionExpiration: { NoncurrentDays: 7 },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            },
          ],
        },
      }),
    );
    expect((await s3.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toHaveLength(1);

    const put = await s3.send(
      new S3.PutObjectCommand({
        Bucket,
        Key: 'dags/a.py',
        Body: 'print(1)',
        ContentType: 'text/x-python',
        CacheControl: 'no-store',
        Metadata: { by: 'me' },
        ServerSideEncryption: 'AES256',
        StorageClass: 'STANDARD',
        Tagging: 'a=b',
      }),
    );
    expect(put).toMatchObject({
      ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      VersionId: expect.any(String),
      ServerSideEncryption: 'AES256',
    });
    const got = await s3.send(new S3.GetObjectCommand({ Bucket, Key: 'dags/a.py' }));
    expect(await got.Body!.transformToString()).toBe('print(1)');
    expect(got).toMatchObject({
      ContentLength: 8,
      ContentType: 'text/x-python',
      Metadata: { by: 'me' },
      LastModified: expect.any(Date),
      ETag: put.ETag,
    });
    expect(
      await (
        await s3.send(new S3.GetObjectCommand({ Bucket, Key: 'dags/a.py', Range: 'bytes=0-4' }))
      ).Body!.transformToString(),
    ).toBe('print');
    await S3.waitUntilObjectExists({ client: s3, ...polling }, { Bucket, Key: 'dags/a.py' });
    await s3.send(new S3.PutObjectCommand({ Bucket, Key: 'dags/a.py', Body: Buffer.from('print(2)') }));
    await s3.send(new S3.CopyObjectCommand({ Bucket, Key: 'copy.py', CopySource: `${Bucket}/dags/a.py` }));
    for (let i = 0; i < 12; i++) await s3.send(new S3.PutObjectCommand({ Bucket, Key: `airflow_log/${i}`, Body: 'x' }));
    const keys: string[] = [];
    for await (const page of S3.paginateListObjectsV2({ client: s3, pageSize: 5 }, { Bucket, Prefix: 'airflow_log/' }))
      keys.push(...(page.Contents ?? []).map((one) => one.Key!));
    expect([keys.length, new Set(keys).size]).toEqual([12, 12]);
    const folders = await s3.send(new S3.ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(folders).toMatchObject({
      KeyCount: 3,
      IsTruncated: false,
      CommonPrefixes: [{ Prefix: 'airflow_log/' }, { Prefix: 'dags/' }],
    });
    expect((await s3.send(new S3.GetObjectTaggingCommand({ Bucket, Key: 'copy.py' }))).TagSet).toEqual([]);
    const parts = await s3.send(new S3.CreateMultipartUploadCommand({ Bucket, Key: 'big' }));
    const part = await s3.send(
      new S3.UploadPartCommand({ Bucket, Key: 'big', UploadId: parts.UploadId, PartNumber: 1, Body: 'whole' }),
    );
    await s3.send(
      new S3.CompleteMultipartUploadCommand({
        Bucket,
        Key: 'big',
        UploadId: parts.UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
      }),
    );
    const open = await s3.send(new S3.CreateMultipartUploadCommand({ Bucket, Key: 'never' }));
    expect((await s3.send(new S3.ListMultipartUploadsCommand({ Bucket }))).Uploads).toHaveLength(1);
    await s3.send(new S3.AbortMultipartUploadCommand({ Bucket, Key: 'never', UploadId: open.UploadId }));

    await refused(s3.send(new S3.DeleteBucketCommand({ Bucket })), 'BucketNotEmpty BucketNotEmpty 409');
    await s3.send(new S3.DeleteObjectCommand({ Bucket, Key: 'copy.py' }));
    await refused(s3.send(new S3.GetObjectCommand({ Bucket, Key: 'copy.py' })), 'NoSuchKey NoSuchKey 404');
    await refused(s3.send(new S3.HeadObjectCommand({ Bucket, Key: 'copy.py' })), 'NotFound 404');
    await S3.waitUntilObjectNotExists({ client: s3, ...polling }, { Bucket, Key: 'copy.py' });
    for (let KeyMarker: string | undefined, VersionIdMarker: string | undefined; ; ) {
      const page = await s3.send(new S3.ListObjectVersionsCommand({ Bucket, MaxKeys: 7, KeyMarker, VersionIdMarker }));
      const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
        Key,
        VersionId,
      }));
      if (Objects.length > 0) {
        const { Errors, Deleted } = await s3.send(new S3.DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
        expect([Errors ?? [], Deleted?.length]).toEqual([[], Objects.length]);
      }
      if (!page.IsTruncated) break;
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    }
    await s3.send(new S3.DeleteBucketPolicyCommand({ Bucket }));
    await s3.send(new S3.DeleteBucketTaggingCommand({ Bucket }));
    await s3.send(new S3.DeleteBucketCommand({ Bucket }));
    await S3.waitUntilBucketNotExists({ client: s3, ...polling }, { Bucket });
    await refused(s3.send(new S3.HeadBucketCommand({ Bucket })), 'NotFound 404');
  });

  test('the name of an account’s own namespace, and the settings that few use', async () => {
    const w = world();
    const { s3, account } = w;
    const own = `pms-${account.accountId}-us-west-2-an`;
    await s3.send(new S3.CreateBucketCommand({ Bucket: own, BucketNamespace: 'account-regional', ...oregon }));
    await made(w);
    await s3.send(
      new S3.PutBucketCorsCommand({
        Bucket,
        CORSConfiguration: { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] },
      }),
    );
    expect((await s3.send(new S3.GetBucketCorsCommand({ Bucket }))).CORSRules).toHaveLength(1);
    await s3.send(
      new S3.PutBucketLoggingCommand({
        Bucket,
        BucketLoggingStatus: { LoggingEnabled: { TargetBucket: own, TargetPrefix: 'log/' } },
      }),
    );
    await s3.send(
      new S3.PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: { Status: 'Enabled' } }),
    );
    expect((await s3.send(new S3.GetBucketAccelerateConfigurationCommand({ Bucket }))).Status).toBe('Enabled');
    await s3.send(
      new S3.PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer: 'Requester' } }),
    );
    await s3.send(new S3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }));
    expect((await s3.send(new S3.GetBucketAclCommand({ Bucket }))).Grants?.[0]?.Permission).toBe('FULL_CONTROL');
  });
});

describe('buckets of another region', () => {
  test('send the caller to their own region, and an SDK that may follows', async () => {
    const w = world();
    await made(w);
    const client = (followRegionRedirects: boolean) =>
      w.account.attach(new S3.S3Client({ region: 'eu-west-1', maxAttempts: 1, followRegionRedirects }));
    const list = new S3.ListObjectsV2Command({ Bucket });
    await refused(client(false).send(list), 'PermanentRedirect PermanentRedirect 301');
    const location = await client(false).send(new S3.GetBucketLocationCommand({ Bucket }));
    expect(location.LocationConstraint).toBe('us-west-2');
    expect((await client(true).send(list)).KeyCount).toBe(0);
    expect((await client(true).send(new S3.HeadBucketCommand({ Bucket }))).BucketRegion).toBe('us-west-2');
  });
});

describe('what is refused about buckets', () => {
  const cases: [string, string, (w: World) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (w: World) => Promise<unknown>) => cases.push([title, code, call]);

  no('a name that is mine already', 'BucketAlreadyOwnedByYou BucketAlreadyOwnedByYou 409', async (w) => {
    await made(w);
    await made(w);
  });
  no('a name that is somebody else’s', 'BucketAlreadyExists BucketAlreadyExists 409', ({ s3 }) =>
    s3.send(new S3.CreateBucketCommand({ Bucket: 'test', ...oregon })),
  );
  no('a name with capitals', 'InvalidBucketName InvalidBucketName', ({ s3 }) =>
    s3.send(new S3.CreateBucketCommand({ Bucket: 'UPPER_case', ...oregon })),
  );
  no('another region for a bucket', 'IllegalLocationConstraintException', ({ s3 }) =>
    s3.send(new S3.CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } })),
  );
  const nothing = { Bucket: 'none-at-all' };
  for (const command of [
    new S3.GetBucketLocationCommand(nothing),
    new S3.GetBucketTaggingCommand(nothing),
    new S3.GetBucketVersioningCommand(nothing),
    new S3.GetBucketEncryptionCommand(nothing),
    new S3.GetPublicAccessBlockCommand(nothing),
    new S3.GetBucketPolicyCommand(nothing),
    new S3.ListObjectsV2Command(nothing),
    new S3.ListObjectVersionsCommand(nothing),
    new S3.ListMultipartUploadsCommand(nothing),
    new S3.DeleteBucketCommand(nothing),
  ])
    no(`${command.constructor.name} of no bucket`, 'NoSuchBucket NoSuchBucket 404', ({ s3 }) =>
      s3.send(command as S3.GetBucketLocationCommand),
    );
  no('an object in no bucket', 'NoSuchBucket 404', ({ s3 }) =>
    s3.send(new S3.PutObjectCommand({ Bucket: 'none-at-all', Key: 'k', Body: 'x' })),
  );
  no('no object', 'NoSuchKey NoSuchKey 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.GetObjectCommand({ Bucket, Key: 'none' }));
  });
  no('no tags', 'NoSuchTagSet NoSuchTagSet 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.GetBucketTaggingCommand({ Bucket }));
  });
  no('no policy', 'NoSuchBucketPolicy NoSuchBucketPolicy 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.GetBucketPolicyCommand({ Bucket }));
  });
  no('no lifecycle', 'NoSuchLifecycleConfiguration 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket }));
  });
  no('no CORS', 'NoSuchCORSConfiguration 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.GetBucketCorsCommand({ Bucket }));
  });
  no('no block of public access', 'NoSuchPublicAccessBlockConfiguration 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.DeletePublicAccessBlockCommand({ Bucket }));
    await w.s3.send(new S3.GetPublicAccessBlockCommand({ Bucket }));
  });
  no('a policy that is none', 'MalformedPolicy MalformedPolicy', async (w) => {
    await made(w);
    await w.s3.send(new S3.PutBucketPolicyCommand({ Bucket, Policy: 'nonsense' }));
  });
  no('a public policy behind a block', 'AccessDenied AccessDenied 403', async (w) => {
    await made(w);
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }],
    });
    await w.s3.send(new S3.PutBucketPolicyCommand({ Bucket, Policy }));
  });
  no('an ACL where there are none', 'AccessControlListNotSupported', async (w) => {
    await made(w);
    await w.s3.send(new S3.PutBucketAclCommand({ Bucket, ACL: 'public-read' }));
  });
  no('an unknown upload', 'NoSuchUpload NoSuchUpload 404', async (w) => {
    await made(w);
    await w.s3.send(new S3.AbortMultipartUploadCommand({ Bucket, Key: 'k', UploadId: 'none' }));
  });
  no('a bucket with an object in it', 'BucketNotEmpty 409', async (w) => {
    await made(w);
    await w.s3.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    await w.s3.send(new S3.DeleteBucketCommand({ Bucket }));
  });
  no('writing only if there is nothing', 'PreconditionFailed 412', async (w) => {
    await made(w);
    for (let i = 0; i < 2; i++)
      await w.s3.send(new S3.PutObjectCommand({ Bucket, Key: 'lock', Body: 'x', IfNoneMatch: '*' }));
  });
  no('versioning that is none', 'MalformedXML', async (w) => {
    await made(w);
    await w.s3.send(new S3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Off' as never } }));
  });
  no('another account’s bucket', 'AccessDenied 403', async (w) => {
    await made(w);
    await w.s3.send(new S3.ListObjectsV2Command({ Bucket, ExpectedBucketOwner: '210987654321' }));
  });

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(world()), code);
  });
});
