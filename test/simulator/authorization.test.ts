import {
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteVpcCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateFileSystemCommand, EFSClient } from '@aws-sdk/client-efs';
import { CreateLoadBalancerCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateUserCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateDBClusterCommand, CreateDBSubnetGroupCommand, RDSClient } from '@aws-sdk/client-rds';
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DecodeAuthorizationMessageCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { Account } from '../../src/simulator/account.ts';
import { type AttachableClient, attach } from '../../src/simulator/attach.ts';
import type { AuthorizationRequest } from '../../src/simulator/authorization/index.ts';
import { type PolicyStatement, parsePolicy } from '../../src/simulator/iam/documents.ts';
import { nouns } from '../../src/simulator/nouns.ts';

const config = { region: 'us-west-2', maxAttempts: 1 };
const tags = [{ Key: 'airflow-aws:name', Value: 'pms' }];
const vpcTags = [{ ResourceType: 'vpc' as const, Tags: tags }];
const vpcs = 'arn:aws:ec2:us-west-2:123456789012:vpc/*';

/** An account in which the caller may do what `statements` say and nothing else. */
function held(...statements: PolicyStatement[]) {
  const checked = statements.length === 0 ? [] : parsePolicy(JSON.stringify({ Statement: statements }), 'identity');
  const requests: AuthorizationRequest[] = [];
  const account = new Account(nouns, { statements: checked, onAuthorization: (one) => requests.push(one) });
  const attached = <Client extends AttachableClient>(client: Client): Client => {
    attach(account, client, { unattended: true });
    return client;
  };
  return { requests, attached, ec2: attached(new EC2Client(config)) };
}

const refused = (call: Promise<unknown>) =>
  call.then(
    () => ({ name: 'allowed', message: '', $metadata: { httpStatusCode: 200 } }),
    (error: Error & { $metadata: { httpStatusCode: number } }) => error,
  );

