import type {
  CreateDefaultSubnetCommandInput,
  CreateDefaultSubnetCommandOutput,
  CreateDefaultVpcCommandInput,
  CreateDefaultVpcCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { addressText, overlap, parseCidr } from '../cidr.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { addInternetGateway } from './internet-gateways.ts';
import { routeTableTable } from './route-tables.ts';
import { addSubnet, describeSubnet, subnetTable } from './subnets.ts';
import { addVpc, defaultVpc, describeVpc } from './vpcs.ts';
import { type Zone, zonesOf } from './zones.ts';

/** The block that AWS gives every default VPC. */
const block = '172.31.0.0/16';

/** A /20 of the default VPC that no subnet has. */
function freeBlock(scope: Scope, vpcId: string): string {
  const taken = subnetTable(scope)
    .all()
    .filter((row) => row.vpcId === vpcId)
    .map((row) => parseCidr(row.cidrBlock)!);
  const { first } = parseCidr(block)!;
  for (let number = first; number < first + 2 ** 16; number += 2 ** 12) {
    const candidate = { first: number, prefix: 20 };
    if (!taken.some((one) => overlap(one, candidate))) return `${addressText(number)}/20`;
  }
  throw refusal('InsufficientFreeAddressesInSubnet', 'The default VPC has no room for another default subnet');
}

function addDefaultSubnet(scope: Scope, vpcId: string, zone: Zone) {
  const row = addSubnet(scope, { vpcId, cidrBlock: freeBlock(scope, vpcId), zone, tags: {} });
  row.mapPublicIpOnLaunch = true;
  row.defaultForAz = true;
  return row;
}

/** An account starts without a default VPC here, as the accounts do that the tool is for; one can be made. */
export const defaultVpcs: Noun = {
  service: 'ec2',
  operations: {
    CreateDefaultVpc: operation<CreateDefaultVpcCommandInput, CreateDefaultVpcCommandOutput>([], (scope) => {
      const there = defaultVpc(scope);
      if (there)
        throw refusal(
          'DefaultVpcAlreadyExists',
          `A Default VPC already exists for this account in this region: ${there.vpcId}`,
        );
      const row = addVpc(scope, { cidrBlock: block, instanceTenancy: 'default', isDefault: true, tags: {} });
      const gateway = addInternetGateway(scope, {});
      gateway.vpcId = row.vpcId;
      const main = routeTableTable(scope)
        .all()
        .find((table) => table.vpcId === row.vpcId);
      main?.routes.push({ destination: '0.0.0.0/0', target: gateway.internetGatewayId });
      for (const zone of zonesOf(scope.region)) addDefaultSubnet(scope, row.vpcId, zone);
      return { Vpc: describeVpc(scope, row) };
    }),
    CreateDefaultSubnet: operation<CreateDefaultSubnetCommandInput, CreateDefaultSubnetCommandOutput>(
      ['AvailabilityZone', 'AvailabilityZoneId'],
      (scope, { AvailabilityZone, AvailabilityZoneId }) => {
        const vpc = defaultVpc(scope);
        if (!vpc) throw refusal('DefaultVpcDoesNotExist', 'No default VPC exists for this account in this region.');
        const zone = zonesOf(scope.region).find(
          ({ name, id }) => name === AvailabilityZone || id === AvailabilityZoneId,
        );
        if (!zone)
          throw refusal(
            'InvalidParameterValue',
            `Value (${AvailabilityZone ?? AvailabilityZoneId}) for parameter availabilityZone is invalid.`,
          );
        const there = subnetTable(scope)
          .all()
          .find((row) => row.defaultForAz && row.availabilityZone === zone.name);
        if (there)
          throw refusal(
            'DefaultSubnetAlreadyExistsInAvailabilityZone',
            `'${there.subnetId}' is already the default subnet in ${zone.name}.`,
          );
        return { Subnet: describeSubnet(scope, addDefaultSubnet(scope, vpc.vpcId, zone)) };
      },
    ),
  },
};
