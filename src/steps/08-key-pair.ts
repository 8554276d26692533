/** STEP 8: the SSH key. It is made here and only its public half is sent, so that a crash cannot lose the private one. */
import { DeleteKeyPairCommand, DescribeKeyPairsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { ec2Kind } from '../aws.ts';
import { unlessGone } from '../aws-errors.ts';
import { resource, step } from '../engine/resource.ts';
import { exitCodes, userError } from '../errors.ts';
import { ec2TagDifferences } from './differences.ts';

const keyPairs = ec2Kind({
  idFilter: 'key-pair-id',
  idField: 'keyPairId',
  ask: (Filters) => new DescribeKeyPairsCommand({ Filters }),
  list: ({ KeyPairs }) => KeyPairs,
  id: ({ KeyPairId }) => KeyPairId,
});

export const keyPair = resource(
  'keyPair',
  {},
  {
    type: 'AWS::EC2::KeyPair',
    typicalSeconds: { create: 1, destroy: 1 },
    async find({ seek, sshKey }) {
      const found = await seek(keyPairs);
      const local = sshKey.fingerprint();
      if (found && local !== undefined && sameFingerprint(found.KeyFingerprint, local) === false)
        throw userError({
          code: 'key-mismatch',
          exitCode: exitCodes.failed,
          what: `The key pair ${found.KeyName} in the account is not the one in ${sshKey.file}.`,
          why: `AWS has the fingerprint ${found.KeyFingerprint}, the file has ${local}; servers would refuse the file.`,
          fix: `Put the right key back into ${sshKey.file}, or destroy the deployment and build it again.`,
          resource: 'keyPair',
          resumable: true,
        });
      return found && { keyPairId: found.KeyPairId!, keyName: found.KeyName! };
    },
    async create({ ec2, names, sshKey, tagSpecifications }) {
      const publicKey = sshKey.publicKey();
      const { KeyPairId } = await ec2.send(
        new ImportKeyPairCommand({
          KeyName: names.keyPair,
          PublicKeyMaterial: new TextEncoder().encode(publicKey),
          TagSpecifications: tagSpecifications('key-pair'),
        }),
      );
      return { keyPairId: KeyPairId!, keyName: names.keyPair };
    },
    async compare(aws, { keyPairId }) {
      return ec2TagDifferences(aws, keyPairId, (await aws.seek(keyPairs))?.Tags);
    },
    async destroy({ ec2 }, { keyName }) {
      await ec2.send(new DeleteKeyPairCommand({ KeyName: keyName })).catch(unlessGone);
    },
  },
);

/** Undefined where AWS (or an emulator) gives a fingerprint of another kind, which says nothing. */
function sameFingerprint(theirs: string | undefined, ours: string): boolean | undefined {
  const digest = theirs?.replace(/=+$/, '');
  return digest?.length === ours.length ? digest === ours : undefined;
}

export default step(8, 'Key pair', [keyPair]);
