import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { operationOf } from './operation.ts';

/** One request that reached the proxy, in the order in which the endpoint answered. */
export interface Call {
  /** `ec2.CreateVpc` and the like. */
  operation: string;
  /** Whether the operation changes the account, whatever the endpoint made of it. */
  changes: boolean;
  /** The endpoint's HTTP status; 0 when it hung up instead of answering. */
  status: number;
  /** What became of the answer. */
  answer: 'sent' | 'cut' | 'killed';
}

/** A changing call that AWS has carried out; refused ones change nothing and are neither killed at nor cut. */
const carriedOut = (call: Call) => call.changes && call.status >= 200 && call.status < 400;

/** Headers that describe one connection, not the message. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect', 'upgrade', 'te', 'trailer']);

/**
 * Stands before an endpoint that speaks AWS's protocols, knowing nothing of which one it is: logs every call, adds
 * latency, loses answers, and kills the client at the worst moment, when a change has been carried out and its
 * answer has not left yet.
 */
export class FaultProxy {
  readonly calls: Call[] = [];
  /** Milliseconds that pass before each answer leaves. */
  latencyMs = 0;
  /** Asked for each carried-out change; true loses its answer: the connection is reset instead. */
  cutAnswer: (call: Call) => boolean = () => false;

  private readonly upstream: URL;
  // A connection for each call: an idle one that the endpoint has just closed would look like a lost answer.
  private readonly agent = new Agent({ keepAlive: false });
  private readonly server = createServer((req, res) => void this.handle(req, res));
  private pendingKill: { left: number; kill: () => void } | undefined;
  private inFlight = 0;

  private constructor(upstream: string) {
    this.upstream = new URL(upstream);
  }

  /** Listens on a free port of 127.0.0.1, in front of `upstream` (an http URL without a path). */
  static async start(upstream: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** What clients are given as AWS_ENDPOINT_URL: an address, since with a name S3 asks for `bucket.name`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The calls that asked for a change, refused ones included. */
  get changes(): Call[] {
    return this.calls.filter((call) => call.changes);
  }

  /** The changes that were carried out. */
  get carriedOut(): Call[] {
    return this.calls.filter(carriedOut);
  }

  /** Calls `kill` once, when the `nth` change from now on has been carried out, before its answer leaves. */
  killAtChange(nth: number, kill: () => void): void {
    this.pendingKill = { left: nth, kill };
  }

  /** Forgets the log and every fault that was ordered. */
  clear(): void {
    this.calls.length = 0;
    this.latencyMs = 0;
    this.cutAnswer = () => false;
    this.pendingKill = undefined;
  }

  /**
   * Resolves when the endpoint has answered everything that was asked. A killed client leaves calls on their way;
   * on AWS they arrive within moments, long before anyone resumes.
   */
  async idle(): Promise<void> {
    // One turn more than the count says: a request whose bytes have arrived may not have been handed to us yet.
    for (let quiet = 0; quiet < 3; quiet = this.inFlight === 0 ? quiet + 1 : 0) await sleep(10);
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.inFlight += 1;
    try {
      const body = await bodyOf(req);
      const { name, changes } = operationOf(req.method ?? 'GET', req.url ?? '/', req.headers, body);
      const answer = await this.forward(req, body).catch(() => undefined);
      const call: Call = { operation: name, changes, status: answer?.status ?? 0, answer: 'sent' };
      this.calls.push(call);
      if (!answer) {
        req.socket.destroy();
        return;
      }
      if (carriedOut(call) && this.pendingKill && --this.pendingKill.left === 0) {
        call.answer = 'killed';
        this.pendingKill.kill();
        this.pendingKill = undefined;
        req.socket.destroy();
        return;
      }
      if (this.latencyMs > 0) await sleep(this.latencyMs);
      if (carriedOut(call) && this.cutAnswer(call)) {
        call.answer = 'cut';
        req.socket.destroy();
        return;
      }
      res.writeHead(answer.status, answer.headers);
      res.end(req.method === 'HEAD' ? undefined : answer.body);
    } catch {
      // The client went away while it was sending; there is nobody left to answer.
      req.socket.destroy();
    } finally {
      this.inFlight -= 1;
    }
  }

  private forward(req: IncomingMessage, body: Buffer): Promise<{ status: number; headers: string[]; body: Buffer }> {
    const { agent, upstream } = this;
    return new Promise((resolve, reject) => {
      const headers = endToEnd(req.rawHeaders);
      if (body.length > 0) headers.push('Content-Length', String(body.length));
      const { hostname, port } = upstream;
      // `Host` stays the client's: emulators read the S3 bucket out of it, and build the URLs they answer with.
      const out = request({ agent, hostname, port, method: req.method, path: req.url, headers }, (from) => {
        bodyOf(from).then((answer) => {
          const kept = endToEnd(from.rawHeaders);
          const length = req.method === 'HEAD' ? from.headers['content-length'] : String(answer.length);
          if (length !== undefined) kept.push('Content-Length', length);
          resolve({ status: from.statusCode ?? 0, headers: kept, body: answer });
        }, reject);
      });
      out.on('error', reject);
      out.end(body);
    });
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Raw headers (name, value, name, value …) without those of the connection and without the length, set anew. */
function endToEnd(raw: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (!HOP_BY_HOP.has(name) && name !== 'content-length') kept.push(raw[i]!, raw[i + 1]!);
  }
  return kept;
}
