import { Account, type AccountOptions } from './account.ts';
import { type AttachableClient, attach } from './attach.ts';
import { nouns } from './nouns.ts';

export interface SimulatedAccount {
  readonly accountId: string;
  /** Makes an AWS SDK v3 client talk to this account instead of to AWS. */
  attach<Client extends AttachableClient>(client: Client): Client;
  readonly clock: {
    /** Milliseconds since 1970, in the account's own time. */
    now(): number;
    /** Resolves after that many milliseconds of the account's time. */
    sleep(milliseconds: number): Promise<void>;
  };
}

/**
 * An AWS account in one process: no network, states and durations as AWS has them, AWS's own refusals.
 * With `clock: 'virtual'` (the default) calls and `clock.sleep` move time, and a question asked again lets a poll
 * interval pass; `clock: { speed: N }` runs N simulated seconds to a real one.
 */
export function simulatedAccount(options: AccountOptions = {}): SimulatedAccount {
  const account = new Account(nouns, options);
  const unattended = (options.clock ?? 'virtual') === 'virtual';
  return {
    accountId: account.accountId,
    attach(client) {
      attach(account, client, { unattended });
      return client;
    },
    clock: account.clock,
  };
}

export type { AccountOptions } from './account.ts';
export type { Faults } from './faults.ts';
