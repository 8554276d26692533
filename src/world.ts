import { randomBytes } from 'node:crypto';
import { get } from 'node:https';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { Agent } from 'agent-base';
import type { Clock } from './engine/clock.ts';
import { environment } from './environment.ts';
import { exitCodes, userError } from './errors.ts';
import type { Shell } from './hosts/shell.ts';
import { proxyAgent } from './proxy.ts';

/** What an SDK client is made with. */
export interface ClientConfig {
  region: string;
  profile?: string;
  maxAttempts: 1;
  forcePathStyle?: true;
  /** Where the environment names a proxy. */
  requestHandler?: { httpAgent: Agent; httpsAgent: Agent };
  credentialDefaultProvider?: (input: object) => ReturnType<typeof defaultProvider>;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** The only door to reality: clients, clock, dice, shell, the address we are seen from. */
export interface World {
  readonly kind: 'aws' | 'emulator' | 'simulated';
  /** What a person should be told about it, where it is not AWS. */
  readonly notice: string | undefined;
  readonly clock: Clock;
  /** Every wait is multiplied by this. */
  readonly pace: number;
  /** False where files need not survive a power cut. */
  readonly durable: boolean;
  readonly clientConfig: ClientConfig;
  readonly shell: Shell;
  /** In [0, 1); for jitter and names, never for secrets. */
  random(): number;
  /** Called with each SDK client before its first use. */
  prepare<Client>(client: Client): Client;
  /** Letters and digits from the system's own source of randomness, for secrets. */
  randomText(length: number): string;
  /** The IPv4 address that AWS sees us come from. */
  myIp(): Promise<string>;
  /** Seconds and calls that are not ours: what the world wants to have written when a run ends. */
  close(): void;
}

export interface RealWorldOptions {
  region: string;
  profile: string | undefined;
  shell: Shell & { close(): void };
}

/** AWS, or whatever answers at `AWS_ENDPOINT_URL` (or `AWS_ENDPOINT_URL_<SERVICE>`) in its place. */
export function realWorld({ region, profile, shell }: RealWorldOptions): World {
  const endpoint = endpointInPlaceOfAws();
  const agent = proxyAgent();
  return {
    kind: endpoint === undefined ? 'aws' : 'emulator',
    notice: endpoint === undefined ? undefined : `This is not AWS: the calls go to ${endpoint.url} (${endpoint.name}).`,
    clock: { now: Date.now, sleep: (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds)) },
    // Emulators answer at once; their waits would only be idle time.
    pace: endpoint === undefined ? 1 : 0.002,
    durable: true,
    clientConfig: {
      region,
      maxAttempts: 1,
      ...(profile === undefined ? {} : { profile }),
      ...(endpoint === undefined ? {} : { forcePathStyle: true }),
      ...(agent === undefined ? {} : through(agent)),
    },
    shell,
    random: Math.random,
    prepare: (client) => client,
    randomText,
    myIp: endpoint === undefined ? () => askForMyIp(agent) : async () => '127.0.0.1',
    close: () => shell.close(),
  };
}

/** Also for the calls by which the SDK gets credentials (sign-in, roles), which have clients of their own. */
function through(agent: Agent): Pick<ClientConfig, 'requestHandler' | 'credentialDefaultProvider'> {
  const requestHandler = { httpAgent: agent, httpsAgent: agent };
  return {
    requestHandler,
    credentialDefaultProvider: (input) => defaultProvider({ ...input, clientConfig: { requestHandler } }),
  };
}

/** The variable that sends calls elsewhere, if one does. A private endpoint of AWS itself is AWS. */
function endpointInPlaceOfAws(): { name: string; url: string } | undefined {
  for (const [name, url = ''] of Object.entries(environment)) {
    if (!/^AWS_ENDPOINT_URL(_\w+)?$/.test(name) || !URL.canParse(url)) continue;
    if (!/\.amazonaws\.com(\.cn)?$/.test(new URL(url).hostname)) return { name, url };
  }
  return undefined;
}

/** Letters and digits, each equally likely. */
export function randomText(length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let text = '';
  while (text.length < length)
    // 248 is the largest multiple of 62 in a byte; larger ones would favour the first letters.
    for (const byte of randomBytes(length))
      if (byte < 248 && text.length < length) text += alphabet[byte % alphabet.length];
  return text;
}

function askForMyIp(agent: Agent | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) =>
      reject(
        userError({
          code: 'my-ip-unknown',
          exitCode: exitCodes.preflight,
          what: 'Your own public address could not be found, and the security groups need it.',
          why,
          fix: 'Set access.myIp in airflow-aws.yaml (or --access-my-ip) to your address, as 203.0.113.7.',
        }),
      );
    const request = get('https://checkip.amazonaws.com', { timeout: 10_000, ...(agent && { agent }) }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        const address = text.trim();
        if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) resolve(address);
        else failed('checkip.amazonaws.com did not answer with an IPv4 address.');
      });
    });
    request.on('timeout', () => request.destroy(new Error('checkip.amazonaws.com did not answer in 10 seconds')));
    request.on('error', (error) => failed(error.message));
  });
}
