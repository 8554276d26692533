import { refusal } from '../refusal.ts';
import { type EngineVersion, isAurora, licenseOf } from './engines.ts';

const memory = ['r5', 'r6g', 'r6i', 'r7g', 'r7i', 'r8g'].flatMap((family) =>
  ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge'].map((size) => `db.${family}.${size}`),
);
const general = ['m5', 'm6g', 'm6i', 'm7g', 'm7i', 'm8g'].flatMap((family) =>
  ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge'].map((size) => `db.${family}.${size}`),
);
const burstable = ['t3', 't4g'].flatMap((family) =>
  ['micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'].map((size) => `db.${family}.${size}`),
);
const auroraBurstable = ['db.t3.medium', 'db.t3.large', 'db.t4g.medium', 'db.t4g.large'];
const all = [...burstable, ...general, ...memory, 'db.t2.micro', 'db.t2.small', 'db.t2.medium', 'db.serverless'];

/** The classes that RDS sells for a version. Aurora MySQL 3 has no small burstable ones. */
export function classesOf({ engine, major }: EngineVersion): string[] {
  if (!isAurora(engine)) return [...burstable, ...general, ...memory];
  if (engine === 'aurora-mysql' && major === '5.7') return ['db.t3.small', ...auroraBurstable, ...memory];
  return [...auroraBurstable, ...memory, 'db.serverless'];
}

/** Refuses a class that RDS does not have, and one that it does not sell for this version. */
export function checkClass(instanceClass: string, version: EngineVersion) {
  if (classesOf(version).includes(instanceClass)) return;
  if (!all.includes(instanceClass))
    throw refusal('InvalidParameterValue', `Invalid DB Instance class: ${instanceClass}`);
  throw refusal(
    'InvalidParameterCombination',
    `RDS does not support creating a DB instance with the following combination: DBInstanceClass=${instanceClass}, Engine=${version.engine}, EngineVersion=${version.version}, LicenseModel=${licenseOf(version.engine)}. For supported combinations of instance class and database engine version, see the documentation.`,
  );
}

/** Performance Insights is not sold on Aurora's burstable classes. */
export function hasPerformanceInsights(engine: string, instanceClass: string): boolean {
  return (
    !/^db\.(t2|t3|t4g)\.(micro|small)$/.test(instanceClass) &&
    !(engine === 'aurora-mysql' && /^db\.t/.test(instanceClass))
  );
}
