import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Config,
  configFile,
  configSchema,
  configYaml,
  get,
  type PresetName,
  presets,
  printValue,
  resolveConfig,
  schemaPath,
  settings,
} from '../config.ts';
import { exitCodes, userError } from '../errors.ts';
import { quote } from '../hosts/quote.ts';
import { regionOfProfile } from '../profile.ts';
import { again } from './again.ts';
import type { CommandIo } from './command-io.ts';
import { type Answers, askOnTerminal, type InitQuestions } from './init-questions.ts';
import type { WorldFlags } from './worlds.ts';

/** The flags of `init`. Settings are keyed by their `attribute`, as commander's `opts()` returns them. */
export interface InitFlags extends WorldFlags {
  readonly preset?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
  /** Ask PyPI for the releases of Airflow. */
  readonly refresh?: boolean;
  readonly [attribute: string]: unknown;
}

/** Writes `airflow-aws.yaml` from flags and answers, and builds nothing. */
export async function init(io: CommandIo, flags: InitFlags, questions: InitQuestions = {}): Promise<number> {
  const file = join(io.directory, configFile);
  refuseToReplace(file, flags.force === true);
  const preset = presetOf(flags.preset);
  // up lets the profile's region go before the file's, so a file with another one would mislead.
  const defaultsFor = (profileRegion: string | undefined) => {
    const defaults = resolveConfig({
      flags,
      env: io.env,
      ...(preset === undefined ? {} : { preset }),
      ...(profileRegion === undefined ? {} : { profileRegion }),
    });
    for (const warning of defaults.warnings) io.note(`Warning: ${warning}`);
    return defaults.config;
  };
  const { config, profile }: Answers = flags.yes
    ? { config: defaultsFor(flags.simulate ? undefined : await regionOfProfile(flags.profile ?? io.env.AWS_PROFILE)) }
    : await askOnTerminal(io, flags, questions, defaultsFor);
  // The questions may have taken minutes.
  refuseToReplace(file, flags.force === true);
  write(file, configYaml(config, { comments: true }));
  write(join(io.directory, schemaPath), `${JSON.stringify(configSchema(), null, 2)}\n`);
  if (io.json) io.out(JSON.stringify({ version: 1, command: 'init', ok: true, data: { file, config } }));
  else {
    io.out(`Wrote ${configFile}. Nothing has been built.`);
    // The region is in the file now; the profile is not.
    const meant = { ...flags, profile: profile ?? flags.profile, region: undefined };
    io.out(`Next: ${again(meant, 'plan')}`);
    io.out(`The same, unattended: ${sameCommand(config)}`);
  }
  return exitCodes.ok;
}

/** The command that would have written the same file in any folder. */
export function sameCommand(config: Config): string {
  const plain = resolveConfig({}).config;
  const words = settings
    .map(({ path, flag }) => ({ flag, text: printed(config, path), usual: printed(plain, path) }))
    .filter(({ text, usual }) => text !== usual)
    .map(({ flag, text }) => `${flag} ${/^[\w./:,=@%+-]+$/.test(text) ? text : quote(text)}`);
  return ['airflow-aws init --yes', ...words].join(' ');
}

function printed(config: Config, path: string): string {
  const value = get(config, path);
  return value === undefined ? '' : printValue(value);
}

function refuseToReplace(file: string, force: boolean): void {
  if (force || !existsSync(file)) return;
  throw userError({
    code: 'config-exists',
    exitCode: exitCodes.usage,
    what: `${configFile} is already there.`,
    why: 'It may describe a deployment that exists, and init would write another one over it.',
    fix: 'Edit the file, act in another folder with --directory, or add --force to replace it.',
  });
}

function presetOf(name: string | undefined): PresetName | undefined {
  if (name === undefined || Object.hasOwn(presets, name)) return name as PresetName | undefined;
  throw userError({
    code: 'unknown-preset',
    exitCode: exitCodes.usage,
    what: `There is no preset "${name}".`,
    why: `The presets are ${Object.keys(presets).join(', ')}.`,
    fix: 'Give one of these after --preset, or leave it out.',
  });
}

/** A new file that takes the place of the old one, so that a full disk leaves the old one whole. */
function write(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: file.endsWith(schemaPath) ? 0o700 : 0o777 });
    const ignore = join(dirname(file), '.gitignore');
    if (file.endsWith(schemaPath) && !existsSync(ignore)) writeFileSync(ignore, '*\n', { mode: 0o600 });
    writeFileSync(temporary, text, { flag: 'wx' });
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw userError({
      code: 'cannot-write',
      exitCode: exitCodes.usage,
      what: `${file} cannot be written.`,
      why: (cause as Error).message,
      fix: 'Make room and give yourself the right to write there, or act in another folder with --directory.',
      cause,
    });
  }
}
