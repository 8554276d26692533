import type { Scope } from '../account.ts';
import { imageTable } from '../ec2/images.ts';
import type { InstanceRow } from '../ec2/instances.ts';

/** What is on a server. Times are milliseconds. */
export interface HostRow {
  instanceId: string;
  packages: string[];
  /** Path → digest of the content, and since when. */
  files: Record<string, { sha256: string; at: number }>;
  /** What systemd would say about each unit that was ever touched. */
  units: Record<string, 'active' | 'inactive'>;
  /** Mount point → file system. */
  mounts: Record<string, string>;
  /** Contents of the small files that are read back. */
  markers: Record<string, string>;
  /** True while host keys and machine id are off the volume. */
  identityHidden: boolean;
  log: { at: number; title: string }[];
}

export function hostTable(scope: Scope) {
  return scope.table<HostRow>('hosts');
}

/** A database with Airflow's tables, by its address. To migrate it once more changes nothing. */
export interface DatabaseContents {
  address: string;
  /** When the tables were made. A restored database has the tables of its snapshot. */
  madeAt: number;
}

export function databaseContentsTable(scope: Scope) {
  return scope.table<DatabaseContents>('hosts.databases');
}

/** The server's row, made at its first command. From an image it has what the imaged server had at that moment. */
export function hostOf(scope: Scope, instance: InstanceRow): HostRow {
  const there = hostTable(scope).peek(instance.instanceId);
  if (there) return there;
  const image = imageTable(scope).peek(instance.imageId);
  const source = image && hostTable(scope).peek(image.sourceInstanceId);
  const files = Object.entries(source?.files ?? {}).filter(([, { at }]) => at <= (image?.creationDate ?? 0));
  const copied = Object.fromEntries(files);
  return hostTable(scope).insert(instance.instanceId, {
    instanceId: instance.instanceId,
    packages: [...(source?.packages ?? [])],
    files: copied,
    units: {},
    mounts: {},
    markers: Object.fromEntries(Object.entries(source?.markers ?? {}).filter(([path]) => path in copied)),
    identityHidden: false,
    log: [],
  });
}
