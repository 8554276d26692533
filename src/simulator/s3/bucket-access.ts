import type {
  DeleteBucketOwnershipControlsCommandInput,
  DeleteBucketOwnershipControlsCommandOutput,
  DeleteBucketPolicyCommandInput,
  DeleteBucketPolicyCommandOutput,
  GetBucketAclCommandInput,
  GetBucketAclCommandOutput,
  GetBucketOwnershipControlsCommandInput,
  GetBucketOwnershipControlsCommandOutput,
  GetBucketPolicyCommandInput,
  GetBucketPolicyCommandOutput,
  GetBucketPolicyStatusCommandInput,
  GetBucketPolicyStatusCommandOutput,
  GetObjectAclCommandInput,
  GetObjectAclCommandOutput,
  Grant,
  PutBucketAclCommandInput,
  PutBucketAclCommandOutput,
  PutBucketOwnershipControlsCommandInput,
  PutBucketOwnershipControlsCommandOutput,
  PutBucketPolicyCommandInput,
  PutBucketPolicyCommandOutput,
  PutObjectAclCommandInput,
  PutObjectAclCommandOutput,
} from '@aws-sdk/client-s3';
import { type PolicyStatement, parsePolicy } from '../iam/documents.ts';
import { type Noun, operation } from '../noun.ts';
import { Refusal, refusal } from '../refusal.ts';
import { type BucketRow, owner, requireBucket } from './buckets.ts';
import { common, reading } from './kept-settings.ts';
import { requireVersion } from './versions.ts';

