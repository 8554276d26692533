import {
  GetInstanceProfileCommand,
  GetRoleCommand,
  type IAMClient,
  ListInstanceProfilesCommand,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import { unlessGone } from '../aws-errors.ts';
import { type Belonging, ownerIn } from './belonging.ts';

/** Lists of IAM come without tags, so what may be ours is told by the end of its name first. */
const roleNames = /-airflow-role$/;
const profileNames = /-airflow-profile$/;

/** Roles and instance profiles that carry our tags. IAM is global: other regions' are among them. */
export async function iamBelongings(iam: IAMClient): Promise<Belonging[]> {
  const [roles, profiles] = await Promise.all([rolesIn(iam), profilesIn(iam)]);
  return [...roles, ...profiles];
}

async function rolesIn(iam: IAMClient): Promise<Belonging[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.send(new ListRolesCommand(Marker === undefined ? {} : { Marker }));
    names.push(...(page.Roles ?? []).map(({ RoleName = '' }) => RoleName));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker !== undefined);
  const found = names
    .filter((name) => roleNames.test(name))
    .map(async (RoleName) => {
      const { Role } = (await iam.send(new GetRoleCommand({ RoleName })).catch(unlessGone)) ?? {};
      return belonging('iam:role', RoleName, Role?.Arn, Role?.Tags);
    });
  return (await Promise.all(found)).flat();
}

async function profilesIn(iam: IAMClient): Promise<Belonging[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.send(new ListInstanceProfilesCommand(Marker === undefined ? {} : { Marker }));
    names.push(...(page.InstanceProfiles ?? []).map(({ InstanceProfileName = '' }) => InstanceProfileName));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker !== undefined);
  const found = names
    .filter((name) => profileNames.test(name))
    .map(async (InstanceProfileName) => {
      const answer = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName })).catch(unlessGone);
      const profile = answer?.InstanceProfile;
      return belonging('iam:instance-profile', InstanceProfileName, profile?.Arn, profile?.Tags);
    });
  return (await Promise.all(found)).flat();
}

function belonging(
  type: string,
  id: string,
  arn: string | undefined,
  tags: Parameters<typeof ownerIn>[0],
): Belonging[] {
  const owner = ownerIn(tags);
  if (!owner || arn === undefined) return [];
  return [{ ...owner, type, id, arn, costPerHour: 0, companion: false }];
}
