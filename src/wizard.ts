import {
  type Config,
  check,
  get,
  type PresetName,
  parseValue,
  presets,
  printValue,
  problemWith,
  resolveConfig,
  type Setting,
  set,
  settings,
  subnetsOf,
} from './config.ts';
import { exitCodes, userError } from './errors.ts';
import { placeOf } from './places.ts';
import { hourlyPrice, hoursPerMonth, monthlyEstimate, prices } from './prices.ts';
import { hanging } from './ui/format.ts';

interface Choice {
  readonly name: string;
  readonly value: string;
}

/** One question. `input` and `select` are answered with text, `confirm` with yes or no. */
export interface Question {
  readonly type: 'input' | 'select' | 'confirm';
  readonly message: string;
  readonly default: string | boolean;
  readonly choices?: readonly Choice[];
  /** True, or what is wrong with the text. */
  validate?(text: string): true | string;
}

export type Ask = (question: Question) => Promise<string | boolean>;

/** What only the live account knows. Whatever is absent or fails is asked as free text. */
export interface Choices {
  /** `us-west-2`, … */
  regions?(): Promise<readonly string[]>;
  /** The letters of the zones of the region that sell the servers' types. */
  zones?(config: Config): Promise<readonly string[]>;
}

export interface WizardOptions {
  /** What each question proposes; settings that were given as flags are already in it. */
  readonly defaults: Config;
  readonly choices: Choices;
  readonly ask: Ask;
}

/** Asks for the settings. Asks everything before it returns, and changes nothing in the account or on disk. */
export async function askSettings({ defaults, choices, ask }: WizardOptions): Promise<Config> {
  const wizard = new Wizard(defaults, ask);
  await wizard.preset();
  await wizard.text('name');
  await wizard.region(await listed(() => choices.regions?.()));
  await wizard.priced('nodes.instanceType', 'ec2:');
  await wizard.priced('bastion.instanceType', 'ec2:');
  // Behind the types, since not every zone sells every type.
  await wizard.zones(await listed(() => choices.zones?.(wizard.config)));
  await wizard.text('access.myIp');
  await wizard.priced('database.instanceClass', 'rds:');
  await wizard.engine();
  await wizard.priced('cache.nodeType', `cache:${wizard.config.cache.engine}:`);
  for (const path of ['airflow.version', 'airflow.admin.username', 'airflow.admin.email']) await wizard.text(path);
  for (const path of ['airflow.user.username', 'airflow.user.email']) await wizard.text(path);
  await wizard.network();
  await wizard.theRest();
  return wizard.settled();
}

/** Any list of at least one entry; undefined when AWS cannot be asked. */
async function listed(ask: () => Promise<readonly string[]> | undefined): Promise<readonly string[] | undefined> {
  try {
    const list = await ask();
    return list?.length ? list : undefined;
  } catch {
    return undefined;
  }
}

class Wizard {
  config: Config;
  private readonly ask: Ask;
  private readonly asked = new Set<string>();

  constructor(defaults: Config, ask: Ask) {
    this.config = defaults;
    this.ask = ask;
  }

  async preset(): Promise<void> {
    const start = this.config;
    const options = Object.entries(presets).map(([name, { title, values }]) => {
      const config = withPreset(start, values);
      return {
        name: `${name}: ${title}, ${monthly(monthlyEstimate(config))}`,
        value: name,
        config,
      };
    });
    const answer = await this.ask({
      type: 'select',
      message: `Start from (list prices of ${prices.region}, ${prices.asOf})`,
      default: 'standard' satisfies PresetName,
      choices: options.map(({ name, value }) => ({ name, value })),
    });
    this.config = options.find(({ value }) => value === answer)?.config ?? start;
  }

