/** Every script that any server can be given, for each system and each setting that changes one, as shellcheck sees it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Config, schema } from '../../src/config/schema.ts';
import { bashOf } from '../../src/hosts/bash.ts';
import type { Command } from '../../src/hosts/command.ts';
import { components } from '../../src/hosts/components.ts';
import { configurationCommands, type NodeFacts, proveCluster } from '../../src/hosts/node.ts';
import { templateText } from '../../src/hosts/template.ts';
import { everyCommand } from './every-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Text that no address has, so that a place that quotes nothing shows. */
const odd = "it's $HOME `id` \\";

const facts: NodeFacts = {
  region: 'us-west-2',
  publicIp: '198.51.100.7',
  loadBalancer: 'internal-alb.us-west-2.elb.amazonaws.com',
  bucket: 'bucket',
  database: 'db.us-west-2.rds.amazonaws.com',
  cache: 'cache.amazonaws.com',
  fileSystemId: 'fs-0123',
  secretsParameter: `/secrets/${odd}`,
  cacheParameter: `/cache/${odd}`,
  masterParameter: `/master/${odd}`,
};

const own = { certificateFile: 'chain.pem', privateKeyFile: 'key.pem' };
const modes = ['amazon-linux-2023', 'debian-13'].flatMap((os) =>
  [{ mode: 'self-signed' }, { mode: 'certificate', ...own }, { mode: 'off' }].flatMap((tls) =>
    ['pymysql', 'mysqlclient'].flatMap((databaseDriver) =>
      ['default', 'none', 'https://example.com/constraints.txt', './constraints.txt'].map((constraints) => ({
        name: `${os}, TLS ${tls.mode}, ${databaseDriver}, constraints ${constraints}`,
        settings: schema.parse({ os, tls, airflow: { databaseDriver, constraints } }),
      })),
    ),
  ),
);

function everything(settings: Config): Command[] {
  return [...everyCommand(settings, facts), proveCluster(facts)];
}

/**
 * The program that the runner sends, and the programs that stand in it as one quoted word: those of long work, of
 * packages and of scripts, and what files hold.
 */
function programs(command: Command): string[] {
  const sent = bashOf(command, () => 'content of a file of this machine');
  const files = command.kind === 'files' ? command.files : [];
  const held = files.flatMap(({ source }) =>
    'content' in source && source.content.startsWith('#!/usr/bin/env bash') ? [source.content] : [],
  );
  return [sent, ...(command.kind === 'script' ? [command.text] : []), ...quotedPrograms(sent), ...held];
}

/** Bash itself says which quoted words of a program are programs of their own. */
function quotedPrograms(sent: string): string[] {
  return [...sent.matchAll(/'((?:[^']|'\\'')*)'/g)]
    .map(([, word = '']) => word.replaceAll("'\\''", "'"))
    .filter((word) => word.startsWith('set -euo pipefail') || word.startsWith('#!/usr/bin/env bash'));
}

const distinct = new Map<string, string>();
for (const { name, settings } of modes)
  for (const command of everything(settings))
    for (const text of programs(command)) if (!distinct.has(text)) distinct.set(text, `${command.title} (${name})`);

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

function shellcheck(text: string, ...more: string[]): string {
  return spawnSync('shellcheck', ['--shell=bash', ...more, '-'], { input: text, encoding: 'utf8' }).stdout;
}

describe('every program for a server, of both systems and all settings,', () => {
  it(`is one that Bash parses and shellcheck finds nothing in (${distinct.size} of them)`, () => {
    expect(distinct.size).toBeGreaterThan(30);
    if (!has('shellcheck')) return expect(process.env.CI, 'shellcheck is missing').toBeUndefined();
    for (const [text, title] of distinct) {
      expect(spawnSync('bash', ['-n'], { input: text }).status, title).toBe(0);
      // Programs inside of programs stand in single quotes, which is meant.
      expect(shellcheck(text, '--exclude=SC2016'), title).toBe('');
    }
  });
});

