import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../src/commands/verify.ts';
import { Account } from '../../src/simulator/account.ts';
import { attach } from '../../src/simulator/attach.ts';
import { nouns } from '../../src/simulator/nouns.ts';
import { ioIn } from '../commands/io.ts';
import { simulatedDestroy, simulatedFolder, simulatedUp, stateOf, temporaryFolder } from '../helpers/deployment.ts';
import { type Inventory, inventoryOf } from '../helpers/inventory.ts';

// A node that dies while it is set up: what is on disk in the middle of a run is gone on with, without that node.

type Node = 'nodeA' | 'nodeC';

/** The run is cut off when the state says this of a resource for the first time, and then the node ends. */
const deaths = [
  ['nodeA', 'nodeASoftware', 'creating'],
  ['nodeA', 'image', 'creating'],
  ['nodeA', 'image', 'complete'],
  ['nodeA', 'nodeAConfiguration', 'creating'],
  ['nodeA', 'database', 'creating'],
  ['nodeA', 'nodeAServices', 'creating'],
  ['nodeC', 'nodeCConfiguration', 'creating'],
  ['nodeC', 'nodeCServices', 'creating'],
  ['nodeA', 'cluster', 'created'],
  ['nodeC', 'cluster', 'created'],
] as const satisfies [Node, string, string][];

const top = temporaryFolder();
const folderOf = (key: string, status: string) => join(top, `${key}-${status}`);
let built: Inventory;

function instanceOf(folder: string, node: Node): string {
  const row = stateOf(folder).resources[node] as unknown as { identity: { instanceId: string } };
  return row.identity.instanceId;
}

/** EC2's status checks stop to reach it, and so does everybody else. */
async function impair(folder: string, instanceId: string) {
  const file = join(simulatedFolder(folder), 'account.json');
  const account = JSON.parse(readFileSync(file, 'utf8'));
  account.tables['us-west-2']['ec2.instances'][instanceId].impairedSince = account.now - 300_000;
  writeFileSync(file, JSON.stringify(account));
}

async function terminate(folder: string, instanceId: string) {
  const account = new Account(nouns, { file: join(simulatedFolder(folder), 'account.json'), seed: 1 });
  const credentials = { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' };
  const ec2 = new EC2Client({ region: 'us-west-2', credentials, maxAttempts: 1 });
  attach(account, ec2 as never);
  // On disk is the moment of the last change, at which what was just made need not show yet.
  await account.clock.sleep(60_000);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await account.clock.sleep(600_000);
  account.save();
}

beforeAll(async () => {
  const work = join(top, 'work');
  mkdirSync(work);
  const seen = new Set<string>();
  await simulatedUp(work, {
    watch: () => {
      const { resources } = stateOf(work);
      for (const [, key, status] of deaths) {
        const copy = folderOf(key, status);
        if (resources[key]?.status !== status || seen.has(copy)) continue;
        seen.add(copy);
        mkdirSync(join(copy, '.airflow-aws'), { recursive: true });
        cpSync(simulatedFolder(work), simulatedFolder(copy), { recursive: true });
        rmSync(join(simulatedFolder(copy), 'lock'), { force: true });
      }
    },
  });
  built = inventory(work);
});

describe('a node that ends by itself', () => {
  test.each(deaths)('%s, when %s is %s, is replaced, and the cluster is the same', (...death) =>
    replaced(death, terminate),
  );
});

describe('a node that EC2 does not reach any more', () => {
  test.each([
    ['nodeA', 'nodeASoftware', 'creating'],
    ['nodeA', 'database', 'creating'],
    ['nodeC', 'nodeCConfiguration', 'creating'],
  ] as const)('%s, when %s is %s, is terminated and replaced, and the cluster is the same', (...death) =>
    replaced(death, impair),
  );
});

/** The account, but for the node that an image and its snapshots were taken of: that may be the one that is gone. */
function inventory(folder: string): Inventory {
  const { counts, wiring } = inventoryOf(folder);
  const images = Object.keys(wiring).filter((name) => /^ec2\.(images|snapshots) /.test(name));
  return { counts, wiring: { ...wiring, ...Object.fromEntries(images.map((name) => [name, []])) } };
}

async function replaced([node, key, status]: (typeof deaths)[number], end: typeof terminate) {
  const folder = `${folderOf(key, status)}-${node}-${end.name}`;
  cpSync(folderOf(key, status), folder, { recursive: true });
  const dead = instanceOf(folder, node);
  await end(folder, dead);
  const resumed = await simulatedUp(folder, { resume: true });
  expect(resumed.done, JSON.stringify(resumed.done.error)).toMatchObject({ ok: true });
  expect(instanceOf(folder, node)).not.toBe(dead);
  expect(inventory(folder)).toEqual(built);
  expect(await verify(ioIn(folder), { simulate: true })).toBe(0);
  const again = await simulatedUp(folder);
  expect(again.done).toMatchObject({ ok: true, created: 0 });
  await simulatedDestroy(folder);
  expect(inventoryOf(folder).counts).toEqual({});
}
