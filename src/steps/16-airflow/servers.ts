/** How the steps reach a server, and what all work on servers has in common as a resource. */
import { createHash } from 'node:crypto';
import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import type { Aws } from '../../aws.ts';
import {
  type Difference,
  type Identities,
  type Known,
  type Needs,
  type Resource,
  resource,
} from '../../engine/resource.ts';
import { Unknowable } from '../../engine/run.ts';
import { UserError } from '../../errors.ts';
import { type Command, file, files, read } from '../../hosts/command.ts';
import { osOf } from '../../hosts/os.ts';
import { type Host, shellErrors } from '../../hosts/shell.ts';
import { templatesDigest } from '../../hosts/template.ts';
import { renewWayIn } from '../07-security-groups.ts';
import { differing, isNewer } from '../differences.ts';
import { impairedOf } from '../instances.ts';

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

/** The server with its present addresses. `reason` says why there is no way to it, and whether it exists. */
async function whereabouts(
  aws: Aws,
  { name, instanceId, bastionId }: ServerIds,
): Promise<Host | { readonly reason: string; readonly exists: boolean }> {
  if (instanceId === undefined) return { reason: `there is no ${name}`, exists: false };
  const found = await describe(aws, [instanceId, bastionId].flatMap((id) => id ?? []).filter(isFirst));
  const { loginUser: user } = osOf(aws.config);
  const instance = found.get(instanceId);
  const state = instance?.State?.Name ?? 'terminated';
  if (state === 'terminated' || state === 'shutting-down') return { reason: `${name} is ${state}`, exists: false };
  const up = [...found].filter(([, { State }]) => State?.Name === 'running').map(([id]) => id);
  const impaired = await impairedOf(aws, up);
  if (impaired.includes(instanceId)) return { reason: `EC2 does not reach ${name}`, exists: false };
  const bastion = bastionId === undefined || impaired.includes(bastionId) ? undefined : found.get(bastionId);
  const bastionAddress = bastion?.State?.Name === 'running' ? bastion.PublicIpAddress : undefined;
  if (bastionId === undefined || bastionAddress === undefined)
    return { reason: 'the bastion does not run', exists: true };
  const door: Host = { name: 'bastion', instanceId: bastionId, address: bastionAddress, user };
  if (name === 'bastion') return door;
  const address = instance?.PrivateIpAddress;
  if (state !== 'running' || address === undefined) return { reason: `${name} is ${state}`, exists: true };
  return { name, instanceId, address, user, via: door };
}

/** The server with its present addresses, or undefined when it (or the bastion before it) does not run. */
export async function locate(aws: Aws, ids: ServerIds): Promise<Host | undefined> {
  const found = await whereabouts(aws, ids);
  return 'reason' in found ? undefined : found;
}

function isFirst<T>(one: T, index: number, list: readonly T[]): boolean {
  return list.indexOf(one) === index;
}

/** What a server says of the work that was done there. */
interface Marker {
  /** Digest of the commands. */
  readonly work: string;
  /** Digest of all templates. */
  readonly templates: string;
  readonly settings: unknown;
}

/** The file of the marker: one for each kind of work, whichever node it was done on. */
function markerPath(name: string): string {
  return `/var/lib/airflow-aws/done/${name}`;
}

/** Looks at a server that does not answer before the way to it is opened anew: about half a minute. */
const looksBeforeRenewal = 8;

/** Waits until the server answers, and reads its marker: undefined when nothing was done yet. */
async function readMarker(
  aws: Aws,
  host: Host,
  name: string,
  { timeoutSeconds = 600 } = {},
): Promise<Marker | undefined> {
  let looks = 0;
  const { marker } = await aws.wait({ for: `ssh on ${host.name}`, everySeconds: 3, timeoutSeconds }, async () => {
    try {
      return parsed((await aws.shell.run(host, read(markerPath(name)))).stdout);
    } catch (error) {
      // A server answers some time after EC2 calls it running, and its user has the key a moment after that.
      if (!(error instanceof UserError && waitable.has(error.code))) throw error;
      // It may also be that my own address is another one since the rule for it was made.
      if (error.code === shellErrors.unreachable && ++looks % looksBeforeRenewal === 0) await letMeIn(aws, host);
      await pauseForServers(aws);
      return undefined;
    }
  });
  return marker;
}

