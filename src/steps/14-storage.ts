/** STEP 14: the bucket for task logs, and the role that lets the nodes use it without any key typed into them. */
import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import {
  AbortMultipartUploadCommand,
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Aws } from '../aws.ts';
import { isAws, isGone, unless, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { nodeA } from './10-node-a.ts';

/** Everything in the bucket: versions, delete markers, and uploads that were never finished. */
async function empty(s3: S3Client, Bucket: string) {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key!, VersionId }));
    if (Objects.length === 0) break;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    // S3 answers 200 even when it deleted nothing.
    if (Errors.length > 0)
      throw new Error(
        `${Errors.length} objects of ${Bucket} cannot be deleted: ${Errors[0]?.Code} ${Errors[0]?.Message}`,
      );
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads)
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: Key!, UploadId: UploadId! })).catch(unlessGone);
}

export const bucket = resource(
  'bucket',
  {},
  {
    type: 'AWS::S3::Bucket',
    typicalSeconds: { create: 3, destroy: 12 },
    holdsData: true,
    async find({ s3, ask, names, account, recorded, isOurs }) {
      const Bucket = names.bucket;
      try {
        if (recorded) {
          await ask(s3, new HeadBucketCommand({ Bucket }));
          return { bucketName: Bucket };
        }
        const { TagSet } = await ask(s3, new GetBucketTaggingCommand({ Bucket }));
        return isOurs(TagSet) ? { bucketName: Bucket } : undefined;
      } catch (error) {
        // The derived name holds the account's own number, so a bucket of that name without any tag is a half-made one.
        if (isAws(error, 'NoSuchTagSet')) return inOurNamespace(Bucket, account) ? { bucketName: Bucket } : undefined;
        return unlessGone(error);
      }
    },
    async create({ s3, names, account, tags }) {
      const elsewhere =
        account.region === 'us-east-1' ? {} : { LocationConstraint: account.region as BucketLocationConstraint };
      await s3.send(
        new CreateBucketCommand({
          Bucket: names.bucket,
          ...(inOurNamespace(names.bucket, account) ? { BucketNamespace: 'account-regional' as const } : {}),
          CreateBucketConfiguration: { ...elsewhere, Tags: tags },
        }),
      );
      return { bucketName: names.bucket };
    },
    async finish({ s3, tags }, { bucketName: Bucket }) {
      // S3 refuses changes of one bucket that overlap, so these are one after another. All but the tags are AWS's own
      // defaults since 2023, said again because an organisation may have others.
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tags } }));
      await s3.send(
        new PutPublicAccessBlockCommand({
          Bucket,
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            IgnorePublicAcls: true,
            BlockPublicPolicy: true,
            RestrictPublicBuckets: true,
          },
        }),
      );
      await s3.send(
        new PutBucketEncryptionCommand({
          Bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
        }),
      );
      return {};
    },
    async destroy({ s3 }, { bucketName: Bucket }) {
      try {
        await empty(s3, Bucket);
        await s3.send(new DeleteBucketCommand({ Bucket }));
      } catch (error) {
        unlessGone(error);
      }
    },
  },
);

function inOurNamespace(bucketName: string, { accountId, region }: Aws['account']): boolean {
  return bucketName.endsWith(`-${accountId}-${region}-an`);
}

const policyName = 'airflow-aws';

