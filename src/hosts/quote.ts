/**
 * One word of a POSIX shell, whatever is in it. Single quotes keep everything but a single quote and NUL as it is; NUL
 * cannot be in a word at all.
 *
 * @throws TypeError for text with a NUL character.
 */
export function quote(text: string): string {
  if (text.includes('\0')) throw new TypeError('a word of a shell command cannot have a NUL character');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Words in a row, each quoted. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}
