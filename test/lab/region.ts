/** The region in a box: keeps hosts, servers, rules and names as the account says, until it is closed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Account, type Seen } from './account.ts';
import { FrontDoor } from './front-door.ts';
import { Hosts, hostName } from './hosts.ts';
import { addresses, applyRules, makeNetwork, namespaces, ports, removeNetwork } from './network.ts';
import {
  cacheFolder,
  type Daemon,
  daemon,
  inNamespace,
  listenIn,
  regionFolder,
  run,
  stopLeftovers,
} from './processes.ts';
import { Balancer, certificate, type Service, startCache, startDatabase, startMountTarget } from './services.ts';

const region = 'us-west-2';
const domain = `${region}.compute.internal`;
/** Where servers on the internet would be that the nodes ask for files. */
const fileServers = ['truststore.pki.rds.amazonaws.com', 'raw.githubusercontent.com'];

/** What the operator, and every server, is given as AWS_ENDPOINT_URL. */
export const endpointUrl = `http://${addresses.internet}:${ports.endpoint}`;

export class Region {
  readonly hosts = new Hosts();
  readonly #account: Account;
  readonly #door: FrontDoor;
  readonly #services = new Map<string, Service>();
  readonly #log: (line: string) => void;
  #daemons: Daemon[] = [];
  #seen: Seen | undefined;
  #open = true;
  #turn: Promise<void> = Promise.resolve();
  readonly #metadata = createServer((req, res) => this.#answerMetadata(req, res));

  static async open(emulatorUrl: string, log: (line: string) => void): Promise<Region> {
    await closeLeftovers();
    mkdirSync(join(regionFolder, 'names'), { recursive: true });
    await makeNetwork();
    const opened = new Region(emulatorUrl, log);
    await opened.#begin();
    return opened;
  }

