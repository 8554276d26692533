import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { SshKey } from './aws.ts';
import { readIfThere, replaceFile } from './files.ts';

/** The ed25519 key in `file` (mode 0600). It is on disk before anybody is told its public half. */
export function sshKeyIn(file: string, comment: string): SshKey {
  return {
    file,
    publicKey: () => `ssh-ed25519 ${(read(file) ?? make(file, comment)).toString('base64')} ${comment}`,
    fingerprint() {
      const blob = read(file);
      return blob && createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
    },
  };
}

function make(file: string, comment: string): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d!, 'base64url');
  const point = Buffer.from(x!, 'base64url');
  replaceFile(file, openSshPrivateKey(seed, point, comment), { durable: true });
  return publicBlob(point);
}

function read(file: string): Buffer | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  if (!text.includes('OPENSSH')) {
    const { x } = createPublicKey(createPrivateKey(text)).export({ format: 'jwk' });
    return publicBlob(Buffer.from(x!, 'base64url'));
  }
  const bytes = Buffer.from(text.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  // magic, cipher, kdf, kdf options, number of keys; then the public blob.
  let at = Buffer.byteLength('openssh-key-v1\0');
  for (let skipped = 0; skipped < 3; skipped++) at += 4 + bytes.readUInt32BE(at);
  at += 4;
  return bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
}

function field(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function publicBlob(point: Buffer): Buffer {
  return Buffer.concat([field('ssh-ed25519'), field(point)]);
}

/** The format of OpenSSH's PROTOCOL.key, unencrypted; OpenSSH reads ed25519 keys in no older one. */
function openSshPrivateKey(seed: Buffer, point: Buffer, comment: string): string {
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const check = createHash('sha256').update(seed).digest().subarray(0, 4);
  const secret = Buffer.concat([
    check,
    check,
    field('ssh-ed25519'),
    field(point),
    field(Buffer.concat([seed, point])),
    field(comment),
  ]);
  const padding = Buffer.from([...Array((8 - (secret.length % 8)) % 8).keys()].map((index) => index + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(publicBlob(point)),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = whole
    .toString('base64')
    .match(/.{1,70}/g)!
    .join('\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
