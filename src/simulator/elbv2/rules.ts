import type {
  CreateRuleCommandInput,
  CreateRuleCommandOutput,
  DeleteRuleCommandInput,
  DeleteRuleCommandOutput,
  DescribeRulesCommandInput,
  DescribeRulesCommandOutput,
  ModifyRuleCommandInput,
  ModifyRuleCommandOutput,
  Rule,
  RuleTransform,
  SetRulePrioritiesCommandInput,
  SetRulePrioritiesCommandOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { actionsFor } from './actions.ts';
import { conditionsFor } from './conditions.ts';
import { beginToForward } from './forwarding.ts';
import { elbPage } from './pages.ts';
import {
  type ListenerRow,
  listenerTable,
  pathOf,
  type RuleRow,
  requireListener,
  requireLoadBalancer,
  requireRule,
  ruleTable,
} from './rows.ts';
import { tagsFrom } from './tags.ts';

/** Quota L-93EFF5D1, without the default rules. */
const rulesPerLoadBalancer = 100;

function describe(scope: Scope, row: RuleRow): Rule {
  const isDefault = row.priority === 'default';
  return {
    RuleArn: row.ruleArn,
    Priority: String(row.priority),
    Conditions: row.conditions,
    Actions: isDefault ? (listenerTable(scope).peek(row.listenerArn)?.defaultActions ?? []) : row.actions,
    IsDefault: isDefault,
    ...(row.transforms.length === 0 ? {} : { Transforms: row.transforms }),
  };
}

function rulesOf(scope: Scope, listenerArn: string): RuleRow[] {
  const rank = ({ priority }: RuleRow) => (priority === 'default' ? Number.POSITIVE_INFINITY : priority);
  return ruleTable(scope)
    .all()
    .filter((row) => row.listenerArn === listenerArn)
    .sort((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other)));
}

function checkPriority(priority: number | undefined): number {
  if (priority === undefined || !Number.isInteger(priority) || priority < 1 || priority > 50000)
    throw refusal('ValidationError', `Rule priority '${priority}' must be in the range 1-50000`);
  return priority;
}

function inUse(priority: number) {
  return refusal('PriorityInUse', `Priority '${priority}' is currently in use`);
}

function checkTransforms(transforms: RuleTransform[]): RuleTransform[] {
  const types = transforms.map(({ Type }) => Type);
  if (new Set(types).size < types.length)
    throw refusal('ValidationError', 'A rule can have one transform of each type');
  return structuredClone(transforms);
}

/** The rule, if it is not a default rule. */
function changeable(scope: Scope, arn: string, change: string): RuleRow {
  const row = requireRule(scope, arn);
  if (row.priority === 'default') throw refusal('OperationNotPermitted', `Default rule '${arn}' cannot be ${change}`);
  return row;
}

function countOnLoadBalancer(scope: Scope, { loadBalancerArn }: ListenerRow): number {
  return ruleTable(scope)
    .all()
    .filter(
      ({ priority, listenerArn }) =>
        priority !== 'default' && listenerTable(scope).peek(listenerArn)?.loadBalancerArn === loadBalancerArn,
    ).length;
}

