import { cpSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { UpFlags } from '../../src/commands/up.ts';
import { Traffic } from '../../src/traffic.ts';
import { aMinuteLater, simulatedPlan, simulatedStatus, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { inventoryOf, tablesOf } from '../helpers/inventory.ts';

let built: string;

beforeAll(async () => {
  built = temporaryFolder();
  await simulatedUp(built);
});

function copy(): string {
  const folder = temporaryFolder();
  cpSync(built, folder, { recursive: true });
  return folder;
}

/** What the settings decide, as the account has it: by table and resource key, without ids and times. */
function decided(folder: string): Record<string, unknown> {
  const picked: Record<string, string[]> = {
    'ec2.instances': ['instanceType', 'state'],
    'ec2.volumes': ['size'],
    'rds.clusters': ['engineVersion', 'deletionProtection', 'masterUsername'],
    'rds.instances': ['instanceClass'],
    'elasticache.replicationGroups': ['cacheNodeType', 'engineVersion'],
  };
  const found: Record<string, unknown> = {};
  const servers = new Map<string, string>();
  for (const tables of Object.values(tablesOf(folder))) {
    for (const [table, rows] of Object.entries(tables))
      for (const [id, row] of Object.entries(rows)) {
        const tags = row.tags as Record<string, string> | undefined;
        const key = tags?.['airflow-aws:resource'];
        if (key === undefined || row.state === 'terminated') continue;
        if (table === 'ec2.instances') servers.set(id, key);
        const { 'airflow-aws:stack': _stack, 'airflow-aws:generation': _generation, ...ours } = tags!;
        found[`${table} ${key}`] = {
          tags: ours,
          ...Object.fromEntries((picked[table] ?? []).map((one) => [one, row[one]])),
        };
      }
    for (const rule of Object.values(tables['ec2.securityGroupRules'] ?? {}))
      if (rule.cidrIpv4) found[`rule ${rule.fromPort} ${rule.cidrIpv4}`] = true;
    for (const [id, host] of Object.entries(tables.hosts ?? {})) {
      const files = host.files as Record<string, { sha256: string }>;
      const server = servers.get(id);
      if (server) found[`requirements ${server}`] = files['/opt/airflow/requirements.txt']?.sha256;
    }
  }
  return found;
}

const changing = ([name]: [string, number]) => Traffic.changes(name.slice(name.indexOf(':') + 1));

/** A setting by its flag, and the resources that plan names with old → new. */
const carriedOut: [flags: UpFlags, changed: string[], words: [string, string][]][] = [
  [{ nodesInstanceType: 'm6i.large' }, ['nodeA', 'nodeC'], [['t3.large', 'm6i.large']]],
  [{ bastionInstanceType: 't3.small' }, ['bastion'], [['t3.micro', 't3.small']]],
  [{ nodesVolumeGib: '50' }, ['nodeA', 'nodeC'], [['30', '50']]],
  [{ databaseInstanceClass: 'db.t3.medium' }, ['dbInstance'], [['db.t4g.medium', 'db.t3.medium']]],
  [{ cacheNodeType: 'cache.t4g.medium' }, ['replicationGroup'], [['cache.t4g.small', 'cache.t4g.medium']]],
  [{ accessExtraCidrs: '198.51.100.0/24' }, ['publicSecurityGroup'], [['none', 'tcp 22 from 198.51.100.0/24']]],
  [{ protect: 'true' }, ['dbCluster'], [['false', 'true']]],
  [{ airflowExtraRequirements: 'pandas==2.3.3' }, ['nodeASoftware', 'nodeCSoftware'], [['none', 'pandas==2.3.3']]],
];

describe('a setting that is changed on a living deployment', () => {
  test.each(carriedOut)(
    '%o: planned old → new, carried out, and then as a fresh one',
    { timeout: 60_000 },
    async (flags, changed, words) => {
      const folder = copy();
      const plan = await simulatedPlan(folder, flags);
      expect(plan).toMatchObject({ create: [], refuse: [] });
      expect(plan.change).toEqual(expect.arrayContaining(changed));
      for (const [is, wanted] of words)
        expect(plan.changes.map((one) => [one.is, one.wanted])).toContainEqual([is, wanted]);

      const done = await simulatedUp(folder, flags);
      expect(done.done).toMatchObject({ ok: true, created: 0 });
      const fresh = temporaryFolder();
      await simulatedUp(fresh, flags);
      expect(decided(folder)).toEqual(decided(fresh));
      expect(inventoryOf(folder)).toEqual(inventoryOf(fresh));
      await aMinuteLater(folder);
      expect((await simulatedStatus(folder, flags)).resources.flatMap(({ drift }) => drift)).toEqual([]);
      const again = await simulatedUp(folder, flags);
      expect(Object.entries(again.done.calls).filter(changing)).toEqual([]);
    },
  );
});

const refused: [flags: UpFlags, key: string, why: RegExp][] = [
  [{ networkVpcCidr: '10.0.0.0/17' }, 'vpc', /VPC/],
  [{ networkPrivateSubnetCidrs: '10.0.4.0/24,10.0.3.0/24' }, 'privateSubnetA', /VPC/],
  [{ zones: 'b,c' }, 'privateSubnetA', /VPC/],
  [{ os: 'debian-13' }, 'baseImage', /data/],
  [{ databaseUsername: 'root2' }, 'dbCluster', /data/],
  [{ databaseEngineVersion: '8.0.mysql_aurora.3.04.0' }, 'dbCluster', /earlier/],
  [{ cacheEngine: 'redis' }, 'replicationGroup', /queues/],
  [{ cacheUserName: 'other' }, 'cacheUser', /renamed/],
  [{ storageBucketName: 'somewhere-else-of-mine' }, 'bucket', /data/],
  [{ nodesVolumeGib: '20' }, 'nodeA', /grows/],
];

describe('a setting that is not changed on a living deployment', () => {
  test.each(refused)('%o: refused by name, before anything is done', async (flags, key, why) => {
    const folder = copy();
    const before = inventoryOf(folder);
    expect((await simulatedPlan(folder, flags)).refuse).toContain(key);
    const { error } = await simulatedUp(folder, flags).then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error: error as { code: string; exitCode: number; why: string; fix: string } }),
    );
    expect(error).toMatchObject({ code: 'change-refused', exitCode: 2 });
    expect(error!.why).toMatch(why);
    expect(error!.fix).toMatch(/Set /);
    expect(inventoryOf(folder)).toEqual(before);
    expect((await simulatedUp(folder)).done).toMatchObject({ ok: true, created: 0, changed: 0 });
  });
});
