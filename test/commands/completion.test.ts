import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { completion, shells } from '../../src/commands/completion.ts';
import { cli } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

/** What bash offers for the last of `words`. */
function offered(script: string, ...words: string[]): string[] {
  const line = ['airflow-aws', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _airflow_aws; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\n${ask}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

describe('completion', () => {
  const scripts = new Map<string, string>();
  beforeAll(async () => {
    for (const shell of shells) {
      const { code, stdout } = await cli(temporaryFolder(), ['completion', shell]);
      expect(code).toBe(0);
      scripts.set(shell, stdout);
    }
  });

  test.each(shells)('in %s knows every command and subcommand of the help', async (shell) => {
    const { stdout } = await cli(temporaryFolder(), ['--help']);
    const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(
      ([, name]) => name!,
    );
    expect(commands.length).toBeGreaterThan(15);
    for (const name of commands.filter((one) => one !== 'help'))
      expect(scripts.get(shell)).toMatch(new RegExp(`\\b${name}\\b`));
    expect(scripts.get(shell)).toContain('rebuild');
    expect(scripts.get(shell)).toContain('nodes-instance-type');
  });

  test('offers commands, subcommands, flags, arguments and values where each belongs', () => {
    const bash = scripts.get('bash')!;
    expect(offered(bash, 'di')).toEqual(['diagram']);
    expect(offered(bash, 'state', '')).toEqual(expect.arrayContaining(['show', 'rebuild', 'unlock']));
    expect(offered(bash, 'ssh', '')).toEqual(['bastion', 'a', 'c']);
    expect(offered(bash, '--region', 'us-east-1', 'diagram', '--format', '')).toEqual(['mermaid', 'svg', 'text']);
    expect(offered(bash, 'logs', 'worker', '--node', '')).toEqual(['bastion', 'a', 'c']);
    expect(offered(bash, 'destroy', '--keep')).toEqual(['--keep-data']);
    // What stands behind `--` is another program's.
    expect(offered(bash, 'airflow', '--', '')).toEqual(['']);
  });

  test('offers nothing that the help hides', () => {
    const program = new Command('airflow-aws')
      .addOption(new Option('--shown'))
      .addOption(new Option('--dark').hideHelp());
    for (const shell of ['bash', 'zsh', 'fish', 'powershell'] as const) {
      const io = ioIn(temporaryFolder());
      completion(io, program, shell);
      const script = io.lines.join('\n');
      expect(script).toContain('shown');
      expect(script).not.toContain('dark');
    }
  });

  test('a description with quotes cannot break a script', () => {
    const program = new Command('airflow-aws').addOption(new Option('--one <x>', `it's "$(touch x)" \\`));
    program
      .command('do')
      .description("don't")
      .addArgument(new Argument('[what]').choices(['this', 'that']));
    for (const shell of ['bash', 'zsh'] as const) {
      const io = ioIn(temporaryFolder());
      completion(io, program, shell);
      expect(spawnSync('bash', ['-n'], { input: io.lines.join('\n') }).status).toBe(0);
    }
    const io = ioIn(temporaryFolder());
    completion(io, program, 'fish');
    expect(io.lines.join('\n')).toContain(`-d 'it\\'s "$(touch x)" \\\\'`);
  });
});
