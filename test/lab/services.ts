/** What AWS runs for its customers, as real servers: Aurora is a MySQL, ElastiCache a Redis, a load balancer an nginx. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadBalancer, MountTarget, NamedServer, NetworkInterface, TargetGroup } from './account.ts';
import type { Told } from './front-door.ts';
import { namespaceOf, plug, unplug } from './network.ts';
import { cacheFolder, type Daemon, daemon, inNamespace, listenIn, regionFolder, run } from './processes.ts';

/** One that runs, and how it is ended. */
export interface Service {
  stop(): Promise<void>;
}

/** Key and certificate for `name`, from the authority that all servers of the lab trust. */
export async function certificate(folder: string, name: string, kind: 'DNS' | 'IP' = 'DNS') {
  const authority = join(cacheFolder, 'ca');
  mkdirSync(folder, { recursive: true });
  const file = (end: string) => join(folder, end);
  const request = ['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', file('server.key'), '-out', file('server.csr')];
  await run('openssl', [...request, '-subj', '/CN=lab']);
  writeFileSync(file('names'), `subjectAltName=${kind}:${name}\nauthorityKeyIdentifier=keyid\n`);
  const signing = ['x509', '-req', '-in', file('server.csr'), '-CA', join(authority, 'ca.crt')];
  signing.push('-CAkey', join(authority, 'ca.key'), '-CAcreateserial', '-days', '30', '-extfile', file('names'));
  await run('openssl', [...signing, '-out', file('server.crt')]);
  await run('chmod', ['-R', 'a+rX', folder]);
}

async function onNetwork(given: NetworkInterface, start: () => Promise<Daemon>): Promise<Service> {
  await plug(given);
  const running = await start();
  return {
    async stop() {
      await running.stop('SIGKILL');
      await unplug(given.owner);
    },
  };
}

export function startDatabase(database: NamedServer, told: Told): Promise<Service> {
  const { owner, endpoint } = database;
  const { username = 'admin', password = '' } = told.databases.get(owner.replace('db-', '')) ?? {};
  const root = join(cacheFolder, 'mysql');
  const inRoot = `/var/lib/lab-${owner}`;
  const data = join(root, inRoot);
  return onNetwork(database, async () => {
    rmSync(data, { recursive: true, force: true });
    await certificate(data, endpoint);
    await run('chroot', [root, 'chown', '-R', 'mysql:mysql', inRoot]);
    await run('chroot', [root, 'install', '-d', '-o', 'mysql', '-g', 'mysql', '/run/mysqld']);
    const common = ['chroot', root, 'mysqld', '--no-defaults', '--user=mysql', `--datadir=${inRoot}/data`];
    await run(common[0]!, [...common.slice(1), '--initialize-insecure']);
    writeFileSync(
      join(data, 'init.sql'),
      `CREATE USER '${username}'@'%' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO '${username}'@'%' WITH GRANT OPTION;\n`,
    );
    return daemon(
      owner,
      inNamespace(namespaceOf(owner), [
        ...common,
        `--init-file=${inRoot}/init.sql`,
        '--bind-address=0.0.0.0',
        '--port=3306',
        `--socket=${inRoot}/socket`,
        '--mysqlx=0',
        '--require-secure-transport=ON',
        `--ssl-cert=${inRoot}/server.crt`,
        `--ssl-key=${inRoot}/server.key`,
        '--innodb-buffer-pool-size=256M',
        '--skip-log-bin',
        // It would ask for the name of each client, and wait for want of an answer.
        '--skip-name-resolve',
      ]),
    );
  });
}

export function startCache(cache: NamedServer, told: Told): Promise<Service> {
  const { owner, endpoint } = cache;
  const folder = join(regionFolder, owner);
  const groups = told.caches.get(owner.replace('cache-', ''))?.userGroupIds ?? [];
  const users = groups
    .flatMap((id) => told.cacheUserGroups.get(id) ?? [])
    .flatMap((id) => told.cacheUsers.get(id) ?? []);
  return onNetwork(cache, async () => {
    await certificate(folder, endpoint);
    const lines = users.map(
      ({ name, access, passwords }) => `user ${name} ${passwords.map((one) => `>${one}`).join(' ')} ${access}`,
    );
    if (!users.some(({ name }) => name === 'default')) lines.push('user default off');
    writeFileSync(join(folder, 'users.acl'), `${lines.join('\n')}\n`, { mode: 0o600 });
    const settings = ['port 0', 'tls-port 6379', 'bind 0.0.0.0', 'tls-auth-clients no', 'save ""', 'daemonize no'];
    settings.push(`dir ${folder}`, `aclfile ${folder}/users.acl`, `tls-cert-file ${folder}/server.crt`);
    settings.push(`tls-key-file ${folder}/server.key`, `tls-ca-cert-file ${join(cacheFolder, 'ca/ca.crt')}`);
    writeFileSync(join(folder, 'redis.conf'), `${settings.join('\n')}\n`);
    return daemon(owner, inNamespace(namespaceOf(owner), ['redis-server', join(folder, 'redis.conf')]));
  });
}

/** Answers at NFS's port. The files themselves are shared below the hosts. */
export async function startMountTarget(target: MountTarget): Promise<Service> {
  mkdirSync(join(regionFolder, 'efs', target.fileSystemId), { recursive: true });
  await plug(target);
  const socket: Server = await listenIn(namespaceOf(target.owner), '0.0.0.0', 2049);
  socket.on('connection', (connection) => connection.destroy());
  return {
    async stop() {
      socket.close();
      await unplug(target.owner);
    },
  };
}

/** What a check of a target found, as often in a row as counts. */
interface Verdict {
  state: 'initial' | 'healthy' | 'unhealthy';
  streak: number;
  lastWas: boolean;
  nextAt: number;
}

