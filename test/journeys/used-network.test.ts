import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTagsCommand,
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  ModifyVpcAttributeCommand,
  ReplaceRouteTableAssociationCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { plan } from '../../src/commands/plan.ts';
import { stateRebuild } from '../../src/commands/state.ts';
import { simulatedDestroy, simulatedFolder, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { type ExistingNetwork, existingNetwork, neighbour, rowsOf } from '../helpers/existing-network.ts';
import { inventoryOf } from '../helpers/inventory.ts';

/** What of the account in `before` is not there any more or not the same to the letter. */
function disturbed(before: ReturnType<typeof rowsOf>, directory: string): string[] {
  const now = rowsOf(directory);
  return Object.entries(before).flatMap(([region, tables]) =>
    Object.entries(tables).flatMap(([table, rows]) =>
      Object.entries(rows)
        .filter(([id, row]) => JSON.stringify(now[region]?.[table]?.[id]) !== JSON.stringify(row))
        .map(([id]) => `${table} ${id}`),
    ),
  );
}

function io(directory: string) {
  const lines: string[] = [];
  const notes: string[] = [];
  const of = { directory, env: {}, isTty: false, json: true, out: (line: string) => lines.push(line) };
  return { ...of, note: (line: string) => notes.push(line), lines, notes };
}

async function prepared(): Promise<{ folder: string; network: ExistingNetwork; before: ReturnType<typeof rowsOf> }> {
  const folder = temporaryFolder();
  const network = await existingNetwork(folder);
  return { folder, network, before: rowsOf(folder) };
}

describe('a deployment in a VPC that was there before', () => {
  test('is built, changes nothing twice, goes, and the VPC is the same to the letter all the while', async () => {
    const { folder, network, before } = await prepared();
    const counts = inventoryOf(folder).counts;
    const built = await simulatedUp(folder);
    expect(built.done).toMatchObject({ ok: true, url: expect.stringMatching(/^https:/) });
    expect(disturbed(before, folder)).toEqual([]);
    const rows = stateOf(folder).resources as Record<string, { identity?: Record<string, string> }>;
    expect(rows.vpc!.identity).toEqual({ vpcId: network.vpcId, used: 'true' });
    expect(rows.natGateway).toBeUndefined();

    const second = await simulatedUp(folder);
    expect(Object.keys(second.done.calls).filter((name) => !/:(Describe|Get|List|Head)/.test(name))).toEqual([]);

    const gone = await simulatedDestroy(folder);
    expect(gone).toMatchObject({ exitCode: 0, done: { ok: true, left: [] } });
    const left = gone.events.filter(({ outcome }) => outcome === 'left').map(({ resource }) => resource);
    expect(left.sort()).toEqual(['privateSubnetA', 'privateSubnetC', 'publicSubnet', 'vpc']);
    expect(disturbed(before, folder)).toEqual([]);
    expect(inventoryOf(folder).counts).toEqual(counts);
  });

  test('killed anywhere and gone on with, never touches the VPC either', { timeout: 300_000 }, async () => {
    const { folder, before } = await prepared();
    const counts = inventoryOf(folder).counts;
    const top = temporaryFolder();
    const points: string[] = [];
    const every = (nth: number) => (moment: string, call: number) => {
      if (call % nth !== 0) return;
      const copy = join(top, `${points.length}-${moment}`);
      mkdirSync(join(copy, '.airflow-aws'), { recursive: true });
      cpSync(simulatedFolder(folder), simulatedFolder(copy), { recursive: true });
      cpSync(join(folder, 'airflow-aws.yaml'), join(copy, 'airflow-aws.yaml'));
      rmSync(join(simulatedFolder(copy), 'lock'), { force: true });
      points.push(copy);
    };
    await simulatedUp(folder, { watch: every(11) });
    const built = inventoryOf(folder);
    const upPoints = points.length;
    await simulatedDestroy(folder, { watch: every(11) });
    expect(upPoints).toBeGreaterThan(15);
    for (const [index, point] of points.entries()) {
      if (index < upPoints) {
        expect((await simulatedUp(point, { resume: true })).done, point).toMatchObject({ ok: true });
        expect(inventoryOf(point), point).toEqual(built);
      }
      expect((await simulatedDestroy(point)).exitCode, point).toBe(0);
      expect(disturbed(before, point), point).toEqual([]);
      expect(inventoryOf(point).counts, point).toEqual(counts);
    }
  });

  test('finds what is its own without a state file, and leaves the VPC out of what it makes and takes away', async () => {
    const { folder, network, before } = await prepared();
    const planned = io(folder);
    await plan(planned, { simulate: true });
    const { create, keep } = JSON.parse(planned.lines[0]!).data;
    expect(keep).toEqual(['vpc', 'publicSubnet', 'privateSubnetA', 'privateSubnetC']);
    expect(create).not.toContain('vpc');
    await simulatedUp(folder, { until: '7' });
    rmSync(join(simulatedFolder(folder), 'state.json'));
    await expect(simulatedUp(folder)).rejects.toMatchObject({ code: 'state-lost' });
    expect(await stateRebuild(io(folder), { simulate: true })).toBe(0);
    const rows = stateOf(folder).resources as Record<string, { identity?: Record<string, string> }>;
    expect(rows.vpc!.identity).toEqual({ vpcId: network.vpcId, used: 'true' });
    expect((await simulatedUp(folder, { resume: true })).done).toMatchObject({ ok: true });
    rmSync(join(simulatedFolder(folder), 'state.json'));
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(disturbed(before, folder)).toEqual([]);
  });

  test('does not move to another VPC, nor into one of its own', async () => {
    const { folder, before } = await prepared();
    await simulatedUp(folder, { until: '2' });
    writeFileSync(join(folder, 'airflow-aws.yaml'), 'vpc: create\n');
    await expect(simulatedUp(folder)).rejects.toMatchObject({ code: 'other-network', exitCode: 2 });
    expect(disturbed(before, folder)).toEqual([]);
    // Taking it away needs no settings of the network.
    expect((await simulatedDestroy(folder)).exitCode).toBe(0);
    expect(disturbed(before, folder)).toEqual([]);
  });
});

describe('before anything is made in a VPC that is used', () => {
  type Ec2 = ReturnType<typeof neighbour>['ec2'];
  const cases: [string, RegExp, (ec2: Ec2, network: ExistingNetwork) => Promise<unknown>][] = [
    [
      'DNS host names are off',
      /enableDnsHostnames off/,
      (ec2, { vpcId }) =>
        ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: false } })),
    ],
    [
      'the private subnets have no way out',
      /subnet-\w+ has no way out.*\n.*has no way out/,
      (ec2, { privateRouteTable }) =>
        ec2.send(new DeleteRouteCommand({ RouteTableId: privateRouteTable, DestinationCidrBlock: '0.0.0.0/0' })),
    ],
    [
      'a private subnet goes out by the internet gateway',
      /is igw-\w+ and not a NAT gateway/,
      async (ec2, { privateSubnets: [a], publicRouteTable, privateRouteTable }) => {
        const Filters = [{ Name: 'route-table-id', Values: [privateRouteTable] }];
        const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
        const one = RouteTables[0]!.Associations!.find(({ SubnetId }) => SubnetId === a)!;
        const AssociationId = one.RouteTableAssociationId!;
        await ec2.send(new ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId: publicRouteTable }));
      },
    ],
  ];
  test.each(cases)('says that %s', async (_, words, spoil) => {
    const { folder, network } = await prepared();
    await spoil(neighbour(folder).ec2, network);
    const before = rowsOf(folder);
    await expect(simulatedUp(folder)).rejects.toMatchObject({
      code: 'preflight',
      exitCode: 5,
      why: expect.stringMatching(words),
    });
    expect(disturbed(before, folder)).toEqual([]);
  });

  const renamed: [string, RegExp, (network: ExistingNetwork) => object][] = [
    ['the VPC is not there', /There is no VPC vpc-0+9/, () => ({ use: 'vpc-00000000000000009' })],
    ['a subnet is not there', /subnet-0+9 .*not in this account/, () => ({ publicSubnet: 'subnet-00000000000000009' })],
    [
      'the zones are the other way round',
      /is in us-west-2c, and the settings want it in us-west-2a/,
      ({ privateSubnets: [a, c] }) => ({ privateSubnets: [c, a] }),
    ],
    [
      'the public subnet is a private one',
      /The way out of subnet-\w+ is nat-\w+ and not an internet gateway/,
      ({ publicSubnet, privateSubnets: [a, c] }) => ({ publicSubnet: a, privateSubnets: [publicSubnet, c] }),
    ],
  ];
  test.each(renamed)('says that %s', async (_, words, change) => {
    const { folder, network } = await prepared();
    const { vpcId, publicSubnet, privateSubnets } = network;
    const vpc = { use: vpcId, publicSubnet, privateSubnets, ...change(network) };
    writeFileSync(join(folder, 'airflow-aws.yaml'), JSON.stringify({ vpc }));
    await expect(simulatedUp(folder)).rejects.toMatchObject({ code: 'preflight', why: expect.stringMatching(words) });
  });

  test('a tag of ours on somebody’s VPC does not make it ours', async () => {
    const { folder, network } = await prepared();
    await simulatedUp(folder, { until: '2' });
    const { stack } = stateOf(folder) as unknown as { stack: { id: string } };
    const Tags = [
      { Key: 'airflow-aws:stack', Value: stack.id },
      { Key: 'airflow-aws:resource', Value: 'vpc' },
    ];
    await neighbour(folder).ec2.send(new CreateTagsCommand({ Resources: [network.vpcId], Tags }));
    const before = rowsOf(folder);
    await simulatedDestroy(folder);
    expect(disturbed(before, folder)).toEqual([]);
  });
});
