import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { up } from '../../src/commands/up.ts';
import { certificateProblems } from '../../src/preflight-certificate.ts';
import { temporaryFolder } from '../helpers/deployment.ts';
import { ioIn } from './io.ts';

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const pair = (certificate = 'tls.crt', key = 'tls.key') => ({
  certificateFile: path(certificate),
  privateKeyFile: path(key),
});
const whats = (...given: Parameters<typeof certificateProblems>) =>
  certificateProblems(...given).map(({ what }) => what.replaceAll(`${folder}/`, ''));

function openssl(...words: string[]) {
  const { status, stderr } = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}

beforeAll(() => {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=airflow.test'];
  openssl('req', '-x509', ...curve, '-days', '30', '-keyout', 'tls.key', '-out', 'tls.crt');
  openssl('req', '-x509', ...curve, '-days', '30', '-keyout', 'other.key', '-out', 'other.crt');
  openssl('pkey', '-in', 'tls.key', '-aes256', '-passout', 'pass:x', '-out', 'locked.key');
  openssl('x509', '-in', 'tls.crt', '-outform', 'DER', '-out', 'tls.der');
  writeFileSync(path('chain.crt'), readFileSync(path('tls.crt'), 'utf8') + readFileSync(path('other.crt'), 'utf8'));
  writeFileSync(path('reversed.crt'), readFileSync(path('other.crt'), 'utf8') + readFileSync(path('tls.crt'), 'utf8'));
});

describe('a certificate of one’s own', () => {
  it('is taken with its key, alone or at the head of its chain', () => {
    expect(certificateProblems(pair())).toEqual([]);
    expect(certificateProblems(pair('chain.crt'))).toEqual([]);
  });

  it.each([
    ['no.crt', 'tls.key', 'no.crt (tls.certificateFile) cannot be read: ENOENT.'],
    ['tls.crt', 'no.key', 'no.key (tls.privateKeyFile) cannot be read: ENOENT.'],
    ['tls.der', 'tls.key', 'tls.der (tls.certificateFile) is no certificate in PEM form.'],
    ['tls.crt', 'tls.crt', 'tls.crt (tls.privateKeyFile) is no private key in PEM form.'],
    ['tls.crt', 'other.key', 'The key in other.key is not that of the first certificate in tls.crt.'],
    ['reversed.crt', 'tls.key', 'The key in tls.key is not that of the first certificate in reversed.crt.'],
    ['tls.crt', 'locked.key', expect.stringContaining('has a passphrase')],
  ])('as %s with %s is refused', (certificate, key, what) => {
    expect(whats(pair(certificate, key))).toEqual([what]);
  });

  it('is refused before its time and after it', () => {
    const day = 86_400_000;
    expect(whats(pair(), Date.now() + 31 * day)).toEqual([
      expect.stringMatching(/^The certificate in tls.crt ended on/),
    ]);
    expect(whats(pair(), Date.now() - day)).toEqual([expect.stringContaining('is not valid before')]);
  });

  it('that cannot be served stops up before anything is made, with exit code 5', async () => {
    const deployment = temporaryFolder();
    writeFileSync(
      join(deployment, 'airflow-aws.yaml'),
      `version: 1\ntls:\n  mode: certificate\n  certificateFile: ${path('tls.crt')}\n  privateKeyFile: ${path('other.key')}\n`,
    );
    const going = up(ioIn(deployment), { simulate: true, yes: true });
    await expect(going).rejects.toMatchObject({
      exitCode: 5,
      why: expect.stringContaining('is not that of the first'),
    });
  });

  it('goes to the bastion, and its key into no file here', async () => {
    const deployment = temporaryFolder();
    writeFileSync(
      join(deployment, 'airflow-aws.yaml'),
      `version: 1\ntls:\n  mode: certificate\n  certificateFile: ${path('tls.crt')}\n  privateKeyFile: ${path('tls.key')}\n`,
    );
    expect(await up(ioIn(deployment), { simulate: true, yes: true })).toBe(0);
    const secret = readFileSync(path('tls.key'), 'utf8').split('\n')[1]!;
    const files = readdirSync(join(deployment, '.airflow-aws'), { recursive: true, withFileTypes: true });
    const texts = files
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'));
    expect(texts.length).toBeGreaterThan(3);
    expect(texts.some((text) => text.includes(secret))).toBe(false);
  });
});
