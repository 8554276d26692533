import { type Command, isChange } from '../hosts/command.ts';
import { type Host, type Shell, shellError } from '../hosts/shell.ts';
import type { Account } from './account.ts';
import { countChange } from './changing-call.ts';
import { carryOut } from './hosts/effects.ts';
import { hostOf } from './hosts/host-row.ts';
import { findInstance, wayInProblem } from './hosts/way-in.ts';

export interface SimulatedShellOptions {
  /** Where the user sits, as the security groups see it; undefined counts as any address that they let in. */
  readonly myAddress?: () => string;
}

/** Seconds until a server has answered. */
const latency = 0.2;

/**
 * Servers of the simulated account: the way to them, what they reach and what is on them is checked, time passes, and
 * the effects are kept in the account. A command that changes something counts as a changing call.
 */
export function simulatedShell(account: Account, { myAddress }: SimulatedShellOptions = {}): Shell {
  /** The server as it is now, or the error of an ssh that does not get through. */
  function meet(host: Host, command: Command) {
    account.catchUp();
    if (account.offline) throw shellError('unreachable', host, command, 'ssh: connect: Network is unreachable');
    const found = findInstance(account, host.instanceId);
    if (!found) throw shellError('unreachable', host, command, 'The instance does not exist.');
    const problem = wayInProblem(found.scope, found.instance, host, myAddress?.());
    if (problem !== undefined) throw shellError('unreachable', host, command, `ssh: ${problem}`);
    return { ...found, host: hostOf(found.scope, found.instance) };
  }

  /** `faults.refuse` names a script as `install_airflow`, and any other command by its kind. */
  function refuseOnPurpose(host: Host, command: Command) {
    const operation = command.kind === 'script' ? command.name.replaceAll('-', '_') : command.kind;
    const fault = account.faults.refuse?.find((one) => one.operation === operation && (one.times ?? 1) > 0);
    if (!fault) return;
    fault.times = (fault.times ?? 1) - 1;
    throw shellError('failed', host, command, fault.message ?? fault.code);
  }

  return {
    run(host, command, { signal, onOutput } = {}) {
      return account.clock.busy(async () => {
        const moment = isChange(command) ? countChange(account) : () => {};
        moment('before');
        account.faults.watchCommand?.(command);
        const pass = (seconds: number) => account.clock.idle(() => account.clock.sleep(seconds * 1000));
        await pass(latency);
        meet(host, command);
        refuseOnPurpose(host, command);
        await pass(command.typicalSeconds * (0.97 + 0.06 * account.random()));
        signal?.throwIfAborted();
        const met = meet(host, command);
        const result = carryOut(met, command);
        if ('problem' in result) throw shellError('failed', host, command, result.problem);
        if (isChange(command)) {
          met.host.log.push({ at: met.scope.now, title: command.title });
          account.save();
        }
        moment('inside');
        moment('after');
        for (const line of result.stdout.split('\n')) if (line !== '') onOutput?.(line);
        return { stdout: result.stdout };
      });
    },
  };
}
