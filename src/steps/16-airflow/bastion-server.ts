import { bastionCommands } from '../../hosts/bastion.ts';
import { bastion } from '../09-bastion.ts';
import { loadBalancer } from '../11-load-balancer.ts';
import { serverWork } from './servers.ts';

/** nginx on the bastion: what the browser talks to. */
export const bastionServer = serverWork(
  'bastionServer',
  { bastion, loadBalancer },
  {
    type: 'Host::WebServer',
    typicalSeconds: 75,
    server: ({ bastion }) => ({ name: 'bastion', instanceId: bastion?.instanceId, bastionId: bastion?.instanceId }),
    settings: ({ os, tls }) => ({ os, tls }),
    commands: ({ config }, { bastion, loadBalancer }) =>
      bastionCommands(config, { publicIp: bastion.publicIp, loadBalancer: loadBalancer.dnsName }),
  },
);