  /** Asks for one setting as text, or as a choice where there are few values. */
  async text(path: string, proposal = get(this.config, path)): Promise<void> {
    const setting = settingAt(path);
    const { choices, kind } = setting;
    if (kind === 'boolean') {
      const question = { type: 'confirm', message: label(setting), default: proposal === true } as const;
      this.set(path, (await this.ask(question)) === true);
      return;
    }
    if (choices) {
      const values = choices.map((value) => ({ name: value, value }));
      this.set(
        path,
        await this.ask({ type: 'select', message: label(setting), default: String(proposal), choices: values }),
      );
      return;
    }
    const answer = await this.ask({
      type: 'input',
      message: label(setting),
      default: proposal === undefined ? '' : printValue(proposal),
      validate: (text) => problemWith(this.config, path, typed(setting, text)) ?? true,
    });
    this.set(path, typed(setting, String(answer)));
  }

  async region(regions: readonly string[] | undefined): Promise<void> {
    const { region } = this.config;
    if (!regions) return this.text('region');
    const values = [...new Set([region, ...regions])].sort();
    const choices = values.map((value) => ({ name: `${value} (${placeOf(value)})`, value }));
    this.set('region', await this.ask({ type: 'select', message: 'Region', default: region, choices }));
  }

  async zones(letters: readonly string[] | undefined): Promise<void> {
    if (!letters || letters.length < 2) return this.text('zones');
    const { region, zones } = this.config;
    const pick = async (message: string, among: readonly string[], proposal: string) => {
      const choices = among.map((letter) => ({ name: region + letter, value: letter }));
      const start = among.includes(proposal) ? proposal : (among[0] ?? '');
      return String(await this.ask({ type: 'select', message, default: start, choices }));
    };
    const first = await pick('First availability zone', letters, zones[0]);
    const others = letters.filter((letter) => letter !== first);
    this.set('zones', [first, await pick('Second availability zone', others, zones[1])]);
  }

  /** Asks with the classes of the price table, and leaves room for any other. */
  async priced(path: string, prefix: string): Promise<void> {
    const setting = settingAt(path);
    const current = String(get(this.config, path));
    const known = Object.keys(prices.hourly)
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    const choices = [...new Set([...known, current])].map((value) => {
      const hourly = hourlyPrice(prefix + value);
      return {
        name: `${value}, ${monthly(hourly && hourly * hoursPerMonth)}`,
        value,
      };
    });
    const answer = await this.ask({
      type: 'select',
      message: label(setting),
      default: current,
      choices: [...choices, { name: 'another', value: '' }],
    });
    if (answer === '') await this.text(path);
    else this.set(path, answer);
  }

  /** The version belongs to the engine, so another engine starts with its own newest. */
  async engine(): Promise<void> {
    const before = this.config.cache.engine;
    await this.text('cache.engine');
    const { engine } = this.config.cache;
    if (engine !== before)
      this.set('cache.engineVersion', resolveConfig({ flags: { cacheEngine: engine } }).config.cache.engineVersion);
  }

  async network(): Promise<void> {
    const before = this.config.network;
    const { vpcCidr, publicSubnetCidr, privateSubnetCidrs } = before;
    const summary = `VPC ${vpcCidr}, public subnet ${publicSubnetCidr}, private subnets ${privateSubnetCidrs.join(' and ')}`;
    if (!(await this.ask({ type: 'confirm', message: `Change the network? (${summary})`, default: false }))) {
      for (const path of Object.keys(before)) this.asked.add(`network.${path}`);
      return;
    }
    await this.text('network.vpcCidr');
    if (this.config.network.vpcCidr !== vpcCidr) {
      const [publicSubnet, ...privateSubnets] = subnetsOf(this.config.network.vpcCidr);
      this.config = set(this.config, 'network.publicSubnetCidr', publicSubnet);
      this.config = set(this.config, 'network.privateSubnetCidrs', privateSubnets);
    }
    await this.text('network.publicSubnetCidr');
    await this.text('network.privateSubnetCidrs');
  }

