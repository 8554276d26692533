import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cliCommand, cliName } from '../../src/commands/cli-words.ts';
import { stepReasons } from '../../src/commands/step-reasons.ts';
import { up } from '../../src/commands/up.ts';
import { steps } from '../../src/steps/index.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

interface Explained {
  number: number;
  why: string;
  resources: { key: string; calls: { operation: string; cli: string }[]; onServers: string[] }[];
}

async function explained(settings: string, flags: object = {}): Promise<{ steps: Explained[]; text: string }> {
  const directory = temporaryFolder();
  if (settings !== '') writeFileSync(join(directory, 'airflow-aws.yaml'), settings);
  const io = ioIn(directory, { json: true });
  expect(await up(io, { explain: true, ...flags })).toBe(0);
  expect(readdirSync(directory)).toEqual(settings === '' ? [] : ['airflow-aws.yaml']);
  return { steps: io.data<{ steps: Explained[] }>().steps, text: io.lines.join('\n') };
}

const clis = (all: Explained[], key: string) =>
  all
    .flatMap(({ resources }) => resources.filter((one) => one.key === key))
    .flatMap(({ calls }) => calls.map(({ cli }) => cli));

describe('up --explain', () => {
  let usual: Awaited<ReturnType<typeof explained>>;
  beforeAll(async () => {
    usual = await explained('');
  });

  test('gives the commands of the AWS CLI that do what each resource does, by the settings', async () => {
    expect(clis(usual.steps, 'privateSubnetC').join()).toMatch(
      /^aws ec2 create-subnet --vpc-id '<VPC>' --cidr-block 10\.0\.3\.0\/24 --availability-zone us-west-2c --tag-specifications /,
    );
    expect(clis(usual.steps, 'natGateway')[1]).toBe(
      "aws ec2 create-route --route-table-id '<private route table>' --destination-cidr-block 0.0.0.0/0 --nat-gateway-id '<NAT gateway>'",
    );
    expect(clis(usual.steps, 'nodeA')[0]).toContain('--count 1 ');
    expect(clis(usual.steps, 'nodeATarget')[0]).toContain("--target-group-arn '<target group>'");
    const other = await explained('region: eu-west-1\nzones: [a, b]\nnetwork: { vpcCidr: 10.0.0.0/17 }\n', {
      until: '2',
    });
    expect(clis(other.steps, 'vpc')[0]).toContain('--cidr-block 10.0.0.0/17');
    expect(other.steps.map(({ number }) => number)).toEqual([1, 2]);
  });

  test('leaves no resource out that makes a call, and tells what is done on the servers', () => {
    const silent = usual.steps
      .flatMap(({ resources }) => resources)
      .filter(({ calls, onServers }) => calls.length + onServers.length === 0)
      .map(({ key }) => key);
    // Found, proved, and on the image already.
    expect(silent.filter((key) => !['baseImage', 'cluster', 'nodeCSoftware'].includes(key))).toEqual([]);
    const software = usual.steps.at(-1)!.resources.find(({ key }) => key === 'nodeASoftware');
    expect(software?.onServers.join()).toMatch(/a: install/);
  });

  test('shows no secret, no id of the rehearsal and no tag of ours', () => {
    expect(usual.text).toContain('--master-user-password');
    expect(usual.text).not.toMatch(/SECRET|PRIVATE KEY/);
    expect(usual.text.match(/\b(vpc|subnet|igw|rtb|eipalloc|nat|sg|i|ami|fs|fsmt)-[0-9a-f]{8,}/g)).toBeNull();
    expect(usual.text).not.toMatch(/123456789012|203\.0\.113\.10/);
    expect(usual.text).not.toContain('airflow-aws:stack');
  });

  test('names the VPC that is used, and makes nothing of it', async () => {
    const { steps: all } = await explained(
      'vpc: { use: vpc-0abcdef0, publicSubnet: subnet-0abcdef0, privateSubnets: [subnet-0abcdefa, subnet-0abcdefc] }\n',
    );
    expect(all.filter(({ resources }) => resources.length === 0).map(({ number }) => number)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    expect(clis(all, 'publicSecurityGroup')[0]).toContain('--vpc-id vpc-0abcdef0');
    expect(clis(all, 'nodeA')[0]).toContain('"SubnetId":"subnet-0abcdefa"');
  });

  test('has a reason for every step', () => {
    expect(Object.keys(stepReasons).map(Number)).toEqual(steps.map(({ number }) => number));
  });
});

describe('the words of the AWS CLI', () => {
  test.each([
    ['CreateDBCluster', 'create-db-cluster'],
    ['DBClusterIdentifier', 'db-cluster-identifier'],
    ['VpcSecurityGroupIds', 'vpc-security-group-ids'],
    ['TargetGroupARNs', 'target-group-arns'],
    ['EnableIAMDatabaseAuthentication', 'enable-iam-database-authentication'],
    ['MultiAZEnabled', 'multi-az-enabled'],
    ['KmsKeyId', 'kms-key-id'],
  ])('%s is %s', (name, words) => expect(cliName(name)).toBe(words));

  test('are one flag for each value, quoted for a shell', () => {
    const input = {
      Name: "it's",
      On: true,
      Off: false,
      Count: 3,
      Ids: ['a', 'b c'],
      Deep: { X: [1] },
      ClientToken: 't',
    };
    expect(cliCommand('s3', 'PutThing', { ...input, Left: undefined })).toBe(
      "aws s3api put-thing --name 'it'\\''s' --on --no-off --count 3 --ids a 'b c' --deep '{\"X\":[1]}'",
    );
    expect(cliCommand('ec2', 'RunInstances', { MinCount: 1, MaxCount: 2 })).toBe('aws ec2 run-instances --count 1:2');
  });
});
