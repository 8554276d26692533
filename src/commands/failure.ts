import type { Failed } from '../engine/step-lines.ts';
import { UserError } from '../errors.ts';
import { explain, explainCall, isFromAws, loginCommand } from '../explain.ts';
import { inquire } from '../inquiry.ts';
import { steps } from '../steps/index.ts';
import type { Deployment } from './deployment.ts';

/**
 * The first failure of a run, explained as well as AWS can tell; the others follow from it or are listed beside it.
 * `goOn` is the command that goes on with the run.
 */
export async function failureOf(
  deployment: Deployment,
  [first]: readonly Failed[],
  verb: 'creating' | 'destroying',
  goOn: string,
): Promise<UserError | undefined> {
  if (!first) return undefined;
  const { world, store } = deployment;
  return explain(first, {
    verb,
    title: steps.find(({ number }) => number === first.step)?.title ?? '',
    stateFile: store.name,
    goOn,
    login: loginCommand(world.clientConfig.profile),
    learned: await inquire(deployment, first),
  });
}

/** A question beside the run that AWS did not answer. What is not AWS's is a defect, and is thrown on. */
export function callFailure({ world }: Deployment, error: unknown): UserError {
  if (error instanceof UserError) return error;
  if (!isFromAws(error)) throw error;
  return explainCall(error, { login: loginCommand(world.clientConfig.profile) });
}
