import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clients } from '../../src/aws.ts';
import { ec2Kind } from '../../src/aws.ts';
import { schema } from '../../src/config/schema.ts';
import type { AnyResource } from '../../src/engine/resource.ts';
import { Stopped } from '../../src/engine/run.ts';
import { read, script } from '../../src/hosts/command.ts';
import type { Shell } from '../../src/hosts/shell.ts';
import { Session, type SessionOptions } from '../../src/session.ts';
import { VirtualClock } from '../helpers/clock.ts';
import { refusal } from './toys.ts';

const ec2 = mockClient(EC2Client);
let clock: VirtualClock;
let stop: AbortController;
let progress: [string, number][];
let session: Session;
let logged: string[];
let answer: Shell['run'];

beforeEach(() => {
  ec2.reset();
  clock = new VirtualClock();
  stop = new AbortController();
  progress = [];
  logged = [];
  const options = {
    world: {
      clock,
      pace: 1,
      random: () => 0.5,
      shell: { run: (...given: Parameters<Shell['run']>) => answer(...given) },
    },
    config: schema.parse({}),
    names: {},
    stack: { id: 'stack1', name: 'pms' },
    signal: stop.signal,
    serverLog: (line: string) => logged.push(line),
  };
  session = new Session(
    { ec2: new EC2Client({ region: 'us-west-2' }) } as Clients,
    options as unknown as SessionOptions,
  );
});

function bound(key: string, identity?: Record<string, string>) {
  return session.bind({ key } as AnyResource, {
    row: identity && { step: 1, status: 'complete', generation: 1, since: '', identity },
    token: 't',
    generation: 1,
    progress: (waitingFor, elapsedSeconds) => progress.push([waitingFor, elapsedSeconds]),
    letGo: () => {},
    seen: () => {},
  });
}

const subnets = ec2Kind({
  idFilter: 'subnet-id',
  idField: 'subnetId',
  ask: (Filters) => new DescribeSubnetsCommand({ Filters }),
  list: ({ Subnets }) => Subnets,
  id: ({ SubnetId }) => SubnetId,
});

describe('questions', () => {
  it('that are equal and asked in the same moment are one call, and everybody gets the answer', async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [{ VpcId: 'vpc-1' }] });
    const one = bound('a');
    const other = bound('b');
    const ask = (aws: typeof one) => aws.ask(aws.ec2, new DescribeVpcsCommand({ VpcIds: ['vpc-1'] }));
    const answers = await Promise.all([ask(one), ask(other)]);
    expect(answers.map(({ Vpcs }) => Vpcs![0]!.VpcId)).toEqual(['vpc-1', 'vpc-1']);
    expect(ec2.calls()).toHaveLength(1);
    await ask(one);
    expect(ec2.calls()).toHaveLength(2);
  });

  it('that differ are calls of their own', async () => {
    ec2.on(DescribeVpcsCommand).resolves({});
    const aws = bound('a');
    const ask = (id: string) => aws.ask(aws.ec2, new DescribeVpcsCommand({ VpcIds: [id] }));
    await Promise.all([ask('vpc-1'), ask('vpc-2')]);
    expect(ec2.calls()).toHaveLength(2);
  });

  it('for recorded ids of one kind are one call, and each gets its own or nothing', async () => {
    ec2.on(DescribeSubnetsCommand).resolves({ Subnets: [{ SubnetId: 'subnet-1' }, { SubnetId: 'subnet-2' }] });
    const found = await Promise.all(
      ['subnet-1', 'subnet-2'].map((subnetId) => bound(subnetId, { subnetId }).seek(subnets)),
    );
    expect(found.map((one) => one?.SubnetId)).toEqual(['subnet-1', 'subnet-2']);
    expect(ec2.commandCalls(DescribeSubnetsCommand).map(({ args }) => args[0].input)).toEqual([
      { Filters: [{ Name: 'subnet-id', Values: ['subnet-1', 'subnet-2'] }] },
    ]);
  });

  it('that fail, fail for everybody who asked, and the next one is asked anew', async () => {
    ec2
      .on(DescribeSubnetsCommand)
      .rejectsOnce(refusal('UnauthorizedOperation'))
      .resolves({ Subnets: [{ SubnetId: 's' }] });
    const seek = () => Promise.allSettled(['s', 's'].map((subnetId) => bound('x', { subnetId }).seek(subnets)));
    expect((await seek()).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await seek()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });
});

