import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, check, parseValue, set, settings } from '../config.ts';
import { exitCodes, UserError, userError } from '../errors.ts';
import { readIfThere } from '../files.ts';
import { type Area, architectureOf, isArea, type Part } from '../pictures/architecture.ts';
import { boxes } from '../pictures/boxes.ts';
import { hoursPerMonth, monthlyEstimate, prices } from '../prices.ts';
import { profileNames, regionOfProfile } from '../profile.ts';
import { hanging, painter, usd } from '../ui/format.ts';
import type { Ask } from '../wizard/ask.ts';
import { why } from '../wizard/why.ts';
import type { Choices } from '../wizard.ts';
import type { CommandIo } from './command-io.ts';
import type { InitFlags } from './init.ts';

/** How questions are asked and what the live account offers. Tests answer here; the terminal is the default. */
export interface InitQuestions {
  readonly ask?: Ask;
  readonly choices?: Choices;
}

/** The settings, and the profile that was chosen for the questions, which is no setting. */
export interface Answers {
  readonly config: Config;
  readonly profile?: string;
}

/** What was answered before somebody stopped half-way. */
interface Kept {
  readonly config: Config;
  readonly page: string;
}

/** Asks on the terminal. Whoever stops with Ctrl-C finds the answers again with the next `init`. */
export async function askOnTerminal(
  io: CommandIo,
  flags: InitFlags,
  { ask: given, choices }: InitQuestions,
  defaultsFor: (profileRegion: string | undefined) => Config,
): Promise<Answers> {
  if (!io.isTty || io.json) {
    throw userError({
      code: 'needs-answers',
      exitCode: exitCodes.usage,
      what: 'init has questions, and there is nobody to ask.',
      why: 'It does not run on a terminal, or CI is set, or --json was given.',
      fix: 'Add --yes to take the defaults; every setting is a flag of its own, see airflow-aws init --help.',
    });
  }
  // Loaded only now: prompts and the SDK take longer to load than everything that init --yes does.
  const { askSettings } = await import('../wizard.ts');
  const { terminalAsk } = await import('../wizard/terminal.ts');
  const ask = given ?? (await terminalAsk({ input: process.stdin, output: process.stderr }));
  const columns = io.columns ?? 80;
  io.note(
    hanging(
      '',
      'Enter takes what is proposed, ? explains, Esc goes back, Ctrl-C stops and keeps the answers.',
      columns,
    ),
  );
  const file = join(io.directory, '.airflow-aws', 'init-answers.json');
  const kept = await keptAnswers(file, ask);
  const profile = kept ? undefined : await profileOf(io, flags, ask);
  const named = profile ?? flags.profile ?? io.env.AWS_PROFILE;
  const defaults = defaultsFor(flags.simulate ? undefined : await regionOfProfile(named));
  const start = kept ? withFlags(kept.config, flags) : defaults;
  let latest: Kept | undefined = kept;
  try {
    const config = await askSettings({
      defaults: start,
      ask,
      from: kept?.page,
      choices:
        choices ??
        (await import('./live-choices.ts')).liveChoices(
          io,
          { ...flags, ...(profile === undefined ? {} : { profile }) },
          start.region,
        ),
      keep: (answers) => {
        latest = answers;
      },
      summary: (config) => io.note(summaryOf(config, io)),
    });
    rmSync(file, { force: true });
    return { config, ...(profile === undefined ? {} : { profile }) };
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'interrupted' || !latest) throw error;
    if (!keep(file, latest)) throw error;
    throw userError({
      code: 'interrupted',
      exitCode: exitCodes.interrupted,
      what: 'Interrupted.',
      why: 'You ended the questions with Ctrl-C.',
      fix: 'Nothing was built. "airflow-aws init" offers the answers so far again.',
    });
  }
}

/** What the answers come to: a picture, and the price. */
export function summaryOf(config: Config, { columns = 80, colour = false }: CommandIo): string {
  const picture = architectureOf(config, undefined);
  const month = monthlyEstimate(config);
  const price =
    month === undefined
      ? 'A class is not in the price table: "airflow-aws cost --refresh" asks AWS for its price.'
      : `About ${usd(month)} a month, ${usd(month / hoursPerMonth)} an hour, as long as it exists (list prices of ${prices.region}, ${prices.asOf}; without traffic and data).`;
  return `\n${boxes({ ...picture, whole: bare(picture.whole) }, columns, painter(colour))}\n${hanging('', price, columns)}\n`;
}

/** Without the status of each part: nothing is there yet, as everybody knows at this point. */
function bare({ status: _, ...area }: Area): Area {
  const inside = area.inside.map((one): Part | Area => {
    if (isArea(one)) return bare(one);
    const { status: __, ...part } = one;
    return part;
  });
  return { ...area, inside };
}

/** Asked only where there is a choice: several profiles, and none of them named. */
async function profileOf({ env }: CommandIo, flags: InitFlags, ask: Ask): Promise<string | undefined> {
  if (flags.simulate || flags.profile || env.AWS_PROFILE || env.AWS_ACCESS_KEY_ID) return undefined;
  const names = await profileNames();
  if (names.length < 2) return undefined;
  const answer = await ask({
    type: 'select',
    message: 'AWS profile',
    default: names.includes('default') ? 'default' : names[0]!,
    choices: names.map((value) => ({ name: value, value })),
    why: why.profile,
  });
  return String(answer);
}

async function keptAnswers(file: string, ask: Ask): Promise<Kept | undefined> {
  const kept = readKept(file);
  if (!kept) return undefined;
  const goOn = await ask({
    type: 'confirm',
    message: 'There are answers of an earlier init that was stopped. Go on with them?',
    default: true,
  });
  if (goOn === true) return kept;
  rmSync(file, { force: true });
  return undefined;
}

/** Undefined for anything that is not whole: answers can be given again. */
function readKept(file: string): Kept | undefined {
  try {
    const { config, page } = JSON.parse(readIfThere(file) ?? '') as Kept;
    const checked = check(config);
    return 'config' in checked ? { config: checked.config, page } : undefined;
  } catch {
    return undefined;
  }
}

function keep(file: string, answers: Kept): boolean {
  try {
    const folder = join(file, '..');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, '.gitignore'), '*\n', { mode: 0o600 });
    writeFileSync(file, JSON.stringify(answers), { mode: 0o600 });
    return true;
  } catch {
    // A folder that cannot be written to is told of when the settings are to be written.
    return false;
  }
}

function withFlags(config: Config, flags: InitFlags): Config {
  return settings.reduce((changed, { path, attribute, kind }) => {
    const flag = flags[attribute];
    if (flag === undefined) return changed;
    return set(changed, path, typeof flag === 'string' ? parseValue(kind, flag) : flag);
  }, config);
}
