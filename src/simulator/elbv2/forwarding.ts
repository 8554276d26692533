import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { listenerTable, ruleTable, targetGroupTable } from './rows.ts';

/** ARNs of the target groups that the actions forward to. */
export function targetGroupsIn(actions: readonly Action[]): string[] {
  return actions
    .flatMap(({ TargetGroupArn, ForwardConfig }) => [
      TargetGroupArn,
      ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn),
    ])
    .filter((arn, index, all): arn is string => arn !== undefined && all.indexOf(arn) === index);
}

/** Load balancer ARN → ARNs of the target groups that its listeners and rules forward to. */
function forwarded(scope: Scope): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const note = (loadBalancerArn: string | undefined, actions: readonly Action[]) => {
    if (loadBalancerArn === undefined) return;
    const groups = found.get(loadBalancerArn) ?? new Set();
    for (const arn of targetGroupsIn(actions)) groups.add(arn);
    found.set(loadBalancerArn, groups);
  };
  for (const { loadBalancerArn, defaultActions } of listenerTable(scope).all()) note(loadBalancerArn, defaultActions);
  for (const { listenerArn, actions } of ruleTable(scope).all())
    note(listenerTable(scope).peek(listenerArn)?.loadBalancerArn, actions);
  return found;
}

/** The load balancers that forward to the target group; AWS allows one. */
export function loadBalancersOf(scope: Scope, targetGroupArn: string): string[] {
  return [...forwarded(scope)]
    .filter(([, groups]) => groups.has(targetGroupArn))
    .map(([loadBalancerArn]) => loadBalancerArn);
}

/** The target groups that the load balancer forwards to. */
export function targetGroupsOf(scope: Scope, loadBalancerArn: string): Set<string> {
  return forwarded(scope).get(loadBalancerArn) ?? new Set();
}

/** Notes that the target groups of `actions` are about to be used, for those that were not until now. */
export function beginToForward(scope: Scope, actions: readonly Action[]) {
  for (const arn of targetGroupsIn(actions)) {
    const group = targetGroupTable(scope).peek(arn);
    if (group && loadBalancersOf(scope, arn).length === 0) group.inUseSince = scope.now;
  }
}

/** A listener goes with all its rules. */
export function removeListener(scope: Scope, listenerArn: string) {
  for (const rule of ruleTable(scope).all())
    if (rule.listenerArn === listenerArn) ruleTable(scope).delete(rule.ruleArn);
  listenerTable(scope).delete(listenerArn);
}
