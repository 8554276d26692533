import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A public key as EC2 keeps it. */
export interface PublicKey {
  keyType: 'rsa' | 'ed25519';
  /** The algorithm and the base64 of the key, without a comment. */
  openssh: string;
  /** As EC2 shows it: of an RSA key depends on who made it, of an ED25519 key it is the base64 of its SHA-256. */
  fingerprint: string;
}

/** RSA lengths that EC2 takes, in bits. */
const rsaLengths = [1024, 2048, 4096];

/**
 * Reads what ImportKeyPair takes: an OpenSSH public key, one in the form of RFC 4716, or the base64 of a DER.
 * Undefined for everything else, which includes DSA, ECDSA and odd lengths.
 */
export function parsePublicKey(material: Uint8Array): PublicKey | undefined {
  const text = Buffer.from(material).toString('utf8').trim();
  const blob = opensshBlob(text) ?? rfc4716Blob(text);
  try {
    if (blob) return fromBlob(blob);
    if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(text)) return undefined;
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'rsa' ? fromBlob(rsaBlob(key)) : undefined;
  } catch {
    return undefined;
  }
}

function opensshBlob(text: string): Buffer | undefined {
  const match = /^(ssh-rsa|ssh-ed25519)\s+([A-Za-z0-9+/]+={0,2})(\s[^\n]*)?$/.exec(text);
  if (!match) return undefined;
  const blob = Buffer.from(match[2]!, 'base64');
  return strings(blob)[0]?.toString() === match[1] ? blob : undefined;
}

function rfc4716Blob(text: string): Buffer | undefined {
  const match = /^---- BEGIN SSH2 PUBLIC KEY ----\s([\s\S]+?)\s---- END SSH2 PUBLIC KEY ----$/.exec(text);
  const lines = match?.[1]?.split(/\r?\n/).filter((line) => !line.includes(':'));
  return lines && Buffer.from(lines.join(''), 'base64');
}

function fromBlob(blob: Buffer): PublicKey | undefined {
  const [algorithm, first, second] = strings(blob);
  if (algorithm?.toString() === 'ssh-ed25519' && first?.length === 32 && second === undefined) return ed25519(blob);
  if (algorithm?.toString() !== 'ssh-rsa' || !first || !second) return undefined;
  const jwk = { kty: 'RSA', e: unsigned(first).toString('base64url'), n: unsigned(second).toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (!rsaLengths.includes(key.asymmetricKeyDetails?.modulusLength ?? 0)) return undefined;
  const der = key.export({ format: 'der', type: 'spki' });
  return { keyType: 'rsa', openssh: `ssh-rsa ${blob.toString('base64')}`, fingerprint: colons('md5', der) };
}

function ed25519(blob: Buffer): PublicKey {
  const fingerprint = createHash('sha256').update(blob).digest('base64');
  return { keyType: 'ed25519', openssh: `ssh-ed25519 ${blob.toString('base64')}`, fingerprint };
}

/** A new RSA key of 2048 bits. Of a key that EC2 made the fingerprint is the SHA-1 of the private half. */
export function newRsaKey(): { publicKey: PublicKey; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const openssh = `ssh-rsa ${rsaBlob(publicKey).toString('base64')}`;
  const fingerprint = colons('sha1', privateKey.export({ format: 'der', type: 'pkcs8' }));
  const pem = privateKey.export({ format: 'pem', type: 'pkcs1' }).toString().trim();
  return { publicKey: { keyType: 'rsa', openssh, fingerprint }, privateKey: pem };
}

/** An ED25519 key from 32 bytes of chance. */
export function newEd25519Key(seed: Buffer): { publicKey: PublicKey; privateKey: string } {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const { x = '' } = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({
    format: 'jwk',
  });
  const raw = Buffer.from(x, 'base64url');
  const blob = Buffer.concat([string('ssh-ed25519'), string(raw)]);
  const check = seed.subarray(0, 4);
  const secret = Buffer.concat([check, check, blob, string(Buffer.concat([seed, raw])), string('')]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const one = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    one,
    string(blob),
    string(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  const pem = ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----'].join('\n');
  return { publicKey: ed25519(blob), privateKey: pem };
}

function rsaBlob(key: KeyObject): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([string('ssh-rsa'), string(signed(e)), string(signed(n))]);
}

/** SSH's form of a sequence of bytes: four bytes of length, then they. */
function string(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function strings(blob: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length; ) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return [];
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** SSH puts a zero in front of a number whose first bit is set. */
function signed(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function unsigned(bytes: Buffer): Buffer {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}

function colons(algorithm: 'md5' | 'sha1', der: Buffer): string {
  return (createHash(algorithm).update(der).digest('hex').match(/../g) ?? []).join(':');
}
