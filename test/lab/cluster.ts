/** The cluster that the tests of one file share, and the ways to look at it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEYS, REGION } from '../emulator/harness.ts';
import { Airflow } from './airflow.ts';
import { hostNamed, onHost } from './hosts.ts';
import { namespaces } from './network.ts';
import { airflowAws, type Ended, outputFolder } from './operator.ts';
import { inNamespace, run } from './processes.ts';
import { endpointUrl, type Region } from './region.ts';

export interface Cluster {
  readonly directory: string;
  readonly region: Region;
  /** Airflow through the bastion; logged in as the Admin once `logIn` was called. */
  readonly airflow: Airflow;
  /** Every secret value of the deployment, by what it is. */
  readonly secrets: Readonly<Record<string, string>>;
}

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'airflow-aws-lab-'));
}

/** What is known of a cluster that stands. */
export async function clusterOf(directory: string, region: Region): Promise<Cluster> {
  const secrets = {
    ...(JSON.parse(await parameter('/airflow-aws/pms/airflow-secrets')) as Record<string, string>),
    master: await parameter('/airflow-aws/pms/database-password'),
    cache: await parameter('/airflow-aws/pms/cache-password'),
  };
  return { directory, region, airflow: new Airflow(`https://${hostNamed('bastion').publicIp}`), secrets };
}

async function parameter(name: string): Promise<string> {
  const answer = await callAws('ssm', 'SSMClient', 'GetParameterCommand', { Name: name, WithDecryption: true });
  return (answer as { Parameter: { Value: string } }).Parameter.Value;
}

/** One call of the AWS API from the operator's machine, through the region's own endpoint. */
export async function callAws(service: string, client: string, command: string, input: object): Promise<unknown> {
  const program = `import('@aws-sdk/client-${service}').then(async ({ ${client}, ${command} }) => {
    const client = new ${client}({ endpoint: '${endpointUrl}', region: '${REGION}' });
    const { $metadata, ...answer } = await client.send(new ${command}(${JSON.stringify(input)}));
    process.stdout.write(JSON.stringify(answer));
  })`;
  const env = Object.entries(KEYS).map(([key, value]) => `${key}=${value}`);
  return JSON.parse(await operator('env', ...env, process.execPath, '-e', program));
}

/** Runs a program on the operator's machine. */
export function operator(...command: string[]): Promise<string> {
  return run(...inNamespace(namespaces.operator, command));
}

/** Runs a program on a host as root, past its network. */
export async function onNode(name: string, ...command: string[]): Promise<string> {
  return run(...(await onHost(name, command)));
}

/** The name that a node has for Airflow. */
export function hostOf(name: string): string {
  return `ip-${hostNamed(name).privateIp.replaceAll('.', '-')}`;
}

/** Whether a port takes connections: asked from the operator's machine, or from a host. */
export async function reach(from: 'operator' | 'a' | 'c', host: string, port: number): Promise<'open' | 'shut'> {
  const asking = ['timeout', '3', 'bash', '-c', `: </dev/tcp/${host}/${port}`];
  const [file, args] = from === 'operator' ? inNamespace(namespaces.operator, asking) : await onHost(from, asking);
  return run(file, args).then(
    () => 'open',
    () => 'shut',
  );
}

/** What every host has to tell of itself, kept for whoever asks why a test failed. */
export async function keepJournals() {
  for (const name of ['bastion', 'a', 'c']) {
    const journal = await onNode(name, 'journalctl', '--no-pager', '--output=short-iso').catch(String);
    writeFileSync(join(outputFolder, `journal-${name}.log`), journal);
  }
}

/** Runs the command line, which must end with the exit code. */
export async function ends(
  directory: string,
  code: number,
  args: readonly string[],
  options?: Parameters<typeof airflowAws>[2],
): Promise<Ended> {
  const ended = await airflowAws(directory, args, options);
  if (ended.code !== code) throw new Error(`${args.join(' ')} ended with ${ended.code}, not ${code}:\n${ended.output}`);
  return ended;
}
