import { cpSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { UpFlags } from '../../src/commands/up.ts';
import { get, settings } from '../../src/config.ts';
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

/** What the settings decide of a row, beside its tags. */
const columns: Record<string, string[]> = {
  'ec2.instances': ['instanceType', 'state'],
  'ec2.volumes': ['size'],
  'rds.clusters': ['engineVersion', 'shown.DeletionProtection', 'shown.MasterUsername'],
  'rds.instances': ['instanceClass'],
  'elasticache.replicationGroups': ['nodeType', 'engineVersion'],
  'iam.roles': ['path', 'permissionsBoundary'],
};
/** What AWS makes by itself, with the tags that its origin has at that moment. */
const copiedTags = ['elasticache.clusters', 'rds.clusterSnapshots'];
/** Files of a server that name nothing but what the settings decide. */
const decidedFiles =
  /^\/opt\/airflow\/(requirements\.txt|lib\/create_users\.py)$|^\/etc\/(nginx\/nginx\.conf|airflow\/airflow_local_settings\.py)$/;

/** What the settings decide, as the account has it: by table and resource key, without ids and times. */
function decided(folder: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const servers = new Map<string, string>();
  for (const tables of Object.values(tablesOf(folder))) {
    for (const [table, rows] of Object.entries(tables))
      for (const [id, row] of Object.entries(rows)) {
        const tags = row.tags as Record<string, string> | undefined;
        const key = tags?.['airflow-aws:resource'];
        if (key === undefined || row.state === 'terminated' || copiedTags.includes(table)) continue;
        if (table === 'ec2.instances') servers.set(id, key);
        const { 'airflow-aws:stack': _stack, 'airflow-aws:generation': _generation, ...ours } = tags!;
        found[`${table} ${key}`] = {
          tags: ours,
          ...Object.fromEntries((columns[table] ?? []).map((path) => [path, get(row, path)])),
        };
      }
    for (const rule of Object.values(tables['ec2.securityGroupRules'] ?? {}))
      if (rule.cidrIpv4) found[`rule ${rule.fromPort} ${rule.cidrIpv4}`] = true;
    for (const [id, host] of Object.entries(tables.hosts ?? {}))
      for (const [path, { sha256 }] of Object.entries(host.files as Record<string, { sha256: string }>))
        if (servers.has(id) && decidedFiles.test(path)) found[`${servers.get(id)} ${path}`] = sha256;
  }
  return found;
}

/** Calls that change the account, by their names. */
const changing = ([name]: [string, number]) => Traffic.changes(name.slice(name.indexOf(':') + 1));

/** One setting changed: its flags, and what plan shows of it: a resource, old and new. */
type Change = [flags: UpFlags, key: string, is: string, wanted: string];

/** Settings that are changed in one run, which saves runs: each is looked for in the plan by itself. */
const carriedOut: Record<string, Record<string, Change>> = {
  'the servers': {
    'bastion.instanceType': [{ bastionInstanceType: 't3.small' }, 'bastion', 't3.micro', 't3.small'],
    'bastion.volumeGiB': [{ bastionVolumeGib: '40' }, 'bastion', '30', '40'],
    'nodes.instanceType': [{ nodesInstanceType: 'm6i.large' }, 'nodeC', 't3.large', 'm6i.large'],
    'nodes.volumeGiB': [{ nodesVolumeGib: '50' }, 'nodeA', '30', '50'],
  },
  'the database and the cache': {
    'database.engineVersion': [
      { databaseEngineVersion: '8.0.mysql_aurora.3.11.0' },
      'dbCluster',
      '8.0.mysql_aurora.3.10.4',
      '8.0.mysql_aurora.3.11.0',
    ],
    'database.instanceClass': [
      { databaseInstanceClass: 'db.t3.medium' },
      'dbInstance',
      'db.t4g.medium',
      'db.t3.medium',
    ],
    'cache.engineVersion': [{ cacheEngineVersion: '8.1' }, 'replicationGroup', '8.0', '8.1'],
    'cache.nodeType': [
      { cacheNodeType: 'cache.t4g.medium' },
      'replicationGroup',
      'cache.t4g.small',
      'cache.t4g.medium',
    ],
    protect: [{ protect: 'true' }, 'dbCluster', 'false', 'true'],
  },
  'who may do what': {
    'access.myIp': [{ accessMyIp: '203.0.113.0/24' }, 'publicSecurityGroup', 'none', 'tcp 22 from 203.0.113.0/24'],
    'access.extraCidrs': [
      { accessExtraCidrs: '192.0.2.0/24' },
      'publicSecurityGroup',
      'none',
      'tcp 22 from 192.0.2.0/24',
    ],
    'iam.permissionsBoundary': [
      { iamPermissionsBoundary: 'arn:aws:iam::123456789012:policy/limits' },
      'role',
      'none',
      'arn:aws:iam::123456789012:policy/limits',
    ],
    tags: [{ tags: 'team=data' }, 'cacheUserGroup', 'none', 'data'],
  },
  Airflow: {
    'airflow.version': [{ airflowVersion: '3.3.3' }, 'database', '3.3.2', '3.3.3'],
    'airflow.pythonVersion': [{ airflowPythonVersion: '3.13' }, 'nodeASoftware', '3.12', '3.13'],
    'airflow.constraints': [{ airflowConstraints: 'none' }, 'nodeASoftware', 'default', 'none'],
    'airflow.extraRequirements': [
      { airflowExtraRequirements: 'pandas==2.3.3' },
      'nodeCSoftware',
      'none',
      'pandas==2.3.3',
    ],
    'airflow.databaseDriver': [
      { airflowDatabaseDriver: 'mysqlclient' },
      'nodeAConfiguration',
      'pymysql',
      'mysqlclient',
    ],
    'airflow.admin.username': [{ airflowAdminUsername: 'boss' }, 'database', 'admin', 'boss'],
    'airflow.admin.email': [{ airflowAdminEmail: 'a@b.example' }, 'database', 'admin@example.com', 'a@b.example'],
    'airflow.user.username': [{ airflowUserUsername: 'bob' }, 'database', 'user', 'bob'],
    'airflow.user.email': [{ airflowUserEmail: 'b@b.example' }, 'database', 'user@example.com', 'b@b.example'],
    'tls.mode': [{ tlsMode: 'off' }, 'bastionServer', 'self-signed', 'off'],
  },
  'where DAGs come from': {
    'airflow.dags.source': [{ airflowDagsSource: 'git' }, 'nodeAConfiguration', 'efs', 'git'],
    'airflow.dags.repository': [
      { airflowDagsRepository: 'https://github.com/you/dags.git' },
      'nodeCConfiguration',
      'none',
      'https://github.com/you/dags.git',
    ],
    'airflow.dags.branch': [{ airflowDagsBranch: 'dev' }, 'nodeCConfiguration', 'main', 'dev'],
    'airflow.dags.subdirectory': [{ airflowDagsSubdirectory: 'dags' }, 'nodeCServices', 'none', 'dags'],
  },
};

describe('a setting that is changed on a living deployment', () => {
  test.each(Object.entries(carriedOut))(
    '%s: planned old → new, carried out, and then as a fresh one',
    { timeout: 60_000 },
    async (_, settled) => {
      const flags = Object.assign({}, ...Object.values(settled).map(([one]) => one)) as UpFlags;
      const folder = copy();
      const plan = await simulatedPlan(folder, flags);
      expect(plan).toMatchObject({ create: [], refuse: [] });
      for (const [, key, is, wanted] of Object.values(settled)) {
        const shown = plan.changes.map((one) => [one.key, one.is, one.wanted, one.mend]);
        expect(shown).toContainEqual([key, is, wanted, 'in place']);
        expect(plan.change).toContain(key);
      }
      const before = decided(folder);

      const done = await simulatedUp(folder, flags);
      expect(done.done).toMatchObject({ ok: true, created: 0 });
      const fresh = temporaryFolder();
      await simulatedUp(fresh, flags);
      expect(decided(folder)).not.toEqual(before);
      expect(decided(folder)).toEqual(decided(fresh));
      expect(inventoryOf(folder)).toEqual(inventoryOf(fresh));
      await aMinuteLater(folder);
      expect((await simulatedStatus(folder, flags)).resources.flatMap(({ drift }) => drift)).toEqual([]);
      const again = await simulatedUp(folder, flags);
      expect(Object.entries(again.done.calls).filter(changing)).toEqual([]);
    },
  );

  test('protect is taken off again', async () => {
    const folder = copy();
    const unprotected = decided(folder);
    await simulatedUp(folder, { protect: 'true' });
    expect(decided(folder)['rds.clusters dbCluster']).toMatchObject({ 'shown.DeletionProtection': true });
    await simulatedUp(folder, { protect: 'false' });
    expect(decided(folder)).toEqual(unprotected);
  });

  test('a class of the database or the cache is no reason to touch a server', async () => {
    const flags = { databaseInstanceClass: 'db.t3.medium', cacheNodeType: 'cache.t4g.medium' };
    expect((await simulatedPlan(copy(), flags)).change).toEqual(['dbInstance', 'replicationGroup']);
  });
});

/** A setting, what refuses it, and why. Without a resource `plan` refuses it as well. */
const refused: [path: string, flags: UpFlags, key: string | undefined, why: RegExp][] = [
  ['name', { name: 'other' }, undefined, /deployment name: the state has pms/],
  ['region', { region: 'us-east-1' }, undefined, /region: the state has us-west-2/],
  ['zones', { zones: 'b,c' }, 'privateSubnetA', /VPC/],
  ['os', { os: 'debian-13' }, 'baseImage', /data/],
  ['vpc.use', otherVpc({}), undefined, /VPC/],
  ['vpc.publicSubnet', otherVpc({ vpcPublicSubnet: 'subnet-0123456789abcdef3' }), undefined, /VPC/],
  [
    'vpc.privateSubnets',
    otherVpc({ vpcPrivateSubnets: 'subnet-0123456789abcdef4,subnet-0123456789abcdef5' }),
    undefined,
    /VPC/,
  ],
  ['network.vpcCidr', { networkVpcCidr: '10.0.0.0/17' }, 'vpc', /VPC/],
  ['network.publicSubnetCidr', { networkPublicSubnetCidr: '10.0.9.0/24' }, 'publicSubnet', /VPC/],
  ['network.privateSubnetCidrs', { networkPrivateSubnetCidrs: '10.0.4.0/24,10.0.3.0/24' }, 'privateSubnetA', /VPC/],
  ['bastion.volumeGiB', { bastionVolumeGib: '20' }, 'bastion', /grows/],
  ['nodes.volumeGiB', { nodesVolumeGib: '20' }, 'nodeA', /grows/],
  ['database.engineVersion', { databaseEngineVersion: '8.0.mysql_aurora.3.04.0' }, 'dbCluster', /earlier/],
  ['database.username', { databaseUsername: 'root2' }, 'dbCluster', /data/],
  ['cache.engine', { cacheEngine: 'redis' }, 'replicationGroup', /queues/],
  ['cache.engineVersion', { cacheEngineVersion: '7.2' }, 'replicationGroup', /later version only/],
  ['cache.userId', { cacheUserId: 'otherid' }, 'cacheUser', /renamed/],
  ['cache.userName', { cacheUserName: 'other' }, 'cacheUser', /renamed/],
  ['airflow.version', { airflowVersion: '3.3.1' }, 'database', /earlier Airflow/],
  ['storage.bucketName', { storageBucketName: 'somewhere-else-of-mine' }, 'bucket', /data/],
  ['iam.rolePath', { iamRolePath: '/teams/data/' }, 'role', /path/],
  ['restoreFrom', { restoreFrom: 'last-week' }, undefined, /snapshot/],
  ['state', { state: 's3://our-states/pms' }, undefined, /bucket/],
];

function otherVpc(other: UpFlags): UpFlags {
  const ids = { vpcUse: 'vpc-0123456789abcdef0', vpcPublicSubnet: 'subnet-0123456789abcdef0' };
  return { ...ids, vpcPrivateSubnets: 'subnet-0123456789abcdef1,subnet-0123456789abcdef2', ...other };
}

type Refused = { code: string; exitCode: number; what: string; why: string; fix: string };

async function refusalOf(run: Promise<unknown>): Promise<Refused | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    return error as Refused;
  }
}

