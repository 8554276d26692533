import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AnyResource, Step } from '../src/engine/resource.ts';
import { nouns } from '../src/simulator/nouns.ts';
import { steps } from '../src/steps/index.ts';

const root = new URL('..', import.meta.url).pathname;

/** Files beneath a folder of the project, as `src/engine/up.ts`. */
function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const sources = filesIn('src', /\.ts$/);
const tests = filesIn('test', /\.ts$/);

interface Import {
  /** `src/state.ts`, or the package's name. */
  readonly target: string;
  readonly typeOnly: boolean;
  /** What is imported, as it is written. */
  readonly what: string;
}

function importsOf(file: string): Import[] {
  const text = read(file);
  const found: Import[] = [];
  const add = (path: string, what: string, typeOnly: boolean) =>
    found.push({ target: path.startsWith('.') ? posix.join(dirname(file), path) : path, what, typeOnly });
  for (const [, what, path] of text.matchAll(/^(?:import|export) ([^'"`;]*?)from '([^']+)'/gm))
    add(path!, what!, what!.startsWith('type '));
  for (const [, path] of text.matchAll(/^import '([^']+)'/gm)) add(path!, '', false);
  for (const [, path] of text.matchAll(/\bimport\('([^']+)'\)/g)) add(path!, '', false);
  return found;
}

const imports = new Map(sources.map((file) => [file, importsOf(file)]));

/** `file → target` for each import of the files that match `from`, of which `allowed` does not approve. */
function strangers(from: RegExp, allowed: (target: string, one: Import, file: string) => boolean): string[] {
  const files = sources.filter((file) => from.test(file));
  expect(files, 'files that the rule is about').not.toEqual([]);
  return files.flatMap((file) =>
    imports
      .get(file)!
      .filter((one) => !allowed(one.target, one, file))
      .map(({ target }) => `${file} → ${target}`),
  );
}

/** The number in a step's file or folder; undefined for what the steps share. */
const numberOf = (file: string) => /^src\/steps\/(\d\d)-/.exec(file)?.[1];

describe('directions of imports', () => {
  it('the reader of imports sees them all', () => {
    expect(imports.get('src/steps/06-nat-gateway.ts')!.map(({ target }) => target)).toEqual(
      expect.arrayContaining(['@aws-sdk/client-ec2', 'src/engine/resource.ts', 'src/steps/05-elastic-ip.ts']),
    );
    expect(imports.get('src/program.ts')!.map(({ target }) => target)).toEqual(
      expect.arrayContaining(['src/commands/up.ts', 'src/commands/destroy.ts']),
    );
  });

  it('the engine knows state and errors; of aws.ts only types, and no SDK, step, screen or command', () => {
    expect(
      strangers(
        /^src\/engine\//,
        (target, { typeOnly }) =>
          /^(src\/engine\/|src\/(state|errors|aws-errors)\.ts$|node:crypto$)/.test(target) ||
          (target === 'src/aws.ts' && typeOnly),
      ),
    ).toEqual([]);
  });

  it('steps know declarations, aws, hosts, types of the settings, what steps share, and steps of a lower number', () => {
    expect(
      strangers(/^src\/steps\/.*(?<!^src\/steps\/index)\.ts$/, (target, { typeOnly, what }, file) => {
        if (target === 'src/engine/run.ts') return /^\{ (FailedLater|Unknowable)(, Unknowable)? \}/.test(what);
        if (/^src\/config(\/|\.ts$)/.test(target)) return typeOnly;
        if (!target.startsWith('src/steps/'))
          return /^(@aws-sdk\/client-|node:|src\/hosts\/|src\/engine\/resource\.ts$|src\/(aws|aws-errors|errors)\.ts$)/.test(
            target,
          );
        const own = numberOf(file);
        const other = numberOf(target);
        return other === undefined || (own !== undefined && other <= own);
      }),
    ).toEqual([]);
  });

  it('hosts know no SDK, no engine and no step, and of the settings only types', () => {
    expect(
      strangers(
        /^src\/hosts\//,
        (target, { typeOnly }) =>
          /^(src\/hosts\/|src\/(errors|files)\.ts$|node:|execa$)/.test(target) ||
          (target === 'src/config.ts' && typeOnly),
      ),
    ).toEqual([]);
  });

  it('the screen knows events and nothing else of the project', () => {
    expect(
      strangers(/^src\/ui\//, (target) => /^(src\/ui\/|src\/engine\/events\.ts$|listr2$|node:)/.test(target)),
    ).toEqual([]);
  });

  it('the simulated account knows the SDK’s shapes, the shell’s interface and the names of IAM’s actions', () => {
    expect(
      strangers(/^src\/simulator\//, (target) =>
        /^(src\/simulator\/|src\/(files|iam-actions)\.ts$|src\/hosts\/(command|shell)\.ts$|@aws-sdk\/client-|@smithy\/core\/|node:)/.test(
          target,
        ),
      ),
    ).toEqual([]);
  });

  it('only commands open the simulated account', () => {
    const others = sources.filter(
      (file) =>
        !/^src\/(simulator|commands)\//.test(file) &&
        imports.get(file)!.some(({ target }) => target.startsWith('src/simulator/')),
    );
    expect(others).toEqual([]);
  });

  it('only commands wire steps, and only program.ts and cli.ts run commands', () => {
    const reaching = (folder: string, exceptFrom: RegExp) =>
      sources.filter(
        (file) =>
          !exceptFrom.test(file) &&
          imports.get(file)!.some(({ target, typeOnly }) => target.startsWith(folder) && !typeOnly),
      );
    expect(reaching('src/steps/', /^src\/(steps|commands)\//)).toEqual([]);
    expect(reaching('src/commands/', /^src\/(commands\/|program\.ts$|cli\.ts$)/)).toEqual([]);
  });

  it('only environment.ts reads the environment', () => {
    expect(sources.filter((file) => /process\.env\b/.test(read(file)))).toEqual(['src/environment.ts']);
  });

  it('only ui/, wizard.ts and cli.ts write to the terminal', () => {
    const writes = /\bprocess\.(stdout|stderr)\.write\b|\bconsole\.\w+\(/;
    const allowed = /^src\/(ui\/|wizard\.ts$|cli\.ts$)/;
    expect(sources.filter((file) => !allowed.test(file) && writes.test(read(file)))).toEqual([]);
  });
});

describe('the steps', () => {
  const files = readdirSync(join(root, 'src/steps'))
    .filter((name) => /^\d\d-/.test(name))
    .sort();
  const fileOf = (name: string) => `src/steps/${name}${name.endsWith('.ts') ? '' : '/index.ts'}`;
  const resources = steps.flatMap((step) => step.resources);

  it('have one file (or folder) each, whose number is the step’s and its place in the table', async () => {
    expect(files).toHaveLength(steps.length);
    for (const [index, name] of files.entries()) {
      const { default: step } = (await import(join(root, fileOf(name)))) as { default: Step };
      expect(steps[index], name).toBe(step);
      expect([step.number, Number(name.slice(0, 2))], name).toEqual([index + 1, index + 1]);
      expect(read(fileOf(name)), name).toMatch(new RegExp(`^/\\*\\* STEP ${index + 1}: `));
    }
  });

  it('stand in a valid order: whatever a resource needs is in its own step or an earlier one', () => {
    const place = new Map(steps.flatMap((step) => step.resources.map((one) => [one.key, step.number] as const)));
    const late = resources.flatMap((one) =>
      Object.values(one.needs as Record<string, AnyResource>)
        .filter((need) => !((place.get(need.key) ?? Number.POSITIVE_INFINITY) <= place.get(one.key)!))
        .map((need) => `${one.key} needs ${need.key}`),
    );
    expect(late).toEqual([]);
  });

  it('have resources whose keys are unique, in camelCase, and the names of their exports', async () => {
    const keys = resources.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => !/^[a-z]+([A-Z][a-z]*)*$/.test(key))).toEqual([]);
    const exported = new Map<unknown, string>();
    for (const file of filesIn('src/steps', /\.ts$/))
      for (const [name, value] of Object.entries((await import(join(root, file))) as object)) exported.set(value, name);
    expect(resources.filter((one) => exported.get(one) !== one.key).map(({ key }) => key)).toEqual([]);
  });

  it('have a test each, which names every resource of the step', () => {
    const untested = steps.flatMap(({ number, resources }) => {
      const prefix = `test/steps/${String(number).padStart(2, '0')}-`;
      const text = tests.filter((file) => file.startsWith(prefix) && file.endsWith('.test.ts')).map(read);
      return resources.filter(({ key }) => !new RegExp(`\\b${key}\\b`).test(text.join('\n'))).map(({ key }) => key);
    });
    expect(untested).toEqual([]);
  });

  it('stand in the README’s table by number and title', () => {
    if (!existsSync(join(root, 'README.md'))) return;
    const rows = [...read('README.md').matchAll(/^\| (\d+) \| ([^|]+?) \|/gm)].map(([, number, title]) => [
      Number(number),
      title,
    ]);
    expect(rows).toEqual(steps.map(({ number, title }) => [number, title]));
  });
});

describe('the simulated account', () => {
  it('has a test that names at least one call of every noun', () => {
    const text = tests
      .filter((file) => file.startsWith('test/simulator/'))
      .map(read)
      .join('\n');
    const untested = nouns
      .map(({ service, operations }) => [service, Object.keys(operations)] as const)
      .filter(([, operations]) => operations.every((one) => !new RegExp(`\\b${one}(Command)?\\b`).test(text)))
      .map(([service, operations]) => `${service}: ${operations.join(', ')}`);
    expect(untested).toEqual([]);
  });
});

describe('every file', () => {
  const everything = [
    ...sources,
    ...tests,
    ...filesIn('templates', /./),
    ...filesIn('bin', /./),
    ...['README.md', 'CONTRIBUTING.md'].filter((file) => existsSync(join(root, file))),
  ];

  it('is short enough to be read at once', () => {
    const linesOf = (file: string) => read(file).split('\n').length - 1;
    const limit = (file: string) => (file.startsWith('src/steps/') ? 300 : 450);
    const long = sources.filter((file) => linesOf(file) > limit(file));
    expect(long.map((file) => `${file}: ${linesOf(file)} lines`)).toEqual([]);
  });

  it('leaves nothing for later in a comment', () => {
    const later = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
    expect(everything.filter((file) => later.test(read(file)))).toEqual([]);
  });

  it('has a name in kebab-case', () => {
    const odd = [...sources, ...tests].filter(
      (file) => !/^[a-z0-9-]+(\.(test|config))?\.ts$/.test(posix.basename(file)),
    );
    expect(odd).toEqual([]);
  });
});
