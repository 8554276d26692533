import type { Config } from './config/schema.ts';
import { placeOf } from './places.ts';

/** What each resource is called, by resource key. Fixed by the settings and the account, so a lost state can be found. */
export type Names = ReturnType<typeof names>;

/**
 * The tutorial's names, made from the deployment's name and the region's place name. IAM is global, so the role and the
 * profile carry the place as well.
 */
export function names(config: Pick<Config, 'name' | 'region' | 'zones' | 'cache' | 'storage'>, accountId: string) {
  const { name, region } = config;
  const place = placeOf(region);
  const [a, c] = config.zones;
  const parameterPrefix = `/airflow-aws/${name}/`;
  return {
    vpc: `${name}-${place}-vpc`,
    publicSubnet: `${name}-public-subnet`,
    privateSubnetA: `${name}-private-subnet-${a}`,
    privateSubnetC: `${name}-private-subnet-${c}`,
    internetGateway: `${name}-ig-test`,
    mainRouteTable: `${name}-route-table-for-public`,
    privateRouteTable: `${name}-route-table-for-private`,
    elasticIp: `${name}-eip-test`,
    natGateway: `${name}-ng-test`,
    publicSecurityGroup: `${name}-sg-public`,
    privateSecurityGroup: `${name}-sg-private`,
    efsSecurityGroup: `${name}-sg-efs`,
    keyPair: `${name}-${place}-key`,
    bastion: `${name}-airflow-bastion`,
    nodeA: `${name}-airflow-${a}`,
    nodeC: `${name}-airflow-${c}`,
    loadBalancer: `${name}-airflow-alb`,
    targetGroup: `${name}-tg-alb`,
    dbSubnetGroup: `${name}-airflow-rds-subnet-group`,
    dbCluster: `${name}-airflow-rds`,
    dbInstance: `${name}-airflow-rds-1`,
    cacheSubnetGroup: `${name}-redis-subnet-group`,
    cacheUser: cacheUserId(config),
    cacheDefaultUser: `${name}-redis-default-user`,
    cacheUserGroup: `${name}-redis-user-group`,
    replicationGroup: `${name}-airflow-redis`,
    bucket: config.storage.bucketName ?? accountBucket(`${name}-${place}-bucket`, accountId, region),
    role: `${name}-${place}-airflow-role`,
    instanceProfile: `${name}-${place}-airflow-profile`,
    fileSystem: `${name}-airflow-efs`,
    image: `${name}-airflow-image`,
    /** Ends with a slash; every parameter of the deployment starts with it. */
    parameterPrefix,
    databasePassword: `${parameterPrefix}database-password`,
    cachePassword: `${parameterPrefix}cache-password`,
    airflowSecrets: `${parameterPrefix}airflow-secrets`,
  };
}

/** ElastiCache keeps one list of users for an account and region, so only the tutorial's own name goes without prefix. */
function cacheUserId({ name, cache }: Pick<Config, 'name' | 'cache'>): string {
  return name === 'pms' ? cache.userId : `${name}-${cache.userId}`;
}

/** In S3's account-regional namespace nobody else can hold the name, which makes it safe to derive. */
function accountBucket(prefix: string, accountId: string, region: string): string {
  return `${prefix}-${accountId}-${region}-an`;
}
