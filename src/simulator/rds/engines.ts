import { refusal } from '../refusal.ts';

/** A major version of an engine as RDS offers it. */
interface Line {
  engine: string;
  /** As `8.0` and `16`; a call may give it instead of a whole version. */
  major: string;
  /** The family of its parameter groups. */
  family: string;
  versions: readonly string[];
  /** Only offered under paid extended support. */
  standardSupportEnded?: true;
}

export interface EngineVersion extends Omit<Line, 'versions'> {
  version: string;
}

const aurora3 = ['04.0', '04.1', '04.2', '04.3', '04.4', '04.5', '04.6', '08.0', '08.1', '08.2', '09.0']
  .concat(['10.0', '10.1', '10.2', '10.3', '10.4', '11.0', '11.1', '12.0'])
  .map((minor) => `8.0.mysql_aurora.3.${minor}`);

const lines: readonly Line[] = [
  {
    engine: 'aurora-mysql',
    major: '5.7',
    family: 'aurora-mysql5.7',
    versions: ['5.7.mysql_aurora.2.11.6', '5.7.mysql_aurora.2.12.5'],
    standardSupportEnded: true,
  },
  { engine: 'aurora-mysql', major: '8.0', family: 'aurora-mysql8.0', versions: aurora3 },
  { engine: 'aurora-postgresql', major: '14', family: 'aurora-postgresql14', versions: ['14.18', '14.19', '14.20'] },
  { engine: 'aurora-postgresql', major: '15', family: 'aurora-postgresql15', versions: ['15.13', '15.14', '15.15'] },
  { engine: 'aurora-postgresql', major: '16', family: 'aurora-postgresql16', versions: ['16.9', '16.10', '16.11'] },
  { engine: 'aurora-postgresql', major: '17', family: 'aurora-postgresql17', versions: ['17.5', '17.6', '17.7'] },
  { engine: 'mysql', major: '8.0', family: 'mysql8.0', versions: ['8.0.43', '8.0.44'], standardSupportEnded: true },
  { engine: 'mysql', major: '8.4', family: 'mysql8.4', versions: ['8.4.6', '8.4.7'] },
  { engine: 'postgres', major: '14', family: 'postgres14', versions: ['14.19', '14.20'] },
  { engine: 'postgres', major: '15', family: 'postgres15', versions: ['15.14', '15.15'] },
  { engine: 'postgres', major: '16', family: 'postgres16', versions: ['16.10', '16.11'] },
  { engine: 'postgres', major: '17', family: 'postgres17', versions: ['17.6', '17.7'] },
  { engine: 'postgres', major: '18', family: 'postgres18', versions: ['18.1'] },
  { engine: 'mariadb', major: '10.11', family: 'mariadb10.11', versions: ['10.11.14', '10.11.15'] },
  { engine: 'mariadb', major: '11.4', family: 'mariadb11.4', versions: ['11.4.8', '11.4.9'] },
];

/** The version that a creation without `EngineVersion` gets, and what `DefaultOnly` shows. */
const defaults: Record<string, string> = {
  'aurora-mysql': '8.0.mysql_aurora.3.10.4',
  'aurora-postgresql': '17.6',
  mysql: '8.4.7',
  postgres: '17.6',
  mariadb: '11.4.9',
};

export const engineVersions: readonly EngineVersion[] = lines.flatMap(({ versions, ...line }) =>
  versions.map((version) => ({ ...line, version })),
);

export const families: readonly { family: string; engine: string }[] = lines.map(({ family, engine }) => ({
  family,
  engine,
}));

export function isDefaultVersion({ engine, version }: EngineVersion): boolean {
  return defaults[engine] === version;
}

export function isAurora(engine: string): boolean {
  return engine.startsWith('aurora-');
}

export function isMySql(engine: string): boolean {
  return engine === 'aurora-mysql' || engine === 'mysql' || engine === 'mariadb';
}

export function isEngine(engine: string): boolean {
  return Object.hasOwn(defaults, engine);
}

/** The version meant by what a call gives: nothing, a major version or a whole one. `InvalidParameterCombination` otherwise. */
export function requireVersion(engine: string, wanted: string | undefined, lifecycleSupport?: string): EngineVersion {
  const offered = engineVersions.filter((one) => one.engine === engine);
  const byDefault = offered.find(isDefaultVersion)!;
  const found =
    wanted === undefined || wanted === byDefault.major
      ? byDefault
      : (offered.find(({ version }) => version === wanted) ?? offered.findLast(({ major }) => major === wanted));
  if (!found) throw refusal('InvalidParameterCombination', `Cannot find version ${wanted} for ${engine}`);
  if (found.standardSupportEnded && lifecycleSupport === 'open-source-rds-extended-support-disabled')
    throw refusal(
      'InvalidParameterCombination',
      `You can't create ${engine} ${found.version} without RDS Extended Support: its standard support has ended.`,
    );
  return found;
}

export const lifecycles = ['open-source-rds-extended-support', 'open-source-rds-extended-support-disabled'];

/** The kinds of log that can go to CloudWatch. */
export function logTypes(engine: string): string[] {
  if (engine === 'aurora-mysql') return ['audit', 'error', 'general', 'iam-db-auth-error', 'instance', 'slowquery'];
  if (isMySql(engine)) return ['audit', 'error', 'general', 'iam-db-auth-error', 'slowquery'];
  return engine === 'postgres'
    ? ['iam-db-auth-error', 'postgresql', 'upgrade']
    : ['iam-db-auth-error', 'instance', 'postgresql'];
}

export function licenseOf(engine: string): string {
  return isMySql(engine) ? 'general-public-license' : 'postgresql-license';
}

export function portOf(engine: string): number {
  return isMySql(engine) ? 3306 : 5432;
}
