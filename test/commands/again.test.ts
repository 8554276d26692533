import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { again, quotedAgain } from '../../src/commands/again.ts';
import { cli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/deployment.ts';

describe('a command to go on with', () => {
  test('has every flag that says which deployment is meant, as it was given', () => {
    expect(again({}, 'up --resume')).toBe('airflow-aws up --resume');
    expect(again({ directory: '.' }, 'plan')).toBe('airflow-aws plan');
    expect(again({ simulate: true, directory: 'my data', profile: 'ops', region: 'eu-west-1' }, 'plan')).toBe(
      "airflow-aws plan --simulate -C 'my data' --profile ops --region eu-west-1",
    );
  });

  test('has none of them twice, and none behind --', () => {
    expect(again({ simulate: true, directory: 'x' }, 'up --simulate')).toBe('airflow-aws up --simulate -C x');
    expect(again({ profile: 'ops' }, 'ssh a -- df')).toBe('airflow-aws ssh a --profile ops -- df');
  });

  test('is found in a text by its quotation marks; help, pages and completion belong to no deployment', () => {
    const meant = { simulate: true };
    expect(quotedAgain(meant, 'Run "airflow-aws up" or `airflow-aws state rebuild`, airflow-aws says.')).toBe(
      'Run "airflow-aws up --simulate" or `airflow-aws state rebuild --simulate`, airflow-aws says.',
    );
    for (const text of ['"airflow-aws docs teams"', '"airflow-aws up --help"', '"airflow-aws config schema"'])
      expect(quotedAgain(meant, text)).toBe(text);
  });
});

describe('what a command prints to go on', () => {
  test('after init is a plan of the same folder, in the same world', async () => {
    const folder = temporaryFolder();
    const { stdout } = await cli(folder, ['init', '--yes', '--simulate']);
    expect(stdout).toContain(`\nNext: airflow-aws plan --simulate -C ${folder}\n`);
  });

  test('after a stop, in an error of a command that knows no deployment, and as JSON has the flags', async () => {
    const folder = temporaryFolder();
    const flags = `--simulate -C ${folder}`;
    const refused = await cli(folder, ['up', '--simulate', '--yes', '--fault', 'CreateVpc:VpcLimitExceeded']);
    expect(refused.stderr).toContain(`"airflow-aws up --resume ${flags}"`);
    const early = await cli(folder, ['verify'], { AIRFLOW_AWS_SIMULATE: '1' });
    expect(early.stderr).toContain(`"airflow-aws up ${flags}"`);
    writeFileSync(join(folder, '.airflow-aws', 'simulated', 'state.json'), '{');
    const spoilt = await cli(folder, ['status', '--simulate', '--json']);
    expect(JSON.parse(spoilt.stdout).error.fix).toContain(`"airflow-aws state rebuild ${flags}"`);
  });
});
