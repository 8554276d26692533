import {
  CreateImageCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Aws } from '../../src/aws.ts';
import { schema } from '../../src/config/schema.ts';
import type { AnyResource } from '../../src/engine/resource.ts';
import { userError } from '../../src/errors.ts';
import type { Command } from '../../src/hosts/command.ts';
import { nodeUnits } from '../../src/hosts/components.ts';
import { type Shell, shellError } from '../../src/hosts/shell.ts';
import { names } from '../../src/names.ts';
import { bastionServer } from '../../src/steps/16-airflow/bastion-server.ts';
import { cluster } from '../../src/steps/16-airflow/cluster.ts';
import { image } from '../../src/steps/16-airflow/image.ts';
import step16 from '../../src/steps/16-airflow/index.ts';
import { nodeC, nodeCTarget } from '../../src/steps/16-airflow/node-c.ts';
import { nodeAServices, nodeCConfiguration } from '../../src/steps/16-airflow/nodes.ts';
import { airflowSecrets } from '../../src/steps/16-airflow/secrets.ts';

const ec2 = mockClient(EC2Client);
const elbv2 = mockClient(ElasticLoadBalancingV2Client);
const ssm = mockClient(SSMClient);

const config = schema.parse({});
const region = 'us-west-2';
const tags = [
  { Key: 'Name', Value: 'x' },
  { Key: 'airflow-aws:stack', Value: 's-1' },
  { Key: 'airflow-aws:resource', Value: 'image' },
];

/** What ran on which server, in order; `answer` may say what a server prints, or throw. */
class Servers implements Shell {
  readonly ran: string[] = [];
  readonly commands: Command[] = [];
  readonly markers = new Map<string, string>();
  answer: (host: string, command: Command) => string | undefined = () => undefined;

  async run(...[host, command]: Parameters<Shell['run']>) {
    const given = this.answer(host.name, command);
    this.ran.push(`${host.name}: ${command.title}`);
    this.commands.push(command);
    if (command.kind === 'files')
      for (const { path, source } of command.files)
        if (path.startsWith('/var/lib/airflow-aws/')) this.markers.set(path, 'content' in source ? source.content : '');
    if (command.kind === 'read') return { stdout: given ?? this.markers.get(command.path) ?? '' };
    return { stdout: given ?? '' };
  }
}

let servers: Servers;

function aws(changes: Partial<Aws> = {}): Aws {
  let looks = 0;
  return {
    ec2: new EC2Client({ region }),
    elbv2: new ElasticLoadBalancingV2Client({ region }),
    ssm: new SSMClient({ region }),
    config,
    names: names(config, '123456789012'),
    account: { accountId: '123456789012', region, partition: 'aws' },
    shell: servers,
    clock: { now: () => 0, sleep: async () => {} },
    tags,
    tagSpecifications: (...types: string[]) => types.map((ResourceType) => ({ ResourceType, Tags: tags })),
    token: 't'.repeat(40),
    recorded: undefined,
    isOurs: (given: typeof tags | undefined) => given?.some(({ Value }) => Value === 's-1') ?? false,
    ask: (client: EC2Client, command: never) => client.send(command),
    seek: async () => undefined,
    async wait(what: { for: string }, look: () => Promise<unknown>) {
      for (looks = 0; looks < 20; looks++) {
        const found = await look();
        if (found !== undefined) return found;
      }
      throw userError({ code: 'timed-out', exitCode: 1, what: `waited for ${what.for}`, why: '', fix: '' });
    },
    inTurn: (work: () => Promise<unknown>) => work(),
    randomText: (length: number) => 'r'.repeat(length),
    prices: () => undefined,
    ...changes,
  } as unknown as Aws;
}

const bastion = { instanceId: 'i-0b', publicIp: '198.51.100.7', privateIp: '10.0.1.4' };
const nodeA = { instanceId: 'i-0a', privateIp: '10.0.2.10' };
const loadBalancer = {
  loadBalancerArn: 'arn:lb',
  loadBalancerName: 'pms-airflow-alb',
  dnsName: 'internal-pms.us-west-2.elb.amazonaws.com',
};

