import { createHash } from 'node:crypto';
import type { Account, Scope } from './account.ts';
import { authorizationRequests, deniedBy } from './authorization/index.ts';
import type { Call } from './authorization/request.ts';
import { withBodyRead } from './bodies.ts';
import { countChange } from './changing-call.ts';
import { errorResponse } from './error-response.ts';
import { connectionReset, denied, expired, nameNotFound, refusedOnPurpose, throttled } from './faulty-answers.ts';
import { withTokenOfWire } from './idempotency-token.ts';
import type { ServiceName } from './noun.ts';
import { Refusal, refusal } from './refusal.ts';
import { checkInput, checkOutput, type OperationSchema } from './shapes.ts';

/** What the account needs of an AWS SDK v3 client; every client of the covered services has it. */
export interface AttachableClient {
  config: {
    serviceId?: string;
    region: () => Promise<string>;
    // biome-ignore lint/suspicious/noExplicitAny: the protocol is internal to the SDK and has no public type.
    protocol?: any;
    credentials?: unknown;
  };
  middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: each client has its own input and output types.
    add(middleware: any, options: any): void;
  };
}

const services: Record<string, ServiceName> = {
  EC2: 'ec2',
  RDS: 'rds',
  ElastiCache: 'elasticache',
  EFS: 'efs',
  'Elastic Load Balancing v2': 'elbv2',
  S3: 's3',
  IAM: 'iam',
  STS: 'sts',
  SSM: 'ssm',
  'Service Quotas': 'service-quotas',
  Pricing: 'pricing',
  'Resource Groups Tagging API': 'tagging',
};

/** Seconds that a call takes; a plausible figure for the control plane of AWS seen from a laptop. */
const latency = { read: 0.08, change: 0.2 };

/** Seconds that pass when an unattended client (one that does not sleep on our clock) asks the same question again. */
const pollSeconds = 15;

export function changes(operation: string): boolean {
  return !/^(Describe|Get|List|Head|Decode|Simulate)/.test(operation);
}

/**
 * Makes `client` talk to `account`. Serialisation, validation, signing and retries of the SDK stay as they are; the
 * answer is given where the SDK would read it off the wire, so a refusal is the exception that AWS's bytes would become.
 *
 * `unattended` is for clients whose waits are not on the account's virtual clock: a question asked again lets time pass.
 */