describe('a setting that is not changed on a living deployment', () => {
  test.each(refused)('%s %o: refused by name, before anything is done', async (_, flags, key, why) => {
    const folder = copy();
    const before = inventoryOf(folder);
    const error = await refusalOf(simulatedUp(folder, flags));
    expect(error).toMatchObject({ exitCode: 2 });
    expect(`${error!.what} ${error!.why}`).toMatch(why);
    if (key === undefined) expect((await refusalOf(simulatedPlan(folder, flags)))?.code).toBe(error!.code);
    else {
      expect((await simulatedPlan(folder, flags)).refuse).toContain(key);
      expect(error).toMatchObject({ code: 'change-refused', fix: expect.stringContaining('Set ') });
    }
    expect(inventoryOf(folder)).toEqual(before);
    expect((await simulatedUp(folder)).done).toMatchObject({ ok: true, created: 0, changed: 0 });
  });
});

describe('the policy in the schema', () => {
  const done = Object.values(carriedOut).flatMap((settled) => Object.keys(settled));
  const not = refused.map(([path]) => path);
  // Their values are files and a parameter of somebody's: own-certificate and dag-repository have their journeys.
  const elsewhere = ['tls.certificateFile', 'tls.privateKeyFile', 'airflow.dags.credentialsParameter'];

  test.each(settings.map(({ path, update }) => [path, update]))('of %s, "%s", is what up does', (path, update) => {
    const inPlace = update.startsWith('in place');
    if (!elsewhere.includes(path)) expect(done.includes(path)).toBe(inPlace);
    expect(not.includes(path)).toBe(update !== 'in place');
  });
});
