import { CreateLoadBalancerCommand, DeleteLoadBalancerCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import * as IAM from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { placed, polling, refused, trust, type World, world } from './world.ts';

const policy = (Action: string | string[] = 's3:GetObject', Resource = '*') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] });
const role = ({ iam }: World, RoleName = 'nodes') =>
  iam.send(new IAM.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust() }));
const ssmCore = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore';

describe('calls about roles', () => {
  test('a role with policies and an instance profile comes and goes', async () => {
    const { iam, account, sts } = world();
    const id = account.accountId;
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: id,
      UserId: expect.any(String),
      Arn: expect.stringContaining(`:${id}:`),
    });
    const { Role } = await iam.send(
      new IAM.CreateRoleCommand({
        RoleName: 'pms-airflow-node',
        Path: '/',
        Description: 'nodes',
        MaxSessionDuration: 3600,
        AssumeRolePolicyDocument: trust(),
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    expect(Role).toMatchObject({
      Arn: `arn:aws:iam::${id}:role/pms-airflow-node`,
      RoleId: expect.stringMatching(/^AROA[A-Z0-9]{17}$/),
      CreateDate: expect.any(Date),
      Path: '/',
    });
    await IAM.waitUntilRoleExists({ client: iam, ...polling }, { RoleName: 'pms-airflow-node' });
    const got = await iam.send(new IAM.GetRoleCommand({ RoleName: 'pms-airflow-node' }));
    expect(JSON.parse(decodeURIComponent(got.Role!.AssumeRolePolicyDocument!))).toEqual(JSON.parse(trust()));
    expect(got.Role).toMatchObject({
      Description: 'nodes',
      MaxSessionDuration: 3600,
      Tags: [{ Key: 'a', Value: 'b' }],
      RoleLastUsed: {},
    });
    const RoleName = 'pms-airflow-node';
    for (let i = 0; i < 2; i++)
      await iam.send(new IAM.PutRolePolicyCommand({ RoleName, PolicyName: 'bucket', PolicyDocument: policy() }));
    const inline = await iam.send(new IAM.GetRolePolicyCommand({ RoleName, PolicyName: 'bucket' }));
    expect(JSON.parse(decodeURIComponent(inline.PolicyDocument!))).toEqual(JSON.parse(policy()));
    expect((await iam.send(new IAM.ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(['bucket']);
    for (let i = 0; i < 2; i++) await iam.send(new IAM.AttachRolePolicyCommand({ RoleName, PolicyArn: ssmCore }));
    expect((await iam.send(new IAM.ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies).toEqual([
      { PolicyName: 'AmazonSSMManagedInstanceCore', PolicyArn: ssmCore },
    ]);
    const own = await iam.send(
      new IAM.CreatePolicyCommand({ PolicyName: 'own', PolicyDocument: policy(), Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    expect(own.Policy).toMatchObject({
      Arn: `arn:aws:iam::${id}:policy/own`,
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
      IsAttachable: true,
    });
    const PolicyArn = own.Policy!.Arn!;
    await IAM.waitUntilPolicyExists({ client: iam, ...polling }, { PolicyArn });
    await iam.send(
      new IAM.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: policy('s3:*'), SetAsDefault: true }),
    );
    await iam.send(new IAM.DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    await iam.send(new IAM.AttachRolePolicyCommand({ RoleName, PolicyArn }));
    expect((await iam.send(new IAM.GetPolicyCommand({ PolicyArn }))).Policy).toMatchObject({
      AttachmentCount: 1,
      DefaultVersionId: 'v2',
    });
    expect((await iam.send(new IAM.ListEntitiesForPolicyCommand({ PolicyArn }))).PolicyRoles).toMatchObject([
      { RoleName },
    ]);
    expect((await iam.send(new IAM.ListPoliciesCommand({ Scope: 'Local' }))).Policies).toHaveLength(1);
    await iam.send(new IAM.TagRoleCommand({ RoleName, Tags: [{ Key: 'x', Value: 'y' }] }));
    await iam.send(new IAM.UntagRoleCommand({ RoleName, TagKeys: ['a'] }));
    expect((await iam.send(new IAM.ListRoleTagsCommand({ RoleName }))).Tags).toEqual([{ Key: 'x', Value: 'y' }]);
    await iam.send(
      new IAM.UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust('ecs-tasks.amazonaws.com') }),
    );
    await iam.send(new IAM.UpdateRoleCommand({ RoleName, Description: 'changed', MaxSessionDuration: 7200 }));

    const InstanceProfileName = 'pms-airflow-node';
    const { InstanceProfile } = await iam.send(
      new IAM.CreateInstanceProfileCommand({ InstanceProfileName, Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    expect(InstanceProfile).toMatchObject({
      Arn: `arn:aws:iam::${id}:instance-profile/${InstanceProfileName}`,
      InstanceProfileId: expect.stringMatching(/^AIPA/),
      Roles: [],
    });
    await IAM.waitUntilInstanceProfileExists({ client: iam, ...polling }, { InstanceProfileName });
    await iam.send(new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    expect((await iam.send(new IAM.ListInstanceProfilesForRoleCommand({ RoleName }))).InstanceProfiles).toMatchObject([
      { InstanceProfileName, Roles: [{ RoleName }] },
    ]);
    await iam.send(new IAM.TagInstanceProfileCommand({ InstanceProfileName, Tags: [{ Key: 'x', Value: 'y' }] }));
    expect((await iam.send(new IAM.ListInstanceProfileTagsCommand({ InstanceProfileName }))).Tags).toHaveLength(2);

    await refused(iam.send(new IAM.DeleteRoleCommand({ RoleName })), 'DeleteConflictException DeleteConflict 409');
    await refused(
      iam.send(new IAM.DeleteInstanceProfileCommand({ InstanceProfileName })),
      'DeleteConflictException DeleteConflict 409',
    );
    await iam.send(new IAM.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
    await iam.send(new IAM.DeleteInstanceProfileCommand({ InstanceProfileName }));
    await refused(iam.send(new IAM.DeleteRoleCommand({ RoleName })), 'DeleteConflictException DeleteConflict 409');
    await iam.send(new IAM.DeleteRolePolicyCommand({ RoleName, PolicyName: 'bucket' }));
    for (const arn of [ssmCore, PolicyArn])
      await iam.send(new IAM.DetachRolePolicyCommand({ RoleName, PolicyArn: arn }));
    await iam.send(new IAM.DeletePolicyCommand({ PolicyArn }));
    await iam.send(new IAM.DeleteRoleCommand({ RoleName }));
    const roles: string[] = [];
    for await (const page of IAM.paginateListRoles({ client: iam, pageSize: 1 }, {}))
      roles.push(...(page.Roles ?? []).map((one) => one.RoleName!));
    expect(roles).not.toContain(RoleName);
  });

  test('service-linked roles are made once, and a policy is simulated', async () => {
    const { iam, account } = world();
    const made = await iam.send(
      new IAM.CreateServiceLinkedRoleCommand({ AWSServiceName: 'elasticache.amazonaws.com' }),
    );
    expect(made.Role).toMatchObject({
      RoleName: 'AWSServiceRoleForElastiCache',
      Path: '/aws-service-role/elasticache.amazonaws.com/',
      Arn: `arn:aws:iam::${account.accountId}:role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache`,
    });
    await refused(
      iam.send(new IAM.CreateServiceLinkedRoleCommand({ AWSServiceName: 'elasticache.amazonaws.com' })),
      'InvalidInputException InvalidInput',
    );
    const simulated = await iam.send(
      new IAM.SimulateCustomPolicyCommand({
        PolicyInputList: [policy('ec2:*')],
        ActionNames: ['ec2:CreateVpc', 's3:GetObject'],
      }),
    );
    expect(simulated.EvaluationResults?.map((one) => one.EvalDecision)).toEqual(['allowed', 'implicitDeny']);
    const { Arn } = (await iam.send(new IAM.GetUserCommand({}))).User!;
    const own = await iam.send(
      new IAM.SimulatePrincipalPolicyCommand({ PolicySourceArn: Arn, ActionNames: ['ec2:CreateVpc'] }),
    );
    expect(own.EvaluationResults?.[0]?.EvalDecision).toBe('allowed');
  });

  test('users and their keys', async () => {
    const { iam } = world();
    await iam.send(new IAM.CreateUserCommand({ UserName: 'me', Tags: [{ Key: 'a', Value: 'b' }] }));
    const { AccessKey } = await iam.send(new IAM.CreateAccessKeyCommand({ UserName: 'me' }));
    expect(AccessKey).toMatchObject({
      AccessKeyId: expect.stringMatching(/^AKIA/),
      SecretAccessKey: expect.any(String),
      Status: 'Active',
    });
    await refused(iam.send(new IAM.DeleteUserCommand({ UserName: 'me' })), 'DeleteConflictException 409');
    await iam.send(new IAM.DeleteAccessKeyCommand({ UserName: 'me', AccessKeyId: AccessKey!.AccessKeyId }));
    await iam.send(new IAM.DeleteUserCommand({ UserName: 'me' }));
  });
});

describe('roles that services make', () => {
  test('the first load balancer makes the role of its service, and leaves it behind', async () => {
    const { elb, iam, a, c } = await placed();
    const RoleName = 'AWSServiceRoleForElasticLoadBalancing';
    await refused(iam.send(new IAM.GetRoleCommand({ RoleName })), 'NoSuchEntityException 404');
    const form = { Name: 'first', Subnets: [a, c], Scheme: 'internal' as const };
    const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand(form));
    const { LoadBalancerArn } = LoadBalancers![0]!;
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    const { Role } = await iam.send(new IAM.GetRoleCommand({ RoleName }));
    expect(Role?.Path).toBe('/aws-service-role/elasticloadbalancing.amazonaws.com/');
    await refused(iam.send(new IAM.DeleteRoleCommand({ RoleName })), 'UnmodifiableEntityException UnmodifiableEntity');
  });
});

describe('what is refused about roles', () => {
  const cases: [string, string, (w: World) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (w: World) => Promise<unknown>) => cases.push([title, code, call]);
  const gone = 'NoSuchEntityException NoSuchEntity 404';

  no('an unknown role', gone, ({ iam }) => iam.send(new IAM.GetRoleCommand({ RoleName: 'none' })));
  no('deleting an unknown role', gone, ({ iam }) => iam.send(new IAM.DeleteRoleCommand({ RoleName: 'none' })));
  no('a policy of an unknown role', gone, ({ iam }) =>
    iam.send(new IAM.PutRolePolicyCommand({ RoleName: 'none', PolicyName: 'x', PolicyDocument: policy() })),
  );
  no('policies of an unknown role', gone, ({ iam }) => iam.send(new IAM.ListRolePoliciesCommand({ RoleName: 'none' })));
  no('an unknown inline policy', gone, async (w) => {
    await role(w);
    await w.iam.send(new IAM.GetRolePolicyCommand({ RoleName: 'nodes', PolicyName: 'none' }));
  });
  no('a managed policy that does not exist', gone, async (w) => {
    await role(w);
    await w.iam.send(new IAM.AttachRolePolicyCommand({ RoleName: 'nodes', PolicyArn: 'arn:aws:iam::aws:policy/None' }));
  });
  no('detaching what is not attached', gone, async (w) => {
    await role(w);
    await w.iam.send(new IAM.DetachRolePolicyCommand({ RoleName: 'nodes', PolicyArn: ssmCore }));
  });
  no('an unknown profile', gone, ({ iam }) =>
    iam.send(new IAM.GetInstanceProfileCommand({ InstanceProfileName: 'none' })),
  );
  no('deleting an unknown profile', gone, ({ iam }) =>
    iam.send(new IAM.DeleteInstanceProfileCommand({ InstanceProfileName: 'none' })),
  );
  no('an unknown policy', gone, ({ iam }) =>
    iam.send(new IAM.GetPolicyCommand({ PolicyArn: 'arn:aws:iam::123456789012:policy/none' })),
  );
  no('an unknown user', gone, ({ iam }) => iam.send(new IAM.GetUserCommand({ UserName: 'none' })));
  no('a second role of the name', 'EntityAlreadyExistsException EntityAlreadyExists 409', async (w) => {
    await role(w);
    await role(w);
  });
  no('a second profile of the name', 'EntityAlreadyExistsException EntityAlreadyExists 409', async ({ iam }) => {
    for (let i = 0; i < 2; i++) await iam.send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: 'same' }));
  });
  no('a second role in a profile', 'LimitExceededException LimitExceeded 409', async (w) => {
    await role(w, 'one');
    await role(w, 'two');
    await w.iam.send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: 'p' }));
    for (const RoleName of ['one', 'two'])
      await w.iam.send(new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName: 'p', RoleName }));
  });
  no('a trust policy that is none', 'MalformedPolicyDocumentException MalformedPolicyDocument', ({ iam }) =>
    iam.send(new IAM.CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: 'nonsense' })),
  );
  no('a trust policy without principal', 'MalformedPolicyDocumentException MalformedPolicyDocument', ({ iam }) =>
    iam.send(new IAM.CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: policy() })),
  );
  no('an inline policy that is none', 'MalformedPolicyDocumentException', async (w) => {
    await role(w);
    await w.iam.send(new IAM.PutRolePolicyCommand({ RoleName: 'nodes', PolicyName: 'x', PolicyDocument: '{}' }));
  });
  no('a name with a space', 'ValidationError', ({ iam }) =>
    iam.send(new IAM.CreateRoleCommand({ RoleName: 'a b', AssumeRolePolicyDocument: trust() })),
  );
  no('a name that is too long', 'ValidationError', ({ iam }) =>
    iam.send(new IAM.CreateRoleCommand({ RoleName: 'x'.repeat(65), AssumeRolePolicyDocument: trust() })),
  );
  no('a session that is too short', 'ValidationError', ({ iam }) =>
    iam.send(new IAM.CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: trust(), MaxSessionDuration: 60 })),
  );
  no('a policy that is attached', 'DeleteConflictException DeleteConflict 409', async (w) => {
    await role(w);
    const { Policy } = await w.iam.send(new IAM.CreatePolicyCommand({ PolicyName: 'own', PolicyDocument: policy() }));
    await w.iam.send(new IAM.AttachRolePolicyCommand({ RoleName: 'nodes', PolicyArn: Policy!.Arn }));
    await w.iam.send(new IAM.DeletePolicyCommand({ PolicyArn: Policy!.Arn }));
  });
  no('a service without such a role', 'InvalidInputException InvalidInput', ({ iam }) =>
    iam.send(new IAM.CreateServiceLinkedRoleCommand({ AWSServiceName: 'nonsense.amazonaws.com' })),
  );

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(world()), code);
  });
});
