import {
  type Config,
  check,
  get,
  parseValue,
  printValue,
  problemWith,
  resolveConfig,
  type Setting,
  set,
  settings,
} from '../config.ts';
import { hourlyPrice, hoursPerMonth, prices } from '../prices.ts';
import { type Ask, back, type Choice, type Question } from './ask.ts';
import { why } from './why.ts';

/** Somebody wants the question before. */
export class GoBack extends Error {}

/** The settings as far as they are answered, and the ways to ask for one. */
export class Questions {
  config: Config;
  /** Questions of this page so far. */
  asked = 0;
  readonly known = new Set<string>();
  readonly #ask: Ask;
  #canGoBack = false;
  #page: keyof typeof why = 'preset';

  constructor(config: Config, ask: Ask) {
    this.config = config;
    this.#ask = ask;
  }

  /** The next questions are about one thing. */
  turnTo(page: keyof typeof why, canGoBack: boolean): void {
    this.asked = 0;
    this.#page = page;
    this.#canGoBack = canGoBack;
  }

  async ask(question: Omit<Question, 'why' | 'canGoBack'>): Promise<string | boolean> {
    this.asked++;
    const canGoBack = this.#canGoBack || this.asked > 1;
    const answer = await this.#ask({ ...question, why: why[this.#page], canGoBack });
    if (answer === back) throw new GoBack();
    return answer;
  }

  async select(message: string, choices: readonly Choice[], proposal: string): Promise<string> {
    const open = choices.filter(({ disabled }) => disabled === undefined);
    const start = open.some(({ value }) => value === proposal) ? proposal : (open[0]?.value ?? '');
    return String(await this.ask({ type: 'select', message, default: start, choices }));
  }

  /** A setting that is in no page of its own. */
  async other(path: string): Promise<void> {
    const prefixes: Record<string, string> = {
      'bastion.instanceType': 'ec2:',
      'nodes.instanceType': 'ec2:',
      'database.instanceClass': 'rds:',
      'cache.nodeType': `cache:${this.config.cache.engine}:`,
    };
    const prefix = prefixes[path];
    const before = get(this.config, path);
    if (prefix === undefined) await this.text(path);
    else await this.priced(path, prefix);
    // Versions belong to the engine and to the system, so another one starts with its own.
    const derived = { 'cache.engine': 'cache.engineVersion', os: 'airflow.pythonVersion' }[path];
    const after = get(this.config, path);
    if (derived === undefined || after === before) return;
    const { attribute } = settingAt(path);
    this.config = set(this.config, derived, get(resolveConfig({ flags: { [attribute]: after } }).config, derived));
  }

  /** Asks for one setting as text, or as a choice where there are few values. */
  async text(path: string, message?: string): Promise<void> {
    const setting = settingAt(path);
    const { choices, kind, description } = setting;
    const words = message ?? `${description} [${path}]`;
    const proposal = get(this.config, path);
    if (kind === 'boolean') {
      const answer = await this.ask({ type: 'confirm', message: words, default: proposal === true });
      this.set(path, answer === true);
    } else if (choices) {
      const values = choices.map((value) => ({ name: value, value }));
      this.set(path, await this.select(words, values, String(proposal)));
    } else {
      const answer = await this.ask({
        type: 'input',
        message: words,
        default: proposal === undefined ? '' : printValue(proposal),
        validate: (text) => problemWith(this.config, path, typed(setting, text)) ?? true,
      });
      this.set(path, typed(setting, String(answer)));
    }
  }

  /** Asks with the classes of the price table, and leaves room for any other. */
  async priced(path: string, prefix: string): Promise<void> {
    const current = String(get(this.config, path));
    const known = Object.keys(prices.hourly)
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    const choices = [...new Set([...known, current])].map((value) => {
      const hourly = hourlyPrice(prefix + value);
      return { name: `${value}, ${monthly(hourly && hourly * hoursPerMonth)}`, value };
    });
    const message = `${settingAt(path).description} [${path}]`;
    const answer = await this.select(message, [...choices, { name: 'another', value: '' }], current);
    if (answer === '') await this.text(path);
    else this.set(path, answer);
  }

  /** Two answers may be right one by one and not together; then the later one is asked again. */
  async settle(): Promise<void> {
    for (;;) {
      const checked = check(this.config);
      if ('config' in checked) {
        this.config = checked.config;
        return;
      }
      for (const path of new Set(checked.problems.map((problem) => ownerOf(problem.path)))) await this.text(path);
    }
  }

  set(path: string, value: unknown): void {
    this.known.add(path);
    this.config = set(this.config, path, value);
  }
}

export function settingAt(path: string): Setting {
  const setting = settings.find((candidate) => candidate.path === path);
  if (!setting) throw new Error(`There is no setting ${path}.`);
  return setting;
}

function ownerOf(path: string): string {
  return settings.find((setting) => path === setting.path || path.startsWith(`${setting.path}.`))?.path ?? 'name';
}

/** Nothing typed where nothing is the default leaves the setting out. */
function typed({ kind, defaultValue }: Setting, text: string): unknown {
  return text === '' && defaultValue === undefined ? undefined : parseValue(kind, text.trim());
}

export function monthly(usd: number | undefined): string {
  return usd === undefined ? 'not in the price table' : `about ${usd.toFixed(usd < 10 ? 2 : 0)} USD a month`;
}
