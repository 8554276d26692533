import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { names } from '../../src/names.ts';
import { placeOf, places } from '../../src/places.ts';

const account = '123456789012';
const namesOf = (flags: Record<string, unknown>) => names(resolveConfig({ flags }).config, account);

describe('names', () => {
  test('are the tutorial’s with the defaults', () => {
    expect(namesOf({})).toEqual({
      vpc: 'pms-oregon-vpc',
      publicSubnet: 'pms-public-subnet',
      privateSubnetA: 'pms-private-subnet-a',
      privateSubnetC: 'pms-private-subnet-c',
      internetGateway: 'pms-ig-test',
      mainRouteTable: 'pms-route-table-for-public',
      privateRouteTable: 'pms-route-table-for-private',
      elasticIp: 'pms-eip-test',
      natGateway: 'pms-ng-test',
      publicSecurityGroup: 'pms-sg-public',
      privateSecurityGroup: 'pms-sg-private',
      efsSecurityGroup: 'pms-sg-efs',
      keyPair: 'pms-oregon-key',
      bastion: 'pms-airflow-bastion',
      nodeA: 'pms-airflow-a',
      nodeC: 'pms-airflow-c',
      loadBalancer: 'pms-airflow-alb',
      targetGroup: 'pms-tg-alb',
      dbSubnetGroup: 'pms-airflow-rds-subnet-group',
      dbCluster: 'pms-airflow-rds',
      dbInstance: 'pms-airflow-rds-1',
      cacheSubnetGroup: 'pms-redis-subnet-group',
      cacheUser: 'redisairflowid',
      cacheDefaultUser: 'pms-redis-default-user',
      cacheUserGroup: 'pms-redis-user-group',
      replicationGroup: 'pms-airflow-redis',
      bucket: 'pms-oregon-bucket-123456789012-us-west-2-an',
      role: 'pms-oregon-airflow-role',
      instanceProfile: 'pms-oregon-airflow-profile',
      fileSystem: 'pms-airflow-efs',
      image: 'pms-airflow-image',
      parameterPrefix: '/airflow-aws/pms/',
      databasePassword: '/airflow-aws/pms/database-password',
      cachePassword: '/airflow-aws/pms/cache-password',
      airflowSecrets: '/airflow-aws/pms/airflow-secrets',
    });
  });

  test('of another deployment in the same account and region share nothing with the first', () => {
    const first = Object.values(namesOf({}));
    const second = Object.values(namesOf({ name: 'data' }));
    expect(second.filter((name) => first.includes(name))).toEqual([]);
  });

  test('follow the region and the zones', () => {
    const seoul = namesOf({ region: 'ap-northeast-2', zones: 'b,d' });
    expect(seoul).toMatchObject({
      vpc: 'pms-seoul-vpc',
      bucket: 'pms-seoul-bucket-123456789012-ap-northeast-2-an',
      privateSubnetA: 'pms-private-subnet-b',
      nodeC: 'pms-airflow-d',
    });
  });

  test('take the bucket’s name from the settings when it is given', () => {
    expect(namesOf({ storageBucketName: 'my-logs' }).bucket).toBe('my-logs');
  });
});

describe('places', () => {
  test('are all different, so that no two regions share a global name', () => {
    expect(new Set(Object.values(places)).size).toBe(Object.keys(places).length);
  });

  test('are fit for the name of a bucket', () => {
    for (const place of Object.values(places)) expect(place).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  test('are named by the region itself where the table has none', () => {
    expect([placeOf('us-east-1'), placeOf('xx-north-9')]).toEqual(['virginia', 'xx-north-9']);
  });
});
