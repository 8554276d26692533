/** How the steps reach a server, and what all work on servers has in common as a resource. */
import { createHash } from 'node:crypto';
import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import type { Aws } from '../../aws.ts';
import { type Identities, type Known, type Needs, type Resource, resource } from '../../engine/resource.ts';
import { UserError } from '../../errors.ts';
import { type Command, file, files, read } from '../../hosts/command.ts';
import { osOf } from '../../hosts/os.ts';
import { type Host, shellErrors } from '../../hosts/shell.ts';
import { templatesDigest } from '../../hosts/template.ts';
import { renewWayIn } from '../07-security-groups.ts';

export type ServerName = 'bastion' | 'a' | 'c';

/** A running instance, and the bastion that leads to it, by their ids. */
export interface ServerIds {
  readonly name: ServerName;
  readonly instanceId: string | undefined;
  readonly bastionId: string | undefined;
}

async function describe({ ec2, ask }: Aws, ids: string[]): Promise<Map<string, Instance>> {
  // As a filter, ids that are gone are no error.
  const Filters = [{ Name: 'instance-id', Values: ids }];
  const { Reservations = [] } = await ask(ec2, new DescribeInstancesCommand({ Filters }));
  const found = Reservations.flatMap(({ Instances = [] }) => Instances);
  return new Map(found.map((instance) => [instance.InstanceId!, instance]));
}

/** The server with its present addresses, or undefined when it (or the bastion before it) does not run. */
export async function locate(aws: Aws, { name, instanceId, bastionId }: ServerIds): Promise<Host | undefined> {
  if (instanceId === undefined || bastionId === undefined) return undefined;
  const found = await describe(aws, [...new Set([instanceId, bastionId])]);
  const { loginUser: user } = osOf(aws.config);
  const running = (id: string) => {
    const instance = found.get(id);
    return instance?.State?.Name === 'running' ? instance : undefined;
  };
  const bastionAddress = running(bastionId)?.PublicIpAddress;
  if (bastionAddress === undefined) return undefined;
  const bastion: Host = { name: 'bastion', instanceId: bastionId, address: bastionAddress, user };
  if (name === 'bastion') return bastion;
  const address = running(instanceId)?.PrivateIpAddress;
  return address === undefined ? undefined : { name, instanceId, address, user, via: bastion };
}

/** The file on a server that tells what was done there, for the resource `key`. */
function markerPath(key: string): string {
  return `/var/lib/airflow-aws/done/${key}`;
}

/** Looks at a server that does not answer before the way to it is opened anew: about half a minute. */
const looksBeforeRenewal = 8;

/** Waits until the server answers, and reads the resource's marker: empty when nothing was done yet. */
async function readMarker(aws: Aws, host: Host, key: string): Promise<string> {
  let looks = 0;
  return aws.wait({ for: `ssh on ${host.name}`, everySeconds: 3, timeoutSeconds: 600 }, async () => {
    try {
      return (await aws.shell.run(host, read(markerPath(key)))).stdout.trim();
    } catch (error) {
      // A server answers some time after EC2 calls it running, and its user has the key a moment after that.
      if (!(error instanceof UserError && waitable.has(error.code))) throw error;
      // It may also be that my own address is another one since the rule for it was made.
      if (error.code === shellErrors.unreachable && ++looks % looksBeforeRenewal === 0) await letMeIn(aws, host);
      await pauseForServers(aws);
      return undefined;
    }
  });
}

/** The bastion has one group, and that is the one with the rule for my address. */
async function letMeIn(aws: Aws, { instanceId, via }: Host) {
  const bastionId = via?.instanceId ?? instanceId;
  const bastion = (await describe(aws, [bastionId])).get(bastionId);
  const groupId = bastion?.SecurityGroups?.[0]?.GroupId;
  if (groupId === undefined) return;
  await renewWayIn(aws, groupId).catch((error) => {
    // Whoever tells my address may be out of reach as well; the next look asks again.
    if (!(error instanceof UserError)) throw error;
  });
}

/** Commands that break off one after another before the run says so. All of them may run twice. */
const mostBreaks = 5;

/** One command of the work on a server. When the way to the server is lost meanwhile, it is waited for. */
async function runThere(aws: Aws, host: Host, command: Command) {
  for (let breaks = 1; ; breaks++) {
    try {
      return await aws.shell.run(host, command);
    } catch (error) {
      const lost = error instanceof UserError && error.code === shellErrors.unreachable;
      if (!lost || breaks > mostBreaks) throw error;
      await readMarker(aws, host, 'nothing');
    }
  }
}

/** Waits on AWS shrink to nothing on an emulator, which answers at once; servers take their time in any world. */
export function pauseForServers({ clock }: Pick<Aws, 'clock'>): Promise<void> {
  return clock.sleep(1500);
}

const waitable = new Set<string>([shellErrors.unreachable, shellErrors.login]);

/** The server, once it answers. */
export async function reach(aws: Aws, ids: ServerIds): Promise<Host> {
  const host = await aws.wait({ for: `${ids.name} running`, everySeconds: 5, timeoutSeconds: 600 }, () =>
    locate(aws, ids),
  );
  await readMarker(aws, host, 'nothing');
  return host;
}

export interface ServerWork<N extends Needs> {
  readonly type: `Host::${string}`;
  readonly typicalSeconds: number;
  readonly server: (needs: Identities<N>) => ServerIds;
  /** The settings that the work follows from. When one changes, or a template does, the work is done anew. */
  readonly settings: (config: Aws['config']) => unknown;
  readonly commands: (aws: Aws, needs: Known<N>) => readonly Command[];
}

type WorkIdentity = {
  readonly instanceId: string;
  /** What was done, as a digest of the commands. */
  readonly work: string;
};

/**
 * Work on one server. It is there when the server's marker says that it was done by these settings and templates; it is
 * done anew when the commands would be others, as after a new database; and it goes with its server.
 */
export function serverWork<const Key extends string, const N extends Needs>(
  key: Key,
  needs: N,
  { type, typicalSeconds, server, settings, commands }: ServerWork<N>,
): Resource<Key, N, WorkIdentity, Record<never, string>> {
  const recipe = (aws: Aws) => digest([templatesDigest(), settings(aws.config)]);

  async function carryOut(aws: Aws, host: Host, list: readonly Command[]) {
    const work = digest(list);
    for (const command of list) await runThere(aws, host, command);
    const marker = file(markerPath(key), '0644', 'root:root', `${recipe(aws)} ${work}\n`);
    await runThere(aws, host, files('note what was done', [marker]));
    return { instanceId: host.instanceId, work };
  }

  return resource(key, needs, {
    type,
    typicalSeconds: { create: typicalSeconds, destroy: 0 },
    async find(aws, given) {
      const host = await locate(aws, server(given));
      if (!host) return undefined;
      const [found, work] = (await readMarker(aws, host, key)).split(' ');
      return found === recipe(aws) && work !== undefined ? { instanceId: host.instanceId, work } : undefined;
    },
    async create(aws, known) {
      return carryOut(aws, await reach(aws, server(known)), commands(aws, known));
    },
    async finish(aws, { work }, known) {
      const list = commands(aws, known);
      if (digest(list) !== work) await carryOut(aws, await reach(aws, server(known)), list);
      return {};
    },
    async destroy() {
      // It goes with its server.
    },
  });
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
