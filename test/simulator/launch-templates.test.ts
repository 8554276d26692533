import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplateVersionsCommand,
  ModifyLaunchTemplateCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { computeWorld } from './compute-world.ts';

describe('launch templates of the simulated account', () => {
  test('an instance takes from the template what the call does not say', async () => {
    const { ec2, imageId, subnetId } = await computeWorld();
    const LaunchTemplateName = 'nodes';
    const tags = (Key: string) => [{ ResourceType: 'instance' as const, Tags: [{ Key, Value: '1' }] }];
    const LaunchTemplateData = {
      ImageId: imageId,
      InstanceType: 't3.micro',
      KeyName: 'key',
      TagSpecifications: tags('a'),
    } as const;
    await ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: LaunchTemplateData as never }),
    );
    const run = (Version?: string) =>
      ec2.send(
        new RunInstancesCommand({
          LaunchTemplate: { LaunchTemplateName, ...(Version && { Version }) },
          InstanceType: 't3.small',
          SubnetId: subnetId,
          TagSpecifications: tags('b'),
          MinCount: 1,
          MaxCount: 1,
        }),
      );
    const { Instances } = await run();
    expect(Instances?.[0]).toMatchObject({ ImageId: imageId, InstanceType: 't3.small', KeyName: 'key' });
    expect(Instances?.[0]?.Tags?.map(({ Key }) => Key)).toEqual(['a', 'b']);
    await expect(run('7')).rejects.toMatchObject({ name: 'InvalidLaunchTemplateId.VersionNotFound' });
  });

  test('versions are numbered, and one of them is the default', async () => {
    const { ec2 } = await computeWorld();
    const LaunchTemplateName = 'nodes';
    const first = new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: { KeyName: 'one' } });
    await ec2.send(first);
    await expect(ec2.send(first)).rejects.toMatchObject({ name: 'InvalidLaunchTemplateName.AlreadyExistsException' });
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData: { KeyName: 'two' } }),
    );
    const versions = async (...Versions: string[]) => {
      const question = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions });
      return (await ec2.send(question)).LaunchTemplateVersions?.map(
        ({ LaunchTemplateData }) => LaunchTemplateData?.KeyName,
      );
    };
    expect(await versions('$Default', '$Latest')).toEqual(['one', 'two']);
    await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName, DefaultVersion: '2' }));
    expect(await versions('$Default')).toEqual(['two']);
    await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName }));
    await expect(versions('$Latest')).rejects.toMatchObject({ name: 'InvalidLaunchTemplateName.NotFoundException' });
  });
});
