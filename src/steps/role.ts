/** How the role itself differs from the settings, its documents and tags aside. */
import { PutRolePermissionsBoundaryCommand, type Role } from '@aws-sdk/client-iam';
import type { Aws } from '../aws.ts';
import type { Difference } from '../engine/resource.ts';
import { differing } from './differences.ts';

export function roleDifferences({ iam, config, names }: Aws, found: Role | undefined): Difference[] {
  const { permissionsBoundary: PermissionsBoundary, rolePath } = config.iam;
  const path = found?.Path ?? rolePath;
  const boundary = found?.PermissionsBoundary?.PermissionsBoundaryArn;
  const set = () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: names.role, PermissionsBoundary }));
  return [
    ...differing('Path', path, rolePath, {
      why: 'IAM moves no role to another path, and the servers work with the rights of this one.',
      fix: `Set iam.rolePath back to ${path}, or build a new deployment: another name in another folder.`,
    }),
    // Without one in the settings whatever is there is an administrator's, and nobody's to take away.
    ...(PermissionsBoundary === undefined ? [] : differing('PermissionsBoundary', boundary, PermissionsBoundary, set)),
  ];
}
