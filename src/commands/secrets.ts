import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { awsCode, classify, isGone } from '../aws-errors.ts';
import { exitCodes, userError } from '../errors.ts';
import { hideSecret } from '../hosts/mask.ts';
import type { AirflowSecrets } from '../steps/16-airflow/secrets.ts';
import type { Deployment } from './deployment.ts';

interface Login {
  readonly username: string;
  readonly password: string;
}

/** What a person needs to log in. It is read when it is asked for, printed, and kept nowhere. */
export interface Logins {
  readonly admin: Login;
  readonly user: Login;
  readonly flower: Login;
}

/**
 * Reads the passwords from Parameter Store.
 *
 * @throws UserError with exit code 4 without the right to read them, 2 where there are none yet.
 */
export async function readLogins({ clients, config, state, names }: Deployment): Promise<Logins> {
  const Name = state?.row('airflowSecrets')?.identity?.parameterName;
  if (Name === undefined) throw noSecrets(config.name, `The state knows of no parameter ${names.airflowSecrets}.`);
  try {
    const { Parameter } = await clients.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
    hideSecret(Parameter!.Value!);
    const secrets = JSON.parse(Parameter!.Value!) as AirflowSecrets;
    const { admin, user } = config.airflow;
    return {
      admin: { username: admin.username, password: secrets.adminPassword },
      user: { username: user.username, password: secrets.userPassword },
      flower: { username: 'flower', password: secrets.flowerPassword },
    };
  } catch (error) {
    if (isGone(error)) throw noSecrets(config.name, `Parameter Store has no ${Name}.`);
    if (classify(error) !== 'identity') throw error;
    throw userError({
      code: 'secrets-not-readable',
      exitCode: exitCodes.credentials,
      what: 'The passwords may not be read with these credentials.',
      why: `AWS refused ssm:GetParameter with decryption of ${Name}: ${(error as Error).message}`,
      fix: `Allow ssm:GetParameter on ${Name} (and kms:Decrypt, where a key of your own encrypts it), or use credentials that may.`,
      awsCode: awsCode(error),
    });
  }
}

function noSecrets(name: string, why: string) {
  return userError({
    code: 'no-secrets',
    exitCode: exitCodes.usage,
    what: `${name} has no passwords yet.`,
    why,
    fix: 'Run "airflow-aws up", which makes them in STEP 16.',
  });
}
