import { createHash } from 'node:crypto';
import type {
  DescribeMountTargetSecurityGroupsCommandOutput,
  DescribeMountTargetsCommandOutput,
} from '@aws-sdk/client-efs';
import type { Command, Files, Mount, Packages, Script, Units } from '../../hosts/command.ts';
import type { Scope } from '../account.ts';
import type { InstanceRow } from '../ec2/instances.ts';
import { securityGroupAllows } from '../ec2/security-group-rule-rows.ts';
import { databaseContentsTable, type HostRow } from './host-row.ts';
import { packageProblem } from './packages.ts';
import { ask } from './questions.ts';
import { reachProblem } from './reach.ts';
import { wayOutProblem } from './way-out.ts';
import { page, tasksOf } from './web.ts';

/** A command as it meets one server. `problem` is what the server would say last before it gives up. */
interface Met {
  scope: Scope;
  instance: InstanceRow;
  host: HostRow;
}

type Result = { problem: string } | { stdout: string };

const done: Result = { stdout: '' };

/** Carries the command out on the server's row, or says why the server could not. A failed command changes nothing. */
export function carryOut(met: Met, command: Command): Result {
  const problem = reachProblem(met.scope, met.instance, command.touches);
  if (problem !== undefined) return { problem };
  switch (command.kind) {
    case 'packages':
      return installPackages(met, command);
    case 'files':
      return writeFiles(met, command);
    case 'mount':
      return mountFileSystem(met, command);
    case 'units':
      return actOnUnits(met, command);
    case 'script':
      return runScript(met, command);
    case 'read':
      return { stdout: met.host.markers[command.path] ?? '' };
    case 'unit-states':
      return { stdout: `${command.names.map((name) => met.host.units[name] ?? 'inactive').join('\n')}\n` };
    case 'get':
      return page(met.scope, met.instance, met.host, command);
  }
}

function installPackages({ scope, instance, host }: Met, { manager, names }: Packages): Result {
  const problem = packageProblem(scope, instance, manager, names) ?? wayOutProblem(scope, instance);
  if (problem !== undefined) return { problem };
  host.packages = [...new Set([...host.packages, ...names])].sort();
  // Debian starts a server as soon as it is installed.
  if (manager === 'apt' && names.includes('nginx')) host.units['nginx.service'] = 'active';
  return done;
}

function writeFiles({ scope, host }: Met, { files }: Files): Result {
  for (const { path, source } of files) {
    const hole = 'content' in source ? source.content.match(/\{\{\w+\}\}/)?.[0] : undefined;
    if (hole) return { problem: `${path} still has the hole ${hole}` };
  }
  for (const { path, source } of files) {
    const content = 'content' in source ? source.content : source.from;
    put(scope, host, path, content);
    if (path.startsWith('/var/lib/airflow-aws/')) host.markers[path] = content;
  }
  return done;
}

function put({ now }: Scope, host: HostRow, path: string, content: string) {
  host.files[path] = { sha256: createHash('sha256').update(content).digest('hex'), at: now };
}

function mountFileSystem({ scope, instance, host }: Met, { path, fileSystemId, type }: Mount): Result {
  const helper = type === 'efs' ? 'amazon-efs-utils' : 'nfs-common';
  if (!host.packages.includes(helper)) return { problem: `mount: unknown filesystem type '${type}'` };
  const targets = ask<DescribeMountTargetsCommandOutput>(scope, 'efs', 'DescribeMountTargets', {
    FileSystemId: fileSystemId,
  });
  const target = targets?.MountTargets?.find(({ SubnetId }) => SubnetId === instance.subnetId);
  if (target?.LifeCycleState !== 'available')
    return { problem: `mount.nfs4: Failed to resolve server for ${fileSystemId}: Name or service not known` };
  const groups = ask<DescribeMountTargetSecurityGroupsCommandOutput>(
    scope,
    'efs',
    'DescribeMountTargetSecurityGroups',
    {
      MountTargetId: target.MountTargetId,
    },
  );
  const open = securityGroupAllows(scope, {
    groupIds: groups?.SecurityGroups ?? [],
    port: 2049,
    protocol: 'tcp',
    fromAddress: instance.privateIpAddress,
    fromGroupIds: instance.groupIds,
  });
  if (!open) return { problem: 'mount.nfs4: Connection timed out' };
  host.mounts[path] = fileSystemId;
  return done;
}

function actOnUnits({ host }: Met, { action, names }: Units): Result {
  if (action !== 'stop')
    for (const name of names) {
      const problem = unitProblem(host, name);
      if (problem !== undefined) return { problem };
    }
  for (const name of names) host.units[name] = action === 'stop' ? 'inactive' : 'active';
  // Every component of the target stops and starts with it.
  if (names.includes('airflow.target') && action === 'stop')
    for (const name of Object.keys(host.units)) if (name.startsWith('airflow@')) host.units[name] = 'inactive';
  return done;
}

