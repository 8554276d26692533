/** The secrets of Airflow: made once, kept in Parameter Store, read by the nodes when their services start. */
import { createHash } from 'node:crypto';
import type { Aws } from '../../aws.ts';
import { secret } from '../parameters.ts';

/** What `environment.py` and its neighbours read. */
export interface AirflowSecrets {
  readonly fernetKey: string;
  readonly jwtSecret: string;
  readonly apiSecretKey: string;
  readonly databasePassword: string;
  readonly adminPassword: string;
  readonly userPassword: string;
  readonly flowerPassword: string;
}

/** Fernet takes 32 bytes in URL-safe base64 with its padding. */
function fernetKey(randomText: Aws['randomText']): string {
  return `${createHash('sha256').update(randomText(64)).digest('base64url')}=`;
}

export const airflowSecrets = secret(
  'airflowSecrets',
  'airflow-aws: keys and passwords of Airflow',
  ({ randomText }) => {
    const secrets: AirflowSecrets = {
      fernetKey: fernetKey(randomText),
      // More than the 64 bytes that the tokens' signature (HS512) uses.
      jwtSecret: randomText(88),
      apiSecretKey: randomText(43),
      databasePassword: randomText(32),
      adminPassword: randomText(20),
      userPassword: randomText(20),
      flowerPassword: randomText(32),
    };
    return JSON.stringify(secrets);
  },
);
