import { Writable } from 'node:stream';
import { exitCodes, userError } from '../errors.ts';
import { hanging } from '../ui/format.ts';
import { type Ask, back, type Choice, type Question } from './ask.ts';

/** The terminal's two sides. Questions go to stderr, since stdout is for data. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

interface Key {
  readonly name?: string;
  readonly sequence?: string;
}

/**
 * Asks on a terminal. `?` shows why a question is asked, Esc goes back where that is allowed. Ctrl-C is a `UserError`
 * with exit code 130.
 */
export async function terminalAsk({ input, output }: Terminal): Promise<Ask> {
  const { createPromptModule } = await import('inquirer');
  return async (question) => {
    for (;;) {
      const { columns = 80 } = output as Partial<NodeJS.WriteStream>;
      const prompt = createPromptModule({ input, output: lasting(output) });
      const asking = prompt<{ answer: string | boolean }>([{ ...fitted(question, columns), name: 'answer' }]);
      let wish: 'back' | 'why' | undefined;
      const onKey = (_: unknown, { name, sequence }: Key = {}) => {
        // In text a question mark is an answer like any other, and is read when it is the whole of it.
        if (name === 'escape' && question.canGoBack) wish = 'back';
        else if (sequence === '?' && question.why !== undefined && question.type !== 'input') wish = 'why';
        if (wish) asking.ui.close();
      };
      input.on('keypress', onKey);
      try {
        const { answer } = await asking;
        if (answer !== '?' || question.why === undefined) return answer;
        wish = 'why';
      } catch (error) {
        if (!wish) throw interrupted(error);
      } finally {
        input.off('keypress', onKey);
      }
      if (wish === 'back') {
        output.write('\n');
        return back;
      }
      output.write(`${question.type === 'input' ? '' : '\n'}${hanging('  ', question.why ?? '', columns - 2)}\n`);
    }
  };
}

/** Any number of the choices, by their values. */
export async function terminalPick(
  { input, output }: Terminal,
  message: string,
  choices: readonly Choice[],
): Promise<string[]> {
  const { createPromptModule } = await import('inquirer');
  const prompt = createPromptModule({ input, output: lasting(output) });
  try {
    const asked = {
      type: 'checkbox',
      name: 'answer',
      message,
      choices: [...choices],
      pageSize: 15,
      loop: false,
    } as const;
    return (await prompt<{ answer: string[] }>([asked])).answer;
  } catch (error) {
    throw interrupted(error);
  }
}

/** Each prompt ends the stream that it writes to, and the terminal is there for the next one. */
function lasting(output: NodeJS.WritableStream): NodeJS.WritableStream {
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string | Uint8Array, _encoding, done) => {
      output.write(text);
      done();
    },
  });
  const size = (side: 'columns' | 'rows') => ({ get: () => (output as Partial<NodeJS.WriteStream>)[side] });
  return Object.defineProperties(stream, { columns: size('columns'), rows: size('rows') });
}

function interrupted(error: unknown): unknown {
  if (!(error instanceof Error) || !['ExitPromptError', 'AbortPromptError'].includes(error.name)) return error;
  return userError({
    code: 'interrupted',
    exitCode: exitCodes.interrupted,
    what: 'Interrupted.',
    why: 'You ended the questions with Ctrl-C.',
    fix: 'Nothing was built; run the same command again when you like.',
  });
}

/** inquirer breaks within words, so the lines are broken before it sees them; an answered choice is shown by its name. */
function fitted(question: Question, columns: number) {
  const { type, message, choices, default: proposal, why, validate } = question;
  const shown = choices?.map(({ name, value, description, disabled }) => ({
    name: hanging('', name, columns - 4).replaceAll('\n', '\n    '),
    short: name.split(/[:,(]/)[0]!.trim(),
    value,
    ...(description === undefined ? {} : { description: hanging('', description, columns - 1) }),
    ...(disabled === undefined ? {} : { disabled }),
  }));
  // Proposal or answer follows the message, and goes to the next line with its last word where there is no room.
  const lengths = shown?.map(({ short }) => short.length) ?? [typeof proposal === 'boolean' ? 5 : proposal.length + 2];
  const behind = 'x'.repeat(Math.max(...lengths));
  const text = hanging('', `${message} ${behind}`, columns - 3);
  return {
    type,
    message: text.slice(0, text.length - behind.length).replace(/ $/, ''),
    default: proposal,
    ...(shown ? { choices: shown } : {}),
    ...(validate ? { validate: (typed: string) => (typed === '?' && why !== undefined) || validate(typed) } : {}),
  };
}
