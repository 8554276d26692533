import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  CreateKeyPairCommand,
  DeleteKeyPairCommand,
  DescribeKeyPairsCommand,
  EC2Client,
  ImportKeyPairCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { ed25519Key } from './compute-world.ts';

function ec2() {
  return simulatedAccount().attach(new EC2Client({ region: 'us-west-2' }));
}

function imported(text: string, KeyName = 'key') {
  return new ImportKeyPairCommand({ KeyName, PublicKeyMaterial: Buffer.from(text) });
}

function rsaPublicKey(modulusLength: number) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]);
  const blob = Buffer.concat([part(Buffer.from('ssh-rsa')), part(Buffer.from(e, 'base64url')), part(modulus)]);
  return { publicKey, text: `ssh-rsa ${blob.toString('base64')} someone@somewhere` };
}

function colons(digest: string) {
  return digest.match(/../g)?.join(':');
}

describe('key pairs of the simulated account', () => {
  test('an imported ED25519 key has the SHA-256 of the key as its fingerprint', async () => {
    const client = ec2();
    const { KeyFingerprint, KeyPairId } = await client.send(imported(ed25519Key));
    const blob = Buffer.from(ed25519Key.split(' ')[1] ?? '', 'base64');
    expect(KeyFingerprint).toBe(createHash('sha256').update(blob).digest('base64'));
    expect(KeyPairId).toMatch(/^key-0[0-9a-f]{16}$/);
    const question = new DescribeKeyPairsCommand({ KeyNames: ['key'], IncludePublicKey: true });
    const { KeyPairs } = await client.send(question);
    expect(KeyPairs?.[0]).toMatchObject({ KeyPairId, KeyType: 'ed25519', KeyName: 'key' });
    expect(KeyPairs?.[0]?.PublicKey?.split(' ').slice(0, 2)).toEqual(ed25519Key.split(' ').slice(0, 2));
  });

  test('an imported RSA key has the MD5 of its DER as its fingerprint', async () => {
    const { publicKey, text } = rsaPublicKey(2048);
    const { KeyFingerprint } = await ec2().send(imported(text));
    const der = publicKey.export({ format: 'der', type: 'spki' });
    expect(KeyFingerprint).toBe(colons(createHash('md5').update(der).digest('hex')));
  });

  test('what is not an RSA or ED25519 public key in a known form is refused', async () => {
    const client = ec2();
    const cut = ed25519Key.replace('IL3RTIyk4GBCG', 'IL3R');
    const odd = rsaPublicKey(1536).text;
    for (const text of ['', 'not a key', cut, odd, 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY='])
      await expect(client.send(imported(text))).rejects.toMatchObject({ name: 'InvalidKey.Format' });
  });

  test('a made RSA key is a PEM whose fingerprint is the SHA-1 of the private key', async () => {
    const { KeyMaterial = '', KeyFingerprint } = await ec2().send(new CreateKeyPairCommand({ KeyName: 'rsa' }));
    expect(KeyMaterial).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const der = createPrivateKey(KeyMaterial).export({ format: 'der', type: 'pkcs8' });
    expect(KeyFingerprint).toBe(colons(createHash('sha1').update(der).digest('hex')));
  });

  test('a made ED25519 key is one that OpenSSH reads, and its public half is the one that is kept', async () => {
    const client = ec2();
    const { KeyMaterial = '' } = await client.send(new CreateKeyPairCommand({ KeyName: 'ed', KeyType: 'ed25519' }));
    const body = Buffer.from(KeyMaterial.replace(/-----.*-----/g, ''), 'base64');
    expect(body.subarray(0, 15).toString()).toBe('openssh-key-v1\0');
    const { KeyPairs } = await client.send(new DescribeKeyPairsCommand({ IncludePublicKey: true }));
    const blob = Buffer.from(KeyPairs?.[0]?.PublicKey?.split(' ')[1] ?? '', 'base64');
    const raw = blob.subarray(-32);
    const at = body.lastIndexOf(raw);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), body.subarray(at - 32, at)]);
    const derived = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    expect(derived.export({ format: 'jwk' })).toMatchObject(jwk);
  });

  test('a name can be had once, and is free again after deletion', async () => {
    const client = ec2();
    const { KeyPairId } = await client.send(imported(ed25519Key));
    await expect(client.send(imported(ed25519Key))).rejects.toMatchObject({ name: 'InvalidKeyPair.Duplicate' });
    await client.send(new DeleteKeyPairCommand({ KeyPairId }));
    await client.send(imported(ed25519Key));
  });

  test('deleting by name succeeds when there is nothing, deleting by id does not', async () => {
    const client = ec2();
    await expect(client.send(new DeleteKeyPairCommand({ KeyName: 'never' }))).resolves.toMatchObject({ Return: true });
    const gone = { name: 'InvalidKeyPair.NotFound' };
    await expect(client.send(new DeleteKeyPairCommand({ KeyPairId: 'key-0123456789abcdef0' }))).rejects.toMatchObject(
      gone,
    );
    await expect(client.send(new DescribeKeyPairsCommand({ KeyNames: ['never'] }))).rejects.toMatchObject(gone);
  });
});
