import { join } from 'node:path';
import {
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeRegionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import type { Config } from '../config.ts';
import { simulatedAccount } from '../simulator/index.ts';
import type { Choices } from '../wizard.ts';
import type { CommandIo } from './command-io.ts';
import { openWorld, type WorldFlags } from './worlds.ts';

/** Somebody without credentials waits this long before the question comes as free text. */
const patienceMilliseconds = 5000;

/** What the account offers, for the wizard. Asks and changes nothing. `home` is the region that is asked for regions. */
export function liveChoices(io: CommandIo, flags: WorldFlags, home: string): Choices {
  return choicesFrom((region) => (flags.simulate ? rehearsalClient(region) : realClient(io, flags, region)), home);
}

/** As `liveChoices`, with the client for each region. */
export function choicesFrom(clientIn: (region: string) => EC2Client, home: string): Choices {
  return {
    async regions() {
      const { Regions = [] } = await clientIn(home).send(new DescribeRegionsCommand({}), impatience());
      return Regions.flatMap(({ RegionName }) => RegionName ?? []);
    },
    async zones({ region, bastion, nodes }: Config) {
      const types = [...new Set([bastion.instanceType, nodes.instanceType])];
      const client = clientIn(region);
      const [{ AvailabilityZones = [] }, { InstanceTypeOfferings = [] }] = await Promise.all([
        client.send(
          new DescribeAvailabilityZonesCommand({
            Filters: [
              { Name: 'state', Values: ['available'] },
              { Name: 'zone-type', Values: ['availability-zone'] },
            ],
          }),
          impatience(),
        ),
        client.send(
          new DescribeInstanceTypeOfferingsCommand({
            LocationType: 'availability-zone',
            Filters: [{ Name: 'instance-type', Values: types }],
          }),
          impatience(),
        ),
      ]);
      const sells = (zone: string) =>
        types.every((type) =>
          InstanceTypeOfferings.some(({ InstanceType, Location }) => InstanceType === type && Location === zone),
        );
      return AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? [])
        .filter(sells)
        .map((zone) => zone.slice(region.length));
    },
  };
}

function impatience() {
  return { abortSignal: AbortSignal.timeout(patienceMilliseconds) };
}

function realClient(io: CommandIo, flags: WorldFlags, region: string): EC2Client {
  const world = openWorld(io, flags, { region, folder: join(io.directory, '.airflow-aws'), os: '' });
  return world.prepare(new EC2Client(world.clientConfig));
}

/** In memory: the rehearsal's own account begins with `up`. */
function rehearsalClient(region: string): EC2Client {
  const credentials = { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' };
  return simulatedAccount().attach(new EC2Client({ region, credentials }));
}
