import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { network, refused } from './network.ts';

describe('tags of EC2 resources', () => {
  test('tags are put on several resources at once, found by filters, and overwritten by key', async () => {
    const { ec2, VpcId, SubnetId } = await network();
    const tag = (Tags: Tag[]) => ec2.send(new CreateTagsCommand({ Resources: [VpcId, SubnetId], Tags }));
    await tag([{ Key: 'Name', Value: 'old' }]);
    await tag([{ Key: 'Name', Value: 'new' }, { Key: 'team' }]);
    const { Tags } = await ec2.send(
      new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [SubnetId] }] }),
    );
    expect(Tags).toEqual([
      { Key: 'Name', Value: 'new', ResourceId: SubnetId, ResourceType: 'subnet' },
      { Key: 'team', Value: '', ResourceId: SubnetId, ResourceType: 'subnet' },
    ]);
    const byType = [
      { Name: 'resource-type', Values: ['vpc'] },
      { Name: 'key', Values: ['N*'] },
    ];
    expect((await ec2.send(new DescribeTagsCommand({ Filters: byType }))).Tags).toMatchObject([{ ResourceId: VpcId }]);
    const found = await ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'tag:Name', Values: ['new'] }] }));
    expect(found.Subnets).toHaveLength(1);
  });

  test('a tag goes by its key, by key and value, or with all the others', async () => {
    const { ec2, SubnetId } = await network();
    const remove = (Tags?: Tag[]) =>
      ec2.send(new DeleteTagsCommand({ Resources: [SubnetId], ...(Tags ? { Tags } : {}) }));
    const keys = async () => {
      const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
      return Subnets?.[0]?.Tags?.map(({ Key }) => Key);
    };
    const Tags = ['a', 'b', 'c', 'd'].map((Key) => ({ Key, Value: '1' }));
    await ec2.send(new CreateTagsCommand({ Resources: [SubnetId], Tags }));
    await remove([{ Key: 'a' }, { Key: 'b', Value: 'another' }, { Key: 'c', Value: '1' }]);
    expect(await keys()).toEqual(['b', 'd']);
    await remove();
    expect(await keys()).toEqual([]);
  });

  test('nothing is tagged when one id is unknown, a key is reserved or there are too many', async () => {
    const { ec2, SubnetId } = await network();
    const tag = (Resources: string[], Tags: Tag[]) => ec2.send(new CreateTagsCommand({ Resources, Tags }));
    const Tags = [{ Key: 'a', Value: '1' }];
    await refused(tag([SubnetId, 'vpc-0123456789abcdef0'], Tags), 'InvalidVpcID.NotFound');
    await refused(tag([SubnetId, 'i-0123456789abcdef0'], Tags), 'InvalidInstanceID.NotFound');
    await refused(tag([SubnetId, 'thing'], Tags), 'InvalidID', "The ID 'thing' is not valid");
    await refused(tag([SubnetId], [{ Key: 'aws:a', Value: '1' }]), 'InvalidParameterValue');
    await refused(tag([SubnetId], [{ Key: 'a', Value: 'x'.repeat(257) }]), 'InvalidParameterValue');
    await refused(tag([SubnetId], [...Tags, ...Tags]), 'InvalidParameterValue', 'Duplicate');
    const many = Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: '' }));
    await refused(tag([SubnetId], many), 'TagLimitExceeded');
    expect((await ec2.send(new DescribeTagsCommand({}))).Tags).toEqual([]);
  });
});
