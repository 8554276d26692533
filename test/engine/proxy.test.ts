import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { classify } from '../../src/aws-errors.ts';
import { realWorld } from '../../src/world.ts';

const shell = { run: () => Promise.reject(new Error('no server takes part')), close: () => {} };
const openssl = spawnSync('openssl', ['version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
const before = { ...process.env };
const sockets = new Set<Socket>();

/** `host:port` of each CONNECT that the proxy was asked for. */
let tunnels: string[] = [];
let refusal: string | undefined;
/** Access keys of the calls that arrived at AWS's place. */
let callers: string[] = [];
let aws: Server;
let awsTls: Server;
let proxy: Server;

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listening = (server: Server) =>
  new Promise<void>((done) => {
    server.on('connection', (socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1', done);
  });

/** One that nobody has vouched for. */
function certificate() {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string];
  const subject = ['-subj', '/CN=ec2.us-west-2.amazonaws.com', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

beforeAll(async () => {
  aws = createHttpServer((request, response) => {
    callers.push(/Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end('<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>');
  });
  awsTls = createHttpsServer(openssl ? certificate() : {});
  proxy = createHttpServer();
  proxy.on('connect', ({ url = '' }, client: Socket) => {
    tunnels.push(url);
    if (refusal !== undefined) return client.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
    // Only the proxy knows where these names lead.
    const server = connect(portOf(url.endsWith(':443') ? awsTls : aws), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    for (const socket of [server, client]) socket.on('error', () => socket.destroy());
    sockets.add(server);
    return undefined;
  });
  await Promise.all([aws, awsTls, proxy].map(listening));
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of [aws, awsTls, proxy]) server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  tunnels = [];
  callers = [];
  refusal = undefined;
  for (const name of Object.keys(process.env)) if (/^AWS_|_proxy$/i.test(name)) delete process.env[name];
  const credentials = join(folder, 'credentials');
  writeFileSync(credentials, '[work]\naws_access_key_id = AKIAOFWORK\naws_secret_access_key = secret\n');
  Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: join(folder, 'none') });
});

afterEach(() => {
  process.env = { ...before };
});

/** A client as every command makes it, in an environment with `variables`. */
function ask(variables: Record<string, string>, endpoint?: string) {
  Object.assign(process.env, variables);
  const { clientConfig } = realWorld({ region: 'us-west-2', profile: 'work', shell });
  const ec2 = new EC2Client({ ...clientConfig, ...(endpoint === undefined ? {} : { endpoint }) });
  return ec2.send(new DescribeVpcsCommand({}));
}

const throughProxy = () => `http://127.0.0.1:${portOf(proxy)}`;

describe('a proxy in the environment', () => {
  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'])(
    '%s leads every call, with the credentials of the profile',
    async (name) => {
      await ask({ [name]: throughProxy() }, 'http://ec2.test');
      expect(tunnels).toEqual(['ec2.test:80']);
      expect(callers).toEqual(['AKIAOFWORK']);
    },
  );

  it.runIf(openssl)(
    'sees nothing of a call to AWS but the name: the certificate is held to AWS’s, from end to end',
    async () => {
      const error = await ask({ HTTPS_PROXY: throughProxy() }).catch((thrown) => thrown);
      expect(tunnels).toEqual(['ec2.us-west-2.amazonaws.com:443']);
      expect(classify(error)).toBe('barred');
      expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    },
  );

  it.runIf(openssl)('also leads the question for my own address', async () => {
    process.env.HTTPS_PROXY = throughProxy();
    const { myIp } = realWorld({ region: 'us-west-2', profile: 'work', shell });
    await expect(myIp()).rejects.toMatchObject({ code: 'my-ip-unknown' });
    expect(tunnels).toEqual(['checkip.amazonaws.com:443']);
  });

  it('is passed by for what NO_PROXY names, and for this machine', async () => {
    await expect(ask({ HTTP_PROXY: throughProxy(), NO_PROXY: '.test' }, 'http://ec2.test')).rejects.toThrow(
      /ENOTFOUND|EAI_AGAIN/,
    );
    delete process.env.NO_PROXY;
    await ask({ HTTP_PROXY: throughProxy() }, `http://127.0.0.1:${portOf(aws)}`);
    expect(callers).toEqual(['AKIAOFWORK']);
    expect(tunnels).toEqual([]);
  });

  it.each(['407 Proxy Authentication Required', '403 Forbidden'])(
    'that answers %s is named, and is not taken for AWS',
    async (status) => {
      refusal = status;
      const error = await ask({ HTTPS_PROXY: throughProxy() }).catch((thrown) => thrown);
      expect(error.message).toContain(`127.0.0.1:${portOf(proxy)} answered ${status}`);
      expect(classify(error)).toBe('barred');
    },
  );

  it('that does not answer is a network that is gone', async () => {
    const error = await ask({ HTTPS_PROXY: 'http://127.0.0.1:1' }).catch((thrown) => thrown);
    expect(classify(error)).toBe('offline');
  });
});
