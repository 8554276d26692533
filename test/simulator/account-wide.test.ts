import { CreateVpcCommand, DeleteVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetAttributeValuesCommand, GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import {
  GetResourcesCommand,
  GetTagKeysCommand,
  paginateGetResources,
  ResourceGroupsTaggingAPIClient,
  TagResourcesCommand,
  UntagResourcesCommand,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { CreateBucketCommand, GetBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ListRequestedServiceQuotaChangeHistoryCommand,
  ListServiceQuotasCommand,
  RequestServiceQuotaIncreaseCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import {
  AssumeRoleCommand,
  DecodeAuthorizationMessageCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';

const options = { region: 'us-west-2', maxAttempts: 1 };
const trust = (Principal: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] });

describe('identity in the simulated account', () => {
  test('the caller is a user of the account and gets temporary credentials', async () => {
    const client = simulatedAccount().attach(new STSClient(options));
    expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '123456789012',
      Arn: 'arn:aws:iam::123456789012:user/rehearsal',
    });
    const { Credentials } = await client.send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
    expect(Credentials?.AccessKeyId).toMatch(/^ASIA/);
    const message = new DecodeAuthorizationMessageCommand({ EncodedMessage: 'nonsense' });
    await expect(client.send(message)).rejects.toMatchObject({ name: 'InvalidAuthorizationMessageException' });
  });

  test('a role is assumed only if it trusts the account, and not for longer than it allows', async () => {
    const account = simulatedAccount();
    const client = account.attach(new STSClient(options));
    const iam = account.attach(new IAMClient(options));
    const role = (RoleName: string, principal: object) =>
      iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust(principal) }));
    await role('mine', { AWS: 'arn:aws:iam::123456789012:root' });
    await role('ec2', { Service: 'ec2.amazonaws.com' });
    const assume = (name: string, DurationSeconds = 3600) =>
      client.send(
        new AssumeRoleCommand({
          RoleArn: `arn:aws:iam::123456789012:role/${name}`,
          RoleSessionName: 'x1',
          DurationSeconds,
        }),
      );
    expect((await assume('mine')).AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/mine/x1');
    for (const name of ['ec2', 'none'])
      await expect(assume(name)).rejects.toMatchObject({ Code: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    await expect(assume('mine', 7200)).rejects.toMatchObject({ Code: 'ValidationError' });
  });
});

