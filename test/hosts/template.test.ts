import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render, templatesDigest, templateText } from '../../src/hosts/template.ts';

const folder = fileURLToPath(new URL('../../templates', import.meta.url));
const all = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** Values for every hole of a template, such that the result can be looked at by the tools of its kind. */
function filled(name: string, value = 'value-1'): string {
  const holes = [...templateText(name).matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]!);
  return render(name, Object.fromEntries(holes.map((hole) => [hole, value])));
}

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

describe('every template', () => {
  it.each(all)('%s can be filled', (name) => {
    expect(filled(name)).not.toMatch(/\{\{/);
  });

  it.each(all.filter((name) => name.endsWith('.sh')))('%s is clean for shellcheck once filled', (name) => {
    if (!has('shellcheck')) return expect(process.env.CI).toBeUndefined();
    const { stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], { input: filled(name), encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it.each(all.filter((name) => name.endsWith('.py')))('%s is Python once filled with the oddest text', (name) => {
    if (!has('python3')) return expect(process.env.CI).toBeUndefined();
    const source = filled(name, 'a"b\\c\n\'{é}😀');
    expect(() =>
      execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: source, stdio: 'pipe' }),
    ).not.toThrow();
  });
});

describe('filling a hole', () => {
  it('refuses a hole without a value, naming both', () => {
    expect(() => render('nginx/node.conf', {})).toThrow('templates/nginx/node.conf needs nginxUser');
  });

  it('refuses a value without a hole', () => {
    expect(() => render('nginx/node.conf', { nginxUser: 'nginx', nginxusr: 'x' })).toThrow('has no nginxusr');
  });

  // What would end a value and begin something else, by kind of file.
  const breaks: Record<string, string[]> = {
    nginx: ['a; daemon off', 'a"b', '{', 'a\nb', '$host', '#'],
    systemd: ['a" "b', 'a\nExecStart=b', 'a\\'],
    cfg: ['a\n[core]', 'a\rb'],
  };
  const holes = all.flatMap((name) => {
    const found = [...templateText(name).matchAll(/\{\{(\w+)\}\}/g)].map(([, hole]) => hole!);
    return [...new Set(found)].map((hole) => ({ name, hole, others: found }));
  });

  it.each(holes)('$hole of $name takes nothing that would be more than a value', ({ name, hole, others }) => {
    const kind = name.startsWith('nginx/')
      ? 'nginx'
      : name.startsWith('systemd/')
        ? 'systemd'
        : name.split('.').at(-1)!;
    const fill = (value: string) =>
      render(name, Object.fromEntries(others.map((one) => [one, one === hole ? value : 'x'])));
    for (const value of breaks[kind] ?? [])
      expect(() => fill(value), value).toThrow(`${hole} of templates/${name} cannot be`);
    // Bash and Python take any text, as one word or one literal: nothing of it may stand outside of that.
    if (kind === 'sh') expect(fill("a'; touch /b #")).toContain("'a'\\''; touch /b #'");
    if (kind === 'py') expect(fill('a"; import b #')).toContain('"a\\"; import b #"');
    expect([...Object.keys(breaks), 'sh', 'py']).toContain(kind);
  });

  // Files whose readers take lines: a value is the very text in its own place, or is refused.
  const lined = all.filter((name) => /^(nginx|systemd)\/|\.cfg$/.test(name) && /\{\{/.test(templateText(name)));
  it.each(lined)('%s has as many lines, blocks and directives whatever the values are', (name) => {
    const units = (text: string) => text.split('\n').length + text.split(/[;{}]/).length * 1000;
    const pieces = fc.constantFrom(
      '\n',
      '\r',
      ';',
      '{',
      '}',
      '"',
      "'",
      '\\',
      '$',
      '%',
      '#',
      '[x]',
      '=',
      ' ',
      'a',
      '\0',
    );
    const wild = fc.string({ unit: fc.oneof(pieces, fc.string()), minLength: 1 });
    const nginx = name.startsWith('nginx/');
    fc.assert(
      fc.property(wild, (value) => {
        let text: string;
        try {
          text = filled(name, value);
        } catch (error) {
          expect((error as Error).message).toContain('cannot be');
          return;
        }
        expect(text.split(/[\r\n]/).length).toBe(filled(name, 'x').split('\n').length);
        if (nginx) expect(units(text)).toBe(units(filled(name, 'x')));
        else expect(text).toContain(value.replaceAll('%', '%%'));
      }),
      { numRuns: 200 },
    );
  });

  it('doubles the percent sign where the reader would take it for a reference', () => {
    const text = render('airflow/airflow.cfg', { loadBalancer: 'a%b', baseUrl: 'x', bucket: 'y', dagBundles: '[]' });
    expect(text).toContain('execution_api_server_url = http://a%%b/execution/');
  });

  it('gives Bash and Python the very text', () => {
    if (!has('python3')) return;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0'));
        const script = render('scripts/make-certificate.sh', { address: text });
        const line = script.slice(script.indexOf('address='), script.indexOf('\nfolder='));
        expect(execFileSync('bash', ['-s'], { input: `${line}\nprintf %s "$address"`, encoding: 'utf8' })).toBe(text);
        const python = render('airflow/airflow_local_settings.py', { authorities: text, driver: 'x' });
        const literal = python.split('\n').find((one) => one.startsWith('AUTHORITIES'));
        const program = `${literal}\nimport sys\nsys.stdout.buffer.write(AUTHORITIES.encode())`;
        expect(execFileSync('python3', ['-c', program], { encoding: 'utf8' })).toBe(text);
      }),
      { numRuns: 15 },
    );
  });

  it('has one digest for all templates', () => {
    expect(templatesDigest()).toMatch(/^[0-9a-f]{64}$/);
  });
});
