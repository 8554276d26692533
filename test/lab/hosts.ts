/** Instances as hosts: Debian under systemd-nspawn on an overlay of its image, with the network of its interface. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from './account.ts';
import { cutOff, namespaceOf, plug, unplug } from './network.ts';
import { cacheFolder, childrenOf, type Daemon, daemon, regionFolder, run } from './processes.ts';

const volumes = join(regionFolder, 'volumes');
const images = join(regionFolder, 'images');
/** What mount.nfs4 of the base image binds from. */
const sharedFolder = join(regionFolder, 'efs');

/** The folder that an image was copied to. Any other image is the base, as Amazon's public ones are. */
export function imageFolder(imageId: string): string {
  return join(images, imageId);
}

export function volumeFolder(instanceId: string): string {
  return join(volumes, instanceId, 'upper');
}

/** The host name that EC2 gives: `ip-10-0-2-5`. */
export function hostName({ privateIp }: Pick<Instance, 'privateIp'>): string {
  return `ip-${privateIp.replaceAll('.', '-')}`;
}

interface HostEntry {
  readonly name: string;
  readonly instanceId: string;
  readonly privateIp: string;
  readonly publicIp: string | undefined;
  /** Of systemd-nspawn, whose one child is the host's init. */
  readonly pid: number;
}

const names: Record<string, string> = { nodeA: 'a', nodeC: 'c' };
const listFile = join(regionFolder, 'hosts.json');

/** The host called `bastion`, `a` or `c`, of the lab that runs. */
export function hostNamed(name: string): HostEntry {
  const list = existsSync(listFile) ? (JSON.parse(readFileSync(listFile, 'utf8')) as HostEntry[]) : [];
  const found = list.find((one) => one.name === name || one.instanceId === name);
  if (!found)
    throw new Error(`the lab has no host ${name}; it has ${list.map((one) => one.name).join(', ') || 'none'}`);
  return found;
}

/** The program and arguments that run a command on a host as root, past its network. */
export async function onHost(name: string, command: readonly string[]): Promise<[string, string[]]> {
  const [init] = await childrenOf(hostNamed(name).pid);
  return ['nsenter', ['-t', String(init), '-m', '-u', '-i', '-n', '-p', '-r', '-w', '--', ...command]];
}

/** Pulls the host's cable and cuts its power; the account goes on calling it running. */
export async function pull(name: string) {
  const { instanceId, pid } = hostNamed(name);
  await cutOff(instanceId);
  await powerOff(pid);
}

async function powerOff(machine: number) {
  const [init] = await childrenOf(machine);
  if (init !== undefined) process.kill(init, 'SIGKILL');
}

export class Hosts {
  readonly #running = new Map<string, { machine: Daemon; instance: Instance }>();
  readonly #copying = new Map<string, Promise<void>>();

  has(instanceId: string): boolean {
    return this.#running.has(instanceId);
  }