beforeEach(() => {
  for (const mock of [ec2, elbv2, ssm]) mock.reset();
  servers = new Servers();
  ec2.on(DescribeInstanceStatusCommand).resolves({ InstanceStatuses: [] });
  const running = (InstanceId: string, addresses: object) => ({
    InstanceId,
    State: { Name: 'running' as const },
    ...addresses,
  });
  ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [
      {
        Instances: [
          running('i-0b', { PublicIpAddress: '198.51.100.7', PrivateIpAddress: '10.0.1.4' }),
          running('i-0a', { PrivateIpAddress: '10.0.2.10' }),
          running('i-0c', { PrivateIpAddress: '10.0.3.10' }),
        ],
      },
    ],
  });
});

/** Everything that must be finished before `resource`, near and far. */
function neededBy(resource: AnyResource, found = new Set<string>()): Set<string> {
  for (const need of Object.values(resource.needs as Record<string, AnyResource>)) {
    found.add(need.key);
    neededBy(need, found);
  }
  return found;
}

describe('the order of STEP 16', () => {
  it('takes the image without waiting for database, cache, load balancer or file system', () => {
    const needed = neededBy(image as AnyResource);
    for (const key of ['dbCluster', 'dbInstance', 'replicationGroup', 'loadBalancer', 'fileSystem', 'database'])
      expect(needed).not.toContain(key);
    expect(needed).toContain('natGateway');
  });

  it('configures node c without waiting for the migrated database, or for anything of node a but its image', () => {
    const needed = neededBy(nodeCConfiguration as AnyResource);
    for (const key of ['database', 'dbInstance', 'nodeAConfiguration', 'nodeAServices', 'mountTargetA'])
      expect(needed).not.toContain(key);
    expect(needed).toContain('mountTargetC');
  });

  it('starts services only where the database was migrated', () => {
    expect(neededBy(nodeAServices as AnyResource)).toContain('database');
  });

  it('ends with the proof, which needs everything else of the step', () => {
    const last = step16.resources.at(-1)!;
    expect(last.key).toBe('cluster');
    const needed = neededBy(last);
    for (const { key } of step16.resources.slice(0, -1)) expect(needed).toContain(key);
  });
});

describe('the secrets', () => {
  it('are one SecureString, made once, with a key that Fernet takes', async () => {
    ssm.on(PutParameterCommand).resolves({});
    expect(await airflowSecrets.create(aws(), {})).toEqual({ parameterName: '/airflow-aws/pms/airflow-secrets' });
    const { Value, Type, Overwrite } = ssm.commandCalls(PutParameterCommand)[0]!.args[0].input;
    expect({ Type, Overwrite }).toEqual({ Type: 'SecureString', Overwrite: undefined });
    const secrets = JSON.parse(Value!);
    expect(secrets.fernetKey).toMatch(/^[\w-]{43}=$/);
    expect(Buffer.from(secrets.fernetKey, 'base64url')).toHaveLength(32);
    expect(Object.keys(secrets).sort()).toEqual([
      'adminPassword',
      'apiSecretKey',
      'databasePassword',
      'fernetKey',
      'flowerPassword',
      'jwtSecret',
      'userPassword',
    ]);
  });
});

