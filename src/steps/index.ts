/** The table of contents. It is one valid order of the work; the real order is in each resource's `needs`. */
import type { Step } from '../engine/resource.ts';
import vpc from './01-vpc.ts';
import subnets from './02-subnets.ts';
import internetGateway from './03-internet-gateway.ts';
import routeTables from './04-route-tables.ts';
import elasticIp from './05-elastic-ip.ts';
import natGateway from './06-nat-gateway.ts';
import securityGroups from './07-security-groups.ts';
import keyPair from './08-key-pair.ts';
import bastion from './09-bastion.ts';
import nodeA from './10-node-a.ts';
import loadBalancer from './11-load-balancer.ts';
import database from './12-database.ts';
import cache from './13-cache.ts';
import storage from './14-storage.ts';
import fileSystem from './15-file-system.ts';
import servers from './16-airflow/index.ts';

export const steps: readonly Step[] = [
  vpc,
  subnets,
  internetGateway,
  routeTables,
  elasticIp,
  natGateway,
  securityGroups,
  keyPair,
  bastion,
  nodeA,
  loadBalancer,
  database,
  cache,
  storage,
  fileSystem,
  servers,
];
