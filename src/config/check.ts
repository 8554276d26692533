import type * as z from 'zod';
import { exitCodes, type UserError, userError } from '../errors.ts';
import { configFile } from './file.ts';
import { nearest } from './nearest.ts';
import { type Problem, rules } from './rules.ts';
import { type Config, schema } from './schema.ts';
import { get, printValue, set, settings } from './settings.ts';

/** The settings with every default filled in, or everything that is wrong with them. */
export type Checked = { readonly config: Config } | { readonly problems: readonly Problem[] };

/** `values` has the shape of the file, with the kinds of value already right wherever they could be made so. */
export function check(values: object): Checked {
  const parsed = schema.safeParse(withDerivedDefaults(values));
  if (parsed.success) {
    const problems = rules(parsed.data);
    return problems.length === 0 ? { config: parsed.data } : { problems };
  }
  const malformed = distinct(parsed.error.issues.flatMap(inSections).map((issue) => malformedValue(values, issue)));
  return { problems: [...malformed, ...otherProblems(values, malformed)] };
}

/** A problem of this one value among the others, or undefined. For questions that are asked one by one. */
export function problemWith(config: Config, path: string, value: unknown): string | undefined {
  const checked = check(set(config, path, value));
  if ('config' in checked) return undefined;
  const found = checked.problems.find((problem) => problem.path === path || problem.path.startsWith(`${path}.`));
  return found && `${found.problem}. ${found.fix}`;
}

/** One error for all problems, so that nobody corrects them one run at a time. */
export function settingsError(problems: readonly Problem[]): UserError {
  const line = ({ path, where, problem }: Problem) => `${path}${where ? ` (${where})` : ''}: ${problem}.`;
  const [first] = problems;
  const subject = problems.some(({ where }) => where?.startsWith(configFile)) ? configFile : 'the settings';
  if (problems.length === 1 && first) {
    return userError({
      code: 'config-invalid',
      exitCode: exitCodes.usage,
      what: `There is a problem in ${subject}.`,
      why: line(first),
      fix: first.fix,
    });
  }
  return userError({
    code: 'config-invalid',
    exitCode: exitCodes.usage,
    what: `There are ${problems.length} problems in ${subject}.`,
    why: problems.map((problem) => `${line(problem)} ${problem.fix}`).join('\n'),
    fix: 'Correct all of these, then run the same command again; nothing has been done.',
  });
}

/** Defaults that follow from another setting: Redis has versions of its own, and Debian 13 packages one Python. */
const derivedDefaults = [
  {
    when: ['cache.engine', 'redis'],
    path: 'cache.engineVersion',
    value: '7.1',
  },
  { when: ['os', 'debian-13'], path: 'airflow.pythonVersion', value: '3.13' },
] as const;

function withDerivedDefaults(values: object): object {
  return derivedDefaults
    .filter(
      ({ when: [path, value], path: derived }) => get(values, path) === value && get(values, derived) === undefined,
    )
    .reduce((changed, { path, value }) => set(changed, path, value), values);
}

/** A section that a word may stand in the place of: what is wrong is in the settings below it. */
function inSections(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const below = issue.errors.flat().filter(({ path }) => path.length > 0);
  return below.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

function malformedValue(values: object, issue: z.core.$ZodIssue): Problem {
  const full = issue.path.map(String).join('.');
  const setting = settings.find(({ path }) => full === path || full.startsWith(`${path}.`));
  // The place in a list is no setting: the list is what can be set.
  const path = setting?.kind === 'list' ? setting.path : full;
  const value = get(values, full);
  const near = setting?.choices && typeof value === 'string' ? nearest(value, setting.choices) : undefined;
  return {
    path,
    problem:
      value === undefined ? `a value is missing` : `"${withoutLogin(printValue(value))}" is not ${issue.message}`,
    fix: near ? `Did you mean ${near}?` : `Give ${path} ${issue.message}.`,
  };
}

/** An address with a password in it is refused, and its password is not repeated. */
function withoutLogin(text: string): string {
  return text.replace(/:\/\/[^\s/]*@/, '://…@');
}

/** Several checks of one value say the same thing. */
function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Map(problems.map((problem) => [`${problem.path} ${problem.problem}`, problem]));
  return [...seen.values()];
}

/** The rules for those sections in which every value is well formed: with defaults in the gaps others would mislead. */
function otherProblems(values: object, malformed: readonly Problem[]): Problem[] {
  const section = (path: string) => path.split('.')[0] ?? path;
  const broken = new Set(malformed.map(({ path }) => section(path)));
  const rest = Object.fromEntries(Object.entries(values).filter(([key]) => !broken.has(key)));
  const parsed = schema.safeParse(withDerivedDefaults(rest));
  return parsed.success ? rules(parsed.data).filter(({ path }) => !broken.has(section(path))) : [];
}
