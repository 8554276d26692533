import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeUnits } from '../../src/hosts/components.ts';
import type { HostRow } from '../../src/simulator/hosts/host-row.ts';
import { simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';

interface Tables {
  hosts: Record<string, HostRow>;
  'hosts.databases': Record<string, { address: string }>;
  'ec2.images': Record<string, { creationDate: number }>;
  'ec2.instances': Record<string, { tags: Record<string, string> }>;
}

function tablesOf(folder: string): Tables {
  const account = JSON.parse(readFileSync(join(simulatedFolder(folder), 'account.json'), 'utf8'));
  return account.tables['us-west-2'];
}

function serverOf({ hosts, 'ec2.instances': instances }: Tables, key: string): HostRow {
  const found = Object.values(hosts).find(
    ({ instanceId }) => instances[instanceId]?.tags['airflow-aws:resource'] === key,
  );
  if (!found) throw new Error(`no server ${key}`);
  return found;
}

describe('a rehearsal leaves servers', () => {
  const folder = temporaryFolder();
  let tables: Tables;
  beforeAll(async () => {
    expect((await simulatedUp(folder)).exitCode).toBe(0);
    tables = tablesOf(folder);
  });

  it.each(['nodeA', 'nodeC'])('%s has every unit active and the shared folder mounted', (key) => {
    const { units, mounts } = serverOf(tables, key);
    for (const unit of nodeUnits) expect(units[unit]).toBe('active');
    expect(mounts['/mnt/efs']).toMatch(/^fs-/);
  });

  it('the bastion has nginx and nothing of Airflow', () => {
    const { units, files } = serverOf(tables, 'bastion');
    expect(units).toEqual({ 'nginx.service': 'active' });
    expect(Object.keys(files).some((path) => path.startsWith('/opt/airflow'))).toBe(false);
  });

  it('node c got its software from the image and installed nothing', () => {
    const { log, files } = serverOf(tables, 'nodeC');
    expect(Object.keys(files)).toContain('/opt/airflow/venv/bin/airflow');
    expect(log.map(({ title }) => title).filter((title) => title.startsWith('install'))).toEqual([]);
  });

  it('the image was taken while host keys were off the volume, and they came back', () => {
    const { log, identityHidden } = serverOf(tables, 'nodeA');
    const [{ creationDate }] = Object.values(tables['ec2.images']) as [{ creationDate: number }];
    const at = (title: RegExp) => log.find((entry) => title.test(entry.title))!.at;
    expect(at(/take host keys/)).toBeLessThanOrEqual(creationDate);
    expect(at(/put host keys/)).toBeGreaterThanOrEqual(creationDate);
    expect(identityHidden).toBe(false);
  });

  it('the database was migrated once', () => {
    const made = Object.values(tables.hosts).flatMap(({ log }) =>
      log.filter(({ title }) => /make the database/.test(title)),
    );
    expect(made).toHaveLength(1);
    expect(Object.keys(tables['hosts.databases'])).toEqual([expect.stringMatching(/^pms-airflow-rds\.cluster-/)]);
  });

  it('a second run gives them no command', async () => {
    const logs = (of: Tables) => Object.values(of.hosts).map(({ log }) => log.length);
    expect((await simulatedUp(folder)).exitCode).toBe(0);
    expect(logs(tablesOf(folder))).toEqual(logs(tables));
  });
});

describe('a rehearsal in which a server refuses', () => {
  it('stops there, and the next run goes on', async () => {
    const folder = temporaryFolder();
    const { exitCode, done } = await simulatedUp(folder, { fault: ['install_airflow:NoSpace'] });
    expect(exitCode).toBe(1);
    expect(done).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('install Airflow'), resumable: true },
    });
    expect((await simulatedUp(folder, { resume: true })).exitCode).toBe(0);
    expect(Object.keys(tablesOf(folder)['hosts.databases'])).toHaveLength(1);
  });
});
