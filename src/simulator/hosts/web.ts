import type { HttpGet } from '../../hosts/command.ts';
import type { Scope } from '../account.ts';
import { type InstanceRow, instanceTable } from '../ec2/instances.ts';
import { type HostRow, hostTable } from './host-row.ts';

/** What the server is given when it asks itself for a page: by its nginx, the load balancer and a node that works. */
export function page(scope: Scope, instance: InstanceRow, host: HostRow, { url }: HttpGet) {
  if (host.units['nginx.service'] !== 'active') return { problem: `curl: (7) Failed to connect to ${url}` };
  const nodes = nodesIn(scope, instance.vpcId);
  const path = new URL(url).pathname;
  if (path.startsWith('/execution/')) return { stdout: '<title>404 Not Found</title>' };
  if (!nodes.some(({ units }) => isUp(units, 'api-server'))) return { stdout: '502 Bad Gateway' };
  if (path === '/api/v2/monitor/health') {
    const status = (unit: string) => ({
      status: nodes.some(({ units }) => isUp(units, unit)) ? 'healthy' : 'unhealthy',
    });
    return {
      stdout: JSON.stringify({
        metadatabase: { status: 'healthy' },
        scheduler: status('scheduler'),
        triggerer: status('triggerer'),
        dag_processor: status('dag-processor'),
      }),
    };
  }
  return { stdout: '<!DOCTYPE html><title>Sign In - Airflow</title><form method="post"></form>' };
}

function isUp(units: HostRow['units'], component: string): boolean {
  return units[`airflow@${component}.service`] === 'active';
}

function nodesIn(scope: Scope, vpcId: string): HostRow[] {
  return hostTable(scope)
    .all()
    .filter(({ instanceId, units }) => {
      const instance = instanceTable(scope).peek(instanceId);
      return instance?.vpcId === vpcId && instance.state === 'running' && units['nginx.service'] === 'active';
    });
}

/** What the canary DAG's runs come to: any scheduler will do, and each node's worker must take its share. */
export function tasksOf(
  scope: Scope,
  { vpcId }: InstanceRow,
  bucket: string,
): { problem: string } | { stdout: string } {
  const nodes = nodesIn(scope, vpcId).filter(({ units }) => 'airflow@worker.service' in units);
  for (const component of ['scheduler', 'api-server', 'dag-processor'])
    if (!nodes.some(({ units }) => isUp(units, component)))
      return { problem: `the run of the DAG airflow_aws_canary left no log: no ${component} is up` };
  const working = nodes.filter(({ units }) => isUp(units, 'worker'));
  const names = working
    .map(({ instanceId }) => `ip-${instanceTable(scope).peek(instanceId)?.privateIpAddress.replaceAll('.', '-')}`)
    .sort();
  const said = `tasks ran on ${names.join(' and ')}`;
  if (working.length < 2) return { problem: `${said} only, out of 2 nodes` };
  return { stdout: `${said}; their logs are in s3://${bucket}/airflow_log\n` };
}
