/** The operator: a machine on the internet with the built command line and a folder with a deployment. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEYS, REGION } from '../emulator/harness.ts';
import { addresses } from './network.ts';
import { endpointUrl } from './region.ts';

/** The settings of a deployment in the lab: what differs from the defaults is where we are, and the system. */
export function writeSettings(directory: string) {
  mkdirSync(directory, { recursive: true });
  const settings = `version: 1\nos: debian-13\naccess:\n  myIp: ${addresses.operator}\n`;
  writeFileSync(join(directory, 'airflow-aws.yaml'), settings);
}

export function operatorEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/root',
    CI: '1',
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...KEYS,
  };
}
