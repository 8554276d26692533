import type { Scope, Stored } from '../account.ts';

interface TaggedRow extends Stored {
  tags: Record<string, string>;
}

/** A resource as this service sees it. */
export interface Taggable {
  arn: string;
  /** `ec2:instance`: service and kind. */
  type: string;
  row: TaggedRow;
}

type Member = string;
interface Kind {
  table: string;
  type: string;
  /** The member of the row that holds the ARN, or … */
  arn?: Member;
  /** … the one that holds the id, behind the kind in the ARN. */
  id?: Member;
}

const ec2 = (table: string, kind: string, id: Member): Kind => ({ table: `ec2.${table}`, type: `ec2:${kind}`, id });

/** Where the taggable resources of a region are. IAM is not among them: this service does not return it. */
const kinds: readonly Kind[] = [
  ec2('vpcs', 'vpc', 'vpcId'),
  ec2('subnets', 'subnet', 'subnetId'),
  ec2('internetGateways', 'internet-gateway', 'internetGatewayId'),
  ec2('routeTables', 'route-table', 'routeTableId'),
  ec2('addresses', 'elastic-ip', 'allocationId'),
  ec2('natGateways', 'natgateway', 'natGatewayId'),
  ec2('securityGroups', 'security-group', 'groupId'),
  ec2('securityGroupRules', 'security-group-rule', 'securityGroupRuleId'),
  ec2('networkAcls', 'network-acl', 'networkAclId'),
  ec2('networkInterfaces', 'network-interface', 'networkInterfaceId'),
  ec2('dhcpOptions', 'dhcp-options', 'dhcpOptionsId'),
  ec2('vpcEndpoints', 'vpc-endpoint', 'vpcEndpointId'),
  ec2('instanceConnectEndpoints', 'instance-connect-endpoint', 'instanceConnectEndpointId'),
  ec2('key-pairs', 'key-pair', 'keyPairId'),
  ec2('launchTemplates', 'launch-template', 'launchTemplateId'),
  ec2('instances', 'instance', 'instanceId'),
  ec2('volumes', 'volume', 'volumeId'),
  ec2('images', 'image', 'imageId'),
  ec2('snapshots', 'snapshot', 'snapshotId'),
  { table: 'elbv2.loadBalancers', type: 'elasticloadbalancing:loadbalancer', arn: 'loadBalancerArn' },
  { table: 'elbv2.targetGroups', type: 'elasticloadbalancing:targetgroup', arn: 'targetGroupArn' },
  { table: 'elbv2.listeners', type: 'elasticloadbalancing:listener', arn: 'listenerArn' },
  { table: 'elbv2.rules', type: 'elasticloadbalancing:listener-rule', arn: 'ruleArn' },
  { table: 'rds.clusters', type: 'rds:cluster', arn: 'arn' },
  { table: 'rds.instances', type: 'rds:db', arn: 'arn' },
  { table: 'rds.subnetGroups', type: 'rds:subgrp', arn: 'arn' },
  { table: 'rds.clusterSnapshots', type: 'rds:cluster-snapshot', arn: 'arn' },
  { table: 'rds.snapshots', type: 'rds:snapshot', arn: 'arn' },
  { table: 'elasticache.replicationGroups', type: 'elasticache:replicationgroup', arn: 'arn' },
  { table: 'elasticache.clusters', type: 'elasticache:cluster', arn: 'arn' },
  { table: 'elasticache.subnetGroups', type: 'elasticache:subnetgroup', arn: 'arn' },
  { table: 'elasticache.users', type: 'elasticache:user', arn: 'arn' },
  { table: 'elasticache.userGroups', type: 'elasticache:usergroup', arn: 'arn' },
  { table: 'elasticache.snapshots', type: 'elasticache:snapshot', arn: 'arn' },
  { table: 'efs.fileSystems', type: 'elasticfilesystem:file-system', id: 'fileSystemId' },
  { table: 'efs.accessPoints', type: 'elasticfilesystem:access-point', id: 'accessPointId' },
];

function member(row: object, name: Member): string {
  return String((row as Record<string, unknown>)[name]);
}

/** Every resource of the region that carries tags, or carried some: with `everything`, also those without any. */
export function taggables(scope: Scope, { everything = false } = {}): Taggable[] {
  const found: Taggable[] = [];
  for (const { table, type, arn, id } of kinds) {
    for (const row of scope.table<TaggedRow>(table).list()) {
      if (row.tags === undefined) continue;
      const [service = '', kind = ''] = type.split(':');
      found.push({ type, row, arn: arn ? member(row, arn) : scope.arn(service, `${kind}/${member(row, id ?? '')}`) });
    }
  }
  for (const row of scope.table<TaggedRow & { name: string }>('ssm.parameters').list()) {
    const name = row.name.startsWith('/') ? row.name : `/${row.name}`;
    found.push({ type: 'ssm:parameter', row, arn: scope.arn('ssm', `parameter${name}`) });
  }
  for (const row of scope.globalTable<TaggedRow & { name: string; region: string }>('s3.buckets').list())
    if (row.region === scope.region) found.push({ type: 's3', row, arn: `arn:${scope.partition}:s3:::${row.name}` });
  return everything ? found : found.filter(({ row }) => Object.keys(row.tags).length > 0);
}