  async theRest(): Promise<void> {
    const rest = settings.filter(({ path }) => !this.asked.has(path));
    const message = `Go through the other ${rest.length} settings? (they have defaults)`;
    if (!(await this.ask({ type: 'confirm', message, default: false }))) return;
    for (const { path } of rest) await this.text(path);
  }

  /** Two answers may be right one by one and not together; then the later one is asked again. */
  async settled(): Promise<Config> {
    for (;;) {
      const checked = check(this.config);
      if ('config' in checked) return checked.config;
      for (const path of new Set(checked.problems.map((problem) => ownerOf(problem.path)))) await this.text(path);
    }
  }

  private set(path: string, value: unknown): void {
    this.asked.add(path);
    this.config = set(this.config, path, value);
  }
}

/** A preset changes what nobody has set otherwise. */
function withPreset(config: Config, values: Readonly<Record<string, string>>): Config {
  return Object.entries(values).reduce((changed, [path, text]) => {
    const { kind, defaultValue } = settingAt(path);
    return get(config, path) === defaultValue ? set(changed, path, parseValue(kind, text)) : changed;
  }, config);
}

function settingAt(path: string): Setting {
  const setting = settings.find((candidate) => candidate.path === path);
  if (!setting) throw new Error(`There is no setting ${path}.`);
  return setting;
}

function ownerOf(path: string): string {
  return settings.find((setting) => path === setting.path || path.startsWith(`${setting.path}.`))?.path ?? 'name';
}

function label({ path, description }: Setting): string {
  return `${description} [${path}]`;
}

/** Nothing typed where nothing is the default leaves the setting out. */
function typed({ kind, defaultValue }: Setting, text: string): unknown {
  return text === '' && defaultValue === undefined ? undefined : parseValue(kind, text.trim());
}

function monthly(usd: number | undefined): string {
  return usd === undefined ? 'not in the price table' : `about ${usd.toFixed(usd < 10 ? 2 : 0)} USD a month`;
}

/** The terminal's two sides. Questions go to stderr, since stdout is for data. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks on a terminal. Ctrl-C is a `UserError` with exit code 130. */
export async function terminalAsk({ input, output }: Terminal): Promise<Ask> {
  const { createPromptModule } = await import('inquirer');
  const prompt = createPromptModule({ input, output });
  return async (question) => {
    try {
      const { columns = 80 } = output as Partial<NodeJS.WriteStream>;
      const { answer } = await prompt<{ answer: string | boolean }>([{ ...fitted(question, columns), name: 'answer' }]);
      return answer;
    } catch (error) {
      if (!(error instanceof Error) || !['ExitPromptError', 'AbortPromptError'].includes(error.name)) throw error;
      throw userError({
        code: 'interrupted',
        exitCode: exitCodes.interrupted,
        what: 'Interrupted.',
        why: 'You ended the questions with Ctrl-C.',
        fix: 'Nothing was written and nothing was built; run the same command again when you like.',
      });
    }
  };
}

/** inquirer breaks within words, so the lines are broken before it sees them; an answered choice is shown by its name. */
function fitted(question: Question, columns: number) {
  const { message, choices, default: proposal } = question;
  const shown = choices?.map(({ name, value }) => ({
    name: hanging('', name, columns - 4).replaceAll('\n', '\n    '),
    short: name.split(/[:,(]/)[0]!.trim(),
    value,
  }));
  // Proposal or answer follows the message, and goes to the next line with its last word where there is no room.
  const lengths = shown?.map(({ short }) => short.length) ?? [typeof proposal === 'boolean' ? 5 : proposal.length + 2];
  const behind = 'x'.repeat(Math.max(...lengths));
  const text = hanging('', `${message} ${behind}`, columns - 3);
  return {
    ...question,
    message: text.slice(0, text.length - behind.length).replace(/ $/, ''),
    ...(shown ? { choices: shown } : {}),
  };
}
