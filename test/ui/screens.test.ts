import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { simulatedUp, temporaryFolder } from '../helpers/deployment.ts';
import { keys, TerminalRun } from './terminal-run.ts';

const runs: TerminalRun[] = [];

function onTerminal(args: string[], options: ConstructorParameters<typeof TerminalRun>[1] = {}): TerminalRun {
  const run = new TerminalRun(args, options);
  runs.push(run);
  return run;
}

afterEach(() => {
  for (const run of runs.splice(0)) run.end();
});

const bare = temporaryFolder();

describe('plan on a terminal', () => {
  test('80 columns: a line for each step, its resources broken beneath their own column', async () => {
    const run = onTerminal(['plan', '--simulate', '-C', temporaryFolder()], { rows: 60 });
    expect(await run.exitCode()).toBe(0);
    const lines = await run.screen.lines();
    expect(lines.slice(2, 8)).toEqual([
      ' 1  VPC                 create   VPC',
      ' 2  Subnets             create   public subnet, private subnet a,',
      '                                 private subnet c',
      ' 3  Internet gateway    create   internet gateway',
      ' 4  Route tables        create   main route table, private route table',
      ' 5  Elastic IP          create   elastic IP',
    ]);
    const table = lines.slice(lines.indexOf(' 1  VPC                 create   VPC'), -4);
    // What a step breaks off ends with a comma, and its last line does not.
    const named = table
      .map((line) => line.slice(33).replace(/,?$/, ','))
      .join(' ')
      .match(/,/g);
    expect(lines.slice(-4)).toEqual([
      '',
      `${named?.length} to create, 0 to keep.`,
      expect.stringMatching(/^Time: about \d+ m \d\d s; in the tutorial's order \d+ m \d\d s\.$/),
      expect.stringMatching(/^Cost: \$0\.\d\d an hour, \$\d+ a month \(list prices of [\d-]+\)\.$/),
    ]);
  });

  test('60 columns: nothing is wider than the terminal and no word is broken', async () => {
    const run = onTerminal(['plan', '--simulate', '-C', temporaryFolder()], { columns: 60, rows: 60 });
    await run.exitCode();
    const lines = await run.screen.lines();
    const at = lines.indexOf('11  Load balancer       create   load balancer,');
    expect(lines.slice(at + 1, at + 3)).toEqual([
      '                                 target group, listener,',
      '                                 node a target',
    ]);
  });

  test('a verb is green, and the same words stand there without colour', async () => {
    const green = '\u001b[32mcreate\u001b[39m';
    const coloured = onTerminal(['plan', '--simulate', '-C', temporaryFolder()]);
    await coloured.exitCode();
    expect(coloured.raw).toContain(green);
    for (const [args, env] of [
      [[], { NO_COLOR: '1' }],
      [['--no-color'], {}],
    ] as const) {
      const plain = onTerminal(['plan', '--simulate', '-C', temporaryFolder(), ...args], { env });
      await plain.exitCode();
      expect(plain.raw).not.toContain('\u001b[');
      expect(await plain.text()).toBe(await coloured.text());
    }
  });
});

describe('up on a terminal', () => {
  test('from the question to the URL, at 80x24', async () => {
    const folder = temporaryFolder();
    const run = onTerminal(['up', '--simulate'], { cwd: folder });
    await run.press('Answer questions first?', keys.enter);
    await run.press('Build this?', keys.enter);
    expect(await run.exitCode()).toBe(0);
    const lines = await run.screen.lines();
    const asked = lines.indexOf('✔ Build this? Yes');
    const list = lines.slice(asked + 1, asked + 17);
    for (const [index, line] of list.entries())
      expect(line).toMatch(new RegExp(`^✔ ${String(index + 1).padStart(2)}  [A-Z].{16,17}  \\d+ (s|m \\d\\d s)$`));
    const end = lines.slice(asked + 17);
    expect(end[0]).toBe('');
    expect(end[1]).toMatch(/^Airflow {4}https:\/\/[\d.]+$/);
    expect(end[2]).toBe('Users      admin (Admin), user (User)');
    expect(end[3]).toBe('Passwords  airflow-aws status --show-secrets --simulate');
    expect(end[4]).toMatch(/^Password {3}\w{20} \(of admin, shown this once\)$/);
    expect(end[5]).toMatch(/^Cost {7}\$0\.\d\d an hour, \$\d+ a month, until "airflow-aws destroy --simulate"$/);
    expect(end[6]).toMatch(/^Time {7}\d+ m \d\d s of simulated time; in the tutorial's order \d+ m \d\d s$/);
    expect(end[7]).toMatch(/^Longest {4}VPC → /);
    expect(end.at(-1)).toBe('Next       airflow-aws status --simulate, airflow-aws destroy --simulate');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(run.screen.cursorShown).toBe(true);
  });

  test('a refusal of AWS is red in its line, and the end says what, why and what to do', async () => {
    const fault = 'CreateNatGateway:NatGatewayLimitExceeded';
    const run = onTerminal(['up', '--simulate', '--yes', '--verbose', '--fault', fault, '-C', temporaryFolder()], {});
    expect(await run.exitCode()).toBe(1);
    const lines = await run.screen.lines();
    const failed = lines.indexOf('✖  6  NAT gateway         NAT gateway: NatGatewayLimitExceeded');
    expect(run.screen.colourAt(failed, 0)).toBe(1);
    expect(run.screen.colourAt(failed, 30)).toBe(1);
    expect(lines).toContainEqual(expect.stringMatching(/^✔ 12 {2}Database {12}\d+ m \d\d s$/));
    const error = lines.indexOf('Error: STEP 6 NAT gateway: creating natGateway failed.');
    expect(lines[error + 1]).toBe('  Why: A quota of the account is used up.');
    const rest = lines.slice(error + 2);
    expect(rest).toContainEqual(expect.stringMatching(/^ {2}Fix: /));
    expect(rest).toContain('  AWS: NatGatewayLimitExceeded');
    expect(rest.at(-1)).toMatch(/^ {2}Request id: [0-9a-f-]{36}$/);
  });

  test('Ctrl-C in a question ends with 130 and leaves nothing built', async () => {
    const folder = temporaryFolder();
    const run = onTerminal(['up', '--simulate', '-C', folder], {});
    await run.press('Answer questions first?', keys.enter);
    await run.press('Build this?', keys.ctrlC);
    expect(await run.exitCode()).toBe(130);
    expect(await run.text()).toContain('Error: Interrupted.');
    expect(existsSync(join(folder, '.airflow-aws', 'simulated', 'state.json'))).toBe(false);
  });

  test('with CI set a terminal is not asked', async () => {
    const run = onTerminal(['up', '--simulate', '-C', temporaryFolder()], { env: { CI: '1' } });
    expect(await run.exitCode()).toBe(2);
    expect(await run.text()).toContain('Fix: Answer with --yes.');
  });
});

describe('destroy on a terminal', () => {
  const folder = temporaryFolder();
  beforeAll(async () => {
    await simulatedUp(folder);
  });

  test('another name than the deployment’s destroys nothing', async () => {
    const run = onTerminal(['destroy', '--simulate', '-C', folder], { rows: 60 });
    await run.press('Data in bucket, file system, database:', keys.enter);
    await run.press('Type the name of the deployment (pms)', `pm${keys.enter}`);
    expect(await run.exitCode()).toBe(2);
    expect(await run.text()).toContain('Error: "pm" is not the name of this deployment; nothing was destroyed.');
    expect(await run.text()).toMatch(/14 {2}Storage and role {4}destroy {2}role.*\n {24}keep {5}bucket/);
  });

  test('the name and the choice to delete the data take everything away', async () => {
    const run = onTerminal(['destroy', '--simulate', '-C', folder], { columns: 60, rows: 20 });
    await run.press('Data in bucket, file system, database:', keys.down + keys.enter);
    await run.press('Type the name of the deployment (pms)', `pms${keys.enter}`);
    expect(await run.exitCode()).toBe(0);
    const end = (await run.text()).slice(-120);
    expect(end).toMatch(/Destroyed in \d+ m \d\d s of simulated time\. The audit found\nnothing left\.$/);
  });
});

describe('without a command', () => {
  test('a terminal gets help and the offer of the wizard, whose Ctrl-C writes nothing', async () => {
    const folder = temporaryFolder();
    const run = onTerminal(['-C', folder], { rows: 40 });
    await run.press('No airflow-aws.yaml here. Answer a few questions to write one?', keys.enter);
    expect(await run.text()).toContain('Usage: airflow-aws [options] [command]');
    await run.press('? Size', keys.ctrlC);
    expect(await run.exitCode()).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('without a terminal it is help alone', async () => {
    const { code, stdout } = await cli(bare, []);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: airflow-aws/);
  });
});

describe('a command line that is wrong', () => {
  test.each([
    [['stats'], 'Unknown command', 'Did you mean state or status? See "airflow-aws --help".'],
    [['up', '--unti', '3'], 'Unknown option', 'Did you mean --until? See "airflow-aws up --help".'],
    [['up', '--until'], 'argument missing', 'See "airflow-aws up --help".'],
    [['up', 'all'], 'Too many arguments', 'See "airflow-aws up --help".'],
    [['state'], 'needs one more word', 'See "airflow-aws state --help".'],
  ])('%j is three lines and exit code 2', async (args, what, fix) => {
    const { code, stdout, stderr } = await cli(bare, args);
    expect([code, stdout]).toEqual([2, '']);
    const [error, why, last, ...rest] = stderr.trimEnd().split('\n');
    expect(error).toMatch(/^Error: [A-Z"].*\.$/);
    expect(error).toContain(what);
    expect(why).toMatch(/^ {2}Why: /);
    expect(last).toBe(`  Fix: ${fix}`);
    expect(rest).toEqual([]);
  });
});
