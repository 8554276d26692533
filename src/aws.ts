import type { EC2Client, Filter, ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import type { EFSClient } from '@aws-sdk/client-efs';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Config } from './config/schema.ts';
import type { Clock } from './engine/clock.ts';
import type { Shell } from './hosts/shell.ts';
import type { Names } from './names.ts';

export interface Clients {
  readonly ec2: EC2Client;
  readonly rds: RDSClient;
  readonly elasticache: ElastiCacheClient;
  readonly efs: EFSClient;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;
  readonly iam: IAMClient;
  readonly ssm: SSMClient;
}

/** Where the run works. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
}

/** A question to wait on. Every wait is bounded and says what it waits for. */
export interface Wait {
  /** As a noun phrase: `NAT gateway available`. */
  readonly for: string;
  readonly everySeconds: number;
  readonly timeoutSeconds: number;
}

/** The deployment's own SSH key on this machine. */
export interface SshKey {
  readonly file: string;
  /** As `authorized_keys` and EC2 take it. Makes the key, and has it on disk, when there is none yet. */
  publicKey(): string;
  /** SHA-256 of the public half in base64 without padding; undefined when there is no key yet. */
  fingerprint(): string | undefined;
}

/** What one verb of one resource may use: clients, settings, and helpers that are bound to that resource. */
export interface Aws extends Clients {
  readonly config: Config;
  readonly names: Names;
  readonly account: Place;
  readonly stackId: string;
  readonly clock: Clock;
  readonly shell: Shell;
  readonly sshKey: SshKey;
  /** US dollars an hour by item; undefined for what the table does not have. */
  readonly prices: (item: string) => number | undefined;
  /** `Name` and our own tags, for the creating call. */
  readonly tags: Required<Tag>[];
  /** The same as EC2's calls take them, for each type of thing that the call makes. */
  tagSpecifications(...types: ResourceType[]): TagSpecification[];
  /** True where another program answers in AWS's place, and may be asked without TLS. */
  readonly emulated: boolean;
  /** For the creating call: at most 64 ASCII characters, the same for each repetition of the same creation. */
  readonly token: string;
  /** How many times this resource has been made, this one included. */
  readonly generation: number;
  /** The identity that the state has, if any. */
  readonly recorded: Readonly<Record<string, string>> | undefined;
  /** True when the tags are those of this resource in this deployment. */
  isOurs(tags: Partial<Tag>[] | undefined): boolean;
  /** The one live thing of that kind which is this resource: by `id` or the recorded one, else by its tags. */
  seek<Item>(kind: Ec2Kind<Item>, id?: string): Promise<Item | undefined>;
  /** Asks AWS. Equal questions that are asked at the same moment are one call. */
  ask<Output extends object>(
    client: { send: (command: never) => Promise<unknown> },
    command: Question<Output>,
  ): Promise<Output>;
  /** Looks until `look` gives a value. What does not show yet, throttles and lost answers count as "not yet". */
  wait<T>(what: Wait, look: () => Promise<T | undefined>): Promise<T>;
  /** Who may reach the bastion: where AWS sees us come from, and whoever the settings add, as EC2 writes them down. */
  myCidrs(): Promise<string[]>;
  /** Does `work` when no other change that takes a server out of service is under way. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** A new secret of letters and digits from the system's own source of randomness. */
  randomText(length: number): string;
  /** In `destroy`: what this resource needs may be taken away before it is gone itself. */
  letGo(): void;
  /** True when `destroy` was told to keep the data: take a final snapshot where the service has one. */
  readonly keepData: boolean;
}

export interface Question<Output extends object> {
  readonly input: object;
  // The type of the answer is a phantom that inference reads from `resolveMiddleware`'s result.
  resolveMiddleware(...given: never[]): (...given: never[]) => Promise<{ output: Output }>;
}

/** How EC2 is asked for a kind of thing, by filters, and how its answers are read. */
export interface Ec2Kind<Item> {
  /** The name of the filter for its id, as `subnet-id`. */
  readonly idFilter: string;
  /** The identity's field, as `subnetId`. */
  readonly idField: string;
  ask(filters: Filter[]): Question<object>;
  list(output: object): Item[] | undefined;
  id(item: Item): string | undefined;
  tags(item: Item): Tag[] | undefined;
  /** False for what is on its way out or gone: EC2 goes on listing it for an hour. */
  live?(item: Item): boolean;
}

export function ec2Kind<Output extends object, Item extends { Tags?: Tag[] | undefined }>(kind: {
  idFilter: string;
  idField: string;
  ask(filters: Filter[]): Question<Output>;
  list(output: Output): Item[] | undefined;
  id(item: Item): string | undefined;
  live?(item: Item): boolean;
}): Ec2Kind<Item> {
  return { ...kind, list: (output) => kind.list(output as Output), tags: (item) => item.Tags };
}
