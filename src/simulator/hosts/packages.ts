import type { Scope } from '../account.ts';
import { imageTable } from '../ec2/images.ts';
import type { InstanceRow } from '../ec2/instances.ts';
import { publicImages } from '../ec2/public-images.ts';

/** The package managers of the simulated servers, and the packages they have: a misspelt name is found in a rehearsal. */
const repositories: Record<'dnf' | 'apt', { image: RegExp; has: RegExp }> = {
  dnf: {
    image: /al20\d\d|amazon-linux/i,
    has: /^(nginx|openssl|curl-minimal|ca-certificates|amazon-efs-utils|chrony|gcc|git|pkgconf-pkg-config|mariadb-connector-c-devel|rsync|python3\.(11|12|13|14)(-pip|-devel)?)$/,
  },
  apt: {
    image: /debian/i,
    has: /^(nginx|openssl|curl|ca-certificates|nfs-common|chrony|gcc|git|pkg-config|python3|python3-venv|python3-dev|libmariadb-dev|rsync)$/,
  },
};

/** Why the packages cannot be installed, in the words of the package manager, or undefined when they can. */
export function packageProblem(
  scope: Scope,
  instance: InstanceRow,
  manager: 'dnf' | 'apt',
  names: readonly string[],
): string | undefined {
  const repository = repositories[manager];
  if (!repository.image.test(systemOf(scope, instance.imageId))) return `bash: line 1: ${manager}: command not found`;
  const missing = names.find((name) => !repository.has.test(name));
  if (missing === undefined) return undefined;
  return manager === 'dnf' ? `Error: Unable to find a match: ${missing}` : `E: Unable to locate package ${missing}`;
}

/** Words that tell the operating system of an image, which an image of our own has from the one it began as. */
function systemOf(scope: Scope, imageId: string): string {
  const own = imageTable(scope).peek(imageId);
  if (own?.sourceImageId !== undefined) return systemOf(scope, own.sourceImageId);
  const published = publicImages(scope).find((image) => image.imageId === imageId);
  return `${published?.name} ${published?.parameterName}`;
}
