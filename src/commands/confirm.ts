import { exitCodes, userError } from '../errors.ts';
import type { back, Choice, Question } from '../wizard/ask.ts';
import type { CommandIo } from './command-io.ts';

/** Asks a yes/no question on a terminal; elsewhere `--yes` is the answer, and its absence a usage error. */
export async function confirmed(io: CommandIo, flags: { readonly yes?: boolean }, question: string): Promise<void> {
  if (flags.yes) return;
  if (!io.isTty || io.json) throw unanswered(question, '--yes');
  if (!(await ask({ type: 'confirm', message: question, default: true }))) throw declined();
}

/** Asks on the terminal. Ctrl-C is a `UserError` with exit code 130. */
export async function ask(question: Question): Promise<string | boolean | typeof back> {
  // A prompt library takes longer to load than most commands run.
  const { terminalAsk } = await import('../wizard/terminal.ts');
  return (await terminalAsk({ input: process.stdin, output: process.stderr }))(question);
}

/** Asks on the terminal for any number of `choices`; gives their values. */
export async function pickMany(message: string, choices: readonly Choice[]): Promise<string[]> {
  const { terminalPick } = await import('../wizard/terminal.ts');
  return terminalPick({ input: process.stdin, output: process.stderr }, message, choices);
}

export function unanswered(question: string, flag: string) {
  return userError({
    code: 'unanswered',
    exitCode: exitCodes.usage,
    what: `"${question}" has no answer.`,
    why: 'There is no terminal to ask on (or CI is set, or --json was given).',
    fix: `Answer with ${flag}.`,
  });
}

export function declined() {
  return userError({
    code: 'declined',
    exitCode: exitCodes.interrupted,
    what: 'Nothing was done.',
    why: 'The question was answered with no.',
    fix: 'Run the command again whenever you like.',
  });
}
