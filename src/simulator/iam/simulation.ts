import type {
  ContextEntry,
  EvaluationResult,
  PolicySourceType,
  SimulateCustomPolicyCommandInput,
  SimulateCustomPolicyCommandOutput,
  SimulatePrincipalPolicyCommandInput,
  SimulatePrincipalPolicyCommandOutput,
} from '@aws-sdk/client-iam';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import { iamPage, noSuchEntity } from './checks.ts';
import { type PolicyKind, parsePolicy } from './documents.ts';
import { decide, type Policy } from './evaluation.ts';
import { defaultDocument, requirePolicyArn } from './managed-policies.ts';
import type { PolicyHolder } from './principal-policies.ts';
import { requireRole } from './roles.ts';
import { requireUser } from './users.ts';

interface Asked {
  ActionNames?: string[] | undefined;
  ResourceArns?: string[] | undefined;
  ContextEntries?: ContextEntry[] | undefined;
  MaxItems?: number | undefined;
  Marker?: string | undefined;
}

/** Policies given as text, under the names that IAM gives them in its answer. */
function given(list: string[] | undefined, name: string, kind: PolicyKind = 'identity'): Policy[] {
  return (list ?? []).map((text, index) => {
    try {
      return { id: `${name}.${index + 1}`, source: 'none', statements: parsePolicy(text, kind) };
    } catch (error) {
      throw refusal('InvalidInput', `${name}.${index + 1}: ${error instanceof Error ? error.message : error}`);
    }
  });
}

function held(scope: Scope, { inlinePolicies, attachedPolicies }: PolicyHolder, source: 'user' | 'role'): Policy[] {
  return [
    ...Object.entries(inlinePolicies).map(([id, text]) => ({ id, source, statements: parsePolicy(text, 'identity') })),
    ...attachedPolicies.map((arn) => {
      const policy = requirePolicyArn(scope, arn);
      const owner: PolicySourceType = arn.includes(':iam::aws:') ? 'aws-managed' : 'user-managed';
      return { id: policy.policyName, source: owner, statements: parsePolicy(defaultDocument(policy), 'identity') };
    }),
  ];
}

function evaluate(policies: Policy[], boundary: Policy[] | undefined, asked: Asked) {
  const context: Record<string, string[]> = {};
  for (const { ContextKeyName = '', ContextKeyValues = [] } of asked.ContextEntries ?? [])
    context[ContextKeyName.toLowerCase()] = ContextKeyValues;
  const results: EvaluationResult[] = [];
  for (const action of asked.ActionNames ?? []) {
    if (!/^[\w-]+:[\w*]+$/.test(action)) throw refusal('InvalidInput', `Invalid Entity Arn or action: ${action}`);
    for (const resource of asked.ResourceArns ?? ['*']) {
      const { decision, matched, missing } = decide(policies, { action, resource, context });
      const within = boundary && decide(boundary, { action, resource, context }).decision === 'allowed';
      results.push({
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: decision === 'allowed' && within === false ? 'implicitDeny' : decision,
        MatchedStatements: matched.map(({ id, source }) => ({ SourcePolicyId: id, SourcePolicyType: source })),
        MissingContextValues: missing,
        ...(within === undefined
          ? {}
          : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: within } }),
      });
    }
  }
  const { page, ...more } = iamPage(results, asked);
  return { EvaluationResults: page, ...more };
}

const common = [
  'ActionNames',
  'ResourceArns',
  'ContextEntries',
  'CallerArn',
  'ResourceOwner',
  'ResourceHandlingOption',
  'PolicyInputList',
  'PermissionsBoundaryPolicyInputList',
  'MaxItems',
  'Marker',
] as const;

/** The policy simulator: what would be allowed, without doing it. */
export const simulation: Noun = {
  service: 'iam',
  operations: {
    SimulateCustomPolicy: operation<SimulateCustomPolicyCommandInput, SimulateCustomPolicyCommandOutput>(
      common,
      (_scope, { PolicyInputList, PermissionsBoundaryPolicyInputList: boundary, ...asked }) =>
        evaluate(
          given(PolicyInputList, 'PolicyInputList'),
          boundary && given(boundary, 'PermissionsBoundaryPolicyInputList'),
          asked,
        ),
    ),
    SimulatePrincipalPolicy: operation<SimulatePrincipalPolicyCommandInput, SimulatePrincipalPolicyCommandOutput>(
      ['PolicySourceArn', ...common],
      (scope, { PolicySourceArn = '', PolicyInputList, PermissionsBoundaryPolicyInputList: boundary, ...asked }) => {
        const [, kind, name] = /^arn:[\w-]+:iam::\d{12}:(user|role)\/(?:.*\/)?([^/]+)$/.exec(PolicySourceArn) ?? [];
        if (kind === undefined) {
          if (!PolicySourceArn.startsWith('arn:')) throw refusal('ValidationError', `Invalid ARN: ${PolicySourceArn}`);
          // A session, a root user or a group has no policies that IAM could look up by this ARN.
          throw refusal(
            'InvalidInput',
            `Invalid Entity Arn: ${PolicySourceArn} does not clearly define entity type and name.`,
          );
        }
        const holder = kind === 'user' ? requireUser(scope, name) : requireRole(scope, name);
        if (holder.arn !== PolicySourceArn) throw noSuchEntity(`Policy source ${PolicySourceArn} cannot be found.`);
        const bounds = holder.permissionsBoundary;
        const limits = boundary
          ? given(boundary, 'PermissionsBoundaryPolicyInputList')
          : bounds &&
            held(scope, { inlinePolicies: {}, attachedPolicies: [bounds] }, kind === 'user' ? 'user' : 'role');
        return evaluate(
          [...held(scope, holder, kind === 'user' ? 'user' : 'role'), ...given(PolicyInputList, 'PolicyInputList')],
          limits || undefined,
          asked,
        );
      },
    ),
  },
};
