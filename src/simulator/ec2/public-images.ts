import { createHash } from 'node:crypto';
import type { Scope } from '../account.ts';

/** An image that somebody else publishes and that AWS's public SSM parameters point to. */
export interface PublicImage {
  imageId: string;
  /** The public SSM parameter whose value is `imageId`. */
  parameterName: string;
  name: string;
  description: string;
  ownerId: string;
  architecture: 'x86_64' | 'arm64';
  rootDeviceName: string;
  snapshotId: string;
  /** GiB of the root snapshot. */
  volumeSize: number;
  volumeType: 'gp2' | 'gp3';
  /** Image made for IMDSv2: instances require tokens unless asked otherwise. */
  imdsSupport?: 'v2.0';
  bootMode: 'uefi' | 'uefi-preferred' | 'legacy-bios';
  /** Milliseconds since 1970. */
  creationDate: number;
}

type Template = Omit<PublicImage, 'imageId' | 'snapshotId' | 'creationDate'>;

const amazon = '137112412989';
const debian = '136693071363';
const canonical = '099720109477';
const architectures = ['x86_64', 'arm64'] as const;

const debianName = { x86_64: 'amd64', arm64: 'arm64' };

/** What `kernel-default` points to. */
const defaultKernel = '6.18';

function amazonLinux2023(): Template[] {
  return architectures.flatMap((architecture) =>
    ['default', '6.1', '6.12', '6.18'].flatMap((kernel) =>
      (['', 'minimal-'] as const).map(
        (minimal): Template => ({
          parameterName: `/aws/service/ami-amazon-linux-latest/al2023-ami-${minimal}kernel-${kernel}-${architecture}`,
          name: `al2023-ami-${minimal}2023.9.20251208.0-kernel-${kernel === 'default' ? defaultKernel : kernel}-${architecture}`,
          description: `Amazon Linux 2023 AMI 2023.9.20251208.0 ${architecture} HVM kernel-${kernel === 'default' ? defaultKernel : kernel}`,
          ownerId: amazon,
          architecture,
          rootDeviceName: '/dev/xvda',
          volumeSize: minimal ? 2 : 8,
          volumeType: 'gp3',
          imdsSupport: 'v2.0',
          bootMode: architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
        }),
      ),
    ),
  );
}

function amazonLinux2(): Template[] {
  return architectures.flatMap((architecture) =>
    ['ami-kernel-5.10-hvm', 'ami-hvm'].map(
      (kind): Template => ({
        parameterName: `/aws/service/ami-amazon-linux-latest/amzn2-${kind}-${architecture}-gp2`,
        name: `amzn2-${kind}-2.0.20251208.0-${architecture}-gp2`,
        description: `Amazon Linux 2 ${kind} 2.0.20251208.0 ${architecture} HVM gp2`,
        ownerId: amazon,
        architecture,
        rootDeviceName: '/dev/xvda',
        volumeSize: 8,
        volumeType: 'gp2',
        bootMode: architecture === 'arm64' ? 'uefi' : 'legacy-bios',
      }),
    ),
  );
}

function debianReleases(): Template[] {
  return architectures.flatMap((architecture) =>
    ['12', '13'].map(
      (release): Template => ({
        parameterName: `/aws/service/debian/release/${release}/latest/${debianName[architecture]}`,
        name: `debian-${release}-${debianName[architecture]}-20251117-2299`,
        description: `Debian ${release} (20251117-2299)`,
        ownerId: debian,
        architecture,
        rootDeviceName: '/dev/xvda',
        volumeSize: 8,
        volumeType: 'gp3',
        imdsSupport: 'v2.0',
        bootMode: architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
      }),
    ),
  );
}

function ubuntuReleases(): Template[] {
  const releases = [
    { release: '22.04', codename: 'jammy', volumeType: 'gp2', folder: 'hvm-ssd' },
    { release: '24.04', codename: 'noble', volumeType: 'gp3', folder: 'hvm-ssd-gp3' },
  ] as const;
  return architectures.flatMap((architecture) =>
    releases.map(({ release, codename, volumeType, folder }): Template => {
      const machine = debianName[architecture];
      return {
        parameterName: `/aws/service/canonical/ubuntu/server/${release}/stable/current/${machine}/hvm/ebs-${volumeType}/ami-id`,
        name: `ubuntu/images/${folder}/ubuntu-${codename}-${release}-${machine}-server-20251212`,
        description: `Canonical, Ubuntu, ${release}, ${machine} ${codename} image`,
        ownerId: canonical,
        architecture,
        rootDeviceName: '/dev/sda1',
        volumeSize: 8,
        volumeType,
        ...(release === '24.04' ? { imdsSupport: 'v2.0' as const } : {}),
        bootMode: architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
      };
    }),
  );
}

const templates = [...amazonLinux2023(), ...amazonLinux2(), ...debianReleases(), ...ubuntuReleases()];

const published = Date.UTC(2025, 11, 12, 18, 30);

/**
 * One row per public parameter, with ids that are the same in every account and different in every region.
 * Two parameters may point to the same image, as `kernel-default` and the kernel that is the default do.
 */
export function publicImages(scope: Scope): PublicImage[] {
  return templates.map((template) => {
    const digits = createHash('sha256').update(`${scope.region} ${template.name}`).digest('hex');
    return {
      ...template,
      imageId: `ami-0${digits.slice(0, 16)}`,
      snapshotId: `snap-0${digits.slice(16, 32)}`,
      creationDate: published,
    };
  });
}
