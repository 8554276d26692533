/** STEP 15: the folder of DAGs that both nodes see, with a mount target in the zone of each. */
import {
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DeleteFileSystemCommand,
  DeleteMountTargetCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  ModifyMountTargetSecurityGroupsCommand,
  type MountTargetDescription,
  TagResourceCommand as TagEfsCommand,
  UpdateFileSystemCommand,
} from '@aws-sdk/client-efs';
import type { Aws } from '../aws.ts';
import { isAws, unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { FailedLater } from '../engine/run.ts';
import { vpc } from './01-vpc.ts';
import { privateSubnetA, privateSubnetC } from './02-subnets.ts';
import { efsSecurityGroup } from './07-security-groups.ts';
import { differing, tagDifferences } from './differences.ts';

async function look({ efs, ask }: Aws, FileSystemId: string) {
  const answer = await ask(efs, new DescribeFileSystemsCommand({ FileSystemId })).catch(unlessGone);
  return answer?.FileSystems?.[0];
}

/** By the question that finds it without its id. An account with many has it on a later page. */
async function lookAmongAll(aws: Aws, fileSystemId: string) {
  const { FileSystems = [] } = await aws.ask(aws.efs, new DescribeFileSystemsCommand({}));
  return FileSystems.find(({ FileSystemId }) => FileSystemId === fileSystemId) ?? (await look(aws, fileSystemId));
}

export const fileSystem = resource(
  'fileSystem',
  {},
  {
    type: 'AWS::EFS::FileSystem',
    typicalSeconds: { create: 8, destroy: 8 },
    holdsData: true,
    async find(aws) {
      const { efs, ask, recorded, token, isOurs } = aws;
      if (recorded) {
        const found = await lookAmongAll(aws, recorded.fileSystemId!);
        return found && found.LifeCycleState !== 'deleting' ? { fileSystemId: found.FileSystemId! } : undefined;
      }
      const { FileSystems = [] } = await ask(efs, new DescribeFileSystemsCommand({}));
      const found = FileSystems.find(
        ({ CreationToken, Tags, LifeCycleState }) =>
          (CreationToken === token || isOurs(Tags)) && LifeCycleState !== 'deleting',
      );
      return found && { fileSystemId: found.FileSystemId! };
    },
    async create({ efs, tags, token }) {
      try {
        const { FileSystemId } = await efs.send(
          new CreateFileSystemCommand({
            CreationToken: token,
            Encrypted: true,
            PerformanceMode: 'generalPurpose',
            ThroughputMode: 'elastic',
            Backup: false,
            Tags: tags,
          }),
        );
        return { fileSystemId: FileSystemId! };
      } catch (error) {
        // The refusal names the file system that our token made before.
        if (!isAws(error, 'FileSystemAlreadyExists')) throw error;
        const { FileSystemId } = error as { FileSystemId?: string };
        if (FileSystemId === undefined) throw error;
        return { fileSystemId: FileSystemId };
      }
    },
    async finish(aws, { fileSystemId }) {
      await aws.wait({ for: 'file system available', everySeconds: 2, timeoutSeconds: 600 }, async () => {
        const found = await look(aws, fileSystemId);
        if (found?.LifeCycleState === 'error')
          throw new FailedLater('The file system failed', 'error', 'EFS gives no reason');
        return found?.LifeCycleState === 'available' ? true : undefined;
      });
      return {};
    },
    async compare(aws, { fileSystemId }) {
      const { efs } = aws;
      const found = await lookAmongAll(aws, fileSystemId);
      const stays = { why: 'A file system is encrypted when it is made.', fix: 'Copy the DAGs, and build it anew.' };
      return [
        ...differing('Encrypted', found?.Encrypted, true, stays),
        ...differing('ThroughputMode', found?.ThroughputMode, 'elastic', () =>
          efs.send(new UpdateFileSystemCommand({ FileSystemId: fileSystemId, ThroughputMode: 'elastic' })),
        ),
        ...tagDifferences(aws, found?.Tags, (Tags) => efs.send(new TagEfsCommand({ ResourceId: fileSystemId, Tags }))),
      ];
    },
    async destroy(aws, { fileSystemId }) {
      await aws.efs.send(new DeleteFileSystemCommand({ FileSystemId: fileSystemId })).catch(unlessGone);
      await aws.wait({ for: 'file system deleted', everySeconds: 3, timeoutSeconds: 900 }, async () => {
        const found = await look(aws, fileSystemId);
        return found === undefined || found.LifeCycleState === 'deleted' ? true : undefined;
      });
    },
  },
);

async function targetsOf({ efs, ask }: Aws, FileSystemId: string): Promise<MountTargetDescription[]> {
  const answer = await ask(efs, new DescribeMountTargetsCommand({ FileSystemId })).catch(unlessGone);
  return answer?.MountTargets ?? [];
}

// A mount target has neither tags nor a token: it is found beneath its file system, one in each subnet.
function mountTarget<
  const Key extends 'mountTargetA' | 'mountTargetC',
  S extends typeof privateSubnetA | typeof privateSubnetC,
>(key: Key, subnet: S) {
  return resource(
    key,
    { vpc, fileSystem, subnet: subnet as typeof privateSubnetA, efsSecurityGroup },
    {
      type: 'AWS::EFS::MountTarget',
      typicalSeconds: { create: 92, destroy: 45 },
      async find(aws, { fileSystem, subnet }) {
        if (!fileSystem || !subnet) return undefined;
        const found = (await targetsOf(aws, fileSystem.fileSystemId)).find(
          ({ SubnetId, LifeCycleState }) => SubnetId === subnet.subnetId && !/^delet/.test(LifeCycleState ?? ''),
        );
        return found && { mountTargetId: found.MountTargetId!, fileSystemId: fileSystem.fileSystemId };
      },
      async create({ efs }, { fileSystem, subnet, efsSecurityGroup }) {
        const { MountTargetId } = await efs.send(
          new CreateMountTargetCommand({
            FileSystemId: fileSystem.fileSystemId,
            SubnetId: subnet.subnetId,
            SecurityGroups: [efsSecurityGroup.groupId],
          }),
        );
        return { mountTargetId: MountTargetId!, fileSystemId: fileSystem.fileSystemId };
      },
      async finish(aws, { mountTargetId, fileSystemId }) {
        await aws.wait({ for: 'mount target available', everySeconds: 5, timeoutSeconds: 900 }, async () => {
          const found = (await targetsOf(aws, fileSystemId)).find((one) => one.MountTargetId === mountTargetId);
          if (found?.LifeCycleState === 'error')
            throw new FailedLater('The mount target failed', 'error', 'EFS gives no reason');
          return found?.LifeCycleState === 'available' ? true : undefined;
        });
        return {};
      },
      async compare({ efs, ask }, { mountTargetId: MountTargetId }, { efsSecurityGroup: { groupId } }) {
        const { SecurityGroups } = await ask(efs, new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }));
        const set = { MountTargetId, SecurityGroups: [groupId] };
        return differing('SecurityGroups', SecurityGroups, groupId, () =>
          efs.send(new ModifyMountTargetSecurityGroupsCommand(set)),
        );
      },
      async destroy(aws, { mountTargetId, fileSystemId }) {
        await aws.efs.send(new DeleteMountTargetCommand({ MountTargetId: mountTargetId })).catch(unlessGone);
        await aws.wait({ for: 'mount target deleted', everySeconds: 5, timeoutSeconds: 1200 }, async () => {
          const found = (await targetsOf(aws, fileSystemId)).find((one) => one.MountTargetId === mountTargetId);
          return found === undefined || found.LifeCycleState === 'deleted' ? true : undefined;
        });
      },
    },
  );
}

export const mountTargetA = mountTarget('mountTargetA', privateSubnetA);
export const mountTargetC = mountTarget('mountTargetC', privateSubnetC);

export default step(15, 'File system', [fileSystem, mountTargetA, mountTargetC]);
