import type { Noun } from '../noun.ts';

/** EC2's nouns of computing: key pairs, instances, volumes, snapshots, images and what belongs to them. */
export const ec2ComputeNouns: readonly Noun[] = [];
