import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as ec2 from '@aws-sdk/client-ec2';
import * as efs from '@aws-sdk/client-efs';
import * as s3 from '@aws-sdk/client-s3';
import * as ssm from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from './proxy.ts';

/** An endpoint that says yes to everything, in no protocol: these tests look at the way there, not at the answer. */
let endpoint: Server;
let arrived: IncomingMessage[];
let status: number;
let proxy: FaultProxy;

beforeEach(async () => {
  arrived = [];
  status = 200;
  endpoint = createServer((req, res) => {
    arrived.push(req);
    req.resume().on('end', () => res.writeHead(status, { 'X-From': 'endpoint' }).end('<a/>'));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start(`http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`);
  return async () => {
    await proxy.stop();
    endpoint.closeAllConnections();
    endpoint.close();
  };
});

const settings = () => ({
  endpoint: proxy.url,
  region: 'us-west-2',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  maxAttempts: 1,
});
const post = (action: string) =>
  fetch(proxy.url, {
    method: 'POST',
    headers: {
      Authorization: 'AWS4-HMAC-SHA256 Credential=a/20261124/us-west-2/ec2/aws4_request, SignedHeaders=host',
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: `Action=${action}&Version=2016-11-15`,
  });

describe('the log', () => {
  it('names the operation of each protocol and knows which ones change something', async () => {
    const sent = [
      new ec2.EC2Client(settings()).send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' })),
      new ec2.EC2Client(settings()).send(new ec2.DescribeVpcsCommand({})),
      new ssm.SSMClient(settings()).send(new ssm.GetParametersCommand({ Names: ['n'] })),
      new ssm.SSMClient(settings()).send(new ssm.PutParameterCommand({ Name: 'n', Value: 'v' })),
      new efs.EFSClient(settings()).send(new efs.CreateFileSystemCommand({ CreationToken: 't' })),
      new efs.EFSClient(settings()).send(new efs.DescribeFileSystemsCommand({ FileSystemId: 'fs-1' })),
      new efs.EFSClient(settings()).send(new efs.DescribeMountTargetSecurityGroupsCommand({ MountTargetId: 'fsmt-1' })),
      new s3.S3Client(settings()).send(new s3.CreateBucketCommand({ Bucket: 'bucket' })),
      new s3.S3Client(settings()).send(new s3.GetPublicAccessBlockCommand({ Bucket: 'bucket' })),
      new s3.S3Client(settings()).send(new s3.PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'b' })),
    ];
    await Promise.allSettled(sent);
    const logged = proxy.calls.map((call) => `${call.operation}${call.changes ? ' !' : ''}`).sort();
    expect(logged).toEqual([
      'ec2.CreateVpc !',
      'ec2.DescribeVpcs',
      'elasticfilesystem.CreateFileSystem !',
      'elasticfilesystem.DescribeFileSystems',
      'elasticfilesystem.DescribeMountTargetSecurityGroups',
      's3.GET bucket?publicAccessBlock',
      's3.PUT bucket !',
      's3.PUT object !',
      'ssm.GetParameters',
      'ssm.PutParameter !',
    ]);
  });

  it('passes requests and answers on as they are', async () => {
    const answer = await post('CreateVpc');
    expect(await answer.text()).toBe('<a/>');
    expect(answer.headers.get('x-from')).toBe('endpoint');
    // The client's own host, which S3 addressing and signatures rest on.
    expect(arrived[0]?.headers.host).toBe(new URL(proxy.url).host);
    expect(arrived[0]?.headers['content-length']).toBe(String('Action=CreateVpc&Version=2016-11-15'.length));
  });
});

describe('the faults', () => {
  it('kill strikes when the endpoint has carried out the change and before its answer leaves', async () => {
    let killed = 0;
    proxy.killAtChange(2, () => {
      killed += 1;
    });
    await post('CreateVpc');
    await post('DescribeVpcs');
    expect(killed).toBe(0);
    await expect(post('CreateSubnet')).rejects.toThrow();
    expect(killed).toBe(1);
    expect(arrived).toHaveLength(3);
    expect(proxy.calls.at(-1)).toMatchObject({ operation: 'ec2.CreateSubnet', status: 200, answer: 'killed' });
    await post('CreateSubnet');
    expect(killed, 'only once').toBe(1);
  });

  it('refused changes are not counted, since nothing has changed', async () => {
    let killed = 0;
    proxy.killAtChange(1, () => {
      killed += 1;
    });
    status = 400;
    await post('CreateVpc');
    expect(killed).toBe(0);
    expect(proxy.carriedOut).toEqual([]);
    expect(proxy.changes).toHaveLength(1);
  });

  it('a cut answer is a change that was carried out and a reset connection', async () => {
    proxy.cutAnswer = (call) => call.operation === 'ec2.AllocateAddress';
    await expect(post('AllocateAddress')).rejects.toThrow();
    await post('CreateVpc');
    expect(proxy.calls.map((call) => call.answer)).toEqual(['cut', 'sent']);
    expect(proxy.carriedOut).toHaveLength(2);
  });

  it('latency passes before each answer, for concurrent calls at the same time', async () => {
    proxy.latencyMs = 100;
    const started = performance.now();
    await Promise.all([post('DescribeVpcs'), post('CreateVpc'), post('DescribeSubnets')]);
    const took = performance.now() - started;
    expect(took).toBeGreaterThanOrEqual(99);
    expect(took).toBeLessThan(250);
  });

  it('idle waits for what a killed client has left on its way', async () => {
    endpoint.removeAllListeners('request');
    endpoint.on('request', (_req, res) => setTimeout(() => res.end('<a/>'), 150));
    const gone = new AbortController();
    const left = fetch(proxy.url, { method: 'POST', body: 'Action=CreateVpc', signal: gone.signal });
    setTimeout(() => gone.abort(), 50);
    await expect(left).rejects.toThrow();
    await proxy.idle();
    expect(proxy.calls).toHaveLength(1);
  });

  afterEach(() => proxy.clear());
});
