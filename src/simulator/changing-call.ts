import type { Account } from './account.ts';

/**
 * Counts one changing call, to AWS or on a server. The returned function kills the process (SIGKILL) when that call and
 * that moment are what `faults.kill` asks for.
 */
export function countChange(account: Account): (moment: 'before' | 'inside' | 'after') => void {
  account.changingCalls++;
  const { kill } = account.faults;
  const chosen = kill !== undefined && kill.call === account.changingCalls ? kill.when : undefined;
  return (moment) => {
    if (chosen !== moment) return;
    const end = () => process.kill(process.pid, 'SIGKILL');
    // The caller records the answer before the event loop turns, so `after` is between its record and its next step.
    if (moment === 'after') setImmediate(end);
    else end();
  };
}
