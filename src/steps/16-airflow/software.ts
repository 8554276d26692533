import type { Aws } from '../../aws.ts';
import { softwareCommands } from '../../hosts/software.ts';
import { natGateway } from '../06-nat-gateway.ts';
import { bastion } from '../09-bastion.ts';
import { nodeA } from '../10-node-a.ts';
import { serverWork } from './servers.ts';

/** Airflow and its packages: whatever of a node is the same on all of them, and in their image. */
export const software = {
  type: 'Host::Software',
  marker: 'software',
  settings: ({ os, airflow: { admin: _admin, user: _user, ...airflow } }: Aws['config']) => ({ os, airflow }),
  commands: ({ config }: Aws) => softwareCommands(config),
} as const;

/** On node a, before anything of this cluster is on it: the image is taken of this. */
export const nodeASoftware = serverWork(
  'nodeASoftware',
  { bastion, nodeA, natGateway },
  {
    ...software,
    typicalSeconds: 300,
    server: ({ bastion, nodeA }) => ({ name: 'a', instanceId: nodeA?.instanceId, bastionId: bastion?.instanceId }),
  },
);
