import type {
  CreateServiceLinkedRoleCommandInput,
  CreateServiceLinkedRoleCommandOutput,
  DeleteServiceLinkedRoleCommandInput,
  DeleteServiceLinkedRoleCommandOutput,
  GetServiceLinkedRoleDeletionStatusCommandInput,
  GetServiceLinkedRoleDeletionStatusCommandOutput,
} from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { noSuchEntity } from './checks.ts';
import { addRole, type RoleRow, requireRole, roleSummary, roleTable } from './roles.ts';

/** Services that have a service-linked role, and what follows `AWSServiceRoleFor` in its name. */
const serviceLinked: Record<string, string> = {
  autoscaling: 'AutoScaling',
  ecs: 'ECS',
  eks: 'AmazonEKS',
  elasticache: 'ElastiCache',
  elasticfilesystem: 'AmazonElasticFileSystem',
  elasticloadbalancing: 'ElasticLoadBalancing',
  'ec2-instance-connect': 'EC2InstanceConnect',
  globalaccelerator: 'GlobalAccelerator',
  lambda: 'Lambda',
  organizations: 'Organizations',
  rds: 'RDS',
  spot: 'EC2Spot',
  spotfleet: 'EC2SpotFleet',
  ssm: 'AmazonSSM',
  support: 'Support',
};
/** The few whose role may exist more than once, under a suffix. */
const suffixed = ['autoscaling'];

function addServiceLinkedRole(scope: Scope, service: string, roleName: string, description?: string): RoleRow {
  const principal = `${service}.amazonaws.com`;
  return addRole(scope, {
    roleName,
    path: `/aws-service-role/${principal}/`,
    ...(description === undefined ? {} : { description }),
    assumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: principal }, Action: 'sts:AssumeRole' }],
    }),
  });
}

/** What a service does on its first use in an account: it makes its service-linked role, which then stays. */
export function touchServiceLinkedRole(
  scope: Scope,
  service: 'elasticloadbalancing' | 'rds' | 'elasticache' | 'elasticfilesystem',
) {
  const roleName = `AWSServiceRoleFor${serviceLinked[service]}`;
  if (!roleTable(scope).peek(roleName)) addServiceLinkedRole(scope, service, roleName);
}

export const serviceLinkedRoles: Noun = {
  service: 'iam',
  operations: {
    CreateServiceLinkedRole: operation<CreateServiceLinkedRoleCommandInput, CreateServiceLinkedRoleCommandOutput>(
      ['AWSServiceName', 'Description', 'CustomSuffix'],
      (scope, { AWSServiceName = '', Description, CustomSuffix }) => {
        const service = AWSServiceName.replace(/\.amazonaws\.com$/, '');
        const known =
          AWSServiceName !== service && Object.hasOwn(serviceLinked, service) ? serviceLinked[service] : undefined;
        if (known === undefined)
          throw refusal(
            'InvalidInput',
            `Service principal ${AWSServiceName} does not have a service-linked role template`,
          );
        if (CustomSuffix !== undefined && !suffixed.includes(service))
          throw refusal('InvalidInput', `Custom suffix is not allowed for ${AWSServiceName}`);
        const roleName = `AWSServiceRoleFor${known}${CustomSuffix === undefined ? '' : `_${CustomSuffix}`}`;
        if (roleTable(scope).peek(roleName))
          throw refusal(
            'InvalidInput',
            `Service role name ${roleName} has been taken in this account, please try a different suffix.`,
          );
        return { Role: roleSummary(addServiceLinkedRole(scope, service, roleName, Description)) };
      },
    ),
    DeleteServiceLinkedRole: operation<DeleteServiceLinkedRoleCommandInput, DeleteServiceLinkedRoleCommandOutput>(
      ['RoleName'],
      (scope, { RoleName }) => {
        const row = requireRole(scope, RoleName);
        const [, , principal] = row.path.split('/');
        if (!row.path.startsWith('/aws-service-role/'))
          throw refusal('InvalidInput', `Role ${RoleName} is not a service-linked role`);
        roleTable(scope).delete(row.roleName);
        const uuid = [8, 4, 4, 4, 12].map((length) => scope.hex(length)).join('-');
        return { DeletionTaskId: `task/aws-service-role/${principal}/${row.roleName}/${uuid}` };
      },
    ),
    GetServiceLinkedRoleDeletionStatus: operation<
      GetServiceLinkedRoleDeletionStatusCommandInput,
      GetServiceLinkedRoleDeletionStatusCommandOutput
    >(['DeletionTaskId'], (_scope, { DeletionTaskId = '' }) => {
      if (!DeletionTaskId.startsWith('task/aws-service-role/'))
        throw noSuchEntity(`Deletion task ${DeletionTaskId} cannot be found.`);
      return { Status: 'SUCCEEDED' };
    }),
  },
};
