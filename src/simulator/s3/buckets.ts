import type {
  Bucket,
  CreateBucketCommandInput,
  CreateBucketCommandOutput,
  DeleteBucketCommandInput,
  DeleteBucketCommandOutput,
  GetBucketLocationCommandInput,
  GetBucketLocationCommandOutput,
  Grant,
  HeadBucketCommandInput,
  HeadBucketCommandOutput,
  ListBucketsCommandInput,
  ListBucketsCommandOutput,
  PublicAccessBlockConfiguration,
  ServerSideEncryptionConfiguration,
} from '@aws-sdk/client-s3';
import type { Scope, Stored } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { paged } from '../paging.ts';
import { refusal } from '../refusal.ts';
import { checkBucketName, isS3Region } from './names.ts';
import { bucketTags, type Tags } from './tags.ts';

export interface BucketSettings {
  accelerate?: object;
  acl?: Grant[];
  cors?: object;
  encryption?: ServerSideEncryptionConfiguration;
  lifecycle?: object;
  logging?: object;
  notification?: object;
  ownershipControlsDeleted?: true;
  policy?: string;
  publicAccessBlock?: PublicAccessBlockConfiguration;
  replication?: object;
  requestPayment?: object;
  website?: object;
}

export interface BucketRow {
  name: string;
  region: string;
  createDate: number;
  objectOwnership: 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter';
  /** Missing until versioning was first switched on; it can then only be suspended. */
  versioning?: 'Enabled' | 'Suspended';
  objectLock: boolean;
  /** The sub-resources that somebody has put, by name; what they hold is AWS's own shape. */
  settings: BucketSettings;
  tags: Tags;
}

/** Names in the shared namespace that other accounts hold. */
const takenByOthers = [
  'test',
  'bucket',
  'example',
  'airflow',
  'logs',
  'data',
  'backup',
  'my-bucket',
  'mybucket',
  'images',
];

/** How long S3 keeps a name after its bucket was deleted. Its documentation only says that it takes some time. */
const nameHeldSeconds = 120;

/** Quota L-DC2B2D3D. */
const bucketsPerAccount = 10_000;