export function attach(account: Account, client: AttachableClient, { unattended = false } = {}) {
  const service = services[client.config.serviceId ?? ''];
  if (!service) throw new TypeError(`the simulated account has no service ${client.config.serviceId}`);
  // An account in memory asks nobody who you are; without this the SDK would search the machine for credentials.
  client.config.credentials = async () => ({ accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' });

  client.middlewareStack.add(
    (next: (args: object) => Promise<unknown>) => (args: object) => account.clock.busy(() => next(args)),
    // Not earlier: what waits on the clock around a call, such as a caller's own retries, must not hold the clock still.
    { step: 'serialize', priority: 'high', name: 'simulatedAccountHoldsTheClock' },
  );
  if (service === 's3')
    client.middlewareStack.add(
      (next: (args: object) => Promise<unknown>) => async (args: { input: object }) =>
        next({ ...args, input: await account.clock.busy(() => withBodyRead(args.input)) }),
      { step: 'initialize', priority: 'high', name: 'simulatedAccountReadsBodies' },
    );
  client.middlewareStack.add(
    (_next: unknown, context: Context) =>
      async ({ input, request }: { input: Record<string, unknown>; request?: { body?: unknown } }) => {
        const operation = (context.commandName ?? '').replace(/Command$/, '');
        const region = context.__s3RegionRedirect ?? (await client.config.region());
        const schema = schemaOf(context);
        const known = account.knows(service, operation);
        const asked = schema ? withTokenOfWire(schema, input, request?.body, known?.parameters ?? []) : input;
        const reply = await answer(account, { service, operation, region, unattended, schema }, asked);
        if (reply instanceof Refusal) return throwAsAws(client, context, service, reply, requestId(account));
        const $metadata = { httpStatusCode: 200, requestId: requestId(account), attempts: 1, totalRetryDelay: 0 };
        const date = new Date(account.clock.now()).toUTCString();
        return { response: { statusCode: 200, headers: { date } }, output: { ...reply, $metadata } };
      },
    { step: 'deserialize', priority: 'high', name: 'simulatedAccount' },
  );
}

interface Context {
  commandName?: string;
  __s3RegionRedirect?: string;
  __smithy_context?: { operationSchema?: OperationSchema };
}

interface Asked {
  service: ServiceName;
  operation: string;
  region: string;
  unattended: boolean;
  schema: OperationSchema | undefined;
}

async function answer(
  account: Account,
  { service, operation, region, unattended, schema }: Asked,
  input: Record<string, unknown>,
): Promise<Record<string, unknown> | Refusal> {
  const changing = changes(operation);
  const { faults } = account;
  const moment = changing ? countChange(account) : () => {};

  moment('before');
  await account.clock.idle(() => account.clock.sleep(1000 * (changing ? latency.change : latency.read)));
  if (unattended) await passTimeIfAskedAgain(account, `${service}:${operation}`, input, changing);

  try {
    account.calls++;
    if (faults.asleepAtCall === account.calls) {
      account.clock.suspend(3_600_000);
      throw connectionReset();
    }
    if (account.offline) throw nameNotFound(service);
    if (faults.expireAtCall !== undefined && account.calls >= faults.expireAtCall) return expired(service);
    if (dice(account, faults.resetBefore)) throw connectionReset();
    if (dice(account, faults.throttle)) return throttled(service);
    const refused = refusedOnPurpose(faults.refuse, { scope: account.scope(region), service, operation, input });
    if (refused) return refused;

    account.catchUp();
    const forbidden = authorize(account, { scope: account.scope(region), service, operation, input });
    if (forbidden) return forbidden;
    let output: Record<string, unknown>;
    try {
      output = carryOut(account.scope(region), service, operation, input, schema);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
    if (changing) account.save();
    moment('inside');
    if (changing && dice(account, faults.resetAfter)) throw connectionReset();
    if (changing && losesFirst(account, `${service}:${operation}`)) throw connectionReset();
    if (changing && dice(account, faults.errorAfter))
      return refusal('InternalError', 'An internal error has occurred', 500);
    return output;
  } finally {
    // A refusal and a lost answer are answers as well.
    moment('after');
  }
}

function losesFirst({ faults: { loseFirst = 0 }, lost }: Account, name: string): boolean {
  const before = lost.get(name) ?? 0;
  if (before >= loseFirst) return false;
  lost.set(name, before + 1);
  return true;
}

/** The refusal of a call that the caller's policies do not allow. */
function authorize(account: Account, call: Call): Refusal | undefined {
  const { statements, onAuthorization } = account;
  if (!statements && !onAuthorization) return undefined;
  const requests = authorizationRequests(call);
  if (onAuthorization) for (const request of requests) onAuthorization(request);
  const problem = statements && deniedBy(statements, requests, call.scope);
  return problem && denied(call, problem);
}

function carryOut(
  scope: Scope,
  service: ServiceName,
  operation: string,
  input: Record<string, unknown>,
  schema: OperationSchema | undefined,
): Record<string, unknown> {
  const known = scope.account.knows(service, operation);
  if (!known)
    throw refusal('InvalidAction', `The simulated account does not know the operation ${service}:${operation}`);
  if (schema) checkInput(service, schema, input);
  const given = Object.keys(input).filter((name) => input[name] !== undefined && name !== 'DryRun');
  const ignored = given.find((name) => !known.parameters.includes(name));
  if (ignored)
    throw refusal(
      'UnknownParameter',
      `The simulated account does not know the parameter ${ignored} of ${service}:${operation}`,
    );
  if (service === 'ec2' && input.DryRun === true)
    throw refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  // Neither side may hold on to the other's objects: a caller that edits an answer must not edit the account.
  const output = structuredCloneKeepingStreams(known.run(scope, input) as Record<string, unknown>);
  if (schema) checkOutput(schema, output);
  return output;
}

function structuredCloneKeepingStreams(output: Record<string, unknown>): Record<string, unknown> {
  const { Body, ...rest } = output;
  return Body === undefined ? structuredClone(rest) : { ...structuredClone(rest), Body };
}

async function passTimeIfAskedAgain(account: Account, name: string, input: object, changing: boolean) {
  const { questions } = account;
  if (changing) return questions.clear();
  const text = `${name} ${JSON.stringify(input, (_key, value) => (value instanceof Uint8Array ? value.length : value))}`;
  const again = questions.has(text);
  // Each round of a caller that asks several questions in turn lets one interval pass, whatever the number of questions.
  if (again) questions.clear();
  questions.add(text);
  if (again && account.clock.sleepers() === 0) await account.clock.idle(() => account.clock.sleep(pollSeconds * 1000));
}

function dice(account: Account, share = 0): boolean {
  return share > 0 && account.random() < share;
}

function requestId(account: Account): string {
  const digits = createHash('sha256').update(`${account.clock.now()} ${account.random()}`).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function schemaOf(context: Context): OperationSchema | undefined {
  return context.__smithy_context?.operationSchema;
}

async function throwAsAws(
  client: AttachableClient,
  context: Context,
  service: ServiceName,
  refused: Refusal,
  id: string,
): Promise<never> {
  const [, namespace, name, traits, input, output] = schemaOf(context) ?? [];
  const response = errorResponse(service, refused, id);
  try {
    await client.config.protocol.deserializeResponse(
      { namespace, name, traits, input, output },
      { ...client.config, ...context },
      response,
    );
  } catch (error) {
    // As the SDK's own deserialiser leaves it; its middleware for buckets of other regions reads a header from it.
    Object.defineProperty(error, '$response', { value: response });
    throw error;
  }
  throw new Error(`the SDK took ${refused.code} for a success`);
}