  private constructor(emulatorUrl: string, log: (line: string) => void) {
    this.#log = log;
    this.#account = new Account(emulatorUrl, region);
    this.#door = new FrontDoor({
      upstream: emulatorUrl,
      healthOf: (arn) =>
        [...this.#services.values()]
          .find((one): one is Balancer => one instanceof Balancer && one.targetGroup?.targetGroupArn === arn)
          ?.health() ?? new Map(),
      afterChange: (action, form, answer) => this.#afterChange(action, form, answer),
    });
  }

  get seen(): Seen | undefined {
    return this.#seen;
  }

  async #begin() {
    const { internet, router } = namespaces;
    this.#door.listen(await listenIn(internet, addresses.internet, ports.endpoint));
    this.#metadata.listen(await listenIn(internet, addresses.aboveRouter, ports.metadata));
    const dns = [
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--user=root',
    ];
    dns.push(`--listen-address=${addresses.names}`, '--bind-interfaces', '--pid-file=', '--local-ttl=1');
    dns.push(`--hostsdir=${join(regionFolder, 'names')}`);
    this.#daemons.push(daemon('names', inNamespace(router, dns)));
    await certificate(join(regionFolder, 'files'), fileServers.join(',DNS:'));
    writeFileSync(join(regionFolder, 'files/nginx.conf'), fileServer());
    const nginx = ['nginx', '-p', join(regionFolder, 'files'), '-c', 'nginx.conf', '-e', 'error.log'];
    this.#daemons.push(daemon('files', inNamespace(internet, nginx)));
    void this.#watch();
  }

  async #watch() {
    while (this.#open) {
      await this.reconcile();
      await sleep(4000);
    }
  }

  async #afterChange(action: string, form: URLSearchParams, answer: string) {
    // The volume is as it is at the call: whoever has the answer may go on writing.
    if (action === 'CreateImage') {
      const imageId = /<imageId>(ami-[0-9a-f]+)<\/imageId>/.exec(answer)?.[1] ?? '';
      const instanceId = form.get('InstanceId') ?? '';
      await this.hosts.snapshot(imageId, instanceId);
      this.#log(`${imageId} is the volume of ${instanceId}`);
    } else void this.reconcile();
  }

  /** One turn after the other; each sees the account as it is when it begins. */
  reconcile(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (!this.#open) return;
      try {
        await this.#reconcile();
      } catch (error) {
        this.#log(`not settled: ${(error as Error).message}`);
      }
    });
    return this.#turn;
  }

  async #reconcile() {
    const { told } = this.#door;
    const seen = await this.#account.look(told);
    this.#seen = seen;
    for (const id of this.hosts.ids())
      if (!seen.instances.some(({ owner }) => owner === id)) {
        await this.hosts.terminate(id);
        this.#log(`${id} terminated`);
      }
    for (const [owner, service] of this.#services)
      if (!seen.interfaces.some((one) => one.owner === owner)) {
        this.#services.delete(owner);
        await service.stop();
        this.#log(`${owner} gone`);
      }
    this.#writeNames(seen);
    await Promise.all([
      ...seen.instances
        .filter(({ owner }) => !this.hosts.has(owner))
        .map(async (instance) => {
          await this.hosts.start(instance, { publicKey: told.publicKeys.get(instance.keyName) ?? '', domain });
          this.#log(`${instance.owner} started at ${instance.privateIp}`);
        }),
      ...this.#missing(seen.databases, (one) => startDatabase(one, told)),
      ...this.#missing(seen.caches, (one) => startCache(one, told)),
      ...this.#missing(seen.mountTargets, startMountTarget),
      ...this.#missing(seen.loadBalancers, (one) => Balancer.start(one)),
    ]);
    const addressOf = (id: string) => seen.instances.find(({ owner }) => owner === id)?.privateIp;
    for (const one of seen.loadBalancers) {
      const service = this.#services.get(one.owner);
      if (service instanceof Balancer) await service.update(one, addressOf);
    }
    await applyRules(seen);
    await this.hosts.writeList();
  }

  #missing<T extends { owner: string }>(wanted: readonly T[], start: (one: T) => Promise<Service>): Promise<void>[] {
    return wanted
      .filter(({ owner }) => !this.#services.has(owner))
      .map(async (one) => {
        this.#services.set(one.owner, await start(one));
        this.#log(`${one.owner} started`);
      });
  }

  /** Private names of instances and the names of everything that has one. */
  #writeNames({ instances, databases, caches, loadBalancers, mountTargets }: Seen) {
    const lines = [
      `${addresses.internet} packages.lab ${fileServers.join(' ')}`,
      ...instances.map((one) => `${one.privateIp} ${hostName(one)}.${domain} ${hostName(one)}`),
      ...[...databases, ...caches].map(({ privateIp, endpoint }) => `${privateIp} ${endpoint}`),
      ...loadBalancers.map(({ privateIp, dnsName }) => `${privateIp} ${dnsName}`),
      ...mountTargets.map(({ privateIp, fileSystemId }) => `${privateIp} ${fileSystemId}.efs.${region}.amazonaws.com`),
    ];
    const text = `${lines.join('\n')}\n`;
    if (text === this.#names) return;
    this.#names = text;
    writeFileSync(join(regionFolder, 'names/hosts'), text);
    // Names that went away are forgotten only when it reads everything anew.
    if (this.#daemons[0]) process.kill(this.#daemons[0].pid, 'SIGHUP');
  }

  #names = '';

  /** The instance metadata service, version 2 only: who asks is known by his address. */
  #answerMetadata(req: IncomingMessage, res: ServerResponse) {
    const instance = this.#seen?.instances.find(
      ({ privateIp }) => privateIp === req.socket.remoteAddress?.replace('::ffff:', ''),
    );
    const answer = (status: number, text = '') => res.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    const role = instance?.profileArn?.split('/').at(-1);
    if (!instance) return answer(404);
    if (req.method === 'PUT' && req.url === '/latest/api/token') return answer(200, `token-${instance.owner}`);
    if (req.headers['x-aws-ec2-metadata-token'] !== `token-${instance.owner}`) return answer(401);
    const path = (req.url ?? '').replace(/^\/latest\//, '').replace(/\/$/, '');
    if (path === 'meta-data/instance-id') return answer(200, instance.owner);
    if (path === 'meta-data/local-ipv4') return answer(200, instance.privateIp);
    if (path === 'meta-data/placement/region') return answer(200, region);
    if (role && path === 'meta-data/iam/security-credentials') return answer(200, role);
    if (role && path === `meta-data/iam/security-credentials/${role}`)
      return answer(
        200,
        JSON.stringify({
          Code: 'Success',
          Type: 'AWS-HMAC',
          LastUpdated: new Date().toISOString(),
          AccessKeyId: 'ASIALAB0000000000000',
          SecretAccessKey: 'lab',
          Token: instance.owner,
          Expiration: new Date(Date.now() + 6 * 3600e3).toISOString(),
        }),
      );
    return answer(404);
  }

  async close() {
    this.#open = false;
    await this.#turn;
    this.#door.close();
    this.#metadata.closeAllConnections();
    this.#metadata.close();
    await this.hosts.close();
    await Promise.all([...this.#services.values()].map((one) => one.stop().catch(() => {})));
    await Promise.all(this.#daemons.map((one) => one.stop()));
    await closeLeftovers();
  }
}

/** Whatever a lab left, this one or one that died: processes, mounts, namespaces, files. */
export async function closeLeftovers() {
  await stopLeftovers();
  const mounts = (await run('cat', ['/proc/mounts'])).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((one) => one.startsWith(regionFolder)).reverse())
    await run('umount', ['--lazy', mount]);
  await removeNetwork();
  if (!existsSync(regionFolder)) return;
  // A few volumes are a hundred thousand files, which nobody waits for.
  const gone = `${regionFolder}.gone-${Date.now()}`;
  await run('mv', [regionFolder, gone]);
  spawn('rm', ['-rf', gone], { detached: true, stdio: 'ignore' }).unref();
}

function fileServer(): string {
  const folder = join(regionFolder, 'files');
  const www = join(cacheFolder, 'www');
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  types { text/html html; }
  default_type application/octet-stream;
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  sendfile on;
  server {
    listen ${addresses.internet}:80;
    root ${www};
  }
  server {
    listen ${addresses.internet}:443 ssl;
    ssl_certificate ${folder}/server.crt;
    ssl_certificate_key ${folder}/server.key;
    location = /global/global-bundle.pem { alias ${join(cacheFolder, 'ca/ca.crt')}; }
    location ~ ^/apache/airflow/constraints-([0-9.]+)/ { alias ${www}/constraints/constraints-$1.txt; }
  }
}
`;
}
