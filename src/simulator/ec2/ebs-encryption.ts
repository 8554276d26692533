import type {
  DisableEbsEncryptionByDefaultCommandInput,
  DisableEbsEncryptionByDefaultCommandOutput,
  EnableEbsEncryptionByDefaultCommandInput,
  EnableEbsEncryptionByDefaultCommandOutput,
  GetEbsDefaultKmsKeyIdCommandInput,
  GetEbsDefaultKmsKeyIdCommandOutput,
  GetEbsEncryptionByDefaultCommandInput,
  GetEbsEncryptionByDefaultCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';

interface SettingRow {
  enabled: boolean;
}

function settings(scope: Scope) {
  return scope.table<SettingRow>('ec2.ebsEncryption');
}

/** Whether the region encrypts every new volume; new accounts do not. */
export function encryptsByDefault(scope: Scope): boolean {
  return settings(scope).peek('default')?.enabled ?? false;
}

function set(scope: Scope, enabled: boolean) {
  settings(scope).insert('default', { enabled });
  return { EbsEncryptionByDefault: enabled };
}

export const ebsEncryption: Noun = {
  service: 'ec2',
  operations: {
    GetEbsEncryptionByDefault: operation<GetEbsEncryptionByDefaultCommandInput, GetEbsEncryptionByDefaultCommandOutput>(
      [],
      (scope) => ({ EbsEncryptionByDefault: encryptsByDefault(scope) }),
    ),
    GetEbsDefaultKmsKeyId: operation<GetEbsDefaultKmsKeyIdCommandInput, GetEbsDefaultKmsKeyIdCommandOutput>([], () => ({
      KmsKeyId: 'alias/aws/ebs',
    })),
    EnableEbsEncryptionByDefault: operation<
      EnableEbsEncryptionByDefaultCommandInput,
      EnableEbsEncryptionByDefaultCommandOutput
    >([], (scope) => set(scope, true)),
    DisableEbsEncryptionByDefault: operation<
      DisableEbsEncryptionByDefaultCommandInput,
      DisableEbsEncryptionByDefaultCommandOutput
    >([], (scope) => set(scope, false)),
  },
};
