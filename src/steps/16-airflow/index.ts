/** STEP 16: the servers' own work. The software goes on node a, its image makes node c, and both become one cluster. */
import { step } from '../../engine/resource.ts';
import { bastionServer } from './bastion-server.ts';
import { cluster } from './cluster.ts';
import { image } from './image.ts';
import { nodeC, nodeCSoftware, nodeCTarget } from './node-c.ts';
import { database, nodeAConfiguration, nodeAServices, nodeCConfiguration, nodeCServices } from './nodes.ts';
import { airflowSecrets } from './secrets.ts';
import { nodeASoftware } from './software.ts';

export default step(16, 'Servers', [
  airflowSecrets,
  bastionServer,
  nodeASoftware,
  image,
  nodeAConfiguration,
  database,
  nodeAServices,
  nodeC,
  nodeCTarget,
  nodeCSoftware,
  nodeCConfiguration,
  nodeCServices,
  cluster,
]);