export const rules: Noun = {
  service: 'elbv2',
  operations: {
    CreateRule: operation<CreateRuleCommandInput, CreateRuleCommandOutput>(
      ['ListenerArn', 'Conditions', 'Priority', 'Actions', 'Tags', 'Transforms'],
      (scope, { ListenerArn = '', Conditions, Priority, Actions, Tags, Transforms = [] }) => {
        const listener = requireListener(scope, ListenerArn);
        const loadBalancer = requireLoadBalancer(scope, listener.loadBalancerArn);
        const priority = checkPriority(Priority);
        const conditions = conditionsFor(Conditions, loadBalancer.type);
        const actions = actionsFor(scope, Actions, loadBalancer, listener.protocol);
        const transforms = checkTransforms(Transforms);
        const tags = tagsFrom(Tags);
        if (rulesOf(scope, ListenerArn).some((row) => row.priority === priority)) throw inUse(priority);
        if (countOnLoadBalancer(scope, listener) >= rulesPerLoadBalancer)
          throw refusal('TooManyRules', 'The maximum number of rules per load balancer has been reached');
        beginToForward(scope, actions);
        const ruleArn = scope.arn('elasticloadbalancing', `listener-rule/${pathOf(ListenerArn)}/${scope.hex(16)}`);
        const row = { ruleArn, listenerArn: ListenerArn, priority, conditions, actions, transforms, tags };
        return { Rules: [describe(scope, ruleTable(scope).insert(ruleArn, row))] };
      },
    ),
    DescribeRules: operation<DescribeRulesCommandInput, DescribeRulesCommandOutput>(
      ['ListenerArn', 'RuleArns', 'Marker', 'PageSize'],
      (scope, { ListenerArn, RuleArns, ...paging }) => {
        if (ListenerArn !== undefined && RuleArns?.length)
          throw refusal('ValidationError', 'Rule ARNs and a listener ARN cannot be specified at the same time');
        if (ListenerArn === undefined && !RuleArns?.length)
          throw refusal('ValidationError', 'You must specify either listener rule ARNs or a listener ARN');
        const rows =
          ListenerArn === undefined
            ? (RuleArns ?? []).map((arn) => requireRule(scope, arn))
            : rulesOf(scope, requireListener(scope, ListenerArn ?? '').listenerArn).filter(({ ruleArn }) =>
                ruleTable(scope).get(ruleArn),
              );
        const { page, next } = elbPage(rows, paging);
        return { Rules: page.map((row) => describe(scope, row)), NextMarker: next };
      },
    ),
    ModifyRule: operation<ModifyRuleCommandInput, ModifyRuleCommandOutput>(
      ['RuleArn', 'Conditions', 'Actions', 'Transforms', 'ResetTransforms'],
      (scope, { RuleArn = '', Conditions, Actions, Transforms, ResetTransforms }) => {
        const row = changeable(scope, RuleArn, 'modified');
        const listener = requireListener(scope, row.listenerArn);
        const loadBalancer = requireLoadBalancer(scope, listener.loadBalancerArn);
        if (Transforms && ResetTransforms)
          throw refusal('ValidationError', 'Transforms and ResetTransforms cannot be specified at the same time');
        const conditions = Conditions ? conditionsFor(Conditions, loadBalancer.type) : row.conditions;
        const actions = Actions ? actionsFor(scope, Actions, loadBalancer, listener.protocol) : row.actions;
        const transforms = checkTransforms(ResetTransforms ? [] : (Transforms ?? row.transforms));
        beginToForward(scope, actions);
        Object.assign(row, { conditions, actions, transforms });
        return { Rules: [describe(scope, row)] };
      },
    ),
    SetRulePriorities: operation<SetRulePrioritiesCommandInput, SetRulePrioritiesCommandOutput>(
      ['RulePriorities'],
      (scope, { RulePriorities = [] }) => {
        const changes = RulePriorities.map(({ RuleArn = '', Priority }) => ({
          row: changeable(scope, RuleArn, 'reprioritized'),
          priority: checkPriority(Priority),
        }));
        for (const { row, priority } of changes) {
          const next = (other: RuleRow) =>
            changes.find((change) => change.row.ruleArn === other.ruleArn)?.priority ?? other.priority;
          const taken = rulesOf(scope, row.listenerArn).filter((other) => next(other) === priority);
          if (taken.length > 1) throw inUse(priority);
        }
        for (const { row, priority } of changes) row.priority = priority;
        return { Rules: changes.map(({ row }) => describe(scope, row)) };
      },
    ),
    DeleteRule: operation<DeleteRuleCommandInput, DeleteRuleCommandOutput>(['RuleArn'], (scope, { RuleArn = '' }) => {
      ruleTable(scope).delete(changeable(scope, RuleArn, 'deleted').ruleArn);
      return {};
    }),
  },
};
