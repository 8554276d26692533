import { EC2Client } from '@aws-sdk/client-ec2';
import { EFSClient } from '@aws-sdk/client-efs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { IAMClient } from '@aws-sdk/client-iam';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach } from 'vitest';
import type { Aws, SshKey } from '../../src/aws.ts';
import { schema } from '../../src/config/schema.ts';
import type { AnyResource } from '../../src/engine/resource.ts';
import { names } from '../../src/names.ts';
import { Session } from '../../src/session.ts';
import { Traffic } from '../../src/traffic.ts';
import type { World } from '../../src/world.ts';
import { VirtualClock } from './clock.ts';

export const ec2 = mockClient(EC2Client);
export const efs = mockClient(EFSClient);
export const elbv2 = mockClient(ElasticLoadBalancingV2Client);
export const elasticache = mockClient(ElastiCacheClient);
export const iam = mockClient(IAMClient);
export const rds = mockClient(RDSClient);
export const s3 = mockClient(S3Client);
export const ssm = mockClient(SSMClient);

/** What is common to the mocks of all services. */
interface Mock {
  reset(): unknown;
  onAnyCommand(): { callsFake(answer: (input: unknown) => Promise<never>): unknown };
  calls(): { args: readonly unknown[] }[];
}

const mocks = [ec2, efs, elbv2, elasticache, iam, rds, s3, ssm] as unknown as readonly Mock[];

interface Sent {
  readonly constructor: { readonly name: string };
  readonly input: object;
}

const sent = () => mocks.flatMap((mock) => mock.calls()).map(({ args }) => args[0] as Sent);

// A call that no test has prepared an answer for is a failure of its own and not an empty answer.
beforeEach(() => {
  for (const mock of mocks) {
    mock.reset();
    mock.onAnyCommand().callsFake(async (input) => {
      throw new Error(`no answer was prepared for ${JSON.stringify(input)}`);
    });
  }
});

const accountId = '123456789012';
export const stackId = 'stack1';
export const token = 't'.repeat(40);

export interface AwsOptions {
  /** As in `airflow-aws.yaml`. */
  settings?: object;
  /** The identity that the state has. */
  recorded?: Record<string, string>;
  generation?: number;
  region?: string;
  keepData?: boolean;
  sshKey?: Partial<SshKey>;
  /** Called when the resource lets go of what it needs. */
  letGo?: () => void;
}

/** What a verb of `resource` is given, with the real helpers over clients whose answers the test prepares. */
export function awsFor(resource: { readonly key: string }, options: AwsOptions = {}): Aws {
  const { settings = {}, recorded, generation = 1, region = 'us-west-2', keepData = false } = options;
  const config = schema.parse({ region, ...settings });
  const clock = new VirtualClock();
  const world = {
    clock,
    pace: 1,
    random: () => 0.5,
    randomText: (length: number) => 'r'.repeat(length),
    myIp: async () => '203.0.113.7',
    shell: { run: () => Promise.reject(new Error('no server takes part in this test')) },
  } as unknown as World;
  const client = { region, credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' } };
  const session = new Session(
    {
      ec2: new EC2Client(client),
      efs: new EFSClient(client),
      elbv2: new ElasticLoadBalancingV2Client(client),
      elasticache: new ElastiCacheClient(client),
      iam: new IAMClient(client),
      rds: new RDSClient(client),
      s3: new S3Client(client),
      ssm: new SSMClient(client),
    },
    {
      world,
      config,
      names: names(config, accountId),
      stack: { id: stackId, name: config.name },
      place: { accountId, region, partition: 'aws' },
      sshKey: { file: 'key.pem', publicKey: () => 'ssh-ed25519 AAAA', fingerprint: () => undefined, ...options.sshKey },
      signal: new AbortController().signal,
      keepData,
    },
  );
  const since = new Date(clock.now()).toISOString();
  return session.bind(resource as AnyResource, {
    row: recorded && { step: 0, status: 'complete', generation, identity: recorded, since },
    generation,
    token,
    progress: () => {},
    letGo: options.letGo ?? (() => {}),
    seen: () => {},
  });
}

/** The tags of one of our things, as AWS lists them. */
export function tagsOf(key: string, stack = stackId): { Key: string; Value: string }[] {
  return [
    { Key: 'airflow-aws:stack', Value: stack },
    { Key: 'airflow-aws:resource', Value: key },
  ];
}

/** An error as the SDK throws it: most services have an exception's name, and the wire's code beside it. */
export function awsError(name: string, { message = name, ...more }: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(String(message)), { name, $fault: 'client', ...more });
}

/** Every call that changes the account, by operation and service by service, in order. */
export function changes(): string[] {
  return sent()
    .map((command) => command.constructor.name.replace(/Command$/, ''))
    .filter((operation) => Traffic.changes(operation));
}

/** The input of each call of `Command` (a command's class), in order. */
export function inputsOf<Input extends object>(Command: new (input: Input) => { input: Input }): Input[] {
  return sent()
    .filter((command) => command instanceof Command)
    .map(({ input }) => input as Input);
}

interface Tag {
  Key?: string | undefined;
  Value?: string | undefined;
}

/** The resource key among `tags`, all of which must be there: name, stack, deployment, resource and generation. */
export function keyIn(tags: readonly Tag[] | undefined): string | undefined {
  const values = new Map((tags ?? []).map(({ Key, Value }) => [Key, Value]));
  const ours = ['stack', 'name', 'resource', 'generation'].map((one) => `airflow-aws:${one}`);
  for (const tag of ['Name', ...ours]) if (!values.get(tag)) throw new Error(`the tag ${tag} is missing`);
  if (values.get('airflow-aws:stack') !== stackId) throw new Error('the tags are those of another stack');
  return values.get('airflow-aws:resource');
}

/** For each type of thing that an EC2 call tags, the resource key in its tags. */
export function taggedIn(input: object | undefined): Record<string, string | undefined> {
  const { TagSpecifications = [] } = (input ?? {}) as { TagSpecifications?: { ResourceType: string; Tags: Tag[] }[] };
  return Object.fromEntries(TagSpecifications.map(({ ResourceType, Tags }) => [ResourceType, keyIn(Tags)]));
}
