import type {
  DecodeAuthorizationMessageCommandInput,
  DecodeAuthorizationMessageCommandOutput,
  GetAccessKeyInfoCommandInput,
  GetAccessKeyInfoCommandOutput,
  GetCallerIdentityCommandInput,
  GetCallerIdentityCommandOutput,
} from '@aws-sdk/client-sts';
import type { Scope } from '../account.ts';
import { callerName, callerUserId } from '../iam/users.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';

/** Who makes every call. */
export function callerArn(scope: Scope): string {
  return scope.arn('iam', `user/${callerName}`, { region: '' });
}

/** What AWS encodes into a refusal is JSON here, in base64. */
function decoded(message: string): string | undefined {
  const text = Buffer.from(message, 'base64').toString();
  try {
    return typeof JSON.parse(text) === 'object' ? text : undefined;
  } catch {
    return undefined;
  }
}

export const identity: Noun = {
  service: 'sts',
  operations: {
    GetCallerIdentity: operation<GetCallerIdentityCommandInput, GetCallerIdentityCommandOutput>([], (scope) => ({
      UserId: callerUserId,
      Account: scope.accountId,
      Arn: callerArn(scope),
    })),
    GetAccessKeyInfo: operation<GetAccessKeyInfoCommandInput, GetAccessKeyInfoCommandOutput>(
      ['AccessKeyId'],
      (scope, { AccessKeyId = '' }) => {
        if (!/^\w{16,128}$/.test(AccessKeyId))
          throw refusal(
            'ValidationError',
            `1 validation error detected: Value '${AccessKeyId}' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16`,
          );
        return { Account: scope.accountId };
      },
    ),
    DecodeAuthorizationMessage: operation<
      DecodeAuthorizationMessageCommandInput,
      DecodeAuthorizationMessageCommandOutput
    >(['EncodedMessage'], (_scope, { EncodedMessage = '' }) => {
      const DecodedMessage = decoded(EncodedMessage);
      if (DecodedMessage === undefined)
        throw refusal('InvalidAuthorizationMessageException', 'Invalid authorization message');
      return { DecodedMessage };
    }),
  },
};
