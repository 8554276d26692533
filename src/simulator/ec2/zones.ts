import type {
  AvailabilityZone,
  DescribeAccountAttributesCommandInput,
  DescribeAccountAttributesCommandOutput,
  DescribeAvailabilityZonesCommandInput,
  DescribeAvailabilityZonesCommandOutput,
  DescribeRegionsCommandInput,
  DescribeRegionsCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { filtered } from './filters.ts';
import { given } from './selection.ts';
import { defaultVpc } from './vpcs.ts';

export interface Zone {
  /** `us-west-2a` */
  name: string;
  /** `usw2-az1`, the same place in every account. */
  id: string;
}

/** Region → short name in zone ids and the letters of its zones; an asterisk marks a region that an account must opt in to. */
const regions: Record<string, string> = {
  'af-south-1': 'afs1 abc *',
  'ap-east-1': 'ape1 abc *',
  'ap-northeast-1': 'apne1 acd',
  'ap-northeast-2': 'apne2 abcd',
  'ap-northeast-3': 'apne3 abc',
  'ap-south-1': 'aps1 abc',
  'ap-south-2': 'aps2 abc *',
  'ap-southeast-1': 'apse1 abc',
  'ap-southeast-2': 'apse2 abc',
  'ap-southeast-3': 'apse3 abc *',
  'ap-southeast-4': 'apse4 abc *',
  'ca-central-1': 'cac1 abd',
  'ca-west-1': 'caw1 abc *',
  'eu-central-1': 'euc1 abc',
  'eu-central-2': 'euc2 abc *',
  'eu-north-1': 'eun1 abc',
  'eu-south-1': 'eus1 abc *',
  'eu-south-2': 'eus2 abc *',
  'eu-west-1': 'euw1 abc',
  'eu-west-2': 'euw2 abc',
  'eu-west-3': 'euw3 abc',
  'il-central-1': 'ilc1 abc *',
  'me-central-1': 'mec1 abc *',
  'me-south-1': 'mes1 abc *',
  'sa-east-1': 'sae1 abc',
  'us-east-1': 'use1 abcdef',
  'us-east-2': 'use2 abc',
  'us-west-1': 'usw1 ac',
  'us-west-2': 'usw2 abcd',
};

export function isRegion(name: string): boolean {
  return Object.hasOwn(regions, name);
}

/** The zones of a region in the order of their letters; none for a name that is no region. */
export function zonesOf(region: string): Zone[] {
  const [short, letters] = (regions[region] ?? '').split(' ');
  return [...(letters ?? '')].map((letter, index) => ({ name: region + letter, id: `${short}-az${index + 1}` }));
}

function optIn(region: string): string {
  return regions[region]?.endsWith('*') ? 'not-opted-in' : 'opt-in-not-required';
}

function describeZone(scope: Scope, { name, id }: Zone): AvailabilityZone {
  return {
    ZoneName: name,
    ZoneId: id,
    State: 'available',
    RegionName: scope.region,
    GroupName: `${scope.region}-zg-1`,
    NetworkBorderGroup: scope.region,
    ZoneType: 'availability-zone',
    OptInStatus: 'opt-in-not-required',
    Messages: [],
  };
}

/** EC2's own limits on an account, by the attribute that shows them. */
const accountAttributes: Record<string, string> = {
  'supported-platforms': 'VPC',
  'vpc-max-security-groups-per-interface': '5',
  'max-instances': '20',
  'max-elastic-ips': '5',
  'vpc-max-elastic-ips': '5',
};

export const zones: Noun = {
  service: 'ec2',
  operations: {
    DescribeAvailabilityZones: operation<DescribeAvailabilityZonesCommandInput, DescribeAvailabilityZonesCommandOutput>(
      ['ZoneNames', 'ZoneIds', 'AllAvailabilityZones', 'Filters'],
      (scope, { ZoneNames, ZoneIds, Filters }) => {
        const all = zonesOf(scope.region);
        for (const [wanted, member] of [
          [ZoneNames ?? [], 'name'],
          [ZoneIds ?? [], 'id'],
        ] as const) {
          const wrong = wanted.find((value) => !all.some((zone) => zone[member] === value));
          if (wrong !== undefined) throw refusal('InvalidParameterValue', `Invalid availability zone: [${wrong}]`);
        }
        const rows = all
          .filter(
            ({ name, id }) => (given(ZoneNames)?.includes(name) ?? true) && (given(ZoneIds)?.includes(id) ?? true),
          )
          .map((zone) => ({ ...zone, tags: {} }));
        const found = filtered(scope, rows, Filters, {
          'zone-name': (zone) => zone.name,
          'zone-id': (zone) => zone.id,
          'zone-type': () => 'availability-zone',
          'region-name': () => scope.region,
          'group-name': () => `${scope.region}-zg-1`,
          'opt-in-status': () => 'opt-in-not-required',
          message: () => [],
          state: () => 'available',
        });
        return { AvailabilityZones: found.map((zone) => describeZone(scope, zone)) };
      },
    ),
    DescribeRegions: operation<DescribeRegionsCommandInput, DescribeRegionsCommandOutput>(
      ['RegionNames', 'AllRegions', 'Filters'],
      (scope, { RegionNames, AllRegions, Filters }) => {
        const wrong = RegionNames?.find((name) => !isRegion(name));
        if (wrong !== undefined) throw refusal('InvalidParameterValue', `Invalid value '{${wrong}}' for regionNames.`);
        const rows = Object.keys(regions)
          .filter((name) => given(RegionNames)?.includes(name) ?? (AllRegions || optIn(name) === 'opt-in-not-required'))
          .map((name) => ({ name, endpoint: `ec2.${name}.amazonaws.com`, tags: {} }));
        const found = filtered(scope, rows, Filters, {
          'region-name': (row) => row.name,
          endpoint: (row) => row.endpoint,
          'opt-in-status': (row) => optIn(row.name),
        });
        return {
          Regions: found.map(({ name, endpoint }) => ({
            RegionName: name,
            Endpoint: endpoint,
            OptInStatus: optIn(name),
          })),
        };
      },
    ),
    DescribeAccountAttributes: operation<DescribeAccountAttributesCommandInput, DescribeAccountAttributesCommandOutput>(
      ['AttributeNames'],
      (scope, { AttributeNames }) => {
        const attributes: Record<string, string> = {
          ...accountAttributes,
          'default-vpc': defaultVpc(scope)?.vpcId ?? 'none',
        };
        const names: string[] = given(AttributeNames) ?? Object.keys(attributes);
        return {
          AccountAttributes: names.map((name) => {
            const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
            if (value === undefined)
              throw refusal('InvalidParameterValue', `Value (${name}) for parameter attributeName is invalid.`);
            return { AttributeName: name, AttributeValues: [{ AttributeValue: value }] };
          }),
        };
      },
    ),
  },
};
