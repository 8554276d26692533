import type {
  CreateKeyPairCommandInput,
  CreateKeyPairCommandOutput,
  DeleteKeyPairCommandInput,
  DeleteKeyPairCommandOutput,
  DescribeKeyPairsCommandInput,
  DescribeKeyPairsCommandOutput,
  ImportKeyPairCommandInput,
  ImportKeyPairCommandOutput,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { filtered } from './filters.ts';
import { newEd25519Key, newRsaKey, type PublicKey, parsePublicKey } from './public-keys.ts';
import { allowTagsFor, type Tags, tagsFor, toList } from './tags.ts';

export interface KeyPairRow extends PublicKey {
  keyPairId: string;
  keyName: string;
  /** Milliseconds since 1970. */
  createTime: number;
  tags: Tags;
}

export function keyPairTable(scope: Scope) {
  return scope.table<KeyPairRow>('ec2.key-pairs');
}

/** The key pair of that name, or EC2's refusal. */
export function requireKeyPair(scope: Scope, keyName: string): KeyPairRow {
  const row = keyPairTable(scope)
    .list()
    .find((pair) => pair.keyName === keyName);
  if (!row) throw refusal('InvalidKeyPair.NotFound', `The key pair '${keyName}' does not exist`);
  return row;
}

/** Refuses a name that cannot be had; EC2 looks at the name before it looks at the key. */
function allowName(scope: Scope, keyName: string | undefined, specifications: TagSpecification[] | undefined): string {
  allowTagsFor(specifications, 'key-pair');
  if (!keyName || keyName.length > 255 || keyName.trim() !== keyName)
    throw refusal('InvalidParameterValue', `Value (${keyName}) for parameter keyName is invalid.`);
  const taken = keyPairTable(scope)
    .all()
    .some((row) => row.keyName === keyName);
  if (taken) throw refusal('InvalidKeyPair.Duplicate', `The keypair '${keyName}' already exists.`);
  return keyName;
}

function keep(scope: Scope, keyName: string, key: PublicKey, specifications: TagSpecification[] | undefined) {
  const tags = tagsFor(specifications, 'key-pair');
  const keyPairId = scope.id('key');
  const row = keyPairTable(scope).insert(keyPairId, { ...key, keyPairId, keyName, createTime: scope.now, tags });
  return { KeyPairId: keyPairId, KeyName: keyName, KeyFingerprint: row.fingerprint, Tags: toList(tags) };
}

export const keyPairs: Noun = {
  service: 'ec2',
  operations: {
    CreateKeyPair: operation<CreateKeyPairCommandInput, CreateKeyPairCommandOutput>(
      ['KeyName', 'KeyType', 'KeyFormat', 'TagSpecifications'],
      (scope, { KeyName, KeyType = 'rsa', KeyFormat = 'pem', TagSpecifications }) => {
        const keyName = allowName(scope, KeyName, TagSpecifications);
        if (KeyType !== 'rsa' && KeyType !== 'ed25519')
          throw refusal('InvalidParameterValue', `Value (${KeyType}) for parameter KeyType is invalid.`);
        if (KeyFormat !== 'pem')
          throw refusal(
            'InvalidParameterValue',
            `The simulated account makes keys in the format pem, not ${KeyFormat}`,
          );
        const made = KeyType === 'rsa' ? newRsaKey() : newEd25519Key(Buffer.from(scope.hex(64), 'hex'));
        return { ...keep(scope, keyName, made.publicKey, TagSpecifications), KeyMaterial: made.privateKey };
      },
    ),
    ImportKeyPair: operation<ImportKeyPairCommandInput, ImportKeyPairCommandOutput>(
      ['KeyName', 'PublicKeyMaterial', 'TagSpecifications'],
      (scope, { KeyName, PublicKeyMaterial, TagSpecifications }) => {
        const keyName = allowName(scope, KeyName, TagSpecifications);
        const key = parsePublicKey(PublicKeyMaterial ?? new Uint8Array());
        if (!key) throw refusal('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
        return keep(scope, keyName, key, TagSpecifications);
      },
    ),
    DescribeKeyPairs: operation<DescribeKeyPairsCommandInput, DescribeKeyPairsCommandOutput>(
      ['KeyNames', 'KeyPairIds', 'Filters', 'IncludePublicKey'],
      (scope, { KeyNames, KeyPairIds, Filters, IncludePublicKey }) => {
        const named = KeyNames?.map((name) => requireKeyPair(scope, name)) ?? [];
        const identified = KeyPairIds?.map((id) => {
          const row = keyPairTable(scope).get(id);
          if (!row) throw refusal('InvalidKeyPair.NotFound', `The key pair ID '${id}' does not exist`);
          return row;
        });
        const all = KeyNames || KeyPairIds ? [...named, ...(identified ?? [])] : keyPairTable(scope).list();
        const rows = filtered(scope, [...new Set(all)], Filters, {
          'key-pair-id': (row) => row.keyPairId,
          'key-name': (row) => row.keyName,
          fingerprint: (row) => row.fingerprint,
        });
        return {
          KeyPairs: rows.map((row) => ({
            KeyPairId: row.keyPairId,
            KeyName: row.keyName,
            KeyType: row.keyType,
            KeyFingerprint: row.fingerprint,
            CreateTime: new Date(row.createTime),
            Tags: toList(row.tags),
            ...(IncludePublicKey ? { PublicKey: `${row.openssh} ${row.keyName}` } : {}),
          })),
        };
      },
    ),
    DeleteKeyPair: operation<DeleteKeyPairCommandInput, DeleteKeyPairCommandOutput>(
      ['KeyName', 'KeyPairId'],
      (scope, { KeyName, KeyPairId }) => {
        if (KeyName === undefined && KeyPairId === undefined)
          throw refusal('MissingParameter', 'The request must contain the parameter KeyName or KeyPairId');
        const table = keyPairTable(scope);
        if (KeyPairId !== undefined && !table.peek(KeyPairId))
          throw refusal('InvalidKeyPair.NotFound', `The key pair ID '${KeyPairId}' does not exist`);
        const row = table.peek(KeyPairId) ?? table.all().find((pair) => pair.keyName === KeyName);
        // A name that is not there is a success: what was asked for is so.
        if (!row) return { Return: true };
        table.delete(row.keyPairId);
        return { Return: true, KeyPairId: row.keyPairId };
      },
    ),
  },
};
