import { DeleteKeyPairCommand, DescribeKeyPairsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { keyPair } from '../../src/steps/08-key-pair.ts';
import { awsError, awsFor, changes, ec2, inputsOf, taggedIn, tagsOf } from '../helpers/aws.ts';

const identity = { keyPairId: 'key-1', keyName: 'pms-oregon-key' };
const digest = 'q'.repeat(43);

function listed(KeyFingerprint: string) {
  const found = { KeyPairId: 'key-1', KeyName: 'pms-oregon-key', KeyFingerprint, Tags: tagsOf('keyPair') };
  ec2.on(DescribeKeyPairsCommand).resolves({ KeyPairs: [found] });
}

describe('keyPair find', () => {
  it('takes the one whose fingerprint is that of the file, padding aside', async () => {
    listed(`${digest}=`);
    expect(await keyPair.find(awsFor(keyPair, { sshKey: { fingerprint: () => digest } }), {})).toEqual(identity);
  });

  it('refuses one whose fingerprint is another, since no server would take the file', async () => {
    listed(`${'z'.repeat(43)}=`);
    const aws = awsFor(keyPair, { sshKey: { fingerprint: () => digest } });
    await expect(keyPair.find(aws, {})).rejects.toMatchObject({ code: 'key-mismatch', resource: 'keyPair' });
  });

  it('concludes nothing from a fingerprint of another kind, or when there is no file', async () => {
    listed('1f:51:ae:28');
    expect(await keyPair.find(awsFor(keyPair, { sshKey: { fingerprint: () => digest } }), {})).toEqual(identity);
    expect(await keyPair.find(awsFor(keyPair), {})).toEqual(identity);
  });
});

describe('keyPair create', () => {
  it('has the key on disk before it sends the public half, in one call with name and tags', async () => {
    ec2.on(ImportKeyPairCommand).resolves({ KeyPairId: 'key-1' });
    let callsWhenMade = -1;
    const publicKey = () => {
      callsWhenMade = changes().length;
      return 'ssh-ed25519 AAAA pms';
    };
    expect(await keyPair.create(awsFor(keyPair, { sshKey: { publicKey } }), {})).toEqual(identity);
    expect(callsWhenMade).toBe(0);
    expect(changes()).toEqual(['ImportKeyPair']);
    const [input] = inputsOf(ImportKeyPairCommand);
    expect(input!.KeyName).toBe('pms-oregon-key');
    expect(Buffer.from(input!.PublicKeyMaterial!).toString()).toBe('ssh-ed25519 AAAA pms');
    expect(taggedIn(input)).toEqual({ 'key-pair': 'keyPair' });
  });
});

describe('keyPair destroy', () => {
  it('takes not-found for success', async () => {
    ec2.on(DeleteKeyPairCommand).rejects(awsError('InvalidKeyPair.NotFound'));
    await keyPair.destroy(awsFor(keyPair), identity);
    expect(inputsOf(DeleteKeyPairCommand)).toEqual([{ KeyName: 'pms-oregon-key' }]);
  });
});
