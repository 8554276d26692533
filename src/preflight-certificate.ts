import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Problem } from './preflight.ts';

/**
 * What keeps the bastion from serving the certificate of one's own: a file that is missing or not PEM, a certificate that
 * is not valid now, a key that is another certificate's. The key is read and not kept.
 *
 * @param now milliseconds since 1970; a certificate is real in a rehearsal too, and so is its end.
 */
export function certificateProblems(
  { certificateFile, privateKeyFile }: { readonly certificateFile: string; readonly privateKeyFile: string },
  now = Date.now(),
): Problem[] {
  const certificate = certificateIn(certificateFile);
  const key = keyIn(privateKeyFile);
  const problems = [certificate, key].flatMap((one) => ('what' in one ? [one] : []));
  if ('what' in certificate) return problems;
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (now > to)
    problems.push({
      what: `The certificate in ${certificateFile} ended on ${certificate.validTo}.`,
      fix: 'Set tls.certificateFile to one that is valid.',
    });
  if (now < from)
    problems.push({
      what: `The certificate in ${certificateFile} is not valid before ${certificate.validFrom}.`,
      fix: 'Set tls.certificateFile to one that is valid, and see that the clock of this machine is right.',
    });
  if (!('what' in key) && !certificate.checkPrivateKey(key))
    problems.push({
      what: `The key in ${privateKeyFile} is not that of the first certificate in ${certificateFile}.`,
      fix: "Set tls.privateKeyFile to the certificate's own key; in a chain, the server's certificate comes first.",
    });
  return problems;
}

function certificateIn(file: string): X509Certificate | Problem {
  const text = textOf('tls.certificateFile', file);
  if (typeof text !== 'string') return text;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const what = `${file} (tls.certificateFile) is no certificate in PEM form.`;
  const fix = 'It begins with "-----BEGIN CERTIFICATE-----"; openssl x509 -in FILE -inform DER converts another form.';
  try {
    const [first] = blocks.map((block) => new X509Certificate(block));
    return first ?? { what, fix };
  } catch {
    return { what, fix };
  }
}

function keyIn(file: string): KeyObject | Problem {
  const text = textOf('tls.privateKeyFile', file);
  if (typeof text !== 'string') return text;
  if (/ENCRYPTED/.test(text))
    return {
      what: `The key in ${file} (tls.privateKeyFile) has a passphrase, and nginx starts with nobody there to type it.`,
      fix: 'Give it without: openssl pkey -in FILE -out OTHER-FILE.',
    };
  try {
    return createPrivateKey(text);
  } catch {
    return {
      what: `${file} (tls.privateKeyFile) is no private key in PEM form.`,
      fix: 'It begins with "-----BEGIN PRIVATE KEY-----" or "-----BEGIN EC PRIVATE KEY-----" or the like.',
    };
  }
}

function textOf(setting: string, file: string): string | Problem {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return {
      what: `${file} (${setting}) cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      fix: `Set ${setting} to a file that is there.`,
    };
  }
}
