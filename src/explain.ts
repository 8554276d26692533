import { awsCode, classify, type ErrorClass, requestId } from './aws-errors.ts';
import { FailedLater } from './engine/run.ts';
import type { Failed } from './engine/up.ts';
import { type ExitCode, exitCodes, UserError, userError } from './errors.ts';

interface Reading {
  exitCode: ExitCode;
  /** What the class of error means, in words. */
  means: string;
  fix: string;
}

const resume = 'Then run "airflow-aws up --resume".';

const readings: Partial<Record<ErrorClass, Reading>> = {
  quota: {
    exitCode: exitCodes.failed,
    means: 'A quota of the account is used up.',
    fix: `Ask for more in the Service Quotas console, or remove what is not needed. ${resume}`,
  },
  capacity: {
    exitCode: exitCodes.failed,
    means: 'AWS has no free capacity of that class in that zone, or does not sell it there.',
    fix: `Choose another class or zone in airflow-aws.yaml, or wait a few minutes. ${resume}`,
  },
  identity: {
    exitCode: exitCodes.credentials,
    means: 'These credentials may not do that.',
    fix: `Add the action to the policy of the credentials. ${resume}`,
  },
  expired: {
    exitCode: exitCodes.stopped,
    means: 'The credentials ran out during the run.',
    fix: `Log in again. ${resume}`,
  },
  exists: {
    exitCode: exitCodes.failed,
    means: 'Something of that name exists and does not carry the tags of this deployment.',
    fix: `Remove or rename it, or give this deployment another name. ${resume}`,
  },
  throttle: {
    exitCode: exitCodes.failed,
    means: 'AWS went on refusing calls because too many came in.',
    fix: `Wait a minute. ${resume}`,
  },
  unclear: {
    exitCode: exitCodes.failed,
    means: 'AWS did not answer, or not clearly.',
    fix: `Check the network and the AWS Health Dashboard. ${resume}`,
  },
};

const unknown: Reading = { exitCode: exitCodes.failed, means: '', fix: `See the message above. ${resume}` };

/** A failure of a run in words: what happened, AWS's own reason, what to do. The state is safe in any case. */
export function explain(
  { key, step, error }: Failed,
  { verb, title, stateFile }: { verb: string; title: string; stateFile: string },
): UserError {
  const saved = `What exists is recorded in ${stateFile}.`;
  if (error instanceof UserError)
    return userError({
      ...error,
      what: error.what,
      step,
      resource: error.resource ?? key,
      resumable: true,
      cause: error,
    });
  const { exitCode, means, fix } = readings[classify(error)] ?? unknown;
  const code = error instanceof FailedLater ? error.code : awsCode(error);
  return userError({
    code: 'step-failed',
    exitCode,
    what: `STEP ${step} ${title}: ${verb} ${key} failed.`,
    why: [means, `AWS says ${code}: ${(error as Error).message}`].filter((line) => line !== '').join('\n'),
    fix: `${verb === 'destroying' ? fix.replace('airflow-aws up --resume', 'airflow-aws destroy') : fix} ${saved}`,
    step,
    resource: key,
    awsCode: code,
    requestId: requestId(error),
    resumable: true,
    cause: error,
  });
}
