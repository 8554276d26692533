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
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Aws } from '../../src/aws.ts';
import { bucket, instanceProfile, nodeAProfile, role } from '../../src/steps/14-storage.ts';
import { awsError, awsFor, changes, ec2, iam, inputsOf, keyIn, s3, tagsOf } from '../helpers/aws.ts';

const derived = 'pms-oregon-bucket-123456789012-us-west-2-an';
const own = { storage: { bucketName: 'team-logs' } };

describe('bucket find', () => {
  it('takes the one of the derived name when it carries our tags, and no other', async () => {
    s3.on(GetBucketTaggingCommand, { Bucket: derived }).resolves({ TagSet: tagsOf('bucket') });
    expect(await bucket.find(awsFor(bucket), {})).toEqual({ bucketName: derived });
    s3.on(GetBucketTaggingCommand, { Bucket: derived }).resolves({ TagSet: tagsOf('bucket', 'stack2') });
    expect(await bucket.find(awsFor(bucket), {})).toBeUndefined();
  });

  it('takes a bucket without tags only where its name holds the account’s number', async () => {
    s3.on(GetBucketTaggingCommand).rejects(awsError('NoSuchTagSet'));
    expect(await bucket.find(awsFor(bucket), {})).toEqual({ bucketName: derived });
    expect(await bucket.find(awsFor(bucket, { settings: own }), {})).toBeUndefined();
  });

  it('goes by the recorded name, whatever the settings and the tags say', async () => {
    s3.on(GetBucketTaggingCommand, { Bucket: 'recorded' }).rejects(awsError('NoSuchTagSet'));
    const aws = awsFor(bucket, { recorded: { bucketName: 'recorded' } });
    expect(await bucket.find(aws, {})).toEqual({ bucketName: 'recorded' });
  });

  it('takes not-found for none, by either of its names', async () => {
    s3.on(GetBucketTaggingCommand).rejects(awsError('NoSuchBucket'));
    expect(await bucket.find(awsFor(bucket, { recorded: { bucketName: derived } }), {})).toBeUndefined();
    expect(await bucket.find(awsFor(bucket), {})).toBeUndefined();
  });

  it('does not take a refusal for absence', async () => {
    s3.on(GetBucketTaggingCommand).rejects(awsError('AccessDenied'));
    await expect(bucket.find(awsFor(bucket), {})).rejects.toThrow('AccessDenied');
  });
});

describe('bucket create', () => {
  beforeEach(() => {
    s3.on(CreateBucketCommand).resolves({});
  });

  it('sends one call in the account’s own namespace, with region and tags', async () => {
    expect(await bucket.create(awsFor(bucket), {})).toEqual({ bucketName: derived });
    expect(changes()).toEqual(['CreateBucket']);
    const [input] = inputsOf(CreateBucketCommand);
    expect(input).toMatchObject({
      Bucket: derived,
      BucketNamespace: 'account-regional',
      CreateBucketConfiguration: { LocationConstraint: 'us-west-2' },
    });
    expect(keyIn(input!.CreateBucketConfiguration!.Tags)).toBe('bucket');
  });

  it('names no region in us-east-1, where S3 refuses it', async () => {
    await bucket.create(awsFor(bucket, { region: 'us-east-1' }), {});
    expect(inputsOf(CreateBucketCommand)[0]!.CreateBucketConfiguration).not.toHaveProperty('LocationConstraint');
  });

  it('takes a name from the settings, in the namespace that all accounts share', async () => {
    expect(await bucket.create(awsFor(bucket, { settings: own }), {})).toEqual({ bucketName: 'team-logs' });
    expect(inputsOf(CreateBucketCommand)[0]).not.toHaveProperty('BucketNamespace');
  });
});