describe('wait', () => {
  const what = { for: 'thing ready', everySeconds: 5, timeoutSeconds: 60 };

  it('looks at once, then at its interval, and names what it waits for and since when', async () => {
    let looks = 0;
    expect(await bound('a').wait(what, async () => (++looks === 3 ? 'ready' : undefined))).toBe('ready');
    expect(progress).toEqual([
      ['thing ready', 0],
      ['thing ready', 5],
    ]);
  });

  it('is bounded, and says what it waited for and how to go on', async () => {
    const start = clock.now();
    const error = await bound('a')
      .wait(what, async () => undefined)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'timed-out', resumable: true, what: expect.stringContaining('thing ready') });
    expect((clock.now() - start) / 1000).toBeLessThanOrEqual(70);
  });

  it('is not ended by an hour that the machine slept between two looks, even when the first look after it is lost', async () => {
    let looks = 0;
    const look = async () => {
      looks++;
      if (looks === 2) await clock.sleep(3_600_000);
      if (looks === 2) throw refusal('TimeoutError');
      return looks === 4 ? 'ready' : undefined;
    };
    expect(await bound('a').wait({ ...what, timeoutSeconds: 100 }, look)).toBe('ready');
  });

  it('leaves it to the engine to wait for the network: what is being waited for goes on without it', async () => {
    const gone = async () => {
      throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
    };
    await expect(bound('a').wait(what, gone)).rejects.toThrow('EAI_AGAIN');
  });

  it.each(['RequestLimitExceeded', 'TimeoutError', 'InvalidVpcID.NotFound'])('looks on after %s', async (code) => {
    let looks = 0;
    const look = async () => {
      if (++looks < 3) throw refusal(code);
      return true;
    };
    expect(await bound('a').wait(what, look)).toBe(true);
  });

  it.each(['UnauthorizedOperation', 'VpcLimitExceeded', 'SomethingNew'])('ends at once with %s', async (code) => {
    let looks = 0;
    const look = async () => {
      looks++;
      throw refusal(code);
    };
    await expect(bound('a').wait(what, look)).rejects.toThrow(code);
    expect(looks).toBe(1);
  });

  it('ends with Stopped when the run is told to stop', async () => {
    const waiting = bound('a').wait(what, async () => {
      stop.abort();
      return undefined;
    });
    await expect(waiting).rejects.toBeInstanceOf(Stopped);
  });
});

describe('commands for servers', () => {
  const host = { name: 'a', instanceId: 'i-0a', address: '10.0.2.10', user: 'me' };
  const work = script({ name: 'x', title: 'do the work', typicalSeconds: 1, timeoutSeconds: 9, text: 'x' });

  it('are in the log with all that the server says, but for secrets', async () => {
    answer = async (_host, _command, { onOutput } = {}) => {
      onOutput?.('using mysql://airflow:hunter2@database/airflow');
      return { stdout: '' };
    };
    await bound('a').shell.run(host, work);
    expect(logged.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
      'a do the work',
      'a | using mysql://airflow:***@database/airflow',
      'a done',
    ]);
  });

  it('that only look are not in it', async () => {
    answer = async () => ({ stdout: 'text' });
    expect(await bound('a').shell.run(host, read('/etc/hostname'))).toEqual({ stdout: 'text' });
    expect(logged).toEqual([]);
  });

  it('end when the run is stopped, as a stop and not as a failure; what undoes something has a signal of its own', async () => {
    answer = (_host, _command, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal !== stop.signal) resolve({ stdout: 'undone' });
        signal!.addEventListener('abort', () => reject(new Error('killed')));
      });
    const { shell } = bound('a');
    const running = shell.run(host, work);
    stop.abort();
    await expect(running).rejects.toBeInstanceOf(Stopped);
    expect(logged.at(-1)).toContain('left: the run was told to stop');
    const own = { signal: new AbortController().signal };
    expect(await shell.run(host, work, own)).toEqual({ stdout: 'undone' });
  });
});
