import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, quoteAll } from '../../src/hosts/quote.ts';

/** The words as a real shell takes them. */
function words(shell: string, text: string): string[] {
  const output = execFileSync(shell, ['-s'], { input: `printf '%s\\0' ${text}\n`, encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

const noNul = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'));
// Surrogates that stand alone cannot be written to a pipe in UTF-8, whoever quotes them.
const word = fc.oneof(
  noNul,
  fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '*', '!', '-', 'a') }),
);

describe.each(['bash', 'sh'])('a quoted word in %s', (shell) => {
  it('is one word with the same text, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (list) => {
        expect(words(shell, quoteAll(list))).toEqual(list);
      }),
      { numRuns: 60 },
    );
  });
});

it('a word with a NUL character is refused, since no shell can have one', () => {
  expect(() => quote('a\0b')).toThrow(TypeError);
});
