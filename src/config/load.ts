import { check, settingsError } from './check.ts';
import { type Given, parseSettings, readSettings } from './file.ts';
import { type PresetName, presets } from './presets.ts';
import { type Problem, warnings } from './rules.ts';
import type { Config } from './schema.ts';
import { parseValue, type Setting, set, settings } from './settings.ts';

/** Who gave a value. `where` is a flag, a variable or a line, and empty for a default. */
interface Origin {
  readonly source: 'flag' | 'environment' | 'profile' | 'file' | 'preset' | 'default';
  readonly where: string;
}

export interface Sources {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By the setting's `attribute`, as commander's `opts()` returns them. Other keys are passed over. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** What the file is read on top of. */
  readonly preset?: PresetName;
  /** The region of the AWS profile in use. */
  readonly profileRegion?: string;
}

export interface Loaded {
  readonly config: Config;
  /** By the setting's path. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Sentences about what is allowed and probably not meant. */
  readonly warnings: readonly string[];
  /** False: there is no file, and the rest are defaults. */
  readonly fileExists: boolean;
}

/**
 * The settings in force in a folder: flag, then `AIRFLOW_AWS_*`, then the file, then the default. The region has the
 * variables of AWS and the profile in between. Reads one file and nothing else; every problem is in one `UserError`.
 */
export function loadConfig(directory: string, sources: Sources = {}): Loaded {
  return resolve(readSettings(directory), sources);
}

/** As `loadConfig`, from the text of a file. */
export function parseConfig(text: string, sources: Sources = {}): Loaded {
  return resolve(parseSettings(text), sources);
}

/** As `loadConfig` in a folder without a file. */
export function resolveConfig(sources: Sources): Loaded {
  return resolve(undefined, sources);
}

function resolve(file: ReturnType<typeof readSettings>, sources: Sources): Loaded {
  const origins = new Map<string, Origin>();
  let values: object = {};
  for (const setting of settings) {
    const { value, origin } = winner(setting, sources, file?.given);
    origins.set(setting.path, origin);
    if (value !== undefined) values = set(values, setting.path, value);
  }
  const checked = check(values);
  const problems: Problem[] = [
    ...(file?.problems ?? []),
    ...('problems' in checked ? checked.problems : []).map((problem) => ({
      ...problem,
      where: problem.where ?? originOf(problem.path, origins),
    })),
  ];
  if ('config' in checked && problems.length === 0) {
    return { config: checked.config, origins, warnings: warnings(checked.config), fileExists: file !== undefined };
  }
  throw settingsError(problems);
}

function winner(setting: Setting, sources: Sources, file: ReadonlyMap<string, Given> | undefined) {
  const flag = sources.flags?.[setting.attribute];
  if (flag !== undefined) return { value: typed(setting, flag), origin: origin('flag', setting.flag) };
  for (const name of variables(setting)) {
    const text = sources.env?.[name];
    if (text) return { value: parseValue(setting.kind, text), origin: origin('environment', name) };
  }
  if (setting.path === 'region' && sources.profileRegion) {
    return { value: sources.profileRegion, origin: origin('profile', 'the AWS profile') };
  }
  const given = file?.get(setting.path);
  if (given) return { value: given.value, origin: origin('file', given.where) };
  const values: Readonly<Record<string, string>> = sources.preset ? presets[sources.preset].values : {};
  const preset = values[setting.path];
  if (preset !== undefined) {
    return { value: parseValue(setting.kind, preset), origin: origin('preset', `--preset ${sources.preset}`) };
  }
  return { value: undefined, origin: origin('default', '') };
}

function typed(setting: Setting, flag: unknown): unknown {
  return typeof flag === 'string' ? parseValue(setting.kind, flag) : flag;
}

function variables({ path, env }: Setting): string[] {
  return path === 'region' ? [env, 'AWS_REGION', 'AWS_DEFAULT_REGION'] : [env];
}

function origin(source: Origin['source'], where: string): Origin {
  return { source, where };
}

/** Of the setting that the problem is about; `tags.team` is about `tags`. */
function originOf(path: string, origins: ReadonlyMap<string, Origin>): string | undefined {
  const owner = settings.find((setting) => path === setting.path || path.startsWith(`${setting.path}.`));
  if (!owner) return undefined;
  return origins.get(owner.path)?.where || (owner.defaultValue === undefined ? 'not set' : 'the default');
}
