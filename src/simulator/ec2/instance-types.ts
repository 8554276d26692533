import type {
  DescribeInstanceTypeOfferingsCommandInput,
  DescribeInstanceTypeOfferingsCommandOutput,
  DescribeInstanceTypesCommandInput,
  DescribeInstanceTypesCommandOutput,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { selected, selecting } from './selection.ts';
import { type Zone, zonesOf } from './zones.ts';

export interface InstanceType {
  instanceType: string;
  family: string;
  architecture: 'x86_64' | 'arm64';
  vCpus: number;
  memoryMiB: number;
  /** Pays for its CPU with credits. */
  burstable: boolean;
  currentGeneration: boolean;
  hypervisor: 'xen' | 'nitro';
  cores: number;
  /** Addresses per interface and interfaces, which grow with the size. */
  networkInterfaces: number;
  addressesPerInterface: number;
}

/** Sizes of the T families: vCPUs and GiB, as AWS lists them. */
const burstableSizes: Record<string, [vCpus: number, gib: number]> = {
  nano: [2, 0.5],
  micro: [2, 1],
  small: [2, 2],
  medium: [2, 4],
  large: [2, 8],
  xlarge: [4, 16],
  '2xlarge': [8, 32],
};

/** The second generation has fewer vCPUs below `large` than those after it. */
const t2VCpus: Record<string, number> = { nano: 1, micro: 1, small: 1 };

const fixedSizes = { medium: 1, large: 2, xlarge: 4, '2xlarge': 8, '4xlarge': 16 };

/** GiB of memory for each vCPU, by the letter of the family. */
const memoryRatio: Record<string, number> = { c: 2, m: 4, r: 8 };

const burstableFamilies = ['t2', 't3', 't3a', 't4g'];
const intelAndAmdFamilies = 'm4 m5 m5a m6i m6a m7i m7a c4 c5 c5a c6i c6a c7i c7a r4 r5 r5a r6i r6a r7i r7a'.split(' ');
const gravitonFamilies = 'm6g m7g m8g c6g c7g c8g r6g r7g r8g'.split(' ');

function describeType(instanceType: string, vCpus: number, gib: number): InstanceType {
  const family = instanceType.split('.')[0]!;
  const architecture = gravitonFamilies.includes(family) || family === 't4g' ? 'arm64' : 'x86_64';
  const generation = Number(/\d/.exec(family)?.[0]);
  const oneThread = architecture === 'arm64' || /^[cmr]7a/.test(family) || vCpus === 1;
  return {
    instanceType,
    family,
    architecture,
    vCpus,
    memoryMiB: gib * 1024,
    burstable: family.startsWith('t'),
    currentGeneration: generation > 3 || burstableFamilies.includes(family),
    hypervisor: ['t2', 'm1', 'm4', 'c4', 'r4'].includes(family) ? 'xen' : 'nitro',
    cores: oneThread ? vCpus : vCpus / 2,
    networkInterfaces: vCpus <= 2 ? (gib < 8 ? 2 : 3) : vCpus <= 8 ? 4 : 8,
    addressesPerInterface: vCpus <= 2 ? (gib < 2 ? 2 : gib < 8 ? 4 : 10) : vCpus <= 8 ? 15 : 30,
  };
}

function allTypes(): InstanceType[] {
  const types = [describeType('m1.small', 1, 1.7)];
  for (const family of burstableFamilies)
    for (const [size, [vCpus, gib]] of Object.entries(burstableSizes))
      types.push(describeType(`${family}.${size}`, family === 't2' ? (t2VCpus[size] ?? vCpus) : vCpus, gib));
  for (const family of [...intelAndAmdFamilies, ...gravitonFamilies])
    for (const [size, vCpus] of Object.entries(fixedSizes)) {
      const smallest = size === 'medium' && !gravitonFamilies.includes(family) && !/7a$/.test(family);
      if (!smallest) types.push(describeType(`${family}.${size}`, vCpus, vCpus * (memoryRatio[family.charAt(0)] ?? 4)));
    }
  return types;
}

const types = new Map(allTypes().map((type) => [type.instanceType, type]));

/** Families that a zone does not sell. An old zone of Virginia has only what was sold when it was built. */
const gaps: Record<string, RegExp> = {
  'usw2-az4': /^(t2|m1|m4|c4|r4)\./,
  'use1-az3': /^(t3|t3a|t4g|[cmr][5-8]\w*)\./,
};

/** The type, or nothing for a name that AWS does not have. */
export function instanceTypeNamed(name: string): InstanceType | undefined {
  return types.get(name);
}

export function isOffered(type: InstanceType, zone: Zone): boolean {
  return !gaps[zone.id]?.test(type.instanceType);
}

function requireTypes(names: string[] | undefined): InstanceType[] {
  const unknown = names?.filter((name) => !types.has(name)) ?? [];
  if (unknown.length > 0)
    throw refusal('InvalidInstanceType', `The following supplied instance types do not exist: [${unknown.join(', ')}]`);
  return names?.map((name) => types.get(name)!) ?? [...types.values()];
}

function describe(type: InstanceType): InstanceTypeInfo {
  const { architecture, cores, vCpus, hypervisor } = type;
  return {
    InstanceType: type.instanceType as NonNullable<InstanceTypeInfo['InstanceType']>,
    CurrentGeneration: type.currentGeneration,
    FreeTierEligible: ['t3.micro', 't4g.small'].includes(type.instanceType),
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: hypervisor,
    ProcessorInfo: {
      SupportedArchitectures: type.family === 't2' && vCpus < 2 ? ['i386', architecture] : [architecture],
      Manufacturer: architecture === 'arm64' ? 'AWS' : /\da/.test(type.family) ? 'AMD' : 'Intel',
    },
    VCpuInfo: { DefaultVCpus: vCpus, DefaultCores: cores, DefaultThreadsPerCore: vCpus / cores },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: false,
    EbsInfo: {
      EbsOptimizedSupport: hypervisor === 'nitro' ? 'default' : 'unsupported',
      EncryptionSupport: 'supported',
      NvmeSupport: hypervisor === 'nitro' ? 'required' : 'unsupported',
    },
    NetworkInfo: {
      MaximumNetworkInterfaces: type.networkInterfaces,
      Ipv4AddressesPerInterface: type.addressesPerInterface,
      Ipv6Supported: true,
      EnaSupport: hypervisor === 'nitro' ? 'required' : 'unsupported',
    },
    HibernationSupported: false,
    BurstablePerformanceSupported: type.burstable,
    DedicatedHostsSupported: !type.burstable,
    AutoRecoverySupported: true,
    SupportedBootModes: architecture === 'arm64' ? ['uefi'] : ['legacy-bios', 'uefi'],
    SupportedInRegion: true,
  };
}

interface Place {
  locationType: 'region' | 'availability-zone' | 'availability-zone-id';
  instanceType: string;
  location: string;
  tags: Record<string, string>;
}

function offerings(scope: Scope, locationType: Place['locationType']): Place[] {
  const zones = zonesOf(scope.region);
  return [...types.values()].flatMap((type): Place[] => {
    const { instanceType } = type;
    const sold = zones.filter((zone) => isOffered(type, zone));
    const locations = locationType === 'region' ? [scope.region] : [];
    if (locationType !== 'region')
      for (const zone of sold) locations.push(locationType === 'availability-zone' ? zone.name : zone.id);
    return locations.map((location) => ({ locationType, instanceType, location, tags: {} }));
  });
}

export const instanceTypes: Noun = {
  service: 'ec2',
  operations: {
    DescribeInstanceTypes: operation<DescribeInstanceTypesCommandInput, DescribeInstanceTypesCommandOutput>(
      ['InstanceTypes', 'IncludeUnsupportedInRegion', ...selecting],
      (scope, { InstanceTypes, ...question }) => {
        const rows = requireTypes(InstanceTypes).map((type) => ({ ...type, tags: {} }));
        const { page, NextToken } = selected(
          scope,
          rows,
          { ...question, MaxResults: question.MaxResults ?? 100 },
          {
            'instance-type': (type) => type.instanceType,
            'processor-info.supported-architecture': (type) =>
              describe(type).ProcessorInfo?.SupportedArchitectures ?? [],
            'vcpu-info.default-vcpus': (type) => type.vCpus,
            'vcpu-info.default-cores': (type) => type.cores,
            'vcpu-info.default-threads-per-core': (type) => type.vCpus / type.cores,
            'memory-info.size-in-mib': (type) => type.memoryMiB,
            'current-generation': (type) => type.currentGeneration,
            'burstable-performance-supported': (type) => type.burstable,
            'dedicated-hosts-supported': (type) => !type.burstable,
            'auto-recovery-supported': () => true,
            'hibernation-supported': () => false,
            'instance-storage-supported': () => false,
            'free-tier-eligible': (type) => describe(type).FreeTierEligible,
            'bare-metal': () => false,
            hypervisor: (type) => type.hypervisor,
            'supported-usage-class': () => ['on-demand', 'spot'],
            'supported-root-device-type': () => 'ebs',
            'supported-virtualization-type': () => 'hvm',
            'supported-boot-mode': (type) => describe(type).SupportedBootModes ?? [],
            'ebs-info.encryption-support': () => 'supported',
            'ebs-info.nvme-support': (type) => describe(type).EbsInfo?.NvmeSupport,
            'network-info.ena-support': (type) => describe(type).NetworkInfo?.EnaSupport,
            'network-info.maximum-network-interfaces': (type) => type.networkInterfaces,
            'network-info.ipv4-addresses-per-interface': (type) => type.addressesPerInterface,
            'network-info.ipv6-supported': () => true,
          },
        );
        return { InstanceTypes: page.map(describe), NextToken };
      },
    ),
    DescribeInstanceTypeOfferings: operation<
      DescribeInstanceTypeOfferingsCommandInput,
      DescribeInstanceTypeOfferingsCommandOutput
    >(['LocationType', ...selecting], (scope, { LocationType = 'region', ...question }) => {
      if (LocationType !== 'region' && LocationType !== 'availability-zone' && LocationType !== 'availability-zone-id')
        throw refusal('InvalidParameterValue', `Value (${LocationType}) for parameter locationType is invalid.`);
      const { page, NextToken } = selected(scope, offerings(scope, LocationType), question, {
        'instance-type': (place) => place.instanceType,
        location: (place) => place.location,
      });
      return {
        InstanceTypeOfferings: page.map(({ instanceType, location, locationType }) => ({
          InstanceType: instanceType as NonNullable<InstanceTypeInfo['InstanceType']>,
          LocationType: locationType,
          Location: location,
        })),
        NextToken,
      };
    }),
  },
};