describe('a caller who is held to a policy', () => {
  test('may do nothing that no statement allows, and every service says so in its own way', async () => {
    const { attached, ec2 } = held();
    const answers = {
      ec2: refused(ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))),
      rds: refused(
        attached(new RDSClient(config)).send(
          new CreateDBSubnetGroupCommand({ DBSubnetGroupName: 'a', DBSubnetGroupDescription: 'b', SubnetIds: ['c'] }),
        ),
      ),
      elasticache: refused(
        attached(new ElastiCacheClient(config)).send(
          new CreateUserCommand({ UserId: 'a', UserName: 'b', Engine: 'valkey', AccessString: 'on' }),
        ),
      ),
      elbv2: refused(
        attached(new ElasticLoadBalancingV2Client(config)).send(new CreateLoadBalancerCommand({ Name: 'a' })),
      ),
      efs: refused(attached(new EFSClient(config)).send(new CreateFileSystemCommand({ CreationToken: 'a' }))),
      iam: refused(
        attached(new IAMClient(config)).send(new CreateRoleCommand({ RoleName: 'a', AssumeRolePolicyDocument: '{}' })),
      ),
      ssm: refused(attached(new SSMClient(config)).send(new GetParameterCommand({ Name: '/a' }))),
      s3: refused(attached(new S3Client(config)).send(new CreateBucketCommand({ Bucket: 'a-bucket' }))),
    };
    const names = await Promise.all(
      Object.entries(answers).map(async ([service, answer]) => [service, (await answer).name]),
    );
    expect(Object.fromEntries(names)).toEqual({
      ec2: 'UnauthorizedOperation',
      rds: 'AccessDenied',
      elasticache: 'AccessDenied',
      elbv2: 'AccessDenied',
      efs: 'AccessDeniedException',
      iam: 'AccessDenied',
      ssm: 'AccessDeniedException',
      s3: 'AccessDenied',
    });
    expect((await answers.ssm).message).toContain(
      'not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm',
    );
    const head = await refused(attached(new S3Client(config)).send(new HeadBucketCommand({ Bucket: 'a-bucket' })));
    expect(head.$metadata.httpStatusCode).toBe(403);
    expect(head.message).not.toContain('s3:');
    const who = await attached(new STSClient(config)).send(new GetCallerIdentityCommand({}));
    expect(who.Account).toBe('123456789012');
  });

  test('learns from EC2 what is missing by having the refusal decoded', async () => {
    const { attached, ec2 } = held({ Effect: 'Allow', Action: 'sts:*', Resource: '*' });
    const { message } = await refused(ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' })));
    const [, EncodedMessage] = /failure message: (\S+)/.exec(message) ?? [];
    const { DecodedMessage } = await attached(new STSClient(config)).send(
      new DecodeAuthorizationMessageCommand({ EncodedMessage }),
    );
    expect(JSON.parse(DecodedMessage!)).toMatchObject({
      explicitDeny: false,
      context: { action: 'ec2:CreateVpc', resource: vpcs },
    });
  });

  test('tags what is made only where tagging at that creation is allowed too', async () => {
    const create = { Effect: 'Allow' as const, Action: 'ec2:CreateVpc', Resource: vpcs };
    const tag = (action: string): PolicyStatement => ({
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: '*',
      Condition: { StringEquals: { 'ec2:CreateAction': action } },
    });
    const call = new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications: vpcTags });
    expect((await refused(held(create).ec2.send(call))).name).toBe('UnauthorizedOperation');
    expect((await refused(held(create, tag('CreateSubnet')).ec2.send(call))).name).toBe('UnauthorizedOperation');
    expect((await refused(held(create, tag('CreateVpc')).ec2.send(call))).name).toBe('allowed');
  });

  test('is held to the tags of the request, to those of the thing, and to the region', async () => {
    const { ec2 } = held(
      {
        Effect: 'Allow',
        Action: ['ec2:CreateVpc', 'ec2:CreateTags'],
        Resource: vpcs,
        Condition: { StringEquals: { 'aws:RequestedRegion': 'us-west-2' } },
      },
      {
        Effect: 'Allow',
        Action: 'ec2:Delete*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/airflow-aws:name': 'pms' } },
      },
      {
        Effect: 'Deny',
        Action: 'ec2:CreateTags',
        Resource: '*',
        Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['owner'] } },
      },
    );
    const ours = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications: vpcTags }));
    const bare = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    const remove = (VpcId: string | undefined) => refused(ec2.send(new DeleteVpcCommand({ VpcId })));
    expect((await remove(bare.Vpc?.VpcId)).name).toBe('UnauthorizedOperation');
    expect((await remove(ours.Vpc?.VpcId)).name).toBe('allowed');
    expect((await remove('vpc-0123456789abcdef0')).name).toBe('InvalidVpcID.NotFound');
    const owner = new CreateTagsCommand({ Resources: [bare.Vpc!.VpcId!], Tags: [{ Key: 'owner', Value: 'me' }] });
    const { message } = await refused(ec2.send(owner));
    const decoded = JSON.parse(Buffer.from(/message: (\S+)/.exec(message)![1]!, 'base64url').toString());
    expect(decoded).toMatchObject({ explicitDeny: true, context: { action: 'ec2:CreateTags' } });
  });

  test('is asked about every single thing that a launch makes and uses, and about the role in it', async () => {
    const { ec2, requests, attached } = held({ Effect: 'Allow', Action: '*', Resource: '*' });
    const name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const { Parameter } = await attached(new SSMClient(config)).send(new GetParameterCommand({ Name: name }));
    await refused(
      ec2.send(
        new RunInstancesCommand({
          ImageId: Parameter!.Value!,
          MinCount: 1,
          MaxCount: 1,
          InstanceType: 't3.micro',
          TagSpecifications: [{ ResourceType: 'instance', Tags: tags }],
        }),
      ),
    );
    const asked = requests.filter(({ action }) => action.startsWith('ec2:'));
    expect(asked.map(({ action, resource }) => `${action} ${resource.split(':')[5]?.split('/')[0]}`)).toEqual([
      'ec2:RunInstances instance',
      'ec2:RunInstances volume',
      'ec2:RunInstances network-interface',
      'ec2:RunInstances image',
      'ec2:CreateTags instance',
    ]);
    expect(asked[3]?.context['ec2:Owner']).toEqual(['amazon']);
    expect(asked[0]?.context['aws:RequestTag/airflow-aws:name']).toEqual(['pms']);
    expect(asked[1]?.context['aws:RequestTag/airflow-aws:name']).toBeUndefined();
    expect(requests[0]?.resource).toBe(`arn:aws:ssm:us-west-2::parameter${name}`);
  });

  test('lets a service make its own role at its first use only where that is allowed', async () => {
    const create = { Effect: 'Allow' as const, Action: ['elasticache:*', 'rds:*'], Resource: '*' };
    const { attached } = held(create);
    const { message } = await refused(
      attached(new RDSClient(config)).send(
        new CreateDBClusterCommand({
          DBClusterIdentifier: 'a',
          Engine: 'aurora-mysql',
        }),
      ),
    );
    expect(message).toContain('not authorized to perform: iam:CreateServiceLinkedRole on resource:');
    expect(message).toContain('role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS');
  });
});