const ownerGrants: Grant[] = [{ Grantee: { ...owner, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }];

function aclsOff() {
  return refusal('AccessControlListNotSupported', 'The bucket does not allow ACLs');
}

/** The statements of a bucket policy, or S3's `MalformedPolicy`. */
function bucketPolicy(bucket: BucketRow, text: string): PolicyStatement[] {
  const malformed = (message: string) => refusal('MalformedPolicy', message);
  let statements: PolicyStatement[];
  try {
    statements = parsePolicy(text, 'resource');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw malformed(
      /Json/.test(error.message) ? "Policies must be valid JSON and the first byte must be '{'" : error.message,
    );
  }
  const mine = [`arn:aws:s3:::${bucket.name}`, `arn:aws-cn:s3:::${bucket.name}`, `arn:aws-us-gov:s3:::${bucket.name}`];
  for (const { Principal, NotPrincipal, Action, NotAction, Resource, NotResource } of statements) {
    if (Principal === undefined && NotPrincipal === undefined) throw malformed('Missing required field Principal');
    const actions = [Action ?? NotAction ?? []].flat();
    if (actions.some((action) => action !== '*' && !/^s3:/i.test(action))) throw malformed('Policy has invalid action');
    const resources = [Resource ?? NotResource ?? []].flat();
    if (!resources.every((resource) => mine.some((arn) => resource === arn || resource.startsWith(`${arn}/`))))
      throw malformed('Policy has invalid resource');
  }
  return statements;
}

function isPublic(statements: PolicyStatement[]): boolean {
  return statements.some(({ Effect, Principal, Condition }) => {
    const everybody = Principal === '*' || (Principal as { AWS?: unknown } | undefined)?.AWS === '*';
    return Effect === 'Allow' && everybody && Condition === undefined;
  });
}

function policyOf(bucket: BucketRow): string {
  const text = bucket.settings.policy;
  if (text === undefined)
    throw refusal('NoSuchBucketPolicy', 'The bucket policy does not exist', 404, { BucketName: bucket.name });
  return text;
}

/** Who may reach a bucket: its policy, the ownership of its objects, and the access control lists of old. */
export const bucketAccess: Noun = {
  service: 's3',
  operations: {
    PutBucketPolicy: operation<PutBucketPolicyCommandInput, PutBucketPolicyCommandOutput>(
      [...common, 'Policy', 'ConfirmRemoveSelfBucketAccess'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const { Policy = '' } = input;
        const statements = bucketPolicy(bucket, Policy);
        const block = bucket.settings.publicAccessBlock;
        if (block?.BlockPublicPolicy && isPublic(statements))
          throw refusal(
            'AccessDenied',
            `User is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${bucket.name}" because public policies are blocked by the BlockPublicPolicy block public access setting.`,
            403,
          );
        bucket.settings.policy = Policy;
        return {};
      },
    ),
    GetBucketPolicy: operation<GetBucketPolicyCommandInput, GetBucketPolicyCommandOutput>(reading, (scope, input) => ({
      Policy: policyOf(requireBucket(scope, input)),
    })),
    GetBucketPolicyStatus: operation<GetBucketPolicyStatusCommandInput, GetBucketPolicyStatusCommandOutput>(
      reading,
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        return { PolicyStatus: { IsPublic: isPublic(bucketPolicy(bucket, policyOf(bucket))) } };
      },
    ),
    DeleteBucketPolicy: operation<DeleteBucketPolicyCommandInput, DeleteBucketPolicyCommandOutput>(
      reading,
      (scope, input) => {
        delete requireBucket(scope, input).settings.policy;
        return {};
      },
    ),
    PutBucketOwnershipControls: operation<
      PutBucketOwnershipControlsCommandInput,
      PutBucketOwnershipControlsCommandOutput
    >([...common, 'OwnershipControls'], (scope, input) => {
      const bucket = requireBucket(scope, input);
      const ownership = input.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
      if (ownership === undefined || input.OwnershipControls?.Rules?.length !== 1)
        throw refusal(
          'MalformedXML',
          'The XML you provided was not well-formed or did not validate against our published schema',
        );
      bucket.objectOwnership = ownership;
      delete bucket.settings.ownershipControlsDeleted;
      return {};
    }),
    GetBucketOwnershipControls: operation<
      GetBucketOwnershipControlsCommandInput,
      GetBucketOwnershipControlsCommandOutput
    >(reading, (scope, input) => {
      const bucket = requireBucket(scope, input);
      if (bucket.settings.ownershipControlsDeleted)
        throw refusal('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found', 404, {
          BucketName: bucket.name,
        });
      return { OwnershipControls: { Rules: [{ ObjectOwnership: bucket.objectOwnership }] } };
    }),
    DeleteBucketOwnershipControls: operation<
      DeleteBucketOwnershipControlsCommandInput,
      DeleteBucketOwnershipControlsCommandOutput
    >(reading, (scope, input) => {
      const bucket = requireBucket(scope, input);
      // A bucket without ownership controls behaves as buckets did before there were any.
      bucket.objectOwnership = 'ObjectWriter';
      bucket.settings.ownershipControlsDeleted = true;
      return {};
    }),
    PutBucketAcl: operation<PutBucketAclCommandInput, PutBucketAclCommandOutput>(
      [
        ...common,
        'ACL',
        'AccessControlPolicy',
        'GrantFullControl',
        'GrantRead',
        'GrantReadACP',
        'GrantWrite',
        'GrantWriteACP',
      ],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        if (bucket.objectOwnership === 'BucketOwnerEnforced' && input.ACL !== 'private') throw aclsOff();
        const block = bucket.settings.publicAccessBlock;
        if (input.ACL?.startsWith('public') && block?.BlockPublicAcls)
          throw refusal('AccessDenied', 'Access Denied', 403);
        bucket.settings.acl = JSON.parse(JSON.stringify(input.AccessControlPolicy?.Grants ?? cannedGrants(input.ACL)));
        return {};
      },
    ),
    GetBucketAcl: operation<GetBucketAclCommandInput, GetBucketAclCommandOutput>(reading, (scope, input) => {
      const bucket = requireBucket(scope, input);
      return { Owner: owner, Grants: bucket.settings.acl ?? ownerGrants };
    }),
    PutObjectAcl: operation<PutObjectAclCommandInput, PutObjectAclCommandOutput>(
      [...common, 'Key', 'VersionId', 'ACL', 'RequestPayer'],
      (scope, input) => {
        const bucket = requireBucket(scope, input);
        const version = requireVersion(scope, bucket, input.Key ?? '', input.VersionId);
        if (bucket.objectOwnership === 'BucketOwnerEnforced' && input.ACL !== 'bucket-owner-full-control')
          throw aclsOff();
        const block = bucket.settings.publicAccessBlock;
        if (input.ACL?.startsWith('public') && block?.BlockPublicAcls)
          throw refusal('AccessDenied', 'Access Denied', 403);
        version.acl = input.ACL ?? 'private';
        return {};
      },
    ),
    GetObjectAcl: operation<GetObjectAclCommandInput, GetObjectAclCommandOutput>(
      [...reading, 'Key', 'VersionId', 'RequestPayer'],
      (scope, input) => {
        const { acl } = requireVersion(scope, requireBucket(scope, input), input.Key ?? '', input.VersionId);
        return { Owner: owner, Grants: cannedGrants(acl) };
      },
    ),
  },
};

function cannedGrants(acl: string | undefined): Grant[] {
  const everybody = { Type: 'Group' as const, URI: 'http://acs.amazonaws.com/groups/global/AllUsers' };
  const read: Grant = { Grantee: everybody, Permission: 'READ' };
  if (acl === 'public-read') return [...ownerGrants, read];
  if (acl === 'public-read-write') return [...ownerGrants, read, { Grantee: everybody, Permission: 'WRITE' }];
  return ownerGrants;
}
