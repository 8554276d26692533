import type { Scope } from '../account.ts';
import { refusal } from '../refusal.ts';
import { checkName, noSuchEntity } from './checks.ts';
import { encoded, parsePolicy } from './documents.ts';
import { requirePolicyArn } from './managed-policies.ts';

/** What roles and users have in common. */
export interface PolicyHolder {
  inlinePolicies: Record<string, string>;
  attachedPolicies: string[];
}

/** Adds or replaces an inline policy. `largest` is the quota of all inline policies together, white space not counted. */
export function putInline(
  { inlinePolicies }: PolicyHolder,
  {
    name = '',
    document = '',
    largest,
    holder,
  }: { name: string | undefined; document: string | undefined; largest: number; holder: string },
) {
  checkName(name, 'policyName', 128);
  parsePolicy(document, 'identity');
  const size = (text: string) => text.replace(/\s/g, '').length;
  const others = Object.entries(inlinePolicies).filter(([other]) => other !== name);
  const total = others.reduce((sum, [, text]) => sum + size(text), size(document));
  if (total > largest)
    throw refusal('LimitExceeded', `Maximum policy size of ${largest} bytes exceeded for ${holder}`, 409);
  inlinePolicies[name] = document;
}

/** The document of an inline policy, encoded as IAM's answers carry it. */
export function getInline({ inlinePolicies }: PolicyHolder, name = '', kind: 'role' | 'user' = 'role'): string {
  const document = Object.hasOwn(inlinePolicies, name) ? inlinePolicies[name] : undefined;
  if (document === undefined) throw noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`);
  return encoded(document);
}

export function attachPolicy(scope: Scope, { attachedPolicies }: PolicyHolder, arn: string | undefined, quota: string) {
  const policy = requirePolicyArn(scope, arn);
  if (attachedPolicies.includes(policy.arn)) return;
  if (attachedPolicies.length >= 10) throw refusal('LimitExceeded', `Cannot exceed quota for ${quota}: 10`, 409);
  attachedPolicies.push(policy.arn);
}

export function detachPolicy(scope: Scope, holder: PolicyHolder, arn = '') {
  // A malformed ARN is a mistake of its own.
  if (!/^arn:[\w-]+:iam::/.test(arn)) requirePolicyArn(scope, arn);
  if (!holder.attachedPolicies.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
  holder.attachedPolicies = holder.attachedPolicies.filter((attached) => attached !== arn);
}

export function attachedList(scope: Scope, { attachedPolicies }: PolicyHolder, pathPrefix = '/') {
  return attachedPolicies
    .map((arn) => requirePolicyArn(scope, arn))
    .filter(({ path }) => path.startsWith(pathPrefix))
    .map(({ policyName, arn }) => ({ PolicyName: policyName, PolicyArn: arn }));
}
