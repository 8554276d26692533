import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { UpFlags } from '../../src/commands/up.ts';
import { simulatedFolder, simulatedStatus, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf, tablesOf } from '../helpers/inventory.ts';

let built: string;

beforeAll(async () => {
  built = temporaryFolder();
  await simulatedUp(built);
});

/** Classes, states and rules as the account has them: what these changes are about. */
function figures(folder: string): unknown {
  const tables = Object.values(tablesOf(folder));
  const rows = (name: string) => tables.flatMap((one) => Object.values(one[name] ?? {}));
  return {
    servers: rows('ec2.instances')
      .map(({ instanceType, state }) => `${instanceType} ${state}`)
      .sort(),
    databases: rows('rds.instances').map(({ instanceClass, status }) => `${instanceClass} ${status}`),
    caches: rows('elasticache.replicationGroups').map(({ nodeType, status }) => `${nodeType} ${status}`),
    doors: rows('ec2.securityGroupRules')
      .flatMap(({ cidrIpv4, fromPort }) => (cidrIpv4 ? [`${fromPort} ${cidrIpv4}`] : []))
      .sort(),
  };
}

/** A change, and how many of its calls change something at least. */
const changes: [what: string, flags: UpFlags, calls: number][] = [
  ['of the classes of all servers', { nodesInstanceType: 'm6i.large', bastionInstanceType: 't3.small' }, 9],
  [
    'of the classes of the database and the cache',
    { databaseInstanceClass: 'db.t3.medium', cacheNodeType: 'cache.t4g.medium' },
    2,
  ],
  ['of who may reach the bastion', { accessMyIp: '203.0.113.0/24', accessExtraCidrs: '198.51.100.0/24' }, 2],
];

describe('a kill before, inside or after each changing call', () => {
  test.each(changes)(
    '%s: up --resume ends it, as if nothing had been',
    { timeout: 300_000 },
    async (_, flags, calls) => {
      const top = temporaryFolder({ inMemory: true });
      const points: string[] = [];
      const work = join(top, 'work');
      cpSync(built, work, { recursive: true });
      // What a SIGKILL leaves is what is on disk at that moment.
      const watch = (moment: string, call: number) => {
        const copy = join(top, `${call}-${moment}`);
        mkdirSync(join(copy, '.airflow-aws'), { recursive: true });
        cpSync(simulatedFolder(work), simulatedFolder(copy), { recursive: true });
        rmSync(join(simulatedFolder(copy), 'lock'), { force: true });
        points.push(copy);
      };
      await simulatedUp(work, { ...flags, watch });
      const wanted = figures(work);
      expect(wanted).not.toEqual(figures(built));
      expect(points.length).toBeGreaterThanOrEqual(3 * calls);

      for (const point of points) {
        expect((await simulatedUp(point, { ...flags, resume: true })).done, point).toMatchObject({ ok: true });
        expect(figures(point), point).toEqual(wanted);
        expect(inventoryOf(point), point).toEqual(inventoryOf(work));
        const { complete, resources } = await simulatedStatus(point, flags);
        expect({ complete, drift: resources.flatMap(({ drift }) => drift) }, point).toEqual({
          complete: true,
          drift: [],
        });
        rmSync(point, { recursive: true });
      }
    },
  );
});
