/** What makes the two nodes parts of one cluster: configuration, the database once, then the services. */
import type { Aws } from '../../aws.ts';
import type { Known } from '../../engine/resource.ts';
import { configurationCommands, databaseCommands, type NodeFacts, serviceCommands } from '../../hosts/node.ts';
import { bastion } from '../09-bastion.ts';
import { nodeA } from '../10-node-a.ts';
import { loadBalancer } from '../11-load-balancer.ts';
import { databasePassword, dbCluster, dbInstance } from '../12-database.ts';
import { cachePassword, replicationGroup } from '../13-cache.ts';
import { bucket, nodeAProfile } from '../14-storage.ts';
import { fileSystem, mountTargetA, mountTargetC } from '../15-file-system.ts';
import { nodeC, nodeCSoftware } from './node-c.ts';
import { airflowSecrets } from './secrets.ts';
import { serverWork } from './servers.ts';
import { nodeASoftware } from './software.ts';

/** Whatever a node is told of its surroundings. */
const surroundings = {
  bastion,
  loadBalancer,
  bucket,
  dbCluster,
  databasePassword,
  replicationGroup,
  cachePassword,
  fileSystem,
  airflowSecrets,
} as const;

function factsOf({ account }: Aws, known: Known<typeof surroundings>): NodeFacts {
  return {
    region: account.region,
    publicIp: known.bastion.publicIp,
    loadBalancer: known.loadBalancer.dnsName,
    bucket: known.bucket.bucketName,
    database: known.dbCluster.endpoint,
    cache: known.replicationGroup.endpoint,
    fileSystemId: known.fileSystem.fileSystemId,
    secretsParameter: known.airflowSecrets.parameterName,
    cacheParameter: known.cachePassword.parameterName,
    masterParameter: known.databasePassword.parameterName,
  };
}

const onNodeA = ({ bastion, nodeA }: { bastion?: { instanceId: string }; nodeA?: { instanceId: string } }) =>
  ({ name: 'a', instanceId: nodeA?.instanceId, bastionId: bastion?.instanceId }) as const;

const onNodeC = ({ bastion, nodeC }: { bastion?: { instanceId: string }; nodeC?: { instanceId: string } }) =>
  ({ name: 'c', instanceId: nodeC?.instanceId, bastionId: bastion?.instanceId }) as const;

const configuration = {
  type: 'Host::Configuration',
  typicalSeconds: 12,
  settings: ({ os, tls: { mode }, cache: { userName }, database: { username }, airflow }: Aws['config']) => ({
    os,
    tls: { mode },
    cache: { userName },
    database: { username },
    airflow,
  }),
  commands: (aws: Aws, known: Known<typeof surroundings>) => configurationCommands(aws.config, factsOf(aws, known)),
} as const;

const services = {
  type: 'Host::Services',
  typicalSeconds: 30,
  settings: configuration.settings,
  commands: (aws: Aws, known: Known<typeof surroundings>) => serviceCommands(aws.config, factsOf(aws, known)),
} as const;

export const nodeAConfiguration = serverWork(
  'nodeAConfiguration',
  { ...surroundings, nodeA, nodeASoftware, mountTargetA },
  { ...configuration, server: onNodeA },
);

export const nodeCConfiguration = serverWork(
  'nodeCConfiguration',
  { ...surroundings, nodeC, nodeCSoftware, mountTargetC },
  { ...configuration, server: onNodeC },
);

/** The profile gives the node its right to read the secrets; the instance is what answers at the cluster's endpoint. */
export const database = serverWork(
  'database',
  { ...surroundings, nodeA, nodeAConfiguration, nodeAProfile, dbInstance },
  {
    type: 'Host::Database',
    typicalSeconds: 45,
    server: onNodeA,
    settings: ({ airflow: { version, admin, user } }) => ({ airflow: { version, admin, user } }),
    laterOnly: { 'airflow.version': 'An earlier Airflow does not know what the later one made of its database.' },
    commands: (aws, known) => databaseCommands(factsOf(aws, known)),
  },
);

export const nodeAServices = serverWork(
  'nodeAServices',
  { ...surroundings, nodeA, nodeAConfiguration, database },
  { ...services, server: onNodeA },
);

export const nodeCServices = serverWork(
  'nodeCServices',
  { ...surroundings, nodeC, nodeCConfiguration, database },
  { ...services, server: onNodeC },
);