describe('work on a server', () => {
  const needs = { bastion, loadBalancer };

  it('is not there before it was done, and is there after it', async () => {
    expect(await bastionServer.find(aws(), needs)).toBeUndefined();
    const identity = await bastionServer.create(aws(), needs);
    expect(identity.instanceId).toBe('i-0b');
    expect(await bastionServer.find(aws(), needs)).toEqual(identity);
  });

  it('is noted only after its last command', async () => {
    await bastionServer.create(aws(), needs);
    expect(servers.ran.at(-1)).toBe('bastion: note what was done');
    expect(servers.ran.at(-2)).toBe('bastion: restart nginx.service');
  });

  it('that broke off in the middle is not taken for done', async () => {
    servers.answer = (host, command) => {
      if (command.kind === 'units')
        throw shellError('failed', { name: host, instanceId: 'i-0b', address: '', user: '' }, command, 'no');
      return undefined;
    };
    await expect(bastionServer.create(aws(), needs)).rejects.toMatchObject({ code: 'host-command-failed' });
    expect(await bastionServer.find(aws(), needs)).toBeUndefined();
  });

  it('is done again when a setting that it follows from changes, and left alone when another does', async () => {
    const identity = await bastionServer.create(aws(), needs);
    const compare = (changes: object) =>
      bastionServer.compare!(aws({ config: { ...config, ...changes } }), identity, needs);
    expect(await compare({ tags: { team: 'data' } })).toEqual([]);
    const [difference, ...others] = await compare({ tls: { mode: 'off' } });
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ attribute: 'tls.mode', is: 'self-signed', wanted: 'off' });
    const { length } = servers.ran;
    await (difference!.mend as () => Promise<unknown>)();
    expect(servers.ran.slice(length)).toContain('bastion: restart nginx.service');
    expect(await compare({ tls: { mode: 'off' } })).toEqual([]);
  });

  it('is not done twice where the server has it already', async () => {
    await bastionServer.create(aws(), needs);
    const { length } = servers.ran;
    await bastionServer.create(aws(), needs);
    expect(servers.ran.slice(length).filter((line) => !line.includes('read'))).toEqual([]);
  });

  it('is unknown on a server that does not run, and gone with one that is terminated', async () => {
    await bastionServer.create(aws(), needs);
    const say = (Name: 'stopped' | 'terminated') =>
      ec2
        .on(DescribeInstancesCommand)
        .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-0b', State: { Name } }] }] });
    say('stopped');
    await expect(bastionServer.find(aws(), needs)).rejects.toThrow('does not run');
    say('terminated');
    expect(await bastionServer.find(aws(), needs)).toBeUndefined();
  });

  it('is done again when what it was told has changed, and not otherwise', async () => {
    const identity = await bastionServer.create(aws(), needs);
    const { length } = servers.ran;
    await bastionServer.finish!(aws(), identity, needs);
    expect(servers.ran).toHaveLength(length);
    await bastionServer.finish!(aws(), identity, {
      bastion,
      loadBalancer: { ...loadBalancer, dnsName: 'internal-new' },
    });
    expect(servers.ran.length).toBeGreaterThan(length);
  });

  it('waits until the server answers', async () => {
    let refusals = 3;
    servers.answer = (host, command) => {
      if (refusals-- > 0)
        throw shellError('unreachable', { name: host, instanceId: 'i-0b', address: '', user: '' }, command, '');
      return undefined;
    };
    expect(await bastionServer.create(aws(), needs)).toMatchObject({ instanceId: 'i-0b' });
  });

  it('is not looked for on a server that does not run', async () => {
    await bastionServer.create(aws(), needs);
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
    expect(await bastionServer.find(aws(), needs)).toBeUndefined();
  });

  it('is not looked for on a server that EC2 has not reached for more than two minutes', async () => {
    await bastionServer.create(aws(), needs);
    const failing = (seconds: number) =>
      ec2.on(DescribeInstanceStatusCommand).resolves({
        InstanceStatuses: [
          {
            InstanceId: 'i-0b',
            InstanceStatus: { Status: 'impaired', Details: [{ ImpairedSince: new Date(-seconds * 1000) }] },
          },
        ],
      });
    failing(60);
    expect(await bastionServer.find(aws(), needs)).toBeDefined();
    failing(121);
    expect(await bastionServer.find(aws(), needs)).toBeUndefined();
  });

  it('goes with its server', async () => {
    await bastionServer.destroy(aws(), { instanceId: 'i-0b', work: 'x' });
    expect(servers.ran).toEqual([]);
  });
});

