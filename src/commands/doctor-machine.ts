/** What `doctor` looks at on this machine: Node, ssh, the disk, the clock. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { execa } from 'execa';
import packageJson from '../../package.json' with { type: 'json' };
import { connect } from '../session.ts';
import type { Deployment } from './deployment.ts';
import type { Finding } from './finding.ts';

/** The first release that knows `StrictHostKeyChecking accept-new`, which the servers are pinned with. */
const oldestSsh = [7, 6] as const;
/** A run's state and journal are far below this; a full disk in the middle of one is not worth saving it. */
const neededMiB = 100;

export async function machineFindings(directory: string, { rehearsal }: { rehearsal: boolean }): Promise<Finding[]> {
  return [nodeFinding(process.versions.node), await sshFinding(rehearsal), await diskFinding(directory)];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const least = packageJson.engines.node.replace('>=', '');
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  const name = 'Node';
  if (major < leastMajor || (major === leastMajor && minor < leastMinor))
    return { name, severity: 'error', what: `Node ${version} is too old.`, fix: `Install Node ${least} or newer.` };
  if (major < 22)
    return {
      name,
      severity: 'warning',
      what: `Node ${version} does, but the AWS SDK asks for 22 from January 2027 on.`,
      fix: 'Install Node 22 or newer when it suits you.',
    };
  return { name, severity: 'ok', what: `Node ${version}.` };
}

async function sshFinding(rehearsal: boolean): Promise<Finding> {
  const name = 'ssh';
  // In a rehearsal the shell is simulated, too.
  const severity = rehearsal ? 'warning' : 'error';
  const { failed, stderr } = await execa('ssh', ['-V'], { reject: false, timeout: 10_000 });
  if (failed)
    return {
      name,
      severity,
      what: 'There is no program ssh, and STEP 16 works on the servers with it.',
      fix: 'Install the OpenSSH client (apt install openssh-client, dnf install openssh-clients).',
    };
  const [version = ''] = stderr.split(',');
  const [, major = '0', minor = '0'] = /OpenSSH\D*(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === '0')
    return {
      name,
      severity: 'warning',
      what: `The program ssh calls itself "${version.trim()}", which is not OpenSSH.`,
      fix: 'Put the OpenSSH client first in PATH.',
    };
  const old = Number(major) < oldestSsh[0] || (Number(major) === oldestSsh[0] && Number(minor) < oldestSsh[1]);
  if (old)
    return {
      name,
      severity,
      what: `${version} is too old to pin host keys at first sight.`,
      fix: `Install OpenSSH ${oldestSsh.join('.')} or newer.`,
    };
  return { name, severity: 'ok', what: `${version}.` };
}

async function diskFinding(directory: string): Promise<Finding> {
  const name = 'disk';
  let folder = directory;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free >= neededMiB) return { name, severity: 'ok', what: `${free.toLocaleString('en')} MiB free in ${folder}.` };
  return {
    name,
    severity: 'error',
    what: `Only ${free} MiB are free in ${folder}, where the state is written before each change.`,
    fix: `Free some space, at least ${neededMiB} MiB.`,
  };
}

/** Seconds: AWS refuses signatures that are five minutes off. */
const mostSkew = 240;
const noticedSkew = 60;

/** Compares this machine's clock with the date on one of AWS's answers. */
export async function clockFindings({ world, traffic }: Pick<Deployment, 'world' | 'traffic'>): Promise<Finding[]> {
  // A rehearsal has a clock of its own.
  if (world.kind === 'simulated') return [];
  const client = connect(world, traffic, new STSClient(world.clientConfig));
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  await client.send(new GetCallerIdentityCommand({}));
  return date === undefined ? [] : [skewFinding((Date.now() - Date.parse(date)) / 1000)];
}

/** @param skew seconds that this machine is ahead of AWS. */
export function skewFinding(skew: number): Finding {
  const name = 'clock';
  const seconds = Math.round(Math.abs(skew));
  // The date on an answer has whole seconds, and the answer took a while.
  if (seconds <= 2) return { name, severity: 'ok', what: 'As AWS’s.' };
  const what = `This machine is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} AWS.`;
  const fix = 'Set the clock, for example with "timedatectl set-ntp true".';
  if (seconds >= mostSkew) return { name, severity: 'error', what: `${what} AWS refuses calls from 300 s on.`, fix };
  if (seconds >= noticedSkew) return { name, severity: 'warning', what, fix };
  return { name, severity: 'ok', what };
}