/** Units that come with a package; every other one has a file of its own. */
const packaged: Record<string, string> = { 'nginx.service': 'nginx', 'chronyd.service': 'chrony' };

function unitProblem(host: HostRow, name: string): string | undefined {
  const owner = packaged[name];
  const file = `/etc/systemd/system/${name.replace(/@[^.]*\./, '@.')}`;
  if (owner === undefined ? !host.files[file] : !host.packages.includes(owner))
    return `Failed to start ${name}: Unit ${name} not found.`;
  if (!name.startsWith('airflow@')) return undefined;
  const needed = [
    '/opt/airflow/venv/bin/airflow',
    '/etc/airflow/airflow.cfg',
    '/etc/airflow/airflow_local_settings.py',
  ];
  const missing = needed.find((path) => !host.files[path]);
  if (missing) return `${name}: ${missing}: No such file or directory`;
  if (!host.mounts['/mnt/efs']) return `Dependency failed for ${name}: /mnt/efs is not mounted`;
  return undefined;
}

function runScript(met: Met, command: Script): Result {
  const hole = command.text.match(/\{\{\w+\}\}/)?.[0];
  if (command.text.trim() === '' || hole) return { problem: `the script is ${hole ? `unfilled: ${hole}` : 'empty'}` };
  return scripts[command.name]?.(met, command) ?? done;
}

/** Whether everything is there that a script takes for granted, and what it leaves. */
const scripts: Record<string, (met: Met, command: Script) => Result> = {
  'install-airflow'({ scope, instance, host }) {
    const python = host.packages.some((name) => /^python3\.\d+$/.test(name) || name === 'python3-venv');
    if (!python) return { problem: 'bash: python3: command not found' };
    if (!host.files['/opt/airflow/requirements.txt']) return { problem: 'error: file not found: requirements.txt' };
    const problem = wayOutProblem(scope, instance);
    if (problem !== undefined) return { problem };
    for (const path of ['/opt/airflow/venv/bin/airflow', '/opt/airflow/rds-authorities.pem'])
      put(scope, host, path, path);
    return done;
  },
  'make-certificate'({ scope, host }) {
    if (!host.packages.includes('openssl')) return { problem: 'openssl: command not found' };
    for (const name of ['tls.crt', 'tls.key']) put(scope, host, `/etc/nginx/airflow-aws/${name}`, name);
    return done;
  },
  'hide-identity'({ host }) {
    host.identityHidden = true;
    return done;
  },
  'show-identity'({ host }) {
    host.identityHidden = false;
    return done;
  },
  'prepare-folders'({ host }) {
    if (!host.files['/etc/tmpfiles.d/airflow-aws.conf']) return { problem: 'Failed to open airflow-aws.conf' };
    return host.mounts['/mnt/efs'] ? done : { problem: '/mnt/efs is not a mountpoint' };
  },
  'migrate-database'({ scope, host }, { touches }) {
    const needed = ['create_database.py', 'create_users.py', 'environment.py'].map(
      (name) => `/opt/airflow/lib/${name}`,
    );
    const missing = ['/opt/airflow/venv/bin/airflow', '/usr/local/bin/airflow-cluster', ...needed].find(
      (path) => !host.files[path],
    );
    if (missing) return { problem: `${missing}: No such file or directory` };
    const address = touches?.endpoints?.find(({ port }) => port === 3306)?.address ?? '';
    const contents = databaseContentsTable(scope);
    if (!contents.peek(address)) contents.insert(address, { address, madeAt: scope.now });
    return done;
  },
  'await-api'({ scope, host }) {
    for (const name of ['nginx.service', 'airflow@api-server.service'])
      if (host.units[name] !== 'active') return { problem: `${name} is not active` };
    // Against an empty database the api-server ends as often as systemd starts it.
    return databaseContentsTable(scope).all().length > 0 ? done : { problem: 'the database has no tables of Airflow' };
  },
  'prove-cluster': ({ scope, instance }, { touches }) => tasksOf(scope, instance, touches?.buckets?.[0] ?? ''),
  'begin-drill'({ host }) {
    host.markers['/run/airflow-aws/drill'] = 'begun';
    host.units['airflow@scheduler.service'] = 'inactive';
    return done;
  },
  'end-drill'({ host }) {
    delete host.markers['/run/airflow-aws/drill'];
    host.units['airflow@scheduler.service'] = 'active';
    return done;
  },
};
