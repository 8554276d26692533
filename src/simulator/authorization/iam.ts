import type { Scope } from '../account.ts';
import { instanceProfileTable } from '../iam/instance-profiles.ts';
import { roleTable } from '../iam/roles.ts';
import { type AuthorizationRequest, type Call, requestTags, resourceTags, tagsOf, text } from './request.ts';

/** What IAM asks about a call: about the role or the instance profile in it, with its tags and its boundary. */
export function iamRequests({ scope, operation, input }: Call): AuthorizationRequest[] {
  const action = `iam:${operation}`;
  const tags = requestTags(tagsOf(input.Tags));
  if (operation === 'CreateServiceLinkedRole') return [serviceLinkedRole(scope, text(input.AWSServiceName) ?? '')];
  const profileName = text(input.InstanceProfileName);
  if (profileName !== undefined) {
    const row = instanceProfileTable(scope).peek(profileName);
    const arn = row?.arn ?? iamArn(scope, 'instance-profile', input.Path, profileName);
    const passed = operation === 'AddRoleToInstanceProfile' ? passRole(scope, [text(input.RoleName) ?? ''], 'ec2') : [];
    return [{ action, resource: arn, context: { ...resourceTags(row?.tags), ...tags } }, ...tagged(arn), ...passed];
  }
  const roleName = text(input.RoleName);
  if (roleName !== undefined) {
    const row = roleTable(scope).peek(roleName);
    const boundary = text(input.PermissionsBoundary) ?? row?.permissionsBoundary;
    const arn = row?.arn ?? iamArn(scope, 'role', input.Path, roleName);
    const context = {
      ...resourceTags(row?.tags),
      ...tags,
      ...(boundary === undefined ? {} : { 'iam:PermissionsBoundary': [boundary] }),
    };
    return [{ action, resource: arn, context }, ...tagged(arn)];
  }
  return [{ action, resource: '*', context: {} }];

  /** Tags in a creating call want the right to tag as well. */
  function tagged(arn: string): AuthorizationRequest[] {
    const kind = { CreateRole: 'TagRole', CreateInstanceProfile: 'TagInstanceProfile' }[operation];
    return kind === undefined || Object.keys(tags).length === 0
      ? []
      : [{ action: `iam:${kind}`, resource: arn, context: tags }];
  }
}

function iamArn(scope: Scope, kind: string, path: unknown, name: string): string {
  return scope.arn('iam', `${kind}${text(path) ?? '/'}${name}`, { region: '' });
}

/** What is asked of whoever hands roles to a service. */
export function passRole(scope: Scope, roleNames: readonly string[], service: string): AuthorizationRequest[] {
  return roleNames.flatMap((name) => {
    const row = roleTable(scope).peek(name);
    const to = [`${service}.amazonaws.com${scope.partition === 'aws-cn' ? '.cn' : ''}`];
    return row ? [{ action: 'iam:PassRole', resource: row.arn, context: { 'iam:PassedToService': to } }] : [];
  });
}

const serviceRoles: Readonly<Record<string, string>> = {
  'elasticloadbalancing.amazonaws.com': 'AWSServiceRoleForElasticLoadBalancing',
  'rds.amazonaws.com': 'AWSServiceRoleForRDS',
  'elasticache.amazonaws.com': 'AWSServiceRoleForElastiCache',
  'elasticfilesystem.amazonaws.com': 'AWSServiceRoleForAmazonElasticFileSystem',
};

function serviceLinkedRole(scope: Scope, service: string): AuthorizationRequest {
  const name = `aws-service-role/${service}/${serviceRoles[service] ?? '*'}`;
  return {
    action: 'iam:CreateServiceLinkedRole',
    resource: scope.arn('iam', `role/${name}`, { region: '' }),
    context: { 'iam:AWSServiceName': [service] },
  };
}

/** The first call of its kind in an account has the service make its own role, on behalf of the caller. */
export function firstUse(scope: Scope, service: string): AuthorizationRequest[] {
  const principal = `${service}.amazonaws.com`;
  return roleTable(scope).peek(serviceRoles[principal] ?? '') ? [] : [serviceLinkedRole(scope, principal)];
}
