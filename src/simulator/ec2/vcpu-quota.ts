import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { instanceTypeNamed } from './instance-types.ts';
import { instanceTable } from './instances.ts';

/** What the simulated account starts with; a new account of AWS often has 5. */
const startingQuota = 64;

/** Quota L-1216C47A: vCPUs of all running on-demand instances of the standard families. */
export function standardVcpuQuota(scope: Scope): number {
  return scope.table<{ value: number }>('service-quotas.values').peek('ec2/L-1216C47A')?.value ?? startingQuota;
}

export function standardVcpusInUse(scope: Scope): number {
  return instanceTable(scope)
    .all()
    .filter(({ state }) => state === 'pending' || state === 'running')
    .reduce((sum, { instanceType }) => sum + vCpus(instanceType), 0);
}

/** How many more instances of the type the quota allows. */
export function launchableCount(scope: Scope, instanceType: string): number {
  return Math.max(0, Math.floor((standardVcpuQuota(scope) - standardVcpusInUse(scope)) / vCpus(instanceType)));
}

export function vcpuLimitExceeded(scope: Scope) {
  return refusal(
    'VcpuLimitExceeded',
    `You have requested more vCPU capacity than your current vCPU limit of ${standardVcpuQuota(scope)} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
  );
}

/** Refuses to let all of these run besides what runs already. */
export function refuseAboveVcpuQuota(scope: Scope, starting: readonly { instanceType: string }[]) {
  const wanted = starting.reduce((sum, { instanceType }) => sum + vCpus(instanceType), 0);
  if (wanted > 0 && standardVcpusInUse(scope) + wanted > standardVcpuQuota(scope)) throw vcpuLimitExceeded(scope);
}

function vCpus(instanceType: string): number {
  return instanceTypeNamed(instanceType)?.vCpus ?? 0;
}
