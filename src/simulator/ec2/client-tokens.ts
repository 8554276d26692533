import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';

interface TokenRow {
  /** The other parameters of the first call, as text. */
  request: string;
  id: string;
}

function tokens(scope: Scope, operation: string) {
  return scope.table<TokenRow>(`ec2.clientTokens.${operation}`);
}

function requestOf({ ClientToken: _token, DryRun: _dryRun, ...rest }: Record<string, unknown>): string {
  return JSON.stringify(rest, Object.keys(flatKeys(rest)).sort());
}

/** Every member name at any depth, so that JSON.stringify writes equal requests as equal text. */
function flatKeys(value: unknown, into: Record<string, true> = {}): Record<string, true> {
  if (typeof value !== 'object' || value === null) return into;
  for (const [key, item] of Object.entries(value)) {
    into[key] = true;
    flatKeys(item, into);
  }
  return into;
}

/**
 * The id that an earlier call with the same token made. Refuses the token with other parameters, as EC2 does.
 * Tokens are remembered for good: EC2 promises 24 hours and more, and they outlive what they made.
 */
export function madeBefore(
  scope: Scope,
  operation: string,
  input: { ClientToken?: string | undefined },
): string | undefined {
  if (input.ClientToken === undefined) return undefined;
  const row = tokens(scope, operation).peek(input.ClientToken);
  if (row && row.request !== requestOf({ ...input }))
    throw refusal(
      'IdempotentParameterMismatch',
      'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical.',
    );
  return row?.id;
}

/** Called once `id` exists, so that the token of a refused call stays free. */
export function rememberToken(
  scope: Scope,
  operation: string,
  input: { ClientToken?: string | undefined },
  id: string,
) {
  if (input.ClientToken !== undefined)
    tokens(scope, operation).insert(input.ClientToken, { request: requestOf({ ...input }), id });
}