describe('quotas of the simulated account', () => {
  test('the applied value and the default of AWS are two things, and unknown codes are refused', async () => {
    const client = simulatedAccount().attach(new ServiceQuotasClient(options));
    const vcpus = { ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' };
    expect((await client.send(new GetServiceQuotaCommand(vcpus))).Quota?.Value).toBe(64);
    expect((await client.send(new GetAWSDefaultServiceQuotaCommand(vcpus))).Quota?.Value).toBe(5);
    const unknown = { name: 'NoSuchResourceException', $metadata: { httpStatusCode: 400 } };
    await expect(client.send(new GetServiceQuotaCommand({ ...vcpus, QuotaCode: 'L-00000000' }))).rejects.toMatchObject(
      unknown,
    );
    await expect(client.send(new ListServiceQuotasCommand({ ServiceCode: 'none' }))).rejects.toMatchObject(unknown);
    const first = await client.send(new ListServiceQuotasCommand({ ServiceCode: 'vpc', MaxResults: 3 }));
    expect([first.Quotas?.length, typeof first.NextToken]).toEqual([3, 'string']);
  });

  test('an increase is granted after a while, once', async () => {
    const account = simulatedAccount();
    const client = account.attach(new ServiceQuotasClient(options));
    const vpcs = { ServiceCode: 'vpc', QuotaCode: 'L-F678F1CE' };
    const request = (DesiredValue: number) =>
      client.send(new RequestServiceQuotaIncreaseCommand({ ...vpcs, DesiredValue }));
    await expect(request(5)).rejects.toMatchObject({ name: 'IllegalArgumentException' });
    expect((await request(10)).RequestedQuota?.Status).toBe('PENDING');
    await expect(request(12)).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
    await account.clock.sleep(3_600_000);
    expect((await client.send(new GetServiceQuotaCommand(vpcs))).Quota?.Value).toBe(10);
    const { RequestedQuotas } = await client.send(
      new ListRequestedServiceQuotaChangeHistoryCommand({ ServiceCode: 'vpc' }),
    );
    expect(RequestedQuotas).toMatchObject([{ Status: 'APPROVED', DesiredValue: 10 }]);
  });
});

describe('prices of the simulated account', () => {
  test("a product is JSON in a string, in the price list's own shape", async () => {
    const client = simulatedAccount().attach(new PricingClient({ region: 'us-east-1', maxAttempts: 1 }));
    const match = (Field: string, Value: string) => ({ Type: 'TERM_MATCH' as const, Field, Value });
    const Filters = [
      match('instanceType', 't3.large'),
      match('regionCode', 'us-west-2'),
      match('operatingSystem', 'Linux'),
    ];
    const { PriceList } = await client.send(new GetProductsCommand({ ServiceCode: 'AmazonEC2', Filters }));
    expect(PriceList).toHaveLength(1);
    const { product, terms } = JSON.parse(String(PriceList?.[0]));
    expect(product.attributes).toMatchObject({
      instanceType: 't3.large',
      location: 'US West (Oregon)',
      usagetype: 'USW2-BoxUsage:t3.large',
    });
    const [offer] = Object.values<{ priceDimensions: object }>(terms.OnDemand);
    expect(Object.values(offer?.priceDimensions ?? {})).toMatchObject([
      { unit: 'Hrs', pricePerUnit: { USD: '0.0832000000' } },
    ]);
    const engines = await client.send(
      new GetAttributeValuesCommand({ ServiceCode: 'AmazonElastiCache', AttributeName: 'cacheEngine' }),
    );
    expect(engines.AttributeValues).toEqual([{ Value: 'Redis' }, { Value: 'Valkey' }]);
    await expect(client.send(new GetProductsCommand({ ServiceCode: 'None' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  test('there is no price list in most regions', async () => {
    const client = simulatedAccount().attach(new PricingClient(options));
    await expect(client.send(new GetProductsCommand({ ServiceCode: 'AmazonEC2' }))).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });
});

describe('tags across the services of the simulated account', () => {
  test('resources of several services are found by tag, IAM never', async () => {
    const account = simulatedAccount();
    const client = account.attach(new ResourceGroupsTaggingAPIClient(options));
    const ec2 = account.attach(new EC2Client(options));
    const s3 = account.attach(new S3Client(options));
    const iam = account.attach(new IAMClient(options));
    const Tags = [{ Key: 'stack', Value: 'one' }];
    const { Vpc } = await ec2.send(
      new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications: [{ ResourceType: 'vpc', Tags }] }),
    );
    const CreateBucketConfiguration = { LocationConstraint: 'us-west-2' as const, Tags };
    await s3.send(new CreateBucketCommand({ Bucket: 'pms-bucket', CreateBucketConfiguration }));
    await iam.send(
      new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust({ Service: 'ec2.amazonaws.com' }), Tags }),
    );
    const vpcArn = `arn:aws:ec2:us-west-2:123456789012:vpc/${Vpc?.VpcId}`;
    const TagFilters = [{ Key: 'stack', Values: ['one'] }];
    const arns: (string | undefined)[] = [];
    for await (const page of paginateGetResources({ client, pageSize: 1 }, { TagFilters }))
      arns.push(...(page.ResourceTagMappingList ?? []).map(({ ResourceARN }) => ResourceARN));
    expect(arns.sort()).toEqual([vpcArn, 'arn:aws:s3:::pms-bucket']);
    const only = await client.send(new GetResourcesCommand({ TagFilters, ResourceTypeFilters: ['s3'] }));
    expect(only.ResourceTagMappingList).toHaveLength(1);

    const ResourceARNList = ['arn:aws:s3:::pms-bucket', 'arn:aws:s3:::none'];
    const tagged = await client.send(new TagResourcesCommand({ ResourceARNList, Tags: { more: '1' } }));
    expect(Object.keys(tagged.FailedResourcesMap ?? {})).toEqual(['arn:aws:s3:::none']);
    expect((await client.send(new GetTagKeysCommand({}))).TagKeys).toEqual(['more', 'stack']);
    await client.send(new UntagResourcesCommand({ ResourceARNList: ['arn:aws:s3:::pms-bucket'], TagKeys: ['stack'] }));
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket: 'pms-bucket' }))).TagSet).toEqual([
      { Key: 'more', Value: '1' },
    ]);
    await ec2.send(new DeleteVpcCommand({ VpcId: Vpc?.VpcId }));
  });
});
