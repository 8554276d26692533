import * as EC2 from '@aws-sdk/client-ec2';
import * as IAM from '@aws-sdk/client-iam';
import * as Pricing from '@aws-sdk/client-pricing';
import * as Tagging from '@aws-sdk/client-resource-groups-tagging-api';
import * as Quotas from '@aws-sdk/client-service-quotas';
import * as SSM from '@aws-sdk/client-ssm';
import * as STS from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { placed, polling, refused, trust, until, type World, world } from './world.ts';

describe('calls about parameters', () => {
  test('public images are found under every documented name', async () => {
    const { ssm, ec2 } = world();
    const amazon = '/aws/service/ami-amazon-linux-latest';
    const Names = [
      `${amazon}/al2023-ami-kernel-default-x86_64`,
      `${amazon}/al2023-ami-kernel-default-arm64`,
      `${amazon}/al2023-ami-minimal-kernel-default-x86_64`,
      `${amazon}/al2023-ami-kernel-6.1-x86_64`,
      `${amazon}/amzn2-ami-kernel-5.10-hvm-x86_64-gp2`,
      '/aws/service/debian/release/13/latest/amd64',
      '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
    ];
    const answer = await ssm.send(new SSM.GetParametersCommand({ Names: [...Names, '/none'] }));
    expect(answer.InvalidParameters).toEqual(['/none']);
    expect(answer.Parameters).toHaveLength(7);
    for (const { Value, ARN, Type, DataType } of answer.Parameters!) {
      expect(Value).toMatch(/^ami-[0-9a-f]{17}$/);
      expect([ARN?.startsWith('arn:aws:ssm:us-west-2::parameter/aws/service/'), Type, DataType]).toEqual([
        true,
        'String',
        expect.stringMatching(/^(text|aws:ec2:image)$/),
      ]);
      expect((await ec2.send(new EC2.DescribeImagesCommand({ ImageIds: [Value!] }))).Images).toHaveLength(1);
    }
    const paths = await ssm.send(new SSM.GetParametersByPathCommand({ Path: amazon, Recursive: true }));
    expect(paths.Parameters?.length).toBeGreaterThan(3);
  });

  test('secrets are put, read by path, labelled, tagged, looked back at and removed', async () => {
    const { ssm, account } = world();
    const Name = '/airflow/fernet-key';
    const put = await ssm.send(
      new SSM.PutParameterCommand({
        Name,
        Value: 'secret',
        Type: 'SecureString',
        Description: 'key',
        Tier: 'Standard',
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    expect(put).toMatchObject({ Version: 1, Tier: 'Standard' });
    await refused(
      ssm.send(new SSM.PutParameterCommand({ Name, Value: 'x', Type: 'SecureString' })),
      'ParameterAlreadyExists',
    );
    expect((await ssm.send(new SSM.PutParameterCommand({ Name, Value: 'second', Overwrite: true }))).Version).toBe(2);
    expect((await ssm.send(new SSM.GetParameterCommand({ Name, WithDecryption: true }))).Parameter).toMatchObject({
      Name,
      Value: 'second',
      Version: 2,
      Type: 'SecureString',
      ARN: `arn:aws:ssm:us-west-2:${account.accountId}:parameter${Name}`,
      LastModifiedDate: expect.any(Date),
      DataType: 'text',
    });
    expect((await ssm.send(new SSM.GetParameterCommand({ Name }))).Parameter?.Value).not.toContain('second');
    expect(
      (await ssm.send(new SSM.GetParameterCommand({ Name: `${Name}:1`, WithDecryption: true }))).Parameter?.Value,
    ).toBe('secret');
    await ssm.send(new SSM.LabelParameterVersionCommand({ Name, ParameterVersion: 1, Labels: ['old'] }));
    expect((await ssm.send(new SSM.GetParameterHistoryCommand({ Name }))).Parameters).toHaveLength(2);
    for (let i = 0; i < 12; i++)
      await ssm.send(new SSM.PutParameterCommand({ Name: `/airflow/${i}`, Value: 'x', Type: 'String' }));
    const names: string[] = [];
    for await (const page of SSM.paginateGetParametersByPath(
      { client: ssm, pageSize: 5 },
      { Path: '/airflow', WithDecryption: true },
    ))
      names.push(...(page.Parameters ?? []).map((one) => one.Name!));
    expect([names.length, new Set(names).size]).toEqual([13, 13]);
    const found = await ssm.send(
      new SSM.DescribeParametersCommand({
        ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/airflow/f'] }],
      }),
    );
    expect(found.Parameters).toMatchObject([{ Name, Version: 2, Type: 'SecureString', KeyId: 'alias/aws/ssm' }]);
    await ssm.send(
      new SSM.AddTagsToResourceCommand({
        ResourceType: 'Parameter',
        ResourceId: Name,
        Tags: [{ Key: 'x', Value: 'y' }],
      }),
    );
    expect(
      (await ssm.send(new SSM.ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: Name }))).TagList,
    ).toHaveLength(2);
    await ssm.send(new SSM.DeleteParameterCommand({ Name }));
    await refused(ssm.send(new SSM.GetParameterCommand({ Name })), 'ParameterNotFound');
    await refused(ssm.send(new SSM.DeleteParameterCommand({ Name })), 'ParameterNotFound');
    expect(await ssm.send(new SSM.DeleteParametersCommand({ Names: ['/airflow/0', '/none'] }))).toMatchObject({
      DeletedParameters: ['/airflow/0'],
      InvalidParameters: ['/none'],
    });
  });

  test('a command is sent to a managed node and its answer read', async () => {
    const p = await placed();
    const { ec2, ssm, iam, publicSubnet } = p;
    await iam.send(new IAM.CreateRoleCommand({ RoleName: 'nodes', AssumeRolePolicyDocument: trust() }));
    await iam.send(
      new IAM.AttachRolePolicyCommand({
        RoleName: 'nodes',
        PolicyArn: 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore',
      }),
    );
    await iam.send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: 'nodes' }));
    await iam.send(new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName: 'nodes', RoleName: 'nodes' }));
    const run = () =>
      ec2.send(
        new EC2.RunInstancesCommand({
          ImageId: 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
          InstanceType: 't3.micro',
          MinCount: 1,
          MaxCount: 1,
          IamInstanceProfile: { Name: 'nodes' },
          NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: publicSubnet, AssociatePublicIpAddress: true }],
        }),
      );
    const ran = await until(
      () => run().catch((error: Error) => (error.name === 'InvalidParameterValue' ? undefined : Promise.reject(error))),
      Boolean,
    );
    const InstanceId = ran!.Instances![0]!.InstanceId!;
    await until(
      () =>
        ssm.send(
          new SSM.DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [InstanceId] }] }),
        ),
      (answer) => answer.InstanceInformationList?.[0]?.PingStatus === 'Online',
    );
    const { Command } = await ssm.send(
      new SSM.SendCommandCommand({
        InstanceIds: [InstanceId],
        DocumentName: 'AWS-RunShellScript',
        Comment: 'look',
        Parameters: { commands: ['uptime'], executionTimeout: ['60'] },
        TimeoutSeconds: 60,
      }),
    );
    expect(Command).toMatchObject({
      Status: 'Pending',
      CommandId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      RequestedDateTime: expect.any(Date),
    });
    await SSM.waitUntilCommandExecuted({ client: ssm, ...polling }, { CommandId: Command!.CommandId, InstanceId });
    const answer = await ssm.send(new SSM.GetCommandInvocationCommand({ CommandId: Command!.CommandId, InstanceId }));
    expect(answer).toMatchObject({
      Status: 'Success',
      StatusDetails: 'Success',
      ResponseCode: 0,
      DocumentName: 'AWS-RunShellScript',
    });
    expect(
      (await ssm.send(new SSM.ListCommandInvocationsCommand({ CommandId: Command!.CommandId, Details: true })))
        .CommandInvocations,
    ).toHaveLength(1);
    await refused(
      ssm.send(
        new SSM.SendCommandCommand({
          InstanceIds: ['i-0123456789abcdef0'],
          DocumentName: 'AWS-RunShellScript',
          Parameters: { commands: ['x'] },
        }),
      ),
      'InvalidInstanceId',
    );
    const { SessionId } = await ssm.send(new SSM.StartSessionCommand({ Target: InstanceId }));
    await ssm.send(new SSM.TerminateSessionCommand({ SessionId }));
  });
});

