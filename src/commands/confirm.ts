import { exitCodes, userError } from '../errors.ts';
import type { CommandIo } from './command-io.ts';

/** Asks a yes/no question on a terminal; elsewhere `--yes` is the answer, and its absence a usage error. */
export async function confirmed(io: CommandIo, flags: { readonly yes?: boolean }, question: string): Promise<void> {
  if (flags.yes) return;
  if (!io.isTty || io.json) throw unanswered(question, '--yes');
  const { default: inquirer } = await import('inquirer');
  const { yes } = await inquirer.prompt([{ type: 'confirm', name: 'yes', message: question, default: true }]);
  if (!yes) throw declined();
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
