import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketAclCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
  waitUntilBucketExists,
  waitUntilBucketNotExists,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';

const Bucket = 'pms-oregon-bucket';

function s3(region = 'us-west-2') {
  const account = simulatedAccount();
  return { account, client: account.attach(new S3Client({ region, maxAttempts: 1 })) };
}

async function withBucket() {
  const world = s3();
  await world.client.send(new CreateBucketCommand({ Bucket }));
  return world;
}

describe('buckets of the simulated account', () => {
  test('a bucket is private, encrypted, tagged and found', async () => {
    const { client } = s3();
    const made = await client.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: 'us-west-2', Tags: [{ Key: 'a', Value: 'b' }] },
      }),
    );
    expect(made.Location).toBe(`http://${Bucket}.s3.amazonaws.com/`);
    await waitUntilBucketExists({ client, maxWaitTime: 10 }, { Bucket });
    expect(await client.send(new GetBucketLocationCommand({ Bucket }))).toMatchObject({
      LocationConstraint: 'us-west-2',
    });
    expect((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe('us-west-2');
    expect((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: 'a', Value: 'b' }]);
    const { PublicAccessBlockConfiguration } = await client.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(Object.values(PublicAccessBlockConfiguration ?? {})).toEqual([true, true, true, true]);
    const { ServerSideEncryptionConfiguration } = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe(
      'AES256',
    );
    expect((await client.send(new ListBucketsCommand({ Prefix: 'pms' }))).Buckets).toMatchObject([
      { Name: Bucket, BucketRegion: 'us-west-2' },
    ]);
    await client.send(new DeleteBucketCommand({ Bucket }));
    await waitUntilBucketNotExists({ client, maxWaitTime: 10 }, { Bucket });
  });

  test("names are refused with AWS's codes", async () => {
    const { client } = await withBucket();
    const create = (name: string, more = {}) => client.send(new CreateBucketCommand({ Bucket: name, ...more }));
    await expect(create(Bucket)).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
      $metadata: { httpStatusCode: 409 },
    });
    await expect(create('airflow')).rejects.toMatchObject({
      name: 'BucketAlreadyExists',
      $metadata: { httpStatusCode: 409 },
    });
    for (const name of ['ab', 'Upper-Case', 'two..dots', '192.168.5.4', 'x-s3alias', 'name-an'])
      await expect(create(name)).rejects.toMatchObject({ name: 'InvalidBucketName' });
    await expect(
      create('eu-bucket', { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    ).rejects.toMatchObject({
      name: 'IllegalLocationConstraintException',
    });
    const namespaced = { BucketNamespace: 'account-regional' };
    await create('logs-123456789012-us-west-2-an', namespaced);
    await expect(create('logs', namespaced)).rejects.toMatchObject({ name: 'InvalidBucketName' });
    await expect(client.send(new HeadBucketCommand({ Bucket: 'nobody-has-this' }))).rejects.toMatchObject({
      name: 'NotFound',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new HeadBucketCommand({ Bucket: 'airflow' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('in us-east-1 making the same bucket again succeeds', async () => {
    const { client } = s3('us-east-1');
    await client.send(new CreateBucketCommand({ Bucket }));
    expect(await client.send(new CreateBucketCommand({ Bucket }))).toMatchObject({ Location: `/${Bucket}` });
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
    const wrong = new CreateBucketCommand({
      Bucket: 'other-bucket',
      CreateBucketConfiguration: { LocationConstraint: 'us-east-1' as never },
    });
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'InvalidLocationConstraint' });
  });

  test('a bucket with anything in it stays, and its name is held for a while after it went', async () => {
    const { account, client } = await withBucket();
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
      $metadata: { httpStatusCode: 409 },
    });
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await client.send(new DeleteBucketCommand({ Bucket }));
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
      Code: 'NoSuchBucket',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'OperationAborted',
      $metadata: { httpStatusCode: 409 },
    });
    await account.clock.sleep(300_000);
    await client.send(new CreateBucketCommand({ Bucket }));
  });

  test('sub-resources are put, read and missed as AWS has them', async () => {
    const { client } = await withBucket();
    await expect(client.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toMatchObject({ name: 'NoSuchTagSet' });
    await expect(client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchBucketPolicy',
    });
    await expect(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchLifecycleConfiguration',
    });
    await expect(client.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))).rejects.toMatchObject({
      name: 'AccessControlListNotSupported',
    });
    for (const Key of ['first', 'second'])
      await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key, Value: '1' }] } }));
    expect((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([
      { Key: 'second', Value: '1' },
    ]);
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    const rule = {
      ID: 'old',
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      Expiration: { Date: new Date('2030-01-01T00:00:00Z') },
    };
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [rule] } }),
    );
    expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual([rule]);
    const statement = (Principal: unknown, Resource: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal, Action: 's3:GetObject', Resource }],
      });
    const put = (Policy: string) => client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await expect(put('{')).rejects.toMatchObject({ name: 'MalformedPolicy' });
    await expect(put(statement({ AWS: '123456789012' }, 'arn:aws:s3:::other/*'))).rejects.toMatchObject({
      name: 'MalformedPolicy',
    });
    await expect(put(statement('*', `arn:aws:s3:::${Bucket}/*`))).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    await put(statement({ AWS: '123456789012' }, `arn:aws:s3:::${Bucket}/*`));
    expect((await client.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus).toEqual({ IsPublic: false });
  });
});

