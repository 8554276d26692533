import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  DeleteInstanceProfileCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  paginateListRoles,
  RemoveRoleFromInstanceProfileCommand,
  SimulatePrincipalPolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from 'vitest';
import { Account } from '../../src/simulator/account.ts';
import { attach } from '../../src/simulator/attach.ts';
import { usableInstanceProfile } from '../../src/simulator/iam/instance-profiles.ts';
import { touchServiceLinkedRole } from '../../src/simulator/iam/service-linked-roles.ts';
import { nouns } from '../../src/simulator/nouns.ts';

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const allow = (Action: string | string[], Resource: string | string[] = '*', Effect = 'Allow') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource }] });
const ssmCore = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore';

function iam() {
  const account = new Account(nouns);
  const client = new IAMClient({ region: 'us-west-2', maxAttempts: 1 });
  attach(account, client, { unattended: true });
  return { account, client };
}

describe('roles of the simulated account', () => {
  test('a role comes back as it was made, its trust policy percent-encoded', async () => {
    const { client } = iam();
    const Tags = [{ Key: 'Name', Value: 'node' }];
    await client.send(new CreateRoleCommand({ RoleName: 'node', Path: '/x/', AssumeRolePolicyDocument: trust, Tags }));
    const { Role } = await client.send(new GetRoleCommand({ RoleName: 'node' }));
    expect(Role).toMatchObject({ Arn: 'arn:aws:iam::123456789012:role/x/node', MaxSessionDuration: 3600, Tags });
    expect(Role?.AssumeRolePolicyDocument).toMatch(/^%7B/);
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trust);
    expect(Role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
  });

  test("refusals carry AWS's names, codes and statuses", async () => {
    const { client } = iam();
    await client.send(new CreateRoleCommand({ RoleName: 'node', AssumeRolePolicyDocument: trust }));
    await expect(
      client.send(new CreateRoleCommand({ RoleName: 'Node', AssumeRolePolicyDocument: trust })),
    ).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      Code: 'EntityAlreadyExists',
      $metadata: { httpStatusCode: 409 },
    });
    await expect(client.send(new GetRoleCommand({ RoleName: 'nobody' }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      Code: 'NoSuchEntity',
      message: 'The role with name nobody cannot be found.',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(
      client.send(new CreateRoleCommand({ RoleName: 'a b', AssumeRolePolicyDocument: trust })),
    ).rejects.toMatchObject({
      name: 'ValidationError',
    });
    for (const AssumeRolePolicyDocument of [
      '{',
      '{}',
      allow('sts:AssumeRole'),
      trust.replace('ec2.amazonaws.com', 'ec2'),
    ])
      await expect(
        client.send(new CreateRoleCommand({ RoleName: 'bad', AssumeRolePolicyDocument })),
      ).rejects.toMatchObject({
        name: 'MalformedPolicyDocumentException',
      });
  });

  test('a role in use is not deleted until everything is taken off it', async () => {
    const { client } = iam();
    const RoleName = 'node';
    await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    await client.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'logs', PolicyDocument: allow('s3:GetObject') }),
    );
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: ssmCore }));
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: ssmCore }));
    await client.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'node' }));
    await client.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'node', RoleName }));
    const conflict = { name: 'DeleteConflictException', Code: 'DeleteConflict', $metadata: { httpStatusCode: 409 } };
    await expect(client.send(new DeleteRoleCommand({ RoleName }))).rejects.toMatchObject(conflict);
    await expect(client.send(new DeleteInstanceProfileCommand({ InstanceProfileName: 'node' }))).rejects.toMatchObject(
      conflict,
    );
    await client.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: 'node', RoleName }));
    await expect(client.send(new DeleteRoleCommand({ RoleName }))).rejects.toMatchObject(conflict);
    await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: ssmCore }));
    await expect(client.send(new DeleteRoleCommand({ RoleName }))).rejects.toMatchObject(conflict);
    await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'logs' }));
    await client.send(new DeleteRoleCommand({ RoleName }));
    await client.send(new DeleteInstanceProfileCommand({ InstanceProfileName: 'node' }));
    await expect(client.send(new GetRoleCommand({ RoleName }))).rejects.toMatchObject({ Code: 'NoSuchEntity' });
  });

  test('inline and attached policies are listed and read back', async () => {
    const { client } = iam();
    const RoleName = 'node';
    await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    for (const action of ['s3:GetObject', 's3:PutObject'])
      await client.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'logs', PolicyDocument: allow(action) }));
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: ssmCore }));
    expect((await client.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(['logs']);
    const { PolicyDocument = '' } = await client.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'logs' }));
    expect(decodeURIComponent(PolicyDocument)).toBe(allow('s3:PutObject'));
    expect((await client.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies).toEqual([
      { PolicyName: 'AmazonSSMManagedInstanceCore', PolicyArn: ssmCore },
    ]);
    const missing = { Code: 'NoSuchEntity' };
    await expect(client.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'x' }))).rejects.toMatchObject(missing);
    await expect(
      client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: `${ssmCore}x` })),
    ).rejects.toMatchObject(missing);
    await expect(
      client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: `${ssmCore}x` })),
    ).rejects.toMatchObject(missing);
    const bad = new PutRolePolicyCommand({ RoleName, PolicyName: 'bad', PolicyDocument: allow('GetObject') });
    await expect(client.send(bad)).rejects.toMatchObject({ Code: 'MalformedPolicyDocument' });
  });

  test('tags and trust can be changed, and lists come in pages', async () => {
    const { client } = iam();
    for (const RoleName of ['a', 'b', 'c'])
      await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const { Roles = [] } of paginateListRoles({ client, pageSize: 2 }, {})) {
      pages++;
      names.push(...Roles.map(({ RoleName }) => RoleName));
    }
    expect([pages, names]).toEqual([2, ['a', 'b', 'c']]);
    await client.send(
      new TagRoleCommand({
        RoleName: 'a',
        Tags: [
          { Key: 'x', Value: '1' },
          { Key: 'y', Value: '2' },
        ],
      }),
    );
    await client.send(new UntagRoleCommand({ RoleName: 'a', TagKeys: ['x'] }));
    expect((await client.send(new ListRoleTagsCommand({ RoleName: 'a' }))).Tags).toEqual([{ Key: 'y', Value: '2' }]);
    const other = trust.replace('ec2', 'ssm');
    await client.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'a', PolicyDocument: other }));
    const { Role } = await client.send(new GetRoleCommand({ RoleName: 'a' }));
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(other);
  });
});