describe('packages of Amazon Linux', () => {
  // The lab's stand-in for dnf takes names of packages that Amazon Linux 2023 has, and refuses any other.
  const script = readFileSync(join(root, 'test/lab/dnf.sh'), 'utf8');
  const table = `${script.slice(script.indexOf('declare -A'), script.indexOf('wanted=()'))}\nprintf '%s\\n' "\${!debian[@]}"`;
  const known = execFileSync('bash', ['-c', table], { encoding: 'utf8' }).trim().split('\n');

  it('are asked for by names that it has, for every setting', () => {
    const pythons = ['3.11', '3.12', '3.13', '3.14'];
    const asked = modes
      .filter(({ settings }) => settings.os === 'amazon-linux-2023')
      .flatMap(({ settings }) =>
        pythons.map((pythonVersion) => ({ ...settings, airflow: { ...settings.airflow, pythonVersion } }) as Config),
      )
      .flatMap((settings) => everything(settings))
      .flatMap((command) => (command.kind === 'packages' ? command.names : []));
    expect(new Set(asked).size).toBeGreaterThan(10);
    expect([...new Set(asked)].filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('scripts of the project itself', () => {
  const scripts = [
    ...readdirSync(join(root, '.ci')).map((name) => `.ci/${name}`),
    ...readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.sh'))
      .map((name) => `test/${name}`),
  ];

  it.each(scripts)('%s is clean for shellcheck', (name) => {
    if (!has('shellcheck')) return expect(process.env.CI, 'shellcheck is missing').toBeUndefined();
    expect(spawnSync('shellcheck', [join(root, name)], { encoding: 'utf8' }).stdout).toBe('');
  });
});

describe('templates', () => {
  const names = readdirSync(join(root, 'templates'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'templates').length + 1));
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

  it.each(names)('%s is used', (name) => {
    const base = name.split('/').at(-1)!;
    expect(sources.includes(`'${name}'`) || sources.includes(`'${base}'`), name).toBe(true);
  });

  it.each(names.filter((name) => name.startsWith('nginx/')))('%s has no variable that nginx does not know', (name) => {
    const text = templateText(name);
    const server = name === 'nginx/bastion-locations.conf' ? templateText('nginx/bastion-tls.conf') : '';
    const made = [...`${text}${server}`.matchAll(/\b(?:set|map \$\w+) \$(\w+)/g)].map(([, variable]) => variable);
    const used = [...text.replaceAll(/#.*/g, '').matchAll(/\$(\w+)/g)].map(([, variable]) => variable!);
    const ngxOwn = ['host', 'scheme', 'remote_addr', 'request_uri', 'http_host', 'http_upgrade'];
    expect(used.filter((variable) => ![...ngxOwn, ...made].includes(variable))).toEqual([]);
  });

  it('of systemd have no variable that is not set for every component', () => {
    const used = [...templateText('systemd/airflow@.service').matchAll(/^Exec\w+=.*\$\{?(\w+)/gm)].map(
      ([, one]) => one,
    );
    expect(used).toEqual(['ARGUMENTS']);
    const commands = configurationCommands(schema.parse({}), facts);
    const paths = commands.flatMap((one) => (one.kind === 'files' ? one.files : []));
    for (const { name } of components) {
      const dropIn = paths.find(({ path }) => path === `/etc/systemd/system/airflow@${name}.service.d/component.conf`);
      expect(dropIn?.source, name).toMatchObject({ content: expect.stringMatching(/^Environment="ARGUMENTS=\w/m) });
    }
  });

  it('of Python name no variable that they do not have', () => {
    if (!has('python3')) return expect(process.env.CI, 'python3 is missing').toBeUndefined();
    // Names that a module reads and neither makes, imports nor has from Python.
    const unknown = `import ast, builtins, sys
tree = ast.parse(sys.stdin.read())
made = set(dir(builtins)) | {"__name__"}
for node in ast.walk(tree):
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load): made.add(node.id)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)): made.add(node.name)
    if isinstance(node, ast.arg): made.add(node.arg)
    if isinstance(node, ast.alias): made.add((node.asname or node.name).split(".")[0])
    if isinstance(node, ast.ExceptHandler) and node.name: made.add(node.name)
print(sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - made))`;
    for (const name of names.filter((one) => one.endsWith('.py'))) {
      const source = templateText(name).replaceAll(/\{\{\w+\}\}/g, '"value"');
      expect(execFileSync('python3', ['-c', unknown], { input: source, encoding: 'utf8' }), name).toBe('[]\n');
    }
  });
});
