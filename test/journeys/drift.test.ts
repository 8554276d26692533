import { cpSync } from 'node:fs';
import {
  AuthorizeSecurityGroupIngressCommand,
  DeleteRouteCommand,
  DeleteTagsCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  ReplaceRouteCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, test } from 'vitest';
import { Traffic } from '../../src/traffic.ts';
import {
  aMinuteLater,
  consoleOf,
  simulatedPlan,
  simulatedStatus,
  simulatedUp,
  temporaryFolder,
} from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';

let built: string;
let untouched: Inventory;

beforeAll(async () => {
  built = temporaryFolder();
  await simulatedUp(built);
  untouched = inventoryOf(built);
});

/** A copy of the built deployment, for one test to spoil. */
function copy(): string {
  const folder = temporaryFolder();
  cpSync(built, folder, { recursive: true });
  return folder;
}

type Console = ReturnType<typeof consoleOf>;

/** What somebody does in the console, where it shows, and with what words. */
const hands: [what: string, key: string, attributes: string[], hand: (console: Console) => Promise<unknown>][] = [
  [
    'host names of the VPC switched off',
    'vpc',
    ['EnableDnsHostnames'],
    ({ ec2, identity }) =>
      ec2.send(new ModifyVpcAttributeCommand({ VpcId: identity('vpc').vpcId!, EnableDnsHostnames: { Value: false } })),
  ],
  [
    'public addresses in a private subnet',
    'privateSubnetA',
    ['MapPublicIpOnLaunch'],
    ({ ec2, identity }) =>
      ec2.send(
        new ModifySubnetAttributeCommand({
          SubnetId: identity('privateSubnetA').subnetId!,
          MapPublicIpOnLaunch: { Value: true },
        }),
      ),
  ],
  [
    'the way out of the private subnets removed',
    'natGateway',
    ['Routes.0.0.0.0/0'],
    ({ ec2, identity }) =>
      ec2.send(
        new DeleteRouteCommand({
          RouteTableId: identity('privateRouteTable').routeTableId!,
          DestinationCidrBlock: '0.0.0.0/0',
        }),
      ),
  ],
  [
    'the private subnets sent out by the internet gateway',
    'natGateway',
    ['Routes.0.0.0.0/0'],
    ({ ec2, identity }) =>
      ec2.send(
        new ReplaceRouteCommand({
          RouteTableId: identity('privateRouteTable').routeTableId!,
          DestinationCidrBlock: '0.0.0.0/0',
          GatewayId: identity('internetGateway').internetGatewayId!,
        }),
      ),
  ],
  [
    'SSH opened to everybody',
    'publicSecurityGroup',
    ['IpPermissions'],
    ({ ec2, identity }) =>
      ec2.send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId: identity('publicSecurityGroup').groupId!,
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 22,
              ToPort: 22,
              IpRanges: [{ CidrIp: '0.0.0.0/0' }],
            },
          ],
        }),
      ),
  ],
  [
    'a rule that the nodes need revoked',
    'privateSecurityGroup',
    ['IpPermissions'],
    ({ ec2, identity }) =>
      ec2.send(
        new RevokeSecurityGroupIngressCommand({
          GroupId: identity('privateSecurityGroup').groupId!,
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 3306,
              ToPort: 3306,
              UserIdGroupPairs: [{ GroupId: identity('privateSecurityGroup').groupId! }],
            },
          ],
        }),
      ),
  ],
  [
    'a tag of ours taken off and another one changed',
    'elasticIp',
    ['Tags.airflow-aws:name'],
    ({ ec2, identity }) =>
      ec2.send(
        new DeleteTagsCommand({
          Resources: [identity('elasticIp').allocationId!],
          Tags: [{ Key: 'airflow-aws:name' }],
        }),
      ),
  ],
];

const changing = ([name]: [string, number]) => Traffic.changes(name.slice(name.indexOf(':') + 1));

describe('by hand in the console', () => {
  test.each(hands)(
    '%s: shown attribute by attribute, mended by up, and nothing else',
    async (_, key, attributes, hand) => {
      const folder = copy();
      const console = consoleOf(folder);
      await hand(console);
      console.close();
      await aMinuteLater(folder);

      const { resources } = await simulatedStatus(folder);
      const drifted = resources.filter(({ drift }) => drift.length > 0);
      expect(drifted.map((one) => one.key)).toEqual([key]);
      expect([...new Set(drifted[0]!.drift.map(({ attribute }) => attribute))]).toEqual(attributes);
      const plan = await simulatedPlan(folder);
      expect(plan).toMatchObject({ create: [], change: [key], refuse: [] });

      const mended = await simulatedUp(folder);
      expect(mended.done).toMatchObject({ ok: true, created: 0, changed: 1 });
      expect(inventoryOf(folder)).toEqual(untouched);
      await aMinuteLater(folder);
      const after = await simulatedStatus(folder);
      expect(after.resources.flatMap(({ drift }) => drift)).toEqual([]);
      const again = await simulatedUp(folder);
      expect(Object.entries(again.done.calls).filter(changing)).toEqual([]);
    },
  );
});