describe('instance profiles of the simulated account', () => {
  test('EC2 knows a new profile only after a while, and only with a role', async () => {
    const { account, client } = iam();
    const { InstanceProfile } = await client.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'node' }));
    const use = (named: { Name?: string; Arn?: string }) => () =>
      usableInstanceProfile(account.scope('us-west-2'), named);
    expect(use({ Name: 'node' })).toThrow(
      'Value (node) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
    );
    await account.clock.sleep(60_000);
    expect(use({ Name: 'node' })).toThrow('has no associated IAM Roles');
    await client.send(new CreateRoleCommand({ RoleName: 'node', AssumeRolePolicyDocument: trust }));
    await client.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'node', RoleName: 'node' }));
    expect(use({ Arn: InstanceProfile?.Arn ?? '' })()).toMatchObject({ name: 'node', roleName: 'node' });
    const { InstanceProfiles } = await client.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'node' }));
    expect(InstanceProfiles?.map(({ InstanceProfileName }) => InstanceProfileName)).toEqual(['node']);
  });

  test('a profile holds one role and exists once', async () => {
    const { client } = iam();
    await client.send(new CreateRoleCommand({ RoleName: 'node', AssumeRolePolicyDocument: trust }));
    await client.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'node' }));
    await expect(client.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'node' }))).rejects.toMatchObject({
      Code: 'EntityAlreadyExists',
    });
    const add = new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'node', RoleName: 'node' });
    await client.send(add);
    await expect(client.send(add)).rejects.toMatchObject({
      name: 'LimitExceededException',
      Code: 'LimitExceeded',
      $metadata: { httpStatusCode: 409 },
    });
    await expect(client.send(new GetInstanceProfileCommand({ InstanceProfileName: 'other' }))).rejects.toMatchObject({
      Code: 'NoSuchEntity',
    });
  });
});

describe('policies of the simulated account', () => {
  test('a policy has versions, and is deleted last', async () => {
    const { client } = iam();
    const { Policy } = await client.send(
      new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: allow('s3:GetObject') }),
    );
    const PolicyArn = Policy?.Arn ?? '';
    await client.send(
      new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('s3:PutObject'), SetAsDefault: true }),
    );
    expect((await client.send(new GetPolicyCommand({ PolicyArn }))).Policy).toMatchObject({
      DefaultVersionId: 'v2',
      AttachmentCount: 0,
    });
    const { PolicyVersion } = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toBe(allow('s3:GetObject'));
    await expect(client.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({ Code: 'DeleteConflict' });
    await expect(
      client.send(new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: allow('s3:*') })),
    ).rejects.toMatchObject({ Code: 'EntityAlreadyExists' });
  });

  test('the caller may do everything, a role what its policies say', async () => {
    const { client } = iam();
    const { User } = await client.send(new GetUserCommand({}));
    const decisions = async (PolicySourceArn: string | undefined, ResourceArns: string[]) => {
      const question = { PolicySourceArn, ActionNames: ['s3:GetObject', 's3:PutObject'], ResourceArns };
      const { EvaluationResults } = await client.send(new SimulatePrincipalPolicyCommand(question));
      return EvaluationResults?.map(({ EvalDecision }) => EvalDecision);
    };
    expect(await decisions(User?.Arn, ['*'])).toEqual(['allowed', 'allowed']);
    const { Role } = await client.send(new CreateRoleCommand({ RoleName: 'node', AssumeRolePolicyDocument: trust }));
    const put = (PolicyName: string, PolicyDocument: string) =>
      client.send(new PutRolePolicyCommand({ RoleName: 'node', PolicyName, PolicyDocument }));
    await put('read', allow('s3:Get*', 'arn:aws:s3:::logs/*'));
    await put('never', allow('s3:*', 'arn:aws:s3:::logs/secret', 'Deny'));
    expect(await decisions(Role?.Arn, ['arn:aws:s3:::logs/a'])).toEqual(['allowed', 'implicitDeny']);
    expect(await decisions(Role?.Arn, ['arn:aws:s3:::logs/secret'])).toEqual(['explicitDeny', 'explicitDeny']);
  });
});

describe('service-linked roles of the simulated account', () => {
  test('the first use of a service makes its role, which cannot be made again or deleted as a role', async () => {
    const { account, client } = iam();
    touchServiceLinkedRole(account.scope('us-west-2'), 'elasticloadbalancing');
    const RoleName = 'AWSServiceRoleForElasticLoadBalancing';
    const { Role } = await client.send(new GetRoleCommand({ RoleName }));
    expect(Role?.Path).toBe('/aws-service-role/elasticloadbalancing.amazonaws.com/');
    const again = new CreateServiceLinkedRoleCommand({ AWSServiceName: 'elasticloadbalancing.amazonaws.com' });
    await expect(client.send(again)).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: expect.stringContaining('has been taken in this account'),
    });
    await expect(client.send(new DeleteRoleCommand({ RoleName }))).rejects.toMatchObject({
      Code: 'UnmodifiableEntity',
    });
  });
});
