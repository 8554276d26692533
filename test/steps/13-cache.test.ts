import {
  CreateCacheSubnetGroupCommand,
  CreateReplicationGroupCommand,
  CreateUserCommand,
  CreateUserGroupCommand,
  DeleteCacheSubnetGroupCommand,
  DeleteReplicationGroupCommand,
  DeleteUserCommand,
  DeleteUserGroupCommand,
  DescribeCacheSubnetGroupsCommand,
  DescribeReplicationGroupsCommand,
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-elasticache';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AnyResource } from '../../src/engine/resource.ts';
import {
  cacheDefaultUser,
  cachePassword,
  cacheSubnetGroup,
  cacheUser,
  cacheUserGroup,
  replicationGroup,
} from '../../src/steps/13-cache.ts';
import { awsError, awsFor, changes, elasticache, inputsOf, keyIn, ssm, tagsOf } from '../helpers/aws.ts';
import { aSecret } from './parameters.ts';

const password = { parameterName: '/airflow-aws/pms/cache-password' };
const subnets = { privateSubnetA: { subnetId: 'subnet-a' }, privateSubnetC: { subnetId: 'subnet-c' } };
const subnetGroup = { cacheSubnetGroupName: 'pms-redis-subnet-group' };
const user = { userId: 'redisairflowid' };
const userGroup = { userGroupId: 'pms-redis-user-group' };
const group = { replicationGroupId: 'pms-airflow-redis' };
const redis = { cache: { engine: 'redis', engineVersion: '7.1' } };

/** How each thing with a state of its own is asked for and answered. */
const things = {
  cacheUser: {
    resource: cacheUser,
    identity: user,
    needs: { cachePassword: password },
    ask: DescribeUsersCommand,
    gone: 'UserNotFoundFault',
    ready: 'active',
    list: (Status: string) => ({ Users: [{ UserId: 'redisairflowid', Status, ARN: 'arn:u' }] }),
  },
  cacheUserGroup: {
    resource: cacheUserGroup,
    identity: userGroup,
    needs: { cacheUser: user },
    ask: DescribeUserGroupsCommand,
    gone: 'UserGroupNotFoundFault',
    ready: 'active',
    list: (Status: string) => ({ UserGroups: [{ UserGroupId: 'pms-redis-user-group', Status, ARN: 'arn:ug' }] }),
  },
  replicationGroup: {
    resource: replicationGroup,
    identity: group,
    needs: {
      cacheSubnetGroup: subnetGroup,
      cacheUserGroup: userGroup,
      privateSecurityGroup: { groupId: 'sg-private' },
    },
    ask: DescribeReplicationGroupsCommand,
    gone: 'ReplicationGroupNotFoundFault',
    ready: 'available',
    list: (Status: string) => ({
      ReplicationGroups: [{ ReplicationGroupId: 'pms-airflow-redis', Status, ARN: 'arn:rg' }],
    }),
  },
};

function tagged(key: string, stack?: string) {
  elasticache.on(ListTagsForResourceCommand).resolves({ TagList: tagsOf(key, stack) });
}

// ElastiCache takes 16 to 128 characters.
aSecret(cachePassword, password.parameterName, 'r'.repeat(48));

for (const [key, { resource, identity, needs, ask, gone, ready, list }] of Object.entries(things)) {
  const one = resource as AnyResource;
  const asked = elasticache as unknown as {
    on(command: unknown): {
      resolves(answer: object): unknown;
      rejects(error: Error): unknown;
      rejectsOnce(error: Error): ReturnType<(typeof asked)['on']>;
      resolvesOnce(answer: object): ReturnType<(typeof asked)['on']>;
    };
  };
  const looks = () => inputsOf(ask as typeof DescribeUsersCommand);

  describe(`${key} find`, () => {
    it('takes the one of that name when it carries our tags, and no other', async () => {
      asked.on(ask).resolves(list('creating'));
      tagged(key);
      expect(await one.find(awsFor(one), needs)).toEqual(identity);
      tagged(key, 'stack2');
      expect(await one.find(awsFor(one), needs)).toBeUndefined();
    });

    it('asks for no tags when the state has it', async () => {
      asked.on(ask).resolves(list(ready));
      expect(await one.find(awsFor(one, { recorded: identity }), needs)).toEqual(identity);
      expect(inputsOf(ListTagsForResourceCommand)).toEqual([]);
    });

    it('ignores one that is being deleted, and takes not-found for none', async () => {
      asked.on(ask).resolves(list('deleting'));
      expect(await one.find(awsFor(one, { recorded: identity }), needs)).toBeUndefined();
      asked.on(ask).rejects(awsError(gone));
      expect(await one.find(awsFor(one), needs)).toBeUndefined();
    });
  });

  describe(`${key} finish`, () => {
    it(`waits until it is ${ready}, though it may not show yet`, async () => {
      asked.on(ask).rejectsOnce(awsError(gone)).resolvesOnce(list('creating')).resolves(list(ready));
      await one.finish!(awsFor(one), identity, needs);
      expect(looks()).toHaveLength(3);
    });
  });

  describe(`${key} destroy`, () => {
    const wrongState = `Invalid${gone.replace(/NotFound(Fault)?$/, 'State')}`;
    const deletes = [DeleteUserCommand, DeleteUserGroupCommand, DeleteReplicationGroupCommand];

    it('deletes it once, and waits until it is gone', async () => {
      asked.on(ask).resolvesOnce(list('deleting')).resolvesOnce(list('deleting')).rejects(awsError(gone));
      for (const command of deletes) asked.on(command).resolves({});
      await one.destroy(awsFor(one), identity);
      expect(changes()).toHaveLength(1);
      expect(looks()).toHaveLength(3);
    });

    it('waits for what is being deleted already', async () => {
      for (const command of deletes) asked.on(command).rejects(awsError(wrongState));
      asked.on(ask).resolvesOnce(list('deleting')).resolvesOnce(list('deleting')).rejects(awsError(gone));
      await one.destroy(awsFor(one), identity);
      expect(changes()).toHaveLength(1);
      expect(looks()).toHaveLength(3);
    });

    it('is not taken for done while AWS refuses it in another state', async () => {
      for (const command of deletes) asked.on(command).rejects(awsError(wrongState));
      asked.on(ask).resolves(list('modifying'));
      await expect(one.destroy(awsFor(one), identity)).rejects.toThrow(wrongState);
    });

    it('takes not-found for success', async () => {
      asked.on(ask).rejects(awsError(gone));
      for (const command of deletes) asked.on(command).rejects(awsError(gone));
      await one.destroy(awsFor(one), identity);
      expect(changes().filter((operation) => !operation.startsWith('Delete'))).toEqual([]);
    });
  });
}

describe('cacheSubnetGroup find', () => {
  it('takes the one of that name when it carries our tags, and no other', async () => {
    elasticache
      .on(DescribeCacheSubnetGroupsCommand, { CacheSubnetGroupName: 'pms-redis-subnet-group' })
      .resolves({ CacheSubnetGroups: [{ ARN: 'arn:sg' }] });
    tagged('cacheSubnetGroup');
    expect(await cacheSubnetGroup.find(awsFor(cacheSubnetGroup), subnets)).toEqual(subnetGroup);
    tagged('cacheSubnetGroup', 'stack2');
    expect(await cacheSubnetGroup.find(awsFor(cacheSubnetGroup), subnets)).toBeUndefined();
  });

  it('takes not-found for none', async () => {
    elasticache.on(DescribeCacheSubnetGroupsCommand).rejects(awsError('CacheSubnetGroupNotFoundFault'));
    expect(await cacheSubnetGroup.find(awsFor(cacheSubnetGroup), subnets)).toBeUndefined();
  });
});

describe('cacheSubnetGroup create', () => {
  it('sends one call over both private subnets, with name and tags', async () => {
    elasticache.on(CreateCacheSubnetGroupCommand).resolves({});
    expect(await cacheSubnetGroup.create(awsFor(cacheSubnetGroup), subnets)).toEqual(subnetGroup);
    expect(changes()).toEqual(['CreateCacheSubnetGroup']);
    const [input] = inputsOf(CreateCacheSubnetGroupCommand);
    expect(input).toMatchObject({
      CacheSubnetGroupName: 'pms-redis-subnet-group',
      SubnetIds: ['subnet-a', 'subnet-c'],
    });
    expect(keyIn(input!.Tags)).toBe('cacheSubnetGroup');
  });
});

describe('cacheSubnetGroup destroy', () => {
  it('takes not-found for success', async () => {
    elasticache.on(DeleteCacheSubnetGroupCommand).rejects(awsError('CacheSubnetGroupNotFoundFault'));
    await cacheSubnetGroup.destroy(awsFor(cacheSubnetGroup), subnetGroup);
    expect(inputsOf(DeleteCacheSubnetGroupCommand)).toEqual([{ CacheSubnetGroupName: 'pms-redis-subnet-group' }]);
  });
});

describe('cache users create', () => {
  beforeEach(() => {
    elasticache.on(CreateUserCommand).resolves({});
    ssm
      .on(GetParameterCommand, { Name: password.parameterName, WithDecryption: true })
      .resolves({ Parameter: { Value: 'generated' } });
  });

  it('sends one call with the tutorial’s id and name, the generated password and tags', async () => {
    const identity = await cacheUser.create(awsFor(cacheUser), { cachePassword: password });
    expect(identity).toEqual(user);
    expect(changes()).toEqual(['CreateUser']);
    const [input] = inputsOf(CreateUserCommand);
    expect(input).toMatchObject({
      UserId: 'redisairflowid',
      UserName: 'redisairflow',
      Engine: 'valkey',
      AuthenticationMode: { Type: 'password', Passwords: ['generated'] },
    });
    expect(keyIn(input!.Tags)).toBe('cacheUser');
  });

  it('lets the user subscribe to channels, and not administer the server', async () => {
    await cacheUser.create(awsFor(cacheUser), { cachePassword: password });
    const { AccessString } = inputsOf(CreateUserCommand)[0]!;
    expect(AccessString!.split(' ')).toEqual(expect.arrayContaining(['on', '~*', '&*', '-@admin', '-@dangerous']));
  });

  it('prefixes the id where another deployment may have the tutorial’s', async () => {
    await cacheUser.create(awsFor(cacheUser, { settings: { name: 'demo' } }), { cachePassword: password });
    expect(inputsOf(CreateUserCommand)[0]!.UserId).toBe('demo-redisairflowid');
  });

  it('makes a default user that may do nothing, for Redis OSS only, whose groups must have one', async () => {
    const aws = awsFor(cacheDefaultUser, { settings: redis });
    expect(cacheDefaultUser.wanted!(aws.config)).toBe(true);
    expect(cacheDefaultUser.wanted!(awsFor(cacheDefaultUser).config)).toBe(false);
    expect(cacheUser.wanted!(aws.config)).toBe(true);
    await cacheDefaultUser.create(aws, { cachePassword: password });
    expect(inputsOf(CreateUserCommand)[0]).toMatchObject({
      UserName: 'default',
      Engine: 'redis',
      AccessString: 'off ~* -@all',
    });
  });
});

describe('cacheUserGroup create', () => {
  beforeEach(() => {
    elasticache.on(CreateUserGroupCommand).resolves({});
  });

  it('sends one call with the user and tags', async () => {
    // With Valkey there is no default user, and the engine hands on only what exists.
    const identity = await cacheUserGroup.create(awsFor(cacheUserGroup), { cacheUser: user } as never);
    expect(identity).toEqual(userGroup);
    expect(changes()).toEqual(['CreateUserGroup']);
    const [input] = inputsOf(CreateUserGroupCommand);
    expect(input).toMatchObject({
      UserGroupId: 'pms-redis-user-group',
      Engine: 'valkey',
      UserIds: ['redisairflowid'],
    });
    expect(keyIn(input!.Tags)).toBe('cacheUserGroup');
  });

  it('adds the default user for Redis OSS', async () => {
    const aws = awsFor(cacheUserGroup, { settings: redis });
    await cacheUserGroup.create(aws, { cacheUser: user, cacheDefaultUser: { userId: 'pms-redis-default-user' } });
    expect(inputsOf(CreateUserGroupCommand)[0]!.UserIds).toEqual(['redisairflowid', 'pms-redis-default-user']);
  });
});

describe('replicationGroup create', () => {
  it('sends one call for one encrypted node with cluster mode off and the user group attached', async () => {
    elasticache.on(CreateReplicationGroupCommand).resolves({});
    const { needs } = things.replicationGroup;
    expect(await replicationGroup.create(awsFor(replicationGroup), needs)).toEqual(group);
    expect(changes()).toEqual(['CreateReplicationGroup']);
    const [input] = inputsOf(CreateReplicationGroupCommand);
    expect(input).toMatchObject({
      ReplicationGroupId: 'pms-airflow-redis',
      Engine: 'valkey',
      EngineVersion: '8.0',
      CacheNodeType: 'cache.t4g.small',
      NumCacheClusters: 1,
      AutomaticFailoverEnabled: false,
      MultiAZEnabled: false,
      Port: 6379,
      CacheSubnetGroupName: 'pms-redis-subnet-group',
      SecurityGroupIds: ['sg-private'],
      UserGroupIds: ['pms-redis-user-group'],
      TransitEncryptionEnabled: true,
      AtRestEncryptionEnabled: true,
    });
    expect(keyIn(input!.Tags)).toBe('replicationGroup');
  });
});

describe('replicationGroup finish', () => {
  const { needs } = things.replicationGroup;

  it('gives the address of the primary', async () => {
    const [one] = things.replicationGroup.list('available').ReplicationGroups;
    elasticache.on(DescribeReplicationGroupsCommand).resolves({
      ReplicationGroups: [{ ...one, NodeGroups: [{ PrimaryEndpoint: { Address: 'master.pms.cache.example' } }] }],
    });
    expect(await replicationGroup.finish!(awsFor(replicationGroup), group, needs)).toEqual({
      endpoint: 'master.pms.cache.example',
    });
  });

  it('does not wait for what has failed', async () => {
    elasticache.on(DescribeReplicationGroupsCommand).resolves(things.replicationGroup.list('create-failed'));
    await expect(replicationGroup.finish!(awsFor(replicationGroup), group, needs)).rejects.toMatchObject({
      name: 'FailedLater',
      awsCode: 'create-failed',
    });
  });
});
