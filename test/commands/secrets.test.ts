import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type StatusFlags, status } from '../../src/commands/status.ts';
import { up } from '../../src/commands/up.ts';
import { simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { ioIn, type Said } from './io.ts';

const folder = temporaryFolder();
let first: Said;
let secrets: Record<string, string>;

/** The secrets as Parameter Store has them: the file of the simulated account stands for AWS. */
function secretsIn(directory: string): Record<string, string> {
  const text = readFileSync(join(simulatedFolder(directory), 'account.json'), 'utf8');
  const found = /"(\{\\"fernetKey.*?\})"/.exec(text)!;
  return JSON.parse(JSON.parse(`"${found[1]}"`)) as Record<string, string>;
}

/** Every file of the deployment but the account's own. */
function kept(directory: string): string {
  return readdirSync(join(directory, '.airflow-aws'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^account\.json/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

async function statusOf(directory: string, flags: StatusFlags, json = false) {
  const io = ioIn(directory, { json });
  await status(io, { simulate: true, ...flags });
  return io;
}

beforeAll(async () => {
  const io = ioIn(folder);
  await up(io, { simulate: true, yes: true });
  first = io;
  secrets = secretsIn(folder);
});

describe("the Admin's password", () => {
  it('is shown once, at the end of the up that made the cluster, and beside the results', async () => {
    const shown = first.notes.filter((line) => line.includes(secrets.adminPassword!));
    expect(shown).toEqual([`Password   ${secrets.adminPassword} (of admin, shown this once)`]);
    expect(first.lines.join('\n')).not.toContain(secrets.adminPassword);
    const second = ioIn(folder);
    await up(second, { simulate: true, yes: true });
    expect([...second.notes, ...second.lines].join('\n')).not.toContain(secrets.adminPassword);
  });

  it('is shown with --quiet too, since it is a result, and never among the events of --json', async () => {
    const quiet = temporaryFolder();
    const io = ioIn(quiet);
    await up(io, { simulate: true, yes: true, quiet: true });
    expect(io.notes.join('\n')).toContain(secretsIn(quiet).adminPassword);
    const json = temporaryFolder();
    const { events, notes } = await simulatedUp(json);
    expect(JSON.stringify([events, notes])).not.toContain(secretsIn(json).adminPassword);
  });

  it('is not shown by an up that ends before the cluster', async () => {
    const early = temporaryFolder();
    const io = ioIn(early);
    await up(io, { simulate: true, yes: true, until: '15' });
    expect([...io.notes, ...io.lines].join('\n')).not.toMatch(/^Password/m);
  });

  it('stays in Parameter Store: no file of the deployment has it, nor any other secret', () => {
    const text = kept(folder);
    expect(text).toContain('run.done');
    expect(text).toContain('a install Airflow');
    for (const [name, value] of Object.entries(secrets)) expect(text.includes(value), name).toBe(false);
  });
});

describe('status --show-secrets', () => {
  it('shows the passwords of both users and of Flower, as they are now', async () => {
    const { lines } = await statusOf(folder, { showSecrets: true });
    for (const [username, password] of [
      ['admin', secrets.adminPassword],
      ['user', secrets.userPassword],
      ['flower', secrets.flowerPassword],
    ])
      expect(lines.map((line) => line.split(/\s+/))).toContainEqual([username, password]);
    for (const name of ['fernetKey', 'jwtSecret', 'databasePassword'])
      expect(lines.join('\n')).not.toContain(secrets[name]);
  });

  it('with --json has them below data.secrets, and without the flag nobody has them', async () => {
    const data = (await statusOf(folder, { showSecrets: true }, true)).data<{ secrets: unknown }>();
    expect(data.secrets).toEqual({
      admin: { username: 'admin', password: secrets.adminPassword },
      user: { username: 'user', password: secrets.userPassword },
      flower: { username: 'flower', password: secrets.flowerPassword },
    });
    const plain = await statusOf(folder, {}, true);
    expect(plain.data<object>()).not.toHaveProperty('secrets');
    expect(plain.lines.join('\n')).not.toContain(secrets.adminPassword);
  });

  it('without the right to read them says which right, with exit code 4', async () => {
    const flags = { showSecrets: true, fault: ['GetParameter:AccessDeniedException'] };
    await expect(statusOf(folder, flags)).rejects.toMatchObject({
      code: 'secrets-not-readable',
      exitCode: 4,
      fix: expect.stringContaining('ssm:GetParameter on /airflow-aws/pms/airflow-secrets'),
    });
  });

  it('before there are any says how they come about', async () => {
    await expect(statusOf(temporaryFolder(), { showSecrets: true })).rejects.toMatchObject({
      code: 'no-secrets',
      exitCode: 2,
    });
  });
});
