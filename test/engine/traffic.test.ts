import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client, ModifyVpcAttributeCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { limitAndRepeat, Traffic } from '../../src/traffic.ts';
import type { World } from '../../src/world.ts';
import { VirtualClock } from '../helpers/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
const credentialsFile = join(folder, 'credentials');
const before = { ...process.env };

/** What the server answers, in turn: a code, or undefined for success. Then always success. */
let answers: (string | undefined)[] = [];
/** Called with each request before it is answered. */
let asked: (request: IncomingMessage) => string | undefined;
let server: Server;
let traffic: Traffic;

const logIn = (token: string) =>
  writeFileSync(
    credentialsFile,
    `[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret\naws_session_token = ${token}\n`,
  );

beforeAll(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: credentialsFile, AWS_CONFIG_FILE: join(folder, 'none') });
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const code = asked(request) ?? answers.shift();
      response.writeHead(code === undefined ? 200 : 400, { 'content-type': 'text/xml' });
      response.end(
        code === undefined
          ? '<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>'
          : `<Response><Errors><Error><Code>${code}</Code><Message>${code}</Message></Error></Errors></Response>`,
      );
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterAll(() => {
  server.close();
  process.env = before;
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  answers = [];
  asked = () => undefined;
  traffic = new Traffic();
  logIn('first');
});

/** A real client with the SDK's own search for credentials, and nothing between it and the server but what is tested. */
function client(): EC2Client {
  const { port } = server.address() as AddressInfo;
  const ec2 = new EC2Client({ region: 'us-west-2', maxAttempts: 1, endpoint: `http://127.0.0.1:${port}` });
  const clientConfig = { region: 'us-west-2', maxAttempts: 1 };
  const world = { clock: new VirtualClock(), pace: 1, random: () => 0.5, clientConfig } as unknown as World;
  limitAndRepeat(ec2 as never, world, traffic);
  return ec2;
}

describe('credentials that expire', () => {
  /** AWS as it answers once only the second log-in is good. */
  const onlySecond = (request: IncomingMessage) =>
    request.headers['x-amz-security-token'] === 'second' ? undefined : 'RequestExpired';

  it('are looked for again, so that a log-in in another terminal is picked up', async () => {
    const ec2 = client();
    await ec2.send(new DescribeVpcsCommand({}));
    asked = onlySecond;
    logIn('second');
    await ec2.send(new DescribeVpcsCommand({}));
    await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    expect(traffic.calls).toEqual({ 'ec2:DescribeVpcs': 3, 'ec2:CreateVpc': 1 });
  });

  it('that nobody has renewed end the call after one more try', async () => {
    asked = () => 'RequestExpired';
    await expect(client().send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: 'RequestExpired' });
    expect(traffic.calls).toEqual({ 'ec2:DescribeVpcs': 2 });
  });
});

describe('a throttled call', () => {
  it('is repeated until it is answered', async () => {
    answers = Array<string>(6).fill('RequestLimitExceeded');
    const change = { VpcId: 'vpc-1', EnableDnsHostnames: { Value: true } };
    await client().send(new ModifyVpcAttributeCommand(change));
    expect(traffic.calls).toEqual({ 'ec2:ModifyVpcAttribute': 7 });
  });

  it('that makes something is the engine’s to repeat, which records the time of each', async () => {
    answers = ['RequestLimitExceeded'];
    const made = client().send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    await expect(made).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
    expect(traffic.calls).toEqual({ 'ec2:CreateVpc': 1 });
  });
});

describe('a lost answer', () => {
  it('to a question is asked for again', async () => {
    answers = ['InternalError'];
    await client().send(new DescribeVpcsCommand({}));
    expect(traffic.calls).toEqual({ 'ec2:DescribeVpcs': 2 });
  });

  it('to a question that was throttled before is asked for as often as to any other', async () => {
    const throttled = Array<string>(5).fill('RequestLimitExceeded');
    answers = [...throttled, 'InternalError', 'InternalError', 'RequestLimitExceeded', 'InternalError'];
    await client().send(new DescribeVpcsCommand({}));
    expect(traffic.calls).toEqual({ 'ec2:DescribeVpcs': 10 });
  });

  it('to a change is not: it may have been done', async () => {
    answers = ['InternalError'];
    const change = { VpcId: 'vpc-1', EnableDnsHostnames: { Value: true } };
    const changed = client().send(new ModifyVpcAttributeCommand(change));
    await expect(changed).rejects.toMatchObject({ name: 'InternalError' });
    expect(traffic.calls).toEqual({ 'ec2:ModifyVpcAttribute': 1 });
  });
});
