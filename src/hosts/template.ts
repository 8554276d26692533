import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from './quote.ts';

type Values = Readonly<Record<string, string | number>>;

/** One rule a kind of file for what a value may be and how it is written there. */
const kinds: Record<string, { plain: RegExp; write(value: string): string }> = {
  // In nginx a value with any of these would end the directive or open another.
  nginx: { plain: /^[^\s;{}"'\\$#]+$/, write: (value) => value },
  // configparser reads `%` as the start of a reference, and a line break as the start of another key.
  cfg: { plain: /^[^\r\n]+$/, write: (value) => value.replaceAll('%', '%%') },
  // So does systemd with its specifiers.
  systemd: { plain: /^[^\r\n"\\]+$/, write: (value) => value.replaceAll('%', '%%') },
  sh: { plain: /^[^\0]*$/, write: quote },
  py: { plain: /^[^\0]*$/, write: pythonText },
  txt: { plain: /^[^\r\n]+$/, write: (value) => value },
};

let folder: string | undefined;

/** The templates' folder, above the sources and above the built files, in a clone and in an installed package. */
function templates(): string {
  if (folder !== undefined) return folder;
  let above = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(above, 'templates', 'nginx'))) {
    const next = dirname(above);
    if (next === above) throw new Error('the package has lost its templates folder');
    above = next;
  }
  folder = join(above, 'templates');
  return folder;
}

/** The text of a template as it is in the package, holes and all. */
export function templateText(name: string): string {
  return readFileSync(join(templates(), name), 'utf8');
}

/**
 * Fills the `{{name}}` holes of a template. Which values a file takes, and how they are quoted, follows from its kind.
 *
 * @param name path below `templates/`, as `nginx/node.conf`.
 * @throws Error for a hole without a value, a value without a hole, and a value that the kind of file cannot hold.
 */
export function render(name: string, values: Values = {}): string {
  const kind = kinds[kindOf(name)];
  if (!kind) throw new Error(`templates/${name} is of no known kind`);
  const unused = new Set(Object.keys(values));
  const filled = templateText(name).replace(/\{\{(\w+)\}\}/g, (_hole, hole: string) => {
    const value = values[hole];
    if (value === undefined) throw new Error(`templates/${name} needs ${hole}`);
    unused.delete(hole);
    if (!kind.plain.test(String(value)))
      throw new Error(`${hole} of templates/${name} cannot be ${JSON.stringify(value)}`);
    return kind.write(String(value));
  });
  if (unused.size > 0) throw new Error(`templates/${name} has no ${[...unused].join(', ')}`);
  return filled;
}

function kindOf(name: string): string {
  const [first, ...rest] = name.split('/');
  return rest.length > 0 && (first === 'nginx' || first === 'systemd') ? first : (name.split('.').at(-1) ?? '');
}

/** JSON's escapes are Python's as well, once everything beyond ASCII is an escape. */
function pythonText(value: string): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/gu, (character) => {
    return `\\U${character.codePointAt(0)!.toString(16).padStart(8, '0')}`;
  });
}

let digest: string | undefined;

/** A digest of all templates: what a server was given by another release may need to be given anew. */
export function templatesDigest(): string {
  if (digest !== undefined) return digest;
  const hash = createHash('sha256');
  const names = readdirSync(templates(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(templates(), join(entry.parentPath, entry.name)))
    .sort();
  for (const name of names) hash.update(`${name}\0${templateText(name)}\0`);
  digest = hash.digest('hex');
  return digest;
}
