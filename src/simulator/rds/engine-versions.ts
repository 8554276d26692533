import type {
  DBEngineVersion,
  DescribeCertificatesCommandInput,
  DescribeCertificatesCommandOutput,
  DescribeDBEngineVersionsCommandInput,
  DescribeDBEngineVersionsCommandOutput,
  DescribeOrderableDBInstanceOptionsCommandInput,
  DescribeOrderableDBInstanceOptionsCommandOutput,
  OrderableDBInstanceOption,
} from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { zonesOf } from '../ec2/zones.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import {
  type EngineVersion,
  engineVersions,
  isAurora,
  isDefaultVersion,
  isEngine,
  licenseOf,
  logTypes,
} from './engines.ts';
import { classesOf, hasPerformanceInsights } from './instance-classes.ts';
import { filtered, records } from './records.ts';

/** Certificate authorities, the default one first, with the year until which each is valid. */
const authorities = [
  { name: 'rds-ca-rsa2048-g1', until: 2061 },
  { name: 'rds-ca-rsa4096-g1', until: 2121 },
  { name: 'rds-ca-ecc384-g1', until: 2121 },
] as const;

export const defaultCertificate = authorities[0].name;

/** Refuses a certificate authority that RDS does not have. */
export function checkCertificate(name: string | undefined) {
  if (name !== undefined && !authorities.some((one) => one.name === name))
    throw refusal('CertificateNotFound', `Certificate not found: ${name}`, 404);
}

const engineNames: Record<string, string> = {
  'aurora-mysql': 'Aurora MySQL',
  'aurora-postgresql': 'Aurora (PostgreSQL)',
  mysql: 'MySQL Community Edition',
  postgres: 'PostgreSQL',
  mariadb: 'MariaDB Community Edition',
};

function describe(version: EngineVersion): DBEngineVersion {
  const { engine } = version;
  const later = engineVersions.filter((one) => one.engine === engine);
  return {
    Engine: engine,
    EngineVersion: version.version,
    MajorEngineVersion: version.major,
    DBParameterGroupFamily: version.family,
    DBEngineDescription: engineNames[engine],
    DBEngineVersionDescription: `${engineNames[engine]} ${version.version}`,
    ValidUpgradeTarget: later.slice(later.findIndex((one) => one.version === version.version) + 1).map((target) => ({
      Engine: engine,
      EngineVersion: target.version,
      Description: `${engineNames[engine]} ${target.version}`,
      AutoUpgrade: false,
      IsMajorVersionUpgrade: target.major !== version.major,
    })),
    ExportableLogTypes: logTypes(engine),
    SupportsLogExportsToCloudwatchLogs: true,
    SupportsReadReplica: true,
    SupportedEngineModes: ['provisioned'],
    SupportedFeatureNames: [],
    SupportsParallelQuery: engine === 'aurora-mysql',
    SupportsGlobalDatabases: isAurora(engine),
    SupportsBabelfish: engine === 'aurora-postgresql',
    SupportsCertificateRotationWithoutRestart: true,
    SupportedCACertificateIdentifiers: authorities.map(({ name }) => name),
    Status: 'available',
  };
}

function orderable(scope: Scope, version: EngineVersion, instanceClass: string): OrderableDBInstanceOption[] {
  const aurora = isAurora(version.engine);
  return (aurora ? ['aurora', 'aurora-iopt1'] : ['gp2', 'gp3', 'io1']).map((storageType) => ({
    Engine: version.engine,
    EngineVersion: version.version,
    DBInstanceClass: instanceClass,
    LicenseModel: licenseOf(version.engine),
    AvailabilityZones: zonesOf(scope.region).map(({ name }) => ({ Name: name })),
    MultiAZCapable: !aurora,
    ReadReplicaCapable: true,
    Vpc: true,
    SupportsStorageEncryption: true,
    StorageType: storageType,
    SupportsIops: storageType === 'io1',
    SupportsStorageThroughput: storageType === 'gp3',
    SupportsEnhancedMonitoring: true,
    SupportsIAMDatabaseAuthentication: version.engine !== 'mariadb',
    SupportsPerformanceInsights: hasPerformanceInsights(version.engine, instanceClass),
    ...(aurora ? {} : { MinStorageSize: storageType === 'io1' ? 100 : 20, MaxStorageSize: 65536 }),
    AvailableProcessorFeatures: [],
    SupportedEngineModes: ['provisioned'],
    SupportsStorageAutoscaling: !aurora,
    SupportsKerberosAuthentication: true,
    OutpostCapable: false,
    SupportedActivityStreamModes: [],
    SupportsGlobalDatabases: aurora,
    SupportedNetworkTypes: ['IPV4', 'DUAL'],
    SupportsClusters: aurora,
  }));
}

