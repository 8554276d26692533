import {
  CreateImageCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { type Aws, ec2Kind } from '../../aws.ts';
import { unlessGone } from '../../aws-errors.ts';
import { resource } from '../../engine/resource.ts';
import { FailedLater } from '../../engine/run.ts';
import { hideIdentity, showIdentity } from '../../hosts/software.ts';
import { bastion } from '../09-bastion.ts';
import { nodeA } from '../10-node-a.ts';
import { ec2TagDifferences } from '../differences.ts';
import { reach } from './servers.ts';
import { nodeASoftware } from './software.ts';

const images = ec2Kind({
  idFilter: 'image-id',
  idField: 'imageId',
  ask: (Filters) => new DescribeImagesCommand({ Owners: ['self'], Filters }),
  list: ({ Images }) => Images,
  id: ({ ImageId }) => ImageId,
  live: ({ State }) => State !== 'deregistered',
});

async function look({ ec2, ask }: Aws, imageId: string): Promise<Image | undefined> {
  const Filters = [{ Name: 'image-id', Values: [imageId] }];
  const { Images = [] } = await ask(ec2, new DescribeImagesCommand({ Owners: ['self'], Filters }));
  const found = Images[0];
  if (found?.State === 'failed' || found?.State === 'error')
    throw new FailedLater(
      `The image ${imageId} failed`,
      found.StateReason?.Code ?? 'failed',
      found.StateReason?.Message ?? 'AWS gave no reason',
    );
  return found;
}

/** Node a with its software, and with nothing on it that is node a's own. */
export const image = resource(
  'image',
  { bastion, nodeA, nodeASoftware },
  {
    type: 'AWS::EC2::Image',
    typicalSeconds: { create: 190, destroy: 3 },
    // A snapshot bills the blocks in use, about a third of the volume, at 0.05 dollars a GiB and month of 730 hours.
    hourlyUsd: ({ config, prices }) => (config.nodes.volumeGiB / 3) * (prices('snapshot:GiB') ?? 0),
    async find({ seek }) {
      const found = await seek(images);
      return found && { imageId: found.ImageId! };
    },
    async create(aws, { bastion, nodeA }) {
      const host = await reach(aws, { name: 'a', instanceId: nodeA.instanceId, bastionId: bastion.instanceId });
      await aws.shell.run(host, hideIdentity());
      const { ImageId } = await aws.ec2.send(
        new CreateImageCommand({
          InstanceId: nodeA.instanceId,
          Name: aws.names.image,
          // Node a goes on with the database meanwhile. The file system is synchronised and its journal does the rest.
          NoReboot: true,
          TagSpecifications: aws.tagSpecifications('image', 'snapshot'),
        }),
      );
      return { imageId: ImageId! };
    },
    async finish(aws, { imageId }, { bastion, nodeA }) {
      // A snapshot has the volume as it was at its beginning, whatever is written while it is copied.
      await aws.wait({ for: 'snapshot of node a begun', everySeconds: 5, timeoutSeconds: 1200 }, async () => {
        const found = await look(aws, imageId);
        const begun = found?.BlockDeviceMappings?.some(({ Ebs }) => Ebs?.SnapshotId !== undefined);
        return begun || found?.State === 'available' ? true : undefined;
      });
      const host = await reach(aws, { name: 'a', instanceId: nodeA.instanceId, bastionId: bastion.instanceId });
      await aws.shell.run(host, showIdentity());
      await aws.wait({ for: 'image available', everySeconds: 8, timeoutSeconds: 3600 }, async () =>
        (await look(aws, imageId))?.State === 'available' ? true : undefined,
      );
      return {};
    },
    async compare(aws, { imageId }) {
      const found = await aws.seek(images);
      const snapshots = found?.BlockDeviceMappings?.map(({ Ebs }) => Ebs?.SnapshotId);
      return ec2TagDifferences(aws, imageId, found?.Tags, snapshots);
    },
    async destroy(aws, { imageId }) {
      await aws.ec2
        .send(new DeregisterImageCommand({ ImageId: imageId, DeleteAssociatedSnapshots: true }))
        .catch(unlessGone);
      await aws.wait({ for: 'snapshots of the image deleted', everySeconds: 5, timeoutSeconds: 900 }, async () =>
        (await sweepSnapshots(aws)) === 0 ? true : undefined,
      );
    },
  },
);

/** An image that was taken away half-way, or failed, leaves snapshots that only their tags still name. */
async function sweepSnapshots({ ec2, ask, tags, isOurs }: Aws): Promise<number> {
  const Filters = tags
    .filter(({ Key }) => Key === 'airflow-aws:stack' || Key === 'airflow-aws:resource')
    .map(({ Key, Value }) => ({ Name: `tag:${Key}`, Values: [Value ?? ''] }));
  const { Snapshots = [] } = await ask(ec2, new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
  const left = Snapshots.filter(({ Tags }) => isOurs(Tags));
  await Promise.all(
    left.map(({ SnapshotId }) => ec2.send(new DeleteSnapshotCommand({ SnapshotId: SnapshotId! })).catch(unlessGone)),
  );
  return left.length;
}