describe('calls about identity, quotas, prices and tags', () => {
  test('quotas, their defaults and their increase', async () => {
    const { quotas } = world();
    for (const [ServiceCode, QuotaCode] of [
      ['ec2', 'L-1216C47A'],
      ['ec2', 'L-0263D0A3'],
      ['vpc', 'L-F678F1CE'],
      ['vpc', 'L-A4707A72'],
      ['vpc', 'L-FE5A380F'],
      ['vpc', 'L-407747CB'],
      ['vpc', 'L-E79EC296'],
      ['vpc', 'L-0EA8095F'],
      ['vpc', 'L-DF5E4CA3'],
      ['elasticloadbalancing', 'L-53DA6B97'],
      ['rds', 'L-952B80B8'],
      ['rds', 'L-7B6409FD'],
      ['elasticache', 'L-DFE45DF3'],
      ['elasticfilesystem', 'L-848C634D'],
      ['s3', 'L-DC2B2D3D'],
    ] as const) {
      const { Quota } = await quotas.send(new Quotas.GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode }));
      expect(Quota, QuotaCode).toMatchObject({
        QuotaCode,
        ServiceCode,
        Value: expect.any(Number),
        QuotaArn: expect.any(String),
        QuotaName: expect.any(String),
        Adjustable: expect.any(Boolean),
        GlobalQuota: expect.any(Boolean),
        Unit: 'None',
      });
      const applied = await quotas
        .send(new Quotas.GetServiceQuotaCommand({ ServiceCode, QuotaCode }))
        .catch((error: Error) => error.name);
      expect(typeof applied === 'string' ? applied : applied.Quota?.QuotaCode).toMatch(/NoSuchResourceException|^L-/);
    }
    const codes: string[] = [];
    for await (const page of Quotas.paginateListServiceQuotas({ client: quotas, pageSize: 2 }, { ServiceCode: 'vpc' }))
      codes.push(...(page.Quotas ?? []).map((one) => one.QuotaCode!));
    expect(codes).toContain('L-F678F1CE');
    expect(new Set(codes).size).toBe(codes.length);
    expect(
      (await quotas.send(new Quotas.ListServicesCommand({ MaxResults: 100 }))).Services?.map((one) => one.ServiceCode),
    ).toContain('ec2');
    await refused(
      quotas.send(new Quotas.GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-NONE0000' })),
      'NoSuchResourceException',
    );
    await refused(
      quotas.send(new Quotas.GetServiceQuotaCommand({ ServiceCode: 'none', QuotaCode: 'L-1216C47A' })),
      'NoSuchResourceException',
    );
    const { RequestedQuota } = await quotas.send(
      new Quotas.RequestServiceQuotaIncreaseCommand({ ServiceCode: 'vpc', QuotaCode: 'L-F678F1CE', DesiredValue: 20 }),
    );
    expect(RequestedQuota).toMatchObject({ Status: 'PENDING', DesiredValue: 20 });
    expect(
      (await quotas.send(new Quotas.GetRequestedServiceQuotaChangeCommand({ RequestId: RequestedQuota!.Id })))
        .RequestedQuota?.Id,
    ).toBe(RequestedQuota!.Id);
  });

  test('prices of everything in the bill', async () => {
    const { pricing } = world();
    const filter = (fields: Record<string, string>) =>
      Object.entries({ regionCode: 'us-west-2', ...fields }).map(([Field, Value]) => ({
        Type: 'TERM_MATCH' as const,
        Field,
        Value,
      }));
    for (const [ServiceCode, fields] of [
      [
        'AmazonEC2',
        {
          instanceType: 't3.large',
          operatingSystem: 'Linux',
          tenancy: 'Shared',
          preInstalledSw: 'NA',
          capacitystatus: 'Used',
        },
      ],
      ['AmazonRDS', { instanceType: 'db.t4g.medium', databaseEngine: 'Aurora MySQL' }],
      ['AmazonElastiCache', { instanceType: 'cache.t4g.micro', cacheEngine: 'Valkey' }],
    ] as const) {
      const { PriceList, FormatVersion } = await pricing.send(
        new Pricing.GetProductsCommand({
          ServiceCode,
          Filters: filter(fields),
          FormatVersion: 'aws_v1',
          MaxResults: 10,
        }),
      );
      expect(FormatVersion).toBe('aws_v1');
      expect(PriceList?.length, ServiceCode).toBeGreaterThan(0);
      expect(JSON.parse(String(PriceList![0])).terms.OnDemand).toBeDefined();
    }
    expect(
      (await pricing.send(new Pricing.DescribeServicesCommand({ ServiceCode: 'AmazonEC2' }))).Services?.[0]
        ?.AttributeNames,
    ).toContain('instanceType');
    const values = await pricing.send(
      new Pricing.GetAttributeValuesCommand({ ServiceCode: 'AmazonEC2', AttributeName: 'instanceType' }),
    );
    expect(values.AttributeValues?.map((one) => one.Value)).toContain('t3.micro');
  });

  test('tags across services', async () => {
    const p = await placed();
    const { tagging, ec2, VpcId, account } = p;
    const arn = `arn:aws:ec2:us-west-2:${account.accountId}:vpc/${VpcId}`;
    await tagging.send(new Tagging.TagResourcesCommand({ ResourceARNList: [arn], Tags: { stack: 'one' } }));
    expect(
      (await ec2.send(new EC2.DescribeVpcsCommand({ Filters: [{ Name: 'tag:stack', Values: ['one'] }] }))).Vpcs,
    ).toHaveLength(1);
    const { ResourceTagMappingList } = await tagging.send(
      new Tagging.GetResourcesCommand({
        TagFilters: [{ Key: 'stack', Values: ['one'] }],
        ResourceTypeFilters: ['ec2:vpc'],
        ResourcesPerPage: 10,
      }),
    );
    expect(ResourceTagMappingList).toEqual([{ ResourceARN: arn, Tags: [{ Key: 'stack', Value: 'one' }] }]);
    expect((await tagging.send(new Tagging.GetTagValuesCommand({ Key: 'stack' }))).TagValues).toEqual(['one']);
    await tagging.send(new Tagging.UntagResourcesCommand({ ResourceARNList: [arn], TagKeys: ['stack'] }));
    expect((await tagging.send(new Tagging.GetTagKeysCommand({}))).TagKeys).toEqual([]);
  });

  test('identity and temporary credentials', async () => {
    const { sts, iam, account } = world();
    await iam.send(
      new IAM.CreateRoleCommand({
        RoleName: 'deployer',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account.accountId}:root` }, Action: 'sts:AssumeRole' },
          ],
        }),
      }),
    );
    const assumed = await sts.send(
      new STS.AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${account.accountId}:role/deployer`,
        RoleSessionName: 'me',
        DurationSeconds: 900,
      }),
    );
    expect(assumed.Credentials).toMatchObject({
      AccessKeyId: expect.stringMatching(/^ASIA/),
      Expiration: expect.any(Date),
      SessionToken: expect.any(String),
    });
    expect((await sts.send(new STS.GetSessionTokenCommand({}))).Credentials).toBeDefined();
    await refused(
      sts.send(new STS.DecodeAuthorizationMessageCommand({ EncodedMessage: 'x' })),
      'InvalidAuthorizationMessageException',
    );
    await refused(
      sts.send(
        new STS.AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account.accountId}:role/none`, RoleSessionName: 'me' }),
      ),
      'AccessDenied 403',
    );
  });
});

describe('what is refused everywhere', () => {
  const cases: [string, string, (w: World) => Promise<unknown>][] = [];
  const no = (title: string, code: string, call: (w: World) => Promise<unknown>) => cases.push([title, code, call]);
  no('an unknown parameter', 'ParameterNotFound', ({ ssm }) =>
    ssm.send(new SSM.GetParameterCommand({ Name: '/none' })),
  );
  no('a parameter below /aws', 'AccessDeniedException', ({ ssm }) =>
    ssm.send(new SSM.PutParameterCommand({ Name: '/aws/x', Value: 'x', Type: 'String' })),
  );
  no('a value that is too long', 'ValidationException', ({ ssm }) =>
    ssm.send(new SSM.PutParameterCommand({ Name: '/x', Value: 'x'.repeat(4097), Type: 'String' })),
  );
  no('a parameter without type', 'ValidationException', ({ ssm }) =>
    ssm.send(new SSM.PutParameterCommand({ Name: '/x', Value: 'x' })),
  );
  no('an unknown document', 'InvalidDocument', ({ ssm }) =>
    ssm.send(new SSM.SendCommandCommand({ DocumentName: 'None', InstanceIds: ['i-0123456789abcdef0'] })),
  );
  no('an unknown command', 'InvocationDoesNotExist', ({ ssm }) =>
    ssm.send(
      new SSM.GetCommandInvocationCommand({
        CommandId: '01234567-0123-0123-0123-0123456789ab',
        InstanceId: 'i-0123456789abcdef0',
      }),
    ),
  );
  no('a session with nothing', 'TargetNotConnected', ({ ssm }) =>
    ssm.send(new SSM.StartSessionCommand({ Target: 'i-0123456789abcdef0' })),
  );
  no('no parameters at all', 'ValidationException', ({ ssm }) => ssm.send(new SSM.GetParametersCommand({ Names: [] })));
  no('prices of nothing', 'InvalidParameterException', ({ pricing }) =>
    pricing.send(new Pricing.GetProductsCommand({ ServiceCode: 'None' })),
  );
  no('a quota asked down', 'IllegalArgumentException', ({ quotas }) =>
    quotas.send(
      new Quotas.RequestServiceQuotaIncreaseCommand({ ServiceCode: 'vpc', QuotaCode: 'L-F678F1CE', DesiredValue: 1 }),
    ),
  );

  test.each(cases)('%s: %s', async (_title, code, call) => {
    await refused(call(world()), code);
  });
});
