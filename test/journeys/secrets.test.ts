import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { simulatedDestroy, simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { learnSecrets, refuseSecrets } from '../helpers/secrets.ts';

/** Each run of each journey is looked through by the helpers that start it; here it is shown that they would find one. */
describe('a secret', { timeout: 120_000 }, () => {
  test('is nowhere but in the account and the key file, through the whole life of a deployment', async () => {
    const folder = temporaryFolder({ inMemory: true });
    let commands = 0;
    await simulatedUp(folder, { fault: ['throttle=0.1'], watchCommand: () => commands++ });
    const secrets = learnSecrets(folder);
    // Seven of Airflow, the database's master, the cache's user, and the lines of the key.
    expect(secrets.size).toBeGreaterThanOrEqual(12);
    expect(commands).toBeGreaterThan(20);
    for (const command of ['status', 'plan', 'cost', 'state show', 'config show', 'diagram --format svg', 'orphans'])
      expect((await cli(folder, [...command.split(' '), '--simulate'])).code).toBe(0);
    await simulatedDestroy(folder);
    expect(learnSecrets(folder)).toEqual(secrets);
  });

  test('that is shown on purpose is shown by that alone', async () => {
    const folder = temporaryFolder({ inMemory: true });
    await simulatedUp(folder);
    await expect(cli(folder, ['status', '--simulate', '--show-secrets'])).resolves.toMatchObject({ code: 0 });
  });

  test.each(['state.json', 'lock', 'runs/last.ndjson'])('in %s would be found', async (name) => {
    const folder = temporaryFolder({ inMemory: true });
    await simulatedUp(folder, { until: '12' });
    const [secret = ''] = learnSecrets(folder);
    expect(readFileSync(join(simulatedFolder(folder), 'account.json'), 'utf8')).toContain(secret);
    refuseSecrets(folder, {});
    appendFileSync(join(simulatedFolder(folder), name), `x ${secret}\n`);
    expect(() => refuseSecrets(folder, {})).toThrow(`a secret is in .airflow-aws/simulated/${name}`);
  });

  test('on the screen or in a program for a server would be found', async () => {
    const folder = temporaryFolder({ inMemory: true });
    await simulatedUp(folder, { until: '12' });
    const [secret = ''] = learnSecrets(folder);
    for (const place of ['stdout', 'stderr', 'programs'])
      expect(() => refuseSecrets(folder, { [place]: `a ${secret} b` })).toThrow(`a secret is in ${place}`);
  });
});