/** The account's canonical user, as access control lists name it. */
export const owner = { ID: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00' };

export function bucketTable(scope: Scope) {
  return scope.globalTable<BucketRow>('s3.buckets');
}

function heldNames(scope: Scope) {
  return scope.globalTable<{ name: string }>('s3.heldBucketNames');
}

/** The bucket that a call is about: `NoSuchBucket`, or `AccessDenied` when it is somebody else's. */
export function requireBucket(
  scope: Scope,
  { Bucket = '', ExpectedBucketOwner }: { Bucket?: string | undefined; ExpectedBucketOwner?: string | undefined },
): BucketRow & Stored {
  const row = bucketTable(scope).get(Bucket);
  if (!row) {
    if (takenByOthers.includes(Bucket)) throw refusal('AccessDenied', 'Access Denied', 403);
    throw refusal('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: Bucket });
  }
  if (ExpectedBucketOwner !== undefined && ExpectedBucketOwner !== scope.accountId)
    throw refusal('AccessDenied', 'Access Denied', 403);
  if (row.region !== scope.region)
    throw refusal(
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      301,
      { Endpoint: endpointOf(row), Bucket },
    );
  return row;
}

function endpointOf({ name, region }: BucketRow): string {
  return `${name}.s3.${region}.amazonaws.com`;
}

/** A refusal of a HEAD request: S3 sends the status and no body, and the SDK names the error by the status. */
export function headRefusal(status: number, fields: Record<string, unknown> = {}) {
  return refusal('NotFound', '', status, fields);
}

/** Objects of one bucket. The row's id is its key. */
export function objectTableName(bucket: string): string {
  return `s3.objects.${bucket}`;
}

function locationOf({ CreateBucketConfiguration }: CreateBucketCommandInput, region: string): string {
  const constraint: string | undefined = CreateBucketConfiguration?.LocationConstraint;
  if (region === 'us-east-1') {
    if (constraint === undefined) return region;
    if (constraint === 'EU') return 'eu-west-1';
    if (constraint === region || !isS3Region(constraint))
      throw refusal('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
        LocationConstraint: constraint,
      });
    return constraint;
  }
  if (constraint !== undefined && constraint !== 'EU' && !isS3Region(constraint))
    throw refusal('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
      LocationConstraint: constraint,
    });
  if (constraint !== region)
    throw refusal(
      'IllegalLocationConstraintException',
      `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  return region;
}

export const buckets: Noun = {
  service: 's3',
  operations: {
    CreateBucket: operation<CreateBucketCommandInput, CreateBucketCommandOutput>(
      [
        'Bucket',
        'ACL',
        'CreateBucketConfiguration',
        'ObjectLockEnabledForBucket',
        'ObjectOwnership',
        'BucketNamespace',
      ],
      (scope, input) => {
        const { Bucket: name = '', ACL, ObjectOwnership = 'BucketOwnerEnforced', BucketNamespace } = input;
        if (input.CreateBucketConfiguration?.Location || input.CreateBucketConfiguration?.Bucket)
          throw refusal('InvalidRequest', 'The simulated account has general purpose buckets only');
        const region = locationOf(input, scope.region);
        checkBucketName(name, { region, accountId: scope.accountId, namespace: BucketNamespace ?? 'global' });
        const tags = bucketTags(input.CreateBucketConfiguration?.Tags);
        if (ACL !== undefined && ACL !== 'private' && ObjectOwnership === 'BucketOwnerEnforced')
          throw refusal(
            'InvalidBucketAclWithObjectOwnership',
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
          );
        const table = bucketTable(scope);
        const made = { Location: region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/` };
        const mine = table.peek(name);
        if (mine) {
          if (scope.region === 'us-east-1' && mine.region === 'us-east-1') return made;
          throw refusal(
            'BucketAlreadyOwnedByYou',
            'Your previous request to create the named bucket succeeded and you already own it.',
            409,
            { BucketName: name },
          );
        }
        if (takenByOthers.includes(name))
          throw refusal(
            'BucketAlreadyExists',
            'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
            409,
            { BucketName: name },
          );
        if (heldNames(scope).peek(name))
          throw refusal(
            'OperationAborted',
            'A conflicting conditional operation is currently in progress against this resource. Please try again.',
            409,
          );
        if (table.all().length >= bucketsPerAccount)
          throw refusal('TooManyBuckets', 'You have attempted to create more buckets than allowed');
        const objectLock = input.ObjectLockEnabledForBucket === true;
        table.insert(name, {
          name,
          region,
          createDate: scope.now,
          objectOwnership: ObjectOwnership,
          ...(objectLock ? { versioning: 'Enabled' as const } : {}),
          objectLock,
          settings: {
            publicAccessBlock: {
              BlockPublicAcls: true,
              IgnorePublicAcls: true,
              BlockPublicPolicy: true,
              RestrictPublicBuckets: true,
            },
          },
          tags,
        });
        return { ...made, BucketArn: `arn:${scope.partition}:s3:::${name}` };
      },
    ),
    HeadBucket: operation<HeadBucketCommandInput, HeadBucketCommandOutput>(
      ['Bucket', 'ExpectedBucketOwner'],
      (scope, { Bucket = '', ExpectedBucketOwner }) => {
        const row = bucketTable(scope).get(Bucket);
        if (!row) throw headRefusal(takenByOthers.includes(Bucket) ? 403 : 404);
        if (ExpectedBucketOwner !== undefined && ExpectedBucketOwner !== scope.accountId) throw headRefusal(403);
        if (row.region !== scope.region) throw headRefusal(301, { Endpoint: endpointOf(row) });
        return {
          BucketRegion: row.region,
          BucketArn: `arn:${scope.partition}:s3:::${row.name}`,
          AccessPointAlias: false,
        };
      },
    ),
    GetBucketLocation: operation<GetBucketLocationCommandInput, GetBucketLocationCommandOutput>(
      ['Bucket', 'ExpectedBucketOwner'],
      (scope, input) => {
        // Every region answers this one: it is how a caller finds out where to go.
        const home = bucketTable(scope).get(input.Bucket)?.region ?? scope.region;
        const { region } = requireBucket(scope.elsewhere(home), input);
        // Buckets in us-east-1 have no location constraint, and S3 says so by leaving it out.
        return region === 'us-east-1' ? {} : { LocationConstraint: region as never };
      },
    ),
    ListBuckets: operation<ListBucketsCommandInput, ListBucketsCommandOutput>(
      ['MaxBuckets', 'ContinuationToken', 'Prefix', 'BucketRegion'],
      (scope, { MaxBuckets = 10_000, ContinuationToken, Prefix, BucketRegion }) => {
        if (MaxBuckets < 1 || MaxBuckets > 10_000)
          throw refusal('InvalidArgument', 'max-buckets must be between 1 and 10000');
        const rows = bucketTable(scope)
          .list()
          .filter(({ name, region }) => name.startsWith(Prefix ?? '') && region === (BucketRegion ?? region))
          .sort((one, other) => (one.name < other.name ? -1 : 1));
        const { page, next } = paged(rows, MaxBuckets, ContinuationToken, () =>
          refusal('InvalidArgument', 'The continuation token provided is incorrect'),
        );
        const Buckets: Bucket[] = page.map(({ name, region, createDate }) => ({
          Name: name,
          CreationDate: new Date(createDate),
          BucketRegion: region,
          BucketArn: `arn:${scope.partition}:s3:::${name}`,
        }));
        return {
          Buckets,
          Owner: owner,
          ...(Prefix === undefined ? {} : { Prefix }),
          ...(next === undefined ? {} : { ContinuationToken: next }),
        };
      },
    ),
    DeleteBucket: operation<DeleteBucketCommandInput, DeleteBucketCommandOutput>(
      ['Bucket', 'ExpectedBucketOwner'],
      (scope, input) => {
        const { name } = requireBucket(scope, input);
        if (scope.globalTable(objectTableName(name)).all().length > 0)
          throw refusal('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, { BucketName: name });
        const uploads = scope.globalTable<{ bucket: string; uploadId: string }>('s3.multipartUploads');
        for (const { bucket, uploadId } of uploads.all()) if (bucket === name) uploads.delete(uploadId);
        bucketTable(scope).delete(name);
        heldNames(scope).insert(name, { name });
        scope.after(nameHeldSeconds, 'bucketNameFree', { name });
        return {};
      },
    ),
  },
  events: {
    bucketNameFree(scope, { name }: { name: string }) {
      heldNames(scope).delete(name);
    },
  },
};