describe('bucket finish', () => {
  it('tags it, keeps the public and plain HTTP out and encrypts, one call after another, since S3 refuses overlap', async () => {
    let inFlight = 0;
    let most = 0;
    const commands = [PutBucketTaggingCommand, PutPublicAccessBlockCommand, PutBucketEncryptionCommand];
    for (const command of [...commands, PutBucketPolicyCommand])
      s3.on(command as typeof PutBucketTaggingCommand).callsFake(async () => {
        most = Math.max(most, ++inFlight);
        await new Promise((wake) => setImmediate(wake));
        inFlight--;
        return {};
      });
    await bucket.finish!(awsFor(bucket), { bucketName: derived }, {});
    expect(most).toBe(1);
    expect(keyIn(inputsOf(PutBucketTaggingCommand)[0]!.Tagging!.TagSet)).toBe('bucket');
    expect(inputsOf(PutPublicAccessBlockCommand)[0]!.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    expect(inputsOf(PutBucketEncryptionCommand)[0]!.ServerSideEncryptionConfiguration).toEqual({
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    });
    expect(JSON.parse(inputsOf(PutBucketPolicyCommand)[0]!.Policy!).Statement).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  it('gives it no policy on an emulator, which is asked without TLS', async () => {
    s3.onAnyCommand().resolves({});
    await bucket.finish!({ ...awsFor(bucket), emulated: true }, { bucketName: derived }, {});
    expect(changes()).toEqual(['PutBucketTagging', 'PutPublicAccessBlock', 'PutBucketEncryption']);
  });
});

describe('bucket compare', () => {
  const identity = { bucketName: derived };
  const policies = async (aws: Aws) =>
    (await bucket.compare!(aws, identity, {})).filter(({ attribute }) => attribute === 'Policy');

  it('puts the policy that refuses plain HTTP in the place of none and of another, and knows its own', async () => {
    s3.onAnyCommand().resolves({});
    const [none] = await policies(awsFor(bucket));
    expect(none!.is).toBe('none');
    await (none!.mend as () => Promise<unknown>)();
    const { Policy } = inputsOf(PutBucketPolicyCommand)[0]!;
    s3.on(GetBucketPolicyCommand).resolves({ Policy });
    expect(await policies(awsFor(bucket))).toEqual([]);
    s3.on(GetBucketPolicyCommand).resolves({ Policy: Policy!.replace('Deny', 'Allow') });
    expect(await policies(awsFor(bucket))).toHaveLength(1);
  });

  it('takes a policy away on an emulator', async () => {
    s3.onAnyCommand().resolves({});
    const aws = { ...awsFor(bucket), emulated: true };
    expect(await policies(aws)).toEqual([]);
    s3.on(GetBucketPolicyCommand).resolves({ Policy: '{}' });
    const [there] = await policies(aws);
    await (there!.mend as () => Promise<unknown>)();
    expect(changes()).toEqual(['DeleteBucketPolicy']);
  });
});

describe('bucket destroy', () => {
  const identity = { bucketName: derived };

  it('empties it, page by page, of versions, markers and unfinished uploads, and only then deletes it', async () => {
    s3.on(ListObjectVersionsCommand)
      .resolvesOnce({
        Versions: [{ Key: 'a', VersionId: '1' }],
        DeleteMarkers: [{ Key: 'b', VersionId: '2' }],
      })
      .resolvesOnce({ Versions: [{ Key: 'c', VersionId: '3' }] })
      .resolves({});
    s3.on(DeleteObjectsCommand).resolves({});
    s3.on(ListMultipartUploadsCommand).resolves({ Uploads: [{ Key: 'd', UploadId: 'u' }] });
    s3.on(AbortMultipartUploadCommand).resolves({});
    s3.on(DeleteBucketCommand).resolves({});
    await bucket.destroy(awsFor(bucket), identity);
    expect(changes()).toEqual(['DeleteObjects', 'DeleteObjects', 'AbortMultipartUpload', 'DeleteBucket']);
    expect(inputsOf(DeleteObjectsCommand).map(({ Delete }) => Delete!.Objects)).toEqual([
      [
        { Key: 'a', VersionId: '1' },
        { Key: 'b', VersionId: '2' },
      ],
      [{ Key: 'c', VersionId: '3' }],
    ]);
  });

  it('tells which objects S3 would not delete, though it answered 200', async () => {
    s3.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key: 'a', VersionId: '1' }] });
    s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'a', Code: 'AccessDenied', Message: 'locked' }] });
    await expect(bucket.destroy(awsFor(bucket), identity)).rejects.toThrow(/1 objects of .* AccessDenied locked/);
    expect(inputsOf(DeleteBucketCommand)).toEqual([]);
  });

  it('takes not-found for success', async () => {
    s3.on(ListObjectVersionsCommand).rejects(awsError('NoSuchBucket'));
    await bucket.destroy(awsFor(bucket), identity);
    expect(changes()).toEqual([]);
  });
});

