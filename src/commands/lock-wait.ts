import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, UserError, userError } from '../errors.ts';
import type { CommandIo } from './command-io.ts';

/** Seconds between two tries. */
const everySeconds = 2;

/**
 * A way to take locks that waits for them, together for as long as `text` says (`90s`, `10m`, `1h`; without it not at
 * all), and says whose the lock is whenever that changes. `take` is told how many seconds were waited.
 */
export function lockPatience(io: CommandIo, text: string | undefined) {
  const patience = secondsOf(text);
  const start = Date.now();
  const waited = () => Math.round((Date.now() - start) / 1000);
  let told: string | undefined;
  return async <Lock>(take: (waitedSeconds: number) => Promise<Lock>): Promise<Lock> => {
    for (;;) {
      try {
        return await take(waited());
      } catch (error) {
        const locked = error instanceof UserError && error.exitCode === exitCodes.locked;
        const left = patience - (Date.now() - start) / 1000;
        if (!locked || left <= 0) throw error;
        if (error.what !== told) io.note(`${error.what} Waiting for it, ${text} at most.`);
        told = error.what;
        await sleep(1000 * Math.min(everySeconds, left));
      }
    }
  };
}

function secondsOf(text = '0s'): number {
  const [, number, unit = 's'] = /^(\d+)\s*([smh]?)$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
  throw userError({
    code: 'bad-flag',
    exitCode: exitCodes.usage,
    what: `--lock-wait ${text} is not a time.`,
    why: 'It takes a number of seconds, minutes or hours.',
    fix: 'For example --lock-wait 10m.',
  });
}
