import type { Config } from '../config.ts';
import type { State } from '../state.ts';

/** What a part is at, in one word, so that a picture says it without colours, too. */
export type PartStatus = 'absent' | 'under way' | 'complete' | 'destroying';

/** One thing in the picture. */
export interface Part {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  /** Absent for what is no resource of ours: the user. */
  readonly status?: PartStatus;
}

/** Things that are in one place. `across`: side by side, where the picture has room for it. */
export interface Area {
  readonly id: string;
  readonly title: string;
  readonly status?: PartStatus;
  readonly across?: true;
  readonly inside: readonly (Part | Area)[];
}

export interface Architecture {
  readonly title: string;
  readonly whole: Area;
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly label: string }[];
}

export function isArea(one: Part | Area): one is Area {
  return 'inside' in one;
}

/** The deployment as a picture: what the settings ask for, each part with what the state says of its resources. */
export function architectureOf(config: Config, state: State | undefined): Architecture {
  const status = (...keys: string[]) => statusOf(keys.map((key) => state?.row(key)?.status));
  const part = (id: string, title: string, detail: string, ...further: string[]): Part => ({
    id,
    title,
    detail,
    status: status(id, ...further),
  });
  const { vpc, network, zones, region, bastion, nodes, database, cache, tls } = config;
  const [a, c] = zones;
  const own = vpc === 'create';
  const blocks = own
    ? [network.publicSubnetCidr, ...network.privateSubnetCidrs]
    : [vpc.publicSubnet, ...vpc.privateSubnets];
  const subnet = (which: 'A' | 'C', zone: string, cidr = ''): Area => ({
    id: `privateSubnet${which}`,
    title: `private subnet ${cidr}, ${region}${zone}`,
    status: status(`privateSubnet${which}`),
    inside: [
      part(
        `node${which}`,
        `node ${which.toLowerCase()}`,
        nodes.instanceType,
        `node${which}Configuration`,
        `node${which}Services`,
      ),
    ],
  });
  const cacheName = cache.engine === 'valkey' ? 'Valkey' : 'Redis OSS';
  const whole: Area = {
    id: 'region',
    title: `${config.name} in ${region}`,
    inside: [
      { id: 'user', title: 'you', detail: 'from your address only' },
      {
        id: 'vpc',
        title: own ? `VPC ${network.vpcCidr}` : `VPC ${vpc.use}, used`,
        status: status('vpc'),
        inside: [
          {
            id: 'publicSubnet',
            title: `public subnet ${blocks[0]}`,
            status: status('publicSubnet'),
            across: true,
            inside: [
              part(
                'bastion',
                'bastion',
                `${bastion.instanceType}, nginx${tls.mode === 'off' ? '' : ' with TLS'}`,
                'bastionServer',
              ),
              ...(own
                ? [
                    part('natGateway', 'NAT gateway', 'way out of the nodes', 'elasticIp'),
                    part('internetGateway', 'internet gateway', 'way to the internet'),
                  ]
                : []),
            ],
          },
          part('loadBalancer', 'load balancer', 'internal, sticky sessions', 'targetGroup', 'listener'),
          {
            id: 'nodes',
            title: 'Airflow on two nodes',
            across: true,
            inside: [subnet('A', a, blocks[1]), subnet('C', c, blocks[2])],
          },
          {
            id: 'data',
            title: 'shared by the nodes',
            across: true,
            inside: [
              part('dbCluster', 'Aurora MySQL', `${database.instanceClass}, metadata`, 'dbInstance'),
              part('replicationGroup', cacheName, `${cache.nodeType}, broker`),
              part('fileSystem', 'EFS', 'DAGs, mounted on both', 'mountTargetA', 'mountTargetC'),
            ],
          },
        ],
      },
      {
        id: 'regional',
        title: 'outside of the VPC',
        across: true,
        inside: [
          part('bucket', 'S3 bucket', 'task logs'),
          part('airflowSecrets', 'Parameter Store', 'secrets', 'databasePassword', 'cachePassword'),
          part('role', 'IAM role', 'of the nodes', 'instanceProfile'),
        ],
      },
    ],
  };
  const both = (to: string, label: string) => ['nodeA', 'nodeC'].map((from) => ({ from, to, label }));
  return {
    title: `${config.name} in ${region}`,
    whole,
    arrows: [
      { from: 'user', to: 'bastion', label: tls.mode === 'off' ? 'SSH, HTTP' : 'SSH, HTTPS' },
      { from: 'bastion', to: 'loadBalancer', label: 'HTTP' },
      { from: 'loadBalancer', to: 'nodeA', label: 'HTTP' },
      { from: 'loadBalancer', to: 'nodeC', label: 'HTTP' },
      ...both('dbCluster', '3306'),
      ...both('replicationGroup', '6379'),
      ...both('fileSystem', '2049'),
    ],
  };
}

/** A part is as far as the resources that make it up. */
function statusOf(rows: readonly (string | undefined)[]): PartStatus {
  if (rows.includes('destroying')) return 'destroying';
  if (rows.every((one) => one === undefined)) return 'absent';
  return rows.every((one) => one === 'complete') ? 'complete' : 'under way';
}
