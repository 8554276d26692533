import { blockOf, overlap, subnetsOf } from '../config.ts';

/** A subnet of the account, and where it leads. */
export interface FoundSubnet {
  readonly subnetId: string;
  readonly name: string;
  readonly cidr: string;
  /** The zone's letter. */
  readonly zone: string;
  /** `public`: to an internet gateway; `private`: by NAT; undefined: nowhere. */
  readonly way: 'public' | 'private' | undefined;
}

/** A VPC of the account. */
export interface FoundVpc {
  readonly vpcId: string;
  readonly name: string;
  readonly cidrs: readonly string[];
  /** Both DNS attributes are on. */
  readonly dns: boolean;
  readonly subnets: readonly FoundSubnet[];
}

/** The subnets of a VPC that would do, for each of the places; or what the VPC lacks. */
export type Fit =
  | { readonly publicSubnets: readonly FoundSubnet[]; readonly privateSubnets: readonly (readonly FoundSubnet[])[] }
  | { readonly lacks: string };

/** Whether the deployment could live in `vpc` in these two zones, by their letters. */
export function fitOf({ dns, subnets }: FoundVpc, zones: readonly string[]): Fit {
  const publicSubnets = subnets.filter(({ way }) => way === 'public');
  const privateSubnets = zones.map((zone) => subnets.filter((one) => one.way === 'private' && one.zone === zone));
  const missing = zones.filter((_, index) => privateSubnets[index]!.length === 0);
  const lacks = [
    ...(dns ? [] : ['DNS host names']),
    ...(publicSubnets.length > 0 ? [] : ['a public subnet']),
    ...(missing.length > 0 ? [`a private subnet with NAT in zone ${missing.join(' and ')}`] : []),
  ];
  return lacks.length > 0 ? { lacks: `it lacks ${lacks.join(', ')}` } : { publicSubnets, privateSubnets };
}

/** `wanted`, or the first private /16 that overlaps no block in `taken`. */
export function freeBlock(wanted: string, taken: readonly string[]): string {
  const candidates = [
    wanted,
    ...Array.from({ length: 256 }, (_, n) => `10.${n}.0.0/16`),
    ...Array.from({ length: 16 }, (_, n) => `172.${16 + n}.0.0/16`),
  ];
  return candidates.find((one) => !taken.some((other) => overlap(blockOf(one), blockOf(other)))) ?? wanted;
}

/** The settings of a new network in `vpcCidr`, laid out as the tutorial does. */
export function networkIn(vpcCidr: string) {
  const [publicSubnetCidr, ...privateSubnetCidrs] = subnetsOf(vpcCidr);
  return { vpcCidr, publicSubnetCidr, privateSubnetCidrs };
}
