/** No value of a secret is anywhere but in Parameter Store, in the memory of its users, and in front of the Admin. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Cluster, onNode } from './cluster.ts';
import { figure, type Processes } from './figures.ts';
import { imageFolder, volumeFolder } from './hosts.ts';
import { outputFolder } from './operator.ts';
import { regionFolder, run } from './processes.ts';

export function secrecyTests(cluster: () => Cluster, processes: () => Processes) {
  /** Those that hold one of the values, of files and folders on this machine. */
  const found = async (values: readonly string[], ...places: string[]): Promise<string[]> => {
    const grep = run('grep', ['-rlaF', '--devices=skip', '-f', '-', ...places], `${values.join('\n')}\n`);
    // grep ends with 1 when it finds nothing, which is what is wanted.
    return (await grep.catch(() => '')).split('\n').filter((line) => line !== '');
  };
  const values = () => Object.values(cluster().secrets);
  const image = () => {
    const { instances } = cluster().region.seen!;
    return imageFolder(instances.find(({ resource }) => resource === 'nodeC')!.imageId);
  };

  test('the image of node a has no host key, no machine id and no secret on it', async () => {
    expect(values()).toHaveLength(9);
    expect(new Set(values().map((value) => value.length >= 16))).toEqual(new Set([true]));
    expect(existsSync(join(image(), 'opt/airflow/venv/bin/airflow'))).toBe(true);
    for (const name of ['etc/machine-id', 'etc/ssh/ssh_host_ed25519_key', 'etc/ssh/ssh_host_rsa_key'])
      expect(existsSync(join(image(), name)) ? readFileSync(join(image(), name), 'utf8') : '', name).toBe('');
    expect(await found(values(), image())).toEqual([]);
  });

  test('node a and node c have identities of their own', async () => {
    for (const file of ['/etc/machine-id', '/etc/ssh/ssh_host_ed25519_key.pub']) {
      const [a, c] = await Promise.all([onNode('a', 'cat', file), onNode('c', 'cat', file)]);
      expect(a.length).toBeGreaterThan(20);
      expect(a).not.toBe(c);
    }
  });

  test('no secret is on a volume, in the shared folder, in a journal or in an argument of any process', async () => {
    const { instances, fileSystemIds } = cluster().region.seen!;
    for (const { owner, resource } of instances)
      expect(await found(values(), volumeFolder(owner)), resource).toEqual([]);
    expect(await found(values(), join(regionFolder, 'efs', fileSystemIds[0]!))).toEqual([]);
    for (const node of ['bastion', 'a', 'c']) {
      const journal = await onNode(node, 'journalctl', '--no-pager', '--all', '--output=export');
      expect(journal.length).toBeGreaterThan(10_000);
      expect(values().filter((value) => journal.includes(value))).toEqual([]);
    }
    const { seen } = processes();
    figure('command lines of processes looked at for secrets', seen.size);
    expect([...seen].some((line) => line.includes('airflow scheduler'))).toBe(true);
    expect([...seen].filter((line) => values().some((value) => line.includes(value)))).toEqual([]);
    for (const node of ['a', 'c'])
      expect(await onNode(node, 'stat', '-c', '%a %U', '/run/airflow/airflow.env'), node).toBe('400 airflow\n');
  });

  test('no secret is in the deployment’s folder or in what a command said, but for the Admin’s password', async () => {
    const { directory, secrets } = cluster();
    expect(readdirSync(join(directory, '.airflow-aws')).length).toBeGreaterThan(3);
    expect(await found(values(), directory)).toEqual([]);
    const { adminPassword, ...others } = secrets;
    const commands = join(outputFolder, 'commands');
    const asked = (log: string) => readFileSync(log, 'utf8').startsWith('status --show-secrets');
    expect((await found(Object.values(others), commands)).filter((log) => !asked(log))).toEqual([]);
    // `up` shows it where it made the cluster.
    const shown = (await found([adminPassword!], commands)).filter((log) => !asked(log));
    expect(shown).toEqual([expect.stringMatching(/01-up\.log$/)]);
  });
}
