import { Document, isMap, isPair, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { Config } from './schema.ts';
import { type Setting, settings } from './settings.ts';

/** Where `init` puts the schema, seen from the file. */
export const schemaPath = '.airflow-aws/schema.json';

/**
 * The text of `airflow-aws.yaml`: every setting, in the schema's order, so that the file shows what there is to set.
 * Reading it again gives the same settings. Nothing in it is a secret.
 */
export function configYaml(config: Config, { comments }: { readonly comments: boolean }): string {
  const document = new Document(config);
  if (comments && isMap(document.contents)) describe(document.contents as YAMLMap, '');
  const body = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return `# yaml-language-server: $schema=${schemaPath}\n${comments ? heading : ''}${body}`;
}

const heading = '# Settings of one airflow-aws deployment. No secrets: passwords are generated and kept in AWS.\n';

function describe(map: YAMLMap, prefix: string): void {
  let afterSection = false;
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const path = prefix + String(pair.key.value);
    const setting = settings.find((candidate) => candidate.path === path);
    const isSection = setting === undefined && isMap(pair.value);
    pair.key.spaceBefore = prefix === '' && (isSection || afterSection);
    afterSection = isSection;
    const lines = setting ? [line(setting)] : unset(path, pair.value).map((one) => `May hold ${one}`);
    if (lines.length > 0) pair.key.commentBefore = lines.map((text) => ` ${text}`).join('\n');
    if (isSeq(pair.value)) pair.value.flow = true;
    if (isSection) describe(pair.value as YAMLMap, `${path}.`);
  }
}

function line({ description, choices }: Setting): string {
  return `${description}${choices ? ` (${choices.join(' | ')})` : ''}`;
}

/** A setting without default has no line of its own to be described on. */
function unset(section: string, value: unknown): string[] {
  return settings
    .filter(({ path, defaultValue }) => path.startsWith(`${section}.`) && defaultValue === undefined)
    .map((setting) => ({ name: setting.path.slice(section.length + 1), text: line(setting) }))
    .filter(({ name }) => !isMap(value) || !value.has(name))
    .map(({ name, text }) => `${name}: ${text}`);
}
