import { softwareCommands } from '../../hosts/software.ts';
import { natGateway } from '../06-nat-gateway.ts';
import { bastion } from '../09-bastion.ts';
import { nodeA } from '../10-node-a.ts';
import { serverWork } from './servers.ts';

/** Airflow and its packages on node a, before anything of this cluster is on it: the image is taken of this. */
export const nodeASoftware = serverWork(
  'nodeASoftware',
  { bastion, nodeA, natGateway },
  {
    type: 'Host::Software',
    typicalSeconds: 300,
    server: ({ bastion, nodeA }) => ({
      name: 'a',
      instanceId: nodeA?.instanceId,
      bastionId: bastion?.instanceId,
    }),
    settings: ({ os, airflow: { admin: _admin, user: _user, ...software } }) => ({ os, software }),
    commands: ({ config }) => softwareCommands(config),
  },
);