describe('objects of the simulated account', () => {
  test('bytes, headers and ranges come back as they went in', async () => {
    const { client } = await withBucket();
    const { ETag } = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'logs/a b',
        Body: 'hello world',
        ContentType: 'text/plain',
        Metadata: { Task: 'one' },
        Tagging: 'k=v',
      }),
    );
    expect(ETag).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"');
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'logs/a b' }));
    expect(await got.Body?.transformToString()).toBe('hello world');
    expect(got).toMatchObject({
      ETag,
      ContentLength: 11,
      ContentType: 'text/plain',
      Metadata: { task: 'one' },
      TagCount: 1,
      ServerSideEncryption: 'AES256',
    });
    const part = await client.send(new GetObjectCommand({ Bucket, Key: 'logs/a b', Range: 'bytes=-5' }));
    expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(['world', 'bytes 6-10/11']);
    await expect(
      client.send(new GetObjectCommand({ Bucket, Key: 'logs/a b', Range: 'bytes=20-' })),
    ).rejects.toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } });
    expect((await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'logs/a b' }))).TagSet).toEqual([
      { Key: 'k', Value: 'v' },
    ]);
    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  test('a stream is stored whole, and a wrong digest is refused', async () => {
    const { client } = await withBucket();
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 's',
        Body: Readable.from([Buffer.from('ab'), Buffer.from('cd')]),
        ContentLength: 4,
      }),
    );
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 's' }));
    expect(await Body?.transformToByteArray()).toEqual(new Uint8Array(Buffer.from('abcd')));
    const bad = new PutObjectCommand({ Bucket, Key: 's', Body: 'x', ContentMD5: Buffer.alloc(16).toString('base64') });
    await expect(client.send(bad)).rejects.toMatchObject({ name: 'BadDigest' });
  });

  test('conditional writes make a lock', async () => {
    const { client } = await withBucket();
    const Key = 'lock';
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key, Body: '1', IfNoneMatch: '*' }));
    const failed = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };
    await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: '2', IfNoneMatch: '*' }))).rejects.toMatchObject(
      failed,
    );
    const second = await client.send(new PutObjectCommand({ Bucket, Key, Body: '2', IfMatch: ETag }));
    await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: '3', IfMatch: ETag }))).rejects.toMatchObject(
      failed,
    );
    await expect(client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: ETag }))).rejects.toMatchObject(failed);
    await client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: second.ETag }));
    await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: '3', IfMatch: ETag }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(client.send(new GetObjectCommand({ Bucket, Key, IfMatch: ETag }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
  });

  test('versions and delete markers pile up until each is deleted', async () => {
    const { client } = await withBucket();
    const Key = 'k';
    await client.send(new PutObjectCommand({ Bucket, Key, Body: '0' }));
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body: '1' }));
    const marker = await client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(marker.DeleteMarker).toBe(true);
    await expect(client.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(client.send(new GetObjectCommand({ Bucket, Key, VersionId: marker.VersionId }))).rejects.toMatchObject(
      { name: 'MethodNotAllowed' },
    );
    const old = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    expect(await old.Body?.transformToString()).toBe('1');
    const first = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2 }));
    expect(first).toMatchObject({
      IsTruncated: true,
      NextKeyMarker: Key,
      NextVersionIdMarker: VersionId,
      DeleteMarkers: [{ IsLatest: true }],
    });
    const rest = await client.send(
      new ListObjectVersionsCommand({ Bucket, KeyMarker: Key, VersionIdMarker: VersionId }),
    );
    expect(rest.Versions?.map((version) => version.VersionId)).toEqual(['null']);
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'BucketNotEmpty' });
    const Objects = [VersionId, marker.VersionId, 'null'].map((id) => ({ Key, VersionId: id }));
    const deleted = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [...Objects, { Key, VersionId: 'no such' }] } }),
    );
    expect(deleted.Deleted).toHaveLength(3);
    expect(deleted.Errors).toMatchObject([{ Key, VersionId: 'no such', Code: 'NoSuchVersion' }]);
    await client.send(new DeleteBucketCommand({ Bucket }));
  });

  test('lists page through keys and roll prefixes up', async () => {
    const { client } = await withBucket();
    for (const Key of ['a/1', 'a/2', 'b', 'c/1', 'd'])
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket, Delimiter: '/' }))
      keys.push(
        ...(page.Contents ?? []).map(({ Key = '' }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
      );
    expect(keys.sort()).toEqual(['a/', 'b', 'c/', 'd']);
    await client.send(new CopyObjectCommand({ Bucket, Key: 'e', CopySource: `${Bucket}/a/1` }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'e' }));
    expect(await Body?.transformToString()).toBe('a/1');
    await expect(
      client.send(new CopyObjectCommand({ Bucket, Key: 'e', CopySource: `${Bucket}/e` })),
    ).rejects.toMatchObject({ name: 'InvalidRequest' });
    await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'b' }, { Key: 'never there' }] } }),
    );
  });

  test('a multipart upload becomes one object, part by part', async () => {
    const { client } = await withBucket();
    const Key = 'big';
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/plain' }),
    );
    const upload = { Bucket, Key, UploadId };
    const bytes = Buffer.alloc(5 * 1024 * 1024, 'a');
    const one = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: bytes }));
    const two = await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'end' }));
    expect((await client.send(new ListPartsCommand(upload))).Parts).toMatchObject([
      { PartNumber: 1 },
      { PartNumber: 2, Size: 3 },
    ]);
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([{ Key, UploadId }]);
    const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const [first, second] = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ];
    await expect(complete([second, first])).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(complete([first, { ...second, ETag: '"0"' }])).rejects.toMatchObject({ name: 'InvalidPart' });
    const done = await complete([first, second]);
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(await client.send(new HeadObjectCommand({ Bucket, Key, PartNumber: 2 }))).toMatchObject({
      PartsCount: 2,
      ContentLength: 3,
    });
    await expect(complete([first, second])).rejects.toMatchObject({
      name: 'NoSuchUpload',
      $metadata: { httpStatusCode: 404 },
    });
  });
});