/** An application load balancer: nginx before the healthy targets, a cookie for each browser, checks of its own. */
export class Balancer implements Service {
  readonly #owner: string;
  readonly #folder: string;
  readonly #nginx: Daemon;
  readonly #verdicts = new Map<string, Verdict>();
  #settings: LoadBalancer;
  #addressOf: (instanceId: string) => string | undefined = () => undefined;
  #open = true;
  #written = '';

  static async start(settings: LoadBalancer): Promise<Balancer> {
    await plug(settings);
    const folder = join(regionFolder, settings.owner);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'nginx.conf'), balancerConfiguration(settings, [], folder));
    const nginx = inNamespace(namespaceOf(settings.owner), [
      'nginx',
      '-p',
      folder,
      '-c',
      'nginx.conf',
      '-e',
      'error.log',
    ]);
    return new Balancer(settings, folder, daemon(settings.owner, nginx));
  }

  private constructor(settings: LoadBalancer, folder: string, nginx: Daemon) {
    this.#owner = settings.owner;
    this.#settings = settings;
    this.#folder = folder;
    this.#nginx = nginx;
    void this.#check();
  }

  get targetGroup(): TargetGroup | undefined {
    return this.#settings.targetGroup;
  }

  /** State by instance id, in the words of the API. */
  health(): Map<string, string> {
    const targets = this.#settings.targetGroup?.targets ?? [];
    return new Map(targets.map(({ instanceId }) => [instanceId, this.#verdicts.get(instanceId)?.state ?? 'initial']));
  }

  async update(settings: LoadBalancer, addressOf: (instanceId: string) => string | undefined) {
    this.#settings = settings;
    this.#addressOf = addressOf;
    const ids = settings.targetGroup?.targets.map(({ instanceId }) => instanceId) ?? [];
    for (const id of this.#verdicts.keys()) if (!ids.includes(id)) this.#verdicts.delete(id);
    this.#write();
  }

  #write() {
    const group = this.#settings.targetGroup;
    const targets = (group?.targets ?? []).flatMap(({ instanceId, port }) => {
      const address = this.#addressOf(instanceId);
      const healthy = this.#verdicts.get(instanceId)?.state === 'healthy';
      return address && healthy ? [{ instanceId, server: `${address}:${port}` }] : [];
    });
    const text = balancerConfiguration(this.#settings, targets, this.#folder);
    if (text === this.#written) return;
    this.#written = text;
    writeFileSync(join(this.#folder, 'nginx.conf'), text);
    process.kill(this.#nginx.pid, 'SIGHUP');
  }

  async #check() {
    while (this.#open) {
      const group = this.#settings.targetGroup;
      for (const { instanceId, port } of group?.targets ?? []) {
        const verdict = this.#verdicts.get(instanceId) ?? { state: 'initial', streak: 0, lastWas: false, nextAt: 0 };
        this.#verdicts.set(instanceId, verdict);
        const address = this.#addressOf(instanceId);
        if (!group || !address || Date.now() < verdict.nextAt) continue;
        verdict.nextAt = Date.now() + group.intervalSeconds * 1000;
        const url = `http://${address}:${port}${group.path}`;
        const asking = ['curl', '-s', '-o', '/dev/null', '-m', String(group.timeoutSeconds), '-w', '%{http_code}', url];
        void run(...inNamespace(namespaceOf(this.#owner), asking))
          .then((code) => code === '200')
          .catch(() => false)
          .then((well) => this.#judge(instanceId, well, group));
      }
      await sleep(500);
    }
  }

  #judge(instanceId: string, well: boolean, { healthyThreshold, unhealthyThreshold }: TargetGroup) {
    const verdict = this.#verdicts.get(instanceId);
    if (!verdict || !this.#open) return;
    verdict.streak = verdict.lastWas === well ? verdict.streak + 1 : 1;
    verdict.lastWas = well;
    if (well && verdict.streak >= (verdict.state === 'initial' ? 1 : healthyThreshold)) verdict.state = 'healthy';
    if (!well && verdict.streak >= unhealthyThreshold) verdict.state = 'unhealthy';
    this.#write();
  }

  async stop() {
    this.#open = false;
    await this.#nginx.stop('SIGTERM');
    await unplug(this.#owner);
  }
}

function balancerConfiguration(
  { preservesHost }: LoadBalancer,
  targets: readonly { instanceId: string; server: string }[],
  folder: string,
): string {
  const pools = targets.map(({ instanceId, server }) => `  upstream ${instanceId} { server ${server}; }`);
  const chosen = targets.map(({ instanceId }) => `    ${instanceId} ${instanceId};`);
  const served = targets.map(({ instanceId, server }) => `    ${server} ${instanceId};`);
  const location = `
      proxy_pass http://$pool;
      proxy_next_upstream off;
      proxy_connect_timeout 10s;
      proxy_http_version 1.1;
      proxy_set_header Host ${preservesHost ? '$http_host' : '$host'};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto http;
      proxy_set_header X-Forwarded-Port 80;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      add_header Set-Cookie "AWSALB=$served; Max-Age=86400; Path=/" always;`;
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 16m;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
${pools.join('\n')}
  ${targets.length > 0 ? `upstream healthy { ${targets.map(({ server }) => `server ${server} max_fails=0;`).join(' ')} }` : ''}
  map $cookie_AWSALB $pool {
    default healthy;
${chosen.join('\n')}
  }
  map $upstream_addr $served {
    default '';
${served.join('\n')}
  }
  server {
    listen 80;
    location / {${targets.length > 0 ? location : ' return 503;'}
    }
  }
}
`;
}
