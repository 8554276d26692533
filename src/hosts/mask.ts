const hidden = '***';

/** Secrets that passed through this process: what made, read or sent one has said so. */
const seen = new Set<string>();

/** Shorter ones would be found in innocent words. */
const shortestSecret = 8;

/**
 * From here on `mask` knows the text, wherever it shows. Of a JSON object each value counts, of anything else each line,
 * as a private key has many.
 */
export function hideSecret(text: string): void {
  for (const part of partsOf(text)) if (part.length >= shortestSecret && !/^-----/.test(part)) seen.add(part);
}

function partsOf(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return Object.values(value).map(String);
  } catch {
    // Most secrets are plain text.
  }
  return text.split('\n').map((line) => line.trim());
}

/**
 * Takes out of a line what is known for a secret or looks like one, before anybody logs or prints it. Our own programs
 * print none; this is for those that we do not write, whose error messages show whole URLs. A secret that only the
 * server has ever read is told by its surroundings alone.
 */
export function mask(line: string): string {
  let text = line;
  for (const secret of seen) if (text.includes(secret)) text = text.replaceAll(secret, hidden);
  return (
    text
      .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@]+@/gi, `$1:${hidden}@`)
      .replace(
        /((?:password|passwd|secret|token|fernet|private)[\w-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;}]+)/gi,
        `$1${hidden}`,
      )
      .replace(/(identified by\s+)('(?:[^'\\]|\\.)*'|"[^"]*"|\S+)/gi, `$1${hidden}`)
      .replace(/(-----BEGIN [A-Z ]*PRIVATE KEY-----).*/, `$1 ${hidden}`)
      // A line of a key or a certificate, whose beginning is in another line.
      .replace(/^\s*[A-Za-z0-9+/]{60,76}={0,2}\s*$/, hidden)
  );
}
