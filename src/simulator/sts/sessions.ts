import type {
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  Credentials,
  GetSessionTokenCommandInput,
  GetSessionTokenCommandOutput,
} from '@aws-sdk/client-sts';
import type { Scope } from '../account.ts';
import { iamId } from '../iam/checks.ts';
import { asList, parsePolicy } from '../iam/documents.ts';
import { wildcard } from '../iam/evaluation.ts';
import { type RoleRow, roleTable } from '../iam/roles.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { callerArn } from './identity.ts';

function constraint(value: string | number, member: string, rule: string) {
  return refusal(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );
}

function credentials(scope: Scope, durationSeconds: number): Credentials {
  return {
    AccessKeyId: iamId(scope, 'ASIA').slice(0, 20),
    SecretAccessKey: `simulated${scope.hex(31)}`,
    SessionToken: scope.hex(256),
    Expiration: new Date(scope.now + durationSeconds * 1000),
  };
}

function checkDuration(seconds: number, most: number) {
  if (seconds < 900) throw constraint(seconds, 'durationSeconds', 'have value greater than or equal to 900');
  if (seconds > most) throw constraint(seconds, 'durationSeconds', `have value less than or equal to ${most}`);
}

/** Whether the role's trust policy lets the caller in, as the account or by name. */
function trustsCaller(scope: Scope, { assumeRolePolicyDocument }: RoleRow): boolean {
  const names = ['*', scope.accountId, scope.arn('iam', 'root', { region: '' }), callerArn(scope)];
  const named = parsePolicy(assumeRolePolicyDocument, 'trust')
    .filter(({ Action }) => asList<string>(Action).some((action) => wildcard(action, 'i').test('sts:AssumeRole')))
    .map(({ Effect, Principal }) => ({
      Effect,
      principals: Principal === '*' ? ['*'] : asList<string>((Principal as { AWS?: unknown }).AWS),
    }))
    .filter(({ principals }) => principals.some((principal) => names.includes(principal)));
  return named.some(({ Effect }) => Effect === 'Allow') && !named.some(({ Effect }) => Effect === 'Deny');
}

/** Temporary credentials. The account lets everybody do everything, so they are as good as the caller's own. */
export const stsSessions: Noun = {
  service: 'sts',
  operations: {
    AssumeRole: operation<AssumeRoleCommandInput, AssumeRoleCommandOutput>(
      [
        'RoleArn',
        'RoleSessionName',
        'DurationSeconds',
        'ExternalId',
        'Policy',
        'PolicyArns',
        'Tags',
        'TransitiveTagKeys',
        'SourceIdentity',
      ],
      (scope, { RoleArn = '', RoleSessionName = '', DurationSeconds = 3600, Policy, SourceIdentity }) => {
        if (!/^arn:[\w-]+:iam::\d{12}:role\/.+$/.test(RoleArn))
          throw refusal('ValidationError', `${RoleArn} is invalid`);
        if (!/^[\w+=,.@-]{2,64}$/.test(RoleSessionName))
          throw constraint(RoleSessionName, 'roleSessionName', 'satisfy regular expression pattern: [\\w+=,.@-]*');
        checkDuration(DurationSeconds, 43_200);
        if (Policy !== undefined) parsePolicy(Policy, 'identity');
        const role = roleTable(scope)
          .list()
          .find(({ arn }) => arn === RoleArn);
        if (!role || !trustsCaller(scope, role))
          throw refusal(
            'AccessDenied',
            `User: ${callerArn(scope)} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
            403,
          );
        if (DurationSeconds > role.maxSessionDuration)
          throw refusal(
            'ValidationError',
            'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
          );
        return {
          Credentials: credentials(scope, DurationSeconds),
          AssumedRoleUser: {
            AssumedRoleId: `${role.roleId}:${RoleSessionName}`,
            Arn: scope.arn('sts', `assumed-role/${role.roleName}/${RoleSessionName}`, { region: '' }),
          },
          ...(Policy === undefined ? {} : { PackedPolicySize: Math.ceil(Policy.length / 20) }),
          ...(SourceIdentity === undefined ? {} : { SourceIdentity }),
        };
      },
    ),
    GetSessionToken: operation<GetSessionTokenCommandInput, GetSessionTokenCommandOutput>(
      ['DurationSeconds', 'SerialNumber', 'TokenCode'],
      (scope, { DurationSeconds = 43_200 }) => {
        checkDuration(DurationSeconds, 129_600);
        return { Credentials: credentials(scope, DurationSeconds) };
      },
    ),
  },
};