describe('the image', () => {
  const needs = { bastion, nodeA, nodeASoftware: { instanceId: 'i-0a', work: 'x' } };

  it('is taken with host keys and machine id off the volume, of a node that goes on, with tags on the snapshot too', async () => {
    ec2.on(CreateImageCommand).callsFake(() => {
      expect(servers.ran.at(-1)).toBe('a: take host keys and machine id off the volume');
      return { ImageId: 'ami-01' };
    });
    expect(await image.create(aws(), needs)).toEqual({ imageId: 'ami-01' });
    expect(ec2.commandCalls(CreateImageCommand)[0]!.args[0].input).toEqual({
      InstanceId: 'i-0a',
      Name: 'pms-airflow-image',
      NoReboot: true,
      TagSpecifications: [
        { ResourceType: 'image', Tags: tags },
        { ResourceType: 'snapshot', Tags: tags },
      ],
    });
  });

  it('gives node a its keys back once the snapshot has begun, and waits until it is available', async () => {
    const begun = { BlockDeviceMappings: [{ Ebs: { SnapshotId: 'snap-01' } }] };
    ec2
      .on(DescribeImagesCommand)
      .resolvesOnce({ Images: [{ State: 'pending' }] })
      .resolvesOnce({ Images: [{ State: 'pending', ...begun }] })
      .callsFakeOnce(() => {
        expect(servers.ran.at(-1)).toBe('a: put host keys and machine id back on the volume');
        return { Images: [{ State: 'pending', ...begun }] };
      })
      .resolves({ Images: [{ State: 'available', ...begun }] });
    await image.finish!(aws(), { imageId: 'ami-01' }, needs);
    expect(ec2.commandCalls(DescribeImagesCommand)).toHaveLength(4);
  });

  it('that AWS lets fail is told from one that is refused', async () => {
    const StateReason = { Code: 'Server.InternalError', Message: 'it broke' };
    ec2.on(DescribeImagesCommand).resolves({ Images: [{ State: 'failed', StateReason }] });
    await expect(image.finish!(aws(), { imageId: 'ami-01' }, needs)).rejects.toMatchObject({
      name: 'FailedLater',
      awsCode: 'Server.InternalError',
    });
  });

  it('goes with its snapshots, also with those that only their tags name', async () => {
    ec2.on(DeregisterImageCommand).rejects(Object.assign(new Error('gone'), { name: 'InvalidAMIID.NotFound' }));
    ec2
      .on(DescribeSnapshotsCommand)
      .resolvesOnce({
        Snapshots: [
          { SnapshotId: 'snap-01', Tags: tags },
          { SnapshotId: 'snap-02', Tags: [] },
        ],
      })
      .resolves({ Snapshots: [] });
    ec2.on(DeleteSnapshotCommand).resolves({});
    await image.destroy(aws(), { imageId: 'ami-01' });
    expect(ec2.commandCalls(DeregisterImageCommand)[0]!.args[0].input.DeleteAssociatedSnapshots).toBe(true);
    expect(ec2.commandCalls(DeleteSnapshotCommand).map((call) => call.args[0].input.SnapshotId)).toEqual(['snap-01']);
  });
});