describe('role', () => {
  const identity = { roleName: 'pms-oregon-airflow-role' };

  it('find takes the one of that name when it carries our tags, and no other', async () => {
    const answer = (stack?: string) => ({ Role: { Tags: tagsOf('role', stack) } as never });
    iam.on(GetRoleCommand, { RoleName: identity.roleName }).resolves(answer());
    expect(await role.find(awsFor(role), {})).toEqual(identity);
    iam.on(GetRoleCommand, { RoleName: identity.roleName }).resolves(answer('stack2'));
    expect(await role.find(awsFor(role), {})).toBeUndefined();
    iam.on(GetRoleCommand).rejects(awsError('NoSuchEntityException', { Code: 'NoSuchEntity' }));
    expect(await role.find(awsFor(role, { recorded: identity }), {})).toBeUndefined();
  });

  it('create sends one call with tags, for EC2 to assume and nobody else', async () => {
    iam.on(CreateRoleCommand).resolves({} as never);
    expect(await role.create(awsFor(role), {})).toEqual(identity);
    expect(changes()).toEqual(['CreateRole']);
    const [input] = inputsOf(CreateRoleCommand);
    expect(keyIn(input!.Tags)).toBe('role');
    expect(JSON.parse(input!.AssumeRolePolicyDocument!).Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  });

  it('create puts the role beneath the path and the boundary that the settings name, and without them under neither', async () => {
    iam.on(CreateRoleCommand).resolves({} as never);
    await role.create(awsFor(role), {});
    const permissionsBoundary = 'arn:aws:iam::123456789012:policy/limits';
    await role.create(awsFor(role, { settings: { iam: { permissionsBoundary, rolePath: '/teams/data/' } } }), {});
    const given = inputsOf(CreateRoleCommand).map(({ Path, PermissionsBoundary }) => [Path, PermissionsBoundary]);
    expect(given).toEqual([
      ['/', undefined],
      ['/teams/data/', permissionsBoundary],
    ]);
  });

  it('finish allows this bucket and this deployment’s parameters, and nothing else', async () => {
    iam.on(PutRolePolicyCommand).resolves({});
    await role.finish!(awsFor(role), identity, {});
    const [input] = inputsOf(PutRolePolicyCommand);
    const statements = JSON.parse(input!.PolicyDocument!).Statement as { Action: string[]; Resource: string }[];
    expect(statements.map(({ Resource }) => Resource)).toEqual([
      `arn:aws:s3:::${derived}`,
      `arn:aws:s3:::${derived}/*`,
      'arn:aws:ssm:us-west-2:123456789012:parameter/airflow-aws/pms/*',
    ]);
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('destroy takes its policy away first, and takes not-found for success', async () => {
    iam.on(DeleteRolePolicyCommand).rejects(awsError('NoSuchEntityException', { Code: 'NoSuchEntity' }));
    iam.on(DeleteRoleCommand).rejects(awsError('NoSuchEntityException', { Code: 'NoSuchEntity' }));
    await role.destroy(awsFor(role), identity);
    expect(changes()).toEqual(['DeleteRolePolicy', 'DeleteRole']);
  });
});

describe('instanceProfile', () => {
  const roleName = 'pms-oregon-airflow-role';
  const identity = { instanceProfileName: 'pms-oregon-airflow-profile', roleName };

  it('find takes the one of that name when it carries our tags, and no other', async () => {
    const answer = (stack?: string) => ({ InstanceProfile: { Tags: tagsOf('instanceProfile', stack) } as never });
    iam.on(GetInstanceProfileCommand).resolves(answer());
    expect(await instanceProfile.find(awsFor(instanceProfile), { role: { roleName } })).toEqual(identity);
    iam.on(GetInstanceProfileCommand).resolves(answer('stack2'));
    expect(await instanceProfile.find(awsFor(instanceProfile), { role: { roleName } })).toBeUndefined();
    iam.on(GetInstanceProfileCommand).rejects(awsError('NoSuchEntityException'));
    expect(await instanceProfile.find(awsFor(instanceProfile), { role: { roleName } })).toBeUndefined();
  });

  it('create puts it beneath the path of the role', async () => {
    iam.on(CreateInstanceProfileCommand).resolves({} as never);
    const settings = { iam: { rolePath: '/teams/data/' } };
    await instanceProfile.create(awsFor(instanceProfile, { settings }), { role: { roleName } });
    expect(inputsOf(CreateInstanceProfileCommand)[0]!.Path).toBe('/teams/data/');
  });

  it('create sends one call with name and tags', async () => {
    iam.on(CreateInstanceProfileCommand).resolves({} as never);
    expect(await instanceProfile.create(awsFor(instanceProfile), { role: { roleName } })).toEqual(identity);
    expect(changes()).toEqual(['CreateInstanceProfile']);
    const [input] = inputsOf(CreateInstanceProfileCommand);
    expect(input!.InstanceProfileName).toBe(identity.instanceProfileName);
    expect(keyIn(input!.Tags)).toBe('instanceProfile');
  });

  it.each([undefined, 'LimitExceededException', 'EntityAlreadyExistsException'])(
    'finish puts the role into it, and takes the refusal of a second time for done: %s',
    async (refusal) => {
      iam.on(AddRoleToInstanceProfileCommand).resolves({});
      if (refusal) iam.on(AddRoleToInstanceProfileCommand).rejects(awsError(refusal));
      await instanceProfile.finish!(awsFor(instanceProfile), identity, { role: { roleName } });
      expect(inputsOf(AddRoleToInstanceProfileCommand)).toEqual([
        { InstanceProfileName: identity.instanceProfileName, RoleName: roleName },
      ]);
    },
  );

  it.each([
    ['goes on when the profile is empty', [], ['RemoveRoleFromInstanceProfile', 'DeleteInstanceProfile']],
    ['throws when the role is still in it', [{ RoleName: 'r' }], ['RemoveRoleFromInstanceProfile']],
  ])('destroy, after an answer that says nothing, %s', async (_, Roles, called) => {
    iam.on(RemoveRoleFromInstanceProfileCommand).rejects(awsError('SyntaxError'));
    iam.on(GetInstanceProfileCommand).resolves({ InstanceProfile: { Roles } as never });
    iam.on(DeleteInstanceProfileCommand).resolves({});
    const destroyed = instanceProfile.destroy(awsFor(instanceProfile), identity);
    if (Roles.length > 0) await expect(destroyed).rejects.toThrow('SyntaxError');
    else await destroyed;
    expect(changes()).toEqual(called);
  });

  it('destroy takes the role out first, and takes not-found for success', async () => {
    iam.on(RemoveRoleFromInstanceProfileCommand).rejects(awsError('NoSuchEntityException'));
    iam.on(DeleteInstanceProfileCommand).rejects(awsError('NoSuchEntityException'));
    await instanceProfile.destroy(awsFor(instanceProfile), identity);
    expect(changes()).toEqual(['RemoveRoleFromInstanceProfile', 'DeleteInstanceProfile']);
  });
});

describe('nodeAProfile', () => {
  const nodeA = { instanceId: 'i-a' };
  const profile = { instanceProfileName: 'p', roleName: 'r' };
  const identity = { associationId: 'iip-assoc-1' };

  it('find asks for the instance’s association that is or is being made', async () => {
    ec2
      .on(DescribeIamInstanceProfileAssociationsCommand)
      .resolves({ IamInstanceProfileAssociations: [{ AssociationId: 'iip-assoc-1' }] });
    expect(await nodeAProfile.find(awsFor(nodeAProfile), { nodeA, instanceProfile: profile })).toEqual(identity);
    expect(inputsOf(DescribeIamInstanceProfileAssociationsCommand)[0]!.Filters).toEqual([
      { Name: 'instance-id', Values: ['i-a'] },
      { Name: 'state', Values: ['associating', 'associated'] },
    ]);
  });

  it('find finds none without the node', async () => {
    expect(await nodeAProfile.find(awsFor(nodeAProfile), {} as never)).toBeUndefined();
  });

  it('create sends one call', async () => {
    ec2
      .on(AssociateIamInstanceProfileCommand)
      .resolves({ IamInstanceProfileAssociation: { AssociationId: 'iip-assoc-1' } });
    const known = { nodeA: { ...nodeA, privateIp: '10.0.2.9' }, instanceProfile: profile };
    expect(await nodeAProfile.create(awsFor(nodeAProfile), known)).toEqual(identity);
    expect(changes()).toEqual(['AssociateIamInstanceProfile']);
    expect(inputsOf(AssociateIamInstanceProfileCommand)).toEqual([
      { InstanceId: 'i-a', IamInstanceProfile: { Name: 'p' } },
    ]);
  });

  it.each(['InvalidAssociationID.NotFound', 'IncorrectState'])('destroy takes %s for success', async (code) => {
    ec2.on(DisassociateIamInstanceProfileCommand).rejects(awsError(code));
    await nodeAProfile.destroy(awsFor(nodeAProfile), identity);
    expect(inputsOf(DisassociateIamInstanceProfileCommand)).toEqual([{ AssociationId: 'iip-assoc-1' }]);
  });

  it('destroy throws any other refusal', async () => {
    ec2.on(DisassociateIamInstanceProfileCommand).rejects(awsError('UnauthorizedOperation'));
    await expect(nodeAProfile.destroy(awsFor(nodeAProfile), identity)).rejects.toThrow('Unauthorized');
  });
});
