import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeRouteTablesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { EFSClient } from '@aws-sdk/client-efs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { IAMClient } from '@aws-sdk/client-iam';
import { PricingClient } from '@aws-sdk/client-pricing';
import { RDSClient } from '@aws-sdk/client-rds';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import { type AccountOptions, simulatedAccount } from '../../../src/simulator/index.ts';

/** For the SDK's own waiters: the account's clock is virtual, so a question asked again lets a poll interval pass. */
export const polling = { maxWaitTime: 20, minDelay: 0.001, maxDelay: 0.002 };

/** A new account with a client for each service that it covers, as somebody outside this project makes them. */
export function world(options: AccountOptions = {}, region = 'us-west-2') {
  const account = simulatedAccount(options);
  const config = { region, maxAttempts: 1 };
  return {
    account,
    ec2: account.attach(new EC2Client(config)),
    rds: account.attach(new RDSClient(config)),
    elasticache: account.attach(new ElastiCacheClient(config)),
    efs: account.attach(new EFSClient(config)),
    elb: account.attach(new ElasticLoadBalancingV2Client(config)),
    s3: account.attach(new S3Client(config)),
    iam: account.attach(new IAMClient(config)),
    sts: account.attach(new STSClient(config)),
    ssm: account.attach(new SSMClient(config)),
    quotas: account.attach(new ServiceQuotasClient(config)),
    pricing: account.attach(new PricingClient({ ...config, region: 'us-east-1' })),
    tagging: account.attach(new ResourceGroupsTaggingAPIClient(config)),
  };
}

export type World = ReturnType<typeof world>;

/** A VPC with a public subnet, two private ones in two zones, an internet gateway and a security group. */
export async function placed(w: World = world()) {
  const { ec2 } = w;
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const VpcId = Vpc!.VpcId!;
  const subnet = async (CidrBlock: string, AvailabilityZone: string) =>
    (await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone }))).Subnet!.SubnetId!;
  const publicSubnet = await subnet('10.0.1.0/24', 'us-west-2a');
  const a = await subnet('10.0.2.0/24', 'us-west-2a');
  const c = await subnet('10.0.3.0/24', 'us-west-2c');
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  const main = [
    { Name: 'vpc-id', Values: [VpcId] },
    { Name: 'association.main', Values: ['true'] },
  ];
  const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters: main }));
  const RouteTableId = RouteTables![0]!.RouteTableId!;
  await ec2.send(
    new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId }),
  );
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: 'nodes', Description: 'Nodes', VpcId }),
  );
  return { ...w, VpcId, publicSubnet, a, c, InternetGatewayId, mainRouteTableId: RouteTableId, GroupId: GroupId! };
}

export type Place = Awaited<ReturnType<typeof placed>>;

/** Asks again until the answer is as wished. */
export async function until<Answer>(ask: () => Promise<Answer>, done: (answer: Answer) => unknown): Promise<Answer> {
  const end = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (done(answer)) return answer;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** `name`, or `name code`, or either with an HTTP status: what the SDK's exception says. The status is 400 unless said. */
export function refused(call: Promise<unknown>, expected: string) {
  const [name, ...rest] = expected.split(' ');
  const code = rest.find((word) => !/^\d+$/.test(word));
  const status = Number(rest.find((word) => /^\d+$/.test(word)) ?? 400);
  return expect(call).rejects.toMatchObject({
    name,
    ...(code === undefined ? {} : { Code: code }),
    $metadata: { httpStatusCode: status },
  });
}

/** A policy that lets `Service` assume the role. */
export const trust = (Service = 'ec2.amazonaws.com') =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
  });
