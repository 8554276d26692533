import type { Account } from './account.ts';
import type { Moment } from './faults.ts';

/**
 * Counts one changing call, to AWS or on a server. The returned function kills the process (SIGKILL) when that call and
 * that moment are what `faults.kill` asks for.
 */
export function countChange(account: Account): (moment: Moment) => void {
  account.changingCalls++;
  const call = account.changingCalls;
  const { kill, watch } = account.faults;
  const chosen = kill !== undefined && kill.call === call ? kill.when : undefined;
  return (moment) => {
    if (chosen !== moment && watch === undefined) return;
    const act = () => {
      watch?.(moment, call);
      if (chosen === moment) process.kill(process.pid, 'SIGKILL');
    };
    // The caller records the answer before the event loop turns, so `after` is between its record and its next step.
    if (moment === 'after') setImmediate(act);
    else act();
  };
}
