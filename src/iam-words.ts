/** Words of IAM that the table of permissions is written in. */

/** Services that make a role of their own when they are first used in an account. */
export const serviceLinked = ['elasticloadbalancing', 'rds', 'elasticache', 'elasticfilesystem'].map(
  (one) => `${one}.amazonaws.com`,
);

/** A snapshot is named, or has an ARN where it is another account's. */
export function snapshotArn(given: string, arn: (service: string, resource: string) => string): string {
  return given.startsWith('arn:') ? given : arn('rds', `cluster-snapshot:${given}`);
}

export function ec2Principal(partition: string): string {
  return partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com';
}

export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

export function of(service: string, operations: string): string[] {
  return words(operations).map((one) => `${service}:${one}`);
}

/** To put the role beneath the boundary of the settings, and beneath no other. Nothing where they have none. */
export function boundaryGrants(resources: readonly string[], boundary: string | undefined) {
  if (boundary === undefined) return [];
  const conditions = { StringEquals: { 'iam:PermissionsBoundary': boundary } };
  const actions = ['iam:PutRolePermissionsBoundary'];
  return [{ sid: 'SetTheBoundaryOfTheRole', actions, resources, conditions, mishap: ['up'] as const }];
}
