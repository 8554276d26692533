import { Document, isMap, isPair, isScalar, type Pair, type YAMLMap } from 'yaml';
import type { Config } from './schema.ts';
import { settings } from './settings.ts';

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
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const path = prefix + String(pair.key.value);
    const setting = settings.find((candidate) => candidate.path === path);
    if (setting) comment(pair, setting.description, setting.choices);
    else if (isMap(pair.value)) {
      pair.key.spaceBefore = prefix === '';
      describe(pair.value as YAMLMap, `${path}.`);
    }
  }
}

function comment(pair: Pair, description: string, choices: readonly string[] | undefined): void {
  if (!isScalar(pair.key)) return;
  pair.key.commentBefore = ` ${description}${choices ? ` (${choices.join(' | ')})` : ''}`;
  if (!isScalar(pair.value) && pair.value && typeof pair.value === 'object') Object.assign(pair.value, { flow: true });
}
