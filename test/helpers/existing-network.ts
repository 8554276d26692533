import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { type ExistingNetwork, existingNetwork as network } from '../../src/simulator/existing-network.ts';
import { simulatedAccount } from '../../src/simulator/index.ts';
import { simulatedFolder } from './deployment.ts';

export type { ExistingNetwork };

/** An EC2 client of the folder's simulated account, as another program of its owner would have one. */
export function neighbour(directory: string) {
  const account = simulatedAccount({ file: join(simulatedFolder(directory), 'account.json') });
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };
  return { ec2: account.attach(new EC2Client({ region: 'us-west-2', credentials })), clock: account.clock };
}

/** Somebody's network, as the deployment needs it, in a new simulated account; and the settings that use it. */
export async function existingNetwork(directory: string): Promise<ExistingNetwork> {
  const { ec2, clock } = neighbour(directory);
  const made = await network(ec2, clock, { public: 'us-west-2b', private: ['us-west-2a', 'us-west-2c'] });
  const { vpcId, publicSubnet, privateSubnets } = made;
  const vpc = { use: vpcId, publicSubnet, privateSubnets };
  writeFileSync(join(directory, 'airflow-aws.yaml'), JSON.stringify({ vpc }));
  return made;
}

/** The whole account as the simulator has it on disk, table by table, without clocks and dice. */
export function rowsOf(directory: string): Record<string, Record<string, Record<string, unknown>>> {
  const { tables } = JSON.parse(readFileSync(join(simulatedFolder(directory), 'account.json'), 'utf8'));
  return tables;
}
