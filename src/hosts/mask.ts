const hidden = '***';

/**
 * Takes out of a line what looks like a secret, before anybody logs or prints it. Secrets are kept from output where it
 * is made; this is for the programs that we do not write, whose error messages show whole URLs.
 */
export function mask(line: string): string {
  return line
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@]+@/gi, `$1:${hidden}@`)
    .replace(
      /((?:password|passwd|secret|token|fernet|private)[\w-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;}]+)/gi,
      `$1${hidden}`,
    )
    .replace(/(identified by\s+)('(?:[^'\\]|\\.)*'|"[^"]*"|\S+)/gi, `$1${hidden}`)
    .replace(/(-----BEGIN [A-Z ]*PRIVATE KEY-----).*/, `$1 ${hidden}`);
}