function parsed(text: string): { marker?: Marker } {
  try {
    return { marker: JSON.parse(text) as Marker };
  } catch {
    // There is none, or it was cut off.
    return {};
  }
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

/** Long enough for a server that answers, and short for a question that others wait behind. */
const timeoutOfLook = 20;

/** The server as it is now, or undefined when it is gone. Throws `Unknowable` when it exists and does not answer. */
async function meet(aws: Aws, ids: ServerIds, marker: string) {
  const host = await whereabouts(aws, ids);
  if ('reason' in host) {
    if (host.exists) throw new Unknowable(host.reason);
    return undefined;
  }
  try {
    return { host, marker: await readMarker(aws, host, marker, { timeoutSeconds: timeoutOfLook }) };
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'timed-out') throw error;
    throw new Unknowable(`${ids.name} did not answer over SSH for ${timeoutOfLook} s`);
  }
}

export interface ServerWork<N extends Needs> {
  readonly type: `Host::${string}`;
  /** The name of its marker on the server; the key where nothing else is said. */
  readonly marker?: string;
  readonly typicalSeconds: number;
  readonly server: (needs: Identities<N>) => ServerIds;
  /** The settings that the work follows from, as the file has them. When one changes, or a template, it is done anew. */
  readonly settings: (config: Aws['config']) => object;
  readonly commands: (aws: Aws, needs: Known<N>) => readonly Command[];
  /** Settings, by their paths, that go to a later version only, and why. */
  readonly laterOnly?: Readonly<Record<string, string>>;
}

type WorkIdentity = {
  readonly instanceId: string;
  /** What was done, as a digest of the commands. */
  readonly work: string;
};

/**
 * Work on one server. The server's marker says what was done there and by which settings; it is done anew when those
 * differ or the commands would be others, as after a new database; and it goes with its server.
 */
export function serverWork<const Key extends string, const N extends Needs>(
  key: Key,
  needs: N,
  { type, marker = key, typicalSeconds, server, settings, commands, laterOnly = {} }: ServerWork<N>,
): Resource<Key, N, WorkIdentity, Record<never, string>> {
  async function carryOut(aws: Aws, host: Host, list: readonly Command[]) {
    const done = markerOf(aws, list);
    for (const command of list) await runThere(aws, host, command);
    const note = file(markerPath(marker), '0644', 'root:root', `${JSON.stringify(done)}\n`);
    await runThere(aws, host, files('note what was done', [note]));
    return { instanceId: host.instanceId, work: done.work };
  }

  function markerOf(aws: Aws, list: readonly Command[]): Marker {
    return { work: digest(list), templates: templatesDigest(), settings: settings(aws.config) };
  }

  return resource(key, needs, {
    type,
    typicalSeconds: { create: typicalSeconds, destroy: 0 },
    async find(aws, given) {
      const met = await meet(aws, server(given), marker);
      return met?.marker && { instanceId: met.host.instanceId, work: met.marker.work };
    },
    async create(aws, known) {
      const host = await reach(aws, server(known));
      const list = commands(aws, known);
      // It is done where the server was made from an image that has it, or was only out of sight for a while.
      const there = await readMarker(aws, host, marker);
      const wanted = markerOf(aws, list);
      if (JSON.stringify(there) === JSON.stringify(wanted)) return { instanceId: host.instanceId, work: wanted.work };
      return carryOut(aws, host, list);
    },
    async finish(aws, { work }, known) {
      const list = commands(aws, known);
      if (digest(list) !== work) await aws.inTurn(async () => carryOut(aws, await reach(aws, server(known)), list));
      return {};
    },
    async compare(aws, _identity, known) {
      const met = await meet(aws, server(known), marker);
      if (!met?.marker) return [];
      const mend = () => aws.inTurn(async () => carryOut(aws, await reach(aws, server(known)), commands(aws, known)));
      const found = settingDifferences(met.marker.settings, settings(aws.config), (path, is, wanted) =>
        laterOnly[path] !== undefined && isNewer(is, wanted)
          ? { why: laterOnly[path], fix: `Set ${path} to ${is} or later.` }
          : mend,
      );
      if (found.length > 0) return found;
      return differing('templates', met.marker.templates.slice(0, 12), templatesDigest().slice(0, 12), mend);
    },
    async destroy() {
      // It goes with its server.
    },
  });
}

function settingDifferences(
  is: unknown,
  wanted: unknown,
  mend: (path: string, is: string, wanted: string) => Difference['mend'],
): Difference[] {
  const [before, after] = [leaves(is), leaves(wanted)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [one, other] = [before.get(path), after.get(path)];
    return differing(path, one, other, mend(path, one ?? '', other ?? ''));
  });
}

/** Each value by its path, as `airflow.version`. A list is one value. */
function leaves(value: unknown, path: readonly string[] = []): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Map(value === undefined ? [] : [[path.join('.'), String(value)]]);
  return new Map(Object.entries(value).flatMap(([key, one]) => [...leaves(one, [...path, key])]));
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
