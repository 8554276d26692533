import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

interface Parameter {
  versions?: { type: string; value: string }[];
}

/** Shorter ones could be part of innocent words. */
const shortest = 12;

/** By folder: what the simulated account ever held as a SecureString, and the lines of the private key. */
const known = new Map<string, Set<string>>();

/** Everything below a folder, without links. */
function filesIn(folder: string): string[] {
  // A test may have put a file where the folder should be.
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Remembers the secrets of the account and of the key in `directory`, since both may be gone after the next run. */
export function learnSecrets(directory: string): ReadonlySet<string> {
  const secrets = known.get(directory) ?? new Set<string>();
  known.set(directory, secrets);
  const learn = (text: string) => text.length >= shortest && secrets.add(text);
  for (const file of filesIn(join(directory, '.airflow-aws'))) {
    if (file.endsWith('.pem'))
      for (const line of readFileSync(file, 'utf8').split('\n')) /^-/.test(line) || learn(line);
    if (!file.endsWith('account.json')) continue;
    const { tables } = JSON.parse(readFileSync(file, 'utf8')) as { tables: Record<string, Record<string, object>> };
    for (const region of Object.values(tables))
      for (const { versions = [] } of Object.values((region['ssm.parameters'] ?? {}) as Record<string, Parameter>))
        for (const { type, value } of versions)
          if (type === 'SecureString') for (const one of partsOf(value)) learn(one);
  }
  return secrets;
}

function partsOf(value: string): string[] {
  try {
    return Object.values(JSON.parse(value) as Record<string, string>);
  } catch {
    return [value];
  }
}

/**
 * Throws when a secret of `directory` is in one of `texts`, or in any file but the account (which stands for AWS) and the
 * private key itself. The secret is not in the message.
 *
 * @param texts by what a person would call them, as `stdout`.
 */
export function refuseSecrets(directory: string, texts: Readonly<Record<string, string>>): void {
  const secrets = learnSecrets(directory);
  const places = new Map(Object.entries(texts));
  for (const file of filesIn(directory))
    if (!/account\.json(\.writing)?$|\.pem$/.test(file))
      places.set(relative(directory, file), readFileSync(file, 'utf8'));
  for (const [place, text] of places)
    for (const secret of secrets)
      if (text.includes(secret)) throw new Error(`a secret is in ${place}, behind "${before(text, secret)}"`);
}

function before(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 60), at);
}
