import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo } from '../../src/commands/command-io.ts';
import { type Ask, back, type Question } from '../../src/wizard/ask.ts';

// The settings of whoever runs the tests are not part of them.
process.env.AWS_CONFIG_FILE = '/dev/null';
process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'airflow-aws-wizard-'));
}

/** A terminal that remembers what was printed. */
export function fakeIo(changes: Partial<CommandIo> = {}) {
  const out: string[] = [];
  const note: string[] = [];
  const io: CommandIo = {
    directory: folder(),
    env: {},
    isTty: true,
    json: false,
    out: (text) => out.push(text),
    note: (text) => note.push(text),
    ...changes,
  };
  return { io, out, note };
}

type Answer = string | boolean | typeof back;

/**
 * Answers by the words of the question, and takes what is proposed for the rest. As on a terminal, text that the
 * question refuses is not an answer: the next one for the same words is tried. Fails on answers that nobody asked for.
 */
export function answering(answers: Readonly<Record<string, Answer | readonly Answer[]>>) {
  const questions: Question[] = [];
  const refused: string[] = [];
  const left = new Map(
    Object.entries(answers).map(([words, given]) => [words, Array.isArray(given) ? [...given] : [given]]),
  );
  const ask: Ask = async (question) => {
    questions.push(question);
    const words = [...left.keys()].find((candidate) => question.message.includes(candidate)) ?? '';
    const given = left.get(words) ?? [];
    while (given.length > 0) {
      const answer = given.shift() as Answer;
      if (given.length === 0) left.delete(words);
      const verdict = typeof answer === 'string' ? (question.validate?.(answer) ?? true) : true;
      if (answer === back) {
        if (!question.canGoBack) throw new Error(`nothing is before ${question.message}`);
        return back;
      }
      if (
        question.choices &&
        !question.choices.some(({ value, disabled }) => value === answer && disabled === undefined)
      ) {
        throw new Error(`${question.message} does not offer ${answer}`);
      }
      if (verdict === true) return answer;
      refused.push(verdict);
    }
    const verdict = question.validate?.(String(question.default)) ?? true;
    if (verdict !== true) throw new Error(`${question.message} proposes what it refuses: ${verdict}`);
    return question.default;
  };
  return { ask, questions, refused, unasked: () => [...left.keys()] };
}
