import type { Noun } from '../noun.ts';
import { describeInstances } from './describe-instances.ts';
import { ebsEncryption } from './ebs-encryption.ts';
import { imageAttributes } from './image-attributes.ts';
import { images } from './images.ts';
import { instanceAttributes } from './instance-attributes.ts';
import { instanceConnectEndpoints } from './instance-connect-endpoints.ts';
import { instanceStates } from './instance-states.ts';
import { instanceStatus } from './instance-status.ts';
import { instanceTypes } from './instance-types.ts';
import { keyPairs } from './key-pairs.ts';
import { launchTemplates } from './launch-templates.ts';
import { metadataDefaults } from './metadata-defaults.ts';
import { ownImages } from './own-images.ts';
import { profileAssociations } from './profile-associations.ts';
import { runInstances } from './run-instances.ts';
import { snapshotAttributes } from './snapshot-attributes.ts';
import { snapshotSeries } from './snapshot-series.ts';
import { snapshots } from './snapshots.ts';
import { volumeModifications } from './volume-modifications.ts';
import { volumeStatus } from './volume-status.ts';
import { volumes } from './volumes.ts';

/** EC2's nouns of computing: key pairs, instances, volumes, snapshots, images and what belongs to them. */
export const ec2ComputeNouns: readonly Noun[] = [
  keyPairs,
  instanceTypes,
  runInstances,
  describeInstances,
  instanceStates,
  instanceStatus,
  instanceAttributes,
  metadataDefaults,
  profileAssociations,
  launchTemplates,
  volumes,
  volumeModifications,
  volumeStatus,
  snapshots,
  snapshotSeries,
  snapshotAttributes,
  images,
  ownImages,
  imageAttributes,
  ebsEncryption,
  instanceConnectEndpoints,
];
