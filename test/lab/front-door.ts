/**
 * The region's endpoint: before the emulator, whoever that is. It passes everything on, keeps what AWS is told and never
 * tells again (public keys, passwords), and puts into answers what the lab knows better: the health of targets.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';

export interface Told {
  /** OpenSSH's text, by name of the key pair. */
  readonly publicKeys: Map<string, string>;
  readonly databases: Map<string, { username: string; password: string }>;
  readonly cacheUsers: Map<string, { name: string; access: string; passwords: string[] }>;
  readonly cacheUserGroups: Map<string, string[]>;
  readonly caches: Map<string, { subnetGroup: string; groupIds: string[]; userGroupIds: string[] }>;
}

export interface FrontDoorOptions {
  readonly upstream: string;
  /** After a call that may have changed the account; its answer leaves when this is done. */
  readonly afterChange: (action: string, form: URLSearchParams, answer: string) => Promise<void>;
  /** The lab's own answer to DescribeTargetHealth: state by instance id. */
  readonly healthOf: (targetGroupArn: string) => Map<string, string>;
}

export class FrontDoor {
  readonly told: Told = {
    publicKeys: new Map(),
    databases: new Map(),
    cacheUsers: new Map(),
    cacheUserGroups: new Map(),
    caches: new Map(),
  };
  readonly #options: FrontDoorOptions;
  readonly #server = createServer((req, res) => void this.#handle(req, res));

  constructor(options: FrontDoorOptions) {
    this.#options = options;
  }

  listen(socket: Server) {
    this.#server.listen(socket);
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #handle(req: IncomingMessage, res: ServerResponse) {
    try {
      const body = await translated(req);
      const form = req.headers['content-type']?.includes('form-urlencoded')
        ? new URLSearchParams(body.toString())
        : new URLSearchParams();
      const action = form.get('Action') ?? '';
      const answer = await this.#pass(req, body);
      let text = answer.body;
      if (answer.status < 300) {
        this.#remember(action, form);
        if (action === 'DescribeTargetHealth')
          text = Buffer.from(withHealth(text.toString(), this.#options.healthOf(form.get('TargetGroupArn') ?? '')));
        else if (!looksOnly(req, action)) await this.#options.afterChange(action, form, text.toString());
      }
      const kept = Object.entries(answer.headers).filter(([name]) => !droppedHeaders.has(name));
      const headers = Object.fromEntries(kept) as Record<string, string>;
      if (req.method !== 'HEAD') headers['content-length'] = String(text.length);
      res.writeHead(answer.status, headers);
      res.end(req.method === 'HEAD' ? undefined : text);
    } catch {
      req.socket.destroy();
    }
  }

  #pass(
    req: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
    const { hostname, port } = new URL(this.#options.upstream);
    return new Promise((resolve, reject) => {
      const headers = Object.fromEntries(Object.entries(req.headers).filter(([name]) => !droppedHeaders.has(name)));
      if (body.length > 0) headers['content-length'] = String(body.length);
      const out = request({ hostname, port, method: req.method, path: req.url, headers, agent: false }, (from) => {
        bodyOf(from).then((bytes) => {
          resolve({ status: from.statusCode ?? 502, headers: from.headers, body: bytes });
        }, reject);
      });
      out.on('error', reject);
      out.end(body);
    });
  }

  #remember(action: string, form: URLSearchParams) {
    const value = (name: string) => form.get(name) ?? '';
    const { told } = this;
    if (action === 'ImportKeyPair')
      told.publicKeys.set(value('KeyName'), Buffer.from(value('PublicKeyMaterial'), 'base64').toString().trim());
    if (action === 'CreateDBCluster')
      told.databases.set(value('DBClusterIdentifier'), {
        username: value('MasterUsername'),
        password: value('MasterUserPassword'),
      });
    if (action === 'CreateUser' && form.has('AccessString'))
      told.cacheUsers.set(value('UserId'), {
        name: value('UserName'),
        access: value('AccessString'),
        passwords: listed(form, 'AuthenticationMode.Passwords', 'Passwords'),
      });
    if (action === 'CreateUserGroup') told.cacheUserGroups.set(value('UserGroupId'), listed(form, 'UserIds'));
    if (action === 'CreateReplicationGroup')
      told.caches.set(value('ReplicationGroupId'), {
        subnetGroup: value('CacheSubnetGroupName'),
        groupIds: listed(form, 'SecurityGroupIds'),
        userGroupIds: listed(form, 'UserGroupIds'),
      });
  }
}

const droppedHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect', 'content-length']);

/** Values of a list in the Query protocol, which numbers its members: `UserIds.member.1`, `UserIds.UserId.1`. */
function listed(form: URLSearchParams, ...names: string[]): string[] {
  return [...form]
    .filter(([key]) => names.some((name) => key.startsWith(`${name}.`) && /\.\d+$/.test(key)))
    .map(([, value]) => value);
}

/** Emulators know no image of Debian. Any image will do, since the lab's base stands for all public ones. */
async function translated(req: IncomingMessage): Promise<Buffer> {
  const body = await bodyOf(req);
  if (!String(req.headers['x-amz-target']).endsWith('.GetParameter')) return body;
  const known = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
  return Buffer.from(body.toString().replace(/\/aws\/service\/debian\/release\/[\w/]+/, known));
}

function looksOnly(req: IncomingMessage, action: string): boolean {
  const target =
    String(req.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1) ?? '';
  const name = action || target;
  if (name !== '') return /^(Describe|Get|List|Assume)/.test(name);
  return req.method === 'GET' || req.method === 'HEAD';
}

function withHealth(xml: string, health: Map<string, string>): string {
  return xml.replace(
    /<member>(?:(?!<\/member>)[\s\S])*?<Id>(i-[0-9a-f]+)<\/Id>[\s\S]*?<\/member>/g,
    (member, id: string) => {
      const state = health.get(id);
      return state === undefined ? member : member.replace(/<State>[^<]*<\/State>/, `<State>${state}</State>`);
    },
  );
}

function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}
