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
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
} from '@aws-sdk/client-s3';
import type { Aws } from '../aws.ts';
import { isAws, isGone, unless, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { nodeA } from './10-node-a.ts';
import { closeToPublic, compareBucket, empty, encrypt, refusePlainHttp } from './bucket-settings.ts';
import { differing, tagDifferences } from './differences.ts';
import { documentDifferences } from './documents.ts';
import { roleDifferences } from './role.ts';

export const bucket = resource(
  'bucket',
  {},
  {
    type: 'AWS::S3::Bucket',
    typicalSeconds: { create: 3, destroy: 12 },
    holdsData: true,
    async find({ s3, ask, names, account, recorded, isOurs }) {
      // By the recorded name: another one in the settings is a difference, and no reason to make a second bucket.
      const Bucket = recorded?.bucketName ?? names.bucket;
      try {
        const { TagSet } = await ask(s3, new GetBucketTaggingCommand({ Bucket }));
        return recorded || isOurs(TagSet) ? { bucketName: Bucket } : undefined;
      } catch (error) {
        if (recorded && isAws(error, 'NoSuchTagSet')) return { bucketName: Bucket };
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
    async finish(aws, { bucketName }) {
      const { s3, tags } = aws;
      // S3 refuses changes of one bucket that overlap, so these are one after another. Privacy and encryption are
      // AWS's own defaults since 2023, said again because an organisation may have others.
      await s3.send(new PutBucketTaggingCommand({ Bucket: bucketName, Tagging: { TagSet: tags } }));
      await closeToPublic(aws, bucketName);
      await encrypt(aws, bucketName);
      await refusePlainHttp(aws, bucketName);
      return {};
    },
    compare: (aws, { bucketName }) => compareBucket(aws, bucketName),
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
    async compare(aws, { roleName: RoleName }) {
      const { iam, ask, account } = aws;
      const PolicyName = policyName;
      const [{ Role }, policy] = await Promise.all([
        ask(iam, new GetRoleCommand({ RoleName })),
        ask(iam, new GetRolePolicyCommand({ RoleName, PolicyName })).catch(unlessGone),
      ]);
      const [trust, rights] = [assumedByEc2(account), nodePolicy(aws)];
      return [
        ...roleDifferences(aws, Role),
        ...documentDifferences('AssumeRolePolicyDocument', Role?.AssumeRolePolicyDocument, trust, () =>
          iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust })),
        ),
        ...documentDifferences('PolicyDocument', policy?.PolicyDocument, rights, () =>
          iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: rights })),
        ),
        ...tagDifferences(aws, Role?.Tags, (Tags) => iam.send(new TagRoleCommand({ RoleName, Tags }))),
      ];
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
    async compare(aws, { instanceProfileName, roleName }) {
      const { iam, ask } = aws;
      const InstanceProfileName = instanceProfileName;
      const { InstanceProfile } = await ask(iam, new GetInstanceProfileCommand({ InstanceProfileName }));
      const there = InstanceProfile?.Roles?.[0]?.RoleName;
      const set = async () => {
        // It holds one role at most.
        if (there !== undefined)
          await iam
            .send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: there }))
            .catch(unlessGone);
        await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: roleName }));
      };
      return [
        ...differing('Roles', there, roleName, set),
        ...tagDifferences(aws, InstanceProfile?.Tags, (Tags) =>
          iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags })),
        ),
      ];
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

function associationsOf(instanceId: string) {
  const Filters = [
    { Name: 'instance-id', Values: [instanceId] },
    { Name: 'state', Values: ['associating', 'associated'] },
  ];
  return new DescribeIamInstanceProfileAssociationsCommand({ Filters });
}

// Node a is older than the role, as in the tutorial, so the profile is put on it here. Node c is launched with it.
export const nodeAProfile = resource(
  'nodeAProfile',
  { nodeA, instanceProfile },
  {
    type: 'AWS::EC2::IamInstanceProfileAssociation',
    typicalSeconds: { create: 12, destroy: 1 },
    async find({ ec2, ask }, { nodeA }) {
      if (!nodeA) return undefined;
      const { IamInstanceProfileAssociations = [] } = await ask(ec2, associationsOf(nodeA.instanceId));
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
    async compare({ ec2, ask }, { associationId }, { nodeA, instanceProfile: { instanceProfileName } }) {
      const { IamInstanceProfileAssociations = [] } = await ask(ec2, associationsOf(nodeA.instanceId));
      const found = IamInstanceProfileAssociations.find((one) => one.AssociationId === associationId);
      const there = found?.IamInstanceProfile?.Arn?.split('/').at(-1);
      return differing('IamInstanceProfile', there, instanceProfileName, 'replace');
    },
    async destroy({ ec2 }, { associationId }) {
      await ec2
        .send(new DisassociateIamInstanceProfileCommand({ AssociationId: associationId }))
        .catch((error) => (isGone(error) ? undefined : unless('IncorrectState')(error)));
    },
  },
);

export default step(14, 'Storage and role', [bucket, role, instanceProfile, nodeAProfile]);
