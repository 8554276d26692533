import { configFile, configSchema, get, loadConfig, printValue, type Sources, settings } from '../config.ts';
import { exitCodes } from '../errors.ts';
import type { CommandIo } from './command-io.ts';

/** Prints every setting in force with its origin. `flags` are the settings given on the command line, by attribute. */
export async function configShow(
  io: CommandIo,
  flags: Readonly<Record<string, unknown>>,
  sources: Sources = {},
): Promise<number> {
  const { config, origins, warnings, fileExists } = loadConfig(io.directory, { env: io.env, ...sources, flags });
  for (const warning of warnings) io.note(`Warning: ${warning}`);
  const rows = settings.map(({ path }) => ({
    path,
    value: get(config, path) ?? null,
    ...(origins.get(path) ?? { source: 'default', where: '' }),
  }));
  if (io.json) {
    const data = { file: fileExists ? configFile : null, config, settings: rows };
    io.out(JSON.stringify({ version: 1, command: 'config show', ok: true, data }));
    return exitCodes.ok;
  }
  if (!fileExists) io.note(`There is no ${configFile} here; these are the defaults. airflow-aws init writes one.`);
  const cells = rows.map(({ path, value, source, where }) => [
    path,
    value === null ? '' : printValue(value),
    where || source,
  ]);
  const width = (column: number) => Math.max(...cells.map((row) => row[column]?.length ?? 0));
  for (const [path = '', value = '', origin = ''] of cells) {
    io.out(`${path.padEnd(width(0))}  ${value.padEnd(width(1))}  ${origin}`);
  }
  return exitCodes.ok;
}

/** Prints the JSON Schema of the file, for editors and checks. */
export async function configSchemaCommand(io: CommandIo): Promise<number> {
  const data = configSchema();
  io.out(
    io.json ? JSON.stringify({ version: 1, command: 'config schema', ok: true, data }) : JSON.stringify(data, null, 2),
  );
  return exitCodes.ok;
}