  ids(): string[] {
    return [...this.#running.keys()];
  }

  async start(instance: Instance, { publicKey, domain }: { publicKey: string; domain: string }) {
    const { owner, imageId } = instance;
    // An emulator calls an image available at once, also to whoever did not wait for the answer to its making.
    await this.#copying.get(imageId);
    const folder = join(volumes, owner);
    const root = join(folder, 'root');
    for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name), { recursive: true });
    mkdirSync(sharedFolder, { recursive: true });
    const image = imageFolder(imageId);
    const lower = [...(existsSync(image) ? [image] : []), join(cacheFolder, 'base')].join(':');
    const options = `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    await run('mount', ['-t', 'overlay', 'overlay', '-o', options, root]);
    await this.#firstStart(root, instance, publicKey, domain);
    await plug(instance);
    const machine = daemon(
      `host-${owner}`,
      [
        'systemd-nspawn',
        [
          '--quiet',
          '--register=no',
          '--keep-unit',
          `--network-namespace-path=/run/netns/${namespaceOf(owner)}`,
          `--hostname=${hostName(instance)}`,
          '--resolv-conf=off',
          '--timezone=off',
          '--link-journal=no',
          // Without one of its own a host would take the machine's for its machine id.
          `--uuid=${createHash('md5').update(owner).digest('hex')}`,
          `--bind=${sharedFolder}:/var/lib/lab-efs`,
          '--directory',
          root,
          '--boot',
        ],
      ],
      // The hosts' systemd takes no other, whatever the machine below has.
      { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    );
    this.#running.set(owner, { machine, instance });
  }

  /** What cloud-init does on an instance that it has not seen yet. */
  async #firstStart(root: string, instance: Instance, publicKey: string, domain: string) {
    const seen = join(root, 'var/lib/cloud/data/instance-id');
    if (existsSync(seen) && readFileSync(seen, 'utf8').trim() === instance.owner) return;
    mkdirSync(join(root, 'var/lib/cloud/data'), { recursive: true });
    writeFileSync(seen, `${instance.owner}\n`);
    writeFileSync(join(root, 'etc/hostname'), `${hostName(instance)}\n`);
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
    rmSync(join(root, 'etc/resolv.conf'), { force: true });
    writeFileSync(join(root, 'etc/resolv.conf'), `nameserver 169.254.169.253\nsearch ${domain}\n`);
    for (const user of ['admin', 'ec2-user']) {
      const home = join(root, 'home', user);
      mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
      writeFileSync(join(home, '.ssh/authorized_keys'), `${publicKey}\n`, { mode: 0o600 });
      await run('chown', ['-R', '--reference', home, join(home, '.ssh')]);
    }
    for (const kind of ['rsa', 'ecdsa', 'ed25519'])
      for (const half of ['', '.pub']) rmSync(join(root, `etc/ssh/ssh_host_${kind}_key${half}`), { force: true });
    await run('ssh-keygen', ['-q', '-A', '-f', root]);
  }

  /** Ends the host as a power cut does. */
  async kill(instanceId: string) {
    const known = this.#running.get(instanceId);
    if (!known) return;
    this.#running.delete(instanceId);
    await powerOff(known.machine.pid);
    await known.machine.stop('SIGKILL');
  }

  /** The host with nothing left of it. */
  async terminate(instanceId: string) {
    await this.kill(instanceId);
    await unplug(instanceId);
    const folder = join(volumes, instanceId);
    for (let attempt = 0; attempt < 20; attempt++)
      try {
        await run('umount', [join(folder, 'root')]);
        break;
      } catch {
        await sleep(250);
      }
    // Tens of thousands of files: not here, where the endpoint would stand still meanwhile.
    await run('rm', ['-rf', folder]);
  }

  /** The volume as it is now, as an image. */
  snapshot(imageId: string, instanceId: string): Promise<void> {
    const copying = this.#copy(imageId, instanceId);
    this.#copying.set(imageId, copying);
    return copying;
  }

  async #copy(imageId: string, instanceId: string) {
    const folder = imageFolder(imageId);
    mkdirSync(images, { recursive: true });
    await run('rm', ['-rf', `${folder}.new`]);
    await run('sync', ['--file-system', volumeFolder(instanceId)]);
    const image = this.#running.get(instanceId)?.instance.imageId ?? '';
    if (existsSync(imageFolder(image))) await run('cp', ['-a', imageFolder(image), `${folder}.new`]);
    await run('cp', ['-aT', volumeFolder(instanceId), `${folder}.new`]);
    await run('mv', [`${folder}.new`, folder]);
  }

  /** For whoever wants to stay inside: every host by its name. */
  async writeList() {
    const list: HostEntry[] = [...this.#running.values()].map(({ machine, instance }) => ({
      name: names[instance.resource] ?? instance.resource,
      instanceId: instance.owner,
      privateIp: instance.privateIp,
      publicIp: instance.publicIp,
      pid: machine.pid,
    }));
    writeFileSync(listFile, JSON.stringify(list));
  }

  async close() {
    await Promise.all(this.ids().map((id) => this.kill(id)));
  }
}
