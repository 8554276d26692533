import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { simulatedFolder, simulatedUp, temporaryFolder } from '../helpers/deployment.ts';

const settings = `airflow:
  dags:
    source: git
    repository: git@github.com:you/dags.git
    credentialsParameter: /airflow-aws/pms/git
`;

test('a private repository’s parameter is looked for before anything is made, and read by the nodes', async () => {
  const directory = temporaryFolder();
  writeFileSync(join(directory, 'airflow-aws.yaml'), settings);
  await expect(simulatedUp(directory)).rejects.toMatchObject({
    code: 'preflight',
    why: 'Parameter Store has no /airflow-aws/pms/git, which airflow.dags.credentialsParameter names.',
    fix: expect.stringContaining('aws ssm put-parameter --region us-west-2 --type SecureString'),
  });
  const account = simulatedAccount({ file: join(simulatedFolder(directory), 'account.json') });
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };
  const ssm = account.attach(new SSMClient({ region: 'us-west-2', credentials }));
  await ssm.send(new PutParameterCommand({ Name: '/airflow-aws/pms/git', Type: 'SecureString', Value: 'hunter2' }));
  const { exitCode, done, events } = await simulatedUp(directory);
  expect(exitCode).toBe(0);
  expect(done.ok).toBe(true);
  expect(JSON.stringify(events)).not.toContain('hunter2');
});