describe('node c', () => {
  it('starts from the image, in the other subnet, with the profile from its first moment', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-0c' }] });
    const known = {
      image: { imageId: 'ami-01' },
      privateSubnetC: { subnetId: 'subnet-c' },
      privateRouteTable: { routeTableId: 'rtb-1' },
      privateSecurityGroup: { groupId: 'sg-1' },
      keyPair: { keyPairId: 'key-1', keyName: 'pms-oregon-key' },
      instanceProfile: { instanceProfileName: 'pms-oregon-airflow-profile' },
    };
    expect(await nodeC.create(aws(), known as never)).toEqual({ instanceId: 'i-0c' });
    expect(ec2.commandCalls(RunInstancesCommand)[0]!.args[0].input).toMatchObject({
      ImageId: 'ami-01',
      InstanceType: 't3.large',
      ClientToken: 't'.repeat(40),
      KeyName: 'pms-oregon-key',
      IamInstanceProfile: { Name: 'pms-oregon-airflow-profile' },
      NetworkInterfaces: [{ SubnetId: 'subnet-c', Groups: ['sg-1'], AssociatePublicIpAddress: false }],
    });
  });

  it("is registered at nginx's port", async () => {
    elbv2.on(RegisterTargetsCommand).resolves({});
    const known = { targetGroup: { targetGroupArn: 'arn:tg' }, nodeC: { instanceId: 'i-0c', privateIp: '10.0.3.10' } };
    expect(await nodeCTarget.create(aws(), known)).toEqual({ targetGroupArn: 'arn:tg', instanceId: 'i-0c' });
    expect(elbv2.commandCalls(RegisterTargetsCommand)[0]!.args[0].input.Targets).toEqual([{ Id: 'i-0c', Port: 80 }]);
  });
});

describe('the proof', () => {
  const identity = { bastionId: 'i-0b', nodeAId: 'i-0a', nodeCId: 'i-0c' };
  const known = {
    bastion,
    loadBalancer,
    targetGroup: { targetGroupArn: 'arn:tg' },
    bucket: { bucketName: 'logs' },
  } as never;
  const target = (Id: string, State: string) => ({ Target: { Id }, TargetHealth: { State: State as 'healthy' } });
  const well = { status: 'healthy' };
  const health = { metadatabase: well, scheduler: well, triggerer: well, dag_processor: well };
  let body: string;

  let nodeOfTheFault: string;

  beforeEach(() => {
    nodeOfTheFault = 'none';
    body = JSON.stringify(health);
    elbv2.on(DescribeTargetHealthCommand).resolves({
      TargetHealthDescriptions: [target('i-0a', 'healthy'), target('i-0c', 'healthy')],
    });
    servers.answer = (host, command) => {
      if (command.kind === 'unit-states')
        return nodeUnits.map((_unit, at) => (host === nodeOfTheFault && at === 3 ? 'activating' : 'active')).join('\n');
      if (command.kind !== 'get') return undefined;
      return command.url.includes('/monitor/health') ? body : '<title>Sign In</title>';
    };
  });

  it('gives the address that a browser opens', async () => {
    expect(await cluster.finish!(aws(), identity, known)).toEqual({ url: 'https://198.51.100.7' });
  });

  it('ends with exit code 9 and what the node says when no task leaves its log in the bucket', async () => {
    servers.answer = (host, command) => {
      if (command.title === 'run tasks on every node and find their logs')
        throw shellError('failed', { name: host, instanceId: 'i', address: '', user: '' }, command, 'left no log');
      if (command.kind === 'unit-states') return nodeUnits.map(() => 'active').join('\n');
      return command.kind === 'get' && command.url.includes('/monitor/health') ? body : '<title>Sign In</title>';
    };
    await expect(cluster.finish!(aws(), identity, known)).rejects.toMatchObject({
      exitCode: 9,
      code: 'cluster-unhealthy',
      what: expect.stringContaining('a task on every node, with its log in S3'),
      why: expect.stringContaining('left no log'),
    });
  });

  it.each([
    [
      'every unit of node c active',
      () => {
        nodeOfTheFault = 'c';
      },
    ],
    [
      'both nodes healthy for the load balancer',
      () =>
        elbv2.on(DescribeTargetHealthCommand).resolves({
          TargetHealthDescriptions: [target('i-0a', 'healthy'), target('i-0c', 'unhealthy')],
        }),
    ],
    [
      "Airflow's health through the bastion",
      () => {
        body = JSON.stringify({ ...health, scheduler: { status: null } });
      },
    ],
  ])('ends with exit code 9 and names the hop: %s', async (hop, breakIt) => {
    breakIt();
    await expect(cluster.finish!(aws(), identity, known)).rejects.toMatchObject({
      exitCode: 9,
      code: 'cluster-unhealthy',
      what: expect.stringContaining(hop),
    });
  });
});
