import type { Host } from '../../hosts/shell.ts';
import type { Account, Scope } from '../account.ts';
import { durations } from '../durations.ts';
import { type InstanceRow, instanceTable } from '../ec2/instances.ts';
import { rulesOf, securityGroupAllows } from '../ec2/security-group-rule-rows.ts';

/** The instance, in whichever region it is. */
export function findInstance(
  account: Account,
  instanceId: string,
): { scope: Scope; instance: InstanceRow } | undefined {
  for (const region of account.regions()) {
    const scope = account.scope(region);
    const instance = instanceTable(scope).peek(instanceId);
    if (instance) return { scope, instance };
  }
  return undefined;
}

/**
 * Why SSH does not get through to the server, or undefined when it does.
 *
 * @param myAddress where the user sits; undefined counts as anywhere that some rule lets in.
 */
export function wayInProblem(
  scope: Scope,
  instance: InstanceRow,
  host: Host,
  myAddress: string | undefined,
): string | undefined {
  if (host.via) {
    const bastion = instanceTable(scope).peek(host.via.instanceId);
    const problem = bastion ? wayInProblem(scope, bastion, host.via, myAddress) : 'the bastion does not exist';
    if (problem || !bastion) return problem;
    if (instance.vpcId !== bastion.vpcId) return 'no route to host';
    const open = securityGroupAllows(scope, {
      groupIds: instance.groupIds,
      port: 22,
      protocol: 'tcp',
      fromAddress: bastion.privateIpAddress,
      fromGroupIds: bastion.groupIds,
    });
    if (!open) return `connect to host ${host.address} port 22: Connection timed out`;
    if (host.address !== instance.privateIpAddress) return `connect to host ${host.address} port 22: No route to host`;
  } else {
    if (host.address !== instance.publicIpAddress)
      return `connect to host ${host.address} port 22: Connection timed out`;
    if (!opensTo(scope, instance, myAddress)) return `connect to host ${host.address} port 22: Connection timed out`;
  }
  if (instance.state !== 'running' || instance.impairedSince !== undefined)
    return `connect to host ${host.address} port 22: Connection timed out`;
  const [bootSeconds] = durations['instance.boot'];
  const answersAt = (instance.bootedAt ?? instance.launchTime) + bootSeconds * 1000;
  return scope.now < answersAt ? `connect to host ${host.address} port 22: Connection refused` : undefined;
}

function opensTo(scope: Scope, { groupIds }: InstanceRow, myAddress: string | undefined): boolean {
  if (myAddress !== undefined)
    return securityGroupAllows(scope, { groupIds, port: 22, protocol: 'tcp', fromAddress: myAddress });
  return groupIds
    .flatMap((groupId) => rulesOf(scope, groupId, false))
    .some(({ cidrIpv4, fromPort, toPort }) => cidrIpv4 !== undefined && fromPort <= 22 && 22 <= toPort);
}
