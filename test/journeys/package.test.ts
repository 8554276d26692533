import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** An empty folder, and the package installed in it as from the registry: out of its tarball. */
const folder = mkdtempSync(join(tmpdir(), 'airflow-aws-package-'));

beforeAll(async () => {
  // What is built stands there already; building again would take the ground from under the other tests.
  await execa('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const [tarball] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev'];
  await execa('npm', ['install', ...quiet, join(folder, tarball!)], { cwd: folder });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The installed command in that folder. */
const installed = (...args: string[]) =>
  execa(join(folder, 'node_modules', '.bin', 'airflow-aws'), args, {
    cwd: folder,
    reject: false,
    env: { PATH: process.env.PATH, HOME: folder },
    extendEnv: false,
  });

describe('the package', () => {
  it('builds the whole cluster in a rehearsal from where it is installed, and takes it away', async () => {
    const up = await installed('up', '--simulate', '--yes');
    expect(up.stderr).toContain('[16] Servers: done');
    expect(up.stdout).toMatch(/^Airflow +https:/m);
    expect(up.exitCode).toBe(0);
    const destroy = await installed('destroy', '--simulate', '--yes', '--confirm', 'pms', '--delete-data');
    expect(destroy.exitCode).toBe(0);
  }, 60_000);

  it('gives its simulated account to programs', async () => {
    const program = `import { simulatedAccount } from 'airflow-aws/simulator'; console.log(typeof simulatedAccount);`;
    const { stdout } = await execa('node', ['--input-type=module', '--eval', program], { cwd: folder });
    expect(stdout).toBe('function');
  });

  it('holds what runs and nothing of the tests', () => {
    const within = join(folder, 'node_modules', 'airflow-aws');
    expect(readdirSync(within).sort()).toEqual(['README.md', 'bin', 'dist', 'package.json', 'templates']);
  });
});
