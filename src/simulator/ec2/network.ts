import type { Noun } from '../noun.ts';
import { networkInterfaces } from './network-interfaces.ts';
import { securityGroups } from './security-groups.ts';
import { subnets } from './subnets.ts';
import { vpcs } from './vpcs.ts';
import { zones } from './zones.ts';

/** What EC2 calls "networking": everything that a VPC is made of. */
export const ec2NetworkNouns: readonly Noun[] = [zones, vpcs, subnets, networkInterfaces, securityGroups];
