import type { Scope } from '../account.ts';
import type { ServiceName } from '../noun.ts';
import { Refusal } from '../refusal.ts';

/** Asks the account what a client could ask. Undefined where the account refuses: the thing is not there. */
export function ask<Output extends object>(
  scope: Scope,
  service: ServiceName,
  operation: string,
  input: object,
): Output | undefined {
  const known = scope.account.knows(service, operation);
  if (!known) throw new Error(`the account does not know ${service}:${operation}`);
  try {
    return known.run(scope, input) as Output;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