function nodePolicy({ account, names }: Aws): string {
  const { partition, region, accountId } = account;
  const bucketArn = `arn:${partition}:s3:::${names.bucket}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: bucketArn },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], Resource: `${bucketArn}/*` },
      {
        Effect: 'Allow',
        Action: ['ssm:GetParameter', 'ssm:GetParameters', 'ssm:GetParametersByPath'],
        Resource: `arn:${partition}:ssm:${region}:${accountId}:parameter${names.parameterPrefix}*`,
      },
    ],
  });
}

const assumedByEc2 = ({ partition }: Aws['account']) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ],
  });

export const role = resource(
  'role',
  {},
  {
    type: 'AWS::IAM::Role',
    typicalSeconds: { create: 1, destroy: 1 },
    async find({ iam, ask, names, recorded, isOurs }) {
      const answer = await ask(iam, new GetRoleCommand({ RoleName: names.role })).catch(unlessGone);
      return answer && (recorded || isOurs(answer.Role?.Tags)) ? { roleName: names.role } : undefined;
    },
    async create({ iam, names, config, account, tags }) {
      const { permissionsBoundary, rolePath } = config.iam;
      await iam.send(
        new CreateRoleCommand({
          RoleName: names.role,
          Path: rolePath,
          ...(permissionsBoundary === undefined ? {} : { PermissionsBoundary: permissionsBoundary }),
          Description: 'airflow-aws: what the nodes may do',
          AssumeRolePolicyDocument: assumedByEc2(account),
          Tags: tags,
        }),
      );
      return { roleName: names.role };
    },
    async finish(aws, { roleName }) {
      await aws.iam.send(
        new PutRolePolicyCommand({ RoleName: roleName, PolicyName: policyName, PolicyDocument: nodePolicy(aws) }),
      );
      return {};
    },
    async destroy({ iam }, { roleName: RoleName }) {
      await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: policyName })).catch(unlessGone);
      await iam.send(new DeleteRoleCommand({ RoleName })).catch(unlessGone);
    },
  },
);

export const instanceProfile = resource(
  'instanceProfile',
  { role },
  {
    type: 'AWS::IAM::InstanceProfile',
    typicalSeconds: { create: 1, destroy: 1 },
    async find({ iam, ask, names, recorded, isOurs }) {
      const InstanceProfileName = names.instanceProfile;
      const answer = await ask(iam, new GetInstanceProfileCommand({ InstanceProfileName })).catch(unlessGone);
      const ours = recorded || isOurs(answer?.InstanceProfile?.Tags);
      return answer && ours ? { instanceProfileName: InstanceProfileName, roleName: names.role } : undefined;
    },
    async create({ iam, names, config, tags }, { role }) {
      const Path = config.iam.rolePath;
      await iam.send(
        new CreateInstanceProfileCommand({ InstanceProfileName: names.instanceProfile, Path, Tags: tags }),
      );
      return { instanceProfileName: names.instanceProfile, roleName: role.roleName };
    },
    async finish({ iam }, { instanceProfileName, roleName }) {
      // A profile holds one role. The refusal of a second one is also what a repetition is answered with.
      await iam
        .send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: instanceProfileName, RoleName: roleName }))
        .catch(unless('LimitExceeded', 'EntityAlreadyExists'));
      return {};
    },
    async destroy({ iam }, { instanceProfileName, roleName }) {
      await iam
        .send(
          new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: instanceProfileName, RoleName: roleName }),
        )
        .catch(async (error) => {
          if (isGone(error)) return;
          // After a lost answer the second call says little; the profile says whether the first one did it.
          const { InstanceProfile } = await iam.send(
            new GetInstanceProfileCommand({ InstanceProfileName: instanceProfileName }),
          );
          if ((InstanceProfile?.Roles ?? []).length > 0) throw error;
        });
      await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: instanceProfileName })).catch(unlessGone);
    },
  },
);

// Node a is older than the role, as in the tutorial, so the profile is put on it here. Node c is launched with it.
export const nodeAProfile = resource(
  'nodeAProfile',
  { nodeA, instanceProfile },
  {
    type: 'AWS::EC2::IamInstanceProfileAssociation',
    typicalSeconds: { create: 12, destroy: 1 },
    async find({ ec2, ask }, { nodeA }) {
      if (!nodeA) return undefined;
      const Filters = [
        { Name: 'instance-id', Values: [nodeA.instanceId] },
        { Name: 'state', Values: ['associating', 'associated'] },
      ];
      const { IamInstanceProfileAssociations = [] } = await ask(
        ec2,
        new DescribeIamInstanceProfileAssociationsCommand({ Filters }),
      );
      const found = IamInstanceProfileAssociations[0];
      return found && { associationId: found.AssociationId! };
    },
    async create({ ec2 }, { nodeA, instanceProfile }) {
      const { IamInstanceProfileAssociation } = await ec2.send(
        new AssociateIamInstanceProfileCommand({
          InstanceId: nodeA.instanceId,
          IamInstanceProfile: { Name: instanceProfile.instanceProfileName },
        }),
      );
      return { associationId: IamInstanceProfileAssociation!.AssociationId! };
    },
    async destroy({ ec2 }, { associationId }) {
      await ec2
        .send(new DisassociateIamInstanceProfileCommand({ AssociationId: associationId }))
        .catch((error) => (isGone(error) ? undefined : unless('IncorrectState')(error)));
    },
  },
);

export default step(14, 'Storage and role', [bucket, role, instanceProfile, nodeAProfile]);
