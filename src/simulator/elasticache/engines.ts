import { refusal } from '../refusal.ts';

/** A version of a cache engine as ElastiCache offers it, with the family of its parameter groups. */
export interface CacheVersion {
  engine: string;
  version: string;
  family: string;
}

/** In the order of age. */
export const cacheVersions: readonly CacheVersion[] = [
  ...versions('memcached', 'memcached1.6', '1.6.6', '1.6.12', '1.6.17', '1.6.22'),
  ...versions('redis', 'redis4.0', '4.0.10'),
  ...versions('redis', 'redis5.0', '5.0.0', '5.0.3', '5.0.4', '5.0.5', '5.0.6'),
  ...versions('redis', 'redis6.x', '6.0', '6.2'),
  ...versions('redis', 'redis7', '7.0', '7.1'),
  ...versions('valkey', 'valkey7', '7.2'),
  ...versions('valkey', 'valkey8', '8.0', '8.1', '8.2'),
  ...versions('valkey', 'valkey9', '9.0'),
];

function versions(engine: string, family: string, ...numbers: string[]): CacheVersion[] {
  return numbers.map((version) => ({ engine, version, family }));
}

export const cacheFamilies: readonly string[] = [...new Set(cacheVersions.map(({ family }) => family))];

/** The version that a creation without `EngineVersion` gets. It is not always the newest. */
const defaults: Record<string, string> = { memcached: '1.6.22', redis: '7.1', valkey: '8.2' };

export function defaultVersion(engine: string): CacheVersion {
  return cacheVersions.find((row) => row.engine === engine && row.version === defaults[engine])!;
}

/** The version that a call asks for. `6.x` is how Redis 6 is also written. */
export function requireCacheVersion(engine: string, wanted: string | undefined): CacheVersion {
  if (!cacheVersions.some((row) => row.engine === engine))
    throw refusal('InvalidParameterValue', `The parameter Engine is not valid: ${engine}`);
  if (wanted === undefined) return defaultVersion(engine);
  const exact = wanted === '6.x' ? '6.2' : wanted;
  const found = cacheVersions.find((row) => row.engine === engine && row.version === exact);
  if (!found) throw refusal('InvalidParameterCombination', `Cannot find version ${wanted} for ${engine}`);
  return found;
}

/** Negative when `one` is older. Valkey follows Redis OSS 7. */
export function compareVersions(one: CacheVersion, other: CacheVersion): number {
  return cacheVersions.indexOf(one) - cacheVersions.indexOf(other);
}

/** Users and user groups came with Redis OSS 6 and are part of every Valkey. */
export function hasAccessControl({ engine, version }: CacheVersion): boolean {
  return engine === 'valkey' || (engine === 'redis' && Number.parseInt(version, 10) >= 6);
}

const sizes: Record<string, string> = {
  t2: 'micro small medium',
  t3: 'micro small medium',
  t4g: 'micro small medium',
  m4: 'large xlarge 2xlarge 4xlarge 10xlarge',
  m5: 'large xlarge 2xlarge 4xlarge 12xlarge 24xlarge',
  m6g: 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge',
  m7g: 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge',
  r4: 'large xlarge 2xlarge 4xlarge 8xlarge 16xlarge',
  r5: 'large xlarge 2xlarge 4xlarge 12xlarge 24xlarge',
  r6g: 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge',
  r6gd: 'xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge',
  r7g: 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge',
  c7gn: 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge',
};

export const nodeTypes: readonly string[] = Object.entries(sizes).flatMap(([family, list]) =>
  list.split(' ').map((size) => `cache.${family}.${size}`),
);

export function checkNodeType(type: string | undefined) {
  if (type === undefined)
    throw refusal('InvalidParameterValue', 'The parameter CacheNodeType must be provided and must not be blank.');
  if (!nodeTypes.includes(type))
    throw refusal('InvalidParameterValue', `The parameter CacheNodeType is not valid: ${type}`);
}
