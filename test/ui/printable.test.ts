import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLine } from '../../src/printable.ts';

const esc = String.fromCharCode(0x1b);
/** What a terminal would act on. */
const acts = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const wild = fc.string({
  unit: fc.oneof(fc.constantFrom(esc, '\u009b', '\u0007', '\r', '\u202e', '[2J', '[31m', '\n', '\t'), fc.string()),
});

describe('the text of others', () => {
  it('has nothing left that a terminal would act on, and the rest as it was', () => {
    fc.assert(
      fc.property(wild, (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(acts);
        expect(shown).toHaveLength(text.length);
        if (!acts.test(text)) expect(shown).toBe(text);
      }),
    );
  });

  it('keeps the colours of our own lines, and only those', () => {
    expect(printableLine(`${esc}[31mError:${esc}[39m a${esc}[2Jb`)).toBe(`${esc}[31mError:${esc}[39m a\ufffd[2Jb`);
    fc.assert(
      fc.property(wild, (text) => {
        expect(printableLine(text).replaceAll(new RegExp(`${esc}\\[[\\d;]*m`, 'g'), '')).not.toMatch(acts);
      }),
    );
  });

  it('is the very same behind JSON, and nothing that a terminal would act on before it', () => {
    fc.assert(
      fc.property(wild, (text) => {
        const json = printableJson(JSON.stringify({ text }));
        expect(json).not.toMatch(acts);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});
