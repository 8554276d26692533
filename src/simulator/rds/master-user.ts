import { createHash } from 'node:crypto';
import type { MasterUserSecret } from '@aws-sdk/client-rds';
import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { isMySql } from './engines.ts';

interface Wanted {
  MasterUsername?: string | undefined;
  MasterUserPassword?: string | undefined;
  ManageMasterUserPassword?: boolean | undefined;
  MasterUserSecretKmsKeyId?: string | undefined;
}

/** Checks name and password of a new database's first user, and that exactly one source of the password is given. */
export function checkMasterUser(engine: string, wanted: Wanted) {
  const { MasterUsername, MasterUserPassword, ManageMasterUserPassword, MasterUserSecretKmsKeyId } = wanted;
  if (MasterUsername === undefined || MasterUsername === '')
    throw refusal('InvalidParameterValue', 'The parameter MasterUsername must be provided and must not be blank.');
  const longest = isMySql(engine) ? 16 : 63;
  if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(MasterUsername) || MasterUsername.length > longest)
    throw refusal(
      'InvalidParameterValue',
      `The parameter MasterUsername is not a valid identifier: 1 to ${longest} letters, digits or underscores, a letter first.`,
    );
  const reserved = isMySql(engine)
    ? ['rdsadmin', 'rdsrepladmin', 'mysql']
    : ['rdsadmin', 'admin', 'postgresql', 'user'];
  if (reserved.includes(MasterUsername.toLowerCase()))
    throw refusal(
      'InvalidParameterValue',
      `MasterUsername ${MasterUsername} cannot be used as it is a reserved word used by the engine`,
    );
  if (!ManageMasterUserPassword && MasterUserPassword === undefined)
    throw refusal('InvalidParameterValue', 'The parameter MasterUserPassword must be provided and must not be blank.');
  if (!ManageMasterUserPassword && MasterUserSecretKmsKeyId !== undefined)
    throw refusal('InvalidParameterCombination', 'MasterUserSecretKmsKeyId needs ManageMasterUserPassword.');
  checkPassword(engine, wanted);
}

/** The rules for a password alone, as a modification gives it. */
export function checkPassword(engine: string, { MasterUserPassword, ManageMasterUserPassword }: Wanted) {
  if (MasterUserPassword === undefined) return;
  if (ManageMasterUserPassword)
    throw refusal(
      'InvalidParameterCombination',
      'You can specify MasterUserPassword or ManageMasterUserPassword, but not both.',
    );
  const invalid = 'The parameter MasterUserPassword is not a valid password';
  const longest = isMySql(engine) ? 41 : 128;
  if (MasterUserPassword.length < 8)
    throw refusal('InvalidParameterValue', `${invalid} because it is shorter than 8 characters.`);
  if (MasterUserPassword.length > longest)
    throw refusal('InvalidParameterValue', `${invalid} because it is longer than ${longest} characters.`);
  if (!/^[!-~]*$/.test(MasterUserPassword) || /[/@"]/.test(MasterUserPassword))
    throw refusal(
      'InvalidParameterValue',
      `${invalid}. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`,
    );
}

/** The secret in which RDS keeps a password of its own making. */
export function managedSecret(scope: Scope, resource: string, kmsKeyId: string | undefined): MasterUserSecret {
  return {
    SecretArn: scope.arn('secretsmanager', `secret:rds!${resource}-${scope.hex(6)}`),
    SecretStatus: 'creating',
    KmsKeyId: kmsKeyId ?? kmsKey(scope),
  };
}

/** AWS's own key for RDS, the same for a whole account and region. */
export function kmsKey(scope: Scope, wanted?: string): string {
  if (wanted?.startsWith('arn:')) return wanted;
  if (wanted !== undefined) return scope.arn('kms', wanted.startsWith('alias/') ? wanted : `key/${wanted}`);
  const digits = createHash('sha256').update(`aws/rds ${scope.accountId} ${scope.region}`).digest('hex');
  return scope.arn('kms', `key/${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')}`);
}
