import { loadSharedConfigFiles } from '@smithy/core/config';
import { classify, rememberAction } from './aws-errors.ts';
import { stopwatch } from './engine/clock.ts';
import { actionOf } from './iam-actions.ts';
import type { World } from './world.ts';

/** What went over the wire, and who wants to know. */
export class Traffic {
  /** Calls by `service:Operation`, each repetition counted. */
  readonly calls: Record<string, number> = {};

  /** True for calls that change the account. */
  static changes(operation: string): boolean {
    return !/^(Describe|Get|List|Head|Decode|Simulate)/.test(operation);
  }

  /** True for calls that make something. */
  static creates(operation: string): boolean {
    return /^(Create|Run|Allocate|Import)/.test(operation);
  }

  count(service: string, operation: string) {
    const name = `${service}:${operation}`;
    this.calls[name] = (this.calls[name] ?? 0) + 1;
  }

  get changingCalls(): number {
    return Object.entries(this.calls)
      .filter(([name]) => Traffic.changes(name.slice(name.indexOf(':') + 1)))
      .reduce((sum, [, count]) => sum + count, 0);
  }
}

/** Calls of one client that may be on their way at once. AWS refills its buckets at about twenty a second. */
const inFlightPerClient = 8;
const patienceSeconds = 300;

interface Prepared {
  config: { serviceId?: string; credentials?: (options: { forceRefresh: boolean }) => Promise<unknown> };
  middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: each client has its own input and output types.
    add(middleware: any, options: object): void;
  };
}

/**
 * Adds to `client`: a limit on calls in flight, the count, and the repetition of what is safe to repeat. That is a
 * throttled call, since nothing happened, a question whose answer was lost, and once a call whose credentials have expired,
 * with those that a log-in in another terminal may have left. A change whose answer was lost is thrown: the engine looks
 * what came of it. So is a throttled creating call: the engine records the time of each before it is made. `askAgain: false` is for questions whose answer is only advice.
 */
export function limitAndRepeat(client: Prepared, world: World, traffic: Traffic, { askAgain = true } = {}) {
  const service = (client.config.serviceId ?? '').toLowerCase();
  const turn = semaphore(inFlightPerClient);
  client.middlewareStack.add(
    (next: (args: object) => Promise<unknown>, { commandName = '' }: { commandName?: string }) =>
      async (args: object) => {
        const operation = commandName.replace(/Command$/, '');
        const waited = stopwatch(world.clock);
        let renewed = false;
        let losses = 0;
        for (let attempt = 0; ; attempt++) {
          const release = await turn();
          try {
            traffic.count(service, operation);
            return await next(args);
          } catch (error) {
            const kind = classify(error);
            if (kind === 'identity') rememberAction(error, actionOf(service, operation));
            // What cannot be answered at all also ends as HTTP 5xx; whoever needs the answer asks again by itself.
            // Throttles say that somebody is there, so they do not use up what is left for lost answers.
            const unheard = kind === 'unclear' || kind === 'offline';
            const lost = unheard && askAgain && !Traffic.changes(operation) && losses++ < 3;
            const throttled = kind === 'throttle' && !Traffic.creates(operation);
            const loggedIn = kind === 'expired' && !renewed;
            const again = throttled || lost || loggedIn;
            if (waited() > patienceSeconds || !again) throw error;
            if (loggedIn) {
              renewed = true;
              // A rehearsal's are fixed, and files that are read meanwhile would let its time pass as the disk likes.
              if (world.clientConfig.credentials === undefined) await renewCredentials(client);
            }
          } finally {
            release();
          }
          const ceiling = Math.min(20, 0.5 * 2 ** attempt);
          await world.clock.sleep(1000 * ceiling * world.random() * Math.max(world.pace, 0.1));
        }
      },
    { step: 'initialize', priority: 'high', name: 'limitAndRepeat' },
  );
}

/** Asks the client's provider again, past every cache: it may say the same, or that nobody has logged in. */
async function renewCredentials({ config }: Prepared) {
  await loadSharedConfigFiles({ ignoreCache: true });
  await config.credentials?.({ forceRefresh: true });
}

function semaphore(size: number): () => Promise<() => void> {
  let free = size;
  const waiting: (() => void)[] = [];
  const release = () => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return release;
  };
}