export const rdsEngines: Noun = {
  service: 'rds',
  operations: {
    DescribeDBEngineVersions: operation<DescribeDBEngineVersionsCommandInput, DescribeDBEngineVersionsCommandOutput>(
      [
        'Engine',
        'EngineVersion',
        'DBParameterGroupFamily',
        'Filters',
        'MaxRecords',
        'Marker',
        'DefaultOnly',
        'ListSupportedCharacterSets',
        'ListSupportedTimezones',
        'IncludeAll',
      ],
      (_scope, asked) => {
        const { Engine, EngineVersion, DBParameterGroupFamily, DefaultOnly } = asked;
        const rows = engineVersions.filter(
          (row) =>
            (Engine === undefined || row.engine === Engine.toLowerCase()) &&
            (EngineVersion === undefined || row.version === EngineVersion || row.major === EngineVersion) &&
            (DBParameterGroupFamily === undefined || row.family === DBParameterGroupFamily) &&
            (!DefaultOnly || isDefaultVersion(row)),
        );
        const found = filtered(rows, asked.Filters, {
          engine: (row) => row.engine,
          'engine-version': (row) => row.version,
          'engine-mode': () => 'provisioned',
          'db-parameter-group-family': (row) => row.family,
          status: () => 'available',
        });
        const { page, Marker } = records(found, asked);
        return { Marker, DBEngineVersions: page.map(describe) };
      },
    ),
    DescribeOrderableDBInstanceOptions: operation<
      DescribeOrderableDBInstanceOptionsCommandInput,
      DescribeOrderableDBInstanceOptionsCommandOutput
    >(['Engine', 'EngineVersion', 'DBInstanceClass', 'LicenseModel', 'Vpc', 'MaxRecords', 'Marker'], (scope, asked) => {
      const { Engine = '', EngineVersion, DBInstanceClass, LicenseModel, Vpc } = asked;
      if (!isEngine(Engine)) throw refusal('InvalidParameterValue', `Invalid DB engine: ${Engine}`);
      const options = engineVersions
        .filter((row) => row.engine === Engine)
        .filter((row) => EngineVersion === undefined || [row.version, row.major].includes(EngineVersion))
        .flatMap((row) =>
          classesOf(row)
            .filter((name) => DBInstanceClass === undefined || name === DBInstanceClass)
            .map((name) => [row, name] as const),
        )
        .filter(() => (LicenseModel === undefined || LicenseModel === licenseOf(Engine)) && Vpc !== false);
      const { page, Marker } = records(
        options.flatMap(([row, name]) => orderable(scope, row, name)),
        asked,
      );
      return { Marker, OrderableDBInstanceOptions: page };
    }),
    DescribeCertificates: operation<DescribeCertificatesCommandInput, DescribeCertificatesCommandOutput>(
      ['CertificateIdentifier', 'MaxRecords', 'Marker'],
      (scope, asked) => {
        checkCertificate(asked.CertificateIdentifier);
        const wanted = asked.CertificateIdentifier;
        const rows = authorities.filter(({ name }) => wanted === undefined || name === wanted);
        const { page, Marker } = records(rows, asked);
        return {
          Marker,
          DefaultCertificateForNewLaunches: defaultCertificate,
          Certificates: page.map(({ name, until }) => ({
            CertificateIdentifier: name,
            CertificateType: 'CA',
            CertificateArn: scope.arn('rds', `cert:${name}`, { accountId: '' }),
            ValidFrom: new Date(Date.UTC(2021, 4, 21)),
            ValidTill: new Date(Date.UTC(until, 4, 21)),
            CustomerOverride: false,
          })),
        };
      },
    ),
  },
};
